"""What must be known of an id after a restart, and no exchange says: its symbol, its predecessor.

One line an id, `id symbol previous terms`, and when the order is to end (ns) if it is to end at a
moment, written before the exchange is called. The id log alone is law (bridges/id_log.py); a line
that is lost here costs a search through all symbols, and no more, so nothing is synced. A line that
cannot be read is skipped.

The newest `MAX_NOTES` are kept. Of an older id nobody knows whether it was a later name of an
order: that it is not found is no evidence (`may_have_forgotten`).
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from protocol.numbers import plain

MAX_NOTES = 100_000
WORDS = (4, 5)


def terms(qty: Decimal, price: Decimal | None, stop_px: Decimal | None = None) -> str:
    """Write what an order is for, so that equal terms are equal text."""
    trigger = "" if stop_px is None else f"@{plain(stop_px)}"
    return f"{plain(qty)}@{'-' if price is None else plain(price)}{trigger}"


class Notes:
    """The notes, in memory and, with a path, in a file."""

    def __init__(self, path: Path | None = None) -> None:
        self._symbols: dict[str, str] = {}
        self._previous: dict[str, str] = {}
        self._next: dict[str, str] = {}
        self._terms: dict[str, str] = {}
        self._ends: dict[str, int] = {}
        self._path = path
        self._handle: int | None = None
        self._lines = 0
        if path is not None:
            self._read(path)
            self._open(path)

    def add(
        self, name: str, symbol: str, previous: str, terms: str, ends_ns: int = 0
    ) -> None:
        """Note an id; `terms` (quantity@price) tell later which of a chain's ids lives."""
        self._take(name, symbol, previous, terms, ends_ns)
        if self._path is None or self._handle is None:
            return
        os.write(self._handle, self._line(name).encode())
        self._lines += 1
        if self._lines > 2 * MAX_NOTES:
            self.close()
            self._compact(self._path)
            self._open(self._path)

    def may_have_forgotten(self, name: str) -> bool:
        """Whether an id is older than the oldest that is kept, so that it may have been noted."""
        oldest = next(iter(self._symbols), name)
        return len(self._symbols) >= MAX_NOTES and name < oldest

    def symbol_of(self, name: str) -> str:
        """Return the symbol of an id, or nothing."""
        return self._symbols.get(name, "")

    def terms_of(self, name: str) -> str:
        """Return what an id was to be, or nothing."""
        return self._terms.get(name, "")

    def ends_of(self, name: str) -> int:
        """Return when the order of an id was to end, in ns of UTC; 0 is at no named moment."""
        return self._ends.get(name, 0)

    def previous_of(self, name: str) -> str:
        """Return the id that an id was to replace, or nothing."""
        return self._previous.get(name, "")

    def chain_from(self, name: str) -> list[str]:
        """Return the ids that may name the order now, the newest first, down to this one."""
        found = [name]
        while (name := self._next.get(name, "")) and name not in found:
            found.append(name)
        return found[::-1]

    def chain_before(self, name: str) -> list[str]:
        """Return the ids that an id came from, one replace after the other, the newest first."""
        found: list[str] = []
        while (name := self._previous.get(name, "")) and name not in found:
            found.append(name)
        return found

    def name_of(self, name: str, terms: str) -> str:
        """Return the newest id of a chain whose terms are these, or the given one."""
        chain = self.chain_from(name)
        return next((one for one in chain if self._terms.get(one) == terms), name)

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _take(self, name: str, symbol: str, previous: str, terms: str, ends_ns: int) -> None:
        self._symbols[name] = symbol
        self._terms[name] = terms
        if ends_ns:
            self._ends[name] = ends_ns
        if previous:
            self._previous[name] = previous
            self._next[previous] = name
        if len(self._symbols) > MAX_NOTES:
            oldest = next(iter(self._symbols))
            del self._symbols[oldest], self._terms[oldest]
            self._ends.pop(oldest, None)
            self._next.pop(self._previous.pop(oldest, ""), None)

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            if len(parts := line.split(" ")) in WORDS:
                name, symbol, previous, terms, *ends = parts
                ends_ns = int(ends[0]) if ends and ends[0].isdecimal() else 0
                self._take(name, symbol, "" if previous == "-" else previous, terms, ends_ns)
        self._lines = len(lines)
        if self._lines > 2 * MAX_NOTES:
            self._compact(path)

    def _open(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o600)

    def _line(self, name: str) -> str:
        previous = self._previous.get(name, "-")
        ends = f" {self._ends[name]}" if name in self._ends else ""
        return f"{name} {self._symbols[name]} {previous} {self._terms[name]}{ends}\n"

    def _compact(self, path: Path) -> None:
        """Write what is kept into a new file."""
        fresh = path.with_suffix(".new")
        fresh.write_text("".join(map(self._line, self._symbols)))
        fresh.replace(path)
        self._lines = len(self._symbols)
