"""What may be lost in a day and from the top: refused and halted; the marks outlive a restart."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import rules
from support.scopes import (
    SCOPES,
    ask,
    code,
    desk_with,
    last_sent,
    number,
    with_venue,
)

from gateway.oms.session_days import next_day_end
from gateway.risk.breaker_rules import Loss
from protocol.fields import ExecType, OrdStatus, Side, TradingState
from protocol.messages import OperatorCommand

SELL = Side.SELL
FEE = Decimal("0.01")
HOUR_MS = 3_600_000


def house(*, trips=True):
    """A house whose breaker of losses is on, or off."""
    found = rules()
    return replace(found, breakers=replace(found.breakers, loss=Loss(on=trips)))


def desk_of(scope="strategy:MM", *, trips=True, **limits):
    """A desk where one scope has a limit on losses."""
    return desk_with(scope, house(trips=trips), **limits)


def trade(desk, side, qty, px, owner="MM"):
    """Trade at a price, for a fee of a cent."""
    assert ask(desk, qty, owner=owner, side=side) == ""
    last_sent(desk).fill(qty, px)


def lose(desk, amount, owner="MM"):
    """Lose an amount, the fees of two trades included."""
    trade(desk, Side.BUY, "1000", "1.1001", owner)
    price = Decimal("1.1001") - (Decimal(amount) - 2 * FEE) / 1000
    trade(desk, SELL, "1000", format(price, "f"), owner)


LIMITS = pytest.mark.parametrize(
    ("key", "expected"), [("max_daily_loss", "DAILY_LOSS"), ("max_drawdown", "DRAWDOWN")]
)


@LIMITS
@pytest.mark.parametrize("scope", SCOPES)
def test_a_loss_beyond_the_limit_refuses(scope, key, expected):
    """Inside and at the limit all is well, a cent beyond it nothing new is let through."""
    desk = desk_of(scope, trips=False, **{key: Decimal(10)})
    lose(desk, "9.99")
    assert ask(desk, "1") == ""
    last_sent(desk).cancel()
    lose(desk, "0.03")
    text = ask(desk, "1")
    assert code(text) == expected
    assert f"scope={scope}" in text
    assert (number(text, "loss"), number(text, "limit")) == (Decimal("10.02"), 10)


@LIMITS
def test_the_limit_itself(key, expected):
    """A loss of just the limit is none beyond it."""
    desk = desk_of(trips=False, **{key: Decimal(10)})
    lose(desk, "10")
    assert ask(desk, "1") == ""
    last_sent(desk).fill("1", "1.1001")
    assert code(ask(desk, "1")) == expected


@LIMITS
@pytest.mark.parametrize("scope", SCOPES)
def test_a_loss_beyond_the_limit_halts_its_scope(scope, key, expected):
    """In the turn of the fill: REDUCING until a person resumes, also after a restart.

    Who resumes after a drawdown accepts it, and the top begins anew; a day's loss stays a loss.
    """
    desk = desk_of(scope, **{key: Decimal(10)})
    lose(desk, "10")
    assert scope not in desk.book.state.halts
    trade(desk, Side.BUY, "1", "1.1001")
    halt = desk.book.state.halts[scope][expected]
    assert (halt.state, halt.until_ns) == (TradingState.REDUCING, 0)
    assert "loss=10.01 limit=10" in halt.reason
    assert code(ask(desk, "1")) == "REDUCING"
    desk.restart()
    desk.open_up()
    assert code(ask(desk, "1")) == "REDUCING"
    desk.log_on("OPERATOR/ann", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="1", command="RESUME", scope=scope, reason="known",
    ))  # fmt: skip
    assert code(ask(desk, "1")) == ("" if expected == "DRAWDOWN" else expected)
    assert desk.book.digest() == desk.replayed().digest()


@LIMITS
def test_the_price_alone_can_halt(key, expected):
    """What is held loses on paper: the next look at it halts, and the way out stays open."""
    found = house()
    loss = Loss(state=TradingState.REDUCING)
    found = replace(found, breakers=replace(found.breakers, loss=loss))
    desk = desk_with("strategy:MM", found, **{key: Decimal(5)})
    trade(desk, Side.BUY, "1000", "1.1001")
    desk.quote("1.0949", "1.0952")
    desk.pass_time(100)
    assert desk.book.state.halts["strategy:MM"][expected].state is TradingState.REDUCING
    assert code(ask(desk, "1")) == "REDUCING"
    assert ask(desk, "1000", "1.0949", side=SELL) == ""


@LIMITS
def test_a_position_may_be_closed_beyond_the_limit(key, expected):
    """The check lets pass what reduces."""
    desk = desk_of(trips=False, **{key: Decimal(5)})
    trade(desk, Side.BUY, "1000", "1.1001")
    desk.quote("1.0949", "1.0952")
    assert code(ask(desk, "1", "1.09")) == expected
    assert ask(desk, "1000", "1.0949", side=SELL) == ""


def test_resumed_while_it_is_beyond_its_limit_it_trips_again():
    """A person has to raise the limit, or wait for the day's end."""
    desk = desk_of(max_daily_loss=Decimal(10))
    lose(desk, "11")
    desk.log_on("OPERATOR/ann", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="1", command="RESUME", scope="strategy:MM", reason="go on",
    ))  # fmt: skip
    desk.pass_time(100)
    desk.pass_time(100)
    assert "DAILY_LOSS" in desk.book.state.halts["strategy:MM"]


