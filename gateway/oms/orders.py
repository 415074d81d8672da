"""The book of record: how a report that we send changes the order it is about.

FIX's own ExecutionReport is the fact. A fill is not what the venue said but what we told the owner;
so the book moves on what leaves the gateway (OUT), and replaying it needs no decision.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

from gateway.oms import positions, tickets
from gateway.oms.book import Book
from gateway.oms.levels import moved
from gateway.oms.order_states import (
    ASKED_TABLE,
    Asked,
    AskedEvent,
    VenueEvent,
    VenueState,
    ord_status,
    venue_next,
)
from gateway.oms.state import Fill, Order, Pending, PositionKey, fill_key
from protocol.closing_by import CLOSE_BY
from protocol.fields import (
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PositionEffect,
    RejectSource,
    TimeInForce,
)
from protocol.messages import ExecutionReport, OrderCancelReject
from protocol.numbers import ZERO
from protocol.timestamps import parse_utc


class BrokenFold(AssertionError):  # noqa: N818 - it is a bug or a foreign journal, not an error
    """A journaled report cannot follow from the state: the journal is not this gateway's."""


def report(book: Book, owner: str, message: ExecutionReport, time_ns: int) -> None:
    """Apply an ExecutionReport (8) that is told to its owner."""
    book.state.execs += 1
    order = book.state.orders.get(message.order_id)
    if order is None:
        _first_report(book, owner, message, time_ns)
        return
    if message.ord_rej_reason is OrdRejReason.DUPLICATE_ORDER and (
        message.reject_source is RejectSource.GATEWAY
    ):
        return  # a refused duplicate describes the existing order (F.1.a) and changes nothing
    if message.ord_status_req_id or message.mass_status_req_id:
        return  # an answer to a question changes nothing
    handler = _BY_EXEC_TYPE.get(message.exec_type)
    if handler:
        handler(book, order, message, time_ns)
    # What has ended is no longer in doubt, whatever the report was written to say.
    order.in_doubt = message.in_doubt is True and order.is_open
    if message.secondary_order_id:
        order.venue_order_id = message.secondary_order_id
    if not order.is_open and not order.ended_ns:
        order.ended_ns = time_ns
        book.state.ended.append(order.order_id)
    elif order.is_open:
        order.ended_ns = 0
    book.index(order)


def _first_report(book: Book, owner: str, message: ExecutionReport, time_ns: int) -> None:
    """Apply a report on an order that the book does not hold: a new one, or one refused at once."""
    if message.exec_type in {ExecType.PENDING_NEW, ExecType.RESTATED}:
        _create(book, owner, message, time_ns)
    elif message.exec_type is ExecType.REJECTED:
        if message.cl_ord_id:
            book.note_id(owner, message.cl_ord_id, "")
    elif message.exec_type is not ExecType.ORDER_STATUS:
        _broken(message, "no such order")


def cancel_reject(book: Book, owner: str, message: OrderCancelReject) -> None:
    """Apply an OrderCancelReject (9): the request is over, the order is as it was."""
    order = book.state.orders.get(message.order_id)
    known = message.cl_ord_id in book.state.ids.get(owner, ())
    book.note_id(owner, message.cl_ord_id, "")
    if order is None:
        return
    if not known:
        order.cl_ord_ids.append(message.cl_ord_id)
    if order.cancel and order.cancel.cl_ord_id == message.cl_ord_id:
        _answered(order, AskedEvent.CANCEL_ANSWERED)
    elif order.replace and order.replace.cl_ord_id == message.cl_ord_id:
        _answered(order, AskedEvent.REPLACE_ANSWERED)
    if message.in_doubt is None:
        order.in_doubt = False
    book.index(order)


