"""When the book of a symbol is believed beside its tick; the scenes are in behaviours_market.py."""

from __future__ import annotations

from decimal import Decimal

from bridges.market_events import Level
from bridges.mt5.depth import PATIENCE_NS, Depth
from bridges.mt5.records import Quote

HERE, THERE = ("1.1", "1.1001"), ("1.2", "1.2001")
BOOK = tuple((Level(Decimal(price), Decimal(1)),) for price in HERE)


def tick(prices):
    """A tick with a bid and an ask."""
    return Quote(bid=Decimal(prices[0]), ask=Decimal(prices[1]), msc=1)


def test_patience_begins_when_the_tick_leaves():
    """A tick that was back at the book's prices in between gives it the whole time again."""
    depth = Depth()
    assert depth.believes(BOOK, tick(HERE), 0)
    assert depth.believes(BOOK, tick(THERE), 1)
    assert depth.believes(BOOK, tick(HERE), PATIENCE_NS)
    assert depth.believes(BOOK, tick(THERE), PATIENCE_NS + 1)
    assert depth.believes(BOOK, tick(THERE), 2 * PATIENCE_NS)
    assert not depth.believes(BOOK, tick(THERE), 2 * PATIENCE_NS + 1)


def test_a_tick_that_goes_on_and_on_gives_no_more_patience():
    """The time counts from the first move that the book did not follow."""
    depth = Depth()
    assert depth.believes(BOOK, tick(HERE), 0)
    moves = [depth.believes(BOOK, tick((f"1.2{at}", "1.3")), at * PATIENCE_NS // 4)
             for at in range(1, 7)]  # fmt: skip
    assert moves == [True] * 4 + [False] * 2
    assert depth.believes((BOOK[0], BOOK[1] * 2), tick(THERE), 9 * PATIENCE_NS), "a new book"
