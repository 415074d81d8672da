"""Whose request leaves next, at an exchange where those of one key must arrive as they were signed.

Kraken refuses a nonce that is not greater than the one before it, and two requests on two
connections may overtake each other. So one is out at a time. Rules: an order or a cancel goes
before every question that waits; it waits for the one that is out no longer than `PATIENCE_S`, and
then goes all the same. The one that it overtakes then either has arrived or is refused for its
nonce, which proves that it was not done. A question waits until nothing is out. That nonces rise,
also while the clock stands still or is set back, is ccxt's doing (`incrementing_nonce`).
"""

from __future__ import annotations

import asyncio
from collections import deque

PATIENCE_S = 0.15

Waiting = deque["asyncio.Future[None]"]


class Turns:
    """The requests of one key; used from one event loop."""

    def __init__(self) -> None:
        self._out = 0
        self._urgent: Waiting = deque()
        self._calm: Waiting = deque()

    async def enter(self, *, urgent: bool) -> None:
        """Wait for the turn; `leave` must follow, whatever happens to the request."""
        if not self._out:
            self._out += 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        (self._urgent if urgent else self._calm).append(turn)
        timer = loop.call_later(PATIENCE_S, self._let_go, turn) if urgent else None
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def leave(self) -> None:
        """Let the next one go."""
        self._out -= 1
        for waiting in (self._urgent, self._calm):
            while waiting and not self._out:
                self._let_go(waiting.popleft())

    def _let_go(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            self._out += 1
            turn.set_result(None)