def _create(book: Book, owner: str, message: ExecutionReport, time_ns: int) -> None:
    """Open the book's page for an order: 150=A, or 150=D for one the venue made by itself."""
    cl_ord_id = message.cl_ord_id or ""
    restated = message.exec_type is ExecType.RESTATED
    order = Order(
        order_id=message.order_id,
        owner=owner,
        account=message.account or "",
        venue=message.security_exchange or "",
        symbol=message.symbol,
        side=message.side,
        ord_type=message.ord_type or OrdType.MARKET,
        time_in_force=message.time_in_force or TimeInForce.DAY,
        order_qty=message.order_qty or ZERO,
        cl_ord_id=cl_ord_id,
        currency=message.currency or "",
        created_ns=time_ns,
        price=message.price,
        stop_px=message.stop_px,
        expires_ns=parse_utc(message.expire_time) if message.expire_time else None,
        post_only=message.exec_inst is not None,
        reduce_only=message.position_effect is PositionEffect.CLOSE,
        stop_loss_px=message.stop_loss_px,
        take_profit_px=message.take_profit_px,
        position_id=message.position_id,
        venue_order_id=message.secondary_order_id,
        parent_order_id=message.parent_order_id,
        parent_qty=message.parent_qty,
        origin=message.origin,
        venue_state=VenueState.NEW if restated else VenueState.PENDING_NEW,
        cl_ord_ids=[cl_ord_id] if cl_ord_id else [],
        wire_ids=[message.secondary_cl_ord_id] if message.secondary_cl_ord_id else [],
    )
    book.state.orders[order.order_id] = order
    if cl_ord_id:
        book.note_id(owner, cl_ord_id, order.order_id)
    book.index(order)


def _move(order: Order, event: VenueEvent, message: ExecutionReport) -> None:
    row = venue_next(order.venue_state, event)
    if row is None:
        _broken(message, f"{event} cannot follow {order.venue_state}")
    order.venue_state = row.state


def _answered(order: Order, event: AskedEvent) -> None:
    asked = Asked(order.replace is not None, order.cancel is not None)
    after = ASKED_TABLE[asked, event].asked
    if not after.replace:
        order.replace = None
    if not after.cancel:
        order.cancel = None


