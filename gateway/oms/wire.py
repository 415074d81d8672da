"""What is said to a bridge about an order: D, F, G and H with ids of the bridge wire.

On this wire ClOrdID (11) is a new id from the OrderID counter for each D, F and G; the D's is the
OrderID itself. Nothing is said to a bridge that is not linked: a cancel then stays pending and is
issued when the venue has been reconciled. Nothing is said faster than the venue's pacer allows
either: what must wait is put before the turnstile (turnstile.py), named by its key.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.oms.book import Book
from gateway.oms.effects import Effects, To
from gateway.oms.market import Market
from gateway.oms.review import decline
from gateway.oms.state import Order
from gateway.oms.tickets import to_close
from gateway.risk.facts import refuse
from gateway.risk.pacing import MS_NS, Kind, Lane
from protocol.fields import ExecInst, OrdRejReason, PositionEffect, TimeInForce
from protocol.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from protocol.timestamps import format_utc

HELD, CANCEL, AGAIN, QUESTION, ROUND = "D", "F", "X", "H", "R"
"""What the key of something that waits for room begins with; a round of questions is one alone."""


def send_new(book: Book, order: Order, now_ns: int, market: Market) -> Effects:
    """D to the bridge, or the order is held until there is room.

    What the gateway ordered itself, to flatten, waits as long as it takes.
    """
    pacer = market.venue(order.venue).pacer
    lane = Lane.REDUCE if order.reduce_only else Lane.NEW
    if pacer is None or pacer.go(lane, Kind.NEW, now_ns):
        yield from say_new(book, order, now_ns, market)
        return
    until_ns = 0 if order.origin else now_ns + pacer.pace.max_send_wait_ms * MS_NS
    pacer.put(lane, Kind.NEW, HELD + order.order_id, now_ns, until_ns=until_ns)


def say_new(book: Book, order: Order, now_ns: int, market: Market) -> Effects:
    """D to the bridge. An expiry that the gateway emulates goes out as GTC.

    On a hedging account the venue does not know whose positions are whose: what only reduces there
    names the position that it closes. Where the owner has none, the order is refused: without a
    name it would close another's, or open a new one.
    """
    fields = _fields(book, order, order.order_qty, now_ns, market)
    gtd = fields["time_in_force"] is TimeInForce.GOOD_TILL_DATE
    hedges = "HEDGING" in market.venue(order.venue).capabilities
    if order.reduce_only and hedges and order.position_id is None:
        name = to_close(book, market.venue(order.venue), order)
        if name is None:
            why = refuse(
                "NO_POSITION", OrdRejReason.OTHER, venue=order.venue, symbol=order.symbol
            )
            yield from decline(book, order, now_ns, why.text, why.reason)
            return
        fields |= {"position_id": name, "position_effect": PositionEffect.CLOSE}
    yield To(
        order.venue,
        NewOrderSingle(
            cl_ord_id=order.order_id,
            price=order.price,
            stop_px=order.stop_px,
            expire_time=format_utc(order.expires_ns) if gtd and order.expires_ns else None,
            stop_loss_px=order.stop_loss_px,
            take_profit_px=order.take_profit_px,
            **fields,
        ),
    )


def send_cancel(book: Book, order: Order, now_ns: int, market: Market) -> Effects:
    """F to the bridge, if there is a link and room; else it waits for reconciliation, or room."""
    view = market.venue(order.venue)
    if not order.wire_id or not view.linked:
        return
    key = (CANCEL if order.is_open else AGAIN) + order.order_id
    if view.may_send(Lane.CANCEL, Kind.CANCEL, key, now_ns):
        yield say_cancel(book, order, now_ns)


def say_cancel(book: Book, order: Order, now_ns: int) -> To:
    """F to the bridge."""
    return To(
        order.venue,
        OrderCancelRequest(
            orig_cl_ord_id=order.wire_id,
            cl_ord_id=book.next_id().text(),
            symbol=order.symbol,
            side=order.side,
            transact_time=format_utc(now_ns),
            order_qty=order.order_qty,
            order_id=order.venue_order_id,
            account=order.account,
            on_behalf_of_comp_id=order.owner,
        ),
    )


def send_replace(
    book: Book, order: Order, message: OrderCancelReplaceRequest, now_ns: int, market: Market
) -> To:
    """G to the bridge: all fields of the order as they shall be. It never waits (VENUE_RATE).

    ExpireTime (126) goes along even where the gateway emulates it and says GTC: what the G holds is
    what the order will be when it takes effect.
    """
    gtd = order.time_in_force is TimeInForce.GOOD_TILL_DATE
    pacer = market.venue(order.venue).pacer
    if pacer is not None:
        pacer.spend(Kind.REPLACE, now_ns)
    return To(
        order.venue,
        OrderCancelReplaceRequest(
            orig_cl_ord_id=order.wire_id,
            cl_ord_id=book.next_id().text(),
            order_id=order.venue_order_id,
            price=message.price,
            stop_px=message.stop_px,
            expire_time=message.expire_time if gtd else None,
            stop_loss_px=message.stop_loss_px,
            take_profit_px=message.take_profit_px,
            **_fields(book, order, message.order_qty, now_ns, market),
        ),
    )


def _fields(book: Book, order: Order, qty: Decimal, now_ns: int, market: Market) -> dict[str, Any]:
    """Collect what a D and a G of an order have in common."""
    able = market.venue(order.venue).capabilities
    reduces = order.reduce_only and "REDUCE_ONLY" in able and _reduces_account(book, order, qty)
    return {
        "symbol": order.symbol,
        "side": order.side,
        "transact_time": format_utc(now_ns),
        "order_qty": qty,
        "ord_type": order.ord_type,
        "account": order.account,
        "time_in_force": _venue_time_in_force(order.time_in_force, able),
        "exec_inst": ExecInst.PARTICIPATE_DONT_INITIATE if order.post_only else None,
        "position_effect": PositionEffect.CLOSE if reduces else None,
        "position_id": order.position_id,
        "on_behalf_of_comp_id": order.owner,
    }


def ask_status(order: Order, wire_id: str) -> To:
    """H to the bridge: ask what became of an id."""
    return To(
        order.venue,
        OrderStatusRequest(
            cl_ord_id=wire_id,
            symbol=order.symbol,
            side=order.side,
            order_id=order.venue_order_id,
            account=order.account,
            on_behalf_of_comp_id=order.owner,
        ),
    )


def _venue_time_in_force(tif: TimeInForce, able: frozenset[str]) -> TimeInForce:
    names = {TimeInForce.DAY: "DAY", TimeInForce.GOOD_TILL_DATE: "GTD"}
    if tif in names and names[tif] not in able:
        return TimeInForce.GOOD_TILL_CANCEL
    return tif


def _reduces_account(book: Book, order: Order, qty: Decimal) -> bool:
    """Whether the order also reduces the account: only then may the venue hold it to that."""
    held = book.account_qty(order.account, order.venue, order.symbol)
    return -held * order.side.sign >= qty - order.cum_qty
