"""A strategy's own orders and positions, as the gateway reports them.

The gateway is the book of record; this is its reflection. An Order's fields change as reports
come. Ids: an order goes by the ClOrdID of its last accepted request; 37 stays the same for life.
"""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal

from protocol.closing_by import CLOSE_BY
from protocol.fields import NONE, ExecType, OrdStatus, OrdType, Side
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderFields,
    PositionReport,
)
from protocol.numbers import ZERO

KEEP_CLOSED = 1_000
KEEP_FILLS = 100_000
FINAL = frozenset((OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED))


class Order:
    """One order. `request` is its last accepted D or G; None when another process placed it."""

    def __init__(self, cl_ord_id: str, symbol: str, side: Side, qty: Decimal) -> None:
        self.cl_ord_id = cl_ord_id
        self.order_id: str | None = None
        self.symbol = symbol
        self.side = side
        self.qty = qty
        self.ord_type = OrdType.MARKET
        self.price: Decimal | None = None
        self.stop_px: Decimal | None = None
        self.venue: str | None = None
        self.status = OrdStatus.PENDING_NEW
        self.cum_qty = ZERO
        self.leaves_qty = qty
        self.avg_px = ZERO
        self.in_doubt = False
        self.text: str | None = None
        self.request: OrderFields | None = None
        self.last_report: ExecutionReport | None = None
        self.replacing: OrderCancelReplaceRequest | None = None
        self.canceling: str | None = None

    @property
    def is_open(self) -> bool:
        """True until a report ends it."""
        return self.status not in FINAL

    @property
    def is_busy(self) -> bool:
        """True while a cancel or replace of ours has no answer."""
        return self.replacing is not None or self.canceling is not None

    @property
    def known(self) -> OrderFields | ExecutionReport | None:
        """What to base a cancel or replace on: what names the order as it is now."""
        if self.request is not None and self.request.cl_ord_id == self.cl_ord_id:
            return self.request
        return self.last_report or self.request

    def settle_asked(self) -> None:
        """Forget requests that the gateway, asked after a cut, does not show as pending."""
        if self.status is not OrdStatus.PENDING_REPLACE:
            self.replacing = None
        if self.status is not OrdStatus.PENDING_CANCEL:
            self.canceling = None

    def __repr__(self) -> str:
        at = "market" if self.price is None else str(self.price)
        return (
            f"<Order {self.cl_ord_id} {self.side.name} {self.cum_qty}/{self.qty} {self.symbol}"
            f" @ {at} {self.status.name}>"
        )


