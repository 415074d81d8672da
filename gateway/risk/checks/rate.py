"""How many messages a scope may send: one token for each D, F, G and q, refilled evenly.

New orders and replacements without a token are refused. Cancels never are, but take a token while
there is one: who floods with cancels has none left for orders.
"""

from __future__ import annotations

from gateway.risk.activity import RATE
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason


def message_rate(facts: Facts, intent: Intent) -> Refusal | None:
    """A strategy, account, venue, … sends only so many messages in a second."""
    for bound in intent.binding(facts).each.get(RATE, ()):
        if not facts.activity.has_room(bound, intent.now_ns):
            burst = facts.limits.of(bound.scope).message_burst or bound.value
            return refuse(
                "RATE", OrdRejReason.EXCEEDS_LIMIT, per_s=bound.value, burst=burst,
                scope=bound.scope,
            )  # fmt: skip
    return None
