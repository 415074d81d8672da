"""What an order is for as the exchange has it, and which of its words on that counts.

Rules: a word may be old: an event that is repeated or late, a list that was asked for before a
change. An event counts if the exchange's time on it is after that of the last word that counted; an
answer counts if it was asked for since the terms were last changed here. Terms that were asked for
are a replace that is done. Others (a change by hand, or one that was thought refused) are told as a
restatement: what is told and what rests there are the same again. Of a market order, and of a stop
that was triggered, only what was asked for counts: exchanges write bounds of their own there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from bridges.crypto.orders import Order
from bridges.crypto.views import AmendFailed, OrderView
from bridges.port import OrderRequest, Replaced, Restated
from protocol.fields import OrdType

if TYPE_CHECKING:
    from bridges.crypto.core import Core

PRICED = frozenset((OrdType.LIMIT, OrdType.STOP_LIMIT))


class Terms(NamedTuple):
    """Of one order at the exchange, without what its chain had executed before."""

    qty: Decimal
    price: Decimal | None
    stop_px: Decimal | None


def take(core: Core, order: Order, view: OrderView, asked_ns: int | None) -> None:
    """Take an exchange's word on terms; `asked_ns` is when it was asked for, None of an event."""
    is_old = view.ns <= order.terms_ns if asked_ns is None else asked_ns < order.terms_here_ns
    if is_old or order.is_done:
        return
    said, asked = _said(order, view), order.amending
    if asked is not None and said == _said_of(order, view, asked):
        order.terms_ns = max(order.terms_ns, view.ns)
        commit(core, order)
        return
    known = _known(order)
    if said == known:
        order.terms_ns = max(order.terms_ns, view.ns)
    elif asked is None and not order.replacing and order.request.ord_type in PRICED:
        order.terms_ns = max(order.terms_ns, view.ns)
        _restate(core, order, said)


def commit(core: Core, order: Order) -> None:
    """Tell that an order has become what it was asked to become; it may be replaced again."""
    asked, order.amending = order.amending, None
    if asked is None:
        return
    order.previous, order.name, order.replacing = order.name, asked.cl_ord_id, ""
    order.qty = asked.order_qty - order.base
    order.request = replace(asked, account=order.request.account)
    order.terms_here_ns = core.now_ns
    core.names[order.name] = order
    core.events.append(Replaced(order.image()))


def failed(core: Core, news: AmendFailed) -> None:
    """Take it that an order will not become what it was asked to become."""
    order = core.orders.get(news.client_id)
    asked = order.amending if order is not None else None
    if order is not None and asked is not None and asked.cl_ord_id == news.request_id:
        order.amend_refusal = news.why


def _restate(core: Core, order: Order, said: Terms) -> None:
    order.qty = said.qty
    order.request = replace(
        order.request, order_qty=order.base + said.qty, price=said.price, stop_px=said.stop_px
    )
    order.terms_here_ns = core.now_ns
    core.events.append(Restated(order.image("changed at the exchange, and not by us")))


def _known(order: Order) -> Terms:
    return Terms(order.qty, order.request.price, order.request.stop_px)


def _said(order: Order, view: OrderView) -> Terms:
    """Return what a view says, as far as it can be compared with what was asked for."""
    stop_px = view.stop_px if view.waits else order.request.stop_px
    price = view.price if order.request.ord_type in PRICED else order.request.price
    return Terms(view.qty, price, stop_px)


def _said_of(order: Order, view: OrderView, asked: OrderRequest) -> Terms:
    """Return what a view would say once it is as asked."""
    stop_px = asked.stop_px if view.waits else order.request.stop_px
    return Terms(asked.order_qty - order.base, asked.price, stop_px)
