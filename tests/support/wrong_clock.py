"""A gateway on a machine whose wall clock somebody sets: run in place of `portcullis` by tests.

    python wrong_clock.py FILE run --config …

FILE holds by how many ms the wall clock is wrong, and may be written at any time; without it the
clock is right. Everything else is the shipped code, and elapsed time is what it is: so it is for a
process when an operator, or a time daemon, sets the clock.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

MS_NS = 1_000_000


class WrongClock:
    """The wall clock, wrong by what a file says."""

    def __init__(self, path, right):
        self._path = path
        self._right = right

    def __call__(self):
        """Return the time as this machine believes it to be, ns since the epoch."""
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            text = ""
        return self._right() + int(text or 0) * MS_NS


if __name__ == "__main__":
    time.time_ns = WrongClock(Path(sys.argv.pop(1)), time.time_ns)
    from gateway.commands import main  # only now: nobody shall have the right clock in hand

    sys.exit(main())
