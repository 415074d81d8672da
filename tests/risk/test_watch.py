"""What the watch makes of events: which scope trips, why, and that a halt needs fresh evidence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.watching import MS, S, Sight

from gateway.risk import breaker_rules as rules
from gateway.risk.trips import Trip, Warn
from protocol.fields import (
    ExecRestatementReason,
    ExecType,
    OrdType,
    RejectSource,
    TimeInForce,
    TradingState,
)

REDUCING, HALTED = TradingState.REDUCING, TradingState.HALTED
LATENCY = {"level_ms": 100, "min_samples": 3, "worst_ms": 1_000, "window_ms": 60_000}


@pytest.fixture
def sight():
    """A watch with narrow levels."""
    return Sight(
        tick_latency=rules.TickLatency(**LATENCY),
        ack_latency=rules.AckLatency(**LATENCY),
        fill_latency=rules.FillLatency(**LATENCY),
        loop_lag=rules.LoopLag(**LATENCY),
        slippage=rules.Slippage(min_samples=2, mean_bps=Decimal(10), worst_bps=Decimal(50)),
        venue_rejects=rules.VenueRejects(min_samples=4),
        refusals=rules.Refusals(min_samples=4),
        disconnect=rules.Disconnect(max_losses=1, down_ms=60_000),
        cancel_ratio=rules.CancelRatio(ratio=Decimal(2), min_cancels=3),
    )


@pytest.mark.parametrize(("age_ms", "trips"), [(100, False), (101, True)])
def test_tick_to_decision(sight, age_ms, trips):
    """Orders decided on old quotes stop their strategy; a time from the future says nothing."""
    for _ in range(3):
        sight.arrived(quoted_ns=sight.now_ns + S)
    for _ in range(3):
        sight.arrived(quoted_ns=sight.now_ns - age_ms * MS)
    numbers = f"bad=3 samples=3 share=0.5 level_ms=100 last_ms={age_ms} venue=PAPER"
    expected = [Trip("strategy:MM", REDUCING, "LATENCY_TICK", numbers, 30_000)]
    assert sight.due() == (expected if trips else [])


def test_a_known_age_goes_before_the_times(sight):
    """With the offset of the clocks known, the quote's own time is not compared."""
    for _ in range(3):
        sight.arrived(quoted_ns=sight.now_ns - 9 * S, age_ns=100 * MS)
    assert sight.due() == []
    for _ in range(4):
        sight.arrived(quoted_ns=sight.now_ns + 9 * S, age_ns=101 * MS)
    assert sight.causes() == ["strategy:MM LATENCY_TICK"]


def test_an_order_without_a_quote_time_is_no_sample(sight):
    """Nothing is known of its decision."""
    for _ in range(9):
        sight.arrived(quoted_ns=None)
    assert sight.due() == []


@pytest.mark.parametrize(("answer", "fields"), [
    (ExecType.NEW, {}),
    (ExecType.REJECTED, {"reject_source": RejectSource.VENUE}),
    (ExecType.TRADE, {"last_px": Decimal("1.1"), "last_qty": Decimal(1)}),
    (ExecType.CANCELED, {}),
    (ExecType.EXPIRED, {}),
])  # fmt: skip
@pytest.mark.parametrize(("took_ms", "trips"), [(100, False), (101, True)])
def test_decision_to_ack(sight, answer, fields, took_ms, trips):
    """The venue's first answer of any kind ends the wait; only its first one."""
    orders = [sight.accept() for _ in range(3)]
    sight.wait(took_ms)
    for order in orders:
        sight.tell(order, answer, **fields)
    assert ("venue:PAPER LATENCY_ACK" in sight.causes()) is trips
    sight.wait(50_000)
    for order in orders:
        sight.tell(order, answer, **fields)
    assert sight.causes() == []


@pytest.mark.parametrize(("waited_ms", "trips"), [(100, False), (101, True)])
def test_a_venue_that_never_answers(sight, waited_ms, trips):
    """No answer at all is slow as well, without any report."""
    for _ in range(3):
        sight.accept()
    sight.wait(waited_ms)
    assert sight.causes() == (["venue:PAPER LATENCY_ACK"] if trips else [])


def test_what_could_not_be_said_is_not_waited_for(sight):
    """A 150=A of which the book has no order is no order."""
    for _ in range(3):
        sight.accept(in_book=False)
    sight.wait(60_000)
    assert sight.due() == []


