"""Whether there is room at the venue: what would wait too long is refused, not sent late."""

from __future__ import annotations

from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.pacing import Kind, Lane
from protocol.fields import OrdRejReason, PositionEffect


def venue_rate(facts: Facts, intent: Intent) -> Refusal | None:
    """A new order waits for room at most `max_send_wait_ms`, a replace not at all.

    A replace never waits: the order that it would change lives at the venue meanwhile, and its
    owner must know at once which version that is. What waits already has its place. While questions
    starve, nothing that may add risk is let in: they may be about what is at risk already.
    """
    pacer = facts.market.venue(intent.venue).pacer
    if pacer is None:
        return None
    existing = intent.existing
    is_new = existing is None or existing.is_held
    if existing is not None and f"D{existing.order_id}" in pacer:
        return None
    reduces = intent.message.position_effect is PositionEffect.CLOSE
    lane, kind = Lane.REDUCE if reduces else Lane.NEW, Kind.NEW if is_new else Kind.REPLACE
    starved_ms = 0 if reduces else pacer.starved_ms(intent.now_ns)
    if starved_ms:
        return refuse(
            "VENUE_RATE", OrdRejReason.BROKER, venue=intent.venue, questions_wait_ms=starved_ms
        )
    wait_ms = pacer.wait_ms(lane, kind, intent.now_ns)
    limit_ms = pacer.pace.max_send_wait_ms if is_new else 0
    if wait_ms <= limit_ms:
        return None
    return refuse(
        "VENUE_RATE", OrdRejReason.BROKER, venue=intent.venue, wait_ms=wait_ms, limit_ms=limit_ms
    )
