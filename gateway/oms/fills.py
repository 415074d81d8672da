"""A fill, as a venue tells it: believed only when it can be true of the order that it names.

Live reports (8) and history (AE) come here alike. A fill is counted once, by the venue's trade id;
one without an id could be counted twice, one for another symbol or side would move the wrong
position: such a thing is an alert and a new round of questions, never a position.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.order_states import venue_next
from gateway.oms.orders import filled_event
from gateway.oms.reporting import report
from gateway.oms.rules import SENSE_MAX
from gateway.oms.state import Order, fill_key
from protocol.fields import EXTERNAL, ExecType, LastLiquidityInd, Side
from protocol.messages import ExecutionReport, TradeCaptureReport
from protocol.numbers import ZERO, format_decimal
from protocol.order_id import parse as parse_id
from protocol.timestamps import format_utc

ABSOLUTE = "3"
"""CommType (13): Commission (12) is an amount of money. Nothing else is taken."""


class VenueFill(NamedTuple):
    """One execution in the venue's words. `commission` is an amount in `comm_currency`."""

    trade_id: str
    cl_ord_id: str
    account: str
    symbol: str
    side: Side
    qty: Decimal
    px: Decimal
    commission: Decimal
    comm_type: str
    comm_currency: str
    liquidity: LastLiquidityInd | None
    venue_order_id: str | None
    position_id: str | None = None
    origin: str | None = None

    @classmethod
    def of_report(cls, message: ExecutionReport) -> VenueFill:
        """Read a live report (8 with 150=F)."""
        return cls(
            message.secondary_exec_id or "", message.cl_ord_id or "", message.account or "",
            message.symbol, message.side, message.last_qty or ZERO, message.last_px or ZERO,
            message.commission or ZERO, message.comm_type or ABSOLUTE,
            message.comm_currency or "", message.last_liquidity_ind, _known(message.order_id),
            message.position_id, message.origin,
        )  # fmt: skip

    @classmethod
    def of_capture(cls, message: TradeCaptureReport) -> VenueFill:
        """Read an entry of the venue's history (AE)."""
        side = message.sides[0]
        return cls(
            message.secondary_exec_id or "", side.cl_ord_id or "", side.account or "",
            message.symbol, side.side, message.last_qty, message.last_px,
            side.commission or ZERO, side.comm_type or ABSOLUTE, side.comm_currency or "",
            message.last_liquidity_ind, _known(side.order_id), message.position_id,
            message.origin,
        )  # fmt: skip

    @property
    def key(self) -> str:
        """The name under which the fill is counted."""
        return fill_key(self.symbol, self.side, self.trade_id)

    def fault(self, order: Order | None) -> str:
        """Say why the fill cannot be believed, empty when it can."""
        wrong = {
            "SecondaryExecID(527) is missing": not self.trade_id,
            f"LastQty(32) is {format_decimal(self.qty)}": not 0 < self.qty < SENSE_MAX,
            f"LastPx(31) is {format_decimal(self.px)}": not 0 < self.px < SENSE_MAX,
            f"CommType(13) is {self.comm_type}, expected 3": self.comm_type != ABSOLUTE,
        }
        if order is not None:
            other_symbol, other_side = self.symbol != order.symbol, self.side is not order.side
            wrong[f"Symbol(55) is {self.symbol}, the order's is {order.symbol}"] = other_symbol
            wrong[f"Side(54) is {self.side.name}, the order's is {order.side.name}"] = other_side
        return next((text for text, is_so in wrong.items() if is_so), "")


def _known(order_id: str) -> str | None:
    return None if order_id == "NONE" else order_id


def alert(kind: str, **values: object) -> Jot:
    """Note something that a person should look at."""
    return Jot("ALERT", {"alert": kind, **{key: str(value) for key, value in values.items()}})


def tell_fill(book: Book, order: Order, fill: VenueFill, now_ns: int, **more: Any) -> Effects:
    """Tell the owner of a fill, once: a trade id that was counted is not counted again."""
    known = book.state.fills.get(order.venue, {}).get(fill.key)
    if known is not None:
        if known.last_qty and (known.last_qty, known.last_px) != (fill.qty, fill.px):
            yield alert("CONTRADICTING_FILL", order=order.order_id, trade=fill.trade_id)
        return
    row = venue_next(order.venue_state, filled_event(order, fill.qty))
    if row is None:
        yield alert("IMPOSSIBLE_FILL", order=order.order_id, state=order.venue_state)
        return
    was_open = order.is_open
    over = order.cum_qty + fill.qty > order.order_qty
    yield To(
        order.owner,
        report(
            book, order, ExecType.TRADE, now_ns, state=row.state,
            executed=(fill.qty, fill.qty * fill.px),
            last_qty=fill.qty, last_px=fill.px, secondary_exec_id=fill.trade_id,
            commission=fill.commission, comm_type=ABSOLUTE,
            comm_currency=fill.comm_currency or order.currency or None,
            last_liquidity_ind=fill.liquidity, position_id=fill.position_id or order.position_id,
            secondary_order_id=fill.venue_order_id or order.venue_order_id,
            origin=fill.origin, **more,
        ),
    )  # fmt: skip
    if not was_open or over:
        kind = "OVERFILL" if over else "FILL_AFTER_END"
        qty = format_decimal(fill.qty)
        yield alert(kind, order=order.order_id, trade=fill.trade_id, qty=qty)


def external_fill(
    book: Book, where: tuple[str, str], fill: VenueFill, currency: str, now_ns: int
) -> Effects:
    """Give a trade that nobody here ordered to EXTERNAL, once; another instance's is left alone.

    `where` is (venue, account), the account for a fill that names none.
    """
    venue, account = where
    if book.fill_known(venue, fill.key) or is_foreign(book, fill.cl_ord_id):
        return
    yield Jot(
        "EXTERNAL_FILL",
        {
            "owner": EXTERNAL, "venue": venue, "trade_id": fill.trade_id,
            "account": fill.account or account, "symbol": fill.symbol,
            "side": fill.side.value, "qty": format_decimal(fill.qty),
            "px": format_decimal(fill.px), "currency": currency,
            "commission": format_decimal(fill.commission), "comm_currency": fill.comm_currency,
            "cl_ord_id": fill.cl_ord_id, "position_id": fill.position_id, "origin": fill.origin,
        },
    )  # fmt: skip
    yield alert("EXTERNAL_FILL", venue=venue, trade=fill.trade_id, at=format_utc(now_ns))


def is_foreign(book: Book, wire_id: str) -> bool:
    """Whether an id was given out by another gateway instance: never touched, never adopted."""
    try:
        return parse_id(wire_id).instance != book.state.last_id[0]
    except ValueError:
        return False
