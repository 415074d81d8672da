"""A real gateway to measure: `portcullis run` in a folder of its own, and the barest of clients.

The client is as thin as the echo's: frames are built before the clock starts, answers are looked at
as bytes. What is measured is then the gateway, not the client.
"""

from __future__ import annotations

import subprocess
import time
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import zmq

from bridges.lock import is_free
from engine.link import Link, Subscriber
from engine.market import book_of
from gateway.commands import bridges, launch
from gateway.commands.operator_session import OperatorSession
from gateway.config import load_config
from gateway.errors import CommandError, GatewayError
from protocol import codec
from protocol.fields import ExecInst, OrdType, Side, TimeInForce
from protocol.messages import MarketDataSnapshotFullRefresh, NewOrderSingle
from protocol.numbers import format_decimal
from protocol.session import FixSession
from protocol.timestamps import format_utc

SYMBOL = "EURUSD"
QTY = Decimal(1000)
STRATEGIES = 100
QUIET_HEARTBEAT_S = 600
"""Nobody speaks up on his own during a measurement."""

CONFIG = """
[gateway]
orders = "tcp://127.0.0.1:{ports[0]}"
venues = "tcp://127.0.0.1:{ports[1]}"
market_data = "tcp://127.0.0.1:{ports[2]}"
feeds = "tcp://127.0.0.1:{ports[3]}"
operators = "tcp://127.0.0.1:{ports[4]}"
http = "127.0.0.1:{ports[5]}"

[journal]
durability = "{durability}"
snapshot_every = 0

[log]
level = "WARNING"

[limits.default]
max_order_qty = 10_000_000
max_order_notional = 100_000_000
max_open_orders = 1_000_000
max_order_age_ms = 60_000

[[venue]]
id = "PAPER"
kind = "paper"
launch = true
symbols = ["{symbol}"]
quote_stale_ms = 600_000
feed = {{ kind = "synthetic", seed = 7, interval_ms = 1_000 }}

[routing]
default = "PAPER"
"""


