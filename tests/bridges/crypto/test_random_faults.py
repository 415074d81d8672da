"""Trading while everything goes wrong at random, in virtual time.

Ten deeds a second, or as many as the exchange's limits let anybody do.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, by_length, trader_on
from support.mischief import BOOK, Mischief

from bridges.port import Canceled, CancelRefused, Filled, Replaced

DEEDS = 600


@pytest.mark.parametrize("seed", [*range(10), 127, 131])
@pytest.mark.parametrize("market", by_length(MARKETS))
def test_nothing_is_lost_doubled_or_invented(market, seed):
    """After 600 deeds of mischief and some peace, what was told is what the exchange has."""
    trader = trader_on(market)
    world = trader.world
    world.exchange.set_book(*BOOK)
    mischief = Mischief(trader, MARKETS[market].calls, seed)
    for _ in range(DEEDS):
        mischief.deed()
        world.run(MARKETS[market].pace_ms)
    world.shell.faults.clear()
    world.shell.stream_fault = ""
    assert world.until(lambda: world.venue.connected)
    world.run(120_000)
    trader.judge()
    assert len(world.of(Filled)) > 5
    answered = {one.request_id for one in world.of((Canceled, CancelRefused)) if one.request_id}
    answered |= {one.order.cl_ord_id for one in world.of(Replaced)}
    assert set(mischief.asked) <= answered
    totals = {}
    for one in world.of(Filled):
        name = trader.first_of(one.order.cl_ord_id)
        totals[name] = totals.get(name, Decimal(0)) + one.fill.last_qty
    assert all(totals[name] <= trader.most_of(name) for name in totals)
