"""Which feed gives the reference price, and that none that is unhealthy ever does."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.quotes import MS, SYMBOL, T0, TIGHT, House

from gateway.oms.market import Level, Market
from gateway.risk.feeds import FeedBook, FeedRules, Reference, Thresholds, Unhealthy


@pytest.fixture
def house():
    """Give feeds of one venue that has quoted once."""
    house = House()
    house.say(0, "1.1000", "1.1002")
    return house


def test_the_next_feed_serves_and_the_first_comes_back():
    """A list falls back to its next healthy feed, tells so, and returns when the first recovers."""
    house = House(feeds=["A", "B"])
    for ms in range(0, 9_000, 1_000):
        house.say(ms, "1.1000", "1.1002", "B")
        if ms < 2_000 or ms > 2_500:
            house.say(ms, "1.2", "1.1") if ms == 3_000 else house.say(ms, "1.1000", "1.1002")
        house.tick(ms)
        expected = "B" if 3_000 <= ms < 7_000 else "A"
        assert house.reference(ms).venue == expected
    bad, good = house.told
    assert (bad.venue, bad.healthy, bad.code, bad.serving) == ("A", False, "QUOTE_CROSSED", "B")
    assert bad.detail == "bid=1.2 offer=1.1"
    assert (good.venue, good.healthy, good.serving, good.lasted_ms) == ("A", True, "A", 4_000)
    note = bad.jot()
    assert note.kind == "ALERT"
    assert note.body["alert"] == "FEED_UNHEALTHY"
    assert note.body["lasted_ms"] == "3000"


def test_a_refusal_tells_of_every_feed():
    """When no feed is healthy the first one's fault is the code, the others are named."""
    house = House(feeds=["A", "B", "C"])
    house.say(0, "1.1", "1.0")
    house.say(0, None, "1.0", "B")
    assert house.reference(0, "B") == Unhealthy(
        "QUOTE_CROSSED",
        "symbol=EURUSD venue=A bid=1.1 offer=1.0 others=B:NO_PRICE,C:NO_PRICE",
    )


def test_the_known_book_is_that_of_the_orders_own_venue():
    """Another feed's price is for comparing; its levels are not where the order goes."""
    house = House(feeds=["A", "B"])
    house.say(0, "1.1000", "1.1002")
    assert house.reference(0, "B").bids == ()
    house.say(0, "1.0999", "1.1003", "B")
    found = house.reference(0, "B")
    assert (found.venue, found.bid) == ("A", Decimal("1.1000"))
    assert found.bids == (Level(Decimal("1.0999"), Decimal(1_000)),)
    assert found.offers == (Level(Decimal("1.1003"), Decimal(1_000)),)
    house.say(50, "1.1003", "1.0999", "B")
    assert house.reference(50, "B").offers == ()


def test_a_venue_that_is_away_gives_no_price(house):
    """While its link is down a venue's last quote counts nothing, and at once when it is back."""
    view = house.market.venue("A")
    view.why_down = "its bridge is not linked"
    assert house.reference(1) == Unhealthy(
        "QUOTE_STALE", "symbol=EURUSD venue=A why=its_bridge_is_not_linked"
    )
    view.connected = True
    assert house.code(1) == ""


def test_a_symbol_has_its_own_thresholds():
    """What a symbol's table says is in force for it and for no other."""
    own = Thresholds(max_age_ms=100, recover_ms=0)
    rules = FeedRules(defaults=TIGHT, symbols={SYMBOL: own})
    assert (rules.max_age_ms("A", SYMBOL), rules.max_age_ms("A", "USDJPY")) == (100, 5_000)
    house = House(symbols={SYMBOL: own})
    house.say(0, "1.1000", "1.1002")
    assert (house.code(100), house.code(101)) == ("", "QUOTE_STALE")
    house.say(102, "1.1000", "1.1002")
    assert house.code(102) == ""


def test_silence_is_told_by_the_tick(house):
    """A feed that says nothing any more is alerted within one tick, and once."""
    for ms in range(0, 20_000, 100):
        house.tick(ms)
    (told,) = house.told
    assert (told.code, told.detail) == ("QUOTE_STALE", "age_ms=5100 limit_ms=5000")
    assert told.serving == ""


def test_recovery_is_told_by_the_tick(house):
    """A feed that has recovered is told of, with how long it was away."""
    house.say(1_000, "1.1002", "1.1000")
    house.steady(2_000, 6_000)
    house.tick(6_000)
    bad, good = house.told
    assert (bad.healthy, good.healthy) == (False, True)
    assert good.lasted_ms == 4_000
    assert good.jot().body["code"] == "QUOTE_CROSSED"


