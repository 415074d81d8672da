"""Orders that this life of the bridge has not sent: changed before, half-filled, given by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, by_length, trader_on, venue_on

from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    CancelRefused,
    Filled,
    Found,
    OrderRequest,
    Replaced,
)
from bridges.translate import cancel_request
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce
from protocol.messages import OrderCancelRequest
from protocol.timestamps import format_utc

HOUR_S = 3_600


@pytest.fixture(params=by_length(MARKETS))
def market(request):
    """Name one market of one exchange."""
    return request.param


def rests(trader, qty="1.5"):
    """Let an order rest; return its name."""
    name = trader.place(qty, "59000")
    assert trader.world.until(lambda: trader.world.of(Accepted))
    trader.world.run(100)
    return name


@pytest.mark.parametrize("sizes", [("0.2",), ("0.1", "0.1"), ("0.5",)])
def test_a_fill_that_was_not_heard_of_an_order_that_is_half_filled_for_a_week_is_told(
    market, sizes
):
    """The exchange does not tell the trade of a week ago any more; what is new is found anyway."""
    trader = trader_on(market)
    world = trader.world
    trader.place("1.5", "60010")
    assert world.until(lambda: world.of(Filled))
    world.exchange.shells.remove(world.shell)
    world.exchange.now_ns += 8 * 24 * HOUR_S * 10**9
    again = venue_on(world.exchange, market, world.venue.core.notes)
    hear, again.shell.hear = again.shell.hear, lambda _: None
    for size in sizes:
        world.exchange.trade(58000, size, "sell")
        again.run(100)
    again.shell.hear = hear
    again.run(120_000)
    deals = [trader.market.trade_id(one) for one in world.exchange.deals()][1:]
    assert [one.fill.trade_id for one in again.of(Filled)] == deals
    world.exchange.trade(58000, "5", "sell")
    again.run(60_000)
    deals = [trader.market.trade_id(one) for one in world.exchange.deals()][1:]
    assert [one.fill.trade_id for one in again.of(Filled)] == deals
    again.run(60_000)
    assert not again.venue.core.open_symbols()


def test_what_was_filled_unheard_of_an_order_that_was_given_by_hand_is_told(market):
    """The audit meets the order half-filled: what it traded since we listen was told by nobody."""
    trader = trader_on(market)
    world = trader.world
    rests(trader)
    stranger = venue_on(world.exchange, market, Notes())
    world.shell.hear, hear = lambda _: None, world.shell.hear
    stranger.venue.submit(
        OrderRequest(
            cl_ord_id="0000000000ZZZ", symbol="BTC/USDT", side=Side.BUY,
            order_qty=Decimal("1.5"), ord_type=OrdType.LIMIT, price=Decimal(59500),
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        ),
        world.exchange.now_ns,
    )  # fmt: skip
    stranger.run(1_000)
    for _ in range(2):
        world.exchange.trade(59400, "0.2", "sell")
        stranger.run(500)
    world.shell.hear = hear
    world.run(90_000)
    world.exchange.trade(59400, "0.3", "sell")
    world.run(90_000)
    deals = [trader.market.trade_id(one) for one in world.exchange.deals()]
    assert [one.fill.trade_id for one in world.of(Filled)] == deals
    assert world.of(Filled)[-1].order.cum_qty == Decimal("0.7")


def in_place(names):
    """Return the markets in which a replace changes the order itself, as parameters."""
    return by_length([name for name in names if MARKETS[name].table.amends_in_place])


def changed(trader):
    """Let an order rest that was changed once; return both its names. The bridge is gone."""
    world = trader.world
    first = rests(trader)
    second = trader.replace(first, "1.5", "59100")
    assert world.until(lambda: world.of(Replaced))
    world.exchange.shells.remove(world.shell)
    return first, second


@pytest.mark.parametrize("market", in_place(MARKETS))
@pytest.mark.parametrize("end", ["filled", "cancelled"])
def test_what_ended_while_nobody_looked_is_found_by_the_name_of_its_last_change(market, end):
    """The exchange keeps the first id: a life that finds it ended has to ask by that."""
    trader = trader_on(market)
    first, second = changed(trader)
    exchange, notes = trader.world.exchange, trader.world.venue.core.notes
    if end == "filled":
        exchange.trade(58000, "5", "sell")
    else:
        other = venue_on(exchange, market, Notes())
        other.venue.cancel_all("", exchange.now_ns)
        other.run(2_000)
        exchange.shells.remove(other.shell)
    again = venue_on(exchange, market, notes)
    for ask, name in (("1", second), ("2", first)):
        again.venue.look_up(ask, name, exchange.now_ns)
        again.run(20_000)
    statuses = {one.ask: (one.order.cl_ord_id, one.order.status) for one in again.of(Found)}
    status = OrdStatus.FILLED if end == "filled" else OrdStatus.CANCELED
    assert statuses == {"1": (second, status), "2": (second, status)}


@pytest.mark.parametrize("market", in_place(MARKETS))
def test_a_change_that_never_came_is_not_what_its_order_ended_as(market):
    """The order ended as it was: the change is absent, and that is proven."""
    trader = trader_on(market)
    world = trader.world
    first = rests(trader)
    world.venue.core.notes.add("0000000000ZZZ", "BTC/USDT", first, "1.5@59100")
    world.exchange.shells.remove(world.shell)
    world.exchange.trade(58000, "5", "sell")
    again = venue_on(world.exchange, market, world.venue.core.notes)
    again.run(60_000)
    again.venue.look_up("1", "0000000000ZZZ", world.exchange.now_ns)
    again.run(20_000)
    assert again.of(Found) == [Found(ask="1", order=None, complete=True)]


@pytest.mark.parametrize("market", in_place(MARKETS))
@pytest.mark.parametrize("knows", ["the chain, before the link is up", "the exchange's id only"])
def test_an_order_that_was_changed_is_cancelled_by_the_next_life(market, knows):
    """By its first id, which the notes tell; or by the exchange's own, which the gateway knows."""
    trader = trader_on(market)
    first, second = changed(trader)
    old, exchange = trader.world, trader.world.exchange
    order_id = old.of(Replaced)[-1].order.order_id
    if knows == "the exchange's id only":
        again = venue_on(exchange, market, Notes())
        trader.world = again
        request = trader.cancel(second, order_id)
    else:
        again = venue_on(exchange, market, old.venue.core.notes)
        again.shell.stream_fault = "silence"  # as before it knew anything
        again.venue.core.orders.clear()
        again.venue.core.names.clear()
        again.venue.core.by_order_id.clear()
        trader.world = again
        request = trader.cancel(second)
    again.run(20_000)
    assert [one.request_id for one in again.of(Canceled)] == [request]
    assert not again.of(CancelRefused)
    assert [one.client_id for one in exchange.records() if one.is_open] == []
    assert first in {one.client_id for one in exchange.records()}


@pytest.mark.parametrize(("told", "read"), [("7", "7"), (None, "")])
def test_a_cancel_carries_the_exchanges_own_id(told, read):
    """OrderID (37) of an F, if the gateway has heard of one."""
    asked = OrderCancelRequest(
        orig_cl_ord_id="A", cl_ord_id="B", symbol="BTC/USDT", side=Side.BUY,
        transact_time=format_utc(0), order_id=told,
    )  # fmt: skip
    assert cancel_request(asked).order_id == read
