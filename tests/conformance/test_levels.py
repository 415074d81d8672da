"""Stop-loss and take-profit of an open position, at every venue that can move them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol.fields import PosMaintStatus
from protocol.messages import PositionMaintenanceReport, PositionReport, SecurityList

ACCEPTED, REJECTED, COMPLETED = PosMaintStatus
STOP, PROFIT = Decimal(59000), Decimal(61000)
NONE = Decimal(0)


def move(desk, stop=None, profit=None, **more):
    """Say an AL; return the AM."""
    more.setdefault("position_id", desk.position_id)
    message = desk.levels(stop, profit, **more)
    desk.take()
    desk.say(message)
    told = desk.wait(1, (PositionMaintenanceReport,))[0]
    assert (told.pos_req_id, told.symbol) == (message.pos_req_id, desk.symbol)
    assert told.position_id == message.position_id
    return told


def levels(told):
    """What an AM says stands now."""
    return told.pos_maint_status, told.stop_loss_px, told.take_profit_px


def shown(desk):
    """The levels of the one position, as AP has them."""
    answer = desk.answers(desk.positions(), lambda one: isinstance(one, PositionReport))
    return answer[-1].stop_loss_px, answer[-1].take_profit_px


def test_the_capability_is_told_and_without_it_nothing_is_asked(desk):
    """PROTECT stands in y where an AL is taken; elsewhere an AL is answered 722=2 at once."""
    answer = desk.answers(desk.instruments(), lambda one: isinstance(one, SecurityList))
    assert ("PROTECT" in answer[-1].capabilities.split()) is desk.protects
    if not desk.protects:
        desk.position_id = None
        told = move(desk, STOP)
        assert told.pos_maint_status is REJECTED
        assert told.text.startswith("NOT_SUPPORTED: ")


def test_levels_are_set_moved_and_taken_away_one_at_a_time(held):
    """A level that is absent stays, 0 takes it away; AM tells both, and AP shows them."""
    assert levels(move(held, STOP)) == (COMPLETED, STOP, NONE)
    assert levels(move(held, profit=PROFIT)) == (COMPLETED, STOP, PROFIT)
    assert shown(held) == (STOP, PROFIT)
    assert levels(move(held, STOP + 100)) == (COMPLETED, STOP + 100, PROFIT)
    assert levels(move(held, NONE)) == (COMPLETED, NONE, PROFIT)
    assert levels(move(held, profit=NONE)) == (COMPLETED, NONE, NONE)
    assert shown(held) == (NONE, NONE)


def test_levels_that_stand_already_are_done(held):
    """To ask for what is so changes nothing and is no refusal."""
    move(held, STOP, PROFIT)
    assert levels(move(held, STOP)) == (COMPLETED, STOP, PROFIT)


@pytest.mark.parametrize(
    ("stop", "profit"), [(60500, None), (None, 59000), (Decimal("59000.001"), None)]
)
def test_levels_that_cannot_be_are_refused_and_change_nothing(held, stop, profit):
    """A stop above a long position, a profit below it, half a tick: 722=2, and AP is as it was."""
    move(held, STOP)
    told = move(held, stop, profit)
    assert told.pos_maint_status is REJECTED
    assert told.text
    assert shown(held) == (STOP, NONE)


def test_a_position_that_is_not_there_is_refused(held):
    """What was closed meanwhile, or never was, has no levels."""
    named = {"position_id": "4711"} if held.position_id else {}
    if not named:
        held.reports(held.order(side="2", qty="0.5"), 2)
    told = move(held, STOP, **named)
    assert told.pos_maint_status is REJECTED


def test_an_id_is_asked_about_once(held):
    """The same AL again is not sent again: nothing is said of it but doubt."""
    message = held.levels(STOP, position_id=held.position_id)
    held.say(message)
    held.wait(1, (PositionMaintenanceReport,))
    move(held, STOP + 200)
    held.say(message)
    (told,) = held.wait(1, (PositionMaintenanceReport,))
    assert (told.pos_maint_status, told.in_doubt) == (ACCEPTED, True)
    assert shown(held) == (STOP + 200, NONE)


def test_a_stop_that_was_moved_is_hit(held):
    """The order that the venue makes then belongs to the order that opened the position."""
    move(held, STOP)
    held.take()
    held.set_book(bids=[(58900, 1)], asks=[(58910, 1)])
    fill = held.wait(2)[-1]
    assert (fill.origin, fill.last_qty) == ("STOP_LOSS", Decimal("0.5"))
