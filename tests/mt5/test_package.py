"""The package's functions as a program uses them: arguments, filters, errors, ticks and bars."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.mt5.constants import MarginMode, OrderType
from support.mt5.package import Package
from support.mt5.package_forms import matches
from support.mt5.scene import LOGIN, Scene
from support.mt5.symbols import eurusd, future, usdjpy

FOREVER = (0, 4_000_000_000)
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0}


@pytest.fixture
def scene():
    """EURUSD and USDJPY on a hedging account."""
    made = Scene(MarginMode.RETAIL_HEDGING, eurusd(), usdjpy())
    made.quote("1.10000", "1.10010")
    made.server.quote("USDJPY", "140.000", "140.010")
    made.clock.advance(10)
    return made


@pytest.fixture
def mt5(scene):
    """The package, initialised."""
    return scene.package()


WRONG = [
    ("action", "1"), ("magic", -1), ("magic", 1.0), ("magic", 1 << 64), ("order", None),
    ("symbol", 7), ("volume", "0.1"), ("volume", True), ("price", None), ("stoplimit", "x"),
    ("sl", "0"), ("tp", []), ("deviation", 2.5), ("type", "BUY"), ("type_filling", 1.0),
    ("type_time", "GTC"), ("expiration", datetime(2024, 1, 1, tzinfo=UTC)), ("comment", 5),
    ("comment", "x" * 32), ("position", "7"), ("position_by", 7.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_argument_is_named(scene, mt5, name, value):
    """None, and -2 with the field's name; nothing was sent."""
    assert mt5.order_send(BUY | {name: value}) is None
    assert mt5.last_error() == (-2, f'Invalid "{name}" argument')
    assert scene.office.ledger.arrivals == []


@pytest.mark.parametrize("asked", [None, [], "buy", 1])
def test_a_request_is_a_dictionary(mt5, asked):
    """Anything else is -2."""
    assert mt5.order_send(asked) is None
    assert mt5.last_error() == (-2, "Invalid arguments")


def test_the_largest_magic_comes_back_as_it_went(scene, mt5):
    """2**63-1 is exact; above it an unsigned magic is read back as a negative number."""
    for magic, read in (((1 << 63) - 1, (1 << 63) - 1), ((1 << 64) - 1, -1)):
        sent = mt5.order_send(BUY | {"magic": magic})
        deal, = mt5.history_deals_get(ticket=sent.order)
        order, = mt5.history_orders_get(ticket=sent.order)
        position, = mt5.positions_get(ticket=sent.order)
        assert (deal.magic, order.magic, position.magic) == (read, read, read)
        assert sent.request.magic == magic


def test_a_float_volume_is_the_decimal_that_it_prints():
    """0.1 + 0.2 is three tenths, on the step of 0.01: eight places are kept."""
    scene = Scene()
    mt5 = scene.package()
    assert mt5.order_send(BUY | {"volume": 0.1 + 0.2}).retcode == 10009
    assert scene.position.volume == Decimal("0.3")


def test_without_a_connection_every_function_says_so(scene):
    """Before initialize, after shutdown, and when the terminal has ended: -10004."""
    mt5 = Package(scene.terminal)
    calls = {
        "account_info": (), "terminal_info": (), "version": (), "orders_total": (),
        "orders_get": (), "positions_total": (), "positions_get": (), "symbols_total": (),
        "symbols_get": (), "symbol_info": ("EURUSD",), "symbol_info_tick": ("EURUSD",),
        "market_book_get": ("EURUSD",), "copy_ticks_range": ("EURUSD", 0, 1, -1),
        "copy_ticks_from": ("EURUSD", 0, 1, -1), "copy_rates_from": ("EURUSD", 1, 0, 1),
        "copy_rates_from_pos": ("EURUSD", 1, 0, 1), "copy_rates_range": ("EURUSD", 1, 0, 1),
        "history_orders_total": FOREVER, "history_orders_get": FOREVER,
        "history_deals_total": FOREVER, "history_deals_get": FOREVER, "order_check": (BUY,),
        "order_send": (BUY,), "order_calc_margin": (0, "EURUSD", 1.0, 1.1),
        "order_calc_profit": (0, "EURUSD", 1.0, 1.1, 1.2),
    }  # fmt: skip
    states = (mt5.shutdown, lambda: mt5.initialize() and mt5.shutdown(), scene.terminal.stop)
    for enter in states:
        enter()
        for name, arguments in calls.items():
            assert getattr(mt5, name)(*arguments) is None, name
            assert mt5.last_error() == (-10004, "No IPC connection"), name
        assert mt5.login(LOGIN) is mt5.symbol_select("EURUSD") is False
    mt5.shutdown()


