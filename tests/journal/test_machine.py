"""The real machine: locks between processes, kills, and the platform's calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.journals import append_batch

from journal import files as files_module
from journal.errors import Locked
from journal.files import OsFiles, join
from journal.reader import read
from journal.verify import verify
from journal.writer import JournalWriter

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from journal.format import Direction
from journal.writer import JournalWriter

writer = JournalWriter.open(sys.argv[1], durability=sys.argv[2], epoch=1, segment_bytes=20_000)
print("open", flush=True)
number = 0
while sys.argv[3] == "write" or sys.stdin.readline():
    number += 1
    for part in range(3):
        writer.append(number, Direction.OUT, "CHILD", b"%d.%d" % (number, part) * 20)
    writer.commit()
    print(writer.committed_seq, flush=True)
writer.close()
"""


def child(path, durability="group", mode="wait"):
    """Start a process that has the journal open."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), durability, mode],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_process_is_kept_out(tmp_path):
    """While one process has the journal, another gets Locked with its pid; then it is free."""
    with child(tmp_path / "j") as process:
        with pytest.raises(Locked) as caught:
            JournalWriter.open(tmp_path / "j", epoch=1)
        assert process.pid == caught.value.pid
        assert str(tmp_path / "j") in str(caught.value)
        process.stdin.close()
        process.wait()
    JournalWriter.open(tmp_path / "j", epoch=1).close()


def test_the_lock_of_a_killed_process_is_gone(tmp_path):
    """A kill leaves the lock file and its pid behind, but not the lock."""
    with child(tmp_path / "j") as process:
        process.kill()
        process.wait()
    assert str(process.pid) in (tmp_path / "j" / "lock").read_text()
    JournalWriter.open(tmp_path / "j", epoch=1).close()


def test_two_in_one_process_are_kept_apart(tmp_path):
    """The lock also holds within a process."""
    writer = JournalWriter.open(tmp_path / "j", epoch=1)
    with pytest.raises(Locked) as caught:
        JournalWriter.open(tmp_path / "j", epoch=1)
    assert os.getpid() == caught.value.pid
    writer.close()


@pytest.mark.parametrize("durability", ["group", "os"])
def test_killed_at_work_nothing_that_was_said_is_lost(tmp_path, durability):
    """SIGKILL between any two instructions: every record reported committed is there."""
    said = 0
    for rounds in range(4):
        with child(tmp_path / "j", durability, "write") as process:
            for _ in range(40 + 17 * rounds):
                said = int(process.stdout.readline())
            process.kill()
            heard = process.stdout.read().splitlines()
            said = max([said, *map(int, (line for line in heard if line.isdigit()))])
        writer = JournalWriter.open(tmp_path / "j", durability=durability, epoch=1)
        assert writer.last_seq >= said
        assert not writer.recovery.released_lost or writer.recovery.dropped_bytes
        writer.close()
        assert verify(tmp_path / "j").exit_code == 0
    assert writer.last_seq == sum(1 for _ in read(tmp_path / "j"))


def test_space_is_allocated_and_kept(tmp_path):
    """Preallocated bytes exist as zeros and the handle's place does not move."""
    machine = OsFiles()
    handle = machine.create(str(tmp_path / "file"))
    machine.write(handle, b"abc")
    machine.preallocate(handle, 3, 10_000)
    machine.write(handle, b"def")
    machine.close(handle)
    data = (tmp_path / "file").read_bytes()
    assert data.rstrip(b"\0") == b"abcdef"
    assert len(data) == 10_000


def test_without_the_posix_calls_it_still_works(tmp_path, monkeypatch):
    """Where there is no fdatasync, no posix_fallocate, no directory sync (Windows), all is kept."""
    for name in ("fdatasync", "posix_fallocate"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(files_module.OsFiles, "sync_folder", lambda self, path: None)
    for rounds in range(3):
        writer = JournalWriter.open(
            tmp_path / "j", epoch=1, segment_bytes=5_000, ahead_bytes=3_000, reserve_bytes=1_000
        )
        for number in range(30):
            append_batch(writer, number)
        assert writer.last_seq == 30 * (rounds + 1)
        writer.close()
    assert verify(tmp_path / "j").exit_code == 0
    assert sum(1 for _ in read(tmp_path / "j")) == 90


def test_the_machine_knows_itself(tmp_path):
    """Free space is a number, the boot has one name for all, an absent folder is empty."""
    machine = OsFiles()
    assert machine.free_bytes(str(tmp_path)) > 0
    assert machine.boot_id() == OsFiles().boot_id()
    assert machine.names(str(tmp_path / "none")) == []
    machine.make_folder(str(tmp_path / "a" / "b"))
    machine.make_folder(str(tmp_path / "a" / "b"))
    assert machine.names(str(tmp_path / "a")) == ["b"]


def test_a_slice_is_read_as_asked(tmp_path):
    """A read returns what there is from the offset on, up to the size."""
    path = join(str(tmp_path), "file")
    Path(path).write_bytes(bytes(range(100)))
    machine = OsFiles()
    assert machine.read(path, 10, 5) == bytes(range(10, 15))
    assert machine.read(path, 95, 50) == bytes(range(95, 100))
    assert machine.read(path, 200, 5) == b""
    assert machine.read(path) == bytes(range(100))
    assert machine.size(path) == 100
