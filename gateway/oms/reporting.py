"""How an order is described to its owner: one ExecutionReport, built from the book.

A report shows the order *after* the event that it reports, and the book only moves when the report
is applied. So whoever reports an event passes what the event changes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.oms.book import Book
from gateway.oms.order_states import OPEN, VenueState, ord_status
from gateway.oms.orders import status_of
from gateway.oms.state import PRICE_PLACES, Order
from protocol.fields import (
    NONE,
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecType,
    OrdRejReason,
    OrdStatus,
    PositionEffect,
    RejectSource,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from protocol.numbers import ZERO, plain
from protocol.timestamps import format_utc


def report(
    book: Book,
    order: Order,
    exec_type: ExecType,
    now_ns: int,
    *,
    state: VenueState | None = None,
    replace: bool | None = None,
    cancel: bool | None = None,
    executed: tuple[Decimal, Decimal] = (ZERO, ZERO),
    **more: Any,
) -> ExecutionReport:
    """Describe an order as it is after an event.

    `state`, `replace` and `cancel` are what the event makes of the two machines, `executed` what it
    adds to the executed quantity and to its cost (less than zero when the venue takes a fill back);
    `more` are fields of the report that override those of the order.
    """
    after = state or order.venue_state
    cum_qty, cost = order.cum_qty + executed[0], order.cost + executed[1]
    order_qty = more.pop("order_qty", order.order_qty)
    asked_replace = order.replace is not None if replace is None else replace
    asked_cancel = order.cancel is not None if cancel is None else cancel
    fields: dict[str, Any] = {
        "cl_ord_id": order.cl_ord_id or None,
        "price": order.price,
        "stop_px": order.stop_px,
        "expire_time": format_utc(order.expires_ns) if order.expires_ns else None,
        "stop_loss_px": order.stop_loss_px,
        "take_profit_px": order.take_profit_px,
        "secondary_order_id": order.venue_order_id,
        "position_id": order.position_id,
    }
    fields.update(more)
    return ExecutionReport(
        order_id=order.order_id,
        exec_id=book.next_exec_id(),
        exec_type=exec_type,
        ord_status=ord_status(after, replace=asked_replace, cancel=asked_cancel),
        symbol=order.symbol,
        side=order.side,
        leaves_qty=max(order_qty - cum_qty, ZERO) if after in OPEN else ZERO,
        cum_qty=cum_qty,
        avg_px=plain(round(cost / cum_qty, PRICE_PLACES)) if cum_qty else ZERO,
        account=order.account,
        security_exchange=order.venue,
        order_qty=order_qty,
        ord_type=order.ord_type,
        time_in_force=order.time_in_force,
        exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE if order.post_only else None,
        position_effect=PositionEffect.CLOSE if order.reduce_only else None,
        currency=order.currency or None,
        transact_time=format_utc(now_ns),
        parent_order_id=order.parent_order_id,
        **fields,
    )


def refusal(
    book: Book,
    message: NewOrderSingle,
    now_ns: int,
    *,
    reason: OrdRejReason,
    text: str,
    venue: str = "",
    account: str = "",
) -> ExecutionReport:
    """Refuse a new order: 150=8 39=8 with 103, 58=`CODE: key=value …` and 5003=G."""
    return ExecutionReport(
        order_id=NONE,
        exec_id=book.next_exec_id(),
        exec_type=ExecType.REJECTED,
        ord_status=OrdStatus.REJECTED,
        symbol=message.symbol,
        side=message.side,
        leaves_qty=ZERO,
        cum_qty=ZERO,
        avg_px=ZERO,
        cl_ord_id=message.cl_ord_id,
        account=account or message.account,
        security_exchange=venue or message.ex_destination,
        order_qty=message.order_qty,
        ord_type=message.ord_type,
        price=message.price,
        stop_px=message.stop_px,
        time_in_force=message.time_in_force,
        transact_time=format_utc(now_ns),
        ord_rej_reason=reason,
        text=text,
        reject_source=RejectSource.GATEWAY,
    )


def cancel_reject(
    request: OrderCancelRequest | OrderCancelReplaceRequest,
    order: Order | None,
    now_ns: int,
    *,
    reason: CxlRejReason,
    text: str,
) -> OrderCancelReject:
    """Refuse a cancel or a replace by the gateway itself; the order is as it was."""
    is_replace = isinstance(request, OrderCancelReplaceRequest)
    return OrderCancelReject(
        order_id=order.order_id if order else NONE,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        ord_status=status_of(order) if order else OrdStatus.REJECTED,
        cxl_rej_response_to=CxlRejResponseTo.REPLACE if is_replace else CxlRejResponseTo.CANCEL,
        cxl_rej_reason=reason,
        account=order.account if order else None,
        transact_time=format_utc(now_ns),
        text=text,
        reject_source=RejectSource.GATEWAY,
        in_doubt=True if order and order.in_doubt else None,
    )


def request_refused(
    order: Order,
    *,
    replace: bool,
    now_ns: int,
    reason: CxlRejReason,
    text: str,
    ended: VenueState | None = None,
) -> OrderCancelReject | None:
    """Answer the owner's pending cancel or replace with a refusal; None when the owner asked none.

    39 shows the order without that request, as it is from now on; `ended` is the state that has
    overtaken every request.
    """
    pending = order.replace if replace else order.cancel
    if pending is None or not pending.cl_ord_id:
        return None
    return OrderCancelReject(
        order_id=order.order_id,
        cl_ord_id=pending.cl_ord_id,
        orig_cl_ord_id=order.cl_ord_id or NONE,
        ord_status=ord_status(
            ended or order.venue_state,
            replace=ended is None and order.replace is not None and not replace,
            cancel=ended is None and order.cancel is not None and replace,
        ),
        cxl_rej_response_to=CxlRejResponseTo.REPLACE if replace else CxlRejResponseTo.CANCEL,
        cxl_rej_reason=reason,
        secondary_order_id=order.venue_order_id,
        account=order.account,
        transact_time=format_utc(now_ns),
        text=text,
        reject_source=RejectSource.VENUE,
        in_doubt=True if order.in_doubt else None,
    )
