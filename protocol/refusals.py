"""How a session says no: what can be wrong with a header, and the Reject or Logout that says so.

A fault in a field costs the message (Reject, FIX 4.4 vol. 2). A fault in who sent it, or when,
costs the session: Reject, then Logout.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec.structs import replace

from protocol.errors import InvalidMessage
from protocol.fields import SessionRejectReason as Reason
from protocol.fields import describe
from protocol.messages import Logout, Message, Reject
from protocol.messages.base import TEXT_MAX
from protocol.session_states import SEQUENCE, Kind, Verdict, judge, order_of
from protocol.timestamps import format_utc, parse_utc

_is_number = re.compile(r"[0-9]{1,18}", re.ASCII).fullmatch
_is_name = re.compile(r"[!-<>-~]{1,64}").fullmatch


class Fault(NamedTuple):
    """What is wrong with a message: SessionRejectReason, the tag, a sentence, and how bad it is."""

    reason: Reason
    ref_tag: int
    text: str
    ends: bool
    """The session ends with it."""


UNREADABLE = Fault(Reason.OTHER, 0, "the message cannot be read", ends=True)


class Turn(NamedTuple):
    """A message's place in the sequence, what becomes of it there, and its fault if it has one."""

    number: int
    verdict: Verdict
    fault: Fault | None


def examine(
    message: Message | InvalidMessage,
    next_in: int,
    now_ns: int,
    sender: str,
    target: str,
    window_ns: int,
) -> Turn:
    """Judge number and header of a message of `sender` to `target`."""
    if isinstance(message, Message):
        fault = _find_fault(message, now_ns, sender, target, window_ns)
        return Turn(message.msg_seq_num, judge(message, next_in), fault)
    header = message.header
    number = header.get("34", "")
    if not _is_number(number) or (header.get("49"), header.get("56")) != (sender, target):
        text = f"cannot tell whose message this is: {message.text}"
        return Turn(0, Verdict.BREAK, Fault(Reason.OTHER, 0, text, ends=True))
    verdict = SEQUENCE[Kind.OTHER][order_of(int(number), next_in), header.get("43") == "Y"]
    fault = Fault(Reason(message.reason), message.ref_tag, message.text, ends=False)
    return Turn(int(number), verdict, fault)


def _find_fault(
    message: Message, now_ns: int, sender: str, target: str, window_ns: int
) -> Fault | None:
    for tag, received, expected in (
        (49, message.sender_comp_id, sender),
        (56, message.target_comp_id, target),
    ):
        if received != expected:
            text = f"{describe(tag)}: received {received[:64]!r}, expected {expected!r}"
            return Fault(Reason.COMP_ID_PROBLEM, tag, text, ends=True)
    sending_time = message.sending_time
    if abs(now_ns - parse_utc(sending_time)) > window_ns:
        text = f"{describe(52)}: received {sending_time}, here it is {format_utc(now_ns)}"
        return Fault(Reason.SENDING_TIME_ACCURACY_PROBLEM, 52, text, ends=True)
    if not message.poss_dup_flag:
        return None
    original = message.orig_sending_time
    if original is None:
        text = f"{describe(122)} is missing although 43=Y"
        return Fault(Reason.REQUIRED_TAG_MISSING, 122, text, ends=False)
    if parse_utc(original) > parse_utc(sending_time):
        text = f"{describe(122)} {original} is later than {describe(52)} {sending_time}"
        return Fault(Reason.SENDING_TIME_ACCURACY_PROBLEM, 122, text, ends=True)
    return None


def reject(message: Message | InvalidMessage, number: int, fault: Fault) -> Reject:
    """Write the Reject. The type of a message that could not be decoded may be nonsense."""
    return Reject(
        ref_seq_num=number,
        ref_tag_id=fault.ref_tag or None,
        ref_msg_type=message.msg_type if _is_name(message.msg_type) else None,
        session_reject_reason=fault.reason,
        text=fault.text,
    )


def goodbye(text: str | None) -> Logout:
    """Write the Logout with a reason, if there is one."""
    return Logout(text=text or None)


def too_low(expected: int, received: int) -> str:
    """Say it as every FIX engine says it; people search their logs for these words."""
    return f"MsgSeqNum too low, expecting {expected} but received {received}"


def sayable(message: Message) -> Message:
    """Cut Text (58) to what it may hold, so that no explanation can fail for its length.

    A text often quotes what somebody else has said. This is the one place that clips: what is
    applied, journaled and sent is what comes out of here.
    """
    text: str | None = getattr(message, "text", None)
    if text is None or (0 < len(text) <= TEXT_MAX and "\x01" not in text):
        return message
    text = text.replace("\x01", "|")
    clipped = text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
    return replace(message, text=clipped or None)
