"""The life of orders through the compiled venue: what is sent, told, and what the server has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.mt5.constants import MarginMode, OrderType, Retcode, TradeMode
from support.mt5.ea_trader import ENDS, EaTrader
from support.mt5.runtime import build
from support.mt5.scene import KINDS
from support.mt5.symbols import eurusd

from protocol.order_id import OrderId, to_number

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
HEDGING = MarginMode.RETAIL_HEDGING
EXPIRY_NS = 1_704_103_200_000_000_000 + 60_000_000_000
GTD, DAY, IOC, FOK = "6", "0", "3", "4"


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


def test_a_market_order_is_accepted_and_filled(trader):
    """Its magic is the wire's id; units, price, fee and position are the server's."""
    name = trader.place("25000")
    trader.run(200)
    assert trader.trail() == ["Accepted", "Filled"]
    fill = told(trader, name, "Filled")
    assert (fill.last_qty, fill.last_px, fill.status) == (25000, Decimal("1.1001"), "2")
    trader.judge()


@pytest.mark.parametrize(("side", "price", "stop"), [
    ("1", "1.09", None), ("2", "1.11", None), ("1", None, "1.11"), ("2", None, "1.09"),
    ("1", "1.105", "1.11"), ("2", "1.095", "1.09"),
], ids=["buy limit", "sell limit", "buy stop", "sell stop", "buy stop limit", "sell stop limit"],
)  # fmt: skip
def test_each_pending_type_rests_triggers_and_is_filled(trader, side, price, stop):
    """All six that wait; a stop tells its trigger before its fill."""
    name = trader.place("10000", price, stop=stop, side=side)
    trader.run(200)
    assert trader.trail() == ["Accepted"]
    order, = trader.office.books.orders.values()
    assert order.magic == int(name, 36)
    rises = (side == "1") is (stop is not None)
    bid = Decimal("1.15") if rises else Decimal("1.05")
    trader.quote(bid, bid + Decimal("0.0001"))
    trader.run(200)
    if price is not None and stop is not None:
        assert trader.trail() == ["Accepted", "Triggered"]
        trader.quote("1.1", "1.1001")
        trader.run(200)
    assert trader.trail() == ["Accepted", *(["Triggered"] if stop else []), "Filled"]
    trader.judge()


def test_levels_go_with_the_order_and_the_server_closes_by_them(trader):
    """A stop-loss is told as an order of the server's, with its parent and its origin."""
    name = trader.place("10000", stop_loss_px="1.09", take_profit_px="1.12")
    trader.run(200)
    trader.quote("1.0890", "1.0891")
    trader.run(200)
    assert trader.trail() == ["Accepted", "Filled", "Accepted", "Filled"]
    made, fill = trader.of("Accepted", "Filled")[2:]
    assert (made.cl_ord_id, made.parent_id, made.origin) == ("", name, "STOP_LOSS")
    assert (fill.fill_cl_ord_id, fill.fill_parent_id, fill.fill_origin) == ("", name, "STOP_LOSS")
    assert fill.fill_order_id == made.order_id
    trader.judge()


def test_prices_change_in_place_and_quantity_by_another_order(trader):
    """A G keeps the magic when only prices change; else the old order goes first."""
    name = trader.place("10000", "1.09")
    trader.run(200)
    ticket, = trader.office.books.orders
    first = trader.replace(name, price="1.08", stop_loss_px="1.07", time_in_force=DAY)
    trader.run(200)
    assert list(trader.office.books.orders) == [ticket]
    second = trader.replace(first, order_qty="30000")
    trader.run(200)
    order, = trader.office.books.orders.values()
    assert (order.magic, order.volume_current) == (int(second, 36), Decimal("0.3"))
    assert trader.trail() == ["Accepted", "Replaced", "Replaced"]
    for known in (name, first, second):
        assert trader.look_up(known).cl_ord_id == second
    trader.cancel(second)
    trader.run(200)
    assert trader.trail()[-1] == "Canceled"
    trader.judge()


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


