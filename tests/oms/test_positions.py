"""What fills add up to: quantity, average cost, profit, fees; always the cash that flowed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oms.book import Book
from gateway.oms.positions import count, fill, fund, open_position, pay, recount, share_out
from gateway.oms.state import Fill, Position, PositionKey
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


@given(trades, st.data())
def test_a_bust_is_as_if_the_fill_had_never_been(fills, data):
    """Taking a fill back, or correcting it, leaves the position that history without it gives."""
    if not fills:
        return
    changed = data.draw(st.integers(0, len(fills) - 1))
    qty, px = data.draw(st.sampled_from([("0", "0"), ("7", "3")]))
    book = Book()
    for number, (side, amount, price) in enumerate(fills):
        count(book, "V", f"T{number}", _fill(side, amount, price), "USD")
    recount(book, "V", f"T{changed}", qty=Decimal(qty), px=Decimal(px))

    right = list(fills)
    right[changed] = (right[changed][0], Decimal(qty), Decimal(px))
    expected = after(*(one for one in right if one[1]))
    position = open_position(book, PositionKey("MM", "A", "V", "S"), "USD")
    assert (position.qty, position.cost, position.realized) == (
        expected.qty, expected.cost, expected.realized,
    )  # fmt: skip
    assert book.digest() == Book(book.state).digest()


def _fill(side, qty, px):
    return Fill(
        "O", "E", Decimal(qty), Decimal(px), owner="MM", account="A", symbol="S", side=side
    )


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
