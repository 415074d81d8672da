"""Cancels of orders that this life of the bridge does not hold, and how a cancel is refused.

Rules: an order that is found is taken up as it is there, by the id that names it now. A cancel that
was acknowledged has done it, if the order has ended since; otherwise the order was over before.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import Core, pauses
from bridges.crypto.effects import Response
from bridges.crypto.flows import Pause, Step, ask
from bridges.crypto.orders import OVER, Order
from bridges.crypto.reading import seek
from bridges.crypto.views import OrderView, Verdict
from bridges.notes import terms
from bridges.port import CancelRefused, CancelRequest, VenueOrder
from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdStatus

Truth = Generator[Step, list[Response], bool]

SHORT = Pause(20_000_000)


def cancel_named(core: Core, request: CancelRequest, name: str) -> Truth:
    """Cancel an order by an id that it may have there; say whether what came of it was told."""
    symbol, reply_to = request.symbol, CxlRejResponseTo.CANCEL
    sent_ns, waits = core.now_ns, False
    for pause in pauses():
        call = core.table.cancel(symbol, name, request.cl_ord_id, waits=waits)
        response = yield from ask(call)
        view = core.read(core.table.read_order, response)
        if view is not None:
            order = _took_up(core, view)
            order.cancel_id = request.cl_ord_id
            core.absorb(view)
            return True
        verdict = core.table.judge(response)
        if verdict is Verdict.DONE:
            yield SHORT
        found = yield from seek(core, symbol, name)
        view = found.view
        waits = view is not None and view.waits
        if view is not None and view.status in OVER:
            gone = _took_up(core, view)
            if verdict is Verdict.DONE and view.status is OrdStatus.CANCELED:
                gone.cancel_id = request.cl_ord_id
                core.absorb(view)
                return True
            gone.ending, gone.ended = view, True
            refuse(core, request.cl_ord_id, request.orig_cl_ord_id, gone, reply_to)
            return True
        if found.absent and verdict is Verdict.UNKNOWN:
            return False
        if core.now_ns - sent_ns > core.absence_ns and view is not None:
            order = _took_up(core, view)
            refuse(core, request.cl_ord_id, request.orig_cl_ord_id, order, reply_to)
            return True
        yield pause
    return False


def _took_up(core: Core, view: OrderView) -> Order:
    """Make a record of an order of an earlier life, by the id that names it now."""
    order = core.adopt(view, view.executed, view.paid)
    if core.table.amends_in_place and order.name:
        order.name = core.notes.name_of(view.client_id, terms(view.qty, view.price, view.stop_px))
        core.name_chain(order)
    return order


def refuse(
    core: Core, request_id: str, name: str, order: Order | None, reply_to: CxlRejResponseTo,
    text: str = "",
) -> None:  # fmt: skip
    """Tell that a cancel or replace has not done what it was to do."""
    image: VenueOrder | None = None if order is None else order.image()
    reason = CxlRejReason.UNKNOWN_ORDER
    if order is not None:
        late = order.is_done or order.ending is not None
        reason = CxlRejReason.TOO_LATE_TO_CANCEL if late else CxlRejReason.OTHER
        if order.replacing and not late:
            reason = CxlRejReason.ALREADY_PENDING
        text = text or ("TOO_LATE" if late else "the exchange did not do it")
    core.events.append(
        CancelRefused(
            request_id=request_id, orig_cl_ord_id=name, response_to=reply_to, reason=reason,
            text=text, order=image,
        )
    )  # fmt: skip
