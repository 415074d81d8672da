"""What becomes of an order, as its owner is told: accepted, replaced, ended, adopted.

Whoever has the evidence (a live report, an answer to a question, a round of answers) tells it by
these, so that the same fact is told in the same way wherever it comes from.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.oms.book import Book
from gateway.oms.effects import Effects, To
from gateway.oms.fills import alert
from gateway.oms.order_states import VenueEvent, VenueState, venue_next
from gateway.oms.reporting import report, request_refused
from gateway.oms.state import Order
from protocol.fields import (
    EXTERNAL,
    NONE,
    CxlRejReason,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    RejectSource,
)
from protocol.messages import ExecutionReport, OrderCancelReject, TradeCaptureReport
from protocol.numbers import ZERO
from protocol.timestamps import format_utc

NEVER_SENT = "NEVER_SENT"
"""58 of a bridge: its log never held the id, and refuses it from now on. Proof of absence (a)."""
UNKNOWN_AT_VENUE = "UNKNOWN_AT_VENUE"
"""58 of a bridge: it sent the id, and the venue does not know it. One read of proof (b)."""
NOT_RECEIVED = "NOT_RECEIVED"
"""58 of the report that ends an order whose absence at the venue is proven."""
EXPIRED = "EXPIRED"
"""58 of a cancel that the gateway issues because an order's time is over."""


def ended(
    book: Book, order: Order, now_ns: int, event: VenueEvent, exec_type: ExecType, **more: Any
) -> Effects:
    """Tell that an order has ended, and answer what its owner still asked of it."""
    cancel = order.cancel
    if exec_type is ExecType.CANCELED and cancel and cancel.text == EXPIRED:
        event, exec_type = VenueEvent.EXPIRED, ExecType.EXPIRED
        more["exec_restatement_reason"] = None
    row = venue_next(order.venue_state, event)
    if row is None or not order.is_open:
        return
    requests = _open_requests(order, row.state, exec_type, now_ns)
    if exec_type is ExecType.CANCELED and cancel and cancel.cl_ord_id:
        more.setdefault("cl_ord_id", cancel.cl_ord_id)
        more.setdefault("orig_cl_ord_id", order.cl_ord_id)
    elif exec_type is ExecType.CANCELED and cancel and cancel.text:
        more["text"] = cancel.text
        more["exec_restatement_reason"] = ExecRestatementReason.OTHER
    if row.state is VenueState.CANCELED and exec_type is ExecType.REJECTED:
        exec_type = ExecType.CANCELED
        more.pop("ord_rej_reason", None)
    yield To(
        order.owner,
        report(
            book, order, exec_type, now_ns, state=row.state, replace=False, cancel=False, **more
        ),
    )
    for refused in requests:
        yield To(order.owner, refused)


def _open_requests(
    order: Order, state: VenueState, exec_type: ExecType, now_ns: int
) -> list[OrderCancelReject]:
    """Write the refusals of requests that the end of their order has overtaken."""
    reason = CxlRejReason.TOO_LATE_TO_CANCEL
    kinds = (True,) if exec_type is ExecType.CANCELED else (True, False)
    refused = [
        request_refused(
            order, replace=kind, now_ns=now_ns, reason=reason, text="TOO_LATE", ended=state
        )
        for kind in kinds
    ]
    return [answer for answer in refused if answer is not None]


def not_received(book: Book, order: Order, now_ns: int) -> Effects:
    """End an order whose absence at the venue is proven: 150=8 5003=V 58=NOT_RECEIVED."""
    yield from ended(
        book, order, now_ns, VenueEvent.REJECTED, ExecType.REJECTED,
        text=NOT_RECEIVED, ord_rej_reason=OrdRejReason.BROKER, reject_source=RejectSource.VENUE,
    )  # fmt: skip


def replaced(book: Book, order: Order, now_ns: int, order_qty: Decimal | None) -> Effects:
    """Tell that the pending replace took effect: only 150=5 changes quantity and price.

    `order_qty` is the quantity as the venue tells it (38): it amends one that is below what it has
    executed (C.3.c), perhaps by fills that we have not heard of yet.
    """
    pending = order.replace
    if pending is None:
        return
    qty = max(order_qty or pending.order_qty, order.cum_qty)
    done = order.cum_qty >= qty
    event = VenueEvent.REPLACED_DONE if done else VenueEvent.REPLACED_OPEN
    row = venue_next(order.venue_state, event)
    if row is None:
        return
    yield To(
        order.owner,
        report(
            book, order, ExecType.REPLACED, now_ns, state=row.state, replace=False,
            cl_ord_id=pending.cl_ord_id, orig_cl_ord_id=order.cl_ord_id,
            order_qty=qty,
            price=pending.price, stop_px=pending.stop_px,
            stop_loss_px=pending.stop_loss_px, take_profit_px=pending.take_profit_px,
            expire_time=format_utc(pending.expires_ns) if pending.expires_ns else None,
        ),
    )  # fmt: skip


