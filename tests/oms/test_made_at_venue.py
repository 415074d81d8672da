"""Orders that the venue made from ours, of which only the fills are heard of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, T0, VENUE
from support.lines import Play

from protocol.fields import ExecType as E
from protocol.fields import OrdStatus, Side
from protocol.messages import ExecutionReport, TradeCaptureReport, TradeCaptureSide
from protocol.numbers import ZERO
from protocol.timestamps import format_date, format_utc


@pytest.fixture
def play():
    """An order X of 10000 that is filled; its position has a stop-loss at the venue."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.exchange.fill("10000")
    play.lines()
    return play


def parent_of(play):
    """The id of the order that the stop was made from, on the bridge wire."""
    return play.exchange.report(E.ORDER_STATUS, OrdStatus.FILLED).cl_ord_id


def stopped(play, trade_id, qty, parent):
    """A fill of the stop in the venue's history."""
    return TradeCaptureReport(
        trade_report_id=trade_id, secondary_exec_id=trade_id, previously_reported=False,
        symbol=SYMBOL, last_qty=Decimal(qty), last_px=Decimal("1.05"), position_id="P1",
        parent_order_id=parent, origin="STOP_LOSS",
        trade_date=format_date(T0), transact_time=format_utc(play.desk.now_ns),
        sides=(TradeCaptureSide(side=Side.SELL, order_id="SL1"),),
    )  # fmt: skip


def live(parent, trade_id="T1", qty="10000"):
    """The same, as it is reported live."""
    return ExecutionReport(
        order_id="SL1", exec_id="E9", exec_type=E.TRADE, ord_status=OrdStatus.FILLED, symbol=SYMBOL,
        side=Side.SELL, leaves_qty=ZERO, cum_qty=Decimal(qty), avg_px=ZERO, last_qty=Decimal(qty),
        last_px=Decimal("1.05"), secondary_exec_id=trade_id, position_id="P1",
        parent_order_id=parent, origin="STOP_LOSS",
    )  # fmt: skip


def held(play, owner):
    """Quantity of an owner."""
    found = play.desk.book.state.positions.get(owner, {}).values()
    return sum((position.qty for position in found), ZERO)


def test_a_stop_that_was_hit_while_nobody_listened_is_the_strategys(play):
    """Its fills in the snapshot are told to the parent's owner, under an order of their own."""
    parent = parent_of(play)
    trades = [stopped(play, "T1", 4000, parent), stopped(play, "T2", 6000, parent)]
    for _ in range(2):
        play.desk.pass_time(61_000)
        play.desk.answer_round(trades=trades)
    assert (held(play, "MM"), held(play, "EXTERNAL")) == (0, 0)
    told = [one for one in play.desk.told("MM") if one.msg_type == "8" and one.origin]
    assert [(one.exec_type, one.origin, one.parent_order_id) for one in told] == [
        (kind, "STOP_LOSS", parent) for kind in (E.RESTATED, E.TRADE, E.TRADE)
    ]
    fills = [one for one in play.desk.told("MM") if getattr(one, "secondary_exec_id", "")][-2:]
    assert [(one.order_id, one.position_id) for one in fills] == [(told[0].order_id, "P1")] * 2
    assert fills[-1].ord_status is OrdStatus.FILLED
    assert play.desk.replayed().digest() == play.desk.book.digest()


def test_a_fill_of_a_stop_is_enough(play):
    """A live fill with 5014 opens the order's page itself; its later making changes nothing."""
    parent = parent_of(play)
    play.desk.hear(VENUE, live(parent))
    making = replace(live(parent), exec_type=E.NEW, secondary_exec_id=None, last_qty=None)
    assert play.desk.hear(VENUE, making) == []
    assert held(play, "MM") == 0
    play.desk.pass_time(61_000)
    play.desk.answer_round(trades=[stopped(play, "T1", 10_000, parent)])
    assert held(play, "MM") == 0


def test_a_parent_that_nobody_knows_makes_it_externals(play):
    """5014 that names no order of ours is no claim."""
    play.desk.hear(VENUE, live("0000000000ZZZ"))
    assert held(play, "EXTERNAL") == -10_000


def test_two_venues_count_their_own_orders_each_for_itself(play):
    """An order that a venue made is found by its number there, and nowhere else."""
    parent = parent_of(play)
    play.desk.hear(VENUE, live(parent))
    book = play.desk.book
    made = book.order_on_wire("SL1", VENUE)
    assert made.origin == "STOP_LOSS"
    assert book.order_on_wire("SL1", "ELSEWHERE") is None
    assert book.order_on_wire(parent, "ELSEWHERE") is book.order_on_wire(parent)
    assert play.desk.replayed().order_on_wire("SL1", VENUE).order_id == made.order_id
