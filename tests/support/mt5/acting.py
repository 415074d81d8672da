"""What the server does with a request that has passed its checks, and what it answers."""

from __future__ import annotations

from msgspec.structs import replace
from support.mt5.constants import (
    Action,
    Execution,
    Filling,
    OrderState,
    OrderType,
    Retcode,
    TimeType,
    text_of,
)
from support.mt5.records import ZERO, Order, Result


def new_order(asking, ticket, comment_limit):
    """Return the order that a request for a deal or a pending order becomes."""
    request, rules = asking.request, asking.rules
    market = asking.type.is_market
    exchange = rules.execution is Execution.EXCHANGE
    filling = Filling(request.type_filling)
    return Order(
        ticket=ticket, symbol=asking.symbol, type=asking.type, magic=request.magic,
        state=OrderState.REQUEST_ADD if exchange else OrderState.STARTED, reason=asking.reason,
        volume_initial=request.volume, volume_current=request.volume, sl=request.sl,
        tp=request.tp, comment=request.comment[:comment_limit],
        price_open=request.price if not market or asking.price_matters else ZERO,
        price_stoplimit=request.stoplimit, time_setup_msc=asking.server_ms,
        price_current=asking.market.price(buys=asking.is_buy),
        position_id=asking.position.identifier if market and asking.position else 0,
        type_filling=Filling.RETURN if not market and not exchange else filling,
        type_time=TimeType.GTC if market else TimeType(request.type_time),
        time_expiration=0 if market else expiration_of(request),
        external_id=f"X{ticket}" if exchange else "",
    )  # fmt: skip


def expiration_of(request):
    """Return the expiry that an order shows: SPECIFIED_DAY ends with its day."""
    if request.type_time == TimeType.SPECIFIED:
        return request.expiration
    if request.type_time == TimeType.SPECIFIED_DAY:
        return request.expiration // 86_400 * 86_400 + 86_399
    return 0


class Hand:
    """Does what one account asks for."""

    def __init__(self, matcher, server):
        self._matcher = matcher
        self._desk = matcher.desk
        self._server = server

    def act(self, asking):
        """Do it; return the answer."""
        deed = {
            Action.DEAL: self._deal, Action.PENDING: self._pending, Action.SLTP: self._levels,
            Action.MODIFY: self._modify, Action.REMOVE: self._remove,
            Action.CLOSE_BY: self._close_by,
        }[asking.action]  # fmt: skip
        return deed(asking)

    def _new(self, asking):
        ticket = next(self._desk.tickets.orders)
        return new_order(asking, ticket, self._server.comment_limit)

    def _deal(self, asking):
        if self._refuses_whole(asking):
            return answer(Retcode.REJECT, asking)
        order, deals = self._matcher.enter(self._new(asking))
        exchange = asking.rules.execution is Execution.EXCHANGE
        if exchange and self._server.exchange_answer is Retcode.PLACED:
            return answer(Retcode.PLACED, asking, order=order.ticket, volume=order.volume_initial)
        filled = sum((deal.volume for deal in deals), ZERO)
        if not filled:
            cancelled = order.state is OrderState.CANCELED
            code = Retcode.CANCEL if cancelled else Retcode.PLACED
            return answer(code, asking, order=order.ticket)
        average = sum((deal.price * deal.volume for deal in deals), ZERO) / filled
        return answer(
            Retcode.DONE if filled == order.volume_initial else Retcode.DONE_PARTIAL, asking,
            order=order.ticket, deal=deals[-1].ticket, volume=filled, price=average,
        )  # fmt: skip

    def _refuses_whole(self, asking):
        """Say whether a dealer turns a fill-or-kill down that he cannot fill."""
        request = asking.request
        if asking.rules.execution is Execution.EXCHANGE or request.type_filling != Filling.FOK:
            return False
        there = asking.market.available(buys=asking.is_buy)
        return there is not None and there < request.volume

    def _pending(self, asking):
        order, _ = self._matcher.enter(self._new(asking))
        self._server.expire_later(self._desk.account, order)
        code = Retcode.PLACED if order.ticket in self._matcher.held else Retcode.DONE
        return answer(code, asking, order=order.ticket, volume=order.volume_initial)

    def _levels(self, asking):
        request = asking.request
        self._desk.move(asking.position, sl=request.sl, tp=request.tp)
        return answer(Retcode.DONE, asking)

    def _modify(self, asking):
        request = asking.request
        order = self._desk.update(
            asking.order, price_open=request.price, sl=request.sl, tp=request.tp,
            price_stoplimit=request.stoplimit, type_time=TimeType(request.type_time),
            time_expiration=expiration_of(request),
        )  # fmt: skip
        self._server.expire_later(self._desk.account, order)
        self._matcher.work(order)
        return answer(Retcode.DONE, asking, order=order.ticket)

    def _remove(self, asking):
        order = asking.order
        if asking.rules.execution is Execution.EXCHANGE:
            order = self._desk.update(order, state=OrderState.REQUEST_CANCEL)
        self._desk.finish(order, OrderState.CANCELED)
        return answer(Retcode.DONE, asking, order=order.ticket)

    def _close_by(self, asking):
        first, second = asking.position, asking.opposite
        volume = min(first.volume, second.volume)
        order = Order(
            ticket=next(self._desk.tickets.orders), symbol=first.symbol,
            type=OrderType.CLOSE_BY, state=OrderState.STARTED, reason=asking.reason,
            magic=asking.request.magic, volume_initial=volume, volume_current=volume,
            price_open=second.price_open, price_current=second.price_open,
            time_setup_msc=asking.server_ms, position_id=first.identifier,
            position_by_id=second.identifier,
            comment=f"#{first.identifier} by #{second.identifier}",
        )  # fmt: skip
        deals = self._desk.close_by(self._desk.open(order), first, second)
        return answer(
            Retcode.DONE, asking, order=order.ticket, deal=deals[0].ticket, volume=volume,
            price=deals[0].price,
        )  # fmt: skip


def answer(retcode, asking, **fields):
    """Return an answer with the prices of now."""
    market = asking.markets.get(asking.symbol)
    prices = {"bid": market.bid, "ask": market.ask} if market else {}
    return Result(retcode=int(retcode), comment=text_of(retcode), **(prices | fields))


def refused(retcode, asking):
    """Return the answer to a request that was not done; a requote names its price."""
    made = answer(retcode, asking)
    if retcode in (Retcode.REQUOTE, Retcode.PRICE_CHANGED) and asking.symbol in asking.markets:
        return replace(made, price=asking.market.price(buys=asking.is_buy))
    return made
