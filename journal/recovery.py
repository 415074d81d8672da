"""What to do with a journal as it was found after a stop of any kind: a table, and its execution.

Six facts decide, and nothing else:

    whole        there is at least one whole frame that follows from the beginning
    leftover     after the last whole frame there is something that is neither zero nor nothing
    synced_past  some true header says that a batch past the last whole one was on disk
    anchor_past  the caller knows of a record (a snapshot's) past the last whole frame, and no mark
                 tells of a loss, such as a repair, that explains it
    under_os     the last whole frame was released on the promise "in the system's cache"
    rebooted     the machine has started anew since, and the journal was not closed in order

What was on disk and is not there now is corruption: refuse, touch nothing. What was never known
to be on disk is a torn tail: keep a copy, cut. In `group` nothing of it was ever said to anybody;
under `os` it may have been, and every session must begin anew (`released_lost`).

Rules. The copy is on disk before the cut is made. What no header calls synced is written again
and synced before anything is built on it, since a cache may hold what a failed sync has not put on
disk. A report is not lost by a crash before it is recorded: the kept copy carries it, and then the
OPEN mark, until a record follows.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import NamedTuple

from journal import format as fmt
from journal import scan
from journal.errors import Corrupt, JournalFailed
from journal.files import Files, OsFiles, join, write_all, write_new
from journal.format import Durability, Kind, Mark
from journal.scan import End, Fault, Walk

LOCK = "lock"
TORN = ".torn"
BROKEN = ".broken"  # a copy that `repair` kept: what it holds was on disk once


class Status(Enum):
    """What recovery found."""

    EMPTY = "empty"
    SOUND = "sound"
    TORN_TAIL = "torn tail"


class Facts(NamedTuple):
    """The inputs of the table."""

    whole: bool
    leftover: bool
    synced_past: bool
    anchor_past: bool
    under_os: bool
    rebooted: bool


class Decision(Enum):
    """The outputs of the table."""

    REFUSE_DAMAGED = "a batch that was on disk is damaged or gone"
    REFUSE_SHORT = "the journal ends before a record that was on disk"
    BEGIN = "begin a new journal"
    GO_ON = "go on"
    GO_ON_LOST = "go on; released messages may be lost"
    CUT = "cut the torn tail"
    CUT_LOST = "cut the torn tail; released messages may be lost"


E: None = None  # either: this fact does not matter in this row
N, Y = False, True
CASES: tuple[tuple[tuple[bool | None, ...], Decision], ...] = (
    # whole left synced anchor os rebooted
    ((E, E, Y, E, E, E), Decision.REFUSE_DAMAGED),
    # `group` releases nothing that is not on disk, so a snapshot cannot be ahead of the journal.
    ((E, E, N, Y, N, E), Decision.REFUSE_SHORT),
    # Under `os` it can: the snapshot was synced, the records it covers were only in the cache.
    ((E, N, N, Y, Y, E), Decision.GO_ON_LOST),
    ((E, Y, N, Y, Y, E), Decision.CUT_LOST),
    ((N, N, N, N, E, E), Decision.BEGIN),
    # A journal's first frame is synced before anything is said: nothing of it can be missed.
    ((N, Y, N, N, E, E), Decision.CUT),
    ((Y, N, N, N, N, E), Decision.GO_ON),
    ((Y, N, N, N, Y, N), Decision.GO_ON),
    # The cut may have fallen exactly between two frames: a power cut under `os` is never clean.
    ((Y, N, N, N, Y, Y), Decision.GO_ON_LOST),
    ((Y, Y, N, N, N, E), Decision.CUT),
    ((Y, Y, N, N, Y, E), Decision.CUT_LOST),
)


def decide(facts: Facts) -> Decision:
    """Return the decision of the one row that these facts match."""
    for row, decision in CASES:
        if all(want is None or want == fact for want, fact in zip(row, facts, strict=True)):
            return decision
    raise AssertionError(facts)  # unreachable: the tests prove that every input has its row


class Finding(NamedTuple):
    """What an examination saw, before anything is changed."""

    segments: list[str]
    end: End
    fault: Fault | None
    facts: Facts
    decision: Decision
    leftover_bytes: int
    examined_from: int  # the first sequence that was read


class Recovery(NamedTuple):
    """What recovery found and did. `end` is where the journal goes on."""

    status: Status
    last_seq: int
    last_time_ns: int
    epoch: int
    dropped_bytes: int
    kept_copy: str | None
    released_lost: bool
    end: End


def examine(files: Files, folder: str, snapshot_seq: int = 0) -> Finding:
    """Read the journal and decide; change nothing.

    With `snapshot_seq`, a record that the caller knows to be on disk, reading begins at the segment
    that holds it; the segments before are left to `verify.steps`.
    """
    segments = scan.segments_of(files, folder)
    walk = Walk(files, folder, segments, start=_start(files, folder, segments, snapshot_seq))
    first = 0
    for frame in walk.frames():
        first = first or frame.header.first
    end, fault = walk.end, walk.fault
    highest = end.synced
    if fault is not None:
        highest = max(highest, scan.evidence(files, folder, segments, fault))
    boot = files.boot_id()
    facts = Facts(
        whole=end.segment != "",
        leftover=fault is not None,
        synced_past=fault is not None and highest >= fault.batch,
        anchor_past=snapshot_seq > end.seq and not _loss_recorded(files, folder, segments, walk),
        under_os=end.durability == Durability.OS,
        rebooted=end.kind != Kind.CLOSE and "" != boot != end.mark.boot_id != "",
    )
    left = sum(len(data) for _name, _at, data in _leftover(files, folder, segments, fault))
    return Finding(segments, end, fault, facts, decide(facts), left, first or 1)


def refuse(finding: Finding, folder: str) -> None:
    """Raise Corrupt if that is the decision."""
    if finding.decision not in {Decision.REFUSE_DAMAGED, Decision.REFUSE_SHORT}:
        return
    end, fault = finding.end, finding.fault
    what = finding.decision.value
    if fault is not None:
        what = f"{fault.what}; {what}"
    segment, offset = (fault.segment, fault.offset) if fault else (end.segment, end.offset)
    path = join(folder, segment)
    raise Corrupt(what, segment=path, offset=offset, batch=fault.batch if fault else end.batch + 1)


def recover(
    path: str | os.PathLike[str], files: Files | None = None, *, snapshot_seq: int = 0
) -> Recovery:
    """Lock the journal, recover it, unlock it. Raises Corrupt, Locked, JournalFailed."""
    files = files or OsFiles()
    folder = os.fspath(path)
    try:
        files.make_folder(folder)
        handle = files.lock(join(folder, LOCK))
        try:
            return recover_locked(files, folder, snapshot_seq)
        finally:
            files.unlock(handle)
    except OSError as error:
        raise JournalFailed(folder, "recovering", error) from error


def recover_locked(files: Files, folder: str, snapshot_seq: int = 0) -> Recovery:
    """Examine, decide and act; the caller holds the lock."""
    finding = examine(files, folder, snapshot_seq)
    refuse(finding, folder)
    end = finding.end
    earlier, copy = _unrecorded(files, folder, finding)
    dropped = finding.leftover_bytes
    if finding.fault is not None:
        copy = keep(files, folder, finding, TORN) or copy
        cut(files, folder, finding)
    _drop_stale(files, folder, finding)
    _harden(files, folder, end)
    was_cut = dropped > 0 or earlier.dropped_bytes > 0
    lost = finding.decision in {Decision.GO_ON_LOST, Decision.CUT_LOST} or earlier.released_lost
    status = Status.TORN_TAIL if was_cut else Status.SOUND if end.segment else Status.EMPTY
    dropped += earlier.dropped_bytes
    return Recovery(status, end.seq, end.time_ns, end.epoch, dropped, copy, lost, end)


def _start(files: Files, folder: str, segments: list[str], seq: int) -> int:
    """Return the index of the segment to begin with: the one that holds `seq`, if it can speak."""
    for index in range(len(segments) - 1, 0, -1):
        if fmt.segment_first(segments[index]) <= seq:
            path = join(folder, segments[index])
            header = fmt.parse_header(files.read(path, 0, fmt.HEADER_SIZE), 0)
            if header is not None and header.kind != Kind.BATCH:
                return index
    return 0


def _loss_recorded(files: Files, folder: str, segments: list[str], walk: Walk) -> bool:
    """Say whether the journal itself tells of a loss, which explains a snapshot ahead of it."""
    if not walk.loss_recorded:
        walk = Walk(files, folder, segments)
        for _frame in walk.frames():
            pass
    return walk.loss_recorded


def _leftover(
    files: Files, folder: str, segments: list[str], fault: Fault | None
) -> list[tuple[str, int, bytes]]:
    """Return what stands after the last whole frame: segment, offset, bytes up to the zeros."""
    found = []
    for name in segments[fault.number :] if fault else ():
        assert fault is not None
        offset = fault.offset if name == fault.segment else 0
        data = files.read(join(folder, name), offset).rstrip(b"\0")
        found.append((name, offset, data))
    return found


def _copy_name(segment: str, offset: int) -> str:
    return f"{segment}.{offset}"


def keep(files: Files, folder: str, finding: Finding, suffix: str) -> str | None:
    """Copy the leftover aside, durably; return the first copy's path."""
    first = None
    names = set(files.names(folder))
    for segment, offset, data in _leftover(files, folder, finding.segments, finding.fault):
        if not data:
            continue
        number = 1
        while (name := f"{_copy_name(segment, offset)}.{number}{suffix}") in names:
            number += 1
        path = join(folder, name)
        write_new(files, path, data)
        first = first or path
    files.sync_folder(folder)
    return first


