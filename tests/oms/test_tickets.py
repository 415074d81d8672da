"""Positions by their names (5004) on a hedging account: whose they are, and what moves them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import VENUE, rules
from support.levels import (
    STOP,
    al,
    am,
    asked,
    check_replay,
    holds,
    opened,
    refused,
    shown,
    trade,
)
from support.operators import ask as operate
from support.scopes import ask, ask_change, code, last_sent, number

from protocol.fields import ExecType, OrdStatus, PositionEffect, Side
from protocol.messages import NewOrderSingle

BUY, SELL = Side.BUY, Side.SELL


def close(desk, name, owner="MM", side=SELL, qty="1000"):
    """Ask to close a named position at the market."""
    return ask(desk, qty, None, owner, side=side, position_id=name)


@pytest.fixture
def desk():
    """MM holds P1, long 1000, and MOM holds P2, short 1000."""
    desk = opened(hedging=True)
    trade(desk, "MOM", SELL, position_id="P2")
    return desk


@pytest.mark.parametrize("name", ["P1", "P1/P2", "NOPE", "NOPE/NADA", "P2/NOPE"])
def test_nobody_closes_what_is_not_his(desk, name):
    """Each position that 5004 names has to be the strategy's own, reducing or not."""
    side = BUY if name.startswith("P2") else SELL
    assert code(close(desk, name, "MOM", side)) == "NO_POSITION"
    operate(desk, "REDUCE", scope="strategy:MOM", reason="a test")
    reduces = "/" in name  # what closes one position by another passes for no new risk
    assert code(close(desk, name, "MOM", side)) == ("NO_POSITION" if reduces else "REDUCING")
    assert last_sent(desk).qty == 1000, "the last that was sent made P2"


@pytest.mark.parametrize(
    ("name", "side", "qty", "most"),
    [
        ("P1", SELL, "1001", 1000), ("P1", BUY, "1", 0), ("P1/P3", SELL, "701", 700),
        ("P3/P1", BUY, "701", 700), ("P1/P3", BUY, "1", 0), ("P1/P4", SELL, "1", 0),
    ],
)  # fmt: skip
def test_no_more_is_closed_than_is_there(desk, name, side, qty, most):
    """On the closing side alone, and of two positions no more than the smaller."""
    trade(desk, "MM", SELL, "700", position_id="P3")
    trade(desk, "MM", BUY, "700", position_id="P4")
    text = close(desk, name, side=side, qty=qty)
    assert (code(text), number(text, "most")) == ("CLOSES_TOO_MUCH", most)
    if most:
        assert close(desk, name, side=side, qty=str(most)) == ""


def test_what_is_under_way_is_closed_by_no_second_order():
    """Two orders may name one position as far as it goes; one that ends makes room again."""
    desk = opened(hedging=True)
    assert close(desk, "P1", qty="600") == ""
    first = last_sent(desk)
    first.accept()
    text = close(desk, "P1", qty="401")
    assert (code(text), number(text, "most")) == ("CLOSES_TOO_MUCH", 400)
    assert number(text, "closing") == 600
    first.fill("100", position_id="P1")
    assert close(desk, "P1", qty="400") == ""
    assert code(close(desk, "P1", qty="1")) == "CLOSES_TOO_MUCH"
    first.cancel()
    assert close(desk, "P1", qty="500") == ""
    check_replay(desk)


def test_a_reduction_counts_what_is_closed_by_name():
    """Nothing is left for it: it is refused, rather than sent without a name."""
    desk = opened(hedging=True)
    assert close(desk, "P1", qty="600") == ""
    reduce = {"side": SELL, "position_effect": PositionEffect.CLOSE}
    text = ask(desk, "401", None, **reduce)
    assert (code(text), number(text, "reducible")) == ("REDUCE_ONLY", 400)
    since = len(desk.told(VENUE))
    assert ask(desk, "400", None, **reduce) == ""
    assert sent_names(desk, since) == [("MM", 400, "P1")]
    assert code(ask(desk, "1", None, **reduce)) == "REDUCE_ONLY"


def test_an_order_does_not_stand_in_its_own_way():
    """It is replaced within what the position holds, and no further."""
    desk = opened(hedging=True)
    assert ask(desk, "1000", "1.2000", side=SELL, position_id="P1", cl_ord_id="C1") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "C1", "1001", "1.2000", side=SELL)) == "CLOSES_TOO_MUCH"
    assert ask_change(desk, "C1", "1000", "1.2001", side=SELL) == ""


