"""A bridge and a gateway's end of its session, in one thread, in virtual time, without a socket."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import count

from support.fix44 import DICTIONARY, validate

from bridges.bridge import Bridge, all_symbols
from bridges.id_log import IdLog
from bridges.paper.faults import ControlFile
from bridges.paper.settings import open_paper_venue
from protocol import codec
from protocol.fields import OrdType, PosReqType, Side, TimeInForce
from protocol.messages import (
    CollateralInquiry,
    ExecutionReport,
    Logon,
    MarketDataSnapshotFullRefresh,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionMaintenanceRequest,
    RequestForPositions,
    SecurityListRequest,
    TradeCaptureReportRequest,
    TradeDate,
)
from protocol.order_id import OrderId
from protocol.session import FixSession
from protocol.timestamps import format_date, format_utc

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
VENUE = "PAPER"
EURUSD = "EURUSD"


class MemoryWire:
    """Two lists of frames; `reopen` empties both, as a fresh socket would."""

    def __init__(self):
        self.to_bridge = []
        self.to_gateway = []
        self.reopened = 0
        self.full = False

    def send(self, frame):
        """Take a frame of the bridge's, unless there is no room."""
        if not self.full:
            self.to_gateway.append(frame)
        return not self.full

    def receive(self, timeout_ms=0):
        """Give the frames for the bridge."""
        frames, self.to_bridge = self.to_bridge, []
        return frames

    def reopen(self):
        """Lose everything that is under way."""
        self.to_bridge.clear()
        self.to_gateway.clear()
        self.reopened += 1


class Publications:
    """Keeps what is published."""

    def __init__(self):
        self.sent = []

    def send(self, topic, frame):
        """Keep one publication."""
        self.sent.append((topic, frame))


