"""One order over its life at an exchange that may make a new order of each replace.

Rules: `sum` is what this order has executed in trades that were told, or `before` this record
began; `base` is what earlier orders of its chain had executed. `heard` is the most that the
exchange has said was executed. While `heard` is more than `sum`, trades are missing, and the end of
the order is not told: fills first, then the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from bridges.crypto.views import OrderView, TradeView
from bridges.port import Fill, OrderRequest, VenueOrder
from protocol.fields import LastLiquidityInd, OrdStatus, OrdType, TimeInForce
from protocol.numbers import ZERO

ENDED = frozenset((OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED))
OVER = ENDED | {OrdStatus.FILLED}
_is_ours = re.compile(r"[0-9A-Z]{13}", re.ASCII).fullmatch
LOOKS = 3
"""So many looks, spread over the time of doubt, prove an absence."""
AT_ONCE = frozenset((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL))


class Order:
    """What is known of one order; `name` is the id that names it on our wire."""

    __slots__ = (
        "accepted",
        "amend_refusal",
        "amending",
        "asking",
        "base",
        "base_paid",
        "before",
        "born_ns",
        "cancel_id",
        "client_id",
        "doomed",
        "ended",
        "ended_by",
        "ending",
        "heard",
        "is_gone",
        "missed",
        "missed_ns",
        "name",
        "ns",
        "order_id",
        "paid",
        "previous",
        "qty",
        "refused",
        "replacing",
        "request",
        "sum",
        "superseded",
        "terms_here_ns",
        "terms_ns",
        "trades",
        "triggered",
    )  # fmt: skip

    def __init__(self, request: OrderRequest, now_ns: int) -> None:
        self.request = request
        self.name = request.cl_ord_id
        self.client_id = request.cl_ord_id
        self.previous = request.orig_cl_ord_id
        self.order_id = ""
        self.qty = request.order_qty
        """Of the order at the exchange: without what its chain had executed before."""
        self.base = ZERO
        self.base_paid = ZERO
        self.before = ZERO
        self.trades: set[str] = set()
        self.sum = ZERO
        self.paid = ZERO
        self.heard = ZERO
        self.accepted = False
        self.triggered = False
        self.ending: OrderView | None = None
        self.ended = False
        self.refused = False
        self.is_gone = False
        """Whether it was forgotten: it never came to be."""
        self.superseded = ""
        """The name of the order that has taken its place."""
        self.cancel_id = ""
        self.ended_by = ""
        """The cancel whose outcome its end was told as."""
        self.replacing = ""
        """The id of the replace that is under way: until it is decided, no end is told."""
        self.doomed = ""
        """The id of a cancel that came while a replace was under way."""
        self.terms_ns = 0
        """The exchange's time on its last word on price and quantity that counted (terms.py)."""
        self.terms_here_ns = 0
        """When, by our clock, they were last asked to change, or found changed."""
        self.amending: OrderRequest | None = None
        """What the exchange was asked to make of this very order."""
        self.amend_refusal = ""
        """Why the exchange will not make that of it, once it has said so."""
        self.asking = False
        """Whether missing trades are being asked for."""
        self.missed = self.missed_ns = 0
        """How often, and since when, it was not listed and the exchange knew no such order."""
        self.ns = self.born_ns = now_ns

    @property
    def cum(self) -> Decimal:
        """What was executed and told."""
        return self.base + self.sum

    @property
    def total(self) -> Decimal:
        """OrderQty (38): over the chain."""
        return self.base + self.qty

    @property
    def is_missing_trades(self) -> bool:
        """Whether the exchange has executed more than was told."""
        return self.heard > self.sum

    @property
    def is_done(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.ended or self.sum >= self.qty

    @property
    def is_stop(self) -> bool:
        """Whether it has a price at which it is triggered."""
        return self.request.stop_px is not None

    @property
    def waits(self) -> bool:
        """Whether it is a stop that was not triggered."""
        return self.is_stop and not self.triggered

    @property
    def status(self) -> OrdStatus:
        """What the trades and the end make of it."""
        if self.refused:
            return OrdStatus.REJECTED
        if self.sum >= self.qty:
            return OrdStatus.FILLED
        if self.ended and self.ending is not None:
            return OrdStatus.EXPIRED if self.expires else OrdStatus.CANCELED
        return OrdStatus.PARTIALLY_FILLED if self.cum > 0 else OrdStatus.NEW

    @property
    def expires(self) -> bool:
        """Whether its end is an expiry; the rest of an immediate order is cancelled, says FIX."""
        end = self.ending
        at_once = (
            self.request.time_in_force in AT_ONCE or self.request.ord_type is OrdType.MARKET
        )
        return end is not None and end.status is OrdStatus.EXPIRED and not at_once

    def is_forgotten(self, now_ns: int, absence_ns: int) -> bool:
        """Count one more look that found nothing; say whether that is proof by now."""
        self.missed_ns = self.missed_ns if self.missed else now_ns
        self.missed += 1
        return self.missed >= LOOKS and now_ns - self.missed_ns > absence_ns

    def leave_out(self, trades: Sequence[TradeView], through: Decimal) -> None:
        """Let this record begin before some trades, the oldest first, that were not told."""
        for trade in trades:
            if self.before <= through or trade.trade_id in self.trades:
                break
            self.before -= trade.qty
            self.sum -= trade.qty
            self.paid -= trade.qty * trade.price

    def gone_before(self, trades: Sequence[TradeView], since_ns: int) -> Decimal:
        """Return what was executed before the first of these trades, which end with the newest.

        That is 0 unless it fits to the digit: one of them is the first after this record began,
        which was not before this life did.
        """
        gone = self.heard - sum((one.qty for one in trades), ZERO)
        through = gone
        for trade in trades:
            if through == self.before and gone > 0:
                return gone if trade.ns >= since_ns else ZERO
            through += trade.qty
        return ZERO

    def book(self, trade: TradeView, through: Decimal) -> bool:
        """Count a trade once; say whether it is new. `through` is what was executed with it."""
        if trade.trade_id in self.trades:
            return False
        self.trades.add(trade.trade_id)
        if through <= self.before:
            return False
        self.sum += trade.qty
        self.paid += trade.qty * trade.price
        self.heard = max(self.heard, self.sum)
        self.ns = max(self.ns, trade.ns)
        return True

    def view_of_end(self, text: str) -> OrderView:
        """Return the order as the exchange would have it, cancelled without a trade."""
        request = self.request
        return OrderView(
            order_id=self.order_id, client_id=self.client_id, symbol=request.symbol,
            side=request.side, ord_type=request.ord_type, time_in_force=request.time_in_force,
            qty=self.qty, executed=self.sum, paid=self.paid, status=OrdStatus.CANCELED, ns=self.ns,
            price=request.price, stop_px=request.stop_px, text=text,
        )  # fmt: skip

    def image(self, text: str = "") -> VenueOrder:
        """Return the order as it was told so far."""
        return self._image(self.cum, self.base_paid + self.paid, self.status, text)

    def image_of(self, view: OrderView, text: str = "") -> VenueOrder:
        """Return the order as the exchange has it, whatever was told."""
        status = view.status
        if status is OrdStatus.NEW and self.base + view.executed > 0:
            status = OrdStatus.PARTIALLY_FILLED
        if status is OrdStatus.EXPIRED and not self.expires:
            status = OrdStatus.CANCELED
        told = self._image(
            self.base + view.executed, self.base_paid + view.paid, status, text or view.text
        )
        if told.price is None:
            return told
        total = self.base + view.qty
        return replace(
            told, order_qty=total, price=view.price or told.price,
            stop_px=view.stop_px or told.stop_px,
            leaves_qty=total - told.cum_qty if told.leaves_qty else ZERO,
        )  # fmt: skip

    def _image(
        self, cum: Decimal, paid: Decimal, status: OrdStatus, text: str
    ) -> VenueOrder:
        request = self.request
        is_open = status in {OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED}
        return VenueOrder(
            order_id=self.order_id or "NONE", cl_ord_id=self.name, orig_cl_ord_id=self.previous,
            symbol=request.symbol, side=request.side, ord_type=request.ord_type,
            time_in_force=request.time_in_force, order_qty=self.total, cum_qty=cum,
            leaves_qty=self.total - cum if is_open else ZERO,
            avg_px=paid / cum if cum else ZERO, status=status, transact_ns=self.ns,
            price=request.price, stop_px=request.stop_px, post_only=request.post_only,
            reduce_only=request.reduce_only, triggered=self.triggered, account=request.account,
            text=text,
        )  # fmt: skip


def adopted(view: OrderView, *, ours: bool, executed: Decimal, paid: Decimal) -> Order:
    """Make a record of an order that this life of the bridge has not sent."""
    request = OrderRequest(
        cl_ord_id=view.client_id if ours else "", symbol=view.symbol, side=view.side,
        order_qty=view.qty, ord_type=view.ord_type, time_in_force=view.time_in_force,
        price=view.price, stop_px=view.stop_px, post_only=view.post_only,
        reduce_only=view.reduce_only,
    )  # fmt: skip
    order = Order(request, view.ns)
    order.client_id = view.client_id
    order.born_ns = 0
    order.order_id = view.order_id
    order.before = order.sum = order.heard = executed
    order.paid = paid
    order.accepted = True
    order.terms_ns = view.ns
    order.triggered = view.working and view.stop_px is not None
    return order


def has_our_shape(client_id: str) -> bool:
    """Whether a client id is one that a gateway has given."""
    return bool(_is_ours(client_id))


def fill_of(trade: TradeView, name: str) -> Fill:
    """Write a trade as the port has it."""
    return Fill(
        trade_id=trade.trade_id, order_id=trade.order_id, cl_ord_id=name, symbol=trade.symbol,
        side=trade.side, last_qty=trade.qty, last_px=trade.price, commission=trade.fee,
        comm_currency=trade.fee_currency,
        liquidity=LastLiquidityInd.ADDED if trade.maker else LastLiquidityInd.REMOVED,
        transact_ns=trade.ns,
    )  # fmt: skip
