"""What may be at stake: each limit inside, at and beyond, in each scope, in-flight counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import (
    ACCOUNT,
    SYMBOL,
    VENUE,
    cancel,
    rules,
)
from support.scopes import (
    SCOPES,
    ask,
    ask_change,
    code,
    desk_with,
    last_sent,
    list_instrument,
    number,
    with_venue,
)

from gateway.risk.checks.exposure import unknown
from gateway.risk.limits import Limits
from protocol.fields import OrdType, Side
from protocol.messages import OperatorCommand

SELL = Side.SELL
MID = Decimal("1.1001")
EXCEEDED = {"CONCENTRATION", "MAX_GROSS", "MAX_NET", "CAPITAL"}


def sold(desk, *args, **fields):
    """Ask for a sale."""
    return ask(desk, *args, side=SELL, **fields)


@pytest.mark.parametrize("scope", SCOPES)
def test_how_long_a_symbol_may_become(scope):
    """Up to the limit passes, a unit more does not; what is sent counts, fills add nothing."""
    desk = desk_with(scope, max_long_qty=Decimal(1000))
    assert ask(desk, "999") == ""
    first = last_sent(desk)
    assert ask(desk, "1") == ""
    text = ask(desk, "1", price="1.0999")
    assert code(text) == "MAX_LONG"
    assert f"scope={scope}" in text
    assert (number(text, "long"), number(text, "limit")) == (1001, 1000)
    first.fill("999")
    assert code(ask(desk, "1", price="1.0999")) == "MAX_LONG"
    assert sold(desk, "5000", "1.2") == ""


@pytest.mark.parametrize("scope", SCOPES)
def test_how_short_a_symbol_may_become(scope):
    """The same the other way round."""
    desk = desk_with(scope, max_short_qty=Decimal(1000))
    assert sold(desk, "1000") == ""
    text = sold(desk, "1", price="1.2")
    assert code(text) == "MAX_SHORT"
    assert f"scope={scope}" in text
    assert (number(text, "short"), number(text, "limit")) == (1001, 1000)
    assert ask(desk, "5000", "1.0") == ""


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("key", "expected", "shown"),
    [
        ("max_symbol_notional", "CONCENTRATION", "notional"),
        ("max_gross_notional", "MAX_GROSS", "gross"),
        ("max_net_notional", "MAX_NET", "net"),
        ("capital", "CAPITAL", "needed"),
    ],
)
def test_money_at_stake(scope, key, expected, shown):
    """What is in flight is worth the last price; the limit passes, one unit more does not."""
    desk = desk_with(scope, **{key: MID * 1000})
    assert ask(desk, "999", price="1.1000") == ""
    assert ask(desk, "1", price="1.1000") == ""
    text = ask(desk, "1", price="1.0999")
    assert code(text) == expected
    assert f"scope={scope}" in text
    assert (number(text, shown), number(text, "limit")) == (MID * 1001, MID * 1000)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("max_symbol_notional", "CONCENTRATION"), ("max_gross_notional", "MAX_GROSS"),
        ("max_net_notional", "MAX_NET"), ("capital", "CAPITAL"),
    ],
)  # fmt: skip
def test_an_order_counts_at_its_own_price_when_that_is_worse(key, expected):
    """A buy above the market may cost what it says."""
    desk = desk_with("all", **{key: MID * 1000})
    assert code(ask(desk, "1000", price="1.1002")) == expected
    stop = {"ord_type": OrdType.STOP, "stop_px": Decimal("1.1003")}
    assert code(ask(desk, "1000", None, **stop)) == expected
    assert ask(desk, "1000", price="1.1001") == ""


def test_shared_scopes_add_up_strategies():
    """What one strategy has sent leaves another less room in the account, and not in its own."""
    desk = desk_with(f"account:{ACCOUNT}", max_gross_notional=MID * 1000)
    assert ask(desk, "600", owner="MOM") == ""
    assert code(ask(desk, "401")) == "MAX_GROSS"
    assert ask(desk, "400") == ""


def test_opposite_orders_add_to_the_gross_of_a_scope_and_not_to_its_net():
    """Long and short of two strategies: both at stake, set off against each other."""
    desk = desk_with("all", max_gross_notional=MID * 1500, max_net_notional=MID * 1000)
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    assert code(sold(desk, "501", owner="MOM")) == "MAX_GROSS"
    assert sold(desk, "500", owner="MOM") == ""
    last_sent(desk).fill("500")
    assert ask(desk, "1", price="1.0") != ""


def test_an_order_in_review_counts_from_its_acceptance():
    """It has not been sent, and may be at any moment."""
    desk = desk_with("strategy:MM", max_long_qty=Decimal(1000), review_qty=Decimal(500))
    assert ask(desk, "600") == ""
    assert desk.book.in_review
    assert code(ask(desk, "401")) == "MAX_LONG"
    assert ask(desk, "400") == ""


def test_what_ends_leaves_its_room():
    """A cancel that is on its way still counts, one that is done does not."""
    desk = desk_with("strategy:MM", max_long_qty=Decimal(1000))
    assert ask(desk, "1000", cl_ord_id="A") == ""
    exchange = last_sent(desk)
    exchange.accept()
    request = desk.hear("MM", cancel(desk, "B", "A"))[-1]
    assert code(ask(desk, "1")) == "MAX_LONG"
    exchange.cancel(request)
    assert ask(desk, "1000") == ""


def test_a_replacement_makes_room_for_itself_only():
    """The larger of old and new counts while either may live, and the old one afterwards not."""
    desk = desk_with("strategy:MM", max_long_qty=Decimal(1000))
    assert ask(desk, "600", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", "1001")) == "MAX_LONG"
    assert ask_change(desk, "A", "1000") == ""
    assert code(ask(desk, "1")) == "MAX_LONG"


@pytest.mark.parametrize("key", ["max_symbol_notional", "max_gross_notional", "max_net_notional"])
def test_a_replacement_that_shrinks_passes_whatever_is_exceeded(key):
    """After a rise of the price less is asked for, at the same price: that cannot be too much."""
    desk = desk_with("strategy:MM", **{key: MID * 1000})
    assert ask(desk, "1000", cl_ord_id="A") == ""
    last_sent(desk).accept()
    desk.quote("1.1100", "1.1102")
    assert code(ask_change(desk, "A", "1001")) in EXCEEDED
    assert ask_change(desk, "A", "999") == ""


@pytest.mark.parametrize("key", ["max_gross_notional", "max_net_notional", "max_symbol_notional",
                                 "capital"])  # fmt: skip
def test_what_reduces_passes_though_the_limit_is_exceeded(key):
    """A price has risen beyond the limit: nothing more, but every way out, up to what is held."""
    desk = desk_with("strategy:MM", **{key: MID * 1000})
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000", "1.1001")
    desk.quote("1.1100", "1.1102")
    assert code(ask(desk, "1", "1.1")) in EXCEEDED
    assert sold(desk, "600", "4") == ""
    assert sold(desk, "400", None) == ""


def test_closing_one_leg_of_a_hedge_is_judged_by_the_net():
    """Two strategies set each other off: one that leaves must not lay the other's risk bare."""
    desk = desk_with("all", max_net_notional=MID * 1000)
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    assert sold(desk, "800", owner="MOM") == ""
    last_sent(desk).fill("800")
    assert ask(desk, "800") == ""
    last_sent(desk).fill("800")
    assert code(ask(desk, "1", owner="MOM")) == "MAX_NET"
    assert sold(desk, "800") == ""
    last_sent(desk).fill("800")
    assert ask(desk, "800", owner="MOM") == ""


