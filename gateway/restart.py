"""From the journal on disk to the state before the crash: snapshot, then replay, then compare.

Rules: a snapshot is a cache, believed only if the journal holds its hash; without one, the journal
is read from its beginning. Whatever the living process noted as its digest is compared with ours:
the first that differs is kept, and somebody must look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from gateway.oms.apply import NOTE, apply, entry_of
from gateway.oms.book import Book
from gateway.oms.state import STATE_VERSION
from journal.format import Record
from protocol.messages import Note


class Snapshot(NamedTuple):
    """A snapshot that was found: the state after record `seq`, and the hash of its file."""

    seq: int
    sha256: str
    book: Book


class Restored(NamedTuple):
    """The state, and how it came about.

    `digest_seq`, `digest_live` and `digest_here` are those of the last digest in the journal: what
    the living process believed, and what we have at the same record. `differs_at` is the first
    record where the two are not the same, 0 if there is none. Digests of a state of another shape
    (an older release wrote them) say nothing of ours and are passed over, as its snapshots are.
    """

    book: Book
    snapshot_seq: int
    records: int
    digest_seq: int
    digest_live: str
    digest_here: str
    differs_at: int


def restore(
    read_from: Callable[[int], Iterator[Record]], snapshot: Snapshot | None
) -> Restored | None:
    """Rebuild the state from the journal; None if it does not vouch for the snapshot."""
    restored, vouched = _replay(read_from, snapshot)
    return restored if vouched or snapshot is None else None


def _replay(
    read_from: Callable[[int], Iterator[Record]], snapshot: Snapshot | None
) -> tuple[Restored, bool]:
    book = snapshot.book if snapshot else Book()
    start = snapshot.seq if snapshot else 0
    vouched = False
    records = digest_seq = differs_at = 0
    live = here = ""
    for record in read_from(start + 1):
        if record.direction == NOTE:
            entry = entry_of(record)
            note = entry.message
            assert isinstance(note, Note)
            if note.note_kind == "DIGEST":
                body = msgspec.json.decode(note.note_body)
                same_shape = body.get("state_version") == STATE_VERSION
                if same_shape and body["seq"] == book.state.seq:
                    digest_seq, live, here = body["seq"], body["digest"], book.digest()
                    differs_at = differs_at or (digest_seq if live != here else 0)
            elif note.note_kind == "SNAPSHOT" and snapshot is not None:
                vouched = vouched or _vouches(msgspec.json.decode(note.note_body), snapshot)
            apply(book, entry)
        else:
            apply(book, entry_of(record))
        records += 1
    found = Restored(book, start, records, digest_seq, live, here, differs_at)
    return found, vouched


def _vouches(body: dict[str, object], snapshot: Snapshot) -> bool:
    return body == {"seq": snapshot.seq, "sha256": snapshot.sha256}
