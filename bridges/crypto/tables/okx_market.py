"""OKX's market data: books with sequence ids, and trades, both on one stream. Pure.

The stream brings a book's snapshot, and each change names the one before (`prevSeqId`); what does
not follow is subscribed to anew. The checksum is not used: it is said to be 0 on every message.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number
from bridges.crypto.views import BookNews, BookView, StreamItem, TradeNews
from bridges.market_events import Level
from protocol.fields import Side

MS_NS = 1_000_000


class OkxMarket:
    """The public part of a table."""

    native: dict[str, str]
    ours: dict[str, str]
    _units: dict[str, Decimal]

    def _books(self, symbols: Sequence[str]) -> list[dict[str, str]]:
        return [{"channel": "books", "instId": self.native[symbol]} for symbol in symbols]

    def market_words(self, symbols: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """Subscribe to books and trades."""
        trades = [{"channel": "trades", "instId": self.native[symbol]} for symbol in symbols]
        return ({"op": "subscribe", "args": self._books(symbols) + trades},)

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:
        """Subscribe to a book anew: only that brings a snapshot."""
        args = self._books((symbol,))
        return ({"op": "unsubscribe", "args": args}, {"op": "subscribe", "args": args})

    def is_market_ready(self, message: Any) -> bool:
        """Whether a subscription was taken."""
        return isinstance(message, dict) and message.get("event") == "subscribe"

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream. Raises ValueError for a refusal."""
        if not isinstance(message, dict):
            return []
        if message.get("event") in {"error", "notice"}:
            msg = f"{message.get('code')}: {message.get('msg')}"
            raise ValueError(msg)
        arg = message.get("arg") or {}
        symbol = self.ours.get(str(arg.get("instId")))
        if symbol is None or "data" not in message:
            return []
        if arg["channel"] == "books":
            whole = message["action"] == "snapshot"
            return [self._change(symbol, row, whole=whole) for row in message["data"]]
        return [self._traded(symbol, row) for row in message["data"]]

    def _change(self, symbol: str, row: Any, *, whole: bool) -> BookNews:
        return BookNews(
            symbol=symbol, first=int(row["seqId"]), last=int(row["seqId"]),
            previous=int(row["prevSeqId"]), bids=self._levels(symbol, row["bids"]),
            asks=self._levels(symbol, row["asks"]), ns=int(row["ts"]) * MS_NS, whole=whole,
        )  # fmt: skip

    def _levels(self, symbol: str, rows: Any) -> tuple[Level, ...]:
        unit = self._units[symbol]
        return tuple(Level(number(row[0]), number(row[1]) * unit) for row in rows)

    def _traded(self, symbol: str, row: Any) -> TradeNews:
        return TradeNews(
            symbol=symbol, price=number(row["px"]), size=number(row["sz"]) * self._units[symbol],
            aggressor=Side.BUY if row["side"] == "buy" else Side.SELL,
            trade_id=str(row["tradeId"]), ns=int(row["ts"]) * MS_NS,
        )  # fmt: skip

    def depth(self, symbol: str) -> Call | None:  # noqa: ARG002 - others ask for it
        """Ask for nothing: the stream brings the book."""
        return None

    def read_depth(self, body: Any) -> BookView:
        """Raise: it is never asked for."""
        raise ValueError(body)

    def is_book_sound(
        self, news: BookNews, bids: Sequence[Level], asks: Sequence[Level]
    ) -> bool:
        """Trust the sequence ids."""
        del news, bids, asks
        return True