def test_capital_counts_what_the_venue_blocks():
    """At a margin rate of 5 % it is twenty times the capital: as y tells, or as configured."""
    desk = desk_with("strategy:MM", capital=MID * 50)
    assert code(ask(desk, "51")) == "CAPITAL"
    list_instrument(desk, margin_rate=Decimal("0.05"))
    desk.core.market.listed += 1
    assert ask(desk, "1000") == ""
    assert code(ask(desk, "1")) == "CAPITAL"
    house = with_venue(rules(capital=MID * 50), margin_rate=Decimal("0.5"))
    desk = desk_with("all", house)
    assert ask(desk, "100") == ""
    assert code(ask(desk, "1")) == "CAPITAL"


def test_losses_shrink_the_capital_and_profits_do_not_enlarge_it():
    """A loss of 100 leaves 100 less to trade with; a profit is no reason for more."""
    limit = MID * 1000
    desk = desk_with("strategy:MM", capital=limit)
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000", "1.1001")
    assert sold(desk, "1000") == ""
    last_sent(desk).fill("1000", "1.0001")
    text = ask(desk, "1000")
    assert code(text) == "CAPITAL"
    assert number(text, "left") == limit - Decimal("100.02")
    assert ask(desk, "900") == ""
    last_sent(desk).fill("900", "0.5")
    assert code(ask(desk, "101")) == "CAPITAL"
    assert ask(desk, "100") == ""


