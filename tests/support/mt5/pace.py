"""Real time for what is virtual: a thread that lets the clock follow the machine's.

    pace = Pace(terminal)                 # more terminals of one server, if there are
    with pace:                            # runs
        with pace.lock:                   # whoever touches server or terminal from outside
            server.quote(…)
        mt5.order_send(…)                 # the package's functions lock by themselves

A blocking call lets go of the lock while it waits. Begin with the machine's own time if a gateway
shall believe it: `Clock(now_ms=real_ms())`, with symbols that are open at weekends (`ALWAYS`).
"""

from __future__ import annotations

import threading
import time

TICK_S = 0.005


def real_ms():
    """Return the machine's time, UTC."""
    return time.time_ns() // 1_000_000


class Pace:
    """One clock, made to run."""

    def __init__(self, *terminals, speed=1):
        self.clock = terminals[0].clock
        self.speed = speed
        self.lock = threading.RLock()
        self._turned = threading.Condition(self.lock)
        self._thread = None
        self._going = False
        self._broken = None
        for terminal in terminals:
            terminal.guard = self.lock
            terminal.wait = self.wait

    def __enter__(self):
        self._going = True
        self._start = (time.monotonic(), self.clock.now_ms)
        self._thread = threading.Thread(target=self._run, name="pace", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        with self.lock:
            self._going = False
            self._turned.notify_all()
        self._thread.join()
        if self._broken is not None:
            raise self._broken

    def _now_ms(self):
        began, at_ms = self._start
        return at_ms + int((time.monotonic() - began) * 1000 * self.speed)

    def _run(self):
        with self.lock:
            while self._going:
                try:
                    self.clock.advance_to(self._now_ms())
                except Exception as problem:  # noqa: BLE001 - it is raised at the end of the test
                    self._broken, self._going = problem, False
                self._turned.notify_all()
                self._turned.wait(TICK_S)

    def wait(self, done, limit_ms=600_000):
        """Wait until `done()` is true, or so long; return whether."""
        end = self._now_ms() + limit_ms
        with self.lock:
            while not done():
                if self._now_ms() >= end or not self._going:
                    return False
                self._turned.wait(TICK_S)
        return True
