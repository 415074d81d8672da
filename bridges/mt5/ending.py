"""Orders that are past their ExpireTime (126) and rest still: the bridge removes them.

The trade server ends them itself, by its own wall clock, which may have been put back meanwhile, or
was told an hour more since it may be put forward (expiry.py). One to which somebody else has given
another end is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

from bridges.mt5.clock import SECOND_NS
from bridges.mt5.core import Core
from bridges.mt5.expiry import expiry_s
from bridges.mt5.flows import Flow, Pause
from bridges.mt5.orders import Order

GRACE_NS = SECOND_NS
"""So long an order is left to the server."""
RETRY_NS = 10 * SECOND_NS
LOOK_NS = SECOND_NS // 4


def keep_ends(core: Core, end: Callable[[Order], Flow]) -> Flow:
    """Remove what is past its end, for ever: each is tried again until it is gone."""
    busy: set[int] = set()
    while True:
        for order in list(core.live.values()) if core.is_up else ():
            if order.ticket not in busy and _is_past(core, order):
                busy.add(order.ticket)
                order.timed_out = True
                core.start(_remove(order, end, busy))
        yield Pause(LOOK_NS)


def _remove(order: Order, end: Callable[[Order], Flow], busy: set[int]) -> Flow:
    yield from end(order)
    order.timed_out = not order.rests
    yield Pause(RETRY_NS)
    busy.discard(order.ticket)


def _is_past(core: Core, order: Order) -> bool:
    """Whether an order should have ended by now, and shows the end that it was given by us."""
    ends_ns, row = order.request.expire_ns, order.row
    if ends_ns is None or core.now_ns < ends_ns + GRACE_NS or not order.rests or row is None:
        return False
    if order.placing or order.replacing or order.cancel_id:
        return False
    told_s = core.notes.terms_of(order.name).rpartition("@")[2]
    return told_s == str(expiry_s(row.type_time, row.expiration_s))
