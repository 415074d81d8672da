"""Bytes to message and back: tag=value with exact BodyLength and CheckSum (FIX 4.4 vol. 1).

A frame is one message, whole: `8=FIX.4.4|9=…|35=…|…|10=…|` with SOH for the bar. Decoding has three
steps, each of which can fail in its own way:

1. `unwrap`: the envelope. Wrong beginning, length, checksum or encoding: GarbledMessage.
2. `_collect`: the fields, flat or in repeating groups. Repeated or empty ones: InvalidMessage.
3. `_Decoder.build`: the struct, validated by msgspec. Unknown, missing, wrong: InvalidMessage.

Decoders and encoders are built once per type from the struct's own declarations.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, get_args, get_origin
from zlib import adler32

import msgspec

from protocol.errors import EncodeError, GarbledMessage, InvalidMessage
from protocol.fields import SessionRejectReason as Reason
from protocol.fields import describe
from protocol.messages import BY_TYPE, Group, Message
from protocol.numbers import format_decimal, is_integer, parse_decimal
from protocol.timestamps import parse_utc

MAX_FRAME = 65_536
"""The largest frame in bytes that is looked at; ZeroMQ's MAXMSGSIZE is set to the same."""

_HEAD = b"8=FIX.4.4\x019="
_TRAILER_LENGTH = len(b"10=000\x01")
_CHECKSUM_AT = 3
_CHUNK = 256
_HEADER_TAGS = ("49", "56", "34", "52")
_DATA_TAGS = frozenset(("89", "91", "96", "213", "349", "351", "353", "355", "357", "359", "361"))


def checksum(frame: bytes) -> int:
    """Sum the bytes modulo 256 (CheckSum, FIX 4.4 vol. 1).

    Adler-32's low half is the plain sum as long as it stays below 65,521: true for 256 bytes.
    """
    if len(frame) <= _CHUNK:
        return adler32(frame, 0) & 0xFF if frame else 0
    total = 0
    for start in range(0, len(frame), _CHUNK):
        total += adler32(frame[start : start + _CHUNK], 0) & 0xFFFF
    return total & 0xFF


def unwrap(frame: bytes) -> str:
    """Check the envelope and return the text between BodyLength and CheckSum.

    The text starts with `35=` and ends with SOH. Raises GarbledMessage.
    """
    size = len(frame)
    if size > MAX_FRAME:
        msg = f"received a frame of {size} bytes, expected at most {MAX_FRAME}"
        raise GarbledMessage(msg)
    if not frame.startswith(_HEAD):
        msg = f"received {frame[:24]!r}, expected a frame that begins with 8=FIX.4.4|9="
        raise GarbledMessage(msg)
    end = frame.find(b"\x01", len(_HEAD))
    length = frame[len(_HEAD) : end]
    body_at = end + 1
    trailer_at = size - _TRAILER_LENGTH
    if end < 0 or not length.isdigit() or len(length) > 6 or int(length) != trailer_at - body_at:  # noqa: PLR2004
        msg = f"BodyLength(9) is {length[:12]!r}, expected {max(trailer_at - body_at, 0)}"
        raise GarbledMessage(msg)
    trailer = frame[trailer_at:]
    digits = trailer[_CHECKSUM_AT:6]
    if not (trailer.startswith(b"10=") and trailer.endswith(b"\x01") and digits.isdigit()):
        msg = f"received {trailer!r} at the end, expected 10=nnn"
        raise GarbledMessage(msg)
    expected = checksum(frame[:trailer_at])
    if int(digits) != expected:
        msg = f"CheckSum(10) is {digits.decode()}, expected {expected:03d}"
        raise GarbledMessage(msg)
    if not frame.startswith(b"35=", body_at) or frame[trailer_at - 1] != 1:
        msg = f"received {frame[body_at : body_at + 12]!r}, expected MsgType(35) as third field"
        raise GarbledMessage(msg)
    try:
        return frame[body_at:trailer_at].decode()
    except UnicodeDecodeError as problem:
        msg = f"received bytes that are not UTF-8: {problem.reason}"
        raise GarbledMessage(msg) from None


class Peek(NamedTuple):
    """What a frame of a trusted source says about itself, read without decoding it."""

    msg_type: str
    msg_seq_num: int


def peek(frame: bytes) -> Peek:
    """Read MsgType and MsgSeqNum of a frame that `encode` or `decode` has already approved."""
    start = frame.index(b"\x0135=") + 4
    kind = frame[start : frame.index(b"\x01", start)]
    at = frame.index(b"\x0134=") + 4
    return Peek(kind.decode(), int(frame[at : frame.index(b"\x01", at)]))


