"""What the house does beside trading: it watches the disk, and files old ids away.

Rules: below the disk's watermark trading is reduced for all, by a note like any person's, and only
a person resumes it. Ids of orders that leave memory are on disk before the note that lets them go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from loguru import logger

from gateway.oms.book import Book
from gateway.oms.effects import Effect, Jot
from protocol.fields import GATEWAY, TradingState

CHECK_EVERY_NS = 5_000_000_000
ALL = "all"


class Index(Protocol):
    """Where old ids go (`journal.old_ids.OldIds`)."""

    def add_many(self, entries: Iterable[tuple[str, str, str]], *, upto_seq: int = 0) -> None:
        """Add (kind, key, value) entries, durably."""
        ...


class Upkeep:
    """Called by the loop: `tick` when `due_ns` has come, `before` with each note."""

    def __init__(self, book: Book, old_ids: Index, disk_is_low: Callable[[], bool]) -> None:
        self.due_ns = 0
        self._book = book
        self._old_ids = old_ids
        self._disk_is_low = disk_is_low

    def tick(self, now_ns: int) -> Iterator[Effect]:
        """Reduce trading when the disk is nearly full."""
        self.due_ns = now_ns + CHECK_EVERY_NS
        if ALL not in self._book.state.halts and self._disk_is_low():
            logger.critical("the disk of the journal is nearly full: only reducing orders pass")
            yield Jot(
                "TRADING_STATE",
                {
                    "scope": ALL, "state": TradingState.REDUCING.value, "who": GATEWAY,
                    "reason": "DISK_LOW: make room, then resume",
                },
            )  # fmt: skip

    def before(self, jot: Jot) -> None:
        """File away the ids of what an ARCHIVE is about to let go."""
        if jot.kind != "ARCHIVE":
            return
        state = self._book.state
        entries: list[tuple[str, str, str]] = []
        for order_id in state.ended:
            order = state.orders.get(order_id)
            if order is None or not order.ended_ns:
                continue
            if order.ended_ns >= jot.body["before_ns"]:
                break
            entries += [
                ("cl_ord_id", f"{order.owner}\x01{one}", order_id) for one in order.cl_ord_ids
            ]
            entries += [("fill", f"{order.venue}\x02{one}", order_id) for one in order.trade_ids]
        self._old_ids.add_many(entries, upto_seq=state.seq)
