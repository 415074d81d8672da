"""Who may log on: a configured CompID, at its own door, with its proof.

    plain door, on this machine    the token, where one is set
    CURVE door                     the key of the connection; an operator's token as well

Rules: on a CURVE door the Logon's SenderCompID must be the CompID that the key stands for now; a
token is not asked there, since the key proves more, but a proof that is given must be right. An
operator needs both, since what he may do has no limit. A refusal is the text of the Logout that
answers it. Nothing of a session moves before its Logon has passed here: a stranger costs an honest
peer not even a sequence number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.transport import Door
from protocol.authentication import NonceLog, verify
from protocol.fields import OPERATOR
from protocol.messages import Logon

Tokens = Mapping[Door, Mapping[str, bytes | None]]
"""Who may come in at which door, and the token that proves it (None: the name is enough)."""


class Gatekeeper:
    """Judges Logons. `last_alive_ns` is when the gateway before this one was last alive.

    `whose` names the CompID of a public key, None when it is nobody's (any more).
    """

    def __init__(
        self,
        comp_id: str,
        tokens: Tokens,
        *,
        sending_time_window_ms: int,
        last_alive_ns: int = 0,
        whose: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self.whose = whose
        self._comp_id = comp_id
        self._tokens = tokens
        self._nonces = NonceLog(window_ms=sending_time_window_ms, not_before_ns=last_alive_ns)

    def judge(
        self, door: Door, logon: Logon, now_ns: int, key: str | None = None
    ) -> str | None:
        """Return why this Logon may not come in, or None when it may.

        `key` is the public key of the connection, None at a plain door.
        """
        name = logon.sender_comp_id
        if key is not None and (whose := self.whose(key)) != name:
            return (
                f"WRONG_KEY: received SenderCompID(49)={name[:64]}, but the key of this connection"
                f" stands for {whose or 'nobody (any more)'}"
            )
        known = self._tokens.get(door, {})
        if name not in known:
            return f"UNKNOWN_COMP_ID: SenderCompID(49)={name[:64]} is not served at this endpoint"
        if logon.target_comp_id != self._comp_id:
            return (
                f"UNKNOWN_COMP_ID: received TargetCompID(56)={logon.target_comp_id[:64]},"
                f" expected {self._comp_id}"
            )
        token = known[name]
        if token is not None and (key is None or door is Door.OPERATORS or logon.password):
            refusal = self._check(logon, token, now_ns)
            if refusal is not None:
                return refusal
        if name == OPERATOR and not (logon.sender_sub_id and logon.reset_seq_num_flag):
            return "OPERATOR: expected SenderSubID(50) with your name, and ResetSeqNumFlag(141)=Y"
        return None

    def _check(self, logon: Logon, token: bytes, now_ns: int) -> str | None:
        """Return what is wrong with the proof of a token, or None."""
        if not verify(logon, token):
            return (
                "AUTHENTICATION_FAILED: Password(554) is not the HMAC-SHA256 of this Logon with"
                " the configured token, or RawData(96) is missing"
            )
        return self._nonces.admit(logon, now_ns)


def session_name(logon: Logon) -> str:
    """Return the name of the session that a Logon is for."""
    if logon.sender_comp_id == OPERATOR:
        return f"{OPERATOR}/{logon.sender_sub_id}"
    return logon.sender_comp_id
