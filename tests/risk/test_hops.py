"""How long each hop takes, and how far apart the clocks at its ends are."""

from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal

import pytest
from support.quotes import MS, SYMBOL, T0, House, quote

from gateway.risk.hops import (
    BRIDGE_TO_GATEWAY,
    DECISION_TO_GATEWAY,
    EXCHANGE_TO_BRIDGE,
    QUOTE_TO_DECISION,
    Hop,
    Hops,
)
from protocol.fields import OrdType, Side
from protocol.messages import NewOrderSingle
from protocol.timestamps import format_utc, parse_utc

SECOND = 1_000 * MS


def order(decided_ns, quoted_ns=None):
    """Make an order that was decided at one time on a quote of another."""
    return NewOrderSingle(
        cl_ord_id="1", symbol=SYMBOL, side=Side.BUY, order_qty=Decimal(1), ord_type=OrdType.MARKET,
        transact_time=format_utc(decided_ns),
        quote_time=format_utc(quoted_ns) if quoted_ns else None,
    )  # fmt: skip


@pytest.mark.parametrize("ahead_ms", [-3_600_000, -1_270, 0, 5, 1_270])
def test_the_offset_is_the_smallest_difference(ahead_ms):
    """Whatever the clocks say, what is above the quickest passage is the latency."""
    hop = Hop()
    for at, took_ms in enumerate((9, 4, 30, 4, 7)):
        now_ns = T0 + at * SECOND
        latency_ns = hop.passed(now_ns - (took_ms + ahead_ms) * MS, now_ns, now_ns)
    assert latency_ns == 3 * MS
    assert hop.row() == {
        "count": 5, "offset_ms": ahead_ms + 4, "last_ms": 3, "median_ms": 3,
    }  # fmt: skip


def test_a_clock_that_is_set_back_shows_at_once():
    """A smaller difference than any is the new offset with the passage that brings it."""
    hop = Hop()
    hop.passed(T0 - 5 * MS, T0, T0)
    assert hop.passed(T0 + 2_000 * MS, T0 + MS, T0 + MS) == 0
    assert hop.offset_ns == -1_999 * MS


@pytest.mark.parametrize(("after_s", "offset_ms"), [(50, 5), (59, 5), (65, 505)])
def test_a_clock_that_is_set_forward_shows_after_a_minute(after_s, offset_ms):
    """The smallest difference of the last minute holds; when it is older, the next one does."""
    hop = Hop()
    hop.passed(T0 - 5 * MS, T0, T0)
    for second in range(1, after_s + 1):
        now_ns = T0 + second * SECOND
        hop.passed(now_ns - 505 * MS, now_ns, now_ns)
    assert hop.offset_ns == offset_ms * MS


@pytest.mark.parametrize(("quiet_s", "offset_ms"), [(59, 5), (60, 9)])
def test_what_is_a_minute_old_counts_no_more_after_silence(quiet_s, offset_ms):
    """After a quiet minute the first passage is the new smallest difference."""
    hop = Hop()
    hop.passed(T0 - 5 * MS, T0, T0)
    now_ns = T0 + quiet_s * SECOND
    hop.passed(now_ns - 9 * MS, now_ns, now_ns)
    assert hop.offset_ns == offset_ms * MS


def test_the_window_is_the_minimum_of_its_buckets():
    """Against a plain list of everything that was seen: never below the last minute's minimum."""
    chance, hop, seen = random.Random(5), Hop(), []
    now_ns = T0
    for _ in range(2_000):
        now_ns += chance.randrange(400) * MS
        difference_ns = chance.randrange(1, 900) * MS
        seen.append((now_ns, difference_ns))
        latency_ns = hop.passed(now_ns - difference_ns, now_ns, now_ns)
        inner = min(d for at, d in seen if at > now_ns - 55 * SECOND)
        outer = min(d for at, d in seen if at > now_ns - 60 * SECOND)
        assert outer <= hop.offset_ns <= inner
        assert latency_ns == difference_ns - hop.offset_ns >= 0


def test_a_quote_passes_two_hops():
    """Exchange to bridge by 272, 273 and 52; bridge to gateway by 52 and when it came."""
    hops = Hops()
    for took_ms in (2, 6):
        said_ns = T0 + 40 * MS
        message = quote("1.1", "1.2", exchange_ns=T0, said_ns=said_ns)
        hops.quote("A", message, said_ns + took_ms * MS)
    assert hops.find(EXCHANGE_TO_BRIDGE, "A").row()["offset_ms"] == 40
    assert hops.find(BRIDGE_TO_GATEWAY, "A").row() == {
        "count": 2, "offset_ms": 2, "last_ms": 4, "median_ms": 4,
    }  # fmt: skip


