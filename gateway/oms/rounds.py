"""How the messages of an answer are put into the round of questions that they answer."""

from __future__ import annotations

from gateway.oms.market import Answers, VenueView
from protocol.messages import (
    CollateralInquiryAck,
    CollateralReport,
    ExecutionReport,
    Message,
    PositionReport,
    RequestForPositionsAck,
    SecurityList,
    TradeCaptureReport,
    TradeCaptureReportRequestAck,
)


def take_securities(view: VenueView, message: SecurityList) -> None:
    """Keep what a venue tells of its instruments and of what it can do."""
    for security in message.securities:
        view.securities[security.symbol] = security
    if message.capabilities is not None:
        view.capabilities = frozenset(message.capabilities.split())
    if message.absence_after_ms is not None:
        view.absence_after_ms = message.absence_after_ms


def put_in(answers: Answers, view: VenueView, message: Message) -> bool:  # noqa: C901 - one match
    """Put a message into the round that it answers; False when it answers another one."""
    name = answers.round_id
    match message:
        case SecurityList(security_req_id=asked) if asked == name:
            answers.securities = answers.securities or message.last_fragment is not False
        case ExecutionReport(mass_status_req_id=asked) if asked == name:
            answers.orders_due = message.tot_num_reports or 0
            answers.orders_complete &= message.complete is True
            if answers.orders_due:
                answers.orders[message.cl_ord_id or message.order_id] = message
                answers.orders_seen += 1
        case TradeCaptureReportRequestAck(trade_request_id=asked) if asked == name:
            answers.trades_due = message.tot_num_trade_reports or 0
            answers.trades_complete = message.complete is True
        case TradeCaptureReport(trade_request_id=asked) if asked == name:
            answers.trades.append(message)
        case RequestForPositionsAck(pos_req_id=asked) if asked == name:
            answers.positions_due = message.total_num_pos_reports or 0
            answers.positions_complete = message.complete is True
        case PositionReport(pos_req_id=asked) if asked == name:
            answers.positions.append(message)
        case CollateralInquiryAck(coll_inquiry_id=asked) if asked == name:
            answers.balances_due = message.tot_num_reports or 0
            answers.balances_complete = message.complete is True
        case CollateralReport(coll_inquiry_id=asked) if asked == name:
            answers.balances.append(message)
            if message.currency:
                view.balances[message.currency] = message
            if answers.balances_complete and len(answers.balances) == answers.balances_due:
                view.balances_ns, view.in_use = answers.asked_ns, answers.in_use
        case _:
            return False
    return True
