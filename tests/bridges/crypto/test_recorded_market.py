"""Books rebuilt from a recorded stream, against the best prices that the same recording has.

The recording (Binance spot, 346 s of BTCUSDT and of ETHUSDT) has depth changes each 100 ms, a
snapshot, and each change of the best bid and offer (`bookTicker`) with the number of the update
that made it. A quote is in force from its own number until the next one's. Wherever a depth change
ends in that span, the rebuilt book's best bid and offer must be that quote, price and size.
"""

from __future__ import annotations

import gzip
from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

import orjson
import pytest
from support.figures import show
from support.waiting import wait_for

from bridges.crypto.books import Books
from bridges.crypto.core import Core
from bridges.crypto.effects import MARKET, Response, StreamSaid, StreamUp
from bridges.crypto.settings import open_crypto_venue
from bridges.crypto.tables.binance_spot import BinanceSpot
from bridges.market_events import BookChanged
from bridges.notes import Notes
from bridges.paper.instruments import instrument

SYMBOLS = {"BTC/USDT": "BTCUSDT", "ETH/USDT": "ETHUSDT"}
NAME = "binance_spot_{}_20240808.gz"
DEPTH = 10
CHUNK, CUT_AFTER = 100, 300
"""Events of the recording that happen at once, and after how many of them the stream is cut."""
T0 = 1_723_161_253_000_000_000


def recording(folder, native):
    """Yield a recording's messages, each as (received_ns, message)."""
    with gzip.open(folder / NAME.format(native.lower()), "rb") as file:
        for line in file:
            ns, _, text = line.partition(b" ")
            yield int(ns), orjson.loads(text)


class Quotes:
    """The recording's own best prices, by the number of the update."""

    def __init__(self, messages):
        self.numbers, self.tops = [], []
        self.met = set()
        for message in messages:
            data = message.get("data", {})
            if "B" in data and "e" not in data:
                self.numbers.append(data["u"])
                self.tops.append(tuple(Decimal(data[name]) for name in "bBaA"))

    def at(self, number):
        """Return the quote in force at an update, or None before the first."""
        place = bisect_right(self.numbers, number) - 1
        if place < 0:
            return None
        self.met.add(place)
        return self.tops[place]


def top_of(event):
    """Return a book's best bid and offer as a quote has them."""
    bid, ask = event.bids[0], event.asks[0]
    return bid.price, bid.size, ask.price, ask.size


class Comparison(NamedTuple):
    """What came of comparing one symbol's books with its quotes."""

    compared: int
    wrong: list
    quotes: int
    met: int
    gaps: int

    def line(self, symbol):
        """Write it for people."""
        return (
            f"{symbol}: {self.compared} books compared, {len(self.wrong)} mismatches;"
            f" {self.met} of {self.quotes} quotes were in force at the end of a depth change,"
            f" {self.quotes - self.met} came and went between two; {self.gaps} gaps"
        )


def rebuilt(symbol, messages):
    """Let the bridge's pure books hear the recording; yield (update number, BookChanged)."""
    core = Core(BinanceSpot({symbol: SYMBOLS[symbol]}, recv_window_ms=5_000), Notes())
    books = Books(core, depth=DEPTH)
    core.now_ns = T0
    core.instruments = {symbol: instrument(symbol)}
    books.subscribe([symbol])
    books.on_stream(StreamUp(MARKET))
    asked = []
    for ns, message in messages:
        core.now_ns = ns
        if "lastUpdateId" in message:
            (number,) = asked
            core.answer(number, Response(200, message))
        else:
            books.on_stream(StreamSaid(MARKET, message))
        asked += [number for number, _ in core.take_calls()]
        core.events.clear()
        books.tick()
        for event in core.events:
            if isinstance(event, BookChanged):
                yield books._books[symbol].last, event


@pytest.mark.parametrize(
    "symbol", ["BTC/USDT", pytest.param("ETH/USDT", marks=pytest.mark.length("ci"))]
)
def test_the_rebuilt_book_has_the_recordings_own_best_prices(data_folder, symbol):
    """After each depth change, best bid and offer are the quote in force: no mismatch, no gap."""
    messages = list(recording(data_folder, SYMBOLS[symbol]))
    quotes = Quotes(message for _, message in messages)
    compared, wrong, gaps = 0, [], 0
    for number, event in rebuilt(symbol, messages):
        expected = quotes.at(number)
        gaps = event.gaps
        if expected is not None:
            compared += 1
            if top_of(event) != expected:
                wrong.append((number, top_of(event), expected))
    found = Comparison(compared, wrong, len(quotes.numbers), len(quotes.met), gaps)
    show(f"the rebuilt book of {symbol}", found.line(symbol))
    assert (found.wrong[:3], found.gaps) == ([], 0)
    assert found.compared > 3_000


class Listening:
    """Compares each book that a venue tells with the quote in force."""

    def __init__(self, quotes):
        self.quotes = quotes
        self.venue = None
        self.compared, self.wrong, self.gaps = Counter(), [], Counter()

    def on_event(self, event):
        """Hear the venue (port.Listener)."""
        if not isinstance(event, BookChanged) or not event.bids:
            return
        number = self.venue._books._books[event.symbol].last
        self.gaps[event.symbol] = event.gaps
        expected = None if number is None else self.quotes[event.symbol].at(number)
        if expected is not None:
            self.compared[event.symbol] += 1
            if top_of(event) != expected:
                self.wrong.append((event.symbol, number, top_of(event), expected))


@pytest.mark.budget(120)
@pytest.mark.length("ci")
def test_so_it_has_over_sockets(data_folder, tmp_path):
    """The whole recording, as fast as it goes, through ccxt's stream, which is cut once."""
    pytest.importorskip("ccxt")
    pytest.importorskip("cryptography")
    from support.exchange.reach import session_to  # noqa: PLC0415 - wants aiohttp
    from support.exchange.server import LocalExchange  # noqa: PLC0415 - as above

    listening = Listening({
        symbol: Quotes(message for _, message in recording(data_folder, native))
        for symbol, native in SYMBOLS.items()
    })  # fmt: skip
    paths = [str(data_folder / NAME.format(native.lower())) for native in SYMBOLS.values()]
    with LocalExchange(feed={"path": paths, "kind": "binance"}) as local:
        keys = local.credentials
        venue = listening.venue = open_crypto_venue(
            folder=tmp_path, symbols=list(SYMBOLS), api_key=keys["apiKey"],
            secret=keys["secret"], make_session=lambda: session_to(local.port),
        )  # fmt: skip
        venue.connect(listening, local.clock())
        venue.subscribe(list(SYMBOLS), local.clock())

        def until(condition):
            def look():
                venue.step(local.clock())
                return condition()

            wait_for(look, poll_s=0.001)

        def is_there(symbol):
            book = venue._books._books[symbol]
            return book.last is not None and book.last >= local.spot.update_id(symbol)

        try:
            until(lambda: local.spot.listeners("depth"))
            chunks = 0
            while local.spot.play(CHUNK):
                chunks += 1
                if chunks == CUT_AFTER:
                    assert local.faults.drop("depth") == 1
                until(lambda: all(map(is_there, SYMBOLS)))
        finally:
            venue.close()
    lines = [
        f"{one}: {listening.compared[one]} books compared, {listening.gaps[one]} gaps"
        for one in SYMBOLS
    ]
    lines.append(f"{len(listening.wrong)} mismatches")
    show("the rebuilt books over sockets", "\n".join(lines))
    assert listening.wrong == []
    assert set(listening.gaps.values()) == {1}
    assert min(listening.compared.values()) > chunks // 2
