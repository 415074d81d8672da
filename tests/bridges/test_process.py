"""The bridge as a real process over real sockets, killed while it works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

import pytest
import zmq

from bridges.lock import is_free
from bridges.paper.ledger import read
from protocol import codec
from protocol.fields import ExecType, OrdType, Side, TimeInForce
from protocol.messages import (
    ExecutionReport,
    Logon,
    NewOrderSingle,
    OrderStatusRequest,
    TradeCaptureReport,
    TradeCaptureReportRequest,
    TradeCaptureReportRequestAck,
    TradeDate,
)
from protocol.order_id import OrderId
from protocol.session import FixSession
from protocol.timestamps import format_date, format_utc

ROOT = Path(__file__).parents[2]
START = """
import sys
from bridges.bridge import run_bridge
sys.exit(run_bridge(venue_id="PAPER", endpoint=sys.argv[1], folder=sys.argv[2],
                    symbols=["EURUSD"], dead_man_ms=int(sys.argv[3])))
"""


class Gateway:
    """A ROUTER that speaks just enough to one bridge."""

    def __init__(self, folder):
        self.folder = folder / "PAPER"
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.ids = (OrderId(1, 1_700_000_000, number).text() for number in count(1))
        self.heard = []
        self.process = None
        self.route = None
        self.fix = None

    def start(self, dead_man_ms=0):
        """Start the bridge and wait until it is logged on."""
        self.fix = FixSession(comp_id="GATEWAY", peer_comp_id="PAPER", acceptor=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, f"tcp://127.0.0.1:{self.port}", str(self.folder),
             str(dead_man_ms)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.until(lambda: self.fix.active)

    def until(self, condition, timeout_s=20):
        """Hear the bridge until a condition is true."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, self.heard[-3:]
            if self.socket.poll(20):
                self._hear()

    def _hear(self):
        route, frame = self.socket.recv_multipart()
        now_ns = time.time_ns()
        reaction = self.fix.receive(codec.decode(frame), now_ns)
        if isinstance(reaction.deliver, Logon):
            self.route = route
            self.socket.send_multipart((route, self.fix.accept(now_ns).frame))
        elif reaction.deliver is not None:
            self.heard.append(reaction.deliver)
        for sent in reaction.replies:
            self.socket.send_multipart((route, sent.frame))

    def say(self, message):
        """Say a message to the bridge."""
        frame = self.fix.send(message, time.time_ns()).frame
        self.socket.send_multipart((self.route, frame))

    def order(self, price=None):
        """Send an order; return its id."""
        name = next(self.ids)
        self.say(
            NewOrderSingle(
                cl_ord_id=name, symbol="EURUSD", side=Side.BUY, order_qty=Decimal(1000),
                ord_type=OrdType.LIMIT if price else OrdType.MARKET,
                price=Decimal(price) if price else None, transact_time=format_utc(0),
                time_in_force=TimeInForce.GOOD_TILL_CANCEL,
            )
        )  # fmt: skip
        return name

    def fills(self):
        """Ask for all fills; return their trade ids and what was answered to be complete."""
        self.heard.clear()
        dates = (TradeDate(trade_date=format_date(0), transact_time=format_utc(0)),)
        self.say(
            TradeCaptureReportRequest(trade_request_id="R", trade_request_type=0, dates=dates)
        )

        def told():
            acks = [m for m in self.heard if isinstance(m, TradeCaptureReportRequestAck)]
            found = [m for m in self.heard if isinstance(m, TradeCaptureReport)]
            return bool(acks) and len(found) == acks[0].tot_num_trade_reports

        self.until(told)
        return [m.secondary_exec_id for m in self.heard if isinstance(m, TradeCaptureReport)]

    def status(self, name):
        """Ask for an order and return the answer."""
        self.heard.clear()
        self.say(OrderStatusRequest(cl_ord_id=name, symbol="EURUSD", side=Side.BUY))

        def answers():
            return [
                m for m in self.heard
                if isinstance(m, ExecutionReport) and m.exec_type is ExecType.ORDER_STATUS
            ]  # fmt: skip

        self.until(answers)
        return answers()[0]

    def kill(self):
        """Kill the bridge the hard way."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        while self.socket.poll(0):
            self.socket.recv_multipart()

    def close(self):
        """End everything."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.socket.close(0)


@pytest.fixture
def gateway(tmp_path):
    """Give a gateway's end with no bridge yet."""
    made = Gateway(tmp_path)
    yield made
    made.close()


@pytest.mark.budget(60)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_under_load_nothing_is_lost_or_doubled(gateway):
    """Killed at random moments: no id reaches the venue twice, what it told of is still true.

    Every fill that was reported is in the ledger and in fills-since after the restart; every id is
    answered; ids that were never noted are proven so.
    """
    rng = Random(1)
    names, told = [], set()
    for _ in range(3):
        gateway.start()
        sizes = range(rng.randrange(50, 150))
        names += [gateway.order(rng.choice([None, "0.90000"])) for _ in sizes]
        wanted = rng.randrange(1, 40)
        gateway.until(lambda wanted=wanted: len(gateway.heard) > wanted)
        gateway.kill()
        told |= {
            m.secondary_exec_id for m in gateway.heard
            if isinstance(m, ExecutionReport) and m.exec_type is ExecType.TRADE
        }  # fmt: skip
    gateway.start()
    again = gateway.fills()
    assert told <= set(again)
    lines = read(gateway.folder / "ledger.jsonl")
    assert [line["trade"] for line in lines if line["k"] == "fill"] == again
    assert all(line["n"] == 1 for line in lines if line["k"] == "received")
    received = {line["id"] for line in lines if line["k"] == "received"}
    for name in rng.sample(names, 20):
        answer = gateway.status(name)
        assert (answer.order_id != "NONE") == (name in received)
        assert answer.complete


@pytest.mark.length("ci")
@pytest.mark.budget(30)
@pytest.mark.skipif(os.name != "posix", reason="pauses the gateway's end only")
def test_a_bridge_without_a_gateway_cancels_and_ends(gateway):
    """Its gateway gone for the dead-man time, the bridge cancels what rests and ends in order."""
    gateway.start(dead_man_ms=500)
    gateway.order("0.90000")
    gateway.until(lambda: any(isinstance(m, ExecutionReport) for m in gateway.heard))
    lock = gateway.folder.parent / "PAPER.lock"
    assert not is_free(lock)
    gateway.socket.close(0)
    assert gateway.process.wait(timeout=20) == 0
    kinds = [line["k"] for line in read(gateway.folder / "ledger.jsonl")]
    assert kinds[-1] == "canceled"
    assert is_free(lock)
