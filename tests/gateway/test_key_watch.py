"""What the gateway does when keys come and go: what is written down, who is sent away."""

from __future__ import annotations

import pytest
from support.curve import make_key

from gateway.access import Access
from gateway.errors import PortInUse
from gateway.key_watch import KeyWatch


class Feeds:
    """Connections that can be told not to come back."""

    def __init__(self):
        self.cuts = 0
        self.taken = False

    def reopen(self):
        """Cut."""
        self.cuts += 1
        if self.taken:
            msg = "taken"
            raise PortInUse(msg)


@pytest.fixture
def watch(tmp_path):
    """Give the parts: a folder with A's key, the feeds, who was sent away, and what is noted."""
    make_key(tmp_path, "A")
    feeds, asked = Feeds(), []

    def expel(now_ns):
        asked.append(now_ns)
        return ["A"]

    access = Access(tmp_path, {"orders": frozenset({"A", "B"})}, "GATEWAY")
    watching = KeyWatch(access, expel, feeds)

    def notes(now_ns):
        return [(jot.body["alert"], jot.session) for jot in watching(now_ns)]

    return tmp_path, feeds, asked, notes


def test_nothing_happens_while_nothing_changes(watch):
    """A folder that looks as before costs nobody anything."""
    _, feeds, asked, notes = watch
    assert notes(1) == []
    assert (feeds.cuts, asked) == (0, [])


def test_a_new_key_disturbs_nobody(watch):
    """A key that comes is written down; no connection is cut."""
    folder, feeds, asked, notes = watch
    make_key(folder, "B")
    assert notes(1) == [("KEYS_CHANGED", "")]
    assert (feeds.cuts, asked) == (0, [])


def test_a_key_that_goes_ends_sessions_and_cuts_the_feeds_once(watch):
    """The session is ended and named in the journal, market data is cut, and that is all."""
    folder, feeds, asked, notes = watch
    (folder / "A.key").unlink()
    assert notes(7) == [("KEYS_CHANGED", ""), ("KEY_REVOKED", "A")]
    assert notes(8) == []
    assert (feeds.cuts, asked) == (1, [7])


def test_feeds_that_do_not_come_back_are_tried_again(watch):
    """While another process has their port that is told once, and tried at every look."""
    folder, feeds, _, notes = watch
    (folder / "A.key").unlink()
    feeds.taken = True
    assert notes(1)[-1] == ("FEEDS_DOWN", "")
    assert notes(2) == notes(3) == []
    feeds.taken = False
    assert notes(4) == []
    assert feeds.cuts == 4
    notes(5)
    assert feeds.cuts == 4
