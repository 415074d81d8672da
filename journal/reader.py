"""Reading the journal: in order, from any record on, and at its growing end.

Rules. Nothing unverified is handed out: each frame's digest is checked, and its place in the chain.
A torn tail ends the reading, as recovery would cut it; damage before it raises Corrupt. Reading
changes nothing and takes no lock, so it works beside a writer: in the writer's own process it sees
what was committed, in another one it may see a batch a moment before its sync.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator

from journal import format as fmt
from journal import scan
from journal.errors import Corrupt, JournalFailed
from journal.files import Files, OsFiles, join
from journal.format import Frame, Header, Record
from journal.scan import Fault, Walk, Window

STEP_BYTES = 1 << 16
INDEX_BYTES = 1 << 18
ZEROS_BYTES = 8192  # so many zeros are the end, for a reader that cannot look at all of them


def read(
    path: str | os.PathLike[str],
    from_seq: int = 1,
    to_seq: int | None = None,
    *,
    files: Files | None = None,
) -> Iterator[Record]:
    """Yield the records `from_seq` to `to_seq` (inclusive; None: all), chain verified.

    Begins at the segment that holds `from_seq`. Raises Corrupt, JournalFailed.
    """
    files = files or OsFiles()
    folder = os.fspath(path)
    last = to_seq if to_seq is not None else 1 << 63
    try:
        segments = scan.segments_of(files, folder)
        firsts = [fmt.segment_first(name) for name in segments]
        walk = Walk(files, folder, segments, start=max(0, bisect_right(firsts, from_seq) - 1))
        for frame in walk.frames():
            header = frame.header
            following = header.first + header.records
            if following <= from_seq:
                continue
            if following - 1 <= last:
                yield from fmt.records(frame, from_seq)
                continue
            yield from (record for record in fmt.records(frame, from_seq) if record.seq <= last)
            return
        if walk.fault is not None:
            _refuse(files, folder, segments, walk.fault)
    except OSError as error:
        raise JournalFailed(folder, "reading", error) from error


def _refuse(files: Files, folder: str, segments: list[str], fault: Fault) -> None:
    """Raise Corrupt if a fault stands where a later header says the disk had a batch."""
    if scan.evidence(files, folder, segments, fault) >= fault.batch:
        path = join(folder, fault.segment)
        raise Corrupt(fault.what, segment=path, offset=fault.offset, batch=fault.batch)


class _Index:
    """Where the records of one segment are: an entry each STEP_BYTES, grown by header hops."""

    def __init__(self, first: int) -> None:
        self.seqs = [first]
        self.offsets = [0]
        self.next_seq = first
        self.scanned = 0

    def grow(self, files: Files, path: str, seq: int) -> None:
        """Hop on until the frame that holds `seq`, or the last whole one."""
        window = Window(files, path, self.scanned, INDEX_BYTES)
        while self.next_seq <= seq and (header := window.header()) is not None:
            if not window.ensure(fmt.OVERHEAD + header.length):
                return
            if window.offset - self.offsets[-1] >= STEP_BYTES and header.records:
                self.seqs.append(header.first)
                self.offsets.append(window.offset)
            window.at += fmt.OVERHEAD + header.length
            self.scanned = window.offset
            self.next_seq = header.first + header.records

    def before(self, seq: int) -> int:
        """Return the offset of an indexed frame at or before the one that holds `seq`."""
        return self.offsets[max(0, bisect_right(self.seqs, seq) - 1)]


class JournalReader:
    """Random access to a journal, also while it is written. Keeps a sparse index, no handles."""

    def __init__(self, path: str | os.PathLike[str], *, files: Files | None = None) -> None:
        self._files = files or OsFiles()
        self._folder = os.fspath(path)
        self._segments: list[str] = []
        self._firsts: list[int] = []
        self._indexes: dict[str, _Index] = {}

    def read_from(self, seq: int, to_seq: int | None = None) -> Iterator[Record]:
        """Yield the records from `seq` to `to_seq` (None: as far as there are any).

        Raises Corrupt, JournalFailed.
        """
        last = to_seq if to_seq is not None else 1 << 63
        seq = max(seq, 1)
        try:
            segment, previous = None, None
            while seq <= last:
                found = self._segment(seq)
                if found is None or found == segment:
                    return
                segment = found
                for frame in self._frames(segment, seq, previous):
                    previous = frame.digest
                    following = frame.header.first + frame.header.records
                    records = fmt.records(frame, seq)
                    if following > last:
                        yield from records[: last - following + 1 or None]
                        return
                    yield from records
                    seq = following
        except OSError as error:
            raise JournalFailed(self._folder, "reading", error) from error

    def _frames(self, segment: str, seq: int, previous: bytes | None) -> Iterator[Frame]:
        """Yield a segment's frames from the one that holds `seq` on, marks among them too.

        `previous` is the digest of the frame before the segment, if that was read.
        """
        path = join(self._folder, segment)
        index = self._indexes.setdefault(segment, _Index(fmt.segment_first(segment)))
        index.grow(self._files, path, seq)
        window = Window(self._files, path, index.before(seq), STEP_BYTES)
        last = None
        while (header := window.header()) is not None:
            if previous is not None or (header.records and header.first + header.records > seq):
                frame = window.frame(header)
                if frame is None:
                    break
                if previous not in {None, header.previous}:
                    # This frame is true: it speaks against the one before, as in scan.Walk.
                    self._doubt(segment, window.offset, header.batch - 1)
                    return
                previous = frame.digest
                yield frame
            window.at += fmt.OVERHEAD + header.length
            last = header
        self._stop(segment, window, last)

    def _segment(self, seq: int) -> str | None:
        """Return the segment that holds `seq`, listing the folder again near its end."""
        at = bisect_right(self._firsts, seq) - 1
        if at == len(self._firsts) - 1:
            self._segments = scan.segments_of(self._files, self._folder)
            self._firsts = [fmt.segment_first(name) for name in self._segments]
            at = bisect_right(self._firsts, seq) - 1
        return self._segments[at] if at >= 0 else None

    def _stop(self, segment: str, window: Window, last: Header | None) -> None:
        """Stop where no good frame follows `last`; raise Corrupt if one was on disk there."""
        at = self._segments.index(segment)
        if at < len(self._segments) - 1:
            if last is not None and last.first + last.records == self._firsts[at + 1]:
                return
        elif not any(window.peek(ZEROS_BYTES)):
            return
        self._doubt(segment, window.offset, last.batch + 1 if last is not None else 1)

    def _doubt(self, segment: str, offset: int, batch: int) -> None:
        """Raise Corrupt if a header says that a batch which is not as it was had been on disk."""
        at = self._segments.index(segment)
        fault = Fault(at, segment, offset, batch, "no frame that follows the one before")
        _refuse(self._files, self._folder, self._segments, fault)


class Tail:
    """The growing end of a journal: each `poll` yields what has come since."""

    def __init__(
        self, path: str | os.PathLike[str], from_seq: int = 1, *, files: Files | None = None
    ) -> None:
        self._reader = JournalReader(path, files=files)
        self.next_seq = from_seq

    def poll(self) -> Iterator[Record]:
        """Yield the records that are there now and were not yielded yet."""
        for record in self._reader.read_from(self.next_seq):
            self.next_seq = record.seq + 1
            yield record
