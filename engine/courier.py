"""Carries frames between a Connection and its Link: what every shell does at every turn.

The one place on the strategy side where a Connection meets a socket and a clock. The blocking
client, the asyncio client and the runner differ only in how they wait between two turns.
"""

from __future__ import annotations

import time
from pathlib import Path

from loguru import logger

from engine.connection import Connection, LinkEvent, News, Standing, Terms
from engine.link import Curve, Link
from engine.sent_store import Memory, SentStore

MS = 1_000_000
FULL_PIPE_PAUSE_MS = 10
"""ZeroMQ does not wake us when a full pipe has room again."""


class Clock:
    """UTC in ns since the epoch, which never runs back within a process."""

    def __init__(self) -> None:
        self._last_ns = 0

    def __call__(self) -> int:
        """Return the time now."""
        self._last_ns = max(self._last_ns, time.time_ns())
        return self._last_ns


clock = Clock()


def open_memory(store_dir: Path | str | None, comp_id: str, now_ns: int) -> Memory:
    """Open the durable store of a CompID, or one that lives as long as the process."""
    if store_dir is None:
        return Memory(now_ns)
    return SentStore(store_dir, comp_id, now_s=now_ns // 1_000_000_000)


class Courier:
    """A Connection, its Link, and the turn between them."""

    def __init__(
        self, endpoint: str, terms: Terms, memory: Memory, *, curve: Curve | None = None
    ) -> None:
        self.memory = memory
        self.connection = Connection(terms, memory)
        self.link = Link(endpoint, curve=curve)

    def turn(self) -> list[LinkEvent]:
        """Read, let time pass, write; return what happened to the session meanwhile."""
        connection, link, now_ns = self.connection, self.link, clock()
        for frame in link.receive(0):
            connection.receive(frame, now_ns)
        if link.dropped():
            connection.lost(link.refusal or "the connection broke", now_ns)
        connection.tick(now_ns)
        if connection.take_reopen():
            link.reopen()
        self.flush()
        happened = []
        while connection.events:
            event = connection.events.popleft()
            _log(connection.terms.comp_id, event)
            happened.append(event)
        return happened

    def flush(self) -> None:
        """Send what waits, as far as the pipe takes it."""
        outbox = self.connection.outbox
        while outbox and self.link.send(outbox[0]):
            outbox.popleft()

    def wait_ms(self, until_ns: int | None) -> int | None:
        """Return how long to sleep: until the next duty or `until_ns`, whichever is first."""
        times = [t for t in (self.connection.deadline_ns(), until_ns) if t is not None]
        if self.connection.outbox:
            times.append(clock() + FULL_PIPE_PAUSE_MS * MS)
        if not times:
            return None
        return max(0, -(-(min(times) - clock()) // MS))

    @property
    def closed(self) -> bool:
        """True once the session was ended from our side."""
        return self.connection.standing is Standing.CLOSED

    def close(self) -> None:
        """Drop the link at once and close the memory; a second time does nothing."""
        self.link.close()
        self.memory.close()


def _log(comp_id: str, event: LinkEvent) -> None:
    level = "INFO" if event.news is News.UP else "WARNING"
    logger.log(level, "{}: {}: {}", comp_id, event.news.value, event.text)
