"""What may stand in `[breakers]`, beyond the types of its keys.

The keys and their defaults are in gateway/risk/breaker_rules.py: one place for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import fields

from gateway.config_reading import nearest
from gateway.errors import ConfigError
from gateway.risk.breaker_rules import (
    Breaker,
    BreakerRules,
    Index,
    Latency,
    Multiple,
    Rejects,
    Slippage,
)
from gateway.risk.trading_state import UnknownScope, parse_scope
from protocol.fields import TradingState


class Breakers(BreakerRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[breakers]`: one table for each breaker, `[[breakers.index]]` for each watched price."""


def check_breakers(breakers: Breakers, venues: Iterable[str]) -> None:
    """Check every table. Raises ConfigError that names the key."""
    for field in fields(breakers):
        breaker = getattr(breakers, field.name)
        if isinstance(breaker, Breaker):
            _check(f"breakers.{field.name}", breaker)
    if breakers.cancel_ratio.ratio < 1:
        msg = f"breakers.cancel_ratio.ratio: received {breakers.cancel_ratio.ratio}, expected >= 1"
        raise ConfigError(msg)
    known = list(venues)
    seen: set[tuple[str, str]] = set()
    for index in breakers.index:
        where = f"breakers.index {index.name or index.symbol}"
        _check(where, index)
        _check_index(where, index, known)
        if (index.scope, index.cause) in seen:
            msg = f"{where}: there are two of this name on {index.scope}; give each its own `name`"
            raise ConfigError(msg)
        seen.add((index.scope, index.cause))


def _check(where: str, breaker: Breaker) -> None:
    if breaker.state is TradingState.ACTIVE:
        msg = f"{where}.state: received ACTIVE, expected REDUCING or HALTED; `on = false` ends it"
        raise ConfigError(msg)
    if isinstance(breaker, (Latency, Rejects)) and not 0 <= breaker.share < 1:
        msg = f"{where}.share: received {breaker.share}, expected a part of 1, as in 0.5"
        raise ConfigError(msg)
    if isinstance(breaker, Multiple) and breaker.min_history > breaker.history:
        msg = (
            f"{where}.min_history: received {breaker.min_history}, but only"
            f" history={breaker.history} figures are kept; expected at most that many"
        )
        raise ConfigError(msg)
    for key in ("multiple", "floor_bps", "mean_bps", "worst_bps", "above"):
        value = getattr(breaker, key, None)
        if isinstance(value, Decimal) and value <= 0:
            msg = f"{where}.{key}: received {value}, expected a number above 0"
            raise ConfigError(msg)
    if isinstance(breaker, Slippage) and breaker.worst_bps < breaker.mean_bps:
        msg = (
            f"{where}.worst_bps: received {breaker.worst_bps}, expected no less than"
            f" mean_bps={breaker.mean_bps}"
        )
        raise ConfigError(msg)


def _check_index(where: str, index: Index, venues: list[str]) -> None:
    if index.venue not in venues:
        msg = f"{where}: venue: nothing is called {index.venue!r}; {nearest(index.venue, venues)}"
        raise ConfigError(msg)
    try:
        terms = parse_scope(index.scope)
    except UnknownScope as problem:
        msg = f"{where}: scope: {problem}"
        raise ConfigError(msg) from None
    if index.scope != " ".join(sorted(terms)):
        msg = f"{where}: scope: received {index.scope!r}, expected {' '.join(sorted(terms))!r}"
        raise ConfigError(msg)
