"""Which orders an exchange would not take, found out before it is asked.

Rules: nothing is rounded in silence. A price off the tick or a quantity off the step is refused:
what rests at the exchange has to be what was asked for, to the digit, or the gateway could not tell
from a listing which version of an order lives there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from bridges.instrument import Instrument
from bridges.port import Capabilities, OrderRequest
from protocol.fields import OrdRejReason, OrdType, TimeInForce

LIMITS = frozenset((OrdType.LIMIT, OrdType.STOP_LIMIT))
STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))


class Refusal(NamedTuple):
    """Why an order is not sent."""

    reason: OrdRejReason
    text: str


def check(
    order: OrderRequest, rules: Instrument | None, able: Capabilities, *, qty: Decimal
) -> Refusal | None:
    """Return why an order is not sent; `qty` is what would be sent of it."""
    if rules is None:
        text = f"UNKNOWN_SYMBOL: {order.symbol} is not traded there, or not now"
        return Refusal(OrdRejReason.UNKNOWN_SYMBOL, text)
    return _ability(order, able) or _prices(order, rules) or _amounts(order, rules, qty)


def _ability(order: OrderRequest, able: Capabilities) -> Refusal | None:
    wrong = OrdRejReason.UNSUPPORTED_CHARACTERISTIC
    force = order.time_in_force
    if order.ord_type not in able.ord_types:
        return Refusal(wrong, f"NOT_SUPPORTED: OrdType(40)={order.ord_type.value}")
    if order.ord_type is not OrdType.MARKET and force not in able.times_in_force:
        return Refusal(wrong, f"NOT_SUPPORTED: TimeInForce(59)={force.value}")
    for name, wanted, can in (
        ("post-only", order.post_only, able.post_only),
        ("reduce-only", order.reduce_only, able.reduce_only),
    ):
        if wanted and not can:
            return Refusal(wrong, f"NOT_SUPPORTED: {name}")
    rests = order.ord_type is OrdType.LIMIT and force is TimeInForce.GOOD_TILL_CANCEL
    if order.post_only and not rests:
        return Refusal(wrong, "POST_ONLY: only a limit order that may rest can be post-only")
    if order.ord_type in STOPS and force is not TimeInForce.GOOD_TILL_CANCEL:
        return Refusal(wrong, f"NOT_SUPPORTED: a stop with TimeInForce(59)={force.value}")
    return None


def _prices(order: OrderRequest, rules: Instrument) -> Refusal | None:
    wrong = OrdRejReason.UNSUPPORTED_CHARACTERISTIC
    wanted = (
        ("Price(44)", order.price, order.ord_type in LIMITS),
        ("StopPx(99)", order.stop_px, order.ord_type in STOPS),
    )
    for name, price, needed in wanted:
        if (price is not None) is not needed:
            verb = "needs" if needed else "takes no"
            return Refusal(wrong, f"PRICE: OrdType(40)={order.ord_type.value} {verb} {name}")
        if price is not None and (price <= 0 or price % rules.price_tick):
            tick = rules.price_tick
            text = f"PRICE_TICK: received {name} {price}, expected a positive multiple of {tick}"
            return Refusal(wrong, text)
    return None


def _amounts(order: OrderRequest, rules: Instrument, qty: Decimal) -> Refusal | None:
    wrong = OrdRejReason.INCORRECT_QUANTITY
    if qty % rules.qty_step:
        return Refusal(wrong, f"QTY_STEP: received {qty}, expected a multiple of {rules.qty_step}")
    most = rules.max_qty
    if order.ord_type not in LIMITS and rules.max_market_qty:
        most = min(most, rules.max_market_qty)
    if not max(rules.min_qty, rules.qty_step) <= qty <= most:
        text = f"QTY_RANGE: received {qty}, expected {rules.min_qty} to {most}"
        return Refusal(wrong, text)
    price = order.price or order.stop_px
    if price is not None and price * qty < rules.min_notional and not order.reduce_only:
        return Refusal(wrong, f"MIN_NOTIONAL: {price * qty} is below {rules.min_notional}")
    if price is not None and rules.max_notional and price * qty > rules.max_notional:
        return Refusal(wrong, f"MAX_NOTIONAL: {price * qty} is above {rules.max_notional}")
    return None
