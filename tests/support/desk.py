"""A core without a shell: effects are applied as the gateway applies them, frames and all.

Everything said goes through the codec both ways, so that what is tested is what is journaled; the
records are kept, and `replayed()` folds them again from nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace
from support.fix44 import DICTIONARY, validate

from gateway.oms.apply import IN, NOTE, OUT, apply, entry_of
from gateway.oms.book import Book
from gateway.oms.core import Core
from gateway.oms.effects import Effect, Jot, To
from gateway.oms.rules import LET_THROUGH, Rules, StrategyRules, VenueRules
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.limits import Limits
from protocol import codec
from protocol.fields import (
    CollInquiryStatus,
    ExecType,
    MDEntryType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PosReqResult,
    PosReqStatus,
    SecurityRequestResult,
    Side,
    TradSesStatus,
)
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    ExecutionReport,
    Logon,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    Message,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    PositionReport,
    RequestForPositions,
    RequestForPositionsAck,
    Security,
    SecurityList,
    SecurityListRequest,
    TradeCaptureReport,
    TradeCaptureReportRequest,
    TradeCaptureReportRequestAck,
    TradingSessionStatus,
)
from protocol.refusals import sayable
from protocol.timestamps import format_utc

T0 = 1_800_000_000_000_000_000
VENUE, ACCOUNT, SYMBOL = "PAPER", "ACC", "EURUSD"
CAPABILITIES = (
    "MARKET LIMIT STOP STOP_LIMIT DAY GTC IOC FOK GTD POST_ONLY REDUCE_ONLY REPLACE LOOKUP"
)


class Record(NamedTuple):
    """A journal record as the journal hands it out."""

    seq: int
    time_ns: int
    direction: int
    session: str
    frame: bytes


def rules(**limits: Any) -> Rules:
    """Rules of a house with one venue and two strategies: wide limits, and those given."""
    wide = {
        "max_order_qty": Decimal(1_000_000), "max_order_notional": Decimal(10_000_000),
        "max_open_orders": 10_000, "max_order_age_ms": 5_000,
    }  # fmt: skip
    bound = Limits(**(wide | limits))
    return Rules(
        instance=1,
        venues={VENUE: VenueRules(
            venue=VENUE, account=ACCOUNT, check_funds=False, self_trade=LET_THROUGH,
        )},
        strategies={name: StrategyRules(strategy=name) for name in ("MM", "MOM")},
        limits={f"strategy:{name}": bound for name in ("MM", "MOM")},
        breakers=no_breakers(),
        default_venue=VENUE,
    )  # fmt: skip


def no_breakers() -> BreakerRules:
    """Take every breaker out: what a test is about shall not be halted by what it is not."""
    defaults = BreakerRules()
    return BreakerRules(**{
        name: replace(getattr(defaults, name), on=False)
        for name in BreakerRules.__struct_fields__ if name != "index"
    })  # fmt: skip


class Desk:
    """A core, its book and its journal, driven by hand in virtual time."""

    def __init__(self, house: Rules | None = None, *, epoch: int = 100) -> None:
        self.rules = house or rules()
        self.records: list[Record] = []
        self.now_ns = T0
        self.epoch = epoch
        self.said: list[tuple[str, Message]] = []
        self.notes: list[Jot] = []
        self.capabilities = CAPABILITIES
        self.restart(epoch=epoch)

    # The shell's part.

    def restart(self, *, epoch: int | None = None) -> list[Effect]:
        """Fold the records again, start a new core on them."""
        self.core = Core(self.replayed(), self.rules)
        self.epoch = epoch if epoch is not None else self.epoch + 1
        return self.run(self.core.start(self.epoch, "test", self.now_ns))

    def replayed(self) -> Book:
        """Fold the records into a book, from nothing."""
        book = Book()
        for record in self.records:
            apply(book, entry_of(record))
        return book

    @property
    def book(self) -> Book:
        """The live book."""
        return self.core.book

    def run(self, effects: Iterable[Effect]) -> list[Effect]:
        """Journal and apply each effect before asking for the next one; judge what is said."""
        done = []
        for effect in effects:
            seq = len(self.records) + 1
            if isinstance(effect, To):
                session = effect.session
                message = sayable(effect.message)
                frame = self.frame(message, "GATEWAY", session, self.next_out(session))
                if DICTIONARY.is_file():
                    assert validate(frame) == []
                self.said.append((session, codec.decode(frame)))
                self.record(OUT, session, frame)
            else:
                self.notes.append(effect)
                frame = effect.frame(format_utc(self.now_ns), seq)
                self.record(NOTE, effect.session, frame)
            done.append(effect)
        return done

    def next_out(self, session: str) -> int:
        """Return the number of the next message to a session."""
        known = self.book.state.sessions.get(session)
        return known.next_out if known else 1

    def record(self, direction: int, session: str, frame: bytes) -> None:
        """Journal a frame and apply it."""
        record = Record(len(self.records) + 1, self.now_ns, direction, session, frame)
        self.records.append(record)
        apply(self.book, entry_of(record))

    def frame(self, message: Message, sender: str, target: str, seq: int) -> bytes:
        """Write a message as it goes on the wire."""
        return codec.encode(
            message, sender_comp_id=sender.partition("/")[0],
            target_comp_id=target.partition("/")[0], msg_seq_num=seq,
            sending_time=format_utc(self.now_ns),
        )  # fmt: skip

    # What others do.

    def hear(self, session: str, message: Message) -> list[Message]:
        """Let a session say an application message; return what was said to anybody."""
        number = self.book.session(session).next_in
        frame = self.frame(message, session, "GATEWAY", number)
        self.record(IN, session, frame)
        before = len(self.said)
        self.run(self.core.receive(session, codec.decode(frame), self.now_ns))
        return [said for _, said in self.said[before:]]

    def log_on(self, session: str, **logon: Any) -> None:
        """Let a session log on with a reset."""
        message = Logon(heart_bt_int=10, reset_seq_num_flag=True, **logon)
        self.record(IN, session, self.frame(message, session, "GATEWAY", 1))
        answer = Logon(heart_bt_int=10, reset_seq_num_flag=True, **logon)
        self.record(OUT, session, self.frame(answer, "GATEWAY", session, 1))
        self.run(self.core.session_up(session, self.now_ns))

    def drop(self, session: str, how: str = "DISCONNECT") -> None:
        """Cut a session's link."""
        self.run(self.core.session_down(session, how, self.now_ns))

    def pass_time(self, ms: int) -> list[Message]:
        """Let time pass and deadlines fall due."""
        self.now_ns += ms * 1_000_000
        before = len(self.said)
        self.run(self.core.tick(self.now_ns))
        return [said for _, said in self.said[before:]]

    def told(self, session: str) -> list[Message]:
        """Everything that was said to a session."""
        return [message for name, message in self.said if name == session]

    def open_up(self, positions: Iterable[PositionReport] = ()) -> None:
        """Log on the venue and both strategies, answer the first round, quote a price."""
        self.log_on(VENUE)
        self.answer_round(positions=positions)
        self.quote("1.1000", "1.1002")
        for strategy in ("MM", "MOM"):
            self.log_on(strategy)

    def quote(self, bid: str, offer: str) -> None:
        """Let the venue quote."""
        entries = tuple(
            MDEntry(md_entry_type=kind, md_entry_px=Decimal(px), md_entry_size=Decimal(100_000))
            for kind, px in ((MDEntryType.BID, bid), (MDEntryType.OFFER, offer))
        )
        self.hear(VENUE, MarketDataSnapshotFullRefresh(symbol=SYMBOL, md_entries=entries))

    def answer_round(
        self,
        *,
        orders: Iterable[ExecutionReport] = (),
        trades: Iterable[TradeCaptureReport] = (),
        positions: Iterable[PositionReport] = (),
        complete: bool = True,
    ) -> None:
        """Answer the five questions that the venue was asked last."""
        asked = {type(message): message for message in self.told(VENUE)}
        flag = True if complete else None
        self.hear(VENUE, TradingSessionStatus(
            trading_session_id=VENUE, trad_ses_status=TradSesStatus.OPEN,
        ))  # fmt: skip
        asked = {type(message): message for message in self.told(VENUE)}
        self.hear(VENUE, SecurityList(
            security_req_id=asked[SecurityListRequest].security_req_id,
            security_response_id="S", security_request_result=SecurityRequestResult.VALID,
            securities=(Security(
                symbol=SYMBOL, currency="USD", price_tick=Decimal("0.0001"),
                qty_step=Decimal(1), contract_multiplier=Decimal(1),
            ),),
            complete=flag, capabilities=self.capabilities, absence_after_ms=1_000,
        ))  # fmt: skip
        listed = list(orders)
        request = asked[OrderMassStatusRequest].mass_status_req_id
        for number, order in enumerate(listed, start=1):
            self.hear(VENUE, _listed(order, request, len(listed), number, flag))
        if not listed:
            self.hear(VENUE, ExecutionReport(
                order_id="NONE", exec_id="N", exec_type=ExecType.ORDER_STATUS,
                ord_status=OrdStatus.REJECTED, symbol="[N/A]", side=Side.BUY,
                leaves_qty=Decimal(0), cum_qty=Decimal(0), avg_px=Decimal(0),
                ord_rej_reason=OrdRejReason.UNKNOWN_ORDER, mass_status_req_id=request,
                tot_num_reports=0, last_rpt_requested=True, complete=flag,
            ))  # fmt: skip
        captured = list(trades)
        request = asked[TradeCaptureReportRequest].trade_request_id
        self.hear(VENUE, TradeCaptureReportRequestAck(
            trade_request_id=request, trade_request_type=0, trade_request_result=0,
            trade_request_status=1, symbol="[N/A]", tot_num_trade_reports=len(captured),
            complete=flag,
        ))  # fmt: skip
        for trade in captured:
            self.hear(VENUE, _replace(trade, trade_request_id=request))
        held = list(positions)
        request = asked[RequestForPositions].pos_req_id
        self.hear(VENUE, RequestForPositionsAck(
            pos_maint_rpt_id="P", pos_req_id=request, total_num_pos_reports=len(held),
            pos_req_result=PosReqResult.VALID if held else PosReqResult.NO_POSITIONS,
            pos_req_status=PosReqStatus.COMPLETED, account=ACCOUNT, complete=flag,
        ))  # fmt: skip
        for position in held:
            self.hear(VENUE, _replace(position, pos_req_id=request))
        self.hear(VENUE, CollateralInquiryAck(
            coll_inquiry_id=asked[CollateralInquiry].coll_inquiry_id, tot_num_reports=0,
            coll_inquiry_status=CollInquiryStatus.COMPLETED, complete=flag,
        ))  # fmt: skip


