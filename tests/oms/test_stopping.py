"""The orderly end, and what the next start does with orders that rest from before."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.desk import VENUE, Desk, Exchange, change, new_order, rules
from support.inquest import sent
from support.lines import Play
from support.operators import ask, code

from gateway.oms.rules import ASK, CANCEL, KEEP
from protocol.fields import ExecType as E
from protocol.fields import OrdStatus
from protocol.messages import ExecutionReport, OrderCancelReject, OrderCancelRequest


def play_of(**house):
    """MM has an order X that rests, in a house with these rules."""
    play = Play(replace(rules(review_qty=50_000), **house))
    play.rests = play.order("X")
    play.rests.accept()
    return play


def last(play, kind=ExecutionReport):
    """Return the last message of a kind that MM was told."""
    return [m for m in play.desk.told("MM") if isinstance(m, kind)][-1]


def wind_down(play):
    """Begin an orderly end."""
    play.desk.run(play.desk.core.wind_down(play.desk.now_ns))


def test_nothing_new_while_it_ends():
    """A new order, a replace and an approval are refused: GATEWAY_STOPS; cancels pass."""
    play = play_of()
    play.desk.hear("MM", new_order(play.desk, "BIG", "60000"))
    (held,) = play.desk.book.in_review
    wind_down(play)
    play.desk.hear("MM", new_order(play.desk, "Y"))
    assert (last(play).exec_type, last(play).text) == (E.REJECTED, "GATEWAY_STOPS")
    play.desk.hear("MM", change(play.desk, "Z", "X", "5000", "1.1"))
    assert last(play, OrderCancelReject).text == "GATEWAY_STOPS"
    approved = ask(play.desk, "APPROVE", scope=f"order:{held}", reason="x")
    assert code(approved) == "CHECK_REFUSES"
    assert play.cancel("C", "X").orig_cl_ord_id == play.rests.wire_id


def test_without_cancel_on_stop_nothing_is_waited_for():
    """What rests goes on resting, and the end can come at once."""
    play = play_of()
    wind_down(play)
    assert play.desk.core.is_wound_down
    assert not sent(play, OrderCancelRequest)


def test_with_cancel_on_stop_it_waits_for_the_venue():
    """Everything is cancelled, with the reason, and it is over when the venue has confirmed."""
    play = play_of(cancel_on_stop=True)
    wind_down(play)
    assert (last(play).exec_type, last(play).text) == (E.PENDING_CANCEL, "GATEWAY_STOPS")
    assert not play.desk.core.is_wound_down
    play.rests.cancel(play.last(OrderCancelRequest))
    assert play.desk.core.is_wound_down
    assert last(play).ord_status is OrdStatus.CANCELED


def test_a_venue_that_is_away_is_not_waited_for():
    """It cannot answer; its cancels are issued when both are back."""
    play = play_of(cancel_on_stop=True)
    play.desk.drop(VENUE)
    wind_down(play)
    assert play.desk.core.is_wound_down
    assert play.desk.book.open_orders()


def restarted(play):
    """Start anew, and let the venue list its order."""
    play.desk.restart()
    play.desk.log_on(VENUE)
    play.desk.answer_round(orders=[play.rests.report(E.ORDER_STATUS, OrdStatus.NEW)])
    play.desk.quote("1.1000", "1.1002")
    play.desk.pass_time(200)
    play.desk.log_on("MM")


def test_a_start_keeps_what_rests():
    """The default: nothing is cancelled, nothing is halted."""
    play = play_of(resting_orders=KEEP)
    restarted(play)
    assert not play.desk.book.state.halts
    assert play.desk.book.open_orders()[0].cancel is None


def test_a_start_cancels_what_rests():
    """As soon as the venue has said that it lives; the owner is told why."""
    play = play_of(resting_orders=CANCEL)
    restarted(play)
    play.rests.say(E.ORDER_STATUS, OrdStatus.NEW)
    play.rests.cancel(play.last(OrderCancelRequest))
    told = [m for m in play.desk.told("MM") if isinstance(m, ExecutionReport)]
    assert any(m.text == "EARLIER_RUN" for m in told)
    assert not play.desk.book.open_orders()


def test_a_start_asks_about_what_rests():
    """Everything is halted until a person has looked and resumes; with nothing open it is not."""
    play = play_of(resting_orders=ASK)
    restarted(play)
    assert set(play.desk.book.state.halts["all"]) == {"RESTING_ORDERS"}
    play.desk.hear("MM", new_order(play.desk, "Y"))
    assert last(play).text.startswith("HALTED: ")
    assert "RESTING_ORDERS: open=1" in last(play).text
    play.rests.cancel()
    assert ask(play.desk, "RESUME", scope="all", reason="looked").outcome == "DONE"
    play.desk.restart()
    assert not play.desk.book.state.halts


@pytest.mark.parametrize("policy", [KEEP, CANCEL, ASK])
def test_a_first_start_finds_nothing(policy):
    """Without orders of an earlier run, the policy does nothing."""
    desk = Desk(replace(rules(), resting_orders=policy))
    desk.open_up()
    assert not desk.book.state.halts
    desk.hear("MM", new_order(desk, "X"))
    Exchange(desk, [m for m in desk.told(VENUE) if m.msg_type == "D"][-1]).accept()
    assert desk.book.open_orders()
