"""A frame that is true in itself but does not follow the one before it never passes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from itertools import pairwise

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, build, layout

from journal.errors import Corrupt
from journal.reader import JournalReader
from journal.recovery import examine, recover
from journal.verify import verify


def forge(image, place, **changes):
    """Return the journal with fields of one frame changed and its checksums made right again.

    `prefix` replaces the first bytes of the first record's frame; the others are header fields.
    """
    offsets = {"batch": (16, "Q"), "first": (24, "Q"), "synced": (32, "Q"), "epoch": (48, "I")}
    data = bytearray(image[place.segment])
    frame = bytearray(data[place.start : place.end])
    if "prefix" in changes:
        prefix = changes.pop("prefix")
        at = 92 + 14 + frame[92 + 9]
        frame[at : at + len(prefix)] = prefix
    for name, value in changes.items():
        at, kind = offsets[name]
        struct.pack_into("<" + kind, frame, at, value)
    struct.pack_into("<I", frame, 88, zlib.crc32(frame[:88]))
    frame[-32:] = hashlib.sha256(frame[:-32]).digest()
    data[place.start : place.end] = frame
    return {**image, place.segment: bytes(data)}


@pytest.fixture(scope="module")
def image():
    """Return the files of a journal of three segments."""
    return build(20, epoch=7).image()


def test_a_forged_frame_with_nothing_changed_passes(image):
    """The forger of these tests writes true frames."""
    for place in layout(image):
        assert forge(image, place) == image


def test_a_rewritten_record_breaks_the_chain(image):
    """A record altered with all checksums made right is found at the next frame, by its hash."""
    places = layout(image)
    for place, after in pairwise(places):
        if place.records:
            # The last header calls the one before it synced: not even that is cut silently.
            with pytest.raises(Corrupt, match="hash of the frame before") as caught:
                recover(FOLDER, FakeFiles.of(forge(image, place, prefix=b"X")))
            assert (after.segment, after.start) == (caught.value.segment, caught.value.offset)
            assert place.batch == caught.value.batch


def test_a_rewritten_record_breaks_the_chain_between_segments(image):
    """The chain goes on from one segment into the next."""
    places = layout(image)
    ends = [a for a, b in pairwise(places) if a.segment != b.segment]
    assert len(ends) >= 2
    for place in ends:
        assert verify(FOLDER, files=FakeFiles.of(forge(image, place, prefix=b"X"))).exit_code == 2


def test_random_access_follows_the_chain_too(image):
    """A reader that begins anywhere notices a rewritten record, also across segments and marks."""
    for place in layout(image)[:-1]:
        if place.records:
            files = FakeFiles.of(forge(image, place, prefix=b"X"))
            with pytest.raises(Corrupt):
                list(JournalReader(FOLDER, files=files).read_from(place.first))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"batch": 900}, "batch 900 found where"),
        ({"first": 900}, "record 900 found where"),
        ({"epoch": 6}, "epoch 6 after epoch 7"),
    ],
)
def test_a_frame_that_does_not_follow_is_named(image, changes, what):
    """A wrong batch, record or epoch is told as what it is, where it is."""
    place = next(place for place in layout(image)[8:] if place.records)
    with pytest.raises(Corrupt, match=what) as caught:
        recover(FOLDER, FakeFiles.of(forge(image, place, **changes)))
    assert (place.segment, place.start) == (caught.value.segment, caught.value.offset)


@pytest.mark.parametrize("changes", [{"epoch": 6}, {"first": 900}, {"batch": 900}])
def test_a_last_frame_that_does_not_follow_is_a_torn_tail(image, changes):
    """What no header calls synced is cut, even when it is true in itself."""
    place = layout(image)[-1]
    changed = forge(image, place, **changes)
    finding = examine(FakeFiles.of(changed), FOLDER)
    assert finding.end.batch == place.batch - 1
    assert finding.leftover_bytes == place.end - place.start


def test_a_segment_under_another_name_does_not_pass(image):
    """The name of a segment and its first record must agree."""
    last = max(image)
    renamed = {path: data for path, data in image.items() if path != last}
    renamed["/j/00000000000000000999.journal"] = image[last]
    assert verify(FOLDER, files=FakeFiles.of(renamed)).exit_code == 2
