"""The table of docs/crypto.md, from the translation tables: `python -m bridges.crypto.documented`.

Rules: what a table declares as capabilities is written from them; the words of each exchange are in
its table's `wire_words`. A test holds that the document has just this.
"""

from __future__ import annotations

from bridges.answers import capabilities_text
from bridges.crypto.settings import TABLES
from bridges.crypto.table import Table

RECV_WINDOW_MS = 5_000
ROWS = {
    "order types": ("MARKET", "LIMIT", "STOP", "STOP_LIMIT"),
    "time in force": ("DAY", "GTC", "IOC", "FOK", "GTD"),
}
WORDS = (
    "post-only", "reduce-only", "client id", "lookup by client id", "cancel by client id",
    "replace", "cancel all", "user stream", "books", "dead man", "test network",
)  # fmt: skip


def support_table() -> str:
    """Return the table as Markdown: a column for each market of each exchange."""
    makes = [TABLES[name] for name in sorted(TABLES)]
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


if __name__ == "__main__":
    print(support_table(), end="")  # noqa: T201 - this is what it is for
