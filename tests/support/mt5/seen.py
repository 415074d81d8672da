"""What a terminal has seen of a market: the ticks that have arrived, the book that was last told.

The ticks themselves are the server's. A terminal that was away gets those that it missed with the
next synchronisation, as CopyTicks downloads them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque

from support.mt5.constants import BookType
from support.mt5.market import Market


class Seen(Market):
    """One symbol in one terminal."""

    def __init__(self, source):
        super().__init__(source.rules)
        self.source = source
        self.count = 0
        self.first = 0
        """The first tick that CopyTicks finds: above 0 while the older ones are being fetched."""
        self.selected = True
        self.subscriptions = 0
        """How often MarketBookAdd was called more than MarketBookRelease."""
        self.refuses_book = False
        """Whether MarketBookAdd fails in spite of the symbol's depth."""
        self.shown_book = None
        """What the broker fills into the book, as (bids, asks); None is the market as it is."""
        self.stalls = deque()
        """How long each of the next CopyTicks takes, in ms: the base of ticks is being fetched."""

    @property
    def tick(self):
        """The last tick that has arrived, or None."""
        return self.source.ticks[self.count - 1] if self.count else None

    @property
    def has_book(self):
        """Whether MarketBookAdd succeeds."""
        return bool(self.rules.book_depth) and not self.refuses_book

    def rows(self):
        """Return the book as (type, level), from the highest price to the lowest, sells first."""
        bids, asks = (self.bids, self.asks) if self.shown_book is None else self.shown_book
        depth = self.rules.book_depth
        return [
            *((BookType.SELL, level) for level in reversed(asks[:depth])),
            *((BookType.BUY, level) for level in bids[:depth]),
        ]

    def between(self, from_msc, to_msc):
        """Return the ticks of a span of server time that have arrived, both ends included."""
        times, first = self.source.times, min(self.first, self.count)
        if self.source.was_put_back:
            arrived = self.source.ticks[first : self.count]
            return [tick for tick in arrived if from_msc <= tick.time_msc <= to_msc]
        low = bisect_left(times, from_msc, first, self.count)
        return self.source.ticks[low : bisect_right(times, to_msc, low, self.count)]

    def see(self, count, bids, asks):
        """Take what the server has told."""
        self.rules = self.source.rules
        self.count = max(self.count, count)
        self.fill_sides(bids, asks)

    def snapshot(self):
        """Return what the server would tell now."""
        return len(self.source.ticks), list(self.source.bids), list(self.source.asks)
