"""The id log: what it promises survives a crash at any of its system calls."""

from __future__ import annotations

import errno
from itertools import count

import pytest

from bridges.errors import IdLogCorrupt, IdLogFailed, VenueLocked
from bridges.id_log import FileOps, IdLog
from bridges.lock import VenueLock, is_free
from protocol.order_id import OrderId


def name(number, instance=1):
    """Make an order id."""
    return OrderId(instance, 1_700_000_000, number).text()


class Killed(BaseException):
    """The process is killed here."""


class BrokenFiles(FileOps):
    """Fails at the n-th call: dies, writes half and dies, or reports an error."""

    def __init__(self, fail_at, how):
        self.calls = count(1)
        self.fail_at = fail_at
        self.how = how
        self.failed = False

    def _fails(self):
        self.failed = next(self.calls) == self.fail_at or (self.failed and self.how == "die")
        return self.failed

    def write(self, handle, content):
        """Write, or fail."""
        if not self._fails():
            return super().write(handle, content)
        if self.how == "error":
            raise OSError(errno.EIO, "broken")
        if self.how == "short":
            return super().write(handle, content[: len(content) // 2 or 1])
        super().write(handle, content[: len(content) // 2])
        raise Killed

    def sync(self, handle):
        """Sync, or fail."""
        self._fail_or(super().sync, handle)

    def truncate(self, handle, size):
        """Cut, or fail."""
        self._fail_or(super().truncate, handle, size)

    def remove(self, path):
        """Remove, or fail."""
        self._fail_or(super().remove, path)

    def _fail_or(self, act, *args):
        if self._fails():
            if self.how == "error":
                raise OSError(errno.EIO, "broken")
            if self.how == "die":
                raise Killed
        act(*args)


def work(folder, files, max_ids=1_000_000):
    """Note 24 ids, every third as a tombstone, two to a commit; return what was committed."""
    sent, buried = [], []
    log = None
    try:
        log = IdLog(folder, files=files, max_ids=max_ids)
        for first in range(0, 24, 2):
            batch = [first, first + 1]
            for number in batch:
                (log.bury if number % 3 == 0 else log.hold)(name(number))
            log.commit()
            for number in batch:
                (buried if number % 3 == 0 else sent).append(name(number))
    except (Killed, IdLogFailed, OSError):
        pass
    if log is not None:
        log.close()
    return sent, buried


@pytest.mark.parametrize("max_ids", [1_000_000, 8], ids=["one segment", "many segments"])
@pytest.mark.parametrize("how", ["die", "short", "error"])
def test_a_crash_at_every_call_loses_nothing(tmp_path, how, max_ids):
    """Whatever was committed before a crash at any system call is known after it, and work goes on.

    An id below the floor counts as sent, a tombstone below it included: both are refused.
    """
    for fail_at in count(1):
        folder = tmp_path / f"{how}-{fail_at}"
        files = BrokenFiles(fail_at, how)
        sent, buried = work(folder, files, max_ids)
        log = IdLog(folder, max_ids=max_ids)
        assert all(log.was_sent(one) for one in sent), fail_at
        assert all(log.is_buried(one) or log.was_sent(one) for one in buried), fail_at
        fresh = name(1_000)
        assert not log.was_sent(fresh)
        log.hold(fresh)
        log.commit()
        log.close()
        again = IdLog(folder, max_ids=max_ids)
        assert again.was_sent(fresh)
        again.close()
        if next(files.calls) <= fail_at:
            assert fail_at > 20
            break


def test_an_unsent_id_is_never_declared_sent(tmp_path):
    """Within the bound, an id that was not held is not reported as held: absence stays provable."""
    log = IdLog(tmp_path)
    log.hold(name(1))
    log.commit()
    assert not log.was_sent(name(0))
    assert not log.was_sent(name(2))


def test_a_torn_tail_is_cut_at_every_byte(tmp_path):
    """Cut at any byte, the log knows exactly the ids of its whole lines."""
    log = IdLog(tmp_path)
    for number in range(5):
        log.hold(name(number))
        log.commit()
    log.close()
    path = tmp_path / "ids.000001.log"
    content = path.read_bytes()
    begun = content.index(b"\n") + 1
    for size in range(begun, len(content)):
        path.write_bytes(content[:size])
        log = IdLog(tmp_path)
        lines = content[begun:size].count(b"\n")
        assert [log.was_sent(name(number)) for number in range(5)] == [
            number < lines for number in range(5)
        ]
        log.close()


def test_damage_before_the_tail_is_corruption(tmp_path):
    """A flipped byte in a line that is not the last keeps the bridge from starting."""
    log = IdLog(tmp_path)
    for number in range(5):
        log.hold(name(number))
    log.commit()
    log.close()
    path = tmp_path / "ids.000001.log"
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for at in range(last - 1):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(IdLogCorrupt):
            IdLog(tmp_path)


def test_the_log_is_bounded(tmp_path):
    """Above its bound the older half falls below a floor, per instance, and counts as sent."""
    log = IdLog(tmp_path, sync=False, max_ids=100)
    for number in range(1_000):
        log.hold(name(number))
        log.commit()
    log.close()
    (path,) = tmp_path.glob("ids.*.log")
    assert path.stat().st_size < 110 * 25
    log = IdLog(tmp_path, max_ids=100)
    assert all(log.was_sent(name(number)) for number in range(1_000))
    assert not log.was_sent(name(1_000))
    assert not log.was_sent(name(5, instance=2))


def test_it_covers_what_was_given_after_the_first_that_it_holds(tmp_path):
    """Of its instance, tombstones aside; also after a start, and by a floor alone."""
    log = IdLog(tmp_path, max_ids=4)
    log.bury(name(1))
    log.hold(name(7))
    log.hold(name(9))
    log.commit()
    for one in (log, IdLog(tmp_path)):
        assert [one.covers(name(number)) for number in (2, 7, 8, 10)] == [False, False, True, True]
        assert not one.covers(name(8, instance=2))
    for number in (10, 11, 12):
        log.hold(name(number))
    log.commit()
    assert IdLog(tmp_path).covers(name(2))


def test_a_failed_log_stays_dead(tmp_path):
    """After a failed sync nothing is ever promised again."""
    log = IdLog(tmp_path, files=BrokenFiles(3, "error"))
    log.hold(name(1))
    with pytest.raises(IdLogFailed):
        log.commit()
    log.hold(name(2))
    with pytest.raises(IdLogFailed):
        log.commit()


def test_one_process_per_venue(tmp_path):
    """The lock keeps a second holder out and is free when the first has closed."""
    path = tmp_path / "PAPER.lock"
    lock = VenueLock(path)
    assert not is_free(path)
    with pytest.raises(VenueLocked, match="another process"):
        VenueLock(path)
    lock.close()
    assert is_free(path)
