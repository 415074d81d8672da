"""What the venues were told before this start, read back from the journal: they still count it.

A venue's windows do not begin anew when a gateway does. So whatever was said to a paced venue
within its longest window before now is counted again, as if it had been sent when it was journaled:
what was committed and never left is counted too, which errs on the safe side. Without paced venues
nothing is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.oms.apply import OUT
from gateway.oms.turnstile import Turnstile
from gateway.risk.pacing import Kind
from journal.format import Record
from protocol import codec

CHUNK = 5_000
"""Records that are read at once, backwards from the end."""
KINDS = {
    "D": (Kind.NEW,), "F": (Kind.CANCEL,), "G": (Kind.REPLACE,), "H": (Kind.QUERY,),
    "x": (Kind.QUERY,), "AF": (Kind.QUERY,), "AD": (Kind.QUERY, Kind.QUERY),
    "AN": (Kind.QUERY,), "BB": (Kind.QUERY,), "AL": (Kind.REPLACE,),
}  # fmt: skip
"""What each message makes a bridge ask its venue: AD asks for fills and for the ledger."""

ReadFrom = Callable[[int, int], Iterator[Record]]


def recall(turnstile: Turnstile, read_from: ReadFrom, last_seq: int, now_ns: int) -> int:
    """Count again what was said; return how many messages that were."""
    horizons = turnstile.horizons()
    if not horizons:
        return 0
    since_ns = now_ns - max(horizons.values())
    chunks = list(_backwards(read_from, last_seq, since_ns))
    counted = 0
    for record in (record for chunk in reversed(chunks) for record in chunk):
        if record.direction == OUT and record.session in horizons and record.time_ns >= since_ns:
            for kind in KINDS.get(codec.peek(record.frame).msg_type, ()):
                turnstile.recall(record.session, kind, record.time_ns)
                counted += 1
    return counted


def _backwards(read_from: ReadFrom, last_seq: int, since_ns: int) -> Iterator[list[Record]]:
    """Yield chunks of records, the newest first, until one begins before a moment."""
    end = last_seq
    while end > 0:
        first = max(1, end - CHUNK + 1)
        chunk = list(read_from(first, end))
        yield [record for record in chunk if record.direction == OUT]
        if not chunk or chunk[0].time_ns < since_ns:
            return
        end = first - 1
