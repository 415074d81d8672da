"""Promises of an order that are held to before it leaves: reduce-only, post-only."""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason, PositionEffect, Side
from protocol.numbers import ZERO


def reduce_only(facts: Facts, intent: Intent) -> Refusal | None:
    """77=C never increases or flips the strategy's own position, resting ones counted too."""
    if intent.message.position_effect is not PositionEffect.CLOSE:
        return None
    room = reducible_qty(facts.book, intent)
    if intent.message.order_qty - (intent.existing.cum_qty if intent.existing else ZERO) > room:
        return refuse(
            "REDUCE_ONLY", OrdRejReason.BROKER, qty=intent.message.order_qty, reducible=room
        )
    return None


def reducible_qty(book: Book, intent: Intent) -> Decimal:
    """How much of the strategy's position this side may still close."""
    side = intent.message.side
    held = book.state.positions.get(intent.owner, {}).get(
        f"{intent.account}|{intent.venue}|{intent.message.symbol}"
    )
    position = held.qty if held else ZERO
    closable = -position if side is Side.BUY else position
    key = (intent.owner, intent.account, intent.venue, intent.message.symbol, side)
    for order_id in book.closing.get(key, ()):
        order = book.state.orders[order_id]
        if order is not intent.existing:
            closable -= order.leaves_qty
    return max(closable, ZERO)
