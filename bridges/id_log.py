"""Which order ids were ever sent to the venue, and which never may be.

Proof of absence rests on this file (design, "Proof of absence"), so its order of events is law:

1. `hold(id)` or `bury(id)` notes the id; `commit()` makes every note durable; only then may the
   venue be called or "never sent" be answered. An id whose note was torn was never sent.
2. A held id is never sent again. A buried one (a tombstone) is never sent at all.
3. A damaged line before the last is corruption: refuse to start. A damaged tail is what a crash
   during a write leaves: it is cut off, since nothing was done on its account.
4. Bounded: above `max_ids` a new segment begins with the newer half. All older order ids of the
   same instance are then below a floor: they count as held, so they are refused and never
   declared absent. A segment counts only from its `B` line on; an unfinished one is removed.

A line is `<kind> <id> <crc32>`: S sent, T tombstone, F floor, B begin (id = segment number).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from zlib import crc32

from bridges.errors import IdLogCorrupt, IdLogFailed
from protocol import order_id

MAX_IDS = 1_000_000
_NAME = re.compile(r"ids\.([0-9]{6})\.log").fullmatch
_INSTANCE_SHIFT = 53
_sync = getattr(os, "fdatasync", os.fsync)


class FileOps:
    """The system calls that the log makes; tests put a failing disk in their place."""

    def open(self, path: Path) -> int:
        """Open for appending, making the file if there is none."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        return os.open(path, flags, 0o600)

    def write(self, handle: int, content: bytes) -> int:
        """Write; may write less than asked."""
        return os.write(handle, content)

    def sync(self, handle: int) -> None:
        """Make what was written survive a power cut."""
        _sync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Cut the file."""
        os.ftruncate(handle, size)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Make names survive a power cut, where the platform can."""
        if os.name == "posix":
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _line(kind: str, name: str) -> bytes:
    text = f"{kind} {name}"
    return f"{text} {crc32(text.encode()):08x}\n".encode()


def _parse(line: bytes) -> tuple[str, str] | None:
    text, _, written = line.rpartition(b" ")
    kind, blank, name = text.partition(b" ")
    if not blank or b"%08x" % crc32(text) != written:
        return None
    return kind.decode(), name.decode()


