"""Message to text: one function per message type, written from its declarations and compiled once.

The function trusts a field to be what its declaration says and proves it afterwards, on the whole
text: every piece ended with one SOH, and no piece was empty. What is not as declared (a float for
a number, None in a required field) breaks on the way, and is explained then.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
from typing import Any

import msgspec

from protocol.declarations import group_of, hints_of, unwrap_type
from protocol.errors import EncodeError
from protocol.fields import describe
from protocol.numbers import format_decimal

SESSION_FIELDS = frozenset(
    ("sender_comp_id", "target_comp_id", "msg_seq_num", "sending_time", "poss_dup_flag",
     "orig_sending_time")
)  # fmt: skip
"""What the session says when it sends; the encoders leave it out."""

Add = Callable[[str], None]


class Encoder:
    """Encodes one message type: all that follows its header."""

    def __init__(self, struct: type) -> None:
        self._struct = struct
        self._write = _compile(struct)

    def encode(self, message: Any) -> str:
        """Write the fields as `tag=value` pieces, each with its SOH. Raises EncodeError."""
        pieces: list[str] = []
        try:
            self._write(message, pieces.append)
        except (TypeError, AttributeError) as problem:
            msg = f"{self._struct.__name__}: {problem}"
            raise EncodeError(msg) from None
        text = "".join(pieces)
        if text.count("\x01") != len(pieces) or "=\x01" in text:
            self._refuse(pieces)
        return text

    def _refuse(self, pieces: list[str]) -> None:
        for piece in pieces:
            tag, _, value = piece[:-1].partition("=")
            if not value or "\x01" in value:
                msg = f"{describe(int(tag))}: received {value[:60]!r}, expected text without SOH"
                raise EncodeError(msg)


def _decimal(value: Any, tag: int) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        msg = f"{describe(tag)}: received {value!r}, expected a finite Decimal"
        raise EncodeError(msg)
    return format_decimal(value)


def _whole(value: Any, tag: int) -> str:
    if not isinstance(value, int):
        msg = f"{describe(tag)}: received {value!r}, expected an int"
        raise EncodeError(msg)
    return int.__repr__(value)


def _expression(hint: Any, tag: str) -> str:
    """Write the Python expression that turns a field's value `v` into wire text."""
    bare, _ = unwrap_type(hint)
    if bare is Decimal:
        return f"_decimal(v, {tag})"
    if bare is bool:
        return "('Y' if v else 'N')"
    if bare is int or (isinstance(bare, type) and issubclass(bare, IntEnum)):
        return f"_whole(v, {tag})"
    return "v"  # text, or a StrEnum, which is text


def _compile(struct: type) -> Callable[[Any, Add], None]:
    lines = ["def write(m, add):", "    pass"]
    namespace: dict[str, Any] = {"_decimal": _decimal, "_whole": _whole}
    hints = hints_of(struct)
    for field in msgspec.structs.fields(struct):
        if field.name in SESSION_FIELDS:
            continue
        tag = field.encode_name
        bare, _ = unwrap_type(hints[field.name])
        group = group_of(bare)
        lines.append(f"    v = m.{field.name}")
        if group is not None:
            namespace[f"_group_{tag}"] = _compile(group)
            lines += [
                "    if v:",
                f"        add('{tag}=%d\\x01' % len(v))",
                f"        for e in v: _group_{tag}(e, add)",
            ]
            if field.required:
                lines += ["    else:", f"        add('{tag}=0\\x01')"]
            continue
        expression = _expression(hints[field.name], tag)
        optional = not field.required and field.default is None
        flag = bare is bool and field.default is False
        guard = "if v is not None: " if optional else "if v: " if flag else ""
        lines.append(f"    {guard}add('{tag}=' + {expression} + '\\x01')")
    exec("\n".join(lines), namespace)  # noqa: S102 - the source is derived from our own structs
    return typing.cast("Callable[[Any, Add], None]", namespace["write"])
