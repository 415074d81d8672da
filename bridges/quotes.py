"""The last book of each symbol, and who is to hear of it when.

Two audiences. The gateway's risk checks hear the best levels inside the bridge's own session, at
most 20 times a second for each symbol. Strategies hear the book to a fixed depth and
every trade on the market data sockets, numbered for each symbol, so that a gap shows (5017); 5016
names the life of the feed, so that a restart does not look like one. Both are told each second
that nothing has changed, so that an old quote is a sign of silence. A quote in the session has
the number of the last book that was published, so that both can be aligned; after something of the
feed was lost it has the number 0 once, which goes back and so tells of the gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bridges.market_events import BookChanged, Level, Traded
from protocol import codec
from protocol.fields import MDEntryType, MDUpdateAction
from protocol.messages import (
    MarketDataIncrementalRefresh,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    MDUpdate,
)
from protocol.timestamps import format_utc

QUOTE_INTERVAL_NS = 50_000_000
QUOTE_REPEAT_NS = 1_000_000_000
"""A quote or book that has not changed is said again after this: still so, not stale."""
REPEAT_LOOK_NS = 100_000_000
BOOK_INTERVAL_NS = 2_000_000
QUOTE_DEPTH = 5
"""Levels of each side in a quote: what risk checks may know of the price of a large order."""
LOST = 0
"""FeedSeq (5017) of a quote before which something was lost."""
AUDIENCE = "MD"
_EMPTY_BOOK = (MDEntry(md_entry_type=MDEntryType.BID), MDEntry(md_entry_type=MDEntryType.OFFER))
"""Nobody bids and nobody offers: FIX demands an entry, and these have no price."""


class Topic(NamedTuple):
    """One message for the market data sockets."""

    topic: str
    frame: bytes


def _entries(side: MDEntryType, levels: tuple[Level, ...], ns: int) -> Iterator[MDEntry]:
    moment = format_utc(ns)
    date, _, time = moment.partition("-")
    for at, level in enumerate(levels):
        yield MDEntry(
            md_entry_type=side,
            md_entry_px=level.price,
            md_entry_size=level.size,
            md_entry_date=None if at else date,
            md_entry_time=None if at else time,
        )


class QuoteBoard:
    """Conflates books into quotes and topics. Time is an argument."""

    def __init__(
        self,
        venue_id: str,
        *,
        feed_epoch: int = 1,
        quote_interval_ns: int = QUOTE_INTERVAL_NS,
        book_interval_ns: int = BOOK_INTERVAL_NS,
        publishes: bool = False,
    ) -> None:
        self._venue_id = venue_id
        self._epoch = feed_epoch
        self._quote_interval_ns = quote_interval_ns
        self._book_interval_ns = book_interval_ns
        self._publishes = publishes
        self._books: dict[str, BookChanged] = {}
        self._seqs: dict[str, int] = {}
        self._sent: dict[str, tuple[tuple[Level, ...], tuple[Level, ...]]] = {}
        self._sent_ns: dict[str, int] = {}
        self._published_ns: dict[str, int] = {}
        self._repeat_look_ns = 0
        self._unsaid: set[str] = set()
        self._lost: set[str] = set()
        self._unpublished: set[str] = set()
        self._trades: list[Traded] = []
        self._feed_seq = 0

    def on_book(self, event: BookChanged) -> None:
        """Take a book; the last one of a symbol wins."""
        last = self._books.get(event.symbol)
        if last is not None and event.gaps > last.gaps:
            self._lost.add(event.symbol)
        self._books[event.symbol] = event
        self._unsaid.add(event.symbol)
        if self._publishes:
            self._unpublished.add(event.symbol)

    def on_trade(self, event: Traded) -> None:
        """Take a trade; every one is published."""
        if self._publishes:
            self._trades.append(event)

    def forget_sent(self) -> None:
        """Say all quotes again: the gateway is a new one."""
        self._sent.clear()
        self._sent_ns.clear()
        self._unsaid.update(self._books)

    def next_deadline_ns(self) -> int | None:
        """Return when the next quote's turn comes."""
        if not self._books:
            return None
        return min(self._turn_ns(symbol) for symbol in self._books)

    def due(self, now_ns: int) -> Iterator[MarketDataSnapshotFullRefresh]:
        """Give the best levels of each symbol whose turn has come.

        The turn of a changed quote comes after the interval, that of an unchanged one after a
        second.
        """
        for symbol, book in sorted(self._books.items()):
            if now_ns < self._turn_ns(symbol):
                continue
            self._unsaid.discard(symbol)
            best = (book.bids[:QUOTE_DEPTH], book.asks[:QUOTE_DEPTH])
            said_ns = self._sent_ns.get(symbol, 0)
            lost = symbol in self._lost
            unchanged = self._sent.get(symbol) == best and not lost
            if unchanged and now_ns < said_ns + QUOTE_REPEAT_NS:
                continue
            self._lost.discard(symbol)
            self._sent[symbol] = best
            self._sent_ns[symbol] = now_ns
            if not self._publishes:
                self._next_seq(symbol)
            yield self._message(book, *best, seq=LOST if lost else self._seqs.get(symbol, LOST))

    def topics(self, now_ns: int, *, repeats: bool = True) -> Iterator[Topic]:
        """Give what is to be published now: every trade, and the newest book of each symbol.

        `repeats` gives books that have not changed for a second too: not while the venue is down.
        """
        if repeats and now_ns >= self._repeat_look_ns:
            self._repeat_look_ns = now_ns + REPEAT_LOOK_NS
            self._unpublished.update(
                symbol for symbol, published_ns in self._published_ns.items()
                if now_ns - published_ns >= QUOTE_REPEAT_NS
            )  # fmt: skip
        trades, self._trades = self._trades, []
        for trade in trades:
            yield self._topic(f"TR.{self._venue_id}.{trade.symbol}|", self._trade(trade), now_ns)
        for symbol in sorted(self._unpublished):
            if now_ns - self._published_ns.get(symbol, 0) < self._book_interval_ns:
                continue
            self._unpublished.discard(symbol)
            self._published_ns[symbol] = now_ns
            book = self._books[symbol]
            message = self._message(book, book.bids, book.asks, seq=self._next_seq(symbol))
            yield self._topic(f"MD.{self._venue_id}.{symbol}|", message, now_ns)

    def _turn_ns(self, symbol: str) -> int:
        pause_ns = self._quote_interval_ns if symbol in self._unsaid else QUOTE_REPEAT_NS
        return self._sent_ns.get(symbol, 0) + pause_ns

    def _next_seq(self, symbol: str) -> int:
        self._seqs[symbol] = self._seqs.get(symbol, 0) + 1
        return self._seqs[symbol]

    def _message(
        self, book: BookChanged, bids: tuple[Level, ...], asks: tuple[Level, ...], *, seq: int
    ) -> MarketDataSnapshotFullRefresh:
        entries = (
            *_entries(MDEntryType.BID, bids, book.transact_ns),
            *_entries(MDEntryType.OFFER, asks, book.transact_ns),
        )
        return MarketDataSnapshotFullRefresh(
            symbol=book.symbol,
            security_exchange=self._venue_id,
            md_entries=entries or _EMPTY_BOOK,
            feed_epoch=self._epoch,
            feed_seq=seq,
        )

    def _trade(self, trade: Traded) -> MarketDataIncrementalRefresh:
        date, _, time = format_utc(trade.transact_ns).partition("-")
        update = MDUpdate(
            md_update_action=MDUpdateAction.NEW,
            md_entry_type=MDEntryType.TRADE,
            md_entry_id=trade.trade_id or None,
            symbol=trade.symbol,
            md_entry_px=trade.price,
            md_entry_size=trade.size,
            md_entry_date=date,
            md_entry_time=time,
            aggressor_side=trade.aggressor.value if trade.aggressor else None,
        )
        return MarketDataIncrementalRefresh(
            md_entries=(update,),
            feed_epoch=self._epoch,
            feed_seq=self._next_seq(f"TR.{trade.symbol}"),
        )

    def _topic(
        self,
        topic: str,
        message: MarketDataSnapshotFullRefresh | MarketDataIncrementalRefresh,
        now_ns: int,
    ) -> Topic:
        self._feed_seq += 1
        frame = codec.encode(
            message,
            sender_comp_id=self._venue_id,
            target_comp_id=AUDIENCE,
            msg_seq_num=self._feed_seq,
            sending_time=format_utc(now_ns),
        )
        return Topic(topic, frame)
