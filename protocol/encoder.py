"""Message to text: one function per message type, written from its declarations and compiled once.

Rule: what is encoded can be decoded, and gives the same message. A record that was written and
cannot be read would stop every later start. So each declared limit is enforced here as it is there:
enums, numbers, dates and times while they are written, names and texts in one look at the whole
body. What is not as declared (a float for a number, None in a required field) breaks on the way,
and is explained then.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec

from protocol.declarations import bound_of, group_of, hints_of, unwrap_type
from protocol.errors import EncodeError
from protocol.fields import describe
from protocol.messages import Message
from protocol.numbers import DIGITS, INTEGER_MAX, is_decimal
from protocol.timestamps import is_utc

SESSION_FIELDS = frozenset(
    ("sender_comp_id", "target_comp_id", "msg_seq_num", "sending_time", "poss_dup_flag",
     "orig_sending_time")
)  # fmt: skip
"""What the session says when it sends; the encoders take it apart from the message."""

_NAME = "[!-<>-~]{1,64}"
_TEXT = "[^\x01\ud800-\udfff]"
_is_date = re.compile(r"[0-9]{8}", re.ASCII).fullmatch
_NUMBER_MAX = bound_of(hints_of(Message)["msg_seq_num"], "ge", "le")[1]
_HEAD_FIELDS = 4

Add = Callable[[str], None]


class Encoder:
    """Encodes one message type."""

    def __init__(self, struct: type[Message]) -> None:
        self._struct = struct
        self._write = _compile(struct)
        self._texts = dict(_texts(struct))
        texts = "|".join(f"{tag}={_TEXT}{{1,{most}}}+" for tag, most in self._texts.items())
        # Possessive, since no piece can end in two ways: twice as fast.
        names = f"(?:[0-9]{{1,5}}+={_NAME}+\x01)++"
        self._fits = re.compile(f"(?:{names}|(?:(?:{texts})\x01)++)++").fullmatch

    def encode(
        self, message: Any, sender: str, target: str, number: int, time: str, dup: str
    ) -> str:
        """Write all that follows MsgType as `tag=value` pieces, each with its SOH.

        `dup` is the OrigSendingTime of a possible duplicate, else empty. Raises EncodeError.
        """
        if not 0 <= number <= _NUMBER_MAX:
            msg = f"{describe(34)}: received {number}, expected at most {_NUMBER_MAX}"
            raise EncodeError(msg)
        head = f"49={sender}\x0156={target}\x0134={number}\x0152={_time(time, 52)}\x01"
        if dup:
            head += f"43=Y\x01122={_time(dup, 122)}\x01"
        pieces = [head]
        try:
            self._write(message, pieces.append)
        except (TypeError, AttributeError) as problem:
            msg = f"{self._struct.__name__}: {problem}"
            raise EncodeError(msg) from None
        except KeyError as problem:
            msg = f"{self._struct.__name__}: received {problem}, expected a value of the field's"
            raise EncodeError(msg) from None
        text = "".join(pieces)
        fields = len(pieces) + (_HEAD_FIELDS - 1 if not dup else _HEAD_FIELDS + 1)
        if text.count("\x01") != fields or not self._fits(text):
            self._refuse(pieces)
        return text

    def _refuse(self, pieces: list[str]) -> typing.NoReturn:
        """Say which piece does not fit."""
        for piece in pieces[1:]:
            if "\x01" in piece[:-1] or not self._fits(piece):
                tag, _, value = piece[:-1].partition("=")
                most = self._texts.get(tag)
                expected = (
                    "1 to 64 printable ASCII characters, no blank or =" if most is None
                    else f"1 to {most or 'any number of'} characters without SOH"
                )  # fmt: skip
                msg = f"{describe(int(tag))}: received {value[:60]!r}, expected {expected}"
                raise EncodeError(msg)
        msg = f"the header cannot be written: {pieces[0][:200]!r}"
        raise EncodeError(msg)


def _decimal(value: Any, tag: int) -> str:
    """Write a number that is long, has an exponent, or is none; most are written in line."""
    if isinstance(value, Decimal) and value.is_finite():
        text = str(value)
        if "E" in text:
            text = format(value, "f")
        if len(text) <= DIGITS or is_decimal(text):
            return text
    msg = f"{describe(tag)}: received {value!r}, expected a finite Decimal, 18 digits a side"
    raise EncodeError(msg)


def _whole(value: Any, tag: int, least: int, most: int) -> str:
    if not isinstance(value, int) or not least <= value <= most:
        msg = f"{describe(tag)}: received {value!r}, expected an int, {least} to {most}"
        raise EncodeError(msg)
    return int.__repr__(value)


def _time(value: Any, tag: int) -> str:
    if not isinstance(value, str) or not is_utc(value):
        msg = f"{describe(tag)}: received {value!r}, expected UTC time as YYYYMMDD-HH:MM:SS.sss"
        raise EncodeError(msg)
    return value


def _date(value: Any, tag: int) -> str:
    if not isinstance(value, str) or not _is_date(value):
        msg = f"{describe(tag)}: received {value!r}, expected a date as YYYYMMDD"
        raise EncodeError(msg)
    return value


def _no_entries(tag: int) -> typing.NoReturn:
    msg = f"{describe(tag)}: expected at least one entry"
    raise EncodeError(msg)


def _texts(struct: type) -> Iterator[tuple[str, str]]:
    """Yield the tags whose values may be other than names, with the most characters they take."""
    for name, hint in hints_of(struct).items():
        if name == "msg_type":
            continue
        bare, title = unwrap_type(hint)
        group = group_of(bare)
        if group is not None:
            yield from _texts(group)
        elif bare is str and title != "Id":
            most = bound_of(hint, "max_length", "max_length")[1]
            yield _tag_of(struct, name), "" if most is None else str(most)


def _tag_of(struct: type, name: str) -> str:
    fields = msgspec.structs.fields(struct)
    return next(field.encode_name for field in fields if field.name == name)


def _pieces(bare: Any, tag: str) -> dict[Any, str] | None:
    """Return the finished pieces of a field that has few values, None when it has many."""
    if bare is bool:
        return {True: f"{tag}=Y\x01", False: f"{tag}=N\x01"}
    if get_origin(bare) is Literal:
        return {value: f"{tag}={value}\x01" for value in get_args(bare)}
    if isinstance(bare, type) and issubclass(bare, Enum):
        return {one: f"{tag}={one.value}\x01" for one in bare}
    return None


def _statement(hint: Any, tag: str, namespace: dict[str, Any]) -> str:
    """Write the statement that adds the piece of a field's value `v`."""
    bare, title = unwrap_type(hint)
    known = _pieces(bare, tag)
    if known is not None:
        namespace[f"_known_{tag}"] = known
        return f"add(_known_{tag}[v])"
    value = "v"
    if bare is Decimal:
        plainly = f"t if len(t) <= {DIGITS} and 'E' not in t and v.__class__ is D and v.is_finite()"
        return f"t = str(v); add('{tag}=' + ({plainly} else _decimal(v, {tag})) + '\\x01')"
    if bare is int:
        least, most = bound_of(hint, "ge", "le")
        least = -INTEGER_MAX if least is None else least
        value = f"_whole(v, {tag}, {least}, {INTEGER_MAX if most is None else most})"
    elif title == "UTCTimestamp":
        value = f"_time(v, {tag})"
    elif title == "LocalMktDate":
        value = f"_date(v, {tag})"
    return f"add('{tag}=' + {value} + '\\x01')"


def _compile(struct: type) -> Callable[[Any, Add], None]:
    lines = ["def write(m, add):", "    pass"]
    namespace: dict[str, Any] = {
        "_decimal": _decimal, "_whole": _whole, "_time": _time, "_date": _date,
        "_no_entries": _no_entries, "D": Decimal,
    }  # fmt: skip
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
                lines += ["    else:", f"        _no_entries({tag})"]
            continue
        optional = not field.required and field.default is None
        flag = bare is bool and field.default is False
        guard = "if v is not None: " if optional else "if v: " if flag else ""
        lines.append(f"    {guard}{_statement(hints[field.name], tag, namespace)}")
    exec("\n".join(lines), namespace)  # noqa: S102 - the source is derived from our own structs
    return typing.cast("Callable[[Any, Add], None]", namespace["write"])