@pytest.mark.parametrize(("kind", "waits"), [
    ({"ord_type": OrdType.MARKET}, True),
    ({"ord_type": OrdType.LIMIT, "time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, True),
    ({"ord_type": OrdType.LIMIT, "time_in_force": TimeInForce.FILL_OR_KILL}, True),
    ({"ord_type": OrdType.LIMIT}, False),
    ({"ord_type": OrdType.STOP, "stop_px": Decimal("1.2")}, False),
    (
        {"ord_type": OrdType.STOP_LIMIT, "stop_px": Decimal("1.2"),
         "time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, False,
    ),
])  # fmt: skip
@pytest.mark.parametrize(("took_ms", "slow"), [(100, False), (101, True)])
def test_ack_to_fill(sight, kind, waits, took_ms, slow):
    """Only an order that should fill at once is waited for; three late ones stop the venue."""
    expected = ["venue:PAPER LATENCY_FILL"] if waits and slow else []
    filled, silent = sight, Sight(fill_latency=rules.FillLatency(**LATENCY))
    for one in (filled, silent):
        orders = [one.accept(**kind) for _ in range(3)]
        for order in orders:
            one.tell(order, ExecType.NEW)
        one.wait(took_ms)
        if one is filled:
            for order in orders:
                one.fill(order, one.stop_or_mid(kind))
        assert one.causes() == expected


def test_an_order_that_ended_without_a_fill_is_no_slow_fill(sight):
    """An IOC that finds nothing is cancelled at once: nobody waits for its fill."""
    for _ in range(3):
        order = sight.accept(time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        sight.tell(order, ExecType.NEW)
        sight.tell(order, ExecType.CANCELED)
    sight.wait(60_000)
    assert sight.due() == []


def test_a_lost_link_measures_no_latency(sight):
    """What is answered after a link was lost says nothing of the venue's speed."""
    orders = [sight.accept(ord_type=OrdType.MARKET) for _ in range(3)]
    sight.watch.venue_down("PAPER", sight.now_ns)
    sight.wait(50_000)
    assert sight.due() == []
    for order in orders:
        sight.tell(order, ExecType.NEW)
    assert sight.due() == []


@pytest.mark.parametrize(("lag_ms", "times", "trips"), [
    (100, 3, False), (101, 2, False), (101, 3, True), (1_000, 1, False), (1_001, 1, True),
])  # fmt: skip
def test_loop_lag(sight, lag_ms, times, trips):
    """Our own slowness stops everything."""
    for _ in range(times):
        sight.watch.loop_lag(lag_ms, sight.now_ns)
    assert sight.causes() == (["all LOOP_LAG"] if trips else [])


@pytest.mark.parametrize(("side", "prices", "trips"), [
    ("BUY", ["1.10110", "1.10110"], False), ("BUY", ["1.10110", "1.10111"], True),
    ("SELL", ["1.09890", "1.09890"], False), ("SELL", ["1.09890", "1.09889"], True),
    ("BUY", ["1.10550"], False), ("BUY", ["1.10551"], True),
    ("SELL", ["1.09450"], False), ("SELL", ["1.09449"], True),
    ("BUY", ["1.09000", "1.09000"], False), ("SELL", ["1.11000", "1.11000"], False),
])  # fmt: skip
def test_slippage_against_the_middle_at_the_decision(sight, side, prices, trips):
    """10 basis points in the mean, 50 for a single fill; better prices are no fault."""
    sight.show("1.0999", "1.1001")
    orders = [sight.accept(side=side) for _ in prices]
    sight.show("1.2", "1.3")  # later prices do not count
    for order, price in zip(orders, prices, strict=True):
        sight.fill(order, price)
    assert sight.causes() == (["strategy:MM symbol:EURUSD SLIPPAGE"] if trips else [])


def test_slippage_of_a_stop_order_is_from_its_stop_price(sight):
    """The market had to go there first."""
    sight.show("1.0999", "1.1001")
    order = sight.accept(ord_type=OrdType.STOP, stop_px=Decimal("1.2"))
    sight.fill(order, "1.2001")
    assert sight.due() == []
    order = sight.accept(ord_type=OrdType.STOP, stop_px=Decimal("1.2"))
    sight.fill(order, "1.2121")
    assert sight.causes() == ["strategy:MM symbol:EURUSD SLIPPAGE"]


def test_a_replace_is_a_new_decision(sight):
    """Fills after it are measured from the middle at the replace."""
    sight.show("1.0999", "1.1001")
    order = sight.accept()
    sight.show("1.1999", "1.2001")
    sight.tell(order, ExecType.REPLACED)
    sight.fill(order, "1.2001")
    assert sight.due() == []


@pytest.mark.parametrize("last", ["none", "old", "crossed", "one side"])
def test_without_a_fresh_middle_nothing_slips(sight, last):
    """No quote, an old one, a crossed or one-sided one measure nothing."""
    if last != "none":
        sight.show("1.0999", "1.1001")
    if last == "old":
        sight.wait(5_001)
    if last == "crossed":
        sight.show("1.1001", "1.0999")
    if last == "one side":
        sight.show(None, "1.1001")
    sight.fill(sight.accept(), "2")
    assert sight.due() == []


def test_a_middle_is_fresh_for_so_long(sight):
    """Exactly as old as allowed still measures."""
    sight.show("1.0999", "1.1001")
    sight.wait(5_000)
    sight.fill(sight.accept(), "2")
    assert sight.causes() == ["strategy:MM symbol:EURUSD SLIPPAGE"]


def test_slippage_of_the_whole_strategy():
    """With per_symbol = false every symbol counts, and the strategy stops."""
    sight = Sight(slippage=rules.Slippage(min_samples=2, mean_bps=Decimal(10), per_symbol=False))
    for symbol in ("EURUSD", "GBPUSD"):
        sight.show("1.0999", "1.1001", symbol=symbol)
        sight.fill(sight.accept(symbol=symbol), "1.103")
    assert sight.causes() == ["strategy:MM SLIPPAGE"]


@pytest.mark.parametrize(("rejected", "taken", "trips"), [(2, 2, 0), (3, 1, 1), (3, 0, 0)])
def test_orders_that_the_venue_rejects(sight, rejected, taken, trips):
    """More than half of four, of one strategy: nobody else is stopped at the venue for it."""
    for _ in range(taken):
        sight.tell(sight.accept(), ExecType.NEW)
    for _ in range(rejected):
        sight.tell(sight.accept(), ExecType.REJECTED, reject_source=RejectSource.VENUE)
    both = ["strategy:MM REFUSALS", "strategy:MM venue:PAPER VENUE_REJECTS"]
    assert sight.causes() == (both if trips else [])


@pytest.mark.parametrize(("refused", "taken", "trips"), [(2, 2, 0), (3, 1, 1), (3, 0, 0)])
def test_orders_that_the_gateway_refuses(sight, refused, taken, trips):
    """They are the strategy's fault, not the venue's."""
    for _ in range(taken):
        sight.tell(sight.accept(), ExecType.NEW)
    for _ in range(refused):
        sight.refuse("MAX_QTY: qty=2 limit=1 scope=strategy:MM")
    assert sight.causes() == (["strategy:MM REFUSALS"] if trips else [])


@pytest.mark.parametrize("code", [
    "HALTED: scope=all", "REDUCING: scope=all", "VENUE_DOWN: why=x", "VENUE_RATE: wait_ms=300",
    "QUOTE_STALE: age_ms=9", "QUOTE_JUMP: bps=1", "NO_PRICE: why=never_quoted", "NO_RATE: why=x",
    "PNL_UNKNOWN: why=x", "FUNDS_UNKNOWN: venue=PAPER", "FUNDS_STALE: age_ms=9", "GATEWAY_STOPS",
    "NOT_SENT: the gateway stopped", "OWNER_GONE: owner=MM", "REVIEW_EXPIRED: nobody decided",
    "COOLING: symbol=EURUSD",
])  # fmt: skip
def test_refusals_that_say_nothing_of_the_strategy(sight, code):
    """A strategy that asks while it may not trade is not halted for that."""
    for _ in range(20):
        sight.refuse(code)
    assert sight.due() == []


def test_a_link_lost_too_often(sight):
    """The second loss in ten minutes is one too many; told twice it is one loss."""
    watch = sight.watch
    for _ in range(3):
        watch.venue_down("PAPER", sight.now_ns)
    assert sight.due() == []
    watch.venue_up("PAPER", sight.now_ns)
    sight.wait(600_000)
    watch.venue_down("PAPER", sight.now_ns)
    assert sight.due() == [
        Trip(
            "venue:PAPER", REDUCING, "LINK_LOSSES", "losses=2 limit=1 window_ms=600000", 120_000
        )
    ]


@pytest.mark.parametrize(("down_ms", "trips"), [(60_000, False), (60_001, True)])
def test_a_link_lost_too_long(sight, down_ms, trips):
    """A minute is allowed."""
    sight.watch.venue_down("PAPER", sight.now_ns)
    sight.wait(down_ms)
    assert sight.causes() == (["venue:PAPER LINK_DOWN"] if trips else [])


@pytest.mark.parametrize(("lost_ms", "trips"), [(30_000, False), (30_001, True)])
def test_a_symbol_without_a_feed(sight, lost_ms, trips):
    """Half a minute is allowed; with its feed back there is nothing to count."""
    sight.watch.feed_lost("symbol:EURUSD", sight.now_ns)
    sight.watch.feed_lost("symbol:GBPUSD", sight.now_ns)
    sight.watch.feed_back("symbol:GBPUSD", sight.now_ns)
    sight.wait(lost_ms)
    assert sight.causes() == (["symbol:EURUSD STALE_FEED"] if trips else [])


@pytest.mark.parametrize(("step_ms", "trips"), [
    (500, False), (501, True), (-500, False), (-501, True),
])  # fmt: skip
def test_a_clock_that_was_moved(sight, step_ms, trips):
    """Either way, by more than the level: everything is halted."""
    sight.watch.clock_step(step_ms, sight.now_ns)
    numbers = f"step_ms={step_ms} limit_ms=500"
    assert sight.due() == ([Trip("all", HALTED, "CLOCK_STEP", numbers, 60_000)] if trips else [])


@pytest.mark.parametrize(("value", "trips"), [("999", False), ("1000", False), ("1000.01", True)])
def test_a_loss_beyond_its_limit(sight, value, trips):
    """It reduces its scope until a person comes; the code is the cause."""
    sight.watch.loss("account:A", "MAX_DAILY_LOSS", Decimal(value), Decimal(1_000), sight.now_ns)
    expected = [Trip("account:A", REDUCING, "MAX_DAILY_LOSS", f"loss={value} limit=1000", 0)]
    assert sight.due() == (expected if trips else [])


@pytest.mark.parametrize(("bid", "offer", "trips"), [
    ("29", "31", False), ("29.01", "31.01", True), ("30.5", "30.5", True), (None, "30", False),
    (None, "30.01", True), (None, None, False),
])  # fmt: skip
def test_an_index_above_its_level(bid, offer, trips):
    """Its middle, or its one price, beyond the level stops what the config says."""
    sight = Sight(index=(
        rules.Index(venue="PAPER", symbol="VIX", above=Decimal(30), scope="symbol:EURUSD"),
        rules.Index(venue="PAPER", symbol="VIX", above=Decimal(50), state=HALTED, name="50"),
        rules.Index(venue="OTHER", symbol="VIX", above=Decimal(1)),
    ))  # fmt: skip
    sight.show("99", "99", symbol="EURUSD")
    sight.show(bid, offer, symbol="VIX")
    assert sight.causes() == (["symbol:EURUSD INDEX_VIX"] if trips else [])
    sight.show("50", "51", symbol="VIX")
    assert "all INDEX_50" in sight.causes()


def quiet(sight, seconds=130):
    """Let a market be usual for so long: a spread of 2 basis points, moves of 1."""
    for at in range(seconds):
        up = Decimal("0.0001") * (at % 2)
        sight.show(Decimal("0.9999") + up, Decimal("1.0001") + up)
        sight.wait(1_000)


@pytest.mark.parametrize(("fall", "trips"), [("0.998", False), ("0.7", True)])
def test_a_crash_stops_the_symbol_at_once(fall, trips):
    """At the first quote that shows it."""
    sight = Sight()
    quiet(sight)
    assert sight.due() == []
    mid = Decimal(fall)
    sight.show(mid - Decimal("0.0001"), mid + Decimal("0.0001"))
    assert sight.causes() == (["symbol:EURUSD VOLATILITY"] if trips else [])


@pytest.mark.parametrize(("half", "trips"), [("0.0010", False), ("0.0011", True)])
def test_a_spread_far_beyond_the_usual_stops_the_symbol(half, trips):
    """20 basis points are ten times the usual; 22 trip when half of the last samples show it."""
    sight = Sight(volatility=rules.Volatility(on=False))
    for _ in range(130):
        sight.show("0.9999", "1.0001")
        sight.wait(1_000)
    for _ in range(10):
        sight.show(1 - Decimal(half), 1 + Decimal(half))
        sight.wait(1_000)
    assert sight.causes() == (["symbol:EURUSD SPREAD"] if trips else [])


def test_cancels_are_told_and_stop_nothing(sight):
    """Three cancels without a fill are an alert; the gateway's own cancels do not count."""
    order = sight.accept()
    sight.tell(order, ExecType.NEW)
    other = ExecRestatementReason.OTHER
    for _ in range(9):
        sight.tell(order, ExecType.PENDING_CANCEL, exec_restatement_reason=other)
    assert sight.due() == []
    for _ in range(3):
        sight.tell(order, ExecType.PENDING_CANCEL)
    (warning,) = sight.due()
    assert isinstance(warning, Warn)
    assert (warning.kind, warning.body["scope"]) == ("CANCEL_RATIO", "strategy:MM")
