"""A machine under the journal that fails, dies, tears and forgets, as it is told.

A file has what the process sees (`cache`) and what is on the disk (`disk`); writes wait in between
until a sync. A power cut keeps, drops or tears each waiting page by chance, so that later pages may
survive earlier ones, and loses directory entries that were not synced. A failed sync leaves its
pages in the cache and marks them clean: no later sync writes them (Rebello et al., ATC 2020).
"""

# ruff: noqa: D102 - the methods are those of journal.files.Files, described there

from __future__ import annotations

import errno
import random

from journal.errors import Locked

PAGE = 512
WRITERS = frozenset(
    [
        "make_folder",
        "create",
        "open_at",
        "write",
        "preallocate",
        "truncate",
        "sync",
        "close",
        "remove",
        "sync_folder",
    ]
)


class Crash(BaseException):
    """The process dies here: nothing after this line of it runs."""


class FakeFile:
    """One file: what is seen, what is on disk, and what waits between."""

    def __init__(self) -> None:
        self.cache = bytearray()
        self.disk = bytearray()
        self.waiting: list[tuple[str, int, bytes]] = []


def _apply(target: bytearray, operation: tuple[str, int, bytes]) -> None:
    kind, at, data = operation
    if kind == "size":
        if at < len(target):
            del target[at:]
        target.extend(bytes(at - len(target)))
        return
    if len(target) < at + len(data):
        target.extend(bytes(at + len(data) - len(target)))
    target[at : at + len(data)] = data


