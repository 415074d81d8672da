"""The markets as OKX's public channels show them: books with sequence ids, trades, tickers.

A perpetual's market is the recorded spot market in its own step; by hand each is spoken for itself.
`seqId` of a book message is the feed's last update, `prevSeqId` the one before; the checksum is the
CRC32 of the best 25 levels of each side, as the documents have it.
"""

from __future__ import annotations

import zlib
from decimal import Decimal
from heapq import nlargest, nsmallest

from support.exchange.market import PublicMarket
from support.exchange.markets import Markets
from support.exchange.okx.forms import text
from support.exchange.okx.instruments import contract, is_swap, wire_of

from bridges.paper.feeds import open_feed
from bridges.paper.market import Quote, Trade

CHECKED = 25


class OkxStyle:
    """The shapes of public numbers; sizes are written by the market, which knows its contract."""

    price = qty = staticmethod(text)

    @staticmethod
    def depth_update(body, previous):
        """Keep the ids of the update and of the one before."""
        return {**body, "pu": previous}

    @staticmethod
    def book_ticker(body):
        """Keep it as it is: tickers are made of it."""
        return body

    @staticmethod
    def trade(wire, row):
        """Keep it as it is."""
        return {"s": wire, **row}


class OkxMarket(PublicMarket):
    """One instrument's public market."""

    def __init__(self, wire, grid, style):
        super().__init__(wire, grid, style)
        self.unit = contract(grid.instrument.symbol)

    def apply(self, event, now_ms):
        """Take one event of the feed; return what it makes the channels say."""
        found = []
        for name, body in super().apply(event, now_ms):
            if name == "depth":
                rows = {"asks": self.rows(body["a"]), "bids": self.rows(body["b"])}
                found.append(("books", self._sequenced(rows, now_ms, body["pu"])))
            elif name == "trade":
                found.append(("trades", self.trade_row(body)))
        return found

    def rows(self, levels):
        """Write levels in contracts: price, size, a zero of old, the number of orders."""
        return [[price, text(Decimal(size) / self.unit), "0", "1"] for price, size in levels]

    def book(self, limit=400):
        """Return the book as market/books has it."""
        found = self.depth(limit)
        return {"asks": self.rows(found["asks"]), "bids": self.rows(found["bids"])}

    def snapshot(self, now_ms):
        """Return what a subscriber is told first: the whole book."""
        return self._sequenced(self.book(100_000), now_ms, -1)

    def _sequenced(self, rows, now_ms, previous):
        return {
            **rows, "ts": str(now_ms), "checksum": self.checksum(), "seqId": self.update_id,
            "prevSeqId": previous,
        }  # fmt: skip

    def checksum(self):
        """Return the CRC32 of the best levels, bid and ask in turn, as a signed number."""
        words = []
        bids = nlargest(CHECKED, self.bids.items())
        asks = nsmallest(CHECKED, self.asks.items())
        for at in range(CHECKED):
            for side in (bids, asks):
                if at < len(side):
                    price, size = side[at]
                    qty = self.grid.qty(size) / self.unit
                    words.append(f"{text(self.grid.price(price))}:{text(qty)}")
        found = zlib.crc32(":".join(words).encode())
        return found - 2**32 if found >= 2**31 else found

    def trade_row(self, row):
        """Return a public trade."""
        return {
            "instId": self.wire, "tradeId": str(row["id"]), "px": row["price"],
            "sz": text(Decimal(row["qty"]) / self.unit), "ts": str(row["time"]),
            "side": "sell" if row["isBuyerMaker"] else "buy", "count": "1",
        }  # fmt: skip

    def ticker(self, now_ms):
        """Return the ticker of the last day: since the market opened here."""
        numbers, best = self.statistics(), self.book_ticker()
        return {
            "instType": "SWAP" if self.wire.endswith("-SWAP") else "SPOT", "instId": self.wire,
            "last": numbers["lastPrice"], "lastSz": text(Decimal(numbers["lastQty"]) / self.unit),
            "askPx": best["a"], "askSz": text(Decimal(best["A"]) / self.unit), "bidPx": best["b"],
            "bidSz": text(Decimal(best["B"]) / self.unit), "open24h": numbers["openPrice"],
            "high24h": numbers["highPrice"], "low24h": numbers["lowPrice"],
            "volCcy24h": numbers["quoteVolume"], "vol24h": numbers["volume"], "ts": str(now_ms),
            "sodUtc0": numbers["openPrice"], "sodUtc8": numbers["openPrice"],
        }  # fmt: skip


class OkxMarkets(Markets):
    """All of them; a recording of a pair is also the market of its perpetual."""

    def __init__(self, pits, *, meet, say):
        super().__init__(pits, OkxStyle, meet=meet, say=say, wire_of=wire_of, make=OkxMarket)
        self._perpetuals = {
            symbol.partition(":")[0]: symbol for symbol in pits if is_swap(symbol)
        }

    def open_feed(self, setting):
        """Open the feed of the pairs."""
        pairs = {symbol: self.of(symbol).grid for symbol in self._perpetuals}
        return open_feed({**setting, "speed": 1}, pairs)

    def on_feed(self, event, now_ns):
        """Let an event of the feed happen to a pair and to its perpetual."""
        self.happen(event, now_ns)
        symbol = self._perpetuals[event.symbol]
        mine, other = self.of(event.symbol).grid, self.of(symbol).grid
        step = int(other.instrument.qty_step / mine.instrument.qty_step)
        self.happen(_in_steps_of(event, step, symbol), now_ns)


def _in_steps_of(event, step, symbol):
    """Return the same event with sizes in larger steps; what is there stays there."""

    def coarse(size):
        return max(size // step, 1) if size else 0

    if isinstance(event, Trade):
        return event._replace(symbol=symbol, qty=coarse(event.qty))
    if isinstance(event, Quote):
        return event._replace(
            symbol=symbol, bid_qty=coarse(event.bid_qty), ask_qty=coarse(event.ask_qty)
        )
    bids, asks = (
        tuple((price, coarse(size)) for price, size in side) for side in (event.bids, event.asks)
    )
    return event._replace(symbol=symbol, bids=bids, asks=asks)
