"""Orders of one category at the matching engine, with what bybit remembers of them.

What the engine refuses after the acknowledgement stays in the record as Rejected or Cancelled, with
bybit's reason. A client id (orderLinkId) names one order of a category for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from support.exchange.bybit.refusals import LINEAR, SPOT
from support.exchange.desk import Desk, EngineError
from support.exchange.records import Record

NO_ERROR = "EC_NoError"
REASONS = {
    "GTX": "EC_PostOnlyWillTakeLiquidity", "FOK": "EC_CancelForNoFullFill",
    "IOC": "EC_NoImmediateQtyToFill",
}  # fmt: skip


@dataclass
class BybitRecord(Record):
    """One order, with the words that only bybit has."""

    category: str = ""
    reason: str = NO_ERROR
    cancel_type: str = "UNKNOWN"
    quote_unit: bool = False
    forgotten: bool = False
    """Whether order/realtime no longer knows it."""
    unlisted: bool = False
    """Whether no list has it: what closes a position by itself is trades only."""


def order_id(record):
    """Return the id of an order: a number on spot, a UUID on linear."""
    return _id(record.category, record.number)


def execution_id(category, deal):
    """Return the id of a fill (execId)."""
    return _id(category, deal.number)


def _id(category, number):
    return str(10**18 + number) if category == SPOT else str(UUID(int=number << 64 | number))


class BybitDesk(Desk):
    """All orders of one category."""

    def __init__(self, category, instruments, **rest):
        super().__init__(instruments, **rest)
        self.category = category
        self._by_id = {}

    def new_record(self, now_ms, **words):
        """Make the record of an order that is acknowledged; from now on it can be named."""
        record = BybitRecord(
            number=next(self._numbers), created_ms=now_ms, updated_ms=now_ms,
            category=self.category, **words,
        )  # fmt: skip
        self._by_id[order_id(record)] = record
        self._named[record.wire, record.client_id] = record
        return record

    def drop(self, record):
        """Forget an order that was not acknowledged after all."""
        del self._by_id[order_id(record)], self._named[record.wire, record.client_id]

    def named(self, wire, number="", client_id=""):
        """Return the record of an order by its id or its client id, or None."""
        found = self._by_id.get(number) if number else self._named.get((wire, client_id))
        return found if found is not None and wire in (None, found.wire) else None

    def is_taken(self, wire, client_id):
        """Say whether an order has or had this client id."""
        return bool(client_id) and (wire, client_id) in self._named

    def match(self, record, now_ns):
        """Give an acknowledged order to the engine; what that refuses ends at once."""
        try:
            self.place(record, now_ns)
        except EngineError:
            record.status = "EXPIRED" if self.category == LINEAR else "REJECTED"
            record.reason = REASONS.get(record.tif, "EC_Others")
            record.updated_ms = now_ns // 1_000_000
            self.records[record.number] = record
            self._tell(record, "REFUSED", None)

    def _end(self, record, event):
        if event.text.startswith("SELF_TRADE"):
            record.reason, record.cancel_type = "EC_BySelfMatch", "CancelBySmp"
        elif self._cancelling is record:
            record.reason = "EC_PerCancelRequest"
            record.cancel_type = record.cancel_id or "CancelByUser"
        else:
            record.reason = REASONS.get(record.tif, "EC_NoImmediateQtyToFill")
        super()._end(record, event)
