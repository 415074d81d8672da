"""What a client must remember to go on after it died: one append-only file per CompID.

It holds the messages sent (the gateway asks again for what it had not committed), both sequence
numbers, and the epoch from which ClOrdIDs are made. Rules:

- A record is written before its frame goes to the socket. A record that is not whole at the end of
  the file was never sent: it is cut off. A broken record before the end is damage, and refused.
- Writes go to the page cache: they survive kill -9. The epoch and resets are also synced, so that
  a ClOrdID is never used twice even after a power cut; `sync=True` syncs every record.
- After a failed write the store is dead, for good: what was written is not known.
- The file is bounded: when it has grown it is written anew with the newest messages only.

    record   length u32 | crc32 u32 | kind u8 | number u64 | payload     (big endian)
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from engine.errors import StoreDamaged, StoreFailed, StoreLocked

KEEP_MESSAGES = 10_000
KEEP_BYTES = 4 << 20
COMPACT_BYTES = 16 << 20
_MAGIC = b"portcullis sent 1\n"
_HEAD = struct.Struct(">II")
_BODY = struct.Struct(">BQ")


class _Kind(IntEnum):
    EPOCH = 1
    NEXT_IN = 2
    NEXT_OUT = 3
    SENT = 4
    RESET = 5
    RESET_DONE = 6


class Appendable(Protocol):
    """The few file operations that the store needs; tests put a failing one in their place."""

    def append(self, data: bytes) -> None:
        """Write all of it at the end."""

    def sync(self) -> None:
        """Make what was written survive a power cut."""

    def close(self) -> None:
        """Close the file."""


class AppendFile:
    """A file opened for appending, without a buffer of our own: kill -9 loses nothing written."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._fd = os.open(path, flags, 0o600)

    def append(self, data: bytes) -> None:
        """Write all of it at the end."""
        while data:
            data = data[os.write(self._fd, data) :]

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def lock(path: Path) -> int:
    """Take the lock of a store; the operating system frees it when the process ends, however."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists elsewhere only

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(fd)
        msg = f"{path} is locked: another process trades under this CompID from the same folder"
        raise StoreLocked(msg) from problem
    return fd


class Memory:
    """The numbers and messages of one client; on its own it forgets them with the process."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.next_in = 1
        self.next_out = 1
        self.resetting = False
        self._sent: OrderedDict[int, bytes] = OrderedDict()
        self._sent_bytes = 0

    def save_sent(self, msg_seq_num: int, frame: bytes) -> None:
        """Keep an application message that is about to go out."""
        self._apply(_Kind.SENT, msg_seq_num, frame)

    def save_next_out(self, next_out: int) -> None:
        """Keep that the numbers below are used: administrative messages are not sent again."""
        self._apply(_Kind.NEXT_OUT, next_out, b"")

    def save_next_in(self, next_in: int) -> None:
        """Keep that everything below has been dealt with here."""
        if next_in != self.next_in:
            self._apply(_Kind.NEXT_IN, next_in, b"")

    def begin_reset(self) -> None:
        """Both numbers go back to 1; a Logon with 141=Y is owed until `end_reset`."""
        self._apply(_Kind.RESET, 0, b"")

    def end_reset(self) -> None:
        """Keep that the gateway has agreed to the reset."""
        if self.resetting:
            self._apply(_Kind.RESET_DONE, 0, b"")

    def sent(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield what is still kept of begin..end, in order."""
        if end - begin > len(self._sent):
            yield from ((n, f) for n, f in self._sent.items() if begin <= n <= end)
            return
        for number in range(begin, end + 1):
            if number in self._sent:
                yield number, self._sent[number]

    def close(self) -> None:
        """Nothing to close."""

    def _apply(self, kind: int, number: int, payload: bytes) -> None:
        if kind == _Kind.SENT:
            self._sent[number] = payload
            self._sent_bytes += len(payload)
            self.next_out = number + 1
            while len(self._sent) > KEEP_MESSAGES or self._sent_bytes > KEEP_BYTES:
                self._sent_bytes -= len(self._sent.popitem(last=False)[1])
        elif kind == _Kind.NEXT_OUT:
            self.next_out = number
        elif kind == _Kind.NEXT_IN:
            self.next_in = number
        elif kind == _Kind.EPOCH:
            self.epoch = number
        elif kind == _Kind.RESET:
            self._sent.clear()
            self._sent_bytes = 0
            self.next_in = self.next_out = 1
            self.resetting = True
        else:
            self.resetting = False


class SentStore(Memory):
    """The same in a file: goes on where the last process of this CompID stopped.

    Raises StoreLocked, StoreDamaged, StoreFailed.
    """

    def __init__(
        self, folder: Path | str, comp_id: str, *, now_s: int, sync: bool = False
    ) -> None:
        super().__init__(0)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{comp_id}.sent"
        self._lock = lock(folder / f"{comp_id}.lock")
        self._sync = sync
        self._file: Appendable | None = None
        self._size = 0
        try:
            self._load()
            self._file = AppendFile(self.path)
            if self._size == 0:
                self._append(_MAGIC)
            self._apply(_Kind.EPOCH, max(self.epoch + 1, now_s), b"")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _apply(self, kind: int, number: int, payload: bytes) -> None:
        self._append(_record(kind, number, payload))
        if self._sync or kind in {_Kind.EPOCH, _Kind.RESET}:
            self._flush()
        super()._apply(kind, number, payload)
        if self._size > COMPACT_BYTES:
            self._compact()

    def _append(self, data: bytes) -> None:
        if self._file is None:
            msg = f"{self.path} is closed, or a write to it failed: nothing more is sent"
            raise StoreFailed(msg)
        try:
            self._file.append(data)
        except OSError as problem:
            self._fail(problem)
        self._size += len(data)

    def _flush(self) -> None:
        try:
            if self._file is not None:
                self._file.sync()
        except OSError as problem:
            self._fail(problem)

    def _fail(self, problem: OSError) -> None:
        self.close()
        msg = f"cannot write {self.path}: {problem}; free space or fix the disk, then start again"
        raise StoreFailed(msg) from problem

    def _load(self) -> None:
        data = self.path.read_bytes() if self.path.exists() else b""
        if not data.startswith(_MAGIC):
            if not _MAGIC.startswith(data):
                msg = f"{self.path} is no file of sent messages: move it away"
                raise StoreDamaged(msg)
            data = b""
        good = len(_MAGIC) if data else 0
        for kind, number, payload, end in _records(data, good, self.path):
            super()._apply(kind, number, payload)
            good = end
        if self.path.exists() and good != self.path.stat().st_size:
            os.truncate(self.path, good)
        self._size = good

    def _compact(self) -> None:
        """Write a new file with what is still needed and put it in the place of the old one.

        A crash on the way leaves either the whole old file or the whole new one.
        """
        fresh = self.path.with_suffix(".new")
        parts = [_MAGIC, _record(_Kind.EPOCH, self.epoch, b"")]
        if self.resetting:
            parts.append(_record(_Kind.RESET, 0, b""))
        parts += [_record(_Kind.SENT, n, frame) for n, frame in self._sent.items()]
        parts.append(_record(_Kind.NEXT_OUT, self.next_out, b""))
        parts.append(_record(_Kind.NEXT_IN, self.next_in, b""))
        data = b"".join(parts)
        try:
            fresh.unlink(missing_ok=True)
            target = AppendFile(fresh)
            try:
                target.append(data)
                target.sync()
            finally:
                target.close()
            if self._file is not None:
                self._file.close()
                self._file = None
            fresh.replace(self.path)
            self._file = AppendFile(self.path)
        except OSError as problem:
            self._fail(problem)
        self._size = len(data)


def _record(kind: int, number: int, payload: bytes) -> bytes:
    body = _BODY.pack(kind, number) + payload
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _records(data: bytes, at: int, path: Path) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield (kind, number, payload, end) of the whole records; stop at a torn tail."""
    while at + _HEAD.size <= len(data):
        length, crc = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        body = data[at + _HEAD.size : end]
        if length < _BODY.size or end > len(data):
            return
        if zlib.crc32(body) != crc:
            if end == len(data):
                return
            msg = f"{path} is damaged at byte {at}: move it away and log on with a reset"
            raise StoreDamaged(msg)
        kind, number = _BODY.unpack_from(body)
        yield kind, number, body[_BODY.size :], end
        at = end
