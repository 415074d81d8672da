"""Trading while everything goes wrong at random, in virtual time.

Ten deeds a second, or as many as the exchange's limits let anybody do.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, by_length, trader_on
from support.virtual_exchange import ANSWER_FAULTS, STREAM_FAULTS

from bridges.port import Canceled, CancelRefused, Filled, Replaced
from protocol.fields import Side, TimeInForce

DEEDS = 600


class Mischief:
    """One random deed after the other, the trader's and the exchange's."""

    def __init__(self, trader, market, seed):
        self.trader = trader
        self.calls = MARKETS[market].calls
        self.random = Random(seed)
        self.asked = []

    def deed(self):
        """Do something."""
        trader, random = self.trader, self.random
        names = list(trader.open_here())
        what = random.choice(("place", "place", "cancel", "replace", "trade", "trade", "fault"))
        if what == "place":
            side = random.choice((Side.BUY, Side.SELL))
            away = random.choice((-500, -50, 0, 0, 15))
            price = 60005 + away if side is Side.BUY else 60005 - away
            force = random.choice((TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL))
            trader.place(f"0.{random.randint(1, 9)}", str(price), side, time_in_force=force)
        elif what == "cancel" and names:
            self.asked.append(trader.cancel(random.choice(names)))
        elif what == "replace" and names:
            name = random.choice(names)
            if trader.side_of(name) is Side.BUY:
                price = str(random.choice((59800, 59950, 60011)))
                self.asked.append(trader.replace(name, f"0.{random.randint(1, 9)}", price))
        elif what == "trade":
            side = random.choice(("sell", "buy"))
            low, high = (60002, 59900, 59400), (60008, 60100, 60600)
            price = random.choice(low if side == "sell" else high)
            trader.world.exchange.trade(price, f"0.{random.randint(1, 5)}", side)
        elif what == "fault":
            self.fault()

    def fault(self):
        """Let something go wrong."""
        shell, random = self.trader.world.shell, self.random
        if random.random() < 0.25:
            shell.stream_fault = random.choice(STREAM_FAULTS)
        elif len(shell.faults) < 3:
            shell.faults.append((random.choice(ANSWER_FAULTS), random.choice(self.calls)))


@pytest.mark.parametrize("seed", [*range(10), 127, 131])
@pytest.mark.parametrize("market", by_length(MARKETS))
def test_nothing_is_lost_doubled_or_invented(market, seed):
    """After 600 deeds of mischief and some peace, what was told is what the exchange has."""
    trader = trader_on(market)
    world = trader.world
    world.exchange.set_book(bids=((60000, 1), (59990, 5)), asks=((60010, 1), (60020, 5)))
    mischief = Mischief(trader, market, seed)
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
