"""What a person has configured, as far as decisions need it. Frozen: a new start, new rules."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.feed_rules import FeedRules
from gateway.risk.limits import Limits
from gateway.risk.pacing import Pace

SENSE_MAX = Decimal(10**15)
"""A quantity or price from here on is a slip or a lie; sums of many below it fit the wire."""

REJECT_NEW, CANCEL_RESTING, LET_THROUGH = "reject-new", "cancel-resting", "let-through"
"""What happens to an order that would meet one of our own (`self_trade` of a venue)."""
MAX_RATE_AGE_MS = 72 * 3_600_000
"""A rate may be as old as the last price of Friday is on Monday: currencies rest on weekends."""
KEEP, CANCEL, ASK = "keep", "cancel", "ask"
"""What happens to orders that rest from an earlier run (`resting_orders`)."""


class VenueRules(Struct, frozen=True, kw_only=True):
    """One venue: its account, and how long its silence is patience.

    `base_currency` is that of the account, empty for the house's. `margin_rate` is the part of the
    notional that the venue blocks for an instrument of which it does not tell: 1 is cash.
    """

    venue: str
    account: str
    symbols: frozenset[str] = frozenset()
    day_ends: str = "17:00 America/New_York"
    emulate_expiry: bool = False
    answer_ms: int = 5_000
    quote_stale_ms: int = 10_000
    base_currency: str = ""
    margin_rate: Decimal = Decimal(1)
    check_funds: bool = True
    self_trade: str = REJECT_NEW
    pace: Pace = Pace()


class StrategyRules(Struct, frozen=True, kw_only=True):
    """One strategy: where, what and how it may trade; an empty set permits everything."""

    strategy: str
    venues: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    ord_types: frozenset[str] = frozenset()


class Rules(Struct, frozen=True, kw_only=True):
    """Everything a decision may depend on beside state, market, message and time.

    `limits` by scope; every strategy has an entry; `origins` says where each key of them stands,
    by scope, for people. `ceilings` are what no person loosens beyond
    alone, `people` who may agree to it (name to token). `pegs` are rates that a person vouches for,
    as in `{"USDT/USD": 1}`; a quoted one ends after `max_rate_age_ms`. `day_ends` is when the day
    of the loss limits ends.
    """

    instance: int
    venues: dict[str, VenueRules]
    strategies: dict[str, StrategyRules]
    limits: dict[str, Limits] = field(default_factory=dict)
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    ceilings: Limits = Limits()
    people: dict[str, bytes] = field(default_factory=dict)
    loosened_max_ms: int = 3_600_000
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    pegs: dict[str, Decimal] = field(default_factory=dict)
    max_rate_age_ms: int = MAX_RATE_AGE_MS
    feeds: FeedRules = FeedRules()
    breakers: BreakerRules = BreakerRules()
    currency: str = "USD"
    day_ends: str = "17:00 America/New_York"
    resting_orders: str = KEEP
    cancel_on_stop: bool = False
    routes: dict[str, str] = field(default_factory=dict)
    default_venue: str = ""
    keep_ended_ms: int = 7 * 86_400_000

    def route(self, symbol: str) -> str:
        """Return the venue of an order that names none, empty when no rule has one."""
        return self.routes.get(symbol, self.default_venue)
