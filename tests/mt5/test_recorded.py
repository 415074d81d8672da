"""The recorded quotes drive the simulated broker, at their own times."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.clock import Clock
from support.mt5.constants import MarginMode, OrderType, Reason
from support.mt5.feed import first_ms, recorded
from support.mt5.people import People
from support.mt5.scene import LOGIN
from support.mt5.server import TradeServer
from support.mt5.symbols import ALWAYS, eurusd, usdjpy
from support.mt5.terminal import Terminal

FILES = {
    "fx_eurusd_quotes_20200101.csv": (eurusd, 9_500, 1_577_898_000_065),
    "fx_usdjpy_quotes_20130101.csv": (usdjpy, 1_000, 1_357_077_600_295),
}


@pytest.fixture(params=FILES)
def market(request, data_folder):
    """A broker at the first quote of a recording, and the recording."""
    path = data_folder / request.param
    rules, count, start_ms = FILES[request.param]
    assert first_ms(path) == start_ms
    server = TradeServer(Clock(start_ms), [rules(sessions=ALWAYS)])
    return server, recorded(server, path), count


def test_every_quote_is_a_tick_at_its_time(market):
    """As many ticks as rows; in order; in the server's clock, two hours before UTC's."""
    server, feed, count = market
    start = feed.next_ms
    assert feed.play(count + 1) == count
    ticks = server.markets[feed.symbol].ticks
    times = [tick.time_msc for tick in ticks]
    assert len(ticks) == count
    assert times[0] == start + 7_200_000
    assert times == sorted(times)
    assert all(tick.bid <= tick.ask for tick in ticks)
    assert feed.next_ms is None


def test_orders_trade_on_a_recording(market):
    """Levels close positions at the recorded prices, and the ledger adds up."""
    server, feed, count = market
    office = server.open_account(LOGIN, MarginMode.RETAIL_HEDGING, balance="100000", leverage=500)
    feed.play()
    terminal = Terminal(server, LOGIN)
    people = People(server, LOGIN)
    point = server.markets[feed.symbol].rules.point
    for _ in range(8):
        feed.play(count // 10)
        for kind, sign in ((OrderType.BUY, 1), (OrderType.SELL, -1)):
            price = server.markets[feed.symbol].price(buys=kind.is_buy)
            people.by_hand(
                feed.symbol, "0.1", kind, sl=price - sign * 150 * point,
                tp=price + sign * 30 * point,
            )  # fmt: skip
    feed.play(count)
    ledger = office.ledger
    closings = {d.reason for d in ledger.executions if d.reason in (Reason.SL, Reason.TP)}
    held = sum((p.signed for p in office.books.positions.values()), Decimal(0))
    assert closings
    assert ledger.net(feed.symbol) == held
    assert ledger.balance() == office.books.funds.balance
    server.clock.advance(1_000)
    assert terminal.books.deals == office.books.deals
    assert terminal.books.positions == office.books.positions


def test_a_recording_can_be_played_until_a_moment(market):
    """What is due before is played, and the clock stands at the moment."""
    server, feed, _ = market
    until = feed.next_ms + 60_000
    feed.play_until(until)
    assert server.clock.now_ms == until
    assert feed.next_ms > until


def test_a_recording_of_an_unknown_name_is_refused(tmp_path):
    """What was received and what was expected is said."""
    with pytest.raises(ValueError, match=r"received other\.csv, expected a name that begins"):
        recorded(TradeServer(), tmp_path / "other.csv")