def test_initialize_starts_a_terminal_that_does_not_run(scene):
    """And waits until it is there; a path that leads nowhere is -10003."""
    scene.terminal.stop()
    mt5 = Package(scene.terminal)
    assert mt5.initialize(path="elsewhere") is False
    assert mt5.last_error()[0] == -10003
    assert mt5.initialize(path="terminal64") is True
    assert mt5.terminal_info().connected is True


def test_login_wants_account_server_and_password(scene):
    """-6 for what does not fit; None for a password means the one that is kept."""
    scene.office.terms.password = "secret"
    scene.server.open_account(2002)
    mt5 = Package(scene.terminal)
    assert mt5.initialize(login=LOGIN, password="wrong") is False
    assert mt5.last_error() == (-6, "Terminal: Authorization failed")
    assert mt5.initialize(login=LOGIN, password="secret", server="Test-Demo")
    assert mt5.login(2002, server="Other") is False
    assert mt5.login(7) is False
    assert mt5.account_info().login == LOGIN
    assert mt5.login(2002) is True
    assert (mt5.account_info().login, mt5.positions_total()) == (2002, 0)


def test_a_function_may_fail_before_or_after_its_work(scene, mt5):
    """`trouble` leaves its error; the trade may have been done."""
    mt5.trouble("positions_get")
    assert mt5.positions_get() is None
    assert mt5.last_error() == (-10005, "IPC timeout")
    assert mt5.positions_get() == ()
    for acts in (False, True):
        mt5.trouble("order_send", (-10002, "IPC recv failed"), acts=acts)
        assert mt5.order_send(BUY) is None
        assert mt5.last_error()[0] == -10002
        assert len(scene.books.positions) == acts
    mt5.trouble("terminal_info", times=2)
    assert mt5.terminal_info() is mt5.terminal_info() is None
    assert mt5.terminal_info().connected


def test_the_api_may_be_switched_off(scene, mt5):
    """-8 and None, where the AutoTrading button gives 10027; terminal_info tells both."""
    scene.terminal.api_disabled = True
    assert mt5.order_send(BUY) is None
    assert mt5.last_error()[0] == -8
    scene.terminal.api_disabled, scene.terminal.trade_allowed = False, False
    assert mt5.order_send(BUY).retcode == mt5.TRADE_RETCODE_CLIENT_DISABLES_AT
    info = mt5.terminal_info()
    assert (info.tradeapi_disabled, info.trade_allowed) == (False, False)