def _replace(message: Message, **fields: Any) -> Any:
    return replace(message, **fields)


def _listed(order: ExecutionReport, request: str, total: int, number: int, flag: Any) -> Any:
    return _replace(
        order, exec_type=ExecType.ORDER_STATUS, mass_status_req_id=request, tot_num_reports=total,
        last_rpt_requested=number == total, complete=flag,
    )  # fmt: skip


def new_order(
    desk: Desk, cl_ord_id: str, qty: str = "1000", price: str | None = "1.1000", **fields: Any
) -> NewOrderSingle:
    """A limit order to buy, unless the fields say otherwise."""
    fields.setdefault("ord_type", OrdType.LIMIT if price else OrdType.MARKET)
    fields.setdefault("side", Side.BUY)
    fields.setdefault("transact_time", format_utc(desk.now_ns))
    return NewOrderSingle(
        cl_ord_id=cl_ord_id, symbol=SYMBOL, order_qty=Decimal(qty),
        price=Decimal(price) if price else None, **fields,
    )  # fmt: skip


def cancel(desk: Desk, cl_ord_id: str, orig: str, **fields: Any) -> OrderCancelRequest:
    """A cancel of a buy order."""
    fields.setdefault("side", Side.BUY)
    return OrderCancelRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, symbol=SYMBOL,
        transact_time=format_utc(desk.now_ns), **fields,
    )  # fmt: skip


