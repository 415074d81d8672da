"""bybit's public streams of books: a snapshot when somebody subscribes, then what has changed.

A topic shows so many levels of each side; its update id `u` counts its own messages without a gap.
"""

from __future__ import annotations

from support.exchange.bybit.forms import number

DEPTHS = (1, 50, 200, 1000)


class BookTopics:
    """The order book topics of one category. `say(topic, body)` reaches who listens."""

    def __init__(self, markets, say, listening):
        self._markets = markets
        self._say = say
        self._listening = listening
        self._shown = {}
        self._counts = {}

    def snapshot(self, depth, wire, now_ms):
        """Return the message with which a subscription begins."""
        market = self._markets[wire]
        view = self._shown.get((depth, wire))
        if view is None:
            view = self._shown[depth, wire] = _view(market, depth)
            self._counts[depth, wire] = self._counts.get((depth, wire), 0) + 1
        rows = [list(side.items()) for side in view]
        return self._message(market, depth, "snapshot", rows, now_ms)

    def changed(self, market, now_ms):
        """Say what has changed in a market."""
        for (depth, wire), before in list(self._shown.items()):
            if wire != market.wire:
                continue
            topic = f"orderbook.{depth}.{wire}@depth"
            if not self._listening(topic):
                del self._shown[depth, wire]
                continue
            after = _view(market, depth)
            if after == before:
                continue
            self._shown[depth, wire] = after
            self._counts[depth, wire] += 1
            kind = "delta"
            rows = [_differences(*sides) for sides in zip(before, after, strict=True)]
            if depth == 1:
                kind, rows = "snapshot", [list(side.items()) for side in after]
            body = self._message(market, depth, kind, rows, now_ms)
            self._say(topic, body)

    def _message(self, market, depth, kind, rows, now_ms):
        bids, asks = (_text(market.grid, side) for side in rows)
        return {
            "topic": f"orderbook.{depth}.{market.wire}", "type": kind, "ts": now_ms,
            "cts": now_ms,
            "data": {
                "s": market.wire, "b": bids, "a": asks,
                "u": self._counts[depth, market.wire], "seq": market.update_id,
            },
        }  # fmt: skip


def _view(market, depth):
    bids = sorted(market.bids.items(), reverse=True)[:depth]
    return dict(bids), dict(sorted(market.asks.items())[:depth])


def _differences(before, after):
    gone = [(price, 0) for price in before if price not in after]
    return gone + [(price, size) for price, size in after.items() if before.get(price) != size]


def _text(grid, levels):
    return [[number(grid.price(price)), number(grid.qty(size))] for price, size in levels]


def depth_of(market, limit, now_ms):
    """Return a snapshot, as market/orderbook has it."""
    bids, asks = (_text(market.grid, side.items()) for side in _view(market, limit))
    return {
        "s": market.wire, "b": bids, "a": asks, "ts": now_ms, "u": market.update_id,
        "seq": market.update_id, "cts": now_ms,
    }  # fmt: skip


def ticker_of(market):
    """Return the statistics of a spot symbol, as market/tickers has them."""
    numbers, best = market.statistics(), market.book_ticker()
    return {
        "symbol": market.wire, "bid1Price": best["b"], "bid1Size": best["B"],
        "ask1Price": best["a"], "ask1Size": best["A"], "lastPrice": numbers["lastPrice"],
        "prevPrice24h": numbers["openPrice"], "price24hPcnt": "0",
        "highPrice24h": numbers["highPrice"], "lowPrice24h": numbers["lowPrice"],
        "turnover24h": numbers["quoteVolume"], "volume24h": numbers["volume"],
        "usdIndexPrice": numbers["lastPrice"],
    }  # fmt: skip


INTERVAL_MS = 8 * 3_600_000


def perpetual_of(market, mark, rate, now_ms):
    """Return the statistics of a perpetual."""
    form = ticker_of(market)
    del form["usdIndexPrice"]
    price = number(mark)
    return {
        **form, "markPrice": price, "indexPrice": price, "prevPrice1h": form["prevPrice24h"],
        "openInterest": "0", "openInterestValue": "0", "fundingRate": number(rate),
        "nextFundingTime": str((now_ms // INTERVAL_MS + 1) * INTERVAL_MS),
        "fundingIntervalHour": "8", "predictedDeliveryPrice": "", "basisRate": "", "basis": "",
        "deliveryFeeRate": "", "deliveryTime": "0",
    }  # fmt: skip
