"""How large one order is and how many are open: in every scope, at the limit and either side."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, rules
from support.scopes import (
    SCOPES,
    ask,
    ask_change,
    code,
    desk_with,
    house_with,
    last_sent,
    list_instrument,
    number,
)

from protocol.fields import OrdType, Side


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("qty", "expected"), [("999", ""), ("1000", ""), ("1001", "MAX_QTY")])
def test_the_quantity_of_an_order(scope, qty, expected):
    """MAX_QTY binds from whichever scope it comes, and names it."""
    text = ask(desk_with(scope, max_order_qty=Decimal(1000)), qty)
    assert code(text) == expected
    assert not text or f"scope={scope}" in text.split()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("price", "expected"), [("1.0999", ""), ("1.1000", ""), ("1.1001", "MAX_NOTIONAL")]
)
def test_the_notional_of_an_order(scope, price, expected):
    """MAX_NOTIONAL binds from whichever scope it comes, and says both numbers."""
    text = ask(desk_with(scope, max_order_notional=Decimal(1100)), "1000", price)
    assert code(text) == expected
    if text:
        assert f"scope={scope}" in text.split()
        assert number(text, "notional") == Decimal("1100.1")
        assert number(text, "limit") == 1100


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("qty", "price", "expected"),
    [("2000", "1.1000", ""), ("2001", "1.0000", "MAX_QTY"), ("2000", "1.1001", "MAX_NOTIONAL")],
)
def test_a_replacement_is_no_larger(scope, qty, price, expected):
    """What an order is replaced by is bound as the order was."""
    desk = desk_with(scope, max_order_qty=Decimal(2000), max_order_notional=Decimal(2200))
    assert ask(desk, "1000", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", qty, price)) == expected


def test_the_tightest_of_all_scopes_binds():
    """With a limit in two scopes the smaller one refuses, whichever is nearer to the order."""
    house = house_with("all", max_order_qty=Decimal(500))
    desk = desk_with("strategy:MM", house, max_order_qty=Decimal(1000))
    assert "scope=all" in ask(desk, "501")
    house = house_with("all", max_order_qty=Decimal(1000))
    desk = desk_with("strategy:MM", house, max_order_qty=Decimal(500))
    assert "scope=strategy:MM" in ask(desk, "501")


@pytest.mark.parametrize(("scope", "own"), [(scope, scope.startswith("str")) for scope in SCOPES])
def test_open_orders_of_a_scope(scope, own):
    """Each scope counts its own: those of another strategy too, unless the scope is a strategy."""
    desk = desk_with(scope, max_open_orders=3)
    assert ask(desk, owner="MOM") == ""
    assert ask(desk) == ""
    assert ask(desk) == ""
    if own:
        assert ask(desk) == ""
    text = ask(desk)
    assert code(text) == "MAX_OPEN_ORDERS"
    assert {f"scope={scope}", "open=3", "limit=3"} <= set(text.split())
    last_sent(desk).fill("1000")
    assert ask(desk) == ""
    assert code(ask(desk)) == "MAX_OPEN_ORDERS"


def test_a_replacement_is_no_further_open_order():
    """At the limit an order may still be replaced: there are no more orders than before."""
    desk = desk_with("all", max_open_orders=1)
    assert ask(desk, cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert ask_change(desk, "A", "900") == ""


def test_the_counts_of_open_orders_survive_a_restart():
    """What is open is counted again from the journal."""
    desk = desk_with("all", max_open_orders=5)
    for _ in range(3):
        ask(desk)
    index = desk.replayed().in_flight
    assert (index.open_orders, index.by_symbol, index.by_account) == (3, {SYMBOL: 3}, {"ACC": 3})
    for order in desk.book.open_orders():
        order.venue_state = type(order.venue_state)("REJECTED")
        desk.book.index(order)
    index = desk.book.in_flight
    assert (index.open_orders, index.by_symbol, index.by_account) == (0, {}, {})


def other_currency(*, peg=None):
    """Return a desk whose instrument is priced in francs, in a house that counts in dollars."""
    house = rules() if peg is None else replace(rules(), pegs={"CHF/USD": Decimal(peg)})
    desk = desk_with("all", house, max_order_notional=Decimal(2200))
    list_instrument(desk, currency="CHF", min_notional=Decimal(550))
    return desk


def test_notional_is_in_the_house_currency():
    """1000 at 1.1 francs are 2200 dollars at 2; one tick more is refused."""
    desk = other_currency(peg="2")
    assert ask(desk, "1000", "1.1000") == ""
    text = ask(desk, "1000", "1.1001")
    assert code(text) == "MAX_NOTIONAL"
    assert number(text, "notional") == Decimal("2200.2")


def test_the_least_notional_is_in_the_quote_currency():
    """The venue's own minimum knows nothing of dollars."""
    desk = other_currency(peg="2")
    assert ask(desk, "500", "1.1000") == ""
    assert code(ask(desk, "499", "1.1000")) == "MIN_NOTIONAL"


def test_without_a_rate_new_risk_is_refused():
    """A notional that cannot be known is not below any limit; the remedy is said."""
    words = ask(other_currency()).split()
    assert words[:2] == ["NO_RATE:", "why=no_rate_from_CHF_to_USD"]
    assert "remedy=set_CHF/USD_in_[rates]_if_nobody_quotes_it" in words


def test_without_a_rate_a_position_may_be_closed():
    """Closing is no new risk, whatever it is worth in dollars."""
    desk = desk_with("all", max_order_notional=Decimal(2200))
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    list_instrument(desk, currency="CHF")
    assert code(ask(desk)) == "NO_RATE"
    assert ask(desk, "1000", side=Side.SELL) == ""
    assert code(ask(desk, "1000", side=Side.SELL)) == "NO_RATE"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"price": None}, ""),
        ({"price": "0.5", "side": Side.SELL}, ""),
        ({"price": "1.1002"}, "MAX_NOTIONAL"),
        ({"price": None, "ord_type": OrdType.STOP, "stop_px": Decimal("1.1101")}, "MAX_NOTIONAL"),
    ],
)
def test_the_price_that_an_order_counts_at(fields, expected):
    """A market order and a low sell count at the market, a stop at its stop price."""
    desk = desk_with("all", max_order_notional=Decimal("1100.1"))
    assert code(ask(desk, "1000", **fields)) == expected
