"""What a decision can do: say something to a session, or note something to ourselves.

Duty of the caller: apply each effect to the book before asking for the next one. Decisions are
generators, so that what follows is decided on the state that the effect has made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from protocol import codec
from protocol.fields import GATEWAY
from protocol.messages import Message, Note


class To(NamedTuple):
    """Say this to that session. The session layer numbers and encodes it."""

    session: str
    message: Message


class Jot(NamedTuple):
    """A note to ourselves: its kind, a body of JSON values (money as text), whom it is about."""

    kind: str
    body: dict[str, Any]
    session: str = ""

    def message(self) -> Note:
        """Write it as the private message U2."""
        return Note(note_kind=self.kind, note_body=msgspec.json.encode(self.body).decode())

    def frame(self, sending_time: str, seq: int) -> bytes:
        """Write it as it is journaled."""
        return codec.encode(
            self.message(),
            sender_comp_id=GATEWAY,
            target_comp_id=GATEWAY,
            msg_seq_num=seq,
            sending_time=sending_time,
        )


Effect = To | Jot
Effects = Iterator[Effect]
