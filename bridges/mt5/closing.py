"""Which position an order closes on an account that may hold several: one, or one by another."""

from __future__ import annotations

from decimal import Decimal

from bridges.mt5.constants import MarginMode, OrderFlag
from bridges.mt5.orders import is_ours
from bridges.mt5.records import PositionRow, SymbolRow
from bridges.mt5.units import WRONG, Refusal
from bridges.port import OrderRequest
from protocol.fields import OrdType, TimeInForce

Held = tuple[PositionRow, ...]


def position_to_close(
    order: OrderRequest, lots: Decimal, mode: MarginMode, held: Held
) -> PositionRow | Refusal | None:
    """Find the position that an order closes: the one it names, or with 77=C one that it fits.

    A net account has one position for each symbol, which every order of the other side reduces.
    Elsewhere one order closes one position: where none is as large as a 77=C, the largest is
    closed, and the rest of the order is cancelled; who wants more closed asks again. What nobody
    names is closed only where a gateway's order has opened it: a person's position is a person's.
    """
    hedges = mode is MarginMode.RETAIL_HEDGING
    if not order.position_id and not (hedges and order.reduce_only):
        return None
    if not hedges:
        return Refusal(WRONG, "POSITION: this account nets; 5004 names nothing here")
    against = [
        one for one in held
        if one.lots * order.side.sign < 0 and (
            order.position_id == str(one.identifier)
            or (not order.position_id and is_ours(one.magic))
        )
    ]  # fmt: skip
    fits = [one for one in against if one.volume >= lots]
    if fits:
        return min(fits, key=lambda one: (one.volume != lots, one.identifier))
    whole = not order.reduce_only or order.time_in_force is TimeInForce.FILL_OR_KILL
    if against and not whole:
        return max(against, key=lambda one: (one.volume, -one.identifier))
    what = f"{lots} lots close no position {order.position_id}".rstrip()
    return Refusal(WRONG, f"POSITION: {what}; there are: {_names(held)} (name one in 5004)")


def pair_to_close(
    order: OrderRequest, lots: Decimal, symbol: SymbolRow, held: Held
) -> tuple[PositionRow, PositionRow] | Refusal:
    """Find the two positions of 5004 = `A/B`; the smaller of them is what is closed of both."""
    levels = order.stop_loss_px is not None or order.take_profit_px is not None
    if order.ord_type is not OrdType.MARKET or levels:
        text = "POSITION: closing one by another is a market order (40=1) without 5001 and 5002"
        return Refusal(WRONG, text)
    if not symbol.orders & OrderFlag.CLOSEBY:
        return Refusal(WRONG, "NOT_SUPPORTED: closing one position by another for this symbol")
    first, _, second = order.position_id.partition("/")
    named = {str(one.identifier): one for one in held}
    one, other = named.get(first), named.get(second)
    if one is None or other is None or not one.lots * order.side.sign < 0 < other.lots * (
        order.side.sign
    ):
        text = f"POSITION: {first} cannot be closed by {second} with 54={order.side.value}"
        return Refusal(WRONG, f"{text}; there are: {_names(held)}")
    least = min(one.volume, other.volume)
    if lots != least:
        text = f"POSITION: closing {first} by {second} is of {least} lots, received {lots}"
        return Refusal(WRONG, text)
    return one, other


def _names(held: Held) -> str:
    return ", ".join(f"{one.identifier} of {one.lots} lots" for one in held) or "none"
