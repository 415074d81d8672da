"""What the exchange has and we have not heard of: open orders, orders that are gone, trades.

Rules: an order that should be open and is not listed is asked for by its id: a list proves nothing.
An exchange may have thrown away what has ended (Binance futures: after three days, if nothing was
filled): where list and look-up agree three times, over the time of doubt, the order has ended.
Trades are asked for from a certain moment on; each is told once. What strangers' orders traded
before this life listened, the gateway asks for itself once the link is up; what an order that is
met half-filled has traded since, is told.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import GRACE_NS, Core
from bridges.crypto.effects import Response
from bridges.crypto.flows import Pause, Step
from bridges.crypto.orders import ENDED, LOOKS, Order
from bridges.crypto.questions import with_chain
from bridges.crypto.reading import listed, named, seek, trades_of, trades_since
from bridges.crypto.views import OrderView, TradeView
from protocol.numbers import ZERO

Truth = Generator[Step, list[Response], bool]


def catch_up(core: Core, symbols: list[str], since_ns: int, *, trades: bool) -> Truth:
    """Take in open orders and trades; ask for each order that should be open and is not."""
    before = {name for name, one in core.orders.items() if one.accepted and not one.is_done}
    asked_ns = core.now_ns
    views = yield from listed(core, symbols)
    if views is None:
        return False
    for view in views:
        if view.client_id in core.orders:
            core.absorb(view, asked_ns=asked_ns)
        elif not (yield from _met(core, view)):
            return False
    for symbol in symbols if trades else ():
        if not (yield from _missed_trades(core, symbol, since_ns)):
            return False
    for name in sorted(before - {view.client_id for view in views}):
        order = core.orders.get(name)
        if order is None or order.is_done or order.request.symbol not in symbols:
            continue
        if not (yield from _missed(core, order, trades=trades)):
            return False
    return True


def _missed(core: Core, order: Order, *, trades: bool) -> Truth:
    """Ask for an order that is not listed and should be; say whether it is known what it is."""
    view, absent = yield from seek(core, order.request.symbol, order.client_id)
    if view is not None:
        core.absorb(view)
        return True
    known = absent and trades and not order.is_missing_trades
    if known and order.is_forgotten(core.now_ns, core.absence_ns):
        core.forgotten(order)
        return True
    return False


def _met(core: Core, view: OrderView) -> Truth:
    """Learn of an order that the exchange has open and we do not hold, and of its new trades."""
    order = yield from with_chain(core, view)
    fresh: list[TradeView] = []
    if view.executed > 0:
        found = yield from _since_listening(core, view)
        if found is None:
            return False
        view, fresh = found
        order.before = order.sum = order.heard = view.executed
        order.paid = view.paid
    held = core.orders.get(view.client_id)
    if held is None:
        held = order
        core.know(order)
        if core.table.amends_in_place:
            core.name_chain(order)
    through = view.executed - sum((one.qty for one in fresh), ZERO)
    held.leave_out(fresh, through)
    for trade in fresh:
        through += trade.qty
        core.fill(held, trade, through)
    core.settle(held)
    return True


def _since_listening(
    core: Core, view: OrderView
) -> Generator[Step, list[Response], tuple[OrderView, list[TradeView]] | None]:
    """Read an order, and those of its trades that nobody has heard but this life of the bridge.

    Nothing was executed while the trades were read, so that they are what the order speaks of.
    """
    for _ in range(LOOKS):
        yield Pause(GRACE_NS)
        trades = yield from trades_of(core, view.symbol, view.order_id, core.since_ns)
        again = (yield from seek(core, view.symbol, view.client_id)).view
        if trades is None or again is None:
            return None
        fresh = [one for one in trades if one.ns >= core.since_ns]
        executed, view = view.executed, again
        if executed == view.executed >= sum((one.qty for one in fresh), ZERO):
            return view, fresh
    return None


def _missed_trades(core: Core, symbol: str, since_ns: int) -> Truth:
    """Tell the trades of a symbol that were not heard of."""
    trades = yield from trades_since(core, symbol, since_ns)
    if trades is None:
        return False
    views = yield from named(core, symbol, trades)
    if views is None:
        return False
    for trade in trades:
        order = core.by_order_id.get((symbol, trade.order_id))
        if order is None and trade.ns < core.since_ns:
            continue
        if order is None and trade.order_id in views:
            order = _traded(core, views[trade.order_id], trades)
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
