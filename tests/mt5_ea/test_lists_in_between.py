"""Lists of the moment in which an order is neither there nor absent, and what is told then."""

from __future__ import annotations

import pytest
from support.mt5.books import Change
from support.mt5.constants import Execution, FillingFlag, MarginMode, OrderState
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]


def trader_on(tmp_path, kind=MarginMode.RETAIL_NETTING, execution=Execution.MARKET, **inputs):
    """Return a trader on a venue that is up."""
    flags = FillingFlag.FOK | FillingFlag.IOC
    if execution is Execution.EXCHANGE:
        flags |= FillingFlag.BOC
    rules = eurusd(execution=execution, filling=flags, commission="3")
    trader = EaTrader(kind, tmp_path, rules, inputs={"AbsenceAfterMs": 2000} | inputs)
    trader.quote("1.10000", "1.10010")
    return trader.settle()


def hold_back(terminal, is_held):
    """Let the terminal learn some changes of its lists only when the returned is called."""
    real, held = terminal._apply, []

    def apply(change):
        held.extend(put for put in change.puts if is_held(put))
        puts = tuple(put for put in change.puts if not is_held(put))
        real(Change(puts=puts, funds=change.funds, transaction=change.transaction))

    def release():
        terminal._apply = real
        for put in held:
            terminal.books.apply(Change(puts=(put,), funds=None))

    terminal._apply = apply
    return release


def is_end_or_acceptance(put):
    """Whether a change takes an order off the list, into the history, or beyond STARTED."""
    what, _, row = put
    return what == "history" or (
        what == "orders" and (row is None or row.state != OrderState.STARTED)
    )


def test_a_deal_proves_its_order_though_the_list_still_has_it_as_started(tmp_path):
    """The order is told as accepted, and its fill as its own; a restart changes nothing."""
    trader = trader_on(tmp_path)
    release = hold_back(trader.terminal, is_end_or_acceptance)
    name = trader.place()
    assert trader.until(trader.trail)
    assert trader.trail() == ["Accepted", "Filled"]
    assert trader.of("Filled")[0].fill_cl_ord_id == name
    release()
    trader.run(3000, step_ms=50)
    found = trader.look_up(name)
    assert (found.status, found.cum_qty, found.complete) == ("2", 10_000, "Y")
    trader.judge()
    trader.kill()
    trader.settle()
    assert trader.trail() == ["Accepted", "Filled"]
    trader.judge()


@pytest.mark.parametrize("sends_async", [1, 0])
def test_an_order_that_is_not_accepted_yet_is_not_declared_absent(tmp_path, sends_async):
    """The exchange has not answered for minutes: neither a look-up nor the list is complete."""
    trader = trader_on(tmp_path, MarginMode.EXCHANGE, Execution.EXCHANGE, Async=sends_async)
    trader.terminal.timeout_ms = 3000
    trader.server.faults.ponder(120_000)
    name = trader.place(price="1.09000")
    trader.run(70_000, step_ms=100)
    order, = trader.terminal.books.orders.values()
    assert order.state in {OrderState.STARTED, OrderState.REQUEST_ADD}
    assert trader.look_up(name).complete != "Y"
    assert trader.ask("open_orders") == ([], False)
    trader.cancel(name)
    trader.run(1000, step_ms=100)
    assert trader.of("CancelRefused") == []
    trader.run(60_000, step_ms=100)
    assert trader.trail()[0] == "Accepted"
    assert trader.look_up(name).order_id == str(order.ticket)


def test_what_waits_for_an_order_in_vain_is_answered(tmp_path):
    """A cancel and a replace of an order that is not accepted for 60 s are refused, not forgotten.

    Nothing was sent for them, then or later: the order rests when it is accepted, and is cancelled
    when that is asked again.
    """
    trader = trader_on(tmp_path, MarginMode.EXCHANGE, Execution.EXCHANGE)
    trader.server.faults.ponder(90_000)
    name = trader.place(price="1.09000")
    trader.run(1_000)
    trader.replace(name, price="1.08000")
    trader.cancel(name)
    trader.run(55_000, step_ms=100)
    assert trader.trail() == []
    trader.run(10_000, step_ms=100)
    refused = trader.of("CancelRefused")
    assert [(one.response_to, one.reason) for one in refused] == [("2", "99"), ("1", "99")]
    assert {one.why.split(":")[0] for one in refused} == {"NOT_SENT"}
    trader.run(30_000, step_ms=100)
    assert trader.trail() == ["CancelRefused", "CancelRefused", "Accepted"]
    assert len(trader.office.ledger.arrivals) == 1
    trader.cancel(name)
    trader.run(1_000)
    assert trader.trail()[-1] == "Canceled"
    trader.judge()


@pytest.mark.parametrize("end", ["Canceled", "Replaced"])
def test_what_waits_for_an_order_is_done_when_it_is_accepted(tmp_path, end):
    """Within that time the cancel, or the replace, is sent as soon as it can be, once."""
    trader = trader_on(tmp_path, MarginMode.EXCHANGE, Execution.EXCHANGE)
    trader.server.faults.ponder(30_000)
    name = trader.place(price="1.09000")
    trader.run(1_000)
    if end == "Canceled":
        trader.cancel(name)
    else:
        trader.replace(name, price="1.08000")
    trader.run(31_000, step_ms=100)
    assert trader.trail() == ["Accepted", end]
    assert len(trader.office.ledger.arrivals) == 2
    trader.judge()
