"""What stops the house from outside its sessions: the STOP file, a signal, a late loop, a clock.

Rules: looked at ten times a second however much comes in, since a turn of the loop is bounded. The
core decides what follows; here is only what was seen. The loop's lag is the longest turn since the
last look, for so long may a frame have waited that came just after its turn had begun.
"""

from __future__ import annotations

from collections.abc import Iterator

from loguru import logger

from gateway.clock import Clock
from gateway.core_port import Core
from gateway.oms.effects import Effect
from gateway.stop_file import Stop, StopFile

EVERY_NS = 100_000_000
CLOCK_EVERY_NS = 1_000_000_000
MS = 1_000_000
STOP_FILE, SIGNAL = "STOP_FILE", "SIGNAL"


class Brakes:
    """Called by the loop: `tick` when `due_ns` has come, `turned` after each turn."""

    def __init__(self, core: Core, stop_file: StopFile, clock: Clock) -> None:
        self.due_ns = 0
        self._core = core
        self._stop_file = stop_file
        self._clock = clock
        self._clock_due_ns = 0
        self._signals: list[str] = []
        self._longest_ns = 0

    def signal(self, name: str) -> None:
        """Kill everything with the next turn. For any thread and for signal handlers."""
        self._signals.append(name)
        self.due_ns = 0

    def turned(self, took_ns: int) -> None:
        """Hear how long a turn of the loop has taken."""
        self._longest_ns = max(self._longest_ns, took_ns)

    def begin(self, now_ns: int) -> Iterator[Effect]:
        """Look before anybody is heard: a file that is there holds from the start."""
        yield from self._obey(self._stop_file.look(patient=False), now_ns)

    def tick(self, now_ns: int) -> Iterator[Effect]:
        """Look at everything."""
        self.due_ns = now_ns + EVERY_NS
        signals, self._signals = self._signals, []
        for name in signals:
            logger.critical("{}: everything is killed", name)
            yield from self._core.kill("", SIGNAL, f"the signal {name}", now_ns)
        yield from self._obey(self._stop_file.look(), now_ns)
        longest_ns, self._longest_ns = self._longest_ns, 0
        yield from self._core.loop_lag(longest_ns // MS, now_ns)
        if now_ns >= self._clock_due_ns:
            self._clock_due_ns = now_ns + CLOCK_EVERY_NS
            step_ms = self._clock.step_ns() // MS
            if step_ms:
                logger.warning("the machine's clock was moved by {} ms; ours goes on", step_ms)
                yield from self._core.clock_step(step_ms, now_ns)

    def _obey(self, stop: Stop | None, now_ns: int) -> Iterator[Effect]:
        held = self._stop_file.held
        self._core.held_by_file(held.scope if held is not None else None)
        if stop is not None:
            yield from self._core.kill(stop.scope, STOP_FILE, stop.reason, now_ns)
