"""What a session answers: a message that got its number, and what follows from a message or time.

The caller handles a Reaction in the order of its fields, and handles all of them.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.messages import Message, Reject


class Sent(NamedTuple):
    """A message with its number and its bytes. Number 0: it took none, send it, never store it."""

    msg_seq_num: int
    message: Message
    frame: bytes


class Reaction(NamedTuple):
    """What follows from a message, or from time passing."""

    consumed: bool = False
    """The frame took a sequence number of the peer's: remember it."""
    deliver: Message | None = None
    """An application message in its turn; for an acceptor also the Logon it has to judge."""
    replies: tuple[Sent, ...] = ()
    """What the session itself says now, numbered and encoded: store, then send."""
    resend: tuple[int, int] | None = None
    """The peer asks for these of ours again, first and last, inclusive: `resend_frames`."""
    disconnect: str | None = None
    """After the replies, drop the link the frame came on, for this reason."""
    rejected: Reject | None = None
    """The peer's session refused a message of ours: what it asked for will never happen."""


NOTHING = Reaction()
