"""Snapshots of the state at a record: only a cache, never the truth.

    magic 8 · state version u32 · length u32 · sequence u64 · SHA-256 of all but itself 32 · payload

Rules. A snapshot is a new file each time, named by its sequence, synced before `save` returns, and
never written over in place or renamed: one that is torn fails its hash and is passed over. The hash
goes to the caller, who journals it; a snapshot whose hash the journal does not hold must not be
used. Under `os`, `JournalWriter.sync()` comes before `save`. A state version that the reader does
not know is passed over: then an older one serves, or a replay from the start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import struct
from typing import NamedTuple

from journal.errors import JournalFailed, SnapshotBad
from journal.files import Files, OsFiles, join, write_new

MAGIC = b"PCSNAP\x01\xf5"
_HEADER = struct.Struct("<8sIIQ32s")
_HASHED = _HEADER.size - 32
_NAME = re.compile(r"[0-9]{20}\.snapshot", re.ASCII).fullmatch


class Snapshot(NamedTuple):
    """A state as it was after record `seq`; `sha256` is what `save` returned for it."""

    seq: int
    state_version: int
    payload: bytes
    sha256: str


def save(
    folder: str | os.PathLike[str],
    *,
    seq: int,
    state_version: int,
    payload: bytes,
    files: Files | None = None,
) -> str:
    """Write a snapshot durably; return its SHA-256 in hex, to be journaled."""
    files = files or OsFiles()
    place = os.fspath(folder)
    name = f"{seq:020d}.snapshot"
    path = join(place, name)
    begin = _HEADER.pack(MAGIC, state_version, len(payload), seq, b"")[:_HASHED]
    digest = hashlib.sha256(begin + payload)
    try:
        files.make_folder(place)
        if name in files.names(place):
            files.remove(path)
        write_new(files, path, begin + digest.digest() + payload)
        files.sync_folder(place)
    except OSError as error:
        raise JournalFailed(path, "saving a snapshot to", error) from error
    return digest.hexdigest()


def seqs(folder: str | os.PathLike[str], *, files: Files | None = None) -> list[int]:
    """Return the sequences of the snapshots that are there, newest first."""
    names = (files or OsFiles()).names(os.fspath(folder))
    return [int(name[:20]) for name in reversed(names) if _NAME(name)]


def load_at(folder: str | os.PathLike[str], seq: int, *, files: Files | None = None) -> Snapshot:
    """Read the snapshot at `seq`, hash checked. Raises SnapshotBad."""
    path = join(os.fspath(folder), f"{seq:020d}.snapshot")
    try:
        data = (files or OsFiles()).read(path)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise SnapshotBad(msg) from error
    if len(data) < _HEADER.size:
        msg = f"{path} has {len(data)} bytes, expected at least {_HEADER.size}"
        raise SnapshotBad(msg)
    magic, version, length, at, digest = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if (magic, length, at) != (MAGIC, len(payload), seq):
        msg = f"{path} is not a whole snapshot of record {seq}"
        raise SnapshotBad(msg)
    if hashlib.sha256(data[:_HASHED] + payload).digest() != digest:
        msg = f"{path} is not as it was written"
        raise SnapshotBad(msg)
    return Snapshot(seq, version, payload, digest.hex())


def load(
    folder: str | os.PathLike[str],
    *,
    state_version: int,
    before_seq: int | None = None,
    files: Files | None = None,
) -> Snapshot | None:
    """Return the newest whole snapshot of that state version, before `before_seq` if given."""
    for seq in seqs(folder, files=files):
        if before_seq is not None and seq >= before_seq:
            continue
        with contextlib.suppress(SnapshotBad):
            found = load_at(folder, seq, files=files)
            if found.state_version == state_version:
                return found
    return None


def prune(folder: str | os.PathLike[str], *, keep: int = 3, files: Files | None = None) -> None:
    """Remove all but the newest snapshots."""
    files = files or OsFiles()
    place = os.fspath(folder)
    try:
        for seq in seqs(place, files=files)[keep:]:
            files.remove(join(place, f"{seq:020d}.snapshot"))
    except OSError as error:
        raise JournalFailed(place, "pruning snapshots in", error) from error
