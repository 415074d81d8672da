"""The words of a client: buy, sell, cancel, replace, ask. The same for blocking and asyncio.

Each makes an id, builds the message, and hands it to the session, which remembers it before it
goes out. None waits; what becomes of an order comes back as ExecutionReports.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Unpack, cast

from engine import requests
from engine.cl_ord_ids import ClOrdIds
from engine.courier import Courier, clock
from engine.errors import InvalidOrder
from engine.market import Book
from engine.requests import Changes, Known, Levels, Number, OrderOptions
from protocol.fields import ExecType, OrdStatus, PosMaintStatus, Side
from protocol.messages import (
    ExecutionReport,
    Message,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelRequest,
    OrderStatusRequest,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
)

KEEP_ORDERS = 10_000
FINAL = frozenset(
    (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED)
)


def about(
    order: Known | PositionMaintenanceRequest | str,
    *,
    exec_type: ExecType | str | None = None,
    final: bool = False,
) -> Callable[[Message], bool]:
    """Return a predicate: a report on this order or request, of that kind, or the one that ends it.

    The refusal of a cancel or replace (9) is always wanted: nothing else will come.
    """
    if isinstance(order, PositionMaintenanceRequest):
        return _about_levels(order.pos_req_id, final=final)
    cl_ord_id = order if isinstance(order, str) else order.cl_ord_id

    def matches(message: Message) -> bool:
        if isinstance(message, ExecutionReport):
            named = cl_ord_id in {message.cl_ord_id, message.orig_cl_ord_id}
            fits = exec_type is None or message.exec_type == exec_type
            return named and fits and (not final or message.ord_status in FINAL)
        return isinstance(message, OrderCancelReject) and message.cl_ord_id == cl_ord_id

    return matches


def _about_levels(pos_req_id: str, *, final: bool) -> Callable[[Message], bool]:
    def matches(message: Message) -> bool:
        return (
            isinstance(message, PositionMaintenanceReport)
            and message.pos_req_id == pos_req_id
            and not (final and message.pos_maint_status is PosMaintStatus.ACCEPTED)
        )

    return matches


class OrderEntry:
    """What both clients can say; see `requests.OrderOptions` for the options of an order."""

    _courier: Courier

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._ids = ClOrdIds(courier.memory.epoch)
        self._orders: OrderedDict[str, OrderFields] = OrderedDict()
        self._quote_times: dict[str, str] = {}

    @property
    def comp_id(self) -> str:
        """Our name at the gateway."""
        return self._courier.connection.terms.comp_id

    @property
    def is_up(self) -> bool:
        """True while logged on."""
        return self._courier.connection.session.active

    def next_cl_ord_id(self) -> str:
        """Return an id that was never used, not by an earlier process either."""
        return self._ids.next()

    def send(self, message: Message) -> Message:
        """Send any application message. Raises NotConnected when there is no session."""
        sent = self._courier.connection.send(message, clock())
        if isinstance(sent, OrderFields):
            self._orders[sent.cl_ord_id] = sent
            if len(self._orders) > KEEP_ORDERS:
                self._orders.popitem(last=False)
        self._courier.flush()
        return sent

    def buy(self, symbol: str, qty: Number, **options: Unpack[OrderOptions]) -> NewOrderSingle:
        """Send a buy order and return it."""
        return self._order(symbol, Side.BUY, qty, options)

    def sell(self, symbol: str, qty: Number, **options: Unpack[OrderOptions]) -> NewOrderSingle:
        """Send a sell order and return it."""
        return self._order(symbol, Side.SELL, qty, options)

    def cancel(self, order: Known | str) -> OrderCancelRequest:
        """Ask for an order's end."""
        request = requests.cancel(self._known(order), self._ids.next(), now_ns=self._now_ns())
        self.send(request)
        return request

    def replace(
        self, order: Known | str, **changes: Unpack[Changes]
    ) -> OrderCancelReplaceRequest:
        """Ask for another quantity or price; the order then goes by the new request's id."""
        known = self._known(order)
        request = requests.replacement(
            known, self._ids.next(), changes, now_ns=self._now_ns(),
            quote_time=self._quote_times.get(known.symbol, ""),
        )  # fmt: skip
        self.send(request)
        return request

    def protect(self, symbol: str, **levels: Unpack[Levels]) -> PositionMaintenanceRequest:
        """Ask for other levels of an open position: 0 takes one away, None leaves it as it is."""
        request = requests.protect(self._ids.next(), symbol, levels, now_ns=self._now_ns())
        self.send(request)
        return request

    def cancel_all(self, symbol: str | None = None) -> OrderMassCancelRequest:
        """Ask for the end of all our orders, or those in one symbol."""
        request = requests.mass_cancel(self._ids.next(), symbol=symbol, now_ns=self._now_ns())
        self.send(request)
        return request

    def status(self, order: Known | str) -> OrderStatusRequest:
        """Ask what became of an order."""
        request = requests.status(self._known(order))
        self.send(request)
        return request

    def _given(self, book: Book) -> Book:
        """Remember when a book was said that is handed to the caller: orders name it as 5039."""
        self._quote_times[book.symbol] = book.sending_time
        return book

    def _now_ns(self) -> int:
        return clock()

    def _order(
        self, symbol: str, side: Side, qty: Number, options: OrderOptions
    ) -> NewOrderSingle:
        cl_ord_id = self._ids.next()
        order = requests.new_order(
            cl_ord_id, symbol, side, qty, options, now_ns=self._now_ns(),
            quote_time=self._quote_times.get(symbol, ""),
        )  # fmt: skip
        return cast("NewOrderSingle", self.send(order))

    def _known(self, order: Known | str) -> Known:
        if not isinstance(order, str):
            return order
        if order not in self._orders:
            msg = f"received ClOrdID {order!r}, which was not sent by this process: hand in the"
            raise InvalidOrder(msg + " order or a report on it")
        return self._orders[order]
