"""What the writer promises."""

from __future__ import annotations

import errno
from itertools import pairwise

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, append_batch, build, frames_of, layout, open_small

from journal.errors import Corrupt, JournalFailed, Locked, RecordTooLarge
from journal.format import Direction
from journal.reader import read
from journal.recovery import Status
from journal.writer import JournalWriter


def test_a_commit_is_one_write_and_one_sync():
    """Under `group` a commit makes exactly two calls, however many records; `append` makes none."""
    files = FakeFiles()
    writer = open_small(files, segment_bytes=1 << 20, ahead_bytes=1 << 20)
    files.log.clear()
    for number in range(50):
        writer.append(number, Direction.IN, "S", b"frame")
    assert files.log == []
    writer.commit()
    assert files.log == ["write", "sync"]
    writer.commit()
    assert files.log == ["write", "sync"]


def test_under_os_a_commit_is_one_write():
    """Under `os` nothing waits for the disk until `sync` is called."""
    files = FakeFiles()
    writer = open_small(files, durability="os", segment_bytes=1 << 20, ahead_bytes=1 << 20)
    files.log.clear()
    append_batch(writer, 1, 3)
    assert files.log == ["write"]
    writer.sync()
    writer.sync()
    assert files.log == ["write", "sync"]


def test_sequences_are_dense_and_known_at_once():
    """`append` returns the sequence; `last_seq` counts appended, `committed_seq` committed."""
    writer = open_small(FakeFiles())
    assert [writer.append(9, Direction.OUT, "S", b"x") for _ in range(3)] == [1, 2, 3]
    assert (writer.last_seq, writer.committed_seq) == (3, 0)
    writer.commit()
    assert (writer.last_seq, writer.committed_seq) == (3, 3)


def test_records_come_back_in_order_across_segments():
    """What was appended is read back equal: time, direction, session, bytes, sequence."""
    files = FakeFiles()
    writer = open_small(files)
    said = []
    for number in range(40):
        record = (5_000 - number, Direction(number % 3), "S" * (number % 4), bytes([number]) * 90)
        said.append((writer.append(*record), *record))
        writer.commit()
    assert said == [tuple(record) for record in read(FOLDER, files=files)]
    assert len({place.segment for place in layout(files.image())}) > 4


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ("write", "EIO"),
        ("write", "ENOSPC"),
        ("write", "short"),
        ("sync", "EIO"),
        ("sync", "ENOSPC"),
    ],
)
def test_after_a_failure_the_writer_is_dead(call, how):
    """After a failed write or sync every call fails, and none touches the disk again."""
    files = FakeFiles(only={"write", "sync"})
    writer = open_small(files)
    append_batch(writer, 1)
    files.fail_at = files.calls + (1 if call == "write" else 2)
    files.how = how
    with pytest.raises(JournalFailed, match="must stop"):
        append_batch(writer, 2)
    calls = files.calls
    with pytest.raises(JournalFailed):
        writer.append(1, Direction.IN, "S", b"x")
    for dead in (writer.commit, writer.sync):
        with pytest.raises(JournalFailed):
            dead()
    writer.close()
    assert calls == files.calls
    assert writer.committed_seq == 1


def test_the_epoch_never_decreases():
    """Each opening has an epoch above every earlier one, whatever it was given."""
    files = FakeFiles()
    epochs = []
    for given in (100, 5, 100, 0, 200, 201):
        writer = open_small(files, epoch=given)
        epochs.append(writer.epoch)
        writer.close()
    assert epochs == [100, 101, 102, 103, 200, 201]


def test_a_new_segment_begins_on_synced_ground():
    """Under `os` too, the full segment is on disk before the next one exists."""
    files = FakeFiles()
    writer = open_small(files, durability="os")
    for number in range(30):
        append_batch(writer, number)
    places = layout(files.image())
    for before, after in pairwise(places):
        if before.segment != after.segment:
            assert before.batch == after.synced
            file = files.files[before.segment]
            assert file.cache == file.disk[: before.end]
    assert len({place.segment for place in places}) > 2


def test_a_full_segment_is_trimmed():
    """A segment that is done keeps no allocated zeros."""
    image = build(30).image()
    places = layout(image)
    for path in sorted({place.segment for place in places})[:-1]:
        assert len(image[path]) == max(place.end for place in places if place.segment == path)


def test_the_reserve_outlasts_a_full_disk():
    """When the disk is full the journal says so at once, and the reserve still takes batches."""
    files = FakeFiles()
    writer = open_small(files, reserve_bytes=4000, ahead_bytes=500, segment_bytes=1 << 20)
    append_batch(writer, 0)
    files.quota = sum(len(data) for data in files.image().values())
    number = 0
    while not writer.free_bytes_low():
        number += 1
        append_batch(writer, number)
    saved = 0
    for saved in range(20):
        append_batch(writer, 1000 + saved)
    assert saved == 19
    assert frames_of(files)[-1] == b"1019.0" * 8
    files.quota = None
    append_batch(writer, 2000, width=16_000)
    assert not writer.free_bytes_low()


