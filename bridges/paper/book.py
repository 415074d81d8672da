"""The replayed market's book of one symbol, rebuilt by the exchange's own sequence rules.

Depth rules (Binance, "How to manage a local order book correctly"):

- Diffs before the first snapshot are kept. Those that end at or before it are dropped; the first
  one applied must contain snapshot + 1; each further one must begin where the last ended + 1.
- Anything else is a gap: the depth is not trusted until a new snapshot comes. Until then the book
  is level 1, from quotes.
- A quote newer than the last diff overlays the top. A diff older than that quote must not undo
  it: its levels at or better than the quoted price are skipped.

What our orders took stays taken until the feed renews that level, that is until it reports a
quantity for it that differs from the one it reported last.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from bridges.paper.market import DepthDiff, DepthSnapshot, Levels, Quote
from protocol.fields import Side

MAX_KEPT_DIFFS = 10_000


class Change(NamedTuple):
    """A level of the feed changed from one quantity to another. Ticks and steps."""

    side: Side
    price: int
    before: int
    after: int


class BookSide:
    """One side: keys ascend towards the best price, so bids are prices and asks their negatives."""

    __slots__ = ("_keys", "_qty", "_sign", "_taken", "side")

    def __init__(self, side: Side) -> None:
        self.side = side
        self._sign = side.sign
        self._keys: list[int] = []
        self._qty: dict[int, int] = {}
        self._taken: dict[int, int] = {}

    def set(self, price: int, qty: int) -> Change | None:
        """Take the feed's word for a level; None if it says nothing new."""
        key = price * self._sign
        before = self._qty.get(key, 0)
        if before == qty:
            return None
        self._taken.pop(key, None)
        if qty:
            if not before:
                insort(self._keys, key)
            self._qty[key] = qty
        else:
            del self._keys[bisect_left(self._keys, key)]
            del self._qty[key]
        return Change(self.side, price, before, qty)

    def drop_better_than(self, price: int) -> list[Change]:
        """Remove the levels that a quoted best price proves gone."""
        limit = price * self._sign
        changes = []
        while self._keys and self._keys[-1] > limit:
            key = self._keys.pop()
            changes.append(Change(self.side, key * self._sign, self._qty.pop(key), 0))
            self._taken.pop(key, None)
        return changes

    def forget_worse_than(self, price: int) -> None:
        """Forget levels that a level 1 feed no longer tells about; they may or may not stand."""
        at = bisect_left(self._keys, price * self._sign)
        for key in self._keys[:at]:
            del self._qty[key]
            self._taken.pop(key, None)
        del self._keys[:at]

    def load(self, levels: Levels) -> list[Change]:
        """Replace everything; levels of unchanged quantity keep what was taken of them."""
        fresh = {price * self._sign: qty for price, qty in levels if qty}
        changes = [
            Change(self.side, key * self._sign, self._qty.get(key, 0), fresh.get(key, 0))
            for key in sorted(self._qty.keys() | fresh.keys())
            if self._qty.get(key, 0) != fresh.get(key, 0)
        ]
        for change in changes:
            self._taken.pop(change.price * self._sign, None)
        self._qty = fresh
        self._keys = sorted(fresh)
        return changes

    def displayed(self, price: int) -> int:
        """Return what the feed shows at a price."""
        return self._qty.get(price * self._sign, 0)

    def available(self, price: int) -> int:
        """Return what is left of a level after what we took."""
        key = price * self._sign
        return max(self._qty.get(key, 0) - self._taken.get(key, 0), 0)

    def take(self, price: int, qty: int) -> None:
        """Note that we took from a level."""
        key = price * self._sign
        self._taken[key] = self._taken.get(key, 0) + qty

    def best(self) -> int | None:
        """Return the best price at which anything is left."""
        if not self._taken:
            return self._keys[-1] * self._sign if self._keys else None
        return next((price for price, _ in self.levels()), None)

    def levels(self) -> Iterable[tuple[int, int]]:
        """Walk (price, available) from the best on, passing over what is used up."""
        for key in reversed(self._keys):
            left = self._qty[key] - self._taken.get(key, 0)
            if left > 0:
                yield key * self._sign, left

    def top(self, depth: int) -> list[tuple[int, int]]:
        """Return the best `depth` levels as (price, available)."""
        found: list[tuple[int, int]] = []
        for level in self.levels():
            if len(found) == depth:
                break
            found.append(level)
        return found


