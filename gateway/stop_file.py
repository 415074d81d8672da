"""The STOP file: whoever can write a file here can drop the gate, without any tool of ours.

Rules: its first line may name a scope (`strategy:MM venue:PAPER`), what follows is the reason; an
empty file means everything, and so does whatever cannot be read: sooner too much than nothing. A
file is acted on once, and again when it is written or touched again. A file that is empty is looked
at twice, since somebody may be about to write into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from loguru import logger

READ_CHARACTERS = 2_000
REASON_MAX = 500

Mark = tuple[int, int, int]
_UNKNOWN: Mark = (-1, -1, -1)


class Stop(NamedTuple):
    """What a STOP file asks for. An empty scope is everything."""

    scope: str
    reason: str


class StopFile:
    """Looks whether the file is there; `held` is what it asks for while it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held: Stop | None = None
        self._acted: Mark | None = None
        self._empty: Mark | None = None

    def look(self, *, patient: bool = True) -> Stop | None:
        """Return what the file asks for when that is new, else None."""
        mark = self._mark()
        if mark is None:
            if self.held is not None:
                logger.warning("the STOP file {} is gone: what it held can be resumed", self.path)
            self.held = self._acted = self._empty = None
            return None
        if mark == self._acted:
            return None
        text = self._text()
        if patient and not text.strip() and mark != self._empty:
            self._empty = mark
            return None
        self._acted = mark
        self.held = read_stop(text)
        logger.critical(
            "there is a STOP file, {}: it kills {} ({}); to trade again remove it, then"
            " `portcullis resume`", self.path, self.held.scope or "all", self.held.reason,
        )  # fmt: skip
        return self.held

    def _mark(self) -> Mark | None:
        """Tell this file, as it is now, from others; None when there is none."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return _UNKNOWN  # it may be there
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _text(self) -> str:
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                return file.read(READ_CHARACTERS)
        except OSError as problem:
            return f"\nthe STOP file cannot be read: {problem.strerror}"


def read_stop(text: str) -> Stop:
    """Read what a STOP file says. The byte order mark that some editors write is dropped."""
    first, _, rest = text.removeprefix("\ufeff").partition("\n")
    if first.strip() and ":" not in first and first.strip() != "all":
        first, rest = "", f"{first}\n{rest}"  # no scope, so it is the reason
    printable = "".join(letter if letter.isprintable() else " " for letter in rest)
    return Stop(" ".join(first.split()), " ".join(printable.split())[:REASON_MAX] or "a STOP file")