def before_us(*held):
    """A house that meets an account which holds something already, by (name, quantity)."""
    return opened(
        hedging=True, qty="50000", at_first=[shown(position_id=name, qty=qty) for name, qty in held]
    )


def test_what_was_there_before_us_is_closed_by_whoever_comes_first():
    """It is nobody's: any strategy may close it, as far as it goes; then it is that one's."""
    desk = before_us(("P0", 10_000))
    assert code(close(desk, "P0", qty="10001")) == "CLOSES_TOO_MUCH"
    trade(desk, "MM", SELL, position_id="P0", closes="P0")
    assert desk.book.state.tickets[VENUE]["P0"].held.qty == 9_000
    assert code(close(desk, "P0", "MOM")) == "NO_POSITION"
    trade(desk, "MM", SELL, "9000", position_id="P0", closes="P0")
    assert set(desk.book.state.tickets[VENUE]) == {"P1"}
    check_replay(desk)


def test_levels_of_what_was_there_before_us_lie_on_its_side():
    """A long position of which a part was closed is long: a stop far below it loses."""
    desk = before_us(("P0", 100_000))
    assert refused(desk, al(desk, position_id="P0")) == "NO_POSITION"
    trade(desk, "MM", SELL, position_id="P0", closes="P0")
    desk.hear("MM", al(desk, "L2", position_id="P0"))
    assert asked(desk)[-1].position_id == "P0"
    assert desk.book.state.tickets[VENUE]["P0"].held.avg_px == Decimal("1.1")


def test_a_fill_that_is_taken_back_is_taken_out_of_its_position():
    """Of the opening: the position is gone. Of the closing: it is there, at its price."""
    desk = opened(hedging=True, px="1.0900")
    closing = trade(desk, "MM", SELL, position_id="P1", closes="P1")
    assert desk.book.state.tickets[VENUE] == {}
    closing.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="T2")
    held = desk.book.state.tickets[VENUE]["P1"].held
    assert (held.qty, held.avg_px) == (1000, Decimal("1.09"))
    desk.hear("MM", al(desk, position_id="P1"))
    assert len(asked(desk)) == 1
    desk.exchange.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="T1")
    assert desk.book.state.tickets[VENUE] == {}
    check_replay(desk)


