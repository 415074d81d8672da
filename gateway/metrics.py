"""What the shell counts: frames that changed nothing, and how much work there was.

Rules: counters only grow; they are observation, never state; nothing is decided by them.
"""

from __future__ import annotations

from msgspec import Struct


class Metrics(Struct):
    """Counters since the start.

    `unauthenticated` frames came from nobody we know; `garbled` ones from a session, but were no
    FIX message; `refused_logons` named a CompID and failed; `refused_keys` are CURVE
    handshakes with a key that may not come in, `failed_handshakes` connections that came to nothing
    before they were anybody's; `undeliverable` messages had no session left to go to; `unsayable`
    ones could not be written, a bug of ours each.
    """

    batches: int = 0
    frames: int = 0
    commits: int = 0
    unauthenticated: int = 0
    garbled: int = 0
    refused_logons: int = 0
    refused_keys: int = 0
    failed_handshakes: int = 0
    logons: int = 0
    takeovers: int = 0
    disconnects: int = 0
    sent: int = 0
    blocked: int = 0
    resent: int = 0
    undeliverable: int = 0
    unsayable: int = 0

    def turned_away(self) -> dict[str, int]:
        """Return how much came from nobody who may come in."""
        return {
            "frames": self.unauthenticated, "logons": self.refused_logons,
            "keys": self.refused_keys, "handshakes": self.failed_handshakes,
        }  # fmt: skip
