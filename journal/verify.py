"""Judging a journal: whether every byte is as it was written.

`verify` reads all of it and answers with the exit code of `portcullis journal verify`; `steps` is
the same for the older segments, in slices small enough for the gateway's idle moments. Rules. Both
only read, and take no lock: beside a live writer the last batch may look torn for a moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from journal import format as fmt
from journal import scan
from journal.errors import Corrupt, JournalFailed
from journal.files import Files, OsFiles, join
from journal.recovery import Decision, Finding, examine
from journal.scan import Walk

SOUND, TORN, CORRUPT = 0, 1, 2
SLICE_BYTES = 1 << 18

_EXIT_CODES = {
    Decision.BEGIN: SOUND,
    Decision.GO_ON: SOUND,
    Decision.GO_ON_LOST: SOUND,
    Decision.CUT: TORN,
    Decision.CUT_LOST: TORN,
    Decision.REFUSE_DAMAGED: CORRUPT,
    Decision.REFUSE_SHORT: CORRUPT,
}


class Verdict(NamedTuple):
    """What `verify` found. `exit_code`: 0 sound, 1 torn tail, 2 corrupt. `text` says where."""

    exit_code: int
    text: str
    segments: int
    batches: int
    last_seq: int
    epoch: int
    last_time_ns: int
    leftover_bytes: int


class Progress(NamedTuple):
    """How far `steps` has come."""

    seq: int
    done_bytes: int
    total_bytes: int


def verify(path: str | os.PathLike[str], *, files: Files | None = None) -> Verdict:
    """Check every checksum and the whole chain. Raises JournalFailed when it cannot be read."""
    folder = os.fspath(path)
    try:
        finding = examine(files or OsFiles(), folder)
    except OSError as error:
        raise JournalFailed(folder, "reading", error) from error
    end = finding.end
    return Verdict(
        _EXIT_CODES[finding.decision],
        _text(finding),
        len(finding.segments),
        end.batch,
        end.seq,
        end.epoch,
        end.time_ns,
        finding.leftover_bytes,
    )


def _text(finding: Finding) -> str:
    """Say it in one line."""
    end, fault = finding.end, finding.fault
    held = f"{end.seq} records in {end.batch} batches, {len(finding.segments)} segments"
    if fault is None:
        lost = "; the machine restarted and the cache may have been lost with released messages"
        warned = lost if finding.decision == Decision.GO_ON_LOST else ""
        return f"sound: {held}{warned}" if end.segment else "sound: empty"
    where = f"{fault.segment} byte {fault.offset}, batch {fault.batch}: {fault.what}"
    name = "corrupt" if _EXIT_CODES[finding.decision] == CORRUPT else "torn tail"
    return f"{name}: {where}; {finding.leftover_bytes} bytes follow the last good of {held}"


def steps(
    path: str | os.PathLike[str],
    before_seq: int,
    *,
    files: Files | None = None,
    slice_bytes: int = SLICE_BYTES,
) -> Iterator[Progress]:
    """Check what recovery skipped: the segments before the one that holds `before_seq`.

    A generator: each step reads about `slice_bytes` and yields. Also checks that the first segment
    not read goes on from the last one read. Raises Corrupt: all of this was on disk once, so any
    fault is corruption. Raises JournalFailed when it cannot be read.
    """
    files = files or OsFiles()
    folder = os.fspath(path)
    try:
        names = scan.segments_of(files, folder)
        until = sum(fmt.segment_first(name) <= before_seq for name in names)
        total = sum(files.size(join(folder, name)) for name in names[: until - 1])
        walk = Walk(files, folder, names[:until], chunk=slice_bytes)
        done = 0
        yielded = 0
        for frame in walk.frames():
            if until and walk.segment == names[until - 1]:
                break
            done += fmt.OVERHEAD + frame.header.length
            if done - yielded >= slice_bytes:
                yielded = done
                yield Progress(frame.header.first + frame.header.records - 1, done, total)
    except OSError as error:
        raise JournalFailed(folder, "reading", error) from error
    if walk.fault is not None:
        fault = walk.fault
        where = join(folder, fault.segment)
        raise Corrupt(fault.what, segment=where, offset=fault.offset, batch=fault.batch)
    yield Progress(walk.end.seq, total, total)
