"""Notes of ids: the newest are kept, in memory and on disk, and of older ones nobody is sure."""

from __future__ import annotations

import pytest

from bridges import notes
from bridges.notes import Notes
from protocol.order_id import OrderId

MOST = 10


def name(number):
    """Return an id of the wire."""
    return OrderId(1, 1_704_000_000, number).text()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Keep few notes."""
    monkeypatch.setattr(notes, "MAX_NOTES", MOST)


def filled(path, count):
    """Give notes of ids, each the successor of the one before."""
    found = Notes(path)
    for number in range(count):
        previous = name(number - 1) if number else ""
        found.add(name(number), "EURUSD", previous, f"{number}@1.1")
    return found


def known(found, count):
    """Return the numbers of the ids that are known with all that was noted."""
    return [
        number for number in range(count)
        if found.symbol_of(name(number)) and found.terms_of(name(number)) == f"{number}@1.1"
    ]  # fmt: skip


def test_the_file_does_not_grow_while_the_bridge_runs(tmp_path):
    """Above twice as many lines as are kept it is written anew; the next life reads the same."""
    path = tmp_path / "notes"
    for count in (MOST, 2 * MOST, 2 * MOST + 1, 4 * MOST, 5 * MOST, 7 * MOST + 3):
        path.unlink(missing_ok=True)
        found = filled(path, count)
        kept = known(found, count)
        assert kept == list(range(count - MOST, count))
        assert len(path.read_text().splitlines()) <= 2 * MOST
        found.close()
        again = Notes(path)
        assert known(again, count) == kept
        newest, oldest = name(count - 1), name(count - MOST)
        assert again.chain_from(oldest) == found.chain_from(oldest)
        assert again.chain_from(oldest)[0] == newest
        again.close()


def test_a_file_that_a_longer_memory_has_written_is_read(tmp_path):
    """The newest are taken, a line that cannot be read is left out, and the rest goes."""
    path = tmp_path / "notes"
    lines = [f"{name(number)} EURUSD - {number}@1.1\n" for number in range(4 * MOST)]
    path.write_text("".join([*lines, "half a li"]))
    found = Notes(path)
    assert known(found, 4 * MOST) == list(range(3 * MOST, 4 * MOST))
    assert len(path.read_text().splitlines()) == MOST
    found.add(name(4 * MOST), "EURUSD", "", f"{4 * MOST}@1.1")
    found.close()
    assert known(Notes(path), 4 * MOST + 1)[-1] == 4 * MOST


def test_what_is_older_than_all_that_is_kept_may_have_been_noted():
    """Only when as many are kept as may be, and never one that is kept or newer."""
    found = filled(None, MOST - 1)
    assert not any(found.may_have_forgotten(name(one)) for one in range(3 * MOST))
    found = filled(None, 2 * MOST)
    forgotten = [one for one in range(3 * MOST) if found.may_have_forgotten(name(one))]
    assert forgotten == list(range(MOST))
