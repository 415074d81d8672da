"""One order the whole way: strategy, gateway, terminal bridge, the package, the broker's server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from support.waiting import wait_for

from engine.client import Client
from protocol.fields import ExecType, OrdStatus, PosMaintStatus
from protocol.order_id import to_text

ROOT = Path(__file__).parents[2]
TERMINAL = """kind = "mt5_terminal"
launch = false
check_funds = false
symbols = ["EURUSD"]
[venue.mt5]
login = 1001
server = "Test-Demo"
server_zone = "Etc/GMT-2"
settle_ms = 200
"""


@pytest.fixture
def bridged(system):
    """Start a gateway, and the bridge of a hedging account as a process of its own."""
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index('kind = "paper"'), text.index("[[strategy]]")
    system.edit(text[begin:end], TERMINAL)
    system.start(wait=False)
    script = [sys.executable, str(ROOT / "tests" / "support" / "mt5_process.py")]
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    process = subprocess.Popen(
        [*script, str(system.config_path), "PAPER", "RETAIL_HEDGING"], stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path}, text=True,
    )  # fmt: skip
    try:
        system.wait_ready()
        yield system, process
    finally:
        if process.poll() is None:
            process.stdin.close()
            process.wait(20)
    assert process.returncode == 0


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


def ledger_of(system, process):
    """End the bridge; return what its broker has written down."""
    process.stdin.close()
    process.wait(20)
    return json.loads((system.folder / "ledger.json").read_text(encoding="utf-8"))


@pytest.mark.budget(40)
def test_an_order_goes_the_whole_way(bridged):
    """What the strategy hears, the broker has: fill, fee, position; a cancel; a stop that is hit.

    The stop was moved when the position was open. It is the broker's own order: it is told to the
    strategy whose order had it, and closes its position.
    """
    system, process = bridged
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
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
        process.stdin.write("quote 1.09400 1.09410\n")
        process.stdin.flush()
        made = next(one for one in client.reports(10_000) if getattr(one, "origin", None))
        closed = next(one for one in client.reports(10_000) if one.exec_type is ExecType.TRADE)
        assert held(client) == 0
        assert client.open_orders() == []
    assert (made.origin, made.parent_order_id) == ("STOP_LOSS", filled.order_id)
    assert (closed.order_id, closed.last_px, closed.position_id) == (
        made.order_id, Decimal("1.094"), filled.position_id,
    )  # fmt: skip
    found = ledger_of(system, process)
    assert (found["twice"], found["open"]) == ({}, 0)
    assert [(one["volume"], one["price"], one["commission"], one["reason"])
            for one in found["deals"]] == [
        ("0.2", "1.10010", "-0.60", 3), ("0.2", "1.09400", "-0.60", 4),
    ]  # fmt: skip
    assert to_text(found["deals"][0]["magic"]) == filled.order_id


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_flattening_closes_every_position(bridged):
    """A kill with flattening leaves nothing on a hedging account, though one order closes one."""
    system, process = bridged
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        for qty in ("20000", "10000", "30000"):
            client.wait_for(client.buy("EURUSD", qty), final=True)
        client.wait_for(client.buy("EURUSD", "10000", price="1.08000"), exec_type="0")
        system.command("kill", "--flatten", "--reason", "a test")
        wait_for(lambda: held(client) == 0, what="a flat position", timeout_s=30)
    found = ledger_of(system, process)
    assert found["twice"] == {}
    assert found["open"] == 0
    assert {one["position"] for one in found["deals"][3:]} == {
        one["position"] for one in found["deals"][:3]
    }
    assert len(found["deals"]) == 6


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_stop_that_is_hit_while_the_gateway_is_dead(bridged):
    """After the restart its fill is the strategy's, under an order of its own; nothing is EXTERNAL.

    Nobody was there to hear of the stop's making: the fill in the venue's history says what it was
    made from.
    """
    system, process = bridged
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        bought = client.buy("EURUSD", "20000", stop_loss_px="1.09000")
        filled = client.wait_for(bought, final=True)
    system.kill()
    process.stdin.write("quote 1.08990 1.09000\n")
    process.stdin.flush()
    system.start()
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        made = next(one for one in client.reports(20_000) if getattr(one, "origin", None))
        closed = next(one for one in client.reports(10_000) if one.exec_type is ExecType.TRADE)
        assert held(client) == 0
    assert (made.origin, made.parent_order_id) == ("STOP_LOSS", filled.order_id)
    assert (closed.order_id, closed.last_px) == (made.order_id, Decimal("1.0899"))
    assert "EXTERNAL" not in system.command("positions").stdout
    found = ledger_of(system, process)
    assert [one["reason"] for one in found["deals"]] == [3, 4]


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_levels_that_are_on_their_way_when_the_gateway_is_killed(bridged):
    """After SIGKILL the request is in doubt, not sent again, and ended by what the position shows.

    The strategy asked once, and hears what became of it.
    """
    system, process = bridged
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        wait_for(lambda: client.instruments().get("EURUSD"), what="the instrument")
        filled = client.wait_for(client.buy("EURUSD", "20000", stop_loss_px="1.09000"), final=True)
        position = {"position_id": filled.position_id}
        asked = client.protect("EURUSD", stop_loss_px="1.09500", **position)
        client.wait_for(asked)
        system.kill()
    system.start()
    with Client("MM", system.orders, store_dir=system.folder / "mm") as client:
        told = client.wait_for(asked, final=True, timeout_ms=30_000)
        assert told.pos_maint_status is PosMaintStatus.COMPLETED, told.text
        assert told.stop_loss_px == Decimal("1.095")
        protected(client, filled, stop_loss_px=0)
        process.stdin.write("quote 1.09400 1.09410\n")
        process.stdin.flush()
        wait_for(lambda: client.book("EURUSD").bids[0].price == Decimal("1.094"), what="the quote")
        assert held(client) == 20_000
