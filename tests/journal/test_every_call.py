"""A crash, an error, a full disk, a short write at every single I/O call, one after the other.

A plain run fails one call of three, `--length ci` each.
"""

from __future__ import annotations

import itertools

import pytest
from support.fake_files import Crash, FakeFiles
from support.journals import FOLDER, append_batch, build, frames_of, layout, open_small

from journal import snapshot
from journal.errors import JournalFailed
from journal.repair import repair
from journal.verify import verify

HOWS = ("crash", "crash after", "EIO", "ENOSPC", "short")


def torn_image():
    """Return a journal with a torn tail."""
    image = build(9).image()
    last = layout(image)[-1]
    return {**image, last.segment: image[last.segment][: last.end - 9]}


def corrupt_image():
    """Return a journal with a frame damaged in its first segment."""
    image = build(9).image()
    place = layout(image)[3]
    data = bytearray(image[place.segment])
    data[place.start + 95] ^= 1
    return {**image, place.segment: bytes(data)}


class Work:
    """A workload that goes on where it was stopped: batch by batch to number `last`."""

    def __init__(self, files: FakeFiles, last: int, released: list[bytes]) -> None:
        self.files = files
        self.last = last
        self.released = released
        self.in_flight: list[bytes] = []
        self.next = 100

    def run(self) -> None:
        """Batches, eight to a process; the last process only looks and closes."""
        done = False
        while not done:
            writer = open_small(self.files)
            self.compare()
            done = self.next > self.last
            for _ in range(min(8, self.last + 1 - self.next)):
                size = 1 + self.next % 3
                self.in_flight = [b"%d.%d" % (self.next, part) * 8 for part in range(size)]
                append_batch(writer, self.next, size)
                self.released += self.in_flight
                self.in_flight = []
                self.next += 1
            writer.close()

    def compare(self) -> None:
        """All that was released is there, and of the rest a whole batch or nothing."""
        found = frames_of(self.files)
        assert found in (self.released, [*self.released, *self.in_flight])
        if len(found) > len(self.released):
            self.next += 1
        self.released, self.in_flight = found, []


@pytest.fixture
def numbers(request):
    """Count the calls that fail, from the first one on."""
    return itertools.count(1, 3 if request.config.getoption("--length") == "quick" else 1)


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power cut"])
@pytest.mark.parametrize("start", [pytest.param("new", marks=pytest.mark.length("ci")), "torn"])
@pytest.mark.parametrize("how", HOWS)
def test_at_every_call(numbers, how, start, power):
    """Wherever it fails, the next process finds all that was released, and works to the end."""
    for number in numbers:
        files = FakeFiles.of(torn_image()) if start == "torn" else FakeFiles()
        released = frames_of(FakeFiles.of(torn_image())) if start == "torn" else []
        work = Work(files, 115, released)
        files.fail_at, files.how = number, how
        try:
            work.run()
        except (Crash, JournalFailed):
            assert files.fired
        if not files.fired and number > files.calls:
            break
        if power:
            files.power_cut(number)
        else:
            files.restart()
        work.run()
        assert work.next == work.last + 1
        assert verify(FOLDER, files=files).exit_code == 0
        assert work.released == frames_of(files)
    assert number > 40


@pytest.mark.parametrize("how", HOWS)
def test_a_repair_that_is_interrupted(how):
    """Wherever a repair stops, doing it again ends it, and the loss is reported after all."""
    for number in itertools.count(1):
        files = FakeFiles.of(corrupt_image())
        files.fail_at, files.how = number, how
        try:
            repair(FOLDER, files=files)
        except (Crash, JournalFailed):
            assert files.fired
        if not files.fired and number > files.calls:
            break
        files.restart()
        repair(FOLDER, files=files)
        assert verify(FOLDER, files=files).exit_code == 0
        writer = open_small(files)
        assert writer.recovery.released_lost
        assert writer.recovery.dropped_bytes > 0
        assert len(frames_of(files)) == 3
    assert number > 10


@pytest.mark.parametrize("how", HOWS)
def test_a_snapshot_that_is_interrupted(how):
    """Wherever a save stops, the newest whole snapshot is the one before or the new one."""
    for number in itertools.count(1):
        files = FakeFiles()
        snapshot.save("/s", seq=5, state_version=1, payload=b"five" * 300, files=files)
        files.calls, files.fail_at, files.how = 0, number, how
        try:
            snapshot.save("/s", seq=9, state_version=1, payload=b"nine" * 300, files=files)
        except (Crash, JournalFailed):
            assert files.fired
        fired = files.fired
        files.power_cut(number)
        found = snapshot.load("/s", state_version=1, files=files)
        assert found is not None
        assert found.payload in (b"five" * 300, b"nine" * 300)
        if not fired:
            assert found.seq == 9
            break