def test_who_has_closed_its_part_has_none_of_it():
    """Its limits bind nobody there, though it has moved the levels, and the rest is not its own."""
    house = rules()
    house.limits["strategy:MM"] = replace(house.limits["strategy:MM"], require_stop=True)
    desk = opened(hedging=True, house=house, stop_loss_px=STOP)
    trade(desk, "MOM", BUY, "500", position_id="P1")
    desk.hear("MM", al(desk, position_id="P1"))
    desk.hear(VENUE, am(desk, asked(desk)[-1], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    free = {"position_id": "P1", "stop_loss_px": Decimal(0)}
    assert refused(desk, al(desk, **free), "MOM") == "NO_STOP"
    closing = trade(desk, "MM", SELL, position_id="P1", closes="P1")
    trade(desk, "MM", BUY, position_id="P2", stop_loss_px=STOP)
    assert refused(desk, al(desk, "L2", position_id="P1")) == "NO_POSITION"
    assert code(close(desk, "P1", qty="500")) == "NO_POSITION"
    assert [one.position_id for one in holds(desk)] == [None, "P2"]
    desk.hear("MOM", al(desk, "L3", **free))
    assert asked(desk)[-1].stop_loss_px == 0
    assert close(desk, "P1", "MOM", qty="500") == ""
    closing.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="T3")
    assert desk.book.state.tickets[VENUE]["P1"].owners == {"MOM": 500, "MM": 1000}
    check_replay(desk)


def test_to_move_levels_makes_nobody_an_owner():
    """Only who owns a position already may: a request leaves its owners as they are."""
    desk = opened(hedging=True)
    assert refused(desk, al(desk, position_id="P1"), "MOM") == "NO_POSITION"
    desk.hear("MM", al(desk, position_id="P1"))
    desk.hear(VENUE, am(desk, asked(desk)[-1], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    assert desk.book.state.tickets[VENUE]["P1"].owners == {"MM": 1000}
    assert code(close(desk, "P1", "MOM")) == "NO_POSITION"


def test_what_was_there_before_us_is_nobodys_again_when_its_fill_is_taken_back():
    """Who had closed a part of it has then moved nothing: anybody may close it."""
    desk = before_us(("P0", 10_000))
    closing = trade(desk, "MM", SELL, position_id="P0", closes="P0")
    assert code(close(desk, "P0", "MOM")) == "NO_POSITION"
    closing.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="T2")
    assert close(desk, "P0", "MOM") == ""
    check_replay(desk)


def test_a_fill_that_is_corrected_is_corrected_in_its_position():
    """150=G has the quantity and the price that the fill has had all along."""
    desk = opened(hedging=True)
    trade(desk, "MOM", BUY, "500", position_id="P1")
    desk.exchange.say(
        ExecType.TRADE_CORRECT, OrdStatus.PARTIALLY_FILLED, secondary_exec_id="T1",
        last_qty=Decimal(500), last_px=Decimal("1.0900"),
    )  # fmt: skip
    ticket = desk.book.state.tickets[VENUE]["P1"]
    assert (ticket.held.qty, ticket.held.avg_px) == (1000, Decimal("1.095"))
    assert ticket.owners == {"MM": 500, "MOM": 500}
    check_replay(desk)


def test_a_fill_of_what_was_there_before_us_is_taken_back_too():
    """Its opening was never told, so that the fill is taken back as a trade the other way."""
    desk = before_us(("P0", 10_000))
    closing = trade(desk, "MM", SELL, "10000", position_id="P0", closes="P0")
    closing.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id="T2")
    assert desk.book.state.tickets[VENUE]["P0"].held.qty == 10_000
    check_replay(desk)


def sent_names(desk, since):
    """Return (owner, quantity, 5004) of the orders that a venue was told after so many messages."""
    return [
        (one.on_behalf_of_comp_id, one.order_qty, one.position_id)
        for one in desk.told(VENUE)[since:] if isinstance(one, NewOrderSingle)
    ]  # fmt: skip


def test_flattening_names_positions_of_its_strategy_alone():
    """One order a position, the one that fits first; another's that would fit is left alone."""
    desk = opened(hedging=True)
    trade(desk, "MM", BUY, "500", position_id="P3")
    trade(desk, "MOM", BUY, "1500", position_id="P2")
    since = len(desk.told(VENUE))
    operate(desk, "KILL", scope="strategy:MM", reason="a test", body={"flatten": True})
    desk.pass_time(200)
    assert sent_names(desk, since) == [("MM", 1500, "P1")]
    check_replay(desk)


def test_a_pair_under_way_counts_in_both_of_its_positions():
    """P1 has 300 left beside P1/P3: a reduction of more names the larger rest."""
    desk = opened(hedging=True)
    trade(desk, "MM", SELL, "700", position_id="P3")
    trade(desk, "MM", BUY, "500", position_id="P4")
    assert close(desk, "P1/P3", qty="700") == ""
    assert code(close(desk, "P1", qty="301")) == "CLOSES_TOO_MUCH"
    assert code(close(desk, "P3", side=BUY, qty="1")) == "CLOSES_TOO_MUCH"
    since = len(desk.told(VENUE))
    assert ask(desk, "800", None, side=SELL, position_effect=PositionEffect.CLOSE) == ""
    assert sent_names(desk, since) == [("MM", 800, "P4")]
    check_replay(desk)


def test_an_order_to_reduce_gets_the_name_of_an_own_position():
    """What is under way already is closed by no second one; a short account is no hindrance."""
    desk = opened(hedging=True)
    trade(desk, "MM", BUY, "500", position_id="P3")
    trade(desk, "MOM", SELL, "5000", position_id="P2")
    since = len(desk.told(VENUE))
    for _ in range(3):
        assert ask(desk, "500", None, side=SELL, position_effect=PositionEffect.CLOSE) == ""
    assert sent_names(desk, since) == [("MM", 500, "P3"), ("MM", 500, "P1"), ("MM", 500, "P1")]
    assert {one.position_effect for one in desk.told(VENUE)[since:]} == {PositionEffect.CLOSE}
    check_replay(desk)
