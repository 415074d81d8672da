"""The two tables and what is derived from them, over all of their inputs."""

from __future__ import annotations

import itertools

import pytest

from gateway.oms.order_states import (
    ASKED_TABLE,
    ENDED,
    OPEN,
    VENUE_STATE_OF,
    VENUE_TABLE,
    Asked,
    AskedEvent,
    VenueEvent,
    VenueState,
    ord_status,
    venue_next,
)
from protocol.fields import CxlRejReason, OrdStatus

ASKED = [Asked(*flags) for flags in itertools.product((False, True), repeat=2)]
FILLS = (VenueEvent.PARTIAL, VenueEvent.FULL)
ALL_PAIRS = list(itertools.product(VenueState, VenueEvent))
IMPOSSIBLE = {
    *((VenueState.PENDING_NEW, event) for event in (VenueEvent.BUST,)),
    *(
        (state, event)
        for state in ENDED
        for event in (
            VenueEvent.RESTATED, VenueEvent.REPLACED_OPEN, VenueEvent.REPLACED_DONE,
            VenueEvent.REJECTED, VenueEvent.EXPIRED, VenueEvent.CANCELED,
        )
        if (state, event)
        not in {
            (VenueState.CANCELED, VenueEvent.CANCELED),
            (VenueState.FILLED, VenueEvent.REPLACED_OPEN),
        }
    ),
    (VenueState.REJECTED, VenueEvent.ACCEPTED),
}  # fmt: skip


def test_open_and_ended_part_the_states():
    """Every state is open or ended, and none is both."""
    assert set(VenueState) == OPEN | ENDED
    assert not OPEN & ENDED


def test_the_pairs_that_are_missing_are_the_impossible_ones():
    """The venue's table has a row for every pair but those that no evidence can bring about."""
    assert {pair for pair in ALL_PAIRS if venue_next(*pair) is None} == IMPOSSIBLE


@pytest.mark.parametrize("state", VenueState)
@pytest.mark.parametrize("event", FILLS)
def test_a_fill_always_counts(state, event):
    """There is no state in which a fill could be refused."""
    assert venue_next(state, event) is not None


@pytest.mark.parametrize(("state", "event"), [pair for pair in ALL_PAIRS if pair[0] in ENDED])
def test_ended_stays_ended_but_for_a_bust(state, event):
    """Nothing that has ended opens again, but a filled order by a bust (J) or a larger quantity."""
    row = venue_next(state, event)
    opens = row is not None and row.state in OPEN
    reopening = {VenueEvent.BUST, VenueEvent.REPLACED_OPEN}
    assert opens == (state is VenueState.FILLED and event in reopening)


@pytest.mark.parametrize(("state", "event"), [pair for pair in ALL_PAIRS if pair[0] in OPEN])
def test_the_fills_of_an_order_are_never_forgotten(state, event):
    """From PARTIALLY_FILLED no event but a bust leads to a state that denies the fills."""
    row = venue_next(state, event)
    if state is VenueState.PARTIALLY_FILLED:
        assert row is not None
        assert row.state not in {VenueState.PENDING_NEW, VenueState.NEW, VenueState.REJECTED}


def test_surprising_rows_say_why():
    """An ended order that moves, or stays where an event would move it, carries its reason."""
    for (state, event), row in VENUE_TABLE.items():
        if state in ENDED and (state, event) != (VenueState.REJECTED, VenueEvent.BUST):
            assert row.reason, (state, event)


def test_the_table_of_requests_is_total():
    """Every event has a row in each of the four states of asking."""
    assert set(ASKED_TABLE) == set(itertools.product(ASKED, AskedEvent))


@pytest.mark.parametrize("asked", ASKED)
def test_an_end_answers_everything(asked):
    """When the order has ended nothing is asked of the venue any more."""
    assert ASKED_TABLE[asked, AskedEvent.ORDER_ENDED].asked == Asked(replace=False, cancel=False)


@pytest.mark.parametrize("asked", ASKED)
def test_a_cancel_never_waits_for_a_replace(asked):
    """A cancel is refused only while another cancel is on its way."""
    row = ASKED_TABLE[asked, AskedEvent.ASK_CANCEL]
    assert row.asked.cancel
    assert row.asked.replace == asked.replace
    assert (row.refusal is CxlRejReason.ALREADY_PENDING) == asked.cancel


@pytest.mark.parametrize("asked", ASKED)
def test_a_replace_goes_alone(asked):
    """A replace is refused while anything else is on its way, and then changes nothing."""
    row = ASKED_TABLE[asked, AskedEvent.ASK_REPLACE]
    busy = asked.replace or asked.cancel
    assert (row.refusal is CxlRejReason.ALREADY_PENDING) == busy
    assert row.asked == (asked if busy else Asked(replace=True, cancel=False))


@pytest.mark.parametrize("asked", ASKED)
def test_an_answer_takes_its_own_request_only(asked):
    """An answer to a replace leaves the cancel asked, and the other way round."""
    after = ASKED_TABLE[asked, AskedEvent.REPLACE_ANSWERED].asked
    assert after == Asked(replace=False, cancel=asked.cancel)
    after = ASKED_TABLE[asked, AskedEvent.CANCEL_ANSWERED].asked
    assert after == Asked(replace=asked.replace, cancel=False)


@pytest.mark.parametrize("state", VenueState)
@pytest.mark.parametrize("asked", ASKED)
def test_status_follows_the_precedence_of_fix(state, asked):
    """39 is 6 while a cancel is asked, else E while a replace is, else what the venue has."""
    told = ord_status(state, replace=asked.replace, cancel=asked.cancel)
    if asked.cancel:
        assert told is OrdStatus.PENDING_CANCEL
    elif asked.replace:
        assert told is OrdStatus.PENDING_REPLACE
    else:
        assert VENUE_STATE_OF[told] is state


def test_every_state_has_a_status_of_its_own():
    """39 without requests names the state exactly."""
    assert len(VENUE_STATE_OF) == len(VenueState)
