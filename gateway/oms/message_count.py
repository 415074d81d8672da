"""Counts what strategies ask: each D, F, G and q once, when it was answered, whatever the answer.

The checks ask the tallies (risk/activity.py) before; so the message that takes the last token is
still let through, and the next is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.oms.effects import Effects
from gateway.oms.intake import Desk
from gateway.risk.facts import Facts
from gateway.risk.trading_state import standing
from protocol.messages import (
    Message,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelRequest,
)

Handler = Callable[[str, Any, int], Effects]
RUNAWAY = "RUNAWAY"


def counted(facts: Facts, intake: Desk) -> dict[type[Message], Handler]:
    """Return who takes the requests that are counted."""
    handlers: dict[type[Message], Handler] = {
        NewOrderSingle: intake.new_order,
        OrderCancelRequest: intake.cancel,
        OrderCancelReplaceRequest: intake.replace,
        OrderMassCancelRequest: intake.mass_cancel,
    }
    return {kind: _counting(facts, handler) for kind, handler in handlers.items()}


def _counting(facts: Facts, handler: Handler) -> Handler:
    def handle(owner: str, message: Any, now_ns: int) -> Effects:
        had_orders = bool(facts.book.open_by_owner.get(owner))
        yield from handler(owner, message, now_ns)
        _count(facts, owner, message, now_ns)
        if not isinstance(message, OrderFields):
            _note_cancels(facts, owner, message, had_orders=had_orders)
        elif standing(facts.book, f"strategy:{owner}", RUNAWAY):
            facts.activity.run_ended(owner)

    return handle


def _count(facts: Facts, owner: str, message: Any, now_ns: int) -> None:
    """Take a token for the message, from every scope that it lies in."""
    rules, venue, account, symbol = facts.rules, "", "", message.symbol or ""
    if isinstance(message, OrderMassCancelRequest):
        venue = message.security_exchange or ""
    elif isinstance(message, (OrderCancelRequest, OrderCancelReplaceRequest)):
        order = facts.book.order_of(owner, message.orig_cl_ord_id)
        if order is not None:
            venue, account, symbol = order.venue, order.account, order.symbol
    elif isinstance(message, OrderFields):
        venue, account = message.ex_destination or rules.route(symbol), message.account or ""
    if not account and venue in rules.venues:
        account = rules.venues[venue].account
    passes = not isinstance(message, OrderFields)
    facts.activity.arrived((owner, account, venue, symbol), now_ns, passes=passes)


def _note_cancels(facts: Facts, owner: str, message: Any, *, had_orders: bool) -> None:
    """A strategy that takes back what it has sent is not running away."""
    if isinstance(message, OrderCancelRequest):
        order = facts.book.order_of(owner, message.orig_cl_ord_id)
        if order is not None and (order.cancel is not None or not order.is_open):
            facts.activity.cancelled(owner, order)
    elif isinstance(message, OrderMassCancelRequest) and had_orders:
        facts.activity.cancelled(owner)
