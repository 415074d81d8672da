"""The compiled Expert Advisor on a real gateway over real libzmq: one order the whole way."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
import zmq
from click.testing import CliRunner
from support.mt5.clock import Clock
from support.mt5.constants import MarginMode
from support.mt5.ea_process import LiveChart
from support.mt5.pace import Pace, real_ms
from support.mt5.runtime import build
from support.mt5.server import TradeServer
from support.mt5.symbols import ALWAYS, eurusd
from support.mt5.terminal import Terminal
from support.ports import free_ports, is_free
from support.waiting import wait_for

from bridges.mt5.check.report import load
from bridges.mt5.check.steps import Verdict
from engine.client import Client
from gateway.commands import main
from gateway.commands.mt5_check_gateway import see_demo
from protocol import codec
from protocol.fields import OrdStatus, PosMaintStatus

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # compiles, and starts a whole system
]
EA_VENUE = """kind = "mt5_ea"
launch = false
check_funds = false
symbols = ["EURUSD"]
"""


@pytest.fixture
def broker():
    """Give a broker's server and terminal in real time."""
    server = TradeServer(clock=Clock(now_ms=real_ms()), symbols=[eurusd(sessions=ALWAYS)])
    server.open_account(1001, MarginMode.RETAIL_NETTING, balance="100000")
    server.quote("EURUSD", "1.10000", "1.10010")
    terminal = Terminal(server, 1001)
    with Pace(terminal) as pace:
        yield terminal, pace


@pytest.fixture
def traded(system, broker, tmp_path):
    """Give a gateway whose venue is the Expert Advisor on that terminal."""
    terminal, pace = broker
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index('kind = "paper"'), text.index("[[strategy]]")
    system.edit(text[begin:end], EA_VENUE)
    system.start(wait=False)
    folder = tmp_path / "MQL5"
    folder.mkdir()
    inputs = {
        "VenueId": "PAPER", "VenuesPort": system.ports[1], "FeedsPort": system.ports[3],
        "SettleMs": 200, "WalkMs": 100, "AbsenceAfterMs": 5_000,
    }  # fmt: skip
    with LiveChart(terminal, pace, build.build(), folder=folder, inputs=inputs) as chart:
        system.wait_ready()
        yield system, chart


def hear_prices(system, chart):
    """Subscribe as a strategy does; return the book of a quote that was made afterwards."""
    context = zmq.Context()
    feed = context.socket(zmq.SUB)
    feed.connect(f"tcp://127.0.0.1:{system.ports[2]}")
    feed.subscribe("MD.PAPER.EURUSD|")

    def quoted():
        with chart.pace.lock:
            chart.terminal.server.quote("EURUSD", "1.10001", "1.10010")
            chart.terminal.server.quote("EURUSD", "1.10000", "1.10010")
        return feed.poll(100)

    try:
        wait_for(quoted, what="a book")
        return [part.decode() for part in feed.recv_multipart()]
    finally:
        context.destroy(linger=0)


def test_an_order_goes_the_whole_way(traded):
    """What the strategy hears, the broker has; and the program can be killed and put back.

    The position's stop is set when it is open, and stands at the broker. The gateway knows from the
    program that the account is a demo account.
    """
    system, chart = traded
    venue = system.config.venue_of("PAPER")
    assert see_demo(system.config_path, venue, real_money=False) == "demo"
    topic, frame = hear_prices(system, chart)
    assert topic == "MD.PAPER.EURUSD|"
    assert codec.decode(frame.encode()).security_exchange == "PAPER"
    office = chart.terminal.office
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        bought = client.buy("EURUSD", "20000")
        filled = client.wait_for(bought, final=True)
        assert (filled.ord_status, filled.cum_qty) == (OrdStatus.FILLED, Decimal(20_000))
        assert filled.avg_px == Decimal("1.1001")
        moved = client.wait_for(client.protect("EURUSD", stop_loss_px="1.09000"), final=True)
        assert moved.pos_maint_status is PosMaintStatus.COMPLETED, moved.text
        rests = client.buy("EURUSD", "10000", price="1.08000")
        client.wait_for(rests, exec_type="0")
        chart.kill()
        chart.load()
        wait_for(lambda: chart.journal.count("logged on to GATEWAY as PAPER") == 2)
        client.cancel(rests)
        assert client.wait_for(rests, final=True).ord_status is OrdStatus.CANCELED
    with chart.pace.lock:
        assert office.ledger.twice() == {}
        assert not office.books.orders
        assert [held.sl for held in office.books.positions.values()] == [Decimal("1.09")]
        assert [deal.volume for deal in office.books.deals.values() if deal.volume] == [
            Decimal("0.2")
        ]


@pytest.mark.length("ci")
def test_the_check_runs_beside_the_bridge(traded):
    """One terminal, both Expert Advisors and the gateway, in real time: nothing fails or is left.

    The command opens the peer, says what to attach, follows the file, and then measures through the
    gateway.
    """
    system, chart = traded
    data = system.folder / "data"
    (data / "MQL5" / "Files").mkdir(parents=True)
    CliRunner().invoke(main, ["mt5", "install", str(data)])
    port = free_ports(1)[0]
    line = ["mt5", "check", "PAPER", "--config", str(system.config_path), "--terminal", str(data)]
    ended = []
    thread = threading.Thread(
        target=lambda: ended.append(CliRunner().invoke(main, [*line, "--peer-port", str(port)]))
    )
    thread.start()
    wait_for(lambda: not is_free(port), what="the peer")
    beside = LiveChart(
        chart.terminal, chart.pace, build.build(build.CHECK), folder=data / "MQL5" / "Files",
        inputs={"PeerPort": port},
    )  # fmt: skip
    with beside:
        thread.join()
    (done,) = ended
    report = load(system.config.gateway.var / "mt5-check-PAPER.md.json")
    failed = {name for name in report.rows if report.verdict(name) is Verdict.FAILS}
    assert (failed, done.exit_code) == (set(), 0), done.output
    assert report.verdict("delays") is Verdict.SEEN
    assert report.verdict("reading-duty") is Verdict.HOLDS
    with chart.pace.lock:
        assert not chart.terminal.office.books.orders
        assert not chart.terminal.office.books.positions
