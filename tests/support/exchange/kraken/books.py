"""What the websocket says of a book: a view of fixed depth, its changes, and a checksum.

A level that falls out of the view is not mentioned; one that comes into it is. The checksum is the
CRC32 of the ten best offers and bids, their dots and leading zeros taken off.
"""

from __future__ import annotations

import heapq
import zlib

import orjson
from support.exchange.kraken import forms

DEPTHS = (10, 25, 100, 500, 1000)
CHECKED = 10


def digits(text):
    """Write a number as the checksum takes it."""
    return text.replace(".", "").lstrip("0")


def checksum(bids, asks):
    """Return the checksum of levels in text, best first."""
    rows = [*asks[:CHECKED], *bids[:CHECKED]]
    return zlib.crc32("".join(digits(price) + digits(qty) for price, qty in rows).encode())


class View:
    """One book to one depth; prices are ticks, sizes are steps."""

    def __init__(self, market, depth):
        self.depth = depth
        self._market = market
        self._bids, self._asks = self._best()

    def _best(self):
        market = self._market
        return (
            dict(heapq.nlargest(self.depth, market.bids.items())),
            dict(heapq.nsmallest(self.depth, market.asks.items())),
        )

    def snapshot(self, symbol, now_ms):
        """Return the whole view."""
        sides = (self._bids, self._asks)
        return self._message("snapshot", symbol, sides, now_ms)

    def change(self, symbol, now_ms):
        """Follow the market; return what has changed, or nothing."""
        market, fresh = self._market, self._best()
        changes = []
        sides = ((market.bids, self._bids), (market.asks, self._asks))
        for (whole, old), new in zip(sides, fresh, strict=True):
            found = {price: 0 for price in old if price not in whole}
            found |= {price: size for price, size in new.items() if old.get(price) != size}
            changes.append(found)
        self._bids, self._asks = fresh
        return self._message("update", symbol, changes, now_ms) if any(changes) else None

    def _message(self, kind, symbol, sides, now_ms):
        bids, asks = (
            [{"price": _raw(price), "qty": _raw(qty)} for price, qty in self._text(side)]
            for side in sides
        )
        return {
            "channel": "book", "type": kind,
            "data": [{
                "symbol": symbol, "bids": bids, "asks": asks, "checksum": self.checksum(),
                "timestamp": forms.stamp(now_ms),
            }],
        }  # fmt: skip

    def checksum(self):
        """Return the checksum of the view."""
        return checksum(self._text(self._bids), self._text(self._asks))

    def _text(self, levels):
        grid = self._market.grid
        return [
            (forms.text(grid.price(price), "price"), forms.text(grid.qty(size), "qty"))
            for price, size in levels.items()
        ]


def _raw(text):
    return orjson.Fragment(text.encode())
