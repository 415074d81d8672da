"""What is at stake: worst cases per cell, sums per scope, and what is not known is said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.floor import Floor
from support.quoting import list_security

from gateway.oms.order_states import VenueState
from gateway.oms.positions import fund, open_position
from gateway.oms.state import PositionKey
from protocol.fields import EXTERNAL, Side

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def floor():
    """EURUSD stands at 2, a euro is two dollars."""
    made = Floor()
    made.quote("FX", "EURUSD", "2")
    made.quote("EU", "EURUSD", "2")
    return made


# Worst cases, in one cell.


@pytest.mark.parametrize(
    ("held", "buys", "sells", "expected"),
    [
        (0, 0, 0, (0, 0, 0)),
        (100, 0, 0, (200, 200, -200)),
        (-100, 0, 0, (200, -200, 200)),
        (0, 50, 0, (100, 100, 0)),
        (0, 50, 70, (140, 100, 140)),
        (100, 50, 70, (300, 300, -60)),
        (100, 0, 250, (300, 200, 300)),
        (-100, 30, 0, (200, -140, 200)),
    ],
)
def test_the_worst_cases_of_a_cell(floor, held, buys, sells, expected):
    """Everything in flight executed on one side: the larger is the gross, at the last price."""
    if held:
        floor.trade(BUY if held > 0 else SELL, abs(held), "2")
    if buys:
        floor.order(BUY, buys)
    if sells:
        floor.order(SELL, sells)
    assert floor.shown("strategy:MM") == (*expected, 0)
    assert floor.exposure.totals("strategy:MM").net == max(expected[1:])


def test_gross_adds_up_what_net_takes_away(floor):
    """Two strategies against each other: the account is flat, and twice exposed."""
    floor.trade(BUY, 100, "2", owner="MM")
    floor.trade(SELL, 100, "2", owner="MOM")
    assert floor.shown("strategy:MM") == (200, 200, -200, 0)
    assert floor.shown("strategy:MOM") == (200, -200, 200, 0)
    for scope in ("account:A", "venue:FX", "symbol:EURUSD", "group:euro", "all"):
        assert floor.shown(scope) == (400, 0, 0, 0)


def test_external_counts_everywhere_but_in_a_strategy(floor):
    """What a person trades past us is real risk of the account."""
    floor.trade(BUY, 100, "2", owner=EXTERNAL)
    assert floor.shown("account:A") == floor.shown("all") == (200, 200, -200, 0)
    assert floor.shown(f"strategy:{EXTERNAL}") == (0, 0, 0, 0)


def test_a_scope_that_nothing_is_in_is_empty(floor):
    """No position, no order: nothing at stake, and nothing unknown."""
    assert floor.shown("strategy:NOBODY") == (0, 0, 0, 0)
    assert floor.exposure.unknown("strategy:NOBODY") == ""


# Money.


def test_profit_is_realised_and_open_less_fees_plus_funding(floor):
    """Bought 100 at 2, sold 40 at 3, the price is 4: 40 realised, 120 open, 7 paid, 5 received."""
    floor.trade(BUY, 100, "2", fee="4")
    floor.trade(SELL, 40, "3", fee="3")
    floor.quote("FX", "EURUSD", "4")
    key = PositionKey("MM", "A", "FX", "EURUSD")
    fund(open_position(floor.book, key, "USD"), Decimal(5), "USD")
    floor.exposure.refresh()
    assert floor.exposure.totals("all").pnl == 40 + 120 - 7 + 5


def test_an_account_counts_in_its_own_currency(floor):
    """200 dollars of EURUSD are 100 in an account of euros, 200 for the house."""
    floor.trade(BUY, 100, "2", venue="EU")
    assert floor.shown("account:B") == (100, 100, -100, 0)
    assert floor.shown("all") == floor.shown("venue:EU") == (200, 200, -200, 0)


def test_a_rate_moves_what_is_counted_in_another_currency(floor):
    """DAX is in euros: without a new price of its own it is worth more dollars."""
    floor.quote("EU", "DAX", "10")
    floor.trade(BUY, 5, "10", venue="EU", symbol="DAX")
    assert floor.shown("all") == (100, 100, -100, 0)
    floor.quote("FX", "EURUSD", "3")
    assert floor.shown("all") == (150, 150, -150, 0)
    assert floor.shown("account:B") == (50, 50, -50, 0)


def test_a_fee_in_another_currency_is_converted(floor):
    """Paid 10 euros on a trade in dollars: 20 dollars."""
    floor.trade(BUY, 100, "2", fee="10", paid="EUR")
    assert floor.exposure.totals("all").pnl == -20


def test_a_fee_that_is_paid_back_is_gone(floor):
    """A bust gives back the fee: nothing of it stays in the sums."""
    floor.trade(BUY, 100, "2", fee="10", paid="EUR")
    floor.trade(SELL, 100, "2", fee="-10", paid="EUR")
    assert floor.exposure.totals("all").pnl == 0


# What is not known.


def test_no_price_makes_the_scopes_unknown(floor):
    """Each scope that the cell lies in, and only until there is a price."""
    floor.order(BUY, 10, venue="EU", symbol="DAX")
    for scope in ("strategy:MM", "account:B", "venue:EU", "symbol:DAX", "group:euro", "all"):
        assert floor.exposure.unknown(scope) == "no price of DAX at EU"
    assert floor.exposure.unknown("venue:FX") == ""
    floor.quote("EU", "DAX", "10")
    assert floor.exposure.unknown("all") == ""
    assert floor.shown("account:B") == (100, 100, 0, 0)


def test_what_is_closed_is_not_unknown(floor):
    """An order that ended leaves no question."""
    order = floor.order(BUY, 10, venue="EU", symbol="DAX")
    order.venue_state = VenueState.CANCELED
    floor.changed(order)
    assert floor.exposure.unknown("all") == ""


def test_without_a_price_an_open_position_has_no_profit(floor):
    """Its cost is no loss: nothing is said of it but that it is unknown."""
    floor.trade(BUY, 10, "10", venue="EU", symbol="DAX")
    assert floor.exposure.totals("account:B").pnl == 0
    assert floor.exposure.unknown_pnl("account:B") == "no price of DAX at EU"


def test_no_rate_makes_the_scope_unknown(floor):
    """Swiss francs reach neither euros nor dollars."""
    floor.quote("EU", "SMI", "10")
    floor.order(BUY, 10, venue="EU", symbol="SMI")
    assert floor.exposure.unknown("account:B") == "no rate from CHF to EUR"
    assert floor.exposure.unknown("all") == "no rate from CHF to USD"


def test_money_without_a_rate_makes_only_the_profit_unknown(floor):
    """A fee in francs: what is at stake is known, what was won is not."""
    floor.trade(BUY, 100, "2", fee="1", paid="CHF")
    assert floor.exposure.unknown("all") == ""
    assert floor.exposure.unknown_pnl("all") == "no rate from CHF to USD"


def test_an_instrument_that_is_not_listed_has_no_currency():
    """A quote of what the venue has not described is a number without a unit; listing it heals."""
    floor = Floor(listed=False)
    floor.quote("FX", "EURUSD", "2")
    floor.order(BUY, 10)
    assert floor.exposure.unknown("all") == "no currency of EURUSD at FX"
    list_security(floor.market, "FX", "EURUSD", "USD")
    floor.exposure.refresh()
    assert floor.exposure.unknown("all") == ""
    assert floor.shown("all") == (20, 20, 0, 0)


def test_a_book_that_runs_empty_leaves_the_last_price(floor):
    """Whether the price is fresh is for another check."""
    floor.order(BUY, 10)
    floor.quote("FX", "EURUSD")
    assert floor.shown("all") == (20, 20, 0, 0)
    assert floor.exposure.price("FX", "EURUSD") == 2


# One symbol.


def test_concentration_adds_up_a_symbol_over_venues(floor):
    """EURUSD at two venues, in dollars for the house and in euros for the account."""
    floor.trade(BUY, 100, "2", venue="FX")
    floor.trade(SELL, 50, "2", venue="EU")
    floor.quote("EU", "DAX", "10")
    floor.trade(BUY, 1, "10", venue="EU", symbol="DAX")
    assert floor.exposure.symbol_gross("strategy:MM", "EURUSD") == 300
    assert floor.exposure.symbol_gross("account:B", "EURUSD") == 50
    assert floor.exposure.symbol_gross("venue:FX", "EURUSD") == 200
    assert floor.exposure.symbol_gross("venue:FX", "DAX") == 0
    assert floor.exposure.symbol_qty("strategy:MM", "EURUSD") == (50, -50)
    assert floor.exposure.symbol_qty("account:B", "EURUSD") == (-50, 50)
