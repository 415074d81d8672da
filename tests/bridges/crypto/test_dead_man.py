"""The exchange's own dead man: put off while the gateway lives, and not a moment longer."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import BTC, MARKETS, Trader, by_length
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges.crypto.venue import CryptoVenue
from bridges.notes import Notes
from bridges.port import Accepted, Canceled

TIMEOUT_MS = 12_000
WORDS = {name: one.table.wire_words.get("dead man", "") for name, one in MARKETS.items()}
WITH_DEAD_MAN = [name for name, words in WORDS.items() if words]
PUT_OFF = [name for name in WITH_DEAD_MAN if "stream" not in WORDS[name]]
"""Where calls put it off: elsewhere it strikes when the stream is gone (test_bybit.py)."""


@pytest.fixture(params=by_length(WITH_DEAD_MAN))
def trader(request):
    """Give a trader on a venue that keeps the exchange's dead man off."""
    market = MARKETS[request.param]
    exchange = VirtualExchange(market.make_face, market.symbol)
    shell = VirtualShell(exchange)
    venue = CryptoVenue(
        table=market.table({BTC: market.native}, recv_window_ms=5_000), shell=shell,
        notes=Notes(), checks_key=False, dead_man_ms=TIMEOUT_MS,
    )  # fmt: skip
    return Trader(World(exchange, venue, shell), market)


def live(trader, ms):
    """Let time pass with a gateway that lives."""
    for _ in range(ms // 500):
        trader.world.venue.hold(trader.world.exchange.now_ns)
        trader.world.run(500)


@pytest.mark.parametrize("trader", PUT_OFF, indirect=True)
def test_it_strikes_when_the_gateway_has_been_gone_for_its_time(trader):
    """While the gateway lives an order rests for ever; afterwards the exchange cancels it."""
    world = trader.world
    live(trader, 1_000)
    trader.place("0.5", "59000")
    live(trader, 40_000)
    assert world.of(Accepted)
    assert not world.of(Canceled)
    gone_ns = world.exchange.now_ns
    assert world.until(lambda: world.of(Canceled), limit_s=30)
    after_ms = (world.exchange.now_ns - gone_ns) // 1_000_000
    assert TIMEOUT_MS * 3 // 4 - 500 <= after_ms <= TIMEOUT_MS + 3_000
    trader.judge()


@pytest.mark.parametrize("trader", PUT_OFF, indirect=True)
def test_it_does_not_strike_while_only_the_user_stream_is_away(trader):
    """The gateway lives and can cancel what it likes: the exchange is not to do it."""
    world = trader.world
    live(trader, 1_000)
    trader.place("0.5", "59000")
    live(trader, 4_000)
    world.shell._up = lambda _stream: None
    world.shell.stream_fault = "drop"
    world.exchange.trade(58000, "0.1", "sell")
    live(trader, 4 * TIMEOUT_MS)
    assert not world.venue.connected
    assert [one.is_open for one in world.exchange.records()] == [True]
    assert world.until(lambda: not world.exchange.records()[0].is_open, limit_s=30)


@pytest.mark.parametrize("fault", ["lost", "server_error", "cut"])
def test_a_call_or_two_may_be_lost(trader, fault):
    """It is put off four times within its time: one lost call cancels nothing."""
    live(trader, 1_000)
    trader.place("0.5", "59000")
    live(trader, 4_000)
    words = {call.method for call in trader.world.venue.core.table.dead_man(1)}
    trader.world.shell.faults += [(fault, word) for word in words]
    live(trader, 30_000)
    assert not trader.world.of(Canceled)


def test_without_a_time_it_is_never_begun(trader):
    """A dead man of 0 ms makes no call."""
    words = {call.method for call in trader.world.venue.core.table.dead_man(1)}
    trader.world.venue._dead_man._timeout_ms = 0
    before = len(trader.world.shell.calls)
    live(trader, 20_000)
    assert not words & {call.method for _, call in trader.world.shell.calls[before:]}