def change(
    desk: Desk, cl_ord_id: str, orig: str, qty: str, price: str, **fields: Any
) -> OrderCancelReplaceRequest:
    """A replace of a limit order to buy."""
    fields.setdefault("side", Side.BUY)
    return OrderCancelReplaceRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, symbol=SYMBOL, order_qty=Decimal(qty),
        price=Decimal(price), ord_type=OrdType.LIMIT, transact_time=format_utc(desk.now_ns),
        **fields,
    )  # fmt: skip


class Exchange:
    """Says what a venue would say about one order; counts its own quantities."""

    def __init__(self, desk: Desk, sent: NewOrderSingle) -> None:
        self.desk = desk
        self.wire_id = sent.cl_ord_id
        self.side = sent.side
        self.qty = sent.order_qty
        self.cum = Decimal(0)
        self.count = 0

    def report(self, exec_type: ExecType, ord_status: OrdStatus, **fields: Any) -> ExecutionReport:
        """Write a report about the order."""
        self.count += 1
        fields.setdefault("cl_ord_id", self.wire_id)
        return ExecutionReport(
            order_id=f"V{self.wire_id}", exec_id=f"{self.wire_id}.{self.count}",
            exec_type=exec_type, ord_status=ord_status, symbol=SYMBOL, side=self.side,
            leaves_qty=self.qty - self.cum, cum_qty=self.cum, avg_px=Decimal(0),
            order_qty=self.qty, **fields,
        )  # fmt: skip

    def say(self, exec_type: ExecType, ord_status: OrdStatus, **fields: Any) -> list[Message]:
        """Say a report."""
        return self.desk.hear(VENUE, self.report(exec_type, ord_status, **fields))

    def accept(self) -> list[Message]:
        """Acknowledge."""
        return self.say(ExecType.NEW, OrdStatus.NEW)

    def fill(
        self, qty: str, px: str = "1.1", trade_id: str | None = None, **fields: Any
    ) -> list[Message]:
        """Execute a part."""
        self.cum += Decimal(qty)
        full = self.cum >= self.qty
        return self.say(
            ExecType.TRADE, OrdStatus.FILLED if full else OrdStatus.PARTIALLY_FILLED,
            last_qty=Decimal(qty), last_px=Decimal(px),
            secondary_exec_id=trade_id or f"T{self.wire_id}.{self.count}",
            commission=Decimal("0.01"), comm_type="3", comm_currency="USD", **fields,
        )  # fmt: skip

    def cancel(self, request: OrderCancelRequest | None = None, **fields: Any) -> list[Message]:
        """Cancel, as asked or unasked."""
        if request is not None:
            fields |= {"cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": self.wire_id}
        return self.say(ExecType.CANCELED, OrdStatus.CANCELED, **fields)

    def replace(self, request: OrderCancelReplaceRequest) -> list[Message]:
        """Replace, as asked."""
        old, self.wire_id, self.qty = self.wire_id, request.cl_ord_id, request.order_qty
        return self.say(ExecType.REPLACED, OrdStatus.NEW, orig_cl_ord_id=old)
