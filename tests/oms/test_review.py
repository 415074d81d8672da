"""Large orders wait for a person: what they are told, who decides, and what is checked again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import SYMBOL, VENUE, Desk, Exchange, cancel, change, new_order, rules
from support.operators import ANN, ask, code, notes, rows
from support.scopes import with_venue

from gateway.oms.rules import CANCEL_RESTING
from protocol.fields import ExecType as E
from protocol.fields import OrdStatus, RejectSource, Side
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
)


@pytest.fixture
def desk():
    """Orders of more than 5000 wait; MM has one of 6000 that does."""
    desk = Desk(rules(review_qty=5000, review_expires_ms=60_000))
    desk.open_up()
    desk.hear("MM", new_order(desk, "BIG", "6000"))
    return desk


def last(desk, owner="MM"):
    """Return the last report that an owner was told."""
    return [m for m in desk.told(owner) if isinstance(m, ExecutionReport)][-1]


def waiting(desk):
    """Return the OrderID of the order that waits."""
    (order_id,) = desk.book.in_review
    return order_id


def decide(desk, command, **fields):
    """Let Ann decide on the order that waits."""
    fields.setdefault("scope", f"order:{waiting(desk)}")
    fields.setdefault("reason", "looked at it")
    return ask(desk, command, **fields)


@pytest.mark.parametrize(("qty", "waits"), [("4999", False), ("5000", False), ("5001", True)])
def test_at_the_limit_nobody_waits(qty, waits):
    """An order of exactly the review size goes; one unit more waits for a person."""
    desk = Desk(rules(review_qty=5000))
    desk.open_up()
    desk.hear("MM", new_order(desk, "X", qty))
    assert bool(desk.book.in_review) == waits
    assert bool(sent_to_venue(desk)) != waits


@pytest.mark.parametrize(("qty", "waits"), [("5000", False), ("5001", False), ("5002", True)])
def test_the_notional_decides_as_well(qty, waits):
    """5001 at 1.1 is 5501.1: exactly the review size goes, one unit more waits."""
    desk = Desk(rules(review_notional=Decimal("5501.1")))
    desk.open_up()
    desk.hear("MM", new_order(desk, "X", qty))
    assert bool(desk.book.in_review) == waits


def sent_to_venue(desk):
    """Return the orders that the venue was sent."""
    return [m for m in desk.told(VENUE) if isinstance(m, NewOrderSingle)]


def test_the_owner_is_told_that_it_waits(desk):
    """150=A 39=A with 58=REVIEW and the numbers; the venue hears nothing; an alert is raised."""
    report = last(desk)
    assert (report.exec_type, report.ord_status) == (E.PENDING_NEW, OrdStatus.PENDING_NEW)
    assert report.text == "REVIEW: qty=6000 limit=5000 scope=strategy:MM"
    assert not sent_to_venue(desk)
    assert notes(desk, "ALERT REVIEW")[0]["owner"] == "MM"


def test_what_waits_is_listed(desk):
    """REVIEWS names the order, its numbers, why it waits and until when; STATUS counts it."""
    (row,) = rows(desk, "REVIEWS")
    assert (row["order_id"], row["owner"], row["order_qty"]) == (waiting(desk), "MM", "6000")
    assert row["why"] == "qty=6000 limit=5000 scope=strategy:MM"
    assert row["review_until_ns"] == desk.now_ns + 60_000_000_000
    assert '"in_review":1' in ask(desk, "STATUS").command_body


def test_an_approved_order_goes_to_the_venue(desk):
    """It lives on as any other, with the id that its owner was told."""
    order_id = waiting(desk)
    assert decide(desk, "APPROVE").outcome == "DONE"
    (order,) = sent_to_venue(desk)
    assert order.order_qty == 6000
    assert not desk.book.in_review
    Exchange(desk, order).accept()
    assert (last(desk).exec_type, last(desk).order_id) == (E.NEW, order_id)
    assert notes(desk, "REVIEW")[-1]["who"] == "ann: looked at it"
    assert desk.replayed().digest() == desk.book.digest()


def test_a_declined_order_never_goes(desk):
    """150=8 with 5003=G, REVIEW_DECLINED, who and why."""
    assert decide(desk, "DECLINE", reason="too large today").outcome == "DONE"
    report = last(desk)
    assert (report.exec_type, report.reject_source) == (E.REJECTED, RejectSource.GATEWAY)
    assert report.text == "REVIEW_DECLINED: by ann: too large today"
    desk.pass_time(100_000)
    assert not sent_to_venue(desk)
    assert not desk.book.in_review
    assert desk.replayed().digest() == desk.book.digest()


def test_nobody_decides_in_time(desk):
    """At its time and not before, the order is refused: REVIEW_EXPIRED."""
    desk.pass_time(59_999)
    assert desk.book.in_review
    desk.pass_time(101)
    assert last(desk).text.startswith("REVIEW_EXPIRED: ")
    assert not sent_to_venue(desk)
    assert code(ask(desk, "APPROVE", scope="order:X", reason="late")) == "NOT_IN_REVIEW"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scope": "order:NOWHERE"}, "NOT_IN_REVIEW"), ({"scope": None}, "NOT_IN_REVIEW"),
        ({"scope": "all"}, "NOT_IN_REVIEW"), ({"reason": None}, "NO_REASON"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["APPROVE", "DECLINE"])
def test_what_is_no_decision(desk, command, fields, expected):
    """Without an order that waits, or without a reason, nothing is decided."""
    assert code(decide(desk, command, **fields)) == expected
    assert desk.book.in_review


def test_an_open_order_is_not_approved_twice(desk):
    """What has left waits no more."""
    scope = f"order:{waiting(desk)}"
    assert decide(desk, "APPROVE").outcome == "DONE"
    assert code(ask(desk, "APPROVE", scope=scope, reason="again")) == "NOT_IN_REVIEW"
    assert len(sent_to_venue(desk)) == 1


def stale(desk):
    """The market falls silent."""
    desk.now_ns += 30_000_000_000


def halted(desk):
    """Somebody stops everything but what waits."""
    ask(desk, "REDUCE", scope="all", reason="careful")


def venue_away(desk):
    """The venue goes."""
    desk.drop(VENUE)


def tightened(desk):
    """The largest order allowed is made smaller."""
    ask(desk, "LIMIT", scope="strategy:MM", reason="x", body={"key": "max_order_qty", "value": "1"})


@pytest.mark.parametrize(
    ("change_of_mind", "expected"),
    [(stale, "QUOTE_STALE"), (halted, "REDUCING"), (venue_away, "VENUE_DOWN"),
     (tightened, "MAX_QTY")],
)  # fmt: skip
def test_every_check_runs_again_on_approval(desk, change_of_mind, expected):
    """What would be refused now is refused although a person approved it; both are told which."""
    change_of_mind(desk)
    answer = decide(desk, "APPROVE")
    assert code(answer) == "CHECK_REFUSES"
    assert f"{expected}: " in answer.text
    assert last(desk).exec_type is E.REJECTED
    assert last(desk).text.startswith(f"{expected}: ")
    assert not sent_to_venue(desk)


def test_what_an_order_would_meet_goes_when_it_goes():
    """With cancel-resting nothing is cancelled for an order that waits, but when it goes."""
    house = with_venue(rules(review_qty=5000), self_trade=CANCEL_RESTING)
    desk = Desk(house)
    desk.open_up()
    resting = new_order(desk, "S", "10", "1.1002", side=Side.SELL)
    desk.hear("MOM", resting)
    Exchange(desk, desk.told(VENUE)[-1]).accept()
    desk.hear("MM", new_order(desk, "BIG", "6000", "1.1002"))
    assert desk.book.order_of("MOM", "S").cancel is None
    decide(desk, "APPROVE")
    kinds = [type(message) for message in desk.told(VENUE)[-2:]]
    assert kinds == [OrderCancelRequest, NewOrderSingle]
    assert desk.book.order_of("MOM", "S").cancel is not None


def test_the_age_of_the_order_is_no_reason_against_it(desk):
    """It waited for a person longer than an order may be old: that is not its fault."""
    for _ in range(3):
        desk.now_ns += 9_000_000_000
        desk.quote("1.1000", "1.1002")
    assert decide(desk, "APPROVE").outcome == "DONE"


def test_its_owner_may_cancel_it_and_not_change_it(desk):
    """A cancel ends it at once, since the venue never had it; a replace is refused."""
    desk.hear("MM", change(desk, "R", "BIG", "100", "1.1000"))
    refused = [m for m in desk.told("MM") if isinstance(m, OrderCancelReject)][-1]
    assert refused.text.startswith("HELD: ")
    desk.hear("MM", cancel(desk, "C", "BIG"))
    assert (last(desk).exec_type, last(desk).ord_status) == (E.CANCELED, OrdStatus.CANCELED)
    assert not desk.book.in_review
    assert not sent_to_venue(desk)


def test_a_kill_ends_what_waits(desk):
    """What is held here is cancelled with the rest, at once."""
    ask(desk, "KILL", scope="all", reason="enough")
    assert last(desk).exec_type is E.CANCELED
    assert not desk.book.in_review
    assert not [m for m in desk.told(VENUE) if isinstance(m, OrderCancelRequest)]


def test_a_restart_forgets_nobody_who_waits(desk):
    """After a restart it waits on, for as long as it was given, and can be approved."""
    desk.now_ns += 10_000_000_000
    desk.restart()
    (row,) = rows(desk, "REVIEWS", session=ANN)
    assert row["symbol"] == SYMBOL
    desk.log_on(VENUE)
    desk.answer_round()
    desk.quote("1.1000", "1.1002")
    assert decide(desk, "APPROVE").outcome == "DONE"
    assert len(sent_to_venue(desk)) == 1


def test_what_waits_counts_as_in_flight(desk):
    """An order in review uses up the limit on open orders like any other."""
    ask(desk, "LIMIT", scope="strategy:MM", reason="x",
        body={"key": "max_open_orders", "value": "1"})  # fmt: skip
    desk.hear("MM", new_order(desk, "SMALL", "10"))
    assert last(desk).text.startswith("MAX_OPEN_ORDERS: ")
