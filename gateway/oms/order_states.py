"""What may happen to an order, as tables; everything about order status lives in this file.

There are two machines, not one. What the *venue* has is one (`VENUE_TABLE`): it moves on evidence
from the venue alone. What *we asked* of the venue is the other (`ASKED_TABLE`): a replace and a
cancel may be on their way at the same time, and a refused one must leave the first machine as it
was. A table that mixes the two needs a "previous status" to go back to, and loses fills that come
while a cancel is pending.

OrdStatus (39) is neither machine: it is derived from both by FIX's precedence (FIX 4.4 vol. 4,
"Order State Changes": the status of highest precedence is reported).

A pair that is missing in a table cannot happen by evidence; the caller drops the report and says
so. Rows that surprise carry their reason.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from protocol.fields import CxlRejReason, OrdStatus


class VenueState(StrEnum):
    """What the venue has."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class VenueEvent(StrEnum):
    """What the venue told. PARTIAL and FULL say whether anything is left after the fill."""

    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    FULL = "FULL"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    RESTATED = "RESTATED"
    REPLACED_OPEN = "REPLACED_OPEN"
    REPLACED_DONE = "REPLACED_DONE"
    BUST = "BUST"


class Row(NamedTuple):
    """The state after an event, and why, where it surprises."""

    state: VenueState
    reason: str = ""


_P, _N, _W = VenueState.PENDING_NEW, VenueState.NEW, VenueState.PARTIALLY_FILLED
_F, _C, _R, _E = (
    VenueState.FILLED,
    VenueState.CANCELED,
    VenueState.REJECTED,
    VenueState.EXPIRED,
)
_LATE = "a late fill always counts; an order that has ended does not open again"
_OLD = "the acknowledgement was overtaken by what came after it"

VENUE_TABLE: Final[dict[tuple[VenueState, VenueEvent], Row]] = {
    (_P, VenueEvent.ACCEPTED): Row(_N),
    (_P, VenueEvent.PARTIAL): Row(_W, "the fill overtook the acknowledgement"),
    (_P, VenueEvent.FULL): Row(_F, "the fill overtook the acknowledgement"),
    (_P, VenueEvent.CANCELED): Row(_C, "an IOC without a match, or a venue that cancels at once"),
    (_P, VenueEvent.EXPIRED): Row(_E),
    (_P, VenueEvent.REJECTED): Row(_R),
    (_P, VenueEvent.RESTATED): Row(_N, "a restated order is one that the venue has"),
    (_P, VenueEvent.REPLACED_OPEN): Row(_N, "a replaced order is one that the venue has"),
    (_P, VenueEvent.REPLACED_DONE): Row(_C, "replaced to what was already executed: nothing"),
    (_N, VenueEvent.ACCEPTED): Row(_N, "a repeated acknowledgement changes nothing"),
    (_N, VenueEvent.PARTIAL): Row(_W),
    (_N, VenueEvent.FULL): Row(_F),
    (_N, VenueEvent.CANCELED): Row(_C),
    (_N, VenueEvent.EXPIRED): Row(_E),
    (_N, VenueEvent.REJECTED): Row(_R, "a venue may refuse after it has acknowledged (A.1.a)"),
    (_N, VenueEvent.RESTATED): Row(_N),
    (_N, VenueEvent.REPLACED_OPEN): Row(_N),
    (_N, VenueEvent.REPLACED_DONE): Row(_C, "replaced to what was already executed: nothing"),
    (_N, VenueEvent.BUST): Row(_N),
    (_W, VenueEvent.ACCEPTED): Row(_W, _OLD),
    (_W, VenueEvent.PARTIAL): Row(_W),
    (_W, VenueEvent.FULL): Row(_F),
    (_W, VenueEvent.CANCELED): Row(_C),
    (_W, VenueEvent.EXPIRED): Row(_E),
    (_W, VenueEvent.REJECTED): Row(_C, "the rest is refused; what was executed stays executed"),
    (_W, VenueEvent.RESTATED): Row(_W),
    (_W, VenueEvent.REPLACED_OPEN): Row(_W),
    (_W, VenueEvent.REPLACED_DONE): Row(_F, "quantity reduced to what was executed (C.3.b, C.3.c)"),
    (_W, VenueEvent.BUST): Row(_W),
    (_F, VenueEvent.ACCEPTED): Row(_F, _OLD),
    (_F, VenueEvent.PARTIAL): Row(_F, "an overfill is the venue's mistake and our position"),
    (_F, VenueEvent.FULL): Row(_F, "an overfill is the venue's mistake and our position"),
    (_F, VenueEvent.REPLACED_OPEN): Row(
        _W, "the venue took the larger quantity before the fill that completed the smaller one"
    ),
    (_F, VenueEvent.BUST): Row(_W, "busting a fill gives the order its quantity back (J.1)"),
    (_C, VenueEvent.ACCEPTED): Row(_C, _OLD),
    (_C, VenueEvent.PARTIAL): Row(_C, _LATE),
    (_C, VenueEvent.FULL): Row(_F, "completed by a late fill: Filled outranks Canceled"),
    (_C, VenueEvent.CANCELED): Row(_C, "a repeated cancellation changes nothing"),
    (_C, VenueEvent.BUST): Row(_C, "a bust after the cancellation leaves it cancelled (J)"),
    (_E, VenueEvent.ACCEPTED): Row(_E, _OLD),
    (_E, VenueEvent.PARTIAL): Row(_E, _LATE),
    (_E, VenueEvent.FULL): Row(_F, "completed by a late fill: Filled outranks Expired"),
    (_E, VenueEvent.BUST): Row(_E, "a bust after the expiry leaves it expired"),
    (_R, VenueEvent.PARTIAL): Row(_R, "filled after proof of absence: counts, and alerts"),
    (_R, VenueEvent.FULL): Row(_F, "filled after proof of absence: counts, and alerts"),
    (_R, VenueEvent.BUST): Row(_R),
}
"""What the venue has after what it told. Missing pairs are refused by `venue_next`."""

