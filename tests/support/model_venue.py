"""A venue behind a bridge, in one small model: the ground truth that the core is held against.

It keeps the bridge's id log with its tombstones, the venue's orders and trades, and the account. It
is told what the gateway says and returns what a bridge would say. `fate` is what becomes of a
request: "ok", "lost" between bridge and venue, "slow" (arrives within SLOW_MS), or "refused".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from support.desk import ACCOUNT, CAPABILITIES, SYMBOL

from protocol.fields import (
    CollInquiryStatus,
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdRejReason,
    OrdStatus,
    PosReqResult,
    PosReqStatus,
    SecurityRequestResult,
    Side,
)
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionQty,
    PositionReport,
    RequestForPositions,
    RequestForPositionsAck,
    Security,
    SecurityList,
    SecurityListRequest,
    TradeCaptureReport,
    TradeCaptureReportRequest,
    TradeCaptureReportRequestAck,
    TradeCaptureSide,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_date, format_utc

ABSENCE_AFTER_MS = 1_000
SLOW_MS = 800
OPEN = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)


@dataclass
class Resting:
    """One order as the venue has it."""

    name: str
    side: Side
    qty: Decimal
    price: Decimal
    status: OrdStatus = OrdStatus.NEW
    cum: Decimal = ZERO

    @property
    def is_open(self):
        """Whether it may be executed."""
        return self.status in OPEN


@dataclass
class ModelVenue:
    """The bridge's log, the venue's book, the account."""

    orders: dict[str, Resting] = field(default_factory=dict)
    """By every name that an order ever had."""
    log: set[str] = field(default_factory=set)
    buried: set[str] = field(default_factory=set)
    trades: list[tuple[str, str, Side, Decimal, Decimal, int]] = field(default_factory=list)
    position: Decimal = ZERO
    slow: list[tuple[int, NewOrderSingle]] = field(default_factory=list)
    numbers: count = field(default_factory=lambda: count(1))
    now_ns: int = 0

    def open_orders(self):
        """List the open orders, each once."""
        named = [order for name, order in self.orders.items() if order.name == name]
        return [order for order in named if order.is_open]

    # What the gateway says.

    def hear(self, message, fate="ok"):
        """Take one message of the gateway; yield what the bridge answers."""
        match message:
            case NewOrderSingle():
                yield from self._new(message, fate)
            case OrderCancelRequest():
                yield from self._cancel(message, fate)
            case OrderCancelReplaceRequest():
                yield from self._replace(message, fate)
            case OrderStatusRequest():
                yield self._status(message)
            case _:
                yield from self._question(message)

    def _new(self, message, fate):
        assert message.cl_ord_id not in self.log, "an id reached the bridge twice"
        if message.cl_ord_id in self.buried:
            yield self._report(self._resting(message, OrdStatus.REJECTED), ExecType.REJECTED)
            return
        self.log.add(message.cl_ord_id)
        if fate == "refused":
            order = self.orders[message.cl_ord_id] = self._resting(message, OrdStatus.REJECTED)
            yield self._report(order, ExecType.REJECTED, ord_rej_reason=OrdRejReason.OTHER)
        elif fate == "slow":
            self.slow.append((self.now_ns + SLOW_MS * 1_000_000, message))
        elif fate == "ok":
            yield self._arrived(message)

    def advance(self, now_ns):
        """Let time pass; yield the acknowledgements of what arrives late."""
        self.now_ns = now_ns
        due = [entry for entry in self.slow if entry[0] <= now_ns]
        self.slow = [entry for entry in self.slow if entry[0] > now_ns]
        for _, message in due:
            yield self._arrived(message)

    def _arrived(self, message):
        order = self.orders[message.cl_ord_id] = self._resting(message, OrdStatus.NEW)
        return self._report(order, ExecType.NEW)

    @staticmethod
    def _resting(message, status):
        qty = message.order_qty
        return Resting(message.cl_ord_id, message.side, qty, message.price, status)

    def _found(self, message):
        """Find the order that an F or G names, or the refusal."""
        if message.orig_cl_ord_id not in self.log:
            self.buried.add(message.orig_cl_ord_id)
            return None, self._refuse(message, None, CxlRejReason.UNKNOWN_ORDER, "NEVER_SENT")
        order = self.orders.get(message.orig_cl_ord_id)
        if order is None:
            text = "UNKNOWN_AT_VENUE"
            return None, self._refuse(message, None, CxlRejReason.UNKNOWN_ORDER, text)
        if not order.is_open or order.name != message.orig_cl_ord_id:
            return None, self._refuse(message, order, CxlRejReason.TOO_LATE_TO_CANCEL, "TOO_LATE")
        return order, None

    def _cancel(self, message, fate):
        if fate == "lost":
            return
        order, refusal = self._found(message)
        if order is not None and fate == "refused":
            refusal = self._refuse(message, order, CxlRejReason.BROKER, "NO")
        if refusal is not None:
            yield refusal
            return
        order.status = OrdStatus.CANCELED
        names = {"cl_ord_id": message.cl_ord_id, "orig_cl_ord_id": order.name}
        yield self._report(order, ExecType.CANCELED, **names)

    def _replace(self, message, fate):
        if message.orig_cl_ord_id in self.log:
            self.log.add(message.cl_ord_id)
        if fate == "lost":
            return
        order, refusal = self._found(message)
        if order is not None and fate == "refused":
            refusal = self._refuse(message, order, CxlRejReason.BROKER, "NO")
        if refusal is not None:
            yield refusal
            return
        old, order.name = order.name, message.cl_ord_id
        self.orders[order.name] = order
        order.qty, order.price = max(message.order_qty, order.cum), message.price
        if order.cum >= order.qty:
            order.status = OrdStatus.FILLED
        yield self._report(order, ExecType.REPLACED, orig_cl_ord_id=old)

    def _status(self, message):
        order = self.orders.get(message.cl_ord_id)
        if order is not None:
            return self._report(order, ExecType.ORDER_STATUS, complete=True)
        known = message.cl_ord_id in self.log
        if not known:
            self.buried.add(message.cl_ord_id)
        gone = Resting(message.cl_ord_id, message.side, ZERO, ZERO, OrdStatus.REJECTED)
        return self._report(
            gone, ExecType.ORDER_STATUS, complete=True, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
            text="UNKNOWN_AT_VENUE" if known else "NEVER_SENT",
        )  # fmt: skip

    # What happens at the venue.

    def fill(self, order, qty):
        """Execute a part of an order."""
        order.cum += qty
        order.status = OrdStatus.FILLED if order.cum >= order.qty else OrdStatus.PARTIALLY_FILLED
        trade_id = self._trade(order.name, order.side, qty, order.price)
        return self._report(
            order, ExecType.TRADE, last_qty=qty, last_px=order.price, secondary_exec_id=trade_id
        )

    def end(self, order, exec_type):
        """Cancel or expire an order without being asked."""
        ends = {ExecType.CANCELED: OrdStatus.CANCELED, ExecType.EXPIRED: OrdStatus.EXPIRED}
        order.status = ends[exec_type]
        return self._report(order, exec_type)

    def by_hand(self, side, qty):
        """Let a person trade on the account."""
        trade_id = self._trade("", side, qty, Decimal("1.1"))
        stranger = Resting("", side, qty, Decimal("1.1"), OrdStatus.FILLED, qty)
        return self._report(
            stranger, ExecType.TRADE, last_qty=qty, last_px=stranger.price,
            secondary_exec_id=trade_id,
        )  # fmt: skip

    def _trade(self, name, side, qty, px):
        trade_id = f"T{next(self.numbers)}"
        self.trades.append((trade_id, name, side, qty, px, self.now_ns))
        self.position += qty * side.sign
        return trade_id

    # Words.

    def _report(self, order, exec_type, **fields):
        fields.setdefault("cl_ord_id", order.name or None)
        return ExecutionReport(
            order_id=f"V{order.name}", exec_id=f"E{next(self.numbers)}", exec_type=exec_type,
            ord_status=order.status, symbol=SYMBOL, side=order.side, order_qty=order.qty,
            leaves_qty=order.qty - order.cum if order.is_open else ZERO, cum_qty=order.cum,
            avg_px=ZERO, price=order.price or None, **fields,
        )  # fmt: skip

    @staticmethod
    def _refuse(message, order, reason, text):
        is_replace = isinstance(message, OrderCancelReplaceRequest)
        return OrderCancelReject(
            order_id=f"V{order.name}" if order else "NONE", cl_ord_id=message.cl_ord_id,
            orig_cl_ord_id=message.orig_cl_ord_id, cxl_rej_reason=reason, text=text,
            ord_status=order.status if order else OrdStatus.REJECTED,
            cxl_rej_response_to=CxlRejResponseTo.REPLACE if is_replace else CxlRejResponseTo.CANCEL,
        )  # fmt: skip

    def _question(self, message):
        match message:
            case SecurityListRequest():
                yield SecurityList(
                    security_req_id=message.security_req_id, security_response_id="S",
                    security_request_result=SecurityRequestResult.VALID, complete=True,
                    securities=(Security(symbol=SYMBOL, currency="USD", qty_step=Decimal(1)),),
                    capabilities=CAPABILITIES, absence_after_ms=ABSENCE_AFTER_MS,
                )  # fmt: skip
            case OrderMassStatusRequest():
                yield from self._listing(message.mass_status_req_id)
            case TradeCaptureReportRequest():
                yield from self._captured(message)
            case RequestForPositions():
                yield RequestForPositionsAck(
                    pos_maint_rpt_id="P", pos_req_id=message.pos_req_id, total_num_pos_reports=1,
                    pos_req_result=PosReqResult.VALID, pos_req_status=PosReqStatus.COMPLETED,
                    account=ACCOUNT, complete=True,
                )  # fmt: skip
                held = self.position
                yield PositionReport(
                    pos_maint_rpt_id="P1", pos_req_id=message.pos_req_id, symbol=SYMBOL,
                    pos_req_result=PosReqResult.VALID, account=ACCOUNT, settl_price=ZERO,
                    prior_settl_price=ZERO, clearing_business_date=format_date(self.now_ns),
                    positions=(PositionQty(
                        pos_type="TQ", long_qty=max(held, ZERO), short_qty=max(-held, ZERO),
                    ),),
                )  # fmt: skip
            case CollateralInquiry():
                yield CollateralInquiryAck(
                    coll_inquiry_id=message.coll_inquiry_id, tot_num_reports=0, complete=True,
                    coll_inquiry_status=CollInquiryStatus.COMPLETED,
                )  # fmt: skip

    def _listing(self, request):
        found = self.open_orders()
        more = {"mass_status_req_id": request, "complete": True, "tot_num_reports": len(found)}
        for number, order in enumerate(found, start=1):
            last = number == len(found)
            yield self._report(order, ExecType.ORDER_STATUS, last_rpt_requested=last, **more)
        if not found:
            nothing = Resting("", Side.BUY, ZERO, ZERO, OrdStatus.REJECTED)
            unknown = OrdRejReason.UNKNOWN_ORDER
            yield self._report(
                nothing, ExecType.ORDER_STATUS, last_rpt_requested=True, ord_rej_reason=unknown,
                **more,
            )  # fmt: skip

    def _captured(self, message):
        since = message.dates[0].transact_time
        found = [trade for trade in self.trades if format_utc(trade[5]) >= since]
        yield TradeCaptureReportRequestAck(
            trade_request_id=message.trade_request_id, trade_request_type=0,
            trade_request_result=0, trade_request_status=1, symbol="[N/A]",
            tot_num_trade_reports=len(found), complete=True,
        )  # fmt: skip
        for trade_id, name, side, qty, px, at_ns in found:
            yield TradeCaptureReport(
                trade_report_id=trade_id, trade_request_id=message.trade_request_id,
                secondary_exec_id=trade_id, previously_reported=False, symbol=SYMBOL,
                last_qty=qty, last_px=px, trade_date=format_date(at_ns),
                transact_time=format_utc(at_ns),
                sides=(TradeCaptureSide(side=side, order_id="NONE", cl_ord_id=name or None),),
            )  # fmt: skip
