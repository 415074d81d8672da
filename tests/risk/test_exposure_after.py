"""What would be at stake if an order were sent, or a replacement instead of what it replaces."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.floor import Floor

from gateway.oms.state import Pending
from protocol.fields import Side

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def floor():
    """EURUSD stands at 2, a euro is two dollars."""
    made = Floor()
    made.quote("FX", "EURUSD", "2")
    made.quote("EU", "EURUSD", "2")
    return made


def after(floor, intent, scope="strategy:MM"):
    """Gross, long and short of a scope if an order were sent."""
    found = floor.exposure.after(intent).totals(scope)
    return tuple(map(int, (found.gross, found.long, found.short)))


@pytest.mark.parametrize(
    ("held", "side", "qty", "price", "expected"),
    [
        (0, BUY, 100, None, (200, 200, 0)),
        (0, SELL, 100, None, (200, 0, 200)),
        (0, BUY, 100, "1", (200, 200, 0)),
        (0, BUY, 100, "3", (300, 300, 0)),
        (0, SELL, 100, "3", (300, 0, 300)),
        (100, SELL, 60, None, (200, 200, -80)),
        (100, SELL, 250, None, (300, 200, 300)),
        (-100, BUY, 60, "3", (200, -20, 200)),
    ],
)
def test_what_an_order_would_add(floor, held, side, qty, price, expected):
    """At the worse of its own price and the last one; it reduces nothing until it is executed."""
    if held:
        floor.trade(BUY if held > 0 else SELL, abs(held), "2")
    intent = floor.intent(side, qty, price)
    assert after(floor, intent) == after(floor, intent, "all") == expected


def test_a_stop_counts_at_its_trigger(floor):
    """A stop to buy above the market is executed there or higher."""
    assert after(floor, floor.intent(BUY, 100, stop="3")) == (300, 300, 0)


@pytest.mark.parametrize(
    ("qty", "price", "expected"),
    [(100, "2", (200, 200, 0)), (150, "2", (300, 300, 0)), (60, "2", (200, 200, 0)),
     (100, "3", (300, 300, 0)), (60, "3", (300, 300, 0))],
)  # fmt: skip
def test_a_replacement_counts_instead_of_what_it_replaces(floor, qty, price, expected):
    """The larger quantity of both, at the worse price: either version may be the one that lives."""
    old = floor.order(BUY, 100, "2")
    assert after(floor, floor.intent(BUY, qty, price, old=old)) == expected


def test_a_replacement_never_makes_room_that_an_earlier_one_may_still_take(floor):
    """150 are asked for already: to ask for 100 leaves 150 at stake."""
    old = floor.order(BUY, 100, "2")
    old.replace = Pending("R", order_qty=Decimal(150))
    floor.changed(old)
    assert after(floor, floor.intent(BUY, 100, "2", old=old)) == (300, 300, 0)
    assert after(floor, floor.intent(BUY, 100, "3", old=old)) == (450, 450, 0)


def test_a_partly_filled_order_is_replaced_without_counting_twice(floor):
    """40 of 100 are executed: a position of 40 and 60 open; 120 makes that 80 open."""
    old = floor.order(BUY, 100, "2")
    old.cum_qty = Decimal(40)
    floor.trade(BUY, 40, "2")
    floor.changed(old)
    assert after(floor, floor.intent(BUY, 120, "2", old=old)) == (240, 240, -80)


def test_what_an_order_would_make_of_its_symbol(floor):
    """Concentration, and quantities both ways."""
    floor.trade(BUY, 100, "2")
    found = floor.exposure.after(floor.intent(BUY, 50))
    assert found.symbol_gross("strategy:MM") == found.symbol_gross("venue:FX") == 300
    assert found.symbol_qty("strategy:MM") == (150, -100)
    assert found.symbol_qty("account:A") == (150, -100)
    assert floor.exposure.after(floor.intent(SELL, 50)).symbol_qty("all") == (100, -50)


def test_an_order_in_another_currency_is_converted(floor):
    """20 euros of DAX: 20 in the account of euros, 40 for the house."""
    floor.quote("EU", "DAX", "10")
    intent = floor.intent(BUY, 2, venue="EU", symbol="DAX")
    assert after(floor, intent, "account:B") == (20, 20, 0)
    assert after(floor, intent, "group:euro") == (40, 40, 0)


def test_why_it_cannot_be_known_what_would_be(floor):
    """No price, no rate, no such symbol, or something else in the scope that is not known."""
    def why(scope, **intent):
        return floor.exposure.after(floor.intent(BUY, 1, **intent)).unknown(scope)

    assert why("all") == ""
    assert why("all", venue="EU", symbol="DAX") == "no price of DAX at EU"
    assert why("all", venue="EU", symbol="NEW", price="3") == "no currency of NEW at EU"
    floor.quote("EU", "SMI", "10")
    assert why("account:B", venue="EU", symbol="SMI") == "no rate from CHF to EUR"
    floor.order(BUY, 10, venue="EU", symbol="DAX")
    assert why("all") == "no price of DAX at EU"
    assert why("venue:FX") == ""


def test_symbols_that_only_a_strategy_has_named_are_not_remembered(floor):
    """An order in what no venue lists leaves no trace in memory."""
    before = set(floor.exposure.scopes())
    floor.exposure.after(floor.intent(BUY, 1, symbol="NEW"))
    assert set(floor.exposure.scopes()) == before
