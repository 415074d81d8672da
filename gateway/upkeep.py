"""What the house does beside trading: watches the disk, checks old segments, files old ids away.

Rules: below the disk's watermark trading is reduced for all, by a note like any person's, and only
a person resumes it. What a start from a snapshot did not read is read bit by bit while we trade;
damage in it reduces trading too, since the record of the past is no longer whole. Ids of orders
that leave memory are on disk before the note that lets them go. Where connections are encrypted,
the folder of keys is looked at twice a second: a key that was revoked ends its session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from loguru import logger

from gateway.oms.book import Book
from gateway.oms.effects import Effect, Jot
from gateway.risk.trading_state import standing
from journal.errors import Corrupt
from protocol.fields import GATEWAY, TradingState

CHECK_EVERY_NS = 5_000_000_000
STEP_EVERY_NS = 20_000_000
KEYS_EVERY_NS = 500_000_000
DISK_LOW = "DISK_LOW"
ALL = "all"


class Index(Protocol):
    """Where old ids go (`journal.old_ids.OldIds`)."""

    def add_many(self, entries: Iterable[tuple[str, str, str]], *, upto_seq: int = 0) -> None:
        """Add (kind, key, value) entries, durably."""
        ...


class Upkeep:
    """Called by the loop: `tick` when `due_ns` has come, `before` with each note."""

    def __init__(
        self,
        book: Book,
        old_ids: Index,
        disk_is_low: Callable[[], bool],
        old_segments: Iterable[object] = (),
        watch_keys: Callable[[int], Iterable[Effect]] | None = None,
    ) -> None:
        """`old_segments` checks a slice of the journal's past with each step (`verify.steps`).

        `watch_keys` looks whether keys came or went, None where there are none.
        """
        self._watch_keys = watch_keys
        self.due_ns = 0
        self._old_segments = iter(old_segments)
        self._disk_due_ns = 0
        self._book = book
        self._old_ids = old_ids
        self._disk_is_low = disk_is_low

    def tick(self, now_ns: int) -> Iterator[Effect]:
        """Reduce trading when the disk is nearly full, or the journal's past is damaged."""
        self.due_ns = self._disk_due_ns
        if now_ns >= self._disk_due_ns:
            self._disk_due_ns = self.due_ns = now_ns + CHECK_EVERY_NS
            yield from self._watch_disk()
        if self._watch_keys is not None:
            yield from self._watch_keys(now_ns)
            self.due_ns = min(self.due_ns, now_ns + KEYS_EVERY_NS)
        try:
            if next(self._old_segments, None) is not None:
                self.due_ns = now_ns + STEP_EVERY_NS
        except Corrupt as problem:
            logger.critical("an old part of the journal is damaged: {}", problem)
            yield Jot("ALERT", {"alert": "JOURNAL_CORRUPT", "what": str(problem)})
            yield from self._reduce("JOURNAL_CORRUPT", "an old segment is damaged, see the alert")

    def _watch_disk(self) -> Iterator[Effect]:
        if not standing(self._book, ALL, DISK_LOW) and self._disk_is_low():
            logger.critical("the disk of the journal is nearly full: only reducing orders pass")
            yield from self._reduce(DISK_LOW, "make room, then resume")

    def _reduce(self, cause: str, reason: str) -> Iterator[Effect]:
        if not standing(self._book, ALL, cause):
            yield Jot(
                "TRADING_STATE",
                {
                    "scope": ALL, "state": TradingState.REDUCING.value, "who": GATEWAY,
                    "reason": f"{cause}: {reason}", "cause": cause,
                },
            )  # fmt: skip

    def before(self, jot: Jot) -> None:
        """File away the ids of what an ARCHIVE is about to let go."""
        if jot.kind != "ARCHIVE":
            return
        entries = self._book.archivable(jot.body["before_ns"])
        self._old_ids.add_many(entries, upto_seq=self._book.state.seq)
