"""What of the paper account's balances is free: less with each position and each order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper import Floor

from bridges.paper.free_funds import balances
from protocol.fields import Side

DEPOSIT = Decimal(10_000)


@pytest.fixture
def floor():
    """A market of 100 for what is paid in full and costs no fee; 10,000 of money."""
    return floor_of("1")


def floor_of(margin_rate):
    """A floor where that part of a notional is blocked."""
    floor = Floor(maker_fee="0", taker_fee="0", margin_rate=margin_rate)
    floor.exchange.account.move("USDT", DEPOSIT)
    floor.book([(99, 100)], [(101, 100)])
    return floor


def free(floor, currency="USDT"):
    """Return what of a currency is free."""
    return {one.currency: one.free for one in balances(floor.exchange)}.get(currency)


def test_without_anything_all_is_free(floor):
    """A deposit may be used."""
    assert free(floor) == DEPOSIT


def test_what_was_bought_is_not_free(floor):
    """Cash is gone when it is paid, and the coins for it pay for nothing."""
    floor.order(Side.BUY, 10)
    assert free(floor) == DEPOSIT - 1_010
    assert free(floor, "BTC") == 0
    floor.order(Side.SELL, 10)
    assert free(floor) == DEPOSIT - 20


def test_margin_blocks_a_part(floor):
    """At 5 % a position of 1,000 blocks 50; its open loss of 10 is gone, an open profit is not."""
    floor = floor_of("0.05")
    floor.order(Side.BUY, 10)
    assert free(floor) == DEPOSIT - 10 - 50
    floor.book([(199, 100)], [(201, 100)])
    assert free(floor) == DEPOSIT - 100
    floor.book([(49, 100)], [(51, 100)])
    assert free(floor) == DEPOSIT - 510 - 25


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_open_orders_block_what_a_position_would(floor, side):
    """A resting order counts as if it were executed, until it is taken back."""
    name = floor.order(side, 10, 90 if side is Side.BUY else 110)
    assert free(floor) == DEPOSIT - 1_000
    floor.cancel(name)
    assert free(floor) == DEPOSIT


def test_an_order_that_closes_needs_nothing(floor):
    """The larger of what it may become long and short counts, not both."""
    floor.order(Side.BUY, 10)
    before = free(floor)
    floor.order(Side.SELL, 10, 110)
    assert free(floor) == before
    floor.order(Side.SELL, 15, 111)
    assert free(floor) == before - 500


def test_a_short_position_blocks_too(floor):
    """What was received for it is not free."""
    floor.order(Side.SELL, 10)
    assert free(floor) == DEPOSIT - 10 - 1_000
    assert free(floor, "BTC") == 0


def test_the_totals_are_the_ledgers(floor):
    """What there is of each currency stays the sum of all that was booked."""
    floor.order(Side.BUY, 10)
    told = {one.currency: one.total for one in balances(floor.exchange)}
    assert told == {one.currency: one.total for one in floor.exchange.account.balances()}
