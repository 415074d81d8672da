"""The book of each symbol, rebuilt from the market's stream.

Where a snapshot is asked for, as Binance documents it: changes are kept from the subscription on,
those that end before the snapshot are dropped, and the first that is applied must span it. Where
the stream brings the snapshot, a lost book is subscribed to anew. A change that does not follow, or
a checksum that is not the book's, is a gap: the book is thrown away and made anew, and `gaps`
counts it, so that everybody behind hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridges.crypto.book import Book
from bridges.crypto.core import LONGEST_PAUSE_NS, MS_NS, Core
from bridges.crypto.effects import (
    MARKET,
    Call,
    CloseStream,
    OpenStream,
    SendStream,
    StreamDown,
    StreamNews,
    StreamSaid,
    StreamUp,
)
from bridges.crypto.flows import Flow, Pause, ask
from bridges.crypto.reading import UNREADABLE
from bridges.crypto.views import BookNews, TradeNews
from bridges.market_events import BookChanged, Traded

SILENCE_NS = 4_000 * MS_NS
SNAPSHOT_NS = 5_000 * MS_NS
"""So long may the snapshot take that the stream brings."""
CHECKED = 25
"""Levels of a side that a checksum may be of."""
DIAL_NS = 10_000 * MS_NS
KNOWN_NS = 50 * MS_NS


class Books:
    """All books of the market stream, and its connection."""

    def __init__(self, core: Core, *, depth: int) -> None:
        self._core = core
        self._depth = depth
        self._books: dict[str, Book] = {}
        self._alive_ns = 0
        self._dial_ns = 0
        self._is_open = False
        self._pause_ns = 200 * MS_NS
        self._dirty: dict[str, int] = {}

    def subscribe(self, symbols: Sequence[str]) -> None:
        """Begin to listen, once the rules are known: sizes may be in contracts."""
        self._books = {symbol: Book() for symbol in symbols if symbol in self._core.table.native}
        if self._core.table.poll_ms:
            for symbol, book in self._books.items():
                self._core.start(self._poll(symbol, book))
        elif self._books:
            self._core.start(self._when_known())

    def _when_known(self) -> Flow:
        while not self._core.instruments:
            yield Pause(KNOWN_NS)
        if not self._dial_ns:
            self._dial()

    def on_stream(self, news: StreamNews) -> None:
        """Hear the market stream."""
        core = self._core
        if not self._dial_ns:
            return
        if isinstance(news, StreamDown):
            self._down()
            return
        self._alive_ns = core.now_ns
        if isinstance(news, StreamUp):
            self._is_open = True
            self._speak(core.table.market_words(list(self._books)))
        elif isinstance(news, StreamSaid):
            self._said(news)

    def _speak(self, words: Sequence[dict[str, Any]]) -> None:
        self._core.stream_acts += [SendStream(MARKET, one) for one in words]

    def _said(self, news: StreamSaid) -> None:
        table = self._core.table
        try:
            items = table.read_market(news.message)
            is_ready = table.is_market_ready(news.message)
        except UNREADABLE:
            self._down()
            return
        if is_ready:
            self._ask_for_all()
        for item in items:
            if isinstance(item, BookNews):
                self._change(item)
            elif isinstance(item, TradeNews):
                self._trade(item)

    def tick(self) -> None:
        """Notice silence; tell the books that have changed."""
        deadline_ns = self._deadline_ns()
        if deadline_ns is not None and self._core.now_ns >= deadline_ns:
            self._down()
        for symbol, ns in self._dirty.items():
            book = self._books[symbol]
            self._core.events.append(
                BookChanged(
                    symbol=symbol, bids=book.bids.highest(self._depth),
                    asks=book.asks.lowest(self._depth), transact_ns=ns, gaps=book.gaps,
                )
            )  # fmt: skip
        self._dirty.clear()

    def next_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        return self._deadline_ns()

    def _deadline_ns(self) -> int | None:
        if not self._dial_ns:
            return None
        if self._is_open:
            return self._alive_ns + SILENCE_NS + 1
        return self._dial_ns + DIAL_NS

    def _dial(self) -> None:
        self._dial_ns = self._core.now_ns
        self._core.stream_acts.append(OpenStream(MARKET, MARKET))

    def _down(self) -> None:
        """Let go of the stream: books that nobody keeps are no books."""
        core = self._core
        core.stream_acts.append(CloseStream(MARKET))
        self._is_open, self._dial_ns = False, 0
        for symbol, book in self._books.items():
            if book.last is not None:
                book.gaps += 1
                self._dirty[symbol] = core.now_ns
            book.reset()
        core.start(self._again())

    def _again(self) -> Flow:
        yield Pause(self._pause_ns)
        self._pause_ns = min(self._pause_ns * 2, LONGEST_PAUSE_NS)
        self._dial()

    def _trade(self, news: TradeNews) -> None:
        self._core.events.append(
            Traded(
                symbol=news.symbol, price=news.price, size=news.size, aggressor=news.aggressor,
                trade_id=news.trade_id, transact_ns=news.ns,
            )
        )  # fmt: skip

    def _change(self, news: BookNews) -> None:
        book = self._books.get(news.symbol)
        if book is None:
            return
        if not (book.change(news) and self._is_sound(book, news)):
            book.gaps += 1
            book.reset()
            self._dirty[news.symbol] = news.ns
            if self._core.table.depth(news.symbol) is None:
                self._speak(self._core.table.market_again(news.symbol))
            else:
                book.change(news)
        if book.last is None:
            self._ask(news.symbol, book)
        else:
            self._dirty[news.symbol] = news.ns

    def _is_sound(self, book: Book, news: BookNews) -> bool:
        if news.checksum is None or book.last is None:
            return True
        bids, asks = book.bids.highest(CHECKED), book.asks.lowest(CHECKED)
        return self._core.table.is_book_sound(news, bids, asks)

    def _ask_for_all(self) -> None:
        """Ask for a snapshot of each book: a quiet market sends no change for a long time."""
        for symbol, book in self._books.items():
            if book.last is None:
                self._ask(symbol, book)

    def _ask(self, symbol: str, book: Book) -> None:
        if not book.is_asking:
            book.is_asking = True
            self._core.start(self._begin(symbol, book))

    def _begin(self, symbol: str, book: Book) -> Flow:
        """Bring a snapshot that fits what was kept."""
        call = self._core.table.depth(symbol)
        yield from self._await(symbol, book) if call is None else self._fetch(symbol, book, call)
        book.is_asking = False

    def _poll(self, symbol: str, book: Book) -> Flow:
        """Ask for a whole book again and again; one that could not be read is a gap."""
        core = self._core
        while True:
            call = core.table.depth(symbol) if core.is_up else None
            if call is not None:
                response = yield from ask(call)
                view = core.read(core.table.read_depth, response)
                if view is not None:
                    book.begin(view)
                    self._dirty[symbol] = core.at_ms * MS_NS
                elif book.last is not None:
                    book.gaps += 1
                    book.reset()
                    self._dirty[symbol] = core.at_ms * MS_NS
            yield Pause(core.table.poll_ms * MS_NS)

    def _await(self, symbol: str, book: Book) -> Flow:
        """Wait for the snapshot on the stream; ask again if it does not come."""
        while True:
            yield Pause(SNAPSHOT_NS)
            if book.last is not None or not self._is_open:
                return
            self._speak(self._core.table.market_again(symbol))

    def _fetch(self, symbol: str, book: Book, call: Call) -> Flow:
        """Ask for a snapshot until one fits."""
        core = self._core
        pause_ns = 100 * MS_NS
        while self._is_open:
            response = yield from ask(call)
            view = core.read(core.table.read_depth, response)
            if view is not None and self._is_open:
                ns = book.kept[-1].ns if book.kept else core.at_ms * MS_NS
                if not book.kept or view.last >= book.kept[0].first - 1:
                    if book.begin(view):
                        self._dirty[symbol] = ns
                        self._pause_ns = 200 * MS_NS
                        return
                    book.reset()
            yield Pause(pause_ns)
            pause_ns = min(pause_ns * 2, LONGEST_PAUSE_NS)
