"""Market data as a strategy sees it: quotes, books and trades out of W and X.

Times are nanoseconds since the epoch as the venue tells them, or 0 when it does not. A missing
side of a quote is None, never a zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from protocol.fields import MDEntryType, Side
from protocol.messages import MarketDataIncrementalRefresh, MarketDataSnapshotFullRefresh
from protocol.timestamps import parse_utc

_ZERO = Decimal(0)


class Level(NamedTuple):
    """One price and what stands there, in units of the underlying."""

    price: Decimal
    qty: Decimal


class Quote(NamedTuple):
    """The best bid and offer."""

    symbol: str
    venue: str
    bid: Decimal | None
    bid_qty: Decimal
    ask: Decimal | None
    ask_qty: Decimal
    time_ns: int = 0

    @property
    def mid(self) -> Decimal | None:
        """Halfway between bid and offer, when there are both."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2


class Book(NamedTuple):
    """The book to the depth that the feed gives, best level first."""

    symbol: str
    venue: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time_ns: int = 0
    feed_epoch: int | None = None
    feed_seq: int | None = None
    sending_time: str = ""
    """SendingTime (52) of the message: an order decided on it names it as 5039."""

    @property
    def quote(self) -> Quote:
        """The top of the book."""
        bid = self.bids[0] if self.bids else None
        ask = self.asks[0] if self.asks else None
        return Quote(
            self.symbol,
            self.venue,
            bid.price if bid else None,
            bid.qty if bid else _ZERO,
            ask.price if ask else None,
            ask.qty if ask else _ZERO,
            self.time_ns,
        )


class Trade(NamedTuple):
    """A trade of the market, not ours; `aggressor` is the side that took, when it is told."""

    symbol: str
    venue: str
    price: Decimal
    qty: Decimal
    aggressor: Side | None = None
    time_ns: int = 0


def book_of(message: MarketDataSnapshotFullRefresh) -> Book:
    """Read a W."""
    bids: list[Level] = []
    asks: list[Level] = []
    time_ns = 0
    for entry in message.md_entries:
        if entry.md_entry_px is None:
            continue
        time_ns = max(time_ns, _time_ns(entry.md_entry_date, entry.md_entry_time))
        side = {MDEntryType.BID: bids, MDEntryType.OFFER: asks}.get(entry.md_entry_type)
        if side is not None:
            side.append(Level(entry.md_entry_px, entry.md_entry_size or _ZERO))
    return Book(
        message.symbol,
        message.security_exchange or message.sender_comp_id,
        tuple(bids),
        tuple(asks),
        time_ns,
        message.feed_epoch,
        message.feed_seq,
        message.sending_time,
    )


def trades_of(message: MarketDataIncrementalRefresh) -> list[Trade]:
    """Read the trades of an X."""
    return [
        Trade(
            entry.symbol or "",
            entry.security_exchange or message.sender_comp_id,
            entry.md_entry_px,
            entry.md_entry_size or _ZERO,
            Side(entry.aggressor_side) if entry.aggressor_side in {"1", "2"} else None,
            _time_ns(entry.md_entry_date, entry.md_entry_time),
        )
        for entry in message.md_entries
        if entry.md_entry_type == MDEntryType.TRADE and entry.md_entry_px is not None
    ]


def _time_ns(date: str | None, time: str | None) -> int:
    if not date or not time:
        return 0
    try:
        return parse_utc(f"{date}-{time}")
    except ValueError:
        return 0
