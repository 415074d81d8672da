"""The queue of transactions: lost, doubled, swapped, superseded; and what they tell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import MarginMode, OrderType, TransactionType
from support.mt5.scene import Scene

KINDS = TransactionType
MARKET = [KINDS.ORDER_ADD, KINDS.DEAL_ADD, KINDS.ORDER_DELETE, KINDS.HISTORY_ADD, KINDS.REQUEST]


@pytest.fixture
def told():
    """Return a function: a scene with a program whose queue is prepared, and what it tells."""

    def run(prepare, after=None):
        scene = Scene()
        program = scene.terminal.load("Test")
        prepare(program)
        scene.buy()
        scene.settled()
        if after:
            after(program)
        return [program.take().type for _ in range(len(program.queue))]

    return run


FAULTS = [
    ("all is told", lambda p: None, MARKET),
    ("the first two are lost", lambda p: p.lose(2), MARKET[2:]),
    ("deals are lost", lambda p: p.lose(9, KINDS.DEAL_ADD), [MARKET[0], *MARKET[2:]]),
    ("the first is doubled", lambda p: p.repeat(), [MARKET[0], *MARKET]),
    ("the deal is doubled", lambda p: p.repeat(1, KINDS.DEAL_ADD),
     [MARKET[0], MARKET[1], *MARKET[1:]]),
    ("the first two are swapped", lambda p: p.swap(), [MARKET[1], MARKET[0], *MARKET[2:]]),
    ("the answer comes first", lambda p: p.swap(1, KINDS.HISTORY_ADD),
     [*MARKET[:3], MARKET[4], MARKET[3]]),
    ("nothing is told", lambda p: p.withhold(), []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "prepare", "heard"), FAULTS, ids=[row[0] for row in FAULTS])
def test_what_is_wrong_with_a_queue(told, what, prepare, heard):
    """The books of the terminal are right all the same: only the telling is wrong."""
    assert told(prepare) == heard, what


@pytest.mark.parametrize("backwards", [True, False])
def test_what_was_withheld_is_told_later(told, backwards):
    """In its order or in the opposite one."""
    heard = told(lambda p: p.withhold(), lambda p: p.release(backwards=backwards))
    assert heard == (MARKET[::-1] if backwards else MARKET)


def test_a_swap_without_a_follower_is_told_in_the_end(told):
    """`settle` ends all faults and tells what still waits."""
    assert told(lambda p: p.swap(1, KINDS.REQUEST), lambda p: p.settle()) == MARKET


def test_a_full_queue_loses_its_oldest():
    """1,024 are kept; what goes is counted."""
    scene = Scene()
    program = scene.terminal.load("Test")
    assert program.limit == 1_024
    program.limit = 12
    for _ in range(3):
        scene.buy("0.01")
    assert (len(program.queue), program.superseded) == (12, 3)
    assert program.take().type == KINDS.HISTORY_ADD


def test_a_deal_tells_its_position_and_its_levels():
    """DEAL_ADD: deal, order, symbol, price, levels, volume, position; no magic, no comment."""
    scene = Scene()
    program = scene.terminal.load("Test")
    result = scene.buy("0.2", sl="1.09", tp="1.2", magic=7, comment="mine")
    deal = next(one for one in program.queue if one.type == KINDS.DEAL_ADD)
    assert (deal.deal, deal.order, deal.position) == (result.deal, result.order, result.order)
    assert (deal.symbol, deal.volume, deal.price) == (
        "EURUSD", Decimal("0.2"), Decimal("1.10010")
    )  # fmt: skip
    assert (deal.price_sl, deal.price_tp) == (Decimal("1.09"), Decimal("1.2"))


def test_orders_tell_a_position_once_they_have_one():
    """A market order from its deal on, one that closes from the start, a pending one never."""
    scene = Scene(MarginMode.RETAIL_HEDGING)
    program = scene.terminal.load("Test")
    opened = scene.buy().order
    scene.sell(position=opened)
    waits = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.quote("1.08980", "1.08990")
    scene.settled()
    told = [(one.order, one.position) for one in program.queue if one.order and not one.deal]
    assert [position for order, position in told if order == opened] == [0, opened, opened]
    closing = [position for order, position in told if order not in (opened, waits)]
    assert closing == [opened] * 3
    assert {position for order, position in told if order == waits} == {0}


def test_a_reversal_tells_the_new_ticket():
    """On netting the position's ticket is the order's that reversed it."""
    scene = Scene()
    scene.buy("0.1")
    program = scene.terminal.load("Test")
    second = scene.sell("0.3").order
    deal = next(one for one in program.queue if one.type == KINDS.DEAL_ADD)
    assert deal.position == second


def test_a_request_tells_request_and_result_only():
    """All other fields of such a transaction are empty."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.place(OrderType.BUY_LIMIT, "1.09", magic=7)
    last = program.queue[-1]
    assert (last.type, last.order, last.symbol, last.volume) == (KINDS.REQUEST, 0, "", 0)
    assert (last.request.magic, last.result.order > 0) == (7, True)


@pytest.mark.parametrize("fills", [True, False])
def test_a_request_is_told_with_the_ticket_of_its_order(fills):
    """The book's logs show it ("OnTradeTransaction event"); no page promises it: a switch."""
    scene = Scene()
    scene.terminal.request_gets_ticket = fills
    program = scene.terminal.load("Test")
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    assert program.queue[-1].request.order == (ticket if fills else 0)
    scene.buy()
    last = program.queue[-1]
    assert last.request.order == (last.result.order if fills else 0)
    scene.remove(ticket)
    assert program.queue[-1].request.order == ticket
    scene.buy("0")
    assert program.queue[-1].request.order == 0


@pytest.mark.parametrize("kind", MarginMode)
def test_refused_requests_are_told_as_well(kind):
    """REQUEST comes for every answer; what never reached the server is not told."""
    scene = Scene(kind)
    program = scene.terminal.load("Test")
    scene.buy("0")
    assert [one.type for one in program.queue] == [KINDS.REQUEST]
    scene.terminal.cut()
    scene.buy()
    assert len(program.queue) == 1


def test_all_eleven_types_are_told():
    """Orders, deals, history, positions and requests: added, changed, deleted."""
    scene = Scene()
    program, people = scene.terminal.load("Test"), scene.people
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.remove(ticket)
    result = scene.buy()
    scene.levels(sl="1.08")
    people.rewrite_order(ticket, comment="changed")
    people.erase_order(ticket)
    people.bust(result.deal)
    people.erase(result.deal)
    scene.settled()
    assert {one.type for one in program.queue} == set(KINDS)


def test_books_of_a_symbol_are_events_one_each():
    """A BookEvent for each change once somebody has subscribed; ticks become one NewTick."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.terminal.seen("EURUSD").subscriptions = 1
    for n in range(3):
        scene.quote(f"1.1000{n}", "1.10010")
    scene.clock.advance(10)
    assert (list(program.booked), program.ticked) == (["EURUSD"] * 3, {"EURUSD"})
