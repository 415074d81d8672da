"""From an order to a trade request that its symbol takes, or to the reason why there is none.

Rules: nothing is rounded in silence, apart from an expiry, which is cut to the whole second before
it. What the terminal can know beforehand is checked before the server is asked: types, times,
filling, sides, volumes, prices, distances of stops and freezing. On an exchange nobody may bid, or
nobody offer: what is measured from a side where nobody is cannot be measured, and is left to the
server. The terminal's own order_check follows with the margin. Source of the distances:
https://www.mql5.com/en/articles/2555 and
https://www.mql5.com/en/docs/constants/structures/mqltraderequest.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from bridges.mt5.closing import pair_to_close, position_to_close
from bridges.mt5.constants import (
    Action,
    Execution,
    Filling,
    MarginMode,
    OrderFlag,
    OrderType,
    TradeMode,
    TypeTime,
)
from bridges.mt5.expiry import AT_ONCE, Ends, life_of
from bridges.mt5.records import OrderRow, PositionRow, Quote, SymbolRow, as_float
from bridges.mt5.tables import FIX_TYPES, ORDER_FLAGS, ORDER_TYPES, filling_of
from bridges.mt5.units import WRONG, Refusal, lots_of, no_level, off_tick
from bridges.port import OrderRequest
from protocol.closing_by import is_pair
from protocol.fields import OrdRejReason, OrdType, Side
from protocol.numbers import ZERO
from protocol.order_id import to_number

TEXT_MAX = 27
"""The package refuses a comment of more than 31 characters; servers keep less."""
NO_PRICE = Refusal(OrdRejReason.EXCHANGE_CLOSED, "NO_PRICE: the terminal has no quote")


class TradeRequest(Struct, frozen=True, kw_only=True):
    """An MqlTradeRequest: volumes in lots, `deviation` in points. `bound` is ours, see `priced`."""

    action: Action
    symbol: str
    type: OrderType = OrderType.BUY
    volume: Decimal = ZERO
    price: Decimal = ZERO
    stoplimit: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    deviation: int = 0
    type_filling: Filling = Filling.RETURN
    type_time: TypeTime = TypeTime.GTC
    expiration: int = 0
    magic: int = 0
    comment: str = ""
    position: int = 0
    position_by: int = 0
    order: int = 0
    bound: Decimal = ZERO
    """The worst price that a deal may have; 0 is any."""
    standing: tuple[Decimal, Decimal] = (ZERO, ZERO)
    """The levels that the position has until now: near one of them it is frozen."""

    def as_dict(self) -> dict[str, Any]:
        """Write it as order_send() and order_check() want it."""
        found: dict[str, Any] = {"action": int(self.action), "symbol": self.symbol}
        for name in ("volume", "price", "stoplimit", "sl", "tp"):
            found[name] = as_float(getattr(self, name))
        for name in (
            "deviation", "type", "type_filling", "type_time", "expiration", "magic", "position",
            "position_by", "order",
        ):  # fmt: skip
            found[name] = int(getattr(self, name))
        found["comment"] = self.comment
        wanted = _FIELDS[self.action]
        return {name: value for name, value in found.items() if name in wanted}


_ALWAYS = {"action", "symbol", "magic", "comment"}
_PENDING = {"type", "volume", "price", "stoplimit", "sl", "tp", "type_filling", "type_time",
            "expiration"}  # fmt: skip
_FIELDS: dict[Action, set[str]] = {
    Action.DEAL: _ALWAYS | {"type", "volume", "price", "sl", "tp", "deviation", "type_filling",
                            "position"},
    Action.PENDING: _ALWAYS | _PENDING,
    Action.MODIFY: {"action", "symbol", "order"} | (_PENDING - {"volume", "type", "type_filling"}),
    Action.REMOVE: {"action", "order"},
    Action.SLTP: {"action", "symbol", "position", "sl", "tp"},
    Action.CLOSE_BY: _ALWAYS | {"position", "position_by"},
}  # fmt: skip


class Terms(Struct, frozen=True, kw_only=True):
    """What a request is made by, beside the order: the account's kind and the operator's choices.

    `ends` says a moment to come by the server's clock.
    """

    margin_mode: MarginMode
    ends: Ends
    deviation: int = 0
    ioc_at_market: bool = False
    """Whether a limit IOC or FOK may be a deal where the server does not bound its price."""


def new_request(
    order: OrderRequest, qty: Decimal, symbol: SymbolRow, terms: Terms,
    positions: Iterable[PositionRow] = (),
) -> TradeRequest | Refusal:  # fmt: skip
    """Write the request that places an order of `qty` units, as far as no quote is needed."""
    held = tuple(one for one in positions if one.symbol == symbol.name)
    lots = lots_of(qty, symbol)
    if isinstance(lots, Refusal):
        return lots
    wrong = _shape(order, symbol) or _side(order.side, lots, symbol, held)
    if wrong is not None:
        return wrong
    if is_pair(order.position_id) and terms.margin_mode is MarginMode.RETAIL_HEDGING:
        return _close_by(order, lots, symbol, held)
    return _order(order, lots, symbol, terms, held)


def _order(
    order: OrderRequest, lots: Decimal, symbol: SymbolRow, terms: Terms,
    held: tuple[PositionRow, ...],
) -> TradeRequest | Refusal:  # fmt: skip
    position = position_to_close(order, lots, terms.margin_mode, held)
    if isinstance(position, Refusal):
        return position
    if position is not None:
        lots = min(lots, position.volume)
    base = TradeRequest(
        action=Action.PENDING, symbol=symbol.name, volume=lots,
        type=ORDER_TYPES[order.ord_type, order.side], sl=order.stop_loss_px or ZERO,
        tp=order.take_profit_px or ZERO, magic=to_number(order.cl_ord_id),
        comment=order.cl_ord_id[:TEXT_MAX],
    )  # fmt: skip
    at_once = order.ord_type is OrdType.LIMIT and order.time_in_force in AT_ONCE
    if order.ord_type is OrdType.MARKET:
        return _deal(base, order, symbol, terms, position, ZERO)
    if at_once and symbol.execution is not Execution.EXCHANGE:
        return _deal(base, order, symbol, terms, position, order.price or ZERO)
    if position is not None:
        return Refusal(WRONG, "POSITION: only a market order can close a position (5004)")
    return _pending(base, order, symbol, terms)


def _close_by(
    order: OrderRequest, lots: Decimal, symbol: SymbolRow, held: tuple[PositionRow, ...]
) -> TradeRequest | Refusal:
    found = pair_to_close(order, lots, symbol, held)
    if isinstance(found, Refusal):
        return found
    return TradeRequest(
        action=Action.CLOSE_BY, symbol=symbol.name, type=OrderType.CLOSE_BY,
        position=found[0].ticket, position_by=found[1].ticket, magic=to_number(order.cl_ord_id),
        comment=order.cl_ord_id[:TEXT_MAX],
    )  # fmt: skip


def _deal(
    base: TradeRequest, order: OrderRequest, symbol: SymbolRow, terms: Terms,
    position: PositionRow | None, bound: Decimal,
) -> TradeRequest | Refusal:  # fmt: skip
    filling = filling_of(
        symbol.execution, symbol.filling, OrdType.MARKET, order.time_in_force, post_only=False
    )
    if filling is None:
        return _no_filling(order)
    if bound and symbol.execution is Execution.MARKET and not terms.ioc_at_market:
        text = (
            "NOT_SUPPORTED: in market execution nothing bounds the price of an immediate order;"
            " ioc_at_market in the config of the venue lets it slip"
        )
        return Refusal(WRONG, text)
    kind = OrderType.BUY if order.side is Side.BUY else OrderType.SELL
    return replace(
        base, action=Action.DEAL, type=kind, type_filling=filling,
        deviation=0 if bound else terms.deviation, bound=bound,
        position=position.ticket if position else 0,
    )  # fmt: skip


def _pending(
    base: TradeRequest, order: OrderRequest, symbol: SymbolRow, terms: Terms
) -> TradeRequest | Refusal:
    filling = filling_of(
        symbol.execution, symbol.filling, order.ord_type, order.time_in_force,
        post_only=order.post_only,
    )  # fmt: skip
    if filling is None:
        return _no_filling(order)
    times = life_of(order, symbol, terms.ends)
    if isinstance(times, Refusal):
        return times
    trigger = order.price if order.ord_type is OrdType.LIMIT else order.stop_px
    stoplimit = order.price if order.ord_type is OrdType.STOP_LIMIT else None
    return replace(
        base, price=trigger or ZERO, stoplimit=stoplimit or ZERO, type_filling=filling,
        type_time=times[0], expiration=times[1],
    )  # fmt: skip


def _no_filling(order: OrderRequest) -> Refusal:
    what = "post-only" if order.post_only else f"TimeInForce(59)={order.time_in_force.value}"
    text = f"NOT_SUPPORTED: {what} of OrdType(40)={order.ord_type.value} for this symbol"
    return Refusal(WRONG, text)


def _shape(order: OrderRequest, symbol: SymbolRow) -> Refusal | None:
    """Check types, stop levels and prices against the symbol."""
    kind = order.ord_type
    if not symbol.orders & ORDER_FLAGS[kind]:
        return Refusal(WRONG, f"NOT_SUPPORTED: OrdType(40)={kind.value} for this symbol")
    for name, price, flag in (
        ("StopLossPx(5001)", order.stop_loss_px, OrderFlag.SL),
        ("TakeProfitPx(5002)", order.take_profit_px, OrderFlag.TP),
    ):
        wrong = no_level(name, flag, symbol) if price is not None else None
        if wrong is not None:
            return wrong
    for name, price, needed in (
        ("Price(44)", order.price, kind in {OrdType.LIMIT, OrdType.STOP_LIMIT}),
        ("StopPx(99)", order.stop_px, kind in {OrdType.STOP, OrdType.STOP_LIMIT}),
    ):
        if (price is not None) is not needed:
            verb = "needs" if needed else "takes no"
            return Refusal(WRONG, f"PRICE: OrdType(40)={kind.value} {verb} {name}")
    prices = (
        ("Price(44)", order.price), ("StopPx(99)", order.stop_px),
        ("StopLossPx(5001)", order.stop_loss_px), ("TakeProfitPx(5002)", order.take_profit_px),
    )  # fmt: skip
    return next((wrong for name, px in prices if (wrong := off_tick(name, px, symbol))), None)


def _side(
    side: Side, lots: Decimal, symbol: SymbolRow, held: tuple[PositionRow, ...]
) -> Refusal | None:
    """Check the trade mode, and what a lot is: what may be opened, and what may only be closed."""
    mode = symbol.trade_mode
    opens = {
        TradeMode.FULL: True, TradeMode.LONGONLY: side is Side.BUY,
        TradeMode.SHORTONLY: side is Side.SELL,
    }.get(mode, False) and not symbol.problem  # fmt: skip
    against = sum((one.volume for one in held if one.lots * side.sign < 0), ZERO)
    if opens or (mode is not TradeMode.DISABLED and lots <= against):
        return None
    text = f"TRADE_MODE: {symbol.name} is {mode.name}, and this order would open a position"
    return Refusal(OrdRejReason.EXCHANGE_CLOSED, symbol.problem or text)


def modify_request(
    order: OrderRequest, row: OrderRow, symbol: SymbolRow, terms: Terms
) -> TradeRequest | Refusal:
    """Write the request that changes prices and expiry of a pending order."""
    times = _shape(order, symbol) or life_of(order, symbol, terms.ends)
    if isinstance(times, Refusal):
        return times
    trigger = order.price if order.ord_type is OrdType.LIMIT else order.stop_px
    stoplimit = order.price if order.ord_type is OrdType.STOP_LIMIT else None
    return TradeRequest(
        action=Action.MODIFY, symbol=symbol.name, order=row.ticket, price=trigger or ZERO,
        type=OrderType(row.type), volume=row.volume_current, stoplimit=stoplimit or ZERO,
        sl=order.stop_loss_px or ZERO, tp=order.take_profit_px or ZERO, type_time=times[0],
        expiration=times[1],
    )  # fmt: skip


def remove_request(row: OrderRow) -> TradeRequest:
    """Write the request that deletes a pending order."""
    return TradeRequest(
        action=Action.REMOVE, symbol=row.symbol, order=row.ticket, type=OrderType(row.type),
        price=row.price_open,
    )  # fmt: skip


def priced(request: TradeRequest, symbol: SymbolRow, quote: Quote) -> TradeRequest | Refusal:
    """Finish a request by the quote of the moment at which it is sent, or say why it is not.

    A deal asks for the quote; one that has a bound (a limit that is immediate) may deviate from it
    as far as the bound, and is not sent when the quote is beyond it.
    """
    buys = request.type % 2 == 0
    here = quote.ask if buys else quote.bid
    if request.action is Action.DEAL:
        if not here:
            return NO_PRICE
        room = (request.bound - here) * (1 if buys else -1)
        if request.bound and room < 0:
            return Refusal(OrdRejReason.OTHER, f"NOT_EXECUTABLE: the market is at {here}")
        deviation = int(room / symbol.point) if request.bound else request.deviation
        request = replace(request, price=here, deviation=deviation)
    elif request.action is Action.PENDING:
        wrong = _distance(request, symbol, quote)
        if wrong is not None:
            return wrong
    if request.action in {Action.MODIFY, Action.REMOVE} and symbol.freeze_level:
        wrong = frozen(request, symbol, quote)
        if wrong is not None:
            return wrong
    return _levels(request, symbol, quote) or request


def _gap(kind: OrderType, price: Decimal, quote: Quote) -> Decimal | None:
    """Measure how far a pending order is from where it would be executed; below 0 is beyond.

    None where nobody is whom it could meet.
    """
    here = quote.ask if kind % 2 == 0 else quote.bid
    if not here:
        return None
    below = kind in {OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT}
    return here - price if below else price - here


def _distance(request: TradeRequest, symbol: SymbolRow, quote: Quote) -> Refusal | None:
    """Check how far a pending order is from the market; a limit may cross on an exchange only."""
    gap = _gap(request.type, request.price, quote)
    if gap is None:
        return None
    if request.type_filling is Filling.BOC and gap <= 0:
        text = f"POST_ONLY: {request.price} would be executed at once"
        return Refusal(OrdRejReason.OTHER, text)
    if symbol.execution is Execution.EXCHANGE and FIX_TYPES[request.type][0] is OrdType.LIMIT:
        return None
    least = symbol.stops_level * symbol.point
    if gap > 0 and gap >= least:
        return None
    text = (
        f"INVALID_PRICE: {request.price} is {gap} away from the market, expected at least"
        f" {max(least, symbol.point)}"
    )
    return Refusal(OrdRejReason.OTHER, text)


def frozen(request: TradeRequest, symbol: SymbolRow, quote: Quote) -> Refusal | None:
    """Refuse to touch an order that is nearer to its execution than the freeze level."""
    least = symbol.freeze_level * symbol.point
    gap = _gap(request.type, request.price, quote)
    if gap is None or gap > least:
        return None
    return Refusal(OrdRejReason.OTHER, f"FROZEN: the market is within {least} of the order")


def _levels(request: TradeRequest, symbol: SymbolRow, quote: Quote) -> Refusal | None:
    """Check how far stop-loss and take-profit are from where the position would be closed."""
    if request.action is Action.REMOVE:
        return None
    sign = 1 if request.type % 2 == 0 else -1
    here = quote.bid if sign > 0 else quote.ask
    entry = request.stoplimit or request.price
    start = here if request.action in {Action.DEAL, Action.SLTP} else entry
    if not start and (request.sl or request.tp):
        return NO_PRICE
    least = symbol.freeze_level * symbol.point
    if least and here and any(level and abs(level - here) <= least for level in request.standing):
        text = f"FROZEN: the market is within {least} of a level of the position"
        return Refusal(OrdRejReason.OTHER, text)
    least = symbol.stops_level * symbol.point
    for name, level, gap in (
        ("StopLossPx(5001)", request.sl, (start - request.sl) * sign),
        ("TakeProfitPx(5002)", request.tp, (request.tp - start) * sign),
    ):
        if level and (gap <= 0 or gap < least):
            text = f"INVALID_STOPS: {name} {level} is {gap} away from {start}, at least {least}"
            return Refusal(OrdRejReason.OTHER, text)
    return None
