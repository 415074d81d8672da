"""Orders without room at the venue: held and sent in their turn, or refused in time, never late."""

from __future__ import annotations

import pytest
from support.desk import VENUE, Exchange, cancel, new_order
from support.paced import ANN, ORDERS, fill_up, hold, house, opened, settled, warning

from gateway.oms.halting import trip
from protocol.fields import PositionEffect, Side, TradingState
from protocol.messages import NewOrderSingle, OperatorCommand, OrderCancelRequest


@pytest.fixture
def desk():
    """A desk that is open, its venue left alone for a second."""
    return opened(house())


def test_with_room_an_order_goes_at_once(desk):
    """Accepted and handed to the venue in the same turn."""
    fill_up(desk)
    assert len(desk.sent(NewOrderSingle)) == ORDERS
    assert desk.reports().count("A/A") == ORDERS


def test_without_room_an_order_is_held_and_sent_when_there_is(desk):
    """150=A at once, D as soon as the window lets it, once, and the journal holds it all."""
    fill_up(desk)
    desk.hear("MM", new_order(desk, "X"))
    assert desk.reports()[-1] == "A/A"
    assert len(desk.sent(NewOrderSingle)) == ORDERS
    desk.live(1_000)
    assert len(desk.sent(NewOrderSingle)) == ORDERS
    desk.live(2)
    (late,) = desk.sent(NewOrderSingle)[ORDERS:]
    Exchange(desk, late).accept()
    assert desk.reports()[-1] == "0/0"
    assert settled(desk)


def test_what_would_wait_too_long_is_refused_on_arrival():
    """150=8 with the numbers, and the venue never hears of it."""
    desk = opened(house(max_send_wait_ms=500))
    fill_up(desk)
    desk.live(400)
    desk.hear("MM", new_order(desk, "X"))
    assert desk.reports()[-1] == "8/8 VENUE_RATE: venue=PAPER wait_ms=602 limit_ms=500"
    desk.live(102)
    desk.hear("MM", new_order(desk, "Y"))
    assert desk.reports()[-1] == "A/A"
    desk.live(3_000)
    assert len(desk.sent(NewOrderSingle)) == ORDERS + 1


def test_those_who_wait_count(desk):
    """The ninth of those who wait would go a second later than the eighth: it is refused."""
    fill_up(desk)
    for number in range(2 * ORDERS):
        desk.hear("MM", new_order(desk, f"X{number}"))
    refused = [text for text in desk.reports() if text.startswith("8/8")]
    assert len(refused) == ORDERS
    assert refused[0] == "8/8 VENUE_RATE: venue=PAPER wait_ms=2003 limit_ms=2000"


@pytest.mark.parametrize("lane", ["reduce", "new"])
def test_what_reduces_goes_before_what_does_not(desk, lane):
    """A reduce-only order that came last is sent first."""
    (bought, *_) = fill_up(desk)
    bought.fill("1000")
    desk.hear("MM", new_order(desk, "N"))
    if lane == "reduce":
        closing = new_order(
            desk, "R", price="1.2000", side=Side.SELL, position_effect=PositionEffect.CLOSE
        )
        desk.hear("MM", closing)
    else:
        desk.hear("MM", new_order(desk, "R", price="1.2000", side=Side.SELL))
    desk.live(1_100)
    first, second = (order.side for order in desk.sent(NewOrderSingle)[ORDERS:])
    assert (first, second) == (
        (Side.SELL, Side.BUY) if lane == "reduce" else (Side.BUY, Side.SELL)
    )


# A held order that must not be sent.


def never_sent(desk, sent=ORDERS):
    """Whether the held order stays unsent, whatever time brings, and the journal agrees."""
    desk.live(5_000)
    return len(desk.sent(NewOrderSingle)) == sent and settled(desk)


def test_a_held_order_that_is_cancelled_ends_at_once(desk):
    """150=6 and 150=4 in one turn, no F, no D; its place is free."""
    hold(desk)
    desk.hear("MM", cancel(desk, "Y", "X"))
    assert desk.reports() == ["6/6", "4/4"]
    assert desk.core.market.venue(VENUE).pacer.waiting() == []
    assert desk.sent(OrderCancelRequest) == []
    assert never_sent(desk, 0)


