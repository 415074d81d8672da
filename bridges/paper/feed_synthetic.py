"""A market out of a seed: a random walk with a book of some depth and trades. Needs no file.

Each symbol has its own random numbers, drawn from the seed and the symbol's name, so that adding a
symbol does not change another's prices. Times begin at 0. Ticks and steps, no floats in prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from bridges.paper.grid import Grid
from bridges.paper.market import DepthDiff, DepthSnapshot, Levels, MarketEvent, Trade
from protocol.fields import Side

INTERVAL_NS = 50_000_000
DEPTH = 12
_START = {
    "EURUSD": "1.10000",
    "GBPUSD": "1.27000",
    "USDJPY": "150.000",
    "BTC/USDT": "60000.00",
    "ETH/USDT": "2600.00",
}


def _start_price(symbol: str) -> Decimal:
    return Decimal(_START.get(symbol, "100" if "/" in symbol else "1"))


class SyntheticMarket:
    """One symbol's walk."""

    def __init__(self, grid: Grid, seed: int, interval_ns: int = INTERVAL_NS) -> None:
        symbol = grid.instrument.symbol
        self._symbol = symbol
        self._rng = Random(f"{seed}/{symbol}")  # noqa: S311 - a market, not a secret
        self._interval_ns = interval_ns
        start = _start_price(symbol)
        self._middle = grid.nearest_ticks(start)
        self._pace = max(self._middle // 50_000, 1)
        self._spread = max(self._middle // 20_000, 2)
        unit = max(grid.whole_steps(Decimal(60_000) / start), 1)
        if grid.instrument.qty_step >= 1:
            unit = max(grid.whole_steps(Decimal(200_000)), 1)
        self._unit = unit
        self._updates = 0

    def events(self) -> Iterator[MarketEvent]:
        """Walk for ever."""
        bids, asks = self._levels()
        now_ns = 0
        self._updates = 1
        yield DepthSnapshot(now_ns, self._symbol, 1, tuple(bids.items()), tuple(asks.items()))
        while True:
            now_ns += self._rng.randint(self._interval_ns // 2, self._interval_ns * 3 // 2)
            if self._rng.random() < 0.4:  # noqa: PLR2004 - the share of steps that trade
                yield self._trade(now_ns, bids, asks)
            self._middle = max(
                self._middle + self._rng.randint(-self._pace, self._pace), self._spread * DEPTH
            )
            fresh_bids, fresh_asks = self._levels()
            self._updates += 1
            yield DepthDiff(
                now_ns, self._symbol, self._updates, self._updates,
                _difference(bids, fresh_bids), _difference(asks, fresh_asks),
            )  # fmt: skip
            bids, asks = fresh_bids, fresh_asks

    def _levels(self) -> tuple[dict[int, int], dict[int, int]]:
        half = self._spread // 2
        gap = max(self._spread // 4, 1)
        bids = {self._middle - half - gap * at: self._size(at) for at in range(DEPTH)}
        asks = {self._middle + half + gap * at: self._size(at) for at in range(DEPTH)}
        return bids, asks

    def _size(self, at: int) -> int:
        return self._rng.randint(self._unit, self._unit * (at + 3))

    def _trade(self, now_ns: int, bids: dict[int, int], asks: dict[int, int]) -> Trade:
        buys = self._rng.random() < 0.5  # noqa: PLR2004 - as many buys as sells
        price = min(asks) if buys else max(bids)
        shown = asks[price] if buys else bids[price]
        qty = self._rng.randint(1, shown)
        side = Side.BUY if buys else Side.SELL
        return Trade(now_ns, self._symbol, price, qty, side, f"S{self._updates}")


def _difference(old: dict[int, int], new: dict[int, int]) -> Levels:
    gone = [(price, 0) for price in old if price not in new]
    return tuple(gone + [level for level in new.items() if old.get(level[0]) != level[1]])
