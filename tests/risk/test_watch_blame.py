"""Whose fault it is: an order that is held slows no venue, one strategy's rejects blame none."""

from __future__ import annotations

import pytest
from support.watching import Sight

from gateway.risk import breaker_rules as rules
from protocol.fields import ExecType, RejectSource


@pytest.fixture
def sight():
    """A watch with narrow levels."""
    return Sight(
        ack_latency=rules.AckLatency(
            level_ms=100, min_samples=3, worst_ms=1_000, window_ms=60_000
        ),
        venue_rejects=rules.VenueRejects(min_samples=4),
    )


@pytest.mark.parametrize("end", [
    (ExecType.CANCELED, {}), (ExecType.REJECTED, {"reject_source": RejectSource.GATEWAY}),
])  # fmt: skip
def test_an_order_that_is_held_is_no_slowness_of_the_venue(sight, end):
    """Whether it waits for a person or for room: the venue cannot answer what it does not have."""
    for _ in range(3):
        order = sight.accept(held=True)
        sight.wait(50_000)
        assert sight.due() == []
        sight.tell(order, end[0], **end[1])
    sight.wait(50_000)
    assert sight.due() == []


def test_an_order_that_was_held_is_timed_from_when_it_went(sight):
    """So are its fills: from the prices at which it was let go."""
    orders = [sight.accept(held=True) for _ in range(3)]
    sight.wait(50_000)
    sight.show("1.1999", "1.2001")
    for order in orders:
        sight.watch.sent(order["order_id"], sight.now_ns)
    sight.wait(100)
    for order in orders:
        sight.fill(order, "1.2")
    assert sight.due() == []
    for _ in range(4):
        sight.watch.sent(sight.accept(held=True)["order_id"], sight.now_ns)
    sight.wait(101)
    assert sight.causes() == ["venue:PAPER LATENCY_ACK"]


@pytest.mark.parametrize(("of_mom", "stops"), [(["N", "X"], False), (["X"], True)])
def test_a_venue_is_blamed_by_two_strategies(sight, of_mom, stops):
    """It stops for all when it rejects most of what a second strategy sends, too."""
    for owner, answers in (("MOM", of_mom), ("MM", ["X"] * 9)):
        for answer in answers:
            order = sight.accept(owner=owner)
            if answer == "X":
                sight.tell(order, ExecType.REJECTED, reject_source=RejectSource.VENUE, owner=owner)
            else:
                sight.tell(order, ExecType.NEW, owner=owner)
    assert ("venue:PAPER VENUE_REJECTS" in sight.causes()) is stops


def test_a_second_strategys_rejects_of_long_ago_are_no_witness(sight):
    """What has left the window blames nobody."""
    order = sight.accept(owner="MOM")
    sight.tell(order, ExecType.REJECTED, reject_source=RejectSource.VENUE, owner="MOM")
    sight.wait(120_000)
    for _ in range(9):
        sight.tell(sight.accept(), ExecType.REJECTED, reject_source=RejectSource.VENUE)
    assert "venue:PAPER VENUE_REJECTS" not in sight.causes()
