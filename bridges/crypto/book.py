"""One book, kept from a stream of changes; nothing is believed out of sequence.

Rules: a change that spans the last one's end follows it; exchanges number them in three ways (see
`follows`), or not at all, and give a checksum. `last` is None while there is no book: changes are
then kept for a snapshot.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from decimal import Decimal

from bridges.crypto.views import BookNews, BookView
from bridges.market_events import Level

MAX_KEPT = 5_000
"""Changes that are kept for a snapshot; with more it is asked for anew."""


class Side:
    """One side of a book: sizes by price, and the prices in order."""

    def __init__(self) -> None:
        self.sizes: dict[Decimal, Decimal] = {}
        self.prices: list[Decimal] = []

    def put(self, level: Level) -> None:
        """Let a price have this size from now on."""
        price = level.price
        if level.size > 0:
            if price not in self.sizes:
                insort(self.prices, price)
            self.sizes[price] = level.size
        elif price in self.sizes:
            del self.sizes[price]
            del self.prices[bisect_left(self.prices, price)]

    def lowest(self, depth: int) -> tuple[Level, ...]:
        """Return the cheapest levels, the best offer first."""
        return tuple(Level(price, self.sizes[price]) for price in self.prices[:depth])

    def cut(self, worst: list[Decimal]) -> None:
        """Drop some prices."""
        for price in worst:
            del self.sizes[price]
        self.prices = [price for price in self.prices if price in self.sizes]

    def highest(self, depth: int) -> tuple[Level, ...]:
        """Return the dearest levels, the best bid first."""
        found = self.prices[-depth:][::-1]
        return tuple(Level(price, self.sizes[price]) for price in found)


class Book:
    """One symbol."""

    def __init__(self) -> None:
        self.bids, self.asks = Side(), Side()
        self.last: int | None = None
        """The last change that is in it; None while there is no book."""
        self.kept: list[BookNews] = []
        self.gaps = 0
        self.is_asking = False
        self.joined = False
        self.is_chained = False
        """Whether each change names the one before, from a snapshot of the stream on."""

    def reset(self) -> None:
        """Throw it away."""
        self.bids, self.asks = Side(), Side()
        self.last, self.joined, self.is_chained = None, False, False
        self.kept.clear()

    def begin(self, view: BookView) -> bool:
        """Begin with a snapshot and what was kept since; say whether they fit together."""
        kept, self.kept = self.kept, []
        self.bids, self.asks = Side(), Side()
        for side, levels in ((self.bids, view.bids), (self.asks, view.asks)):
            for level in levels:
                side.put(level)
        self.last, self.joined = view.last, False
        return all(self.change(news) for news in kept)

    def change(self, news: BookNews) -> bool:
        """Apply a change; say whether it follows. One that is already in the book does."""
        if news.whole:
            self.kept.clear()
            self.begin(BookView(last=news.last, bids=news.bids, asks=news.asks))
            self.joined, self.is_chained = True, news.previous is not None
            return True
        if self.last is None:
            self.kept.append(news)
            return len(self.kept) <= MAX_KEPT
        if not self.follows(news, self.last):
            return news.last <= self.last and not self.is_chained
        self.joined, self.last = True, news.last
        for side, levels in ((self.bids, news.bids), (self.asks, news.asks)):
            for level in levels:
                side.put(level)
        if news.depth:
            self.bids.cut(self.bids.prices[: -news.depth])
            self.asks.cut(self.asks.prices[news.depth :])
        return True

    def follows(self, news: BookNews, last: int) -> bool:
        """Say whether a change comes right after the last one."""
        if not news.last:
            return True  # not numbered
        if self.is_chained:
            return news.previous == last
        if news.last <= last:
            return False
        if news.previous is None:
            return news.first <= last + 1
        if self.joined:
            return news.previous == last
        return news.first <= last
