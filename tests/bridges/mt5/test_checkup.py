"""The check through the package, on the simulated terminal: it sees what holds, and what not."""

from __future__ import annotations

import re
import threading

import pytest
from support.mt5.constants import Action, CalcMode, Execution, MarginMode, OrderType
from support.mt5.package import Package
from support.mt5.people import People
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

from bridges.errors import BridgeError
from bridges.mt5.check import checkup, machine
from bridges.mt5.check.report import Report
from bridges.mt5.check.stand import Stand
from bridges.mt5.check.steps import STEPS, Verdict, Way
from gateway.commands.mt5_check import checked

HOLDS, FAILS, SEEN, OPEN = Verdict
NETTING, EXCHANGE, HEDGING = MarginMode
BY_CABLE = {"replace-cut", "doubt-codes", "absence"}


class Cable:
    """A user who pulls the cable when he is told to, and puts it back."""

    def __init__(self, stage, *, arrive=False):
        self.stage = stage
        self.arrive = arrive
        self.told = []
        self.skips = False

    def ask(self, *lines):
        """Do it."""
        self.told += lines
        if self.skips:
            return False
        if "pull" in lines[0]:
            self.stage.terminal.cut(requests_arrive=self.arrive)
        else:
            self.stage.terminal.mend()
        return True


class Stage:
    """A terminal whose market falls by a point a tick."""

    def __init__(self, mode=NETTING, **symbol):
        self.server = TradeServer(symbols=[eurusd(**symbol)])
        self.office = self.server.open_account(1001, mode, balance="10000")
        self.points = 110_000
        self._quote()
        self.terminal = Terminal(self.server, 1001)
        self.package = Package(self.terminal)
        self.package.initialize()
        self.report = Report()

    def run(self, *wanted, real_money=False, hands=None, stop_ms=0):
        """Run it; return the findings by name."""
        stand = Stand(
            self.package, "EURUSD", now_ns=lambda: self.server.clock.now_ms * 1_000_000,
            sleep_ms=self._sleep, rounds=3, hands=hands, stop_ms=stop_ms,
        )  # fmt: skip
        found = checked(
            stand, self.report, set(wanted) or set(checkup.NAMES), real_money=real_money,
            done=self.package.shutdown,
        )  # fmt: skip
        return {one.name: one for _, one in found}

    def _sleep(self, ms):
        self.server.clock.advance(ms)
        self.points -= 1
        self._quote()

    def _quote(self):
        away = [f"{(self.points + more) / 100_000:.5f}" for more in (-1, 0, 10, 11)]
        worst, bid, ask, far = away
        depth = "0.05"
        self.server.book("EURUSD", [(bid, 100), (worst, 100)], [(ask, depth), (far, 100)])


def names(found, verdict):
    """Return the names of one verdict."""
    return {name for name, one in found.items() if one.verdict is verdict}


@pytest.mark.budget(20)
@pytest.mark.parametrize("mode", MarginMode)
def test_all_that_is_believed_holds_on_a_terminal_as_documented(mode):
    """Nothing fails, nothing is left, every name has its line, and no magic became two orders.

    One guess of the simulated exchange is the other way: it lets a pending IOC rest, and that is
    found.
    """
    execution = Execution.EXCHANGE if mode is EXCHANGE else Execution.INSTANT
    stage = Stage(mode, execution=execution, book_depth=10)
    stage.office.desk.splits = True
    found = stage.run(stop_ms=60_000, hands=Cable(stage))
    assert names(found, FAILS) == ({"ioc-exchange"} if mode is EXCHANGE else set())
    elsewhere = {"ioc-exchange", "split-orders", "placed-ticket"}
    wanted = {"deviation"} if mode is EXCHANGE else elsewhere
    assert names(found, OPEN) - {"other-threads"} == wanted
    assert set(found) == checkup.NAMES
    assert stage.report.facts["left behind"] == "0"
    assert not stage.office.books.orders
    assert not stage.office.books.positions
    assert not stage.office.ledger.twice()


def test_parts_that_are_orders_of_their_own_are_seen():
    """On such an exchange the history has more orders than were sent: the line counts them."""
    stage = Stage(EXCHANGE, execution=Execution.EXCHANGE, book_depth=10)
    assert "1 orders" in stage.run("split-orders")["split-orders"].seen
    stage = Stage(EXCHANGE, execution=Execution.EXCHANGE, book_depth=10)
    stage.office.desk.splits = True
    assert "2 orders" in stage.run("split-orders")["split-orders"].seen


def test_only_what_is_wanted_is_tried():
    """One name: its group is run, and nothing else of it is told."""
    stage = Stage()
    assert set(stage.run("magic")) == {"magic"}
    assert {one.request.action for one in stage.office.ledger.arrivals} == {
        Action.PENDING, Action.MODIFY, Action.REMOVE,
    }  # fmt: skip


