"""Price and quantity as the exchange has them: old words do not count, changes by hand are told."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, USDM, by_length, trader_on
from support.exchange.params import Params

from bridges.port import (
    Accepted,
    Canceled,
    CancelRefused,
    Filled,
    OpenOrders,
    Replaced,
    Restated,
)

IN_PLACE = [name for name, one in MARKETS.items() if one.table.amends_in_place]


@pytest.fixture(params=by_length(MARKETS))
def market(request):
    """Name one market of one exchange."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up."""
    return trader_on(market)


def rests(trader, qty="1.0", price="59000"):
    """Let an order rest."""
    name = trader.place(qty, price)
    assert trader.world.until(lambda: trader.world.of(Accepted))
    trader.world.run(2_000)
    return name


@pytest.mark.parametrize("market", by_length(IN_PLACE), indirect=True)
def test_an_event_that_is_repeated_confirms_no_change_back(trader, market):
    """59000, changed to 59100; a change back is refused while the first event comes once more."""
    world, heard = trader.world, []
    say = world.shell._say
    world.shell._say = lambda *words: (heard.append(words), say(*words))
    name = rests(trader)
    first = list(heard)
    name = trader.replace(name, "1.0", "59100")
    world.run(8_000)
    assert len(world.of(Replaced)) == 1
    world.shell.faults.append(("slow", MARKETS[market].replace))
    request = trader.replace(name, "1.0", "59000")
    world.run(5)
    for words in first:
        say(*words)
    world.run(60_000)
    assert [one.request_id for one in world.of(CancelRefused)] == [request]
    assert len(world.of(Replaced)) == 1
    trader.judge()


@pytest.mark.parametrize("market", by_length(IN_PLACE), indirect=True)
def test_a_list_from_before_a_change_confirms_no_change_back(trader, market):
    """The question was asked before; its answer comes when the change back is lost on its way."""
    world = trader.world
    name = rests(trader)
    held, call = [], world.shell.call
    listing = {one.method for one in world.venue.core.table.open_orders(["BTC/USDT"])}
    world.shell.call = lambda number, one: (
        held.append((number, world.exchange.face.answer(one)))
        if one.method in listing else call(number, one)
    )  # fmt: skip
    world.venue.open_orders("EARLY", world.exchange.now_ns)
    world.shell.call = call
    name = trader.replace(name, "1.0", "59100")
    world.run(2_000)
    assert len(world.of(Replaced)) == 1
    world.shell.faults.append(("lost", MARKETS[market].replace))
    trader.replace(name, "1.0", "59000")
    world.run(20)
    world.shell._ready += held
    world.run(60_000)
    assert len(world.of(Replaced)) == 1
    trader.judge()


def test_a_change_by_hand_is_told_and_what_is_asked_for_shows_it():
    """The owner makes 3 @ 59200 of our 1 @ 59000: 150=D, AF says so, and 3 are filled and told."""
    trader = trader_on(USDM)
    world = trader.world
    name = rests(trader)
    world.exchange.api.amend_order(Params({
        "symbol": "BTCUSDT", "side": "BUY", "origClientOrderId": name, "quantity": "3",
        "price": "59200", "timestamp": "0",
    }))  # fmt: skip
    world.run(1_000)
    (told,) = world.of(Restated)
    assert (told.order.order_qty, told.order.price, told.order.leaves_qty) == (3, 59200, 3)
    world.venue.open_orders("AF", world.exchange.now_ns)
    world.run(1_000)
    (order,) = world.of(OpenOrders)[-1].orders
    assert (order.order_qty, order.price) == (3, 59200)
    world.exchange.trade(58000, "5", "sell")
    world.run(1_000)
    assert sum(one.fill.last_qty for one in world.of(Filled)) == 3
    trader.judge()


@pytest.mark.parametrize("fault", ["lost", "hang", "cut"])
def test_a_cancel_does_not_wait_for_a_replace(trader, market, fault):
    """A replace of which no answer came: the cancel leaves in the same moment, and ends it."""
    world = trader.world
    name = rests(trader)
    world.shell.faults.append((fault, MARKETS[market].replace))
    trader.replace(name, "1.0", "59100")
    world.run(100)
    asked_ns = world.exchange.now_ns
    request = trader.cancel(name)
    (sent_ns,) = {
        ns for ns, call in world.shell.calls[-2:] if MARKETS[market].cancel in call.method
    }
    assert sent_ns == asked_ns
    world.run(60_000)
    trader.judge()
    assert trader.open_here() == {}
    assert [one.request_id for one in world.of(Canceled)] == [request]
    assert sum((one.fill.last_qty for one in world.of(Filled)), Decimal(0)) == 0


def test_a_replace_of_an_order_that_never_arrived_is_answered(trader, market):
    """It waits for what becomes of the order, is refused, and nothing is asked for ever."""
    world = trader.world
    world.shell.faults.append(("lost", MARKETS[market].place))
    name = trader.place("1.0", "59000")
    world.run(20)
    request = trader.replace(name, "1.0", "59100")
    world.run(120_000)
    assert [one.request_id for one in world.of(CancelRefused)] == [request]
    before = len(world.shell.calls)
    world.run(60_000)
    looks = {one.method for one in world.venue.core.table.look_up("BTC/USDT", name, stop=False)}
    assert not looks & {call.method for _, call in world.shell.calls[before:]}
    trader.judge()
