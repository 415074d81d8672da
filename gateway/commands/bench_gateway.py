"""A real gateway to measure: `portcullis run` in a folder of its own, and the barest of clients.

The client is as thin as the echo's: frames are built before the clock starts, answers are looked at
as bytes. What is measured is then the gateway, not the client.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from bridges.lock import is_free
from engine.link import Link, Subscriber
from engine.market import book_of
from gateway.commands import bridges, launch
from gateway.commands.bench_brakes import VENUE_OFF, VENUE_ON, brakes_off, brakes_on
from gateway.commands.bench_template import AT, Template
from gateway.commands.standing_operator import StandingOperator
from gateway.config import load_config
from gateway.errors import CommandError
from journal.format import Direction
from protocol import codec
from protocol.fields import ExecInst, OrdType, Side, TimeInForce
from protocol.messages import MarketDataSnapshotFullRefresh, NewOrderSingle
from protocol.numbers import format_decimal
from protocol.session import FixSession
from protocol.timestamps import format_utc

SYMBOL = "EURUSD"
QTY = Decimal(1000)
EDGE_BPS = Decimal(500)
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

{brakes}
[[venue]]
id = "PAPER"
kind = "paper"
launch = true
symbols = ["{symbol}"]
quote_stale_ms = 600_000
{venue_keys}
feed = {{ kind = "synthetic", seed = 7, interval_ms = 1_000 }}

[routing]
default = "PAPER"
"""


class Started(NamedTuple):
    """Seconds from the launch: until an operator is answered, and until the venue is ready."""

    answers_s: float
    ready_s: float


