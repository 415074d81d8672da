"""No re-entry for a time where a strategy has just been stopped out, or has lost again and again.

The time is state (`State.cooling`, set by a NOTE when the fill came): it outlives a restart.
"""

from __future__ import annotations

from gateway.oms.state import PositionKey
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason
from protocol.timestamps import format_utc


def place_of(key: PositionKey) -> str:
    """Name where a strategy cools down: one symbol at one venue."""
    return f"{key.owner}|{key.venue}|{key.symbol}"


def cooling(facts: Facts, intent: Intent) -> Refusal | None:
    """While a symbol cools down for a strategy, only what reduces its position passes."""
    table = facts.book.state.cooling
    if not table:
        return None
    until_ns = table.get(place_of(intent.key), 0)
    if intent.now_ns >= until_ns or intent.reduces(facts):
        return None
    return refuse(
        "COOLING", OrdRejReason.BROKER, symbol=intent.key.symbol, until=format_utc(until_ns),
        scope=f"strategy:{intent.owner}",
    )  # fmt: skip