def test_without_hands_the_cable_stays():
    """Unattended, and when the user skips it, those lines are open; no order is left."""
    stage = Stage()
    found = stage.run(*BY_CABLE)
    assert names(found, OPEN) == BY_CABLE
    assert all("--unattended" in one.seen for one in found.values())
    assert not stage.office.ledger.arrivals
    stage.package.initialize()
    user = Cable(stage)
    user.skips = True
    found = stage.run(*BY_CABLE, hands=user)
    assert {one.seen for one in found.values()} == {"skipped"}
    assert not stage.office.books.orders


@pytest.mark.parametrize("arrive", [False, True])
def test_a_change_that_meets_a_cut_leaves_one_of_two_versions(arrive):
    """Done at the server or not, ticket and magic are the same, and the line says which price."""
    stage = Stage()
    found = stage.run("replace-cut", hands=Cable(stage, arrive=arrive))
    assert found["replace-cut"].verdict is HOLDS
    assert "10031" in found["replace-cut"].seen
    assert "the old price" in found["replace-cut"].seen


def test_an_order_that_is_done_behind_a_refusal_is_found():
    """A code that is a refusal, and a deal in the history: that line does not hold."""
    stage = Stage()
    stage.server.faults.doubt(10_006, acts=True, times=3, when=Action.DEAL)

    class Still(Cable):
        def ask(self, *lines):
            return True

    found = stage.run("doubt-codes", hands=Still(stage))
    assert found["doubt-codes"].verdict is FAILS
    assert "10006 REJECT: 3 of 3 done" in found["doubt-codes"].seen


def test_a_history_that_comes_late_is_seen():
    """An order that is in neither list for a while breaks what absence is proven by: it is told."""
    stage = Stage()
    stage.terminal.history_lag_ms = 2_000
    assert stage.run("lists")["lists"].verdict is FAILS


def test_a_refusal_is_told_and_ends_that_part():
    """A broker that takes no order: the findings have its code, and the rest is open."""
    stage = Stage()
    stage.server.faults.refuse(10_006, times=100)
    found = stage.run()
    assert {"pending", "market"} == names(found, FAILS)
    assert "10006" in found["pending"].seen
    assert "10006" in found["market"].seen
    assert found["magic"].seen == checkup.EARLIER


def test_a_closed_market_proves_nothing():
    """Refused for the hour, not for what is believed: those lines are open."""
    stage = Stage()
    stage.server.faults.refuse(10_018, times=100)
    found = stage.run("pending", "market")
    assert names(found, OPEN) == {"pending", "market"}


def test_what_10008_names_has_to_be_there():
    """A ticket that is in no list does not hold."""
    stage = Stage()
    true = stage.package.order_send

    def invents(request):
        return true(request)._replace(retcode=10_008, order=9_999_999)

    stage.package.order_send = invents
    assert stage.run("delays", "placed-ticket")["placed-ticket"].verdict is FAILS


def test_an_account_for_real_money_is_refused_unless_it_is_said():
    """Nothing is sent before that is known."""
    stage = Stage()
    stage.office.account.terms.trade_mode = 2
    with pytest.raises(BridgeError, match="no demo account"):
        stage.run()
    assert not stage.office.ledger.arrivals
    stage.package.initialize()
    assert stage.run("magic", real_money=True)["magic"].verdict is HOLDS
    assert stage.report.facts["account"] == "real, netting"


def test_no_secret_is_in_the_facts():
    """The report is to be sent: no login, no name, no server."""
    stage = Stage()
    stage.run("magic")
    text = str(stage.report)
    for secret in ("1001", stage.server.name, stage.server.company):
        assert secret not in text


def test_a_symbol_in_which_there_is_something_is_left_alone():
    """On a netting account a check would mix with what is there."""
    stage = Stage()
    People(stage.server, 1001).by_hand("EURUSD", "0.1", OrderType.BUY)
    stage.server.clock.advance(1_000)
    with pytest.raises(BridgeError, match="orders or a position in EURUSD"):
        stage.run()


def test_a_symbol_that_no_bridge_trades_is_refused_by_its_reason():
    """A bond has no lot that the bridges know."""
    with pytest.raises(BridgeError, match="CALC_MODE: profits of EURUSD"):
        Stage(calc_mode=CalcMode.EXCH_BONDS).run()


def test_what_is_left_is_taken_away_when_it_breaks_off():
    """A call that fails in the middle: what was placed is removed all the same."""
    stage = Stage()

    def broken(*_, **__):
        raise OSError

    stage.package.history_orders_get = broken
    with pytest.raises(OSError):  # noqa: PT011 - ours, two lines above
        stage.run("modify", "remove")
    assert not stage.office.books.orders


def test_a_call_that_lets_nobody_else_run_is_seen():
    """Beside a wait another thread beats on; beside a regular expression it does not."""
    took_ms, silent_ms = machine.beside(lambda: threading.Event().wait(0.08))
    assert silent_ms < took_ms / 2
    took_ms, silent_ms = machine.beside(lambda: re.match(r"(a+)+$", "a" * 22 + "b"))
    assert silent_ms > took_ms / 2


def test_the_package_tries_each_step_that_is_its_own():
    """What the check can find is what the steps say of the package."""
    told = {name for _, group in checkup.CHECKS for name in group}
    assert told == checkup.NAMES
    assert {one.name for one in STEPS if Way.CABLE in one.ways} == BY_CABLE