def cut(files: Files, folder: str, finding: Finding) -> None:
    """Take the leftover out of the journal, last segment first."""
    fault = finding.fault
    assert fault is not None
    for segment in reversed(finding.segments[fault.number :]):
        path = join(folder, segment)
        if segment == fault.segment and fault.offset > 0:
            handle = files.open_at(path, 0)
            try:
                files.truncate(handle, fault.offset)
                files.sync(handle)
            finally:
                files.close(handle)
        else:
            files.remove(path)
    files.sync_folder(folder)


def _drop_stale(files: Files, folder: str, finding: Finding) -> None:
    """Remove segments that were created but never begun."""
    end, fault = finding.end, finding.fault
    stale = [name for name in finding.segments if name > end.segment]
    if fault is not None:
        stale = [name for name in stale if name < fault.segment]
    for name in stale:
        files.remove(join(folder, name))


def _harden(files: Files, folder: str, end: End) -> None:
    """Write again what no header calls synced, and sync it; sync the folder's entries too.

    The process that created the last segment may have died before it synced the folder.
    """
    files.sync_folder(folder)
    if not end.segment or end.unsynced_offset == end.offset:
        return
    path = join(folder, end.segment)
    data = files.read(path, end.unsynced_offset, end.offset - end.unsynced_offset)
    handle = files.open_at(path, end.unsynced_offset)
    try:
        write_all(files, handle, data)
        files.sync(handle)
    finally:
        files.close(handle)


def _unrecorded(files: Files, folder: str, finding: Finding) -> tuple[Mark, str | None]:
    """Return what an earlier recovery gave up if no record says so yet, and its copy."""
    end = finding.end
    if end.report is not None and (end.report.dropped_bytes or end.report.released_lost):
        return end.report, None
    prefixes = [_copy_name(end.segment, end.offset) + "."]
    following = fmt.segment_name(end.seq + 1)
    if following not in finding.segments:
        prefixes.append(_copy_name(following, 0) + ".")
    standing = _leftover(files, folder, finding.segments, finding.fault)
    dropped, lost, copy = 0, finding.facts.under_os, None
    for name in files.names(folder):
        if not (name.endswith((TORN, BROKEN)) and name.startswith(tuple(prefixes))):
            continue
        path = join(folder, name)
        data = files.read(path)
        if data and not any(left.startswith(data) for _segment, _at, left in standing):
            dropped, copy = dropped + len(data), copy or path
            lost = lost or name.endswith(BROKEN)
    return Mark("", dropped, lost and dropped > 0), copy
