"""A gateway of two pages for the strategy side's tests: FixSessions on a ROUTER, in a thread.

It works in batches as the real one does: read, decide, commit, release. It dies on command at any
of those points, and forgets then what it had not committed. Nothing here is fast or complete.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

import zmq

from protocol import codec
from protocol.authentication import verify
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.fields import (
    CollInquiryStatus,
    CxlRejResponseTo,
    ExecType,
    MassCancelRequestType,
    MassCancelResponse,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PosReqResult,
    PosReqStatus,
    SecurityRequestResult,
    Side,
)  # fmt: skip
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    ExecutionReport,
    Logon,
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
from protocol.session import FixSession, resend_frames
from protocol.session_states import State
from protocol.timestamps import format_date

ZERO = Decimal(0)
POINTS = ("before_read", "after_read", "before_commit", "after_commit", "after_release")


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


class Died(Exception):  # noqa: N818 - reads as what happened
    """The fake has reached the point where it was told to die."""


class FakeGateway:
    """Answers orders by `behave`; `tokens` makes it ask for HMAC."""

    def __init__(
        self,
        behave: Callable[[FakeGateway, str, Message], Iterator[Message]] | None = None,
        *,
        tokens: dict[str, bytes] | None = None,
        symbols: tuple[str, ...] = ("EURUSD",),
    ) -> None:
        self.behave = behave or respond
        self.tokens = tokens or {}
        self.symbols = symbols
        self.endpoint = "tcp://127.0.0.1:*"
        self.committed: dict[str, Ledger] = {}
        self.reset_required: set[str] = set()
        self.refuse_with: str | None = None
        self.mute = False
        self.logons: list[Logon] = []
        self.deaths = 0
        self.die_at: tuple[str, int] | None = None
        self.open = False
        self.revives = False
        """After a death on command, come back at once."""
        self._stop = threading.Event()
        self._kick: list[tuple[str, Message | None]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    # What tests do.

    def start(self) -> FakeGateway:
        """Bind, and answer from the committed state on."""
        self._stop.clear()
        self._bind()
        self.open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _bind(self) -> None:
        self._socket = zmq.Context.instance().socket(zmq.ROUTER)
        self._socket.linger = 0
        deadline = time.monotonic() + 5
        while True:
            try:
                self._socket.bind(self.endpoint)
                break
            except zmq.ZMQError:
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.005)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.work = copy.deepcopy(self.committed)
        self.sessions: dict[str, FixSession] = {}
        self.routes: dict[str, bytes] = {}

    def kill(self) -> None:
        """Die now; what is not committed is forgotten."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        self.open = False

    def restart(self) -> None:
        """Die if alive, and come back at the same address."""
        self.kill()
        self.start()

    def say(self, comp_id: str, message: Message) -> None:
        """Send something unasked."""
        with self._lock:
            self._kick.append((comp_id, message))

    def throw_out(self, comp_id: str) -> None:
        """Log a client out."""
        with self._lock:
            self._kick.append((comp_id, None))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    # What it does by itself.

    def _run(self) -> None:
        self._passes = dict.fromkeys(POINTS, 0)
        try:
            while not self._stop.is_set():
                try:
                    self._turn()
                except Died:
                    self.deaths += 1
                    self._socket.close(0)
                    if not self.revives:
                        return
                    self._bind()
        finally:
            self._socket.close(0)
            self.open = False

    def _point(self, name: str) -> None:
        self._passes[name] += 1
        if self.die_at == (name, self._passes[name]):
            self.die_at = None
            raise Died

    def _turn(self) -> None:
        self._outbox: list[tuple[bytes, bytes]] = []
        worked = bool(self._socket.poll(5))
        if worked:
            self._point("before_read")
            frames = self._read()
            self._point("after_read")
            for route, frame in frames:
                self._receive(route, frame)
        with self._lock:
            unasked, self._kick = self._kick, []
        for comp_id, message in unasked:
            self._unasked(comp_id, message)
        for comp_id, session in list(self.sessions.items()):
            self._follow(comp_id, session.tick(time.time_ns()))
        if worked:
            self._point("before_commit")
        if self._outbox or worked:
            self.committed = copy.deepcopy(self.work)
        if worked:
            self._point("after_commit")
        for route, frame in self._outbox:
            self._socket.send_multipart((route, frame))
        if worked:
            self._point("after_release")

    def _read(self) -> list[list[bytes]]:
        frames = []
        try:
            while True:
                frames.append(self._socket.recv_multipart(zmq.DONTWAIT))
        except zmq.Again:
            return frames

    def _unasked(self, comp_id: str, message: Message | None) -> None:
        session, now_ns = self.sessions[comp_id], time.time_ns()
        if message is None:
            self._emit(comp_id, session.logout("go away", now_ns))
            session.link_down()
            del self.routes[comp_id]
        else:
            self._emit(comp_id, session.send(message, now_ns))

    def _receive(self, route: bytes, frame: bytes) -> None:
        now_ns = time.time_ns()
        heard: Message | InvalidMessage
        try:
            heard = codec.decode(frame)
        except GarbledMessage:
            return
        except InvalidMessage as problem:
            heard = problem
        if self.mute:
            return
        if isinstance(heard, Logon):
            self._logon(route, heard, now_ns)
            return
        comp_id = next((c for c, r in self.routes.items() if r == route), None)
        if comp_id is None or self.sessions[comp_id].state is State.DISCONNECTED:
            return
        session = self.sessions[comp_id]
        self._follow(comp_id, session.receive(heard, now_ns))

    def _logon(self, route: bytes, logon: Logon, now_ns: int) -> None:
        comp_id = logon.sender_comp_id
        ledger = self.work.setdefault(comp_id, Ledger())
        session = FixSession(
            comp_id="GATEWAY", peer_comp_id=comp_id, acceptor=True,
            next_in=ledger.next_in, next_out=ledger.next_out,
        )  # fmt: skip
        self.logons.append(logon)
        self.sessions[comp_id], self.routes[comp_id] = session, route
        reaction = session.receive(logon, now_ns)
        if reaction.deliver is None:
            self._follow(comp_id, reaction)
            return
        why = self.refuse_with
        if comp_id in self.tokens and not verify(logon, self.tokens[comp_id]):
            why = "BAD_HMAC"
        if comp_id in self.reset_required and not logon.reset_seq_num_flag:
            why = "RESET_REQUIRED"
        if why is not None:
            self._emit(comp_id, session.refuse(why, now_ns))
            return
        self.reset_required.discard(comp_id)
        if logon.reset_seq_num_flag:
            ledger.sent.clear()
        self._emit(comp_id, session.accept(now_ns))

    def _follow(self, comp_id: str, reaction) -> None:
        session, now_ns = self.sessions[comp_id], time.time_ns()
        ledger = self.work[comp_id]
        for sent in reaction.replies:
            self._emit(comp_id, sent)
        if reaction.resend is not None:
            begin, end = reaction.resend
            stored = [(n, f) for n, f in ledger.sent.items() if begin <= n <= end]
            for frame in resend_frames(
                stored, begin, end, sender_comp_id="GATEWAY", target_comp_id=comp_id,
                now_ns=now_ns,
            ):  # fmt: skip
                self._outbox.append((self.routes[comp_id], frame))
        if reaction.deliver is not None:
            if hasattr(reaction.deliver, "cl_ord_id"):
                ledger.arrived.append(reaction.deliver.cl_ord_id)
            for answer in self.behave(self, comp_id, reaction.deliver):
                self._emit(comp_id, session.send(answer, now_ns))
        ledger.next_in, ledger.next_out = session.next_in, session.next_out
        if reaction.disconnect is not None:
            session.link_down()
            self.routes.pop(comp_id, None)

    def _emit(self, comp_id: str, sent) -> None:
        ledger, session = self.work[comp_id], self.sessions[comp_id]
        if sent.msg_seq_num:
            ledger.sent[sent.msg_seq_num] = sent.frame
        ledger.next_in, ledger.next_out = session.next_in, session.next_out
        if comp_id in self.routes:
            self._outbox.append((self.routes[comp_id], sent.frame))


# Behaviour.


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
            yield SecurityList(
                security_req_id=message.security_req_id, security_response_id="1",
                security_request_result=SecurityRequestResult.VALID, last_fragment=True,
                securities=tuple(_security(symbol) for symbol in gateway.symbols),
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
