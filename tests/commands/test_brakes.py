"""The brakes by command, against a gateway that runs: limits, reviews, kills, a STOP file."""

from __future__ import annotations

import getpass
from decimal import Decimal

import pytest
from click.testing import CliRunner
from support.system import System
from support.waiting import wait_for

from bridges.paper import ledger
from engine.client import Client
from gateway.commands import main
from gateway.commands.limits import parse_duration
from gateway.errors import CommandError

pytestmark = pytest.mark.budget(90)
FAR = "0.90000"
HOUSE = """
[risk]
cancel_on_stop = true
loosened_max_ms = 600_000

[limits.default]
max_order_qty = 5_000
review_qty = 3_000

[ceilings]
max_order_qty = 10_000

[[person]]
name = "bob"
token = { file = "bob.token" }

[[person]]
name = "OWN"
token = { file = "own.token" }

"""


@pytest.fixture
def house(tmp_path):
    """A running system: orders above 3000 wait, above 5000 are refused, 10000 is the ceiling."""
    (tmp_path / "bob.token").write_text("bob's own\n", encoding="ascii")
    (tmp_path / "own.token").write_text("my own\n", encoding="ascii")
    with System(tmp_path, brakes=HOUSE.replace("OWN", getpass.getuser())) as system:
        yield system.start()


@pytest.fixture
def client(house):
    """EXAMPLE, logged on."""
    with Client("EXAMPLE", house.orders) as client:
        yield client


def resting(house):
    """Count the orders that are open in the venue's own book; a fill here is always a whole one."""
    lines = ledger.read(house.ledger)
    ended = {line["oid"] for line in lines if line["k"] in {"canceled", "expired", "fill"}}
    return len({line["oid"] for line in lines if line["k"] == "order"} - ended)


def refused(client, qty):
    """Return the text of a refusal."""
    report = client.wait_for(client.buy("EURUSD", qty, price=FAR), exec_type="8")
    return report.text


def test_limits_are_shown_changed_and_come_back(house, client):
    """Show says where each stands; set binds the next order; reset is what the config says."""
    (row,) = [row for row in house.json("limits", "show", "strategy:EXAMPLE")
              if row["key"] == "max_order_qty"]  # fmt: skip
    assert (row["value"], row["from"]) == ("5000", "limits.default")
    assert "limits.default" in house.command("limits", "show").stdout
    house.json("limits", "set", "strategy:EXAMPLE", "max_order_qty", "2000", "--reason", "calm")
    assert refused(client, 3000).startswith("MAX_QTY: qty=3000 limit=2000")
    (change,) = house.json("status")["limits_changed"]
    assert (change["who"], change["reason"]) == (getpass.getuser(), "calm")
    assert "calm" in house.command("status").stdout
    done = house.json("limits", "reset", "strategy:EXAMPLE", "max_order_qty", "--reason", "over")
    assert done["is"] == "5000"
    assert house.json("status")["limits_changed"] == []
    bad = house.command("limits", "set", "strategy:X", "capital", "1", "--reason", "x", check=False)
    assert (bad.returncode, "UNKNOWN_SCOPE" in bad.stderr) == (1, True)


@pytest.mark.length("ci")
def test_beyond_the_ceiling_by_two_persons(house, client):
    """Alone it is refused; with one's own and another's token file it is done, until its time."""
    words = ("limits", "set", "strategy:EXAMPLE", "max_order_qty", "20000", "--reason", "big day")
    alone = house.command(*words, "--for", "5m", check=False)
    assert (alone.returncode, "SECOND_PERSON" in alone.stderr) == (1, True)
    second = ("--second", "bob", "--second-token-file", "bob.token")
    nameless = house.command(*words, "--for", "5m", *second, check=False)
    assert (nameless.returncode, "FIRST_PERSON" in nameless.stderr) == (1, True)
    second = (*second, "--token-file", "own.token")
    assert house.command(*words, *second, check=False).returncode == 1
    assert house.command(*words, "--for", "1h", *second, check=False).returncode == 1
    assert house.json(*words, "--for", "5m", *second)["is"] == "20000"
    house.command("limits", "set", "strategy:EXAMPLE", "review_qty", "none", "--reason", "x")
    client.wait_for(client.buy("EURUSD", 15_000, price=FAR), exec_type="0")
    (change,) = [c for c in house.json("status")["limits_changed"] if c["key"] == "max_order_qty"]
    assert (change["second"], change["until_ns"] > 0) == ("bob", True)


