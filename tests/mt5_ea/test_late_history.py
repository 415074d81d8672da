"""A history that comes later than the connection, and what was traded before there was anybody."""

from __future__ import annotations

import pytest
from support.mt5.constants import MarginMode, OrderType
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.scene import Scene
from support.mt5.symbols import eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
OUTAGE_MS = 20 * 60 * 1000


def trader_in(tmp_path, **inputs):
    """Return a trader on a netting account that is up."""
    rules = eurusd(commission="3")
    inputs = {"AbsenceAfterMs": 2000} | inputs
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path, rules, inputs=inputs)
    trader.quote("1.10000", "1.10010")
    return trader.settle()


@pytest.mark.parametrize("late_ms", [1000, 5000])
def test_a_stop_that_closed_in_an_outage_is_told_though_the_history_is_late(tmp_path, late_ms):
    """Its fill is older than the overlap, and comes after the connection is believed."""
    trader = trader_in(tmp_path)
    name = trader.place(stop_loss_px="1.09500")
    trader.run(300)
    trader.terminal.cut()
    trader.run(1000)
    trader.quote("1.09400", "1.09410")
    trader.run(OUTAGE_MS, step_ms=2000)
    trader.terminal.history_ms = late_ms
    trader.terminal.mend()
    trader.run(60_000, step_ms=100)
    assert trader.trail() == ["Accepted", "Filled", "Accepted", "Filled"]
    made, fill = trader.of("Accepted", "Filled")[2:]
    assert (made.parent_id, fill.fill_parent_id, fill.fill_origin) == (name, name, "STOP_LOSS")
    trader.judge()


@pytest.mark.parametrize("late_ms", [1000, 5000])
def test_an_order_that_was_filled_in_an_outage_ends_though_the_history_is_late(tmp_path, late_ms):
    """Its deal comes after the connection is believed, and ends it."""
    trader = trader_in(tmp_path)
    name = trader.place(price="1.09000")
    trader.run(300)
    ticket, = trader.office.books.orders
    trader.terminal.cut()
    trader.run(1000)
    trader.people.fill(ticket, "0.1")
    trader.run(OUTAGE_MS, step_ms=2000)
    trader.terminal.history_ms = late_ms
    trader.terminal.mend()
    trader.run(60_000, step_ms=100)
    assert trader.trail() == ["Accepted", "Filled"]
    assert trader.look_up(name).status == "2"
    trader.judge()


def test_fills_and_positions_are_not_whole_until_they_follow_from_each_other(tmp_path):
    """The position is gone and the deal that closed it has not come: no answer is complete."""
    trader = trader_in(tmp_path)
    trader.place(stop_loss_px="1.09500")
    trader.run(300)
    trader.terminal.cut()
    trader.run(1000)
    trader.quote("1.09400", "1.09410")
    trader.run(OUTAGE_MS, step_ms=2000)
    trader.terminal.history_ms = 5000
    trader.terminal.mend()
    trader.run(3500, step_ms=50)
    assert trader.of("Link")[-1].up == "Y"
    assert trader.ask("positions") == ([], False)
    assert trader.ask("fills_since", since_ns=0)[1] is False
    trader.run(20_000, step_ms=100)
    assert trader.ask("positions") == ([], True)
    assert len(trader.ask("fills_since", since_ns=0)[0]) == 2


def test_what_was_traded_before_the_first_walk_is_never_told(tmp_path, monkeypatch):
    """A longer HistoryDays reads an old trade of a person's for the first time: it is no news."""
    begin = Scene.__init__

    def with_a_trade(scene, *terms, **more):
        begin(scene, *terms, **more)
        scene.server.quote(scene.symbol, "1.10000", "1.10010")
        scene.people.by_hand(scene.symbol, "0.3", OrderType.BUY)
        scene.clock.advance(3 * 86_400_000)

    monkeypatch.setattr(Scene, "__init__", with_a_trade)
    trader = trader_in(tmp_path, HistoryDays=1)
    trader.run(70_000, step_ms=500)
    options = trader.chart.options
    options["inputs"] = {**options["inputs"], "HistoryDays": 30}
    trader.kill()
    trader.settle()
    assert len(trader.office.ledger.executions) == 1
    assert trader.trail() == []
