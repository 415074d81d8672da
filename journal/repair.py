"""Cutting a corrupt journal back to its last good batch, by a person's order and never by itself.

Rules. What is cut off is copied first, durably, into the same folder, as
`<segment>.<byte where it began>.<number>.broken` (`.torn` where recovery would have cut it too), so
segment and copy put end to end are the file as it was. Since what was on disk is given up, the
next recoveries report `released_lost` until a record follows: every session must begin anew.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from journal import recovery, scan
from journal.errors import JournalFailed
from journal.files import Files, OsFiles, join
from journal.recovery import BROKEN, LOCK, Decision, Finding
from journal.writer import JournalWriter
from protocol.timestamps import format_utc


class Repair(NamedTuple):
    """What was done. As text it is a sentence for a person."""

    last_seq: int
    dropped_bytes: int
    kept_copy: str | None
    what: str

    def __str__(self) -> str:
        if not self.dropped_bytes:
            return f"nothing to repair: {self.last_seq} records, all as they were written"
        return (
            f"cut after record {self.last_seq}: {self.dropped_bytes} bytes dropped, kept in"
            f" {self.kept_copy} ({self.what}). Sessions must begin anew (141=Y), and every venue"
            " will be asked about every open order at the next start."
        )


class Loss(NamedTuple):
    """What a repair would cut: records `first` to `last` (0 when no header is left to tell).

    `old` says that the damage is not in the last segment: whole segments after it go too.
    """

    segment: str
    first: int
    last: int
    from_ns: int
    to_ns: int
    dropped_bytes: int
    old: bool

    def __str__(self) -> str:
        if not self.last:
            since = f" after {format_utc(self.from_ns)}" if self.from_ns else ""
            return (
                f"{self.dropped_bytes} bytes from record {self.first} on{since} will be cut; no"
                " header in them tells how many records they are"
            )
        percent = 100 * (self.last - self.first + 1) / self.last
        return (
            f"records {self.first} to {self.last} ({percent:.3g} %), from"
            f" {format_utc(self.from_ns)} to {format_utc(self.to_ns)}, will be cut"
        )


def survey(path: str | os.PathLike[str], *, files: Files | None = None) -> Loss | None:
    """Say what `repair` would cut, and change nothing. None: the journal is not corrupt.

    Raises JournalFailed.
    """
    files = files or OsFiles()
    folder = os.fspath(path)
    try:
        finding = recovery.examine(files, folder)
        if finding.decision != Decision.REFUSE_DAMAGED or finding.fault is None:
            return None
        return _loss(files, folder, finding)
    except OSError as error:
        raise JournalFailed(folder, "reading", error) from error


def _loss(files: Files, folder: str, finding: Finding) -> Loss:
    """Read what the headers past the fault still tell."""
    fault, end = finding.fault, finding.end
    assert fault is not None
    last, from_ns, to_ns, old = 0, end.time_ns, end.time_ns, False
    for number in range(fault.number, len(finding.segments)):
        name = finding.segments[number]
        data = files.read(join(folder, name), fault.offset if number == fault.number else 0)
        old = old or (number > fault.number and any(data))
        for header in scan.headers_in(data):
            reached = header.first + header.records - 1
            if reached > max(last, end.seq):
                last, to_ns = reached, header.time_ns
                if header.first == end.seq + 1:
                    from_ns = header.time_ns
    return Loss(fault.segment, end.seq + 1, last, from_ns, to_ns, finding.leftover_bytes, old)


def repair(path: str | os.PathLike[str], *, files: Files | None = None) -> Repair:
    """Copy what follows the last good batch, cut it off, and mark the loss.

    A sound journal is left alone. Raises Locked, JournalFailed.
    """
    files = files or OsFiles()
    folder = os.fspath(path)
    try:
        lock = files.lock(join(folder, LOCK))
        try:
            found = _cut_corrupt(files, folder)
            if found is None:
                done = recovery.recover_locked(files, folder)
                return Repair(done.last_seq, done.dropped_bytes, done.kept_copy, "a torn tail")
        finally:
            files.unlock(lock)
    except OSError as error:
        raise JournalFailed(folder, "repairing", error) from error
    # Opening writes the mark that carries the report; the copy carries it until then.
    JournalWriter.open(folder, epoch=0, files=files, ahead_bytes=0, reserve_bytes=0).close()
    return found


def _cut_corrupt(files: Files, folder: str) -> Repair | None:
    """Copy and cut if the journal is corrupt; return what was done."""
    finding = recovery.examine(files, folder)
    if finding.decision != Decision.REFUSE_DAMAGED or finding.fault is None:
        return None
    fault = finding.fault
    what = f"{fault.segment} byte {fault.offset}, batch {fault.batch}: {fault.what}"
    copy = recovery.keep(files, folder, finding, BROKEN)
    recovery.cut(files, folder, finding)
    return Repair(finding.end.seq, finding.leftover_bytes, copy, what)
