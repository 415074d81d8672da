"""A strategy as a process: it starts, hears, trades, survives the gateway, stops orderly."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
import zmq
from support.fake_answers import respond
from support.fake_gateway import FakeGateway

from engine import runner, transcript
from engine.errors import StrategyNotLoaded
from engine.loading import load
from engine.runner import Runner
from engine.strategy import Strategy
from engine.testing import Rehearsal
from protocol import codec
from protocol.fields import MDEntryType, MDUpdateAction, OrdStatus
from protocol.messages import (
    MarketDataIncrementalRefresh,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    MDUpdate,
)
from protocol.session_states import State
from protocol.timestamps import format_utc

ROOT = Path(__file__).parents[2]


class Feed:
    """Publishes books and trades as the gateway's XPUB would."""

    def __init__(self):
        self.socket = zmq.Context.instance().socket(zmq.XPUB)
        self.socket.linger = 0
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.seq = 0

    def wait_for_subscriber(self, count):
        """Return when that many subscriptions have arrived."""
        for _ in range(count):
            assert self.socket.poll(5000)
            self.socket.recv()

    def send(self, topic, message):
        """Publish one message."""
        self.seq += 1
        frame = codec.encode(
            message, sender_comp_id="PAPER", target_comp_id="MD", msg_seq_num=self.seq,
            sending_time=format_utc(time.time_ns()),
        )  # fmt: skip
        self.socket.send_multipart((topic.encode(), frame))

    def book(self, bid, ask, symbol="EURUSD"):
        """Publish a book of one level."""
        entries = (
            MDEntry(md_entry_type=MDEntryType.BID, md_entry_px=Decimal(bid),
                    md_entry_size=Decimal(10_000)),
            MDEntry(md_entry_type=MDEntryType.OFFER, md_entry_px=Decimal(ask),
                    md_entry_size=Decimal(10_000)),
        )  # fmt: skip
        self.send(
            f"MD.PAPER.{symbol}|",
            MarketDataSnapshotFullRefresh(
                symbol=symbol, security_exchange="PAPER", md_entries=entries
            ),
        )

    def trade(self, price):
        """Publish a trade."""
        update = MDUpdate(
            md_update_action=MDUpdateAction.NEW, md_entry_type=MDEntryType.TRADE, symbol="EURUSD",
            security_exchange="PAPER", md_entry_px=Decimal(price), md_entry_size=Decimal(1),
            aggressor_side="1",
        )  # fmt: skip
        self.send("TR.PAPER.EURUSD|", MarketDataIncrementalRefresh(md_entries=(update,)))


class _Recorder(Strategy):
    """Writes down what it is told, and buys on the first quote."""

    id = "REC"
    symbols = ("EURUSD",)
    venue = "PAPER"
    timer_ms = 20

    def __init__(self):
        self.told = []
        self.order = None

    def on_start(self):
        self.told.append(("start", self.position("EURUSD")))

    def on_quote(self, quote):
        self.told.append(("quote", quote.bid))
        if self.order is None:
            self.order = self.buy("EURUSD", 1000, price=quote.bid)

    def on_trade(self, trade):
        self.told.append(("trade", trade.price))

    def on_timer(self, now_ns):
        self.told.append(("timer",))

    def on_execution(self, report):
        self.told.append(("execution", report.exec_type.name))

    def on_halt(self, halt):
        self.told.append(("halt", halt.scope, halt.halted))

    def on_stop(self):
        self.told.append(("stop",))

    def kinds(self):
        """Return what was told, without the timer."""
        return [t for t in self.told if t[0] != "timer"]


class Running:
    """A runner in a thread, with the fakes around it."""

    def __init__(self, strategy, folder, gateway, **more):
        self.feed = Feed()
        self.runner = Runner(
            strategy, orders=gateway.endpoint, market_data=self.feed.endpoint,
            store_dir=folder, transcript=folder / "transcript.jsonl", heart_bt_int=1, **more,
        )  # fmt: skip
        self.code = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        self.code = self.runner.run()

    def __enter__(self):
        self.thread.start()
        self.feed.wait_for_subscriber(2)
        return self

    def __exit__(self, *_):
        self.runner.stop()
        self.thread.join(10)
        self.feed.socket.close(0)


def until(condition, timeout_s=5.0):
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_a_strategy_hears_and_trades(tmp_path):
    """Start, quote, trade, timer, execution, stop, in this order, and its order is canceled."""
    strategy = _Recorder()
    with FakeGateway() as gateway:
        with Running(strategy, tmp_path, gateway) as running:
            until(lambda: strategy.told)
            running.feed.book("1.1", "1.2")
            until(lambda: strategy.order and strategy.order.status is OrdStatus.NEW)
            running.feed.book("1.1", "1.2")
            running.feed.trade("1.15")
            until(lambda: ("trade", Decimal("1.15")) in strategy.told)
            until(lambda: ("timer",) in strategy.told)
        assert running.code == 0
    assert strategy.kinds()[:4] == [
        ("start", 0), ("quote", Decimal("1.1")),
        ("execution", "PENDING_NEW"), ("execution", "NEW"),
    ]  # fmt: skip
    assert strategy.told.count(("quote", Decimal("1.1"))) == 1
    assert ("stop",) in strategy.told
    assert strategy.order.status is OrdStatus.CANCELED


