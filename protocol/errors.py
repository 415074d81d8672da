"""What can be wrong with a message, and whose fault it is.

    ProtocolError                 never raised itself
    ├── GarbledMessage            the bytes are not a FIX message: ignore them, the gap will show
    ├── InvalidMessage            a FIX message that breaks a rule: answer Reject (35=3), go on
    ├── EncodeError               *we* tried to say something that cannot be said: a bug of ours
    └── SessionError              *we* asked a session for what its state forbids: a bug of ours

Decoding arbitrary bytes raises GarbledMessage or InvalidMessage and nothing else.
"""

from __future__ import annotations


class ProtocolError(Exception):
    """Base of everything this room raises."""


class GarbledMessage(ProtocolError):  # noqa: N818 - FIX 4.4 vol. 2 calls it a garbled message
    """The frame has no trustworthy beginning, length or checksum (FIX 4.4 vol. 2, "Valid message").

    A garbled message is ignored: its sequence number is not consumed, so the gap shows.
    """


class InvalidMessage(ProtocolError):  # noqa: N818 - FIX 4.4 vol. 2: "invalid message"
    """A framed message whose content breaks a rule; it still consumes its sequence number.

    `header` holds what could be read of the standard header, tag text to value text.
    `reason` is SessionRejectReason (373), `ref_tag` the offending tag or 0.
    """

    def __init__(
        self, text: str, *, reason: int, ref_tag: int, msg_type: str, header: dict[str, str]
    ) -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason
        self.ref_tag = ref_tag
        self.msg_type = msg_type
        self.header = header


class EncodeError(ProtocolError, ValueError):
    """A message of ours cannot be put on the wire: a float, a control character, a NaN."""


class SessionError(ProtocolError, RuntimeError):
    """A session was asked for something that its state does not allow, such as two Logons."""
