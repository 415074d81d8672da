"""Prices of one symbol: the levels that can be traded, and every tick that ever was.

A quote is one level a side with no end of volume, unless volumes are given; a book is several
levels with volumes, which our orders use up until the next book comes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from support.mt5.constants import TickFlag
from support.mt5.records import ZERO, Level, Tick, number


def levels_of(rows):
    """Make levels of (price, volume) pairs, best first; a volume of None has no end."""
    return [Level(number(price), None if qty is None else number(qty)) for price, qty in rows]


class Market:
    """The market of one symbol, as the trade server sees it."""

    def __init__(self, rules):
        self.rules = rules
        self.bids = []
        self.asks = []
        self.ticks = []
        self.times = []
        self.was_put_back = False
        """Whether the server's clock was, so that its ticks are not in the order of their times."""
        self.known_bid = ZERO
        self.known_ask = ZERO
        """The last price of each side, also while the side is empty: money is reckoned with it."""

    @property
    def tick(self):
        """The last tick, or None before the first."""
        return self.ticks[-1] if self.ticks else None

    @property
    def bid(self):
        """The best price to sell at, 0 where there is none."""
        return self.bids[0].price if self.bids else ZERO

    @property
    def ask(self):
        """The best price to buy at, 0 where there is none."""
        return self.asks[0].price if self.asks else ZERO

    @property
    def last(self):
        """The price of the last trade, 0 before the first."""
        return self.tick.last if self.tick else ZERO

    def set_levels(self, bids, asks, server_ms):
        """Take new levels, and note the tick; return it."""
        self.fill_sides(levels_of(bids), levels_of(asks))
        return self._note(server_ms, last=self.last)

    def fill_sides(self, bids, asks):
        """Take levels, and remember their best prices."""
        self.bids, self.asks = bids, asks
        self.known_bid, self.known_ask = self.bid or self.known_bid, self.ask or self.known_ask

    def trade(self, price, volume, side_flag, server_ms):
        """Note a trade of the market as a tick."""
        flags = TickFlag.LAST | TickFlag.VOLUME | side_flag
        return self._note(server_ms, last=number(price), volume=number(volume), flags=flags)

    def _note(self, server_ms, *, last, volume=ZERO, flags=0):
        before = self.tick
        flags |= TickFlag.BID if before is None or before.bid != self.bid else 0
        flags |= TickFlag.ASK if before is None or before.ask != self.ask else 0
        tick = Tick(
            time_msc=server_ms, bid=self.bid, ask=self.ask, last=last, volume=volume,
            flags=int(flags),
        )  # fmt: skip
        self.ticks.append(tick)
        self.was_put_back |= before is not None and tick.time_msc < before.time_msc
        self.times.append(tick.time_msc)
        return tick

    def price(self, *, buys):
        """Return the price at which an order of that side trades."""
        return self.ask if buys else self.bid

    def close_price(self, *, is_buy):
        """Return the price at which a position of that side closes."""
        return self.bid if is_buy else self.ask

    def available(self, *, buys, limit=ZERO):
        """Return the volume to be had up to a limit price, or None if it has no end."""
        total = ZERO
        for level in self._side(buys, limit):
            if level.volume is None:
                return None
            total += level.volume
        return total

    def take(self, volume, *, buys, limit=ZERO):
        """Use up to a volume of the levels; return (price, volume) of each, best first."""
        taken = []
        for level in self._side(buys, limit):
            part = volume if level.volume is None else min(volume, level.volume)
            taken.append((level.price, part))
            volume -= part
            if not volume:
                break
        self._use(taken, buys)
        return taken

    def _side(self, buys, limit):
        levels = self.asks if buys else self.bids
        if not limit:
            return [level for level in levels if level.volume != 0]
        fits = (lambda p: p <= limit) if buys else (lambda p: p >= limit)
        return [level for level in levels if fits(level.price) and level.volume != 0]

    def _use(self, taken, buys):
        used = dict(taken)
        left = []
        for level in self.asks if buys else self.bids:
            if level.volume is None or level.price not in used:
                left.append(level)
            elif level.volume > used[level.price]:
                left.append(Level(level.price, level.volume - used[level.price]))
        if buys:
            self.asks = left
        else:
            self.bids = left

    def between(self, from_msc, to_msc):
        """Return the ticks of a span of server time, both ends included."""
        if self.was_put_back:
            return [tick for tick in self.ticks if from_msc <= tick.time_msc <= to_msc]
        low = bisect_left(self.times, from_msc)
        return self.ticks[low : bisect_right(self.times, to_msc)]
