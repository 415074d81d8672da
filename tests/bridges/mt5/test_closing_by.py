"""One position closed by another on a hedging account, whatever becomes of the answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Action, Retcode
from support.mt5_trader import HEDGING, Trader, World, server_of

from bridges.port import Accepted, Filled, Rejected
from protocol.fields import OrdStatus, Side

ANSWERS = {
    "done": lambda faults: None,
    "10012, and done": lambda faults: faults.doubt(Retcode.TIMEOUT, acts=True, when=BY),
    "10012, and not done": lambda faults: faults.doubt(Retcode.TIMEOUT, acts=False, when=BY),
    "nothing, and done": lambda faults: faults.silence(acts=True, when=BY),
    "10008, done late": lambda faults: faults.tardy(3_000, early=Retcode.PLACED, when=BY),
    "10006": lambda faults: faults.refuse(Retcode.REJECT, when=BY),
}
BY = Action.CLOSE_BY
LATE = {"10008, done late"}
"""What is done when the second bridge has begun: news to it. The rest it is asked for."""


def hedged():
    """Return a trader who is long 30000 and short 10000, and the two positions' names."""
    trader = Trader(World(server_of(HEDGING)))
    trader.world.terminal.timeout_ms = 5_000
    for qty, side in (("30000", Side.BUY), ("10000", Side.SELL)):
        trader.place(qty, side=side)
        trader.world.run(500)
    long, short = (str(one.identifier) for one in trader.world.office.books.positions.values())
    return trader, long, short


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
def test_both_halves_are_told_once(answer, restarts):
    """The order's own fill closes A; the other, of an order made of it, closes B; the rest stays.

    A bridge that dies in between finds the order by its magic, with its side.
    """
    trader, long, short = hedged()
    ANSWERS[answer](trader.world.server.faults)
    name = trader.place("10000", side=Side.SELL, position_id=f"{long}/{short}")
    if restarts:
        trader.world.run(3)
        trader.restart()
    trader.world.run(40_000)
    trader.judge(whole=not restarts)
    fills = [one for one in trader.fills_since(0) if one.origin == "CLOSE_BY"]
    found = trader.ask("look_up", name).order
    if "not done" in answer or answer == "10006":
        assert (fills, len(trader.positions())) == ([], 2)
        assert found is None
        told = [one for one in trader.told if isinstance(one, Rejected)]
        assert [one.text[:5] for one in told] == (["10006"] if answer == "10006" else [])
        return
    mine, made = fills
    assert (mine.cl_ord_id, mine.side, mine.position_id) == (name, Side.SELL, long)
    assert (made.cl_ord_id, made.side, made.position_id) == ("", Side.BUY, short)
    assert (made.parent_id, made.order_id) == (name, f"{mine.order_id}/{made.trade_id}")
    assert (found.side, found.status, found.cum_qty) == (Side.SELL, OrdStatus.FILLED, 10_000)
    assert [one.qty for one in trader.positions()] == [Decimal(20_000)]
    told = [one for one in trader.told if isinstance(one, Filled) and one.fill.origin]
    is_news = not restarts or answer in LATE
    assert [one.fill.trade_id for one in told] == (
        [mine.trade_id, made.trade_id] if is_news else []
    )
    for one in told:
        assert one.order.order_id == one.fill.order_id
    accepted = [one.order.cl_ord_id for one in trader.told if isinstance(one, Accepted)]
    assert accepted.count(name) == (1 if is_news or answer == "done" else 0)
    assert [one for one in trader.told if isinstance(one, Rejected)] == []