def decode(frame: bytes) -> Message:
    """Turn one frame into its message. Raises GarbledMessage or InvalidMessage, nothing else."""
    text = unwrap(frame)
    type_end = text.index("\x01")
    msg_type = text[3:type_end]
    decoder = _DECODERS.get(msg_type)
    body = text[type_end + 1 : -1]
    if decoder is None:
        header = _scan_header(body)
        raise InvalidMessage(
            f"received MsgType(35)={msg_type[:8]!r}, which is not spoken here",
            reason=Reason.INVALID_MSG_TYPE, ref_tag=35, msg_type=msg_type, header=header,
        )  # fmt: skip
    return decoder.decode(body)


def encode(
    message: Message,
    *,
    sender_comp_id: str,
    target_comp_id: str,
    msg_seq_num: int,
    sending_time: str,
    poss_dup: str = "",
) -> bytes:
    """Write a message as a frame with a standard header of these values.

    `poss_dup` is the OrigSendingTime (122) of a message that is sent again: it sets 43=Y. Raises
    EncodeError when a value cannot be put on the wire.
    """
    dup = f"43=Y\x01122={poss_dup}\x01" if poss_dup else ""
    text = (
        f"35={message.msg_type}\x0149={sender_comp_id}\x0156={target_comp_id}\x01"
        f"34={msg_seq_num}\x0152={sending_time}\x01{dup}{_ENCODERS[message.msg_type](message)}"
    )
    return wrap(text)


def wrap(text: str) -> bytes:
    """Put the envelope around `35=…` text that ends with SOH: 8, 9 and 10."""
    body = text.encode()
    frame = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    if len(frame) + _TRAILER_LENGTH > MAX_FRAME:
        msg = f"a message of {len(frame)} bytes does not fit a frame of {MAX_FRAME}"
        raise EncodeError(msg)
    return b"%b10=%03d\x01" % (frame, checksum(frame))


def resend_of(frame: bytes, sending_time: str) -> bytes:
    """Return a sent frame as its possible duplicate: 43=Y, 122 = the old 52, a new 52."""
    text = unwrap(frame)
    start = text.index("\x0152=") + 4
    end = text.index("\x01", start)
    return wrap(
        f"{text[:start]}{sending_time}\x0143=Y\x01122={text[start:end]}{text[end:]}"
    )


def _scan_header(body: str) -> dict[str, str]:
    """Collect what can be read of the header of a message that cannot be decoded."""
    found: dict[str, str] = {}
    for part in body.split("\x01"):
        name, _, value = part.partition("=")
        found.setdefault(name, value)
    return {name: found[name] for name in (*_HEADER_TAGS, "43", "122") if name in found}


class _GroupSpec(NamedTuple):
    delimiter: str
    members: frozenset[str]
    checks: dict[str, Callable[[str], Any]]
    groups: dict[str, Any]


