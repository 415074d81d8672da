"""Raw recordings of the Binance spot stream: depth snapshot, depth diffs, trades, bookTicker.

One line is the local receive time in ns, a blank, and the exchange's own JSON, gzipped or not. The
receive time is the feed's time; the exchange's clock (E, T) may be seconds away from it. A trade's
`m` says that the buyer rested, so the aggressor sold.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from bridges.errors import FeedError
from bridges.paper.grid import Grid
from bridges.paper.market import (
    DepthDiff,
    DepthSnapshot,
    Levels,
    MarketEvent,
    Quote,
    Trade,
)
from protocol.fields import Side

_SYMBOLS = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
_QUOTES = ("USDT", "USDC", "BTC", "ETH")


def unified(name: str) -> str:
    """Return the exchange's symbol in our symbology: BTCUSDT is BTC/USDT."""
    name = name.upper()
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    quote = next((text for text in _QUOTES if name.endswith(text)), "")
    return f"{name.removesuffix(quote)}/{quote}" if quote else name


def symbol_of(path: Path) -> str:
    """Return the symbol of a recording from its first stream message."""
    for _, body in _lines(path):
        name = body.get("data", {}).get("s")
        if name:
            return unified(name)
    msg = f"{path}: no line names a symbol"
    raise FeedError(msg)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            time_text, _, text = line.partition(b" ")
            try:
                yield int(time_text), orjson.loads(text)
            except ValueError as problem:
                msg = f"{path}, line {number}: {problem}; expected `<ns> <JSON>`"
                raise FeedError(msg) from None


class _Reader:
    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._symbol = grid.instrument.symbol
        self._prices: dict[str, int] = {}
        self._sizes: dict[str, int] = {}

    def _price(self, text: str) -> int:
        found = self._prices.get(text)
        if found is None:
            found = self._prices[text] = self._grid.nearest_ticks(Decimal(text))
        return found

    def _size(self, text: str) -> int:
        found = self._sizes.get(text)
        if found is None:
            found = self._sizes[text] = self._grid.whole_steps(Decimal(text))
        return found

    def _levels(self, pairs: list[list[str]]) -> Levels:
        return tuple((self._price(price), self._size(size)) for price, size in pairs)

    def event(self, time_ns: int, body: dict[str, Any]) -> MarketEvent | None:
        """Read one line; None for what says nothing about the market."""
        if "lastUpdateId" in body:
            bids, asks = self._levels(body["bids"]), self._levels(body["asks"])
            return DepthSnapshot(time_ns, self._symbol, body["lastUpdateId"], bids, asks)
        data = body.get("data", {})
        kind = data.get("e")
        if kind == "depthUpdate":
            bids, asks = self._levels(data["b"]), self._levels(data["a"])
            return DepthDiff(time_ns, self._symbol, data["U"], data["u"], bids, asks)
        if kind == "trade":
            side = Side.SELL if data["m"] else Side.BUY
            return Trade(
                time_ns, self._symbol, self._price(data["p"]), self._size(data["q"]), side,
                str(data["t"]),
            )  # fmt: skip
        if {"b", "B", "a", "A"} <= data.keys():
            return Quote(
                time_ns, self._symbol, self._price(data["b"]), self._size(data["B"]),
                self._price(data["a"]), self._size(data["A"]), data.get("u", 0),
            )  # fmt: skip
        return None


def events(path: Path, grid: Grid) -> Iterator[MarketEvent]:
    """Read a recording in its own order."""
    reader = _Reader(grid)
    for time_ns, body in _lines(path):
        try:
            event = reader.event(time_ns, body)
        except (KeyError, ValueError, ArithmeticError) as problem:
            msg = f"{path}: a message cannot be read: {problem!r}"
            raise FeedError(msg) from None
        if event is not None:
            yield event
