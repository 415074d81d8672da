"""Kraken's books and trades: views of a fixed depth with a checksum. Pure.

Sources: "Book" and "Trades" of the websocket of version 2, and its guide to the book's checksum:
the CRC32 of the ten best offers and bids, price and size, without dots and leading zeros. What
falls out of the view is not told; what is beyond its depth is dropped. The guide says that numbers
come with all their digits. Should zeros at the ends be left out, a book is sound as well if it has
the checksum with as many digits as the pair has.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number
from bridges.crypto.table import Levels
from bridges.crypto.tables.kraken_words import ns_of_stamp
from bridges.crypto.views import BookNews, BookView, StreamItem, TradeNews
from bridges.market_events import Level
from protocol.fields import Side

DEPTH = 100
"""Levels of a side; Kraken has 10, 25, 100, 500 and 1000."""
CHECKED = 10
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}


class KrakenMarket:
    """The market's side of the table."""

    spoken: dict[str, str]
    """Our symbols, and what the websocket calls them."""
    digits: dict[str, tuple[int, int]]
    """How many digits prices and sizes of a symbol have after the point."""

    def depth(self, symbol: str) -> Call | None:  # noqa: ARG002 - as others have it
        """Say that the stream brings the book."""
        return None

    def read_depth(self, body: Any) -> BookView:
        """Read nothing: nothing is asked."""
        raise ValueError(body)

    def market_words(self, symbols: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """Subscribe to books and trades."""
        names = [self.spoken[symbol] for symbol in symbols]
        return (
            _subscribe({"channel": "book", "symbol": names, "depth": DEPTH}),
            _subscribe({"channel": "trade", "symbol": names, "snapshot": False}),
        )

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:
        """Subscribe to a book anew: its snapshot comes on the stream."""
        book = {"channel": "book", "symbol": [self.spoken[symbol]], "depth": DEPTH}
        return ({"method": "unsubscribe", "params": book}, _subscribe(book))

    def is_market_ready(self, message: Any) -> bool:
        """Whether the subscription was taken."""
        return isinstance(message, dict) and message.get("success") is True

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream; what is of no interest is nothing."""
        if not isinstance(message, dict) or message.get("channel") not in {"book", "trade"}:
            return []
        ours = {name: symbol for symbol, name in self.spoken.items()}
        read = _book if message["channel"] == "book" else _trade
        whole = message.get("type") == "snapshot"
        if whole and read is _trade:
            return []  # those of before the subscription
        rows = [row for row in message["data"] if row["symbol"] in ours]
        return [read(row, ours[row["symbol"]], whole=whole) for row in rows]

    def is_book_sound(self, news: BookNews, bids: Levels, asks: Levels) -> bool:
        """Whether a book has the checksum that was given with its last change."""
        rows = [*asks[:CHECKED], *bids[:CHECKED]]
        digits = self.digits.get(news.symbol, (0, 0))
        return any(_sum(rows, *least) == news.checksum for least in ((0, 0), digits))


def _subscribe(params: dict[str, Any]) -> dict[str, Any]:
    return {"method": "subscribe", "params": params}


def _sum(rows: Levels, prices: int, sizes: int) -> int:
    """Return the checksum with at least so many digits after the point."""
    text = "".join(_digits(one.price, prices) + _digits(one.size, sizes) for one in rows)
    return zlib.crc32(text.encode())


def _digits(value: Decimal, least: int) -> str:
    decimals = max(-int(value.as_tuple().exponent), least, 0)
    return f"{value:.{decimals}f}".replace(".", "").lstrip("0")


def _book(row: Any, symbol: str, *, whole: bool) -> StreamItem:
    return BookNews(
        symbol=symbol, first=0, last=0, previous=None, bids=_levels(row["bids"]),
        asks=_levels(row["asks"]), ns=ns_of_stamp(row["timestamp"]) if "timestamp" in row else 0,
        whole=whole, checksum=int(row["checksum"]), depth=DEPTH,
    )  # fmt: skip


def _levels(rows: Any) -> tuple[Level, ...]:
    return tuple(Level(number(row["price"]), number(row["qty"])) for row in rows)


def _trade(row: Any, symbol: str, *, whole: bool) -> StreamItem:  # noqa: ARG001 - as _book
    return TradeNews(
        symbol=symbol, price=number(row["price"]), size=number(row["qty"]),
        aggressor=SIDES[row["side"]], trade_id=str(row["trade_id"]),
        ns=ns_of_stamp(row["timestamp"]),
    )  # fmt: skip
