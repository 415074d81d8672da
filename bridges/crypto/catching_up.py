"""What the exchange has and we have not heard of: open orders, orders that are gone, trades.

Rules: an order that should be open and is not listed is asked for by its id: a list proves nothing.
Trades are asked for from a certain moment on; each is told once.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import MS_NS, Core
from bridges.crypto.effects import Response
from bridges.crypto.flows import Flow, Step
from bridges.crypto.orders import ENDED, Order
from bridges.crypto.questions import with_chain
from bridges.crypto.reading import listed, named, seek, trades_since
from bridges.crypto.views import OrderView, TradeView
from protocol.numbers import ZERO

Truth = Generator[Step, list[Response], bool]


def catch_up(core: Core, symbols: list[str], since_ns: int, *, trades: bool) -> Truth:
    """Take in open orders and trades; ask for each order that should be open and is not."""
    before = {name for name, one in core.orders.items() if one.accepted and not one.is_done}
    views = yield from listed(core, symbols)
    if views is None:
        return False
    for view in views:
        if view.client_id in core.orders:
            core.absorb(view)
        else:
            yield from _met(core, view)
    for symbol in symbols if trades else ():
        if not (yield from _missed_trades(core, symbol, since_ns)):
            return False
    gone = before - {view.client_id for view in views}
    for name in sorted(gone):
        order_gone = core.orders.get(name)
        if order_gone is None or order_gone.is_done or order_gone.request.symbol not in symbols:
            continue
        found = yield from seek(core, order_gone.request.symbol, name)
        if found.view is not None:
            core.absorb(found.view)
        elif found.absent and _may_be_forgotten(core, order_gone, since_ns):
            core.forgotten(order_gone)
        else:
            return False
    return True


def _may_be_forgotten(core: Core, order: Order, since_ns: int) -> bool:
    """Whether an order may have ended without a trade so long ago that nobody knows it there."""
    after_ms = core.table.forgets_after_ms
    return bool(after_ms) and core.now_ns - since_ns > after_ms * MS_NS and not order.heard


def _met(core: Core, view: OrderView) -> Flow:
    """Learn of an order that the exchange has open and we do not hold."""
    order = yield from with_chain(core, view)
    if view.client_id not in core.orders:
        core.know(order)
        if core.table.amends_in_place:
            core.name_chain(order)


def _missed_trades(core: Core, symbol: str, since_ns: int) -> Truth:
    """Tell the trades of a symbol that were not heard of."""
    trades = yield from trades_since(core, symbol, since_ns)
    if trades is None:
        return False
    views = yield from named(core, symbol, trades)
    if views is None:
        return False
    known = {one.order_id: one for one in core.orders.values()}
    for trade in trades:
        order = known.get(trade.order_id)
        if order is None and trade.order_id in views:
            order = known[trade.order_id] = _traded(core, views[trade.order_id], trades)
        if order is not None and not order.before:
            core.fill(order, trade, trade.qty)
            core.settle(order)
    return True


def _traded(core: Core, view: OrderView, trades: list[TradeView]) -> Order:
    """Return the record of an order that has traded and was not known by the exchange's id."""
    if view.client_id in core.orders:
        return core.absorb(view)  # one of ours whose answer is still out
    fresh = [one for one in trades if one.order_id == view.order_id]
    order = core.adopt(
        view, view.executed - sum((one.qty for one in fresh), ZERO),
        view.paid - sum((one.qty * one.price for one in fresh), ZERO),
    )  # fmt: skip
    order.ended = view.status in ENDED
    order.before = ZERO  # each of these is new; what is older was told before
    return order
