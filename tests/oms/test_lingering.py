"""Orders that stay in doubt for ever: people are told, and their positions can be closed."""

from __future__ import annotations

import pytest
from support.desk import SYMBOL, VENUE, cancel
from support.levels import check_replay, opened, shown, trade
from support.operators import ask as operate
from support.operators import notes
from support.scopes import ask, ask_change, code, last_sent

from gateway.oms.doubt import PROBES_AT_PACE
from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdRejReason,
    OrdStatus,
    PositionEffect,
    Side,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
)
from protocol.numbers import ZERO

SELL = Side.SELL


def close(desk, **fields):
    """MM asks to close its P1; returns the refusal."""
    return ask(desk, "1000", None, side=SELL, **{"position_id": "P1", **fields})


def heard(desk, kind):
    """What the venue was told, of one kind."""
    return [one for one in desk.told(VENUE) if isinstance(one, kind)]


def forget(desk, ms):
    """Let time pass; the bridge has forgotten each id that it is asked about."""
    before = len(heard(desk, OrderStatusRequest))
    desk.pass_time(ms)
    for asked in heard(desk, OrderStatusRequest)[before:]:
        desk.hear(VENUE, ExecutionReport(
            order_id="NONE", exec_id="I", exec_type=ExecType.ORDER_STATUS,
            ord_status=OrdStatus.REJECTED, symbol=SYMBOL, side=SELL, leaves_qty=ZERO,
            cum_qty=ZERO, avg_px=ZERO, cl_ord_id=asked.cl_ord_id,
            ord_rej_reason=OrdRejReason.UNKNOWN_ORDER, text="FORGOTTEN: it is too old",
        ))  # fmt: skip


def look(desk, *held):
    """Quote until the venue is asked for everything, and let it show these positions."""
    before, seconds = len(heard(desk, OrderMassStatusRequest)), 0
    while len(heard(desk, OrderMassStatusRequest)) == before:
        forget(desk, 1_000)
        seconds += 1
        desk.quote(*(("1.1000", "1.1002"), ("1.1001", "1.1003"))[seconds % 2])
    desk.answer_round(positions=held)


@pytest.fixture
def desk():
    """MM closes its P1, all of it; the link is lost before any answer, and comes back."""
    desk = opened(hedging=True)
    assert close(desk) == ""
    desk.closing = last_sent(desk)
    desk.drop(VENUE)
    desk.log_on(VENUE)
    desk.answer_round(positions=[shown(position_id="P1")])
    desk.quote("1.1000", "1.1002")
    return desk


def doubted(desk):
    """The order in doubt."""
    return desk.book.state.orders[desk.closing.wire_id]


def test_a_person_is_told_once(desk):
    """After so many questions without an end: what it is, and that no command ends it."""
    for _ in range(PROBES_AT_PACE):
        assert notes(desk, "ALERT STILL_IN_DOUBT") == []
        forget(desk, 600)
    for _ in range(2 * PROBES_AT_PACE):
        forget(desk, 60_000)
    (alert,) = notes(desk, "ALERT STILL_IN_DOUBT")
    assert (alert["order"], alert["owner"]) == (desk.closing.wire_id, "MM")
    assert (alert["position_id"], alert["asked"]) == ("P1", str(PROBES_AT_PACE))
    assert "portcullis orders" in alert["text"]
    assert doubted(desk).in_doubt
    check_replay(desk)


REDUCE = {"position_id": None, "position_effect": PositionEffect.CLOSE}


@pytest.mark.parametrize("how", [{}, REDUCE], ids=["by name", "77=C"])
def test_what_it_was_to_close_can_be_closed(desk, how):
    """By name and by 77=C, when the venue shows all of it later than the order can still appear."""
    first = "REDUCE_ONLY" if how else "CLOSES_TOO_MUCH"
    assert code(close(desk, **how)) == first, "the round was asked for too early"
    look(desk, shown(position_id="P1"))
    assert close(desk, **how) == ""
    assert last_sent(desk).wire_id != desk.closing.wire_id
    assert heard(desk, NewOrderSingle)[-1].position_id == "P1"
    assert code(close(desk, **how)) == first, "the second is under way"
    check_replay(desk)


@pytest.mark.parametrize("held", [[], [shown(position_id="P1", qty=400)]])
def test_a_position_that_is_not_as_we_count_it_is_left_alone(desk, held):
    """The order may have closed it, or a part: that has to be told first."""
    look(desk, *held)
    assert code(close(desk)) == "CLOSES_TOO_MUCH"


