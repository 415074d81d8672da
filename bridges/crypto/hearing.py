"""What the user stream says of orders and of trades, also of orders that nobody here has sent.

Rules: some exchanges tell a trade together with its order, some apart from it and in any order. Of
an order that is not held, and that has traded, the exchange is asked for all trades; those from
before this life listened were told by an earlier one, or are found by the gateway's own question.
Of an order that was taken up half-filled, a trade counts by its place among all of its trades.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import Core, pauses
from bridges.crypto.effects import Response
from bridges.crypto.flows import Flow, Pause, Step, ask
from bridges.crypto.orders import Order
from bridges.crypto.reading import seek, trades_of
from bridges.crypto.views import OrderView, TradeView
from protocol.numbers import ZERO

SHORT = Pause(20_000_000)


def hear_order(core: Core, view: OrderView, trade: TradeView | None) -> None:
    """Take what the stream says of an order."""
    known = view.client_id in core.orders
    known = known or (view.symbol, view.order_id) in core.by_order_id
    if known or trade is not None or not view.executed or not core.table.tells_trades_apart:
        core.absorb(view, trade, asked_ns=None)
    else:
        core.start(_meet(core, view))


def hear_trade(core: Core, trade: TradeView) -> None:
    """Take a trade that the stream told apart from its order."""
    order = held(core, trade)
    if order is None or order.before or order.order_id in core.meeting:
        core.start(_count(core, trade))
    else:
        core.fill(order, trade, order.sum + trade.qty)
        core.settle(order)


def ask_order(core: Core, order_id: str) -> Flow:
    """Ask for an order that the stream has only hinted at."""
    for call in core.table.orders_of("", (order_id,)):
        response = yield from ask(call)
        for view in core.read(core.table.read_orders, response) or ():
            hear_order(core, view, None)


def held(core: Core, trade: TradeView) -> Order | None:
    """Return the order of a trade, if it is held."""
    return core.orders.get(trade.client_id) or core.by_order_id.get(
        (trade.symbol, trade.order_id)
    )


def _meet(core: Core, view: OrderView) -> Flow:
    """Take up an order that has traded and was not held, with the trades since we listen."""
    while view.order_id in core.meeting:
        yield SHORT
    if view.client_id in core.orders:
        core.absorb(view)
        return
    core.meeting.add(view.order_id)
    for pause in pauses():
        trades = yield from trades_of(core, view.symbol, view.order_id, 0)
        if trades is not None and sum((one.qty for one in trades), ZERO) >= view.executed:
            break
        yield pause
    core.meeting.discard(view.order_id)
    if view.client_id in core.orders:
        core.absorb(view)
        return
    before = [one for one in trades or () if one.ns < core.since_ns]
    order = core.adopt(
        view, sum((one.qty for one in before), ZERO),
        sum((one.qty * one.price for one in before), ZERO),
    )  # fmt: skip
    core.count_all(order, trades or [])
    core.absorb(view)


def _count(core: Core, trade: TradeView) -> Flow:
    """Count a trade of an order that is not held, or was taken up half-filled."""
    for pause in pauses():
        while trade.order_id in core.meeting:
            yield SHORT
        order = held(core, trade)
        if order is not None and trade.trade_id in order.trades:
            return
        if order is not None and not order.before:
            hear_trade(core, trade)
            return
        if order is None:
            view = yield from _order_of(core, trade)
            if view is not None:
                yield from _meet(core, view)
        else:
            trades = yield from trades_of(core, trade.symbol, trade.order_id, 0)
            core.count_all(order, trades or [])
            core.settle(order)
        yield pause


def _order_of(
    core: Core, trade: TradeView
) -> Generator[Step, list[Response], OrderView | None]:
    """Ask for the order of a trade."""
    if trade.client_id:
        found = yield from seek(core, trade.symbol, trade.client_id)
        return found.view
    for call in core.table.orders_of(trade.symbol, (trade.order_id,)):
        response = yield from ask(call)
        for view in core.read(core.table.read_orders, response) or ():
            if view.order_id == trade.order_id:
                return view
    return None
