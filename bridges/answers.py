"""Answers about the account: fills, positions, balances, ledger entries, instruments. Pure.

Each begins with how many reports follow, zero allowed, and says with 5008=Y that they were read
completely while the venue was connected; then the reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridges.instrument import Instrument
from bridges.port import (
    Balance,
    Balances,
    Capabilities,
    Fill,
    Fills,
    Instruments,
    LedgerEntry,
    Position,
    Positions,
)
from protocol.fields import (
    CollInquiryStatus,
    OrdType,
    PosReqResult,
    PosReqStatus,
    SecurityListRequestType,
    SecurityRequestResult,
    TimeInForce,
)
from protocol.fragments import fragments
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    Message,
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
from protocol.numbers import ZERO, plain
from protocol.timestamps import format_date, format_utc, parse_utc

_TYPE_NAMES = {
    OrdType.MARKET: "MARKET",
    OrdType.LIMIT: "LIMIT",
    OrdType.STOP: "STOP",
    OrdType.STOP_LIMIT: "STOP_LIMIT",
}
_TIF_NAMES = {
    TimeInForce.DAY: "DAY",
    TimeInForce.GOOD_TILL_CANCEL: "GTC",
    TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
    TimeInForce.GOOD_TILL_DATE: "GTD",
}


def since_ns(message: TradeCaptureReportRequest) -> int:
    """Read from when on an AD asks for fills; the beginning of time if it does not say."""
    if not message.dates:
        return 0
    first = message.dates[0]
    return parse_utc(first.transact_time or f"{first.trade_date}-00:00:00")


def trade_report(
    ask: TradeCaptureReportRequest, fill: Fill, *, venue: str, total: int, last: bool
) -> TradeCaptureReport:
    """Tell one fill as the venue's history has it (AE)."""
    return TradeCaptureReport(
        trade_report_id=fill.trade_id,
        trade_request_id=ask.trade_request_id,
        tot_num_trade_reports=total,
        last_rpt_requested=last or None,
        secondary_exec_id=fill.trade_id,
        previously_reported=False,
        symbol=fill.symbol,
        security_exchange=venue,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
        trade_date=format_date(fill.transact_ns),
        transact_time=format_utc(fill.transact_ns),
        last_liquidity_ind=fill.liquidity,
        origin=fill.origin or None,
        position_id=fill.position_id or None,
        parent_order_id=fill.parent_id or None,
        sides=(
            TradeCaptureSide(
                side=fill.side,
                order_id=fill.order_id,
                cl_ord_id=fill.cl_ord_id or None,
                commission=fill.commission,
                comm_type="3",
                comm_currency=fill.comm_currency,
            ),
        ),
    )


def position_report(
    ask: RequestForPositions, position: Position, *, venue: str, total: int, now_ns: int
) -> PositionReport:
    """Tell one position of the account (AP)."""
    long_qty, short_qty = max(position.qty, ZERO), max(-position.qty, ZERO)
    name = f"{position.symbol}/{position.position_id}" if position.position_id else position.symbol
    return PositionReport(
        pos_maint_rpt_id=f"{ask.pos_req_id}/{name}",
        pos_req_id=ask.pos_req_id,
        total_num_pos_reports=total,
        pos_req_result=PosReqResult.VALID,
        clearing_business_date=format_date(now_ns),
        account=ask.account,
        symbol=position.symbol,
        security_exchange=venue,
        currency=position.currency,
        settl_price=plain(round(position.avg_px, 12)),
        prior_settl_price=ZERO,
        realized_pnl=plain(round(position.realized_pnl, 12)),
        positions=(PositionQty(pos_type="TQ", long_qty=long_qty, short_qty=short_qty),),
        position_id=position.position_id or None,
        stop_loss_px=position.stop_loss_px,
        take_profit_px=position.take_profit_px,
    )


def balance_report(
    inquiry_id: str, balance: Balance, *, account: str, total: int, last: bool
) -> CollateralReport:
    """Tell one currency of the account (BA)."""
    return CollateralReport(
        coll_rpt_id=f"{inquiry_id}/{balance.currency}",
        coll_inquiry_id=inquiry_id,
        tot_num_reports=total,
        last_rpt_requested=last or None,
        account=account,
        currency=balance.currency,
        cash_outstanding=balance.free,
        end_cash=balance.total,
    )


def ledger_report(entry: LedgerEntry, *, venue: str, account: str) -> CollateralReport:
    """Tell one entry of the account's ledger (BA, unasked)."""
    return CollateralReport(
        coll_rpt_id=entry.entry_id,
        account=account,
        symbol=entry.symbol or None,
        security_exchange=venue,
        currency=entry.currency,
        start_cash=ZERO,
        end_cash=entry.amount,
        ledger_kind=entry.kind,
        text=format_utc(entry.transact_ns),
    )


