"""bybit's books and trades, the same for spot and linear. Pure.

A book begins with a snapshot on the stream and goes on by changes whose `u` follow each other; a
lost one is subscribed to anew. Sources: "Orderbook" and "Trade" of bybit's v5 public streams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import levels, number
from bridges.crypto.table import Levels
from bridges.crypto.views import BookNews, BookView, StreamItem, TradeNews
from protocol.fields import Side

MS_NS = 1_000_000
DEPTH = 50
MOST_TOPICS = 10
"""Topics in one request: what spot allows."""


class BybitMarket:
    """The market's side of both tables."""

    native: Mapping[str, str]
    ours: Mapping[str, str]

    def depth(self, symbol: str) -> Call | None:  # noqa: ARG002 - others ask
        """Ask for nothing: the stream brings it."""
        return None

    def read_depth(self, body: Any) -> BookView:  # noqa: ARG002 - others read one
        """Read nothing: a book is never asked for."""
        raise ValueError

    def market_words(self, symbols: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """Subscribe to books and trades."""
        names = [self.native[symbol] for symbol in symbols]
        topics = [f"orderbook.{DEPTH}.{name}" for name in names]
        topics += [f"publicTrade.{name}" for name in names]
        return tuple(
            {"op": "subscribe", "args": topics[at : at + MOST_TOPICS]}
            for at in range(0, len(topics), MOST_TOPICS)
        )

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:
        """Let go of a book and subscribe to it anew."""
        args = [f"orderbook.{DEPTH}.{self.native[symbol]}"]
        return ({"op": "unsubscribe", "args": args}, {"op": "subscribe", "args": args})

    def is_book_sound(
        self, news: BookNews, bids: Levels, asks: Levels  # noqa: ARG002 - no checksums here
    ) -> bool:
        """Say yes: bybit gives no checksums."""
        return True

    def is_market_ready(self, message: Any) -> bool:
        """Whether a subscription was taken."""
        if not isinstance(message, dict):
            return False
        return message.get("op") == "subscribe" and message.get("success") is True

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream; what is of no interest is nothing."""
        kind = str(message.get("topic", "")).split(".")[0] if isinstance(message, dict) else ""
        if kind == "orderbook":
            return self._book(message)
        if kind == "publicTrade":
            return [self._trade(row) for row in message["data"] if row["s"] in self.ours]
        return []

    def _book(self, message: Any) -> list[StreamItem]:
        data = message["data"]
        symbol = self.ours.get(data["s"])
        if symbol is None:
            return []
        update = int(data["u"])
        return [
            BookNews(
                symbol=symbol, first=update, last=update, previous=None, bids=levels(data["b"]),
                asks=levels(data["a"]), ns=int(message.get("cts") or message["ts"]) * MS_NS,
                whole=message["type"] == "snapshot",
            )
        ]  # fmt: skip

    def _trade(self, row: Any) -> TradeNews:
        return TradeNews(
            symbol=self.ours[row["s"]], price=number(row["p"]), size=number(row["v"]),
            aggressor=Side.BUY if row["S"] == "Buy" else Side.SELL, trade_id=str(row["i"]),
            ns=int(row["T"]) * MS_NS,
        )  # fmt: skip