class _Decoder:
    """Decodes the body of one message type: collect fields, check numbers, let msgspec build."""

    def __init__(self, struct: type[Message]) -> None:
        self.struct = struct
        self.msg_type = struct.msg_type
        self.checks, self.groups = _inspect(struct)
        self.has_data = any(tag in _DATA_TAGS for tag in _tags(struct))
        self.known = frozenset(_tags(struct))

    def decode(self, body: str) -> Message:
        pairs = [part.partition("=") for part in body.split("\x01")]
        fields: dict[str, Any] = {name: value for name, _, value in pairs}
        if len(fields) != len(pairs) or not self.groups.keys().isdisjoint(fields):
            fields = self._collect(pairs, body)
        elif "" in fields.values() or "" in fields:
            self._refuse_malformed(pairs, body)
        try:
            for name, check in self.checks.items():
                value = fields.get(name)
                if value is not None:
                    fields[name] = check(value)
        except ValueError as problem:
            raise self._invalid(
                f"{describe(int(name))}: {problem}", Reason.INCORRECT_DATA_FORMAT, name, body
            ) from None
        for name in _HEADER_TAGS:
            if name not in fields:
                text = f"{describe(int(name))} is missing"
                raise self._invalid(text, Reason.REQUIRED_TAG_MISSING, name, body)
        try:
            return msgspec.convert(fields, self.struct, strict=False)
        except msgspec.ValidationError as problem:
            raise self._explain(problem, fields, body) from None

    def _refuse_malformed(self, pairs: list[tuple[str, str, str]], body: str) -> None:
        for name, sign, value in pairs:
            if not is_integer(name) or not sign:
                text = f"received {(name + sign + value)[:40]!r}, expected tag=value"
                raise self._invalid(text, Reason.INVALID_TAG_NUMBER, "0", body)
            if not value:
                text = f"{describe(int(name))} has no value"
                raise self._invalid(text, Reason.TAG_SPECIFIED_WITHOUT_A_VALUE, name, body)

    def _collect(self, pairs: list[tuple[str, str, str]], body: str) -> dict[str, Any]:
        """Collect fields where groups or repeated tags occur."""
        self._refuse_malformed(pairs, body)
        fields: dict[str, Any] = {}
        at = 0
        while at < len(pairs):
            name, _, value = pairs[at]
            at += 1
            if name in fields:
                text = f"{describe(int(name))} appears more than once"
                raise self._invalid(text, Reason.TAG_APPEARS_MORE_THAN_ONCE, name, body)
            spec = self.groups.get(name)
            if spec is None:
                fields[name] = value
            else:
                fields[name], at = self._entries(name, value, spec, pairs, at, body)
        return fields

    def _entries(  # noqa: PLR0913, PLR0917 - the position in the message is all there is to pass
        self,
        name: str,
        count: str,
        spec: _GroupSpec,
        pairs: list[tuple[str, str, str]],
        at: int,
        body: str,
    ) -> tuple[list[dict[str, Any]], int]:
        entries: list[dict[str, Any]] = []
        while at < len(pairs) and pairs[at][0] in spec.members:
            tag, _, value = pairs[at]
            if tag == spec.delimiter:
                entries.append({})
            elif not entries:
                text = f"{describe(int(tag))} before the group's first {spec.delimiter}"
                raise self._invalid(
                    text, Reason.REPEATING_GROUP_FIELDS_OUT_OF_ORDER, tag, body
                )
            if tag in entries[-1]:
                text = f"{describe(int(tag))} appears more than once in an entry"
                raise self._invalid(text, Reason.TAG_APPEARS_MORE_THAN_ONCE, tag, body)
            try:
                check = spec.checks.get(tag)
                entries[-1][tag] = check(value) if check else value
            except ValueError as problem:
                raise self._invalid(
                    f"{describe(int(tag))}: {problem}", Reason.INCORRECT_DATA_FORMAT, tag, body
                ) from None
            at += 1
        if not is_integer(count) or int(count) != len(entries):
            text = f"{describe(int(name))} is {count[:12]!r}, but {len(entries)} entries follow"
            raise self._invalid(text, Reason.INCORRECT_NUM_IN_GROUP_COUNT, name, body)
        return entries, at

    def _explain(
        self, problem: msgspec.ValidationError, fields: dict[str, Any], body: str
    ) -> InvalidMessage:
        """Turn msgspec's complaint into FIX's words: which tag, which reason, what was received."""
        text = str(problem)
        parts = text.split("`")
        unknown = next((tag for tag in fields if tag not in self.known), None)
        if "unknown field" in text and unknown is not None:
            known = is_integer(unknown) and int(unknown) > 0
            reason = (
                Reason.TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE if known else Reason.INVALID_TAG_NUMBER
            )
            label = describe(int(unknown)) if known else repr(unknown[:20])
            return self._invalid(
                f"{label} is not taken in {self.struct.__name__}; nothing is ignored silently",
                reason, unknown if known else "0", body,
            )  # fmt: skip
        tag = next((p.lstrip("$.").split("[")[0] for p in parts if p.startswith("$.")), "0")
        if "missing required field" in text:
            tag = parts[1] if len(parts) > 1 else "0"
            return self._invalid(
                f"{describe(int(tag))} is missing in {self.struct.__name__}",
                Reason.REQUIRED_TAG_MISSING, tag, body,
            )  # fmt: skip
        value = fields.get(tag)
        shown = f"received {value[:60]!r}, " if isinstance(value, str) else ""
        expected = text.split(" - at ")[0]
        label = describe(int(tag)) if is_integer(tag) else self.struct.__name__
        return self._invalid(f"{label}: {shown}{expected}", Reason.VALUE_IS_INCORRECT, tag, body)

    def _invalid(self, text: str, reason: Reason, tag: str, body: str) -> InvalidMessage:
        return InvalidMessage(
            text,
            reason=reason,
            ref_tag=int(tag) if is_integer(tag) else 0,
            msg_type=self.msg_type,
            header=_scan_header(body),
        )


def _parse_bool(text: str) -> bool:
    if text == "Y":
        return True
    if text == "N":
        return False
    msg = f"received {text[:20]!r}, expected Y or N"
    raise ValueError(msg)


def _parse_int(text: str) -> int:
    if not is_integer(text):
        msg = f"received {text[:40]!r}, expected a whole number"
        raise ValueError(msg)
    return int(text)


def _parse_utc_text(text: str) -> str:
    parse_utc(text)
    return text


def _hints(struct: type) -> dict[str, Any]:
    return typing.get_type_hints(struct, include_extras=True)


