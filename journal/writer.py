"""Appending to the journal: records into the open batch, one write and one sync per commit.

Rules. `append` makes no system call. `commit` makes one write, and under `group` one sync; when it
returns, the batch is what its durability promises. After any failed write or sync the writer is
dead: every later call raises JournalFailed, and nothing is tried again. A full segment is synced
before the next is begun, so only the last segment can ever be torn. Space is allocated ahead and
never less than the reserve, so that cancels can still be journaled when the disk is full.
"""

from __future__ import annotations

import errno
import os
from typing import NoReturn

from journal import format as fmt
from journal.errors import JournalFailed, RecordTooLarge
from journal.files import Files, OsFiles, join, write_all
from journal.format import Direction, Durability, Kind, Mark
from journal.recovery import LOCK, Recovery, recover_locked

SEGMENT_BYTES = 64 << 20
AHEAD_BYTES = 8 << 20
RESERVE_BYTES = 4 << 20
LOW_WATER_BYTES = 256 << 20
RETRY_BYTES = 1 << 16  # on a full disk, try to allocate again after as many
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CANNOT = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_DURABILITIES = {"group": Durability.GROUP, "os": Durability.OS}


class JournalWriter:
    """The one appender of a journal. Make it with `open`; it holds the lock until `close`."""

    def __init__(
        self,
        files: Files,
        folder: str,
        lock: int,
        recovery: Recovery,
        *,
        epoch: int,
        durability: Durability,
        segment_bytes: int = SEGMENT_BYTES,
        low_water_bytes: int = LOW_WATER_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        ahead_bytes: int = AHEAD_BYTES,
    ) -> None:
        end = recovery.end
        self.recovery = recovery
        self.epoch = epoch
        self.last_seq = end.seq
        self.committed_seq = end.seq
        self._files = files
        self._folder = folder
        self._lock = lock
        self._durability = int(durability)
        self._syncs = durability == Durability.GROUP
        self._segment_bytes = segment_bytes
        self._low_water_bytes = low_water_bytes
        self._reserve_bytes = reserve_bytes
        self._ahead_bytes = ahead_bytes
        self._boot = files.boot_id()
        self._batch = end.batch
        self._synced = end.batch
        self._digest = end.digest
        self._time_ns = end.time_ns
        self._segment_first = 0
        self._handle = -1
        self._path = ""
        self._offset = 0
        self._allocated = 0
        self._room_until = 0
        self._full = False
        self._allocates = True
        self._dead: JournalFailed | None = None
        self._closed = False
        self._pieces: list[bytes] = [b""]
        self._length = 0
        self._names: dict[str, bytes] = {}

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        durability: str = "group",
        epoch: int,
        files: Files | None = None,
        snapshot_seq: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        low_water_bytes: int = LOW_WATER_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        ahead_bytes: int = AHEAD_BYTES,
    ) -> JournalWriter:
        """Lock and recover the journal in the folder `path`, and open it for appending.

        `epoch` is raised above any in the journal. `snapshot_seq` is a record that the caller knows
        to be on disk: verification begins at its segment. What was found is `.recovery`.
        Raises Locked, Corrupt, JournalFailed.
        """
        if durability not in _DURABILITIES:
            msg = f"durability {durability!r}, expected one of {', '.join(_DURABILITIES)}"
            raise ValueError(msg)
        files = files or OsFiles()
        folder = os.fspath(path)
        try:
            files.make_folder(folder)
            lock = files.lock(join(folder, LOCK))
        except OSError as error:
            raise JournalFailed(folder, "opening", error) from error
        try:
            recovery = recover_locked(files, folder, snapshot_seq)
            writer = cls(
                files,
                folder,
                lock,
                recovery,
                epoch=max(epoch, recovery.epoch + 1),
                durability=_DURABILITIES[durability],
                segment_bytes=segment_bytes,
                low_water_bytes=low_water_bytes,
                reserve_bytes=reserve_bytes,
                ahead_bytes=ahead_bytes,
            )
            writer._begin()
        except OSError as error:
            files.unlock(lock)
            raise JournalFailed(folder, "opening", error) from error
        except BaseException:
            files.unlock(lock)
            raise
        return writer

    def append(self, time_ns: int, direction: Direction, session: str, frame: bytes) -> int:
        """Put a record into the open batch; return its sequence. No I/O."""
        if self._dead is not None:
            raise self._dead
        name = self._names.get(session)
        if name is None:
            name = self._remember(session)
        self._pieces += (fmt.pack_record(time_ns, direction, len(name), len(frame)), name, frame)
        self._length += fmt.RECORD_OVERHEAD + len(name) + len(frame)
        self._time_ns = time_ns
        self.last_seq += 1
        return self.last_seq

    def commit(self) -> None:
        """Make the open batch durable, as promised; with nothing appended, do nothing.

        Raises JournalFailed: then nothing of the batch may be released, and the writer is dead.
        """
        if self.last_seq == self.committed_seq:
            return
        if self._dead is not None:
            raise self._dead
        size = fmt.OVERHEAD + self._length
        if self._length > fmt.LENGTH_MAX:
            msg = f"the batch has {self._length} bytes, expected at most {fmt.LENGTH_MAX}"
            raise RecordTooLarge(msg)
        try:
            if self._offset + size > self._room_until:
                self._make_room(size)
            self._write_frame(0)
            if self._syncs:
                self._files.sync(self._handle)
                self._synced = self._batch
        except OSError as error:
            self._die("writing to", error)
        self.committed_seq = self.last_seq

    def sync(self) -> None:
        """Put everything committed on disk, under `os` too (before a snapshot, say)."""
        if self._dead is not None:
            raise self._dead
        if self._synced == self._batch:
            return
        try:
            self._files.sync(self._handle)
        except OSError as error:
            self._die("syncing", error)
        self._synced = self._batch

    def free_bytes_low(self) -> bool:
        """Say whether the disk is below the watermark, or refused to allocate ahead."""
        if self._full:
            return True
        try:
            return self._files.free_bytes(self._folder) < self._low_water_bytes
        except OSError:
            return True  # unknown counts as low: no new risk

    def close(self) -> None:
        """Sync, mark the end as in order, and give up the lock. Drops what was not committed."""
        if self._closed:
            return
        self._closed = True
        try:
            try:
                if self._dead is None:
                    self._end()
            finally:
                self._dead = self._dead or JournalFailed(self._path, "using (it is closed)")
                self._release()
        except OSError as error:
            self._die("closing", error)

    def _release(self) -> None:
        """Give up the handle, and the lock whatever happens."""
        try:
            self._files.close(self._handle)
        finally:
            self._files.unlock(self._lock)

    def _begin(self) -> None:
        """Open the last segment or create the first, and mark that we are here."""
        end = self.recovery.end
        report = Mark(self._boot, self.recovery.dropped_bytes, self.recovery.released_lost)
        if not end.segment:
            self._create(Kind.OPEN, report)
            return
        self._path = join(self._folder, end.segment)
        self._segment_first = fmt.segment_first(end.segment)
        self._handle = self._files.open_at(self._path, end.offset)
        try:
            self._offset = end.offset
            self._allocated = end.offset
            self._allocate(end.offset)
            self._write_mark(Kind.OPEN, report)
        except BaseException:
            self._files.close(self._handle)
            raise

    def _end(self) -> None:
        """Write the CLOSE mark on synced ground."""
        self._pieces = [b""]
        self._length = 0
        self.last_seq = self.committed_seq
        if self._synced != self._batch:
            self._files.sync(self._handle)
            self._synced = self._batch
        self._write_mark(Kind.CLOSE, Mark(self._boot, 0, released_lost=False))

    def _create(self, kind: Kind, mark: Mark) -> bool:
        """Create the segment that the next record begins, with its mark, all on disk.

        Says no, and leaves nothing behind, if the disk is too full for more than a mark.
        """
        first = self.committed_seq + 1
        path = join(self._folder, fmt.segment_name(first))
        try:
            handle = self._files.create(path)
        except OSError as error:
            if error.errno in _FULL and kind == Kind.SEGMENT:
                self._full = True
                return False
            raise
        ahead = self._reserve_bytes + self._ahead_bytes
        allocated = self._preallocate(handle, 0, ahead)
        if self._full and kind == Kind.SEGMENT:
            self._files.close(handle)
            self._files.remove(path)
            return False
        self._path, self._handle, self._offset = path, handle, 0
        self._allocated = ahead if allocated else 0
        self._segment_first = first
        self._write_mark(kind, mark)
        self._files.sync_folder(self._folder)
        self._allocate(self._offset)
        return True

    def _write_mark(self, kind: Kind, mark: Mark) -> None:
        """Write a frame without records and sync it."""
        batch_pieces, batch_length = self._pieces, self._length
        payload = fmt.pack_mark(mark)
        self._pieces, self._length = [b"", payload], len(payload)
        self._write_frame(kind)
        self._pieces, self._length = batch_pieces, batch_length
        self._files.sync(self._handle)
        self._synced = self._batch

    def _write_frame(self, kind: int) -> None:
        """Write the pieces as one frame, by one call. `kind` is a Kind; 0 is a batch."""
        pieces = self._pieces
        committed = self.committed_seq
        pieces[0] = fmt.pack_header(
            self._length,
            0 if kind else self.last_seq - committed,
            self._batch + 1,
            committed + 1,
            self._synced,
            self._time_ns,
            self.epoch,
            kind,
            self._durability,
            self._digest,
        )
        data, digest = fmt.seal(pieces)
        write_all(self._files, self._handle, data)
        self._batch += 1
        self._digest = digest
        self._offset += len(data)
        self._pieces = [b""]
        self._length = 0

    def _make_room(self, size: int) -> None:
        """Rotate if the segment is full, else allocate further ahead."""
        end = self._offset + size
        begun = self.committed_seq >= self._segment_first
        if begun and end > self._segment_bytes and self._rotate():
            end = self._offset + size
            if end <= self._room_until:
                return
        self._allocate(end)

    def _rotate(self) -> bool:
        """Go on in a new segment; say no if the disk has no room for one."""
        old, old_end = self._handle, self._offset
        if self._synced != self._batch:
            self._files.sync(old)
            self._synced = self._batch
        if not self._create(Kind.SEGMENT, Mark(self._boot, 0, released_lost=False)):
            return False
        self._files.truncate(old, old_end)
        self._files.close(old)
        return True

    def _allocate(self, end: int) -> None:
        """Allocate ahead of `end`; a full disk is no failure as long as the reserve lasts."""
        target = end + self._reserve_bytes + self._ahead_bytes
        if target > self._allocated and self._preallocate(self._handle, self._allocated, target):
            self._allocated = target
        room = self._allocated - self._reserve_bytes if self._allocates else self._segment_bytes
        if end <= self._segment_bytes:
            room = min(room, self._segment_bytes)
        self._room_until = max(room, end + RETRY_BYTES if self._full else end)

    def _preallocate(self, handle: int, start: int, end: int) -> bool:
        """Allocate if the disk can; a full one is noted, and its callers go on without."""
        if not self._allocates or start == end:
            return False
        try:
            self._files.preallocate(handle, start, end)
        except OSError as error:
            if error.errno in _FULL:
                self._full = True
            elif error.errno in _CANNOT:
                self._allocates = False
            else:
                raise
            return False
        self._full = False
        return True

    def _remember(self, session: str) -> bytes:
        """Encode a session's name once."""
        if len(self._names) > 4096:  # noqa: PLR2004 - a bound, not a meaning
            self._names.clear()
        name = self._names[session] = fmt.session_bytes(session)
        return name

    def _die(self, doing: str, error: OSError) -> NoReturn:
        """Fail, for good."""
        self._dead = JournalFailed(self._path, doing, error)
        raise self._dead from error
