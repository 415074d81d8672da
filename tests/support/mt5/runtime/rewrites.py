"""The table of rewrites: all that differs between the MQL5 that ships and the C++ that is run.

Each row is a pattern that works inside one line, what becomes of it, and why C++ needs it. No row
adds or removes a line, so that a compiler's complaint names the shipped line. What a row cannot do
(another meaning for `.`) is left to a convention that the lint holds: the name of every pointer
ends in `_ptr`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Row(NamedTuple):
    """One rewrite: a pattern within a line, its replacement, the reason."""

    pattern: re.Pattern[str]
    becomes: str
    why: str


_TYPE = r"(?!(?:return|delete|else|new|case|goto)\b)[A-Za-z_]\w*"

TABLE: tuple[Row, ...] = (
    Row(
        re.compile(r"^(\s*)#property\b.*$"), r"\1",
        "#property speaks to the terminal (docs/00-basis/0069)",
    ),
    Row(
        re.compile(r"^(\s*)s?input\s+group\b.*$"), r"\1",
        "a heading in the terminal's dialog (docs/00-basis/0062)",
    ),
    Row(
        re.compile(rf"^(\s*)s?input\s+({_TYPE})\s+(\w+)\s*=\s*(.*?);"),
        r'\1\2 \3 = \4; static bool \3_slot = mql::input_slot("\3", \3);',
        "an input is set from outside before OnInit (docs/00-basis/0062)",
    ),
    Row(
        re.compile(rf"({_TYPE})\s*&\s*(\w+)\[\]"), r"Array<\1> &\2",
        "an array parameter (docs/00-basis/0051); C++ has no array of references",
    ),
    Row(
        re.compile(rf"^(\s*(?:static\s+|const\s+)*)({_TYPE}(?:\s*\*)?)\s*\b(\w+)\[\](?=\s*[;=])"),
        r"\1Array<\2> \3",
        "a dynamic array (docs/00-basis/0018)",
    ),
    Row(
        re.compile(rf"^(\s*(?:static\s+|const\s+)*)({_TYPE})\s+(\w+)\[(\w+)\](?=\s*(?:;|=\s*\{{))"),
        r"\1Fixed<\2, \4> \3",
        "an array of fixed size that checks its bounds",
    ),
    Row(
        re.compile(r"(\b\w+_ptr(?:\[[^\]]*\])?)\."), r"\1->",
        "a handle's members are reached with a point (docs/00-basis/0023)",
    ),
)  # fmt: skip


@cache
def rewrite(text: str) -> str:
    """Return the C++ of an MQL5 source, line by line; a text that was here before, as it was."""
    lines = []
    for line in text.split("\n"):
        changed = line
        for row in TABLE:
            changed = row.pattern.sub(row.becomes, changed)
        lines.append(changed)
    return "\n".join(lines)
