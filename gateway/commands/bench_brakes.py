"""The brakes as a config: all of them off, so that something else can be measured or tested."""

from __future__ import annotations

from gateway.risk.breaker_rules import Breaker, BreakerRules
from gateway.risk.limits import KEYS


def brakes_off() -> str:
    """Write the tables of a config in which no limit binds and no breaker trips."""
    limits = [f"{key} = false" for key in KEYS]
    breakers = BreakerRules()
    named = [
        name for name in BreakerRules.__struct_fields__
        if isinstance(getattr(breakers, name), Breaker) or hasattr(getattr(breakers, name), "on")
    ]  # fmt: skip
    lines = ["[limits.default]", *limits, ""]
    for name in named:
        lines += [f"[breakers.{name}]", "on = false", ""]
    return "\n".join(lines)
