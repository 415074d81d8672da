"""When nothing is forgotten: the gateway away, clocks wrong, something in doubt or under way."""

from __future__ import annotations

import pytest
from support.mt5.constants import MarginMode
from support.mt5.ea_days import DAY_MS, DAYS, GONE, known, pass_days, trade, trader_on
from support.mt5.runtime import build

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
NETTING = MarginMode.RETAIL_NETTING


def test_nothing_is_forgotten_before_the_gateway_has_reconciled(tmp_path):
    """While it is away, or asks from before the end on, what has ended stays."""
    trader = trader_on(NETTING, tmp_path)
    first_ns = trader.clock.now_ms * 10**6
    trade(trader)
    names = known(tmp_path)
    pass_days(trader, GONE + 2, asks=False)
    assert known(tmp_path) == names
    for _ in range(GONE):
        trader.ask("fills_since", since_ns=first_ns)
        pass_days(trader, 1, asks=False)
    assert known(tmp_path) == names
    pass_days(trader, 2)
    assert known(tmp_path) == set()


def test_nothing_is_forgotten_by_a_clock_that_is_ahead(tmp_path):
    """The broker's last quote bounds what is long ago, whatever we and the gateway think."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    names = known(tmp_path)
    pass_days(trader, GONE + 2, quotes=False)
    assert known(tmp_path) == names
    pass_days(trader, 2)
    assert known(tmp_path) == set()


def test_nothing_is_forgotten_by_a_clock_that_was_behind(tmp_path):
    """What ended while our own clock was years behind has ended when the broker's quotes say so."""
    trader = trader_on(NETTING, tmp_path)
    chart = trader.chart
    chart.face.TimeTradeServer = lambda: trader.clock.server_ms() // 1000 - 10**8
    chart.program._TimeGMT = lambda: trader.clock.now_ms // 1000 - 10**8
    trade(trader)
    names = known(tmp_path)
    trader.kill()
    trader.run(70_000, step_ms=100)
    pass_days(trader, DAYS)
    assert known(tmp_path) == names
    pass_days(trader, GONE)
    assert known(tmp_path) == set()


def test_nothing_is_forgotten_while_something_is_in_doubt(tmp_path):
    """Neither while the terminal is away, nor while positions do not follow from the deals."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    names = known(tmp_path)
    trader.terminal.empties = True
    trader.terminal.cut()
    pass_days(trader, GONE + 2)
    assert known(tmp_path) == names
    trader.terminal.mend()
    pass_days(trader, 3)
    assert known(tmp_path) == set()


def test_nothing_is_forgotten_while_the_history_may_still_come(tmp_path):
    """A connection is believed after seconds; that positions are all there, after minutes only."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    names = known(tmp_path)
    pass_days(trader, GONE, asks=False)
    trader.kill()
    trader.settle()
    trader.reconcile()
    trader.run(50_000, step_ms=100)
    assert known(tmp_path) == names
    trader.run(20_000, step_ms=100)
    assert known(tmp_path) == set()


def test_no_request_waits_for_it(tmp_path):
    """While one is under way the whole history is not read, for some hours."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    pass_days(trader, GONE - 2)
    names = known(tmp_path)
    assert names
    trader.clock.advance(DAY_MS)
    trader.quote("1.10000", "1.10010")
    trader.server.faults.silence(acts=False)
    asked = trader.place("10000", "1.09")
    trader.reconcile()
    trader.run(25_000, step_ms=100)
    assert known(tmp_path) == {*names, asked}
    trader.run(10_000, step_ms=100)
    assert known(tmp_path) == {asked}


def test_a_terminal_that_loses_its_lists_just_then_has_nothing_forgotten(tmp_path):
    """The connection is looked at after the lists: an empty one is no evidence."""
    trader = trader_on(NETTING, tmp_path)
    held = trader.place("10000")
    trader.run(200)
    pass_days(trader, GONE, asks=False)
    face = trader.chart.face

    def lose():
        trader.terminal.empties = True
        trader.terminal.cut()
        del face.TimeCurrent
        return face.TimeCurrent()

    face.TimeCurrent = lose
    trader.reconcile()
    trader.run(2_000)
    assert not trader.terminal.connected
    trader.terminal.mend()
    pass_days(trader, 3)
    assert known(tmp_path) == {held}
