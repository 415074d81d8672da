"""Stops of OKX where they are its own: sides, failures, what the account's owner lets wait."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import trader_on

from bridges.crypto.tables.okx_spot import OkxSpot
from bridges.port import Accepted, Canceled, Found, OpenOrders, Rejected


@pytest.fixture(params=["okx spot", "okx swap"])
def trader(request):
    """Give a trader on a venue that is up."""
    return trader_on(request.param)


def test_a_stop_that_the_market_has_passed_is_refused(trader):
    """The exchange takes a trigger on the right side only: none waits for the price to return."""
    trader.stop("0.5", "59000")
    trader.world.run(1_000)
    (refused,) = trader.world.of(Rejected)
    assert refused.text.startswith("51278")
    trader.judge()


def test_a_triggered_stop_that_is_refused_then_is_told_as_ended(trader):
    """Order_failed: no order came of it, and its money was gone by then; found by the audit."""
    world = trader.world
    name = trader.stop("0.5", "60100")
    assert world.until(lambda: world.of(Accepted))
    world.exchange.api.wallet.totals["USDT"] = Decimal(0)
    world.exchange.trade(60100, "0.01", "buy")
    assert world.until(lambda: world.of(Canceled), limit_s=40)
    (told,) = world.of(Canceled)
    assert told.order.cl_ord_id == name
    assert told.text.startswith("triggered, and refused: 51008")
    trader.judge()


def test_what_the_accounts_owner_lets_wait_does_not_stop_the_bridge(trader):
    """A take-profit given by hand, without a client id, is listed and left alone."""
    world = trader.world
    is_spot = trader.market.table is OkxSpot
    world.exchange.api.new_algo({
        "instId": trader.market.native, "tdMode": "cash" if is_spot else "cross", "side": "sell",
        "ordType": "conditional", "sz": "0.01" if is_spot else "1", "tpTriggerPx": "70000",
        "tpOrdPx": "-1",
    })  # fmt: skip
    world.shell.stream_fault = "drop"
    world.exchange.api.tell_money("adjust_margin", ())
    world.run(5_000)
    assert world.venue.connected
    world.venue.open_orders("q", world.exchange.now_ns)
    world.run(500)
    (listed,) = world.of(OpenOrders)
    assert listed.complete
    assert [(one.cl_ord_id, one.stop_px) for one in listed.orders] == [("", 70_000)]


def test_a_state_that_nobody_has_heard_of_stops_nobody(trader):
    """A new word of the exchange for an order's state leaves it open, and the link up."""
    world = trader.world
    world.shell.hear({"arg": {"channel": "orders"}, "data": [{
        "instId": trader.market.native, "ordId": "1", "clOrdId": "", "ordType": "rpi", "sz": "1",
        "side": "buy", "state": "pondering", "accFillSz": "0", "avgPx": "", "px": "1000",
        "uTime": "1700000000000", "tradeId": "", "fillSz": "0",
    }]})  # fmt: skip
    world.run(100)
    assert world.venue.connected


@pytest.mark.parametrize(("waits", "late_s"), [(True, 15), (True, 45), (False, 15)])
def test_a_stop_may_arrive_later_than_an_order(trader, waits, late_s):
    """ExpTime is not heard there, only the signature's age: until then an absence is no proof."""
    world = trader.world
    world.run(40_000)  # a young bridge does not know what earlier ones have sent
    world.shell.faults.append(("lost", "OrderAlgo" if waits else "PostTradeOrder"))
    name = trader.stop("0.5", "60100") if waits else trader.place("0.5", "59000")
    world.run(late_s * 1_000)
    world.venue.look_up("q", name, world.exchange.now_ns)
    world.run(500)
    (found,) = world.of(Found)
    assert found.order is None
    assert found.complete is (late_s > 35 or not waits)


def test_an_unknown_order_of_an_earlier_life_may_have_been_a_stop(trader):
    """Just after a start the bridge does not know what it was: an absence is no proof yet."""
    world = trader.world
    world.venue.core.notes.add("0000000000ZZZ", "BTC/USDT", "", "0.5@-")
    asked = []
    for pause_ms in (5_000, 35_000):
        world.run(pause_ms)
        world.venue.look_up("q", "0000000000ZZZ", world.exchange.now_ns)
        world.run(500)
        asked.append(world.of(Found)[-1].complete)
    assert asked == [False, True]
