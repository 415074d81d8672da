"""What the terminal shows of the market: quotes, every tick since the last, and books.

A symbol without a market book, or with one that cannot be believed (depth.py), has a quote of one
level a side. How much it holds is not told: the size is the most that one order may have, since
that is what the broker offers to trade at it. Ticks are asked for from the millisecond of the last
one on, which brings that millisecond's again: so many of them as were heard are skipped. While the
server's clock is put back behind the last one, none are asked for: those of the hour before have
the same times, and an old price must not be told as a new one. Quotes go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bridges.market_events import BookChanged, Level, Traded
from bridges.mt5.constants import BookType, TickFlag
from bridges.mt5.core import Core
from bridges.mt5.depth import Depth, Sides
from bridges.mt5.jobs import Seen
from bridges.mt5.records import BookRow, Quote, SymbolRow, TickRow
from bridges.mt5.units import units_of
from protocol.fields import Side

BUYS = frozenset((BookType.BUY, BookType.BUY_MARKET))


class Market:
    """Quotes and books of the subscribed symbols, as events of the port."""

    def __init__(self, core: Core, *, depth: int) -> None:
        self.core = core
        self._depth = depth
        self._wanted: set[str] = set()
        self._last: dict[str, tuple[int, int]] = {}
        """By symbol: the last tick's time, and how many ticks of that time were heard."""
        self._shown: dict[str, Sides] = {}
        self._depths: dict[str, Depth] = {}
        self._trades = 0

    def subscribe(self, symbols: Sequence[str]) -> None:
        """Want the market of these symbols of ours."""
        self._wanted |= {self.core.native[one] for one in symbols if one in self.core.native}

    def since(self) -> tuple[tuple[str, int], ...]:
        """Return every symbol, since its clock may be needed, and from when on ticks are wanted."""
        return tuple((name, self._last.get(name, (0, 0))[0]) for name in self.core.rules)

    def with_books(self) -> tuple[str, ...]:
        """Return the symbols whose books are wanted."""
        rules = self.core.rules
        return tuple(name for name in self._wanted if name in rules and rules[name].book_depth)

    def hear(self, seen: Seen) -> None:
        """Take what was read, and tell what is new in it."""
        core = self.core
        for name, quote in seen.quotes.items():
            core.clock.hear(name, quote.msc, core.now_ns)
            fresh = self._fresh(name, quote, seen.ticks.get(name, ()))
            if name not in self._wanted:
                continue
            book = self._book(name, seen.books.get(name, ()), quote)
            for tick in fresh:
                self._tell_trade(name, tick)
                if book is None and tick.flags & (TickFlag.BID | TickFlag.ASK):
                    self._show(name, Quote(bid=tick.bid, ask=tick.ask, msc=tick.msc))
            if book is None:
                self._show(name, quote)
            else:
                self._tell_book(name, *book, quote.msc)

    def _fresh(self, name: str, quote: Quote, ticks: tuple[TickRow, ...]) -> list[TickRow]:
        """Return the ticks that were not heard before, and remember the last."""
        last_msc, count = self._last.get(name, (0, 0))
        if not last_msc:
            self._last[name] = (quote.msc, 1)
            return []
        again = [one for one in ticks if one.msc == last_msc]
        fresh = [*again[count:], *(one for one in ticks if one.msc > last_msc)]
        if ticks:
            newest = ticks[-1].msc
            self._last[name] = (newest, sum(one.msc == newest for one in ticks))
        return fresh

    def _tell_trade(self, name: str, tick: TickRow) -> None:
        if not tick.flags & (TickFlag.LAST | TickFlag.VOLUME) or not tick.last or not tick.volume:
            return
        symbol = self.core.rules[name]
        side = {TickFlag.BUY: Side.BUY, TickFlag.SELL: Side.SELL}.get(
            TickFlag(tick.flags) & (TickFlag.BUY | TickFlag.SELL)
        )
        self._trades += 1
        self.core.events.append(
            Traded(
                symbol=self.core.ours[name], price=tick.last, size=units_of(tick.volume, symbol),
                aggressor=side, trade_id=f"{tick.msc}-{self._trades}",
                transact_ns=self.core.clock.utc_ns(tick.msc, self.core.now_ns),
            )
        )  # fmt: skip

    def _show(self, name: str, quote: Quote) -> None:
        size = units_of(self.core.rules[name].volume_max, self.core.rules[name])
        self._tell_book(name, _level(quote.bid, size), _level(quote.ask, size), quote.msc)

    def _book(self, name: str, rows: tuple[BookRow, ...], quote: Quote) -> Sides | None:
        """Return the book that is to be told; None where it is the tick."""
        symbol = self.core.rules[name]
        bids = _side([one for one in rows if one.type in BUYS], symbol, best_first=-1)
        asks = _side([one for one in rows if one.type not in BUYS], symbol, best_first=1)
        sides = (bids[: self._depth], asks[: self._depth])
        depth = self._depths.setdefault(name, Depth())
        return sides if depth.believes(sides, quote, self.core.now_ns) else None

    def _tell_book(
        self, name: str, bids: tuple[Level, ...], asks: tuple[Level, ...], msc: int
    ) -> None:
        if self._shown.get(name) == (bids, asks):
            return
        self._shown[name] = (bids, asks)
        self.core.events.append(
            BookChanged(
                symbol=self.core.ours[name], bids=bids, asks=asks,
                transact_ns=self.core.clock.utc_ns(msc, self.core.now_ns),
            )
        )  # fmt: skip


def _level(price: Decimal, size: Decimal) -> tuple[Level, ...]:
    return (Level(price, size),) if price else ()


def _side(rows: list[BookRow], symbol: SymbolRow, *, best_first: int) -> tuple[Level, ...]:
    found = sorted(rows, key=lambda one: one.price * best_first)
    return tuple(Level(one.price, units_of(one.volume, symbol)) for one in found if one.price)