class BenchGateway:
    """One running gateway with its paper venue. Use as a context manager."""

    def __init__(self, folder: Path, durability: str) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.ports = launch.free_ports(6)
        self.config_path = folder / "config.toml"
        text = CONFIG.format(ports=self.ports, durability=durability, symbol=SYMBOL)
        text += "".join(f'\n[[strategy]]\nid = "S{number:03}"\n' for number in range(STRATEGIES))
        self.config_path.write_text(text, encoding="utf-8")
        self.config = load_config(self.config_path)
        self._process: subprocess.Popen[bytes] | None = None
        self._bid = Decimal(0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The gateway's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, patience_s: float = 60) -> float:
        """Start and wait until it is ready; return the seconds that took."""
        began = time.monotonic()
        arguments = ["run", "--config", str(self.config_path)]
        self._process = launch.start(arguments, output=self.folder / "gateway.out")
        if not launch.wait_until(self._is_ready, timeout_s=patience_s):
            text = (self.folder / "gateway.out").read_text(encoding="utf-8", errors="replace")
            msg = f"the gateway was not ready within {patience_s:g} s: {text[-800:]}"
            raise CommandError(msg)
        return time.monotonic() - began

    def stop(self) -> None:
        """End gateway and venue."""
        if self._process is not None:
            launch.end(self._process, patience_s=30)
            self._process = None
        if not is_free(bridges.lock_path(self.config, self.config.venue[0])):
            bridges.end(self.config, [])

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            text = (self.folder / "gateway.out").read_text(encoding="utf-8", errors="replace")
            msg = f"the gateway ended with exit code {self._process.returncode}: {text[-800:]}"
            raise CommandError(msg)
        try:
            with OperatorSession(self.config, timeout_ms=500) as session:
                return str(session.ask("STATUS")["venues"]["PAPER"]) == "ready"
        except GatewayError:
            return False

    def far_price(self) -> Decimal:
        """Return a legal price so far below the market that an order there rests."""
        if not self._bid:
            feed = Subscriber(self.config.gateway.market_data[0])
            feed.subscribe(f"MD.PAPER.{SYMBOL}|")
            deadline = time.monotonic() + 10
            while not self._bid and time.monotonic() < deadline:
                for _topic, frame in feed.receive(200):
                    message = codec.decode(frame)
                    if isinstance(message, MarketDataSnapshotFullRefresh):
                        bids = book_of(message).bids
                        self._bid = bids[0].price if bids else Decimal(0)
            feed.close()
        return round(self._bid * Decimal("0.9"), 5)


class BareSession:
    """A strategy's session that counts and times, and understands as little as it may."""

    def __init__(self, gateway: BenchGateway, number: int = 0) -> None:
        self.comp_id = f"S{number:03}"
        self.link = Link(gateway.config.gateway.orders[0])
        self._session = FixSession(
            comp_id=self.comp_id, peer_comp_id=gateway.config.gateway.comp_id, acceptor=False,
            heart_bt_int=QUIET_HEARTBEAT_S,
        )  # fmt: skip
        self._count = 0
        self._prefix = f"{time.time_ns():x}-"
        self._log_on()

    def _log_on(self) -> None:
        self.link.send(self._session.logon(time.time_ns(), reset=True).frame)
        deadline = time.monotonic() + 10
        while not self._session.active:
            for frame in self.link.receive(100):
                self._session.receive(codec.decode(frame), time.time_ns())
            if time.monotonic() > deadline:
                msg = f"{self.comp_id}: no answer to a Logon within 10 s"
                raise CommandError(msg)

    def order(self, price: Decimal | None) -> tuple[bytes, bytes]:
        """Build an order at a price, or at the market; return its frame and its ClOrdID."""
        self._count += 1
        name = f"{self._prefix}{self._count}"
        now_ns = time.time_ns()
        message = NewOrderSingle(
            cl_ord_id=name, symbol=SYMBOL, side=Side.BUY if self._count % 2 else Side.SELL,
            transact_time=format_utc(now_ns), order_qty=QTY, ord_type=OrdType.MARKET,
        )  # fmt: skip
        if price is not None:
            message = NewOrderSingle(
                cl_ord_id=name, symbol=SYMBOL, side=Side.BUY, transact_time=format_utc(now_ns),
                order_qty=QTY, ord_type=OrdType.LIMIT, price=price,
                time_in_force=TimeInForce.GOOD_TILL_CANCEL,
                exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE,
            )  # fmt: skip
        return self._session.send(message, now_ns).frame, name.encode()

    def ack_ns(self, price: Decimal) -> int:
        """Send one order and wait for its 150=A; return the time between, in ns.

        Waits for the venue's 150=0 too, so that the next order meets an idle system.
        """
        frame, _name = self.order(price)
        link = self.link
        started_ns = time.perf_counter_ns()
        link.send(frame)
        taken_ns = 0
        deadline_ns = started_ns + 5_000_000_000
        while time.perf_counter_ns() < deadline_ns:
            for answer in link.receive(1_000):
                if b"\x01150=A\x01" in answer:
                    taken_ns = time.perf_counter_ns() - started_ns
                elif b"\x01150=0\x01" in answer:
                    return taken_ns
                elif b"\x01150=8\x01" in answer:
                    raise _refused(answer)
        msg = f"an order at {format_decimal(price)} was not answered within 5 s"
        raise CommandError(msg)

    def close(self) -> None:
        """Log out and let go."""
        self.link.send(self._session.logout(None, time.time_ns()).frame)
        self.link.receive(200)
        self.link.close()


def _refused(frame: bytes) -> CommandError:
    text = frame.partition(b"\x0158=")[2].partition(b"\x01")[0].decode(errors="replace")
    return CommandError(f"an order of the measurement was refused: {text}")


def sustained(
    sessions: list[BareSession], price: Decimal | None, *, seconds: float, window: int, until: bytes
) -> float:
    """Keep `window` orders of each session unanswered; return answers per second.

    `until` is what counts as the answer: 150=A, or a fill's 39=2.
    """
    mark = b"\x01" + until + b"\x01"
    poller = zmq.Poller()
    of_socket = {}
    for session in sessions:
        poller.register(session.link.socket, zmq.POLLIN)
        of_socket[session.link.socket] = session
        for _ in range(window):
            session.link.send(session.order(price)[0])
    began = time.perf_counter()
    count = 0
    while (now := time.perf_counter()) - began < seconds:
        for socket, _ in poller.poll(100):
            session = of_socket[socket]
            answered = answers_in(session.link, mark)
            count += answered
            for _ in range(answered):
                session.link.send(session.order(price)[0])
    rate = count / (now - began)
    left = window * len(sessions)
    while left > 0 and (found := poller.poll(2_000)):
        left -= sum(answers_in(of_socket[socket].link, mark) for socket, _ in found)
    return rate


def answers_in(link: Link, mark: bytes) -> int:
    """Count the answers among the frames that wait; a refusal ends the measurement."""
    answered = 0
    for frame in link.receive(0):
        if mark in frame:
            answered += 1
        elif b"\x01150=8\x01" in frame:
            raise _refused(frame)
    return answered
