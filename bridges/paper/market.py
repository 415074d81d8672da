"""What a market says: the events of every feed. Prices in ticks, quantities in steps.

`time_ns` is the feed's own time; `update_id` the exchange's counter, 0 where it has none. A level
is (price, quantity), and a quantity of 0 removes it.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.fields import Side

Levels = tuple[tuple[int, int], ...]


class Quote(NamedTuple):
    """The best bid and offer with what stands there."""

    time_ns: int
    symbol: str
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int
    update_id: int = 0


class DepthSnapshot(NamedTuple):
    """The whole book as of an update."""

    time_ns: int
    symbol: str
    last_update_id: int
    bids: Levels
    asks: Levels


class DepthDiff(NamedTuple):
    """Levels as they are after updates `first_update_id` to `last_update_id`."""

    time_ns: int
    symbol: str
    first_update_id: int
    last_update_id: int
    bids: Levels
    asks: Levels


class Trade(NamedTuple):
    """A trade between others; `aggressor` took, the other side rested."""

    time_ns: int
    symbol: str
    price: int
    qty: int
    aggressor: Side
    trade_id: str


MarketEvent = Quote | DepthSnapshot | DepthDiff | Trade
