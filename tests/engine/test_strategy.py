"""What a strategy author meets: handlers, orders that change, refusals that are no exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from loguru import logger

import portcullis
from engine import transcript
from engine.errors import InvalidOrder, UnknownInstrument
from engine.loading import load
from engine.orders import KEEP_CLOSED, OwnOrders, OwnPositions
from engine.strategy import Strategy
from engine.testing import Rehearsal
from engine.transcript import Transcript
from protocol.fields import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdStatus,
    OrdType,
    PosMaintStatus,
    Side,
)
from protocol.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
)

ROOT = Path(__file__).parents[2]


class _Plain(Strategy):
    """Does nothing by itself and writes down what it hears."""

    symbols = ("EURUSD",)
    timer_ms = 100

    def __init__(self):
        self.heard = []

    def on_execution(self, report):
        self.heard.append(report.exec_type)

    def on_cancel_reject(self, reject):
        self.heard.append(reject.cxl_rej_reason)

    def on_quote(self, quote):
        self.heard.append(quote.bid)

    def on_timer(self, now_ns):
        self.heard.append("timer")


@pytest.fixture
def stage():
    """A plain strategy on stage, with a quote."""
    made = Rehearsal(_Plain()).quote("EURUSD", "1.10", "1.11")
    made.strategy.heard.clear()
    return made


def test_a_market_order_fills_at_the_touch(stage):
    """Accepted, working, filled; the order and the position show it."""
    order = stage.strategy.buy("EURUSD", 1000)
    stage.advance(0)
    stage.deliver()
    assert stage.strategy.heard == [ExecType.PENDING_NEW, ExecType.NEW, ExecType.TRADE]
    assert (order.status, order.avg_px) == (OrdStatus.FILLED, Decimal("1.11"))
    assert stage.strategy.position("EURUSD") == 1000
    assert stage.strategy.open_orders() == []


def test_partial_fills_add_up(stage):
    """Two parts and the rest: cumulative, leaves and average price follow."""
    order = stage.strategy.sell("EURUSD", 3000, price="1.20")
    stage.deliver()
    stage.fill(order, 1000)
    assert (order.cum_qty, order.leaves_qty, order.is_open) == (1000, 2000, True)
    stage.fill(order, 2000, "1.23")
    assert (order.avg_px, order.is_open) == (Decimal("1.22"), False)
    assert stage.position("EURUSD") == -3000


def test_closing_one_position_by_another_moves_nothing(stage):
    """5004 = `A/B` is filled, and opens nothing."""
    stage.strategy.buy("EURUSD", 3000)
    closing = stage.strategy.sell("EURUSD", 2000, position_id="A/B")
    stage.deliver()
    assert (stage.position("EURUSD"), closing.is_open) == (3000, False)


def test_a_refusal_is_an_order_with_a_reason(stage):
    """Refused by the gateway: REJECTED, with its text; no exception."""
    stage.refuse("MAX_QTY: qty=1000 max=1")
    order = stage.strategy.buy("EURUSD", 1000, price="1.0")
    stage.deliver()
    assert (order.status, order.text) == (OrdStatus.REJECTED, "MAX_QTY: qty=1000 max=1")


def test_levels_are_moved_one_at_a_time_and_told_whole(stage):
    """`protect` asks for what it names; what it hears are both levels as they stand."""
    told = []
    stage.strategy.on_levels = told.append
    first = stage.strategy.protect("EURUSD", stop_loss_px="1.05", take_profit_px="1.20")
    stage.strategy.protect("EURUSD", stop_loss_px=0)
    stage.refuse("NO_POSITION: symbol=EURUSD")
    last = stage.strategy.protect("EURUSD", take_profit_px="1.30", position_id="7")
    stage.deliver()
    done = [one for one in told if one.pos_maint_status is PosMaintStatus.COMPLETED]
    assert [(one.stop_loss_px, one.take_profit_px) for one in done] == [
        (Decimal("1.05"), Decimal("1.20")), (Decimal(0), Decimal("1.20")),
    ]  # fmt: skip
    assert told[0].pos_req_id == first
    assert (told[-1].pos_req_id, told[-1].text) == (last, "NO_POSITION: symbol=EURUSD")
    stage.connected = False
    assert stage.strategy.protect("EURUSD", stop_loss_px=0) == ""


def test_a_request_for_no_level_is_a_mistake(stage):
    """Neither level, a float, or a word that means nothing is refused before anything is sent."""
    for nonsense in ({}, {"stop_loss_px": 1.1}, {"stop": "1.1"}):
        with pytest.raises((InvalidOrder, TypeError), match="received"):
            stage.strategy.protect("EURUSD", **nonsense)
    assert stage.sent == []


def test_without_a_session_an_order_comes_back_rejected(stage):
    """Nobody listens: the order says so at once, and nothing was sent."""
    stage.connected = False
    order = stage.strategy.buy("EURUSD", 1000)
    assert order.status is OrdStatus.REJECTED
    assert order.text.startswith("NOT_CONNECTED")
    assert stage.strategy.cancel(order) is False
    assert stage.sent == []


def test_a_float_is_refused(stage):
    """In an order and in a replacement, with the way out in the error."""
    with pytest.raises(TypeError, match=r"instrument\.price\(x\)"):
        stage.strategy.buy("EURUSD", 1000, price=1.1)
    order = stage.strategy.buy("EURUSD", 1000, price="1.0")
    stage.deliver()
    with pytest.raises(TypeError, match=r"instrument\.qty\(x\)"):
        stage.strategy.replace(order, qty=2000.0)


def test_an_order_is_replaced_and_canceled_under_its_new_id(stage):
    """D, G, F: each request names the one before it; one request at a time."""
    order = stage.strategy.buy("EURUSD", 1000, price="1.0")
    stage.deliver()
    first = order.cl_ord_id
    stage.hold()
    assert stage.strategy.replace(order, price="1.01", qty=2000)
    assert not stage.strategy.replace(order, price="1.02")
    stage.release()
    assert (order.price, order.qty, order.is_busy) == (Decimal("1.01"), 2000, False)
    assert order.cl_ord_id != first
    assert stage.strategy.cancel(order)
    stage.deliver()
    assert stage.last.orig_cl_ord_id == order.cl_ord_id or not order.is_open
    assert order.status is OrdStatus.CANCELED


def test_a_cancel_that_comes_too_late_is_told(stage):
    """The order was filled meanwhile: the refusal is heard, and the order stays filled."""
    order = stage.strategy.buy("EURUSD", 1000, price="1.0")
    stage.deliver()
    stage.hold()
    stage.strategy.cancel(order)
    stage.fill(order)
    stage.release()
    assert order.status is OrdStatus.FILLED
    assert stage.strategy.heard[-1].name == "TOO_LATE_TO_CANCEL"
    assert not order.is_busy


def test_post_only_and_ioc_end_where_they_must(stage):
    """Post-only that would take, and IOC that cannot, are canceled."""
    maker = stage.strategy.buy("EURUSD", 1000, price="1.11", post_only=True)
    taker = stage.strategy.buy("EURUSD", 1000, price="1.05", time_in_force="IOC")
    stage.deliver()
    assert (maker.status, taker.status) == (OrdStatus.CANCELED, OrdStatus.CANCELED)


def test_time_is_virtual(stage):
    """The timer fires as often as is due, at its own times."""
    before = stage.now_ns
    stage.advance(350)
    assert stage.strategy.heard == ["timer"] * 3
    assert stage.now_ns - before == 350_000_000


def test_an_unknown_instrument_is_named(stage):
    """The error says what is known."""
    with pytest.raises(UnknownInstrument, match="'NOPE', expected one of: EURUSD"):
        stage.strategy.instrument("NOPE")


def test_stopping_cancels_what_is_open(stage):
    """`cancel_on_stop` takes the open orders off; without it they stay."""
    order = stage.strategy.buy("EURUSD", 1000, price="1.0")
    stage.strategy.cancel_on_stop = False
    stage.stop()
    assert order.is_open
    stage.strategy.cancel_on_stop = True
    stage.stop()
    assert not order.is_open


def report(**more):
    """Build a report on order A."""
    values = {
        "order_id": "O1", "exec_id": "E1", "exec_type": ExecType.NEW, "ord_status": OrdStatus.NEW,
        "symbol": "EURUSD", "side": Side.BUY, "leaves_qty": Decimal(5), "cum_qty": Decimal(0),
        "avg_px": Decimal(0), "cl_ord_id": "A", "order_qty": Decimal(5),
    }  # fmt: skip
    return ExecutionReport(**(values | more))


def test_an_order_of_an_earlier_process_is_taken_over():
    """A status report on an unknown order of ours makes it known, and it can be canceled."""
    orders = OwnOrders()
    order, changed = orders.apply(report(exec_type=ExecType.ORDER_STATUS))
    assert changed
    assert orders.open == [order]
    assert order.known.cl_ord_id == "A"


def test_no_order_is_no_order():
    """The answer "there is none" (37=NONE) makes none."""
    orders = OwnOrders()
    assert orders.apply(report(order_id="NONE", cl_ord_id=None)) == (None, False)


def test_closed_orders_are_forgotten_in_the_end():
    """Memory is bounded: open orders stay, only so many closed ones do."""
    orders = OwnOrders()
    for number in range(KEEP_CLOSED + 50):
        name = {"order_id": f"O{number}", "cl_ord_id": f"C{number}", "exec_id": f"E{number}"}
        orders.apply(report(**name))
        if number:
            orders.apply(report(**name, ord_status=OrdStatus.CANCELED))
    assert orders.find("C0") is not None
    assert orders.find("C1") is None
    assert len(orders) == KEEP_CLOSED + 1
    assert len(orders._by_id) <= 2 * (KEEP_CLOSED + 1)


def test_a_fill_counts_once():
    """The same ExecID again, as after a crash, moves no position."""
    positions = OwnPositions()
    fill = report(exec_type=ExecType.TRADE, last_qty=Decimal(2), last_px=Decimal(1))
    assert positions.fill(fill, "PAPER")
    assert not positions.fill(fill, "PAPER")
    assert positions.of("EURUSD") == 2
    assert positions.of("EURUSD", "OTHER") == 0


def test_a_refused_cancel_of_a_dead_order_ends_it():
    """A 9 that says the order is canceled already is believed."""
    orders = OwnOrders()
    order, _ = orders.apply(report())
    orders.refused(
        OrderCancelReject(
            order_id="O1", cl_ord_id="B", orig_cl_ord_id="A", ord_status=OrdStatus.CANCELED,
            cxl_rej_response_to="1",
        )
    )  # fmt: skip
    assert not order.is_open


def test_a_transcript_survives_a_torn_line(tmp_path):
    """Killed within a line, the next run begins a new one and only the torn line is lost."""
    path = tmp_path / "t.jsonl"
    first = Transcript(path)
    order = NewOrderSingle(
        cl_ord_id="A", symbol="EURUSD", side=Side.BUY, transact_time="20260101-00:00:00.000",
        order_qty=Decimal("1.50"), ord_type=OrdType.MARKET, msg_seq_num=7,
    )  # fmt: skip
    first.message("OUT", order, 5)
    first.message("OUT", order, 6)
    first.close()
    path.write_bytes(path.read_bytes()[:-20])
    second = Transcript(path)
    second.note("START", "again", 8)
    second.close()
    lines = transcript.read(path)
    assert [line["time_ns"] for line in lines] == [5, 8]
    assert lines[0] == {
        "time_ns": 5, "direction": "OUT", "msg_seq_num": 7, "msg_type": "D", "poss_dup": False,
        "fields": {
            "11": "A", "55": "EURUSD", "54": "1", "60": "20260101-00:00:00.000", "38": "1.50",
            "40": "1",
        },
    }  # fmt: skip


def test_a_user_tests_a_strategy_in_five_lines():
    """The public face is enough to write a strategy and its test."""

    class Ten(portcullis.Strategy):
        symbols = ("EURUSD",)

        def on_quote(self, quote):
            if not self.position(quote.symbol) and not self.open_orders():
                self.buy(quote.symbol, 1000, price=quote.bid)

    stage = portcullis.Rehearsal(Ten())
    stage.quote("EURUSD", "1.1000", "1.1002")
    assert [order.price for order in stage.orders] == [Decimal("1.1000")]
    stage.fill(stage.orders[0])
    assert stage.position("EURUSD") == 1000


def test_the_readmes_strategy_does_what_it_says(tmp_path):
    """The README's first strategy loads as written, and buys the dip."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    source = next(part for part in text.split("```python\n") if "class Dip" in part)
    path = tmp_path / "dip.py"
    path.write_text(source.split("```")[0], encoding="utf-8")
    stage = portcullis.Rehearsal(load(f"{path}:Dip")())
    stage.quote("EURUSD", "1.1000", "1.1002")
    assert stage.sent == []
    stage.quote("EURUSD", "1.0997", "1.1000")
    assert stage.position("EURUSD") == 1000


