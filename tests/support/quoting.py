"""A market without venues: instruments and quotes, put there by hand."""

from __future__ import annotations

from decimal import Decimal

from protocol.fields import MDEntryType
from protocol.messages import MarketDataSnapshotFullRefresh, MDEntry, Security


def list_security(market, venue, symbol, currency, **fields):
    """Let a venue list an instrument."""
    security = Security(symbol=symbol, currency=currency, **fields)
    market.venue(venue).securities[symbol] = security
    market.listed += 1


def quote(market, venue, symbol, bid=None, offer=None, *, now_ns=1):
    """Let a venue quote; a side without a price is empty."""
    entries = tuple(
        MDEntry(md_entry_type=kind, md_entry_px=Decimal(px), md_entry_size=Decimal(1))
        for kind, px in ((MDEntryType.BID, bid), (MDEntryType.OFFER, offer)) if px
    )  # fmt: skip
    message = MarketDataSnapshotFullRefresh(symbol=symbol, md_entries=entries)
    market.take_quote(venue, message, now_ns)
