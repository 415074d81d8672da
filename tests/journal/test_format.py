"""The bytes of a frame."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal import format as fmt
from journal.errors import RecordTooLarge
from journal.format import Direction, Kind, Mark, Record

NUMBERS = st.integers(0, 2**64 - 2)
TIMES = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.lists(
    st.tuples(
        TIMES,
        st.sampled_from(Direction),
        st.text(max_size=60).filter(lambda text: len(_utf8(text)) <= 255),
        st.binary(max_size=300),
    ),
    max_size=6,
)


def _utf8(text):
    return text.encode("utf-8", "surrogatepass")


def frame_bytes(records, first=1, batch=7, synced=6, kind=Kind.BATCH):
    """Write a frame as the writer does."""
    pieces = [b""]
    for time_ns, direction, session, frame in records:
        name = fmt.session_bytes(session)
        pieces += [fmt.pack_record(time_ns, direction, len(name), len(frame)), name, frame]
    length = sum(map(len, pieces))
    pieces[0] = fmt.pack_header(
        length, len(records), batch, first, synced, 5, 3, kind, 0, fmt.NO_HASH
    )
    return fmt.seal(pieces)


@settings(deadline=None)
@given(records=RECORDS, first=st.integers(1, 2**63), before=st.binary(max_size=20))
def test_a_frame_reads_back_as_it_was_written(records, first, before):
    """Any records come back equal, wherever the frame stands, and from any sequence on."""
    data, digest = frame_bytes(records, first)
    buffer = before + data + b"after"
    header = fmt.parse_header(buffer, len(before))
    frame = fmt.parse_frame(buffer, len(before), header)
    assert digest == frame.digest
    expected = [Record(first + at, *record) for at, record in enumerate(records)]
    assert expected == fmt.records(frame)
    assert expected[2:] == fmt.records(frame, first + 2)


@settings(deadline=None)
@given(data=st.binary(max_size=400), at=st.integers(0, 400))
def test_arbitrary_bytes_are_no_frame(data, at):
    """Bytes that were not written here are never read as a header, with or without our magic."""
    assert fmt.parse_header(data, at) is None
    assert fmt.parse_header(fmt.MAGIC + data, 0) is None


def test_a_frame_cut_short_is_no_frame():
    """However much of a frame is there, nothing short of all of it is one."""
    data, _digest = frame_bytes([(1, Direction.IN, "S", b"frame")])
    for size in range(len(data)):
        header = fmt.parse_header(data[:size], 0)
        assert header is None or fmt.parse_frame(data[:size], 0, header) is None


def test_a_header_cannot_call_its_own_batch_synced():
    """A header that claims what it cannot know is no header, whatever its checksum."""
    data, _digest = frame_bytes([], batch=7, synced=7)
    assert fmt.parse_header(data, 0) is None


@settings(deadline=None)
@given(
    boot=st.text(alphabet="0123456789abcdef-", max_size=36),
    dropped=NUMBERS,
    lost=st.booleans(),
)
def test_a_mark_reads_back(boot, dropped, lost):
    """A mark carries the boot and the report of the recovery before it."""
    payload = fmt.pack_mark(Mark(boot, dropped, lost))
    frame = fmt.Frame(None, bytes(fmt.HEADER_SIZE) + payload, b"")
    assert Mark(boot, dropped, lost) == fmt.parse_mark(frame)


def test_a_session_name_has_a_bound():
    """A name over 255 bytes is refused by name, before anything is written."""
    assert len(fmt.session_bytes("é" * 127)) == 254
    with pytest.raises(RecordTooLarge, match="256 bytes"):
        fmt.session_bytes("é" * 128)


@settings(deadline=None)
@given(first=st.integers(1, 10**20 - 1))
def test_a_segment_is_named_by_its_first_record(first):
    """Names sort as their sequences do, and give them back."""
    name = fmt.segment_name(first)
    assert fmt.is_segment(name)
    assert first == fmt.segment_first(name)
    assert not fmt.is_segment(name + ".12.1.torn")
