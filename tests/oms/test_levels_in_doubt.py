"""A request for levels without an answer: in doubt, never sent again, ended by evidence."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from support.desk import VENUE
from support.levels import (
    ACCEPTED,
    COMPLETED,
    REJECTED,
    STOP,
    al,
    am,
    asked,
    check_replay,
    opened,
    said,
    shown,
    trade,
)

from protocol.fields import RejectSource, Side


def lose_the_link(desk):
    """Cut the venue's link and let it come back, unanswered as yet."""
    desk.drop(VENUE)
    desk.pass_time(10)
    desk.log_on(VENUE)


def start_again(desk):
    """Kill the gateway and start it anew: nothing but the journal is left."""
    desk.restart()
    desk.pass_time(10)
    desk.log_on(VENUE)
    desk.log_on("MM")


def leave_it_unanswered(desk):
    """Let the venue's time to answer pass."""
    desk.pass_time(5_001)
    desk.pass_time(600)


def say_so(desk):
    """Let the bridge say that the answer it has got proves nothing."""
    desk.hear(VENUE, am(desk, asked(desk)[0], ACCEPTED, in_doubt=True))
    desk.pass_time(600)


TROUBLE = [lose_the_link, start_again, leave_it_unanswered, say_so]


@pytest.fixture(params=TROUBLE, ids=lambda one: one.__name__)
def doubted(request):
    """A request in doubt, and what was asked; the venue has the questions of a round."""
    desk = opened()
    desk.hear("MM", al(desk, stop_loss_px=STOP, take_profit_px=Decimal(0)))
    request.param(desk)
    last = said(desk)[-1]
    assert (last.pos_maint_status, last.in_doubt) == (ACCEPTED, True)
    check_replay(desk)
    return SimpleNamespace(desk=desk, sent=asked(desk)[0])


def test_levels_at_the_venue_prove_that_a_request_was_done(doubted):
    """A round that was asked for afterwards shows the levels: done, without another request."""
    desk = doubted.desk
    desk.answer_round(positions=[shown("1.0950")])
    last = said(desk)[-1]
    assert (last.pos_maint_status, last.stop_loss_px, last.in_doubt) == (COMPLETED, STOP, None)
    assert last.take_profit_px == 0
    assert len(asked(desk)) == 1
    check_replay(desk)


def test_other_levels_prove_nothing_until_the_venues_time_is_over(doubted):
    """The request may still arrive: only after absence_after_ms do other levels refuse it."""
    desk = doubted.desk
    desk.answer_round(positions=[shown("1.0900")], complete=False)
    first = desk.now_ns
    while desk.now_ns - first < 10_000_000_000 and said(desk)[-1].in_doubt:
        desk.pass_time(600)
        desk.answer_round(positions=[shown("1.0900")])
    last = said(desk)[-1]
    assert (last.pos_maint_status, last.reject_source) == (REJECTED, RejectSource.VENUE)
    assert last.text.startswith("NOT_DONE: ")
    assert len(asked(desk)) == 1
    desk.hear(VENUE, am(desk, doubted.sent, stop_loss_px=STOP))
    assert said(desk)[-1] == last, "a late word changes nothing"
    assert desk.notes[-1].body["alert"] == "LATE_LEVELS"
    desk.hear("MM", al(desk, "L2"))
    assert len(asked(desk)) == 2
    check_replay(desk)


def test_a_young_request_is_not_refused_by_a_round():
    """Other levels in the first moments are no evidence: the venue may be at it."""
    desk = opened()
    desk.hear("MM", al(desk))
    say_so(desk)
    desk.answer_round(positions=[shown("1.0900")])
    assert said(desk)[-1].in_doubt
    desk.pass_time(600)
    desk.answer_round(positions=[shown("1.0950")])
    assert said(desk)[-1].pos_maint_status is COMPLETED


def test_a_round_that_was_asked_for_before_proves_nothing():
    """What the venue has read before it was asked for levels is no word on them."""
    desk = opened()
    desk.pass_time(61_000)
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], ACCEPTED, in_doubt=True))
    desk.answer_round(positions=[shown("1.0950")])
    assert said(desk)[-1].in_doubt
    desk.pass_time(600)
    desk.answer_round(positions=[shown("1.0950")])
    assert said(desk)[-1].pos_maint_status is COMPLETED


def test_the_levels_of_another_position_prove_nothing():
    """On a hedging account the position that was named has to show them."""
    desk = opened(hedging=True)
    desk.hear("MM", al(desk, position_id="P1"))
    say_so(desk)
    desk.answer_round(positions=[shown("1.0950", position_id="P2"), shown(position_id="P1")])
    assert said(desk)[-1].in_doubt