class BenchGateway:
    """One running gateway with its paper venue. Use as a context manager."""

    def __init__(
        self,
        folder: Path,
        durability: str,
        *,
        instead: Sequence[str] = (),
        brakes: bool = False,
    ) -> None:
        """Write its config. `instead` is a command line that takes the place of `portcullis`."""
        folder.mkdir(parents=True)
        self.folder = folder
        self.ports = launch.free_ports(6)
        self.config_path = folder / "config.toml"
        text = CONFIG.format(
            ports=self.ports, durability=durability, symbol=SYMBOL,
            brakes=brakes_on(SYMBOL) if brakes else brakes_off(),
            venue_keys=VENUE_ON if brakes else VENUE_OFF,
        )  # fmt: skip
        text += "".join(f'\n[[strategy]]\nid = "S{number:03}"\n' for number in range(STRATEGIES))
        self.config_path.write_text(text, encoding="utf-8")
        self.config = load_config(self.config_path)
        self.started = Started(0, 0)
        self._instead = instead
        self._operator = StandingOperator(self.config)
        self._process: subprocess.Popen[bytes] | None = None
        self._bid = Decimal(0)

    def __enter__(self) -> Self:
        self.started = self.start()
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

    def start(self, *, patience_s: float = 60) -> Started:
        """Start and wait until the venue is ready; return the seconds that each step took."""
        began = time.monotonic()
        self._operator.gateway_begins()
        self._process = launch.start(
            ["run", "--config", str(self.config_path)],
            output=self.folder / "gateway.out", instead=self._instead,
        )
        answers = self._wait(bool, patience_s) - began
        ready = self._wait(lambda status: status["venues"]["PAPER"] == "ready", patience_s) - began
        self._operator.let_go()
        return Started(answers, ready)

    def _wait(self, wanted: Callable[[dict[str, Any]], bool], patience_s: float) -> float:
        """Wait for a STATUS; return when it came."""

        def has_come() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                msg = f"the gateway ended with exit code {self._process.returncode}: {self._said()}"
                raise CommandError(msg)
            status = self._operator.status()
            return bool(status) and wanted(status)

        if not launch.wait_until(has_come, timeout_s=patience_s):
            msg = f"the gateway was not ready within {patience_s:g} s: {self._said()}"
            raise CommandError(msg)
        return time.monotonic()

    def _said(self) -> str:
        path = self.folder / "gateway.out"
        return path.read_text(encoding="utf-8", errors="replace")[-800:]

    def stop(self) -> None:
        """End gateway and venue."""
        self._end(lambda process: launch.end(process, patience_s=30))

    def kill(self) -> None:
        """Kill the gateway, then end the venue."""
        self._end(subprocess.Popen.kill)

    def _end(self, end: Callable[[subprocess.Popen[bytes]], object]) -> None:
        self._operator.gateway_ends()
        if self._process is not None:
            end(self._process)
            self._process.wait()
            self._process = None
        if not is_free(bridges.lock_path(self.config, self.config.venue[0])):
            bridges.end(self.config, [])

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

    def __init__(
        self, gateway: BenchGateway, number: int = 0, *, says_all: bool = False
    ) -> None:
        """`says_all`: its orders carry what checks ask for, quote time, edge and holding time."""
        self.comp_id = f"S{number:03}"
        self._says_all = says_all
        self.link = Link(gateway.config.gateway.orders[0])
        self._session = FixSession(
            comp_id=self.comp_id, peer_comp_id=gateway.config.gateway.comp_id, acceptor=False,
            heart_bt_int=QUIET_HEARTBEAT_S,
        )  # fmt: skip
        self._count = 0
        self._prefix = f"{time.time_ns():x}-"
        self._templates: dict[tuple[Decimal | None, Side, bool], Template] = {}
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

    def order(self, price: Decimal | None, *, rests: bool = True) -> bytes:
        """Make the next order at a price, or at the market; return its frame.

        `rests`: it stays in the book; else what does not fill at once is canceled (IOC).
        """
        self._count += 1
        side = Side.SELL if price is None and self._count % 2 else Side.BUY
        key = (price, side, rests)
        template = self._templates.get(key)
        if template is None:
            template = _order_template(self.comp_id, *key, says_all=self._says_all)
            self._templates[key] = template
        number = self._session.next_out
        self._session.next_out += 1
        life = {"asked": f"{self._prefix}{self._count}", "at": format_utc(time.time_ns())}
        return template.frame(life, number)

    def sample(self, price: Decimal) -> bytes:
        """Make an order that is not sent: for others to be as long as ours."""
        life = {"asked": f"{self._prefix}10000", "at": format_utc(time.time_ns())}
        return _order_template(self.comp_id, price, Side.BUY, rests=False).frame(life, 10_000)

    def ack_ns(self, price: Decimal) -> int:
        """Send one order and wait for its 150=A; return the time between, in ns.

        Waits for the venue's 150=0 too, so that the next order meets an idle system.
        """
        frame = self.order(price)
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
                    raise refused(answer)
        msg = f"an order at {format_decimal(price)} was not answered within 5 s"
        raise CommandError(msg)

    def close(self) -> None:
        """Log out and let go."""
        self.link.send(self._session.logout(None, time.time_ns()).frame)
        self.link.receive(200)
        self.link.close()


def _order_template(
    comp_id: str,
    price: Decimal | None,
    side: Side,
    rests: bool,  # noqa: FBT001 - the last part of a key
    *,
    says_all: bool = False,
) -> Template:
    is_limit = price is not None
    in_force = TimeInForce.GOOD_TILL_CANCEL if rests else TimeInForce.IMMEDIATE_OR_CANCEL
    order = NewOrderSingle(
        cl_ord_id="<asked>", symbol=SYMBOL, side=side, transact_time=AT, order_qty=QTY, price=price,
        ord_type=OrdType.LIMIT if is_limit else OrdType.MARKET,
        time_in_force=in_force if is_limit else None,
        exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE if is_limit and rests else None,
        quote_time=AT if says_all else None, expected_edge=EDGE_BPS if says_all else None,
        holding_ms=60_000 if says_all else None,
    )  # fmt: skip
    return Template(Direction.IN, comp_id, order)


def refused(frame: bytes) -> CommandError:
    """Return the error for a refused order, with what the gateway says of it."""
    text = frame.partition(b"\x0158=")[2].partition(b"\x01")[0].decode(errors="replace")
    return CommandError(f"an order of the measurement was refused: {text}")
