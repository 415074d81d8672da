"""What loses a fill, sends twice or takes silence for absence, if an exchange is unlucky enough.

Each of these was found by the matrix over sockets or by thinking of the worst; all in virtual time.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, SPOT, by_length, trader_on, venue_on

from bridges.crypto.effects import StreamDown
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    CancelRefused,
    Fills,
    Found,
    OpenOrders,
    OrderRequest,
)
from protocol.fields import OrdType, Side, TimeInForce

HOUR_S = 3_600


@pytest.fixture(params=by_length(MARKETS))
def market(request):
    """Name one market of one exchange."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up."""
    return trader_on(market)


@pytest.fixture
def world(trader):
    """Give its world."""
    return trader.world


def rests(trader, qty="1.5"):
    """Let an order rest; return its name."""
    name = trader.place(qty, "59000")
    assert trader.world.until(lambda: trader.world.of(Accepted))
    trader.world.run(100)
    return name


@pytest.mark.parametrize("skew_s", [-600, -61, 61, 600])
def test_a_clock_that_is_minutes_off_loses_no_fill_in_a_gap(trader, world, market, skew_s):
    """What is asked after a gap is asked in the exchange's time, not in ours.

    Of our own orders the exchange says how much they executed; an order that the account's owner
    gave by hand is known by its trades only.
    """
    world.exchange.skew_ms = skew_s * 1_000
    world.run(61_000)  # by then the clock has been read again
    rests(trader)
    stranger = venue_on(world.exchange, market, Notes())
    world.shell.stream_fault = "silence"
    world.exchange.trade(58000, "0.2", "sell")
    world.run(1_000)
    by_hand = OrderRequest(
        cl_ord_id="0000000000ZZZ", symbol="BTC/USDT", side=Side.BUY, order_qty=Decimal("0.3"),
        ord_type=OrdType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
    )  # fmt: skip
    stranger.venue.submit(by_hand, world.exchange.now_ns)
    assert stranger.until(lambda: len(world.exchange.deals()) == 2)
    world.run(90_000)
    trader.judge()


@pytest.mark.parametrize("skew_ms", [-7_000, 7_000])
def test_a_clock_that_jumps_while_the_link_comes_up_is_set(trader, world, skew_ms):
    """The questions of a recovery are refused for their time: the clock is read, and it goes on."""
    rests(trader)
    world.shell.stream_fault = "drop"
    world.exchange.trade(58000, "0.2", "sell")
    assert world.until(lambda: not world.venue.connected)
    assert world.until(lambda: world.shell._alive)
    world.exchange.skew_ms = skew_ms
    assert world.until(lambda: world.venue.connected)
    world.run(5_000)
    trader.judge()


def test_a_cancel_that_is_refused_for_its_time_is_sent_again(trader, world):
    """A wrong clock says nothing of the order: the cancel goes out anew, with the right time."""
    name = rests(trader)
    world.exchange.skew_ms = 7_000
    request = trader.cancel(name)
    world.run(5_000)
    assert [one.request_id for one in world.of(Canceled)] == [request]
    assert not world.of(CancelRefused)
    trader.judge()


def test_a_cancel_that_is_refused_for_haste_is_sent_again_when_it_may_be(trader, world, market):
    """429 with a time to wait: not before that time, and then the cancel is made."""
    name = rests(trader)
    world.shell.faults.append(("slow", MARKETS[market].cancel))
    request = trader.cancel(name)
    asked = len(world.shell.calls)
    world.run(1_000)
    assert len(world.shell.calls) == asked
    world.run(9_000)
    assert [one.request_id for one in world.of(Canceled)] == [request]
    trader.judge()


def test_a_dead_mans_cancel_keeps_the_time_that_it_is_told_to_wait():
    """Who goes on asking after a 429 is banned, and then nothing can be cancelled at all."""
    trader = trader_on(SPOT)
    world = trader.world
    rests(trader)
    world.shell.faults.append(("slow", "DeleteOpenOrders"))
    world.venue.cancel_all("DEAD_MAN", world.exchange.now_ns)
    asked = len(world.shell.calls)
    world.run(1_900)
    assert len(world.shell.calls) == asked
    world.run(1_000)
    assert trader.open_here() == {}
    trader.judge()


def test_a_dead_mans_cancel_waits_for_no_question(trader, world, market):
    """Forty look-ups stand in line, and the limits have no room: what rests goes out all the same.

    So does what the account's owner has placed by hand, of which this bridge knows nothing yet.
    """
    rests(trader)
    stranger = venue_on(world.exchange, market, Notes())
    world.shell.stream_fault = "silence"
    by_hand = OrderRequest(
        cl_ord_id="0000000000ZZZ", symbol="BTC/USDT", side=Side.BUY, order_qty=Decimal("0.3"),
        ord_type=OrdType.LIMIT, price=Decimal(58000),
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )  # fmt: skip
    stranger.venue.submit(by_hand, world.exchange.now_ns)
    assert stranger.until(lambda: len(world.exchange.records()) == 2)
    for number in range(40):
        world.venue.look_up(f"Q{number}", f"0ZZZZZZZZ{number:04d}", world.exchange.now_ns)
    world.run(10)
    asked_ns = world.exchange.now_ns
    world.venue.cancel_all("DEAD_MAN", asked_ns)
    assert world.until(lambda: not any(one.is_open for one in world.exchange.records()))
    assert world.exchange.now_ns - asked_ns < 1_000_000_000


