"""Forgotten ids before a gateway: what the shipped program says, what the real core knows."""

from __future__ import annotations

import sqlite3
from types import MappingProxyType

import pytest
from support.mt5.ea_days import ALWAYS, DAY_MS, DAYS
from support.mt5.ea_desk import Desk
from support.mt5.ea_house import cancel, new, protect, replace, status
from support.mt5.runtime import build
from support.mt5.symbols import eurusd
from support.mt5_core import AdvisorEnd, Realm, end_of

from protocol.fields import PosMaintStatus, Side, TimeInForce
from protocol.order_id import OrderId, to_number

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
EPOCH = 1_704_000_000


def name(number):
    """Return an id of the wire."""
    return OrderId(1, EPOCH, number).text()


@pytest.fixture
def ask(tmp_path):
    """Give what says a message to the program, whose ids up to number 100 were forgotten."""
    desk = Desk(tmp_path)
    chart, end = desk.attach()
    desk.run(1_000)
    desk.terminal.unload(chart.slot)
    desk.run(100)
    with sqlite3.connect(tmp_path / "Portcullis.MT5.sqlite") as base:
        base.execute("INSERT INTO floors VALUES(1,?)", [to_number(name(100))])
    base.close()
    desk.terminal.reload(chart.slot)
    desk.run(1_500)
    assert end.live

    def say(message):
        end.heard.clear()
        end.say(message, chart.clock.now_ns)
        desk.run(500)
        return [one for one in end.heard if one.msg_type in {"8", "9", "AM"}]

    yield say
    assert desk.terminal.office.ledger.arrivals == []


def test_a_status_of_a_forgotten_id_proves_nothing(ask):
    """H: not found, and without 5008, so that no gateway takes it for absent; not tombstoned."""
    (said,) = ask(status(name(7)))
    assert (said.exec_type, said.ord_rej_reason, said.complete) == ("I", 5, None)
    assert said.text.startswith("FORGOTTEN: ")
    (above,) = ask(status(name(101)))
    assert (above.text, above.complete) == ("NEVER_SENT", True)


def test_a_forgotten_order_that_comes_again_is_not_sent(ask):
    """D: not rejected, since it may have been filled; the venue is not called."""
    (said,) = ask(new(name(7)))
    assert (said.exec_type, said.complete) == ("I", None)
    assert said.text.startswith("FORGOTTEN: ")


def test_what_is_asked_of_a_forgotten_order_is_refused(ask):
    """F and G: 102=1, in words that are no proof; an AL whose number is forgotten is in doubt."""
    for message in (cancel(name(200), name(7)), replace(name(201), name(7))):
        (said,) = ask(message)
        assert (said.cxl_rej_reason, said.order_id) == (1, "NONE")
        assert said.text.startswith("FORGOTTEN: ")
    (said,) = ask(replace(name(8), name(7)))
    assert (said.exec_type, said.complete) == ("I", None)
    (said,) = ask(protect(name(9), "1.05", EPOCH * 10**9))
    assert (said.pos_maint_status, said.in_doubt) == (PosMaintStatus.ACCEPTED, True)


class ShortEnd(AdvisorEnd):
    """An Expert Advisor that forgets after days."""

    inputs = MappingProxyType({**AdvisorEnd.inputs, "HistoryDays": DAYS})


@pytest.mark.length("ci")
@pytest.mark.parametrize("kind", ["netting", "hedging"])
def test_a_gateway_that_rises_knows_all_that_was_forgotten(tmp_path, kind):
    """After days of orders the gateway dies; its journal knows all that the bridge does not."""
    realm = Realm(end_of(ShortEnd, kind, tmp_path))
    realm.end.server.add_symbol(eurusd(sessions=ALWAYS))
    first = realm.place("10000", "1.09000", time_in_force=TimeInForce.GOOD_TILL_CANCEL)
    for _ in range(DAYS + 5):
        bought = realm.place()
        realm.until(lambda bought=bought: realm.order(bought).cum_qty, "the fill")
        held = realm.office.books.positions.values()
        which = {"position_id": str(next(iter(held)).identifier)} if kind == "hedging" else {}
        sold = realm.place(side=Side.SELL, **which)
        realm.until(lambda sold=sold: realm.order(sold).cum_qty, "the other fill")
        realm.end.server.clock.advance(DAY_MS)
        realm.end.server.quote("EURUSD", "1.10000", "1.10010")
        realm.run(8_000)
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as base:
        kept = {root for (root,) in base.execute("SELECT root FROM chains")}
    base.close()
    orders = [realm.order(f"A{number}") for number in range(1, 2 * DAYS + 12)]
    assert len(kept) < len(orders) - 3
    assert to_number(realm.order(first).wire_id) in kept
    realm.kill()
    realm.run(3_000)
    realm.rise()
    realm.until(realm._is_ready, "a venue that is reconciled")
    realm.until(realm.is_certain, "the end of every doubt")
    own = ("we None", "does not know it")  # what the gateway itself has let go of after days
    assert [one for one in realm.wrongs() if not one.endswith(own)] == []
    realm.cancel(first)
    realm.until(lambda: not realm.order(first).is_open, "the end of the first order")
