"""The same again: an order executed twice by mistake, a program that does not stop.

What counts are orders that were let through. An order that waits for a person's review was counted
when it was accepted, a replacement is no order more: neither is judged here.
"""

from __future__ import annotations

from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason


def duplicate_content(facts: Facts, intent: Intent) -> Refusal | None:
    """The same order in content, and not cancelled since, does not pass twice within a window."""
    bound = intent.binding(facts).least.get("duplicate_window_ms")
    if bound is None or intent.existing is not None:
        return None
    age_ms = facts.activity.sent_alike(intent, bound.value)
    if age_ms is None:
        return None
    return refuse(
        "DUPLICATE_CONTENT", OrdRejReason.DUPLICATE_ORDER, age_ms=age_ms, window_ms=bound.value,
        scope=bound.scope,
    )  # fmt: skip


def runaway(facts: Facts, intent: Intent) -> Refusal | None:
    """So many like orders in a row, whatever their price, and no cancel between: it is halted."""
    least = intent.binding(facts).least
    bound, window = least.get("runaway_orders"), least.get("runaway_window_ms")
    if bound is None or window is None or intent.existing is not None:
        return None
    run = facts.activity.run_of(intent, window.value)
    if run < bound.value:
        return None
    refused = refuse(
        "RUNAWAY", OrdRejReason.BROKER, orders=run + 1, limit=bound.value,
        window_ms=window.value, scope=bound.scope,
    )  # fmt: skip
    return refused._replace(halts=f"strategy:{intent.owner}")
