"""A watch in virtual time, with a market and halts that a test sets by hand."""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.market import Market, Quote
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.watch import Trip, Watch
from protocol.fields import (
    ExecType,
    MDEntryType,
    OrdStatus,
    OrdType,
    RejectSource,
    Side,
    TimeInForce,
)
from protocol.messages import (
    ExecutionReport,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    NewOrderSingle,
)
from protocol.timestamps import format_utc

MS = 1_000_000
S = 1_000 * MS
T0 = 1_800_000_000 * S
VENUE, SYMBOL, OWNER = "PAPER", "EURUSD", "MM"


class Sight:
    """Feeds a watch; `halts` are those that stand, `carry_out` lets trips become halts."""

    def __init__(self, *, carry_out=False, **breakers):
        self.market = Market()
        self.now_ns = T0
        self.halts = {}
        self.carry_out = carry_out
        self.watch = Watch(BreakerRules(**breakers), self.market, self.standing)
        self.orders = 0

    def standing(self, scope, cause):
        """Whether a halt stands: until its time has come, or for ever."""
        until_ns = self.halts.get((scope, cause))
        return until_ns is not None and (until_ns == 0 or self.now_ns < until_ns)

    def wait(self, ms):
        """Let time pass."""
        self.now_ns += ms * MS

    def due(self):
        """Ask for what has tripped."""
        found = list(self.watch.due(self.now_ns))
        if self.carry_out:
            for trip in found:
                cool_ns = trip.cool_down_ms * MS
                self.halts[trip.scope, trip.cause] = self.now_ns + cool_ns if cool_ns else 0
        return found

    def causes(self):
        """Ask for what has tripped, as `scope cause`."""
        return [f"{trip.scope} {trip.cause}" for trip in self.due() if isinstance(trip, Trip)]

    def arrived(self, quoted_ns, age_ns=None):
        """Let an order of the strategy arrive that was decided on a quote of some time."""
        message = NewOrderSingle(
            cl_ord_id="X", symbol=SYMBOL, side=Side.BUY, transact_time=format_utc(self.now_ns),
            order_qty=Decimal(1), ord_type=OrdType.MARKET,
            quote_time=format_utc(quoted_ns) if quoted_ns is not None else None,
        )  # fmt: skip
        self.watch.order_arrived(OWNER, VENUE, message, self.now_ns, age_ns)

    def accept(self, *, in_book=True, owner=OWNER, held=False, **fields):
        """Tell 150=A of a new order and, if it is not held, hand it on; return its fields."""
        self.orders += 1
        fields = {
            "order_id": f"O{self.orders}", "symbol": SYMBOL, "ord_type": OrdType.LIMIT,
            "time_in_force": TimeInForce.DAY, "security_exchange": VENUE, **fields,
            "side": Side[fields.get("side", "BUY")],
        }  # fmt: skip
        self.tell(fields, ExecType.PENDING_NEW, in_book=in_book, owner=owner)
        if not held:
            self.watch.sent(fields["order_id"], self.now_ns)
        return fields

    def tell(self, order, exec_type, *, in_book=True, owner=OWNER, **more):
        """Tell a report of an order."""
        fields = {
            "exec_id": "E", "ord_status": OrdStatus.NEW, "leaves_qty": Decimal(1),
            "cum_qty": Decimal(0), "avg_px": Decimal(0), **order, **more,
        }  # fmt: skip
        report = ExecutionReport(exec_type=exec_type, **fields)
        self.watch.told(owner, report, object() if in_book else None, self.now_ns)

    def fill(self, order, price):
        """Tell a fill that ends its order."""
        self.tell(
            order, ExecType.TRADE, last_px=Decimal(price), last_qty=Decimal(1),
            leaves_qty=Decimal(0),
        )  # fmt: skip

    def refuse(self, text):
        """Tell a refusal of the gateway's own."""
        order = {"order_id": "NONE", "symbol": SYMBOL, "side": Side.BUY}
        self.tell(
            order, ExecType.REJECTED, in_book=False, reject_source=RejectSource.GATEWAY, text=text
        )

    def stop_or_mid(self, kind):
        """Return a price at which an order of a kind does not slip."""
        return kind.get("stop_px", Decimal("1.1"))

    def show(self, bid, offer, *, symbol=SYMBOL, venue=VENUE):
        """Show a quote; None is an empty side."""
        sides = ((MDEntryType.BID, bid), (MDEntryType.OFFER, offer))
        entries = tuple(
            MDEntry(md_entry_type=kind, md_entry_px=Decimal(price), md_entry_size=Decimal(1))
            for kind, price in sides
            if price is not None
        )
        message = MarketDataSnapshotFullRefresh(symbol=symbol, md_entries=entries)
        self.market.quotes[venue, symbol] = Quote(message, self.now_ns)
        self.watch.quote(venue, symbol, self.now_ns)
