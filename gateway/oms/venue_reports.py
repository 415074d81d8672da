"""What a venue says about our orders: evidence, turned into what their owners are told.

Every report is looked up by the ids of the bridge wire. One that names no order of ours is a fact
all the same: a trade goes to the owner EXTERNAL, anything else is noted with an alert.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.market import Market
from gateway.oms.order_states import VenueEvent, VenueState, venue_next
from gateway.oms.orders import filled_event
from gateway.oms.reporting import report, request_refused
from gateway.oms.rules import Rules
from gateway.oms.state import Order
from protocol.fields import (
    EXTERNAL,
    CxlRejReason,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    RejectSource,
)
from protocol.messages import ExecutionReport, OrderCancelReject
from protocol.numbers import ZERO, format_decimal
from protocol.order_id import parse as parse_id
from protocol.timestamps import format_utc

NEVER_SENT = "NEVER_SENT"
"""58 of a bridge: its log never held the id, and refuses it from now on. Proof of absence (a)."""
UNKNOWN_AT_VENUE = "UNKNOWN_AT_VENUE"
"""58 of a bridge: it sent the id, and the venue does not know it. One read of proof (b)."""
NOT_RECEIVED = "NOT_RECEIVED"
"""58 of the report that ends an order whose absence at the venue is proven."""
EXPIRED = "EXPIRED"
"""58 of a cancel that the gateway issues because an order's time is over."""


def alert(kind: str, **values: object) -> Jot:
    """Note something that a person should look at."""
    return Jot("ALERT", {"alert": kind, **{key: str(value) for key, value in values.items()}})


def trade(
    book: Book,
    order: Order,
    now_ns: int,
    *,
    trade_id: str,
    qty: Decimal,
    px: Decimal,
    **more: Any,
) -> Effects:
    """Tell a fill, once: a venue trade id that was counted is not counted again."""
    if trade_id in book.state.fills.get(order.venue, ()):
        return
    row = venue_next(order.venue_state, filled_event(order, qty))
    if row is None:
        yield alert("IMPOSSIBLE_FILL", order=order.order_id, state=order.venue_state)
        return
    was_open = order.is_open
    over = order.cum_qty + qty > order.order_qty
    yield To(
        order.owner,
        report(
            book, order, ExecType.TRADE, now_ns, state=row.state, fill=(qty, px),
            last_qty=qty, last_px=px, secondary_exec_id=trade_id, **more,
        ),
    )  # fmt: skip
    if not was_open or over:
        kind = "OVERFILL" if over else "FILL_AFTER_END"
        yield alert(kind, order=order.order_id, trade=trade_id, qty=format_decimal(qty))


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


