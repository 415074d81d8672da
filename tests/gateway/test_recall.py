"""What the last process said to a paced venue counts after a start."""

from __future__ import annotations

import pytest
from support.desk import VENUE, cancel, new_order, rules
from support.paced import fill_up, house, opened

from gateway import recall as recalling
from gateway.recall import recall

MS = 1_000_000


def restarted(desk, monkeypatch, chunk):
    """Start a new core on the same journal and recall what the old one said."""
    monkeypatch.setattr(recalling, "CHUNK", chunk)
    desk.restart()
    read = []

    def read_from(first, last):
        read.append((first, last))
        return iter(desk.records[first - 1 : last])

    counted = recall(desk.core.turnstile, read_from, len(desk.records), desk.now_ns)
    return counted, read


def used(desk):
    """What the pacer believes is used of its window."""
    return desk.core.market.venue(VENUE).pacer.view(desk.now_ns).windows[0].used


@pytest.mark.parametrize("chunk", [1, 7, 5_000])
def test_the_window_is_as_full_as_before(monkeypatch, chunk):
    """Orders and cancels of the last second count; what is older does not. Read in any steps."""
    desk = opened(house())
    fill_up(desk, 5)
    desk.live(600)
    desk.hear("MM", cancel(desk, "Y", "F0"))
    before = used(desk)
    assert before == 6
    counted, _ = restarted(desk, monkeypatch, chunk)
    assert (counted, used(desk)) == (6, before)
    desk.live(500)
    assert used(desk) == 1


def test_a_round_of_questions_counts_as_what_it_makes_a_bridge_ask(monkeypatch):
    """Five messages, six requests: fills and ledger come from one."""
    desk = opened(house())
    desk.drop(VENUE)
    desk.log_on(VENUE)
    before = used(desk)
    assert before == 6
    counted, _ = restarted(desk, monkeypatch, 5_000)
    assert (counted, used(desk)) == (6, before)


def test_only_what_may_matter_is_read(monkeypatch):
    """Reading ends with the first chunk that begins before the window."""
    desk = opened(house())
    fill_up(desk, 8)
    total = len(desk.records)
    desk.live(900)
    _, read = restarted(desk, monkeypatch, 10)
    assert read[0][1] > total
    assert read[-1][0] > 1


def test_without_paced_venues_nothing_is_read(monkeypatch):
    """A start costs what it did."""
    desk = opened(rules())
    desk.hear("MM", new_order(desk, "X"))
    assert restarted(desk, monkeypatch, 10) == (0, [])
