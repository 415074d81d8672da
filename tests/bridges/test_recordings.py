"""The real recordings: read whole, rebuilt without a gap, and filled by hand-computed queues."""

from __future__ import annotations

import time
from itertools import islice

import pytest
from support.paper import BTC, MS, T0, order_request
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
from bridges.port import Filled
from protocol.fields import Side, TimeInForce

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


class ByHand:
    """Follows one bid in the recording with the book and the queue model alone."""

    def __init__(self, left):
        self.book = MarketBook()
        self.left = left
        self.place = None
        self.price = None
        self.fills = []

    def enter(self):
        """Stand at the best bid, behind everything there."""
        self.price = self.book.bids.best()
        self.place = QueuePosition(self.book.bids.displayed(self.price))

    def on_trade(self, trade):
        """Be filled by a seller who gets as far as us."""
        if self.place is None or trade.aggressor is not Side.SELL:
            return
        if trade.price == self.price:
            self.fill(self.place.on_trade(trade.qty))
        elif trade.price < self.price:
            self.fill(trade.qty)

    def on_book(self, event):
        """Move in the queue, and be filled by offers that come to us."""
        changes = self.book.apply(event)
        if self.place is None:
            return
        for change in changes:
            if (change.side, change.price) == (Side.BUY, self.price):
                self.place.on_change(change.before, change.after)
        best = self.book.asks.best()
        while self.left and best is not None and best <= self.price:
            self.book.asks.take(best, self.fill(self.book.asks.available(best)))
            best = self.book.asks.best()

    def fill(self, qty):
        """Be filled by at most this much; return how much."""
        traded = min(qty, self.left)
        if traded:
            self.fills.append(traded)
            self.left -= traded
        return traded


def test_an_order_in_the_recording_waits_its_turn(btc, tmp_path):
    """An order at the recorded best bid is filled as the queue model alone says, fill by fill."""
    venue, _ = open_run(tmp_path, symbols=[BTC], feed={"path": btc})
    exchange, pit = venue.exchange, venue.exchange.pits[BTC]
    hand = ByHand(left=100_000)
    books = 0
    for event in islice(feed_binance.events(btc, pit.grid), 12_000):
        exchange.on_market(event, T0)
        if isinstance(event, Trade):
            hand.on_trade(event)
            continue
        hand.on_book(event)
        books += pit.book.sync is Sync.LIVE
        if books == 500 and hand.place is None:
            hand.enter()
            price = pit.grid.price(hand.price)
            order = order_request(
                "Q", BTC, Side.BUY, 1, price, tif=TimeInForce.GOOD_TILL_CANCEL
            )
            exchange.submit(order, T0)
    assert len(hand.fills) > 3
    assert [pit.grid.steps(fill.last_qty) for fill in exchange.fills] == hand.fills


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
    """A venue on recorded quotes fills a taker at the quote, and a maker when the quote comes."""
    path = data_folder / "fx_eurusd_quotes_20200101.csv"
    venue, ear = open_run(tmp_path, symbols=["EURUSD"], feed={"path": path, "speed": 1000})
    venue.step(T0 + MS)
    day = TimeInForce.DAY
    venue.submit(order_request("taker", "EURUSD", Side.BUY, 1000, tif=day), T0 + MS)
    venue.submit(order_request("maker", "EURUSD", Side.SELL, 1000, "1.12172", tif=day), T0 + MS)
    live(venue, None, ms=20_000)
    taker, maker = ear.of(Filled)
    assert (taker.order.cl_ord_id, maker.order.cl_ord_id) == ("taker", "maker")
    assert str(maker.fill.last_px) == "1.12172"
    assert taker.fill.transact_ns < maker.fill.transact_ns


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
