"""What a client remembers survives any crash, stays bounded, and never gives an id twice."""

from __future__ import annotations

import errno
import itertools

import pytest

from engine import sent_store
from engine.cl_ord_ids import ClOrdIds
from engine.errors import StoreDamaged, StoreFailed, StoreLocked
from engine.sent_store import SentStore

NOW_S = 1_800_000_000


def reopen(folder, now_s=NOW_S):
    """Open the store of ME."""
    return SentStore(folder, "ME", now_s=now_s)


def state(store):
    """Return everything that a store remembers, but for the epoch."""
    return (
        store.next_in, store.next_out, store.resetting, list(store.sent(1, 10**6)),
    )  # fmt: skip


def work(store):
    """Say and hear a little; yield after each step."""
    yield store.save_next_out(2)
    yield store.save_sent(2, b"first")
    yield store.save_next_in(5)
    yield store.save_sent(3, b"second" * 20)
    yield store.begin_reset()
    yield store.save_next_out(2)
    yield store.end_reset()
    yield store.save_sent(2, b"after the reset")
    yield store.save_next_in(3)


def test_a_store_remembers_what_it_was_told(tmp_path):
    """Closed and opened again, it holds the same numbers and messages."""
    store = reopen(tmp_path)
    for _ in work(store):
        pass
    before = state(store)
    store.close()
    again = reopen(tmp_path)
    assert state(again) == before == (3, 3, False, [(2, b"after the reset")])
    again.close()


def test_a_crash_at_any_byte_leaves_a_state_that_was_true_once(tmp_path):
    """Cut at every length, the file opens with the state after the last whole step, and goes on."""
    store = reopen(tmp_path / "a")
    states = [state(store), *(state(store) for _ in work(store))]
    store.close()
    data = store.path.read_bytes()
    seen = []
    for size in range(len(data) + 1):
        folder = tmp_path / f"cut{size}"
        folder.mkdir()
        (folder / "ME.sent").write_bytes(data[:size])
        cut = reopen(folder)
        seen.append(states.index(state(cut), seen[-1] if seen else 0))
        cut.save_sent(cut.next_out, b"goes on")
        cut.close()
        again = reopen(folder)
        assert list(again.sent(1, 100))[-1][1] == b"goes on"
        again.close()
    assert seen == sorted(seen)
    assert seen[-1] == len(states) - 1


class FailingFile:
    """Writes to a real file until its turn has come: then short, or not at all."""

    def __init__(self, path, fail_at, short):
        self.file = sent_store._RealAppendFile(path)
        self.fail_at = fail_at
        self.short = short

    def append(self, data):
        """Write, or fail half way."""
        if next(self.fail_at) == 0:
            self.file.append(data[: len(data) // 2] if self.short else b"")
            raise OSError(errno.ENOSPC, "no space left on device")
        self.file.append(data)

    def sync(self):
        """Sync, or fail."""
        if next(self.fail_at) == 0:
            raise OSError(errno.EIO, "input/output error")
        self.file.sync()

    def close(self):
        """Close."""
        self.file.close()


@pytest.mark.parametrize("short", [True, False])
def test_a_failed_write_kills_the_store_and_loses_nothing_before(tmp_path, monkeypatch, short):
    """At every I/O call: the error is told, nothing more is taken, and a new process goes on."""
    monkeypatch.setattr(sent_store, "_RealAppendFile", sent_store.AppendFile, raising=False)
    for turn in range(14):
        folder = tmp_path / str(turn)
        reopen(folder).close()
        countdown = itertools.count(turn, -1)
        monkeypatch.setattr(
            sent_store, "AppendFile",
            lambda path, countdown=countdown: FailingFile(path, countdown, short),
        )  # fmt: skip
        told = []
        try:
            store = reopen(folder)
            told.append(state(store))
            told.extend(state(store) for _ in work(store))
            store.close()
        except StoreFailed:
            if told:
                with pytest.raises(StoreFailed):
                    store.save_sent(99, b"more")
        monkeypatch.setattr(sent_store, "AppendFile", sent_store._RealAppendFile)
        after = reopen(folder)
        assert not told or state(after) == told[-1] or after.resetting
        after.save_sent(after.next_out, b"goes on")
        after.close()


def test_damage_before_the_end_is_refused_and_left_alone(tmp_path):
    """A flipped bit in the middle is no torn tail: the store says where and does not touch it."""
    store = reopen(tmp_path)
    for _ in work(store):
        pass
    store.close()
    data = bytearray(store.path.read_bytes())
    data[data.index(b"second")] ^= 1
    store.path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="damaged at byte"):
        reopen(tmp_path)
    assert store.path.read_bytes() == data
    store.path.write_bytes(b"something else entirely")
    with pytest.raises(StoreDamaged, match="no file of sent messages"):
        reopen(tmp_path)


def test_the_file_is_bounded(tmp_path, monkeypatch):
    """However much is said, the file and the memory keep the newest messages only."""
    monkeypatch.setattr(sent_store, "KEEP_MESSAGES", 50)
    monkeypatch.setattr(sent_store, "COMPACT_BYTES", 20_000)
    store = reopen(tmp_path)
    for number in range(1, 2_001):
        store.save_sent(number, b"x" * 100)
        store.save_next_in(number + 1)
        assert store.path.stat().st_size <= 20_200
    store.close()
    again = reopen(tmp_path)
    assert (again.next_in, again.next_out) == (2_001, 2_001)
    assert [n for n, _ in again.sent(1, 3_000)] == list(range(1_951, 2_001))
    again.close()


def test_a_crash_while_the_file_is_written_anew_loses_nothing(tmp_path, monkeypatch):
    """The old file stays until the whole new one is in its place; a half one is ignored."""
    monkeypatch.setattr(sent_store, "COMPACT_BYTES", 1_000)
    store = reopen(tmp_path)
    monkeypatch.setattr(sent_store.Path, "replace", _no_space)
    with pytest.raises(StoreFailed, match="cannot write"):
        say_much(store)
    monkeypatch.undo()
    assert (tmp_path / "ME.new").exists()
    again = reopen(tmp_path)
    assert again.next_out == store.next_out
    again.close()


def say_much(store):
    """Say enough to have the file written anew."""
    for number in range(1, 100):
        store.save_sent(number, b"x" * 50)


def _no_space(*_):
    raise OSError(errno.ENOSPC, "no space left on device")


def test_two_processes_cannot_share_a_store(tmp_path):
    """The second is told who is in its way; after the first has gone it gets in."""
    first = reopen(tmp_path)
    with pytest.raises(StoreLocked, match="another process"):
        reopen(tmp_path)
    first.close()
    reopen(tmp_path).close()


def test_ids_are_unique_across_a_thousand_restarts(tmp_path):
    """In the same second, and with the clock set back in between, no id comes twice."""
    ids = []
    for restart in range(1_000):
        store = reopen(tmp_path, NOW_S - restart % 7 * 1_000)
        made = ClOrdIds(store.epoch)
        ids += [made.next(), made.next(), made.next()]
        store.close()
    assert len(ids) == len(set(ids)) == 3_000


def test_an_id_fits_every_wire():
    """Ids are short, printable and without blanks, after a million orders too."""
    ids = ClOrdIds(2**32)
    ids._counter = 10**6
    assert ids.next() == "1Z141Z4-1000001"