@pytest.mark.parametrize("command", ["KILL", "CANCEL"])
def test_a_held_order_that_is_killed_ends_at_once(desk, command):
    """The kill switch reaches what waits here."""
    hold(desk)
    desk.log_on(ANN)
    desk.hear(ANN, OperatorCommand(cl_ord_id="U", command=command, scope="all", reason="test"))
    (ended,) = [text for text in desk.reports() if text.startswith("4/4")]
    assert ended == f"4/4 {command} by ann"
    assert never_sent(desk, 0)


def test_flattening_waits_as_long_as_it_takes(desk):
    """The venue warns just then: the order that closes the position is sent when it may be."""
    (bought, *_) = fill_up(desk, 1)
    bought.fill("1000")
    desk.hear(VENUE, warning(9_000))
    desk.log_on(ANN)
    desk.hear(ANN, OperatorCommand(
        cl_ord_id="U", command="KILL", scope="all", reason="t", command_body='{"flatten": true}',
    ))  # fmt: skip
    desk.live(8_900)
    assert len(desk.sent(NewOrderSingle)) == 1
    desk.live(200)
    (closing,) = desk.sent(NewOrderSingle)[1:]
    assert (closing.side, closing.order_qty) == (Side.SELL, 1_000)
    assert settled(desk)


def test_a_held_order_of_a_halted_scope_is_refused_at_its_turn(desk):
    """A breaker that trips while it waits keeps it from leaving."""
    hold(desk)
    desk.run(trip(
        desk.book, desk.rules, "strategy:MM", TradingState.HALTED, desk.now_ns,
        cause="LOSS", detail="loss=1",
    ))  # fmt: skip
    assert never_sent(desk, 0)
    assert desk.reports()[-1].startswith("8/8 HALTED: scope=strategy:MM")


def test_a_held_order_whose_owner_is_gone_is_refused(desk):
    """Nobody would watch it."""
    hold(desk)
    desk.drop("MM")
    assert desk.reports()[-1] == "8/8 OWNER_GONE: owner=MM"
    assert never_sent(desk, 0)


def test_an_owner_who_comes_back_by_another_link_is_not_gone(desk):
    """A takeover is the same strategy on a new connection: its order keeps its place."""
    hold(desk)
    desk.drop("MM", "TAKEOVER")
    desk.live(1_100)
    assert len(desk.sent(NewOrderSingle)) == 1


def test_another_owners_end_is_no_reason(desk):
    """MOM's going does not cost MM's order its place."""
    hold(desk)
    desk.drop("MOM")
    desk.live(1_100)
    assert len(desk.sent(NewOrderSingle)) == 1


def test_a_held_order_whose_venue_goes_away_is_refused(desk):
    """The link breaks: what was held for it says so, at once."""
    hold(desk)
    desk.drop(VENUE)
    assert "8/8 VENUE_DOWN: venue=PAPER why=its_bridge_is_not_linked" in desk.reports()
    assert never_sent(desk, 0)


def test_a_held_order_is_not_sent_after_its_time(desk):
    """A warning while it waits: when `max_send_wait_ms` is over it is refused, not sent late."""
    hold(desk)
    desk.hear(VENUE, warning(10_000))
    desk.live(2_001)
    assert desk.reports() == ["8/8 VENUE_RATE: venue=PAPER limit_ms=2000"]
    assert never_sent(desk, 0)


def test_a_held_order_does_not_survive_a_restart(desk):
    """A held order without a D in the journal was never sent and says so."""
    hold(desk)
    desk.restart()
    (report,) = [text for text in desk.reports() if text.startswith("8/8")]
    assert report.startswith("8/8 NOT_SENT")
    desk.log_on(VENUE)
    desk.answer_round()
    assert never_sent(desk, 0)


def test_an_order_that_was_held_has_its_whole_time_to_be_answered():
    """Patience with the venue begins when the D leaves, not when the order came."""
    desk = opened(house(max_send_wait_ms=60_000))
    fill_up(desk)
    desk.hear("MM", new_order(desk, "X"))
    desk.hear(VENUE, warning(8_000))
    desk.live(8_100)
    assert len(desk.sent(NewOrderSingle)) == ORDERS + 1
    desk.said.clear()
    desk.live(4_500)
    assert desk.reports() == []
    desk.live(700)
    assert desk.reports() == ["I/A"]
