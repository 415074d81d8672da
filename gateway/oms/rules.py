"""What a person has configured, as far as decisions need it. Frozen: a new start, new rules."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

SENSE_MAX = Decimal(10**15)
"""A quantity or price from here on is a slip or a lie; sums of many below it fit the wire."""


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of one strategy. Quantities in units of the underlying, notional in quote currency."""

    max_order_qty: Decimal
    max_order_notional: Decimal
    max_open_orders: int
    max_order_age_ms: int


class VenueRules(Struct, frozen=True, kw_only=True):
    """One venue: its account, and how long its silence is patience."""

    venue: str
    account: str
    symbols: frozenset[str] = frozenset()
    day_ends: str = "17:00 America/New_York"
    emulate_expiry: bool = False
    answer_ms: int = 5_000
    quote_stale_ms: int = 10_000


class StrategyRules(Struct, frozen=True, kw_only=True):
    """One strategy: where it may trade (empty: everywhere), within which limits."""

    strategy: str
    limits: Limits
    venues: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


class Rules(Struct, frozen=True, kw_only=True):
    """Everything a decision may depend on beside state, market, message and time."""

    instance: int
    venues: dict[str, VenueRules]
    strategies: dict[str, StrategyRules]
    routes: dict[str, str] = field(default_factory=dict)
    default_venue: str = ""
    keep_ended_ms: int = 7 * 86_400_000

    def route(self, symbol: str) -> str:
        """Return the venue of an order that names none, empty when no rule has one."""
        return self.routes.get(symbol, self.default_venue)
