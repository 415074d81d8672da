"""Rates: what one currency is worth in another, through what the venues quote."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.quoting import list_security, quote

from gateway.oms.market import Market
from gateway.risk.rates import ABOUT_AS_NEW_NS, Rates, base_currency, quote_currency
from protocol.messages import Security


@pytest.fixture
def market():
    """A market that lists a few pairs and has quoted none."""
    made = Market()
    for venue, symbol, currency in (
        ("FX", "EURUSD", "USD"), ("FX", "USDJPY", "JPY"), ("ECN", "EURUSD", "USD"),
        ("SPOT", "BTC/USDT", "USDT"), ("SPOT", "BTC/EUR", "EUR"),
    ):  # fmt: skip
        list_security(made, venue, symbol, currency)
    return made


def tell(rates, market, venue, symbol, *prices, now_ns=1):
    """Let a venue quote and the rates know of it."""
    quote(market, venue, symbol, *prices, now_ns=now_ns)
    rates.quote_changed(venue, symbol)


def test_a_currency_in_itself_is_one(market):
    """Without any quote."""
    assert Rates(market, {}).rate("CHF", "CHF") == 1


def test_no_quote_is_no_rate(market):
    """A listed pair without a quote says nothing, and a currency of no pair neither."""
    rates = Rates(market, {})
    assert rates.rate("EUR", "USD") is None
    assert rates.rate("XAU", "USD") is None


def test_a_quoted_pair_gives_its_middle_and_the_inverse(market):
    """Bid 1.2, offer 1.3: 1.25 one way, 0.8 the other."""
    rates = Rates(market, {})
    tell(rates, market, "FX", "EURUSD", "1.2", "1.3")
    assert rates.rate("EUR", "USD") == Decimal("1.25")
    assert rates.rate("USD", "EUR") == Decimal("0.8")


def test_a_rate_that_was_unknown_is_found_when_its_quote_comes(market):
    """That there is none is remembered only until there is one."""
    rates = Rates(market, {})
    assert rates.rate("EUR", "JPY") is None
    tell(rates, market, "FX", "EURUSD", "1.2", "1.3")
    assert rates.rate("EUR", "JPY") is None
    tell(rates, market, "FX", "USDJPY", "99", "101")
    assert rates.rate("EUR", "JPY") == 125
    assert rates.rate("JPY", "EUR") == Decimal("0.008")


def test_a_rate_follows_each_quote_it_was_made_of(market):
    """Also one that was made of two."""
    rates = Rates(market, {})
    tell(rates, market, "FX", "EURUSD", "1.2", "1.3")
    tell(rates, market, "FX", "USDJPY", "99", "101")
    assert rates.rate("EUR", "JPY") == 125
    tell(rates, market, "FX", "USDJPY", "199", "201")
    assert rates.rate("EUR", "JPY") == 250
    tell(rates, market, "FX", "EURUSD", "0.9", "1.1")
    assert rates.rate("EUR", "JPY") == 200


def test_a_peg_is_a_rate_both_ways_and_a_step(market):
    """USDT counts as USD when a person says so; BTC reaches USD over it, not over EUR."""
    rates = Rates(market, {"USDT/USD": Decimal(1)})
    tell(rates, market, "SPOT", "BTC/USDT", "100000", "100000")
    tell(rates, market, "SPOT", "BTC/EUR", "90000", "90000")
    tell(rates, market, "FX", "EURUSD", "1.2", "1.2")
    assert rates.rate("USDT", "USD") == rates.rate("USD", "USDT") == 1
    assert rates.rate("BTC", "USD") == rates.rate("BTC", "USDT") == 100_000


def test_three_steps_are_too_many(market):
    """USDT to JPY over BTC, EUR and USD is no rate that anybody trades at."""
    rates = Rates(market, {})
    for venue, symbol in (("SPOT", "BTC/USDT"), ("SPOT", "BTC/EUR"), ("FX", "EURUSD"),
                          ("FX", "USDJPY")):  # fmt: skip
        tell(rates, market, venue, symbol, "2", "2")
    assert rates.rate("USDT", "JPY") is None


def test_of_two_venues_a_much_older_quote_gives_no_rate(market):
    """The first venue, unless its quote has become old while another's is new."""
    rates = Rates(market, {})
    tell(rates, market, "FX", "EURUSD", "1.2", "1.2", now_ns=1)
    tell(rates, market, "ECN", "EURUSD", "1.3", "1.3", now_ns=1 + ABOUT_AS_NEW_NS)
    assert rates.rate("EUR", "USD") == Decimal("1.2")
    tell(rates, market, "ECN", "EURUSD", "1.3", "1.3", now_ns=2 + ABOUT_AS_NEW_NS)
    assert rates.rate("EUR", "USD") == Decimal("1.3")


def test_a_book_that_runs_empty_leaves_the_last_rate(market):
    """An old rate is better than none: freshness is for another check."""
    rates = Rates(market, {})
    tell(rates, market, "FX", "EURUSD", "1.2", "1.3")
    assert rates.rate("EUR", "USD") == Decimal("1.25")
    tell(rates, market, "FX", "EURUSD")
    assert rates.rate("EUR", "USD") == Decimal("1.25")


