"""Each bridge trades on recorded quotes, in quick motion: they alone say what is filled."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

import pytest
from support.mt5.constants import MarginMode
from support.mt5.ea_trader import EaTrader
from support.mt5.feed import rows_of
from support.mt5.runtime import build
from support.mt5.symbols import eurusd, usdjpy
from support.mt5_trader import HEDGING, Trader, World, server_of

from bridges.port import Filled
from protocol.fields import Side

pytestmark = pytest.mark.budget(90)  # the first test of a run compiles
EURUSD, USDJPY = "fx_eurusd_quotes_20200101.csv", "fx_usdjpy_quotes_20130101.csv"
QUOTES, EVERY = 300, 15


class Terminal:
    """The terminal bridge, and what it is asked and tells."""

    def __init__(self, folder, rules):
        self.trader = Trader(World(server_of(HEDGING)))
        self.server, self.symbol = self.trader.world.server, rules.name
        self.run = self.trader.world.run

    def place(self, price, *, buys):
        """Place a limit of 10000; return its id."""
        return self.trader.place("10000", price, Side.BUY if buys else Side.SELL)

    def filled(self):
        """Return the ids of what was filled."""
        return {one.fill.cl_ord_id for one in self.trader.world.of(Filled)}

    def judge(self):
        """Compare what was told with the server's ledger; return it."""
        self.trader.judge()
        return self.trader.world.office.ledger


class Expert:
    """The Expert Advisor, likewise."""

    def __init__(self, folder, rules):
        if not build.can_build():
            pytest.skip(build.MISSING)
        self.trader = EaTrader(MarginMode.RETAIL_HEDGING, folder, rules).settle()
        self.server, self.symbol = self.trader.server, rules.name

    def run(self, ms):
        """Let time pass."""
        self.trader.run(ms, step_ms=min(ms, 50))

    def place(self, price, *, buys):
        """Place a limit of 10000; return its id."""
        return self.trader.place("10000", price, side="1" if buys else "2")

    def filled(self):
        """Return the ids of what was filled."""
        return {one.fill_cl_ord_id for one in self.trader.of("Filled")}

    def judge(self):
        """Compare what was told with the server's ledger; return it."""
        return self.trader.judge()


@pytest.mark.parametrize(
    ("bridge", "rules", "name"),
    [
        pytest.param(Terminal, eurusd(), EURUSD, id="terminal-eurusd"),
        pytest.param(Expert, eurusd(), EURUSD, id="ea-eurusd"),
        pytest.param(Expert, usdjpy(), USDJPY, id="ea-usdjpy", marks=pytest.mark.length("ci")),
    ],
)
def test_limits_are_filled_as_quotes_cross_them(tmp_path, data_folder, bridge, rules, name):
    """By the first later quote that reaches it, at that quote, and never else; so the ledger."""
    desk = bridge(tmp_path, rules)
    step = Decimal(1).scaleb(-rules.digits)
    rows = [
        (bid.quantize(step), ask.quantize(step))
        for _, bid, ask in islice(rows_of(data_folder / name), QUOTES)
    ]
    placed = {}
    for number, (bid, ask) in enumerate(rows):
        desk.run(100)
        desk.server.quote(desk.symbol, bid, ask)
        if number % EVERY == 0:
            desk.run(200)
            away = step * (1 + number // EVERY % 5)
            for buys, price in ((True, ask - away), (False, bid + away)):
                placed[desk.place(price, buys=buys)] = (number, buys, price)
            desk.run(500)
    desk.run(2_000)
    due = {}
    for order, (number, buys, price) in placed.items():
        here = [ask if buys else bid for bid, ask in rows[number + 1:]]
        reached = [one for one in here if (one <= price if buys else one >= price)]
        due |= {order: reached[0]} if reached else {}
    assert desk.filled() == set(due)
    assert {placed[one][1] for one in due} == {True, False}
    assert len(due) < len(placed)
    executions = desk.judge().executions
    assert sorted(one.price for one in executions) == sorted(due.values())
