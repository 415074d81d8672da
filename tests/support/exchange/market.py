"""One symbol's market as the public sees it, and the public stream events that follow from it.

It mirrors the feed's depth by the feed's own sequence numbers, so that a client that rebuilds the
book from snapshot and diffs arrives at the recording's book. Our own orders do not show in it, as
in the paper venue. The best bid and offer are those of the quotes where the feed has quotes.
"""

from __future__ import annotations

import re
from collections import deque
from decimal import Decimal
from itertools import count

from bridges.paper.market import DepthDiff, DepthSnapshot, Quote, Trade
from protocol.fields import Side

KEPT_TRADES = 1000


class PublicMarket:
    """Depth, quote, trades and statistics of one symbol. `style` writes prices and quantities."""

    def __init__(self, wire, grid, style):
        self.wire = wire
        self.grid = grid
        self.style = style
        self.bids = {}
        self.asks = {}
        self.update_id = 0
        self.ready = False
        self.quote = None
        self.trades = deque(maxlen=KEPT_TRADES)
        self.opened_ms = 0
        self.open = self.high = self.low = self.last = None
        self.volume = self.turnover = Decimal(0)
        self.traded = 0
        self.version = 0
        self._kept = []
        self._numbers = count(1)

    def apply(self, event, now_ms):
        """Take one event of the feed; return what it makes the streams say, as (name, event)."""
        if isinstance(event, Trade):
            return self._trade(event, now_ms)
        if isinstance(event, Quote):
            self.quote = event
            self.version += 1
            return [("bookTicker", self.book_ticker(event.update_id))]
        before = self._best()
        if isinstance(event, DepthSnapshot):
            said = self._snapshot(event, now_ms)
        else:
            said = self._diff(event, now_ms)
        if self.quote is None and self._best() != before:
            said.append(("bookTicker", self.book_ticker()))
        self.version += 1
        return said

    def _snapshot(self, event, now_ms):
        self.bids = {price: size for price, size in event.bids if size}
        self.asks = {price: size for price, size in event.asks if size}
        self.update_id = event.last_update_id
        self.ready = True
        kept, self._kept = self._kept, []
        return [said for diff in kept for said in self._diff(diff, now_ms)]

    def _diff(self, event: DepthDiff, now_ms):
        if not self.ready:
            self._kept.append(event)
            return []
        if event.last_update_id <= self.update_id:
            return []
        for levels, side in ((event.bids, self.bids), (event.asks, self.asks)):
            for price, size in levels:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        previous, self.update_id = self.update_id, event.last_update_id
        body = {
            "e": "depthUpdate", "E": now_ms, "s": self.wire,
            "U": event.first_update_id, "u": event.last_update_id,
            "b": self._levels(event.bids), "a": self._levels(event.asks),
        }  # fmt: skip
        return [("depth", self.style.depth_update(body, previous))]

    def _trade(self, event, now_ms):
        price, size = self.grid.price(event.price), self.grid.qty(event.qty)
        digits = re.sub(r"\D", "", event.trade_id)
        number = int(digits) if len(digits) > 6 else next(self._numbers)
        if self.open is None:
            self.open = self.high = self.low = price
            self.opened_ms = now_ms
        self.high, self.low, self.last = max(self.high, price), min(self.low, price), price
        self.volume += size
        self.turnover += size * price
        self.traded += 1
        self.version += 1
        row = {
            "id": number, "price": self.style.price(price), "qty": self.style.qty(size),
            "quoteQty": self.style.price(price * size), "time": now_ms,
            "isBuyerMaker": event.aggressor is Side.SELL, "isBestMatch": True,
        }  # fmt: skip
        self.trades.append(row)
        return [("trade", self.style.trade(self.wire, row)), ("aggTrade", _agg(self.wire, row))]

    # What is asked.

    def _best(self):
        if self.quote is not None:
            quote = self.quote
            return (quote.bid, quote.bid_qty), (quote.ask, quote.ask_qty)
        bid, ask = max(self.bids, default=0), min(self.asks, default=0)
        return (bid, self.bids.get(bid, 0)), (ask, self.asks.get(ask, 0))

    def mid(self):
        """Return the middle price; None without a market."""
        (bid, _), (ask, _) = self._best()
        return self.grid.price(bid + ask) / 2 if bid and ask else self.last

    def book_ticker(self, update_id=0):
        """Return the best bid and offer as the stream says them."""
        (bid, bid_qty), (ask, ask_qty) = self._best()
        return self.style.book_ticker({
            "u": update_id or self.update_id, "s": self.wire,
            "b": self.style.price(self.grid.price(bid)),
            "B": self.style.qty(self.grid.qty(bid_qty)),
            "a": self.style.price(self.grid.price(ask)),
            "A": self.style.qty(self.grid.qty(ask_qty)),
        })  # fmt: skip

    def depth(self, limit):
        """Return a snapshot of the book."""
        bids = sorted(self.bids.items(), reverse=True)[:limit]
        asks = sorted(self.asks.items())[:limit]
        return {
            "lastUpdateId": self.update_id,
            "bids": self._levels(bids), "asks": self._levels(asks),
        }  # fmt: skip

    def statistics(self):
        """Return the numbers of the last day: since the market opened here."""
        last = self.last or self.mid() or Decimal(0)
        first = self.open or last
        price = self.style.price
        return {
            "priceChange": price(last - first),
            "priceChangePercent": f"{(last - first) / first * 100 if first else 0:.3f}",
            "weightedAvgPrice": price(self.turnover / self.volume if self.volume else last),
            "lastPrice": price(last), "openPrice": price(first),
            "highPrice": price(self.high or last), "lowPrice": price(self.low or last),
            "volume": self.style.qty(self.volume), "quoteVolume": price(self.turnover),
            "lastQty": self.trades[-1]["qty"] if self.trades else self.style.qty(Decimal(0)),
            "firstId": self.trades[0]["id"] if self.trades else -1,
            "lastId": self.trades[-1]["id"] if self.trades else -1,
            "count": self.traded,
        }  # fmt: skip

    def _levels(self, levels):
        return [
            [self.style.price(self.grid.price(price)), self.style.qty(self.grid.qty(size))]
            for price, size in levels
        ]


