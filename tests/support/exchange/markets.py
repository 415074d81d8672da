"""All markets of one API: the feed that drives them, played on command or by the clock.

A market is a recording (a path), synthetic (a seed), or spoken by hand: `set_book`, `trade`,
`quote`. `play(n)` lets the next n events of the feed happen now; with a speed they also come by
themselves. The feed is begun far enough for every book to be whole before anybody asks.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from support.exchange.market import PublicMarket

from bridges.paper.feeds import open_feed
from bridges.paper.market import DepthDiff, DepthSnapshot, Quote, Trade
from protocol.fields import Side

WARM_UP = 5_000
"""Events within which every recording has its snapshot."""
BURST = 2_000
"""Events of a late feed that are taken in one go."""


def squeezed(symbol):
    """Return BTCUSDT of BTC/USDT."""
    return symbol.replace("/", "")


class Markets:
    """The symbols of one API, by their name on the wire. `meet` lets the orders see an event.

    `wire_of` makes the name on the wire, `make` a symbol's market.
    """

    def __init__(self, pits, style, *, meet, say, wire_of=squeezed, make=PublicMarket):
        self.by_wire = {}
        self._by_symbol = {}
        for symbol, pit in pits.items():
            wire = wire_of(symbol)
            market = make(wire, pit.grid, style)
            self.by_wire[wire] = self._by_symbol[symbol] = market
        self._meet = meet
        self._say = say
        self._feed = None
        self._origin_ns = 0
        self._speed = 0
        self._trade_ids = count(1)
        self.played = 0

    def of(self, symbol):
        """Return a symbol's market."""
        return self._by_symbol[symbol]

    def open(self, setting, now_ns):
        """Open the feed of a setting, if there is one, and warm it up."""
        if setting is None:
            return
        self._speed = float(setting.get("speed", 0))
        self._feed = self.open_feed(setting)
        for _ in range(WARM_UP):
            if all(market.ready for market in self.by_wire.values()):
                break
            if not self.play(1, now_ns):
                break
        self._feed.start(0)
        if self._speed:
            due_ns = self._feed.next_due_ns() or 0
            self._origin_ns = now_ns - int(due_ns / self._speed)

    def open_feed(self, setting):
        """Open the feed of all symbols."""
        grids = {symbol: market.grid for symbol, market in self._by_symbol.items()}
        return open_feed({**setting, "speed": 1}, grids)

    def on_feed(self, event, now_ns):
        """Let an event of the feed happen."""
        self.happen(event, now_ns)

    def play(self, number, now_ns):
        """Let the next events of the feed happen now; return how many there were."""
        done = 0
        while done < number and self._feed is not None and self._feed.next_due_ns() is not None:
            self.on_feed(self._feed.pop(), now_ns)
            done += 1
        self.played += done
        return done

    def keep_up(self, now_ns):
        """Let happen what the clock says is due."""
        if not self._speed or self._feed is None:
            return
        for _ in range(BURST):
            due_ns = self._feed.next_due_ns()
            if due_ns is None or self._origin_ns + due_ns / self._speed > now_ns:
                return
            self.play(1, now_ns)

    def happen(self, event, now_ns):
        """Let one event reach the public and our orders."""
        market = self._by_symbol[event.symbol]
        said = market.apply(event, now_ns // 1_000_000)
        self._meet(event, now_ns)
        for name, body in said:
            self._say(market.wire, name, body)

    # By hand, in text or numbers.

    def set_book(self, symbol, bids, asks, now_ns):
        """Let the market show this whole book."""
        market = self._by_symbol[symbol]
        shown = [_levels(market.grid, levels) for levels in (bids, asks)]
        number = market.update_id + 1
        if not market.ready:
            event = DepthSnapshot(0, symbol, number, *shown)
        else:
            changes = [
                tuple((price, 0) for price in old if price not in dict(new)) + new
                for old, new in zip((market.bids, market.asks), shown, strict=True)
            ]
            event = DepthDiff(0, symbol, number, number, *changes)
        self.happen(event, now_ns)

    def quote(self, symbol, bid, bid_qty, ask, ask_qty, now_ns):
        """Let the market show its best prices."""
        market = self._by_symbol[symbol]
        ((bid, bid_qty), (ask, ask_qty)) = _levels(
            market.grid, ((bid, bid_qty), (ask, ask_qty))
        )
        event = Quote(0, symbol, bid, bid_qty, ask, ask_qty, market.update_id)
        self.happen(event, now_ns)

    def trade(self, symbol, price, qty, aggressor, now_ns):
        """Let others trade; `aggressor` is buy or sell."""
        market = self._by_symbol[symbol]
        ((price, qty),) = _levels(market.grid, ((price, qty),))
        side = Side.BUY if aggressor == "buy" else Side.SELL
        event = Trade(0, symbol, price, qty, side, f"H{next(self._trade_ids)}")
        self.happen(event, now_ns)


def _levels(grid, levels):
    return tuple((grid.ticks(Decimal(str(p))), grid.steps(Decimal(str(q)))) for p, q in levels)
