"""A rate that is too old refuses new risk, though the price of the symbol itself is fresh."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE, rules
from support.quoting import list_security
from support.scopes import ask, code, desk_with, last_sent

from protocol.fields import MDEntryType, Side
from protocol.messages import MarketDataSnapshotFullRefresh, MDEntry

PAIR = "USDCHF"
HOUR_MS = 3_600_000
QUARTER_MS = HOUR_MS // 4
MAX_AGE_MS = 24 * HOUR_MS


def say_pair(desk, bid="0.9000", offer="0.9002"):
    """Let the venue quote the pair of the rate."""
    entries = tuple(
        MDEntry(md_entry_type=kind, md_entry_px=Decimal(price), md_entry_size=Decimal(1_000))
        for kind, price in ((MDEntryType.BID, bid), (MDEntryType.OFFER, offer)) if price
    )  # fmt: skip
    desk.hear(VENUE, MarketDataSnapshotFullRefresh(symbol=PAIR, md_entries=entries))


def swiss(max_rate_age_ms=MAX_AGE_MS, **limits):
    """Return a desk whose EURUSD costs CHF, and a rate to the house's USD quoted just now."""
    desk = desk_with("all", replace(rules(), max_rate_age_ms=max_rate_age_ms), **limits)
    view = desk.core.market.venue(VENUE)
    view.securities[SYMBOL] = replace(view.securities[SYMBOL], currency="CHF")
    list_security(desk.core.market, VENUE, PAIR, "CHF")
    say_pair(desk)
    return desk


def later(desk, ms, say=None):
    """Let time pass; the venue says `say` now and then, and at the end sound prices of EURUSD."""
    until_ns = desk.now_ns + ms * 1_000_000
    while desk.now_ns < until_ns - 10_000_000_000:
        left_ms = (until_ns - desk.now_ns) // 1_000_000 - 10_000
        desk.pass_time(min(left_ms, QUARTER_MS))
        if say is not None:
            say_pair(desk, *say)
    for bid, offer in (("1.1001", "1.1003"), ("1.1000", "1.1002")):
        desk.quote(bid, offer)
        desk.pass_time(5_000)


@pytest.mark.parametrize("limits", [
    {"max_gross_notional": Decimal(10**6)}, {"max_order_notional": Decimal(10**6)},
    {"capital": Decimal(10**6)},
])  # fmt: skip
def test_an_old_rate_refuses_new_risk_and_closing_passes(limits):
    """At the age, and past it; the quote that comes then serves at once."""
    desk = swiss(**limits)
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    later(desk, MAX_AGE_MS)
    assert ask(desk, "10") == ""
    last_sent(desk).fill("10")
    desk.pass_time(1)
    assert code(ask(desk, "10")) == "NO_RATE"
    assert ask(desk, "1010", side=Side.SELL) == ""
    last_sent(desk).fill("1010")
    say_pair(desk, "0.9001", "0.9003")
    assert ask(desk, "10") == ""


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(("0.9000", "0.9002"), id="the-same"),
        pytest.param(("0.9000", ""), id="an-empty-side"),
        pytest.param(("0.9002", "0.9000"), id="crossed"),
        pytest.param(("0.8000", "1.0000"), id="too-wide"),
    ],
)
def test_what_is_only_repeated_or_not_believed_confirms_no_rate(say):
    """A bridge repeats the last quote of a venue that is silent: it is as old as it was."""
    desk = swiss(max_gross_notional=Decimal(10**6))
    later(desk, MAX_AGE_MS, say)
    assert ask(desk, "10") == ""
    later(desk, 2 * HOUR_MS, say)
    assert code(ask(desk, "10")) == "NO_RATE"


def test_a_rate_that_is_confirmed_lives_on():
    """The pair moves by a tick now and then: its rate never ends."""
    desk = swiss(max_gross_notional=Decimal(10**6))
    for number in range(50):
        later(desk, HOUR_MS)
        say_pair(desk, f"0.90{number:02}", f"0.90{number + 2:02}")
        assert ask(desk, "10", cl_ord_id=f"N{number}") == ""


def test_by_default_a_rate_lives_over_a_weekend():
    """From Friday's last price to Sunday's first it is 48 hours, with a holiday 72."""
    desk = swiss(rules().max_rate_age_ms, max_gross_notional=Decimal(10**6))
    later(desk, 72 * HOUR_MS)
    assert ask(desk, "10") == ""
    desk.pass_time(1)
    assert code(ask(desk, "10")) == "NO_RATE"