def security(instrument: Instrument, *, venue: str) -> Security:
    """Tell one instrument (an entry of y)."""
    funded = instrument.funding_interval_ms > 0
    return Security(
        symbol=instrument.symbol,
        security_exchange=venue,
        contract_multiplier=instrument.contract_multiplier,
        currency=instrument.currency,
        min_trade_vol=instrument.min_qty,
        price_tick=instrument.price_tick,
        qty_step=instrument.qty_step,
        min_notional=instrument.min_notional,
        max_qty=instrument.max_qty,
        maker_fee=instrument.maker_fee,
        taker_fee=instrument.taker_fee,
        base_currency=instrument.base or None,
        funding_rate=instrument.funding_rate if funded else None,
        funding_time=(
            format_utc(instrument.funding_ns) if funded and instrument.funding_ns else None
        ),
        funding_interval_ms=instrument.funding_interval_ms if funded else None,
        margin_rate=instrument.margin_rate,
    )


def capabilities_text(able: Capabilities) -> str:
    """Write capabilities as 5026 wants them."""
    flags = {
        "POST_ONLY": able.post_only,
        "REDUCE_ONLY": able.reduce_only,
        "STOP_LOSS": able.stop_loss,
        "TAKE_PROFIT": able.take_profit,
        "HEDGING": able.hedging,
        "REPLACE": able.replace,
        "LOOKUP": able.look_up,
        "PROTECT": able.protect,
        "DEMO": able.demo,
    }
    words = [_TYPE_NAMES[kind] for kind in able.ord_types]
    words += [_TIF_NAMES[tif] for tif in able.times_in_force]
    return " ".join(words + [name for name, on in flags.items() if on])


def fills(ask: TradeCaptureReportRequest, event: Fills, *, venue: str) -> Iterator[Message]:
    """Answer an AD: AQ, then an AE for each fill."""
    total = len(event.fills)
    yield TradeCaptureReportRequestAck(
        trade_request_id=ask.trade_request_id,
        trade_request_type=ask.trade_request_type,
        tot_num_trade_reports=total,
        trade_request_result=0,
        trade_request_status=0 if total else 1,
        symbol="[N/A]",
        complete=event.complete or None,
    )
    for at, fill in enumerate(event.fills, 1):
        yield trade_report(ask, fill, venue=venue, total=total, last=at == total)


def positions(
    ask: RequestForPositions, event: Positions, *, venue: str, now_ns: int
) -> Iterator[Message]:
    """Answer an AN: AO, then an AP for each position."""
    total = len(event.positions)
    yield RequestForPositionsAck(
        pos_maint_rpt_id=ask.pos_req_id,
        pos_req_id=ask.pos_req_id,
        total_num_pos_reports=total,
        pos_req_result=PosReqResult.VALID if total else PosReqResult.NO_POSITIONS,
        pos_req_status=PosReqStatus.COMPLETED,
        account=ask.account,
        complete=event.complete or None,
    )
    for position in event.positions:
        yield position_report(
            ask, position, venue=venue, total=total, now_ns=now_ns
        )


def balances(
    ask: CollateralInquiry, event: Balances, *, account: str
) -> Iterator[Message]:
    """Answer a BB: BG, then a BA for each currency."""
    total = len(event.balances)
    yield CollateralInquiryAck(
        coll_inquiry_id=ask.coll_inquiry_id,
        coll_inquiry_status=CollInquiryStatus.COMPLETED,
        tot_num_reports=total,
        account=account,
        complete=event.complete or None,
    )
    for at, balance in enumerate(event.balances, 1):
        yield balance_report(
            ask.coll_inquiry_id, balance, account=account, total=total, last=at == total
        )


def listing(
    ask: SecurityListRequest, event: Instruments, able: Capabilities, *, venue: str
) -> Iterator[SecurityList]:
    """Answer an x: y with every instrument, and what the venue can do."""
    one = ask.symbol
    if ask.security_list_request_type is SecurityListRequestType.ALL_SECURITIES:
        one = None
    found = tuple(
        security(instrument, venue=venue)
        for instrument in event.instruments
        if one in {None, instrument.symbol}
    )
    yield from fragments(
        SecurityList(
            security_req_id=ask.security_req_id,
            security_response_id=ask.security_req_id,
            security_request_result=(
                SecurityRequestResult.VALID if found else SecurityRequestResult.NONE_FOUND
            ),
            securities=found,
            capabilities=capabilities_text(able),
            absence_after_ms=able.absence_after_ms,
            complete=event.complete or None,
        )
    )
