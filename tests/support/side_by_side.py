"""Many lives in one loop, in real time: what they mostly do is wait.

A life is a generator that yields (what, condition) and goes on when it is so. Its world has a
`turn`, which lets it do what is due.
"""

from __future__ import annotations

import time
import traceback

from support.waiting import breathe

STEP_MS = 2
LOOK_S = 0.03
"""So often is a condition looked at."""
PATIENCE_S = 20
LIFE_S = 100
"""The longest that a condition, and a life, may take."""


class Waiting:
    """A life in a world: a generator that yields (what, condition) and goes on when it is so."""

    def __init__(self, name, world, life, patience_s, life_s):
        self.name = name
        self._patience_s, self._life_s = patience_s, life_s
        self.world = world
        self.problem = ""
        self.is_over = False
        self._life = life
        self._what = "its beginning"
        self._condition = lambda: True
        self._since = self._began = time.monotonic()
        self._look = 0.0

    def turn(self):
        """Let the world live, and the life go on if what it waits for has come."""
        now = time.monotonic()
        try:
            self.world.turn()
            if now >= self._look:
                self._look = now + LOOK_S
                self._go_on(now)
        except StopIteration:
            self.is_over = True
        except Exception as problem:  # noqa: BLE001 - the others live on; this one is shown
            self._fail("".join(traceback.format_exception(problem)[-4:]))

    def _go_on(self, now):
        if self._condition():
            self._what, self._condition = next(self._life)
            self._since = now
        elif now - self._since > self._patience_s:
            self._fail(f"waited {self._patience_s} s for {self._what}")
        if now - self._began > self._life_s:
            self._fail(f"was not over after {self._life_s} s")

    def _fail(self, problem):
        self.problem, self.is_over = f"{problem} (after {self._what})", True


def side_by_side(lives, patience_s=PATIENCE_S, life_s=LIFE_S):
    """Let lives, as (name, world, generator), go on together; return those that went wrong."""
    all_of_them = [Waiting(*life, patience_s, life_s) for life in lives]
    going = list(all_of_them)
    while going:
        for one in going:
            one.turn()
        going = [one for one in going if not one.is_over]
        breathe(STEP_MS)
    return [one for one in all_of_them if one.problem]
