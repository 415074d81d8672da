"""What open orders may still do: counted once, from the moment of acceptance, whatever happens."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, Exchange, cancel, change, new_order
from support.order_life import STEPS, OrderLife

from gateway.oms.book import Book, decode, encode
from gateway.oms.order_states import VenueState
from gateway.oms.state import Order, PositionKey
from gateway.oms.working import NOTHING, Working
from protocol.fields import ExecType, OrdStatus, OrdType, Side, TimeInForce
from protocol.messages import NewOrderSingle, OrderCancelReplaceRequest
from protocol.numbers import ZERO

MM = PositionKey("MM", ACCOUNT, VENUE, SYMBOL)
NEVER_RESTS = {TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL}


@pytest.fixture
def desk():
    """A desk whose venue is up."""
    made = Desk()
    made.open_up()
    return made


def sent(desk, cl_ord_id="C1", qty="1000", owner="MM", **fields):
    """Send an order of an owner, and return the venue's side of it."""
    desk.hear(owner, new_order(desk, cl_ord_id, qty, **fields))
    orders = [said for name, said in desk.said if name == VENUE and type(said) is NewOrderSingle]
    return Exchange(desk, orders[-1])


def working(desk):
    """What the open orders of MM may still do: (buys, sells, orders)."""
    found = desk.book.working.get(MM, NOTHING)
    return int(found.buys), int(found.sells), found.orders


def best(desk, side):
    """The best price at which an order of ours may be met, 0 without one."""
    found = desk.book.best_resting(ACCOUNT, VENUE, SYMBOL, side)
    return str(found.price) if found else "0"


def test_an_order_counts_from_acceptance_until_its_end(desk):
    """In flight, open and partly filled: what may still be executed counts, nothing afterwards."""
    exchange = sent(desk)
    assert working(desk) == (1000, 0, 1)
    exchange.accept()
    assert working(desk) == (1000, 0, 1)
    exchange.fill("400")
    assert working(desk) == (600, 0, 1)
    exchange.cancel()
    assert working(desk) == (0, 0, 0)


def test_both_sides_are_counted_apart(desk):
    """What sells does not make room for what buys."""
    sent(desk, "C1", "1000")
    sent(desk, "C2", "300", side=Side.SELL)
    assert working(desk) == (1000, 300, 2)


def test_a_replace_on_its_way_counts_with_the_larger_quantity(desk):
    """More counts at once and goes when it is refused; less counts only when the venue says so."""
    exchange = sent(desk)
    exchange.accept()
    desk.hear("MM", change(desk, "C2", "C1", "1500", "1.1000"))
    assert working(desk) == (1500, 0, 1)
    request = [said for _, said in desk.said if isinstance(said, OrderCancelReplaceRequest)][-1]
    exchange.replace(request)
    assert working(desk) == (1500, 0, 1)
    desk.hear("MM", change(desk, "C3", "C2", "700", "1.1000"))
    assert working(desk) == (1500, 0, 1)
    request = [said for _, said in desk.said if isinstance(said, OrderCancelReplaceRequest)][-1]
    exchange.replace(request)
    assert working(desk) == (700, 0, 1)


def test_an_order_that_a_bust_opens_again_counts_again(desk):
    """What was filled and is taken back may be executed again."""
    exchange = sent(desk)
    exchange.accept()
    exchange.fill("1000", trade_id="T1")
    assert working(desk) == (0, 0, 0)
    exchange.say(ExecType.TRADE_CANCEL, OrdStatus.NEW, exec_ref_id="T1")
    assert working(desk) == (1000, 0, 1)


def test_an_order_in_doubt_counts(desk):
    """A venue that is away may have everything that it was sent."""
    sent(desk)
    desk.drop(VENUE)
    assert working(desk) == (1000, 0, 1)


def test_a_book_from_a_snapshot_counts_the_same(desk):
    """The index is drawn from the orders, not remembered."""
    sent(desk).accept()
    sent(desk, "C2", "300", side=Side.SELL)
    again = decode(encode(desk.book))
    assert again.working == desk.book.working
    assert list(again.resting(ACCOUNT, VENUE, SYMBOL, Side.BUY)) == list(
        desk.book.resting(ACCOUNT, VENUE, SYMBOL, Side.BUY)
    )


def test_resting_orders_come_best_price_first(desk):
    """Buyers from the highest, sellers from the lowest, of all strategies."""
    for number, (owner, price) in enumerate((("MM", "1.1"), ("MOM", "1.3"), ("MM", "1.2"))):
        sent(desk, f"B{number}", owner=owner, price=price)
        sent(desk, f"S{number}", owner=owner, price=price, side=Side.SELL)
    prices = {
        side: [str(one.price) for one in desk.book.resting(ACCOUNT, VENUE, SYMBOL, side)]
        for side in Side
    }
    assert prices == {Side.BUY: ["1.3", "1.2", "1.1"], Side.SELL: ["1.1", "1.2", "1.3"]}
    found = desk.book.best_resting(ACCOUNT, VENUE, SYMBOL, Side.BUY)
    assert (str(found.price), found.order.owner) == ("1.3", "MOM")


