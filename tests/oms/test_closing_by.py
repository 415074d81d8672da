"""Closing one position of a hedging account by another: for the house nothing moves but fees."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE, Desk, rules
from support.scopes import ask, code, last_sent, quote_book, with_venue

from gateway.oms.rules import REJECT_NEW
from protocol.fields import ExecType, OrdStatus, OrdType, PositionEffect, Side
from protocol.messages import ExecutionReport
from protocol.numbers import ZERO

BUY, SELL, CLOSE = Side.BUY, Side.SELL, PositionEffect.CLOSE


def hedged(**limits):
    """Return a desk where MM has bought 3000 at 1.1 and sold 2000 at 1.2, in two positions."""
    desk = Desk(with_venue(rules(**limits), self_trade=REJECT_NEW))
    desk.open_up()
    desk.core.market.venue(VENUE).capabilities |= {"HEDGING"}
    for name, side, qty, px in (("A", BUY, "3000", "1.1"), ("B", SELL, "2000", "1.2")):
        assert ask(desk, qty, None, side=side) == ""
        last_sent(desk).accept()
        last_sent(desk).fill(qty, px, position_id=name)
    return desk


def close_by(desk, qty="2000", position_id="A/B", **fields):
    """Ask to close A, the long one, by B."""
    return ask(desk, qty, None, position_id=position_id, **{"side": SELL, **fields})


def position(desk):
    """What MM holds, by the gateway's book."""
    held, = desk.book.state.positions["MM"].values()
    return held


def halves(desk, first_px="1.2", second_px="1.1"):
    """Let the venue fill both halves: that of the order, and that of the one it makes of it."""
    order = last_sent(desk)
    order.accept()
    order.cum = order.qty
    told = {"position_id": "A", "origin": "CLOSE_BY", "commission": Decimal(1), "comm_type": "3",
            "comm_currency": "USD", "last_qty": order.qty}  # fmt: skip
    order.say(
        ExecType.TRADE, OrdStatus.FILLED, last_px=Decimal(first_px), secondary_exec_id="D1", **told
    )
    made = ExecutionReport(
        order_id="V7/D2", exec_id="E9", exec_type=ExecType.TRADE, ord_status=OrdStatus.FILLED,
        symbol=SYMBOL, side=BUY, leaves_qty=ZERO, cum_qty=order.qty, avg_px=ZERO,
        last_px=Decimal(second_px), secondary_exec_id="D2", parent_order_id=order.wire_id,
        **told | {"position_id": "B"},
    )  # fmt: skip
    desk.hear(VENUE, made)
    return made


def test_both_fills_are_told_and_only_their_fees_are_booked():
    """The profit was made when B was opened: the venue's prices would count it twice."""
    desk = hedged()
    was = replace(position(desk), fees={}, count=0)
    assert (was.qty, was.realized) == (1000, 200)
    assert close_by(desk) == ""
    halves(desk)
    assert replace(position(desk), fees={}, count=0) == was
    assert position(desk).fees["USD"] == Decimal("2.02")
    first, second = [
        one for one in desk.told("MM")
        if isinstance(one, ExecutionReport) and one.exec_type is ExecType.TRADE
    ][-2:]  # fmt: skip
    assert (first.side, first.ord_status, first.position_id) == (SELL, OrdStatus.FILLED, "A")
    assert (second.side, second.position_id, second.origin) == (BUY, "B", "CLOSE_BY")
    assert second.parent_order_id == first.order_id
    assert desk.replayed().digest() == desk.book.digest()


def test_neither_half_withdraws_a_stop_that_the_position_covers():
    """Between the two fills nothing is flat or reversed: a resting 77=C stays."""
    desk = hedged()
    assert ask(desk, "1000", "1.3", side=SELL, position_effect=CLOSE) == ""
    resting = last_sent(desk)
    resting.accept()
    assert close_by(desk) == ""
    halves(desk)
    assert [one.wire_ids for one in desk.book.open_orders(owner="MM")] == [[resting.wire_id]]


def test_a_bust_of_it_gives_the_fee_back_and_moves_nothing():
    """What has moved nothing is taken back as nothing."""
    desk = hedged()
    before = position(desk).qty, position(desk).realized
    assert close_by(desk) == ""
    halves(desk)
    order = last_sent(desk)
    order.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="D1")
    assert (position(desk).qty, position(desk).realized) == before
    assert position(desk).fees["USD"] == Decimal("1.02")
    assert desk.replayed().digest() == desk.book.digest()


def test_what_a_person_closes_by_another_moves_nothing_either():
    """Both trades go to EXTERNAL, with nothing but their fees."""
    desk = hedged()
    assert close_by(desk) == ""
    made = halves(desk)
    for number, side in enumerate((SELL, BUY)):
        desk.hear(VENUE, replace(
            made, parent_order_id=None, secondary_exec_id=f"M{number}", side=side, order_id="77",
        ))  # fmt: skip
    held, = desk.book.state.positions["EXTERNAL"].values()
    assert (held.qty, held.realized, held.fees["USD"]) == (0, 0, 2)


def test_it_is_no_new_risk():
    """It passes a limit that its quantity alone would break, as 77=C, and without any price."""
    desk = hedged(max_short_qty=Decimal(500))
    assert code(ask(desk, "2000", None, side=SELL)) == "MAX_SHORT"
    assert close_by(desk, qty="1000", position_effect=CLOSE) == ""
    assert desk.book.working_qty(desk.book.open_orders(owner="MM")[-1]) == 0
    quote_book(desk, [("1.1", "10")], [])
    assert code(ask(desk, "1", None)) == "NO_PRICE"
    assert close_by(desk, qty="999") == ""


def test_it_meets_no_order_of_the_house():
    """Self-trade, collar and slippage look at markets; it meets none."""
    desk = hedged(collar_bps=Decimal(1))
    assert ask(desk, "1000", "1.1000") == ""
    last_sent(desk).accept()
    assert code(ask(desk, "100", None, side=SELL)) == "SELF_TRADE"
    assert close_by(desk) == ""


@pytest.mark.parametrize("fields", [
    {"position_id": "A/"}, {"position_id": "/B"}, {"position_id": "A/A"},
    {"position_id": "A/B/C"}, {"stop_loss_px": Decimal(1)}, {"take_profit_px": Decimal(2)},
], ids=str)  # fmt: skip
def test_it_is_asked_well_or_refused(fields):
    """Two different names, a market order, no levels."""
    text = close_by(hedged(), **fields)
    assert code(text) == "FIELDS_DISAGREE"
    assert "PositionID(5004)" in text


def test_a_limit_order_closes_nothing_by_another():
    """A price would promise what the venue does not do."""
    text = ask(hedged(), "2000", "1.2", side=SELL, position_id="A/B")
    assert code(text) == "FIELDS_DISAGREE"
    assert OrdType.LIMIT.name in text


def test_where_positions_have_no_names_it_is_refused():
    """A venue that nets says no HEDGING."""
    desk = Desk()
    desk.open_up()
    assert "missing=HEDGING" in close_by(desk)
