"""What must be known of an id after a restart, and no exchange says: its symbol, its predecessor.

One line an id, `id symbol previous`, written before the exchange is called. The id log alone is law
(bridges/id_log.py); a line that is lost here costs a search through all symbols, and no more, so
nothing is synced. A line that cannot be read is skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

MAX_NOTES = 100_000
WORDS = 3


class Notes:
    """The notes, in memory and, with a path, in a file."""

    def __init__(self, path: Path | None = None) -> None:
        self._symbols: dict[str, str] = {}
        self._previous: dict[str, str] = {}
        self._next: dict[str, str] = {}
        self._path = path
        self._handle: int | None = None
        if path is not None:
            self._read(path)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._handle = os.open(path, flags, 0o600)

    def add(self, name: str, symbol: str, previous: str) -> None:
        """Note an id."""
        self._take(name, symbol, previous)
        if self._handle is not None:
            os.write(self._handle, f"{name} {symbol} {previous or '-'}\n".encode())

    def symbol_of(self, name: str) -> str:
        """Return the symbol of an id, or nothing."""
        return self._symbols.get(name, "")

    def previous_of(self, name: str) -> str:
        """Return the id that an id was to replace, or nothing."""
        return self._previous.get(name, "")

    def chain_from(self, name: str) -> list[str]:
        """Return the ids that may name the order now, the newest first, down to this one."""
        found = [name]
        while (name := self._next.get(name, "")) and name not in found:
            found.append(name)
        return found[::-1]

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _take(self, name: str, symbol: str, previous: str) -> None:
        self._symbols[name] = symbol
        if previous:
            self._previous[name] = previous
            self._next[previous] = name
        if len(self._symbols) > MAX_NOTES:
            oldest = next(iter(self._symbols))
            del self._symbols[oldest]
            self._next.pop(self._previous.pop(oldest, ""), None)

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        kept = [parts for line in lines if len(parts := line.split(" ")) == WORDS]
        for name, symbol, previous in kept[-MAX_NOTES:]:
            self._take(name, symbol, "" if previous == "-" else previous)
        if len(lines) > 2 * MAX_NOTES:
            fresh = path.with_suffix(".new")
            fresh.write_text("".join(f"{' '.join(parts)}\n" for parts in kept[-MAX_NOTES:]))
            fresh.replace(path)
