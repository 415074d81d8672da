"""The real recordings: read whole, rebuilt without a gap, and filled by hand-computed queues."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import islice

import pytest
from support.paper import BTC, MS, T0
from support.paper_runs import Trader, live, open_run

from bridges.errors import FeedError
from bridges.paper import feed_binance, feed_csv
from bridges.paper.book import MarketBook, Sync
from bridges.paper.feeds import symbols_of
from bridges.paper.grid import Grid
from bridges.paper.instruments import instrument
from bridges.paper.ledger import read
from bridges.paper.market import DepthDiff, DepthSnapshot, Quote, Trade
from bridges.paper.queue import QueuePosition
from protocol.fields import Side

FILES = {
    "BTC/USDT": ("binance_spot_btcusdt_20240808.gz", 3451, 28040, 9757),
    "ETH/USDT": ("binance_spot_ethusdt_20240808.gz", 3434, 24077, 6106),
}


@pytest.fixture
def btc(data_folder):
    """Give the path of the BTCUSDT recording."""
    return data_folder / FILES[BTC][0]


def crossed(book):
    """Say whether the book's best bid is not below its best offer."""
    bid, ask = book.bids.best(), book.asks.best()
    return bid is not None and ask is not None and bid >= ask


@pytest.mark.parametrize("symbol", sorted(FILES))
def test_a_recording_is_read_whole_and_joins(data_folder, symbol):
    """Every line is read, the diffs join the snapshot without a gap, and the book never crosses."""
    name, diffs, quotes, trades = FILES[symbol]
    path = data_folder / name
    assert symbols_of({"path": path}) == [symbol]
    book = MarketBook()
    counts = {DepthDiff: 0, Quote: 0, Trade: 0, DepthSnapshot: 0}
    for event in feed_binance.events(path, Grid(instrument(symbol))):
        counts[type(event)] += 1
        if not isinstance(event, Trade):
            book.apply(event)
            assert not crossed(book)
    assert counts == {DepthDiff: diffs, Quote: quotes, Trade: trades, DepthSnapshot: 1}
    assert (book.sync, book.gaps) == (Sync.LIVE, 0)
    assert len(book.bids.top(100)) == 100


def test_a_lost_diff_is_noticed_in_the_recording(btc):
    """Without one of its diffs the recording's depth is not trusted any more."""
    book = MarketBook()
    seen = 0
    for event in feed_binance.events(btc, Grid(instrument(BTC))):
        if isinstance(event, DepthDiff):
            seen += 1
            if seen == 1000:
                continue
        if not isinstance(event, Trade):
            book.apply(event)
    assert (book.sync, book.gaps) == (Sync.WAITING, 1)


def expected_fill(path, price, after):
    """Replay a queue by hand: when and how much an order of one coin at `price` is filled."""
    book = MarketBook()
    place, left, fills = None, 100_000, []
    for event in islice(feed_binance.events(path, Grid(instrument(BTC))), 12_000):
        if isinstance(event, Trade):
            if place is not None and event.aggressor is Side.SELL and left:
                reached = 0
                if event.price == price:
                    reached = place.on_trade(event.qty)
                elif event.price < price:
                    reached = event.qty
                if reached:
                    fills.append(min(reached, left))
                    left -= fills[-1]
            continue
        changes = book.apply(event)
        best = book.asks.best()
        if place is not None:
            for change in changes:
                if (change.side, change.price) == (Side.BUY, price):
                    place.on_change(change.before, change.after)
            while left and best is not None and best <= price:
                fills.append(min(book.asks.available(best), left))
                left -= fills[-1]
                book.asks.take(best, fills[-1])
                best = book.asks.best()
        if place is None and book.sync is Sync.LIVE:
            after -= 1
            if after == 0:
                price = book.bids.best() if price is None else price
                place = QueuePosition(book.bids.displayed(price))
    return price, fills


