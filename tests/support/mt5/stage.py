"""One stage for both MetaTrader bridges: what a gateway says to them, and what they tell it.

`TerminalStage` and `EaStage` are the desks of the conformance suite with EURUSD: the same simulated
trade server, in virtual time, with the bridge's whole session on the wire. `Play` speaks for the
gateway and for everybody else, and writes down what was told in short lines: ids, tickets and
trades by the names that the play gives them, times left out, and the lines of each order together.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from support.bridge_wire import MS, T0
from support.conformance_ea import INPUTS, EaDesk
from support.conformance_mt5 import Mt5Desk
from support.mt5.clock import Clock
from support.mt5.clock import zone as offset_of
from support.mt5.constants import Execution, FillingFlag, MarginMode
from support.mt5.people import People
from support.mt5.server import TradeServer
from support.mt5.stage_words import KINDS, fields_of, is_fill, levels_of, why_of
from support.mt5.symbols import eurusd
from support.mt5_trader import LOGIN

from protocol.fields import ExecType, LastLiquidityInd, PosMaintStatus, Side
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    Message,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
    PositionMaintenanceReport,
    PositionReport,
    RequestForPositionsAck,
    TradeCaptureReport,
    TradeCaptureReportRequestAck,
    TradingSessionStatus,
)
from protocol.timestamps import format_utc

EURUSD = "EURUSD"
BID, ASK = "1.1", "1.1001"
MONEY = "100000"
NET, HEDGE, EXCHANGE = (
    MarginMode.RETAIL_NETTING, MarginMode.RETAIL_HEDGING, MarginMode.EXCHANGE,
)  # fmt: skip
ALL = (NET, HEDGE, EXCHANGE)
EXECUTIONS = {NET: Execution.MARKET, HEDGE: Execution.INSTANT, EXCHANGE: Execution.EXCHANGE}
"""Each kind of account with another way in which its orders are executed."""
ACKS = {TradeCaptureReportRequestAck, RequestForPositionsAck}
DEAD_MAN_MS = 5_000
HOUR_NS = 3_600 * 1_000 * MS
OWN = {
    "order_id", "exec_id", "cl_ord_id", "orig_cl_ord_id", "secondary_exec_id", "transact_time",
    "parent_order_id", "position_id", "text", "trade_report_id", "sides", "trade_date",
    "total_num_pos_reports", "tot_num_trade_reports", "last_rpt_requested", "account",
    "pos_maint_rpt_id", "pos_req_id", "orig_pos_req_ref_id",
}  # fmt: skip
"""Fields that a line names in its own way, or that are a bridge's own."""


def rules_of(kind, **more):
    """Return EURUSD as an account of a kind has it."""
    filling = FillingFlag.FOK | FillingFlag.IOC
    if kind is EXCHANGE:
        filling |= FillingFlag.BOC
    return eurusd(**{
        "execution": EXECUTIONS[kind], "filling": filling, "commission": "3", "fee": "1", **more,
    })  # fmt: skip