OPEN: Final = frozenset((_P, _N, _W))
ENDED: Final = frozenset((_F, _C, _R, _E))


def venue_next(state: VenueState, event: VenueEvent) -> Row | None:
    """Look up the row of an event, or None when the event cannot follow from that state."""
    return VENUE_TABLE.get((state, event))


class AskedEvent(StrEnum):
    """What happens to our own requests."""

    ASK_REPLACE = "ASK_REPLACE"
    ASK_CANCEL = "ASK_CANCEL"
    REPLACE_ANSWERED = "REPLACE_ANSWERED"
    CANCEL_ANSWERED = "CANCEL_ANSWERED"
    ORDER_ENDED = "ORDER_ENDED"


class Asked(NamedTuple):
    """Which of our requests the venue has not answered yet."""

    replace: bool
    cancel: bool


class AskedRow(NamedTuple):
    """What is asked afterwards, or why the request is refused (CxlRejReason 102)."""

    asked: Asked
    refusal: CxlRejReason | None = None
    reason: str = ""


_NOTHING, _REPLACE = Asked(replace=False, cancel=False), Asked(replace=True, cancel=False)
_CANCEL, _BOTH = Asked(replace=False, cancel=True), Asked(replace=True, cancel=True)
_PENDING = CxlRejReason.ALREADY_PENDING

