"""Binance's books and trades, the same for spot and futures. Pure.

Sources: "Diff. Depth Stream", "How to manage a local order book correctly" and "Trade Streams" of
Binance's web socket documentation, spot and USD-M.
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
BOOK_DEPTH = 1_000


class BinanceMarket:
    """The market's side of both tables."""

    prefix = ""
    """What ccxt puts before the name of a public method."""
    native: Mapping[str, str]
    ours: Mapping[str, str]
    _trade_stream = "trade"

    def depth(self, symbol: str) -> Call:
        """Ask for a book."""
        return Call(
            f"{self.prefix}GetDepth", {"symbol": self.native[symbol], "limit": BOOK_DEPTH}
        )

    def read_depth(self, body: Any) -> BookView:
        """Read a book."""
        return BookView(
            last=int(body["lastUpdateId"]), bids=levels(body["bids"]), asks=levels(body["asks"])
        )

    def market_words(self, symbols: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """Subscribe to books and trades."""
        names = [self.native[symbol].lower() for symbol in symbols]
        streams = [f"{name}@depth@100ms" for name in names]
        streams += [f"{name}@{self._trade_stream}" for name in names]
        return ({"method": "SUBSCRIBE", "params": streams, "id": 1},)

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:  # noqa: ARG002 - as others
        """Say nothing: a snapshot is asked for."""
        return ()

    def is_book_sound(
        self, news: BookNews, bids: Levels, asks: Levels  # noqa: ARG002 - no checksums here
    ) -> bool:
        """Say yes: Binance gives no checksums."""
        return True

    def is_market_ready(self, message: Any) -> bool:
        """Whether the subscription was taken."""
        return isinstance(message, dict) and message.get("id") == 1 and "error" not in message

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream; what is of no interest is nothing."""
        if not isinstance(message, dict):
            return []
        event = message.get("data", message)
        symbol = self.ours.get(str(event.get("s")))
        if symbol is None:
            return []
        match event.get("e"):
            case "depthUpdate":
                return [
                    BookNews(
                        symbol=symbol, first=int(event["U"]), last=int(event["u"]),
                        previous=int(event["pu"]) if "pu" in event else None,
                        bids=levels(event["b"]), asks=levels(event["a"]),
                        ns=int(event.get("T", event["E"])) * MS_NS,
                    )
                ]  # fmt: skip
            case "trade" | "aggTrade":
                return [
                    TradeNews(
                        symbol=symbol, price=number(event["p"]), size=number(event["q"]),
                        aggressor=Side.SELL if event["m"] else Side.BUY,
                        trade_id=str(event.get("t", event.get("a"))), ns=int(event["T"]) * MS_NS,
                    )
                ]  # fmt: skip
            case _:
                return []
