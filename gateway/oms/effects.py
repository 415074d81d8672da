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


NOTE_ENTRIES = 128
"""Entries of a list in one note: the longest ids, each character escaped, still fit a frame."""


def in_parts(kind: str, body: dict[str, Any], *names: str) -> Iterator[Jot]:
    """Note something in as many notes as fit a frame: `names` are its lists and tables to cut.

    To apply the parts, one after the other, must come to what the whole would have been.
    """
    longest = max(len(body[name]) for name in names)
    for start in range(0, max(longest, 1), NOTE_ENTRIES):
        yield Jot(kind, {**body, **{name: _cut(body[name], start) for name in names}})


def _cut(entries: Any, start: int) -> Any:
    end = start + NOTE_ENTRIES
    if isinstance(entries, dict):
        return dict(list(entries.items())[start:end])
    return entries[start:end]


Effect = To | Jot
Effects = Iterator[Effect]
