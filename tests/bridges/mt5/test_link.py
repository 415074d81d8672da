"""When the bridge is up, what takes it down, and lists that are not whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.clock import hours
from support.mt5.constants import Retcode
from support.mt5_trader import (
    EURUSD,
    LOGIN,
    NETTING,
    World,
    names,
    people_of,
    server_of,
)

from bridges.link_events import LinkChanged, RateWarned
from bridges.mt5.clock import ServerClock
from bridges.port import (
    Canceled,
    Filled,
    Rejected,
)
from protocol.fields import TimeInForce

GTD, DAY = TimeInForce.GOOD_TILL_DATE, TimeInForce.DAY
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def test_it_is_up_after_the_connection_has_settled(trader):
    """One LinkChanged, with nothing told of what was before."""
    assert names(trader.told) == ["LinkChanged"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda world: setattr(world.terminal, "trade_allowed", False), "TRADE_NOT_ALLOWED"),
        (lambda world: setattr(world.terminal, "api_disabled", True), "TRADE_NOT_ALLOWED"),
        (lambda world: world.office.account.permit(trade_allowed=False), "TRADE_NOT_ALLOWED"),
        (lambda world: world.terminal.cut(), "not connected"),
        (lambda world: world.terminal.stop(told=False), "terminal_info: -10004"),
    ],
)
def test_what_takes_it_down_is_said(trader, wrong, text):
    """Trading not allowed, no server, no terminal: the link is down, orders are refused with it."""
    world = trader.world
    wrong(world)
    assert world.until(lambda: not world.venue.connected)
    assert text in world.of(LinkChanged)[-1].text
    trader.place()
    world.run(100)
    (refused,) = world.of(Rejected)
    assert text in refused.text
    assert not world.office.ledger.arrivals


def test_another_account_in_the_terminal_is_never_traded(trader):
    """Login and server are asserted before every order, also in the moment of sending."""
    world = trader.world
    world.server.open_account(2002)
    world.run(300)
    world.terminal.log_in(2002)
    world.clock.advance(100)
    name = trader.place()
    world.run(3_000)
    assert not world.venue.connected
    assert [one.order.cl_ord_id for one in world.of(Rejected)] == [name]
    assert "WRONG_ACCOUNT" in world.of(LinkChanged)[-1].text
    assert all(not office.ledger.arrivals for office in world.server.offices.values())
    world.terminal.log_in(LOGIN)
    assert world.until(lambda: world.venue.connected)


def test_a_call_that_never_comes_back_takes_it_down(trader):
    """Nothing else is asked while it is out; when it is back, its result counts."""
    world = trader.world
    world.worker.holds = lambda job: type(job).__name__ == "Send"
    name = trader.place()
    world.run(60_000)
    assert world.of(LinkChanged)[-1].text.startswith("STUCK")
    assert not world.of(Rejected)
    late = trader.place()
    world.run(60_000)
    assert [one.order.cl_ord_id for one in world.of(Rejected)] == [late]
    world.worker.let_go()
    assert world.until(lambda: world.venue.connected)
    assert {one.order.cl_ord_id for one in world.of(Filled)} == {name}
    trader.judge()


def test_an_order_that_waited_too_long_for_the_terminal_is_not_sent(trader):
    """What queued behind a stuck call is old when the call is back: it is refused, unsent."""
    world = trader.world
    world.worker.holds = lambda job: type(job).__name__ == "Read"
    world.run(500)
    name = trader.place()
    world.run(6_000)
    world.worker.let_go()
    world.run(2_000)
    (refused,) = world.of(Rejected)
    assert (refused.order.cl_ord_id, refused.text) == (
        name, "NOT_SENT: it waited too long for the terminal",
    )  # fmt: skip
    assert not world.office.ledger.arrivals


def test_the_server_asks_to_be_left_alone(trader):
    """10024 is a warning for the gateway, and the order is refused."""
    trader.world.server.faults.refuse(Retcode.TOO_MANY_REQUESTS)
    trader.place()
    trader.world.run(1_000)
    assert names(trader.told)[1:] == ["RateWarned", "Rejected"]
    assert trader.world.of(RateWarned)[0].back_off_ms > 0


def test_empty_lists_of_a_terminal_that_has_just_connected_prove_nothing(trader):
    """`connected` comes before the lists: answers are not complete until they can be believed."""
    world = trader.world
    name = trader.place(price="1.09000")
    trader.place()
    world.run(1_000)
    world.terminal.empties, world.terminal.history_ms = True, 20_000
    world.terminal.cut()
    world.run(300)
    world.terminal.mend()
    answers = []
    for _ in range(70):
        ask = trader.name()
        for method in ("open_orders", "positions"):
            getattr(world.venue, method)(ask, world.now_ns)
        world.venue.look_up(ask, name, world.now_ns)
        world.run(400)
        answers += [one for one in world.told if getattr(one, "ask", "") == ask]
    for one in answers:
        if one.complete and hasattr(one, "orders"):
            assert [order.cl_ord_id for order in one.orders] == [name]
        if one.complete and hasattr(one, "positions"):
            assert [held.qty for held in one.positions] == [10_000]
        if one.complete and hasattr(one, "order"):
            assert one.order is not None
    assert {one.complete for one in answers} == {False, True}
    assert world.until(lambda: world.venue.connected)
    trader.judge()


@pytest.mark.parametrize(
    "late_ms",
    [20_000, *(pytest.param(one, marks=pytest.mark.length("ci")) for one in (1_000, 100_000))],
)
def test_what_happened_in_a_long_outage_is_told_when_the_history_comes(trader, late_ms):
    """20 minutes without a connection, the history long after the lists: each fill once, no end."""
    world = trader.world
    trader.place(stop_loss_px=Decimal("1.09500"))
    trader.place(price="1.09000")
    world.run(1_000)
    (ticket,) = world.office.books.orders
    world.terminal.cut()
    people_of(trader).fill(ticket, "0.1")
    world.server.quote(EURUSD, "1.09400", "1.09410")
    world.run(20 * 60_000)
    world.terminal.history_ms = late_ms
    world.terminal.mend()
    world.run(late_ms + 70_000)
    found = [(one.order.price, one.fill.origin) for one in world.of(Filled)]
    limit, stop = (Decimal("1.09000"), ""), (None, "STOP_LOSS")
    assert sorted(found, key=str) == sorted([(None, ""), limit, stop], key=str)
    assert not world.of(Canceled)
    assert world.venue.connected
    trader.judge()


def test_a_call_that_fails_makes_a_read_unclean(trader):
    """An answer whose call failed is not complete, and the next one is."""
    world = trader.world
    world.package.trouble("orders_get", times=1)
    world.venue.open_orders("Q", world.now_ns)
    world.run(200)
    told = [one for one in world.told if getattr(one, "ask", "") == "Q"]
    world.package.trouble("orders_get", times=50)
    world.venue.open_orders("R", world.now_ns)
    world.run(200)
    told += [one for one in world.told if getattr(one, "ask", "") == "R"]
    assert [one.complete for one in told][-1] is False


def test_the_offset_is_measured():
    """Without a zone the server's clock is read off fresh quotes; before that nothing is up."""
    world = World(server_of(NETTING))
    world.venue.core.clock = ServerClock()
    world.run(1_000)
    assert not world.venue.connected
    assert "SERVER_TIME" in world.of(LinkChanged)[-1].text
    for bid in ("1.10001", "1.10002", "1.10003"):
        world.server.quote(EURUSD, bid, "1.10020")
        world.run(300)
    assert world.venue.core.clock.measured_s == 7_200
    assert world.venue.connected


