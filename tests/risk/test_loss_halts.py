"""What a halt for a loss does with what rests, and with what is held."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE, Exchange, rules
from support.operators import ask as command
from support.scopes import ask, code, desk_with, last_sent

from gateway.risk.breaker_rules import Loss
from protocol.fields import (
    ExecType,
    OrdStatus,
    OrdType,
    PositionEffect,
    Side,
    TradingState,
)
from protocol.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from protocol.numbers import ZERO

SELL = Side.SELL


@pytest.fixture
def desk():
    """MM is long 1000; two buys, a close, a reduce-only and the venue's own stop rest."""
    return held(Loss())


def held(loss, scope="strategy:MM"):
    """Build the desk of the fixture with a breaker of losses."""
    house = rules()
    house = replace(house, breakers=replace(house.breakers, loss=loss))
    desk = desk_with(scope, house, max_daily_loss=Decimal(5))
    assert ask(desk, "1000", "1.1001") == ""
    parent = last_sent(desk)
    parent.fill("1000", "1.1001")
    desk.resting = {}
    for name, qty, price, side, effect in (
        ("grows", "500", "1.0900", Side.BUY, None),
        ("grows more", "400", "1.0890", Side.BUY, None),
        ("closes", "600", "1.2000", SELL, None),
        ("flips", "600", "1.2100", SELL, None),
        ("reduces", "100", "1.2200", SELL, PositionEffect.CLOSE),
    ):
        assert ask(desk, qty, price, side=side, position_effect=effect) == ""
        desk.resting[name] = last_sent(desk)
        desk.resting[name].accept()
    desk.hear(VENUE, ExecutionReport(
        order_id="STOP1", exec_id="S1", exec_type=ExecType.RESTATED, ord_status=OrdStatus.NEW,
        symbol=SYMBOL, side=SELL, leaves_qty=Decimal(1000), cum_qty=ZERO, avg_px=ZERO,
        order_qty=Decimal(1000), ord_type=OrdType.STOP, stop_px=Decimal("1.0000"),
        parent_order_id=parent.wire_id, origin="STOP_LOSS",
    ))  # fmt: skip
    return desk


def fall(desk):
    """Let the price fall, and time pass."""
    desk.quote("1.0949", "1.0952")
    desk.pass_time(100)
    desk.pass_time(100)


def withdrawn(desk):
    """Name the orders that the venue was told to cancel."""
    ids = {request.orig_cl_ord_id for request in sent_cancels(desk)}
    return {name for name, exchange in desk.resting.items() if exchange.wire_id in ids}


def sent_cancels(desk):
    """Every cancel that the venue was sent."""
    return [message for message in desk.told(VENUE) if isinstance(message, OrderCancelRequest)]


def test_what_could_make_the_position_larger_is_withdrawn(desk):
    """A loss beyond its limit: buys go, and a sell beyond the position; what closes stays."""
    fall(desk)
    assert desk.book.state.halts["strategy:MM"]["DAILY_LOSS"].state is TradingState.REDUCING
    assert withdrawn(desk) == {"grows", "grows more", "flips"}
    assert desk.book.order_on_wire("STOP1", VENUE).cancel is None


def test_the_way_out_stays_open(desk):
    """A strategy may close at a loss, whatever the venue holds to protect the position."""
    fall(desk)
    for name in ("grows", "grows more", "flips"):
        exchange = desk.resting[name]
        request = next(r for r in sent_cancels(desk) if r.orig_cl_ord_id == exchange.wire_id)
        exchange.cancel(request)
    assert code(ask(desk, "1", "1.0950")) == "REDUCING"
    assert ask(desk, "300", "1.0949", side=SELL) == ""


def test_what_the_venue_protects_with_adds_nothing(desk):
    """A stop-loss that the venue made ends with its position: it takes no room from a close."""
    working = next(iter(desk.book.working.values()))
    assert working.sells == Decimal(1300)


def test_a_loss_may_flatten():
    """`flatten = true`: everything is withdrawn, then what is held is closed at the market."""
    desk = held(Loss(flatten=True))
    fall(desk)
    halt = desk.book.state.halts["strategy:MM"]["DAILY_LOSS"]
    assert (halt.state, halt.kills) == (TradingState.HALTED, True)
    assert withdrawn(desk) == set(desk.resting)
    for exchange in desk.resting.values():
        request = next(r for r in sent_cancels(desk) if r.orig_cl_ord_id == exchange.wire_id)
        exchange.cancel(request)
    stop = next(r for r in sent_cancels(desk) if r.orig_cl_ord_id == "STOP1")
    desk.hear(VENUE, ExecutionReport(
        order_id="STOP1", exec_id="S2", exec_type=ExecType.CANCELED, ord_status=OrdStatus.CANCELED,
        symbol=SYMBOL, side=SELL, leaves_qty=ZERO, cum_qty=ZERO, avg_px=ZERO,
        cl_ord_id=stop.cl_ord_id, orig_cl_ord_id="STOP1",
    ))  # fmt: skip
    desk.pass_time(200)
    closing = [m for m in desk.told(VENUE) if isinstance(m, NewOrderSingle)][-1]
    assert (closing.side, closing.order_qty, closing.ord_type) == (SELL, 1000, OrdType.MARKET)
    venue = Exchange(desk, closing)
    venue.accept()
    venue.fill("1000", "1.0949")
    desk.pass_time(200)
    assert desk.book.state.flattening == {}
    assert all(not p.qty for held in desk.book.state.positions.values() for p in held.values())
    assert desk.book.digest() == desk.replayed().digest()


def test_a_group_that_loses_is_flattened_too():
    """A group is a scope like others: what is held in its symbols is closed."""
    desk = held(Loss(flatten=True), "group:majors")
    fall(desk)
    assert desk.book.state.halts["group:majors"]["DAILY_LOSS"].kills
    assert withdrawn(desk) == set(desk.resting)
    assert "group:majors" in desk.book.state.flattening


def test_a_strategy_that_ran_away_leaves_nothing_that_grows():
    """RUNAWAY: what its loop has put there is withdrawn, what closes stays."""
    desk = desk_with("strategy:MM", runaway_orders=3, runaway_window_ms=10_000)
    ladder = []
    for number in range(3):
        assert ask(desk, "1000", f"1.09{number}0") == ""
        ladder.append(last_sent(desk))
        ladder[-1].accept()
    assert code(ask(desk, "1000", "1.0930")) == "RUNAWAY"
    desk.pass_time(100)
    assert len(sent_cancels(desk)) == 3
    assert command(desk, "RESUME", scope="strategy:MM", reason="mended").outcome == "DONE"