def test_an_order_in_the_recording_waits_its_turn(btc, tmp_path):
    """An order at the recorded best bid is filled as the queue model alone says, fill by fill."""
    price, expected = expected_fill(btc, None, after=500)
    assert len(expected) > 3
    venue, _ = open_run(tmp_path, symbols=[BTC], feed={"path": btc})
    exchange = venue.exchange
    pit = exchange.pits[BTC]
    live_changes = 0
    sent = False
    for event in islice(feed_binance.events(btc, pit.grid), 12_000):
        exchange.on_market(event, T0)
        if not isinstance(event, Trade) and pit.book.sync is Sync.LIVE and not sent:
            live_changes += 1
            if live_changes == 500:
                request = dict(symbol=BTC, side=Side.BUY)
                venue.exchange.submit(_limit(pit.grid.price(price), request), T0)
                sent = True
    assert [pit.grid.steps(fill.last_qty) for fill in exchange.fills] == expected


def _limit(price, request):
    from bridges.port import OrderRequest  # noqa: PLC0415 - only here
    from protocol.fields import OrdType, TimeInForce  # noqa: PLC0415

    return OrderRequest(
        cl_ord_id="Q", order_qty=Decimal(1), price=price, ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, **request,
    )  # fmt: skip


@pytest.mark.budget(30)
def test_the_recording_plays_ten_times_as_fast_while_trading(btc, tmp_path):
    """346 s of market with an order every 50 ms take less than 35 s of processor time."""
    feed = {"path": btc, "speed": 10}
    venue, _ = open_run(tmp_path, symbols=[BTC], feed=feed)
    began = time.process_time()
    live(venue, Trader(venue, BTC, 4), ms=34_600, step_ms=2, act_every_ms=50)
    assert time.process_time() - began < 34.6
    kinds = [line["k"] for line in read(tmp_path / "ledger.jsonl")]
    assert kinds.count("fill") > 100


def test_the_recording_gives_the_same_fills_twice(btc, tmp_path):
    """The same recording and the same orders give the same ledger."""
    ledgers = []
    for name in "ab":
        feed = {"path": btc, "speed": 20}
        venue, _ = open_run(tmp_path / name, symbols=[BTC], feed=feed)
        live(venue, Trader(venue, BTC, 9), ms=3_000, act_every_ms=20)
        ledgers.append(read(tmp_path / name / "ledger.jsonl"))
    assert ledgers[0] == ledgers[1]


@pytest.mark.parametrize(
    ("name", "symbol", "count", "first"),
    [
        ("fx_eurusd_quotes_20200101.csv", "EURUSD", 9500, ("1.12120", "1.12172")),
        ("fx_usdjpy_quotes_20130101.csv", "USDJPY", 1000, ("86.655", "86.728")),
    ],
)
def test_both_shapes_of_csv(data_folder, name, symbol, count, first):
    """Quotes of both shapes are read whole, times ascending, prices exact."""
    path = data_folder / name
    assert symbols_of({"path": str(path)}) == [symbol]
    grid = Grid(instrument(symbol))
    found = list(feed_csv.quotes(path, grid))
    assert len(found) == count
    assert (str(grid.price(found[0].bid)), str(grid.price(found[0].ask))) == first
    times = [quote.time_ns for quote in found]
    assert times == sorted(times)


def test_a_csv_feed_trades(data_folder, tmp_path):
    """A venue on recorded quotes fills at level 1."""
    path = data_folder / "fx_eurusd_quotes_20200101.csv"
    feed = {"path": path, "speed": 1000}
    venue, _ = open_run(tmp_path, symbols=["EURUSD"], feed=feed)
    venue.step(T0 + 100 * MS)
    trader = Trader(venue, "EURUSD", 1)
    assert venue.exchange.pits["EURUSD"].book.bids.best()
    assert trader.venue is venue


def test_a_damaged_recording_is_named(tmp_path):
    """A line that cannot be read is an error with file and line."""
    path = tmp_path / "eurusd.csv"
    path.write_text("20200101 170000065,1.1,1.2,0\n20200101 170000065,x,1.2,0\n")
    with pytest.raises(FeedError, match="line 2"):
        list(feed_csv.quotes(path, Grid(instrument("EURUSD"))))
    path = tmp_path / "tape.txt"
    path.write_text("12 {}\nnothing\n")
    with pytest.raises(FeedError, match="line 2"):
        list(feed_binance.events(path, Grid(instrument(BTC))))
