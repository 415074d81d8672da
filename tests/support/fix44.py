"""An independent judge of frames: the public FIX 4.4 data dictionary (QuickFIX's FIX44.xml).

It shares no code with the codec. The dictionary lies in the folder that PORTCULLIS_DATA names, or
in ../shared/data beside the project; without it `needs_dictionary` skips a test.

Rules: envelope exact; every field known in its message, once; required ones present; types and
enums right; groups counted, each entry begun by the group's first field and in the dictionary's
order. Exempt are tags from 5000 on and the private types U1 and U2, whose header alone is judged.
As in QuickFIX, Currency and Exchange are any text: crypto currencies have no ISO 4217 code.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import pytest

_HOME = os.environ.get("PORTCULLIS_DATA")
DICTIONARY = (
    Path(_HOME) if _HOME else Path(__file__).resolve().parents[2].parent / "shared" / "data"
) / "FIX44.xml"

needs_dictionary = pytest.mark.skipif(
    not DICTIONARY.is_file(), reason=f"no data dictionary at {DICTIONARY}: set PORTCULLIS_DATA"
)

_OWN = 5000
_PRIVATE = frozenset(("U1", "U2"))
_WHOLE = r"-?\d+"
_NUMBER = r"-?(\d+\.?\d*|\.\d+)"
_TIMESTAMP = r"\d{8}-\d{2}:\d{2}:\d{2}(\.\d{3}|\.\d{6})?"
_SHAPES = {
    "INT": _WHOLE, "LENGTH": r"\d+", "NUMINGROUP": r"\d+", "SEQNUM": r"\d+",
    "PRICE": _NUMBER, "QTY": _NUMBER, "AMT": _NUMBER, "FLOAT": _NUMBER, "PERCENTAGE": _NUMBER,
    "PRICEOFFSET": _NUMBER,
    "CHAR": r".", "BOOLEAN": r"[YN]",
    "UTCTIMESTAMP": _TIMESTAMP, "UTCTIMEONLY": _TIMESTAMP[6:], "UTCDATEONLY": r"\d{8}",
    "LOCALMKTDATE": r"\d{8}", "MONTHYEAR": r"\d{6}.*",
}  # fmt: skip


@dataclass(frozen=True)
class _Field:
    tag: int
    name: str
    type: str
    values: frozenset[str]


@dataclass
class _Block:
    """What may stand in a message, a header or an entry of a group, in the dictionary's order."""

    order: dict[int, int] = field(default_factory=dict)
    """Each tag with its place."""
    required: set[int] = field(default_factory=set)
    groups: dict[int, _Block] = field(default_factory=dict)


class _Dictionary:
    def __init__(self, path: Path) -> None:
        root = ET.parse(path).getroot()
        self._components = {node.get("name"): node for node in root.find("components")}
        self._tags = {}
        self.fields = {}
        for node in root.find("fields"):
            tag, values = int(node.get("number")), {value.get("enum") for value in node}
            self._tags[node.get("name")] = tag
            self.fields[tag] = _Field(tag, node.get("name"), node.get("type"), frozenset(values))
        self.header = self._block(root.find("header"))
        self.trailer = self._block(root.find("trailer"))
        self.messages = {node.get("msgtype"): self._block(node) for node in root.find("messages")}

    def _block(self, node: ET.Element) -> _Block:
        block = _Block()
        self._fill(block, node, required=True)
        return block

    def _fill(self, block: _Block, node: ET.Element, *, required: bool) -> None:
        for child in node:
            needed = required and child.get("required") == "Y"
            if child.tag == "component":
                self._fill(block, self._components[child.get("name")], required=needed)
                continue
            tag = self._tags[child.get("name")]
            block.order.setdefault(tag, len(block.order))
            if needed:
                block.required.add(tag)
            if child.tag == "group":
                block.groups[tag] = self._block(child)


@cache
def _dictionary() -> _Dictionary:
    return _Dictionary(DICTIONARY)


def validate(frame: bytes) -> list[str]:
    """Return every fault of the frame, in words; an empty list is a valid frame."""
    faults = _envelope_faults(frame)
    if faults:
        return faults
    pairs = []
    for part in frame[:-1].split(b"\x01"):
        tag, sign, value = part.decode().partition("=")
        if not (sign and value and re.fullmatch(r"[1-9]\d*", tag, re.ASCII)):
            return [f"not tag=value: {part!r}"]
        pairs.append((int(tag), value))
    judge = _Judge(_dictionary(), dict(pairs).get(35, ""))
    return judge.faults_of(pairs)


