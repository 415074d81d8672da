"""The commands against a gateway that runs: listings, trading states, a mistake at the start."""

from __future__ import annotations

import json
import socket
import sqlite3
from decimal import Decimal

import pytest
from support.waiting import wait_for

from engine.client import Client
from protocol.fields import ExecType

pytestmark = pytest.mark.budget(60)


def trade(system):
    """Let EXAMPLE rest one order; return its ClOrdID and OrderID."""
    client = Client("EXAMPLE", system.config.gateway.orders[0])
    with client:
        instrument = client.instruments()["EURUSD"]
        request = client.buy("EURUSD", 1000, price=instrument.price("0.90000"), venue="PAPER")
        report = client.wait_for(request, timeout_ms=5_000)
        while report.exec_type is not ExecType.NEW:
            report = client.wait_for(request, timeout_ms=5_000)
        return report.cl_ord_id, report.order_id


def test_a_person_sees_and_stops_everything(system):
    """status, listings, kill, resume, cancel, journal and export, against one running gateway."""
    system.start()
    assert system.json("status")["venues"] == {"PAPER": "ready"}
    assert [row["venue"] for row in system.json("venues")] == ["PAPER"]
    _name, order_id = trade(system)
    (order,) = system.json("orders")
    assert order["order_id"] == order_id
    assert Decimal(order["order_qty"]) == 1000
    assert "EURUSD" in system.command("orders").stdout
    assert any(row["session"] == "EXAMPLE" for row in system.json("sessions"))
    system.json("cancel", order_id, "--reason", "test")
    wait_for(lambda: not system.json("orders"), what="the cancel")
    system.command("kill", "--reason", "a test of the gate")
    (halt,) = system.json("status")["halts"]
    assert halt["state"] == "HALTED"
    assert halt["reason"] == "a test of the gate"
    system.json("resume", "--reason", "over")
    assert system.json("status")["halts"] == []
    assert system.command("resume", "--reason", "again", check=False).returncode == 1
    system.command("shutdown", "--reason", "done")
    assert system.process.wait(15) == 0
    read_journal(system, order_id)


def read_journal(system, order_id):
    """Check what the journal commands say of the session above."""
    assert system.command("journal", "verify", "var/journal").returncode == 0
    tail = system.command("journal", "tail", "var/journal", "-n", "50").stdout
    assert "SHUTDOWN" in tail
    replayed = system.json("journal", "replay", "var/journal")
    assert replayed["open_orders"] == 0
    at = replayed["seq"] // 2
    assert system.json("journal", "replay", "var/journal", "--at", at)["seq"] == at
    assert system.command("journal", "replay", "--at", "10000000", check=False).returncode == 1
    rows = system.json("journal", "export", "var/journal", "-o", "audit.db")["rows"]
    assert rows["orders"] == 1
    assert rows["messages"] == replayed["seq"]
    db = sqlite3.connect(system.folder / "audit.db")
    statuses = db.execute("select ord_status from orders where order_id = ?", [order_id])
    assert statuses.fetchall() == [("4",)]
    actions = db.execute("select command, reason, outcome from operator_actions").fetchall()
    assert ("KILL", "a test of the gate", "DONE") in actions
    found = db.execute("select count(*) from messages_fts where messages_fts match 'HALTED'")
    assert found.fetchone()[0] > 0
    db.close()


def test_a_port_in_use_is_named(system):
    """Another process on a port of ours: one sentence, exit code 5."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", system.ports[0]))
        taken.listen()
        done = system.command("run", "--config", "config.toml", check=False)
    assert done.returncode == 5
    assert f"{system.ports[0]}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_locked_journal_is_named(system):
    """A second gateway on the same journal: one sentence, exit code 4."""
    system.start()
    done = system.command("run", "--config", "config.toml", check=False)
    assert done.returncode == 4
    assert "locked" in done.stderr
    assert system.json("status")["venues"] == {"PAPER": "ready"}


def test_a_corrupt_journal_is_left_alone(system):
    """Damage before what was synced: `run` and `verify` say where, exit codes 4 and 2."""
    system.edit('durability = "os"', 'durability = "group"')
    system.start()
    system.stop()
    (segment,) = system.journal.glob("*.journal")
    damaged = bytearray(segment.read_bytes())
    damaged[300] ^= 1
    segment.write_bytes(damaged)
    done = system.command("run", "--config", "config.toml", check=False)
    assert done.returncode == 4
    assert segment.name in done.stderr
    assert "Traceback" not in done.stderr
    assert system.command("journal", "verify", "var/journal", check=False).returncode == 2
    assert segment.read_bytes() == bytes(damaged)


@pytest.mark.parametrize(
    ("text", "words"),
    [("import nonsense_xyz\n", "nonsense_xyz"), ("class X:\n    pass\n", "no strategy 'Mine'"),
     ("def (:\n", "line 1")],
)  # fmt: skip
def test_a_strategy_file_that_does_not_load_is_named(system, text, words):
    """The sentence names the file, the line and what went wrong; exit code 2."""
    (system.folder / "mine.py").write_text(text, encoding="utf-8")
    done = system.command("strategy", "mine.py:Mine", check=False)
    assert done.returncode == 2
    assert "mine.py" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_strategy_that_is_not_configured_is_told_so(system):
    """The gateway would refuse it: the command says so before, and names the nearest id."""
    (system.folder / "mine.py").write_text(
        "from portcullis import Strategy\nclass Mine(Strategy):\n    id = 'EXAMPEL'\n",
        encoding="utf-8",
    )
    done = system.command("strategy", "mine.py:Mine", check=False)
    assert done.returncode == 2
    assert "did you mean 'EXAMPLE'" in done.stderr


@pytest.mark.length("ci")
def test_recorded_quotes_can_be_played(system):
    """`record` writes a CSV that the paper venue plays as its feed."""
    system.start()
    system.command(
        "record", "quotes.csv", "--venue", "PAPER", "--symbol", "EURUSD", "--seconds", "2"
    )
    lines = (system.folder / "quotes.csv").read_text(encoding="ascii").splitlines()
    assert lines[0] == "timestamp,bid,ask"
    assert len(lines) > 5
    system.stop()
    system.edit('feed = { kind = "synthetic", seed = 7 }',
                'feed = { kind = "csv", path = "quotes.csv", symbol = "EURUSD" }')  # fmt: skip
    system.start()
    assert json.loads(system.command("status", "--json").stdout)["venues"] == {"PAPER": "ready"}
