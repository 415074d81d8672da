"""The life of orders through the compiled venue: what is sent, told, and what the server has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.mt5 import ea_calls
from support.mt5.constants import ExpirationFlag, MarginMode, OrderType, Retcode, TimeType
from support.mt5.ea_calls import MqlError
from support.mt5.ea_trader import ENDS, EaTrader
from support.mt5.runtime import build
from support.mt5.scene import KINDS
from support.mt5.symbols import eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
HEDGING = MarginMode.RETAIL_HEDGING
EXPIRY_NS = 1_704_103_200_000_000_000 + 60_000_000_000
GTD, DAY, IOC, FOK = "6", "0", "3", "4"
MIDNIGHT_NS = 1_704_146_400_000_000_000
"""The end of the simulated server's Monday, which is at UTC+2."""
DAY_NS = 86_400_000_000_000


CI = pytest.mark.length("ci")
ACCOUNTS = [
    pytest.param(kind, marks=() if kind is HEDGING else (CI,), id=kind.name.lower())
    for kind in KINDS
]


@pytest.fixture(params=ACCOUNTS)
def trader(request, tmp_path):
    """Give a trader on a venue that is up; a plain run has the hedging account only."""
    return EaTrader(request.param, tmp_path, inputs={"IocAtMarket": True}).settle()


def told(trader, name, kind):
    """Return the one event of a kind about an order."""
    found, = trader.of(kind, name=name)
    return found


def change(trader, **rules):
    """Let the broker change the symbol's rules; they come with a quote."""
    trader.server.add_symbol(eurusd(**rules))
    trader.quote("1.1", "1.1001")
    trader.run(50)


def test_a_replace_that_changes_nothing_is_done(trader):
    """The server is not asked for what is so already."""
    name = trader.place("10000", "1.09")
    trader.run(200)
    before = len(trader.office.ledger.arrivals)
    trader.replace(name)
    trader.run(200)
    assert trader.trail() == ["Accepted", "Replaced"]
    assert len(trader.office.ledger.arrivals) == before


def test_an_expiry_is_the_servers_time(trader):
    """GTD in UTC is cut to the second and moved to the server's clock; the end is told."""
    trader.place("10000", "1.09", time_in_force=GTD, expire_ns=EXPIRY_NS + 999_999_999)
    trader.run(200)
    order, = trader.office.books.orders.values()
    assert order.time_expiration == EXPIRY_NS // 10**9 + 7200
    trader.run(61_000)
    assert trader.trail() == ["Accepted", "Expired"]
    trader.judge()


def test_an_expiry_of_a_symbol_that_knows_days_only(trader):
    """The order ends with the day whose midnight 126 is, also when that is another one then."""
    change(trader, expiration=ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY)
    name = trader.place("10000", "1.09", time_in_force=GTD, expire_ns=MIDNIGHT_NS + DAY_NS)
    trader.run(200)
    order, = trader.office.books.orders.values()
    assert order.type_time == TimeType.SPECIFIED_DAY
    assert int(told(trader, name, "Accepted").expire_ns) == MIDNIGHT_NS + DAY_NS
    fresh = trader.replace(name, expire_ns=MIDNIGHT_NS)
    trader.run(200)
    assert trader.trail() == ["Accepted", "Replaced"]
    found, = trader.ask("open_orders")[0]
    assert (found.cl_ord_id, int(found.expire_ns)) == (fresh, MIDNIGHT_NS)
    assert found.order_id == str(order.ticket)
    trader.clock.advance_to(trader.clock.next_day_ms() + 1_000)
    trader.run(3_000)
    assert trader.trail()[-1] == "Expired"
    trader.judge()


def test_the_dead_mans_hand_cancels_what_rests(trader):
    """Ours, and nobody else's."""
    trader.place("10000", "1.09")
    trader.place("10000", "1.08")
    trader.people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05")
    trader.run(200)
    trader.cancel_all()
    trader.run(2_000)
    assert [one.magic for one in trader.office.books.orders.values()] == [0]
    ended = trader.of("Canceled")
    assert len(ended) == 2
    assert all(one.why.startswith("DEAD_MAN") for one in ended)


@pytest.mark.parametrize("sync", [False, True])
def test_both_ways_of_sending(tmp_path, sync):
    """OrderSend, for terminals that demand it, comes to the same."""
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path, inputs={"Async": not sync}).settle()
    name = trader.place("10000", "1.09")
    trader.run(200)
    trader.cancel(trader.replace(name, price="1.08"))
    trader.run(300)
    assert trader.trail() == ["Accepted", "Replaced", "Canceled"]
    trader.place("10000")
    trader.run(200)
    assert "OrderSendAsync" not in trader.chart.program.calls or not sync
    trader.judge()


def test_a_program_that_may_not_trade_says_which_switch_is_off(trader):
    """The link counts as down, orders are refused, cancels too; and it comes back by itself."""
    trader.terminal.trade_allowed = False
    trader.run(100)
    assert "Algo Trading of the terminal" in trader.events[-1].why
    trader.place()
    trader.run(50)
    assert trader.events[-1].why.startswith("TRADE_NOT_ALLOWED")
    trader.terminal.trade_allowed = True
    trader.run(100)
    assert trader.of("Link")[-1].up == "Y"


def test_instruments_have_their_rules(trader):
    """Units by the contract size; the part of its worth that a position blocks."""
    (found,), complete = trader.ask("instruments")
    assert complete
    assert (found.qty_step, found.min_qty, found.max_qty) == (1000, 1000, 50_000_000)
    assert (found.price_tick, found.contract_multiplier) == (Decimal("0.00001"), 100_000)
    assert round(found.margin_rate, 4) == Decimal("0.01")
    assert set(ENDS) == {"Rejected", "Canceled", "Expired"}


@pytest.mark.parametrize("filled_in", [False, True])
def test_an_answer_is_heard_with_and_without_the_new_ticket_in_its_request(tmp_path, filled_in):
    """MetaTrader may repeat a request with the ticket of the order that it made."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    told_as = trader.terminal.answered

    def with_ticket(call, request, result):
        told_as(call, request, replace(result, order=7))

    trader.terminal.answered = with_ticket
    trader.terminal.request_gets_ticket = filled_in
    trader.server.faults.refuse(Retcode.REJECT)
    trader.place("10000", "1.09")
    trader.run(2_000)
    assert trader.trail() == ["Rejected"]


@pytest.mark.parametrize(("retcode", "ends"), [(0, False), (10031, False), (10027, True)])
def test_what_the_terminal_did_not_send_is_never_sent_again(trader, retcode, ends):
    """OrderSendAsync is false: one call, no OrderSend after it, and only a proof ends the order."""
    face, calls = trader.chart.face, trader.chart.program.calls

    def fails(_request):
        raise MqlError(4756, ea_calls.TradeResult(retcode=retcode))

    face.OrderSendAsync = fails
    name = trader.place("10000", "1.09")
    trader.run(3_000, step_ms=50)
    assert calls["OrderSendAsync"] == 1
    assert "OrderSend" not in calls
    assert trader.trail() == ["Rejected"] * ends
    del face.OrderSendAsync
    trader.run(3_000, step_ms=50)
    assert calls["OrderSendAsync"] == 1
    assert trader.look_up(name).found == ("Y" if ends else "")
    assert trader.office.ledger.arrivals == []