def test_what_never_rests_is_not_met(desk):
    """Market orders and those that are immediate or cancelled wait for nobody."""
    sent(desk, "C1", price=None)
    sent(desk, "C2", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    assert best(desk, Side.BUY) == "0"
    assert working(desk) == (2000, 0, 2)


def test_while_a_replace_is_pending_the_better_price_may_be_met(desk):
    """Either version may be the one that rests; when the order ends it is gone from both prices."""
    exchange = sent(desk, price="1.1000")
    exchange.accept()
    desk.hear("MM", change(desk, "C2", "C1", "1000", "1.1001"))
    assert best(desk, Side.BUY) == "1.1001"
    request = [said for _, said in desk.said if isinstance(said, OrderCancelReplaceRequest)][-1]
    exchange.replace(request)
    desk.hear("MM", change(desk, "C3", "C2", "1000", "1.0990"))
    assert best(desk, Side.BUY) == "1.1001"
    desk.hear("MM", cancel(desk, "C4", "C2"))
    exchange.cancel()
    assert best(desk, Side.BUY) == "0"


def child(number, qty, **fields):
    """A slice of the parent P of MM."""
    return Order(
        order_id=f"{number:013}", owner="MM", account=ACCOUNT, venue=VENUE, symbol=SYMBOL,
        side=Side.BUY, ord_type=OrdType.LIMIT, time_in_force=TimeInForce.DAY,
        order_qty=Decimal(qty), cl_ord_id=f"C{number}", currency="USD", created_ns=0,
        price=Decimal("1.1"), parent_order_id="P", **fields,
    )  # fmt: skip


def test_the_children_of_a_parent_add_up():
    """What they have executed and may still execute; an ended one counts with what it executed."""
    book = Book()
    first, second = child(1, 1000), child(2, 500)
    for order in (first, second):
        book.state.orders[order.order_id] = order
        book.index(order)
    family = ("MM", "P")
    assert list(book.children[family]) == [first.order_id, second.order_id]
    assert book.children_qty[family] == 1500
    for order, executed in ((first, 300), (second, 100)):
        order.cum_qty, order.venue_state = Decimal(executed), VenueState.CANCELED
        order.ended_ns = int(order.order_id)
        book.state.ended.append(order.order_id)
        book.index(order)
    assert book.children_qty[family] == 400
    assert decode(encode(book)).children_qty == {family: 400}
    book.archive_before(2)
    assert (list(book.children[family]), book.children_qty[family]) == ([second.order_id], 100)
    book.archive_before(3)
    assert (book.children, book.children_qty, book.working) == ({}, {}, {})


def scanned(book):
    """Every cell's open orders, by looking at all of them."""
    found = {}
    for order in book.state.orders.values():
        if not order.is_open:
            continue
        cell = found.setdefault(
            PositionKey(order.owner, order.account, order.venue, order.symbol), Working()
        )
        larger = max(order.order_qty, order.replace.order_qty if order.replace else ZERO)
        left = max(larger - order.cum_qty, ZERO)
        cell.orders += 1
        cell.buys += left if order.side is Side.BUY else ZERO
        cell.sells += left if order.side is Side.SELL else ZERO
    return found


def check_counts(book):
    """Compare how many orders are open, in all and by name, with what a scan finds."""
    found, index = book.open_orders(), book.in_flight
    assert index.open_orders == len(found)
    assert index.by_account == Counter(order.account for order in found)
    assert index.by_symbol == Counter(order.symbol for order in found)


def met(book, side):
    """Every price at which an order of one side may be met, by looking at all, best first."""
    found = []
    for order in book.open_orders():
        if order.side is not side or order.ord_type is not OrdType.LIMIT:
            continue
        if order.time_in_force in NEVER_RESTS:
            continue
        prices = [order.price]
        if order.replace and order.replace.price is not None:
            prices.append(order.replace.price)
        found.append((max(prices) if side is Side.BUY else min(prices), order.order_id))
    return sorted(found, reverse=side is Side.BUY)


def figures(book):
    """What each cell holds and may still do."""
    held = {
        PositionKey(owner, *place.split("|")): (
            one.qty, one.cost, one.realized, dict(one.fees), dict(one.funding),
        )
        for owner, places in book.state.positions.items() for place, one in places.items()
    }  # fmt: skip
    cells = scanned(book)
    return {key: (held.get(key), cells.get(key)) for key in {**held, **cells}}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 20), st.integers(1, 20)), max_size=40,
))  # fmt: skip
def test_whatever_happens_the_index_is_what_a_scan_finds(steps):
    """After every step: quantities, prices that rest, and which cells were touched."""
    life = OrderLife()
    before = figures(life.shadow)
    for what, pick, size in steps:
        loads = life.loads
        life.shadow.touched_cells.clear()
        life.step(what, pick, size)
        for book in (life.desk.book, life.shadow):
            assert book.working == scanned(book)
            check_counts(book)
            for side in Side:
                resting = list(book.resting(ACCOUNT, VENUE, SYMBOL, side))
                assert [(one.price, one.order.order_id) for one in resting] == met(book, side)
                assert book.best_resting(ACCOUNT, VENUE, SYMBOL, side) == next(iter(resting), None)
        now = figures(life.shadow)
        changed = {key for key in now if now[key] != before.get(key)}
        assert changed <= set(life.shadow.touched_cells) or life.loads > loads
        before = now
