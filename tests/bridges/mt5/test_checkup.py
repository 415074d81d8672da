"""The check of a real terminal, on the simulated one: it sees what holds, and what does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support.mt5.constants import MarginMode, OrderType
from support.mt5.package import Package
from support.mt5.people import People
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

from bridges.errors import BridgeError
from bridges.mt5.checkup import Checkup, Verdict
from gateway.commands.mt5_check import as_markdown, checked

MODES = [MarginMode.RETAIL_NETTING, MarginMode.EXCHANGE, MarginMode.RETAIL_HEDGING]


class Stage:
    """A terminal whose market falls by a point a tick."""

    def __init__(self, mode=MarginMode.RETAIL_NETTING, **symbol):
        self.server = TradeServer(symbols=[eurusd(**symbol)])
        self.office = self.server.open_account(1001, mode, balance="10000")
        self.points = 110_000
        self._quote()
        self.terminal = Terminal(self.server, 1001)
        self.package = Package(self.terminal)
        self.package.initialize()

    def checkup(self, **more):
        """Make a checkup of it."""
        return Checkup(
            self.package, "EURUSD", now_ns=lambda: self.server.clock.now_ms * 1_000_000,
            sleep_ms=self._sleep, rounds=3, **more,
        )  # fmt: skip

    def run(self, **more):
        """Run it; return the findings by name."""
        more = {"real_money": False, "wait_ms": 0, "done": self.package.shutdown, **more}
        return {one.name: one for one in checked(self.checkup(), **more)}

    def _sleep(self, ms):
        self.server.clock.advance(ms)
        self.points -= 1
        self._quote()

    def _quote(self):
        bid, ask = self.points / 100_000, (self.points + 10) / 100_000
        self.server.quote("EURUSD", f"{bid:.5f}", f"{ask:.5f}")


@pytest.mark.parametrize("mode", MODES)
def test_all_that_is_believed_holds_on_a_terminal_as_documented(mode):
    """Nothing fails, nothing is left, and no magic became two orders."""
    stage = Stage(mode)
    found = stage.run(wait_ms=60_000)
    assert {one.name for one in found.values() if one.verdict is Verdict.FAILS} == set()
    assert {one.name for one in found.values() if one.verdict is Verdict.OPEN} == set()
    assert found["clean-up"].seen.startswith("0 ")
    assert not stage.office.books.orders
    assert not stage.office.books.positions
    assert not stage.office.ledger.twice()


def test_the_report_has_a_line_for_each_finding():
    """Markdown, for docs/unverified.md: what is believed, what was seen, whether it agrees."""
    found = Stage().run()
    text = as_markdown(SimpleNamespace(id="MT5", kind="mt5_terminal"), "EURUSD", found.values())
    assert text.startswith("# MT5 (mt5_terminal), EURUSD, ")
    assert len(text.splitlines()) == len(found) + 4
    assert "| magic | all 63 bits come back |" in text
    assert "| stop-loss |" in text
    assert "not checked |" in text


def test_a_history_that_comes_late_is_seen():
    """An order that is in neither list for a while breaks what absence is proven by: it is told."""
    stage = Stage()
    stage.terminal.history_lag_ms = 2_000
    found = stage.run()
    assert found["lists"].verdict is Verdict.FAILS


def test_a_refusal_is_told_and_ends_that_part():
    """A broker that takes no pending order: the finding says so, with its code."""
    stage = Stage()
    stage.server.faults.refuse(10_006, times=100)
    found = stage.run()
    assert found["pending order"].verdict is Verdict.FAILS
    assert "10006" in found["pending order"].seen
    assert "10006" in found["market order"].seen
    assert "magic" not in found


def test_an_account_for_real_money_is_refused_unless_it_is_said():
    """Nothing is sent before that is known."""
    stage = Stage()
    stage.office.account.terms.trade_mode = 2
    with pytest.raises(BridgeError, match="no demo account"):
        stage.run()
    assert not stage.office.ledger.arrivals
    stage.package.initialize()
    assert stage.run(real_money=True)["clean-up"].verdict is Verdict.HOLDS


def test_a_symbol_in_which_there_is_something_is_left_alone():
    """On a netting account a check would mix with what is there."""
    stage = Stage()
    People(stage.server, 1001).by_hand("EURUSD", "0.1", OrderType.BUY)
    stage.server.clock.advance(1_000)
    with pytest.raises(BridgeError, match="orders or a position in EURUSD"):
        stage.run()


def test_what_is_left_is_taken_away_when_it_breaks_off():
    """A call that fails in the middle: what was placed is removed all the same."""
    stage = Stage()

    def broken(**_):
        raise OSError

    stage.package.history_orders_get = broken
    with pytest.raises(OSError):  # noqa: PT011 - ours, two lines above
        stage.run()
    assert not stage.office.books.orders