def _envelope_faults(frame: bytes) -> list[str]:
    shape = re.fullmatch(rb"8=FIX\.4\.4\x019=(\d+)\x01(35=.*\x01)10=(\d{3})\x01", frame, re.DOTALL)
    if shape is None:
        return [f"no envelope: {frame!r}"]
    faults = []
    if int(shape[1]) != len(shape[2]):
        faults.append(f"BodyLength {int(shape[1])}, counted {len(shape[2])}")
    if int(shape[3]) != sum(frame[:-7]) % 256:
        faults.append(f"CheckSum {int(shape[3])}, counted {sum(frame[:-7]) % 256}")
    return faults


@lru_cache(maxsize=4096)
def _value_faults(tag: int, value: str) -> tuple[str, ...]:
    found = _dictionary().fields.get(tag)
    if found is None:
        return (f"tag {tag} is not in the dictionary",)
    faults = []
    name = f"{found.name}({tag})"
    shape = _SHAPES.get(found.type, r".*")
    if not re.fullmatch(shape, value, re.ASCII | re.DOTALL):
        faults.append(f"{name} is {value!r}, which is no {found.type}")
    said = set(value.split(" ")) if found.type == "MULTIPLEVALUESTRING" else {value}
    if found.values and not said <= found.values:
        faults.append(f"{name} is {value!r}, expected one of {sorted(found.values)}")
    return tuple(faults)


class _Judge:
    def __init__(self, dictionary: _Dictionary, msg_type: str) -> None:
        self._dictionary = dictionary
        self._msg_type = msg_type
        self._faults: list[str] = []

    def faults_of(self, pairs: list[tuple[int, str]]) -> list[str]:
        known = self._dictionary
        body = known.messages.get(self._msg_type)
        if body is None and self._msg_type not in _PRIVATE:
            return [f"MsgType {self._msg_type!r} is not in the dictionary"]
        pairs = [pair for pair in pairs if pair[0] < _OWN]
        for tag, value in pairs:
            if body is not None or tag != 35:
                self._faults += _value_faults(tag, value)
        self._judge_order(pairs)
        edge = known.header.order.keys() | known.trailer.order.keys()
        self._judge_required(known.header, {tag for tag, _ in pairs})
        if body is not None:
            inner = [pair for pair in pairs if pair[0] not in edge]
            where = f"MsgType {self._msg_type}"
            rest = self._judge_block(body, inner, where)
            if rest:
                self._say(f"{self._name(rest[0][0])} is not defined here in {where}")
        return self._faults

    def _say(self, fault: str) -> None:
        self._faults.append(fault)

    def _name(self, tag: int) -> str:
        found = self._dictionary.fields.get(tag)
        return f"{found.name}({tag})" if found else f"tag {tag}"

    def _judge_order(self, pairs: list[tuple[int, str]]) -> None:
        """Header first, trailer last."""
        header = self._dictionary.header.order
        flags = [tag in header for tag, _ in pairs]
        if flags != sorted(flags, reverse=True):
            self._say("a header field stands behind the body")

    def _judge_required(self, block: _Block, present: set[int]) -> None:
        for tag in sorted(block.required - present):
            self._say(f"{self._name(tag)} is missing")

    def _judge_block(
        self, block: _Block, pairs: list[tuple[int, str]], where: str
    ) -> list[tuple[int, str]]:
        """Judge what belongs to the block, and return what follows it."""
        seen: Counter[int] = Counter()
        at = 0
        while at < len(pairs) and pairs[at][0] in block.order:
            tag, value = pairs[at]
            seen[tag] += 1
            at += 1
            if tag in block.groups:
                group = block.groups[tag]
                rest = self._judge_entries(group, int(value), pairs[at:], self._name(tag))
                at = len(pairs) - len(rest)
        for tag, times in seen.items():
            if times > 1:
                self._say(f"{self._name(tag)} stands {times} times in {where}")
        self._judge_required(block, set(seen))
        return pairs[at:]

    def _judge_entries(
        self, group: _Block, count: int, pairs: list[tuple[int, str]], where: str
    ) -> list[tuple[int, str]]:
        delimiter = next(iter(group.order))
        entries = 0
        while pairs and pairs[0][0] == delimiter:
            end = next((i for i, (tag, _) in enumerate(pairs[1:], 1) if tag == delimiter), None)
            entry, following = (pairs[:end], pairs[end:]) if end else (pairs, [])
            rest = self._judge_block(group, entry, where)
            order = [group.order[tag] for tag, _ in entry[: len(entry) - len(rest)]
                     if tag in group.order]  # fmt: skip
            if order != sorted(order):
                self._say(f"an entry of {where} is not in the dictionary's order")
            entries += 1
            pairs = rest + following
            if rest:
                break
        if entries != count:
            self._say(f"{where} is {count}, counted {entries} entries beginning with {delimiter}")
        return pairs
