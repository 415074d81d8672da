"""No re-entry for a time: after a stop-out, after losses in a row; what reduces passes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import VENUE
from support.scopes import SCOPES, ask, code, desk_with, last_sent

from protocol.fields import ExecType, OrdStatus, OrdType, Side

COOLING_MS = 2_000
SELL = Side.SELL
PLACE = f"MM|{VENUE}|EURUSD"


def desk_of(scope="strategy:MM", losses=3):
    """A desk where one scope has the limit."""
    return desk_with(scope, cooling_ms=COOLING_MS, cooling_losses=losses)


def trade(desk, qty, px, side=Side.BUY, owner="MM", **fields):
    """Trade at a price; return the venue's side."""
    assert ask(desk, qty, side=side, owner=owner, **fields) == ""
    exchange = last_sent(desk)
    exchange.fill(qty, px)
    return exchange


def trip(desk, paid, got, owner="MM"):
    """Buy and sell again."""
    trade(desk, "100", paid, owner=owner)
    return trade(desk, "100", got, SELL, owner=owner)


def stop_out(desk, px="1.0900", qty="100"):
    """Buy, and be sold by a stop."""
    trade(desk, "100", "1.1000")
    fields = {"price": None, "ord_type": OrdType.STOP, "stop_px": Decimal("1.0950")}
    return trade(desk, qty, px, SELL, **fields)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_stop_out_cools_the_symbol(scope):
    """Nothing new until the time is over, to the millisecond."""
    desk = desk_of(scope)
    stop_out(desk)
    assert code(ask(desk)) == "COOLING"
    assert code(ask(desk, side=SELL)) == "COOLING"
    assert ask(desk, owner="MOM") == ""
    desk.pass_time(COOLING_MS - 1)
    assert code(ask(desk)) == "COOLING"
    desk.pass_time(1)
    assert ask(desk, price="1.0999") == ""


def test_a_stop_that_wins_cools_nothing():
    """A stop above what was paid has kept a profit; one that opens a position closes nothing."""
    desk = desk_of()
    stop_out(desk, px="1.1000")
    assert ask(desk) == ""
    desk = desk_of()
    fields = {"price": None, "ord_type": OrdType.STOP, "stop_px": Decimal("1.1050")}
    trade(desk, "100", "1.1050", **fields)
    assert ask(desk) == ""


def test_what_is_left_of_the_position_may_be_closed():
    """Half was stopped out: the other half may follow, and no more than that."""
    desk = desk_of()
    stop_out(desk, qty="50")
    assert code(ask(desk, "51", side=SELL)) == "COOLING"
    assert ask(desk, "50", side=SELL) == ""


@pytest.mark.parametrize("scope", SCOPES)
def test_losses_in_a_row(scope):
    """One trip less than the limit cools nothing, the limit does, and so each time again."""
    desk = desk_of(scope)
    for _ in range(2):
        trip(desk, "1.1000", "1.0999")
    assert not desk.book.state.cooling
    trip(desk, "1.1000", "1.0999")
    assert code(ask(desk)) == "COOLING"
    desk.pass_time(COOLING_MS)
    for _ in range(3):
        assert desk.book.state.cooling.get(PLACE, 0) <= desk.now_ns
        trip(desk, "1.1000", "1.0999")
    assert code(ask(desk)) == "COOLING"


def test_a_trip_without_a_loss_ends_the_row():
    """What neither wins nor loses ends it as well."""
    desk = desk_of()
    for got in ("1.0999", "1.0999", "1.1000", "1.0999", "1.0999"):
        trip(desk, "1.1000", got)
    assert ask(desk) == ""


def test_a_flip_ends_a_trip_and_begins_another():
    """From long to short by one order: one trip lost; what follows is judged by itself."""
    desk = desk_of(losses=2)
    trade(desk, "100", "1.1000")
    trade(desk, "200", "1.0990", SELL)
    assert not desk.book.state.cooling
    trade(desk, "100", "1.0991")
    assert code(ask(desk)) == "COOLING"


def test_a_trip_is_judged_as_a_whole():
    """A part that loses in a trip that wins is no loss."""
    desk = desk_of(losses=1)
    trade(desk, "100", "1.1000")
    trade(desk, "50", "1.0999", SELL)
    assert not desk.book.state.cooling
    trade(desk, "50", "1.1005", SELL)
    assert not desk.book.state.cooling


def test_a_bust_judges_nothing_again():
    """The losses stay as they were judged; the trip after it begins with a clean sheet."""
    desk = desk_of(losses=2)
    lost = trip(desk, "1.1000", "1.0999")
    lost.say(
        ExecType.TRADE_CANCEL, OrdStatus.NEW, secondary_exec_id=f"T{lost.wire_id}.1",
        exec_ref_id="1", last_qty=Decimal(0), last_px=Decimal(0),
    )  # fmt: skip
    key = desk.book.state.positions["MM"][f"ACC|{VENUE}|EURUSD"]
    assert key.losses == 1
    assert key.since == key.realized
    assert desk.replayed().digest() == desk.book.digest()


def test_cooling_survives_a_restart():
    """Who was stopped out does not come back by way of a crash."""
    desk = desk_of()
    stop_out(desk)
    desk.restart()
    desk.open_up()
    assert code(ask(desk)) == "COOLING"
    desk.pass_time(COOLING_MS)
    desk.quote("1.1000", "1.1002")
    assert ask(desk) == ""


def test_what_is_over_is_forgotten():
    """The table holds what cools now and what was not looked at since, no history."""
    desk = desk_of()
    stop_out(desk)
    assert list(desk.book.state.cooling) == [PLACE]
    desk.pass_time(COOLING_MS)
    trade(desk, "100", "1.1000", owner="MOM")
    trade(desk, "100", "1.0", SELL, owner="MOM")
    assert list(desk.book.state.cooling) == [PLACE]
    stop_out(desk)
    assert desk.book.state.cooling == {PLACE: desk.now_ns + COOLING_MS * 1_000_000}