class VenueDesk:
    """Takes 8 and 9 from a bridge."""

    def __init__(self, book: Book, market: Market, rules: Rules) -> None:
        self.book = book
        self.market = market
        self.rules = rules
        self._handlers: dict[ExecType, Callable[[Order, ExecutionReport, int], Effects]] = {
            ExecType.NEW: self._new,
            ExecType.TRADE: self._trade,
            ExecType.CANCELED: self._canceled,
            ExecType.EXPIRED: self._expired,
            ExecType.REJECTED: self._rejected,
            ExecType.REPLACED: self._replaced,
            ExecType.RESTATED: self._restated,
            ExecType.TRADE_CANCEL: self._busted,
            ExecType.TRADE_CORRECT: self._busted,
        }

    def find(self, message: ExecutionReport) -> Order | None:
        """Find the order of a report by its ids on the bridge wire."""
        for wire_id in (message.cl_ord_id, message.orig_cl_ord_id):
            order = self.book.order_on_wire(wire_id) if wire_id else None
            if order is not None:
                return order
        return None

    def report(self, venue: str, message: ExecutionReport, now_ns: int) -> Effects:
        """ExecutionReport (8) about an order, unasked."""
        order = self.find(message)
        if order is None or order.venue != venue:
            yield from self._stranger(venue, message, now_ns)
            return
        handler = self._handlers.get(message.exec_type)
        if handler is not None:
            yield from handler(order, message, now_ns)

    def cancel_rejected(self, venue: str, message: OrderCancelReject, now_ns: int) -> Effects:
        """OrderCancelReject (9) from a bridge: an F or G was refused."""
        order = self.book.order_on_wire(message.cl_ord_id)
        order = order or self.book.order_on_wire(message.orig_cl_ord_id)
        if order is None or order.venue != venue:
            yield alert("UNKNOWN_CANCEL_REJECT", venue=venue, cl_ord_id=message.cl_ord_id)
            return
        is_cancel = order.cancel is not None and order.cancel.wire_id == message.cl_ord_id
        is_replace = order.replace is not None and order.replace.wire_id == message.cl_ord_id
        if not (is_cancel or is_replace):
            return
        if message.text == NEVER_SENT and order.venue_state is VenueState.PENDING_NEW:
            yield from not_received(self.book, order, now_ns)
            return
        if message.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER and order.is_open:
            yield from self._doubted(order, now_ns)
            return
        answer = request_refused(
            order, replace=is_replace, now_ns=now_ns,
            reason=_refusal_reason(order, message),
            text=message.text or "REFUSED",
        )  # fmt: skip
        if answer is not None:
            yield To(order.owner, answer)
        else:
            yield Jot("CANCEL_REFUSED", {"order": order.order_id, "replace": is_replace})

    def _doubted(self, order: Order, now_ns: int) -> Effects:
        """The venue does not know an order that we believe open: only evidence may end it."""
        if not order.in_doubt:
            yield To(
                order.owner,
                report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
            )
        yield Jot("IN_DOUBT", {"orders": [order.order_id]})

    def _new(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        yield from accepted(
            self.book, order, now_ns, secondary_order_id=_venue_id(order, message),
            working_indicator=message.working_indicator,
        )  # fmt: skip

    def _trade(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        if not message.last_qty or not message.last_px or message.last_qty < 0:
            yield alert("BAD_FILL", order=order.order_id, exec_id=message.exec_id)
            return
        trade_id = message.secondary_exec_id or f"{message.order_id}:{message.exec_id}"
        if trade_id in self.book.state.fills.get(order.venue, ()):
            return
        yield from self._named(order, message, now_ns)
        yield from trade(
            self.book, order, now_ns, trade_id=trade_id,
            qty=message.last_qty, px=message.last_px,
            commission=message.commission, comm_type=message.comm_type,
            comm_currency=message.comm_currency, last_liquidity_ind=message.last_liquidity_ind,
            secondary_order_id=_venue_id(order, message),
        )  # fmt: skip

    def _canceled(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        yield from ended(
            self.book, order, now_ns, VenueEvent.CANCELED, ExecType.CANCELED,
            text=message.text, exec_restatement_reason=message.exec_restatement_reason,
        )  # fmt: skip

    def _expired(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        yield from ended(
            self.book, order, now_ns, VenueEvent.EXPIRED, ExecType.EXPIRED, text=message.text
        )

    def _rejected(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        yield from ended(
            self.book, order, now_ns, VenueEvent.REJECTED, ExecType.REJECTED,
            text=message.text, ord_rej_reason=rejection_reason(message),
            reject_source=RejectSource.VENUE,
        )  # fmt: skip

    def _replaced(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        yield from self._named(order, message, now_ns)

    def _named(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        named = message.cl_ord_id
        yield from replaced_if_named(self.book, order, named, now_ns, message.order_qty)

    def _restated(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """150=D: a stop was triggered (636=Y), or the venue changed the order by itself (378)."""
        yield from self._named(order, message, now_ns)
        row = venue_next(order.venue_state, VenueEvent.RESTATED)
        if row is None:
            return
        changes: dict[str, Any] = {}
        if message.cl_ord_id == order.wire_id:  # not a late word about an older version
            if message.order_qty is not None and message.order_qty > order.cum_qty:
                changes["order_qty"] = message.order_qty
            if message.price is not None and order.price is not None:
                changes["price"] = message.price
        yield To(
            order.owner,
            report(
                self.book, order, ExecType.RESTATED, now_ns, state=row.state,
                secondary_order_id=_venue_id(order, message), text=message.text,
                working_indicator=message.working_indicator,
                exec_restatement_reason=message.exec_restatement_reason, **changes,
            ),
        )  # fmt: skip

    def _busted(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """150=H or G naming the trade in 19 or 527: the fill is taken back, or corrected."""
        trade_id = message.exec_ref_id or message.secondary_exec_id or ""
        fill = self.book.state.fills.get(order.venue, {}).get(trade_id)
        if fill is None or not fill.last_qty:
            yield alert("UNKNOWN_BUST", order=order.order_id, trade=trade_id)
            return
        correct = message.exec_type is ExecType.TRADE_CORRECT
        qty = (message.last_qty or ZERO) if correct else ZERO
        px = (message.last_px or ZERO) if correct else ZERO
        cum_qty = order.cum_qty - fill.last_qty + qty
        state = order.venue_state
        if cum_qty < order.order_qty:
            row = venue_next(state, VenueEvent.BUST)
            state = row.state if row else state
            if state is VenueState.PARTIALLY_FILLED and not cum_qty:
                state = VenueState.NEW
        told = report(
            self.book, order, message.exec_type, now_ns, state=state,
            exec_ref_id=fill.exec_id, secondary_exec_id=trade_id,
            last_qty=qty if correct else fill.last_qty, last_px=px if correct else fill.last_px,
            text=message.text, correction=(fill.last_qty, fill.last_px, qty, px),
        )  # fmt: skip
        yield To(order.owner, told)
        yield alert("TRADE_BUST", order=order.order_id, trade=trade_id)

    def _stranger(self, venue: str, message: ExecutionReport, now_ns: int) -> Effects:
        """A report that names no order of ours."""
        if message.exec_type is not ExecType.TRADE or not message.last_qty:
            yield alert("UNKNOWN_ORDER", venue=venue, cl_ord_id=message.cl_ord_id or "")
            return
        if venue not in self.book.state.venues:
            return  # before the baseline, which will hold it
        yield from external_trade(
            self.book, venue, now_ns,
            {
                "trade_id": message.secondary_exec_id or message.exec_id,
                "account": message.account or self.rules.venues[venue].account,
                "symbol": message.symbol,
                "side": message.side.value, "qty": format_decimal(message.last_qty),
                "px": format_decimal(message.last_px or ZERO),
                "currency": self.market.currency(venue, message.symbol),
                "commission": format_decimal(message.commission or ZERO),
                "comm_currency": message.comm_currency or "",
                "cl_ord_id": message.cl_ord_id or "",
            },
        )  # fmt: skip


def external_trade(book: Book, venue: str, now_ns: int, body: dict[str, str]) -> Effects:
    """Give a trade that nobody here ordered to EXTERNAL, once; another instance's is left alone."""
    if book.fill_known(venue, body["trade_id"]):
        return
    if is_foreign(book, body.get("cl_ord_id", "")):
        return
    yield Jot("EXTERNAL_FILL", {"owner": EXTERNAL, "venue": venue, **body})
    yield alert("EXTERNAL_FILL", venue=venue, trade=body["trade_id"], at=format_utc(now_ns))


def is_foreign(book: Book, wire_id: str) -> bool:
    """Whether an id was given out by another gateway instance: never touched, never adopted."""
    try:
        return parse_id(wire_id).instance != book.state.last_id[0]
    except ValueError:
        return False


def rejection_reason(message: ExecutionReport) -> OrdRejReason:
    """Read why a venue rejected an order (103); 0 is a reason too."""
    reason = message.ord_rej_reason
    return OrdRejReason.OTHER if reason is None else reason


def _refusal_reason(order: Order, message: OrderCancelReject) -> CxlRejReason:
    """Read why a venue refused a cancel or replace (102); of what has ended it is too late."""
    if not order.is_open:
        return CxlRejReason.TOO_LATE_TO_CANCEL
    reason = message.cxl_rej_reason
    return CxlRejReason.OTHER if reason is None else reason


def _venue_id(order: Order, message: ExecutionReport) -> str | None:
    return message.order_id if message.order_id != "NONE" else order.venue_order_id