def test_a_quote_that_tells_no_exchange_time_passes_one_hop():
    """What an entry does not tell is not guessed, and a time that cannot be read is none."""
    hops = Hops()
    hops.quote("A", quote("1.1", "1.2", said_ns=T0), T0)
    bad = quote("1.1", "1.2", exchange_ns=T0, said_ns=T0)
    entries = tuple(
        type(entry)(
            md_entry_type=entry.md_entry_type, md_entry_px=entry.md_entry_px,
            md_entry_date="yesterday", md_entry_time="noon",
        )
        for entry in bad.md_entries
    )  # fmt: skip
    hops.quote("A", type(bad)(symbol=SYMBOL, sending_time=bad.sending_time, md_entries=entries), T0)
    assert [row["hop"] for row in hops.rows()] == [BRIDGE_TO_GATEWAY]


def test_an_order_tells_of_the_way_from_quote_to_gateway():
    """From the quote to the decision, from there to us; the quote's age is by our own clock."""
    hops = Hops()
    bridge_ahead, strategy_ahead = 500 * MS, -200 * MS
    for decided_after, travelled in ((10, 3), (18, 8)):
        said_ns, heard_ns = T0 + bridge_ahead, T0 + 1 * MS
        hops.quote("A", quote("1.1", "1.2", said_ns=said_ns), heard_ns)
        decided_ns = T0 + decided_after * MS + strategy_ahead
        arrived_ns = T0 + (decided_after + travelled) * MS
        lags = hops.order("MM", "A", order(decided_ns, said_ns), arrived_ns)
    assert (lags.decision_ns, lags.travel_ns) == (8 * MS, 5 * MS)
    assert lags.quote_age_ns == 25 * MS
    rows = {row["hop"]: row for row in hops.rows()}
    assert rows[QUOTE_TO_DECISION]["offset_ms"] == 10 - 200 - 500
    assert rows[DECISION_TO_GATEWAY]["offset_ms"] == 3 + 200
    assert (rows[QUOTE_TO_DECISION]["who"], rows[QUOTE_TO_DECISION]["venue"]) == ("MM", "A")


def test_a_venue_that_nobody_knows_leaves_no_trace():
    """A strategy may name any venue and any quote time: what it makes up is not kept."""
    hops = Hops()
    for number in range(1_000):
        lags = hops.order("MM", f"NOWHERE-{number}", order(T0, T0 - SECOND), T0)
        assert (lags.decision_ns, lags.quote_age_ns) == (None, None)
    assert [row["hop"] for row in hops.rows()] == [DECISION_TO_GATEWAY]


def test_an_order_without_a_quote_time_tells_less():
    """5039 is optional: then only the way of the order itself is known."""
    lags = Hops().order("MM", "A", order(T0), T0 + 4 * MS)
    assert (lags.decision_ns, lags.quote_age_ns, lags.travel_ns) == (None, None, 0)


def test_the_recorded_exchange_clock_is_found(data_folder):
    """The exchange's clock in the Binance recording is about 1.27 s ahead of the receiver's.

    Every event that tells the exchange's time goes through with the time it was received at, as a
    bridge would say them; the estimate is the smallest difference of the last minute.
    """
    house = House()
    differences = []
    with gzip.open(data_folder / "binance_spot_btcusdt_20240808.gz", "rt") as tape:
        for line in tape:
            received, _, text = line.partition(" ")
            event = json.loads(text).get("data", {})
            if "E" not in event:
                continue
            received_ns, exchange_ns = int(received), event["E"] * MS
            message = quote("60000", "60001", exchange_ns=exchange_ns, said_ns=received_ns)
            house.feeds.quote("BINANCE", message, received_ns)
            said_ns = parse_utc(message.sending_time)
            differences.append((received_ns, said_ns - exchange_ns))
    end_ns = differences[-1][0]
    (row,) = [
        row for row in house.feeds.hops.rows() if row["hop"] == EXCHANGE_TO_BRIDGE
    ]
    assert row["count"] == len(differences) > 3_000
    last_minute = min(d for at, d in differences if at > end_ns - 55 * SECOND)
    assert row["offset_ms"] <= last_minute / MS
    assert -1_350 < row["offset_ms"] < -1_200
    assert 0 <= row["median_ms"] < 200
    (feed,) = [row for row in house.feeds.rows(end_ns) if row["kind"] == "feed"]
    assert feed["exchange_offset_ms"] == row["offset_ms"]
