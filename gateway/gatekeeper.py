"""Who may log on: a configured CompID, at its own door, with its token where one is set.

Rules: a refusal is the text of the Logout that answers it. Nothing of a session moves before its
Logon has passed here: a stranger costs an honest peer not even a sequence number.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.transport import Door
from protocol.authentication import NonceLog, verify
from protocol.fields import OPERATOR
from protocol.messages import Logon

Tokens = Mapping[Door, Mapping[str, bytes | None]]
"""Who may come in at which door, and the token that proves it (None: the name is enough)."""


class Gatekeeper:
    """Judges Logons. `last_alive_ns` is when the gateway before this one was last alive."""

    def __init__(
        self, comp_id: str, tokens: Tokens, *, sending_time_window_ms: int, last_alive_ns: int = 0
    ) -> None:
        self._comp_id = comp_id
        self._tokens = tokens
        self._nonces = NonceLog(window_ms=sending_time_window_ms, not_before_ns=last_alive_ns)

    def judge(self, door: Door, logon: Logon, now_ns: int) -> str | None:
        """Return why this Logon may not come in, or None when it may."""
        name = logon.sender_comp_id
        known = self._tokens.get(door, {})
        if name not in known:
            return f"UNKNOWN_COMP_ID: SenderCompID(49)={name[:64]} is not served at this endpoint"
        if logon.target_comp_id != self._comp_id:
            return (
                f"UNKNOWN_COMP_ID: received TargetCompID(56)={logon.target_comp_id[:64]},"
                f" expected {self._comp_id}"
            )
        token = known[name]
        if token is not None:
            if not verify(logon, token):
                return (
                    "AUTHENTICATION_FAILED: Password(554) is not the HMAC-SHA256 of this Logon"
                    " with the configured token, or RawData(96) is missing"
                )
            refusal = self._nonces.admit(logon, now_ns)
            if refusal is not None:
                return refusal
        if name == OPERATOR and not (logon.sender_sub_id and logon.reset_seq_num_flag):
            return "OPERATOR: expected SenderSubID(50) with your name, and ResetSeqNumFlag(141)=Y"
        return None


def session_name(logon: Logon) -> str:
    """Return the name of the session that a Logon is for."""
    if logon.sender_comp_id == OPERATOR:
        return f"{OPERATOR}/{logon.sender_sub_id}"
    return logon.sender_comp_id
