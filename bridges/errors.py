"""What can be wrong with a bridge, as opposed to an order (an order's fate is an event).

BridgeError          base of everything this room raises
├── IdLogCorrupt     the id log is damaged before its tail: refuse to start, leave it alone
├── IdLogFailed      a write or sync of the id log failed: the bridge stops, it never retries
├── VenueLocked      another process runs this venue id
├── LedgerCorrupt    the paper venue's ledger is damaged before its tail
└── FeedError        market data cannot be read: what was received, what was expected
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of everything this room raises."""


class IdLogCorrupt(BridgeError):  # noqa: N818 - named for what was found
    """A line before the last is damaged."""


class IdLogFailed(BridgeError):  # noqa: N818 - named for what happened
    """A write or sync failed; what is on disk is unknown, so nothing more may be sent."""


class VenueLocked(BridgeError):  # noqa: N818 - named for what was found
    """Another process holds the lock of this venue id."""


class LedgerCorrupt(BridgeError):  # noqa: N818 - named for what was found
    """A ledger line before the last cannot be read."""


class FeedError(BridgeError):
    """A recording or a feed setting cannot be used."""
