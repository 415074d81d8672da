"""No order of ours meets another of ours, whichever strategy's it is.

Rules: what may be met are all open limit orders of the account that rest at the venue or are on
their way there, at the better of their prices while a replace is pending, and until the venue has
confirmed that they are gone: a cancel on its way may come too late. An order that only adds to the
book (post-only) meets nobody, nor does a stop before it is triggered: what it meets then is not
known when it is sent. A market order meets what is not beyond its worst fill in the known book of
its venue; it goes deeper by what of ours is taken out of its way, since the book may show that too.
Where the book is not known, or too thin for it, it meets everything on the other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.oms.rules import REJECT_NEW
from gateway.oms.state import Order
from gateway.risk.depth import walk
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.feeds import Unhealthy
from protocol.fields import OrdRejReason, Side
from protocol.messages import OrderFields

_BUY, _SELL = Side.BUY, Side.SELL


def self_trade(facts: Facts, intent: Intent) -> Refusal | None:
    """Where the account wants it so, an order that would meet one of our own is refused."""
    if facts.rules.venues[intent.venue].self_trade != REJECT_NEW or intent.closes_by:
        return None
    message = intent.message
    other = _SELL if message.side is _BUY else _BUY
    best = facts.book.best_resting(intent.account, intent.venue, message.symbol, other)
    if best is None or not _meets(message, best.price, _reach(facts, intent, intent.qty)):
        return None
    return refuse(
        "SELF_TRADE", OrdRejReason.BROKER, order=best.order.order_id, owner=best.order.owner,
        price=best.price,
    )  # fmt: skip


def would_meet(facts: Facts, intent: Intent) -> Iterator[Order]:
    """Yield our own resting orders that an order would be matched with, best price first."""
    message, qty = intent.message, intent.qty
    other = _SELL if message.side is _BUY else _BUY
    for resting in facts.book.resting(intent.account, intent.venue, message.symbol, other):
        if not _meets(message, resting.price, _reach(facts, intent, qty)):
            return
        qty += facts.book.working_qty(resting.order)
        yield resting.order


def _reach(facts: Facts, intent: Intent, qty: Decimal) -> Decimal | None:
    """Return the worst price at which a quantity may be matched; None when it may be any."""
    message = intent.message
    if message.price is not None:
        return message.price
    found = intent.reference(facts)
    if isinstance(found, Unhealthy):
        return None
    taken = walk(found, message.side, qty)
    return taken.worst if taken.qty >= qty else None


def _meets(message: OrderFields, resting_px: Decimal, reach: Decimal | None) -> bool:
    """Whether an order would be matched at the price of one that rests on the other side."""
    if message.stop_px is not None or message.exec_inst is not None:
        return False
    if reach is None:
        return True
    return resting_px <= reach if message.side is _BUY else resting_px >= reach