def test_who_has_said_goodbye_opens_nothing_new():
    """A fill that comes while it stops may not be answered with the next quote: it would rest."""
    strategy = _Recorder()
    stage = Rehearsal(strategy).quote("EURUSD", "1.1", "1.2")
    sent = len(stage.sent)
    strategy.desk.stop()
    late = strategy.buy("EURUSD", 1000, price="1.1")
    assert late.status is OrdStatus.REJECTED
    assert late.text.startswith("STOPPING")
    assert strategy.replace(strategy.order, price="1.09") is False
    assert strategy.protect("EURUSD", stop_loss_px="1.0") == ""
    assert [one.msg_type for one in stage.sent[sent:]] == ["q"]


def test_who_waits_in_vain_for_a_cancel_logs_out_all_the_same(tmp_path, monkeypatch):
    """An order whose end never comes keeps nobody from saying goodbye."""
    monkeypatch.setattr(runner, "STOP_PATIENCE_MS", 300)

    def deaf_to_cancels(gateway, comp_id, message):
        return () if message.msg_type in {"F", "q"} else respond(gateway, comp_id, message)

    strategy = _Recorder()
    with FakeGateway(behave=deaf_to_cancels) as gateway:
        with Running(strategy, tmp_path, gateway) as running:
            until(lambda: strategy.told)
            running.feed.book("1.1", "1.2")
            until(lambda: strategy.order and strategy.order.status is OrdStatus.NEW)
        assert running.code == 0
        assert gateway.sessions["REC"].state is State.DISCONNECTED
    assert strategy.order.is_open


def test_a_strategy_outlives_its_gateway(tmp_path):
    """Killed and restarted, the gateway finds the strategy back; its order is still its order."""
    strategy = _Recorder()
    with FakeGateway() as gateway, Running(strategy, tmp_path, gateway) as running:
        until(lambda: strategy.told)
        running.feed.book("1.1", "1.2")
        until(lambda: strategy.order and strategy.order.status is OrdStatus.NEW)
        gateway.kill()
        until(lambda: ("halt", "LINK", True) in strategy.told)
        gateway.start()
        until(lambda: ("halt", "LINK", False) in strategy.told)
        assert strategy.order.is_open
        assert strategy.open_orders() == [strategy.order]


def test_an_order_sent_into_a_dying_gateway_is_known_afterwards(tmp_path):
    """The gateway dies before it commits the order; the strategy learns what became of it."""
    strategy = _Recorder()
    with FakeGateway() as gateway, Running(strategy, tmp_path, gateway) as running:
        until(lambda: strategy.told)
        gateway.revives = True
        gateway._passes = dict.fromkeys(gateway._passes, 0)
        gateway.die_at = ("before_commit", 1)
        running.feed.book("1.1", "1.2")
        until(lambda: strategy.order and strategy.order.status is OrdStatus.NEW)
        assert gateway.committed["REC"].arrived.count(strategy.order.cl_ord_id) == 1


def test_an_order_that_never_arrived_ends_rejected(tmp_path):
    """After a reset the gateway knows no such order: asked by name it says so, and it is over."""
    strategy = _Recorder()
    with FakeGateway() as gateway, Running(strategy, tmp_path, gateway) as running:
        until(lambda: strategy.told)
        gateway.mute = True
        running.feed.book("1.1", "1.2")
        until(lambda: strategy.order is not None)
        gateway.kill()
        gateway.reset_required.add("REC")
        gateway.mute = False
        gateway.start()
        until(lambda: not strategy.order.is_open, 10)
        assert strategy.order.status is OrdStatus.REJECTED


def test_the_transcript_holds_every_order_and_every_report(tmp_path):
    """Each OUT D is there, and each IN report with its number, once each."""
    strategy = _Recorder()
    with FakeGateway() as gateway:
        with Running(strategy, tmp_path, gateway) as running:
            until(lambda: strategy.told)
            running.feed.book("1.1", "1.2")
            until(lambda: strategy.order and strategy.order.status is OrdStatus.NEW)
        sent = gateway.committed["REC"].sent
    lines = transcript.read(tmp_path / "transcript.jsonl")
    assert lines[0]["note"] == "START"
    assert lines[-1]["note"] == "STOP"
    orders = [x for x in lines if x["direction"] == "OUT" and x["msg_type"] == "D"]
    assert [x["fields"]["11"] for x in orders] == [strategy.order.cl_ord_id]
    heard = [x["msg_seq_num"] for x in lines if x["direction"] == "IN"]
    said = [n for n, f in sent.items() if codec.peek(f).msg_type not in "A0125"]
    assert heard == said