def test_an_instrument_that_is_listed_later_opens_a_way(market):
    """What the venues list may change while we run."""
    rates = Rates(market, {})
    assert rates.rate("GBP", "USD") is None
    list_security(market, "FX", "GBPUSD", "USD")
    tell(rates, market, "FX", "GBPUSD", "1.5", "1.5")
    assert rates.rate("GBP", "USD") == Decimal("1.5")


MAX_AGE_NS = 1_000_000_000


@pytest.mark.parametrize(("age_ns", "expected"), [
    (MAX_AGE_NS - 1, 125), (MAX_AGE_NS, 125), (MAX_AGE_NS + 1, None),
])  # fmt: skip
@pytest.mark.parametrize("asked_before", [True, False])
def test_a_rate_that_nobody_confirms_ends(market, age_ns, expected, asked_before):
    """At its age and 1 ns either side, whether it was remembered or not; the older leg counts."""
    rates = Rates(market, {}, 1_000)
    rates.look(7)
    tell(rates, market, "FX", "EURUSD", "1.25", "1.25", now_ns=7)
    tell(rates, market, "FX", "USDJPY", "100", "100", now_ns=8)
    if asked_before:
        assert rates.rate("EUR", "JPY") == 125
    changes = rates.changes
    assert rates.look(7 + age_ns) == (asked_before and expected is None)
    assert (rates.changes != changes) == (asked_before and expected is None)
    assert rates.rate("EUR", "JPY") == expected
    assert rates.rate("USD", "JPY") == 100


def test_a_rate_that_ended_is_back_with_the_next_quote(market):
    """And ends again when that one is too old, not earlier."""
    rates = Rates(market, {}, 1_000)
    tell(rates, market, "FX", "EURUSD", "1.25", "1.25")
    assert rates.rate("EUR", "USD")
    later_ns = 5 * MAX_AGE_NS
    rates.look(later_ns)
    assert rates.rate("EUR", "USD") is None
    tell(rates, market, "FX", "EURUSD", "1.3", "1.3", now_ns=later_ns)
    rates.look(later_ns + MAX_AGE_NS)
    assert rates.rate("EUR", "USD") == Decimal("1.3")
    rates.look(later_ns + MAX_AGE_NS + 1)
    assert rates.rate("EUR", "USD") is None


def test_an_empty_book_confirms_no_rate(market):
    """The remembered price of a book that ran empty ages, however often emptiness is quoted."""
    rates = Rates(market, {}, 1_000)
    tell(rates, market, "FX", "EURUSD", "1.2", "1.3")
    assert rates.rate("EUR", "USD") == Decimal("1.25")
    tell(rates, market, "FX", "EURUSD", now_ns=MAX_AGE_NS + 1)
    rates.look(MAX_AGE_NS + 1)
    assert rates.rate("EUR", "USD") == Decimal("1.25")
    rates.look(MAX_AGE_NS + 2)
    assert rates.rate("EUR", "USD") is None


def test_another_venue_stands_in_for_a_quote_that_is_too_old(market):
    """The first venue's price is too old, though an empty book of it came just now."""
    rates = Rates(market, {}, 1_000)
    tell(rates, market, "FX", "EURUSD", "1.2", "1.2")
    assert rates.rate("EUR", "USD") == Decimal("1.2")
    tell(rates, market, "FX", "EURUSD", now_ns=2 * MAX_AGE_NS)
    tell(rates, market, "ECN", "EURUSD", "1.3", "1.3", now_ns=2 * MAX_AGE_NS)
    rates.look(2 * MAX_AGE_NS)
    assert rates.rate("EUR", "USD") == Decimal("1.3")


def test_a_peg_never_ages(market):
    """A person vouches for it until the next start."""
    rates = Rates(market, {"USDT/USD": Decimal(1)}, 1_000)
    assert rates.rate("USDT", "USD") == 1
    rates.look(10**6 * MAX_AGE_NS)
    assert rates.rate("USDT", "USD") == rates.rate("USD", "USDT") == 1


@pytest.mark.parametrize(
    ("symbol", "currency", "base", "quoted"),
    [
        ("EURUSD", "USD", "EUR", "USD"),
        ("EURUSD", None, "EUR", "USD"),
        ("BTC/USDT", "USDT", "BTC", "USDT"),
        ("BTC/USDT", None, "BTC", "USDT"),
        ("AAPL", "USD", "", "USD"),
        ("AMAZON", "USD", "", "USD"),
        ("BTC/USDT:USDT", "USDT", "", "USDT"),
        ("US500", None, "", ""),
    ],
)
def test_the_currencies_of_an_instrument(symbol, currency, base, quoted):
    """The venue says, or the symbol does when it is a pair; a share has no currency of quantity."""
    security = Security(symbol=symbol, currency=currency)
    assert (base_currency(security), quote_currency(security)) == (base, quoted)


def test_what_the_venue_says_of_the_base_comes_first():
    """5042 names the currency of a symbol that is no pair."""
    assert base_currency(Security(symbol="GOLD", currency="USD", base_currency="XAU")) == "XAU"


@pytest.mark.parametrize("pegs", [{"USDT": 1}, {"/USD": 1}, {"USDT/USD": 0}, {"USDT/USD": -1}])
def test_a_peg_that_cannot_be_meant_is_refused(pegs):
    """It says what was received and what is expected."""
    with pytest.raises(ValueError, match=r"received the peg .* expected a pair"):
        Rates(Market(), {name: Decimal(value) for name, value in pegs.items()})