class Sync(Enum):
    """Whether depth can be trusted."""

    LEVEL_1 = "no depth has come"
    WAITING = "diffs are kept until a snapshot comes"
    LIVE = "each diff continues the last"


class MarketBook:
    """Both sides and the sequence rules. Every method returns the levels that changed."""

    def __init__(self) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self.sync = Sync.LEVEL_1
        self.gaps = 0
        self._kept: list[DepthDiff] = []
        self._last_update_id = 0
        self._quote: Quote | None = None

    @property
    def has_depth(self) -> bool:
        """Whether a level that is not in the book is known to be empty."""
        return self.sync is Sync.LIVE

    def side(self, side: Side) -> BookSide:
        """Return the resting orders of one side."""
        return self.bids if side is Side.BUY else self.asks

    def apply(self, event: Quote | DepthSnapshot | DepthDiff) -> list[Change]:
        """Take any event that moves the book."""
        if isinstance(event, Quote):
            return self.on_quote(event)
        if isinstance(event, DepthDiff):
            return self.on_diff(event)
        return self.on_snapshot(event)

    def on_quote(self, quote: Quote) -> list[Change]:
        """Take the best bid and offer. A crossed or outdated quote says nothing."""
        if quote.bid >= quote.ask:
            return []
        if quote.update_id:
            newest = self._quote.update_id if self._quote else 0
            if quote.update_id < max(newest, self._last_update_id):
                return []
        self._quote = quote
        changes = self.bids.drop_better_than(quote.bid)
        changes += self.asks.drop_better_than(quote.ask)
        if self.sync is not Sync.LIVE:
            self.bids.forget_worse_than(quote.bid)
            self.asks.forget_worse_than(quote.ask)
        changes += self._set(((quote.bid, quote.bid_qty),), ((quote.ask, quote.ask_qty),))
        return changes

    def on_snapshot(self, snapshot: DepthSnapshot) -> list[Change]:
        """Begin anew from a snapshot, then apply the kept diffs that continue it."""
        changes = self.bids.load(snapshot.bids) + self.asks.load(snapshot.asks)
        kept, self._kept = self._kept, []
        self._last_update_id = snapshot.last_update_id
        self.sync = Sync.LIVE
        for diff in kept:
            changes += self.on_diff(diff)
        quote = self._quote
        if self.sync is Sync.LIVE and quote and quote.update_id > self._last_update_id:
            changes += self.on_quote(quote)
        return changes

    def on_diff(self, diff: DepthDiff) -> list[Change]:
        """Apply a diff that continues the last one; keep or drop it otherwise."""
        if self.sync is not Sync.LIVE:
            self.sync = Sync.WAITING
            self._keep(diff)
            return []
        if diff.last_update_id <= self._last_update_id:
            return []
        if diff.first_update_id > self._last_update_id + 1:
            self.gaps += 1
            self.sync = Sync.WAITING
            self._kept = [diff]
            return []
        self._last_update_id = diff.last_update_id
        bids, asks = diff.bids, diff.asks
        quote = self._quote
        if quote is not None and quote.update_id > diff.last_update_id:
            bids = tuple(level for level in bids if level[0] < quote.bid)
            asks = tuple(level for level in asks if level[0] > quote.ask)
        return self._set(bids, asks)

    def _keep(self, diff: DepthDiff) -> None:
        self._kept.append(diff)
        if len(self._kept) > MAX_KEPT_DIFFS:
            del self._kept[: MAX_KEPT_DIFFS // 2]

    def _set(self, bids: Levels, asks: Levels) -> list[Change]:
        changes = [self.bids.set(price, qty) for price, qty in bids]
        changes += [self.asks.set(price, qty) for price, qty in asks]
        return [change for change in changes if change is not None]
