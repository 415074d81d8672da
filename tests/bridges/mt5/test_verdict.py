"""The judge of the gateway's book is not blind: each kind of difference is seen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.bridge_wire import VENUE
from support.mt5_core import Realm, TerminalEnd, end_of
from support.mt5_trader import NETTING
from support.mt5_verdict import wrongs


@pytest.fixture
def realm(tmp_path):
    """Give a gateway that has bought, held over a night and sold, and has an order that rests."""
    made = Realm(end_of(TerminalEnd, NETTING, tmp_path))
    made.prepared("close")()
    made.run(100)
    made.place(price="1.09000")
    made.run(100)
    return made


def found(realm, *, book=None):
    """Return what is said to be wrong."""
    return wrongs(book or realm.core.replayed(), realm.office, VENUE)


def test_the_truth_passes(realm):
    """The book that is folded from the journal is the ledger's."""
    assert realm.office.ledger.total("swap") < 0
    assert found(realm) == []


def test_a_trade_that_is_lost_or_told_otherwise(realm):
    """A fill that is missing, and one with another fee."""
    book = realm.core.replayed()
    key, fill = next(iter(book.state.fills[VENUE].items()))
    book.state.fills[VENUE][key] = replace(fill, commission=Decimal(9))
    assert found(realm, book=book)
    del book.state.fills[VENUE][key]
    assert found(realm, book=book)


def test_a_swap_that_nobody_of_ours_was_charged(realm):
    """The sum is right, the owner is not."""
    book = realm.core.replayed()
    held = book.state.positions
    held["EXTERNAL"] = held.pop("MM")
    assert any("EXTERNAL" in text for text in found(realm, book=book))


@pytest.mark.parametrize(
    "change", [{"in_doubt": True}, {"cum_qty": Decimal(1)}, {"venue_state": "CANCELED"}]
)
def test_an_order_that_is_not_as_the_server_has_it(realm, change):
    """In doubt, with another quantity, or ended."""
    book = realm.core.replayed()
    (order,) = book.open_orders()
    for name, value in change.items():
        setattr(order, name, value)
    assert found(realm, book=book)


def test_a_magic_twice_and_one_of_nobody(realm):
    """Two orders with one magic, and one whose magic the gateway does not know."""
    ledger = realm.office.ledger
    ticket, order = ledger.orders.popitem()
    ledger.orders[ticket] = order
    ledger.orders[ticket + 1] = replace(order, ticket=ticket + 1)
    assert any("became" in text for text in found(realm))
    ledger.orders[ticket + 1] = replace(order, ticket=ticket + 1, magic=order.magic + 1)
    assert any("nobody's" in text for text in found(realm))
