"""What may stand in `[breakers]`, beyond the types of its keys.

The keys and their defaults are those of gateway/risk/breaker_rules.py: one place for both.
"""

from __future__ import annotations

from gateway.risk.breaker_rules import Rules


class Breakers(Rules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[breakers]`: one table for each breaker, `[[breakers.index]]` for each watched price."""
