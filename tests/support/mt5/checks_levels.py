"""The checks of prices against the market: stops, pending prices, freeze level, expiry."""

from __future__ import annotations

from support.mt5.constants import Action, Execution, ExpirationFlag, OrderFlag, Retcode, TimeType

DAY_S = 86_400


def _reference(asking):
    """Return (the side that stops protect, the price they are measured from)."""
    if asking.action is Action.SLTP:
        is_buy = asking.position.is_buy
        return is_buy, asking.market.close_price(is_buy=is_buy)
    if asking.type.is_stop_limit:
        return asking.is_buy, asking.request.stoplimit
    if asking.type.is_pending:
        return asking.is_buy, asking.request.price
    return asking.is_buy, asking.market.close_price(is_buy=asking.is_buy)


def stops(asking):
    """SL and TP are allowed, on the grid, on their own sides, and far enough away."""
    request, rules = asking.request, asking.rules
    if asking.action is Action.DEAL and not asking.opening:
        return None
    is_buy, price = _reference(asking)
    for level, flag, below in (
        (request.sl, OrderFlag.SL, is_buy), (request.tp, OrderFlag.TP, not is_buy),
    ):  # fmt: skip
        if not level:
            continue
        away = price - level if below else level - price
        if level < 0 or not rules.order_mode & flag or level % rules.tick_size:
            return Retcode.INVALID_STOPS
        if away < 0 or asking.points(away) < rules.stops_level or not away:
            return Retcode.INVALID_STOPS
    return None


def pending_price(asking):
    """The price is given, on the grid, and on its own side of the market, far enough away.

    A limit order on an exchange may be better than the market: it trades at once.
    """
    request, rules, kind = asking.request, asking.rules, asking.type
    if request.price <= 0 or request.price % rules.tick_size:
        return Retcode.INVALID_PRICE
    if kind.is_stop_limit:
        wrong = request.stoplimit > request.price if kind.is_buy else (
            request.stoplimit < request.price
        )  # fmt: skip
        if request.stoplimit <= 0 or request.stoplimit % rules.tick_size or wrong:
            return Retcode.INVALID_PRICE
    if kind.is_limit and rules.execution is Execution.EXCHANGE:
        return None
    market = asking.market.price(buys=kind.is_buy)
    if not market:
        return None  # on an exchange, where nobody is on that side
    above = kind.is_buy != kind.is_limit
    away = request.price - market if above else market - request.price
    near = away <= 0 or asking.points(away) < rules.stops_level
    return Retcode.INVALID_PRICE if near else None


EXPIRATION = {
    TimeType.GTC: ExpirationFlag.GTC, TimeType.DAY: ExpirationFlag.DAY,
    TimeType.SPECIFIED: ExpirationFlag.SPECIFIED,
    TimeType.SPECIFIED_DAY: ExpirationFlag.SPECIFIED_DAY,
}  # fmt: skip


def expiration(asking):
    """The symbol allows the kind of expiry, and the time is to come."""
    request, now_s = asking.request, asking.server_ms // 1000
    if request.type_time not in tuple(TimeType):
        return Retcode.INVALID_EXPIRATION
    kind = TimeType(request.type_time)
    if not asking.rules.expiration & EXPIRATION[kind]:
        return Retcode.INVALID_EXPIRATION
    if kind is TimeType.SPECIFIED and request.expiration <= now_s:
        return Retcode.INVALID_EXPIRATION
    if kind is TimeType.SPECIFIED_DAY and request.expiration // DAY_S < now_s // DAY_S:
        return Retcode.INVALID_EXPIRATION
    return None


def frozen_order(asking):
    """A pending order that is about to trade can no longer be changed or removed."""
    order, rules = asking.order, asking.rules
    market = asking.market.price(buys=order.type.is_buy)
    if not rules.freeze_level or not market:
        return None
    near = asking.points(abs(order.price_open - market)) < rules.freeze_level
    return Retcode.FROZEN if near else None


def frozen_position(asking):
    """A position whose SL or TP is about to trade can no longer be changed or closed."""
    position, rules = asking.position, asking.rules
    if position is None or not rules.freeze_level:
        return None
    price = asking.market.close_price(is_buy=position.is_buy)
    near = any(
        level and asking.points(abs(level - price)) < rules.freeze_level
        for level in (position.sl, position.tp)
    )
    return Retcode.FROZEN if near else None


def nothing_new(asking):
    """A change changes something."""
    request = asking.request
    if asking.action is Action.SLTP:
        same = (request.sl, request.tp) == (asking.position.sl, asking.position.tp)
        return Retcode.NO_CHANGES if same else None
    order = asking.order
    same = (
        request.price, request.sl, request.tp, request.stoplimit, request.type_time,
        request.expiration,
    ) == (
        order.price_open, order.sl, order.tp, order.price_stoplimit, order.type_time,
        order.time_expiration,
    )  # fmt: skip
    return Retcode.NO_CHANGES if same else None
