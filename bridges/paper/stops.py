"""Stop orders that wait, sorted by how soon they trigger. Prices in ticks.

A buy stop triggers when the offer or a trade reaches its price from below, a sell stop when the
bid or a trade reaches it from above.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from protocol.fields import Side


class StopBook:
    """The waiting stops of one symbol."""

    def __init__(self) -> None:
        self._waiting: dict[Side, list[tuple[int, int, str]]] = {Side.BUY: [], Side.SELL: []}
        self._keys: dict[str, tuple[Side, tuple[int, int, str]]] = {}
        self._entries = 0

    def add(self, order_id: str, side: Side, stop: int) -> None:
        """Let a stop wait."""
        self._entries += 1
        key = (stop * side.sign, self._entries, order_id)
        self._keys[order_id] = (side, key)
        insort(self._waiting[side], key)

    def remove(self, order_id: str) -> None:
        """Take a stop out, if it waits."""
        found = self._keys.pop(order_id, None)
        if found is not None:
            side, key = found
            waiting = self._waiting[side]
            del waiting[bisect_left(waiting, key)]

    def due(self, bid: int | None, ask: int | None, last: int | None) -> list[str]:
        """Take out and return what triggers at these prices, nearest price first."""
        return self._reached(Side.BUY, ask, last) + self._reached(Side.SELL, bid, last)

    def _reached(self, side: Side, best: int | None, last: int | None) -> list[str]:
        waiting = self._waiting[side]
        prices = [price * side.sign for price in (best, last) if price is not None]
        found: list[str] = []
        while waiting and prices and waiting[0][0] <= max(prices):
            order_id = waiting.pop(0)[2]
            del self._keys[order_id]
            found.append(order_id)
        return found
