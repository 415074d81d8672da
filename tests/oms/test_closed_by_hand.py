"""A position that a person has closed at the venue: what is to reduce it closes nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import SYMBOL, VENUE, rules
from support.levels import check_replay, opened, trade
from support.operators import ask as operate
from support.operators import notes
from support.paced import ORDERS, house
from support.scopes import ask, code, last_sent

from gateway.oms.kill import MAX_TRIES
from protocol.fields import ExecType, OrdRejReason, OrdStatus, PositionEffect, Side
from protocol.messages import ExecutionReport, NewOrderSingle
from protocol.numbers import ZERO

BUY, SELL = Side.BUY, Side.SELL


def by_hand(desk, name="P1", qty="1000"):
    """A person sells at the venue what is held in a position."""
    desk.hear(VENUE, ExecutionReport(
        order_id="V9", exec_id="E9", exec_type=ExecType.TRADE, ord_status=OrdStatus.FILLED,
        symbol=SYMBOL, side=SELL, leaves_qty=ZERO, cum_qty=Decimal(qty), avg_px=ZERO,
        last_qty=Decimal(qty), last_px=Decimal("1.1"), secondary_exec_id="H1", position_id=name,
    ))  # fmt: skip


def reduce(desk, qty="1000"):
    """MM asks to reduce its long position; returns the refusal."""
    return ask(desk, qty, None, side=SELL, position_effect=PositionEffect.CLOSE)


def orders(desk):
    """The Ds that the venue was told."""
    return [one for one in desk.told(VENUE) if isinstance(one, NewOrderSingle)]


def flatten(desk):
    """A person kills MM and wants its positions closed."""
    operate(desk, "KILL", scope="strategy:MM", reason="a test", body={"flatten": True})


@pytest.fixture(params=[BUY, SELL], ids=["the account is long", "the account is short"])
def desk(request):
    """MM has bought P1, which a person has closed, and MOM holds 3000 in P2."""
    desk = opened(hedging=True)
    trade(desk, "MOM", request.param, "3000", position_id="P2")
    by_hand(desk)
    return desk


def test_what_is_to_reduce_it_is_refused(desk):
    """NO_POSITION, and the venue hears nothing: P2 is MOM's, and a new one is no reduction."""
    before = len(orders(desk))
    assert code(reduce(desk)) == "NO_POSITION"
    assert desk.told("MM")[-1].ord_rej_reason is OrdRejReason.OTHER
    assert len(orders(desk)) == before
    check_replay(desk)


def test_flattening_it_ends_with_what_remains(desk):
    """NOT_FLATTENED at once: nothing is sent, and a person has to look."""
    before = len(orders(desk))
    flatten(desk)
    desk.pass_time(200)
    assert len(orders(desk)) == before
    (alert,) = notes(desk, "ALERT NOT_FLATTENED")
    assert alert["remains"] == f"MM|{SYMBOL}=1000"
    assert not desk.book.state.flattening
    check_replay(desk)


def test_what_others_close_already_is_not_closed_in_another_place():
    """MOM closes all of the P1 that it shares with MM: MM waits, then is done when it is free."""
    desk = opened(hedging=True)
    trade(desk, "MOM", BUY, "500", position_id="P1")
    trade(desk, "MOM", BUY, "5000", position_id="P2")
    assert ask(desk, "1500", "1.2000", "MOM", side=SELL, position_id="P1") == ""
    other = last_sent(desk)
    other.accept()
    before = len(orders(desk))
    assert code(reduce(desk)) == "NO_POSITION"
    flatten(desk)
    desk.pass_time(2_000)
    assert len(orders(desk)) == before
    assert desk.book.state.flattening
    other.cancel()
    desk.pass_time(60_000)
    (made,) = orders(desk)[before:]
    assert (made.on_behalf_of_comp_id, made.position_id) == ("MM", "P1")
    check_replay(desk)


def test_what_others_close_for_ever_ends_the_flattening():
    """After MAX_TRIES in vain a person is told what remains."""
    desk = opened(hedging=True)
    trade(desk, "MOM", BUY, "500", position_id="P1")
    assert ask(desk, "1500", "1.2000", "MOM", side=SELL, position_id="P1") == ""
    last_sent(desk).accept()
    flatten(desk)
    for _ in range(2 * MAX_TRIES):
        desk.pass_time(30_000)
    (alert,) = notes(desk, "ALERT NOT_FLATTENED")
    assert alert["remains"] == f"MM|{SYMBOL}=1000"


def test_a_part_that_is_left_is_closed():
    """A person has sold 400 of P1: it is still MM's, and what reduces names it."""
    desk = opened(hedging=True)
    trade(desk, "MOM", BUY, "3000", position_id="P2")
    by_hand(desk, qty="400")
    assert reduce(desk, "600") == ""
    assert orders(desk)[-1].position_id == "P1"


def test_what_waits_for_room_is_looked_at_when_its_turn_comes():
    """A person closes P1 while the order is held here: it is refused, and never sent."""
    desk = opened(hedging=True, house=house())
    for _ in range(ORDERS):
        ask(desk, "1", "1.0000", "MOM")
    before = len(orders(desk))
    assert reduce(desk) == ""
    assert len(orders(desk)) == before
    by_hand(desk)
    desk.pass_time(1_100)
    assert desk.told("MM")[-1].text.startswith("NO_POSITION: ")
    assert {one.on_behalf_of_comp_id for one in orders(desk)[before:]} == {"MOM"}
    check_replay(desk)


def test_on_an_account_that_nets_nothing_needs_a_name():
    """There is one position for each symbol: 77=C goes without 5004."""
    desk = opened(house=rules())
    assert reduce(desk) == ""
    assert orders(desk)[-1].position_id is None
