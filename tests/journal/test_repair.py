"""Repair: copies first, cuts at the last good batch, and owns up to the loss."""

from __future__ import annotations

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, append_batch, build, frames_of, layout, open_small

from journal.errors import Corrupt, JournalFailed, Locked
from journal.recovery import recover
from journal.repair import repair, survey
from journal.verify import verify


def corrupt():
    """Return a journal damaged in the middle, its image before repair, and the damaged place."""
    files = build(20)
    place = layout(files.image())[6]
    files.files[place.segment].cache[place.start + 120] ^= 8
    return FakeFiles.of(files.image()), files.image(), place


def test_segment_and_copy_are_the_file_as_it_was():
    """Nothing is lost to the person: what was cut stands beside, byte for byte."""
    files, before, place = corrupt()
    done = repair(FOLDER, files=files)
    after = files.image()
    copies = {path: data for path, data in after.items() if path.endswith(".broken")}
    assert done.kept_copy in copies
    assert before[place.segment][place.start :].rstrip(b"\0") == copies[done.kept_copy]
    for path in before:
        if path > place.segment:
            assert before[path].rstrip(b"\0") == copies[f"{path}.0.1.broken"]
    assert sum(map(len, copies.values())) == done.dropped_bytes
    assert before[place.segment][: place.start] == after[place.segment][: place.start]


def test_the_journal_goes_on_after_a_repair():
    """Before the damage all is kept, the journal is sound, and records follow."""
    files, _before, place = corrupt()
    with pytest.raises(Corrupt):
        recover(FOLDER, files)
    done = repair(FOLDER, files=files)
    assert done.last_seq == place.first - 1
    assert verify(FOLDER, files=files).exit_code == 0
    writer = open_small(files)
    append_batch(writer, 500)
    writer.close()
    assert len(frames_of(files)) == place.first
    assert "Sessions must begin anew" in str(done)
    assert f"batch {place.batch}" in str(done)


def test_the_loss_is_reported_until_a_record_follows():
    """Every start after a repair says that released messages are lost, until one is recorded."""
    files, _before, _place = corrupt()
    repair(FOLDER, files=files)
    for _ in range(3):
        writer = open_small(files)
        assert writer.recovery.released_lost
        assert writer.recovery.dropped_bytes > 0
        files.restart()
    append_batch(writer := open_small(files), 1)
    assert writer.recovery.released_lost
    files.restart()
    assert not open_small(files).recovery.released_lost


def test_a_snapshot_ahead_of_a_repaired_journal_does_not_stop_it():
    """The mark of the repair explains why a snapshot knows more; the start goes on without it."""
    files, _before, place = corrupt()
    with pytest.raises(Corrupt):
        open_small(files, snapshot_seq=1000)
    repair(FOLDER, files=files)
    for number in range(30):
        writer = open_small(files, snapshot_seq=1000)
        assert writer.last_seq == place.first - 1 + number
        append_batch(writer, number)
        files.restart()


def test_a_sound_journal_is_left_alone():
    """Repairing what is not broken changes nothing, and says so."""
    files = build(5, close=True)
    before = files.image()
    assert "nothing to repair" in str(repair(FOLDER, files=files))
    assert before == files.image()


def test_a_torn_tail_is_cut_as_recovery_would():
    """A torn tail is no loss under `group`, and repair does not call it one."""
    image = build(5).image()
    last = layout(image)[-1]
    files = FakeFiles.of({**image, last.segment: image[last.segment][: last.end - 3]})
    done = repair(FOLDER, files=files)
    assert done.dropped_bytes == last.end - 3 - last.start
    assert done.kept_copy.endswith(".torn")
    assert not open_small(files).recovery.released_lost


def test_a_journal_in_use_is_not_repaired():
    """A journal that somebody has open is refused."""
    files = FakeFiles()
    open_small(files)
    with pytest.raises(Locked):
        repair(FOLDER, files=files)


def test_a_journal_without_a_beginning_is_emptied_not_guessed():
    """When the first frame is damaged nothing can be trusted: all is kept aside."""
    files = build(5)
    files.files["/j/00000000000000000001.journal"].cache[20] ^= 1
    done = repair(FOLDER, files=files)
    assert done.last_seq == 0
    writer = open_small(files)
    assert writer.recovery.released_lost
    assert writer.recovery.last_seq == 0


def test_what_the_disk_refuses_is_an_error_of_ours():
    """OSError does not leave the room."""
    files, _before, _place = corrupt()
    files.fail_at, files.how = 3, "EIO"
    with pytest.raises(JournalFailed, match="repairing"):
        repair(FOLDER, files=files)


def test_what_will_be_lost_is_told_before():
    """The records, their share and their time are told from what the headers say; read only."""
    files, before, place = corrupt()
    loss = survey(FOLDER, files=files)
    last = layout(build(20).image())[-1]
    assert (loss.first, loss.last, loss.old) == (place.first, last.first + last.records - 1, True)
    assert f"records {loss.first} to {loss.last} (" in str(loss)
    assert "from 1970" in str(loss)
    assert files.image() == before
    done = repair(FOLDER, files=files)
    assert (done.last_seq, done.dropped_bytes) == (loss.first - 1, loss.dropped_bytes)
    assert survey(FOLDER, files=files) is None


def test_damage_in_the_last_segment_is_not_old():
    """When no segment follows the damaged one, only its own end is lost."""
    files = build(20, close=True)
    places = layout(files.image())
    place = next(place for place in places if place.segment == places[-1].segment)
    files.files[place.segment].cache[place.start + 120] ^= 8
    loss = survey(FOLDER, files=FakeFiles.of(files.image()))
    assert (loss.segment, loss.old) == (place.segment.rsplit("/")[-1], False)
