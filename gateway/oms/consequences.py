"""What follows from every report, whoever caused it: copies for operators, smaller reduce-only.

Rules: each report to an owner is copied (797=Y) to every operator that is connected. After each
fill, bust or replace, resting reduce-only orders that the position no longer covers are withdrawn,
oldest kept first; each counts with what it may execute at most, a replace on its way included: a
reduce-only order never increases a position and never flips one. The guard hears each report, and
what it trips follows in the same turn.
"""

from __future__ import annotations

from msgspec.structs import replace

from gateway.oms.book import Book
from gateway.oms.effects import Effects, To
from gateway.oms.guard import Guard
from gateway.oms.intake import Desk as Intake
from gateway.oms.state import PositionKey
from protocol.fields import ExecType, Side
from protocol.messages import ExecutionReport, NewOrderSingle
from protocol.numbers import ZERO

UNCOVERED = "REDUCE_ONLY: the position no longer covers the order"
_MOVES = frozenset((
    ExecType.TRADE, ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT, ExecType.REPLACED,
))  # fmt: skip
"""What may leave a reduce-only order larger than what it closes."""


def with_consequences(
    effects: Effects, book: Book, intake: Intake, guard: Guard, now_ns: int
) -> Effects:
    """Yield the effects, each followed by what it entails."""
    for effect in effects:
        yield effect
        if not isinstance(effect, To):
            continue
        if isinstance(effect.message, NewOrderSingle):
            guard.watch.sent(effect.message.cl_ord_id, now_ns)  # a D has the OrderID itself
        if not isinstance(effect.message, ExecutionReport):
            continue
        owner, told = effect.session, effect.message
        if owner in book.operators:
            continue
        for operator in list(book.operators):
            copy = replace(told, copy_msg_indicator=True, on_behalf_of_comp_id=owner)
            yield To(operator, copy)
        yield from guard.after(effect, now_ns)
        if told.exec_type in _MOVES:
            trimmed = _withdraw_uncovered(book, intake, owner, told, now_ns)
            yield from with_consequences(trimmed, book, intake, guard, now_ns)


def _withdraw_uncovered(
    book: Book, intake: Intake, owner: str, told: ExecutionReport, now_ns: int
) -> Effects:
    account, venue = told.account or "", told.security_exchange or ""
    position = book.position(PositionKey(owner, account, venue, told.symbol))
    qty = position.qty if position else ZERO
    for side in Side:
        covered = max(-qty * side.sign, ZERO)
        for order_id in list(book.closing.get((owner, account, venue, told.symbol, side), ())):
            order = book.state.orders[order_id]
            at_stake = book.working_qty(order)
            if at_stake <= covered:
                covered -= at_stake
            else:
                yield from intake.withdraw(order, now_ns, text=UNCOVERED)
