"""Positions, balances, ledger entries and instruments."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta

from protocol.fields import (
    CollInquiryStatus,
    CollStatus,
    PosReqResult,
    PosReqStatus,
    PosReqType,
    SecurityListRequestType,
    SecurityRequestResult,
)
from protocol.messages.base import Count, Date, Group, Id, Message, Text, UtcTimestamp, tag


class Party(Group, frozen=True, kw_only=True):
    """Parties (NoPartyIDs 453): who holds the position. Optional in every message here."""

    party_id: Id = tag(448)
    party_id_source: str = tag(447, "D")
    party_role: int = tag(452, 3)


class RequestForPositions(Message, frozen=True, kw_only=True):
    """RequestForPositions (AN)."""

    msg_type: ClassVar[str] = "AN"
    pos_req_id: Id = tag(710)
    pos_req_type: PosReqType = tag(724)
    account: Id = tag(1)
    account_type: int = tag(581, 1)
    clearing_business_date: Date = tag(715)
    transact_time: UtcTimestamp = tag(60)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    parties: tuple[Party, ...] = tag(453, ())


class RequestForPositionsAck(Message, frozen=True, kw_only=True):
    """RequestForPositionsAck (AO): how many APs follow, zero allowed."""

    msg_type: ClassVar[str] = "AO"
    pos_maint_rpt_id: Id = tag(721)
    pos_req_id: Id | None = tag(710, None)
    total_num_pos_reports: Count | None = tag(727, None)
    pos_req_result: PosReqResult = tag(728)
    pos_req_status: PosReqStatus = tag(729)
    account: Id = tag(1)
    account_type: int = tag(581, 1)
    text: Text | None = tag(58, None)
    complete: bool | None = tag(5008, None)


class PositionQty(Group, frozen=True, kw_only=True):
    """PositionQty (NoPositions 702): total quantity, long or short, in units of the underlying."""

    pos_type: str = tag(703)
    long_qty: Decimal | None = tag(704, None)
    short_qty: Decimal | None = tag(705, None)


class PositionFee(Group, frozen=True, kw_only=True):
    """Own group NoPositionFees (5033): what a position has paid in fees, per currency."""

    fee_currency: Id = tag(5034)
    fee_amt: Decimal = tag(5035)


class PositionReport(Message, frozen=True, kw_only=True):
    """PositionReport (AP): 730 is the average price, 731=1, 734=0; 5029 and 5030 our account.

    `stop_loss_px` and `take_profit_px` are those of the position as they stand at the venue.
    """

    msg_type: ClassVar[str] = "AP"
    pos_maint_rpt_id: Id = tag(721)
    pos_req_id: Id | None = tag(710, None)
    pos_req_type: PosReqType | None = tag(724, None)
    total_num_pos_reports: Count | None = tag(727, None)
    pos_req_result: PosReqResult = tag(728)
    clearing_business_date: Date = tag(715)
    account: Id = tag(1)
    account_type: int = tag(581, 1)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    currency: Id | None = tag(15, None)
    settl_price: Decimal = tag(730)
    settl_price_type: int = tag(731, 1)
    prior_settl_price: Decimal = tag(734)
    parties: tuple[Party, ...] = tag(453, ())
    positions: tuple[PositionQty, ...] = tag(702, ())
    text: Text | None = tag(58, None)
    stop_loss_px: Decimal | None = tag(5001, None)
    take_profit_px: Decimal | None = tag(5002, None)
    position_id: Id | None = tag(5004, None)
    realized_pnl: Decimal | None = tag(5029, None)
    funding: Decimal | None = tag(5030, None)
    fees: tuple[PositionFee, ...] = tag(5033, ())


class CollateralInquiry(Message, frozen=True, kw_only=True):
    """CollateralInquiry (BB): asks what the account holds."""

    msg_type: ClassVar[str] = "BB"
    coll_inquiry_id: Id = tag(909)
    account: Id | None = tag(1, None)
    security_exchange: Id | None = tag(207, None)


class CollateralInquiryAck(Message, frozen=True, kw_only=True):
    """CollateralInquiryAck (BG): how many BAs follow, zero allowed."""

    msg_type: ClassVar[str] = "BG"
    coll_inquiry_id: Id = tag(909)
    coll_inquiry_status: CollInquiryStatus = tag(945)
    tot_num_reports: Count | None = tag(911, None)
    account: Id | None = tag(1, None)
    text: Text | None = tag(58, None)
    complete: bool | None = tag(5008, None)


class CollateralReport(Message, frozen=True, kw_only=True):
    """CollateralReport (BA): one currency of an account, or one entry of its ledger.

    A balance answers a BB (909) and gives 15, 901 (free cash), 922 (all cash). A ledger entry
    comes unasked, 908 is the venue's ledger id, 921 is 0 and 922 the signed amount, 5031 its kind
    (FUNDING, SWAP, FEE, DEPOSIT, CORRECTION).
    """

    msg_type: ClassVar[str] = "BA"
    coll_rpt_id: Id = tag(908)
    coll_inquiry_id: Id | None = tag(909, None)
    coll_status: CollStatus = tag(910, CollStatus.ASSIGNED)
    tot_num_reports: Count | None = tag(911, None)
    last_rpt_requested: bool | None = tag(912, None)
    account: Id | None = tag(1, None)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    currency: Id | None = tag(15, None)
    margin_excess: Decimal | None = tag(899, None)
    total_net_value: Decimal | None = tag(900, None)
    cash_outstanding: Decimal | None = tag(901, None)
    start_cash: Decimal | None = tag(921, None)
    end_cash: Decimal | None = tag(922, None)
    text: Text | None = tag(58, None)
    ledger_kind: Id | None = tag(5031, None)


class SecurityListRequest(Message, frozen=True, kw_only=True):
    """SecurityListRequest (x): 559=4 all instruments, 559=0 the one in 55."""

    msg_type: ClassVar[str] = "x"
    security_req_id: Id = tag(320)
    security_list_request_type: SecurityListRequestType = tag(559)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)


Capabilities = Annotated[str, Meta(max_length=512)]


class Security(Group, frozen=True, kw_only=True):
    """One instrument (NoRelatedSym 146): its rules in units of the underlying.

    `symbol` in the one symbology, `security_exchange` the venue id, `contract_multiplier` units of
    the underlying in one lot or contract of the venue, `currency` the quote currency, in which
    profit is counted, `base_currency` that of the quantity. Longs pay `funding_rate` x notional at
    `funding_time` and then every `funding_interval_ms`. `margin_rate` is the part of the notional
    that the venue blocks for an open position: 1 is cash.
    """

    symbol: Id = tag(55)
    contract_multiplier: Decimal | None = tag(231, None)
    security_exchange: Id | None = tag(207, None)
    currency: Id | None = tag(15, None)
    min_trade_vol: Decimal | None = tag(562, None)
    price_tick: Decimal | None = tag(5010, None)
    qty_step: Decimal | None = tag(5011, None)
    min_notional: Decimal | None = tag(5012, None)
    max_qty: Decimal | None = tag(5013, None)
    maker_fee: Decimal | None = tag(5024, None)
    taker_fee: Decimal | None = tag(5025, None)
    base_currency: Id | None = tag(5042, None)
    funding_rate: Decimal | None = tag(5043, None)
    funding_time: UtcTimestamp | None = tag(5044, None)
    funding_interval_ms: Count | None = tag(5045, None)
    margin_rate: Decimal | None = tag(5047, None)


class SecurityList(Message, frozen=True, kw_only=True):
    """SecurityList (y): instruments; from a bridge also what the venue can do (5026, 5027).

    `capabilities` is a blank separated list of: MARKET LIMIT STOP STOP_LIMIT DAY GTC IOC FOK GTD
    POST_ONLY REDUCE_ONLY STOP_LOSS TAKE_PROFIT HEDGING REPLACE LOOKUP PROTECT DEMO.
    """

    msg_type: ClassVar[str] = "y"
    security_req_id: Id = tag(320)
    security_response_id: Id = tag(322)
    security_request_result: SecurityRequestResult = tag(560)
    tot_no_related_sym: Count | None = tag(393, None)
    last_fragment: bool | None = tag(893, None)
    securities: tuple[Security, ...] = tag(146, ())
    complete: bool | None = tag(5008, None)
    capabilities: Capabilities | None = tag(5026, None)
    absence_after_ms: Count | None = tag(5027, None)
