"""The venue's own book of everything: JSON lines in one file, appended, read back at the start.

What was written before a kill -9 is there afterwards: each batch of lines is one unbuffered write,
done before anybody hears of what it says. A power cut may cost the last lines, as a real venue's
loss of data would. A torn last line is cut off; damage before it is an error.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from bridges.errors import LedgerCorrupt
from bridges.paper.lines import Line


def read(path: Path) -> list[Line]:
    """Return all whole lines of a ledger, also of one that is being written."""
    if not path.exists():
        return []
    content = path.read_bytes()
    return _parse(path, content[: content.rfind(b"\n") + 1])


def _parse(path: Path, content: bytes) -> list[Line]:
    lines: list[Line] = []
    for number, text in enumerate(content.splitlines(), 1):
        try:
            line = orjson.loads(text)
        except orjson.JSONDecodeError as problem:
            msg = f"{path}, line {number}: {problem}"
            raise LedgerCorrupt(msg) from None
        if not isinstance(line, dict) or "k" not in line or "t" not in line:
            msg = f"{path}, line {number}: received {text[:40]!r}, expected an object with k and t"
            raise LedgerCorrupt(msg)
        lines.append(line)
    return lines


class Ledger:
    """The file, open for appending. `history` is what it held when it was opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o600)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        self.history = _parse(path, content[:whole])
        if whole < len(content):
            os.ftruncate(self._handle, whole)

    def append(self, lines: list[Line]) -> None:
        """Write lines with one call; they are safe from a kill -9 when it returns."""
        view = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        while view:
            view = view[os.write(self._handle, view) :]

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class NoLedger(Ledger):
    """A ledger in memory, for tests and backtests."""

    def __init__(self) -> None:
        self.history = []
        self.lines: list[Line] = []

    def append(self, lines: list[Line]) -> None:
        """Keep the lines."""
        self.lines += lines

    def close(self) -> None:
        """Do nothing."""
