"""How many messages a scope may send: each counted once, orders refused, cancels never."""

from __future__ import annotations

import pytest
from support.desk import VENUE, cancel, change, new_order
from support.scopes import SCOPES, ask, code, desk_with, house_with, last_sent

from protocol.fields import ExecType, MassCancelRequestType
from protocol.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelRequest,
    OrderMassCancelRequest,
)
from protocol.timestamps import format_utc

SECOND_MS = 1_000


def desk_of(scope="strategy:MM", rate=2, burst=4):
    """A desk where one scope may send so much."""
    return desk_with(scope, max_messages_per_s=rate, message_burst=burst)


def room(desk, owner="MM"):
    """Send orders until one is refused; return how many were not."""
    for count in range(100):
        if code(ask(desk, "1", owner=owner)) == "RATE":
            return count
    return 100


@pytest.mark.parametrize("scope", SCOPES)
def test_a_burst_and_then_the_rate(scope):
    """The burst passes, the next does not; after a second there are as many as the rate says."""
    desk = desk_of(scope)
    for _ in range(4):
        assert ask(desk, "1") == ""
    text = ask(desk, "1")
    assert code(text) == "RATE"
    assert f"per_s=2 burst=4 scope={scope}" in text
    desk.pass_time(SECOND_MS // 2 - 1)
    assert code(ask(desk, "1")) == "RATE"
    desk.pass_time(1)
    assert ask(desk, "1") == ""
    assert code(ask(desk, "1")) == "RATE"
    desk.pass_time(SECOND_MS)
    assert room(desk) == 2


@pytest.mark.parametrize("what", ["orders", "cancels"])
@pytest.mark.parametrize("scope", SCOPES[1:])
def test_a_flood_of_one_takes_no_others_tokens(scope, what):
    """Who is beyond his own rate cannot use up the one that all share, not even with cancels."""
    house = house_with("strategy:MM", max_messages_per_s=2, message_burst=4)
    desk = desk_with(scope, house, max_messages_per_s=8, message_burst=8)
    desk.hear("MM", new_order(desk, "X", "1"))
    last_sent(desk).accept()
    for count in range(50):
        order, gone = new_order(desk, f"F{count}", "1"), cancel(desk, f"F{count}", "X")
        desk.hear("MM", order if what == "orders" else gone)
    assert room(desk, "MOM") == 4


def test_what_was_refused_for_want_of_a_token_takes_none():
    """A flood passes at the rate, and is not starved by what was refused of it."""
    desk = desk_of()
    room(desk)
    passed = 0
    for _ in range(100):
        desk.pass_time(10)
        passed += ask(desk, "1") == ""
    assert passed == 2


def test_cancels_pass_and_count():
    """Without a token a cancel is sent all the same; with one, it takes it."""
    desk = desk_of()
    for name in "abc":
        assert ask(desk, "1", cl_ord_id=name) == ""
        last_sent(desk).accept()
    desk.hear("MM", cancel(desk, "x", "a"))
    assert code(ask(desk, "1")) == "RATE"
    desk.hear("MM", cancel(desk, "y", "b"))
    assert desk.told("MM")[-1].exec_type is ExecType.PENDING_CANCEL
    desk.pass_time(SECOND_MS)
    desk.hear("MM", OrderMassCancelRequest(
        cl_ord_id="q", mass_cancel_request_type=MassCancelRequestType.ALL,
        transact_time=format_utc(desk.now_ns),
    ))  # fmt: skip
    assert len([m for m in desk.told(VENUE) if isinstance(m, OrderCancelRequest)]) == 3
    assert room(desk) == 1


def test_a_replacement_is_refused_and_counts_like_an_order():
    """G takes a token as D does."""
    desk = desk_of(burst=2)
    assert ask(desk, "1", cl_ord_id="a") == ""
    last_sent(desk).accept()
    desk.hear("MM", change(desk, "b", "a", "2", "1.1"))
    assert desk.told("MM")[-1].exec_type is ExecType.PENDING_REPLACE
    desk.hear("MM", change(desk, "c", "a", "3", "1.1"))
    assert isinstance(desk.told("MM")[-1], OrderCancelReject)
    assert code(ask(desk, "1")) == "RATE"


@pytest.mark.parametrize(
    "fields", [{"cl_ord_id": "a"}, {"ex_destination": "NOWHERE"}, {"price": "-1"}]
)
def test_what_is_refused_for_another_reason_counts(fields):
    """A program that sends nonsense without end is heard only so often as one that does not."""
    desk = desk_of()
    assert ask(desk, "1", cl_ord_id="a") == ""
    before = len(desk.told("MM"))
    desk.hear("MM", new_order(desk, **{"cl_ord_id": "b", "qty": "1", **fields}))
    told = desk.told("MM")[before:]
    assert [m.exec_type for m in told if isinstance(m, ExecutionReport)] == [ExecType.REJECTED]
    assert room(desk) == 2


def test_strategies_share_what_their_account_may_send():
    """A shared scope is used up by whoever comes first; one's own by nobody else."""
    desk = desk_of("account:ACC")
    assert room(desk, "MOM") == 4
    assert room(desk) == 0
    desk = desk_of()
    assert room(desk, "MOM") == 100
    assert room(desk) == 4


def test_none_at_all():
    """A rate of 0 lets nothing through."""
    desk = desk_of(rate=0, burst=0)
    assert code(ask(desk, "1")) == "RATE"
