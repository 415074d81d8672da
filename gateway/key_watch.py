"""What happens when keys come or go while we run: the sessions of a revoked one end at once.

Rules: a session ends because its key is not its own any more, whatever its file is called now. The
connections of market data have no sessions: all of them are cut, and who is still allowed comes
back by itself. Each change is journaled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from loguru import logger

from gateway.access import Access
from gateway.errors import GatewayError
from gateway.oms.effects import Jot

NAMES = 32
"""So many names of keys in one note."""


class Connections(Protocol):
    """What has connections without sessions (`gateway.feed_proxy.FeedProxy`)."""

    def reopen(self) -> None:
        """Cut every connection. Raises GatewayError."""
        ...


class KeyWatch:
    """Called by the loop's upkeep. `expel` ends sessions and names them."""

    def __init__(
        self, access: Access, expel: Callable[[int], list[str]], feeds: Connections | None
    ) -> None:
        self._access = access
        self._expel = expel
        self._feeds = feeds
        self._cut_due = self._down = False

    def __call__(self, now_ns: int) -> Iterator[Jot]:
        """Look at the folder; yield what is to be written down."""
        changed = self._access.refresh()
        if changed.added or changed.removed:
            names = {"added": changed.added[:NAMES], "removed": changed.removed[:NAMES]}
            yield Jot("ALERT", {"alert": "KEYS_CHANGED", **names})
        if changed.removed:
            for name in self._expel(now_ns):
                yield Jot("ALERT", {"alert": "KEY_REVOKED"}, name)
            self._cut_due = True
        if self._cut_due and self._feeds is not None:
            yield from self._cut(self._feeds)

    def _cut(self, feeds: Connections) -> Iterator[Jot]:
        """Cut them; while that fails they are down for everybody, and it is tried again."""
        try:
            feeds.reopen()
        except GatewayError as problem:
            if not self._down:
                logger.critical("market data is down, and is tried again: {}", problem)
                yield Jot("ALERT", {"alert": "FEEDS_DOWN", "why": str(problem)})
            self._down = True
        else:
            self._cut_due = self._down = False
