"""Verification of the whole, of the older part, and from a snapshot's record on."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, append_batch, build, layout, open_small

from journal.errors import Corrupt, JournalFailed
from journal.recovery import examine, recover
from journal.verify import steps, verify


def long_journal():
    """Return a journal of many segments, and its layout."""
    files = build(60)
    return files, layout(files.image())


def spoil(files, place, at=100):
    """Flip a bit in a frame."""
    files.files[place.segment].cache[place.start + at] ^= 1


def test_a_verdict_in_words():
    """The text says what was found, and where damage is: segment, byte, batch."""
    files, places = long_journal()
    verdict = verify(FOLDER, files=files)
    assert (verdict.exit_code, verdict.last_seq) == (0, 120)
    assert verdict.text.startswith("sound: 120 records")
    spoil(files, places[-1])
    verdict = verify(FOLDER, files=files)
    last = places[-1]
    assert verdict.exit_code == 1
    assert f"torn tail: {last.segment[3:]} byte {last.start}, batch {last.batch}" in verdict.text
    spoil(files, places[7])
    verdict = verify(FOLDER, files=files)
    assert verdict.exit_code == 2
    assert f"byte {places[7].start}, batch {places[7].batch}" in verdict.text


def test_an_empty_journal_is_sound():
    """Nothing is as it was written."""
    assert verify("/nowhere", files=FakeFiles()).exit_code == 0


def test_with_a_snapshot_only_the_last_segments_are_read():
    """Recovery from a snapshot's record on reads its segment and the later ones, no others."""
    files, places = long_journal()
    segments = sorted({place.segment for place in places})
    spoil(files, places[3])
    with pytest.raises(Corrupt):
        recover(FOLDER, files)
    begun = next(place for place in places if place.segment == segments[-2])
    finding = examine(files, FOLDER, snapshot_seq=begun.first)
    assert finding.examined_from == begun.first
    recovery = recover(FOLDER, files, snapshot_seq=begun.first)
    assert recovery.last_seq == 120


def test_a_journal_shorter_than_its_snapshot_is_corrupt():
    """Under `group` a record that a snapshot covers cannot be missing; under `os` it is a loss."""
    files, _places = long_journal()
    assert recover(FOLDER, files, snapshot_seq=120).last_seq == 120
    with pytest.raises(Corrupt, match="ends before a record"):
        recover(FOLDER, files, snapshot_seq=121)
    files = build(5, durability="os")
    assert recover(FOLDER, files, snapshot_seq=500).released_lost


@pytest.mark.parametrize("slice_bytes", [100, 1000, 1 << 20])
def test_steps_check_exactly_what_recovery_skipped(slice_bytes):
    """Damage in any older segment is found by the steps; damage in later ones is not theirs."""
    files, places = long_journal()
    segments = sorted({place.segment for place in places})
    from_seq = next(place.first for place in places if place.segment == segments[-2]) + 1
    done = list(steps(FOLDER, from_seq, files=files, slice_bytes=slice_bytes))
    assert done[-1].done_bytes == done[-1].total_bytes
    assert [step.done_bytes for step in done] == sorted(step.done_bytes for step in done)
    for place in places:
        files, _places = long_journal()
        spoil(files, place)
        if place.segment < segments[-2]:
            with pytest.raises(Corrupt) as caught:
                list(steps(FOLDER, from_seq, files=files, slice_bytes=slice_bytes))
            assert place.batch == caught.value.batch
        elif place.start > 0:
            list(steps(FOLDER, from_seq, files=files, slice_bytes=slice_bytes))


def test_steps_are_small():
    """A step reads about a slice, so that it fits between two messages."""
    files, places = long_journal()
    many = list(steps(FOLDER, 120, files=files, slice_bytes=500))
    assert len(many) > places[-2].end // 1000
    assert all(b.done_bytes - a.done_bytes < 1200 for a, b in pairwise(many))


def test_steps_go_on_while_the_journal_is_written():
    """The background check and the writer do not disturb each other."""
    files = FakeFiles()
    writer = open_small(files)
    for number in range(40):
        append_batch(writer, number)
    for number, _step in enumerate(steps(FOLDER, writer.last_seq, files=files, slice_bytes=64)):
        append_batch(writer, 100 + number)
    assert verify(FOLDER, files=files).exit_code == 0


def test_nothing_older_is_one_empty_step():
    """With one segment there is nothing for the background."""
    files = build(2)
    assert [step.total_bytes for step in steps(FOLDER, 2, files=files)] == [0]


def test_a_disk_that_cannot_be_read_is_no_verdict():
    """A read error is an error, not a judgement."""
    files = build(3)
    files.calls, files.fail_at, files.how = 0, 3, "EIO"
    with pytest.raises(JournalFailed):
        verify(FOLDER, files=files)
