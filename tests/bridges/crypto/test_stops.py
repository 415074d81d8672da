"""Stops: they wait, are cancelled or made anew, are triggered once, and then trade as orders."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, by_length, trader_on, venue_on
from support.virtual_exchange import ANSWER_FAULTS

from bridges.port import Accepted, Canceled, CancelRefused, Filled, Found, Replaced, Triggered
from protocol.fields import OrdStatus, OrdType

LONG_S = 60
WITH_STOPS = [name for name, one in MARKETS.items() if "stop orders" in one.table.wire_words]


@pytest.fixture(params=by_length(WITH_STOPS))
def market(request):
    """Name a market with stop orders."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up."""
    return trader_on(market)


def waits(trader, **more):
    """Let a stop to buy at 60100 wait."""
    name = trader.stop("0.5", "60100", **more)
    assert trader.world.until(lambda: trader.world.of(Accepted))
    trader.world.run(200)
    trader.judge()
    return name


def reach(trader):
    """Let the market trade at 60100."""
    trader.world.exchange.set_book(bids=((60100, 1),), asks=((60110, 1),))
    trader.world.exchange.trade(60100, "0.01", "buy")


@pytest.mark.parametrize("price", [None, "60200"])
def test_a_stop_waits_is_triggered_and_fills(trader, price):
    """Accepted once, triggered once, filled by trades that are the exchange's own."""
    world = trader.world
    name = waits(trader, price=price)
    reach(trader)
    world.run(2_000)
    assert [one.order.cl_ord_id for one in world.of(Triggered)] == [name]
    last = world.of(Filled)[-1].order
    assert (last.cl_ord_id, last.status, last.cum_qty) == (name, OrdStatus.FILLED, Decimal("0.5"))
    trader.judge()
    assert trader.open_here() == {}


def test_a_triggered_stop_limit_rests_and_is_cancelled(trader):
    """Told by the stream or found by the audit; once it is an order, a cancel reaches that."""
    world = trader.world
    name = waits(trader, price="60050")
    reach(trader)
    assert world.until(lambda: world.of(Triggered), limit_s=20)
    trader.judge()
    request = trader.cancel(name)
    world.run(1_000)
    assert [one.request_id for one in world.of(Canceled)] == [request]
    trader.judge()


@pytest.mark.parametrize("fault", ["", *ANSWER_FAULTS])
def test_a_stop_that_waits_is_cancelled(trader, market, fault):
    """Whatever becomes of the answer, it ends as the exchange has it, and once."""
    world = trader.world
    name = waits(trader)
    if fault:
        words = ("DeleteAlgo", MARKETS[market].cancel)
        methods = {world.venue.core.table.cancel("BTC/USDT", name, "", waits=True).method}
        world.shell.faults += [
            (fault, word) for word in words if any(word in one for one in methods)
        ]
    request = trader.cancel(name)
    world.run(LONG_S * 1_000)
    trader.judge()
    told = [one.request_id for one in (*world.of(Canceled), *world.of(CancelRefused))]
    assert told == [request]


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_placing_a_stop(trader, fault, reached):
    """A stop whose answer goes wrong is found where it waits, or as the order it has become."""
    world = trader.world
    order = trader.request_of_stop("0.5", "60100")
    world.shell.faults.append((fault, world.venue.core.table.new_order(order).method))
    trader.stop("0.5", "60100")
    if reached:
        world.run(30)
        reach(trader)
    world.run(LONG_S * 1_000)
    trader.judge()


def test_a_stop_is_triggered_while_its_cancel_is_on_the_way(trader):
    """What was filled is told; the cancel is answered."""
    world = trader.world
    name = waits(trader)
    request = trader.cancel(name)
    reach(trader)
    world.run(LONG_S * 1_000)
    trader.judge()
    answers = [*world.of(Canceled), *world.of(CancelRefused)]
    assert [one.request_id for one in answers] == [request]


@pytest.mark.parametrize("reached", [False, True])
def test_a_stop_that_waits_is_replaced(trader, market, reached):
    """The new one is triggered where it says, and no more is executed than it was for."""
    world = trader.world
    table = MARKETS[market].table
    name = waits(trader)
    fresh = trader.replace(
        name, "0.4", None, ord_type=OrdType.STOP, stop_px=Decimal(60300),
        keeps_id=table.amends_in_place and table.amends_stops,
    )  # fmt: skip
    if reached:
        reach(trader)
    world.run(LONG_S * 1_000)
    trader.judge()
    if not reached:
        assert [one.order.cl_ord_id for one in world.of(Replaced)] == [fresh]
        reach(trader)
        world.run(1_000)
        assert not world.of(Triggered)
        world.exchange.set_book(bids=((60290, 1),), asks=((60300, 1),))
        world.exchange.trade(60300, "0.01", "buy")
        world.run(1_000)
        assert sum(one.fill.last_qty for one in world.of(Filled)) == Decimal("0.4")
    assert sum(one.fill.last_qty for one in world.of(Filled)) <= Decimal("0.5")
    trader.judge()


@pytest.mark.parametrize("reached", [False, True])
def test_a_restart_of_the_bridge(trader, market, reached):
    """A stop that waits, or was triggered while nobody listened, is found by its id."""
    world = trader.world
    name = waits(trader, price="59500")
    world.exchange.shells.remove(world.shell)
    if reached:
        reach(trader)
    again = venue_on(world.exchange, market, world.venue.core.notes)
    again.venue.look_up("Q", name, world.exchange.now_ns)
    assert again.until(lambda: again.of(Found))
    (found,) = again.of(Found)
    assert found.complete
    assert found.order is not None
    assert (found.order.cl_ord_id, found.order.status) == (name, OrdStatus.NEW)
    if not reached:
        reach(trader)
    world.exchange.trade(59400, "9", "sell")
    again.run(2_000)
    told = again.of(Filled)
    assert {one.fill.cl_ord_id for one in told} <= {name}
    assert sum(one.fill.last_qty for one in told) == Decimal("0.5")
