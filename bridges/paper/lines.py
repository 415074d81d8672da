"""What the exchange writes into its ledger, and how it rises from it again.

One JSON object a line. `t` is ns since the epoch, numbers are text, `k` says what it is:

    start     a life of the venue begins: venue, boot (1, 2, …), feed_ns (the feed's origin), seed
    received  an id came in: id, what (D F G), n (how many times so far: more than 1 is a double)
    order     accepted: id, oid, symbol, side, type, tif, qty, price, stop, expire, post, reduce,
              account, strategy
    replaced  as order, id being the new one, orig the one before
    triggered a stop works now: oid
    fill      trade, oid, id, symbol, side, qty, px, fee, ccy, liq (M maker, T taker), cum, leaves
    canceled  oid, id, by (the cancel's id or ""), text;  expired: oid, id
    reject    a D refused: id, oid, reason, text;  refused: an F or G refused: id, orig, what, text
    entry     money without a trade: lid, kind, ccy, amount, symbol
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridges.paper.orders import Order, refused_image
from bridges.port import Fill, LedgerEntry, OrderRequest
from protocol.fields import LastLiquidityInd, OrdStatus, OrdType, Side, TimeInForce

if TYPE_CHECKING:
    from bridges.paper.records import Records

Line = dict[str, Any]


def order_line(order: Order, kind: str = "order") -> Line:
    """Write what an order says."""
    request = order.request
    return {
        "k": kind, "id": request.cl_ord_id, "orig": request.orig_cl_ord_id,
        "oid": order.order_id, "symbol": request.symbol, "side": request.side.value,
        "type": request.ord_type.value, "tif": request.time_in_force.value,
        "qty": str(request.order_qty), "price": _text(request.price),
        "stop": _text(request.stop_px), "expire": order.expire_ns or 0,
        "post": request.post_only, "reduce": request.reduce_only, "account": request.account,
        "strategy": request.strategy,
    }  # fmt: skip


def reject_line(request: OrderRequest, order_id: str, reason: int, text: str) -> Line:
    """Write a refused order."""
    return {
        "k": "reject", "id": request.cl_ord_id, "oid": order_id, "symbol": request.symbol,
        "side": request.side.value, "type": request.ord_type.value,
        "tif": request.time_in_force.value, "qty": str(request.order_qty),
        "price": _text(request.price), "stop": _text(request.stop_px), "reason": reason,
        "text": text,
    }  # fmt: skip


def fill_line(fill: Fill, order: Order) -> Line:
    """Write a fill."""
    return {
        "k": "fill", "trade": fill.trade_id, "oid": fill.order_id, "id": fill.cl_ord_id,
        "symbol": fill.symbol, "side": fill.side.value, "qty": str(fill.last_qty),
        "px": str(fill.last_px), "fee": str(fill.commission), "ccy": fill.comm_currency,
        "liq": "M" if fill.liquidity is LastLiquidityInd.ADDED else "T",
        "cum": str(order.grid.qty(order.cum)), "leaves": str(order.grid.qty(order.leaves)),
        "strategy": order.request.strategy,
    }  # fmt: skip


def end_line(order: Order, kind: str, *, by: str = "", text: str = "") -> Line:
    """Write the end of an order that was not filled whole."""
    return {"k": kind, "oid": order.order_id, "id": order.chain[-1], "by": by, "text": text}


def entry_line(entry: LedgerEntry) -> Line:
    """Write an entry of the account's ledger."""
    return {
        "k": "entry", "lid": entry.entry_id, "kind": entry.kind, "ccy": entry.currency,
        "amount": str(entry.amount), "symbol": entry.symbol,
    }  # fmt: skip


def _text(value: Decimal | None) -> str:
    return "" if value is None else str(value)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _request(line: Line) -> OrderRequest:
    tif = TimeInForce(line["tif"])
    dated = tif is TimeInForce.GOOD_TILL_DATE
    return OrderRequest(
        cl_ord_id=line["id"],
        orig_cl_ord_id=line.get("orig", ""),
        symbol=line["symbol"],
        side=Side(line["side"]),
        order_qty=Decimal(line["qty"]),
        ord_type=OrdType(line["type"]),
        time_in_force=tif,
        price=_number(line["price"]),
        stop_px=_number(line["stop"]),
        expire_ns=line["expire"] if dated and line.get("expire") else None,
        post_only=line.get("post", False),
        reduce_only=line.get("reduce", False),
        account=line.get("account", ""),
        strategy=line.get("strategy", ""),
    )


def restore(records: Records, lines: Iterable[Line]) -> None:
    """Fold ledger lines into a fresh exchange; its orders then rest at the back of the queue.

    Call it after the books have been brought up to the present, so that queues begin rightly.
    """
    for line in lines:
        records.set_time(line["t"])
        fold = _FOLDS.get(line["k"])
        if fold is not None:
            fold(records, line)
    records.events.clear()
    records.lines.clear()
    records.re_enter()


def _received(records: Records, line: Line) -> None:
    records.received[line["id"]] = line["n"]


def _order(records: Records, line: Line) -> None:
    pit = records.pits.get(line["symbol"])
    if pit is None:
        return
    order = Order(line["oid"], _request(line), pit.grid, line["t"])
    order.expire_ns = line["expire"] or None
    records.count_order(line["oid"])
    records.admit(order)


def _replaced(records: Records, line: Line) -> None:
    order = records.orders.get(line["oid"])
    if order is not None:
        records.take_over(order, _request(line))


def _triggered(records: Records, line: Line) -> None:
    order = records.orders.get(line["oid"])
    if order is not None:
        order.triggered, order.transact_ns = True, line["t"]


def _fill(records: Records, line: Line) -> None:
    order = records.orders.get(line["oid"])
    if order is None:
        return
    maker = line["liq"] == "M"
    fill = Fill(
        trade_id=line["trade"], order_id=line["oid"], cl_ord_id=line["id"],
        symbol=line["symbol"], side=Side(line["side"]), last_qty=Decimal(line["qty"]),
        last_px=Decimal(line["px"]), commission=Decimal(line["fee"]), comm_currency=line["ccy"],
        liquidity=LastLiquidityInd.ADDED if maker else LastLiquidityInd.REMOVED,
        transact_ns=line["t"],
    )  # fmt: skip
    steps = order.grid.steps(fill.last_qty) or 0
    records.count_execution(order, order.grid.ticks(fill.last_px) or 0, steps)
    records.book_fill(fill, order.grid.instrument)


def _canceled(records: Records, line: Line) -> None:
    order = records.orders.get(line["oid"])
    if order is not None and order.is_open:
        order.text = line["text"]
        records.end(order, OrdStatus.CANCELED)


def _expired(records: Records, line: Line) -> None:
    order = records.orders.get(line["oid"])
    if order is not None and order.is_open:
        records.end(order, OrdStatus.EXPIRED)


def _reject(records: Records, line: Line) -> None:
    records.count_order(line["oid"])
    image = refused_image(line["oid"], _request(line), line["t"], line["text"])
    records.by_cl_ord_id[line["id"]] = image


def _entry(records: Records, line: Line) -> None:
    records.book_entry(
        LedgerEntry(
            entry_id=line["lid"], kind=line["kind"], currency=line["ccy"],
            amount=Decimal(line["amount"]), transact_ns=line["t"], symbol=line["symbol"],
        )
    )  # fmt: skip


_FOLDS = {
    "received": _received,
    "order": _order,
    "replaced": _replaced,
    "triggered": _triggered,
    "fill": _fill,
    "canceled": _canceled,
    "expired": _expired,
    "reject": _reject,
    "entry": _entry,
}
