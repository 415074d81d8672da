"""What each breaker makes of its samples: it is told one thing and says why to trip, or nothing.

Rules: an answer is the numbers (`key=value …`), empty while all is well. At its level everything is
well, one step beyond it is not. Time is an argument, figures are ints or Decimal, memory is bounded
whatever comes. `forget` begins anew: what was seen before a halt is no evidence after it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from decimal import Decimal
from math import isqrt

from gateway.risk.breaker_rules import (
    CancelRatio,
    Disconnect,
    Latency,
    Multiple,
    Rejects,
    Slippage,
)
from gateway.risk.windows import Median, Sliding, Tally
from protocol.numbers import format_decimal, plain

MS = 1_000_000
KEPT = 1_000
"""So many samples of a window are kept, whatever its length."""
PARTS = 50
"""A window of counts is cut into so many."""
FOLLOWED = 10_000
"""So many requests are waited for at once, per venue."""
BPS = Decimal(10_000)
UNITS = 10_000
"""Moves and spreads are counted in whole parts of a basis point, so many to one."""


class Share:
    """How many of the last samples were bad: orders refused, answers that came late.

    Each order passes here, so the window is cut into parts: a sample counts for the window and up
    to two parts longer, and however many come, only their numbers are kept.
    """

    __slots__ = (
        "_bad", "_count", "_min", "_newest", "_part", "_part_ns", "_parts", "_whole", "_window_ns",
        "share",
    )  # fmt: skip

    def __init__(self, share: Decimal, window_ms: int, min_samples: int) -> None:
        self.share = share
        self._part, self._whole = share.as_integer_ratio()
        self._min = min_samples
        self._window_ns = window_ms * MS
        self._part_ns = max(1, self._window_ns // PARTS)
        self._parts: deque[list[int]] = deque()
        self.forget()

    @classmethod
    def of_rejects(cls, rules: Rejects) -> Share:
        """Build the share of orders that are refused."""
        return cls(rules.share, rules.window_ms, rules.min_samples)

    def add(self, now_ns: int, bad: int) -> str:
        """Take a sample: 1 (true) is bad, 0 is not."""
        newest = self._newest
        if now_ns - newest[0] >= self._part_ns:
            newest = self._next_part(now_ns)
        newest[1] += 1
        self._count += 1
        if bad:
            newest[2] += 1
            self._bad += 1
        elif not self._bad:
            return ""
        if self._count < self._min or self._bad * self._whole <= self._part * self._count:
            return ""
        return f"bad={self._bad} samples={self._count} share={format_decimal(self.share)}"

    def is_bad(self, now_ns: int) -> bool:
        """Whether too many of the last samples were bad, however few there are."""
        if now_ns - self._newest[0] >= self._part_ns:
            self._next_part(now_ns)
        return self._bad * self._whole > self._part * self._count

    def _next_part(self, now_ns: int) -> list[int]:
        """Begin a part (when, samples, bad ones) and let go of those that are too old."""
        parts = self._parts
        gone_ns = now_ns - self._window_ns - self._part_ns
        while parts and parts[0][0] <= gone_ns:
            _, count, bad = parts.popleft()
            self._count -= count
            self._bad -= bad
        self._newest = [now_ns, 0, 0]
        parts.append(self._newest)
        return self._newest

    def forget(self) -> None:
        """Begin anew."""
        self._parts.clear()
        self._count = self._bad = 0
        self._newest = [-self._part_ns, 0, 0]


class Slow:
    """What takes longer than a level, and what has waited longer than it without an end."""

    __slots__ = ("_late", "_level_ns", "_rules", "_share", "_waiting", "_worst_ns")

    def __init__(self, rules: Latency) -> None:
        self._rules = rules
        self._level_ns, self._worst_ns = rules.level_ms * MS, rules.worst_ms * MS
        self._share = Share(rules.share, rules.window_ms, rules.min_samples)
        self._waiting: OrderedDict[str, int] = OrderedDict()
        self._late: OrderedDict[str, int] = OrderedDict()

    def add(self, now_ns: int, took_ns: int) -> str:
        """Take what something took."""
        why = self._share.add(now_ns, took_ns > self._level_ns)
        if why:
            return f"{why} level_ms={self._rules.level_ms} last_ms={took_ns // MS}"
        return self._too_long(took_ns) if self._worst_ns else ""

    def begin(self, key: str, now_ns: int) -> None:
        """Wait for the end of something. Beyond so many at once the newest are not followed."""
        if len(self._waiting) + len(self._late) < FOLLOWED:
            self._waiting[key] = now_ns

    def end(self, key: str, now_ns: int) -> str:
        """Hear that it has ended: one sample, unless it was counted as late already."""
        begun_ns = self._waiting.pop(key, None)
        if begun_ns is not None:
            return self.add(now_ns, now_ns - begun_ns)
        begun_ns = self._late.pop(key, None)
        return "" if begun_ns is None else self._too_long(now_ns - begun_ns)

    def drop(self, key: str) -> None:
        """Wait for it no longer: how it ended says nothing of its time."""
        if self._waiting.pop(key, None) is None:
            self._late.pop(key, None)

    def look(self, now_ns: int) -> str:
        """Look at what is still waited for: absence is a fault too."""
        why = ""
        waiting, late = self._waiting, self._late
        while waiting:
            key, begun_ns = next(iter(waiting.items()))
            if now_ns - begun_ns <= self._level_ns:
                break
            del waiting[key]
            late[key] = begun_ns
            why = self.add(now_ns, now_ns - begun_ns) or why
        if late and not why:
            why = self._too_long(now_ns - next(iter(late.values())))
        return why

    def forget(self) -> None:
        """Begin anew; what is waited for now is waited for no longer."""
        self._share.forget()
        self._waiting.clear()
        self._late.clear()

    def _too_long(self, took_ns: int) -> str:
        if not self._worst_ns or took_ns <= self._worst_ns:
            return ""
        return f"took_ms={took_ns // MS} worst_ms={self._rules.worst_ms}"


class Worse:
    """How much worse than at their decision fills are, in basis points: mean, and a single one."""

    __slots__ = ("_rules", "_window")

    def __init__(self, rules: Slippage) -> None:
        self._rules = rules
        self._window = Sliding(rules.window_ms * MS, KEPT, Decimal(0))

    def add(self, now_ns: int, bps: Decimal) -> str:
        """Take a fill: above 0 is worse than expected."""
        rules, window = self._rules, self._window
        bps = plain(round(bps, 4))
        window.add(now_ns, bps)
        if bps > rules.worst_bps:
            return f"bps={format_decimal(bps)} worst_bps={format_decimal(rules.worst_bps)}"
        count = len(window)
        if count < rules.min_samples or window.sum <= rules.mean_bps * count:
            return ""
        mean = format_decimal(plain(round(window.sum / count, 4)))
        return f"mean_bps={mean} limit_bps={format_decimal(rules.mean_bps)} fills={count}"

    def forget(self) -> None:
        """Begin anew."""
        self._window.forget()


class Losses:
    """How often a link was lost lately."""

    __slots__ = ("_rules", "_window")

    def __init__(self, rules: Disconnect) -> None:
        self._rules = rules
        self._window = Sliding(rules.window_ms * MS, rules.max_losses + 1, 0)

    def add(self, now_ns: int) -> str:
        """Take a loss."""
        self._window.add(now_ns, 1)
        if len(self._window) <= self._rules.max_losses:
            return ""
        return (
            f"losses={len(self._window)} limit={self._rules.max_losses}"
            f" window_ms={self._rules.window_ms}"
        )

    def forget(self) -> None:
        """Begin anew."""
        self._window.forget()


class Missing:
    """What is away, and since when: a venue's link, the feeds of a symbol."""

    __slots__ = ("_since", "limit_ms")

    def __init__(self, limit_ms: int) -> None:
        self.limit_ms = limit_ms
        self._since: dict[str, int | None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._since

    def __bool__(self) -> bool:
        return bool(self._since)

    def lost(self, name: str, now_ns: int) -> None:
        """Hear that it is away; again while it is away changes nothing."""
        self._since.setdefault(name, now_ns)

    def back(self, name: str) -> None:
        """Hear that it is there."""
        self._since.pop(name, None)

    def look(self, now_ns: int) -> Iterator[tuple[str, str]]:
        """Yield what has been away too long, with the numbers."""
        for name, since_ns in self._since.items():
            if since_ns is None:
                self._since[name] = now_ns
            elif now_ns - since_ns > self.limit_ms * MS:
                away_ms = (now_ns - since_ns) // MS
                yield name, f"away_ms={away_ms} limit_ms={self.limit_ms}"

    def forget(self, name: str) -> None:
        """Count the time of one that is still away anew, from the next look on."""
        if name in self._since:
            self._since[name] = None


class _Own:
    """A level that follows a symbol's own median."""

    __slots__ = ("_floor", "_history", "_min", "_part", "_whole", "level", "median")

    def __init__(self, rules: Multiple) -> None:
        self._part, self._whole = rules.multiple.as_integer_ratio()
        self._floor = int(rules.floor_bps * UNITS)
        self._min = min(rules.min_history, rules.history)
        self._history = Median[int](rules.history)
        self.median = 0
        self.level: int | None = None

    def learn(self, figure: int) -> None:
        """Take a figure into what is usual."""
        self._history.add(figure)
        self.median = self._history.value() or 0
        if len(self._history) >= self._min:
            self.level = max(self._floor, self.median * self._part // self._whole)

    def tell(self, figure: int) -> str:
        """Write the numbers."""
        level = self.level or 0
        return f"bps={_bps(figure)} limit_bps={_bps(level)} median_bps={_bps(self.median)}"


class Wide:
    """The spread of one symbol at one venue: the median of its last samples against its own."""

    __slots__ = ("_due_ns", "_every_ns", "_last", "_own", "_samples")

    def __init__(self, rules: Multiple) -> None:
        self._every_ns, self._samples = rules.every_ms * MS, rules.samples
        self._own = _Own(rules)
        self._last = Median[int](rules.samples)
        self._due_ns = 0

    def add(self, now_ns: int, bid: Decimal, offer: Decimal) -> str:
        """Look at a quote; bid lies below offer."""
        if now_ns < self._due_ns:
            return ""
        self._due_ns = now_ns + self._every_ns
        units = int((offer - bid) * 2 / (bid + offer) * BPS * UNITS)
        self._last.add(units)
        figure = self._last.value()
        if figure is None or len(self._last) < self._samples:
            return ""
        level = self._own.level
        why = self._own.tell(figure) if level is not None and figure > level else ""
        self._own.learn(figure)
        return why

    def forget(self) -> None:
        """Forget the last samples; what is usual stays known."""
        self._last.forget()


class Wild:
    """The moves of one symbol's middle at one venue: their root mean square against its own."""

    __slots__ = ("_base", "_begun_ns", "_every_ns", "_moves", "_own", "_samples", "_sum")

    def __init__(self, rules: Multiple) -> None:
        self._every_ns, self._samples = rules.every_ms * MS, rules.samples
        self._own = _Own(rules)
        self._moves: deque[int] = deque()
        self._sum = 0
        self._base: Decimal | None = None
        self._begun_ns = 0

    def add(self, now_ns: int, mid: Decimal) -> str:
        """Look at a middle: what it has moved since the last sample counts at once."""
        base = self._base
        if base is None:
            self._base, self._begun_ns = mid, now_ns
            return ""
        if now_ns - self._begun_ns >= 2 * self._every_ns:
            self._nothing_moved((now_ns - self._begun_ns) // self._every_ns - 1)
        move = int((mid - base) / base * BPS * UNITS)
        total, own = self._sum + move * move, self._own
        why = ""
        if own.level is not None and total > own.level * own.level * self._samples:
            why = own.tell(isqrt(total // self._samples))
        if now_ns - self._begun_ns >= self._every_ns:
            own.learn(isqrt(total // self._samples))
            self._settle(move * move)
            self._base, self._begun_ns = mid, now_ns
        return why

    def _nothing_moved(self, times: int) -> None:
        """Without quotes the middle was what it was."""
        for _ in range(min(times, self._samples)):
            self._settle(0)

    def _settle(self, square: int) -> None:
        """Keep a move; the one that is under way is one of the samples."""
        self._moves.append(square)
        self._sum += square
        if len(self._moves) >= self._samples:
            self._sum -= self._moves.popleft()

    def forget(self) -> None:
        """Forget the last moves; what is usual stays known."""
        self._moves.clear()
        self._sum = 0
        self._base = None


class Withdrawn:
    """How many cancels a strategy asks for, for each fill."""

    __slots__ = ("_cancels", "_fills", "_quiet_until_ns", "_rules")

    def __init__(self, rules: CancelRatio) -> None:
        self._rules = rules
        self._cancels = Tally(rules.window_ms * MS)
        self._fills = Tally(rules.window_ms * MS)
        self._quiet_until_ns = 0

    def fill(self, now_ns: int) -> None:
        """Count a fill."""
        self._fills.add(now_ns)

    def cancel(self, now_ns: int) -> dict[str, str]:
        """Count a cancel; return the numbers when there are too many, once in a window."""
        rules = self._rules
        self._cancels.add(now_ns)
        cancels = self._cancels.count(now_ns)
        if cancels < rules.min_cancels or now_ns < self._quiet_until_ns:
            return {}
        fills = self._fills.count(now_ns)
        if cancels <= rules.ratio * max(fills, 1):
            return {}
        self._quiet_until_ns = now_ns + rules.window_ms * MS
        return {
            "cancels": str(cancels), "fills": str(fills), "limit": format_decimal(rules.ratio),
            "window_ms": str(rules.window_ms),
        }  # fmt: skip


def _bps(units: int) -> str:
    return format_decimal(Decimal(units) / UNITS)