@pytest.mark.parametrize(("ms", "told"), [(4_099, 1), (4_100, 2)])
def test_a_tick_tells_of_a_recovery_when_it_is_due(house, ms, told):
    """No quote is needed for it: the tick at its moment tells."""
    house.say(1_000, "1.1002", "1.1000")
    house.say(1_100, "1.1000", "1.1002")
    house.tick(ms)
    assert len(house.told) == told


def test_a_first_quote_at_fault_is_told():
    """A feed that begins unhealthy is alerted too."""
    house = House()
    house.say(0, "1.2", "1.1")
    (told,) = house.told
    assert (told.healthy, told.code) == (False, "QUOTE_CROSSED")


def test_a_listed_feed_that_never_speaks_is_told():
    """A feed that is configured and silent from the start is alerted once, after its age limit."""
    house = House(feeds=["A", "B"])
    house.say(0, "1.1000", "1.1002", "B")
    for ms in range(0, 20_000, 100):
        if not ms % 1_000:
            house.say(ms, "1.1000", "1.1002", "B")
        house.tick(ms)
        assert house.reference(ms).venue == "B"
        assert len(house.told) == (ms > 5_000)
    (told,) = house.told
    assert (told.venue, told.code, told.serving) == ("A", "NO_PRICE", "B")
    house.say(20_000, "1.1000", "1.1002")
    assert (house.told[1].venue, house.told[1].healthy) == ("A", True)
    assert house.told[1].lasted_ms == 14_900
    assert house.reference(20_000).venue == "A"


def test_what_has_changed_is_kept_for_whoever_values_positions(house):
    """Each quote marks its symbol as changed, and the last price believed values it."""
    assert house.market.changed == {("A", SYMBOL): None}
    house.market.changed.clear()
    house.say(50, "2.1", "2.2")
    assert list(house.market.changed) == [("A", SYMBOL)]
    assert house.market.reference_price("A", SYMBOL) == Decimal("1.1001")
    assert house.market.quotes["A", SYMBOL].mid == Decimal("2.15")


def test_before_any_quote_is_believed_the_last_one_values():
    """A one-sided first quote values a position, though no order is judged by it."""
    house = House()
    house.say(0, None, "1.1")
    assert house.market.reference_price("A", SYMBOL) == Decimal("1.1")
    assert Market().reference_price("A", SYMBOL) is None


def test_the_rows_tell_of_every_feed():
    """FEEDS lists what was heard and what is only listed, each with its health, then the hops."""
    house = House(feeds=["B", "A"])
    house.say(0, "1.1000", "1.1002")
    rows = house.feeds.rows(T0 + 10 * MS)
    feeds = [row for row in rows if row["kind"] == "feed"]
    assert [(row["venue"], row["place"], row["healthy"], row["serving"]) for row in feeds] == [
        ("A", 2, True, True), ("B", 1, False, False),
    ]  # fmt: skip
    assert (feeds[0]["bid"], feeds[0]["age_ms"]) == ("1.1000", 10)
    assert (feeds[1]["code"], feeds[1]["bid"]) == ("NO_PRICE", None)
    assert {row["hop"] for row in rows if row["kind"] == "hop"} == {
        "exchange→bridge", "bridge→gateway",
    }  # fmt: skip


PRICES = st.sampled_from([None, "0", "99.9", "100", "100.1", "100.9", "102", "70", "71", "1000"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 50, 900, 1_500, 2_999, 3_000, 3_001, 5_000, 5_001]),
        st.sampled_from(["A", "B", "tick", "ask"]),
        PRICES, PRICES, st.integers(0, 5), st.sampled_from([1, 2]), st.booleans(),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_price_ever_comes_from_an_unhealthy_feed(steps):
    """Whatever feeds say and whenever they are asked, a reference is sound, fresh and proven.

    Judged by the last quotes alone, without the feeds' own idea of health: both sides there, bid
    below offer, not too wide, not too old, and no quote of that venue at fault in recover_ms.
    """
    house = House(feeds=["A", "B"])
    last, sick_ns, now_ms = {}, {}, 0
    for wait_ms, who, bid, offer, seq, epoch, alive in steps:
        now_ms += wait_ms
        for venue, (_, _, at_ms) in last.items():
            if now_ms - at_ms > TIGHT.max_age_ms:
                sick_ns[venue] = now_ms
        if who in {"A", "B"}:
            house.say(now_ms, bid, offer, who, alive=alive, feed_epoch=epoch, feed_seq=seq)
            last[who] = bid, offer, now_ms
            if not sound(bid, offer):
                sick_ns[who] = now_ms
        elif who == "tick":
            house.tick(now_ms)
        found = house.reference(now_ms)
        if isinstance(found, Reference):
            low, high, at_ms = last[found.venue]
            assert sound(low, high)
            assert found.price == (Decimal(low) + Decimal(high)) / 2
            assert now_ms - at_ms <= TIGHT.max_age_ms
            assert now_ms - sick_ns.get(found.venue, -(10**9)) >= TIGHT.recover_ms
            feed = house.feeds._feeds[found.venue, SYMBOL]
            assert feed.fault is None
        else:
            assert found.code in {
                "NO_PRICE", "QUOTE_STALE", "QUOTE_CROSSED", "QUOTE_WIDE", "QUOTE_JUMP",
                "QUOTE_FROZEN", "QUOTE_GAP",
            }  # fmt: skip