class FakeFiles:
    """Files in memory. `fail_at` is the number of the call, from 1, at which `how` happens.

    `how`: "crash" before the call takes effect, "crash after" it, "EIO", "ENOSPC", "short" (half a
    write; a call that writes nothing is let through). `fired` says whether it came to that.
    """

    def __init__(self, *, fail_at: int = 0, how: str = "crash", only=None) -> None:
        self.files: dict[str, FakeFile] = {}
        self.durable: dict[str, FakeFile] = {}
        self.calls = 0
        self.fail_at = fail_at
        self.how = how
        self.only = only
        self.fired = False
        self.log: list[str] = []
        self.free = 1 << 40
        self.boot = "boot-1"
        self.quota: int | None = None
        self._dead = False
        self._handles: dict[int, list] = {}
        self._next = 3
        self._locks: dict[str, int] = {}

    # What may go wrong

    def _call(self, name: str) -> bool:
        """Count a call; do what is to happen at it; say whether a write is to be short."""
        if self._dead:
            raise Crash
        if self.only is not None and name not in self.only:
            return False
        self.calls += 1
        self.log.append(name)
        if self.calls != self.fail_at or (self.how == "short" and name != "write"):
            return False
        self.fired = True
        if self.how == "crash":
            self._dead = True
            raise Crash
        if self.how in ("EIO", "ENOSPC"):
            raise OSError(getattr(errno, self.how), self.how)
        return self.how == "short"

    def _after(self) -> None:
        """Die after a call took effect, if that is to happen."""
        if self.calls == self.fail_at and self.how == "crash after" and not self._dead:
            self.fired = self._dead = True
            raise Crash

    def restart(self) -> None:
        """Start another process on the same, running machine; it works from now on."""
        self._dead = False
        self._handles.clear()
        self._locks.clear()
        self.fail_at = 0

    def power_cut(self, seed: int) -> None:
        """Lose power, start anew: each waiting page was written, or not, or half."""
        chance = random.Random(seed)
        names = dict(self.durable)
        for path in sorted(set(self.files) | set(self.durable)):
            if self.files.get(path) is not self.durable.get(path) and chance.random() < 0.5:
                names.pop(path, None)
                if path in self.files:
                    names[path] = self.files[path]
        keep = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        done = set()
        for file in names.values():
            if id(file) in done:
                continue
            done.add(id(file))
            for operation in file.waiting:
                self._half_write(file.disk, operation, chance, keep)
            file.waiting.clear()
            file.cache = bytearray(file.disk)
        self.files = dict(names)
        self.durable = dict(names)
        self.boot = f"boot-{seed}-{self.calls}"
        self.restart()

    @staticmethod
    def _half_write(disk: bytearray, operation, chance: random.Random, keep: float) -> None:
        kind, at, data = operation
        if kind == "size":
            if chance.random() < keep:
                _apply(disk, operation)
            return
        end = at + len(data)
        start = at
        while start < end:
            stop = min(end, (start // PAGE + 1) * PAGE)
            piece = data[start - at : stop - at]
            if chance.random() < keep:
                _apply(disk, (kind, start, piece))
            elif chance.random() < 0.3:
                _apply(disk, (kind, start, piece[: chance.randrange(len(piece) + 1)]))
            start = stop

    # Files

    def make_folder(self, path: str) -> None:
        self._call("make_folder")
        self._after()

    def names(self, folder: str) -> list[str]:
        self._call("names")
        prefix = folder.rstrip("/") + "/"
        return sorted(path[len(prefix) :] for path in self.files if path.startswith(prefix))

    def _file(self, path: str) -> FakeFile:
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return self.files[path]

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        self._call("read")
        cache = self._file(path).cache
        return bytes(cache[offset:] if size < 0 else cache[offset : offset + size])

    def size(self, path: str) -> int:
        self._call("size")
        return len(self._file(path).cache)

    def _handle(self, path: str, offset: int) -> int:
        self._next += 1
        self._handles[self._next] = [self.files[path], offset]
        return self._next

    def create(self, path: str) -> int:
        self._call("create")
        if path in self.files:
            raise FileExistsError(errno.EEXIST, "exists", path)
        self.files[path] = FakeFile()
        self._after()
        return self._handle(path, 0)

    def open_at(self, path: str, offset: int) -> int:
        self._call("open_at")
        self._file(path)
        self._after()
        return self._handle(path, offset)

    def _used(self) -> int:
        return sum(len(file.cache) for file in self.files.values())

    def _change(self, file: FakeFile, operation) -> None:
        kind, at, data = operation
        grown = (at if kind == "size" else at + len(data)) - len(file.cache)
        if self.quota is not None and grown > 0 and self._used() + grown > self.quota:
            raise OSError(errno.ENOSPC, "the disk is full")
        _apply(file.cache, operation)
        file.waiting.append(operation)

    def write(self, handle: int, data: bytes) -> int:
        short = self._call("write")
        place = self._handles[handle]
        if short:
            data = data[: len(data) // 2]
        self._change(place[0], ("bytes", place[1], bytes(data)))
        place[1] += len(data)
        self._after()
        return len(data)

    def preallocate(self, handle: int, start: int, end: int) -> None:
        self._call("preallocate")
        file = self._handles[handle][0]
        if end > len(file.cache):
            self._change(file, ("size", end, b""))
        self._after()

    def truncate(self, handle: int, size: int) -> None:
        self._call("truncate")
        self._change(self._handles[handle][0], ("size", size, b""))
        self._after()

    def sync(self, handle: int) -> None:
        file = self._handles[handle][0]
        try:
            self._call("sync")
        except OSError:
            file.waiting.clear()  # the kernel calls the pages clean, though they never arrived
            raise
        for operation in file.waiting:
            _apply(file.disk, operation)
        file.waiting.clear()
        self._after()

    def close(self, handle: int) -> None:
        self._call("close")
        self._handles.pop(handle)

    def remove(self, path: str) -> None:
        self._call("remove")
        self._file(path)
        del self.files[path]
        self._after()

    def sync_folder(self, path: str) -> None:
        self._call("sync_folder")
        prefix = path.rstrip("/") + "/"
        for name in {*self.files, *self.durable}:
            if name.startswith(prefix):
                if name in self.files:
                    self.durable[name] = self.files[name]
                else:
                    del self.durable[name]
        self._after()

    def lock(self, path: str) -> int:
        self._call("lock")
        if path in self._locks:
            raise Locked(path, 4711)
        self._next += 1
        self._locks[path] = self._next
        return self._next

    def unlock(self, handle: int) -> None:
        if self._dead:
            return
        for path, held in list(self._locks.items()):
            if held == handle:
                del self._locks[path]

    def free_bytes(self, path: str) -> int:
        return self.free

    def boot_id(self) -> str:
        return self.boot

    # What tests do to the bytes

    def image(self) -> dict[str, bytes]:
        """Return all files as they are seen."""
        return {path: bytes(file.cache) for path, file in self.files.items()}

    @classmethod
    def of(cls, image: dict[str, bytes]) -> FakeFiles:
        """Make a machine whose disk holds these files."""
        made = cls()
        for path, data in image.items():
            file = made.files[path] = made.durable[path] = FakeFile()
            file.cache, file.disk = bytearray(data), bytearray(data)
        return made
