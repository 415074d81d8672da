"""How a Logon proves who sent it: an HMAC over what makes it unique, so the token never travels.

    554 = lower-case hex of HMAC-SHA256(key = token, text = "52|34|49|56|96")

52 SendingTime, 34 MsgSeqNum, 49 SenderCompID, 56 TargetCompID, 96 the nonce, as they stand in the
Logon, joined by `|`. A Logon that is copied off the wire is useless: its nonce is used, and after
the window its time is stale. Used nonces therefore need remembering only for the window.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque

from msgspec.structs import replace

from protocol.messages import Logon
from protocol.timestamps import parse_utc

NONCE_LENGTH_MIN = 8
"""Fewer characters than this are refused: a nonce must not repeat by accident."""


def sign(
    token: bytes,
    *,
    sending_time: str,
    msg_seq_num: int,
    sender_comp_id: str,
    target_comp_id: str,
    nonce: str,
) -> str:
    """Compute the Password (554) of a Logon with these values."""
    text = f"{sending_time}|{msg_seq_num}|{sender_comp_id}|{target_comp_id}|{nonce}"
    return hmac.new(token, text.encode(), hashlib.sha256).hexdigest()


def signed(  # noqa: PLR0917 - the same
    logon: Logon,
    token: bytes,
    nonce: str,
    sending_time: str,
    msg_seq_num: int,
    sender_comp_id: str,
    target_comp_id: str,
) -> Logon:
    """Return the Logon with nonce and Password (95, 96, 554) for a header of these values."""
    password = sign(
        token,
        sending_time=sending_time,
        msg_seq_num=msg_seq_num,
        sender_comp_id=sender_comp_id,
        target_comp_id=target_comp_id,
        nonce=nonce,
    )
    length = len(nonce.encode())
    return replace(logon, raw_data=nonce, raw_data_length=length, password=password)


def verify(logon: Logon, token: bytes) -> bool:
    """Tell in constant time whether the Logon was signed with this token."""
    if not logon.password or not logon.raw_data or len(logon.raw_data) < NONCE_LENGTH_MIN:
        return False
    if logon.raw_data_length != len(logon.raw_data.encode()):
        return False
    expected = sign(
        token, sending_time=logon.sending_time, msg_seq_num=logon.msg_seq_num,
        sender_comp_id=logon.sender_comp_id, target_comp_id=logon.target_comp_id,
        nonce=logon.raw_data,
    )  # fmt: skip
    return hmac.compare_digest(expected.encode(), logon.password.encode())


class NonceLog:
    """The nonces of the last window. Ask it only about a Logon that `verify` has passed.

    Anybody can make up nonces, only a holder of the token can sign them: so the log is as long as
    the honest Logons of two windows, whoever knocks.

    It is forgotten with its process. So that a Logon which the last process heard cannot be played
    to the next one, `not_before_ns` is when the last one was last alive: what was signed until then
    is refused, and an honest peer signs anew.
    """

    def __init__(self, *, window_ms: int = 120_000, not_before_ns: int = 0) -> None:
        self._window_ns = window_ms * 1_000_000
        self._not_before_ns = not_before_ns
        self._seen: set[tuple[str, str]] = set()
        self._oldest_first: deque[tuple[int, tuple[str, str]]] = deque()

    def __len__(self) -> int:
        return len(self._seen)

    def admit(self, logon: Logon, now_ns: int) -> str | None:
        """Remember the nonce and return None, or return why this Logon may not come in."""
        signed_ns = parse_utc(logon.sending_time)
        if abs(now_ns - signed_ns) > self._window_ns:
            return "STALE_LOGON: SendingTime(52) is too far from the gateway's clock"
        if signed_ns <= self._not_before_ns:
            return "STALE_LOGON: SendingTime(52) is older than this start of the gateway; sign anew"
        while self._oldest_first and self._oldest_first[0][0] < now_ns:
            self._seen.discard(self._oldest_first.popleft()[1])
        key = (logon.sender_comp_id, logon.raw_data or "")
        if key in self._seen:
            return "NONCE_USED: RawData(96) has been used before"
        self._seen.add(key)
        # A signed time may lie a window ahead, and stays acceptable for a window after that.
        self._oldest_first.append((now_ns + 2 * self._window_ns, key))
        return None
