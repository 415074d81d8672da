"""The book of each symbol, rebuilt from a stream of changes; nothing is believed out of sequence.

As Binance documents it: changes are kept from the subscription on, a snapshot is asked for, those
that end before it are dropped, and the first that is applied must span it; then each must begin
where the last one ended. A change that does not is a gap: the book is thrown away and made anew,
and `gaps` counts it, so that everybody behind hears of it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from decimal import Decimal

from bridges.crypto.core import LONGEST_PAUSE_NS, MS_NS, Core
from bridges.crypto.effects import (
    CloseStream,
    OpenStream,
    SendStream,
    StreamDown,
    StreamNews,
    StreamSaid,
    StreamUp,
)
from bridges.crypto.flows import Flow, Pause, ask
from bridges.crypto.views import BookNews, BookView, TradeNews
from bridges.market_events import BookChanged, Level, Traded

MARKET = "market"
MAX_KEPT = 5_000
"""Changes that are kept for a snapshot; with more it is asked for anew."""
SILENCE_NS = 4_000 * MS_NS
DIAL_NS = 10_000 * MS_NS


class Side:
    """One side of a book: sizes by price, and the prices in order."""

    def __init__(self) -> None:
        self.sizes: dict[Decimal, Decimal] = {}
        self.prices: list[Decimal] = []

    def put(self, level: Level) -> None:
        """Let a price have this size from now on."""
        price = level.price
        if level.size > 0:
            if price not in self.sizes:
                insort(self.prices, price)
            self.sizes[price] = level.size
        elif price in self.sizes:
            del self.sizes[price]
            del self.prices[bisect_left(self.prices, price)]

    def lowest(self, depth: int) -> tuple[Level, ...]:
        """Return the cheapest levels, the best offer first."""
        return tuple(Level(price, self.sizes[price]) for price in self.prices[:depth])

    def highest(self, depth: int) -> tuple[Level, ...]:
        """Return the dearest levels, the best bid first."""
        found = self.prices[-depth:][::-1]
        return tuple(Level(price, self.sizes[price]) for price in found)


class Book:
    """One symbol."""

    def __init__(self) -> None:
        self.bids, self.asks = Side(), Side()
        self.last: int | None = None
        """The last change that is in it; None while there is no book."""
        self.kept: list[BookNews] = []
        self.gaps = 0
        self.is_asking = False
        self.joined = False

    def reset(self) -> None:
        """Throw it away."""
        self.bids, self.asks = Side(), Side()
        self.last, self.joined = None, False
        self.kept.clear()

    def begin(self, view: BookView) -> bool:
        """Begin with a snapshot and what was kept since; say whether they fit together."""
        kept, self.kept = self.kept, []
        self.bids, self.asks = Side(), Side()
        for side, levels in ((self.bids, view.bids), (self.asks, view.asks)):
            for level in levels:
                side.put(level)
        self.last, self.joined = view.last, False
        return all(self.change(news) for news in kept)

    def change(self, news: BookNews) -> bool:
        """Apply a change; say whether it follows. One that is already in the book does."""
        if self.last is None:
            self.kept.append(news)
            return len(self.kept) <= MAX_KEPT
        if not self._follows(news, self.last):
            return news.last <= self.last
        self.joined, self.last = True, news.last
        for side, levels in ((self.bids, news.bids), (self.asks, news.asks)):
            for level in levels:
                side.put(level)
        return True

    def _follows(self, news: BookNews, last: int) -> bool:
        if news.last <= last:
            return False
        if news.previous is None:
            return news.first <= last + 1
        if self.joined:
            return news.previous == last
        return news.first <= last


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
        """Begin to listen."""
        self._books = {symbol: Book() for symbol in symbols if symbol in self._core.table.native}
        if self._books:
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
            words = core.table.market_words(list(self._books))
            core.stream_acts.append(SendStream(MARKET, words))
        elif isinstance(news, StreamSaid):
            try:
                items = core.table.read_market(news.message)
            except (KeyError, ValueError, TypeError, IndexError):
                self._down()
                return
            if core.table.is_market_ready(news.message):
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
        if not book.change(news):
            book.gaps += 1
            book.reset()
            book.change(news)
            self._dirty[news.symbol] = news.ns
        if book.last is None:
            self._ask(news.symbol, book)
        else:
            self._dirty[news.symbol] = news.ns

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
        """Ask for a snapshot until one fits what was kept."""
        core = self._core
        pause_ns = 100 * MS_NS
        while self._is_open:
            response = yield from ask(core.table.depth(symbol))
            view = core.read(core.table.read_depth, response)
            if view is not None and self._is_open:
                ns = book.kept[-1].ns if book.kept else core.at_ms * MS_NS
                if not book.kept or view.last >= book.kept[0].first - 1:
                    if book.begin(view):
                        self._dirty[symbol] = ns
                        self._pause_ns = 200 * MS_NS
                        break
                    book.reset()
            yield Pause(pause_ns)
            pause_ns = min(pause_ns * 2, LONGEST_PAUSE_NS)
        book.is_asking = False