def test_everything_public_is_there():
    """Each name of `__all__` can be imported."""
    for name in portcullis.__all__:
        assert getattr(portcullis, name) is not None


def test_what_shadows_a_room_is_named(tmp_path):
    """A stray protocol.py first on the path: an ImportError that names this file."""
    stray = tmp_path / "protocol.py"
    stray.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import portcullis"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, cwd=ROOT.parent,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert str(stray) in done.stderr
    assert "rename it" in done.stderr


def test_the_module_is_the_command(tmp_path):
    """`python -P -m portcullis` is the command line, from any folder."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "portcullis", "strategy", "--help"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "FILE:CLASS" in done.stdout


@pytest.fixture
def warned():
    """Gather what is logged at WARNING."""
    lines = []
    sink = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    yield lines
    logger.remove(sink)


def test_an_author_without_handlers_sees_refusals(warned):
    """150=8, 9 and j are in the log with their text, the first five a minute of each kind."""

    class Bare(Strategy):
        id, symbols = "BARE", ("EURUSD",)

    stage = Rehearsal(Bare()).quote("EURUSD", "1.10", "1.11")
    stage.refuse("MAX_QTY: qty=1000 {max}=1", count=7)
    for _ in range(7):
        stage.strategy.buy("EURUSD", 1000, price="1.00")
    stage.deliver()
    assert len(warned) == 5
    assert "is refused: MAX_QTY: qty=1000 {max}=1" in warned[0]
    desk = stage.strategy.desk
    desk.receive(OrderCancelReject(
        order_id="X", cl_ord_id="C", orig_cl_ord_id="B", ord_status=OrdStatus.FILLED,
        cxl_rej_response_to=CxlRejResponseTo.CANCEL, cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
        text="TOO_LATE",
    ))  # fmt: skip
    desk.receive(BusinessMessageReject(
        ref_msg_type="D", business_reject_reason=BusinessRejectReason.OTHER, text="NOT_FOR_YOU",
    ))  # fmt: skip
    assert "C is refused: TOO_LATE" in warned[5]
    assert "a D of ours is refused: NOT_FOR_YOU" in warned[6]
