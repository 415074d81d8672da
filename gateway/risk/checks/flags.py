"""Promises of an order that are held to before it leaves: reduce-only, post-only."""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.feeds import Unhealthy
from protocol.fields import OrdRejReason, PositionEffect, Side
from protocol.numbers import ZERO


def reduce_only(facts: Facts, intent: Intent) -> Refusal | None:
    """77=C never increases or flips the strategy's own position, resting ones counted too."""
    if intent.message.position_effect is not PositionEffect.CLOSE:
        return None
    room = reducible_qty(facts.book, intent)
    if intent.qty > room:
        held = facts.book.position(intent.key)
        return refuse(
            "REDUCE_ONLY", OrdRejReason.BROKER, qty=intent.qty, reducible=room,
            position=held.qty if held else ZERO,
            resting=len(facts.book.closing.get((*intent.key, intent.message.side), ())),
        )  # fmt: skip
    return None


def reducible_qty(book: Book, intent: Intent) -> Decimal:
    """How much of the position this side may still close, other reduce-only orders counted.

    These count with what they may execute at most: a replace on its way may have come through.
    """
    side = intent.message.side
    held = book.position(intent.key)
    position = held.qty if held else ZERO
    closable = -position if side is Side.BUY else position
    for order_id in book.closing.get((*intent.key, side), ()):
        order = book.state.orders[order_id]
        if order is not intent.existing:
            closable -= book.working_qty(order)
    return max(closable, ZERO)


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