class OwnOrders:
    """All orders of one strategy, found by any ClOrdID that ever named them, or by OrderID."""

    def __init__(self) -> None:
        self._by_id: dict[str, Order] = {}
        self._open: dict[int, Order] = {}
        self._closed: OrderedDict[int, tuple[Order, list[str]]] = OrderedDict()
        self._names: dict[int, list[str]] = {}
        self._replacements: OrderedDict[str, OrderCancelReplaceRequest] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open) + len(self._closed)

    @property
    def open(self) -> list[Order]:
        """The open orders, oldest first."""
        return list(self._open.values())

    def find(self, name: str | None) -> Order | None:
        """Find an order by a ClOrdID or OrderID."""
        return self._by_id.get(name) if name else None

    def place(self, request: NewOrderSingle) -> Order:
        """Add an order that goes out."""
        order = Order(request.cl_ord_id, request.symbol, request.side, request.order_qty)
        order.ord_type, order.price, order.stop_px = (
            request.ord_type, request.price, request.stop_px,
        )  # fmt: skip
        order.venue = request.ex_destination
        order.request = request
        self._open[id(order)] = order
        self._name(order, request.cl_ord_id)
        return order

    def refuse(self, order: Order, text: str) -> None:
        """End an order that never went out."""
        order.status, order.leaves_qty, order.text = OrdStatus.REJECTED, ZERO, text
        self._settle(order)

    def ask_replace(self, order: Order, request: OrderCancelReplaceRequest) -> None:
        """Note that a G is under way."""
        order.replacing = request
        self._replacements[request.cl_ord_id] = request
        if len(self._replacements) > KEEP_CLOSED:
            self._replacements.popitem(last=False)
        self._name(order, request.cl_ord_id)

    def ask_cancel(self, order: Order, cl_ord_id: str) -> None:
        """Note that an F is under way."""
        order.canceling = cl_ord_id
        self._name(order, cl_ord_id)

    def apply(self, report: ExecutionReport) -> tuple[Order | None, bool]:
        """Take a report; return its order, and whether anything changed."""
        order = (
            self.find(report.cl_ord_id)
            or self.find(report.orig_cl_ord_id)
            or self.find(report.order_id)
        )
        if order is None:
            order = self._adopt(report)
            if order is None:
                return None, False
        before = (order.status, order.cum_qty, order.qty, order.price, order.in_doubt)
        _copy(report, order)
        if order.order_id:
            self._name(order, order.order_id)
        if report.exec_type is ExecType.REPLACED:
            self._replaced(report, order)
        elif report.exec_type is ExecType.ORDER_STATUS and report.cl_ord_id is not None:
            order.cl_ord_id = report.cl_ord_id
        elif report.exec_type is ExecType.CANCELED:
            order.canceling = None
        self._settle(order)
        after = (order.status, order.cum_qty, order.qty, order.price, order.in_doubt)
        return order, before != after

    def refused(self, reject: OrderCancelReject) -> Order | None:
        """Take the refusal of an F or G; return its order."""
        order = self.find(reject.orig_cl_ord_id) or self.find(reject.cl_ord_id)
        if order is None:
            return None
        if order.canceling == reject.cl_ord_id:
            order.canceling = None
        if order.replacing is not None and order.replacing.cl_ord_id == reject.cl_ord_id:
            order.replacing = None
        if reject.ord_status in FINAL and reject.order_id != NONE:
            order.status, order.leaves_qty = reject.ord_status, ZERO
            self._settle(order)
        return order

    def _replaced(self, report: ExecutionReport, order: Order) -> None:
        if report.cl_ord_id is None:
            return
        order.cl_ord_id = report.cl_ord_id
        if order.replacing is not None and order.replacing.cl_ord_id == report.cl_ord_id:
            order.replacing = None
        request = self._replacements.pop(report.cl_ord_id, None)
        if request is not None:
            order.request = request
            order.qty, order.price, order.stop_px = (
                request.order_qty, request.price, request.stop_px,
            )  # fmt: skip

    def _adopt(self, report: ExecutionReport) -> Order | None:
        """Take over an order of ours that an earlier process placed."""
        if report.order_id == NONE or report.cl_ord_id is None:
            return None
        qty = report.order_qty if report.order_qty is not None else report.leaves_qty
        order = Order(report.cl_ord_id, report.symbol, report.side, qty)
        self._open[id(order)] = order
        self._name(order, report.cl_ord_id)
        return order

    def _name(self, order: Order, name: str) -> None:
        if self._by_id.get(name) is not order:
            self._by_id[name] = order
            self._names.setdefault(id(order), []).append(name)

    def _settle(self, order: Order) -> None:
        """Move an ended order to the closed ones, and forget the oldest of those."""
        if order.is_open or id(order) not in self._open:
            return
        del self._open[id(order)]
        self._closed[id(order)] = (order, self._names.pop(id(order), []))
        while len(self._closed) > KEEP_CLOSED:
            _, (_, names) = self._closed.popitem(last=False)
            for name in names:
                self._by_id.pop(name, None)


def _copy(report: ExecutionReport, order: Order) -> None:
    order.status = report.ord_status
    order.cum_qty, order.leaves_qty, order.avg_px = (
        report.cum_qty, report.leaves_qty, report.avg_px,
    )  # fmt: skip
    order.in_doubt = bool(report.in_doubt)
    order.last_report = report
    if report.order_id != NONE:
        order.order_id = report.order_id
    for name, value in (
        ("qty", report.order_qty), ("price", report.price), ("stop_px", report.stop_px),
        ("ord_type", report.ord_type), ("text", report.text), ("venue", report.security_exchange),
    ):  # fmt: skip
        if value is not None:
            setattr(order, name, value)


class OwnPositions:
    """What we hold: the gateway's account of it (AP), moved on by our fills since."""

    def __init__(self) -> None:
        self._qty: dict[tuple[str, str], Decimal] = {}
        self._fills: OrderedDict[str, None] = OrderedDict()

    def of(self, symbol: str, venue: str | None = None) -> Decimal:
        """Return the quantity, negative when short, on one venue or on all."""
        return sum(
            (q for (v, s), q in self._qty.items() if s == symbol and venue in {None, v}), ZERO
        )

    def restate(self, reports: list[PositionReport]) -> None:
        """Take the gateway's account in the place of ours."""
        self._qty.clear()
        for report in reports:
            if report.symbol is None:
                continue
            key = (report.security_exchange or "", report.symbol)
            held = sum(
                ((p.long_qty or ZERO) - (p.short_qty or ZERO) for p in report.positions), ZERO
            )
            self._qty[key] = self._qty.get(key, ZERO) + held

    def set(self, symbol: str, venue: str, qty: Decimal) -> None:
        """State what we hold."""
        self._qty[venue, symbol] = qty

    def fill(self, report: ExecutionReport, venue: str | None) -> bool:
        """Count a fill once; a fill that is known already changes nothing."""
        if report.exec_type is not ExecType.TRADE or not report.last_qty:
            return False
        if report.origin == CLOSE_BY:
            return False  # one position closed by another: what is held stays
        if report.exec_id in self._fills:
            return False
        self._fills[report.exec_id] = None
        if len(self._fills) > KEEP_FILLS:
            self._fills.popitem(last=False)
        key = (venue or "", report.symbol)
        self._qty[key] = self._qty.get(key, ZERO) + report.side.sign * report.last_qty
        return True
