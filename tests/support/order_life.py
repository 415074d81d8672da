"""Orders that live through anything: each step is a pair of numbers, so that chance can write it.

A desk is driven by steps that need not make sense to the venue's reports (they are then an alert);
`shadow` is a second book, folded from the same records, whose derived figures a test may consume.
"""

from __future__ import annotations

from decimal import Decimal

from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, Exchange, cancel, change, new_order

from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book, decode, encode
from gateway.oms.effects import Jot
from protocol.fields import CxlRejReason, CxlRejResponseTo, ExecType, OrdStatus, Side, TimeInForce
from protocol.messages import (
    CollateralReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)

OWNERS = ("MM", "MOM")
TIMES = (
    TimeInForce.GOOD_TILL_CANCEL, TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY,
    TimeInForce.IMMEDIATE_OR_CANCEL,
)  # fmt: skip
STEPS = (
    "new", "new", "new", "new", "accept", "fill", "fill", "fill", "late", "bust", "correct",
    "reject", "end", "ask_cancel", "ask_replace", "ask_replace", "answer", "answer", "refuse",
    "hand", "fund", "quote", "break_link", "restart", "archive", "reload",
)  # fmt: skip


class OrderLife:
    """A desk, the venue's side of each order, and a second book that follows."""

    def __init__(self, house=None):
        self.desk = Desk(house)
        self.shadow = Book()
        self.loads = 0
        self.exchanges = []
        self.requests = []
        self.trades = []
        self.read = self.folded = self.count = 0
        self.desk.open_up()
        self.follow()

    def step(self, what, pick, size):
        """Let one thing happen: `pick` says to what, `size` how much of it."""
        getattr(self, what)(pick, size)
        self.follow()

    def follow(self):
        """Notice what was sent to the venue, and fold the new records into the shadow."""
        for session, message in self.desk.said[self.read :]:
            if session == VENUE and isinstance(message, NewOrderSingle):
                self.exchanges.append(Exchange(self.desk, message))
            elif isinstance(message, (OrderCancelRequest, OrderCancelReplaceRequest)):
                self.requests.append(message)
        self.read = len(self.desk.said)
        for record in self.desk.records[self.folded :]:
            apply(self.shadow, entry_of(record))
        self.folded = len(self.desk.records)

    def new(self, pick, size):
        """A strategy sends an order."""
        self.count += 1
        self.desk.pass_time(300)
        self.desk.hear(OWNERS[pick % 2], new_order(
            self.desk, f"C{self.count}", str(size * 100), f"1.10{pick % 7}0",
            side=Side.BUY if size % 3 else Side.SELL, time_in_force=TIMES[pick % 4],
        ))  # fmt: skip

    def found(self, pick):
        """Pick an order of the venue's, as the core knows it; None when there is none yet."""
        if not self.exchanges:
            return None, None
        exchange = self.exchanges[-1 - pick % min(len(self.exchanges), 6)]
        return exchange, self.desk.book.order_on_wire(exchange.wire_id)

    def accept(self, pick, _size):
        """The venue has an order."""
        exchange, _ = self.found(pick)
        if exchange:
            exchange.accept()

    def fill(self, pick, size):
        """The venue executes a part of what is left, or all."""
        exchange, _ = self.found(pick)
        if exchange and exchange.cum < exchange.qty:
            qty = min(exchange.qty - exchange.cum, Decimal(size * 50))
            self.executed(exchange, qty, size)

    def late(self, pick, size):
        """The venue executes what it should not have: more than there was, or after the end."""
        exchange, _ = self.found(pick)
        if exchange:
            self.executed(exchange, Decimal(size), size)

    def executed(self, exchange, qty, size):
        """Say a fill and remember it."""
        name = f"T{len(self.trades)}"
        self.trades.append((exchange, name, qty))
        exchange.fill(str(qty), f"1.1{size:02}", name)

    def bust(self, pick, _size):
        """The venue takes a fill back."""
        if self.trades:
            exchange, name, qty = self.trades[pick % len(self.trades)]
            exchange.cum = max(exchange.cum - qty, Decimal(0))
            exchange.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, exec_ref_id=name)

    def correct(self, pick, size):
        """The venue corrects a fill."""
        if self.trades:
            exchange, name, _ = self.trades[pick % len(self.trades)]
            exchange.say(
                ExecType.TRADE_CORRECT, OrdStatus.PARTIALLY_FILLED, exec_ref_id=name,
                last_qty=Decimal(size * 10), last_px=Decimal("1.2"),
            )  # fmt: skip

    def reject(self, pick, _size):
        """The venue refuses an order."""
        exchange, _ = self.found(pick)
        if exchange:
            exchange.say(ExecType.REJECTED, OrdStatus.REJECTED)

    def end(self, pick, size):
        """The venue cancels or expires an order, unasked."""
        exchange, _ = self.found(pick)
        if exchange and size % 2:
            exchange.cancel()
        elif exchange:
            exchange.say(ExecType.EXPIRED, OrdStatus.EXPIRED)

    def ask_cancel(self, pick, _size):
        """A strategy wants an order gone."""
        _, order = self.found(pick)
        if order:
            self.count += 1
            message = cancel(self.desk, f"C{self.count}", order.cl_ord_id, side=order.side)
            self.desk.hear(order.owner, message)

    def ask_replace(self, pick, size):
        """A strategy wants an order changed."""
        _, order = self.found(pick)
        if order:
            self.count += 1
            self.desk.pass_time(300)
            self.desk.hear(order.owner, change(
                self.desk, f"C{self.count}", order.cl_ord_id, str(size * 100),
                f"1.10{size % 7}0", side=order.side, time_in_force=order.time_in_force,
            ))  # fmt: skip

    def answer(self, pick, _size):
        """The venue does what it was asked."""
        exchange, request = self.asked(pick)
        if isinstance(request, OrderCancelReplaceRequest):
            exchange.replace(request)
        elif request:
            exchange.cancel(request)

    def refuse(self, pick, _size):
        """The venue refuses what it was asked."""
        exchange, request = self.asked(pick)
        if request:
            replace = isinstance(request, OrderCancelReplaceRequest)
            kind = CxlRejResponseTo.REPLACE if replace else CxlRejResponseTo.CANCEL
            self.desk.hear(VENUE, OrderCancelReject(
                order_id=f"V{exchange.wire_id}", cl_ord_id=request.cl_ord_id,
                orig_cl_ord_id=exchange.wire_id, ord_status=OrdStatus.NEW,
                cxl_rej_response_to=kind, cxl_rej_reason=CxlRejReason.BROKER, text="NO",
            ))  # fmt: skip

    def asked(self, pick):
        """Pick a request and the order it is about."""
        if not self.requests:
            return None, None
        request = self.requests.pop(-1 - pick % min(len(self.requests), 3))
        for exchange in self.exchanges:
            if exchange.wire_id == request.orig_cl_ord_id:
                return exchange, request
        return None, None

    def hand(self, pick, size):
        """A person trades past the gateway."""
        self.count += 1
        stranger = Exchange(self.desk, new_order(
            self.desk, "", str(size), side=Side.SELL if pick % 2 else Side.BUY,
        ))  # fmt: skip
        stranger.wire_id = None
        stranger.fill(str(size), trade_id=f"H{self.count}")

    def fund(self, pick, size):
        """The venue books funding, in the currency of the price or in another."""
        self.count += 1
        self.desk.hear(VENUE, CollateralReport(
            coll_rpt_id=f"L{self.count}", symbol=SYMBOL, account=ACCOUNT, ledger_kind="FUNDING",
            currency=("USD", "EUR")[pick % 2], end_cash=Decimal(size - 10) / 10,
        ))  # fmt: skip

    def quote(self, pick, _size):
        """The market moves."""
        self.desk.quote(f"1.10{pick % 10}0", f"1.10{pick % 10}4")

    def break_link(self, pick, _size):
        """The venue's link breaks, and comes back to a venue that tells of no orders."""
        self.desk.drop(VENUE)
        self.come_back(pick)

    def restart(self, pick, _size):
        """The gateway dies and starts again."""
        self.desk.restart()
        self.come_back(pick)

    def come_back(self, pick):
        """Everybody logs on; some of the orders are listed."""
        self.desk.log_on(VENUE)
        listed = {}
        for exchange in self.exchanges[pick % 3 :]:
            order = self.desk.book.order_on_wire(exchange.wire_id)
            if order is not None and order.is_open:
                listed[exchange.wire_id] = exchange.report(ExecType.ORDER_STATUS, OrdStatus.NEW)
        self.desk.answer_round(orders=listed.values())
        self.desk.quote("1.1000", "1.1002")
        for owner in OWNERS:
            if not self.desk.book.session(owner).connected:
                self.desk.log_on(owner)

    def archive(self, _pick, _size):
        """What ended before now leaves memory."""
        self.desk.run([Jot("ARCHIVE", {"before_ns": self.desk.now_ns})])

    def reload(self, _pick, _size):
        """The shadow goes on from a snapshot."""
        self.follow()
        self.shadow = decode(encode(self.shadow))
        self.loads += 1
