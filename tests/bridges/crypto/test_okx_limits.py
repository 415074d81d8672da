"""OKX's own limits: what the bridge asks is within them, and a cancel never waits."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import BTC, MARKETS, Trader
from support.okx_face import OkxFace
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges.crypto.venue import CryptoVenue
from bridges.notes import Notes
from bridges.port import Accepted, Canceled, Filled, Rejected


@pytest.fixture(params=["okx spot", "okx swap"])
def trader(request):
    """Give a trader on an exchange that keeps its limits, by path, instrument and account."""
    one = MARKETS[request.param]
    exchange = VirtualExchange(
        lambda clock, say: OkxFace(clock, say, bound=True), one.symbol
    )
    shell = VirtualShell(exchange)
    venue = CryptoVenue(
        table=one.table({BTC: one.native}, recv_window_ms=5_000), shell=shell, notes=Notes(),
        checks_key=False,
    )  # fmt: skip
    return Trader(World(exchange, venue, shell), one)


def test_a_flood_is_refused_here_and_a_cancel_passes(trader):
    """Of 500 orders at once those that fit are sent; the cancel leaves at once; no 50011."""
    world = trader.world
    names = [trader.place("0.001", str(50_000 + at)) for at in range(500)]
    request = trader.cancel(names[0])
    left = [call.method for _, call in world.shell.calls].index("privatePostTradeCancelOrder")
    assert left <= 60
    world.run(10_000)
    assert not world.exchange.api.limiter.refused
    assert [one.request_id for one in world.of(Canceled)] == [request]
    sent = len(world.of(Accepted))
    assert 40 <= sent <= 60
    assert len(world.of(Rejected)) == 500 - sent
    trader.judge()


def test_trading_at_a_steady_pace_never_meets_a_limit(trader):
    """Twenty orders a second for half a minute, with fills, changes and what the link asks."""
    world = trader.world
    for number in range(600):
        name = trader.place("0.01", "60010" if number % 3 == 0 else str(59_000 - number))
        world.run(50)
        if number % 10 == 5:
            trader.replace(name, "0.02", str(58_000 - number))
        if number % 7 == 5:
            trader.cancel(name)
    world.run(20_000)
    assert not world.exchange.api.limiter.refused
    assert sum(one.fill.last_qty for one in world.of(Filled)) >= Decimal(1)
    trader.judge()


def test_a_start_on_a_full_account_is_within_the_limits(trader):
    """A hundred orders by hand, each with a trade, while the link was away: asked for in turn."""
    world = trader.world
    world.exchange.set_book(asks=((60010, 100),))
    world.run(200)
    world.shell.stream_fault = "silence"
    for _ in range(100):
        trader.market.by_hand(world.exchange.api, "0.01")
    assert world.until(lambda: len(world.of(Filled)) == 100)
    world.run(5_000)
    assert not world.exchange.api.limiter.refused
    trader.judge()
