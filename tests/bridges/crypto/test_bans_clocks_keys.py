"""What ends by itself, at every moment of an order's life: a ban, a wrong clock, a dead listen key.

And a look-up that goes wrong after an answer that was lost. All in virtual time, judged as in
test_fault_matrix.py.
"""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import BTC, KRAKEN, MARKETS, SPOT, USDM, by_length, trader_on
from support.figures import show
from support.matrix import matrix
from support.virtual_exchange import ANSWER_FAULTS, TRAVEL_NS

from bridges.crypto.effects import Response
from bridges.link_events import LinkChanged
from bridges.port import Accepted, Canceled, CancelRefused, Replaced

MS = 1_000_000
LONG_S = 90
MOMENTS = ("place", "cancel", "replace", "reconnect")
BINANCES = Response(418, {"code": -1003, "msg": "Way too many requests"}, {"retry-after": "30"})
BANS = {
    SPOT: (30, BINANCES), USDM: (30, BINANCES),
    "bybit spot": (600, Response(403, None, {})), "bybit linear": (600, Response(403, None, {})),
    KRAKEN: (900, Response(200, {"error": ["EGeneral:Temporary lockout"]}, {})),
}  # fmt: skip
"""For how many seconds, and what is answered meanwhile; OKX bans nobody."""
SKEWS_MS = (-7_000, 7_000)


@pytest.fixture(scope="module")
def counts():
    """Count the cases of each misfortune at each moment; at the end, show them."""
    found = Counter()
    yield found
    text = matrix(found)
    show("what ends by itself, in virtual time", f"{found.total()} cases\n{text}")


@pytest.fixture
def market(request):
    """Name one market of one exchange."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up, with an order that rests."""
    found = trader_on(market)
    found.place("1.5", "59000")
    assert found.world.until(lambda: found.world.of(Accepted))
    found.world.run(200)
    return found


def do(trader, moment):
    """Bring a moment about; return the id of the request, if it is one."""
    world = trader.world
    (name,) = trader.names
    match moment:
        case "place":
            trader.place("0.5", "58900")
        case "cancel":
            return trader.cancel(name)
        case "replace":
            return trader.replace(name, "1.4", "59100")
        case "reconnect":
            world.shell.stream_fault = "drop"
            world.exchange.trade(58000, "0.2", "sell")
    return ""


def judge(trader, moment, request):
    """Judge what came of it, let it be filled, and judge again."""
    world = trader.world
    trader.judge()
    assert world.venue.connected
    done = [one for one in world.of(Canceled) if one.request_id == request]
    done += [one for one in world.of(Replaced) if one.order.cl_ord_id == request]
    done += [one for one in world.of(CancelRefused) if one.request_id == request]
    assert len(done) == (1 if moment in {"cancel", "replace"} else 0)
    world.exchange.trade(58000, "5", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("market", by_length(BANS), indirect=True)
def test_a_ban(trader, market, moment, counts):
    """From the first answer that tells of it, nothing is asked until it is over; then all is well.

    Who goes on asking is banned for longer.
    """
    counts["ban", moment] += 1
    world = trader.world
    shell, exchange, call = world.shell, world.exchange, world.shell.call
    seconds, answer = BANS[market]
    asked = []

    def refuse(number, one):
        asked.append((exchange.now_ns, one.method))
        if exchange.now_ns > end_ns:
            call(number, one)
        else:
            shell._at(exchange.now_ns + 2 * TRAVEL_NS, shell._tell, (number, answer))

    end_ns = exchange.now_ns + seconds * 1_000 * MS
    shell.call = refuse
    request = do(trader, moment)
    world.run(seconds * 1_000 + LONG_S * 1_000)
    told_ns = asked[0][0] + 2 * TRAVEL_NS
    assert [one for one in asked if told_ns < one[0] <= end_ns] == []
    judge(trader, moment, request)


@pytest.mark.parametrize("skew_ms", SKEWS_MS)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("market", by_length(MARKETS), indirect=True)
def test_a_clock_that_jumps(trader, moment, skew_ms, counts):
    """Requests are refused for their time: the clock is read, and it goes on."""
    counts["clock", moment] += 1
    trader.world.exchange.skew_ms = skew_ms
    request = do(trader, moment)
    trader.world.run(LONG_S * 1_000)
    judge(trader, moment, request)


@pytest.mark.parametrize("market", [USDM], indirect=True)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_listen_key_that_ends(trader, moment, counts):
    """The stream says so and tells nothing more: another key, another stream, nothing missed."""
    counts["listen key", moment] += 1
    world, shell = trader.world, trader.world.shell
    request = do(trader, moment)
    shell._say(shell._stream, {"e": "listenKeyExpired", "E": 1})
    shell._alive = False
    world.run(LONG_S * 1_000)
    assert [one.up for one in world.of(LinkChanged)][-2:] == [False, True]
    judge(trader, moment, request)


@pytest.mark.parametrize("price", ["58900", "60010"])
@pytest.mark.parametrize("first", ["hang", "server_error"])
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
@pytest.mark.parametrize("market", by_length(MARKETS), indirect=True)
def test_a_look_up_that_goes_wrong(trader, market, fault, first, price, counts):
    """The answer to an order is lost, the stream loses it too, and so goes the first look-up."""
    counts[fault, "look-up"] += 1
    world = trader.world
    (ask, *_) = world.venue.core.table.look_up(BTC, "X", stop=False)
    world.shell.faults += [(first, MARKETS[market].place), (fault, ask.method)]
    world.shell.stream_fault = "lose"
    trader.place("0.5", price)
    world.run(LONG_S * 1_000)
    world.shell.stream_fault = ""
    judge(trader, "place", "")