def sound(bid, offer):
    """Say whether a quote is a price in itself."""
    if bid is None or offer is None or Decimal(bid) <= 0 or Decimal(offer) <= 0:
        return False
    low, high = Decimal(bid), Decimal(offer)
    return low < high and (high - low) * 10_000 <= TIGHT.max_spread_bps * (low + high) / 2


def test_looking_often_changes_nothing():
    """Health is the same whether it was looked at on every tick or only at the end."""
    busy, lazy = House(feeds=["A", "B"]), House(feeds=["A", "B"])
    script = [
        (0, "1.1000", "1.1002", "A"), (10, "1.1000", "1.1002", "B"), (900, "1.3", "1.2", "A"),
        (1_500, "1.1000", "1.1002", "A"), (2_500, "1.1000", "1.1002", "B"),
        (4_000, "1.1000", "1.1002", "A"), (4_600, "1.2", "1.21", "A"),
    ]  # fmt: skip
    for number, (ms, bid, offer, venue) in enumerate(script):
        before_ms = script[number - 1][0] if number else 0
        for at_ms in range(before_ms, ms, 100):
            busy.tick(at_ms)
            busy.reference(at_ms)
        busy.say(ms, bid, offer, venue)
        lazy.say(ms, bid, offer, venue)
        assert busy.reference(ms) == lazy.reference(ms)


def tape(data_folder, name):
    """Give the best prices of a recording as (ns, bid, offer), at most 20 a second."""
    said_ns = 0
    with gzip.open(data_folder / name, "rt") as lines:
        for line in lines:
            ns, _, text = line.partition(" ")
            if "bookTicker" not in text or int(ns) < said_ns + 50 * MS:
                continue
            said_ns, event = int(ns), json.loads(text)["data"]
            yield said_ns, Decimal(event["b"]), Decimal(event["a"])


@pytest.mark.parametrize(
    "name", ["binance_spot_btcusdt_20240808.gz", "binance_spot_ethusdt_20240808.gz"]
)
def test_a_real_market_is_believed_and_its_crash_is_not(data_folder, name):
    """With the built-in thresholds six minutes of a real market have no fault but silence.

    The same market with its price dropped by 30 % half way is a QUOTE_JUMP until it is confirmed.
    """
    calm, crash = House(Thresholds()), House(Thresholds())
    quotes = list(tape(data_folder, name))
    assert len(quotes) > 3_000
    fall_ns = quotes[len(quotes) // 2][0]
    for ns, bid, offer in quotes:
        ms = (ns - quotes[0][0]) // MS
        calm.say(ms, bid, offer)
        assert calm.code(ms) == ""
        drop = Decimal("0.7") if ns >= fall_ns else 1
        crash.say(ms, bid * drop, offer * drop)
        believed = ns < fall_ns or ns >= fall_ns + 3_100 * MS
        if fall_ns <= ns < fall_ns + 2_999 * MS or believed:
            assert crash.code(ms) == ("" if believed else "QUOTE_JUMP")
    assert [(told.healthy, told.code) for told in crash.told] == [
        (False, "QUOTE_JUMP"), (True, "QUOTE_JUMP"),
    ]  # fmt: skip
    assert calm.told == []


def test_a_book_of_feeds_needs_no_rules_to_start():
    """With the built-in rules an order is judged by the price of its own venue."""
    feeds = FeedBook(Market(), FeedRules())
    assert feeds.rules.feeds_of(SYMBOL, "A") == ("A",)
    assert feeds.reference(SYMBOL, "A", T0).code == "NO_PRICE"
