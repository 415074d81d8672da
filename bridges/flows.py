"""Conversations with a venue as generators, in anybody's time.

A flow yields `Gather(calls)` and is sent the list of their responses, or `Pause(ns)` and is sent an
empty list. Nothing here waits: `outbox` holds the calls to be made, `answer` brings a response,
`tick` lets time pass. A call that is not answered in time is answered here as lost: what became of
it at the venue is unknown then, and a later answer is no longer heard. Without a timeout it is
waited for.

Each kind of bridge names its own calls and responses: `Flow = flows.Flow[Call, Response]`.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from itertools import count
from typing import Generic, NamedTuple, Protocol, TypeVar, cast


class HasUrgency(Protocol):
    """A call; one that is urgent is made even while calls are kept back."""

    @property
    def urgent(self) -> bool:
        """Whether it may not wait."""


C = TypeVar("C", bound=HasUrgency)
R = TypeVar("R")
C_contra = TypeVar("C_contra", bound=HasUrgency, contravariant=True)


class Gate(Protocol[C_contra]):
    """How often a venue may be asked."""

    def free_ns(self, call: C_contra, now_ns: int) -> int:
        """Return from when on a call that is not urgent may be made."""

    def made(self, call: C_contra, now_ns: int) -> None:
        """Count a call that is made now."""


class Gather(NamedTuple, Generic[C]):
    """Make these calls at once, go on when all are answered."""

    calls: tuple[C, ...]


class Pause(NamedTuple):
    """Go on after a while."""

    ns: int


Step = Gather[C] | Pause
Flow = Generator[Step[C], list[R], None]


def ask(call: C) -> Generator[Step[C], list[R], R]:
    """Make one call and wait for it: `response = yield from …`."""
    found = yield Gather((call,))
    return found[0]


class _Gathered(Generic[C, R]):
    """The responses of one step, as they come in."""

    __slots__ = ("flow", "found", "left")

    def __init__(self, flow: Flow[C, R], size: int) -> None:
        self.flow = flow
        self.found: list[R | None] = [None] * size
        self.left = size


class Flows(Generic[C, R]):
    """All conversations that are under way; `lost` is the response that never came."""

    def __init__(
        self, lost: R, timeout_ns: int | None = None, gate: Gate[C] | None = None
    ) -> None:
        self.outbox: list[tuple[int, C]] = []
        self._gate = gate
        self._lost = lost
        self._timeout_ns = timeout_ns
        self._numbers = count(1)
        self._waiting: dict[int, tuple[_Gathered[C, R], int]] = {}
        self._timers: list[tuple[int, int, Flow[C, R] | int]] = []
        self._held: list[tuple[int, C]] = []
        self._held_until_ns = 0

    def start(self, flow: Flow[C, R], now_ns: int) -> None:
        """Begin a conversation; its first calls are in the outbox on return."""
        self._advance(flow, None, now_ns)

    def answer(self, number: int, response: R, now_ns: int) -> None:
        """Bring the response to a call; one that was given up is not heard."""
        entry = self._waiting.pop(number, None)
        if entry is None:
            return
        gathered, at = entry
        gathered.found[at] = response
        gathered.left -= 1
        if not gathered.left:
            found = cast("list[R]", gathered.found)
            self._advance(gathered.flow, found, now_ns)

    def tick(self, now_ns: int) -> None:
        """Go on with what is due."""
        if self._held and now_ns >= self._held_until_ns:
            held, self._held = self._held, []
            for number, call in held:
                self._pass(number, call, now_ns)
        while self._timers and self._timers[0][0] <= now_ns:
            _, _, due = heapq.heappop(self._timers)
            if isinstance(due, int):
                self.answer(due, self._lost, now_ns)
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
            times.append(self._held_until_ns)
        return min(times, default=None)

    def _advance(self, flow: Flow[C, R], found: list[R] | None, now_ns: int) -> None:
        try:
            step = next(flow) if found is None else flow.send(found)
            while isinstance(step, Gather) and not step.calls:
                step = flow.send([])
        except StopIteration:
            return
        if isinstance(step, Pause):
            heapq.heappush(self._timers, (now_ns + step.ns, next(self._numbers), flow))
            return
        gathered: _Gathered[C, R] = _Gathered(flow, len(step.calls))
        for at, call in enumerate(step.calls):
            number = next(self._numbers)
            self._waiting[number] = (gathered, at)
            self._pass(number, call, now_ns)

    def _pass(self, number: int, call: C, now_ns: int) -> None:
        """Make a call, or keep it back as long as the gate says; they stay in their order."""
        if call.urgent or self._gate is None:
            self._emit(number, call, now_ns)
            return
        free_ns = self._held_until_ns if self._held else self._gate.free_ns(call, now_ns)
        if free_ns > now_ns:
            self._held_until_ns = free_ns
            self._held.append((number, call))
        else:
            self._emit(number, call, now_ns)

    def _emit(self, number: int, call: C, now_ns: int) -> None:
        self.outbox.append((number, call))
        if self._gate is not None:
            self._gate.made(call, now_ns)
        if self._timeout_ns is not None:
            heapq.heappush(self._timers, (now_ns + self._timeout_ns, number, number))
