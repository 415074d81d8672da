"""A bridge comes up again without its log and its notes, over a venue that has forgotten nothing.

For the Expert Advisor, whose log is a database, see support/mt5/behaviours_lost.py.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace
from support.bridge_wire import kinds

from protocol.fields import OrdStatus


def lose(desk):
    """Let the bridge die, and start it without what it has written of ids."""
    for path in (*desk.folder.glob("ids.*"), *desk.folder.glob("notes*")):
        path.unlink()
    desk.restart()
    desk.take()


def known(message, told):
    """Let the gateway name an order by the venue's own id, too."""
    return replace(message, order_id=told.order_id)


def makes_anew(desk):
    """Whether a change of the quantity makes a new order at the venue."""
    if desk.name.startswith("mt5"):
        return True
    return desk.name != "paper" and not desk.bridge.venue.core.table.amends_in_place


def test_what_rests_is_found_and_cancelled(filed):
    """H shows it, and F takes it off: the venue is asked before an id is called never sent."""
    order = filed.order(price="59000")
    (new,) = filed.reports(order, 1)
    lose(filed)
    (found,) = filed.reports(known(filed.status(order.cl_ord_id), new), 1)
    assert (kinds([found]), found.cl_ord_id, found.complete) == (["I/0"], order.cl_ord_id, True)
    request = known(filed.cancel(order.cl_ord_id), new)
    (gone,) = filed.reports(request, 1)
    assert (kinds([gone]), gone.cl_ord_id) == (["4/4"], request.cl_ord_id)


def test_a_cancel_alone_finds_what_rests(filed):
    """F without a question before it: it reaches the venue, and the id is not tombstoned."""
    order = filed.order(price="59000")
    (new,) = filed.reports(order, 1)
    lose(filed)
    (gone,) = filed.reports(known(filed.cancel(order.cl_ord_id), new), 1)
    assert kinds([gone]) == ["4/4"]


def test_what_was_filled_meanwhile_is_found(filed):
    """H of an order that is over tells how it ended."""
    order = filed.order(qty="0.5")
    told = filed.reports(order, 2)[-1]
    lose(filed)
    (found,) = filed.reports(known(filed.status(order.cl_ord_id), told), 1)
    assert (found.ord_status, found.cum_qty) == (OrdStatus.FILLED, Decimal("0.5"))


def test_a_changed_order_is_found_by_the_venues_own_id(filed):
    """H by the id of the change finds it, whether or not the venue has that id; F cancels it."""
    order = filed.order(qty="0.5", price="59000")
    filed.reports(order, 1)
    request = filed.replacing(order.cl_ord_id, "0.5", "59100")
    (changed,) = filed.reports(request, 1)
    lose(filed)
    name = request.cl_ord_id
    (found,) = filed.reports(known(filed.status(name), changed), 1)
    assert (kinds([found]), found.price, found.complete) == (["I/0"], 59100, True)
    (gone,) = filed.reports(known(filed.cancel(name), changed), 1)
    assert kinds([gone]) == ["4/4"]


def test_a_changed_order_that_is_over_is_found_by_the_venues_own_id(filed):
    """Nothing of it is left in what rests: H tells how it ended."""
    order = filed.order(qty="0.5", price="59000")
    filed.reports(order, 1)
    request = filed.replacing(order.cl_ord_id, "0.5", "59100")
    (changed,) = filed.reports(request, 1)
    filed.reports(filed.cancel(request.cl_ord_id), 1)
    lose(filed)
    (found,) = filed.reports(known(filed.status(request.cl_ord_id), changed), 1)
    assert (kinds([found]), found.cum_qty, found.complete) == (["I/4"], 0, True)


def test_what_the_venue_does_not_have_is_unknown_there(filed):
    """An id that may have been in the lost log is not called NEVER_SENT, nor tombstoned.

    Only the paper venue, which has every id that it ever took, knows better. What may be a stop
    on its way is not even UNKNOWN_AT_VENUE for a while, at OKX.
    """
    order, older = filed.order(price="59000"), filed.order(price="59000")
    filed.reports(order, 1)
    lose(filed)
    (found,) = filed.reports(filed.status(older.cl_ord_id), 1)
    words = ("NEVER_SENT",) if filed.name == "paper" else ("UNKNOWN_AT_VENUE", "NOT_READ")
    assert found.text.startswith(words)


def test_a_changed_order_can_be_changed_again(filed):
    """G that names the id of the change, and 37: the order lives on by the id of the new one.

    Where a change makes a new order nobody knows what of the old one was filled: it is refused.
    """
    order = filed.order(qty="1.5", price="60010")
    filed.reports(order, 2)
    request = filed.replacing(order.cl_ord_id, "1.4", "59100")
    (changed,) = filed.reports(request, 1)
    lose(filed)
    again = known(filed.replacing(request.cl_ord_id, "1.3", "59200"), changed)
    (told,) = filed.reports(again, 1)
    name = request.cl_ord_id
    if makes_anew(filed):
        assert (kinds([told]), told.text.partition(":")[0]) == (["9"], "FORGOTTEN")
    else:
        name = again.cl_ord_id
        assert (kinds([told]), told.cl_ord_id, told.price) == (["5/1"], name, 59200)
        assert (told.order_qty, told.leaves_qty) == (Decimal("1.3"), Decimal("0.3"))
    (gone,) = filed.reports(known(filed.cancel(name), changed), 1)
    assert kinds([gone]) == ["4/4"]
