"""When a feed is believed, as configured: thresholds, and which venues give a symbol's price."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Thresholds(Struct, frozen=True, kw_only=True):
    """What makes a feed of a symbol unhealthy. At a threshold it is healthy still.

    `max_age_ms` without any quote; `frozen_ms` with quotes that only repeat; `jump_bps` of the
    middle from the last one that was believed; `max_spread_bps` from bid to offer, in basis points
    of the middle. `recover_ms` without a fault make it healthy again.
    """

    max_age_ms: int = 10_000
    frozen_ms: int = 60_000
    jump_bps: Decimal = Decimal(100)
    max_spread_bps: Decimal = Decimal(500)
    recover_ms: int = 3_000


class FeedRules(Struct, frozen=True, kw_only=True):
    """Which venues give the reference price of a symbol, in which order, and when.

    A symbol that `feeds` does not name has its price from the venue of the order. `symbols` holds
    the thresholds of a symbol that differ; `quote_stale_ms` bounds the age of a venue's quotes.
    """

    defaults: Thresholds = Thresholds()
    symbols: dict[str, Thresholds] = {}
    feeds: dict[str, tuple[str, ...]] = {}
    quote_stale_ms: dict[str, int] = {}

    def thresholds(self, symbol: str) -> Thresholds:
        """Return the thresholds of a symbol."""
        return self.symbols.get(symbol, self.defaults)

    def max_age_ms(self, venue: str, symbol: str) -> int:
        """Return how old a quote may be: the tighter of the symbol's and the venue's limit."""
        limit_ms = self.thresholds(symbol).max_age_ms
        return min(limit_ms, self.quote_stale_ms.get(venue, limit_ms))

    def feeds_of(self, symbol: str, venue: str) -> tuple[str, ...]:
        """Return the venues whose price counts for an order at `venue`, best first."""
        return self.feeds.get(symbol) or (venue,)
