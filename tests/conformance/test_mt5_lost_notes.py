"""The notes of a MetaTrader bridge are lost under a real gateway core: nothing else is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.runtime import build
from support.mt5_core import AdvisorEnd, Realm, TerminalEnd, end_of

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
ENDS = {"terminal": TerminalEnd, "expert": AdvisorEnd}


def ticket_of(realm, name):
    """Return the ticket of an order that rests."""
    return int(realm.order(name).venue_order_id)


@pytest.fixture(params=[(bridge, kind) for bridge in ENDS for kind in ("netting", "hedging")])
def realm(request, tmp_path):
    """Give a gateway and a bridge with four orders: changed, filled in part, and two that rest."""
    bridge, kind = request.param
    realm = Realm(end_of(ENDS[bridge], kind, tmp_path))
    names = [realm.place("30000", price)
             for price in ("1.09000", "1.08000", "1.07000", "1.06000")]  # fmt: skip
    realm.until(lambda: all(realm.order(one).venue_order_id for one in names), "the orders")
    realm.replace(names[0], "30000", "1.08500")
    realm.people.fill(ticket_of(realm, names[1]), "0.1")
    realm.until(lambda: realm.order(names[1]).cum_qty and realm.is_certain(), "the changes")
    return realm


def lose(realm, meanwhile):
    """Let something happen, the bridge die, and another one come, without its notes."""
    meanwhile()
    for path in realm.end.folder.iterdir():
        path.unlink()
    realm.end.kill_bridge()
    realm.until(lambda: not realm._is_ready(), "the end of the link")
    realm.until(realm._is_ready, "a venue that is reconciled")


def test_the_gateway_knows_what_became_of_everything(realm):
    """What rested, was filled or taken away meanwhile; and an order that never came is absent."""
    changed, part, filled, gone = "A1", "A2", "A3", "A4"

    def meanwhile():
        realm.people.fill(ticket_of(realm, part), "0.1")
        realm.people.fill(ticket_of(realm, filled), "0.3")
        realm.people.cancel(ticket_of(realm, gone))
        lost.append(realm.place(price="1.05000"))

    lost = []
    lose(realm, meanwhile)
    realm.until(realm.is_certain, "the end of every doubt")
    assert realm.wrongs() == []
    states = [realm.order(name).venue_state for name in (changed, part, filled, gone, *lost)]
    assert states == ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED"]
    for name in (changed, part):
        realm.cancel(name)
    realm.until(lambda: not realm.office.books.orders and realm.is_certain(), "the cancels")
    assert realm.wrongs() == []


def test_a_change_that_was_done_is_known(realm):
    """No list has its id, and its answer is lost: what the order is now shows it."""

    def meanwhile():
        realm.replace("A4", "30000", "1.06500")
        realm.deliver()
        realm.end.run(200, realm.end.step_ms)
        realm.end.heard.clear()

    lose(realm, meanwhile)
    realm.until(realm.is_certain, "the end of every doubt")
    assert realm.order("A4").price == Decimal("1.06500")
    assert realm.wrongs() == []


def test_an_order_whose_change_is_in_doubt_can_be_cancelled(realm):
    """The change was never heard: nobody knows it, and the order goes with 41 as it was."""
    lose(realm, lambda: realm.replace("A4", "30000", "1.06500"))
    realm.run(5_000)
    realm.cancel("A4")
    realm.until(lambda: not realm.order("A4").is_open, "the cancel")
    assert realm.is_certain()
    assert realm.wrongs() == []
