"""What the shell asks of what decides: the one seam between the loop and the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from gateway.oms.effects import Effect
from protocol.messages import Message

Effects = Iterable[Effect]
"""What the core wants: each is a To or a Jot, and is applied before the next is asked for."""


class Core(Protocol):
    """What decides (`gateway.oms.core.Core`)."""

    @property
    def shutdown_asked(self) -> bool:
        """Whether a person has asked the gateway to stop."""
        ...

    @property
    def is_wound_down(self) -> bool:
        """Whether an orderly stop has nothing left to wait for."""
        ...

    def start(self, epoch: int, version: str, now_ns: int, **found: Any) -> Effects:
        """Note the start of a process, and what it found."""
        ...

    def wind_down(self, now_ns: int) -> Effects:
        """Begin an orderly stop: nothing new, and cancel what rests if that is wanted."""
        ...

    def stop(self, now_ns: int) -> Effects:
        """Note the orderly stop."""
        ...

    def kill(self, scope: str, who: str, reason: str, now_ns: int) -> Effects:
        """Kill a scope for what is no session: a STOP file, a signal."""
        ...

    def held_by_file(self, scope: str | None) -> None:
        """Hear what a STOP file holds now (empty: all), None when there is none."""
        ...

    def loop_lag(self, lag_ms: int, now_ns: int) -> Effects:
        """Hear how late the loop came to what it had to do."""
        ...

    def clock_step(self, step_ms: int, now_ns: int) -> Effects:
        """Hear that the machine's clock was moved."""
        ...

    def receive(self, session: str, message: Message, now_ns: int) -> Effects:
        """Decide on a message in its turn."""
        ...

    def session_up(self, session: str, now_ns: int) -> Effects:
        """Hear that a session is logged on."""
        ...

    def session_down(self, session: str, how: str, now_ns: int) -> Effects:
        """Hear that a session has ended: DISCONNECT, LOGOUT or TAKEOVER."""
        ...

    def send_refused(self, session: str, message: Message, now_ns: int) -> Effects:
        """Hear that a venue was never handed this message."""
        ...

    def peer_rejected(self, session: str, now_ns: int) -> Effects:
        """Hear that a peer refused a frame of ours (35=3)."""
        ...

    def tick(self, now_ns: int) -> Effects:
        """Do what time asks for."""
        ...

    def next_deadline_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        ...

    def digest(self) -> str:
        """Return the digest of the whole state."""
        ...
