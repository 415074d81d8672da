"""The compiled program sees the simulated terminal by MQL5's functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.mt5.constants import MarginMode, Uninit
from support.mt5.ea_terminal import Chart
from support.mt5.runtime import build
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

PROBES = Path(build.__file__).parents[1] / "probes"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
]


@pytest.fixture
def chart():
    """Give a loaded program on a netting account with a quote."""
    server = TradeServer(symbols=[eurusd()])
    server.open_account(1001, MarginMode.RETAIL_NETTING, balance="10000")
    server.quote("EURUSD", "1.10000", "1.10010")
    terminal = Terminal(server, 1001)
    made = Chart(terminal, build.build(PROBES / "Terminal.mq5"))
    server.clock.advance(100)
    made.step()
    return made


def ask(chart, command, what=""):
    """Ask the program."""
    return chart.program.probe(command, what.encode()).decode()


def test_account_and_symbol(chart):
    """Properties by their names; what is not there leaves an error."""
    assert chart.init_code == 0
    assert ask(chart, "account") == "1001 10000.00 USD 0"
    assert ask(chart, "symbol", "EURUSD") == "5 100000 USD 1.10000 0"
    assert ask(chart, "symbol", "NOPE").endswith(" no tick 4301")
    assert ask(chart, "missing") == "N 4754"


def test_an_order_and_a_deal(chart):
    """Both ways of sending reach the server; lists and history show what came of it."""
    assert ask(chart, "limit", "7") == "Y 10009"
    assert ask(chart, "async", "8") == "Y 10008"
    assert ask(chart, "market", "9") == "Y 10009"
    chart.terminal.clock.advance(100)
    chart.step()
    assert ask(chart, "orders") == "7 1.05000 EURUSD;8 1.05000 EURUSD;"
    assert ask(chart, "positions") == "9 0.10 -1.00;"
    assert ask(chart, "deals").endswith("9 1.10010 0;")
    told = ask(chart, "transactions")
    assert all(f"10 {magic} 10009;" in told for magic in (7, 8, 9))
    assert chart.terminal.office.ledger.twice() == {}


def test_a_program_comes_and_goes(chart):
    """Removed, it hears why; put back, it is a new one."""
    chart.terminal.unload(chart.slot, Uninit.PARAMETERS)
    chart.step()
    assert chart.program is None
    assert chart.journal == ["deinit 5"]
    chart.terminal.reload(chart.slot)
    chart.step()
    assert ask(chart, "transactions") == ""