def test_a_late_answer_ends_the_doubt(doubted):
    """The venue's own answer is evidence too, whenever it comes."""
    desk = doubted.desk
    desk.hear(VENUE, am(desk, doubted.sent, stop_loss_px=STOP, take_profit_px=Decimal(0)))
    assert said(desk)[-1].pos_maint_status is COMPLETED
    check_replay(desk)


def test_a_request_that_never_left_is_refused():
    """What the socket has not taken is not done, and told so: it will not leave later either."""
    desk = opened()
    desk.hear("MM", al(desk))
    desk.run(desk.core.send_refused(VENUE, asked(desk)[0], desk.now_ns))
    assert said(desk)[-1].text.startswith("NOT_SENT: ")
    check_replay(desk)


def test_old_requests_leave_memory_and_their_ids_stay_used():
    """What ended long ago is not kept, and its id is not free again."""
    desk = opened()
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=STOP))
    archivable = {key for _, key, _ in desk.book.archivable(desk.now_ns + 1)}
    assert "MM\x01L1" in archivable
    desk.pass_time(8 * 86_400_000)
    assert desk.book.state.protections == {}
    check_replay(desk)


@pytest.fixture
def gone():
    """A request in doubt, whose position MM has closed and opened again, without a stop."""
    desk = opened()
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], ACCEPTED, in_doubt=True))
    trade(desk, "MM", Side.SELL)
    trade(desk, "MM", Side.BUY)
    return desk


def test_a_request_ends_with_the_position_that_it_was_for(gone):
    """The next position's own request is let in at once."""
    gone.hear("MM", al(gone, "L2"))
    ended = next(one for one in said(gone) if one.pos_maint_status is REJECTED)
    assert (ended.pos_req_id, ended.reject_source) == ("L1", RejectSource.VENUE)
    assert ended.text.startswith("POSITION_CLOSED: ")
    assert (said(gone)[-1].pos_req_id, said(gone)[-1].pos_maint_status) == ("L2", ACCEPTED)
    assert len(asked(gone)) == 2
    check_replay(gone)


def test_the_levels_of_the_next_position_prove_nothing(gone):
    """That the next position has the stop which was asked for the last is no word on it."""
    gone.core.market.venue(VENUE).want_round()
    gone.pass_time(600)
    gone.answer_round(positions=[shown("1.0950")])
    assert [one.pos_maint_status for one in said(gone)] == [ACCEPTED, ACCEPTED, REJECTED]
    assert said(gone)[-1].text.startswith("POSITION_CLOSED: ")


@pytest.mark.parametrize("sides", [["MM"], ["MOM", "MOM"]])
def test_a_position_is_over_when_the_account_is_flat_or_turned(sides):
    """Whoever's fills have done it; a crash in between changes nothing."""
    desk = opened()
    desk.hear("MM", al(desk))
    for owner in sides:
        trade(desk, owner, Side.SELL)
    start_again(desk)
    assert said(desk)[-1].text.startswith("POSITION_CLOSED: ")
    check_replay(desk)


def test_a_position_that_others_hold_on_is_not_over():
    """MM has sold its part; the account's position is the same, and so is the request."""
    desk = opened()
    trade(desk, "MOM", Side.BUY)
    desk.hear("MM", al(desk))
    trade(desk, "MM", Side.SELL)
    say_so(desk)
    assert said(desk)[-1].in_doubt
    desk.answer_round(positions=[shown("1.0950")])
    assert said(desk)[-1].pos_maint_status is COMPLETED


def test_a_named_position_that_is_closed_ends_its_request():
    """On a hedging account the fill that closes it says so."""
    desk = opened(hedging=True)
    desk.hear("MM", al(desk, position_id="P1"))
    trade(desk, "MM", Side.SELL, position_id="P1")
    say_so(desk)
    assert said(desk)[-1].text.startswith("POSITION_CLOSED: ")
    check_replay(desk)


def test_a_position_that_the_venue_shows_no_more_is_closed():
    """Where no fill has told it, the venue's time has to be over; nobody speaks of other levels."""
    desk = opened()
    desk.hear("MM", al(desk))
    say_so(desk)
    desk.answer_round(positions=[])
    assert said(desk)[-1].in_doubt
    for _ in range(3):
        desk.pass_time(600)
        desk.answer_round(positions=[])
    assert said(desk)[-1].text.startswith("POSITION_CLOSED: ")
