"""An order inside the exchange, and what makes a new one invalid."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from bridges.paper.grid import Grid
from bridges.port import OrderRequest, VenueOrder
from protocol.fields import OrdRejReason, OrdStatus, OrdType, TimeInForce
from protocol.numbers import ZERO

STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))
LIMITS = frozenset((OrdType.LIMIT, OrdType.STOP_LIMIT))
AT_ONCE = frozenset((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL))
OPEN = frozenset((OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED))


class Refusal(NamedTuple):
    """Why an order is refused."""

    reason: OrdRejReason
    text: str


class Order:
    """One order over its life. Quantities in steps, prices in ticks, `paid` their products' sum."""

    __slots__ = (
        "chain", "cum", "entry", "expire_ns", "grid", "order_id", "paid", "qty", "request",
        "status", "text", "transact_ns", "triggered",
    )  # fmt: skip

    def __init__(self, order_id: str, request: OrderRequest, grid: Grid, now_ns: int) -> None:
        self.order_id = order_id
        self.request = request
        self.grid = grid
        self.chain = [request.cl_ord_id]
        self.qty = grid.steps(request.order_qty) or 0
        self.cum = 0
        self.paid = 0
        self.status = OrdStatus.NEW
        self.expire_ns = request.expire_ns
        self.triggered = False
        self.transact_ns = now_ns
        self.text = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in OPEN

    @property
    def leaves(self) -> int:
        """What may still trade, in steps."""
        return self.qty - self.cum if self.is_open else 0

    @property
    def limit(self) -> int | None:
        """The limit price in ticks; None takes any price."""
        price = self.request.price
        return None if price is None else self.grid.ticks(price)

    @property
    def stop(self) -> int:
        """The trigger price in ticks."""
        return self.grid.ticks(self.request.stop_px or ZERO) or 0

    @property
    def waits(self) -> bool:
        """Whether it is a stop that has not been triggered."""
        return self.request.ord_type in STOPS and not self.triggered

    @property
    def avg_px(self) -> Decimal:
        """The average price of what has traded."""
        return self.grid.price(self.paid) / self.cum if self.cum else ZERO

    def image(self) -> VenueOrder:
        """Return the order as it is now."""
        request = self.request
        return VenueOrder(
            order_id=self.order_id,
            cl_ord_id=self.chain[-1],
            orig_cl_ord_id=self.chain[-2] if len(self.chain) > 1 else "",
            symbol=request.symbol,
            side=request.side,
            ord_type=request.ord_type,
            time_in_force=request.time_in_force,
            order_qty=request.order_qty,
            cum_qty=self.grid.qty(self.cum),
            leaves_qty=self.grid.qty(self.leaves),
            avg_px=self.avg_px,
            status=self.status,
            transact_ns=self.transact_ns,
            price=request.price,
            stop_px=request.stop_px,
            expire_ns=request.expire_ns,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
            triggered=self.triggered,
            account=request.account,
            text=self.text,
        )


def refused_image(order_id: str, request: OrderRequest, now_ns: int, text: str) -> VenueOrder:
    """Return an order that never was one."""
    return VenueOrder(
        order_id=order_id,
        cl_ord_id=request.cl_ord_id,
        symbol=request.symbol,
        side=request.side,
        ord_type=request.ord_type,
        time_in_force=request.time_in_force,
        order_qty=request.order_qty,
        cum_qty=ZERO,
        leaves_qty=ZERO,
        avg_px=ZERO,
        status=OrdStatus.REJECTED,
        transact_ns=now_ns,
        price=request.price,
        stop_px=request.stop_px,
        text=text,
    )


def _check_qty(request: OrderRequest, grid: Grid) -> Refusal | None:
    rules = grid.instrument
    qty = request.order_qty
    wrong = OrdRejReason.INCORRECT_QUANTITY
    if grid.steps(qty) is None:
        return Refusal(wrong, f"QTY_STEP: received {qty}, expected a multiple of {rules.qty_step}")
    if not max(rules.min_qty, rules.qty_step) <= qty <= rules.max_qty:
        text = f"QTY_RANGE: received {qty}, expected {rules.min_qty} to {rules.max_qty}"
        return Refusal(wrong, text)
    return None


def _check_prices(request: OrderRequest, grid: Grid) -> Refusal | None:
    wrong = OrdRejReason.UNSUPPORTED_CHARACTERISTIC
    wanted = (
        ("Price(44)", request.price, request.ord_type in LIMITS),
        ("StopPx(99)", request.stop_px, request.ord_type in STOPS),
    )
    for name, price, needed in wanted:
        if (price is not None) is not needed:
            verb = "needs" if needed else "takes no"
            return Refusal(wrong, f"PRICE: OrdType(40)={request.ord_type.value} {verb} {name}")
        if price is None:
            continue
        if price <= 0 or grid.ticks(price) is None:
            tick = grid.instrument.price_tick
            text = f"PRICE_TICK: received {name} {price}, expected a positive multiple of {tick}"
            return Refusal(wrong, text)
    return None


def _check_force(request: OrderRequest, now_ns: int) -> Refusal | None:
    wrong = OrdRejReason.UNSUPPORTED_CHARACTERISTIC
    dated = request.time_in_force is TimeInForce.GOOD_TILL_DATE
    if dated is not (request.expire_ns is not None):
        return Refusal(wrong, "EXPIRE: ExpireTime(126) goes with TimeInForce(59)=6 and only then")
    if request.expire_ns is not None and request.expire_ns <= now_ns:
        return Refusal(OrdRejReason.TOO_LATE_TO_ENTER, "EXPIRE: ExpireTime(126) is past")
    if request.post_only and (
        request.ord_type is not OrdType.LIMIT or request.time_in_force in AT_ONCE
    ):
        return Refusal(wrong, "POST_ONLY: only a limit order that may rest can be post-only")
    return None


def check(
    request: OrderRequest, grid: Grid, *, mark: Decimal | None, held: Decimal, now_ns: int
) -> Refusal | None:
    """Return why an order is refused. `mark` is a price for a market order's notional."""
    refusal = (
        _check_qty(request, grid)
        or _check_prices(request, grid)
        or _check_force(request, now_ns)
    )
    if refusal is not None:
        return refusal
    if request.reduce_only:
        if held * request.side.sign >= 0:
            text = f"REDUCE_ONLY: the position is {held}, this order would not reduce it"
            return Refusal(OrdRejReason.OTHER, text)
        return None
    price = request.price or request.stop_px or mark
    least = grid.instrument.min_notional
    if price is not None and price * request.order_qty < least:
        text = f"MIN_NOTIONAL: {price * request.order_qty} is below {least}"
        return Refusal(OrdRejReason.INCORRECT_QUANTITY, text)
    return None
