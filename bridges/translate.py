"""Port values to FIX messages and back. Pure: no state, no clock.

Conventions of the bridge wire (PROTOCOL.md, "Bridges"):

- 11 is the id that names the order at the venue now, 41 the one before it. On the outcome of a
  cancel 11 is the cancel's own id and 41 the order's.
- An order that the venue does not know has 37=NONE, 39=8 and 103=5, and 58 says how that is known:
  NEVER_SENT (our log never held the id, and now never will) or UNKNOWN_AT_VENUE (it was asked).
- 5008=Y stands only on what was read completely while the venue was connected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from bridges.port import (
    Accepted,
    Busted,
    Canceled,
    CancelRefused,
    CancelRequest,
    Expired,
    Filled,
    OrderEvent,
    OrderRequest,
    Rejected,
    Replaced,
    Restated,
    Triggered,
    VenueOrder,
)
from protocol.fields import (
    NONE,
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    PositionEffect,
    RejectSource,
    Side,
    TimeInForce,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
)
from protocol.numbers import ZERO, plain
from protocol.timestamps import format_utc, parse_utc

NEVER_SENT = "NEVER_SENT"
UNKNOWN_AT_VENUE = "UNKNOWN_AT_VENUE"
NOT_READ = "NOT_READ: the venue is not connected"
TOMBSTONED = "TOMBSTONED: this id was declared never sent, so it never will be"

def order_request(message: NewOrderSingle | OrderCancelReplaceRequest) -> OrderRequest:
    """Read a D or G."""
    origin = message.orig_cl_ord_id if isinstance(message, OrderCancelReplaceRequest) else ""
    return OrderRequest(
        cl_ord_id=message.cl_ord_id,
        orig_cl_ord_id=origin,
        symbol=message.symbol,
        side=message.side,
        order_qty=message.order_qty,
        ord_type=message.ord_type,
        time_in_force=message.time_in_force or TimeInForce.DAY,
        price=message.price,
        stop_px=message.stop_px,
        expire_ns=parse_utc(message.expire_time) if message.expire_time else None,
        post_only=message.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE,
        reduce_only=message.position_effect is PositionEffect.CLOSE,
        stop_loss_px=message.stop_loss_px,
        take_profit_px=message.take_profit_px,
        position_id=message.position_id or "",
        account=message.account or "",
        strategy=message.on_behalf_of_comp_id or "",
    )


def cancel_request(message: OrderCancelRequest) -> CancelRequest:
    """Read an F."""
    return CancelRequest(
        cl_ord_id=message.cl_ord_id,
        orig_cl_ord_id=message.orig_cl_ord_id,
        symbol=message.symbol,
        side=message.side,
        order_id=message.order_id or "",
    )


def report(order: VenueOrder, exec_type: ExecType, exec_id: str) -> ExecutionReport:
    """Say the state of an order."""
    return ExecutionReport(
        order_id=order.order_id,
        exec_id=exec_id,
        exec_type=exec_type,
        ord_status=order.status,
        symbol=order.symbol,
        side=order.side,
        leaves_qty=order.leaves_qty,
        cum_qty=order.cum_qty,
        avg_px=plain(round(order.avg_px, 12)),
        cl_ord_id=order.cl_ord_id or None,
        orig_cl_ord_id=order.orig_cl_ord_id or None,
        account=order.account or None,
        order_qty=order.order_qty,
        ord_type=order.ord_type,
        price=order.price,
        stop_px=order.stop_px,
        time_in_force=order.time_in_force,
        expire_time=format_utc(order.expire_ns) if order.expire_ns else None,
        exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE if order.post_only else None,
        position_effect=PositionEffect.CLOSE if order.reduce_only else None,
        stop_loss_px=order.stop_loss_px,
        take_profit_px=order.take_profit_px,
        position_id=order.position_id or None,
        parent_order_id=order.parent_id or None,
        origin=order.origin or None,
        transact_time=format_utc(order.transact_ns),
    )


def fill_report(event: Filled | Busted, exec_id: str) -> ExecutionReport:
    """Say one fill, or that the venue took one back."""
    order, fill = event.order, event.fill
    exec_type = ExecType.TRADE if isinstance(event, Filled) else ExecType.TRADE_CANCEL
    return replace(
        report(order, exec_type, exec_id),
        secondary_exec_id=fill.trade_id,
        position_id=fill.position_id or order.position_id or None,
        origin=fill.origin or order.origin or None,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
        commission=fill.commission,
        comm_type="3",
        comm_currency=fill.comm_currency,
        last_liquidity_ind=fill.liquidity,
        transact_time=format_utc(fill.transact_ns),
    )


def reject_report(event: Rejected, exec_id: str) -> ExecutionReport:
    """Say that the venue refused an order."""
    return replace(
        report(event.order, ExecType.REJECTED, exec_id),
        ord_rej_reason=event.reason,
        reject_source=RejectSource.VENUE,
        text=event.text or None,
    )


def cancel_report(event: Canceled, exec_id: str) -> ExecutionReport:
    """Say that an order is off the venue, asked (11 is the cancel's id) or unasked."""
    names: dict[str, str] = {}
    if event.request_id:
        names = {"cl_ord_id": event.request_id, "orig_cl_ord_id": event.order.cl_ord_id}
    return replace(
        report(event.order, ExecType.CANCELED, exec_id),
        exec_restatement_reason=event.reason,
        text=event.text or None,
        **names,
    )


def refused_new(
    message: NewOrderSingle, exec_id: str, text: str, reason: OrdRejReason
) -> ExecutionReport:
    """Refuse a D at the bridge: nothing was and nothing will be sent."""
    return ExecutionReport(
        order_id=NONE,
        exec_id=exec_id,
        exec_type=ExecType.REJECTED,
        ord_status=OrdStatus.REJECTED,
        symbol=message.symbol,
        side=message.side,
        leaves_qty=ZERO,
        cum_qty=ZERO,
        avg_px=ZERO,
        cl_ord_id=message.cl_ord_id,
        order_qty=message.order_qty,
        ord_type=message.ord_type,
        ord_rej_reason=reason,
        reject_source=RejectSource.VENUE,
        text=text,
    )


def refused_cancel(
    message: OrderCancelRequest | OrderCancelReplaceRequest, text: str, reason: CxlRejReason
) -> OrderCancelReject:
    """Refuse an F or G at the bridge; the order it names is unknown there."""
    replaces = isinstance(message, OrderCancelReplaceRequest)
    return OrderCancelReject(
        order_id=NONE,
        cl_ord_id=message.cl_ord_id,
        orig_cl_ord_id=message.orig_cl_ord_id,
        ord_status=OrdStatus.REJECTED,
        cxl_rej_response_to=CxlRejResponseTo.REPLACE if replaces else CxlRejResponseTo.CANCEL,
        cxl_rej_reason=reason,
        reject_source=RejectSource.VENUE,
        text=text,
    )


def cancel_reject(event: CancelRefused) -> OrderCancelReject:
    """Say that the venue refused a cancel or replace."""
    order = event.order
    return OrderCancelReject(
        order_id=order.order_id if order else NONE,
        cl_ord_id=event.request_id,
        orig_cl_ord_id=event.orig_cl_ord_id,
        ord_status=order.status if order else OrdStatus.REJECTED,
        cxl_rej_response_to=event.response_to,
        cxl_rej_reason=event.reason if order else CxlRejReason.UNKNOWN_ORDER,
        reject_source=RejectSource.VENUE,
        text=event.text if order else UNKNOWN_AT_VENUE,
    )


def status_report(
    ask: OrderStatusRequest | NewOrderSingle | OrderCancelReplaceRequest,
    order: VenueOrder | None,
    exec_id: str,
    *,
    complete: bool,
    text: str | None = None,
) -> ExecutionReport:
    """Answer an H: the order as it stands, or that there is none, and how that is known."""
    ask_id = ask.ord_status_req_id if isinstance(ask, OrderStatusRequest) else None
    if order is not None:
        return replace(
            report(order, ExecType.ORDER_STATUS, exec_id),
            ord_status_req_id=ask_id,
            complete=complete or None,
            text=text or order.text or None,
        )
    return ExecutionReport(
        order_id=NONE,
        exec_id=exec_id,
        exec_type=ExecType.ORDER_STATUS,
        ord_status=OrdStatus.REJECTED,
        symbol=ask.symbol,
        side=ask.side,
        leaves_qty=ZERO,
        cum_qty=ZERO,
        avg_px=ZERO,
        cl_ord_id=ask.cl_ord_id,
        ord_status_req_id=ask_id,
        ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
        complete=complete or None,
        text=text or (UNKNOWN_AT_VENUE if complete else NOT_READ),
    )


def open_order_reports(
    ask: OrderMassStatusRequest,
    orders: tuple[VenueOrder, ...],
    exec_ids: Iterator[str],
    *,
    complete: bool,
) -> Iterator[ExecutionReport]:
    """Answer an AF: one report for each open order, or one that says that there is none."""
    for at, order in enumerate(orders, 1):
        yield replace(
            report(order, ExecType.ORDER_STATUS, next(exec_ids)),
            mass_status_req_id=ask.mass_status_req_id,
            tot_num_reports=len(orders),
            last_rpt_requested=at == len(orders) or None,
            complete=complete or None,
        )
    if not orders:
        yield ExecutionReport(
            order_id=NONE,
            exec_id=next(exec_ids),
            exec_type=ExecType.ORDER_STATUS,
            ord_status=OrdStatus.REJECTED,
            symbol=ask.symbol or "[N/A]",
            side=ask.side or Side.BUY,
            leaves_qty=ZERO,
            cum_qty=ZERO,
            avg_px=ZERO,
            ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
            mass_status_req_id=ask.mass_status_req_id,
            tot_num_reports=0,
            last_rpt_requested=True,
            complete=complete or None,
        )


def order_message(event: OrderEvent, exec_id: str) -> ExecutionReport | OrderCancelReject:
    """Say what happened to an order."""
    if isinstance(event, CancelRefused):
        return cancel_reject(event)
    if isinstance(event, Filled | Busted):
        return fill_report(event, exec_id)
    if isinstance(event, Rejected):
        return reject_report(event, exec_id)
    if isinstance(event, Canceled):
        return cancel_report(event, exec_id)
    more: dict[str, Any] = {}
    if isinstance(event, Triggered):
        more = {"working_indicator": True}
    elif isinstance(event, Restated):
        more = {"exec_restatement_reason": ExecRestatementReason.OTHER}
    return replace(report(event.order, _PLAIN[type(event)], exec_id), **more)


_PLAIN: dict[type, ExecType] = {
    Accepted: ExecType.NEW,
    Expired: ExecType.EXPIRED,
    Replaced: ExecType.REPLACED,
    Triggered: ExecType.RESTATED,
    Restated: ExecType.RESTATED,
}
