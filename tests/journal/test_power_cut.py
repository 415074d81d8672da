"""Power cuts, kills and failing disks, by seed: what was released is there, or is owned up to."""

from __future__ import annotations

import random

import pytest
from support.fake_files import Crash, FakeFiles
from support.journals import append_batch, frames_of, open_small

from journal.errors import JournalFailed
from journal.verify import verify

ROUNDS = 5


class Witness:
    """The world outside: what it was told, and what it may rightly expect after a restart."""

    def __init__(self, files: FakeFiles, durability: str, chance: random.Random) -> None:
        self.files = files
        self.durability = durability
        self.chance = chance
        self.released: list[bytes] = []
        self.in_flight: list[bytes] = []
        self.owed = False
        self.epoch = 0
        self.number = 0

    def work(self) -> None:
        """Open, compare, append and commit for a while, perhaps close."""
        writer = open_small(self.files, durability=self.durability, epoch=1)
        self.compare(writer)
        for _ in range(self.chance.randrange(12)):
            self.number += 1
            size = self.chance.randrange(1, 4)
            self.in_flight = [b"%d.%d" % (self.number, part) * 60 for part in range(size)]
            append_batch(writer, self.number, size, 60)
            self.released += self.in_flight
            self.in_flight = []
            self.owed = False  # a record has followed: whoever wrote it had seen the report
        if self.chance.random() < 0.3:
            writer.close()

    def compare(self, writer) -> None:
        """Compare what a restarted process finds with what it had said."""
        found = frames_of(self.files)
        whole = [*self.released, *self.in_flight]
        assert found == whole[: len(found)]
        kept_in_flight = len(found) - len(self.released)
        assert kept_in_flight <= 0 or kept_in_flight == len(self.in_flight)
        if len(found) < len(self.released):
            assert self.durability == "os"
            self.owed = True
        if self.owed:
            assert writer.recovery.released_lost
        if self.durability == "group":
            assert not writer.recovery.released_lost
        self.released, self.in_flight = found, []
        assert writer.epoch > self.epoch
        self.epoch = writer.epoch


@pytest.mark.parametrize("durability", ["group", "os"])
@pytest.mark.parametrize("base", range(0, 400, 50))
def test_what_was_released_survives(durability, base):
    """No power cut, kill or failed sync loses what was released, or makes a torn tail corruption.

    That is `group`. Under `os` a loss is possible, and reported until a record follows.
    """
    for seed in range(base, base + 50):
        chance = random.Random(seed)
        files = FakeFiles()
        witness = Witness(files, durability, chance)
        for round_number in range(ROUNDS):
            files.calls = 0
            files.how = chance.choice(("crash", "crash", "crash after", "EIO", "short"))
            files.fail_at = chance.randrange(1, 60)
            try:
                witness.work()
            except (Crash, JournalFailed):
                assert files.fired
            files.fired = False
            if chance.random() < 0.7:
                files.power_cut(seed * ROUNDS + round_number)
            else:
                files.restart()
        files.restart()
        witness.work()
        assert verify("/j", files=files).exit_code == 0


def test_a_sync_that_failed_is_not_believed_later():
    """Pages that a failed sync called clean are written again before anything is built on them."""
    files = FakeFiles(only={"sync"})
    writer = open_small(files)
    append_batch(writer, 1)
    files.fail_at, files.how = files.calls + 1, "EIO"
    with pytest.raises(JournalFailed):
        append_batch(writer, 2)
    files.restart()
    writer = open_small(files)
    assert len(frames_of(files)) == 2
    append_batch(writer, 3)
    files.power_cut(0)
    open_small(files)
    assert len(frames_of(files)) == 3
