"""How the fake gateway answers: accept, fill, cancel, replace, and tell what it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from protocol.fields import (
    CollInquiryStatus,
    CxlRejResponseTo,
    ExecType,
    MassCancelRequestType,
    MassCancelResponse,
    MDEntryType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PosReqResult,
    PosReqStatus,
    SecurityRequestResult,
    Side,
)  # fmt: skip
from protocol.fragments import fragments
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    ExecutionReport,
    MarketDataRequest,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    Message,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassCancelReport,
    OrderMassCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionQty,
    PositionReport,
    RequestForPositions,
    RequestForPositionsAck,
    Security,
    SecurityList,
    SecurityListRequest,
)  # fmt: skip
from protocol.timestamps import format_date

if TYPE_CHECKING:
    from support.fake_gateway import FakeGateway

ZERO = Decimal(0)


@dataclass
class BookedOrder:
    """An order as the fake keeps it."""

    order_id: str
    cl_ord_id: str
    symbol: str
    side: Side
    qty: Decimal
    ord_type: OrdType
    price: Decimal | None
    status: OrdStatus = OrdStatus.NEW
    cum_qty: Decimal = ZERO


@dataclass
class Ledger:
    """What the fake has committed about one client."""

    next_in: int = 1
    next_out: int = 1
    sent: dict[int, bytes] = field(default_factory=dict)
    orders: dict[str, BookedOrder] = field(default_factory=dict)
    arrived: list[str] = field(default_factory=list)
    """Every ClOrdID of a D, F, G or q that was acted on, in order."""
    execs: int = 0
    position: Decimal = ZERO


def report(ledger: Ledger, order: BookedOrder, exec_type: ExecType, **more) -> ExecutionReport:
    """Build a report on an order as it stands."""
    ledger.execs += 1
    over = order.status in {OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED}
    values = {
        "order_id": order.order_id, "exec_id": f"E{ledger.execs}", "exec_type": exec_type,
        "ord_status": order.status, "symbol": order.symbol, "side": order.side,
        "leaves_qty": ZERO if over else order.qty - order.cum_qty, "cum_qty": order.cum_qty,
        "avg_px": order.price or Decimal(1) if order.cum_qty else ZERO,
        "cl_ord_id": order.cl_ord_id, "order_qty": order.qty, "ord_type": order.ord_type,
        "price": order.price, "security_exchange": "PAPER",
    }  # fmt: skip
    return ExecutionReport(**(values | more))


def respond(gateway: FakeGateway, comp_id: str, message: Message) -> Iterator[Message]:
    """Accept and rest limit orders, fill market orders at 1, obey cancels, answer questions."""
    ledger = gateway.work[comp_id]
    match message:
        case NewOrderSingle():
            yield from _new(ledger, message)
        case OrderCancelRequest() | OrderCancelReplaceRequest():
            yield from _change(ledger, message)
        case OrderStatusRequest():
            yield _status(ledger, message)
        case OrderMassCancelRequest():
            for order in [o for o in ledger.orders.values() if o.status is OrdStatus.NEW]:
                order.status = OrdStatus.CANCELED
                yield report(ledger, order, ExecType.CANCELED)
            yield OrderMassCancelReport(
                cl_ord_id=message.cl_ord_id, order_id="0",
                mass_cancel_request_type=MassCancelRequestType.ALL,
                mass_cancel_response=MassCancelResponse.ALL,
            )  # fmt: skip
        case _:
            yield from _answer(gateway, ledger, message)


def _new(ledger: Ledger, message: NewOrderSingle) -> Iterator[Message]:
    assert message.cl_ord_id not in ledger.orders, f"{message.cl_ord_id} came twice"
    order = BookedOrder(
        f"O{len(ledger.orders) + 1}", message.cl_ord_id, message.symbol, message.side,
        message.order_qty, message.ord_type, message.price,
    )  # fmt: skip
    ledger.orders[message.cl_ord_id] = order
    order.status = OrdStatus.PENDING_NEW
    yield report(ledger, order, ExecType.PENDING_NEW)
    order.status = OrdStatus.NEW
    yield report(ledger, order, ExecType.NEW)
    if message.ord_type is OrdType.MARKET:
        order.status, order.cum_qty = OrdStatus.FILLED, order.qty
        ledger.position += order.side.sign * order.qty
        yield report(ledger, order, ExecType.TRADE, last_qty=order.qty, last_px=Decimal(1))


def _change(
    ledger: Ledger, message: OrderCancelRequest | OrderCancelReplaceRequest
) -> Iterator[Message]:
    order = ledger.orders.get(message.orig_cl_ord_id)
    is_cancel = isinstance(message, OrderCancelRequest)
    if order is None or order.status is not OrdStatus.NEW:
        yield OrderCancelReject(
            order_id=order.order_id if order else "NONE", cl_ord_id=message.cl_ord_id,
            orig_cl_ord_id=message.orig_cl_ord_id,
            ord_status=order.status if order else OrdStatus.REJECTED,
            cxl_rej_response_to=(
                CxlRejResponseTo.CANCEL if is_cancel else CxlRejResponseTo.REPLACE
            ),
        )  # fmt: skip
        return
    more = {"orig_cl_ord_id": message.orig_cl_ord_id, "cl_ord_id": message.cl_ord_id}
    if is_cancel:
        order.status = OrdStatus.CANCELED
        yield report(ledger, order, ExecType.CANCELED, **more)
        return
    order.cl_ord_id = message.cl_ord_id
    order.qty, order.price = message.order_qty, message.price
    ledger.orders[message.cl_ord_id] = order
    yield report(ledger, order, ExecType.REPLACED, **more)


def _status(ledger: Ledger, message: OrderStatusRequest) -> ExecutionReport:
    order = ledger.orders.get(message.cl_ord_id)
    if order is not None:
        return report(ledger, order, ExecType.ORDER_STATUS)
    missing = BookedOrder(
        "NONE", message.cl_ord_id, message.symbol, message.side, ZERO, OrdType.LIMIT, None,
        OrdStatus.REJECTED,
    )  # fmt: skip
    return report(
        ledger, missing, ExecType.ORDER_STATUS, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER
    )


def _answer(gateway: FakeGateway, ledger: Ledger, message: Message) -> Iterator[Message]:
    match message:
        case OrderMassStatusRequest():
            found = {o.order_id: o for o in ledger.orders.values() if o.status is OrdStatus.NEW}
            total, last = len(found), {"last_rpt_requested": True}
            name = {"mass_status_req_id": message.mass_status_req_id, "tot_num_reports": total}
            for at, order in enumerate(found.values(), 1):
                more = name | (last if at == total else {})
                yield report(ledger, order, ExecType.ORDER_STATUS, **more)
            if not found:
                none = BookedOrder(
                    "NONE", "", "EURUSD", Side.BUY, ZERO, OrdType.LIMIT, None, OrdStatus.REJECTED
                )
                yield report(
                    ledger, none, ExecType.ORDER_STATUS, cl_ord_id=None, **name, **last
                )
        case RequestForPositions():
            yield from _positions(ledger, message)
        case SecurityListRequest():
            yield from fragments(SecurityList(
                security_req_id=message.security_req_id, security_response_id="1",
                security_request_result=SecurityRequestResult.VALID,
                securities=tuple(_security(symbol) for symbol in gateway.symbols),
            ))  # fmt: skip
        case MarketDataRequest():
            (wanted,) = message.related_sym
            yield MarketDataSnapshotFullRefresh(
                md_req_id=message.md_req_id, symbol=wanted.symbol, security_exchange="PAPER",
                md_entries=(MDEntry(md_entry_type=MDEntryType.BID, md_entry_px=Decimal(1)),),
            )  # fmt: skip
        case CollateralInquiry():
            yield CollateralInquiryAck(
                coll_inquiry_id=message.coll_inquiry_id, tot_num_reports=1,
                coll_inquiry_status=CollInquiryStatus.ACCEPTED,
            )  # fmt: skip
            yield CollateralReport(
                coll_rpt_id="B1", coll_inquiry_id=message.coll_inquiry_id, currency="USD",
                cash_outstanding=Decimal(900), end_cash=Decimal(1000),
            )  # fmt: skip


def _security(symbol: str) -> Security:
    return Security(
        symbol=symbol, security_exchange="PAPER", contract_multiplier=Decimal(100_000),
        price_tick=Decimal("0.00001"), qty_step=Decimal(1000), min_trade_vol=Decimal(1000),
    )  # fmt: skip


def _positions(ledger: Ledger, message: RequestForPositions) -> Iterator[Message]:
    count = 1 if ledger.position else 0
    common = {
        "pos_maint_rpt_id": "P1", "pos_req_id": message.pos_req_id, "account": message.account,
        "pos_req_result": PosReqResult.VALID, "total_num_pos_reports": count,
    }  # fmt: skip
    yield RequestForPositionsAck(pos_req_status=PosReqStatus.COMPLETED, **common)
    if count:
        amount = {"long_qty" if ledger.position > 0 else "short_qty": abs(ledger.position)}
        yield PositionReport(
            **common, symbol="EURUSD", security_exchange="PAPER", settl_price=Decimal(1),
            prior_settl_price=ZERO, clearing_business_date=format_date(time.time_ns()),
            positions=(PositionQty(pos_type="TQ", **amount),),
        )  # fmt: skip
