"""When one feed is believed: each fault at, inside and outside its limit; and hysteresis."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.quotes import MS, SYMBOL, T0, House, entry

from gateway.oms.market import Quote
from gateway.risk.feeds import Reference, Unhealthy
from protocol.fields import MDEntryType
from protocol.messages import MarketDataSnapshotFullRefresh


@pytest.fixture
def house():
    """Give feeds of one venue that has quoted once."""
    house = House()
    house.say(0, "1.1000", "1.1002")
    return house


def test_the_first_sound_quote_gives_a_price(house):
    """Without any quote there is no price; with the first sound one there is, at once."""
    assert House().reference(0) == Unhealthy(
        "NO_PRICE", "symbol=EURUSD venue=A why=never_quoted"
    )
    found = house.reference(7)
    assert isinstance(found, Reference)
    assert found[:5] == (Decimal("1.1001"), Decimal("1.1000"), Decimal("1.1002"), "A", 7)
    assert house.told == []


@pytest.mark.parametrize(("ms", "code"), [(4_999, ""), (5_000, ""), (5_001, "QUOTE_STALE")])
def test_a_quote_grows_old(house, ms, code):
    """At its age limit a quote counts still, a millisecond later it does not."""
    assert house.code(ms) == code


def test_the_venues_own_limit_of_age_binds_too():
    """The tighter of a symbol's max_age_ms and a venue's quote_stale_ms is in force."""
    for stale_ms, limit in ((2_000, 2_000), (9_000, 5_000)):
        house = House(quote_stale_ms={"A": stale_ms})
        house.say(0, "1.1000", "1.1002")
        assert house.code(limit) == ""
        numbers = f"age_ms={limit + 1} limit_ms={limit}"
        assert house.reference(limit + 1).detail == f"symbol=EURUSD venue=A {numbers}"


@pytest.mark.parametrize(
    ("bid", "offer", "code"),
    [
        ("1.1000", "1.1001", ""),
        ("1.1001", "1.1001", "QUOTE_CROSSED"),
        ("1.1002", "1.1001", "QUOTE_CROSSED"),
        (None, "1.1002", "NO_PRICE"),
        ("1.1000", None, "NO_PRICE"),
        (None, None, "NO_PRICE"),
        ("0", "1.1002", "NO_PRICE"),
        ("-1", "1.1002", "NO_PRICE"),
        ("1.1000", "9000000000000000", "NO_PRICE"),
        ("0.975", "1.025", ""),
        ("0.975", "1.0251", "QUOTE_WIDE"),
    ],
)
def test_a_quote_is_sound_in_itself(bid, offer, code):
    """Both sides have a price, the bid is below the offer, and not too far from it (500 bps)."""
    house = House()
    house.say(0, bid, offer)
    assert house.code(0) == code


@pytest.mark.parametrize(
    ("bid", "offer", "code"),
    [
        ("100.9", "101.0", ""),  # 100.95 is 94.5 bps above 100
        ("100.9", "101.1", ""),  # 101 is 100 bps
        ("100.9", "101.102", "QUOTE_JUMP"),
        ("98.9", "99.1", ""),
        ("98.9", "99.098", "QUOTE_JUMP"),
        ("70.0", "70.1", "QUOTE_JUMP"),
    ],
)
def test_a_jump_is_not_believed(bid, offer, code):
    """A middle at jump_bps from the last one believed counts, one beyond it does not."""
    house = House()
    house.say(0, "99.9", "100.1")
    house.say(50, bid, offer)
    assert house.code(50) == code


def test_the_numbers_of_a_jump_are_told():
    """A refusal names both levels, the distance and its limit."""
    house = House()
    house.say(0, "99.9", "100.1")
    house.say(50, "69.9", "70.1")
    assert house.reference(50).detail == (
        "symbol=EURUSD venue=A mid=70.0 last=100.0 moved_bps=-3000.0 limit_bps=100"
    )


def test_a_jump_is_believed_once_it_is_confirmed():
    """A new level that quotes confirm for recover_ms is the price then, and not before."""
    house = House()
    house.say(0, "99.9", "100.1")
    for ms in range(1_000, 4_000, 500):
        house.say(ms, "69.9", "70.1")
        assert house.code(ms) == "QUOTE_JUMP"
    assert house.market.reference_price("A", SYMBOL) == 100
    house.say(4_000, "69.9", "70.1")
    assert house.reference(4_000).price == 70
    assert house.market.reference_price("A", SYMBOL) == 70


def test_silence_confirms_nothing():
    """A jumped level that is not quoted again is not believed, however long it stands."""
    house = House()
    house.say(0, "99.9", "100.1")
    house.say(1_000, "69.9", "70.1")
    house.tick(4_500)
    assert house.code(4_500) == "QUOTE_JUMP"


def test_a_market_that_goes_on_jumping_is_never_confirmed():
    """Each new jump begins the waiting anew."""
    house = House()
    house.say(0, "99.9", "100.1")
    for number in range(1, 20):
        level = 100 + 3 * number
        house.say(number * 500, str(level), f"{level}.1")
        assert house.code(number * 500) == "QUOTE_JUMP"


def test_a_new_level_may_move_while_it_is_confirmed():
    """After a jump the market goes on trading: small steps from quote to quote are no new jump."""
    house = House()
    house.say(0, "99.9", "100.1")
    for step in range(7):
        low = Decimal("69.9") - step * Decimal("0.5")
        house.say(1_000 + step * 500, str(low), str(low + Decimal("0.2")))
    assert house.reference(4_000).price == 67


def test_a_jump_that_falls_back_leaves_the_old_level():
    """After one wild quote the feed is believed again recover_ms after the market fell back."""
    house = House()
    house.say(0, "99.9", "100.1")
    house.say(1_000, "69.9", "70.1")
    house.say(1_050, "99.9", "100.1")
    house.say(3_000, "99.9", "100.1")
    assert house.code(4_049) == "QUOTE_JUMP"
    assert house.reference(4_050).price == 100


def test_a_market_may_walk_where_it_may_not_jump():
    """Steps within the filter are followed, each from the one before, as far as they go."""
    house = House()
    price = Decimal(100)
    for number in range(100):
        house.say(number * 50, str(price), str(price + Decimal("0.01")))
        assert house.code(number * 50) == ""
        price *= Decimal("0.991")
    assert house.reference(99 * 50).price < 42


@pytest.mark.parametrize(
    ("sound_ms", "asked_ms", "code"),
    [(100, 3_099, "QUOTE_CROSSED"), (100, 3_100, ""), (100, 3_101, "")],
)
def test_health_comes_back_slowly(house, sound_ms, asked_ms, code):
    """A feed is unhealthy at once, and healthy only after recover_ms without any fault."""
    house.say(50, "1.1002", "1.1000")
    assert house.code(50) == "QUOTE_CROSSED"
    house.say(sound_ms, "1.1000", "1.1002")
    house.say(2_000, "1.1000", "1.1002")
    assert house.code(asked_ms) == code


def test_a_fault_while_recovering_begins_the_wait_anew(house):
    """Recovery is recover_ms after the last fault, not after the first."""
    for ms in (0, 2_000, 4_000):
        house.say(ms, "1.1002", "1.1000")
        house.say(ms + 1_000, "1.1000", "1.1002")
    assert house.code(7_999) == "QUOTE_CROSSED"
    assert house.code(8_000) == ""


def test_what_was_silent_between_two_looks_is_noticed(house):
    """A quote that comes after too long a silence does not hide it."""
    house.say(6_000, "1.1000", "1.1002")
    assert house.code(6_000) == "QUOTE_STALE"
    house.steady(7_000, 8_000)
    assert house.code(8_999) == "QUOTE_STALE"
    assert house.code(9_000) == ""


@pytest.mark.parametrize(("ms", "code"), [(20_000, ""), (20_001, "QUOTE_FROZEN")])
def test_a_price_that_only_repeats_is_frozen(ms, code):
    """When price and exchange time stand still, the repetitions of a bridge prove nothing."""
    house = House()
    house.steady(0, 20_000, exchange_ns=T0)
    assert house.code(ms) == code


@pytest.mark.parametrize("sign", ["exchange time", "price", "size"])
def test_a_sign_of_life_keeps_a_feed_from_freezing(sign):
    """An exchange time that moves on, a price, or without a time any entry, shows a live market."""
    house = House()
    for number in range(60):
        offer = "1.1002" if sign != "price" or number % 2 else "1.1003"
        exchange_ns = T0 + number * MS if sign == "exchange time" else T0
        if sign == "size":
            thicker(house, number)
        else:
            house.say(number * 1_000, "1.1000", offer, exchange_ns=exchange_ns)
    assert house.code(59_000) == ""


def thicker(house, number):
    """Quote the same prices with another size and without a time."""
    now_ns = T0 + number * 1_000 * MS
    house.feeds.quote(
        "A",
        MarketDataSnapshotFullRefresh(
            symbol=SYMBOL,
            md_entries=(
                entry(MDEntryType.BID, "1.1000", 1_000 + number),
                entry(MDEntryType.OFFER, "1.1002"),
            ),
        ),
        now_ns,
    )


def test_an_exchange_time_that_falls_back_is_no_life():
    """A recording that is played in a circle, or a broken clock, does not look alive."""
    house = House()
    for number in range(22):
        house.say(number * 1_000, "1.1000", "1.1002", exchange_ns=T0 - number * MS)
    assert house.code(21_000) == "QUOTE_FROZEN"


@pytest.mark.parametrize(
    ("offer", "code"), [("1.1004", ""), ("1.1006", "QUOTE_FROZEN"), ("1.1002", "")]
)
def test_a_feed_is_frozen_when_the_others_have_moved_on(offer, code):
    """A venue that lives but repeats its price is frozen once another moved by over our spread."""
    house = House(feeds=["A", "B"])
    for ms in range(0, 25_000, 1_000):
        house.say(ms, "1.1000", "1.1002")
        shift = Decimal(offer) - Decimal("1.1002") if ms > 10_000 else Decimal(0)
        house.say(ms, str(Decimal("1.1000") + shift), str(Decimal("1.1002") + shift), "B")
        if ms <= 20_000:
            assert house.feeds.serving(SYMBOL, "A", T0 + ms * MS) == "A"
    (row,) = [row for row in house.feeds.rows(T0 + 24_000 * MS) if row.get("venue") == "A"
              and row["kind"] == "feed"]  # fmt: skip
    assert row["code"] == code
    assert house.reference(24_000).venue == ("B" if code else "A")


def test_an_unhealthy_feed_proves_nothing_against_another():
    """A peer that is at fault does not make a quiet feed frozen, nor does where it stood then."""
    house = House(feeds=["A", "B"])
    for ms in range(0, 23_000, 1_000):
        house.say(ms, "1.1000", "1.1002")
        crossed = ms > 19_500
        bid = "1.1000" if ms < 12_000 else "1.1050" if not crossed else "1.1054"
        house.say(ms, bid, "1.1002" if ms < 12_000 else "1.1052", "B")
    assert house.reference(22_000).venue == "A"
    house = House(feeds=["A", "B"])
    house.say(0, "1.1000", "1.1002", "B")
    house.say(100, "1.1002", "1.1000", "B")
    for ms in range(1_000, 24_000, 1_000):
        house.say(ms, "1.1050", "1.1052")
        house.say(ms, "1.1050", "1.1052", "B")
    assert house.reference(23_000).venue == "A"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ((1, 7), (1, 8), ""),
        ((1, 7), (1, 7), ""),
        ((1, 7), (1, 700), ""),
        ((1, 7), (2, 1), ""),
        ((1, 7), (1, 6), "QUOTE_GAP"),
        ((1, 7), (1, 0), "QUOTE_GAP"),
        ((2, 1), (1, 900), "QUOTE_GAP"),
    ],
    ids=["next", "again", "conflated", "restart", "back", "told", "older life"],
)
def test_a_gap_is_a_number_that_goes_back(before, after, code):
    """Conflation leaves numbers out and a restart begins anew; only what goes back is a gap."""
    house = House()
    house.say(0, "1.1000", "1.1002", feed_epoch=before[0], feed_seq=before[1])
    house.say(50, "1.1000", "1.1002", feed_epoch=after[0], feed_seq=after[1])
    assert house.code(50) == code
    house.say(100, "1.1000", "1.1002", feed_epoch=after[0], feed_seq=after[1] + 1)
    house.say(2_000, "1.1000", "1.1002", feed_epoch=after[0], feed_seq=after[1] + 2)
    assert house.code(3_050) == ""


@pytest.mark.parametrize(
    ("kind", "prices", "known"),
    [
        (MDEntryType.BID, [3, 2, 1], 3),
        (MDEntryType.BID, [3, 3, 1], 1),
        (MDEntryType.BID, [3, 4, 1], 1),
        (MDEntryType.OFFER, [3, 4, 5], 3),
        (MDEntryType.OFFER, [3, 3, 5], 1),
        (MDEntryType.OFFER, [3, 2, 5], 1),
        (MDEntryType.OFFER, [3, None, 5], 1),
        (MDEntryType.OFFER, [None], 0),
    ],
)
def test_a_book_is_known_as_far_as_it_is_in_order(kind, prices, known):
    """Levels after one that is out of order or has no price are not relied on."""
    message = MarketDataSnapshotFullRefresh(
        symbol=SYMBOL, md_entries=tuple(entry(kind, price) for price in prices)
    )
    assert [level.price for level in Quote(message, 0).levels(kind)] == prices[:known]
