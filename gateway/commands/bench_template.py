"""Frames by filling in blanks: what drives a measurement must be cheaper than what it measures.

Rules: the codec writes the frame once; after that only what differs is put in, and BodyLength and
CheckSum are made anew. A blank is `<name>` in a text field; number and times are always blank.
"""

from __future__ import annotations

from journal.format import Direction
from protocol import codec
from protocol.messages import Message

AT, NUMBER = "20010101-00:00:00.000000", 7_777_777
BLANKS = ("order", "asked", "exec", "trade")

Life = dict[str, str]


class Template:
    """One message of every life: its frame is made by filling in what differs."""

    def __init__(self, direction: Direction, session: str, message: Message) -> None:
        inwards = direction is Direction.IN
        frame = codec.encode(
            message,
            sender_comp_id=session if inwards else "GATEWAY",
            target_comp_id="GATEWAY" if inwards else session,
            msg_seq_num=NUMBER, sending_time=AT,
        )  # fmt: skip
        text = codec.unwrap(frame).replace(str(NUMBER), "{number}").replace(AT, "{at}")
        for name in BLANKS:
            text = text.replace(f"<{name}>", f"{{{name}}}")
        self.direction = direction
        self.session = session
        self._text = text

    def frame(self, life: Life, number: int) -> bytes:
        """Write this message of a life."""
        return codec.wrap(self._text.format(number=number, **life))