class IdLog:
    """The log of one venue id in one folder. Not thread safe; one process at a time (lock.py)."""

    def __init__(
        self,
        folder: Path,
        *,
        sync: bool = True,
        max_ids: int = MAX_IDS,
        files: FileOps | None = None,
    ) -> None:
        self._folder = folder
        self._sync = sync
        self._max_ids = max_ids
        self._files = files or FileOps()
        self._sent: dict[str, None] = {}
        self._buried: dict[str, None] = {}
        self._first: dict[int, int] = {}
        self._floors: dict[int, int] = {}
        self._pending: list[bytes] = []
        self._dead = ""
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = self._recover()

    def was_sent(self, cl_ord_id: str) -> bool:
        """Say whether the id may have reached the venue: it was held, or is below a floor."""
        return cl_ord_id in self._sent or self._below_floor(cl_ord_id)

    def covers(self, cl_ord_id: str) -> bool:
        """Say whether an id would be held if it had been sent: whether a log was kept by then.

        Ids only grow: what an instance gave before the first that is held may have been in a log
        that was lost.
        """
        try:
            number = order_id.to_number(cl_ord_id)
        except ValueError:
            return True
        instance = number >> _INSTANCE_SHIFT
        return instance in self._floors or self._first.get(instance, number) < number

    def is_buried(self, cl_ord_id: str) -> bool:
        """Say whether the id is tombstoned."""
        return cl_ord_id in self._buried

    def hold(self, cl_ord_id: str) -> None:
        """Note that this id is about to be sent. Durable after `commit`."""
        self._note("S", cl_ord_id)
        self._hold(cl_ord_id)

    def bury(self, cl_ord_id: str) -> None:
        """Note that this id was never sent and never will be. Durable after `commit`."""
        if cl_ord_id not in self._buried:
            self._note("T", cl_ord_id)
            self._buried[cl_ord_id] = None

    def commit(self) -> None:
        """Make all notes durable: one write, one sync. Raises IdLogFailed, and then is dead."""
        if self._dead:
            raise IdLogFailed(self._dead)
        if not self._pending:
            return
        content = b"".join(self._pending)
        self._pending.clear()
        try:
            self._append(self._handle, content)
            if len(self._sent) + len(self._buried) > self._max_ids:
                self._begin_segment()
        except OSError as problem:
            self._dead = f"the id log in {self._folder} failed: {problem}; restart the bridge"
            raise IdLogFailed(self._dead) from problem

    def close(self) -> None:
        """Close the file; notes without a commit are lost."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _hold(self, name: str) -> None:
        self._sent[name] = None
        try:
            number = order_id.to_number(name)
        except ValueError:
            return
        instance = number >> _INSTANCE_SHIFT
        self._first[instance] = min(self._first.get(instance, number), number)

    def _note(self, kind: str, name: str) -> None:
        self._pending.append(_line(kind, name))

    def _append(self, handle: int, content: bytes) -> None:
        view = content
        while view:
            view = view[self._files.write(handle, view) :]
        if self._sync:
            self._files.sync(handle)

    def _below_floor(self, cl_ord_id: str) -> bool:
        try:
            number = order_id.to_number(cl_ord_id)
        except ValueError:
            return False
        return number <= self._floors.get(number >> _INSTANCE_SHIFT, -1)

    # Segments.

    def _path(self, number: int) -> Path:
        return self._folder / f"ids.{number:06d}.log"

    def _recover(self) -> int:
        numbers = sorted(
            int(match[1]) for path in self._folder.iterdir() if (match := _NAME(path.name))
        )
        for number in reversed(numbers):
            handle = self._load(number)
            if handle is not None:
                for older in numbers:
                    if older < number:
                        self._files.remove(self._path(older))
                self._number = number
                return handle
            self._files.remove(self._path(number))
        self._number = numbers[-1] if numbers else 1
        return self._write_segment(self._number)

    def _load(self, number: int) -> int | None:
        """Read a segment; None if its beginning was never finished."""
        path = self._path(number)
        content = path.read_bytes()
        lines = content.split(b"\n")
        tail = lines.pop()
        parsed = [_parse(line) for line in lines]
        whole = len(parsed)
        if parsed and parsed[-1] is None:
            whole -= 1
            tail = lines[-1] + b"\n" + tail
        good = parsed[:whole]
        bad = next((at for at, item in enumerate(good) if item is None), None)
        begun = ("B", str(number)) in good
        if not begun and (not lines or self._path(number - 1).exists()):
            return None
        if bad is not None or not begun:
            msg = f"{path}, line {(bad or 0) + 1}: damaged; restore it from a copy"
            raise IdLogCorrupt(msg)
        for item in good:
            assert item is not None
            self._take(*item)
        handle = self._files.open(path)
        if tail:
            self._files.truncate(handle, len(content) - len(tail))
        return handle

    def _take(self, kind: str, name: str) -> None:
        if kind == "S":
            self._hold(name)
        elif kind == "T":
            self._buried[name] = None
        elif kind == "F":
            value = order_id.to_number(name)
            instance = value >> _INSTANCE_SHIFT
            self._floors[instance] = max(self._floors.get(instance, -1), value)

    def _write_segment(self, number: int) -> int:
        lines = [_line("F", order_id.to_text(value)) for value in self._floors.values()]
        lines += [_line("S", name) for name in self._sent]
        lines += [_line("T", name) for name in self._buried]
        lines.append(_line("B", str(number)))
        handle = self._files.open(self._path(number))
        self._append(handle, b"".join(lines))
        if self._sync:
            self._files.sync_folder(self._folder)
        return handle

    def _begin_segment(self) -> None:
        """Drop the older half below a floor and go on in a new file."""
        for ids in (self._sent, self._buried):
            for name in list(ids)[: len(ids) // 2]:
                if self._raise_floor(name):
                    del ids[name]
        handle = self._write_segment(self._number + 1)
        os.close(self._handle)
        self._handle = handle
        self._files.remove(self._path(self._number))
        self._number += 1

    def _raise_floor(self, name: str) -> bool:
        try:
            value = order_id.to_number(name)
        except ValueError:
            return False
        instance = value >> _INSTANCE_SHIFT
        self._floors[instance] = max(self._floors.get(instance, -1), value)
        return True
