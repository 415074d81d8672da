"""No order of ours meets another of ours, whichever strategy's it is.

Rules: what may be met are all open limit orders of the account that rest at the venue or are on
their way there, at the better of their prices while a replace is pending, and until the venue has
confirmed that they are gone: a cancel on its way may come too late. An order that only adds to the
book (post-only) meets nobody, nor does a stop before it is triggered: what it meets then is not
known when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.oms.rules import REJECT_NEW
from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason, Side
from protocol.messages import OrderFields

_BUY, _SELL = Side.BUY, Side.SELL


def self_trade(facts: Facts, intent: Intent) -> Refusal | None:
    """Where the account wants it so, an order that would meet one of our own is refused."""
    if facts.rules.venues[intent.venue].self_trade != REJECT_NEW:
        return None
    message = intent.message
    other = _SELL if message.side is _BUY else _BUY
    best = facts.book.best_resting(intent.account, intent.venue, message.symbol, other)
    if best is None or not _meets(message, best.price):
        return None
    return refuse(
        "SELF_TRADE", OrdRejReason.BROKER, order=best.order.order_id, owner=best.order.owner,
        price=best.price,
    )  # fmt: skip


def would_meet(facts: Facts, intent: Intent) -> Iterator[Order]:
    """Yield our own resting orders that an order would be matched with, best price first."""
    message = intent.message
    other = _SELL if message.side is _BUY else _BUY
    for resting in facts.book.resting(intent.account, intent.venue, message.symbol, other):
        if not _meets(message, resting.price):
            return
        yield resting.order


def _meets(message: OrderFields, resting_px: Decimal) -> bool:
    """Whether an order would be matched at the price of one that rests on the other side."""
    if message.stop_px is not None or message.exec_inst is not None:
        return False
    price = message.price
    if price is None:
        return True
    return resting_px <= price if message.side is _BUY else resting_px >= price
