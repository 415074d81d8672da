"""What can go wrong on the strategy side, and what its owner can do about it.

    EngineError                   base of everything this room raises
    ├── NotConnected              there is no session now: wait, or look at the gateway
    ├── LogonRefused              the gateway said no, and `text` says why
    ├── QuestionRefused           the gateway does not answer that, and the text says why
    ├── Timeout                   it did not happen within the time given (a TimeoutError too)
    ├── InvalidOrder              the order contradicts itself before it is sent (a ValueError too)
    ├── UnknownInstrument         no such symbol on the venue, or its rules are not known yet
    ├── StoreError                the file of sent messages
    │   ├── StoreLocked           another process trades under the same CompID from this folder
    │   ├── StoreDamaged          the file is not ours, or is damaged before its end
    │   └── StoreFailed           a write failed: nothing more is sent, by rule
    ├── KeyUnusable               a key file is missing, damaged, or a secret that others can read
    └── StrategyNotLoaded         FILE:CLASS does not give a strategy: names file, line and reason

Floats are refused with a TypeError by `protocol.numbers.exact`.
"""

from __future__ import annotations

TOO_LOW = "MsgSeqNum too low"
OUT_OF_STEP = (
    ": one side has lost its memory (a journal or a store was removed, or belongs to another"
    " gateway); log on with reset=True (`portcullis strategy --fresh`), then ask how your orders"
    " stand"
)


class EngineError(Exception):
    """Base of everything this room raises."""


class NotConnected(EngineError):  # noqa: N818 - reads as the state that it reports
    """There is no session with the gateway now."""


class LogonRefused(EngineError):  # noqa: N818 - reads as the answer that it reports
    """The gateway refused the Logon; `text` is its reason (58)."""

    def __init__(self, text: str) -> None:
        hint = OUT_OF_STEP if text.startswith(TOO_LOW) else ""
        super().__init__(f"the gateway refused the Logon: {text}{hint}")
        self.text = text


class QuestionRefused(EngineError):  # noqa: N818 - reads as the answer that it reports
    """The gateway refused a question: positions, balances, instruments, open orders."""


class Timeout(EngineError, TimeoutError):  # noqa: N818 - reads as the outcome
    """It did not happen within the time given."""


class InvalidOrder(EngineError, ValueError):  # noqa: N818 - reads as what was refused
    """The order contradicts itself before it is sent."""


class UnknownInstrument(EngineError, LookupError):  # noqa: N818 - reads as what was asked for
    """No such symbol on the venue, or its rules are not known yet."""


class StoreError(EngineError):
    """Base of what concerns the file of sent messages."""


class StoreLocked(StoreError):  # noqa: N818 - reads as the state it reports
    """Another process holds the store of this CompID."""


class StoreDamaged(StoreError):  # noqa: N818 - reads as the state it reports
    """The store is not one of ours, or is damaged before its end."""


class StoreFailed(StoreError):  # noqa: N818 - reads as the state it reports
    """A write to the store failed; it takes nothing more and nothing more is sent."""


class KeyUnusable(EngineError):  # noqa: N818 - reads as the state it reports
    """A key for an encrypted link is missing, cannot be read, or is a secret no more."""


class StrategyNotLoaded(EngineError):  # noqa: N818 - reads as the outcome that it reports
    """FILE:CLASS does not give a strategy."""
