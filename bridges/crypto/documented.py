"""The table of docs/crypto.md, made from the translation tables.

`python -m bridges.crypto.documented docs/crypto.md` writes it into the document.

Rules: what a table declares as capabilities is written from them; the words of each exchange are in
its table's `wire_words`. A test holds that the document has just this.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bridges.answers import capabilities_text
from bridges.crypto.settings import TABLES
from bridges.crypto.table import Table
from bridges.crypto.tables.unified import Unified

BEGIN, END = "<!-- made by bridges/crypto/documented.py -->\n", "<!-- end -->\n"
RECV_WINDOW_MS = 5_000
ROWS = {
    "order types": ("MARKET", "LIMIT", "STOP", "STOP_LIMIT"),
    "time in force": ("DAY", "GTC", "IOC", "FOK", "GTD"),
}
WORDS = (
    "post-only", "reduce-only", "stop orders",
    "client id", "lookup by client id", "cancel by client id",
    "replace", "cancel all", "user stream", "books", "dead man", "test network",
)  # fmt: skip


def support_table() -> str:
    """Return the table as Markdown: a column for each market of each exchange."""
    makes: list[type[Table]] = [*(TABLES[name] for name in sorted(TABLES)), Unified]
    columns = [_column(make) for make in makes]
    lines = ["| | " + " | ".join(make.name for make in makes) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    lines += [
        f"| {row} | " + " | ".join(column[row] for column in columns) + " |" for row in columns[0]
    ]
    return "\n".join(lines) + "\n"


def _column(make: type[Table]) -> dict[str, str]:
    table = make({"BTC/USDT": make.native_of("BTC/USDT")}, recv_window_ms=RECV_WINDOW_MS)
    able = capabilities_text(table.capabilities).split()
    found = {
        row: " ".join(word for word in words if word in able) for row, words in ROWS.items()
    }
    found |= {row: make.wire_words.get(row, "no") for row in WORDS}
    found["absence is proven after"] = f"{table.capabilities.absence_after_ms / 1000:g} s"
    return found


def with_table(text: str) -> str:
    """Return the document with the table as it should be. Raises ValueError without its place."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        msg = f"expected the lines {BEGIN.strip()!r} and {END.strip()!r} around the table"
        raise ValueError(msg)
    return before + mark + support_table() + end + after


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
