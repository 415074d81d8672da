"""Matches our orders against the replayed market: price first, then time. Ticks and steps.

- An incoming order walks the other side's levels and takes what is left there.
- A resting order is filled at its own price: by trades that go through its price or, at its
  price, past those in front of it (queue.py); and when the market's other side comes to it.
- Our own orders never trade with each other. An incoming order takes the market's liquidity that
  stands before our own resting order (at an equal price the market's goes first, having been
  there) and stops at ours: the rest is for the caller to cancel. This is what exchanges call
  self-trade prevention, "expire taker".

The caller is told of each execution while it happens, and says for each how much it allows: that
is how a reduce-only order never turns a position over.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple, Protocol

from bridges.paper.book import Change, MarketBook
from bridges.paper.queue import QueuePosition
from protocol.fields import Side


class Trader(Protocol):
    """Who owns the orders."""

    def allowed(self, order_id: str, qty: int) -> int:
        """Say how much of this quantity may trade now."""

    def executed(self, order_id: str, price: int, qty: int, *, maker: bool) -> None:
        """Book one execution, at once."""


class Resting:
    """One of our orders in the book."""

    __slots__ = ("key", "leaves", "order_id", "price", "queue", "side")

    def __init__(
        self, order_id: str, side: Side, price: int, leaves: int, entry: int, queue: QueuePosition
    ) -> None:
        self.order_id = order_id
        self.side = side
        self.price = price
        self.leaves = leaves
        self.queue = queue
        self.key = (-price * side.sign, entry)

    def __lt__(self, other: Resting) -> bool:
        """Sort by price, then by time of entry."""
        return self.key < other.key


class Taken(NamedTuple):
    """How an incoming order fared: what is left, and whether it stopped at an order of ours."""

    leaves: int
    met_own: bool


class Matcher:
    """Our orders of one symbol and the market that they meet."""

    def __init__(self, book: MarketBook, trader: Trader) -> None:
        self.book = book
        self._trader = trader
        self._entries = 0
        self._orders: dict[str, Resting] = {}
        self._sides: dict[Side, list[Resting]] = {Side.BUY: [], Side.SELL: []}
        self._at_price: dict[tuple[Side, int], list[Resting]] = {}

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._orders

    def __len__(self) -> int:
        return len(self._orders)

    def would_cross(self, side: Side, price: int) -> bool:
        """Say whether a limit order would trade at once, with the market or with one of ours."""
        best = self.book.side(side.opposite).best()
        own = self._sides[side.opposite]
        return (best is not None and self._reaches(side, price, best)) or (
            bool(own) and self._reaches(side, price, own[0].price)
        )

    def reachable(self, side: Side, limit: int | None, wanted: int) -> int:
        """Return how much of `wanted` an order could take at once: the question of FOK."""
        found = 0
        for _, left in self._walk(side, limit):
            found += left
            if found >= wanted:
                break
        return min(found, wanted)

    def take(self, order_id: str, side: Side, limit: int | None, qty: int) -> Taken:
        """Let an order take what it can reach."""
        other = self.book.side(side.opposite)
        leaves = qty
        for price, left in list(self._needed(side, limit, qty)):
            wanted = min(leaves, left)
            traded = self._trader.allowed(order_id, wanted)
            if traded:
                other.take(price, traded)
                leaves -= traded
                self._trader.executed(order_id, price, traded, maker=False)
            if traded < wanted:
                return Taken(leaves, met_own=False)
        return Taken(leaves, met_own=leaves > 0 and self._meets_own(side, limit))

    def rest(self, order_id: str, side: Side, price: int, qty: int) -> None:
        """Put an order into the book, behind everything that its level shows."""
        shown = self.book.side(side).displayed(price)
        known = shown > 0 or self.book.has_depth or self._is_inside(side, price)
        self._entries += 1
        resting = Resting(
            order_id, side, price, qty, self._entries, QueuePosition(shown if known else None)
        )
        self._orders[order_id] = resting
        insort(self._sides[side], resting)
        self._at_price.setdefault((side, price), []).append(resting)

    def remove(self, order_id: str) -> None:
        """Take an order out of the book, if it is there."""
        resting = self._orders.pop(order_id, None)
        if resting is None:
            return
        own = self._sides[resting.side]
        del own[bisect_left(own, resting)]
        level = self._at_price[resting.side, resting.price]
        level.remove(resting)
        if not level:
            del self._at_price[resting.side, resting.price]

    def shrink(self, order_id: str, leaves: int) -> None:
        """Lower an order's open quantity; it keeps its place."""
        self._orders[order_id].leaves = leaves

    def front_of(self, order_id: str) -> int | None:
        """Return how much stands before an order at its price; None if that is not known."""
        return self._orders[order_id].queue.front

    def on_changes(self, changes: Iterable[Change]) -> None:
        """Move queues along with their levels, then trade where the market has come to us."""
        if not self._orders:
            return
        for change in changes:
            for resting in self._at_price.get((change.side, change.price), ()):
                resting.queue.on_change(change.before, change.after)
        self._meet_market(Side.BUY)
        self._meet_market(Side.SELL)

    def on_trade(self, price: int, qty: int, aggressor: Side) -> None:
        """Let a trade of the market fill those of ours whom its aggressor met first."""
        side = aggressor.opposite
        budget = qty
        met = takewhile(lambda own: self._reaches(side, own.price, price), self._sides[side])
        for resting in list(met):
            if budget <= 0:
                break
            if resting.price == price:
                self._trade_at_price(side, price, budget)
                break
            budget -= self._fill(resting, min(budget, resting.leaves))

    def _trade_at_price(self, side: Side, price: int, budget: int) -> None:
        """Share a trade out along one queue; what the first takes never reaches the next."""
        for resting in list(self._at_price.get((side, price), ())):
            reached = resting.queue.on_trade(budget)
            if reached:
                budget -= self._fill(resting, min(reached, resting.leaves))

    def _meet_market(self, side: Side) -> None:
        own, other = self._sides[side], self.book.side(side.opposite)
        while own:
            best = other.best()
            resting = own[0]
            if best is None or not self._reaches(side, resting.price, best):
                return
            traded = self._fill(resting, min(resting.leaves, other.available(best)))
            if not traded:
                return
            other.take(best, traded)

    def _fill(self, resting: Resting, wanted: int) -> int:
        qty = self._trader.allowed(resting.order_id, wanted)
        if qty <= 0:
            return 0
        resting.leaves -= qty
        if not resting.leaves:
            self.remove(resting.order_id)
        self._trader.executed(resting.order_id, resting.price, qty, maker=True)
        return qty

    def _is_inside(self, side: Side, price: int) -> bool:
        """Say whether a price is better than the best of its own side: nobody is in front."""
        best = self.book.side(side).best()
        return best is not None and (price - best) * side.sign > 0

    @staticmethod
    def _reaches(side: Side, limit: int, price: int) -> bool:
        return (limit - price) * side.sign >= 0

    def _meets_own(self, side: Side, limit: int | None) -> bool:
        own = self._sides[side.opposite]
        return bool(own) and (limit is None or self._reaches(side, limit, own[0].price))

    def _walk(self, side: Side, limit: int | None) -> Iterable[tuple[int, int]]:
        """Walk what an order may take: within its limit, and not past an order of ours."""
        own = self._sides[side.opposite]
        for price, left in self.book.side(side.opposite).levels():
            if limit is not None and not self._reaches(side, limit, price):
                return
            if own and (price - own[0].price) * side.sign > 0:
                return
            yield price, left

    def _needed(self, side: Side, limit: int | None, qty: int) -> Iterable[tuple[int, int]]:
        for price, left in self._walk(side, limit):
            yield price, left
            qty -= left
            if qty <= 0:
                return