def replaced_if_named(
    book: Book, order: Order, wire_id: str | None, now_ns: int, order_qty: Decimal | None
) -> Effects:
    """Tell the replace when the venue calls the order by the replace's id: it took effect."""
    if order.replace is not None and order.replace.wire_id and order.replace.wire_id == wire_id:
        yield from replaced(book, order, now_ns, order_qty)


def accepted(book: Book, order: Order, now_ns: int, **more: Any) -> Effects:
    """Tell that the venue has the order: 150=0, or 150=I when only a doubt ends."""
    if order.venue_state is VenueState.PENDING_NEW:
        yield To(
            order.owner,
            report(book, order, ExecType.NEW, now_ns, state=VenueState.NEW, **more),
        )
    elif order.in_doubt:
        yield To(order.owner, report(book, order, ExecType.ORDER_STATUS, now_ns, **more))


def adopt(book: Book, where: tuple[str, str], message: ExecutionReport, now_ns: int) -> Effects:
    """Open a page for an order that the venue made, or that somebody made there by hand.

    One made from an order of ours (5014, a stop-loss for example) belongs to that order's owner,
    any other to EXTERNAL. The venue's own id (37) is its id on the wire.
    """
    venue, account = where
    wire_id = message.cl_ord_id or message.order_id
    if book.order_on_wire(wire_id, venue) is not None or message.order_id == NONE:
        return
    parent = book.order_on_wire(message.parent_order_id) if message.parent_order_id else None
    owner = parent.owner if parent else EXTERNAL
    yield To(
        owner,
        ExecutionReport(
            order_id=book.next_id().text(), exec_id=book.next_exec_id(),
            exec_type=ExecType.RESTATED, ord_status=OrdStatus.NEW, symbol=message.symbol,
            side=message.side, leaves_qty=message.leaves_qty, cum_qty=ZERO, avg_px=ZERO,
            account=message.account or account, security_exchange=venue,
            order_qty=message.leaves_qty, ord_type=message.ord_type, price=message.price,
            stop_px=message.stop_px, time_in_force=message.time_in_force,
            currency=parent.currency if parent else message.currency,
            secondary_order_id=message.order_id, secondary_cl_ord_id=wire_id,
            transact_time=format_utc(now_ns),
            parent_order_id=parent.order_id if parent else None,
            origin=message.origin or "MADE_AT_VENUE",
            exec_restatement_reason=ExecRestatementReason.OTHER,
        ),
    )  # fmt: skip
    if parent is None:
        yield alert("EXTERNAL_ORDER", venue=venue, venue_order=message.order_id, id=wire_id)


def adopt_by_fill(
    book: Book, where: tuple[str, str], message: ExecutionReport | TradeCaptureReport,
    qty: Decimal, now_ns: int,
) -> Effects:  # fmt: skip
    """Open the page of an order that the venue made from one of ours, of which only fills are told.

    Its making was said while nobody listened. `qty` is what is known to be executed of it. Without
    a parent of ours (5014) nothing happens.
    """
    capture = message.sides[0] if isinstance(message, TradeCaptureReport) else message
    parent = book.order_on_wire(message.parent_order_id) if message.parent_order_id else None
    if parent is None or parent.venue != where[0]:
        return
    made = ExecutionReport(
        order_id=capture.order_id, exec_id=NONE, exec_type=ExecType.RESTATED,
        ord_status=OrdStatus.NEW, symbol=message.symbol, side=capture.side, leaves_qty=qty,
        cum_qty=ZERO, avg_px=ZERO, account=capture.account, ord_type=OrdType.MARKET,
        parent_order_id=message.parent_order_id, origin=message.origin,
    )  # fmt: skip
    yield from adopt(book, where, made, now_ns)


def shows_replace(order: Order, found: ExecutionReport) -> bool:
    """Whether what a venue lists is the version that a pending replace asked for.

    A venue may keep the old id over a replace (MT5 does): quantity and prices tell them apart.
    """
    asked = order.replace
    if asked is None or not asked.wire_id:
        return False
    if found.cl_ord_id == asked.wire_id:
        return True
    listed = (found.order_qty, found.price, found.stop_px)
    if found.order_qty is None or listed == (order.order_qty, order.price, order.stop_px):
        return False
    return listed == (asked.order_qty, asked.price, asked.stop_px)


def rejection_reason(message: ExecutionReport) -> OrdRejReason:
    """Read why a venue rejected an order (103); 0 is a reason too."""
    reason = message.ord_rej_reason
    return OrdRejReason.OTHER if reason is None else reason
