"""Cancels, replaces and questions without room at the venue, and the venue's own warnings."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from support.desk import VENUE, Exchange, cancel, change, new_order, rules
from support.paced import ANN, MS, ORDERS, WEIGHT, fill_up, hold, house, opened, settled, warning

from protocol.fields import ExecType, OrdStatus
from protocol.messages import (
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassCancelRequest,
    OrderStatusRequest,
    SecurityListRequest,
)
from protocol.timestamps import format_utc


@pytest.fixture
def desk():
    """A desk that is open, its venue left alone for a second."""
    return opened(house())


# Cancels and replaces.


def test_a_cancel_uses_what_is_kept_for_it(desk):
    """With orders waiting, a cancel leaves at once."""
    hold(desk)
    desk.hear("MM", cancel(desk, "Y", "F0"))
    assert len(desk.sent(OrderCancelRequest)) == 1


def test_a_cancel_without_room_waits_first_in_line(desk):
    """Pending until there is room, then said before the order that waited longer; unprobed."""
    exchanges = hold(desk)
    for number in range(3):
        desk.hear("MM", cancel(desk, f"Y{number}", f"F{number}"))
    assert len(desk.sent(OrderCancelRequest)) == 2
    assert desk.reports()[-1] == "6/6"
    desk.live(1_000)
    assert desk.sent(OrderStatusRequest) == []
    desk.live(2)
    third = desk.sent(OrderCancelRequest)[2]
    assert third.orig_cl_ord_id == exchanges[2].wire_id
    order = [type(message) for message in desk.told(VENUE)]
    assert order.index(NewOrderSingle) > 2
    exchanges[2].cancel(third)
    assert desk.reports()[-1] == "4/4"
    assert settled(desk)


def test_a_flood_of_cancels_all_leave_and_never_too_fast():
    """Forty resting orders are cancelled at once: each F leaves, ten a second."""
    desk = opened(house(max_send_wait_ms=60_000))
    for number in range(40):
        desk.hear("MM", new_order(desk, f"F{number}"))
    desk.live(6_000)
    for sent in desk.sent(NewOrderSingle):
        Exchange(desk, sent).accept()
    desk.hear("MM", OrderMassCancelRequest(
        cl_ord_id="Q", mass_cancel_request_type="7", transact_time=format_utc(desk.now_ns),
    ))  # fmt: skip
    desk.live(5_000)
    assert len(desk.sent(OrderCancelRequest)) == 40
    assert desk.most() <= WEIGHT
    assert settled(desk)


def test_a_cancel_that_has_ended_by_itself_is_not_said(desk):
    """The order is filled while its cancel waits: no F goes to the venue."""
    exchanges = hold(desk)
    for number in range(3):
        desk.hear("MM", cancel(desk, f"Y{number}", f"F{number}"))
    exchanges[2].fill("1000")
    desk.live(2_000)
    assert len(desk.sent(OrderCancelRequest)) == 2


@pytest.mark.parametrize("end", ["link", "restart"])
def test_a_cancel_that_waits_survives(desk, end):
    """A lost link or a dead gateway: the F is issued when the venue is reconciled."""
    exchanges = hold(desk)
    for number in range(3):
        desk.hear("MM", cancel(desk, f"Y{number}", f"F{number}"))
    if end == "link":
        desk.drop(VENUE)
    else:
        desk.restart()
    desk.live(1_500)
    desk.said.clear()
    desk.log_on(VENUE)
    shown = [one.report(ExecType.NEW, OrdStatus.NEW) for one in exchanges]
    desk.answer_round(orders=shown)
    desk.live(1_500)
    for asked in desk.sent(OrderStatusRequest):
        (one,) = [each for each in exchanges if each.wire_id == asked.cl_ord_id]
        one.say(ExecType.ORDER_STATUS, OrdStatus.NEW, complete=True)
    desk.live(3_000)
    named = {request.orig_cl_ord_id for request in desk.sent(OrderCancelRequest)}
    assert exchanges[2].wire_id in named
    assert settled(desk)


def test_a_replace_never_waits(desk):
    """Without room it is refused with 9 and the numbers, and the order is as it was."""
    fill_up(desk)
    desk.hear("MM", change(desk, "G", "F0", "2000", "1.1000"))
    (reject,) = [one for one in desk.told("MM") if isinstance(one, OrderCancelReject)]
    assert reject.text == "VENUE_RATE: venue=PAPER wait_ms=1002 limit_ms=0"
    desk.live(1_100)
    desk.hear("MM", change(desk, "G2", "F0", "2000", "1.1000"))
    assert [one.order_qty for one in desk.sent(OrderCancelReplaceRequest)] == [Decimal(2_000)]


def test_a_replace_counts(desk):
    """Replaces use the same room as orders."""
    exchanges = fill_up(desk, 4)
    for number in range(4):
        desk.hear("MM", change(desk, f"G{number}", f"F{number}", "2000", "1.1000"))
        exchanges[number].replace(desk.sent(OrderCancelReplaceRequest)[-1])
    desk.hear("MM", change(desk, "G9", "G0", "3000", "1.1000"))
    assert len(desk.sent(OrderCancelReplaceRequest)) == 4
    assert isinstance(desk.told("MM")[-1], OrderCancelReject)


# Questions.


def test_a_round_waits_for_room(desk):
    """A bridge that comes back with the window full is asked as soon as there is room."""
    fill_up(desk)
    desk.drop(VENUE)
    desk.said.clear()
    desk.log_on(VENUE)
    assert desk.sent(SecurityListRequest) == []
    desk.live(1_002)
    assert len(desk.sent(SecurityListRequest)) == 1
    desk.answer_round()
    assert desk.core.market.venue(VENUE).ready
    assert desk.most() <= WEIGHT


def test_a_doubt_is_asked_about_as_soon_as_there_is_room(desk):
    """A question that finds no room is asked later: nothing is lost."""
    fill_up(desk, 7)
    desk.hear("MM", new_order(desk, "X"))
    wire_id = desk.sent(NewOrderSingle)[-1].cl_ord_id
    desk.run(desk.core.peer_rejected(VENUE, desk.now_ns))
    desk.live(900)
    assert desk.sent(OrderStatusRequest) == []
    desk.live(1_000)
    assert desk.sent(OrderStatusRequest)[0].cl_ord_id == wire_id


def test_a_busy_strategy_does_not_keep_a_doubt_from_being_ended(desk):
    """While questions starve new orders are refused; so the venue is asked, and trading goes on."""
    fill_up(desk, 7)
    desk.hear("MM", new_order(desk, "X"))
    desk.run(desk.core.peer_rejected(VENUE, desk.now_ns))
    for number in range(200):
        desk.live(50)
        desk.quote("1.1000", "1.1002")
        desk.hear("MM", new_order(desk, f"B{number}"))
        for sent in desk.sent(NewOrderSingle)[8:]:
            order = desk.book.state.orders[sent.cl_ord_id]
            if order.venue_state == "PENDING_NEW":
                Exchange(desk, sent).accept()
    refused = [text for text in desk.reports() if "questions_wait_ms" in text]
    assert refused[0].startswith("8/8 VENUE_RATE: venue=PAPER questions_wait_ms=5")
    assert desk.sent(OrderStatusRequest)
    afterwards = desk.reports()[desk.reports().index(refused[0]) :]
    assert "A/A" in afterwards


def test_an_expiry_is_asked_about_when_there_is_room(desk):
    """A good-till date that ends in a full window: the question waits its turn."""
    fill_up(desk, 7)
    desk.now_ns += 1 * MS
    desk.hear("MM", new_order(
        desk, "X", time_in_force="6", expire_time=format_utc(desk.now_ns + 500 * MS),
    ))  # fmt: skip
    sent = desk.sent(NewOrderSingle)[-1]
    Exchange(desk, sent).accept()
    desk.live(600)
    assert desk.sent(OrderStatusRequest) == []
    desk.live(600)
    assert [one.cl_ord_id for one in desk.sent(OrderStatusRequest)] == [sent.cl_ord_id]


# The venue's own warning.


@pytest.mark.parametrize("limits", [True, False])
def test_a_warning_stops_new_orders_and_is_an_alert(limits):
    """For as long as the venue wants; cancels pass; also where no limit is configured."""
    desk = opened(house() if limits else rules())
    (first,) = fill_up(desk, 1)
    desk.hear(VENUE, warning(5_000))
    assert desk.core.market.venue(VENUE).ready
    alerts = [note.body for note in desk.notes if note.body.get("alert") == "VENUE_BACK_OFF"]
    assert [(one["venue"], one["ms"], one["banned"]) for one in alerts] == [
        (VENUE, "5000", "False")
    ]
    desk.hear("MM", new_order(desk, "X"))
    wait_ms = 2_000 if limits else 250
    assert desk.reports()[-1] == (
        f"8/8 VENUE_RATE: venue=PAPER wait_ms=5000 limit_ms={wait_ms}"
    )
    desk.hear("MM", cancel(desk, "Y", "F0"))
    first.cancel(desk.sent(OrderCancelRequest)[-1])
    assert desk.reports()[-1] == "4/4"
    desk.live(5_001)
    desk.hear("MM", new_order(desk, "Z"))
    assert len(desk.sent(NewOrderSingle)) == 2


def test_the_answers_to_one_burst_are_one_alert(desk):
    """Twenty warnings at once alert once, and once more when the venue bans us."""
    for banned in (False, False, True, True, False):
        desk.hear(VENUE, warning(3_000, banned=banned))
    alerts = [note.body for note in desk.notes if note.body.get("alert") == "VENUE_BACK_OFF"]
    assert [one["banned"] for one in alerts] == ["False", "True"]
    desk.live(3_500)
    desk.hear(VENUE, warning(3_000))
    last = [note.body for note in desk.notes if note.body.get("alert") == "VENUE_BACK_OFF"][-1]
    assert last["ms"] == "6000"


def test_a_ban_stops_cancels_until_it_is_over(desk):
    """The cancel stays pending, and is the first thing said afterwards."""
    fill_up(desk, 1)
    desk.hear(VENUE, warning(3_000, banned=True))
    desk.hear("MM", cancel(desk, "Y", "F0"))
    desk.live(2_900)
    assert desk.sent(OrderCancelRequest) == []
    desk.live(200)
    assert len(desk.sent(OrderCancelRequest)) == 1
    assert settled(desk)


def test_the_venues_answer_shows_how_it_is_paced(desk):
    """Used of each window, who waits in which lane, until when the venue is left alone."""
    hold(desk)
    desk.hear(VENUE, warning(1_500))
    desk.log_on(ANN)
    desk.hear(ANN, OperatorCommand(cl_ord_id="U", command="VENUES"))
    (row,) = json.loads(desk.told(ANN)[-1].command_body)["rows"]
    assert row["queued"] == {"cancel": 0, "reduce": 0, "new": 1, "query": 0}
    assert row["windows"] == [
        {"used": ORDERS, "weight": WEIGHT, "counts": "all", "window_ms": 1_000}
    ]
    assert row["backing_off_until_ns"] == desk.now_ns + 1_500 * MS
    assert row["rates"] == "8/10 all in 1000 ms, 1 new waiting, backing off for 1500 ms"


def test_an_unpaced_venue_costs_nothing():
    """Without limits there is no pacer, and nothing to wait for."""
    desk = opened(rules())
    fill_up(desk, 50)
    assert desk.core.market.venue(VENUE).pacer is None
    assert desk.core.turnstile.next_deadline_ns() is None
