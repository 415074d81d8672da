"""A trip and its halt: once while it stands, afterwards on fresh evidence only; what is kept."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.watching import MS, S, Sight

from gateway.risk import breaker_rules as rules
from gateway.risk import breakers, order_watch
from protocol.fields import ExecType, OrdType, RejectSource

LATENCY = {"level_ms": 100, "min_samples": 3, "cool_down_ms": 30_000}
NARROW = {
    "tick_latency": rules.TickLatency(**LATENCY),
    "ack_latency": rules.AckLatency(**LATENCY),
    "fill_latency": rules.FillLatency(**LATENCY),
    "loop_lag": rules.LoopLag(**LATENCY),
    "slippage": rules.Slippage(min_samples=3, mean_bps=Decimal(10), cool_down_ms=30_000),
    "volatility": rules.Volatility(
        samples=3, min_history=5, multiple=Decimal(4), cool_down_ms=30_000
    ),
    "spread": rules.Spread(samples=3, min_history=5, multiple=Decimal(4), cool_down_ms=30_000),
    "venue_rejects": rules.VenueRejects(min_samples=3, cool_down_ms=30_000),
    "refusals": rules.Refusals(min_samples=3, cool_down_ms=30_000),
    "disconnect": rules.Disconnect(max_losses=2, cool_down_ms=30_000, down_ms=20_000),
    "stale_feed": rules.StaleFeed(after_ms=20_000, cool_down_ms=30_000),
    "clock_step": rules.ClockStep(cool_down_ms=30_000),
    "loss": rules.Loss(cool_down_ms=30_000),
    "index": (
        rules.Index(venue="PAPER", symbol="VIX", above=Decimal(30), cool_down_ms=30_000),
    ),
}  # fmt: skip
"""Levels that three samples reach; every halt lasts for half a minute."""


def tick(sight):
    """One order decided on an old quote."""
    sight.arrived(quoted_ns=sight.now_ns - S)


def ack(sight):
    """One slow answer."""
    order = sight.accept()
    sight.wait(200)
    sight.tell(order, ExecType.NEW)


def first_fill(sight):
    """One slow fill."""
    order = sight.accept(ord_type=OrdType.MARKET)
    sight.tell(order, ExecType.NEW)
    sight.wait(200)
    sight.fill(order, "1.1")


def slip(sight):
    """One bad fill."""
    sight.show("1.0999", "1.1001")
    sight.fill(sight.accept(), "1.103")


def reject(sight):
    """One order that the venue rejects."""
    sight.tell(sight.accept(), ExecType.REJECTED, reject_source=RejectSource.VENUE)


def lose_link(sight):
    """One loss of the link."""
    sight.watch.venue_down("PAPER", sight.now_ns)
    sight.watch.venue_up("PAPER", sight.now_ns)


def widen(sight):
    """One wide spread."""
    sight.wait(1_000)
    sight.show("1.05", "1.15")


THIRD = {
    "strategy:MM LATENCY_TICK": tick,
    "venue:PAPER LATENCY_ACK": ack,
    "venue:PAPER LATENCY_FILL": first_fill,
    "all LOOP_LAG": lambda sight: sight.watch.loop_lag(200, sight.now_ns),
    "strategy:MM symbol:EURUSD SLIPPAGE": slip,
    "strategy:MM venue:PAPER VENUE_REJECTS": reject,
    "strategy:MM REFUSALS": lambda sight: sight.refuse("MAX_QTY: qty=2 limit=1"),
    "venue:PAPER LINK_LOSSES": lose_link,
    "symbol:EURUSD SPREAD": widen,
}
"""What trips when it happens a third time."""


def away(what):
    """Return what leaves something away for 21 s."""

    def leave(sight):
        if what == "link":
            sight.watch.venue_down("PAPER", sight.now_ns)
        else:
            sight.watch.feed_lost("symbol:EURUSD", sight.now_ns)
        sight.due()
        sight.wait(20_001)

    return leave


def crash(sight):
    """A middle that falls by a tenth, and comes back unseen."""
    sight.show("1.0999", "1.1001")
    sight.show("0.9999", "1.0001")


ONCE = {
    "venue:PAPER LINK_DOWN": away("link"),
    "symbol:EURUSD STALE_FEED": away("feed"),
    "symbol:EURUSD VOLATILITY": crash,
    "all CLOCK_STEP": lambda sight: sight.watch.clock_step(-900, sight.now_ns),
    "all INDEX_VIX": lambda sight: sight.show("40", "41", symbol="VIX"),
    "strategy:MM MAX_DRAWDOWN": lambda sight: sight.watch.loss(
        "strategy:MM", "MAX_DRAWDOWN", Decimal(2), Decimal(1), sight.now_ns
    ),
}
"""What trips at once."""


def seen(name, **changed):
    """Return a watch that knows a usual market, judging by one breaker only where that matters."""
    sight = Sight(carry_out=True, **(NARROW | changed))
    for _ in range(20 if name.endswith(("SPREAD", "VOLATILITY")) else 0):
        sight.show("1.0999", "1.1001")
        sight.wait(1_000)
    assert sight.due() == []
    return sight


def happen(sight, name, times):
    """Let the fault of a breaker happen; return whether it trips."""
    tripped = []
    for _ in range(times):
        (THIRD.get(name) or ONCE[name])(sight)
        tripped += sight.causes()
    return name in tripped


@pytest.mark.parametrize("name", [*THIRD, *ONCE])
def test_a_trip_is_said_once_while_its_halt_stands(name):
    """However long the fault goes on."""
    sight = seen(name)
    assert happen(sight, name, 3)
    until_ns = sight.now_ns + 29 * S
    while sight.now_ns < until_ns - 21 * S:
        assert not happen(sight, name, 1)
        sight.wait(100)


@pytest.mark.parametrize("name", THIRD)
def test_after_its_cool_down_a_breaker_needs_fresh_evidence(name):
    """What happened before and during the halt does not count: it takes three again.

    A third wide spread is a second one where the median of three samples was usual before.
    """
    sight = seen(name)
    assert not happen(sight, name, 1 if name.endswith("SPREAD") else 2)
    assert happen(sight, name, 1)
    assert not happen(sight, name, 2)
    sight.wait(30_000)
    assert sight.due() == []  # the tick in which the halt ends
    assert not happen(sight, name, 2)
    assert happen(sight, name, 1)


@pytest.mark.parametrize("name", ONCE)
def test_after_its_cool_down_a_lasting_fault_trips_again(name):
    """A fault that goes on, or comes again, after the halt is fresh evidence."""
    sight = seen(name)
    assert happen(sight, name, 1)
    sight.wait(30_000)
    assert sight.due() == []  # the tick in which the halt ends
    sight.wait(100)
    assert happen(sight, name, 1)


@pytest.mark.parametrize("name", [*THIRD, *ONCE])
def test_a_halt_from_before_a_restart_stands(name):
    """A new watch that finds the halt standing does not trip it again, and starts anew after it."""
    sight = seen(name)
    sight.halts[tuple(name.rsplit(" ", 1))] = sight.now_ns + 70 * S
    assert not happen(sight, name, 3)
    sight.wait(70_000)
    assert sight.due() == []
    sight.wait(100)
    assert happen(sight, name, 3)


@pytest.mark.parametrize("name", [*THIRD, *ONCE])
def test_a_breaker_that_is_off_never_trips(name):
    """`on = false` takes each one out."""
    off = {
        key: tuple(replace(index, on=False) for index in one)
        if isinstance(one, tuple)
        else replace(one, on=False)
        for key, one in NARROW.items()
    }
    assert not happen(seen(name, **off), name, 9)


def test_another_scope_trips_while_one_is_halted():
    """A halt of one venue hides nothing of another."""
    sight = seen("")
    for venue in ("PAPER", "OTHER"):
        for _ in range(3):
            order = sight.accept(security_exchange=venue)
            sight.wait(200)
            sight.tell(order, ExecType.NEW)
        assert f"venue:{venue} LATENCY_ACK" in sight.causes()


def test_orders_beyond_what_is_followed(monkeypatch):
    """The oldest is let go, is not waited for any more, and its fills are no samples."""
    monkeypatch.setattr(order_watch, "FOLLOWED", 2)
    sight = seen("")
    sight.show("1.0999", "1.1001")
    first, *others = [sight.accept() for _ in range(3)]
    for order in others:
        sight.tell(order, ExecType.NEW)
    sight.wait(60_000)
    sight.fill(first, "9")
    assert sight.due() == []
    assert len(sight.watch._orders._orders) == 2


def test_memory_is_bounded_over_a_flood():
    """After 30,000 orders that never end, 20,000 are followed and 10,000 waited for, no more."""
    sight = Sight()
    order = sight.accept()
    for at in range(30_000):
        sight.tell(order | {"order_id": f"N{at}"}, ExecType.PENDING_NEW)
        sight.refuse("MAX_QTY: qty=2 limit=1")
    watch = sight.watch._orders
    slow = watch._acks["PAPER"]
    assert len(watch._orders) == order_watch.FOLLOWED
    assert len(slow._waiting) + len(slow._late) <= breakers.FOLLOWED
    assert len(watch._refusals["MM"]._parts) <= breakers.PARTS + 2


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_nothing_trips_below_its_level(seed, orders):
    """Random lives of orders and prices, each figure at its level or better: no trip at all."""
    sight = Sight(**(NARROW | {
        "refusals": rules.Refusals(min_samples=3, share=Decimal("0.5")),
        "cancel_ratio": rules.CancelRatio(min_cancels=10_000),
    }))  # fmt: skip
    dice = random.Random(seed)
    for _ in range(orders):
        sight.show(*dice.choice((("1.0999", "1.1001"), ("1.1000", "1.1002"))))
        sight.arrived(quoted_ns=sight.now_ns - dice.randint(0, 100) * MS)
        order = sight.accept(
            ord_type=dice.choice((OrdType.LIMIT, OrdType.MARKET)), side=dice.choice(("BUY", "SELL"))
        )
        sight.wait(dice.randint(0, 100))
        sight.tell(order, ExecType.NEW)
        if dice.random() < 0.5:
            sight.refuse("MAX_QTY: qty=2 limit=1")
        sight.wait(dice.randint(0, 100))
        sight.fill(order, dice.choice(("1.1", "1.1001")))
        sight.tell(sight.accept(), ExecType.NEW)  # a good one for each that is refused
        sight.watch.loop_lag(dice.randint(0, 100), sight.now_ns)
        sight.watch.clock_step(dice.randint(-500, 500), sight.now_ns)
        sight.watch.loss("all", "MAX_DAILY_LOSS", Decimal(dice.randint(0, 9)), Decimal(9), 0)
        assert sight.due() == []
    assert len(sight.watch._orders._orders) <= orders