def test_large_orders_are_decided_on(house, client):
    """Reviews lists what waits; approve sends it, decline refuses it; both say why."""
    first, second = (client.buy("EURUSD", qty, price=FAR) for qty in (4000, 5000))
    reports = [client.wait_for(order, exec_type="A") for order in (first, second)]
    rows = wait_for(lambda: house.json("reviews"), what="the reviews")
    assert [row["order_qty"] for row in rows] == ["4000", "5000"]
    assert reports[0].text.startswith("REVIEW: qty=4000 limit=3000")
    assert "qty=4000" in house.command("reviews").stdout
    house.json("approve", rows[0]["order_id"], "--reason", "fine")
    house.command("decline", rows[1]["order_id"], "--reason", "no")
    client.wait_for(first, exec_type="0")
    text = client.wait_for(second, exec_type="8").text
    assert text == f"REVIEW_DECLINED: by {getpass.getuser()}: no"
    gone = house.command("approve", rows[1]["order_id"], "--reason", "x", check=False)
    assert (gone.returncode, "NOT_IN_REVIEW" in gone.stderr) == (1, True)


@pytest.mark.length("ci")
def test_risk_explain_sends_nothing(house, client):
    """The limits of a scope; and of an order every check's verdict, with an exit code for it."""
    assert "max_order_qty" in house.command("risk", "explain", "strategy:EXAMPLE").stdout
    order = ("risk", "explain", "--strategy", "EXAMPLE", "--symbol", "EURUSD", "--side", "buy")
    good = house.command(*order, "--qty", "1000", "--price", FAR)
    assert "it would be sent" in good.stdout
    bad = house.command(*order, "--qty", "6000", "--price", FAR, check=False)
    assert (bad.returncode, "MAX_QTY: qty=6000 limit=5000" in bad.stdout) == (1, True)
    waits = house.command(*order, "--qty", "4000", "--price", FAR, check=False)
    assert (waits.returncode, "REVIEW: " in waits.stdout) == (1, True)
    assert house.command(*order, check=False).returncode == 2
    assert house.json("status")["open_orders"] == 0
    assert refused(client, 6000).startswith("MAX_QTY: qty=6000 limit=5000")


def test_a_kill_that_flattens(house, client):
    """What rests is cancelled, what is held is closed, and status says so meanwhile."""
    client.wait_for(client.buy("EURUSD", 1000), final=True)
    client.wait_for(client.buy("EURUSD", 1000, price=FAR), exec_type="0")
    killed = house.json("kill", "--flatten", "--reason", "enough")
    assert (killed["cancelling"], killed["flattening"]) == (1, True)
    wait_for(lambda: not house.json("status")["flattening"], what="the end of the flattening")
    assert resting(house) == 0
    (position,) = house.json("positions")
    assert Decimal(position["qty"]) == 0
    assert "enough" in house.command("status").stdout


@pytest.mark.length("ci")
def test_a_stop_file_holds_over_a_restart(house, client):
    """It kills, nobody resumes while it is there, a start begins halted; then it is over."""
    client.wait_for(client.buy("EURUSD", 1000, price=FAR), exec_type="0")
    path = house.folder / "var" / "STOP"
    path.write_text("all\nsmoke\n", encoding="ascii")
    wait_for(lambda: resting(house) == 0, what="the cancel")
    (halt,) = house.json("status")["halts"]
    assert (halt["cause"], halt["who"], halt["reason"]) == ("STOP_FILE", "STOP_FILE", "smoke")
    held = house.command("resume", "--reason", "x", check=False)
    assert (held.returncode, "remove the file" in held.stderr) == (1, True)
    house.kill()
    house.start()
    assert house.command("resume", "--reason", "x", check=False).returncode == 1
    path.unlink()
    wait_for(
        lambda: house.command("resume", "--reason", "x", check=False).returncode == 0,
        what="the resume", poll_s=0.2,
    )
    assert house.json("status")["halts"] == []


@pytest.mark.length("ci")
def test_an_orderly_stop_cancels_what_rests(house, client):
    """With cancel_on_stop the venue's book is empty when the process has ended."""
    for qty in (1000, 2000, 3000):
        client.wait_for(client.buy("EURUSD", qty, price=FAR), exec_type="0")
    assert resting(house) == 3
    assert house.stop() == 0
    assert resting(house) == 0


@pytest.mark.parametrize(
    ("text", "ms"),
    [("500ms", 500), ("90s", 90_000), ("30m", 1_800_000), ("4h", 14_400_000), ("2d", 172_800_000)],
)
def test_a_duration(text, ms):
    """A number and its unit."""
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "30 m", "5w", "٣m"])
def test_what_is_no_duration(text):
    """What was received, and what was expected."""
    with pytest.raises(CommandError, match="expected a time"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["limits", "set", "all", "capital", "1", "--reason", " "], "--reason"),
        (["limits", "set", "all", "capital", "1", "--reason", "x", "--second", "b"], "together"),
        (["limits", "set", "all", "capital", "1", "--reason", "x", "--token-file", "no"],
         "--token-file"),
        (["risk", "explain", "--symbol", "EURUSD"], "--strategy"),
        (["risk", "explain", "all", "--strategy", "A", "--symbol", "E", "--side", "buy", "--qty",
          "1"], "SCOPE"),
        (["approve", "a b", "--reason", "x"], "--order"),
    ],
)  # fmt: skip
def test_used_wrongly(tmp_path, monkeypatch, words, said):
    """One sentence and exit code 2, before any gateway is asked."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(main, ["init"])
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert said in done.output