def test_the_account_is_judged_in_its_own_currency():
    """A limit of an account in EUR, an instrument in USD: converted at the quoted rate."""
    house = with_venue(rules(), base_currency="EUR")
    desk = desk_with(f"account:{ACCOUNT}", house, max_gross_notional=Decimal(1000))
    assert ask(desk, "1000") == ""
    assert code(ask(desk, "1")) == "MAX_GROSS"


@pytest.mark.parametrize("key", ["max_gross_notional", "max_net_notional", "max_symbol_notional",
                                 "capital"])  # fmt: skip
def test_what_has_no_price_or_rate_is_refused_and_may_be_closed(key):
    """An unknown exposure is not below any limit; what is held may be sold."""
    desk = desk_with("all", **{key: Decimal(1_000_000)})
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    list_instrument(desk, currency="CHF")
    desk.core.market.listed += 1
    text = ask(desk, "1")
    assert code(text) == "NO_RATE"
    assert "remedy=set_CHF/USD_in_[rates]" in text
    assert sold(desk, "1000") == ""


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("no rate from CHF to EUR", "NO_RATE: why=no_rate_from_CHF_to_EUR scope=account:B{}"),
        ("no rate from an unknown currency to EUR",
         "NO_RATE: why=no_rate_from_an_unknown_currency_to_EUR scope=account:B"),
        ("no price of X", "NO_PRICE: why=no_price_of_X scope=account:B"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_with_its_remedy(why, said):
    """The pair that is missing, and that [rates] may hold it; none for what has no name."""
    found = unknown(why, "account:B")
    remedy = " remedy=set_CHF/EUR_in_[rates]_if_nobody_quotes_it"
    assert f"{found.code}: {found.detail}" == said.format(remedy)


def test_no_price_at_all():
    """Before the first quote nothing with a limit in money is let through."""
    desk = desk_with("all", max_gross_notional=Decimal(1_000_000))
    desk.restart()
    desk.log_on(VENUE)
    desk.answer_round()
    desk.log_on("MM")
    assert code(ask(desk, "1")) in {"NO_PRICE", "NO_QUOTE"}


def test_approval_is_judged_again():
    """The limit was tightened while the order waited: it is not sent."""
    desk = desk_with("strategy:MM", max_long_qty=Decimal(1000), review_qty=Decimal(500))
    assert ask(desk, "600") == ""
    (order_id,) = desk.book.in_review
    desk.core.facts.limits._configured = {"strategy:MM": Limits(max_long_qty=Decimal(599))}
    desk.core.facts.limits.refresh()
    desk.log_on("OPERATOR/ann", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="1", command="APPROVE", scope=f"order:{order_id}", reason="looked at it",
    ))  # fmt: skip
    assert code(desk.told("MM")[-1].text) == "MAX_LONG"
    assert not desk.book.working


def test_the_symbol_is_judged_alone():
    """The limit of one symbol says nothing of another scope."""
    desk = desk_with("symbol:GBPUSD", max_long_qty=Decimal(1))
    assert ask(desk, "1000") == ""
    assert SYMBOL == "EURUSD"
