"""Where a resting order stands: hand-computed cases of the proportional model."""

from __future__ import annotations

import pytest
from support.paper import Floor

from bridges.paper.queue import QueuePosition
from protocol.fields import Side


def test_trades_move_the_front():
    """A trade takes from the front first; only what is left of it reaches us."""
    place = QueuePosition(10)
    assert place.on_trade(4) == 0
    assert place.front == 6
    assert place.on_trade(9) == 3
    assert place.front == 0


@pytest.mark.parametrize(
    ("front", "traded", "before", "after", "expected"),
    [
        (10, 0, 10, 16, 10),  # grows behind us
        (10, 0, 20, 20, 10),  # nothing changes
        (10, 0, 20, 16, 8),  # 4 cancelled: half of the level is in front, so 2 of them
        (10, 0, 10, 6, 6),  # nobody behind us: all 4 were in front
        (0, 0, 20, 5, 0),  # we are first
        (5, 0, 20, 2, 1),  # 18 cancelled: 5 * 18 // 20 = 4 of them in front
        (10, 4, 20, 16, 6),  # the change is the trade, not a cancel
        (10, 4, 20, 10, 4),  # 4 traded, 6 cancelled of 16 with 6 in front: 2
        (10, 0, 20, 0, 0),  # the level is gone
        (9, 0, 30, 20, 6),  # 9 * 10 // 30 = 3
        (3, 10, 20, 10, 0),  # a trade beyond us
    ],
)
def test_changes_of_the_level(front, traded, before, after, expected):
    """What was not traded was cancelled, proportionally in front of us and behind, rounded down."""
    place = QueuePosition(front)
    if traded:
        place.on_trade(traded)
    place.on_change(before, after)
    assert place.front == expected


def test_an_unknown_front_waits_for_the_level():
    """Until a level 1 feed shows our price no trade fills us; then we stand behind its size."""
    place = QueuePosition(None)
    assert place.on_trade(5) == 0
    place.on_change(0, 7)
    assert place.front == 7


def test_an_order_is_filled_in_its_turn():
    """An order behind 2 is filled by what trades beyond 2, in parts."""
    floor = Floor()
    floor.book([("99.99", 2)], [("100.01", 1)])
    floor.order(Side.BUY, 1, "99.99")
    floor.trade("99.99", "1.5", Side.SELL)
    assert floor.fills() == []
    floor.diff(bids=[("99.99", "0.5")])
    floor.trade("99.99", "0.75", Side.SELL)
    floor.trade("99.99", "10", Side.SELL)
    assert floor.fills() == [("0.25", "99.99"), ("0.75", "99.99")]


def test_two_of_ours_in_one_queue():
    """What the first of ours takes does not also reach the second."""
    floor = Floor()
    floor.book([("99.99", 1)], [("100.01", 1)])
    floor.order(Side.BUY, 1, "99.99", cl_ord_id="a")
    floor.diff(bids=[("99.99", 2)])
    floor.order(Side.BUY, 1, "99.99", cl_ord_id="b")
    floor.trade("99.99", "2.5", Side.SELL)
    assert [(f.cl_ord_id, str(f.last_qty)) for f in floor.exchange.fills] == [("a", "1.00000")]
    floor.trade("99.99", "1", Side.SELL)
    assert [fill.cl_ord_id for fill in floor.exchange.fills] == ["a", "b"]


def test_a_trade_through_our_price_fills_us_first():
    """A trade at a worse price than ours must have met us: we are filled, at our price."""
    floor = Floor()
    floor.book([("99.99", 5)], [("100.01", 1)])
    floor.order(Side.BUY, 2, "99.99")
    floor.trade("99.98", 1, Side.SELL)
    assert floor.fills() == [("1", "99.99")]


def test_trades_of_the_other_side_do_not_fill_us():
    """A buyer who takes offers does not meet our bid."""
    floor = Floor()
    floor.book([("99.99", 1)], [("100.01", 1)])
    floor.order(Side.BUY, 1, "100.00")
    floor.trade("100.01", 1, Side.BUY)
    assert floor.fills() == []
