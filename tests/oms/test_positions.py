"""What fills add up to: quantity, average cost, profit, fees; always the cash that flowed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oms.book import Book
from gateway.oms.positions import fill, fund, open_position, pay, share_out, unfill
from gateway.oms.state import Position, PositionKey
from protocol.fields import Side
from protocol.numbers import ZERO

BUY, SELL = Side.BUY, Side.SELL
amounts = st.decimals("0.001", "100000", places=3)
trades = st.lists(st.tuples(st.sampled_from(Side), amounts, amounts), max_size=30)
CLOSE = Decimal("1e-50")
"""Division is rounded to 80 digits; this is far below anything that a wire number can say."""


def after(*fills):
    """A position after fills of (side, qty, px)."""
    position = Position("USD")
    for side, qty, px in fills:
        fill(position, side, Decimal(qty), Decimal(px))
    return position


@pytest.mark.parametrize(
    ("fills", "qty", "avg_px", "realized"),
    [
        ([(BUY, "10", "100")], "10", "100", "0"),
        ([(BUY, "10", "100"), (BUY, "30", "104")], "40", "103", "0"),
        ([(BUY, "10", "100"), (SELL, "4", "110")], "6", "100", "40"),
        ([(BUY, "10", "100"), (SELL, "10", "90")], "0", "0", "-100"),
        ([(BUY, "10", "100"), (SELL, "15", "110")], "-5", "110", "100"),
        ([(SELL, "10", "100")], "-10", "100", "0"),
        ([(SELL, "10", "100"), (BUY, "4", "90")], "-6", "100", "40"),
        ([(SELL, "10", "100"), (BUY, "15", "120")], "5", "120", "-200"),
    ],
)
def test_average_cost(fills, qty, avg_px, realized):
    """Adding moves the average, closing realises, going through zero opens at the new price."""
    position = after(*fills)
    assert (position.qty, position.avg_px) == (Decimal(qty), Decimal(avg_px))
    assert position.realized == Decimal(realized)


@given(trades, amounts)
def test_profit_is_cash_flow(fills, mark):
    """Realised and unrealised profit at any price are the cash that flowed, marked at it."""
    position = after(*fills)
    cash = sum((-qty * side.sign * px for side, qty, px in fills), ZERO)
    unrealised = position.qty * mark - position.cost
    assert abs(position.realized + unrealised - (cash + position.qty * mark)) < CLOSE
    assert position.qty == sum((qty * side.sign for side, qty, _ in fills), ZERO)


@given(trades)
def test_flat_is_flat(fills):
    """Without a position there is no cost, and the profit is all of the cash."""
    position = after(*fills)
    if not position.qty:
        assert position.cost == 0
    assert position.avg_px >= 0


@given(trades, st.sampled_from(Side), amounts, amounts)
def test_a_bust_gives_back_quantity_and_cash(fills, side, qty, px):
    """A fill that is taken back leaves the quantity and the total profit of before."""
    position, before = after(*fills), after(*fills)
    fill(position, side, qty, px)
    unfill(position, side, qty, px)
    assert position.qty == before.qty
    left = (position.realized - position.cost) - (before.realized - before.cost)
    assert abs(left) < CLOSE


def test_fees_and_funding_stay_in_their_currencies():
    """Fees are positive when paid, rebates negative; funding is positive when received."""
    position = Position("USD")
    for amount, currency in (("0.5", "USD"), ("-0.1", "USD"), ("0.001", "BTC"), ("0", "EUR")):
        pay(position, Decimal(amount), currency)
    fund(position, Decimal("-0.3"), "USD")
    assert position.fees == {"USD": Decimal("0.4"), "BTC": Decimal("0.001")}
    assert position.funding == {"USD": Decimal("-0.3")}
    assert position.realized == 0


@given(
    st.lists(st.decimals("-1000", "1000", places=3), min_size=1, max_size=5),
    st.decimals("-1000", "1000", places=6),
)
def test_shares_add_up(quantities, amount):
    """Whatever is shared out adds up exactly to the amount; without positions EXTERNAL has it."""
    book = Book()
    for number, qty in enumerate(quantities):
        open_position(book, PositionKey(f"S{number}", "A", "V", "X"), "USD").qty = qty
    shares = share_out(book, ("A", "V", "X"), amount)
    assert sum(shares.values(), ZERO) == amount
    if not any(quantities):
        assert shares == {"EXTERNAL": amount}
