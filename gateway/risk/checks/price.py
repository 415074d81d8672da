"""Whether there is a price to judge an order by, and whether the order is near it.

Rules: without a healthy reference price new risk is refused, with the fault of the feed. What only
makes a position smaller is no new risk and may leave: with a limit price, or with 77=C, which says
that getting out is meant at whatever price; and so may a replace that only takes quantity off. The
collar binds everything whose price can be known, exits too: a slip of a finger closes as badly as
it opens. It looks only at the side on which an order may be executed worse than the market. What
closes one position by another meets no market, and has no price.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.risk.checks.standing import only_shrinks
from gateway.risk.depth import walk
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.feeds import Reference, Unhealthy
from protocol.fields import OrdRejReason, PositionEffect, Side

BPS = 10_000


def may_go_blind(facts: Facts, intent: Intent) -> bool:
    """Whether an order may leave without a price to judge it by: it is no new risk, and says so."""
    message = intent.message
    if intent.closes_by:
        return True
    if message.price is None and message.position_effect is not PositionEffect.CLOSE:
        return only_shrinks(intent)
    return only_shrinks(intent) or intent.reduces(facts)


def fresh_price(facts: Facts, intent: Intent) -> Refusal | None:
    """New risk needs a reference price that can be believed."""
    found = intent.reference(facts)
    if isinstance(found, Reference) or may_go_blind(facts, intent):
        return None
    return Refusal(found.code, found.detail, OrdRejReason.BROKER)


def stop_side(facts: Facts, intent: Intent) -> Refusal | None:
    """A stop waits for the market to come: a buy above the offer, a sell below the bid.

    On the other side it would be triggered at once, which nobody means who sends a stop. A replace
    that leaves the stop price alone passes: the stop may have been triggered already.
    """
    message, existing = intent.message, intent.existing
    stop_px = message.stop_px
    if stop_px is None:
        return None
    if existing is not None and not existing.is_held and existing.stop_px == stop_px:
        return None
    found = intent.reference(facts)
    if isinstance(found, Unhealthy):
        return None  # fresh_price has decided
    bid, offer = found.bid, found.offer
    if found.book is not None:
        bid, offer = found.book.bid or bid, found.book.offer or offer
    if stop_px <= offer if message.side is Side.BUY else stop_px >= bid:
        return refuse(
            "STOP_WRONG_SIDE", OrdRejReason.OTHER, side=message.side.name, stop_px=stop_px,
            bid=bid, offer=offer,
        )  # fmt: skip
    return None


def collar(facts: Facts, intent: Intent) -> Refusal | None:
    """Nothing is bought far above or sold far below the reference price.

    A limit order counts at its price. A market order counts at its worst fill in the known book of
    its venue, and so does a stop: what it would find today is the best that is known of what it
    will find. How far away a stop waits is not looked at; a stop-limit is as near to its stop price
    as another order is to the market.
    """
    limit = intent.binding(facts).least.get("collar_bps")
    if limit is None:
        return None
    found = intent.reference(facts)
    if isinstance(found, Unhealthy) or intent.closes_by:
        return None  # fresh_price has decided, or there is nothing to decide
    message = intent.message
    against, worst = found.price, message.price
    if worst is None:
        taken = walk(found, message.side, intent.qty)
        if taken.qty < intent.qty and not may_go_blind(facts, intent):
            return refuse(
                "THIN_BOOK", OrdRejReason.BROKER, qty=intent.qty, known_qty=taken.qty,
                venue=intent.venue,
            )  # fmt: skip
        worst = taken.worst
    elif message.stop_px is not None:
        against = message.stop_px
    if worst is None:
        return None
    beyond = _beyond(message.side, worst, against)
    if beyond * BPS > limit.value * against:
        return refuse(
            "COLLAR", OrdRejReason.EXCEEDS_LIMIT, price=worst, reference=against,
            beyond=beyond, limit_bps=limit.value, scope=limit.scope,
        )  # fmt: skip
    return None


def _beyond(side: Side, price: Decimal, against: Decimal) -> Decimal:
    """How much worse than another a price is for a side."""
    return price - against if side is Side.BUY else against - price
