"""The brakes as a config: all of them off, or all of them on and so wide that nothing is stopped.

Off, so that something else can be measured or tested; on, so that what they cost can be. On means:
every limit in every scope (strategy, account, venue, symbol, group, all), every breaker, the funds
of the account, self-trade. Of some keys the smaller value is the wider one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import fields

from gateway.config_limits import NEVER_FALSE
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.limits import FLAGS, INTEGERS, KEYS, LARGER_IS_TIGHTER, Limits

MILLION = 1_000_000
WIDE: dict[str, int] = {
    "max_stop_loss_bps": 9_999, "collar_bps": 9_999, "duplicate_window_ms": 20,
    "runaway_orders": 5_000, "runaway_window_ms": 500, "cooling_ms": 1,
    "max_order_age_ms": 600_000, "max_funds_age_ms": 86_400_000, "min_edge_bps": 1,
    "review_expires_ms": 600_000,
}  # fmt: skip
"""What a wide limit is, where it is not a billion."""
WIDE_LEVELS: dict[str, str] = {
    "level_ms": "3_600_000", "worst_ms": "3_600_000", "share": "0.99", "mean_bps": "99_999",
    "worst_bps": "99_999", "multiple": "99_999", "max_losses": "999", "down_ms": "86_400_000",
    "after_ms": "86_400_000", "ratio": "999_999",
}  # fmt: skip
"""A level that nothing reaches, for each key of a breaker that is one."""


def brakes_off() -> str:
    """Write the tables of a config in which no limit binds and no breaker trips."""
    off = [f"{key} = false" for key in KEYS if key not in NEVER_FALSE]
    lines = ["[limits.default]", *off, ""]
    for name in breaker_names():
        lines += [f"[breakers.{name}]", "on = false", ""]
    return "\n".join(lines)


def brakes_on(symbol: str) -> str:
    """Write the tables of a config in which every limit of every scope is set and wide.

    The venue's own keys are in VENUE_ON: they belong into its table.
    """
    lines = ["[risk]", 'limits = "default"', "", "[limits.default]"]
    lines += [f"{key} = {_literal(value)}" for key, value in wide_limits().items()]
    lines += ["", f'[symbol."{symbol}"]', 'limits = "default"', ""]
    lines += ["[group.bench]", f'symbols = ["{symbol}"]', 'limits = "default"', ""]
    defaults = BreakerRules()
    for name in breaker_names():
        lines += [f"[breakers.{name}]", "on = true"]
        known = {field.name for field in fields(getattr(defaults, name))}
        lines += [f"{key} = {level}" for key, level in WIDE_LEVELS.items() if key in known]
        lines.append("")
    return "\n".join(lines)


VENUE_OFF = 'check_funds = false\nself_trade = "let-through"'
VENUE_ON = """limits = "default"
account_limits = "default"
check_funds = true
self_trade = "reject-new"
balances = { USD = 1_000_000_000_000 }"""


def wide_limits() -> dict[str, Any]:
    """Return a wide value for every key; a stop and an edge are not asked of everybody."""
    wide: dict[str, Any] = {}
    for key in KEYS:
        number = WIDE.get(key, 1_000 * MILLION)
        wide[key] = False if key in FLAGS else number if key in INTEGERS else Decimal(number)
    assert set(WIDE) >= LARGER_IS_TIGHTER - FLAGS
    return wide


def wide() -> Limits:
    """Return the wide limits of one scope."""
    return Limits(**wide_limits())


def breaker_names() -> list[str]:
    """List the breakers that a config may turn off."""
    every = {field.name: getattr(BreakerRules(), field.name) for field in fields(BreakerRules)}
    return [name for name, breaker in every.items() if hasattr(breaker, "on")]


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