def to_next_day(desk):
    """Let time pass until the day of the limits is over; keep the quote fresh."""
    ends_ns = next_day_end(desk.now_ns, desk.rules.day_ends)
    desk.pass_time((ends_ns - desk.now_ns) // 1_000_000)
    desk.quote("1.1001", "1.1003")
    desk.pass_time(5_000)
    desk.quote("1.1000", "1.1002")


def test_a_new_day_begins_with_nothing_lost():
    """The daily loss begins anew, the drawdown does not."""
    desk = desk_of(trips=False, max_daily_loss=Decimal(10), max_drawdown=Decimal(15))
    lose(desk, "10.5")
    assert code(ask(desk, "1")) == "DAILY_LOSS"
    to_next_day(desk)
    lose(desk, "4.5")
    assert ask(desk, "1") == ""
    last_sent(desk).cancel()
    lose(desk, "0.1")
    assert code(ask(desk, "1")) == "DRAWDOWN"


def test_the_marks_outlive_a_restart():
    """What was lost before a crash is lost after it; the day is the same one."""
    desk = desk_of(trips=False, max_daily_loss=Decimal(10), max_drawdown=Decimal(100))
    lose(desk, "6")
    before = dict(desk.book.state.marks)
    desk.restart()
    desk.open_up()
    desk.pass_time(100)
    assert desk.book.state.marks == before
    lose(desk, "5")
    assert code(ask(desk, "1")) == "DAILY_LOSS"


def test_a_limit_that_is_new_counts_from_now():
    """A scope that is limited from today on has not lost what was lost before."""
    desk = desk_of(max_daily_loss=Decimal(1000))
    lose(desk, "50")
    limits = {**desk.rules.limits, "all": replace(desk.rules.limits["strategy:MM"],
                                                  max_daily_loss=Decimal(10))}  # fmt: skip
    desk.rules = replace(desk.rules, limits=limits)
    desk.restart()
    desk.open_up()
    desk.pass_time(100)
    assert desk.book.state.marks["all"].day_start == -50
    assert ask(desk, "1") == ""


def marks_noted(desk):
    """Return how often marks were journaled."""
    return sum(note.kind == "MARKS" for note in desk.notes)


def test_the_highest_profit_is_journaled_in_steps():
    """Not for less than a hundredth of the limit, not twice in a second, and the peak at last."""
    desk = desk_of(max_drawdown=Decimal(100))
    trade(desk, Side.BUY, "1000", "1.1001")
    desk.pass_time(100)
    high = desk.book.state.marks["strategy:MM"].high
    noted = marks_noted(desk)
    desk.quote("1.1009", "1.1011")
    desk.pass_time(100)
    assert marks_noted(desk) == noted
    desk.quote("1.1019", "1.1021")
    desk.pass_time(100)
    assert marks_noted(desk) == noted + 1
    assert desk.book.state.marks["strategy:MM"].high - high > 1
    desk.quote("1.1059", "1.1061")
    desk.pass_time(100)
    desk.quote("1.1009", "1.1011")
    desk.pass_time(100)
    assert marks_noted(desk) == noted + 1
    desk.pass_time(1_000)
    assert marks_noted(desk) == noted + 2
    assert desk.book.state.marks["strategy:MM"].high == Decimal("5.90") - FEE


def test_drawdown_is_measured_from_the_top():
    """A profit that was given back counts, though nothing was lost in the day."""
    desk = desk_of(trips=False, max_drawdown=Decimal(5), max_daily_loss=Decimal(5))
    trade(desk, Side.BUY, "1000", "1.0950")
    desk.pass_time(100)
    desk.quote("1.0990", "1.0992")
    assert ask(desk, "1", "1.09") == ""
    last_sent(desk).cancel()
    desk.quote("1.0949", "1.0951")
    assert code(ask(desk, "1", "1.09")) == "DRAWDOWN"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("key", ["max_daily_loss", "max_drawdown", "capital"])
def test_unknown_profit_refuses_new_risk(scope, key):
    """A fee in a currency without a rate: nothing new is let through, only less of what is held."""
    desk = desk_of(scope, **{key: Decimal(10_000)})
    assert ask(desk, "1000") == ""
    last_sent(desk).say(
        ExecType.TRADE, OrdStatus.FILLED, last_qty=Decimal(1000), last_px=Decimal("1.1"),
        secondary_exec_id="T1", commission=Decimal(1), comm_type="3", comm_currency="BNB",
    )
    text = ask(desk, "1")
    assert code(text) == "PNL_UNKNOWN"
    assert f"no_rate_from_BNB_to_USD scope={scope}" in text
    assert ask(desk, "1000", side=SELL) == ""


def test_a_day_that_ends_while_profit_is_unknown():
    """The day of a scope begins when its profit is known again; until then nothing is risked."""
    desk = desk_of(trips=False, max_daily_loss=Decimal(10))
    lose(desk, "6")
    trade(desk, Side.BUY, "1000", "1.1001")
    before = desk.book.state.marks["strategy:MM"]
    desk.restart()
    ends_ns = before.day_ends_ns
    desk.now_ns = ends_ns + 1
    desk.run(desk.core.tick(desk.now_ns))
    assert desk.book.state.marks["strategy:MM"] == before
    desk.open_up()
    desk.pass_time(100)
    after = desk.book.state.marks["strategy:MM"]
    assert after.day_ends_ns > ends_ns
    assert after.day_start == Decimal("-6.01")


def test_the_stop_of_an_order():
    """Its loss at the stop is a share of the capital: at the limit it passes, a tick beyond not."""
    desk = desk_with("strategy:MM", capital=Decimal(100_000), max_stop_loss_bps=Decimal(10))
    able = desk.core.market.venue("PAPER")
    able.capabilities |= {"STOP_LOSS"}
    assert ask(desk, "1000", stop_loss_px=Decimal("1.0000")) == ""
    text = ask(desk, "1000", stop_loss_px=Decimal("0.9999"))
    assert code(text) == "STOP_LOSS_TOO_WIDE"
    assert (number(text, "loss"), number(text, "equity")) == (Decimal("100.1"), 100_000)
    assert ask(desk, "1000", side=SELL, stop_loss_px=Decimal("1.2000")) == ""
    assert code(ask(desk, "1000", side=SELL, stop_loss_px=Decimal("1.2001"))) == code(text)
    assert ask(desk, "1000", None, stop_loss_px=Decimal("1.0002")) == ""
    assert code(ask(desk, "1000", None, stop_loss_px=Decimal("1.0001"))) == code(text)
    assert ask(desk, "1000") == ""


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("stop", "expected"), [("1.0999", ""), ("1.1000", "NO_STOP"), (None, "NO_STOP")]
)
def test_an_order_that_must_have_a_stop(scope, stop, expected):
    """A stop where it would lose nothing is none; what closes a position needs none."""
    desk = desk_with(scope, require_stop=True)
    desk.core.market.venue("PAPER").capabilities |= {"STOP_LOSS"}
    px = Decimal(stop) if stop else None
    text = ask(desk, "1000", stop_loss_px=px)
    assert code(text) == expected
    assert not expected or f"scope={scope}" in text
    if not expected:
        last_sent(desk).fill("1000")
        assert ask(desk, "1000", side=SELL) == ""


def test_without_capital_the_account_stands_behind_a_stop():
    """No figures of it, no verdict: refused."""
    found = with_venue(rules())
    desk = desk_with("strategy:MM", found, max_stop_loss_bps=Decimal(10))
    desk.core.market.venue("PAPER").capabilities |= {"STOP_LOSS"}
    assert code(ask(desk, stop_loss_px=Decimal("1.0"))) == "FUNDS_UNKNOWN"
