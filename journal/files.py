"""The machine under the journal: every file operation it makes, in one small object.

`Files` is the port, `OsFiles` the real one; tests replace it by one that fails, tears and forgets.
Rules. A path is a string. A handle is opaque. Nothing is renamed. Every method raises OSError and
nothing else, except `lock`, which raises Locked. `write` may write less than it was given and says
how much; the caller decides what that means (here: failure).
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Protocol

from journal.errors import Locked

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_ZEROS = bytes(1 << 20)
_LOCK_AT = 4096  # Windows forbids others to read a locked byte, so the pid before it stays readable


class Files(Protocol):
    """What the journal asks of a machine."""

    def make_folder(self, path: str) -> None:
        """Create a folder and its parents, durably, if it is not there."""

    def names(self, folder: str) -> list[str]:
        """List a folder, sorted; an absent folder is empty."""

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """Read up to `size` bytes (all when negative) from `offset`."""

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""

    def create(self, path: str) -> int:
        """Create a file that must not exist; return a handle at byte 0."""

    def open_at(self, path: str, offset: int) -> int:
        """Open an existing file for writing; return a handle at `offset`."""

    def write(self, handle: int, data: bytes) -> int:
        """Write at the handle's place, move it, and return how many bytes were taken."""

    def preallocate(self, handle: int, start: int, end: int) -> None:
        """Make bytes `start` to `end` exist, as zeros, with their disk space; keep the place."""

    def truncate(self, handle: int, size: int) -> None:
        """Set the file's size."""

    def sync(self, handle: int) -> None:
        """Return when the file's bytes are on disk."""

    def close(self, handle: int) -> None:
        """Give up the handle."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def sync_folder(self, path: str) -> None:
        """Return when the folder's entries are on disk, where the platform can."""

    def lock(self, path: str) -> int:
        """Take the lock file for the life of the handle, or raise Locked."""

    def unlock(self, handle: int) -> None:
        """Give up the lock."""

    def free_bytes(self, path: str) -> int:
        """Return the disk space left for us where `path` is."""

    def boot_id(self) -> str:
        """Name this start of the machine, or "" where that is not known."""


class OsFiles:
    """The real machine: POSIX calls where there are any, their nearest on Windows."""

    def make_folder(self, path: str) -> None:
        """Create the folders that are missing and sync each new entry's parent."""
        folder = Path(path).absolute()
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for made in reversed(missing):
            made.mkdir(exist_ok=True)
            self.sync_folder(str(made.parent))

    def names(self, folder: str) -> list[str]:
        """List a folder, sorted."""
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208 - names are strings here
        except FileNotFoundError:
            return []

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """Read a slice; open, seek, read, close: reads are never on the order path."""
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - hot enough to stay plain
            file.seek(offset)
            if size < 0:
                return file.readall()
            pieces = []
            while size > 0 and (piece := file.read(size)):
                pieces.append(piece)
                size -= len(piece)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def size(self, path: str) -> int:
        """Return a file's size."""
        return os.stat(path).st_size  # noqa: PTH116 - paths are strings here

    def create(self, path: str) -> int:
        """Create exclusively."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)

    def open_at(self, path: str, offset: int) -> int:
        """Open and seek."""
        handle = os.open(path, os.O_RDWR | _BINARY)
        os.lseek(handle, offset, os.SEEK_SET)
        return handle

    def write(self, handle: int, data: bytes) -> int:
        """Write once; no loop, so that one batch is one system call."""
        return os.write(handle, data)

    def preallocate(self, handle: int, start: int, end: int) -> None:
        """Allocate; where there is no call for it, write zeros, which costs once and holds too."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, start, end - start)
            return
        place = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, start, os.SEEK_SET)
        try:
            while start < end:
                start += os.write(handle, _ZEROS[: end - start])
        finally:
            os.lseek(handle, place, os.SEEK_SET)

    def truncate(self, handle: int, size: int) -> None:
        """Set the size."""
        os.ftruncate(handle, size)

    def sync(self, handle: int) -> None:
        """Sync the data and what is needed to find it: by fdatasync, or the platform's nearest."""
        _sync(handle)

    def close(self, handle: int) -> None:
        """Close."""
        os.close(handle)

    def remove(self, path: str) -> None:
        """Unlink."""
        os.unlink(path)  # noqa: PTH108 - paths are strings here

    def sync_folder(self, path: str) -> None:
        """Sync a directory; Windows has no such call and keeps entries by its own log."""
        if sys.platform == "win32":
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: str) -> int:
        """Lock by flock, or by msvcrt on Windows, and write our pid into the file."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
        try:
            _take(handle)
        except OSError:
            pid = _pid(handle)
            os.close(handle)
            raise Locked(path, pid) from None
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, b"%-20d\n" % os.getpid())  # as long as any: nothing is left of the last
        return handle

    def unlock(self, handle: int) -> None:
        """Close the lock file, which ends the lock; the file stays, so nobody can race for it."""
        os.close(handle)

    def free_bytes(self, path: str) -> int:
        """Ask the file system."""
        return shutil.disk_usage(path).free

    def boot_id(self) -> str:
        """Read Linux's boot id; elsewhere nothing as certain is to be had."""
        with contextlib.suppress(OSError):
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return ""


def join(folder: str, name: str) -> str:
    """Return the path of a name in a folder."""
    return os.path.join(folder, name)  # noqa: PTH118 - paths are strings in this room


def write_all(files: Files, handle: int, data: bytes) -> None:
    """Write by one call; raise OSError if not everything was taken."""
    written = files.write(handle, data)
    if written != len(data):
        raise OSError(errno.EIO, f"only {written} of {len(data)} bytes were written")


def write_new(files: Files, path: str, data: bytes) -> None:
    """Write and sync a new file; the caller syncs the folder."""
    handle = files.create(path)
    try:
        write_all(files, handle, data)
        files.sync(handle)
    finally:
        files.close(handle)


def _pid(handle: int) -> int:
    """Read the pid that the holder of the lock wrote."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        return int(os.read(handle, 32))
    except (OSError, ValueError):
        return 0


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, _LOCK_AT, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(handle: int) -> None:
    """Sync as deep as the platform goes: on macOS fsync alone leaves the drive's cache full."""
    if sys.platform == "darwin":
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)  # Windows: _commit, which is FlushFileBuffers
