"""What a venue says about our orders: evidence, turned into what their owners are told.

Every report is looked up by the ids of the bridge wire. One that names no order of ours is a fact
all the same: a trade goes to the owner EXTERNAL, anything else is noted with an alert.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.fills import VenueFill, alert, external_fill, tell_fill
from gateway.oms.market import Market
from gateway.oms.order_states import VenueEvent, VenueState, venue_next
from gateway.oms.outcomes import (
    NEVER_SENT,
    accepted,
    adopt,
    adopt_by_fill,
    ended,
    not_received,
    rejection_reason,
    replaced_if_named,
)
from gateway.oms.reporting import report, request_refused
from gateway.oms.rules import Rules
from gateway.oms.state import Order, fill_key
from protocol.fields import (
    CxlRejReason,
    ExecType,
    RejectSource,
)
from protocol.messages import ExecutionReport, OrderCancelReject
from protocol.numbers import ZERO, format_decimal

_ENDING = frozenset((ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED))


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
            ExecType.REPLACED: self._named,
            ExecType.RESTATED: self._restated,
            ExecType.TRADE_CANCEL: self._busted,
            ExecType.TRADE_CORRECT: self._busted,
        }

    def find(self, venue: str, message: ExecutionReport) -> Order | None:
        """Find the order of a report by its ids on the bridge wire."""
        for wire_id in (message.cl_ord_id, message.orig_cl_ord_id, message.order_id):
            order = self.book.order_on_wire(wire_id, venue) if wire_id else None
            if order is not None:
                return order
        return None

    def report(self, venue: str, message: ExecutionReport, now_ns: int) -> Effects:
        """ExecutionReport (8) about an order, unasked."""
        order = self.find(venue, message)
        if order is None or order.venue != venue:
            yield from self._stranger(venue, message, now_ns)
            return
        handler = self._handlers.get(message.exec_type)
        if handler is None:
            return
        if message.exec_type in _ENDING:
            handler = self._ending(order, message) or handler
        yield from handler(order, message, now_ns)

    def _ending(
        self, order: Order, message: ExecutionReport
    ) -> Callable[[Order, ExecutionReport, int], Effects] | None:
        """Choose who hears that something has ended, when it is not simply the order."""
        wire_id = message.cl_ord_id
        pending = order.replace.wire_id if order.replace is not None else None
        if message.exec_type is ExecType.REJECTED and pending and wire_id == pending:
            return self._replace_refused
        asked = order.cancel is not None or message.orig_cl_ord_id is not None
        if wire_id in order.wire_ids[:-1] or (pending and not asked and wire_id == order.wire_id):
            return self._version_ended
        if message.cum_qty > order.cum_qty:
            return self._fills_missing
        return None

    def _replace_refused(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """150=8 under the id of a G: the replace is refused, the order is as it was."""
        answer = request_refused(
            order, replace=True, now_ns=now_ns, reason=CxlRejReason.OTHER,
            text=message.text or "REFUSED",
        )  # fmt: skip
        if answer is not None:
            yield To(order.owner, answer)

    def _version_ended(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """A version of the order has ended that is not, or soon may not be, the one that lives.

        A venue that replaces by cancelling tells the end of the old one, before or after the new
        one is there: the order is asked about, and ends only when no version of it is left.
        """
        yield alert("VERSION_ENDED", order=order.order_id, id=message.cl_ord_id or "", at=now_ns)
        self.market.venue(order.venue).want_round()
        if order.replace is not None:
            yield Jot("IN_DOUBT", {"orders": [order.order_id]})

    def cancel_rejected(self, venue: str, message: OrderCancelReject, now_ns: int) -> Effects:
        """OrderCancelReject (9) from a bridge: an F or G was refused."""
        order = self.book.order_on_wire(message.cl_ord_id)
        order = order or self.book.order_on_wire(message.orig_cl_ord_id, venue)
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
        if is_replace:
            self.market.venue(venue).want_round()
        if answer is not None:
            yield To(order.owner, answer)
        elif order.is_open and is_cancel:
            # What the gateway itself wants cancelled it asks for until it is: see `Inquest`.
            yield alert("CANCEL_REFUSED", order=order.order_id, why=message.text or "")
            yield Jot("IN_DOUBT", {"orders": [order.order_id]})
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
        fill = VenueFill.of_report(message)
        fault = fill.fault(order)
        if fault:
            yield alert("BAD_FILL", order=order.order_id, exec_id=message.exec_id, fault=fault)
            self.market.venue(order.venue).want_round()
            return
        if fill.key not in self.book.state.fills.get(order.venue, ()):
            yield from self._named(order, message, now_ns)
        yield from tell_fill(self.book, order, fill, now_ns)

    def _fills_missing(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """The venue ends an order and has executed more than we know: the fills come first."""
        self.market.venue(order.venue).want_round()
        if order.is_open and not order.in_doubt:
            yield To(
                order.owner,
                report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
            )
        qty = format_decimal(message.cum_qty)
        yield alert("FILLS_MISSING", order=order.order_id, venue_cum_qty=qty)

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

    def _named(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """150=5, or any report that calls the order by the pending replace's id."""
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
        key = fill_key(order.symbol, order.side, trade_id)
        fill = self.book.state.fills.get(order.venue, {}).get(key)
        if fill is None or not fill.last_qty:
            yield alert("UNKNOWN_BUST", order=order.order_id, trade=trade_id)
            return
        correct = message.exec_type is ExecType.TRADE_CORRECT
        # What a correction does not name stays as it was.
        qty = (message.last_qty or fill.last_qty) if correct else ZERO
        px = (message.last_px or fill.last_px) if correct else ZERO
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
            text=message.text,
            executed=(qty - fill.last_qty, qty * px - fill.last_qty * fill.last_px),
        )  # fmt: skip
        yield To(order.owner, told)
        yield alert("TRADE_BUST", order=order.order_id, trade=trade_id)

    def _stranger(self, venue: str, message: ExecutionReport, now_ns: int) -> Effects:
        """A report that names no order of ours."""
        if message.exec_type in {ExecType.RESTATED, ExecType.NEW} and not message.cl_ord_id:
            yield from adopt(self.book, (venue, self.rules.venues[venue].account), message, now_ns)
            return
        if message.exec_type is not ExecType.TRADE:
            yield alert("UNKNOWN_ORDER", venue=venue, cl_ord_id=message.cl_ord_id or "")
            return
        fill = VenueFill.of_report(message)
        fault = fill.fault(None)
        if fault:
            yield alert("BAD_FILL", venue=venue, exec_id=message.exec_id, fault=fault)
        elif venue in self.book.state.venues:  # before first contact the baseline will hold it
            where = (venue, self.rules.venues[venue].account)
            if not self.book.fill_known(venue, fill.key) and not message.cl_ord_id:
                yield from adopt_by_fill(self.book, where, message, fill.qty, now_ns)
            order = self.find(venue, message)
            if order is not None and order.venue == venue:
                yield from tell_fill(self.book, order, fill, now_ns)
                return
            currency = self.market.currency(venue, message.symbol)
            yield from external_fill(self.book, where, fill, currency, now_ns)


def _refusal_reason(order: Order, message: OrderCancelReject) -> CxlRejReason:
    """Read why a venue refused a cancel or replace (102); of what has ended it is too late."""
    if not order.is_open:
        return CxlRejReason.TOO_LATE_TO_CANCEL
    reason = message.cxl_rej_reason
    return CxlRejReason.OTHER if reason is None else reason


def _venue_id(order: Order, message: ExecutionReport) -> str | None:
    return message.order_id if message.order_id != "NONE" else order.venue_order_id