def test_what_the_symbol_does_not_take_is_refused_unsent(trader):
    """Step, range, tick, distance and money: each with a reason, and nothing is sent."""
    before = len(trader.office.ledger.arrivals)
    for fields, code in (
        ({"qty": "10500.5"}, "QTY_STEP"), ({"qty": "100"}, "QTY_STEP"),
        ({"qty": "500000000"}, "QTY_RANGE"), ({"price": "1.090001"}, "PRICE_TICK"),
        ({"price": "1.2"}, "INVALID_PRICE"), ({"stop": "1.05"}, "INVALID_PRICE"),
        ({"stop_loss_px": "1.2"}, "INVALID_STOPS"), ({"qty": "20000000"}, "10019 NO_MONEY"),
        ({"time_in_force": GTD, "price": "1.09"}, "FIELDS"),
        ({"price": "1.09", "post_only": "Y"}, "NOT_SUPPORTED"),
    ):  # fmt: skip
        trader.place(**fields)
        trader.run(30)
        assert trader.events[-1].kind == "Rejected"
        assert trader.events[-1].why.startswith(code), trader.events[-1]
    assert len(trader.office.ledger.arrivals) == before


@pytest.mark.parametrize(("rules", "order", "code"), [
    ({"trade_mode": TradeMode.DISABLED}, {}, "TRADE_MODE"),
    ({"trade_mode": TradeMode.SHORTONLY}, {}, "TRADE_MODE"),
    ({"stops_level": 100}, {"price": "1.0999"}, "INVALID_PRICE"),
    ({"stops_level": 100}, {"stop_loss_px": "1.0995"}, "INVALID_STOPS"),
    ({"sessions": ((),) * 6 + (((0, 60),),)}, {}, "MARKET_CLOSED"),
    ({"order_mode": 1}, {"price": "1.05"}, "NOT_SUPPORTED"),
    ({"order_mode": 1 | 2}, {"stop_loss_px": "1.05"}, "NOT_SUPPORTED"),
    ({"expiration": 1}, {"price": "1.05", "time_in_force": DAY}, "NOT_SUPPORTED"),
    ({"filling": 1}, {"time_in_force": IOC}, "NOT_SUPPORTED"),
])  # fmt: skip
def test_rules_of_the_moment(tmp_path, rules, order, code):
    """Rules that the broker changes while the terminal runs hold at once."""
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path).settle()
    change(trader, **rules)
    trader.place(**order)
    trader.run(30)
    assert trader.trail() == ["Rejected"]
    assert trader.events[-1].why.startswith(code), trader.events[-1]


def test_an_order_near_the_market_is_frozen(tmp_path):
    """Within the freeze level it is neither changed nor removed."""
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path).settle()
    name = trader.place(price="1.0990")
    trader.run(100)
    change(trader, freeze_level=200)
    trader.replace(name, price="1.05")
    trader.cancel(name)
    trader.run(100)
    assert trader.trail() == ["Accepted", "CancelRefused", "CancelRefused"]
    assert all(one.why.startswith("FROZEN") for one in trader.of("CancelRefused"))
    trader.judge()


@pytest.mark.parametrize("filling", [1, 2, 3])
def test_the_filling_mode_is_the_symbols(tmp_path, filling):
    """A market order says what the flags allow; FOK flag alone: FOK."""
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path, eurusd(filling=filling)).settle()
    trader.quote("1.1", "1.1001")
    trader.run(100)
    trader.place()
    trader.run(100)
    assert trader.trail() == ["Accepted", "Filled"]
    assert trader.office.ledger.arrivals[-1].request.type_filling == (0 if filling == 1 else 1)


