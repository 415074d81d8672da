"""Orders of every type and time, and how they end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Execution, ExpirationFlag, OrderType, TimeType
from support.mt5_trader import (
    EURUSD,
    HEDGING,
    MS,
    Trader,
    World,
    names,
    people_of,
    server_of,
)

from bridges import notes
from bridges.port import (
    Accepted,
    Canceled,
    Expired,
    Filled,
)
from protocol.fields import TimeInForce

GTD, DAY = TimeInForce.GOOD_TILL_DATE, TimeInForce.DAY
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
DAY_NS = 86_400_000 * MS


def test_an_expiry_changes_in_place(trader):
    """A replace of the expiry alone keeps the ticket, and names the order anew."""
    world = trader.world
    first = world.now_ns + 600_000 * MS
    name = trader.place(price="1.09000", time_in_force=GTD, expire_ns=first)
    world.run(500)
    fresh = trader.replace(name, "10000", "1.09000", time_in_force=GTD,
                           expire_ns=first + 60_000 * MS)  # fmt: skip
    world.run(500)
    found = trader.ask("open_orders").orders
    assert [(one.cl_ord_id, one.orig_cl_ord_id) for one in found] == [(fresh, name)]
    assert len(world.office.ledger.orders) == 1
    trader.judge()


def test_an_expiry_of_a_symbol_that_knows_days_only(kind):
    """The order ends with the day whose midnight 126 is, also when that is another one then."""
    days_only = ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY
    trader = Trader(World(server_of(kind, expiration=days_only)))
    world = trader.world
    midnight = world.clock.next_day_ms() * MS
    name = trader.place(price="1.09000", time_in_force=GTD, expire_ns=midnight + DAY_NS)
    world.run(500)
    order, = world.office.books.orders.values()
    assert order.type_time == TimeType.SPECIFIED_DAY
    assert world.of(Accepted)[0].order.expire_ns == midnight + DAY_NS
    fresh = trader.replace(name, "10000", "1.09000", time_in_force=GTD, expire_ns=midnight)
    world.run(500)
    found, = trader.ask("open_orders").orders
    assert (found.cl_ord_id, found.expire_ns) == (fresh, midnight)
    assert len(world.office.ledger.orders) == 1
    world.clock.advance_to(world.clock.next_day_ms() + 1_000)
    world.run(3_000)
    assert len(world.of(Expired)) == 1
    trader.judge()


@pytest.mark.parametrize(("flags", "says"), [
    (ExpirationFlag.SPECIFIED, True),
    (ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY, True),
    (ExpirationFlag.GTC | ExpirationFlag.SPECIFIED_DAY, False),
    (ExpirationFlag.GTC | ExpirationFlag.DAY, False),
])  # fmt: skip
def test_gtd_is_said_where_the_gateway_could_not_do_better(flags, says):
    """With days only and GTC beside them it is left to emulate_expiry, which knows seconds."""
    able = World(server_of(HEDGING, expiration=flags)).venue.capabilities
    assert (GTD in able.times_in_force) is says


def test_the_same_terms_again_are_no_change(trader):
    """A replace that changes nothing is done: the order is what was asked for."""
    world = trader.world
    name = trader.place(price="1.09000")
    world.run(500)
    fresh = trader.replace(name, "10000", "1.09000")
    world.run(500)
    assert names(trader.told)[1:] == ["Accepted", "Replaced"]
    assert world.told[-1].order.cl_ord_id == fresh
    trader.judge()


def test_stop_levels_of_a_resting_order_change_in_place(trader):
    """5001 and 5002 of a G stand at the server afterwards."""
    world = trader.world
    name = trader.place(price="1.09000")
    world.run(500)
    trader.replace(name, "10000", "1.09000", stop_loss_px=Decimal("1.08000"),
                   take_profit_px=Decimal("1.12000"))  # fmt: skip
    world.run(500)
    (order,) = world.office.books.orders.values()
    assert (order.sl, order.tp) == (Decimal("1.08000"), Decimal("1.12000"))
    (listed,) = trader.ask("open_orders").orders
    assert (listed.stop_loss_px, listed.take_profit_px) == (order.sl, order.tp)


def test_the_dead_man_cancels_what_is_ours(trader):
    """What rests of ours goes, unasked by any order; what others have placed is left alone."""
    world = trader.world
    ours = [trader.place(price=price) for price in ("1.09000", "1.08000")]
    people_of(trader).by_hand(EURUSD, "0.1", OrderType.BUY_LIMIT, price="1.07000")
    people_of(trader).expert(777, EURUSD, "0.1", OrderType.BUY_LIMIT, price="1.07000")
    world.run(1_000)
    world.venue.cancel_all("DEAD_MAN", world.now_ns)
    world.run(1_000)
    assert [one.order.cl_ord_id for one in world.of(Canceled)] == ours
    assert sorted(one.magic for one in world.office.books.orders.values()) == [0, 777]


def test_the_rest_of_an_immediate_order(trader, kind):
    """IOC takes what is there and ends; FOK takes all of it or nothing."""
    world = trader.world
    limit = "1.10010" if world.server.markets[EURUSD].rules.execution != Execution.MARKET else None
    world.server.quote(EURUSD, "1.10000", "1.10010", ask_volume=Decimal("0.2"))
    world.run(500)
    trader.place("50000", limit, time_in_force=FOK)
    world.run(1_000)
    assert not world.of(Filled) or limit is None
    trader.place("50000", limit, time_in_force=IOC)
    world.run(1_000)
    trader.judge()
    assert not world.office.books.orders
    if limit is not None:
        assert sum(one.fill.last_qty for one in world.of(Filled)) == 20_000


def held(trader, ms, **more):
    """Place a limit order about which the server thinks for a while."""
    trader.world.server.faults.ponder(ms, **more)
    return trader.place(price="1.09000")


def asked(trader, method, *args):
    """Ask the venue something; return the answer, complete or not."""
    world = trader.world
    getattr(world.venue, method)("Q", *args, world.now_ns)
    assert world.until(lambda: any(getattr(one, "ask", "") == "Q" for one in world.told))
    answer = next(one for one in world.told if getattr(one, "ask", "") == "Q")
    world.told.remove(answer)
    return answer


@pytest.mark.parametrize("retcode", [None, 10012])
@pytest.mark.parametrize("confirms", [True, False])
def test_an_order_that_stands_unconfirmed_is_not_absent(trader, kind, retcode, confirms):
    """Nothing is told of it, however long it stands so; then what the server has decided."""
    world = trader.world
    name = held(trader, 50_000, retcode=retcode, confirms=confirms)
    world.run(45_000)
    assert names(trader.told)[1:] == []
    assert not asked(trader, "look_up", name).complete
    assert not asked(trader, "open_orders").complete
    world.run(10_000)
    assert names(trader.told)[1:] == ["Accepted" if confirms else "Rejected"]
    assert asked(trader, "look_up", name).complete
    assert asked(trader, "open_orders").complete
    trader.judge()


@pytest.mark.parametrize("confirms", [True, False])
def test_an_unconfirmed_order_outlives_the_bridge(trader, kind, confirms):
    """The next life of the bridge waits as well, and tells what was decided."""
    name = held(trader, 30_000, confirms=confirms)
    trader.world.run(1_000)
    trader.restart()
    assert not asked(trader, "look_up", name).complete
    trader.world.run(35_000)
    assert names(trader.world.told)[1:] == ["Accepted" if confirms else "Rejected"]
    trader.judge(whole=False)


def test_a_lock_is_no_refusal(trader):
    """10028 says that something is being worked on, perhaps this order: it is looked for."""
    world = trader.world
    world.server.faults.doubt(10028, acts=True)
    trader.place(price="1.09000")
    world.run(500)
    assert names(trader.told)[1:] == ["Accepted"]
    trader.judge()


def test_an_id_older_than_all_notes_is_not_absent(trader, monkeypatch):
    """It may be a later name of an order, whose magic is another: not found proves nothing."""
    monkeypatch.setattr(notes, "MAX_NOTES", 3)
    first = trader.place(price="1.09000")
    trader.world.run(1_000)
    second = trader.replace(first, "10000", "1.08000")
    trader.world.run(1_000)
    never = trader.name()
    for _ in range(3):
        trader.place(price="1.07000")
        trader.world.run(200)
    trader.restart()
    found = asked(trader, "look_up", second)
    assert (found.order, found.complete) == (None, False)
    assert not asked(trader, "look_up", never).complete
    assert asked(trader, "look_up", trader.name()).complete
