"""One order the whole way: strategy, gateway, terminal bridge, the package, the broker's server."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Reason
from support.mt5_house import TERMINAL, House
from support.mt5_trader import HEDGING
from support.waiting import wait_for

from engine.client import Client
from protocol.fields import ExecType, OrdStatus, PosMaintStatus
from protocol.order_id import to_text


@pytest.fixture
def bridged(tmp_path):
    """Start a gateway, and the bridge of a hedging account as a process of its own."""
    with House(tmp_path, [(HEDGING, TERMINAL)]) as house:
        account = house.open().accounts[HEDGING, TERMINAL]
        yield house, account
        account.remove_bridge()


def strategy(house):
    """Give the account's strategy."""
    return Client(f"S-{HEDGING}-{TERMINAL}", house.orders, store_dir=house.folder / "strategy")


def held(client):
    """Return the strategy's position."""
    found = [one.positions[0] for one in client.positions() if one.symbol == "EURUSD"]
    return sum(((one.long_qty or 0) - (one.short_qty or 0) for one in found), Decimal(0))


def protected(client, filled, **levels):
    """Move levels of the position of a fill; return the AM that says what became of it."""
    asked = client.protect("EURUSD", position_id=filled.position_id, **levels)
    told = client.wait_for(asked, final=True)
    assert told.pos_maint_status is PosMaintStatus.COMPLETED, told.text
    return told


@pytest.mark.budget(40)
def test_an_order_goes_the_whole_way(bridged):
    """What the strategy hears, the broker has: fill, fee, position; a cancel; a stop that is hit.

    The stop was moved when the position was open. It is the broker's own order: it is told to the
    strategy whose order had it, and closes its position.
    """
    system, account = bridged
    office = account.office
    with strategy(system) as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        bought = client.buy("EURUSD", "20000", stop_loss_px="1.09000")
        filled = client.wait_for(bought, final=True)
        assert (filled.ord_status, filled.cum_qty, filled.avg_px) == (
            OrdStatus.FILLED, Decimal(20_000), Decimal("1.1001"),
        )  # fmt: skip
        assert filled.position_id
        rests = client.buy("EURUSD", "10000", price="1.08000")
        client.wait_for(rests, exec_type="0")
        client.cancel(rests)
        assert client.wait_for(rests, final=True).ord_status is OrdStatus.CANCELED
        assert held(client) == 20_000
        moved = protected(client, filled, stop_loss_px="1.09500")
        assert (moved.stop_loss_px, moved.take_profit_px) == (Decimal("1.09500"), 0)
        account.quote("1.09400", "1.09410")
        made = next(one for one in client.reports(10_000) if getattr(one, "origin", None))
        closed = next(one for one in client.reports(10_000) if one.exec_type is ExecType.TRADE)
        assert held(client) == 0
        assert client.open_orders() == []
    assert (made.origin, made.parent_order_id) == ("STOP_LOSS", filled.order_id)
    assert (closed.order_id, closed.last_px, closed.position_id) == (
        made.order_id, Decimal("1.094"), filled.position_id,
    )  # fmt: skip
    assert (office.ledger.twice(), office.books.orders) == ({}, {})
    deals = office.ledger.executions
    assert [(one.volume, one.price, one.commission, one.reason) for one in deals] == [
        (Decimal("0.2"), Decimal("1.1001"), Decimal("-0.6"), Reason.EXPERT),
        (Decimal("0.2"), Decimal("1.094"), Decimal("-0.6"), Reason.SL),
    ]
    assert to_text(deals[0].magic) == filled.order_id


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_flattening_closes_every_position(bridged):
    """A kill with flattening leaves nothing on a hedging account, though one order closes one."""
    system, account = bridged
    office = account.office
    with strategy(system) as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        for qty in ("20000", "10000", "30000"):
            client.wait_for(client.buy("EURUSD", qty), final=True)
        client.wait_for(client.buy("EURUSD", "10000", price="1.08000"), exec_type="0")
        system.command("kill", "--flatten", "--reason", "a test")
        wait_for(lambda: held(client) == 0, what="a flat position", timeout_s=30)
    assert (office.ledger.twice(), office.books.orders) == ({}, {})
    deals = office.ledger.executions
    assert {one.position_id for one in deals[3:]} == {one.position_id for one in deals[:3]}
    assert len(deals) == 6


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_stop_that_is_hit_while_the_gateway_is_dead(bridged):
    """After the restart its fill is the strategy's, under an order of its own; nothing is EXTERNAL.

    Nobody was there to hear of the stop's making: the fill in the venue's history says what it was
    made from.
    """
    system, account = bridged
    office = account.office
    with strategy(system) as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        bought = client.buy("EURUSD", "20000", stop_loss_px="1.09000")
        filled = client.wait_for(bought, final=True)
    system.kill()
    account.quote("1.08990", "1.09000")
    system.start()
    with strategy(system) as client:
        made = next(one for one in client.reports(20_000) if getattr(one, "origin", None))
        closed = next(one for one in client.reports(10_000) if one.exec_type is ExecType.TRADE)
        assert held(client) == 0
    assert (made.origin, made.parent_order_id) == ("STOP_LOSS", filled.order_id)
    assert (closed.order_id, closed.last_px) == (made.order_id, Decimal("1.0899"))
    assert "EXTERNAL" not in system.command("positions").stdout
    assert [one.reason for one in office.ledger.executions] == [Reason.EXPERT, Reason.SL]


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_levels_that_are_on_their_way_when_the_gateway_is_killed(bridged):
    """After SIGKILL the request is in doubt, not sent again, and ended by what the position shows.

    The strategy asked once, and hears what became of it: done, or never come to the bridge.
    """
    system, account = bridged
    with strategy(system) as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        filled = client.wait_for(client.buy("EURUSD", "20000", stop_loss_px="1.09000"), final=True)
        position = {"position_id": filled.position_id}
        asked = client.protect("EURUSD", stop_loss_px="1.09500", **position)
        client.wait_for(asked)
        system.kill()
    system.start()
    with strategy(system) as client:
        told = client.wait_for(asked, final=True, timeout_ms=30_000)
        (position,) = account.office.books.positions.values()
        done = position.sl == Decimal("1.095")
        assert (told.pos_maint_status is PosMaintStatus.COMPLETED) == done, told.text
        assert (told.stop_loss_px == Decimal("1.095")) == done
        protected(client, filled, stop_loss_px=0)
        account.quote("1.09400", "1.09410")
        wait_for(lambda: client.book("EURUSD").bids[0].price == Decimal("1.094"), what="the quote")
        assert held(client) == 20_000
