"""What can be wrong with the memory, and what to do about it.

    JournalError
    ├── Locked           another process has this journal open: stop that one first
    ├── Corrupt          something that was on disk is not as it was written: a person must look
    ├── JournalFailed    a write or a sync failed: this process must stop and never retry
    ├── SnapshotBad      a snapshot is missing, damaged or not the one meant: use another or none
    └── RecordTooLarge   the caller gave something that no frame can hold: a bug of ours

OSError never leaves this room: it is mapped here, with the path and what was being done.
"""

from __future__ import annotations


class JournalError(Exception):
    """Base of everything this room raises."""


class Locked(JournalError):  # noqa: N818 - it reads as a state: "the journal is locked"
    """Another process holds the lock; `pid` is 0 when it cannot be read."""

    def __init__(self, path: str, pid: int) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is locked by {who}; stop it first, or use another journal folder")
        self.path = path
        self.pid = pid


class Corrupt(JournalError):  # noqa: N818 - the design's word, and `journal verify`'s
    """What was known to be on disk is damaged or gone; nothing was changed.

    `segment`, `offset` (bytes into it) and `batch` say where the first damage is.
    """

    def __init__(self, what: str, *, segment: str, offset: int, batch: int) -> None:
        super().__init__(f"{segment} byte {offset}, batch {batch}: {what}")
        self.what = what
        self.segment = segment
        self.offset = offset
        self.batch = batch


class JournalFailed(JournalError):  # noqa: N818 - it happened; there is no way back from it
    """A write or a sync failed. What was not committed must be taken as never said.

    After a failed sync the kernel may call dirty pages clean (Rebello et al., ATC 2020), so trying
    again proves nothing: stop, and let recovery write again what is there.
    """

    def __init__(self, path: str, doing: str, cause: OSError | None = None) -> None:
        why = f": {cause.strerror or cause}" if cause else ""
        super().__init__(f"{doing} {path} failed{why}; the process must stop")
        self.doing = doing
        self.path = path
        self.errno = cause.errno if cause else None


class SnapshotBad(JournalError):  # noqa: N818 - a finding about the file
    """A snapshot cannot be used. It is only a cache: use an older one, or replay from the start."""


class RecordTooLarge(JournalError, ValueError):  # noqa: N818 - a finding about the argument
    """A session name over 255 bytes, or a batch over the format's bound."""
