"""The bytes of the journal: one batch is one frame.

    header   92 bytes, little endian
      0  magic      8   "PCJRNL" 0x01 0xF5; the version is its seventh byte
      8  length     u32 bytes of records after the header
     12  count      u32 records
     16  batch      u64 number of this batch, from 1, dense
     24  first      u64 sequence of the first record (the next one, if there is none)
     32  synced     u64 the last batch known to be on disk when this header was written
     40  time       i64 time of the last record, ns since the epoch
     48  epoch      u32 of the process that wrote it; never decreases
     52  kind       u8  see Kind
     53  durability u8  see Durability: the promise under which this batch was released
     54  zero       2
     56  previous   32  SHA-256 of the frame before
     88  checksum   u32 CRC-32 of bytes 0 to 87
    records  each: time i64, direction u8, session length u8, frame length u32, session, frame
    digest   32 bytes, SHA-256 of header and records: the payload's checksum, and the next frame's
             `previous`. One hash per batch does both.

Rules. The header has a checksum of its own, so that a flipped length cannot swallow the log. A
frame that is not whole is not there. After the last frame there are only zeros (space allocated
ahead) or nothing. Every segment begins with a mark (a frame without records), so the promise, the
epoch and the boot under which the following was written are always known.

What nothing in these bytes can show: the file cut off exactly between two frames (the later ones
were never there, as far as anyone can tell), the last segments removed whole, damage in frames that
no later header calls synced (it looks like a torn tail), and a journal written anew from the damage
on by somebody who can compute SHA-256. Anchors against these are a snapshot (recovery's `anchor`),
the peers' sequence numbers, and reconciliation with the venues.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from enum import IntEnum
from typing import NamedTuple

from journal.errors import RecordTooLarge

MAGIC = b"PCJRNL\x01\xf5"
NO_HASH = bytes(32)
LENGTH_MAX = 1 << 30
SESSION_MAX = 255

_HEADER = struct.Struct("<8sIIQQQqIBB2s32s")
_CHECKSUM = struct.Struct("<I")
_FIELDS = struct.Struct("<8xIIQQQqIBB2x32sI")
_RECORD = struct.Struct("<qBBI")
_MARK = struct.Struct("<QB36s")

HEADER_SIZE = _HEADER.size + _CHECKSUM.size
DIGEST_SIZE = 32
OVERHEAD = HEADER_SIZE + DIGEST_SIZE
RECORD_OVERHEAD = _RECORD.size

pack_record = _RECORD.pack
_unpack_record = _RECORD.unpack_from
_crc32 = zlib.crc32
_sha256 = hashlib.sha256
_new = tuple.__new__  # makes a NamedTuple of a tuple in half the time


class Direction(IntEnum):
    """Who said it: a peer, we, or we to ourselves."""

    IN = 0
    OUT = 1
    NOTE = 2


class Kind(IntEnum):
    """What a frame is: records, or a mark of the journal's own life."""

    BATCH = 0
    OPEN = 1  # a process begins: its epoch, durability and boot; all before it is on disk
    SEGMENT = 2  # a new segment begins; all before it is on disk
    CLOSE = 3  # a process ended in order; all before it is on disk


class Durability(IntEnum):
    """What a commit promises: on disk, or in the operating system's cache."""

    GROUP = 0
    OS = 1


class Record(NamedTuple):
    """One message as it was said. `seq` is dense from 1; `time_ns` is since the epoch, UTC."""

    seq: int
    time_ns: int
    direction: Direction
    session: str
    frame: bytes


class Header(NamedTuple):
    """A frame's header, checked against its checksum. `length` is that of the records."""

    length: int
    records: int
    batch: int
    first: int
    synced: int
    time_ns: int
    epoch: int
    kind: int
    durability: int
    previous: bytes


class Frame(NamedTuple):
    """A whole frame: header and digest checked. `body` is header and records as bytes."""

    header: Header
    body: bytes
    digest: bytes


class Mark(NamedTuple):
    """What a mark carries: the boot, and what the recovery before it had to give up."""

    boot_id: str
    dropped_bytes: int
    released_lost: bool


