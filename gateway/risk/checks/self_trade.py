"""No order of ours meets another of ours, whichever strategy's it is.

Rules: what may be met are all open limit orders of the account that rest at the venue or are on
their way there, at the better of their prices while a replace is pending, and until the venue has
confirmed that they are gone: a cancel on its way may come too late. An order that only adds to the
book (post-only) meets nobody, nor does a stop before it is triggered: what it meets then is not
known when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.oms.rules import REJECT_NEW
from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason, Side


def self_trade(facts: Facts, intent: Intent) -> Refusal | None:
    """Where the account wants it so, an order that would meet one of our own is refused."""
    if facts.rules.venues[intent.venue].self_trade != REJECT_NEW:
        return None
    for order in would_meet(facts, intent):
        return refuse(
            "SELF_TRADE", OrdRejReason.BROKER, order=order.order_id, owner=order.owner,
            price=order.price,
        )  # fmt: skip
    return None


def would_meet(facts: Facts, intent: Intent) -> Iterator[Order]:
    """Yield our own resting orders that an order would be matched with, best price first."""
    message = intent.message
    side, price = message.side, message.price
    if message.stop_px is not None or message.exec_inst is not None:
        return
    for resting in facts.book.resting(
        intent.account, intent.venue, message.symbol, side.opposite
    ):
        if price is not None and (
            resting.price > price if side is Side.BUY else resting.price < price
        ):
            return
        if resting.order is not intent.existing:
            yield resting.order
