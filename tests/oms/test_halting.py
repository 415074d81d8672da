"""What halts tell: the strictest that stands on a scope, and once for a fault that lasts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE, Desk, rules
from support.operators import ask, notes

from gateway.oms.halting import trip
from gateway.risk.breaker_rules import BreakerRules, Disconnect, StaleFeed
from protocol.fields import TradingState
from protocol.messages import TradingSessionStatus

HALTED, REDUCING, ACTIVE = TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE
SCOPE = f"venue:{VENUE}"


def desk_with(**breakers):
    """A desk that is open, with these breakers and no others."""
    house = rules()
    desk = Desk(replace(house, breakers=replace(house.breakers, **breakers)))
    desk.open_up()
    return desk


def told(desk):
    """Return the trading states that MM was told."""
    return [
        message.trading_state for message in desk.told("MM")
        if isinstance(message, TradingSessionStatus) and message.trading_state is not None
    ]  # fmt: skip


def breaker_trips(desk, cool_down_ms=1_000):
    """Let a breaker trip the venue into REDUCING."""
    desk.run(trip(
        desk.book, desk.rules, SCOPE, REDUCING, desk.now_ns, cause="TEST", detail="x=1",
        cool_down_ms=cool_down_ms,
    ))  # fmt: skip


def test_what_is_told_is_the_strictest_that_stands():
    """A breaker's REDUCING on what a person has halted is no loosening, nor is its end."""
    desk = desk_with()
    ask(desk, "KILL", scope=SCOPE, reason="enough")
    breaker_trips(desk)
    desk.pass_time(2_000)
    assert told(desk) == [HALTED, HALTED]
    assert list(desk.book.state.halts[SCOPE]) == ["PERSON"]
    ask(desk, "RESUME", scope=SCOPE, reason="over")
    assert told(desk)[-1] is ACTIVE


def test_a_persons_reducing_leaves_a_breakers_halt():
    """What the breaker has stopped stays stopped, and that is what is told."""
    desk = desk_with()
    desk.run(trip(
        desk.book, desk.rules, SCOPE, HALTED, desk.now_ns, cause="TEST", detail="x=1",
    ))  # fmt: skip
    ask(desk, "REDUCE", scope=SCOPE, reason="careful")
    assert told(desk) == [HALTED, HALTED]


@pytest.mark.parametrize("cause", ["STALE_FEED", "LINK_DOWN"])
def test_a_fault_that_lasts_is_one_trip(cause):
    """A market that is closed for the weekend trips once, and is free again when it is back."""
    desk = desk_with(stale_feed=StaleFeed()) if cause == "STALE_FEED" else desk_with(
        disconnect=Disconnect()
    )  # fmt: skip
    if cause == "LINK_DOWN":
        desk.drop(VENUE)
    for _ in range(600):
        desk.pass_time(1_000)
    (trip_told,) = notes(desk, "ALERT BREAKER")
    assert trip_told["why"].startswith(cause)
    assert notes(desk, "ALERT BREAKER_RESET") == []
    if cause == "LINK_DOWN":
        desk.log_on(VENUE)
        desk.answer_round()
    for _ in range(50):
        desk.quote("1.1001", "1.1003")
        desk.pass_time(100)
    assert desk.book.state.halts == {}
    assert len(notes(desk, "ALERT BREAKER_RESET")) == 1
    assert desk.replayed().digest() == desk.book.digest()


def test_a_person_may_resume_what_lasts():
    """It is a person's to say; what still lasts trips again when it has lasted as long again."""
    desk = desk_with(stale_feed=StaleFeed())
    for _ in range(60):
        desk.pass_time(1_000)
    (scope,) = desk.book.state.halts
    assert scope == f"symbol:{SYMBOL} {SCOPE}"
    assert ask(desk, "RESUME", scope=scope, reason="I know").outcome == "DONE"
    assert desk.book.state.halts == {}
    for _ in range(60):
        desk.pass_time(1_000)
    assert list(desk.book.state.halts) == [scope]


def test_the_defaults_are_on():
    """The breakers of these tests are those of the house, and on."""
    assert BreakerRules().stale_feed.on
    assert BreakerRules().disconnect.on