def pack_header(  # noqa: PLR0917 - the header's fields; a struct would cost a batch 0.5 us
    length: int,
    records: int,
    batch: int,
    first: int,
    synced: int,
    time_ns: int,
    epoch: int,
    kind: int,
    durability: int,
    previous: bytes,
) -> bytes:
    """Write a header with its checksum."""
    packed = _HEADER.pack(
        MAGIC,
        length,
        records,
        batch,
        first,
        synced,
        time_ns,
        epoch,
        kind,
        durability,
        b"",
        previous,
    )
    return packed + _CHECKSUM.pack(_crc32(packed))


def parse_header(buffer: bytes, at: int) -> Header | None:
    """Read the header at `at`, or None if no whole and true header is there."""
    end = at + HEADER_SIZE
    if len(buffer) < end or not buffer.startswith(MAGIC, at):
        return None
    fields = _FIELDS.unpack_from(buffer, at)
    if _crc32(buffer[at : end - 4]) != fields[10]:
        return None
    header = _new(Header, fields[:10])
    if header.length > LENGTH_MAX or header.synced >= header.batch:
        return None
    return header


def parse_frame(buffer: bytes, at: int, header: Header) -> Frame | None:
    """Read the frame at `at` whose header is `header`, or None if it is not whole and true."""
    end = at + HEADER_SIZE + header.length
    digest = buffer[end : end + DIGEST_SIZE]
    body = buffer[at:end]
    if _sha256(body).digest() != digest:
        return None
    return _new(Frame, (header, body, digest))


def seal(pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Join header and records once; return the frame's bytes and its digest."""
    body = b"".join(pieces)
    digest = _sha256(body).digest()
    return body + digest, digest


def pack_mark(mark: Mark) -> bytes:
    """Write the payload of a mark."""
    return _MARK.pack(mark.dropped_bytes, mark.released_lost, mark.boot_id.encode()[:36])


def parse_mark(frame: Frame) -> Mark:
    """Read what a mark carries."""
    dropped, lost, boot = _MARK.unpack_from(frame.body, HEADER_SIZE)
    return Mark(boot.rstrip(b"\0").decode(), dropped, bool(lost))


def session_bytes(session: str) -> bytes:
    """Write a session's name; raise RecordTooLarge when it does not fit."""
    encoded = session.encode()
    if len(encoded) > SESSION_MAX:
        msg = f"session name has {len(encoded)} bytes, expected at most {SESSION_MAX}"
        raise RecordTooLarge(msg)
    return encoded


_DIRECTIONS = tuple(Direction)
_names: dict[bytes, str] = {}


def _name(encoded: bytes) -> str:
    """Decode a session's name once: the same few come back for ever."""
    if len(_names) > 4096:  # noqa: PLR2004 - a bound, not a meaning
        _names.clear()
    return _names.setdefault(encoded, encoded.decode())


def records(frame: Frame, from_seq: int = 0) -> list[Record]:
    """Return the frame's records from `from_seq` on."""
    body = frame.body
    first = frame.header.first
    at = HEADER_SIZE
    found = []
    for seq in range(first, first + frame.header.records):
        time_ns, direction, name_size, size = _unpack_record(body, at)
        at += RECORD_OVERHEAD
        start = at + name_size
        if seq >= from_seq:
            session = _names.get(body[at:start]) or _name(body[at:start])
            end = start + size
            found.append(
                _new(Record, (seq, time_ns, _DIRECTIONS[direction], session, body[start:end]))
            )
        at = start + size
    return found


SUFFIX = ".journal"
_SEGMENT = re.compile(r"[0-9]{20}\.journal", re.ASCII).fullmatch


def segment_name(first: int) -> str:
    """Name the segment whose first record has sequence `first`."""
    return f"{first:020d}{SUFFIX}"


def segment_first(name: str) -> int:
    """Return the first sequence of a segment, from its name."""
    return int(name[:20])


def is_segment(name: str) -> bool:
    """Say whether a file in the journal's folder is a segment."""
    return _SEGMENT(name) is not None
