"""Reading in order, at random, and at the growing end."""

from __future__ import annotations

import random

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, append_batch, build, layout, open_small

from journal import reader
from journal.errors import Corrupt, JournalFailed
from journal.format import Direction
from journal.reader import JournalReader, Tail, read


def fill(writer, count, seed=1):
    """Append records in batches of 1 to 5."""
    chance = random.Random(seed)
    for number in range(count):
        writer.append(number, Direction.OUT, "S", b"%d" % number * 20)
        if chance.random() < 0.4:
            writer.commit()
    writer.commit()


@pytest.fixture
def small_steps(monkeypatch):
    """Make the sparse index dense enough for a small journal."""
    monkeypatch.setattr(reader, "STEP_BYTES", 300)


@pytest.mark.parametrize("span", [(1, None), (1, 1), (37, 37), (20, 60), (95, 300), (300, None)])
def test_a_span_is_what_it_says(span):
    """`from_seq` and `to_seq` are inclusive, and what is not there is not yielded."""
    files = FakeFiles()
    fill(open_small(files), 100)
    begin, end = span
    expected = list(range(begin, min(end or 100, 100) + 1))
    assert expected == [record.seq for record in read(FOLDER, begin, end, files=files)]
    found = JournalReader(FOLDER, files=files).read_from(begin, end)
    assert expected == [record.seq for record in found]


def test_random_access_while_writing(small_steps):
    """Any committed record is found at any time, and nothing that is not committed."""
    files = FakeFiles()
    writer = open_small(files, segment_bytes=4000)
    access = JournalReader(FOLDER, files=files)
    chance = random.Random(5)
    for number in range(1, 600):
        writer.append(number, Direction.IN, "S", b"%d" % number)
        if chance.random() < 0.5:
            writer.commit()
        if chance.random() < 0.3:
            seq = chance.randrange(1, number + 1)
            found = list(access.read_from(seq, seq + 10))
            last = min(seq + 10, writer.committed_seq)
            assert [b"%d" % at for at in range(seq, last + 1)] == [rec.frame for rec in found]


def test_random_access_does_not_read_what_it_does_not_need(small_steps):
    """Once indexed, a record costs a few small reads, wherever it is."""
    files = FakeFiles()
    fill(open_small(files, segment_bytes=20_000), 1000)
    access = JournalReader(FOLDER, files=files)
    assert len(list(access.read_from(1))) == 1000
    files.log.clear()
    assert next(access.read_from(700)).seq == 700
    assert files.log.count("read") <= 4


def test_the_index_is_sparse():
    """A million bytes of journal cost a few entries."""
    files = FakeFiles()
    writer = open_small(files, segment_bytes=1 << 20, ahead_bytes=1 << 20)
    for number in range(60):
        append_batch(writer, number, 3, 2000)
    access = JournalReader(FOLDER, files=files)
    assert next(access.read_from(170)).seq == 170
    (index,) = access._indexes.values()
    assert len(index.seqs) < 20


def test_a_tail_yields_each_record_once():
    """Each poll yields what was committed since the last one, across segments."""
    files = FakeFiles()
    writer = open_small(files)
    tail = Tail(FOLDER, files=files)
    seen = []
    for number in range(40):
        append_batch(writer, number, number % 3)
        seen += [record.seq for record in tail.poll()]
        assert writer.last_seq == len(seen)
    assert list(range(1, writer.last_seq + 1)) == seen


def test_half_a_batch_at_the_end_is_not_yet_there():
    """What another process has half written is neither yielded nor called damage."""
    image = build(6).image()
    last = layout(image)[-1]
    for size in range(last.start, last.end):
        cut = {**image, last.segment: image[last.segment][:size]}
        files = FakeFiles.of(cut)
        expected = list(range(1, last.first))
        assert expected == [record.seq for record in read(FOLDER, files=files)]
        tail = Tail(FOLDER, files=files)
        assert expected == [record.seq for record in tail.poll()]
        files.files[last.segment].cache[:] = image[last.segment]
        late = [record.seq for record in tail.poll()]
        assert late == list(range(last.first, last.first + last.records))


def test_damage_is_never_handed_out():
    """A flipped byte in a batch that was on disk raises Corrupt before any of its records."""
    image = build(10).image()
    places = layout(image)
    for place in places[:-1]:
        for at in range(place.start, place.end, 11):
            data = bytearray(image[place.segment])
            data[at] ^= 2
            files = FakeFiles.of({**image, place.segment: bytes(data)})
            found = []
            with pytest.raises(Corrupt) as caught:
                found.extend(record.seq for record in read(FOLDER, files=files))
            assert list(range(1, place.first)) == found
            assert place.batch == caught.value.batch
            if place.records:
                with pytest.raises(Corrupt):
                    list(JournalReader(FOLDER, files=files).read_from(place.first))


def test_reading_from_the_middle_begins_at_its_segment():
    """Damage in an earlier segment does not hinder reading a later one."""
    image = build(20).image()
    places = layout(image)
    data = bytearray(image[places[0].segment])
    data[200] ^= 1
    files = FakeFiles.of({**image, places[0].segment: bytes(data)})
    seqs = [record.seq for record in read(FOLDER, places[-1].first, files=files)]
    assert places[-1].first == seqs[0]


def test_no_journal_is_an_empty_one():
    """A folder without segments has no records."""
    assert list(read("/nowhere", files=FakeFiles())) == []
    assert list(JournalReader("/nowhere", files=FakeFiles()).read_from(1)) == []


def test_a_disk_that_cannot_be_read_is_an_error_of_ours():
    """OSError does not leave the room."""
    files = build(3)
    files.calls, files.fail_at, files.how = 0, 2, "EIO"
    with pytest.raises(JournalFailed, match="reading"):
        list(read(FOLDER, files=files))
    files.calls, files.fail_at = 0, 2
    with pytest.raises(JournalFailed, match="reading"):
        list(JournalReader(FOLDER, files=files).read_from(1))