def test_a_position_is_closed_in_parts_and_by_another(tmp_path):
    """Hedging: 5004 names what is closed, a part of it too; `A/B` closes one by the other."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    trader.place("30000")
    trader.run(200)
    held, = trader.office.books.positions.values()
    trader.place("10000", side="2", position_id=str(held.identifier))
    trader.run(200)
    assert [one.volume for one in trader.office.books.positions.values()] == [Decimal("0.2")]
    trader.place("20000", side="2")
    trader.run(200)
    other = max(trader.office.books.positions)
    name = trader.place("20000", side="2", position_id=f"{held.identifier}/{other}")
    trader.run(200)
    assert trader.office.books.positions == {}
    mine = [one for one in trader.fills().values() if one.fill_cl_ord_id == name]
    made = [one for one in trader.fills().values() if one.fill_parent_id == name]
    assert [(one.last_qty, one.fill_side) for one in mine + made] == [(20000, "2"), (20000, "1")]
    assert {one.fill_origin for one in mine + made} == {"CLOSE_BY"}
    trader.judge()


def test_reduce_only_finds_the_position_that_fits(tmp_path):
    """77=C without 5004: one of the other side, as large; all or nothing of none is refused."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    trader.place("30000")
    trader.place("10000")
    trader.run(200)
    trader.place("10000", side="2", reduce_only="Y")
    trader.run(200)
    assert [one.volume for one in trader.office.books.positions.values()] == [Decimal("0.3")]
    trader.place("40000", side="2", time_in_force=FOK, reduce_only="Y")
    trader.run(100)
    assert "close no position" in trader.events[-1].why
    trader.judge()


def test_what_others_do_is_told_as_theirs(trader):
    """A person's order and another program's have no id; another gateway's keeps its own."""
    people = trader.people
    people.by_hand("EURUSD", "0.1", OrderType.BUY)
    people.expert(777, "EURUSD", "0.1", OrderType.BUY)
    other = OrderId(2, 1_700_000_000, 1).text()
    people.expert(to_number(other), "EURUSD", "0.1", OrderType.BUY)
    people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05")
    trader.run(1_000)
    assert [one.fill_cl_ord_id for one in trader.of("Filled")] == ["", "", other]
    resting, = trader.of("Accepted")
    assert (resting.cl_ord_id, resting.price) == ("", Decimal("1.05"))
    trader.judge()


def test_swap_and_payments_are_entries_of_the_ledger(tmp_path):
    """Each is told once, by the deal's ticket, a swap before its deal; commission is the fill's."""
    rules = eurusd(commission="7", swap_long="-5")
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path, rules).settle()
    trader.quote("1.1", "1.1001")
    trader.run(50)
    trader.place("100000")
    trader.run(200)
    assert trader.of("Filled")[0].commission == 7
    trader.clock.advance_to(trader.clock.next_day_ms() + 1_000)
    trader.settle()
    trader.place("100000", side="2")
    trader.run(1_000)
    trader.people.pay(2, "-500", "Withdrawal")
    trader.run(1_000)
    kinds = {one.ledger_kind: one.amount for one in trader.of("Entry") if not one.ask}
    assert kinds == {"SWAP": Decimal(-5), "DEPOSIT": Decimal(-500)}
    about = [one.kind for one in trader.of("Filled", "Entry")]
    assert about == ["Filled", "Entry", "Filled", "Entry"]
    trader.judge()


def test_a_trade_that_is_taken_back_is_told(trader):
    """150=H with the trade's id; the order is as it was before it."""
    name = trader.place("10000")
    trader.run(200)
    fill = told(trader, name, "Filled")
    trader.people.bust(int(fill.trade_id))
    trader.run(1_000)
    assert [one.trade_id for one in trader.of("Busted")] == [fill.trade_id]


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


@pytest.mark.parametrize("force", ["1", IOC])
def test_more_than_one_position_is_flattened_by_asking_again(tmp_path, force):
    """77=C for more than any position closes the largest and cancels the rest; never opens."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    for qty in ("20000", "10000", "30000"):
        trader.place(qty)
        trader.run(300)
    left = 60_000
    for closed, end in ((30_000, "4"), (20_000, "4"), (10_000, "2")):
        name = trader.place(str(left), side="2", time_in_force=force, reduce_only="Y")
        trader.run(1000)
        found = trader.look_up(name)
        assert (found.status, found.cum_qty, found.leaves_qty) == (end, closed, 0)
        assert len(trader.of("Canceled", name=name)) == (end == "4")
        left -= closed
    assert trader.ask("positions") == ([], True)
    trader.judge()


def test_too_many_requests_warn_the_gateway(tmp_path):
    """10024 refuses the order, and tells the gateway to slow down."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    trader.server.faults.refuse(Retcode.TOO_MANY_REQUESTS)
    trader.place("10000")
    trader.run(300)
    assert trader.trail() == ["Rejected"]
    warned, = trader.of("RateWarned")
    assert (warned.back_off_ms, warned.banned) == ("1000", "")


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
