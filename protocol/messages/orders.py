"""Orders and what becomes of them (FIX 4.4 vol. 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    LastLiquidityInd,
    MassCancelRequestType,
    MassCancelResponse,
    MassStatusReqType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PositionEffect,
    RejectSource,
    Side,
    TimeInForce,
)
from protocol.messages.base import Count, Date, Group, Id, Message, Text, UtcTimestamp, tag

Context = Annotated[str, Meta(max_length=2048)]
Scope = Annotated[str, Meta(max_length=256)]


class OrderFields(Message, frozen=True, kw_only=True):
    """What a new order and its replacement have in common.

    `expected_edge` is the profit that the strategy expects, in basis points of the notional, within
    `holding_ms`. `quote_time` is SendingTime (52) of the quote that the decision was made on.
    """

    cl_ord_id: Id = tag(11)
    symbol: Id = tag(55)
    side: Side = tag(54)
    transact_time: UtcTimestamp = tag(60)
    order_qty: Decimal = tag(38)
    ord_type: OrdType = tag(40)
    account: Id | None = tag(1, None)
    ex_destination: Id | None = tag(100, None)
    price: Decimal | None = tag(44, None)
    stop_px: Decimal | None = tag(99, None)
    time_in_force: TimeInForce | None = tag(59, None)
    expire_time: UtcTimestamp | None = tag(126, None)
    exec_inst: ExecInst | None = tag(18, None)
    position_effect: PositionEffect | None = tag(77, None)
    currency: Id | None = tag(15, None)
    text: Text | None = tag(58, None)
    stop_loss_px: Decimal | None = tag(5001, None)
    take_profit_px: Decimal | None = tag(5002, None)
    position_id: Id | None = tag(5004, None)
    expected_edge: Decimal | None = tag(5005, None)
    holding_ms: Count | None = tag(5040, None)
    quote_time: UtcTimestamp | None = tag(5039, None)
    decision_context: Context | None = tag(5018, None)
    handl_inst: Literal["1"] | None = tag(21, None)


class NewOrderSingle(OrderFields, frozen=True, kw_only=True):
    """NewOrderSingle (D).

    A slice of a larger order names it: `parent_order_id` is the strategy's own name for the parent,
    `parent_qty` its whole quantity, which all its children together never exceed.
    """

    msg_type: ClassVar[str] = "D"
    parent_order_id: Id | None = tag(5014, None)
    parent_qty: Decimal | None = tag(5041, None)


class OrderCancelReplaceRequest(OrderFields, frozen=True, kw_only=True):
    """OrderCancelReplaceRequest (G): all fields of the order again, as they shall be."""

    msg_type: ClassVar[str] = "G"
    orig_cl_ord_id: Id = tag(41)
    order_id: Id | None = tag(37, None)


class OrderCancelRequest(Message, frozen=True, kw_only=True):
    """OrderCancelRequest (F)."""

    msg_type: ClassVar[str] = "F"
    orig_cl_ord_id: Id = tag(41)
    cl_ord_id: Id = tag(11)
    symbol: Id = tag(55)
    side: Side = tag(54)
    transact_time: UtcTimestamp = tag(60)
    order_qty: Decimal | None = tag(38, None)
    order_id: Id | None = tag(37, None)
    account: Id | None = tag(1, None)
    security_exchange: Id | None = tag(207, None)
    text: Text | None = tag(58, None)


class OrderStatusRequest(Message, frozen=True, kw_only=True):
    """OrderStatusRequest (H)."""

    msg_type: ClassVar[str] = "H"
    cl_ord_id: Id = tag(11)
    symbol: Id = tag(55)
    side: Side = tag(54)
    order_id: Id | None = tag(37, None)
    ord_status_req_id: Id | None = tag(790, None)
    account: Id | None = tag(1, None)
    security_exchange: Id | None = tag(207, None)


class OrderMassStatusRequest(Message, frozen=True, kw_only=True):
    """OrderMassStatusRequest (AF): open orders, each in an 8 with 584, 911 and 912 on the last."""

    msg_type: ClassVar[str] = "AF"
    mass_status_req_id: Id = tag(584)
    mass_status_req_type: MassStatusReqType = tag(585)
    account: Id | None = tag(1, None)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    side: Side | None = tag(54, None)


class OrderMassCancelRequest(Message, frozen=True, kw_only=True):
    """OrderMassCancelRequest (q): 530=1 one symbol, 530=7 all; 5009 narrows it to a venue."""

    msg_type: ClassVar[str] = "q"
    cl_ord_id: Id = tag(11)
    mass_cancel_request_type: MassCancelRequestType = tag(530)
    transact_time: UtcTimestamp = tag(60)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    side: Side | None = tag(54, None)
    text: Text | None = tag(58, None)
    scope: Scope | None = tag(5009, None)


class OrderMassCancelReport(Message, frozen=True, kw_only=True):
    """OrderMassCancelReport (r): how many orders the q touched; each also gets its own 8."""

    msg_type: ClassVar[str] = "r"
    cl_ord_id: Id | None = tag(11, None)
    order_id: Id = tag(37)
    mass_cancel_request_type: MassCancelRequestType = tag(530)
    mass_cancel_response: MassCancelResponse = tag(531)
    mass_cancel_reject_reason: str | None = tag(532, None)
    total_affected_orders: Count | None = tag(533, None)
    symbol: Id | None = tag(55, None)
    side: Side | None = tag(54, None)
    transact_time: UtcTimestamp | None = tag(60, None)
    text: Text | None = tag(58, None)


class ExecutionReport(Message, frozen=True, kw_only=True):
    """ExecutionReport (8): the one message that moves an order, in every direction of travel."""

    msg_type: ClassVar[str] = "8"
    order_id: Id = tag(37)
    exec_id: Id = tag(17)
    exec_type: ExecType = tag(150)
    ord_status: OrdStatus = tag(39)
    symbol: Id = tag(55)
    side: Side = tag(54)
    leaves_qty: Decimal = tag(151)
    cum_qty: Decimal = tag(14)
    avg_px: Decimal = tag(6)
    cl_ord_id: Id | None = tag(11, None)
    orig_cl_ord_id: Id | None = tag(41, None)
    secondary_order_id: Id | None = tag(198, None)
    secondary_cl_ord_id: Id | None = tag(526, None)
    secondary_exec_id: Id | None = tag(527, None)
    exec_ref_id: Id | None = tag(19, None)
    ord_status_req_id: Id | None = tag(790, None)
    mass_status_req_id: Id | None = tag(584, None)
    tot_num_reports: Count | None = tag(911, None)
    last_rpt_requested: bool | None = tag(912, None)
    account: Id | None = tag(1, None)
    security_exchange: Id | None = tag(207, None)
    order_qty: Decimal | None = tag(38, None)
    ord_type: OrdType | None = tag(40, None)
    price: Decimal | None = tag(44, None)
    stop_px: Decimal | None = tag(99, None)
    time_in_force: TimeInForce | None = tag(59, None)
    expire_time: UtcTimestamp | None = tag(126, None)
    exec_inst: ExecInst | None = tag(18, None)
    position_effect: PositionEffect | None = tag(77, None)
    currency: Id | None = tag(15, None)
    last_qty: Decimal | None = tag(32, None)
    last_px: Decimal | None = tag(31, None)
    commission: Decimal | None = tag(12, None)
    comm_type: str | None = tag(13, None)
    comm_currency: Id | None = tag(479, None)
    last_liquidity_ind: LastLiquidityInd | None = tag(851, None)
    transact_time: UtcTimestamp | None = tag(60, None)
    ord_rej_reason: OrdRejReason | None = tag(103, None)
    exec_restatement_reason: ExecRestatementReason | None = tag(378, None)
    working_indicator: bool | None = tag(636, None)
    copy_msg_indicator: bool | None = tag(797, None)
    text: Text | None = tag(58, None)
    stop_loss_px: Decimal | None = tag(5001, None)
    take_profit_px: Decimal | None = tag(5002, None)
    reject_source: RejectSource | None = tag(5003, None)
    position_id: Id | None = tag(5004, None)
    in_doubt: bool | None = tag(5007, None)
    complete: bool | None = tag(5008, None)
    parent_order_id: Id | None = tag(5014, None)
    parent_qty: Decimal | None = tag(5041, None)
    origin: Text | None = tag(5015, None)


class OrderCancelReject(Message, frozen=True, kw_only=True):
    """OrderCancelReject (9): a cancel (434=1) or replace (434=2) was refused."""

    msg_type: ClassVar[str] = "9"
    order_id: Id = tag(37)
    cl_ord_id: Id = tag(11)
    orig_cl_ord_id: Id = tag(41)
    ord_status: OrdStatus = tag(39)
    cxl_rej_response_to: CxlRejResponseTo = tag(434)
    cxl_rej_reason: CxlRejReason | None = tag(102, None)
    secondary_order_id: Id | None = tag(198, None)
    account: Id | None = tag(1, None)
    transact_time: UtcTimestamp | None = tag(60, None)
    text: Text | None = tag(58, None)
    reject_source: RejectSource | None = tag(5003, None)
    in_doubt: bool | None = tag(5007, None)


class TradeCaptureSide(Group, frozen=True, kw_only=True):
    """One side of a trade (NoSides)."""

    side: Side = tag(54)
    order_id: Id = tag(37)
    secondary_order_id: Id | None = tag(198, None)
    cl_ord_id: Id | None = tag(11, None)
    account: Id | None = tag(1, None)
    commission: Decimal | None = tag(12, None)
    comm_type: str | None = tag(13, None)
    comm_currency: Id | None = tag(479, None)


class TradeCaptureReportRequest(Message, frozen=True, kw_only=True):
    """TradeCaptureReportRequest (AD): every fill since `transact_time` of NoDates (580).

    Account(1) is not in FIX 4.4's AD, so the account has an own tag here.
    """

    msg_type: ClassVar[str] = "AD"
    trade_request_id: Id = tag(568)
    trade_request_type: int = tag(569)
    account: Id | None = tag(5037, None)
    dates: tuple[TradeDate, ...] = tag(580, ())


class TradeDate(Group, frozen=True, kw_only=True):
    """One bound of the period asked for (TrdCapDtGrp): the first entry is the beginning."""

    trade_date: Date = tag(75)
    transact_time: UtcTimestamp | None = tag(60, None)


class TradeCaptureReportRequestAck(Message, frozen=True, kw_only=True):
    """TradeCaptureReportRequestAck (AQ): how many AEs follow, zero allowed."""

    msg_type: ClassVar[str] = "AQ"
    trade_request_id: Id = tag(568)
    trade_request_type: int = tag(569)
    tot_num_trade_reports: Count | None = tag(748, None)
    trade_request_result: int = tag(749)
    trade_request_status: int = tag(750)
    symbol: Id = tag(55)
    text: Text | None = tag(58, None)
    complete: bool | None = tag(5008, None)


class TradeCaptureReport(Message, frozen=True, kw_only=True):
    """TradeCaptureReport (AE): one fill of the venue's history. 5038 is 851, unknown to AE."""

    msg_type: ClassVar[str] = "AE"
    trade_report_id: Id = tag(571)
    trade_request_id: Id | None = tag(568, None)
    tot_num_trade_reports: Count | None = tag(748, None)
    last_rpt_requested: bool | None = tag(912, None)
    secondary_exec_id: Id | None = tag(527, None)
    previously_reported: bool = tag(570)
    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)
    last_qty: Decimal = tag(32)
    last_px: Decimal = tag(31)
    trade_date: Date = tag(75)
    transact_time: UtcTimestamp = tag(60)
    sides: tuple[TradeCaptureSide, ...] = tag(552)
    last_liquidity_ind: LastLiquidityInd | None = tag(5038, None)
    origin: Text | None = tag(5015, None)
    position_id: Id | None = tag(5004, None)
    parent_order_id: Id | None = tag(5014, None)
