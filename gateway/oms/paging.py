"""JSON that fits into one answer to a person: pages of rows, and what is left out of a long row.

Rules: a page is never empty while there are rows left, or who asks for the next would ask for ever.
A row too long for a page by itself is cut at its longest list, table or text, and says by how much.
"""

from __future__ import annotations

from typing import Any

import msgspec

PAGE_BYTES = 50_000
"""JSON in one answer, so that it fits a frame; the next page is asked for with `{"offset": n}`."""


def page(rows: list[dict[str, Any]], offset: int) -> dict[str, Any]:
    """Return the rows from an offset on that fit one answer, and how many there are in all."""
    found: list[msgspec.Raw] = []
    room = PAGE_BYTES
    for row in rows[offset:]:
        text = fitting(row)
        room -= len(text) + 1
        if room < 0 and found:
            break
        found.append(msgspec.Raw(text))
    return {"total": len(rows), "offset": offset, "rows": found}


def fitting(row: dict[str, Any]) -> bytes:
    """Write a row as JSON of at most a page; `<name>_left_out` counts what is cut from a field."""
    text = msgspec.json.encode(row)
    kept = dict(row)
    while len(text) > PAGE_BYTES:
        name = max(kept, key=lambda key: len(msgspec.json.encode(kept[key])))
        kept[name] = _first_half(kept[name])
        kept[f"{name}_left_out"] = len(row[name]) - len(kept[name])
        text = msgspec.json.encode(kept)
    return text


def _first_half(value: Any) -> Any:
    half = len(value) // 2
    return dict(list(value.items())[:half]) if isinstance(value, dict) else value[:half]
