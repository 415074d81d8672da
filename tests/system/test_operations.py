"""What an operator lives through, on real processes: disconnects, a dead venue, the gate, lies."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from interop.foreign_client import ForeignClient
from support import witnesses
from support.waiting import wait_for

from engine import transcript
from engine.client import Client

LOAD = Path(__file__).parents[1] / "support" / "load.py"
FAR = "0.90000"


def open_orders(system, owner):
    """Return the owner's open orders as the gateway has them."""
    return [row for row in system.ask("ORDERS")["rows"] if row["owner"] == owner]


def connected(system, name):
    """Say whether the gateway takes a session for connected."""
    rows = system.ask("SESSIONS")["rows"]
    return any(row["session"] == name and row["connected"] for row in rows)


@pytest.mark.budget(60)
def test_cancel_on_disconnect(system):
    """A lost connection costs the resting orders after the grace, and not before."""
    system.start()
    patient = ForeignClient(system.orders, "MM", terms=((108, 1), (35002, 1), (35003, 60_000)))
    hasty = ForeignClient(system.orders, "EXAMPLE", terms=((108, 1), (35002, 1), (35003, 200)))
    for client in (patient, hasty):
        assert client.log_on(reset=True)
        name = client.order("EURUSD", 1, 1000, FAR)
        client.until(lambda client=client, name=name: client.told(name) == "A0")
        client.cut()
    wait_for(lambda: not open_orders(system, "EXAMPLE"), timeout_s=20, poll_s=0.1)
    wait_for(lambda: not connected(system, "MM"), timeout_s=20, poll_s=0.1)
    assert len(open_orders(system, "MM")) == 1
    assert hasty.log_on()
    hasty.until(lambda: any(report[150] == "4" for report in hasty.reports()))
    (cancel,) = [report for report in hasty.reports() if report[150] == "4"]
    assert cancel[58] == "CANCEL_ON_DISCONNECT"
    assert cancel[378] == "99"
    assert patient.log_on()
    assert len(open_orders(system, "MM")) == 1
    patient.cut()
    hasty.cut()


@pytest.mark.budget(90)
def test_a_dead_venue_comes_back(system):
    """The venue dies: VENUE_DOWN refuses new risk; it comes back: reconciled, trading goes on."""
    system.start()
    with Client("EXAMPLE", system.orders) as client:
        rests = client.buy("EURUSD", 1000, price=FAR)
        client.wait_for(rests, exec_type="0")
        system.kill_venue()
        during = client.buy("EURUSD", 2000, price=FAR)

        def refusal():
            order = client.buy("EURUSD", 1000, price=FAR)
            report = client.wait_for(order)
            return report if report.exec_type == "8" else None

        refused = wait_for(refusal, timeout_s=20, what="VENUE_DOWN", poll_s=0.2)
        assert refused.text.startswith("VENUE_DOWN: ")
        assert "PAPER" in refused.text
        assert system.json("status")["venues"]["PAPER"] != "ready"
        system.start_venue()
        system.wait_ready()
        wait_for(lambda: system.status()["in_doubt"] == 0, timeout_s=20, poll_s=0.1)
        (told,) = [one for one in client.open_orders() if one.cl_ord_id == rests.cl_ord_id]
        assert told.ord_status == "0"
        after = client.buy("EURUSD", 1000, price=FAR)
        client.wait_for(after, exec_type="0")
        lost = client.wait_for(during, final=True)
        assert lost.text == "NOT_RECEIVED"
        client.cancel_all()
        for order in (rests, after):
            client.wait_for(order, final=True)
    system.stop()
    replayed = witnesses.replay(system.journal, ("EXAMPLE",))
    assert not witnesses.venue_wrongs(system.ledger, replayed.book)