GROUPS = [
    ("*", True, True), ("*USD*", True, True), ("EUR*", True, False), ("*JPY", False, True),
    ("EURUSD", True, False), ("USD", False, False), ("*,!*JPY*", True, False),
    ("*, !EUR", False, True), ("EUR*, USD*", True, True), ("!*EUR*", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("group", "eurusd_in", "usdjpy_in"), GROUPS)
def test_groups_are_masks_in_their_order(group, eurusd_in, usdjpy_in):
    """Stars at the ends, '!' excludes what was included before."""
    fits = matches(group)
    assert (fits("EURUSD"), fits("USDJPY")) == (eurusd_in, usdjpy_in)


def test_lists_are_filtered_by_symbol_group_and_ticket(scene, mt5):
    """A symbol makes the ticket ignored; what is not there is an empty tuple."""
    one = mt5.order_send(BUY).order
    two = mt5.order_send(BUY | {"symbol": "USDJPY"}).order
    waits = scene.place(OrderType.BUY_LIMIT, "1.09").order

    def tickets(found):
        return [record.ticket for record in found]

    assert mt5.positions_total() == 2
    assert tickets(mt5.positions_get()) == [one, two]
    assert tickets(mt5.positions_get(symbol="USDJPY", ticket=one)) == [two]
    assert tickets(mt5.positions_get(group="*EUR*")) == [one]
    assert tickets(mt5.positions_get(ticket=two)) == [two]
    assert mt5.positions_get(ticket=7) == mt5.positions_get(symbol="XXX") == ()
    assert (mt5.orders_total(), tickets(mt5.orders_get(ticket=waits))) == (1, [waits])


def test_history_is_selected_by_the_server_s_time(scene, mt5):
    """Orders by when they were done, deals by when they were made, both ends included."""
    waits = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.clock.advance(3_600_000)
    scene.remove(waits)
    done_s = scene.books.history[waits].time_done_msc // 1000
    setup_s = scene.books.history[waits].time_setup_msc // 1000
    assert mt5.history_orders_get(setup_s, setup_s) == ()
    assert mt5.history_orders_total(done_s, done_s) == 1
    moment = datetime.fromtimestamp(done_s, UTC)
    order, = mt5.history_orders_get(moment, moment)
    assert (order.ticket, order.state) == (waits, mt5.ORDER_STATE_CANCELED)
    assert done_s == scene.clock.now_ms // 1000 + 7_200
    sent = mt5.order_send(BUY)
    assert mt5.history_deals_total(*FOREVER) == 2
    assert [d.ticket for d in mt5.history_deals_get(*FOREVER, group="*EUR*")] == [sent.deal]
    assert [d.ticket for d in mt5.history_deals_get(position=sent.order)] == [sent.deal]
    assert [o.ticket for o in mt5.history_orders_get(position=sent.order)] == [sent.order]
    assert mt5.history_deals_get("yesterday", "today") is None
    assert mt5.last_error() == (-2, "Invalid arguments")


def test_a_comment_is_cut_by_the_server(scene, mt5):
    """31 characters pass the package, 16 are kept by some brokers; the echo has them all."""
    scene.server.comment_limit = 16
    sent = mt5.order_send(BUY | {"comment": "x" * 31})
    assert len(sent.request.comment) == 31
    assert len(mt5.positions_get()[0].comment) == 16


def test_checks_and_sums_without_sending(scene, mt5):
    """order_check gives 0 or the code, with the funds after it; the sums are in account money."""
    check = mt5.order_check(BUY)
    assert (check.retcode, check.comment, check.margin) == (0, "Done", 110.0)
    assert check.margin_free == check.equity - 110.0
    sent = mt5.order_send(BUY)
    closing = BUY | {"type": 1, "position": sent.order}
    assert (mt5.order_check(closing).margin, mt5.order_check(BUY).margin) == (0.0, 220.0)
    mt5.order_send(closing)
    assert mt5.order_check(BUY | {"volume": 100.0}).retcode == mt5.TRADE_RETCODE_NO_MONEY
    assert mt5.order_calc_margin(mt5.ORDER_TYPE_BUY, "USDJPY", 1.0, 140.0) == 1000.0
    assert mt5.order_calc_profit(0, "EURUSD", 1.0, 1.1, 1.2) == 10_000.0
    assert mt5.order_calc_profit(1, "USDJPY", 1.0, 140.0, 141.0) == -714.29
    assert mt5.order_calc_profit(2, "EURUSD", 1.0, 1.1, 1.2) is None
    assert len(scene.office.ledger.arrivals) == 2


def test_symbols_are_told_with_all_their_rules(scene, mt5):
    """symbol_info and symbols_get have the same 96 fields; an unknown symbol is None."""
    info = mt5.symbol_info("EURUSD")
    assert len(info) == 96
    assert mt5.symbols_get() == (info, mt5.symbol_info("USDJPY"))
    assert mt5.symbols_get("*JPY*") == (mt5.symbol_info("USDJPY"),)
    assert (info.volume_step, info.trade_contract_size, info.spread) == (0.01, 100_000.0, 10)
    assert (info.trade_tick_value, mt5.symbol_info("USDJPY").trade_tick_value) == (
        1.0, pytest.approx(0.714234)
    )  # fmt: skip
    assert mt5.symbols_total() == 2
    assert mt5.symbol_info("XXX") is mt5.symbol_info_tick("XXX") is None
    assert mt5.last_error()[0] == -4


def test_a_symbol_with_a_position_stays_in_market_watch(mt5):
    """Any other can be taken out and put back."""
    mt5.order_send(BUY)
    assert mt5.symbol_select("EURUSD", enable=False) is False
    assert mt5.symbol_select("USDJPY", enable=False) is True
    assert mt5.symbol_info("USDJPY").visible is False
    assert mt5.symbol_select("USDJPY") is True


def test_ticks_are_copied_by_the_millisecond(scene, mt5):
    """Both ends are included; two ticks of one millisecond are two rows; flags choose."""
    start = scene.clock.server_ms()
    for n, wait in enumerate((0, 1, 0, 5)):
        scene.clock.advance(wait)
        scene.quote(f"1.1{n}", "1.2")
    scene.clock.advance(10)
    ticks = mt5.copy_ticks_range("EURUSD", start / 1000, (start + 1) / 1000, mt5.COPY_TICKS_ALL)
    assert list(ticks["bid"]) == [1.10, 1.11, 1.12]
    assert [row["time_msc"] - start for row in ticks] == [0, 1, 1]
    assert ticks.dtype.names[0] == "time"
    assert (len(ticks[1:]), ticks[0][1]) == (2, 1.10)
    assert len(mt5.copy_ticks_from("EURUSD", start / 1000, 2, mt5.COPY_TICKS_INFO)) == 2
    assert len(mt5.copy_ticks_from("EURUSD", 0, 99, mt5.COPY_TICKS_TRADE)) == 0
    assert mt5.copy_ticks_from("EURUSD", 0, 1, 9) is None
    assert mt5.copy_ticks_range("XXX", 0, 1, -1) is None
    assert mt5.symbol_info_tick("EURUSD").time_msc == start + 6


def test_numbers_of_arrays_are_numpy_s(scene, mt5):
    """A float whose repr is no number, a whole number that is no int: both can become one."""
    tick = mt5.copy_ticks_range("EURUSD", *FOREVER, mt5.COPY_TICKS_ALL)[0]
    assert (repr(tick["bid"]), str(tick["bid"])) == ("np.float64(1.1)", "1.1")
    assert isinstance(tick["bid"], float)
    assert not isinstance(tick["time"], int)
    assert repr(tick["time"]) == f"np.int64({int(tick['time'])})"
    assert {tick["flags"]: 6} == {6: tick["flags"]}
    assert tick["time_msc"] // 1000 == tick["time"] < tick["time"] + 1
    assert float(tick["time_msc"] - 1) + 1 == tick["time_msc"] % (1 << 62)
    assert (2 * tick["flags"], tick["flags"] & 2, 7 - tick["flags"]) == (12, 2, 1)


def test_bars_are_made_of_ticks(scene, mt5):
    """Open, high, low, close by the bid; so many ticks; by position, date and range."""
    start = scene.clock.server_ms() // 1000
    for bid in ("1.15", "1.05", "1.12"):
        scene.quote(bid, "1.2")
    scene.clock.advance(60_000)
    scene.quote("1.13", "1.2")
    scene.clock.advance(10)
    first, second = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 9)
    assert tuple(first)[:6] == (start - start % 60, 1.10, 1.15, 1.05, 1.12, 4)
    assert second["close"] == 1.13
    assert len(mt5.copy_rates_from("EURUSD", mt5.TIMEFRAME_M1, start, 9)) == 1
    assert len(mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M1, start, start + 59)) == 1
    assert len(mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 1, 1)) == 1
    for frame in (mt5.TIMEFRAME_H1, mt5.TIMEFRAME_D1, mt5.TIMEFRAME_W1, mt5.TIMEFRAME_MN1):
        whole, = mt5.copy_rates_from_pos("EURUSD", frame, 0, 9)
        assert whole["time"] <= start
        assert whole["tick_volume"] == 5


