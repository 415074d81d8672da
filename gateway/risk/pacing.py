"""How fast a venue may be spoken to: its own rate limits, kept before it has to enforce them.

A venue counts what reaches it within a window, sliding or aligned to its own clock. We cannot see
where an aligned window begins, so each window here slides: what holds in *every* interval of a
length holds in any aligned one too, and whatever the offset of the two clocks. What was sent in one
interval may arrive in a shorter one: a window is longer than the venue's by `slack_ms`.

Rules:

- Lanes in strict order: cancel, reduce, new, query. While one waits, those behind it wait; within a
  lane first come, first served. So a cancel waits for room, never for an order.
- Questions that have found no room for `STARVED_NS` are starving: then no new orders are let in
  until they are asked (`starved_ms`), or a busy strategy would keep every doubt from being ended.
- A part of each window is kept for cancels: no other lane may use it.
- The venue's own warning (`back_off`) stops every lane but the cancels', a ban stops them too.
  Warnings within a second are one; each further one doubles the time, until the venue is calm.
- Memory is bounded: a window remembers at most `PARTS` + 2 sums, each as old as the youngest in it.

The caller's duty: to say at once what `go` and `take` allow, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Literal, NamedTuple

from msgspec import Struct

MS_NS = 1_000_000
PARTS = 64
"""A window forgets what was sent in so many steps: each holds back at most 1/64 of it longer."""
BURST_NS = 1_000_000_000
"""Warnings closer together than this answer one burst: they are one warning."""
CALM_NS = 60_000_000_000
"""A venue is calm when it has not warned for so long after a back-off, and ten times its length."""
ROUND_QUESTIONS = 6
"""What one round of questions makes a bridge ask: instruments, orders, fills, ledger, positions,
balances."""
STARVED_NS = 5_000_000_000
ASKS_AGAIN_NS = 1_000_000_000
"""Who does not wait in a lane but asks again and again has given up when it has not for so long."""
DOUBLINGS = 6
LONGEST_MS = 600_000
"""Doubling ends here; what the venue itself asks for is heeded however long it is."""


class Lane(IntEnum):
    """Who goes first."""

    CANCEL = 0
    REDUCE = 1
    NEW = 2
    QUERY = 3


class Kind(IntEnum):
    """What is sent, as far as a venue weighs it."""

    NEW = 0
    CANCEL = 1
    REPLACE = 2
    QUERY = 3


class RateLimit(Struct, frozen=True, kw_only=True):
    """So much weight in a window. `orders` counts new orders and replaces only."""

    weight: int
    window_ms: int
    counts: Literal["orders", "all"] = "all"

    def costs(self, weights: tuple[int, int, int, int]) -> tuple[int, ...]:
        """Return what each `Kind` costs here."""
        if self.counts == "all":
            return weights
        ordering = (Kind.NEW, Kind.REPLACE)
        return tuple(weight if kind in ordering else 0 for kind, weight in enumerate(weights))

    def reserve(self, weights: tuple[int, int, int, int], pct: int) -> int:
        """Return what is kept for cancels: a share, one cancel at least; 0 if they cost nothing."""
        cost = self.costs(weights)[Kind.CANCEL]
        if not cost or not pct:
            return 0
        return max(cost, -(-self.weight * pct // 100))


class Pace(Struct, frozen=True, kw_only=True):
    """How fast one venue may be spoken to. `weights` by `Kind`."""

    limits: tuple[RateLimit, ...] = ()
    weights: tuple[int, int, int, int] = (1, 1, 1, 1)
    max_send_wait_ms: int = 250
    cancel_reserve_pct: int = 20
    slack_ms: int = 250
    back_off_stops_cancels: bool = False


class Window:
    """One limit, and what was spent of it."""

    def __init__(self, limit: RateLimit, pace: Pace) -> None:
        self.limit = limit
        self.costs = limit.costs(pace.weights)
        reserve = limit.reserve(pace.weights, pace.cancel_reserve_pct)
        self.caps = (limit.weight, *(3 * (limit.weight - reserve,)))
        self.used = 0
        self._span_ns = (limit.window_ms + pace.slack_ms) * MS_NS
        self._part_ns = self._span_ns // PARTS
        self._spent: deque[list[int]] = deque()  # first_ns, last_ns, weight

    def __len__(self) -> int:
        return len(self._spent)

    def forget(self, now_ns: int) -> None:
        """Let go of what has left the window."""
        spent, gone_ns = self._spent, now_ns - self._span_ns
        while spent and spent[0][1] < gone_ns:
            self.used -= spent.popleft()[2]

    def spend(self, weight: int, now_ns: int) -> None:
        """Count a weight, at a moment that never runs back."""
        if not weight:
            return
        self.used += weight
        if self._spent and now_ns - self._spent[-1][0] < self._part_ns:
            part = self._spent[-1]
            part[1] = max(part[1], now_ns)
            part[2] += weight
        else:
            self._spent.append([now_ns, now_ns, weight])

    def free_ns(self, lane: Lane, need: int, now_ns: int) -> int:
        """Return when so much will fit for a lane if nothing else is sent: now, or a later moment.

        More than the window holds takes whole windows; exact while the lane alone is served.
        """
        cap = self.caps[lane]
        room = cap - self.used
        if need <= room or not need:
            return now_ns
        whole, rest = divmod(need - 1, max(cap, 1))
        missing, at_ns = rest + 1 - room, now_ns
        if missing > 0:
            for _, last_ns, weight in self._spent:
                at_ns = last_ns + self._span_ns + 1
                missing -= weight
                if missing <= 0:
                    break
        return max(at_ns, now_ns) + whole * (self._span_ns + 1)


class _Waiting(NamedTuple):
    """One entry of a lane: what it costs in each window, since when it waits, 0 or until when."""

    costs: tuple[int, ...]
    since_ns: int
    until_ns: int


class WindowView(NamedTuple):
    """One window as a person sees it."""

    limit: RateLimit
    used: int


class PacerView(NamedTuple):
    """A pacer as a person sees it: entries waiting by lane, windows, why it stands still."""

    queued: tuple[int, int, int, int]
    windows: tuple[WindowView, ...]
    backing_off_ns: int
    banned: bool


class Pacer:
    """Says for one venue what may go now, and who waits for how long. Times are ns."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.until_ns = 0
        self.ban_until_ns = 0
        self._windows = tuple(Window(limit, pace) for limit in pace.limits)
        self._lanes: tuple[dict[str, _Waiting], ...] = tuple({} for _ in Lane)
        self._lane_of: dict[str, Lane] = {}
        self._ends: dict[str, int] = {}
        self._ahead = [[0] * len(self._windows) for _ in Lane]
        self._turned_away = (0, 0)  # since when a question has found no room, and when it last did
        self._warned_ns = 0
        self._warnings = 0
        self._rest_ns = 0
        self._cost_of = tuple(self._costs(kind, 1) for kind in Kind)

    # Asking.

    def go(self, lane: Lane, kind: Kind, now_ns: int, times: int = 1) -> bool:
        """Say whether a message may go now, nobody waiting before it; if so, spend its weight."""
        costs = self._cost_of[kind] if times == 1 else self._costs(kind, times)
        waits = self._lane_of and any(self._lanes[: lane + 1])
        goes = not waits and self._fits(lane, costs, now_ns)
        if goes:
            self._spend(costs, now_ns)
        if lane is Lane.QUERY:
            self._note_question(now_ns, goes=goes)
        return goes

    def wait_ms(self, lane: Lane, kind: Kind, now_ns: int, times: int = 1) -> int:
        """Estimate how long an entry put in now would wait: 0 means not at all.

        Those before it are counted, in its lane and in those that go first; who may yet come
        before it is not known.
        """
        at_ns = max(now_ns, self._stopped_until_ns(lane))
        costs = self._costs(kind, times)
        for number, window in enumerate(self._windows):
            window.forget(now_ns)
            need = costs[number] + sum(self._ahead[ahead][number] for ahead in range(lane + 1))
            at_ns = max(at_ns, window.free_ns(lane, need, now_ns))
        return -((now_ns - at_ns) // MS_NS)

    def spend(self, kind: Kind, now_ns: int) -> None:
        """Count a message that goes now, whoever waits: its sender has asked `wait_ms` before."""
        self._spend(self._cost_of[kind], now_ns)

    def put(
        self, lane: Lane, kind: Kind, key: str, now_ns: int, times: int = 1, until_ns: int = 0
    ) -> None:
        """Let `key` wait for its turn, until `until_ns`; one that waits already keeps its place.

        Raises ValueError for what no window can ever hold: the config is checked for that.
        """
        if key in self._lane_of:
            return
        costs = self._costs(kind, times)
        for window, cost in zip(self._windows, costs, strict=True):
            if cost > window.caps[lane]:
                msg = f"{key} weighs {cost}, but a window never holds more than {window.caps[lane]}"
                raise ValueError(msg)
        self._lane_of[key] = lane
        self._lanes[lane][key] = _Waiting(costs, now_ns, until_ns)
        if until_ns:
            self._ends[key] = until_ns
        for number, cost in enumerate(costs):
            self._ahead[lane][number] += cost

    def remove(self, key: str) -> None:
        """Forget a key that waits; of one that does not wait nothing is known."""
        lane = self._lane_of.pop(key, None)
        if lane is None:
            return
        self._ends.pop(key, None)
        for number, cost in enumerate(self._lanes[lane].pop(key).costs):
            self._ahead[lane][number] -= cost

    def __contains__(self, key: str) -> bool:
        return key in self._lane_of

    def waiting(self) -> list[str]:
        """List who waits, in no order."""
        return list(self._lane_of)

    def late(self, now_ns: int) -> Iterator[str]:
        """Yield and forget the keys whose time is over: what comes too late is not sent at all.

        In the order in which they came, which must be that of their times: all wait equally long.
        """
        while self._ends:
            key, until_ns = next(iter(self._ends.items()))
            if now_ns < until_ns:
                return
            self.remove(key)
            yield key

    def take(
        self, now_ns: int, wanted: Callable[[str], bool] = lambda _key: True
    ) -> Iterator[str]:
        """Yield the keys whose turn has come, each spent; an unwanted one is dropped, unspent."""
        while self._lane_of:
            lane = next(lane for lane in Lane if self._lanes[lane])
            key, waiting = next(iter(self._lanes[lane].items()))
            if not wanted(key):
                self.remove(key)
                continue
            if not self._fits(lane, waiting.costs, now_ns):
                return
            self.remove(key)
            self._spend(waiting.costs, now_ns)
            if lane is Lane.QUERY:
                self._note_question(now_ns, goes=True)
            yield key

    def next_deadline_ns(self) -> int | None:
        """Return when `take` or `late` may have something to give, None when nobody waits."""
        if not self._lane_of:
            return None
        lane = next(lane for lane in Lane if self._lanes[lane])
        waiting = next(iter(self._lanes[lane].values()))
        due_ns = max(waiting.since_ns, self._stopped_until_ns(lane))
        for window, cost in zip(self._windows, waiting.costs, strict=True):
            due_ns = max(due_ns, window.free_ns(lane, cost, waiting.since_ns))
        return min(due_ns, next(iter(self._ends.values()), due_ns))

    def starved_ms(self, now_ns: int) -> int:
        """Return for how long questions have found no room, 0 while that is no reason to worry."""
        since_ns, last_ns = self._turned_away
        waiting = next(iter(self._lanes[Lane.QUERY].values()), None)
        if waiting is not None:
            since_ns, last_ns = waiting.since_ns, now_ns
        if not since_ns or now_ns - last_ns > ASKS_AGAIN_NS or now_ns - since_ns < STARVED_NS:
            return 0
        return (now_ns - since_ns) // MS_NS

    # What the venue and the past say.

    def is_new(self, now_ns: int, *, banned: bool) -> bool:
        """Whether a warning is more than one more answer to the burst that was warned of last."""
        if not self._warnings or now_ns - self._warned_ns > BURST_NS:
            return True
        return banned and now_ns >= self.ban_until_ns

    def back_off(self, ms: int, now_ns: int, *, banned: bool = False) -> int:
        """Stop for what the venue asks for, longer if it has warned before; return for how long.

        A ban stops cancels as well: whatever reaches a venue that bans makes the ban longer.
        """
        if self.is_new(now_ns, banned=False):
            calm_ns = self.until_ns + max(CALM_NS, 10 * self._rest_ns)
            self._warnings = self._warnings + 1 if now_ns <= calm_ns else 1
            self._warned_ns = now_ns
        grown_ms = max(ms, min(ms << min(self._warnings - 1, DOUBLINGS), LONGEST_MS))
        self._rest_ns = grown_ms * MS_NS
        self.until_ns = max(self.until_ns, now_ns + self._rest_ns)
        if banned:
            self.ban_until_ns = max(self.ban_until_ns, now_ns + self._rest_ns)
        return grown_ms

    def recall(self, kind: Kind, sent_ns: int) -> None:
        """Count what was sent before this pacer was made, oldest first."""
        self._spend(self._cost_of[kind], sent_ns)
        for window in self._windows:
            window.forget(sent_ns)

    @property
    def longest_ns(self) -> int:
        """How far back what was sent still matters."""
        longest = max((limit.window_ms for limit in self.pace.limits), default=0)
        return (longest + self.pace.slack_ms) * MS_NS if longest else 0

    def view(self, now_ns: int) -> PacerView:
        """Show it to a person."""
        for window in self._windows:
            window.forget(now_ns)
        cancel, reduce, new, query = (len(queue) for queue in self._lanes)
        return PacerView(
            (cancel, reduce, new, query),
            tuple(WindowView(window.limit, window.used) for window in self._windows),
            self.until_ns if now_ns < self.until_ns else 0,
            now_ns < self.ban_until_ns,
        )

    # Inside.

    def _note_question(self, now_ns: int, *, goes: bool) -> None:
        since_ns, last_ns = self._turned_away
        if goes or now_ns - last_ns > ASKS_AGAIN_NS:
            since_ns = 0
        self._turned_away = (0, 0) if goes else (since_ns or now_ns, now_ns)

    def _costs(self, kind: Kind, times: int) -> tuple[int, ...]:
        return tuple(window.costs[kind] * times for window in self._windows)

    def _stopped_until_ns(self, lane: Lane) -> int:
        """Return until when a back-off keeps this lane still; a moment of the past is over."""
        if lane is Lane.CANCEL and not self.pace.back_off_stops_cancels:
            return self.ban_until_ns
        return self.until_ns

    def _fits(self, lane: Lane, costs: tuple[int, ...], now_ns: int) -> bool:
        if now_ns < self._stopped_until_ns(lane):
            return False
        for window, cost in zip(self._windows, costs, strict=True):
            if cost:
                window.forget(now_ns)
                if window.used + cost > window.caps[lane]:
                    return False
        return True

    def _spend(self, costs: tuple[int, ...], now_ns: int) -> None:
        for window, cost in zip(self._windows, costs, strict=True):
            window.spend(cost, now_ns)
