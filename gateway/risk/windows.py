"""What has happened lately: token buckets, sliding counts, sums and medians.

Rules: time is an argument; memory is bounded whatever comes, and no call costs more than O(log n)
comparisons. Arithmetic is exact: ints (ns, counts) or Decimal, never float. A clock that steps back
takes nobody's evidence away: what was seen keeps its age.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from decimal import Decimal
from typing import Generic, TypeVar

Value = TypeVar("Value", int, Decimal)


class TokenBucket:
    """`count` tokens come in every `per_ns`, evenly; at most `burst` are kept. It begins full.

    Asking and taking are two things, so that a check may ask and only what is sent is taken.
    """

    __slots__ = ("_credit", "_full", "_last_ns", "_token", "burst", "count", "per_ns")

    def __init__(self, count: int, per_ns: int, burst: int) -> None:
        if min(count, per_ns, burst) < 1:
            msg = f"received count={count} per_ns={per_ns} burst={burst}, expected 1 or more each"
            raise ValueError(msg)
        self.count, self.per_ns, self.burst = count, per_ns, burst
        # Credit is counted in parts of a token, `per_ns` of them, so nothing is ever rounded.
        self._token = per_ns
        self._full = self._credit = burst * per_ns
        self._last_ns = 0

    def _refill(self, now_ns: int) -> None:
        elapsed = now_ns - self._last_ns
        self._last_ns = now_ns
        if elapsed > 0 and self._credit < self._full:
            self._credit = min(self._full, self._credit + elapsed * self.count)

    def available(self, now_ns: int) -> int:
        """Return how many whole tokens there are."""
        self._refill(now_ns)
        return self._credit // self._token

    def has(self, now_ns: int, tokens: int = 1) -> bool:
        """Say whether so many could be taken now; takes none."""
        wanted = tokens * self._token
        if self._credit >= wanted:
            return True  # time only adds to it
        self._refill(now_ns)
        return self._credit >= wanted

    def take(self, now_ns: int, tokens: int = 1) -> bool:
        """Take so many, or none when there are fewer."""
        self._refill(now_ns)
        wanted = tokens * self._token
        if self._credit < wanted:
            return False
        self._credit -= wanted
        return True

    def spend(self, now_ns: int, tokens: int = 1) -> None:
        """Take what must pass in any case, as far as there is something to take."""
        self._refill(now_ns)
        self._credit = max(0, self._credit - tokens * self._token)

    def wait_ns(self, now_ns: int, tokens: int = 1) -> int:
        """Return how long until so many can be taken: 0 now. More than `burst` never comes."""
        self._refill(now_ns)
        missing = tokens * self._token - self._credit
        return -(-missing // self.count) if missing > 0 else 0


class Sliding(Generic[Value]):
    """The samples of the last `window_ns`, at most the last `most` of them: count and sum, exact.

    A sample is in the window while it is not older than `window_ns`: exactly that old still counts.
    `len()` and `sum` are as of the last time that was named.
    """

    __slots__ = ("_samples", "_zero", "most", "sum", "window_ns")

    def __init__(self, window_ns: int, most: int, zero: Value) -> None:
        self.window_ns, self.most = window_ns, most
        self._samples: deque[tuple[int, Value]] = deque()
        self._zero: Value = zero
        self.sum: Value = zero

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, now_ns: int, value: Value) -> None:
        """Take a sample."""
        samples = self._samples
        if samples:
            if samples[0][0] < now_ns - self.window_ns or samples[-1][0] > now_ns:
                self._slide(now_ns)
                samples = self._samples
            if len(samples) >= self.most:
                self.sum -= samples.popleft()[1]
        samples.append((now_ns, value))
        self.sum += value

    def count(self, now_ns: int) -> int:
        """Return how many samples the window holds."""
        self._slide(now_ns)
        return len(self._samples)

    def total(self, now_ns: int) -> Value:
        """Return their sum."""
        self._slide(now_ns)
        return self.sum

    def forget(self) -> None:
        """Begin anew."""
        self._samples.clear()
        self.sum = self._zero

    def _slide(self, now_ns: int) -> None:
        samples = self._samples
        if not samples:
            return
        if samples[-1][0] > now_ns:
            back_ns = samples[-1][0] - now_ns
            self._samples = samples = deque((at - back_ns, value) for at, value in samples)
        oldest_ns = now_ns - self.window_ns
        while samples and samples[0][0] < oldest_ns:
            self.sum -= samples.popleft()[1]


class Tally:
    """How many events in the last `window_ns`, however many: time is cut into `parts`.

    An event leaves with its part, so it counts for `window_ns` and up to one part longer.
    """

    __slots__ = ("_parts", "_total", "part_ns", "window_ns")

    def __init__(self, window_ns: int, parts: int = 60) -> None:
        self.window_ns = window_ns
        self.part_ns = max(1, window_ns // parts)
        self._parts: deque[list[int]] = deque()
        self._total = 0

    def add(self, now_ns: int, events: int = 1) -> None:
        """Count events."""
        self._slide(now_ns)
        parts = self._parts
        if parts and now_ns - parts[-1][0] < self.part_ns:
            parts[-1][1] += events
        else:
            parts.append([now_ns, events])
        self._total += events

    def count(self, now_ns: int) -> int:
        """Return how many there were."""
        self._slide(now_ns)
        return self._total

    def forget(self) -> None:
        """Begin anew."""
        self._parts.clear()
        self._total = 0

    def _slide(self, now_ns: int) -> None:
        parts = self._parts
        if not parts:
            return
        if parts[-1][0] > now_ns:
            back_ns = parts[-1][0] - now_ns
            for part in parts:
                part[0] -= back_ns
        oldest_ns = now_ns - self.window_ns - self.part_ns
        while parts and parts[0][0] <= oldest_ns:
            self._total -= parts.popleft()[1]


class Median(Generic[Value]):
    """The median of the last `most` values, the lower one of the two middle ones.

    Finding a place is O(log n); making room there moves a few kilobytes at most.
    """

    __slots__ = ("_order", "_sorted", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._order: deque[Value] = deque()
        self._sorted: list[Value] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, value: Value) -> None:
        """Take a value; the oldest one leaves when there are too many."""
        if len(self._order) >= self.most:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._order.append(value)
        insort(self._sorted, value)

    def value(self) -> Value | None:
        """Return the median, None before the first value."""
        return self._sorted[(len(self._sorted) - 1) // 2] if self._sorted else None

    def forget(self) -> None:
        """Begin anew."""
        self._order.clear()
        self._sorted.clear()
