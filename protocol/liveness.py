"""Whether the peer is still there, and what is missing of what it said.

Two small machines beside the conversation (see session_states.py): `Liveness` measures silence,
`Gap` remembers what has been asked for again. Neither knows a message or a clock.
"""

from __future__ import annotations

from typing import Final

from protocol.timestamps import SECOND_NS

TEST_AFTER: Final = 1.2
"""Silence in heartbeat intervals after which the peer is asked to say something."""
DROP_AFTER: Final = 2.4
"""Silence in heartbeat intervals after which the peer is taken for dead."""

VANISHED: Final = {
    "TCP_KEEPALIVE": 1, "TCP_KEEPALIVE_IDLE": 2, "TCP_KEEPALIVE_INTVL": 2,
    "TCP_KEEPALIVE_CNT": 2, "TCP_MAXRT": 6_000,
}  # fmt: skip
"""ZeroMQ's options by which TCP itself drops a peer whose machine is gone, after some 6 s.

Seconds, a count, and ms for what it does not confirm. Not by heartbeats of ZMTP: in libzmq 4.3.5
their timer aborts the process when it meets a broken connection with a full pipe.
"""


class Liveness:
    """Time since the last frame in and the last frame out, in heartbeat intervals.

    The multiples are QuickFIX's (SessionState.h), so that two engines agree on who is dead.
    """

    __slots__ = ("interval_ns", "last_in_ns", "last_out_ns", "tested")

    def __init__(self, heart_bt_int: int) -> None:
        self.interval_ns = heart_bt_int * SECOND_NS
        self.last_in_ns = 0
        self.last_out_ns = 0
        self.tested = False

    def heard(self, now_ns: int) -> None:
        """Note that the peer said something, whatever it was."""
        self.last_in_ns = now_ns
        self.tested = False

    def is_dead(self, now_ns: int) -> bool:
        """Tell whether the peer has been silent for too long."""
        return now_ns - self.last_in_ns >= int(self.interval_ns * DROP_AFTER)

    def test_is_due(self, now_ns: int) -> bool:
        """Tell whether to ask the peer to say something: once per silence."""
        return not self.tested and now_ns - self.last_in_ns >= int(self.interval_ns * TEST_AFTER)

    def heartbeat_is_due(self, now_ns: int) -> bool:
        """Tell whether we ourselves have been silent for an interval."""
        return now_ns - self.last_out_ns >= self.interval_ns

    def next_deadline_ns(self) -> int:
        """Return when one of the three above becomes true."""
        patience = DROP_AFTER if self.tested else TEST_AFTER
        silence_ends = self.last_in_ns + int(self.interval_ns * patience)
        return min(self.last_out_ns + self.interval_ns, silence_ends)


class Gap:
    """What is missing of the peer's messages, and whether we have asked for it.

    One question for each number at which a gap begins: the answer to the first question brings all
    of it, so a second one before there is progress would only double the answer. When the answer
    gets lost on the way, nothing moves; then an interval of patience later we ask again.
    """

    __slots__ = ("_asked_for", "_asked_ns", "_until")

    def __init__(self) -> None:
        self._until = 0
        self._asked_for = 0
        self._asked_ns = 0

    def forget(self) -> None:
        """Start over: the numbers, or the link on which we asked, are no more."""
        self._until = self._asked_for = self._asked_ns = 0

    def is_open(self, next_in: int) -> bool:
        """Tell whether the peer has said something beyond what we have."""
        return self._until >= next_in

    def widen(self, seen: int) -> None:
        """Note that the peer has said this number."""
        self._until = max(self._until, seen)

    def ask(self, next_in: int, now_ns: int, patience_ns: int) -> bool:
        """Tell whether to ask for everything from `next_in` on, and take it as asked."""
        if self._asked_for == next_in and now_ns < self._asked_ns + patience_ns:
            return False
        self._asked_for = next_in
        self._asked_ns = now_ns
        return True

    def next_deadline_ns(self, patience_ns: int) -> int:
        """Return when an open gap is to be asked about: at once if it never was."""
        return self._asked_ns + patience_ns if self._asked_for else 0
