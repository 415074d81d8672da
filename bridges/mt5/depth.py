"""Whether the book of a symbol can be believed, beside the symbol's own tick.

Brokers give symbols a depth (SYMBOL_TICKS_BOOKDEPTH) and fill in no book, or only at times. So a
book is believed only if it has every side that the tick has, and has not stayed as it was while
the tick went on to other prices. Otherwise the tick is the price.
"""

from __future__ import annotations

from bridges.market_events import Level
from bridges.mt5.records import Quote
from protocol.numbers import ZERO

Sides = tuple[tuple[Level, ...], tuple[Level, ...]]
"""Bids and asks, each from the best on."""
PATIENCE_NS = 500_000_000
"""How much later than the tick a book may come."""


class Depth:
    """The book of one symbol, and how long it has been behind the tick."""

    def __init__(self) -> None:
        self._sides: Sides = ((), ())
        self._prices = (ZERO, ZERO)
        self._behind_ns: int | None = None
        """Since when the tick has moved and the book has not."""

    def believes(self, sides: Sides, quote: Quote, now_ns: int) -> bool:
        """Look at book and tick of a moment; say whether the book is to be told."""
        prices = (quote.bid, quote.ask)
        best = tuple(side[0].price if side else ZERO for side in sides)
        if sides != self._sides or best == prices:
            self._behind_ns = None
        elif prices != self._prices and self._behind_ns is None:
            self._behind_ns = now_ns
        self._sides, self._prices = sides, prices
        lacks = any(price and not here for price, here in zip(prices, best, strict=True))
        if lacks or not any(sides):
            return False
        return self._behind_ns is None or now_ns - self._behind_ns < PATIENCE_NS
