"""Conversations with an exchange as generators, in anybody's time.

A flow yields `Gather(calls)` and is sent the list of their responses, or `Pause(ns)` and is sent an
empty list. Nothing here waits: `outbox` holds the calls to be made, `answer` brings a response,
`tick` lets time pass. A call that is not answered in time is answered here as lost: what became of
it at the exchange is unknown then, and a later answer is no longer heard.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from itertools import count
from typing import NamedTuple

from bridges.crypto.effects import Call, Response

LOST = "no answer in time"


class Gather(NamedTuple):
    """Make these calls at once, go on when all are answered."""

    calls: tuple[Call, ...]


class Pause(NamedTuple):
    """Go on after a while."""

    ns: int


Step = Gather | Pause
Flow = Generator[Step, list[Response], None]


def ask(call: Call) -> Generator[Step, list[Response], Response]:
    """Make one call and wait for it: `response = yield from …`."""
    found = yield Gather((call,))
    return found[0]


class _Gathered:
    """The responses of one step, as they come in."""

    __slots__ = ("flow", "found", "left")

    def __init__(self, flow: Flow, size: int) -> None:
        self.flow = flow
        self.found: list[Response | None] = [None] * size
        self.left = size


class Flows:
    """All conversations that are under way."""

    def __init__(self, timeout_ns: int) -> None:
        self.outbox: list[tuple[int, Call]] = []
        self.held_until_ns = 0
        """Calls that are not urgent are kept back until then."""
        self._timeout_ns = timeout_ns
        self._numbers = count(1)
        self._waiting: dict[int, tuple[_Gathered, int]] = {}
        self._timers: list[tuple[int, int, Flow | int]] = []
        self._held: list[tuple[int, Call]] = []

    def start(self, flow: Flow, now_ns: int) -> None:
        """Begin a conversation; its first calls are in the outbox on return."""
        self._advance(flow, None, now_ns)

    def answer(self, number: int, response: Response, now_ns: int) -> None:
        """Bring the response to a call; one that was given up is not heard."""
        entry = self._waiting.pop(number, None)
        if entry is None:
            return
        gathered, at = entry
        gathered.found[at] = response
        gathered.left -= 1
        if not gathered.left:
            found = [one for one in gathered.found if one is not None]
            self._advance(gathered.flow, found, now_ns)

    def tick(self, now_ns: int) -> None:
        """Go on with what is due."""
        if self._held and now_ns >= self.held_until_ns:
            held, self._held = self._held, []
            for number, call in held:
                self._emit(number, call, now_ns)
        while self._timers and self._timers[0][0] <= now_ns:
            _, _, due = heapq.heappop(self._timers)
            if isinstance(due, int):
                self.answer(due, Response(0, problem=LOST), now_ns)
            else:
                self._advance(due, [], now_ns)

    def next_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        while self._timers and isinstance(self._timers[0][2], int):
            if self._timers[0][2] in self._waiting:
                break
            heapq.heappop(self._timers)
        times = [self._timers[0][0]] if self._timers else []
        if self._held:
            times.append(self.held_until_ns)
        return min(times, default=None)

    def _advance(self, flow: Flow, found: list[Response] | None, now_ns: int) -> None:
        try:
            step = next(flow) if found is None else flow.send(found)
            while isinstance(step, Gather) and not step.calls:
                step = flow.send([])
        except StopIteration:
            return
        if isinstance(step, Pause):
            heapq.heappush(self._timers, (now_ns + step.ns, next(self._numbers), flow))
            return
        gathered = _Gathered(flow, len(step.calls))
        for at, call in enumerate(step.calls):
            number = next(self._numbers)
            self._waiting[number] = (gathered, at)
            if now_ns < self.held_until_ns and not call.urgent:
                self._held.append((number, call))
            else:
                self._emit(number, call, now_ns)

    def _emit(self, number: int, call: Call, now_ns: int) -> None:
        self.outbox.append((number, call))
        heapq.heappush(self._timers, (now_ns + self._timeout_ns, number, number))
