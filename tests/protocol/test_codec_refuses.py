"""What the codec does not write: whatever could not be read again is an EncodeError."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.every_message import HEADER, complete, messages

from protocol import codec
from protocol.errors import EncodeError


def frame_of(message, **header):
    """Encode under the usual header."""
    return codec.encode(message, **{**HEADER, **header})


@pytest.mark.parametrize(
    "change",
    [
        {"order_qty": 1.5}, {"order_qty": 1}, {"cl_ord_id": ""}, {"cl_ord_id": "a\x01b"},
        {"cl_ord_id": None}, {"cl_ord_id": 5}, {"text": ""}, {"order_qty": None},
        {"cl_ord_id": "a b"}, {"cl_ord_id": "a=b"}, {"cl_ord_id": "é"}, {"cl_ord_id": "x" * 65},
        {"text": "x" * 2049}, {"text": "a\x01b"}, {"text": "a\x0155=b"}, {"text": "\ud800"},
        {"decision_context": "x" * 2049}, {"handl_inst": "2"}, {"side": "9"}, {"ord_type": None},
        {"order_qty": Decimal("NaN")}, {"order_qty": Decimal("1E18")},
        {"order_qty": Decimal("1E-19")}, {"order_qty": Decimal("0E-19")},
        {"transact_time": "now"}, {"transact_time": "20260230-00:00:00"}, {"expire_time": ""},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_said_raises(change):
    """A float, a control character, a text too long: EncodeError, never a frame nobody reads."""
    with pytest.raises(EncodeError):
        frame_of(replace(complete("D"), **change))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("W", {"md_entries": ()}), ("AE", {"sides": ()}), ("AE", {"trade_date": "2026-01-05"}),
        ("AE", {"previously_reported": None}), ("A", {"heart_bt_int": 0}),
        ("2", {"end_seq_no": -1}),
        ("3", {"ref_seq_num": 10**18}), ("4", {"new_seq_no": 10**12}), ("y", {"text": 1}),
        ("y", {"capabilities": "x" * 513}), ("U2", {"note_body": "x" * 60_001}),
        ("BA", {"coll_status": 9}), ("q", {"scope": "x" * 257}),
    ],
    ids=str,
)  # fmt: skip
def test_what_could_not_be_read_raises(kind, change):
    """Each limit that decoding sets, encoding sets: counts, dates, lengths, groups."""
    with pytest.raises((EncodeError, TypeError)):
        frame_of(replace(complete(kind), **change))


@pytest.mark.parametrize(
    "header",
    [
        {"sender_comp_id": ""}, {"target_comp_id": "a\x01b"}, {"msg_seq_num": 10**12},
        {"msg_seq_num": -1}, {"sending_time": "now"}, {"poss_dup": "now"},
        {"sender_comp_id": "A\x0150=B"},
    ],
    ids=str,
)  # fmt: skip
def test_a_header_that_could_not_be_read_raises(header):
    """The session's own fields are checked like all others."""
    with pytest.raises(EncodeError):
        frame_of(complete("D"), **header)


_ANY_TEXT = st.one_of(
    st.sampled_from(["null", "None", "true", "1e5", "NaN", "=", " ", "x" * 64, "x" * 65]),
    st.text(max_size=80),
    st.integers(1, 3_000).map(lambda size: "é" * size),
)
_ANY_NUMBER = st.one_of(
    st.decimals(),
    st.builds(
        lambda digits, places: Decimal(digits).scaleb(-places),
        st.integers(-(10**38), 10**38), st.integers(-20, 40),
    ),
)  # fmt: skip
_ANY_INT = st.integers(-(10**20), 10**20)


@settings(max_examples=400, deadline=None)
@given(message=messages(), data=st.data())
def test_whatever_can_be_written_can_be_read(message, data):
    """Any values in any fields: EncodeError, or a frame that decodes to the very same message."""
    written = {Decimal: _ANY_NUMBER, str: _ANY_TEXT, int: _ANY_INT, tuple: st.just(())}
    names = [
        name for name in message.__struct_fields__
        if type(getattr(message, name)) in written and name not in HEADER
    ]  # fmt: skip
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
    message = replace(
        message, **{name: data.draw(written[type(getattr(message, name))]) for name in chosen}
    )
    try:
        frame = frame_of(message)
    except EncodeError:
        return
    assert replace(message, **HEADER) == codec.decode(frame)


def test_message_too_long_for_a_frame_raises():
    """Encoding refuses what decoding would refuse."""
    with pytest.raises(EncodeError, match="does not fit"):
        frame_of(replace(complete("U2"), note_body="é" * 60_000))
