"""The levels that a strategy is told of its position (AP) stand there, or none are told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import VENUE
from support.levels import (
    ACCEPTED,
    COMPLETED,
    PROFIT,
    REJECTED,
    STOP,
    al,
    am,
    asked,
    check_replay,
    holds,
    known,
    opened,
    said,
    shown,
    trade,
)

from protocol.fields import Side
from protocol.messages import PositionReport

NOT_KNOWN = (None, None)


def stopped():
    """MM has set the stop of its position, and the venue has said so."""
    desk = opened()
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[-1], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    return desk


def test_a_strategy_asks_for_the_levels_of_its_position():
    """AP tells them as the venue showed them last, whoever has set them: after a restart too."""
    assert known(opened()) == NOT_KNOWN
    desk = stopped()
    assert known(desk) == (STOP, 0)
    desk.restart()
    desk.log_on(VENUE)
    desk.answer_round(positions=[shown("1.0960", "1.1200")])
    desk.log_on("MM")
    assert known(desk) == (Decimal("1.0960"), PROFIT)


@pytest.mark.parametrize(
    "sides", [[Side.SELL], [Side.SELL, Side.BUY], [Side.SELL, Side.SELL], [Side.BUY]]
)
def test_after_a_fill_no_levels_are_told_until_the_venue_has_shown_them(sides):
    """The position may be another one, that has no stop: closed, opened again, reversed, larger."""
    desk = stopped()
    for side in sides:
        trade(desk, "MM", side)
        assert known(desk) == NOT_KNOWN
    desk.pass_time(61_000)
    desk.answer_round(positions=[shown("1.0960")])
    assert known(desk) == (NOT_KNOWN if sides == [Side.SELL] else (Decimal("1.0960"), 0))


def test_fills_that_leave_memory_make_nothing_old_look_new():
    """Fills are counted for ever: as many in memory as before is not as many as before."""
    desk = stopped()
    desk.pass_time(10)
    trade(desk, "MM", Side.BUY)
    desk.book.archive_before(desk.now_ns)
    assert len(desk.book.state.fills[VENUE]) == 1
    assert known(desk) == NOT_KNOWN


def test_a_round_that_was_asked_for_before_a_word_of_the_venue_is_older():
    """The venue has read its positions before it moved the level, and answers afterwards."""
    desk = opened()
    desk.pass_time(61_000)
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    desk.answer_round(positions=[shown("1.0900")])
    assert known(desk) == (STOP, 0)
    desk.pass_time(61_000)
    desk.answer_round(positions=[shown("1.0900")])
    assert known(desk) == (Decimal("1.0900"), 0)


def test_levels_of_the_other_side_are_not_told():
    """Who is long on an account that is short has no part of the position that has them."""
    desk = opened()
    trade(desk, "MOM", Side.SELL, "3000")
    desk.pass_time(61_000)
    desk.answer_round(positions=[shown("1.1200")])
    assert known(desk) == NOT_KNOWN


def test_each_named_position_of_ones_own_is_told_with_its_levels():
    """On a hedging account they come after what is held in the symbol, and say no quantity."""
    desk = opened(hedging=True)
    trade(desk, "MOM", Side.BUY, position_id="P2")
    desk.hear("MM", al(desk, position_id="P1"))
    desk.hear(VENUE, am(desk, asked(desk)[-1], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    trade(desk, "MM", Side.SELL, "700", px="1.2000", position_id="P3")
    told = [
        (one.position_id, one.settl_price, one.stop_loss_px, one.take_profit_px,
         one.positions[0].long_qty)
        for one in holds(desk)
    ]  # fmt: skip
    assert told[1:] == [("P1", Decimal("1.1"), STOP, 0, None), ("P3", Decimal("1.2"), *[None] * 3)]
    assert told[0] == (None, Decimal("1.1"), None, None, 300)
    trade(desk, "MM", Side.SELL, position_id="P1")
    assert [one.position_id for one in holds(desk)] == [None, "P3"]


def test_a_word_on_a_position_that_is_over_is_none_on_the_next():
    """The venue's answer comes after the fills that have closed the position and opened another."""
    desk = opened()
    desk.hear("MM", al(desk))
    trade(desk, "MM", Side.SELL)
    trade(desk, "MM", Side.BUY)
    sent = asked(desk)[-1]
    desk.hear(VENUE, am(desk, sent, stop_loss_px=STOP, take_profit_px=Decimal(0)))
    assert known(desk) == NOT_KNOWN


def unasked(desk, owner):
    """The levels that an owner was told of without having asked (AP without 710)."""
    return [
        (one.position_id, one.stop_loss_px, one.take_profit_px)
        for one in desk.told(owner) if isinstance(one, PositionReport) and one.pos_req_id is None
    ]  # fmt: skip


def round_of(desk, *positions):
    """A round in which the venue shows these positions."""
    desk.pass_time(61_000)
    desk.answer_round(positions=positions)


@pytest.mark.parametrize("hedging", [False, True])
def test_levels_that_nobody_here_has_moved_are_told_to_all_who_hold_a_part(hedging):
    """A person has: each of them hears it once, as the levels stand."""
    name = "P1" if hedging else None
    desk = opened(hedging=hedging)
    trade(desk, "MOM", Side.BUY, position_id=name)
    round_of(desk, shown("1.0950", position_id=name))
    assert unasked(desk, "MM") == [], "nothing was known before"
    for _ in range(2):
        round_of(desk, shown("1.0960", "1.1200", position_id=name))
    told = [(name, Decimal("1.0960"), PROFIT)]
    assert unasked(desk, "MM") == unasked(desk, "MOM") == told
    check_replay(desk)


def test_a_request_that_was_given_up_and_comes_late_is_told():
    """It has undone what was said to be done after it: who asked for both hears how it stands."""
    desk = opened()
    for name, stop, status in (("L1", "1.0900", REJECTED), ("L2", STOP, COMPLETED)):
        desk.hear("MM", al(desk, name, stop_loss_px=Decimal(stop)))
        told = {} if status is REJECTED else {"stop_loss_px": STOP, "take_profit_px": Decimal(0)}
        desk.hear(VENUE, am(desk, asked(desk)[-1], status, text="NOT_DONE", **told))
    round_of(desk, shown("1.0900"))
    assert unasked(desk, "MM") == [(None, Decimal("1.0900"), 0)]
    assert known(desk) == (Decimal("1.0900"), 0)


def test_what_ends_a_request_is_told_once():
    """The round that shows levels as they were asked for: its AM to who asked, an AP to others."""
    desk = opened()
    trade(desk, "MOM", Side.BUY)
    round_of(desk, shown("1.0900"))
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[-1], ACCEPTED, in_doubt=True))
    round_of(desk, shown("1.0950"))
    assert said(desk)[-1].pos_maint_status is COMPLETED
    assert unasked(desk, "MM") == []
    assert unasked(desk, "MOM") == [(None, STOP, 0)]


def test_after_a_fill_levels_are_not_told_as_moved():
    """What is shown then may be another position, which never had others."""
    desk = stopped()
    trade(desk, "MM", Side.SELL)
    trade(desk, "MM", Side.BUY)
    round_of(desk, shown("1.0960"))
    assert unasked(desk, "MM") == []
