"""Virtual time: what is due when, and how the trade server's clock is wrong against UTC.

Nothing here reads a clock. A test, or a real-time driver, calls `advance`; what is due happens in
its order and sees the time at which it is due. Times are UTC milliseconds unless they say server.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
MONDAY_MS = 1_704_103_200_000
"""2024-01-01, 10:00 UTC: a Monday, when currencies trade (the default start)."""


def hours(number):
    """Return a server offset that is the same all year."""
    return lambda _utc_ms: int(number * 3600)


def changes(at_ms, before, after):
    """Return a server offset that is another one, both in hours, from a moment (UTC) on."""
    return lambda utc_ms: int((before if utc_ms < at_ms else after) * 3600)


def zone(name):
    """Return the offset of a zone, with its summer time."""
    def offset(utc_ms):
        moment = datetime.fromtimestamp(utc_ms / 1000, UTC)
        return int(moment.astimezone(ZoneInfo(name)).utcoffset().total_seconds())

    return offset


def new_york_close(utc_ms):
    """Return the usual offset of currency brokers in seconds: midnight is 17:00 in New York."""
    moment = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(ZoneInfo("America/New_York"))
    return int((moment.utcoffset() + timedelta(hours=7)).total_seconds())


class Clock:
    """Time in the test's hand, and the things that are due."""

    def __init__(self, now_ms=MONDAY_MS, offset=None):
        self.now_ms = now_ms
        self.offset = offset or hours(2)
        self._due = []
        self._order = count()
        self._running = False

    def server_ms(self, utc_ms=None):
        """Return the server's wall clock, as milliseconds of a clock that is taken for UTC."""
        utc_ms = self.now_ms if utc_ms is None else utc_ms
        return utc_ms + self.offset(utc_ms) * 1000

    def utc_ms(self, server_ms):
        """Return the UTC moment of a server time; of an hour that comes twice, the first."""
        guess = server_ms - self.offset(server_ms) * 1000
        return server_ms - self.offset(guess) * 1000

    def next_day_ms(self):
        """Return when the next server day begins, in UTC."""
        server = self.server_ms()
        return self.utc_ms(server - server % DAY_MS + DAY_MS)

    def at(self, utc_ms, deed):
        """Let a deed happen at a moment, or with the next advance if that is past."""
        heapq.heappush(self._due, (max(utc_ms, self.now_ms), next(self._order), deed))

    def after(self, ms, deed):
        """Let a deed happen so many milliseconds from now."""
        self.at(self.now_ms + ms, deed)

    def next_due_ms(self):
        """Return when something is due next, or None."""
        return self._due[0][0] if self._due else None

    def advance(self, ms=0):
        """Let time pass; 0 does what is due now."""
        self.advance_to(self.now_ms + ms)

    def advance_to(self, utc_ms):
        """Let it be so late; what is due before happens on the way."""
        self._enter()
        try:
            while self._due and self._due[0][0] <= utc_ms:
                self._step()
            self.now_ms = max(self.now_ms, utc_ms)
        finally:
            self._running = False

    def run_until(self, done, limit_ms=600_000):
        """Let time pass until `done()` is true, but no longer than the limit; return whether."""
        self._enter()
        end = self.now_ms + limit_ms
        try:
            while not done():
                if not self._due or self._due[0][0] > end:
                    self.now_ms = max(self.now_ms, end)
                    return False
                self._step()
        finally:
            self._running = False
        return True

    def _enter(self):
        if self._running:
            msg = "received advance inside of something that is due, expected it from the test"
            raise RuntimeError(msg)
        self._running = True

    def _step(self):
        self.now_ms, _, deed = heapq.heappop(self._due)
        deed()
