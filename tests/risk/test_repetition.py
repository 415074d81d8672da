"""The same again, and again: what is meant passes, what runs away is stopped by name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import cancel
from support.scopes import SCOPES, ask, ask_change, code, desk_with, last_sent

from protocol.fields import (
    ExecInst,
    MassCancelRequestType,
    PositionEffect,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.messages import OperatorCommand, OrderMassCancelRequest
from protocol.timestamps import format_utc

SELL = Side.SELL
WINDOW = 250


@pytest.fixture
def desk():
    """A desk where the same order may come again after a quarter of a second."""
    return desk_with("strategy:MM", duplicate_window_ms=WINDOW)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("after_ms", "expected"), [
    (WINDOW - 1, "DUPLICATE_CONTENT"), (WINDOW, "DUPLICATE_CONTENT"), (WINDOW + 1, ""),
])  # fmt: skip
def test_the_same_order_again(scope, after_ms, expected):
    """Within the window it is executed once, after it again."""
    desk = desk_with(scope, duplicate_window_ms=WINDOW)
    assert ask(desk) == ""
    desk.pass_time(after_ms)
    text = ask(desk)
    assert code(text) == expected
    assert not expected or f"age_ms={after_ms} window_ms={WINDOW} scope={scope}" in text


@pytest.mark.parametrize("fields", [
    {"qty": "1001"}, {"price": "1.0999"}, {"side": SELL}, {"owner": "MOM"},
    {"price": None}, {"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL},
    {"exec_inst": ExecInst.PARTICIPATE_DONT_INITIATE},
])  # fmt: skip
def test_another_order(desk, fields):
    """Whatever differs makes it another order."""
    assert ask(desk) == ""
    assert ask(desk, **fields) == ""


def test_reduce_only_is_another_order(desk):
    """To close is not to open."""
    assert ask(desk) == ""
    last_sent(desk).fill("1000")
    assert ask(desk, "400", side=SELL) == ""
    assert ask(desk, "400", side=SELL, position_effect=PositionEffect.CLOSE) == ""


def test_what_was_refused_is_no_first_time(desk):
    """Only an order that was let through can be executed twice."""
    assert ask(desk, ex_destination="NOWHERE") != ""
    assert ask(desk) == ""


def test_what_was_cancelled_may_be_sent_again(desk):
    """Who takes an order back and sends it anew has not doubled it."""
    assert ask(desk, cl_ord_id="a") == ""
    last_sent(desk).accept()
    desk.hear("MM", cancel(desk, "b", "a"))
    assert ask(desk) == ""
    assert code(ask(desk)) == "DUPLICATE_CONTENT"
    desk.hear("MM", OrderMassCancelRequest(
        cl_ord_id="q", mass_cancel_request_type=MassCancelRequestType.ALL,
        transact_time=format_utc(desk.now_ns),
    ))  # fmt: skip
    assert ask(desk) == ""


def test_the_cancel_of_an_older_order_excuses_nothing(desk):
    """Two orders alike, the older cancelled: the younger still stands."""
    assert ask(desk, cl_ord_id="a") == ""
    last_sent(desk).accept()
    desk.pass_time(WINDOW + 1)
    assert ask(desk) == ""
    desk.hear("MM", cancel(desk, "b", "a"))
    assert code(ask(desk)) == "DUPLICATE_CONTENT"


def test_replacing_is_no_repetition(desk):
    """A replacement back to what the order was is one order still."""
    assert ask(desk, cl_ord_id="a") == ""
    last_sent(desk).accept()
    assert ask_change(desk, "a") == ""


# Runaway.


def runner(scope="strategy:MM", most=5, window_ms=10_000):
    """A desk where so many like orders in a row are let through."""
    return desk_with(scope, runaway_orders=most, runaway_window_ms=window_ms)


def run(desk, most=100, **fields):
    """Send like orders, each at another price, until one is refused; return how many passed."""
    for count in range(most):
        text = ask(desk, "100", str(Decimal("1.0900") - count * Decimal("0.0001")), **fields)
        if text:
            return count, text
    return most, ""


@pytest.mark.parametrize("scope", SCOPES)
def test_a_loop_is_stopped(scope):
    """So many pass, the next is refused and halts the strategy until a person resumes it."""
    desk = runner(scope)
    count, text = run(desk)
    assert (count, code(text)) == (5, "RUNAWAY")
    assert f"orders=6 limit=5 window_ms=10000 scope={scope}" in text
    halt = desk.book.state.halts["strategy:MM"]["RUNAWAY"]
    assert (halt.state, halt.until_ns) == (TradingState.HALTED, 0)
    assert code(ask(desk, "1")) == "HALTED"
    assert ask(desk, "100", owner="MOM") == ""


def test_a_person_resumes_it_and_it_is_counted_anew():
    """After the resume the whole run passes once more, then it is halted again."""
    desk = runner()
    run(desk)
    desk.log_on("OPERATOR/ann", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="1", command="RESUME", scope="strategy:MM", reason="the loop is mended",
    ))  # fmt: skip
    count, text = run(desk)
    assert (count, code(text)) == (5, "RUNAWAY")
    assert "RUNAWAY" in desk.book.state.halts["strategy:MM"]


def test_the_halt_survives_a_restart():
    """A program that runs away does so after a restart as well."""
    desk = runner()
    run(desk)
    desk.restart()
    assert "RUNAWAY" in desk.book.state.halts["strategy:MM"]


def test_the_window_slides():
    """Orders that are further apart than the window over the limit are no run."""
    desk = runner(most=5, window_ms=1_000)
    for _ in range(30):
        assert ask(desk, "100") == ""
        desk.pass_time(201)
    desk = runner(most=5, window_ms=1_000)
    for count in range(6):
        assert code(ask(desk, "100")) == ("RUNAWAY" if count == 5 else "")
        desk.pass_time(200)


@pytest.mark.parametrize("between", [{"side": SELL}, {"qty": "101"}, {"price": None}])
def test_another_order_between_ends_a_run(between):
    """A market maker quotes two sides; a run is of orders alike and nothing else."""
    desk = runner()
    for _ in range(20):
        assert ask(desk, "100") == ""
        assert ask(desk, **{"qty": "100", **between}) == ""


def test_a_cancel_between_ends_a_run():
    """Who quotes anew after a cancel is at work."""
    desk = runner()
    for count in range(20):
        assert ask(desk, "100", cl_ord_id=f"a{count}") == ""
        last_sent(desk).accept()
        desk.hear("MM", cancel(desk, f"b{count}", f"a{count}"))


def test_a_cancel_of_nothing_does_not():
    """A loop that also sends senseless cancels is a loop."""
    desk = runner()
    for count in range(5):
        assert ask(desk, "100") == ""
        desk.hear("MM", cancel(desk, f"b{count}", "NONE"))
        desk.hear("MM", OrderMassCancelRequest(
            cl_ord_id=f"q{count}", mass_cancel_request_type=MassCancelRequestType.SECURITY,
            transact_time=format_utc(desk.now_ns),
        ))  # fmt: skip
    assert code(ask(desk, "100")) == "RUNAWAY"


def test_orders_of_another_strategy_are_nobody_elses_run():
    """Two strategies that trade alike are two."""
    desk = runner("all")
    for _ in range(5):
        assert ask(desk, "100") == ""
        assert ask(desk, "100", owner="MOM") == ""


def test_memory_is_bounded():
    """Without limits nothing is kept; with them no more than the windows and limits want."""
    desk = desk_with("all", runaway_orders=3, runaway_window_ms=1, duplicate_window_ms=1)
    for count in range(50):
        ask(desk, str(100 + count % 40), price=None)
        desk.pass_time(1)
    recent = desk.core.facts.activity._recent["MM"]
    assert len(recent.contents) <= 2
    assert len(recent.run) <= 4
