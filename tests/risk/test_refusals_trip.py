"""A trip of REFUSALS says which refusal was the commonest: where a person looks first."""

from __future__ import annotations

import pytest
from support.watching import Sight

from gateway.risk import breaker_rules as rules
from protocol.fields import ExecType, RejectSource


@pytest.fixture
def sight():
    """Four orders are enough to judge by."""
    return Sight(refusals=rules.Refusals(min_samples=4))


def test_a_trip_of_refusals_names_the_commonest_code(sight):
    """What to look at first is said; what lies before the window, or a trip, does not count."""
    for _ in range(3):
        sight.refuse("RATE: sent=2 limit=1")
    sight.wait(70_000)
    for text in ("MAX_QTY: qty=2 limit=1", "COLLAR: bps=9", "MAX_QTY: qty=3 limit=1"):
        sight.refuse(text)
    sight.tell(sight.accept(), ExecType.REJECTED, reject_source=RejectSource.VENUE)
    (trip,) = sight.due()
    assert trip.detail == "bad=4 samples=4 share=0.5 mostly=MAX_QTY times=2"
    assert sight.due() == []
    for _ in range(4):
        sight.refuse("")
    assert [one.detail.partition("mostly=")[2] for one in sight.due()] == ["none times=4"]


def test_a_trip_of_refusals_by_an_order_that_is_taken(sight):
    """The least number of samples may be reached by an order that is good: the code is said."""
    for _ in range(3):
        sight.refuse("MAX_QTY: qty=2 limit=1")
    sight.wait(61_000)
    sight.tell(sight.accept(), ExecType.NEW)
    assert [one.detail.partition("mostly=")[2] for one in sight.due()] == ["MAX_QTY times=3"]