def _accepted(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    _move(order, VenueEvent.ACCEPTED, message)


def _trade(book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    qty, px = message.last_qty or ZERO, message.last_px or ZERO
    order.cum_qty += qty
    order.cost += qty * px
    full = order.cum_qty >= order.order_qty
    _move(order, VenueEvent.FULL if full else VenueEvent.PARTIAL, message)
    trade_id = fill_key(
        message.symbol, message.side, message.secondary_exec_id or message.exec_id
    )
    order.trade_ids.append(trade_id)
    fill = Fill(
        order.order_id, message.exec_id, qty, px,
        commission=message.commission or ZERO,
        currency=message.comm_currency or order.currency,
        owner=order.owner, account=order.account, symbol=order.symbol, side=order.side,
        moves=message.origin != CLOSE_BY, position_id=message.position_id,
    )  # fmt: skip
    positions.count(book, order.venue, trade_id, fill, order.currency)
    tickets.move(book, order.venue, fill)
    moved(book, order.venue, fill)


def _bust(book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    """150=H or G (FIX 4.4 vol. 4, matrices J): the only way a quantity shrinks."""
    trade_id = fill_key(message.symbol, message.side, message.secondary_exec_id or "")
    fill = book.state.fills.get(order.venue, {}).get(trade_id)
    if fill is None:
        _broken(message, "the fill that it takes back was never reported")
    qty = px = ZERO
    if message.exec_type is ExecType.TRADE_CORRECT and message.last_qty and message.last_px:
        qty, px = message.last_qty, message.last_px
    was = fill.last_qty, fill.last_px
    order.cum_qty += qty - was[0]
    order.cost += qty * px - was[0] * was[1]
    positions.recount(book, order.venue, trade_id, qty=qty, px=px)
    tickets.recount(book, order.venue, fill, was)
    if not qty:
        position = positions.open_position(book, _key(order), order.currency)
        positions.pay(position, -fill.commission, fill.currency)
        fill.commission = ZERO
    if order.cum_qty < order.order_qty:
        _move(order, VenueEvent.BUST, message)
        if order.venue_state is VenueState.PARTIALLY_FILLED and not order.cum_qty:
            order.venue_state = VenueState.NEW


def _canceled(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    _move(order, VenueEvent.CANCELED, message)
    _answered(order, AskedEvent.ORDER_ENDED)


def _expired(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    _move(order, VenueEvent.EXPIRED, message)
    _answered(order, AskedEvent.ORDER_ENDED)


def _rejected(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    _move(order, VenueEvent.REJECTED, message)
    _answered(order, AskedEvent.ORDER_ENDED)


def _pending_cancel(book: Book, order: Order, message: ExecutionReport, time_ns: int) -> None:
    """150=6: asked by the owner (41 is there), or by the gateway itself (no 41)."""
    asked_by_owner = message.orig_cl_ord_id is not None
    cl_ord_id = (message.cl_ord_id or "") if asked_by_owner else ""
    if order.cancel is None:
        order.cancel = Pending(cl_ord_id, asked_ns=time_ns, text=message.text or "")
    if cl_ord_id:
        book.note_id(order.owner, cl_ord_id, order.order_id)
        order.cl_ord_ids.append(cl_ord_id)


def _pending_replace(book: Book, order: Order, message: ExecutionReport, time_ns: int) -> None:
    cl_ord_id = message.cl_ord_id or ""
    order.replace = Pending(cl_ord_id, asked_ns=time_ns, order_qty=order.order_qty)
    book.note_id(order.owner, cl_ord_id, order.order_id)
    order.cl_ord_ids.append(cl_ord_id)


def _replaced(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    pending = order.replace
    if message.order_qty is not None:
        order.order_qty = message.order_qty
    order.price, order.stop_px = message.price, message.stop_px
    order.stop_loss_px, order.take_profit_px = message.stop_loss_px, message.take_profit_px
    order.expires_ns = parse_utc(message.expire_time) if message.expire_time else None
    if message.cl_ord_id:
        order.cl_ord_id = message.cl_ord_id
    if pending and pending.wire_id:
        order.wire_ids.append(pending.wire_id)
    done = order.cum_qty >= order.order_qty
    _move(order, VenueEvent.REPLACED_DONE if done else VenueEvent.REPLACED_OPEN, message)
    _answered(order, AskedEvent.REPLACE_ANSWERED)


def _restated(_book: Book, order: Order, message: ExecutionReport, _time_ns: int) -> None:
    _move(order, VenueEvent.RESTATED, message)
    if message.order_qty is not None:
        order.order_qty = message.order_qty
    if message.price is not None:
        order.price = message.price


def _key(order: Order) -> PositionKey:
    return PositionKey(order.owner, order.account, order.venue, order.symbol)


def _broken(message: ExecutionReport, why: str) -> NoReturn:
    text = (
        f"the journal holds ExecType(150)={message.exec_type.value} for order"
        f" {message.order_id}: {why}"
    )
    raise BrokenFold(text)


_BY_EXEC_TYPE: dict[ExecType, Callable[[Book, Order, ExecutionReport, int], None]] = {
    ExecType.NEW: _accepted,
    ExecType.TRADE: _trade,
    ExecType.TRADE_CANCEL: _bust,
    ExecType.TRADE_CORRECT: _bust,
    ExecType.CANCELED: _canceled,
    ExecType.EXPIRED: _expired,
    ExecType.REJECTED: _rejected,
    ExecType.PENDING_CANCEL: _pending_cancel,
    ExecType.PENDING_REPLACE: _pending_replace,
    ExecType.REPLACED: _replaced,
    ExecType.RESTATED: _restated,
}


def status_of(order: Order) -> OrdStatus:
    """Derive the OrdStatus (39) of an order as it is now."""
    return ord_status(
        order.venue_state, replace=order.replace is not None, cancel=order.cancel is not None
    )


def filled_event(order: Order, qty: Decimal) -> VenueEvent:
    """Say whether a fill of this quantity completes the order."""
    return VenueEvent.FULL if order.cum_qty + qty >= order.order_qty else VenueEvent.PARTIAL
