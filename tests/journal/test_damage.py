"""Every damage to a small journal is found, and called by its right name.

The expectation is worked out from the undamaged layout alone: the first frame that is not what and
where it was, and the highest `synced` of the headers that still are.
"""

from __future__ import annotations

import itertools

import pytest
from support.fake_files import FakeFiles
from support.journals import FOLDER, build, frames_of, layout

from journal.errors import Corrupt
from journal.recovery import Status, recover
from journal.verify import verify


@pytest.fixture(scope="module")
def image():
    """Return the files of a journal of two segments, at most 4 KB."""
    made = build(14).image()
    assert sum(len(data) for data in made.values()) <= 4096
    assert len({place.segment for place in layout(made)}) >= 2
    return made


@pytest.fixture(scope="module")
def places(image):
    """Return the frames of that journal."""
    return layout(image)


@pytest.fixture(scope="module")
def whole(image):
    """Return the records of that journal."""
    return frames_of(FakeFiles.of(image))


def expectation(image, places, damaged):
    """Return (index of the first bad frame, "corrupt", "torn" or "sound")."""
    bad = len(places)
    highest = 0
    for index, place in enumerate(places):
        data = damaged.get(place.segment, b"")
        if data[place.start : place.end] != image[place.segment][place.start : place.end]:
            bad = min(bad, index)
        head = slice(place.start, place.start + 92)
        if data[head] == image[place.segment][head]:
            highest = max(highest, place.synced)
    if bad < len(places) and highest >= places[bad].batch:
        return bad, "corrupt"
    last = places[bad - 1] if bad else None
    rest = b"".join(
        data[last.end :] if last and path == last.segment else data
        for path, data in sorted(damaged.items())
        if last is None or path >= last.segment
    )
    return bad, "torn" if any(rest) else "sound"


def check(image, places, whole, damaged):
    """Recover a damaged journal and compare with what the rules say. Return what they say."""
    bad, outcome = expectation(image, places, damaged)
    files = FakeFiles.of(damaged)
    if outcome == "corrupt":
        with pytest.raises(Corrupt) as caught:
            recover(FOLDER, files)
        assert places[bad].batch == caught.value.batch
        where = (caught.value.segment, caught.value.offset)
        # What is missing at a segment's end is noticed where the next one begins.
        assert where == places[bad][:2] or (where[1] == 0 and where[0] > places[bad].segment)
        assert damaged == files.image()
        return outcome
    recovery = recover(FOLDER, files)
    kept = places[bad - 1].first + places[bad - 1].records - 1 if bad else 0
    assert kept == recovery.last_seq
    assert whole[:kept] == frames_of(files)
    assert not recovery.released_lost
    if outcome == "torn":
        assert recovery.status is Status.TORN_TAIL
        assert recovery.dropped_bytes > 0
        assert recovery.kept_copy in files.files
    else:
        assert recovery.status is not Status.TORN_TAIL
        assert recovery.dropped_bytes == 0
    return outcome


def test_truncated_at_every_byte(image, places, whole):
    """Every cut is seen, save one exactly after a frame of the last segment: no journal can."""
    silent = set()
    last = places[-1].segment
    for path in sorted({place.segment for place in places}):
        for size in range(len(image[path])):
            damaged = {**image, path: image[path][:size]}
            if check(image, places, whole, damaged) == "sound":
                silent.add((path, size))
    ends = {(place.segment, place.end) for place in places if place.segment == last}
    zeros = {(last, size) for size in range(places[-1].end, len(image[last]))}
    # Without any byte the last segment was never begun.
    assert ends | zeros | {(last, 0)} == silent


@pytest.mark.budget(30)
def test_every_bit_flipped(image, places, whole, request):
    """No flipped bit goes unnoticed, wherever it is, in the zeros after the end too.

    A plain run flips one bit of each byte, `--length ci` each bit.
    """
    bits = 1 if request.config.getoption("--length") == "quick" else 8
    outcomes = {"corrupt": 0, "torn": 0, "sound": 0}
    for path in sorted({place.segment for place in places}):
        for at, bit in itertools.product(range(len(image[path])), range(bits)):
            data = bytearray(image[path])
            data[at] ^= 1 << (at + bit) % 8
            outcomes[check(image, places, whole, {**image, path: bytes(data)})] += 1
    assert outcomes["sound"] == 0
    # Torn can only be called what no header calls synced: the last frame and the zeros after it.
    last = places[-1]
    loose = len(image[last.segment]) - last.start
    assert loose * bits == outcomes["torn"]