@pytest.mark.budget(90)
def test_the_gate_drops_for_one_strategy(system):
    """`kill --strategy` under load: its orders go, the other's trading goes on; `resume` opens."""
    system.start()
    for name in ("MM", "MOMENTUM"):
        system.start_strategy(f"{LOAD}:Load", name)
    wait_for(lambda: open_orders(system, "MM") and open_orders(system, "MOMENTUM"),
             timeout_s=30, poll_s=0.1)  # fmt: skip
    killed = system.json("kill", "--strategy", "MM", "--reason", "a test")
    assert killed["outcome"] == "DONE"
    wait_for(lambda: not open_orders(system, "MM"), timeout_s=20, poll_s=0.1)
    (halt,) = system.json("status")["halts"]
    assert (halt["scope"], halt["state"], halt["reason"]) == ("strategy:MM", "HALTED", "a test")
    mark = acknowledged(system, "MOMENTUM")
    halted = acknowledged(system, "MM")
    wait_for(lambda: acknowledged(system, "MOMENTUM") > mark + 20, timeout_s=30)
    assert acknowledged(system, "MM") == halted
    assert b"HALTED: " in system.transcript("MM").read_bytes()
    system.command("resume", "--strategy", "MM", "--reason", "over")
    wait_for(lambda: acknowledged(system, "MM") > halted, timeout_s=30)
    (row, *_) = wait_for(lambda: open_orders(system, "MOMENTUM"))
    system.command("cancel", row["order_id"], "--reason", "one", check=False)
    wait_for(lambda: row["order_id"] not in {
        one["order_id"] for one in open_orders(system, "MOMENTUM")}, poll_s=0.1)  # fmt: skip
    for name in ("MM", "MOMENTUM"):
        assert system.stop_strategy(name) == 0, system.said(name)
    assert {row["session"] for row in system.json("sessions")} >= {"MM", "MOMENTUM", "PAPER"}
    assert all(row["currency"] in {"USD", "USDT"} for row in system.json("positions"))


def acknowledged(system, name):
    """Return how many orders of a strategy were acknowledged, by its own account."""
    return system.transcript(name).read_bytes().count(b'"150":"A"')


ROUND_TRIP = '''
    """Buys at the first quote, sells what it got, and rests."""

    from portcullis import Strategy


    class RoundTrip(Strategy):
        """One trade there and back."""

        symbols = ("EURUSD",)
        bought = sold = None

        def on_quote(self, quote):
            if self.bought is None:
                self.bought = self.buy("EURUSD", 1000)

        def on_execution(self, report):
            if report.exec_type == "F" and self.position("EURUSD") == 1000:
                self.sold = self.sell("EURUSD", 1000, price=self.quote("EURUSD").bid)
'''


@pytest.mark.budget(60)
def test_a_strategy_file_trades(system):
    """`portcullis strategy FILE:CLASS` trades there and back on paper; ending it ends in order."""
    system.start()
    path = system.folder / "mine.py"
    path.write_text(textwrap.dedent(ROUND_TRIP), encoding="utf-8")
    system.start_strategy(f"{path}:RoundTrip", "EXAMPLE")

    def fills():
        file = system.transcript("EXAMPLE")
        lines = transcript.read(file) if file.exists() else []
        return [line for line in lines if line.get("fields", {}).get("150") == "F"]

    wait_for(lambda: len(fills()) == 2, timeout_s=30, what="the round trip")
    (position,) = system.json("positions")
    assert (position["owner"], position["qty"]) == ("EXAMPLE", "0")
    assert system.stop_strategy("EXAMPLE") == 0, system.said("EXAMPLE")
    assert not system.json("orders")


@pytest.mark.length("ci")
@pytest.mark.budget(240)
def test_a_lying_venue_is_found_out(system):
    """Acks and reports dropped, fills told twice, late, silence: in the end all accounts agree."""
    system.start()
    system.fault("chance drop_acks 0.1")
    system.fault("chance drop_reports 0.1")
    system.fault("chance double_fills 0.3")
    for name in ("MM", "MOMENTUM"):
        system.start_strategy(f"{LOAD}:Load", name)
    file = system.transcript("MM")
    for fault in ("fill_before_ack 5", "delay 300 20", "silence 3000", "down 2000", "reject 3",
                  "restart"):  # fmt: skip
        mark = acknowledged(system, "MM") if file.exists() else 0
        wait_for(lambda mark=mark: file.exists() and acknowledged(system, "MM") > mark + 40,
                 timeout_s=60, what=f"load before {fault}")  # fmt: skip
        system.fault(fault)
    mark = acknowledged(system, "MM")
    wait_for(lambda: acknowledged(system, "MM") > mark + 40, timeout_s=60, what="load at the end")
    system.fault("clear")
    for name in ("MM", "MOMENTUM"):
        assert system.stop_strategy(name) == 0, system.said(name)
    system.ask("CANCEL", scope="all", reason="the end of the test")
    wait_for(lambda: agree(system), timeout_s=150, what="agreement", poll_s=0.5)
    assert system.stop() == 0
    replayed = witnesses.replay(system.journal, ("MM", "MOMENTUM"))
    assert not witnesses.venue_wrongs(system.ledger, replayed.book)
    assert not replayed.wrong_digests


def agree(system):
    """Say whether nothing is open or in doubt, and the positions are the ledger's."""
    status = system.status()
    if status is None or status["open_orders"] or status["in_doubt"]:
        return False
    return not witnesses.sum_wrongs(system.ledger, system.ask("POSITIONS")["rows"])
