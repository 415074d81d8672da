"""Messages of every type that the protocol knows: complete ones, bare ones, and random ones.

Made from the structs' own declarations, so a new type or field is covered the day it is declared.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.declarations import group_of, hints_of, unwrap_type
from protocol.encoder import SESSION_FIELDS
from protocol.messages import BY_TYPE, Logon, Message
from protocol.timestamps import format_utc

HEADER = {
    "sender_comp_id": "MM",
    "target_comp_id": "GATEWAY",
    "msg_seq_num": 7,
    "sending_time": "20260105-09:30:00.123456",
}

# What the declarations leave open and the standard does not: tag to legal values.
_LEGAL: dict[str, list[Any]] = {
    "13": ["3"], "98": [0], "141": [True], "272": ["20260105"], "273": ["09:30:00.123456"],
    "371": [11], "372": ["D"], "447": ["D"], "452": [3], "532": ["99"], "569": [0], "581": [1],
    "703": ["TQ"], "731": [1], "749": [0], "750": [0], "5036": ["1"],
}  # fmt: skip

_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="="),
                 min_size=1, max_size=64)  # fmt: skip
_TEXTS = st.text(st.characters(exclude_characters="\x01", exclude_categories=["Cs"]),
                 min_size=1, max_size=60)  # fmt: skip
_DECIMALS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**17), 10**17), st.integers(0, 17),
)  # fmt: skip
_TIMES = st.integers(0, 4_000_000_000_000_000).map(lambda us: format_utc(us * 1000))


def _bounds(hint: Any) -> dict[str, Any]:
    """Find the limits that an annotation sets."""
    found: dict[str, Any] = {}
    if get_origin(hint) is Annotated:
        for extra in hint.__metadata__:
            for name in ("ge", "le", "max_length", "pattern"):
                value = getattr(extra, name, None)
                if value is not None:
                    found[name] = value
        return _bounds(get_args(hint)[0]) | found
    for arg in get_args(hint):
        found |= _bounds(arg)
    return found


def _one(tag: str, hint: Any) -> Any:  # noqa: PLR0911 - one return for each kind of field
    """Give a legal value of a field."""
    bare, title = unwrap_type(hint)
    if tag in _LEGAL:
        return _LEGAL[tag][0]
    if group_of(bare) is not None:
        return (_build(group_of(bare), bare=False),) * 2
    if get_origin(bare) is Literal:
        return get_args(bare)[0]
    if isinstance(bare, type) and issubclass(bare, Enum):
        return next(iter(bare))
    if bare is Decimal:
        return Decimal("1.25")
    if bare is bool:
        return True
    if bare is int:
        return max(_bounds(hint).get("ge", 1), 1)
    if title == "UTCTimestamp":
        return "20260105-09:30:00.123456"
    return "20260105" if "pattern" in _bounds(hint) else "X1"


def _any(tag: str, hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - the same
    """Give a strategy for every value that a field can hold."""
    bare, title = unwrap_type(hint)
    bounds = _bounds(hint)
    group = group_of(bare)
    if group is not None:
        return st.lists(_struct(group), min_size=1, max_size=3).map(tuple)
    if get_origin(bare) is Literal:
        return st.sampled_from(get_args(bare))
    if isinstance(bare, type) and issubclass(bare, Enum):
        return st.sampled_from(list(bare))
    if bare is Decimal:
        return _DECIMALS
    if bare is bool:
        return st.just(True)  # noqa: FBT003 - False is what absence means
    if bare is int:
        return st.integers(bounds.get("ge", -(10**9)), bounds.get("le", 10**9))
    if title == "UTCTimestamp":
        return _TIMES
    if "pattern" in bounds:
        return st.just("20260105")
    return _NAMES if title == "Id" else _TEXTS


def _fields(struct: type) -> list[tuple[msgspec.structs.FieldInfo, Any]]:
    hints = hints_of(struct)
    return [
        (field, hints[field.name])
        for field in msgspec.structs.fields(struct)
        if field.name not in SESSION_FIELDS
    ]


def _consistent(message: Any) -> Any:
    """Make RawDataLength the length of RawData, the one promise between two fields."""
    if isinstance(message, Logon):
        raw = message.raw_data
        return replace(message, raw_data_length=len(raw.encode()) if raw else None)
    return message


def _build(struct: type, *, bare: bool) -> Any:
    found = struct(
        **{
            field.name: _one(field.encode_name, hint)
            for field, hint in _fields(struct)
            if field.required or not bare
        }
    )
    return _consistent(found)


def _struct(struct: type) -> st.SearchStrategy[Any]:
    required = {f.name: _any(f.encode_name, hint) for f, hint in _fields(struct) if f.required}
    optional = {f.name: _any(f.encode_name, hint) for f, hint in _fields(struct) if not f.required}
    fields = st.fixed_dictionaries(required, optional=optional)
    return fields.map(lambda found: _consistent(struct(**found)))


def complete(msg_type: str) -> Message:
    """Build a message with every field that its type has, groups with two entries."""
    return _build(BY_TYPE[msg_type], bare=False)


def bare(msg_type: str) -> Message:
    """Build a message with nothing but what its type requires."""
    return _build(BY_TYPE[msg_type], bare=True)


def messages(*msg_types: str) -> st.SearchStrategy[Message]:
    """Generate messages of these types, or of all."""
    return st.sampled_from(msg_types or tuple(BY_TYPE)).flatmap(lambda kind: _struct(BY_TYPE[kind]))
