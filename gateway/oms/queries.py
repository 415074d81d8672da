"""What can be asked and changes nothing: status, positions, balances, instruments, a book."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from gateway.oms.book import Book
from gateway.oms.effects import Effects, To
from gateway.oms.holdings import Place, holding, holdings
from gateway.oms.market import Market
from gateway.oms.reporting import report
from gateway.oms.rules import Rules
from gateway.oms.state import Order
from protocol.fields import (
    NONE,
    CollInquiryStatus,
    CollStatus,
    ExecType,
    MDReqRejReason,
    OrdRejReason,
    OrdStatus,
    PosReqResult,
    PosReqStatus,
    SecurityRequestResult,
    Side,
)
from protocol.fragments import fragments
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    ExecutionReport,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshotFullRefresh,
    OrderMassStatusRequest,
    OrderStatusRequest,
    RequestForPositions,
    RequestForPositionsAck,
    SecurityList,
    SecurityListRequest,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_utc


class Desk:
    """Answers questions from book and market."""

    def __init__(self, book: Book, market: Market, rules: Rules) -> None:
        self.book = book
        self.market = market
        self.rules = rules

    def order_status(self, owner: str, message: OrderStatusRequest, now_ns: int) -> Effects:
        """OrderStatusRequest (H): 150=I; 39=8 103=5 when there is no such order (G.1.a)."""
        order = self.book.order_of(owner, message.cl_ord_id)
        if order is None and message.order_id:
            found = self.book.state.orders.get(message.order_id)
            order = found if found is not None and found.owner == owner else None
        if order is None:
            yield To(owner, self._unknown(message, now_ns))
            return
        yield To(owner, self._status(order, now_ns, ord_status_req_id=message.ord_status_req_id))

    def mass_status(self, owner: str, message: OrderMassStatusRequest, now_ns: int) -> Effects:
        """OrderMassStatusRequest (AF): an 8 for each open order; none: one with 37=NONE 911=0."""
        orders = [
            order
            for order in self.book.open_orders(owner=owner, venue=message.security_exchange or "")
            if (message.symbol is None or order.symbol == message.symbol)
            and (message.side is None or order.side is message.side)
        ]
        for number, order in enumerate(orders, start=1):
            yield To(
                owner,
                self._status(
                    order, now_ns, mass_status_req_id=message.mass_status_req_id,
                    tot_num_reports=len(orders), last_rpt_requested=number == len(orders),
                ),
            )  # fmt: skip
        if not orders:
            yield To(
                owner,
                ExecutionReport(
                    order_id=NONE, exec_id=self.book.next_exec_id(),
                    exec_type=ExecType.ORDER_STATUS, ord_status=OrdStatus.REJECTED,
                    symbol=message.symbol or "[N/A]", side=message.side or Side.BUY,
                    leaves_qty=ZERO, cum_qty=ZERO, avg_px=ZERO,
                    mass_status_req_id=message.mass_status_req_id, tot_num_reports=0,
                    last_rpt_requested=True, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
                    transact_time=format_utc(now_ns),
                ),
            )  # fmt: skip

    def _status(self, order: Order, now_ns: int, **more: Any) -> ExecutionReport:
        doubt = True if order.in_doubt else None
        return report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=doubt, **more)

    def _unknown(self, message: OrderStatusRequest, now_ns: int) -> ExecutionReport:
        return ExecutionReport(
            order_id=NONE,
            exec_id=self.book.next_exec_id(),
            exec_type=ExecType.ORDER_STATUS,
            ord_status=OrdStatus.REJECTED,
            symbol=message.symbol,
            side=message.side,
            leaves_qty=ZERO,
            cum_qty=ZERO,
            avg_px=ZERO,
            cl_ord_id=message.cl_ord_id,
            ord_status_req_id=message.ord_status_req_id,
            ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
            transact_time=format_utc(now_ns),
            text=f"UNKNOWN_ORDER: cl_ord_id={message.cl_ord_id}",
        )

    def positions(self, owner: str, message: RequestForPositions, now_ns: int) -> Effects:
        """RequestForPositions (AN): AO with the count, then an AP for each (oms/holdings.py)."""
        held = [one for one in holdings(self.book, self.rules, owner) if _asked(one[0], message)]
        ack_id = f"P{self.book.state.seq}"
        yield To(
            owner,
            RequestForPositionsAck(
                pos_maint_rpt_id=ack_id, pos_req_id=message.pos_req_id,
                total_num_pos_reports=len(held),
                pos_req_result=PosReqResult.VALID if held else PosReqResult.NO_POSITIONS,
                pos_req_status=PosReqStatus.COMPLETED, account=message.account, complete=True,
            ),
        )  # fmt: skip
        for number, one in enumerate(held, start=1):
            yield To(
                owner,
                holding(
                    self.book, self.market, owner, one, now_ns,
                    pos_maint_rpt_id=f"{ack_id}.{number}", pos_req_id=message.pos_req_id,
                    total_num_pos_reports=len(held),
                ),
            )  # fmt: skip

    def balances(self, owner: str, message: CollateralInquiry, now_ns: int) -> Effects:
        """CollateralInquiry (BB): BG with the count, then a BA for each currency of the account."""
        venues = [message.security_exchange] if message.security_exchange else self.rules.venues
        allowed = self.rules.strategies[owner].venues
        found = [
            (venue, report_)
            for venue in venues
            if venue in self.rules.venues and (not allowed or venue in allowed)
            and message.account in {None, self.rules.venues[venue].account}
            for report_ in self.market.venue(venue).balances.values()
        ]  # fmt: skip
        yield To(
            owner,
            CollateralInquiryAck(
                coll_inquiry_id=message.coll_inquiry_id, tot_num_reports=len(found),
                coll_inquiry_status=CollInquiryStatus.COMPLETED, account=message.account,
                complete=all(
                    venue in self.rules.venues and self.market.venue(venue).ready
                    for venue in venues
                ),
            ),
        )  # fmt: skip
        for number, (venue, balance) in enumerate(found, start=1):
            yield To(
                owner,
                CollateralReport(
                    coll_rpt_id=f"B{now_ns}.{number}", coll_inquiry_id=message.coll_inquiry_id,
                    coll_status=CollStatus.ASSIGNED, tot_num_reports=len(found),
                    last_rpt_requested=number == len(found), account=balance.account,
                    security_exchange=venue, currency=balance.currency,
                    cash_outstanding=balance.cash_outstanding, end_cash=balance.end_cash,
                ),
            )  # fmt: skip

    def securities(self, owner: str, message: SecurityListRequest, _now_ns: int) -> Effects:
        """SecurityListRequest (x): the instruments of the venues that the strategy may use."""
        allowed = self.rules.strategies[owner].venues
        found = [
            replace(security, security_exchange=venue)
            for venue in self.rules.venues
            if (not allowed or venue in allowed) and message.security_exchange in {None, venue}
            for symbol, security in sorted(self.market.venue(venue).securities.items())
            if message.symbol in {None, symbol}
        ]
        listing = SecurityList(
            security_req_id=message.security_req_id,
            security_response_id=f"S{self.book.state.seq}",
            security_request_result=(
                SecurityRequestResult.VALID if found else SecurityRequestResult.NONE_FOUND
            ),
            securities=tuple(found),
        )
        for part in fragments(listing):
            yield To(owner, part)

    def book_snapshot(self, owner: str, message: MarketDataRequest, _now_ns: int) -> Effects:
        """MarketDataRequest (V): the last book of each symbol, with 5016 and 5017 to align by."""
        for wanted in message.related_sym:
            venue = wanted.security_exchange or self.rules.route(wanted.symbol)
            quote = self.market.quote(venue, wanted.symbol)
            if quote is None:
                yield To(
                    owner,
                    MarketDataRequestReject(
                        md_req_id=message.md_req_id,
                        md_req_rej_reason=MDReqRejReason.UNKNOWN_SYMBOL,
                        text=f"NO_BOOK: symbol={wanted.symbol} venue={venue or 'none'}",
                    ),
                )
                continue
            seen = quote.message
            yield To(
                owner,
                MarketDataSnapshotFullRefresh(
                    md_req_id=message.md_req_id, symbol=wanted.symbol, security_exchange=venue,
                    md_entries=seen.md_entries, feed_epoch=seen.feed_epoch, feed_seq=seen.feed_seq,
                ),
            )  # fmt: skip


def _asked(place: Place, message: RequestForPositions) -> bool:
    account, venue, symbol = place
    return (
        message.account in {account, "ALL"}
        and message.symbol in {None, symbol}
        and message.security_exchange in {None, venue}
    )