def _agg(wire, row):
    return {
        "e": "aggTrade", "E": row["time"], "s": wire, "a": row["id"], "p": row["price"],
        "q": row["qty"], "f": row["id"], "l": row["id"], "T": row["time"],
        "m": row["isBuyerMaker"], "M": True,
    }  # fmt: skip


def ticker_event(market, now_ms):
    """Return the 24hrTicker event of a market."""
    numbers, quote = market.statistics(), market.book_ticker()
    return {
        "e": "24hrTicker", "E": now_ms, "s": market.wire, "p": numbers["priceChange"],
        "P": numbers["priceChangePercent"], "w": numbers["weightedAvgPrice"],
        "x": numbers["openPrice"], "c": numbers["lastPrice"], "Q": numbers["lastQty"],
        "b": quote["b"], "B": quote["B"], "a": quote["a"], "A": quote["A"],
        "o": numbers["openPrice"], "h": numbers["highPrice"], "l": numbers["lowPrice"],
        "v": numbers["volume"], "q": numbers["quoteVolume"], "O": market.opened_ms,
        "C": now_ms, "F": numbers["firstId"], "L": numbers["lastId"], "n": numbers["count"],
    }  # fmt: skip


def mini_ticker_event(market, now_ms):
    """Return the 24hrMiniTicker event of a market: what ccxt's watch_ticker asks for."""
    whole = ticker_event(market, now_ms)
    return {"e": "24hrMiniTicker", **{name: whole[name] for name in "Escohlvq"}}


TICKERS = {"ticker": ticker_event, "miniTicker": mini_ticker_event}