def _tags(struct: type) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def _unwrap_type(hint: Any) -> tuple[Any, str | None]:
    """Return the bare type of a field and the title of its Meta: Annotated and None are removed."""
    title = None
    while True:
        if get_origin(hint) is typing.Annotated:
            for extra in hint.__metadata__:
                title = getattr(extra, "title", None) or title
            hint = get_args(hint)[0]
        elif get_origin(hint) in {typing.Union, types.UnionType}:
            hint = next(arg for arg in get_args(hint) if arg is not types.NoneType)
        else:
            return hint, title


def _group_of(hint: Any) -> type[Group] | None:
    if get_origin(hint) is tuple:
        return typing.cast("type[Group]", get_args(hint)[0])
    return None


def _inspect(struct: type) -> tuple[dict[str, Callable[[str], Any]], dict[str, _GroupSpec]]:
    """Derive from the declarations which tags need a check of ours and which count a group."""
    checks: dict[str, Callable[[str], Any]] = {}
    groups: dict[str, _GroupSpec] = {}
    hints = _hints(struct)
    for field in msgspec.structs.fields(struct):
        bare, title = _unwrap_type(hints[field.name])
        group = _group_of(bare)
        if group is not None:
            inner, nested = _inspect(group)
            tags = _tags(group)
            groups[field.encode_name] = _GroupSpec(tags[0], frozenset(tags), inner, nested)
        elif bare is Decimal:
            checks[field.encode_name] = parse_decimal
        elif bare is bool:
            checks[field.encode_name] = _parse_bool
        elif bare is int or (isinstance(bare, type) and issubclass(bare, int)):
            checks[field.encode_name] = _parse_int
        elif title == "UTCTimestamp":
            checks[field.encode_name] = _parse_utc_text
    return checks, groups


def _text(value: Any, tag: str) -> str:
    if "\x01" in value or not value:
        msg = f"{describe(int(tag))}: received {value[:60]!r}, expected text without SOH"
        raise EncodeError(msg)
    return str(value)


def _decimal(value: Any, tag: str) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        msg = f"{describe(int(tag))}: received {value!r}, expected a finite Decimal"
        raise EncodeError(msg)
    return format_decimal(value)


_HELPERS = {"_text": _text, "_decimal": _decimal}


def _expression(hint: Any, tag: str, var: str) -> str:
    """Write the Python expression that turns a field's value into wire text."""
    bare, _ = _unwrap_type(hint)
    if bare is Decimal:
        return f"_decimal({var}, {tag!r})"
    if bare is bool:
        return f"('Y' if {var} else 'N')"
    if isinstance(bare, type) and issubclass(bare, Enum):
        return f"str({var}.value)"
    if bare is int:
        return f"str({var})"
    return f"_text({var}, {tag!r})"


_SESSION_FIELDS = frozenset(
    ("sender_comp_id", "target_comp_id", "msg_seq_num", "sending_time", "poss_dup_flag",
     "orig_sending_time")
)  # fmt: skip


def _build_encoder(struct: type) -> Callable[[Any], str]:
    """Write and compile the function that encodes one struct: all that follows its header."""
    lines = ["def encode(m):", "    out = []", "    add = out.append"]
    namespace: dict[str, Any] = dict(_HELPERS)
    hints = _hints(struct)
    for field in msgspec.structs.fields(struct):
        if field.name in _SESSION_FIELDS:
            continue
        tag = field.encode_name
        bare, _ = _unwrap_type(hints[field.name])
        group = _group_of(bare)
        lines.append(f"    v = m.{field.name}")
        if group is not None:
            namespace[f"_group_{tag}"] = _build_encoder(group)
            lines += [
                "    if v:",
                f"        add('{tag}=%d\\x01' % len(v))",
                f"        for e in v: add(_group_{tag}(e))",
            ]
            if field.required:
                lines += ["    else:", f"        add('{tag}=0\\x01')"]
            continue
        piece = f"add('{tag}=' + {_expression(hints[field.name], tag, 'v')} + '\\x01')"
        optional = not field.required and field.default is None
        flag = bare is bool and field.default is False
        guard = "if v is not None: " if optional else "if v: " if flag else ""
        lines.append(f"    {guard}{piece}")
    lines.append("    return ''.join(out)")
    exec("\n".join(lines), namespace)  # noqa: S102 - the source is derived from our own structs
    return typing.cast("Callable[[Any], str]", namespace["encode"])


_DECODERS = {msg_type: _Decoder(struct) for msg_type, struct in BY_TYPE.items()}
_ENCODERS = {msg_type: _build_encoder(struct) for msg_type, struct in BY_TYPE.items()}