class _Broken(_Recorder):
    """Raises after its order is open."""

    id = "BROKEN"

    def on_execution(self, report):
        if report.exec_type.name == "NEW":
            msg = "a bug"
            raise RuntimeError(msg)


def test_an_exception_cancels_what_is_open_and_ends_with_1(tmp_path):
    """A bug in a handler does not leave an order alone in the market."""
    strategy = _Broken()
    with FakeGateway() as gateway:
        with Running(strategy, tmp_path, gateway) as running:
            until(lambda: strategy.told)
            running.feed.book("1.1", "1.2")
            running.thread.join(10)
        assert running.code == 1
        orders = gateway.committed["BROKEN"].orders.values()
        assert {order.status for order in orders} == {OrdStatus.CANCELED}


PROCESS = """
import sys
sys.path.insert(0, {root!r})
from engine.loading import load
from engine.runner import run_strategy
sys.exit(run_strategy(load(sys.argv[1])(), orders=sys.argv[2], market_data=sys.argv[3],
    store_dir=sys.argv[4], transcript=sys.argv[4] + "/t.jsonl", heart_bt_int=1))
"""
TEN_LINES = """
from portcullis import Strategy

class Ten(Strategy):
    id = "TEN"
    symbols = ("EURUSD",)
    cancel_on_stop = False

    def on_quote(self, quote):
        self.buy(quote.symbol, self.instrument(quote.symbol).lots("0.01"), price=quote.bid)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_strategy_killed_again_and_again_never_doubles_an_id(tmp_path):
    """Killed under load: every id arrives once, and every report is in some transcript line."""
    (tmp_path / "ten.py").write_text(TEN_LINES)
    with FakeGateway() as gateway:
        feed = Feed()
        for round_ in range(3):
            before = len(gateway.committed["TEN"].arrived) if round_ else 0
            command = [
                sys.executable, "-c", PROCESS.format(root=str(ROOT)), str(tmp_path / "ten.py:Ten"),
                gateway.endpoint, feed.endpoint, str(tmp_path),
            ]  # fmt: skip
            process = subprocess.Popen(command)
            feed.wait_for_subscriber(1)
            bid = 0

            def busy(before=before):
                nonlocal bid
                bid += 1
                feed.book(f"1.{1000 + bid}", "1.9")
                ledger = gateway.committed.get("TEN")
                return ledger is not None and len(ledger.arrived) >= before + 20

            until(busy, 15)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            while feed.socket.poll(0) or feed.socket.poll(200):
                feed.socket.recv()
        arrived = gateway.committed["TEN"].arrived
        assert len(arrived) == len(set(arrived))
        feed.socket.close(0)
    lines = transcript.read(tmp_path / "t.jsonl")
    said = {x["fields"]["11"] for x in lines if x["direction"] == "OUT" and x["msg_type"] == "D"}
    orders = set(gateway.committed["TEN"].orders)
    assert orders <= said


def test_a_refused_strategy_ends_with_1_at_once(tmp_path):
    """A wrong token is no reason to knock for ever."""
    strategy = _Recorder()
    with FakeGateway(tokens={"REC": b"right"}) as gateway:
        with Running(strategy, tmp_path, gateway, token=b"wrong") as running:
            running.thread.join(10)
        assert running.code == 1
        assert len(gateway.logons) == 1


def test_a_file_that_does_not_import_is_named_with_line_and_reason(tmp_path):
    """No file, broken syntax, an error on import, no such class: each says where and why."""
    bad = tmp_path / "bad.py"
    with pytest.raises(StrategyNotLoaded, match="there is no file"):
        load(str(bad) + ":X")
    bad.write_text("x = (\n")
    with pytest.raises(StrategyNotLoaded, match=r"bad\.py, line 1: SyntaxError"):
        load(str(bad) + ":X")
    bad.write_text("import os\n\nimport not_there\n")
    with pytest.raises(StrategyNotLoaded, match=r"bad\.py, line 3: ModuleNotFoundError"):
        load(str(bad) + ":X")
    bad.write_text("raise SystemExit(3)\n")
    with pytest.raises(StrategyNotLoaded, match=r"bad\.py, line 1: SystemExit"):
        load(str(bad) + ":X")
    bad.write_text(TEN_LINES)
    with pytest.raises(StrategyNotLoaded, match="no strategy 'X'; the strategies in it are: Ten"):
        load(str(bad) + ":X")
    assert load(str(bad)).id == "TEN"
    assert load(str(bad) + ":Ten").id == "TEN"
