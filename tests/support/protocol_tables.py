"""The field tables of PROTOCOL.md, written from the structs; run this file to renew them.

In the document a table stands between `<!-- fields of X -->` and `<!-- end -->`, where X is a
MsgType or `header`. The document is wrong when it differs from what this file writes.
"""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "protocol" / "PROTOCOL.md"
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from protocol.declarations import group_of, hints_of, unwrap_type  # noqa: E402 - needs the path
from protocol.field_names import NAMES  # noqa: E402 - needs the path
from protocol.messages import BY_TYPE, Message  # noqa: E402 - needs the path

_BLOCK = re.compile(r"<!-- fields of (\S+) -->\n.*?<!-- end -->", re.DOTALL)
_HEADER = frozenset(field.name for field in msgspec.structs.fields(Message))
_ALWAYS = frozenset(("49", "56", "34", "52"))


def _type_of(hint: Any) -> str:
    bare, title = unwrap_type(hint)
    if get_origin(bare) is Literal:
        return f"`{get_args(bare)[0]}`"
    if isinstance(bare, type) and issubclass(bare, Enum):
        return ", ".join(f"`{one.value}` {_words(one.name)}" for one in bare)
    if title == "UTCTimestamp":
        return "time"
    if title == "Id":
        return "name"
    if group_of(bare) is not None:
        return "count of entries"
    return {Decimal: "decimal", bool: "Y/N", int: "integer", str: "text"}[bare]


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required or (field.name in _HEADER and field.encode_name in _ALWAYS):
        return "yes"
    if field.default in {None, False} or field.default == () or field.default is msgspec.NODEFAULT:
        return ""
    value = field.default.value if isinstance(field.default, Enum) else field.default
    return f"`{value}` if absent"


def _rows(struct: type, depth: int, fields: list[msgspec.structs.FieldInfo]) -> list[str]:
    hints = hints_of(struct)
    rows = []
    for field in fields:
        tag = field.encode_name
        hint = hints[field.name]
        mark = "→ " * depth
        rows.append(f"| {mark}{tag} | {NAMES[int(tag)]} | {_type_of(hint)} | {_default(field)} |")
        group = group_of(unwrap_type(hint)[0])
        if group is not None:
            rows += _rows(group, depth + 1, list(msgspec.structs.fields(group)))
    return rows


def table(name: str) -> str:
    """Write the table of a MsgType's body, or of the `header`."""
    struct = Message if name == "header" else BY_TYPE[name]
    fields = [
        field
        for field in msgspec.structs.fields(struct)
        if (field.name in _HEADER) is (struct is Message)
    ]
    head = ["| tag | field | type | required |", "|---|---|---|---|"]
    return "\n".join(head + _rows(struct, 0, fields))


def names_in(document: str) -> list[str]:
    """Return the tables that a document has."""
    return _BLOCK.findall(document)


def renewed(document: str) -> str:
    """Return the document with every table as it should be."""
    return _BLOCK.sub(
        lambda found: f"<!-- fields of {found[1]} -->\n{table(found[1])}\n<!-- end -->", document
    )


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text("utf-8")), "utf-8")