class Stage:
    """What both desks have in common here: from `begins_ms` on, with the server's `zone`, if any.

    The terminal bridge knows the zone; the Expert Advisor measures.
    """

    symbol = native = EURUSD
    settings = MappingProxyType({"absence_after_ms": 2_000, "deviation": 20})
    inputs = MappingProxyType(
        INPUTS | {"Deviation": 20, "IocAtMarket": False, "DeadManMs": DEAD_MAN_MS}
    )

    def __init__(self, folder, kind, *, begins_ms=T0 // MS, zone=None, **rules):
        self.mode, self.rules = kind, rules_of(kind, **rules)
        self.server_clock = Clock(begins_ms, offset=offset_of(zone) if zone else None)
        if zone:
            self.settings = self.settings | {"server_zone": zone}
        super().__init__(folder)

    def _open(self):
        self.now_ns = self.server.clock.now_ms * MS
        return super()._open()

    def broker(self):
        """Make the broker's server, with the account."""
        server = TradeServer(clock=self.server_clock, symbols=[self.rules])
        server.open_account(LOGIN, self.mode, balance=MONEY)
        return server

    def run(self, ms=10, step_ms=10):
        """Let time pass."""
        return super().run(ms, step_ms)

    def set_book(self, bids=((BID, 1),), asks=((ASK, 1),)):
        """Quote; how much is offered has no end."""
        self.server.quote(EURUSD, str(bids[0][0]), str(asks[0][0]))


class TerminalStage(Stage, Mt5Desk):
    """The terminal bridge."""

    def strike(self):
        """Let the dead man's hand do its work."""
        self.bridge.venue.cancel_all("DEAD_MAN", self.now_ns)
        self.run(1_000)


class EaStage(Stage, EaDesk):
    """The Expert Advisor."""

    def strike(self):
        """Let the gateway be gone until the dead man has done his work, and come back."""
        self.gateway.mute = True
        self.gateway.cut()
        self.run(DEAD_MAN_MS + 5_000)
        self.gateway.mute = False
        self.run(2_000)

    @property
    def transactions(self):
        """The queue of its transactions, and what goes wrong with them."""
        return self.chart.slot


class Play:
    """A gateway on a stage. Names begin with a letter for the order: a, a2 replaces it, af ends."""

    def __init__(self, desk):
        self.desk = desk
        self.server, self.office, self.terminal = desk.server, desk.office, desk.terminal
        self.people = People(desk.server, LOGIN)
        self.faults = desk.server.faults
        self.ids, self.orders = {}, {}
        self.known = {}
        """By name: the ticket (37) under which the gateway knows an order."""
        self.seen = {"#": {}, "P": {}}
        self.trades, self.entries = set(), set()
        self.remarks = []
        self.link = ""
        """What was said last of the link; None when nobody wants to know."""
        self.fields = []
        """All fields of what `lines` has written down, but those that are a bridge's own."""

    # Time, and others.

    def run(self, ms=300):
        """Let time pass."""
        self.desk.run(ms)
        return self

    def quote(self, bid, ask=None):
        """Let the market move, and what follows from it be told."""
        ask = ask or str(Decimal(bid) + Decimal("0.0001"))
        self.server.quote(EURUSD, bid, ask)
        return self.run()

    def rules(self, **changes):
        """Let the broker change the symbol's rules; they come with a quote."""
        self.server.add_symbol(rules_of(self.desk.mode, **changes))
        return self.quote(BID, ASK)

    def restart(self):
        """Let the bridge die, and another one come."""
        self.desk.restart()
        return self.run()

    def lose_notes(self, meanwhile=lambda: None):
        """Let the bridge die, and another one come that has none of its files."""
        for path in self.desk.folder.iterdir():
            path.unlink()
        meanwhile()
        return self.restart()

    def transactions(self, deed, *args, **more):
        """Let something be wrong with an Expert Advisor's transactions; the other has none."""
        found = getattr(self.desk, "transactions", None)
        if found is not None:
            getattr(found, deed)(*args, **more)

    def ticket(self, number=0):
        """Return the ticket of the order that is open as this one in the row."""
        return list(self.office.books.orders)[number]

    def position(self, number=0):
        """Return the identifier of the position that is this one in the row, as 5004."""
        return str(list(self.office.books.positions.values())[number].identifier)

    # The gateway.

    def buy(self, name, qty="10000", price=None, **more):
        """Say a D."""
        return self._order(name, Side.BUY, qty, price, **more)

    def sell(self, name, qty="10000", price=None, **more):
        """Say a D that sells."""
        return self._order(name, Side.SELL, qty, price, **more)

    def _order(self, name, side, qty, price, *, wait=300, **more):
        self.orders[name] = fields = fields_of(side, qty, price, **more)
        self._say(NewOrderSingle(cl_ord_id=self._id(name), **self._common(), **fields), wait)
        return self

    def replace(self, name, orig, *, wait=300, **changes):
        """Say a G: the order as it was, with changes."""
        kinds = {"price": Decimal, "stop_px": Decimal, "order_qty": Decimal}
        changed = {key: kinds.get(key, Decimal)(value) for key, value in changes.items()}
        self.orders[name] = fields = self.orders[orig] | changed
        self._say(OrderCancelReplaceRequest(
            cl_ord_id=self._id(name), orig_cl_ord_id=self.ids[orig],
            order_id=self.known.get(orig), **self._common(), **fields,
        ), wait)  # fmt: skip
        return self

    def cancel(self, name, orig, *, wait=300):
        """Say an F."""
        self._say(OrderCancelRequest(
            cl_ord_id=self._id(name), orig_cl_ord_id=self.ids[orig],
            side=self.orders[orig]["side"], order_id=self.known.get(orig), **self._common(),
        ), wait)  # fmt: skip
        return self

    def protect(self, name, stop=None, profit=None, *, wait=300):
        """Say an AL for the one position."""
        place = self.position() if self.desk.mode is HEDGE else None
        self._say(self.desk.levels(stop, profit, position_id=place, name=self._id(name)), wait)
        return self

    def status(self, name):
        """Say an H."""
        self._say(OrderStatusRequest(
            cl_ord_id=self.ids[name], symbol=EURUSD, side=self.orders[name]["side"],
            ord_status_req_id="H1", order_id=self.known.get(name),
        ), 100)  # fmt: skip
        return self

    def again(self, name):
        """Say a D once more."""
        self._say(NewOrderSingle(
            cl_ord_id=self.ids[name], **self._common(), **self.orders[name]
        ), 300)  # fmt: skip

    def balances(self):
        """Say a BB."""
        self._say(self.desk.balances(), 100)
        return self

    def never_say(self, name, like):
        """Give an order like another a name and an id: it gets lost on its way to the bridge."""
        self.orders[name] = self.orders[like]
        self._id(name)
        return self

    def _common(self):
        return {"symbol": EURUSD, "transact_time": format_utc(self.desk.now_ns)}

    def _id(self, name):
        return self.ids.setdefault(name, next(self.desk.ids))

    def _say(self, message, wait):
        self.desk.say(message)
        self.run(wait)

    # What was told.

    def lines(self):
        """Write down what was told, and what is so in the end; remarks come last."""
        told = [*self.desk.take(), *self._answers()]
        assert len(fills := [one.secondary_exec_id for one in told if is_fill(one)]) == len(
            set(fills)
        ), "a fill was told twice"
        found = [(line, one) for one in told if (line := self._line(one))]
        found.sort(key=lambda one: one[0][0])
        self.fields = [self._fields_of(one) for _, one in found]
        return [*(line for (_, line), _ in found), *self.remarks]

    def _answers(self):
        """Ask for all that rests, was traded, is held; what comes meanwhile is told too."""
        desk = self.desk
        for ask in (desk.open_orders(), desk.fills(T0 - HOUR_NS), desk.positions()):
            self._say(ask, 100)
        found = desk.take()
        assert all(one.complete for one in found if type(one) in ACKS), found
        return found

    def _line(self, one):
        """Return where a message stands, and what it says; None if it is no news here."""
        words = _WORDS.get(type(one))
        return words(self, one) if words is not None else None

    def _fields_of(self, one):
        left_out = set(Message.__struct_fields__) | OWN
        if isinstance(one, ExecutionReport) and self._name(one.cl_ord_id) not in self.orders:
            left_out.add("time_in_force")  # nobody here has said one
        names = [name for name in one.__struct_fields__ if name not in left_out]
        return {name: found for name in names if (found := getattr(one, name)) is not None}

    def _named(self, kind, value):
        return f"{kind}{self.seen[kind].setdefault(value, len(self.seen[kind]) + 1)}"

    def _name(self, wire_id):
        return next((name for name, one in self.ids.items() if one == wire_id), wire_id)

    def _report(self, one):
        if one.order_id == "NONE" and one.mass_status_req_id:
            assert one.complete
            return None
        name = self._name(one.cl_ord_id) if one.cl_ord_id else f"~{self._named('#', one.order_id)}"
        if one.parent_order_id:
            name = f"{self._name(one.parent_order_id)[0]}:{one.origin}"
        kind = "open" if one.mass_status_req_id else KINDS[one.exec_type]
        if kind == "rejected":
            return (name[0], False), f"{name} rejected {why_of(one.ord_rej_reason, one.text)}"
        parts = [name, kind]
        if one.orig_cl_ord_id and one.exec_type is not ExecType.ORDER_STATUS:
            parts.append(f"of {self._name(one.orig_cl_ord_id)}")
        parts += [one.side.name.lower(), f"{one.order_qty}", *self._filled(one)]
        parts.append(f"= {one.cum_qty}/{one.leaves_qty} {one.ord_status.name.lower()}")
        if one.ord_rej_reason is not None:
            parts.append(why_of(one.ord_rej_reason, one.text))
        parts += ["perhaps"] * (kind == "status" and not one.complete)
        parts += ["unasked"] * (kind == "canceled" and one.exec_restatement_reason is not None)
        return (name[0], kind == "open"), " ".join(parts)

    def _filled(self, one):
        if not one.secondary_exec_id:
            return
        self.trades.add(one.secondary_exec_id)
        yield f"{one.last_qty}@{one.last_px} fee {one.commission}"
        if one.last_liquidity_ind is LastLiquidityInd.ADDED:
            yield "maker"
        if one.position_id:
            yield self._named("P", one.position_id)

    def _refused(self, one):
        name, of = self._name(one.cl_ord_id), self._name(one.orig_cl_ord_id)
        kind = "cancel" if one.cxl_rej_response_to.value == "1" else "replace"
        status, why = one.ord_status.name.lower(), why_of(one.cxl_rej_reason, one.text)
        return (name[0], False), f"{name} {kind} of {of} refused {why} = {status}"

    def _entry(self, one):
        known = one.coll_rpt_id in self.entries
        self.entries.add(one.coll_rpt_id)
        if known or one.end_cash == Decimal(MONEY):
            return None
        what = f"{(one.ledger_kind or 'balance').lower()} {one.end_cash} {one.currency}"
        return ("~", False), f"~ {what} after {len(self.trades)} trades"

    def _link(self, one):
        if self.link is None:
            return None
        word = f" {one.back_off_ms} ms" if one.back_off_ms else ""
        before, self.link = self.link, f"~ link {one.trad_ses_status.name.lower()}{word}"
        return (("~", False), self.link) if before != self.link else None

    def _trade(self, one):
        if one.secondary_exec_id in self.trades:
            return None  # it was told when it happened
        side = one.sides[0]
        name = self._name(side.cl_ord_id)[0] if side.cl_ord_id else "~"  # any name of its chain
        if one.parent_order_id:
            name = f"{self._name(one.parent_order_id)[0]}:{one.origin}"
        place = f" {self._named('P', one.position_id)}" if one.position_id else ""
        line = f"{name} trade {side.side.name.lower()} {one.last_qty}@{one.last_px}{place}"
        return (name[0], True), line

    def _held(self, one):
        side = one.positions[0]
        qty = (side.long_qty or 0) - (side.short_qty or 0)
        place = f" {self._named('P', one.position_id)}" if one.position_id else ""
        return ("~~", True), f"held{place} {qty}@{one.settl_price}{levels_of(one)}"

    def _protected(self, one):
        name, status = self._name(one.pos_req_id), one.pos_maint_status
        told = levels_of(one) if status is PosMaintStatus.COMPLETED else ""
        return (name[0], False), f"{name} levels {why_of(status, one.text)}{told}"


_WORDS = {
    ExecutionReport: Play._report, OrderCancelReject: Play._refused,
    CollateralReport: Play._entry, TradingSessionStatus: Play._link,
    TradeCaptureReport: Play._trade, PositionReport: Play._held,
    PositionMaintenanceReport: Play._protected,
}  # fmt: skip