def test_a_book_is_there_once_it_is_subscribed():
    """The highest price first: sellers, then buyers; without a subscription None."""
    scene = Scene(MarginMode.EXCHANGE, future(), balance="100000")
    scene.server.book("ESH4", [(4000, 2)], [("4000.25", 3), ("4000.5", 5)])
    scene.clock.advance(10)
    mt5 = scene.package()
    assert mt5.market_book_get("ESH4") is None
    assert mt5.market_book_add("ESH4") is True
    assert [tuple(row) for row in mt5.market_book_get("ESH4")] == [
        (1, 4000.5, 5, 5.0), (1, 4000.25, 3, 3.0), (2, 4000.0, 2, 2.0)
    ]  # fmt: skip
    assert (mt5.market_book_release("ESH4"), mt5.market_book_release("ESH4")) == (True, False)
    assert Scene().package().market_book_add("EURUSD") is False


def test_while_the_server_is_away_lists_are_old_and_orders_are_not_sent(scene, mt5):
    """positions_get still answers, terminal_info says connected=False, order_send 10031."""
    mt5.order_send(BUY)
    scene.terminal.cut()
    assert mt5.terminal_info().connected is False
    assert mt5.positions_total() == 1
    assert mt5.order_send(BUY).retcode == mt5.TRADE_RETCODE_CONNECTION
    scene.terminal.empties = True
    scene.terminal.cut()
    assert mt5.positions_get() == ()
    assert mt5.last_error() == (1, "Success")


@pytest.mark.parametrize("arrive", [True, False])
def test_a_terminal_that_ends_in_the_middle_of_a_call(scene, mt5, arrive):
    """None and -10002; the trade may have been done."""
    scene.clock.after(2, lambda: scene.terminal.stop(told=False, requests_arrive=arrive))
    assert mt5.order_send(BUY) is None
    assert mt5.last_error() == (-10002, "IPC recv failed")
    scene.clock.advance(100)
    assert bool(scene.books.positions) == arrive


def test_a_call_may_hang(mt5):
    """It comes back when it is let go, and no sooner; other functions work meanwhile."""
    let_go, found = mt5.wedge("positions_total"), []
    hanging = threading.Thread(target=lambda: found.append(mt5.positions_total()))
    hanging.start()
    assert mt5.orders_total() == 0
    assert found == []
    let_go.set()
    hanging.join()
    assert found == [0]
    assert mt5.positions_total() == 0


def test_every_call_is_noted(mt5):
    """For tests that count what a bridge asks."""
    mt5.positions_get(symbol="EURUSD")
    assert ("positions_get", (), {"symbol": "EURUSD"}) in mt5.calls
