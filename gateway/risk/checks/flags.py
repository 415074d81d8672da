"""Promises of an order that are held to before it leaves: reduce-only, post-only."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.feeds import Unhealthy
from protocol.fields import OrdRejReason, PositionEffect, Side
from protocol.numbers import ZERO


def reduce_only(facts: Facts, intent: Intent) -> Refusal | None:
    """77=C never increases or flips the strategy's own position, resting ones counted too.

    So are orders that name the position which they close. All count with what they may execute at
    most: a replace on its way may have come through.
    """
    if intent.message.position_effect is not PositionEffect.CLOSE:
        return None
    side, book = intent.message.side, facts.book
    held = book.position(intent.key)
    position = held.qty if held else ZERO
    resting = list(_closing(facts, intent))
    taken = sum((book.working_qty(order) for order in resting), ZERO)
    room = max(-position * side.sign - taken, ZERO)
    if intent.qty > room:
        return refuse(
            "REDUCE_ONLY", OrdRejReason.BROKER, qty=intent.qty, reducible=room,
            position=position, resting=len(resting),
        )  # fmt: skip
    return None


def _closing(facts: Facts, intent: Intent) -> Iterator[Order]:
    """Yield the other open orders that close the position on the same side.

    Not those that are in doubt and do nothing (oms/lingering.py).
    """
    view = facts.market.venue(intent.venue)
    where = (*intent.key[1:], intent.message.side)
    for order in facts.book.open_orders(owner=intent.owner, venue=intent.venue):
        closes = order.reduce_only or order.position_id is not None
        same = where == (order.account, order.venue, order.symbol, order.side)
        if closes and same and order is not intent.existing and not view.is_quiet(order):
            yield order


def post_only(facts: Facts, intent: Intent) -> Refusal | None:
    """An order that shall only add to the book does not cross it, where the book is known.

    Where it is not, the venue decides. A stop-limit order enters the book of another moment.
    """
    message = intent.message
    price = message.price
    if message.exec_inst is None or price is None or message.stop_px is not None:
        return None
    found = intent.reference(facts)
    if isinstance(found, Unhealthy) or found.book is None:
        return None
    buys = message.side is Side.BUY
    best = found.book.offer if buys else found.book.bid
    if best is None or (price < best if buys else price > best):
        return None
    name = "offer" if buys else "bid"
    return refuse("POST_ONLY_WOULD_CROSS", OrdRejReason.BROKER, price=price, **{name: best})