class Counter:
    """The gateway's side of one bridge, spoken by hand. `heard` is what the bridge has said."""

    symbol = EURUSD
    instance: str | None = "1"
    """What it says of its ids at the Logon."""

    def __init__(self, folder, *, connected=True, dead_man_ms=0, token=None, **settings):
        self.folder = folder
        self.wire = MemoryWire()
        self.now_ns = T0
        self.heard = []
        self.logons = []
        self.publications = Publications()
        self.up = True
        self.ids = (OrderId(1, 1_700_000_000, number).text() for number in count(1))
        self.fix = self._session()
        self._dead_man_ms = dead_man_ms
        self._token = token
        settings.setdefault("symbols", [EURUSD])
        settings.setdefault("feed", {"seed": 3})
        self._settings = settings
        self.bridge = self._open()
        if connected:
            self.run(20)

    def _session(self):
        return FixSession(comp_id="GATEWAY", peer_comp_id=VENUE, acceptor=True)

    def _open(self):
        make = partial(
            open_paper_venue, venue_id=VENUE, folder=self.folder, **self._settings
        )  # fmt: skip
        self.id_log = IdLog(self.folder, sync=False)
        return Bridge(
            venue_id=VENUE, make_venue=make, symbols=all_symbols, id_log=self.id_log,
            wire=self.wire, now_ns=self.now_ns, dead_man_ms=self._dead_man_ms,
            control=ControlFile(self.folder / "faults"), publisher=self.publications,
            token=self._token,
        )  # fmt: skip

    @property
    def exchange(self):
        """The exchange behind the bridge."""
        return self.bridge.venue.exchange

    # Time.

    def run(self, ms=10, step_ms=1):
        """Let time pass."""
        for _ in range(0, ms, step_ms):
            self.now_ns += step_ms * MS
            self.bridge.step(self.now_ns, self.wire.receive())
            self._hear()
        return self

    def _hear(self):
        frames, self.wire.to_gateway = self.wire.to_gateway, []
        for frame in frames if self.up else ():
            message = codec.decode(frame)
            if DICTIONARY.is_file():
                assert validate(frame) == [], message
            reaction = self.fix.receive(message, self.now_ns)
            if isinstance(reaction.deliver, Logon):
                self.logons.append(reaction.deliver)
                answer = self.fix.accept(self.now_ns, sender_sub_id=self.instance)
                self.wire.to_bridge.append(answer.frame)
            elif reaction.deliver is not None:
                self.heard.append(reaction.deliver)
            self.wire.to_bridge += [sent.frame for sent in reaction.replies]
        if self.up and self.fix.active:
            tick = self.fix.tick(self.now_ns)
            self.wire.to_bridge += [sent.frame for sent in tick.replies]

    def kill_gateway(self):
        """Let the gateway die without a word."""
        self.up = False
        self.wire.to_bridge.clear()

    def start_gateway(self):
        """Start a fresh gateway."""
        self.up = True
        self.fix = self._session()

    def kill_bridge(self):
        """Let the bridge die without a word: nothing is closed in order."""
        self.wire.reopen()
        self.start_gateway()
        self.bridge = self._open()

    # Words.

    def say(self, message):
        """Say a message to the bridge."""
        self.wire.to_bridge.append(self.fix.send(message, self.now_ns).frame)

    def ask(self, message, ms=10):
        """Say a message and return what comes back within a while, quotes aside."""
        self.take()
        self.say(message)
        return self.run(ms).take()

    def take(self):
        """Take what was heard, quotes aside."""
        heard, self.heard = self.heard, []
        return [one for one in heard if not isinstance(one, MarketDataSnapshotFullRefresh)]

    def new(self, side=Side.BUY, qty=10_000, price=None, *, name=None, **more):
        """Make a D."""
        more.setdefault("time_in_force", TimeInForce.GOOD_TILL_CANCEL)
        return NewOrderSingle(
            cl_ord_id=name or next(self.ids), symbol=self.symbol, side=side,
            order_qty=Decimal(qty), price=None if price is None else Decimal(price),
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            transact_time=format_utc(self.now_ns), on_behalf_of_comp_id="MM",
            account="A1", **more,
        )  # fmt: skip

    def replace(self, orig, side=Side.BUY, qty=10_000, price="1"):
        """Make a G."""
        return OrderCancelReplaceRequest(
            cl_ord_id=next(self.ids), orig_cl_ord_id=orig, symbol=self.symbol, side=side,
            order_qty=Decimal(qty), price=Decimal(price), ord_type=OrdType.LIMIT,
            transact_time=format_utc(self.now_ns), time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        )  # fmt: skip

    def cancel(self, orig):
        """Make an F."""
        return OrderCancelRequest(
            cl_ord_id=next(self.ids), orig_cl_ord_id=orig, symbol=self.symbol, side=Side.BUY,
            transact_time=format_utc(self.now_ns),
        )  # fmt: skip

    def status(self, name):
        """Make an H."""
        return OrderStatusRequest(
            cl_ord_id=name, symbol=self.symbol, side=Side.BUY, ord_status_req_id="H1"
        )

    def open_orders(self):
        """Make an AF."""
        return OrderMassStatusRequest(mass_status_req_id="AF1", mass_status_req_type=7)

    def fills(self, since_ns=T0):
        """Make an AD."""
        date = TradeDate(
            trade_date=format_date(since_ns), transact_time=format_utc(since_ns)
        )
        return TradeCaptureReportRequest(
            trade_request_id="AD1", trade_request_type=0, dates=(date,)
        )

    def positions(self):
        """Make an AN."""
        return RequestForPositions(
            pos_req_id="AN1", pos_req_type=PosReqType.POSITIONS, account="A1",
            clearing_business_date=format_date(self.now_ns),
            transact_time=format_utc(self.now_ns),
        )  # fmt: skip

    def levels(self, stop=None, profit=None, *, position_id=None, name=None):
        """Make an AL."""
        return PositionMaintenanceRequest(
            pos_req_id=name or next(self.ids), symbol=self.symbol, account="A1",
            clearing_business_date=format_date(self.now_ns), on_behalf_of_comp_id="MM",
            transact_time=format_utc(self.now_ns), position_id=position_id,
            stop_loss_px=None if stop is None else Decimal(stop),
            take_profit_px=None if profit is None else Decimal(profit),
        )  # fmt: skip

    def balances(self):
        """Make a BB."""
        return CollateralInquiry(coll_inquiry_id="BB1")

    def instruments(self):
        """Make an x."""
        return SecurityListRequest(security_req_id="x1", security_list_request_type=4)

    def fault(self, line):
        """Order a fault over the session; return the answer."""
        answers = self.ask(OperatorCommand(cl_ord_id="U", command="FAULT", reason=line))
        return next(one for one in answers if isinstance(one, OperatorCommand))


def kinds(messages):
    """Write reports as `150/39`, other messages as their type."""
    return [
        f"{one.exec_type.value}/{one.ord_status.value}"
        if isinstance(one, ExecutionReport)
        else one.msg_type
        for one in messages
    ]