def test_a_full_disk_does_not_rotate():
    """Without room for a new segment the old one goes on, past its size, into its reserve."""
    files = FakeFiles()
    writer = open_small(files, reserve_bytes=3000, ahead_bytes=0, segment_bytes=600)
    append_batch(writer, 0)
    files.quota = sum(len(data) for data in files.image().values())
    for number in range(1, 14):
        append_batch(writer, number)
    assert writer.free_bytes_low()
    assert len([path for path in files.files if path.endswith(".journal")]) == 1
    files.quota = None
    for number in range(14, 40):
        append_batch(writer, number, width=900)
    assert not writer.free_bytes_low()
    assert len([path for path in files.files if path.endswith(".journal")]) > 1
    assert len(frames_of(files)) == 40


def append_many(writer, count):
    """Append and commit batch after batch."""
    for number in range(count):
        append_batch(writer, number)


def test_when_the_reserve_is_gone_too_the_writer_dies():
    """The end of the reserve is a failed write like any other: what was committed stays."""
    files = FakeFiles()
    writer = open_small(files, reserve_bytes=1000, ahead_bytes=0)
    files.quota = sum(len(data) for data in files.image().values())
    with pytest.raises(JournalFailed) as caught:
        append_many(writer, 1000)
    assert caught.value.errno == errno.ENOSPC
    files.quota = None
    files.restart()
    assert writer.committed_seq == len(frames_of(files)) >= 4
    assert open_small(files).recovery.status is Status.SOUND


def test_the_watermark_is_the_disks():
    """Below the watermark `free_bytes_low` says so; where it cannot know, it says so too."""
    files = FakeFiles()
    writer = open_small(files, low_water_bytes=1000)
    assert not writer.free_bytes_low()
    files.free = 999
    assert writer.free_bytes_low()

    def broken(path):
        raise OSError

    files.free_bytes = broken
    assert writer.free_bytes_low()


def test_a_machine_without_preallocation_serves():
    """Where space cannot be allocated ahead, everything else goes on."""
    files = FakeFiles()

    def cannot(handle, start, end):
        raise OSError(errno.EOPNOTSUPP, "not here")

    files.preallocate = cannot
    writer = open_small(files)
    for number in range(30):
        append_batch(writer, number)
    assert not writer.free_bytes_low()
    assert len(frames_of(files)) == 30
    assert len({place.segment for place in layout(files.image())}) > 2


def test_the_lock_keeps_a_second_writer_out():
    """A journal that is open cannot be opened; the error names the path and the process."""
    files = FakeFiles()
    writer = open_small(files)
    with pytest.raises(Locked, match="/j/lock is locked by process 4711"):
        open_small(files)
    writer.close()
    open_small(files)


def test_a_refused_opening_gives_the_lock_back():
    """An opening that fails leaves the journal free for the next."""
    files = build(5)
    place = layout(files.image())[1]
    files.files[place.segment].cache[place.start + 100] ^= 1
    for _ in range(2):
        with pytest.raises(Corrupt):
            open_small(files)


def test_a_batch_that_is_too_large_is_refused(monkeypatch):
    """A batch over the format's bound is a bug of the caller, not a damaged journal."""
    monkeypatch.setattr("journal.format.LENGTH_MAX", 1000)
    writer = open_small(FakeFiles())
    writer.append(1, Direction.IN, "S", bytes(1000))
    with pytest.raises(RecordTooLarge):
        writer.commit()


def test_closing_drops_what_was_not_committed():
    """Records that were never committed are never there; closing twice does nothing."""
    files = FakeFiles()
    writer = open_small(files)
    append_batch(writer, 1)
    writer.append(1, Direction.IN, "S", b"never said")
    writer.close()
    writer.close()
    assert len(frames_of(files)) == 1
    with pytest.raises(JournalFailed, match="closed"):
        writer.append(1, Direction.IN, "S", b"x")


def test_changing_the_durability_is_remembered():
    """What is cut is judged by the promise under which it was written, not by today's."""
    files = build(3, durability="os")
    place = layout(files.image())[-1]
    files.files[place.segment].cache[place.end - 1] ^= 1
    writer = open_small(files, durability="group")
    assert writer.recovery.released_lost
    append_batch(writer, 7)
    append_batch(writer, 8)
    files.restart()
    place = layout(files.image())[-1]
    files.files[place.segment].cache[place.end - 1] ^= 1
    assert not open_small(files, durability="os").recovery.released_lost


def test_a_power_cut_under_os_is_owned_up_to_even_without_a_torn_frame():
    """A cache lost exactly between two frames shows by the boot id; a closed journal lost none."""
    image = build(5, durability="os").image()
    files = FakeFiles.of(image)
    assert not open_small(files).recovery.released_lost
    files = FakeFiles.of(image)
    files.boot = "boot-2"
    recovery = open_small(files).recovery
    assert recovery.released_lost
    assert recovery.status is Status.SOUND
    files = FakeFiles.of(build(5, durability="os", close=True).image())
    files.boot = "boot-2"
    assert not open_small(files).recovery.released_lost


def test_a_journal_opened_by_path_object(tmp_path):
    """Paths may be strings or path objects; the defaults are for production."""
    writer = JournalWriter.open(tmp_path / "a" / "journal", durability="group", epoch=7)
    append_batch(writer, 1)
    writer.close()
    assert [record.seq for record in read(tmp_path / "a" / "journal")] == [1]


def test_an_unknown_durability_is_an_error():
    """A durability that does not exist is refused before anything is locked."""
    with pytest.raises(ValueError, match="'fast'"):
        open_small(FakeFiles(), durability="fast")