@pytest.mark.parametrize(("late_s", "words"), [(200, "200 s ahead of"), (-300, "300 s behind")])
def test_a_clock_that_is_off_is_named(late_s, words):
    """Minutes off the server's, nothing can be measured: by how much is said, and what to do."""
    world = World(server_of(NETTING))
    world.venue.core.clock = ServerClock()

    def quote(*bids):
        for bid in bids:
            world.server.quote(EURUSD, bid, "1.10020")
            world.run(300)

    world.clock.offset = lambda _utc_ms: 7_200 - late_s
    quote("1.10001", "1.10002", "1.10003")
    assert not world.venue.connected
    assert words in world.venue.core.why_down
    world.clock.offset = hours(2)
    quote("1.10004", "1.10005", "1.10006", "1.10007")
    assert world.venue.connected


def test_time_without_a_connection_proves_no_absence(trader):
    """A lost order is given up when reads in a row have not shown it for the whole time.

    Nobody is told of it unasked: that it is not there is the answer to a question.
    """
    world = trader.world
    world.server.faults.fail(acts=False)
    name = trader.place()
    world.run(500)
    world.terminal.cut()
    world.run(30_000)
    core = world.venue.core
    assert name in core.names
    world.terminal.mend()
    since_ms = world.clock.now_ms
    assert world.until(lambda: name not in core.names)
    assert world.clock.now_ms - since_ms > 20_000
    assert trader.ask("look_up", name).order is None
    assert not world.of(Rejected)
    trader.judge()