ASKED_TABLE: Final[dict[tuple[Asked, AskedEvent], AskedRow]] = {
    (_NOTHING, AskedEvent.ASK_REPLACE): AskedRow(_REPLACE),
    (_NOTHING, AskedEvent.ASK_CANCEL): AskedRow(_CANCEL),
    (_NOTHING, AskedEvent.REPLACE_ANSWERED): AskedRow(_NOTHING, reason="answered twice"),
    (_NOTHING, AskedEvent.CANCEL_ANSWERED): AskedRow(_NOTHING, reason="answered twice"),
    (_NOTHING, AskedEvent.ORDER_ENDED): AskedRow(_NOTHING),
    (_REPLACE, AskedEvent.ASK_REPLACE): AskedRow(
        _REPLACE, _PENDING, "one replace at a time (D.2.d); D.2.a to c are excluded"
    ),
    (_REPLACE, AskedEvent.ASK_CANCEL): AskedRow(_BOTH, reason="a cancel never waits"),
    (_REPLACE, AskedEvent.REPLACE_ANSWERED): AskedRow(_NOTHING),
    (_REPLACE, AskedEvent.CANCEL_ANSWERED): AskedRow(_REPLACE, reason="answered twice"),
    (_REPLACE, AskedEvent.ORDER_ENDED): AskedRow(_NOTHING),
    (_CANCEL, AskedEvent.ASK_REPLACE): AskedRow(
        _CANCEL, _PENDING, "what is being cancelled cannot be changed"
    ),
    (_CANCEL, AskedEvent.ASK_CANCEL): AskedRow(_CANCEL, _PENDING, "one cancel at a time"),
    (_CANCEL, AskedEvent.REPLACE_ANSWERED): AskedRow(_CANCEL, reason="answered twice"),
    (_CANCEL, AskedEvent.CANCEL_ANSWERED): AskedRow(_NOTHING),
    (_CANCEL, AskedEvent.ORDER_ENDED): AskedRow(_NOTHING),
    (_BOTH, AskedEvent.ASK_REPLACE): AskedRow(_BOTH, _PENDING, "one replace at a time"),
    (_BOTH, AskedEvent.ASK_CANCEL): AskedRow(_BOTH, _PENDING, "one cancel at a time"),
    (_BOTH, AskedEvent.REPLACE_ANSWERED): AskedRow(_CANCEL),
    (_BOTH, AskedEvent.CANCEL_ANSWERED): AskedRow(_REPLACE),
    (_BOTH, AskedEvent.ORDER_ENDED): AskedRow(_NOTHING),
}
"""What is asked after an event; total over {none, replace} x {none, cancel}."""

_STATUS: Final[dict[VenueState, OrdStatus]] = {
    _P: OrdStatus.PENDING_NEW,
    _N: OrdStatus.NEW,
    _W: OrdStatus.PARTIALLY_FILLED,
    _F: OrdStatus.FILLED,
    _C: OrdStatus.CANCELED,
    _R: OrdStatus.REJECTED,
    _E: OrdStatus.EXPIRED,
}
VENUE_STATE_OF: Final[dict[OrdStatus, VenueState]] = {
    status: state for state, status in _STATUS.items()
}
_PRECEDENCE: Final[dict[OrdStatus, int]] = {
    OrdStatus.PENDING_CANCEL: 11,
    OrdStatus.PENDING_REPLACE: 10,
    OrdStatus.FILLED: 7,
    OrdStatus.CANCELED: 4,
    OrdStatus.EXPIRED: 4,
    OrdStatus.PARTIALLY_FILLED: 3,
    OrdStatus.NEW: 2,
    OrdStatus.REJECTED: 2,
    OrdStatus.PENDING_NEW: 2,
}
"""FIX 4.4 vol. 4, "Order State Changes": the highest of those that apply is reported."""


def _derive(state: VenueState, asked: Asked) -> OrdStatus:
    candidates = [_STATUS[state]]
    if asked.replace:
        candidates.append(OrdStatus.PENDING_REPLACE)
    if asked.cancel:
        candidates.append(OrdStatus.PENDING_CANCEL)
    return max(candidates, key=_PRECEDENCE.__getitem__)


_DERIVED: Final = {
    (state, asked): _derive(state, asked)
    for state in VenueState
    for asked in (_NOTHING, _REPLACE, _CANCEL, _BOTH)
}


def ord_status(state: VenueState, *, replace: bool, cancel: bool) -> OrdStatus:
    """Derive OrdStatus (39) from what the venue has and what is asked."""
    return _DERIVED[state, (replace, cancel)]  # type: ignore[index]  # a tuple equals its Asked