def test_a_dead_mans_cancel_waits_for_the_end_of_a_ban():
    """A cancel that nobody hears only prolongs the ban: it leaves when it is over."""
    trader = trader_on(SPOT)
    world = trader.world
    rests(trader)
    world.venue.core.banned_until_ns = world.exchange.now_ns + 30_000_000_000
    world.venue.cancel_all("DEAD_MAN", world.exchange.now_ns)
    world.run(29_900)
    assert len(trader.open_here()) == 1
    world.run(1_000)
    assert trader.open_here() == {}
    trader.judge()


def test_what_is_known_is_cancelled_while_the_exchange_wants_no_questions(trader, world):
    """After a 429 with ten seconds to wait the dead man's cancels leave at once."""
    rests(trader)
    asked_ns = world.exchange.now_ns
    world.venue.core.gate.quiet_until_ns = asked_ns + 10_000_000_000
    world.venue.cancel_all("DEAD_MAN", asked_ns)
    assert world.until(lambda: not any(one.is_open for one in world.exchange.records()))
    assert world.exchange.now_ns - asked_ns < 1_000_000_000
    world.run(20_000)
    trader.judge()


def test_a_stream_that_falls_as_soon_as_it_is_up_is_dialled_seldom(trader, world):
    """Exchanges ban who connects hundreds of times in five minutes."""
    rests(trader)
    dialled, begin = [], world.shell._begin

    def begin_and_fall(stream):
        begin(stream)
        dialled.append(stream)
        world.shell._at(world.exchange.now_ns + 300_000_000, fall, stream)

    def fall(stream):
        if stream == world.shell._stream:
            world.shell._alive = False
            world.shell._tell(StreamDown("user", "dropped"))

    world.shell._begin = begin_and_fall
    world.shell.stream_fault = "drop"
    world.exchange.trade(58000, "0.2", "sell")
    world.run(300_000)
    assert 10 < len(dialled) < 80
    world.shell._begin = begin
    world.run(90_000)
    assert world.venue.connected
    world.shell.stream_fault = "drop"
    world.exchange.trade(58000, "0.2", "sell")
    assert world.until(lambda: not world.venue.connected)
    since_ns = world.exchange.now_ns
    assert world.until(lambda: world.venue.connected)
    assert world.exchange.now_ns - since_ns < 2_000_000_000
    trader.judge()


def test_an_order_that_never_was_is_not_kept(trader, world, market):
    """Its absence is proven, a look-up says so, and it is no open order for ever."""
    world.shell.faults.append(("lost", MARKETS[market].place))
    name = trader.place("0.5", "59000")
    world.run(60_000)
    world.venue.look_up("1", name, world.exchange.now_ns)
    world.run(1_000)
    assert world.of(Found) == [Found(ask="1", order=None, complete=True)]
    assert not world.venue.core.orders
    assert not world.venue.core.open_symbols()


def test_an_order_that_the_exchange_has_forgotten_does_not_keep_the_link_down(trader, world):
    """Cancelled by hand in a gap and thrown away: three looks, spread over the time of doubt."""
    name = rests(trader)
    world.shell.stream_fault = "drop"
    trader.place("0.5", "58000")
    assert world.until(lambda: not world.venue.connected)
    forget(world.exchange.api.desk, name)
    since_ns = world.exchange.now_ns
    assert world.until(lambda: world.venue.connected)
    waited_ms = (world.exchange.now_ns - since_ns) // 1_000_000
    assert waited_ms >= world.venue.capabilities.absence_after_ms
    (end,) = world.of(Canceled)
    assert (end.order.cl_ord_id, end.order.cum_qty) == (name, 0)
    world.venue.open_orders("1", world.exchange.now_ns)
    world.run(1_000)
    (answer,) = world.of(OpenOrders)
    assert ([one.cl_ord_id for one in answer.orders], answer.complete) == (
        [trader.names[-1]], True,
    )  # fmt: skip


def forget(desk, name):
    """Let the exchange end an order and know no more of it."""
    (record,) = [one for one in desk.records.values() if one.client_id == name]
    del desk.records[record.number], desk._open[record.number]
    del desk._named[record.wire, name]


def test_fills_of_days_ago_are_all_found(market):
    """A bridge that was away for days asks in spans that the exchange answers whole."""
    trader = trader_on(market)
    world = trader.world
    since_ns = world.exchange.now_ns
    rests(trader)
    world.exchange.shells.remove(world.shell)
    for _ in range(3):
        world.exchange.now_ns += 30 * HOUR_S * 10**9
        world.exchange.trade(58000, "0.2", "sell")
    again = venue_on(world.exchange, market, world.venue.core.notes)
    again.venue.fills_since("1", since_ns, again.exchange.now_ns)
    again.run(10_000)
    (answer,) = again.of(Fills)
    assert answer.complete
    assert [one.trade_id for one in answer.fills] == [
        trader.market.trade_id(one) for one in again.exchange.deals()
    ]
