"""What is done with orders at an exchange: place, cancel, replace; each as a conversation.

Rules: an order is sent once, ever. Whatever its answer does not prove is looked up by its id until
the exchange has shown the order, or has said that it knows none at a time when the request can no
longer arrive. A cancel may be sent again: it names one order, and ends it once; one that was
refused for the moment only (a wrong clock, too many requests) is, when the moment is over. It never
waits for a replace: both versions are cancelled at once. A replace that the exchange cannot do in
one piece is a cancel, its evidence, and a new order of what then remains.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

from msgspec.structs import replace as changed

from bridges.crypto.core import MS_NS, Core, pauses
from bridges.crypto.effects import Call, Response
from bridges.crypto.flows import Flow, Gather, Pause, Step, ask
from bridges.crypto.orders import OVER, Order
from bridges.crypto.reading import seek
from bridges.crypto.recall import may_be_rest
from bridges.crypto.rules import check
from bridges.crypto.strangers import cancel_named, refuse
from bridges.crypto.views import OrderView, Verdict
from bridges.link_events import RateWarned
from bridges.port import CancelRequest, OrderRequest
from bridges.recalling import REPLACE_REFUSED
from protocol.fields import CxlRejResponseTo, OrdRejReason

Found = Generator[Step, list[Response], OrderView | None]
Truth = Generator[Step, list[Response], bool]
Answer = Generator[Step, list[Response], Response]

SHORT = Pause(20_000_000)
GRACE_STEPS = 10
NO_ROOM = "RATE_LIMIT: the exchange's limits have no room for it now; not sent"


def place(core: Core, order: Order) -> Flow:
    """Send a new order, and find out what became of it; one that never was is not kept."""
    if not (yield from _place(core, order)):
        core.forget(order)


def _place(core: Core, order: Order) -> Truth:
    """Send it; say whether the exchange has it. False is proof that it has not, and will not."""
    sent_ns = core.now_ns
    call = core.table.new_order(changed(order.request, order_qty=order.qty))
    if not _has_room(core, call):
        core.reject(order, NO_ROOM, OrdRejReason.OTHER)
        return False
    response = yield from ask(call)
    verdict = core.table.judge(response)
    view = core.read(core.table.read_order, response)
    if view is None or view.client_id != order.client_id:
        if verdict is Verdict.REFUSED and not order.accepted:
            core.reject(order, core.table.text_of(response), OrdRejReason.OTHER)
            return False
        if verdict is Verdict.DONE:
            yield from _await(lambda: order.accepted or order.refused)
        view = yield from find(core, order, sent_ns)
        if view is None and verdict is Verdict.DUPLICATE:
            core.reject(order, core.table.text_of(response), OrdRejReason.OTHER)
    if view is not None:
        core.absorb(view)
    return order.accepted


def _has_room(core: Core, call: Call) -> bool:
    """Whether the exchange's limits have room for an order; if not, the gateway is warned."""
    wait_ns = core.gate.order_wait_ns(call, core.now_ns)
    if wait_ns > 0:
        core.events.append(RateWarned(wait_ns // MS_NS + 1))
    return wait_ns <= 0


def _await(is_so: Callable[[], bool]) -> Flow:
    """Give the stream a while to tell what came of a request that was acknowledged."""
    for _ in range(GRACE_STEPS):
        if is_so():
            return
        yield SHORT


def find(core: Core, order: Order, sent_ns: int) -> Found:
    """Look an order up until it is heard of; None if there is nothing to take in from that.

    Either the stream has told of it meanwhile, or it is not there and never will be.
    """
    for pause in pauses():
        if order.accepted or order.refused:
            return None
        symbol, is_stop = order.request.symbol, order.is_stop
        found = yield from seek(core, symbol, order.client_id, stop=is_stop)
        if found.view is not None:
            return found.view
        is_late = core.now_ns - sent_ns > core.absence_ns and core.is_past_doubt(order)
        if found.absent and (order.accepted or is_late):
            return None
        yield pause
    return None


def cancel(core: Core, request: CancelRequest) -> Flow:
    """Cancel an order, and find out what became of that."""
    name = request.orig_cl_ord_id
    order = core.newest(name)
    if order is not None and order.replacing:
        yield from _cancel_in_between(core, order, request.cl_ord_id)
        order = core.newest(name)
    if order is not None and order.ended_by == request.cl_ord_id:
        return
    if order is not None and not order.is_done:
        ended = yield from _end(core, order, request.cl_ord_id)
        if ended and order.ended_by == request.cl_ord_id:
            return
        if order.cancel_id == request.cl_ord_id:
            order.cancel_id = ""
        order = order if order.accepted or order.refused else None
    elif order is None:
        found = yield from _cancel_stranger(core, request)
        if found:
            return
    refuse(core, request.cl_ord_id, name, order, CxlRejResponseTo.CANCEL)


def _cancel_in_between(core: Core, order: Order, request_id: str) -> Flow:
    """Cancel an order that is being replaced, and what may have taken its place: at once.

    Then wait for what becomes of the replace, which ends by that, or is over already.
    """
    order.doomed = request_id
    new = core.orders.get(order.replacing) if order.amending is None else None
    both = [one for one in (order, new) if one is not None]
    for one in both:
        one.cancel_id = request_id
    cancel_of = partial(core.table.cancel, order.request.symbol, request_id=request_id)
    responses = yield Gather(tuple(cancel_of(one.client_id, waits=one.waits) for one in both))
    for response in responses:
        view = core.read(core.table.read_order, response)
        if view is not None:
            core.absorb(view)
    while order.replacing:
        yield SHORT


def _end(core: Core, order: Order, request_id: str) -> Truth:
    """Cancel until there is evidence; say whether the order has ended. All its fills are told."""
    order.cancel_id = request_id
    sent_ns = core.now_ns
    symbol = order.request.symbol
    for pause in pauses():
        response = yield from _say_cancel(core, order, request_id, sent_ns)
        view = core.read(core.table.read_order, response)
        verdict = core.table.judge(response)
        if view is None:
            if verdict is Verdict.DONE:
                yield from _await(lambda: order.ending is not None or order.is_done)
            found = yield from seek(core, symbol, order.client_id, stop=order.is_stop)
            view = found.view
        if view is not None:
            core.absorb(view)
        if order.ending is not None or (view is not None and view.status in OVER):
            while order.is_missing_trades:
                yield SHORT
            return True
        if order.is_done:
            return True
        if verdict is Verdict.REFUSED or core.now_ns - sent_ns > core.absence_ns:
            return False
        yield pause
    return False


def _say_cancel(core: Core, order: Order, request_id: str, sent_ns: int) -> Answer:
    """Send a cancel; again, if it was refused for the moment only and there is time for that."""
    symbol, name = order.request.symbol, order.client_id
    for pause in pauses():
        call = core.table.cancel(symbol, name, request_id, waits=order.waits)
        response = yield from ask(call)
        wait_ns = max(pause.ns, core.gate.quiet_until_ns - core.now_ns)
        is_late = core.now_ns + wait_ns - sent_ns > core.absence_ns
        is_over = order.ending is not None or order.is_done
        if is_late or is_over or not core.passes(response):
            break
        yield Pause(wait_ns)
    return response


def _cancel_stranger(core: Core, request: CancelRequest) -> Truth:
    """Cancel an order that is not known to be open; say whether what came of it was told.

    It may be known by the exchange's id only. One that is changed in place keeps its first id
    there, so that is tried first.
    """
    held = core.by_order_id.get((request.symbol, request.order_id))
    if held is not None and not held.is_done:
        ended = yield from _end(core, held, request.cl_ord_id)
        if not ended or held.ended_by != request.cl_ord_id:
            held.cancel_id = ""
            name = request.orig_cl_ord_id
            refuse(core, request.cl_ord_id, name, held, CxlRejResponseTo.CANCEL)
        return True
    for name in (*reversed(core.ids_before(request.orig_cl_ord_id)), request.orig_cl_ord_id):
        done = yield from cancel_named(core, request, name)
        if done:
            return True
    return False


def replace(core: Core, request: OrderRequest) -> Flow:
    """Replace an order, and find out what became of that."""
    order = core.newest(request.orig_cl_ord_id)
    names = (request.cl_ord_id, request.orig_cl_ord_id)
    reply_to = CxlRejResponseTo.REPLACE
    while order is not None and not (order.accepted or order.is_done or order.is_gone):
        yield SHORT
    if order is None or order.is_done or order.is_gone or order.replacing:
        refuse(core, *names, None if order is None or order.is_gone else order, reply_to)
        return
    unfit = _unfit(core, order, request)
    if unfit:
        refuse(core, *names, order, reply_to, unfit)
        return
    order.replacing, order.doomed = request.cl_ord_id, ""
    if core.table.amends_in_place and (core.table.amends_stops or not order.waits):
        why = yield from _amend(core, order, request)
    elif core.table.amends_in_place or core.table.replace(request, order.client_id) is None:
        why = yield from _renew(core, order, request)
    elif order.cum == order.base and not order.is_missing_trades:
        why = yield from _swap(core, order, request)
    else:
        why = yield from _renew(core, order, request)
    if order.replacing == request.cl_ord_id:
        order.replacing = ""
    if why:
        order.cancel_id = order.doomed
        refuse(core, *names, order, reply_to, why)
        core.settle(order)


def _unfit(core: Core, order: Order, request: OrderRequest) -> str:
    """Say why an order cannot be replaced by that, or nothing; the exchange is not asked."""
    if may_be_rest(core, order):
        return REPLACE_REFUSED
    rules, rest = core.instruments.get(request.symbol), request.order_qty - order.cum
    wrong = check(request, rules, core.table.capabilities, qty=rest)
    if wrong is not None:
        return wrong.text
    return "" if _has_room(core, core.table.new_order(request)) else NO_ROOM


Why = Generator[Step, list[Response], str]


def _successor(core: Core, order: Order, request: OrderRequest) -> Order:
    """Make the order that shall take an order's place, of what then remains."""
    fresh = Order(changed(request, account=order.request.account), core.now_ns)
    fresh.previous = order.name
    fresh.base, fresh.base_paid = order.cum, order.base_paid + order.paid
    fresh.qty = request.order_qty - fresh.base
    core.know(fresh)
    return fresh


def _swap(core: Core, order: Order, request: OrderRequest) -> Why:
    """Cancel and place in one request; say why it did not come to that, or nothing."""
    fresh = _successor(core, order, request)
    sent_ns = core.now_ns
    asked = core.table.replace(changed(fresh.request, order_qty=fresh.qty), order.client_id)
    assert asked is not None, "the caller has seen to that"
    response = yield from ask(asked)
    old, new = core.table.judge_replace(response)
    view = core.read(core.table.read_replace, response)
    text = core.table.text_of(response)
    if view is None and (new is not Verdict.REFUSED or fresh.accepted):
        view = yield from find(core, fresh, sent_ns)
    if view is not None:
        core.absorb(view)
    if fresh.accepted:
        return ""
    core.forget(fresh)
    if old is Verdict.REFUSED and core.table.was_restricted(response):
        return (yield from _renew(core, order, request))
    if old is not Verdict.REFUSED:
        view = yield from _look(core, order, sent_ns)
        if view is not None:
            core.absorb(view)
        while order.is_missing_trades:
            yield SHORT
    return text


def _look(core: Core, order: Order, sent_ns: int) -> Found:
    """Look an order up that the exchange has had; None if it says for long that it has none."""
    for pause in pauses():
        symbol, is_stop = order.request.symbol, order.is_stop
        found = yield from seek(core, symbol, order.client_id, stop=is_stop)
        if found.view is not None:
            return found.view
        if order.ending is not None or order.is_done:
            return None
        if found.absent and core.now_ns - sent_ns > core.absence_ns:
            return None
        yield pause
    return None


def _renew(core: Core, order: Order, request: OrderRequest) -> Why:
    """Cancel, wait for what was filled by then, and place what remains of the quantity."""
    ended = yield from _end(core, order, request.cl_ord_id)
    order.cancel_id = ""
    if order.doomed:
        return "CANCELED: a cancel came meanwhile"
    if not ended:
        return "IN_DOUBT: the order could not be cancelled, so it was not replaced"
    rules, rest = core.instruments.get(request.symbol), request.order_qty - order.cum
    if order.sum >= order.qty or rest <= 0:
        return "TOO_LATE: it was filled meanwhile"
    wrong = check(request, rules, core.table.capabilities, qty=rest)
    if wrong is not None:
        return wrong.text
    fresh = _successor(core, order, request)
    placed = yield from _place(core, fresh)
    if placed:
        return ""
    core.forget(fresh)
    return "the order was cancelled, but the exchange refused the one in its place"


def _amend(core: Core, order: Order, request: OrderRequest) -> Why:
    """Let the exchange change the order itself."""
    order.amending, order.amend_refusal = request, ""
    sent_ns = order.terms_here_ns = core.now_ns
    rest = changed(request, order_qty=request.order_qty - order.base)
    asked = core.table.replace(rest, order.client_id)
    assert asked is not None, "what is changed in place is changed in one call"
    response = yield from ask(asked)
    view = core.read(core.table.read_order, response)
    text = core.table.text_of(response)
    verdict = core.table.judge(response)
    if view is not None:
        core.absorb(view)
    elif verdict is Verdict.DONE:
        yield from _await(
            lambda: order.amending is not request or order.is_done or bool(order.amend_refusal)
        )
    pause = pauses()
    while order.amending is request and not order.is_done and order.ending is None:
        if verdict is Verdict.REFUSED or order.amend_refusal:
            break
        view = yield from _look(core, order, sent_ns)
        if view is not None:
            core.absorb(view)
        if view is None or core.now_ns - sent_ns > core.absence_ns:
            break
        yield next(pause)
    if order.amending is not request:
        return ""
    order.amending = None
    while order.is_missing_trades:
        yield SHORT
    return order.amend_refusal or text
