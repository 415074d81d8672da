"""The worker: one thread that calls the package, jobs in their order, calls that fail or hang."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest
from support.mt5.clock import Clock as ServerTime
from support.mt5.package import Package
from support.mt5.symbols import ALWAYS
from support.mt5.terminal import Terminal
from support.mt5_trader import EURUSD, LOGIN, NETTING, server_of
from support.waiting import wait_for

from bridges.bridge import Clock, _opener
from bridges.errors import BridgeError
from bridges.link_events import LinkChanged
from bridges.mt5.constants import Action, OrderType
from bridges.mt5.jobs import Attach, Attached, Login, Look, Read, Seen, Send, Sent, Snapshot
from bridges.mt5.records import exact
from bridges.mt5.requests import TradeRequest
from bridges.mt5.settings import open_mt5_venue
from bridges.mt5_terminal import TerminalWorker, find_package
from bridges.port import Filled, OrderRequest, Rejected
from protocol.fields import OrdType, Side
from protocol.order_id import OrderId

REQUEST = TradeRequest(
    action=Action.DEAL, symbol=EURUSD, type=OrderType.BUY, volume=exact(0.1), magic=7
)
FAR_S = 4_000_000_000
JOBS = {
    "attach": (Attach((EURUSD,)), Attached),
    "read": (Read(0, FAR_S), Snapshot),
    "look": (Look(((EURUSD, 0),)), Seen),
    "send": (Send(REQUEST, 0, FAR_S, not_after_ns=1 << 62), Sent),
}


class Watched(Package):
    """The package, and which threads have called it."""

    def __init__(self, terminal):
        super().__init__(terminal)
        self.threads = set()
        self.gate = threading.Event()
        self.gate.set()

    def call(self, function, args, named):
        """Note the caller, and wait at the gate."""
        self.threads.add(threading.current_thread().name)
        self.gate.wait(10)
        return super().call(function, args, named)


@pytest.fixture
def package():
    """Give the package on a terminal."""
    return Watched(Terminal(server_of(NETTING), LOGIN))


@pytest.fixture
def worker(package):
    """Give a worker that runs."""
    ticks = count(1)
    login = Login(login=LOGIN, server="Test-Demo")
    found = TerminalWorker(login, package, clock=lambda: next(ticks))
    found.open()
    yield found
    package.gate.set()
    found.close()


class Heard(list):
    """What a venue tells."""

    on_event = list.append


@pytest.mark.parametrize("step_s", [60, -60, 86_400])
def test_the_system_clock_may_be_set(tmp_path, monkeypatch, step_s):
    """Set forward or back while the bridge runs: it stays up, orders are sent, none twice."""
    clock, told = Clock(), Heard()
    server = server_of(NETTING, clock=ServerTime(clock() // 1_000_000), sessions=ALWAYS)
    venue = open_mt5_venue(
        folder=tmp_path, symbols=[EURUSD], login=LOGIN, server=server.name, clock=clock,
        server_zone="Etc/GMT-2", settle_ms=0, package=(package := Watched(Terminal(server, LOGIN))),
    )  # fmt: skip

    def until(condition):
        def steps():
            venue.step(clock())
            return condition()

        wait_for(steps, what="the venue")

    def trade(number):
        package.gate.clear()
        venue.submit(OrderRequest(
            cl_ord_id=OrderId(1, 1_700_000_000, number).text(), symbol=EURUSD, side=Side.BUY,
            ord_type=OrdType.MARKET, order_qty=exact(10_000),
        ), clock())  # fmt: skip
        until(venue._worker.busy_since_ns)
        package.gate.set()
        until(lambda: sum(isinstance(one, Filled | Rejected) for one in told) == number)

    try:
        venue.connect(told, clock())
        until(lambda: venue.connected)
        trade(1)
        there_ns = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: there_ns() + step_s * 10**9)
        for number in (2, 3):
            trade(number)
        assert [type(one) for one in told if isinstance(one, Filled | Rejected)] == [Filled] * 3
        assert [one.up for one in told if isinstance(one, LinkChanged)] == [True]
    finally:
        package.gate.set()
        venue.close()
    assert server.offices[LOGIN].ledger.twice() == {}


def test_a_bridge_has_one_clock(tmp_path):
    """Its worker is given the clock that steps its venue."""
    clock = Clock()
    settings = {"symbols": [EURUSD], "login": LOGIN, "server": "Test-Demo"}
    venue = _opener("mt5_terminal", "MT5", tmp_path, settings, clock)()
    assert venue._worker._clock is clock


def result_of(worker):
    """Wait for the next results."""
    return wait_for(lambda: list(worker.results()), what="a result")


def test_jobs_are_done_by_one_thread(worker, package):
    """Each kind of job has its kind of result, and nobody else ever calls the package."""
    for job, kind in JOBS.values():
        worker.put(1, job)
        ((number, found),) = result_of(worker)
        assert (number, type(found)) == (1, kind)
    assert package.threads == {"terminal"}
    assert worker.busy_since_ns() is None


def test_urgent_jobs_pass_those_that_are_not(worker, package):
    """An order goes before reads that wait; the job that is under way is waited for."""
    worker.put(1, JOBS["attach"][0])
    result_of(worker)
    package.gate.clear()
    worker.put(2, JOBS["read"][0])
    wait_for(worker.busy_since_ns, what="the first read")
    for number, name in ((3, "read"), (4, "look"), (5, "send")):
        worker.put(number, JOBS[name][0])
    assert list(worker.results()) == []
    package.gate.set()
    order = []
    wait_for(lambda: order.extend(n for n, _ in worker.results()) or len(order) == 4)
    assert order == [2, 5, 3, 4]


@pytest.mark.parametrize("name", JOBS)
def test_what_may_not_happen_is_a_result_too(worker, package, monkeypatch, name):
    """A row that cannot be read ends a job, not the thread; of a Send nothing is known then."""
    worker.put(1, JOBS["attach"][0])
    result_of(worker)

    def broken(*_args, **_named):
        raise KeyError(name)

    for call in ("account_info", "order_send", "symbol_info_tick"):
        monkeypatch.setattr(package, call, broken)
    job, kind = JOBS[name]
    worker.put(2, job)
    ((_, found),) = result_of(worker)
    assert type(found) is kind
    if name == "send":
        assert (found.refusal, found.retcode) == (None, 0)
    if name == "read":
        assert not found.clean
    monkeypatch.undo()
    worker.put(3, JOBS["read"][0])
    ((_, found),) = result_of(worker)
    assert found.clean


def test_a_closed_worker_lets_go_of_the_terminal(worker, package):
    """It shuts the connection down, and its thread ends."""
    worker.put(1, JOBS["attach"][0])
    result_of(worker)
    worker.close()
    assert package.terminal is None
    assert not worker._thread.is_alive()


@pytest.mark.parametrize(
    ("platform", "words"), [("linux", "exists for Windows only"), ("win32", "pip install")]
)
def test_a_missing_package_is_named(monkeypatch, platform, words):
    """What to install, or where to run."""
    monkeypatch.setattr("bridges.mt5_terminal.sys.platform", platform)
    monkeypatch.setattr("bridges.mt5_terminal.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(BridgeError, match=words):
        find_package()