def test_every_sector_zeroed_or_filled(image, places, whole):
    """A sector of 512 bytes that reads as zeros, as ones, or as its neighbour is found."""
    for path in sorted({place.segment for place in places}):
        for at in range(0, len(image[path]), 512):
            for filler in (b"\0", b"\xff"):
                data = bytearray(image[path])
                data[at : at + 512] = filler * len(data[at : at + 512])
                outcome = check(image, places, whole, {**image, path: bytes(data)})
                assert outcome != "sound" or bytes(data).rstrip(b"\0") == image[path][:at].rstrip(
                    b"\0"
                )
            for other in range(0, len(image[path]) - 511, 512):
                if other != at:
                    data = bytearray(image[path])
                    data[at : at + 512] = image[path][other : other + 512]
                    assert check(image, places, whole, {**image, path: bytes(data)}) != "sound"


def arranged(image, places, order):
    """Return the journal with its frames in another order: indexes into `places`, by segment."""
    damaged = dict(image)
    for path, indexes in order.items():
        damaged[path] = b"".join(
            image[places[index].segment][places[index].start : places[index].end]
            for index in indexes
        )
    return damaged


def judge(image, places, whole, order):
    """Recover a rearranged journal; expect what its frames, read in order, must give."""
    flat = list(itertools.chain.from_iterable(order[path] for path in sorted(order)))
    good = next((at for at, index in enumerate(flat) if at != index), len(flat))
    files = FakeFiles.of(arranged(image, places, order))
    highest = max((places[index].synced for index in flat), default=0)
    if good < min(len(flat), len(places)) and highest >= places[good].batch:
        with pytest.raises(Corrupt):
            recover(FOLDER, files)
        return "corrupt"
    recovery = recover(FOLDER, files)
    assert whole[: recovery.last_seq] == frames_of(files)
    if good == len(flat):
        assert recovery.status is Status.SOUND
        return "sound"
    assert recovery.status is Status.TORN_TAIL
    return "torn"


def by_segment(places):
    """Return the frames' indexes by segment."""
    order = {}
    for index, place in enumerate(places):
        order.setdefault(place.segment, []).append(index)
    return order


def test_frames_removed(image, places, whole):
    """A frame that is missing is corruption, save the last, whose absence nothing shows."""
    for index in range(len(places)):
        order = by_segment(places)
        order[places[index].segment].remove(index)
        expected = "sound" if index == len(places) - 1 else "corrupt"
        assert expected == judge(image, places, whole, order)


def test_frames_swapped_and_doubled(image, places, whole):
    """A frame in another's place, or there twice, never passes."""
    for one, two in itertools.combinations(range(len(places)), 2):
        order = by_segment(places)
        first, second = order[places[one].segment], order[places[two].segment]
        at, to = first.index(one), second.index(two)
        first[at], second[to] = two, one
        assert judge(image, places, whole, order) != "sound"
    for index, at in itertools.product(range(len(places)), repeat=2):
        order = by_segment(places)
        target = order[places[at].segment]
        target.insert(target.index(at) + 1, index)
        assert judge(image, places, whole, order) != "sound"


def test_a_segment_removed(image, places, whole):
    """A missing segment is corruption, save the last, whose absence nothing shows."""
    paths = sorted({place.segment for place in places})
    for path in paths:
        damaged = {name: data for name, data in image.items() if name != path}
        expected = "sound" if path == paths[-1] else "corrupt"
        assert expected == check(image, places, whole, damaged)


def test_a_closed_journal_has_no_loose_end():
    """After an orderly close, damage to any record is corruption: the mark calls all synced."""
    image = build(14, close=True).image()
    places = layout(image)
    whole = frames_of(FakeFiles.of(image))
    for place in places[:-1]:
        for at in range(place.start, place.end, 7):
            data = bytearray(image[place.segment])
            data[at] ^= 0x40
            assert check(image, places, whole, {**image, place.segment: bytes(data)}) == "corrupt"


def test_a_torn_tail_under_os_may_have_been_released():
    """Whatever is cut under `os`, released messages may be lost; under `group` none can be."""
    image = build(6, durability="os").image()
    place = layout(image)[-1]
    for size in range(place.start + 1, place.end):
        files = FakeFiles.of({**image, place.segment: image[place.segment][:size]})
        recovery = recover(FOLDER, files)
        assert recovery.released_lost
        assert recovery.status is Status.TORN_TAIL


def test_verify_agrees_and_touches_nothing(image, places, whole):
    """`verify` exits 0, 1, 2 as recovery would go on, cut, refuse, and changes no byte."""
    codes = {"sound": 0, "torn": 1, "corrupt": 2}
    for path in sorted({place.segment for place in places}):
        for at in range(0, len(image[path]), 5):
            data = bytearray(image[path])
            data[at] ^= 1
            damaged = {**image, path: bytes(data)}
            files = FakeFiles.of(damaged)
            _bad, outcome = expectation(image, places, damaged)
            verdict = verify(FOLDER, files=files)
            assert codes[outcome] == verdict.exit_code
            assert damaged == files.image()
            assert "byte" in verdict.text
