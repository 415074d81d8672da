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
)

from protocol.fields import RejectSource


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
