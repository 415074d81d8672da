"""Text to message: collect the fields, check the numbers, let msgspec build the struct.

One decoder per message type, built once from the struct's own declarations. Nothing is ignored: a
field that is unknown, repeated, empty or malformed makes the message invalid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from protocol.declarations import group_of, hints_of, tags_of, unwrap_type
from protocol.errors import InvalidMessage
from protocol.fields import SessionRejectReason as Reason
from protocol.fields import describe
from protocol.messages import Message
from protocol.numbers import DIGITS, is_integer, parse_decimal
from protocol.timestamps import parse_utc

_HEADER_TAGS = ("49", "56", "34", "52")
_REQUIRED = frozenset(_HEADER_TAGS)
_is_name = re.compile(r"[!-<>-~]{1,64}").fullmatch
_is_simple = re.compile(r"(?:[0-9]{1,5}+=[!-<>-~]{1,64}+\x01)++", re.ASCII).fullmatch
"""Most bodies: every value could be an Id. One look proves it for all of them at once."""


def scan_header(body: str) -> dict[str, str]:
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
    required: bool


class Decoder:
    """Decodes the body of one message type."""

    def __init__(self, struct: type[Message]) -> None:
        self.struct = struct
        self.msg_type = struct.msg_type
        self.all_checks, self.groups = _inspect(struct)
        self.checks = [pair for pair in self.all_checks.items() if pair[1] is not check_name]
        self.known = frozenset(tags_of(struct))

    def decode(self, body: str) -> Message:
        """Decode what stands between MsgType and CheckSum, each field with its SOH.

        Raises InvalidMessage.
        """
        fields = self._collect_simple(body) if _is_simple(body) else None
        if fields is None:
            fields = self._collect(body[:-1])
        if not fields.keys() >= _REQUIRED:
            name = next(tag for tag in _HEADER_TAGS if tag not in fields)
            text = f"{describe(int(name))} is missing"
            raise self._invalid(text, Reason.REQUIRED_TAG_MISSING, name, body)
        try:
            return msgspec.convert(fields, self.struct, strict=False)
        except msgspec.ValidationError as problem:
            raise self._explain(problem, fields, body) from None

    def _collect_simple(self, body: str) -> dict[str, Any] | None:
        """Collect the fields of a simple body, or None when groups or repeated tags occur."""
        flat = body.replace("=", "\x01").split("\x01")
        tags = flat[:-1:2]
        fields: dict[str, Any] = dict(zip(tags, flat[1::2], strict=True))
        grouped = self.groups and not self.groups.keys().isdisjoint(fields)
        if grouped or len(fields) != len(tags):
            return None
        value_of = fields.get
        name = ""
        try:
            for name, check in self.checks:
                value = value_of(name)
                if value is not None:
                    fields[name] = check(value)
        except ValueError as problem:
            raise self._malformed(name, "?", problem, body) from None
        return fields

    def _malformed(self, name: str, value: str, problem: ValueError, body: str) -> InvalidMessage:
        if not value:
            self._refuse_malformed(body)
        text = f"{describe(int(name))}: {problem}"
        return self._invalid(text, Reason.INCORRECT_DATA_FORMAT, name, body)

    def _refuse_malformed(self, body: str) -> None:
        for part in body.split("\x01"):
            name, sign, value = part.partition("=")
            if not is_integer(name) or not sign:
                text = f"received {part[:40]!r}, expected tag=value"
                raise self._invalid(text, Reason.INVALID_TAG_NUMBER, "0", body)
            if not value:
                text = f"{describe(int(name))} has no value"
                raise self._invalid(text, Reason.TAG_SPECIFIED_WITHOUT_A_VALUE, name, body)

    def _collect(self, body: str) -> dict[str, Any]:
        """Collect the fields of any body: the careful way."""
        pairs = [part.partition("=") for part in body.split("\x01")]
        checks = self.all_checks
        fields: dict[str, Any] = {}
        at = 0
        while at < len(pairs):
            name, _, value = pairs[at]
            at += 1
            if not value or name in fields:
                self._refuse_malformed(body)
                text = f"{describe(int(name))} appears more than once"
                raise self._invalid(text, Reason.TAG_APPEARS_MORE_THAN_ONCE, name, body)
            spec = self.groups.get(name)
            if spec is not None:
                fields[name], at = self._entries(name, value, spec, pairs, at, body)
                continue
            check = checks.get(name)
            try:
                fields[name] = check(value) if check else value
            except ValueError as problem:
                raise self._malformed(name, value, problem, body) from None
        return fields

    def _entries(
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
                raise self._invalid(text, Reason.REPEATING_GROUP_FIELDS_OUT_OF_ORDER, tag, body)
            if tag in entries[-1]:
                text = f"{describe(int(tag))} appears more than once in an entry"
                raise self._invalid(text, Reason.TAG_APPEARS_MORE_THAN_ONCE, tag, body)
            check = spec.checks.get(tag)
            try:
                entries[-1][tag] = check(value) if check else value
            except ValueError as problem:
                raise self._malformed(tag, value, problem, body) from None
            if not value:
                self._refuse_malformed(body)
            at += 1
        if not is_integer(count) or int(count) != len(entries):
            text = f"{describe(int(name))} is {count[:12]!r}, but {len(entries)} entries follow"
            raise self._invalid(text, Reason.INCORRECT_NUM_IN_GROUP_COUNT, name, body)
        if spec.required and not entries:
            text = f"{describe(int(name))} is 0, expected at least one entry"
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
        expected = text.partition(" - at ")[0]
        label = describe(int(tag)) if is_integer(tag) else self.struct.__name__
        return self._invalid(f"{label}: {shown}{expected}", Reason.VALUE_IS_INCORRECT, tag, body)

    def _invalid(self, text: str, reason: Reason, tag: str, body: str) -> InvalidMessage:
        return InvalidMessage(
            text,
            reason=reason,
            ref_tag=int(tag) if is_integer(tag) else 0,
            msg_type=self.msg_type,
            header=scan_header(body),
        )


def _parse_bool(text: str) -> bool:
    if text == "Y":
        return True
    if text == "N":
        return False
    msg = f"received {text[:20]!r}, expected Y or N"
    raise ValueError(msg)


def _parse_int(text: str) -> int:
    digits = text.removeprefix("-")
    if len(digits) > DIGITS or not (digits.isascii() and digits.isdigit()):
        msg = f"received {text[:40]!r}, expected a whole number"
        raise ValueError(msg)
    return int(text)


def _check_utc(text: str) -> str:
    parse_utc(text)
    return text


def check_name(text: str) -> str:
    """Return a name that is fit for every wire, see `messages.base.Id`, or raise ValueError."""
    if not _is_name(text):
        msg = f"received {text[:70]!r}, expected 1 to 64 printable ASCII characters, no blank or ="
        raise ValueError(msg)
    return text


def _inspect(struct: type) -> tuple[dict[str, Callable[[str], Any]], dict[str, _GroupSpec]]:
    """Derive from the declarations which tags need a check of ours and which count a group."""
    checks: dict[str, Callable[[str], Any]] = {}
    groups: dict[str, _GroupSpec] = {}
    hints = hints_of(struct)
    for field in msgspec.structs.fields(struct):
        bare, title = unwrap_type(hints[field.name])
        group = group_of(bare)
        if group is not None:
            inner, nested = _inspect(group)
            tags = tags_of(group)
            groups[field.encode_name] = _GroupSpec(
                tags[0], frozenset(tags), inner, nested, field.required
            )
        elif bare is Decimal:
            checks[field.encode_name] = parse_decimal
        elif bare is bool:
            checks[field.encode_name] = _parse_bool
        elif bare is int or (isinstance(bare, type) and issubclass(bare, int)):
            checks[field.encode_name] = _parse_int
        elif title == "UTCTimestamp":
            checks[field.encode_name] = _check_utc
        elif title == "Id":
            checks[field.encode_name] = check_name
    return checks, groups