def test_what_is_in_doubt_anew_counts_until_the_next_look(desk):
    """An order that has shown itself in between is no longer one of which nothing is known."""
    look(desk, shown(position_id="P1"))
    desk.closing.accept()
    assert code(close(desk)) == "CLOSES_TOO_MUCH"
    forget(desk, 600)
    desk.hear("MM", cancel(desk, "C1", doubted(desk).cl_ord_id, side=SELL))
    (asked,) = heard(desk, OrderCancelRequest)
    desk.hear(VENUE, OrderCancelReject(
        order_id="NONE", cl_ord_id=asked.cl_ord_id, orig_cl_ord_id=asked.orig_cl_ord_id,
        ord_status=OrdStatus.REJECTED, cxl_rej_response_to=CxlRejResponseTo.CANCEL,
        cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER, text="FORGOTTEN: it is too old",
    ))  # fmt: skip
    assert doubted(desk).in_doubt
    assert code(close(desk)) == "CLOSES_TOO_MUCH"
    look(desk, shown(position_id="P1"))
    assert close(desk) == ""


def test_where_only_reducing_is_allowed_it_can_be_closed_too(desk):
    """While a strategy is REDUCING as well: what does nothing leaves room for another."""
    operate(desk, "REDUCE", scope="strategy:MM", reason="a test")
    assert code(close(desk)) == "REDUCING"
    look(desk, shown(position_id="P1"))
    assert code(ask(desk, "1", None, side=Side.BUY)) == "REDUCING"
    assert code(ask(desk, "1001", None, side=SELL)) == "REDUCING"
    assert close(desk) == ""


def test_its_room_is_on_its_own_side(desk):
    """MM is short 500 in all: 500 can be bought back, not what the doubt would have sold too."""
    look(desk, shown(position_id="P1"))
    trade(desk, "MM", SELL, "1500", position_id="P2")
    operate(desk, "REDUCE", scope="strategy:MM", reason="a test")
    buy = {"side": Side.BUY, "position_id": "P2"}
    assert code(ask(desk, "501", None, **buy)) == "REDUCING"
    assert ask(desk, "500", None, **buy) == ""


def test_a_change_that_may_have_come_through_keeps_it_in_the_way():
    """A G is a later sending: the time of absence is not counted from the D alone."""
    desk = opened(hedging=True)
    assert ask(desk, "500", "1.2000", side=SELL, position_id="P1", cl_ord_id="C1") == ""
    last_sent(desk).accept()
    assert ask_change(desk, "C1", "600", "1.2000", side=SELL) == ""
    desk.drop(VENUE)
    desk.log_on(VENUE)
    desk.answer_round(positions=[shown(position_id="P1")])
    look(desk, shown(position_id="P1"))
    assert code(close(desk)) == "CLOSES_TOO_MUCH"


def test_flattening_goes_on_and_ends(desk):
    """The position is closed by an order of its own; the doubt does not keep it from its end."""
    operate(desk, "KILL", scope="strategy:MM", reason="a test", body={"flatten": True})
    before = len(heard(desk, NewOrderSingle))
    forget(desk, 600)
    assert len(heard(desk, NewOrderSingle)) == before
    look(desk, shown(position_id="P1"))
    forget(desk, 600)
    (made,) = heard(desk, NewOrderSingle)[before:]
    assert (made.position_id, made.order_qty) == ("P1", 1000)
    order = last_sent(desk)
    order.accept()
    order.fill("1000", position_id="P1")
    forget(desk, 600)
    assert notes(desk, "ALERT FLATTENED")[0]["remains"] == ""
    assert not desk.book.state.flattening
    assert doubted(desk).in_doubt
    check_replay(desk)


def test_its_late_fill_is_counted_all_the_same(desk):
    """It stays open and in doubt: what the venue tells of it later is believed."""
    look(desk, shown(position_id="P1"))
    desk.closing.fill("1000", position_id="P1")
    assert desk.book.state.tickets[VENUE] == {}
    assert not doubted(desk).is_open
    check_replay(desk)


def test_one_position_closed_by_another_is_looked_at_in_both():
    """P1/P2 in doubt: each is free when both are shown as they were."""
    desk = opened(hedging=True)
    trade(desk, "MM", SELL, position_id="P2")
    assert close(desk, position_id="P1/P2") == ""
    desk.drop(VENUE)
    desk.log_on(VENUE)
    one, two = shown(position_id="P1"), shown(position_id="P2", qty=-1000)
    desk.answer_round(positions=[one, two])
    look(desk, one, shown(position_id="P2", qty=-999))
    assert code(close(desk)) == "CLOSES_TOO_MUCH"
    look(desk, one, two)
    assert close(desk) == ""
