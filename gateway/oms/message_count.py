"""Counts what strategies ask: each D, F, G, q and AL once, when it was answered in any way.

The checks ask the tallies (risk/activity.py) before; so the message that takes the last token is
still let through, and the next is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.oms.effects import Effects, To
from gateway.oms.intake import Desk
from gateway.oms.protect import ALL_ACCOUNTS, ProtectionDesk
from gateway.risk.facts import Facts
from gateway.risk.trading_state import standing
from protocol.fields import ExecType
from protocol.messages import (
    ExecutionReport,
    Message,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelRequest,
    PositionMaintenanceRequest,
)

Handler = Callable[[str, Any, int], Effects]
RUNAWAY = "RUNAWAY"
_WITHDRAWN = frozenset((ExecType.PENDING_CANCEL, ExecType.CANCELED))
"""What an owner is told when an order of his is taken back."""


def counted(
    facts: Facts, intake: Desk, protection: ProtectionDesk
) -> dict[type[Message], Handler]:
    """Return who takes the requests that are counted."""
    handlers: dict[type[Message], Handler] = {
        NewOrderSingle: intake.new_order,
        OrderCancelRequest: intake.cancel,
        OrderCancelReplaceRequest: intake.replace,
        OrderMassCancelRequest: intake.mass_cancel,
        PositionMaintenanceRequest: protection.request,
    }
    return {kind: _counting(facts, handler) for kind, handler in handlers.items()}


def _counting(facts: Facts, handler: Handler) -> Handler:
    def handle(owner: str, message: Any, now_ns: int) -> Effects:
        withdrawn = False
        for effect in handler(owner, message, now_ns):
            yield effect
            told = effect.message if isinstance(effect, To) else None
            withdrawn |= isinstance(told, ExecutionReport) and told.exec_type in _WITHDRAWN
        _count(facts, owner, message, now_ns)
        if withdrawn and isinstance(message, OrderMassCancelRequest):
            facts.activity.cancelled(owner)
        elif withdrawn and isinstance(message, OrderCancelRequest):
            facts.activity.cancelled(owner, facts.book.order_of(owner, message.orig_cl_ord_id))
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
    elif isinstance(message, PositionMaintenanceRequest):
        venue = message.security_exchange or rules.route(symbol)
        account = "" if message.account == ALL_ACCOUNTS else message.account
    if not account and venue in rules.venues:
        account = rules.venues[venue].account
    passes = not isinstance(message, (OrderFields, PositionMaintenanceRequest))
    facts.activity.arrived((owner, account, venue, symbol), now_ns, passes=passes)
