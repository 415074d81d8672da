"""Quotes (W) as a bridge says them, and a book of feeds that hears them in virtual time."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from gateway.oms.market import Market
from gateway.risk.feeds import FeedBook, FeedRules, Thresholds
from protocol.fields import MDEntryType
from protocol.messages import MarketDataSnapshotFullRefresh, MDEntry
from protocol.timestamps import format_utc

T0 = 1_800_000_000_000_000_000
MS = 1_000_000
SYMBOL = "EURUSD"
TIGHT = Thresholds(
    max_age_ms=5_000, frozen_ms=20_000, jump_bps=Decimal(100), max_spread_bps=Decimal(500),
    recover_ms=3_000,
)  # fmt: skip


def entry(kind, price, qty=1_000, exchange_ns=None):
    """Make one entry; a price of None is an empty side."""
    date, _, time = format_utc(exchange_ns).partition("-") if exchange_ns else (None, "", None)
    return MDEntry(
        md_entry_type=kind, md_entry_px=Decimal(price) if price is not None else None,
        md_entry_size=Decimal(qty) if price is not None else None,
        md_entry_date=date, md_entry_time=time or None,
    )  # fmt: skip


def quote(bid, offer, *, symbol=SYMBOL, exchange_ns=None, said_ns=T0, **fields):
    """Make a quote of one level a side."""
    return MarketDataSnapshotFullRefresh(
        symbol=symbol, sending_time=format_utc(said_ns),
        md_entries=(
            entry(MDEntryType.BID, bid, exchange_ns=exchange_ns),
            entry(MDEntryType.OFFER, offer, exchange_ns=exchange_ns),
        ),
        **fields,
    )  # fmt: skip


class House:
    """Feeds in virtual time: each call says at which ms it happens; the core's calls are made."""

    def __init__(self, thresholds=TIGHT, feeds=(), **rules):
        self.market = Market()
        lists = {SYMBOL: tuple(feeds)} if feeds else {}
        self.feeds = FeedBook(
            self.market, FeedRules(defaults=thresholds, feeds=lists, **rules)
        )
        self.told = []
        self._exchange = count(T0, MS)

    def say(self, ms, bid, offer, venue="A", *, alive=True, **fields):
        """Let a venue quote; an `alive` one tells an exchange time that has moved on."""
        if alive:
            fields.setdefault("exchange_ns", next(self._exchange))
        now_ns = T0 + ms * MS
        self.feeds.quote(venue, quote(bid, offer, said_ns=now_ns, **fields), now_ns)
        self.told += self.feeds.transitions()

    def tick(self, ms):
        """Let the core's tick come."""
        self.told += self.feeds.tick(T0 + ms * MS)

    def reference(self, ms, venue="A"):
        """Ask for the reference price of an order."""
        return self.feeds.reference(SYMBOL, venue, T0 + ms * MS)

    def code(self, ms, venue="A"):
        """Return the code of a refusal, or "" when there is a price."""
        return getattr(self.reference(ms, venue), "code", "")

    def steady(self, start_ms, end_ms, bid="1.1000", offer="1.1002", venue="A", **fields):
        """Repeat a quote each second, from one moment to another, both included."""
        for ms in range(start_ms, end_ms + 1, 1_000):
            self.say(ms, bid, offer, venue, **fields)
