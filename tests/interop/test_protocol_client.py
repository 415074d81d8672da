"""Clients that hold none of our code against the real gateway and the real paper venue."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import simplefix
from interop.foreign_client import ADMIN, HEADER, ForeignClient

from journal import reader

ROOT = Path(__file__).parents[2]
TOKEN = "an example's token"
FAR = "0.90000"


@pytest.fixture
def guarded(system):
    """Give a running system that asks EXAMPLE for its token."""
    (system.folder / "example.token").write_text(TOKEN, encoding="ascii")
    system.edit('id = "EXAMPLE"', 'id = "EXAMPLE"\ntoken = { file = "example.token" }')
    return system.start()


@pytest.fixture
def client(guarded):
    """Give a foreign client that is logged on, with its token and a reset."""
    made = ForeignClient(guarded.orders, "EXAMPLE", TOKEN.encode())
    assert made.log_on(reset=True), made.logout_text
    return made


def journaled(system, session):
    """Return what the journal says was said to a session since its last reset, by number."""
    said = {}
    for record in reader.read(system.journal):
        if record.session != session or record.direction != 1:
            continue
        parser = simplefix.FixParser()
        parser.append_buffer(record.frame)
        pairs = [(int(tag), value.decode()) for tag, value in parser.get_message().pairs]
        fields = dict(pairs)
        if fields[35] == "A" and fields.get(141) == "Y":
            said.clear()
        said[int(fields[34])] = (fields[35], [pair for pair in pairs if pair[0] not in HEADER])
    return said


def prove_all_heard(client, system):
    """Every application message that the journal holds for the client was taken, word for word."""
    said = journaled(system, client.comp_id)
    wanted = {number: one for number, one in said.items()
              if one[0] not in ADMIN and number < client.next_in}  # fmt: skip
    heard = {number: one for number, one in client.heard.items() if one[0] not in ADMIN}
    assert heard == wanted
    assert max(said) < client.next_in
    return wanted


def test_the_foreign_client_is_foreign():
    """It imports the standard library, simplefix and zmq, and nothing of ours."""
    source = (Path(__file__).parent / "foreign_client.py").read_text(encoding="utf-8")
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert names - set(sys.stdlib_module_names) == {"simplefix", "zmq"}


@pytest.mark.budget(60)
def test_the_documents_own_client_trades(guarded, tmp_path):
    """PROTOCOL.md's example, run as it stands: logs on with its token, is filled, logs out."""
    text = (ROOT / "protocol" / "PROTOCOL.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"<!-- example client.*?-->\n```python\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "client.py"
    path.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, path, guarded.orders, "EXAMPLE", "EURUSD", "1", "1000", "1.5", TOKEN],
        cwd=tmp_path, capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    reports = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    told = [report[150] for report in reports if report[35] == "8"]
    assert told[:2] == ["A", "0"]
    assert told[-1] == "F"
    assert [report[39] for report in reports if report[35] == "8"][-1] == "2"


@pytest.mark.budget(60)
def test_a_foreign_client_trades(client):
    """A market order is filled, a limit order rests and is cancelled, by a client of no ours."""
    taken = client.order("EURUSD", 1, 1000)
    client.until(lambda: client.told(taken).endswith("F"))
    rests = client.order("EURUSD", 1, 2000, FAR)
    client.until(lambda: client.told(rests) == "A0")
    at = client.reports()[-1][60]
    client.say("F", (11, "away"), (41, rests), (55, "EURUSD"), (54, 1), (60, at))
    client.until(lambda: client.told("away").endswith("4"))
    client.log_out()


@pytest.mark.budget(90)
def test_what_was_missed_comes_exactly(client, guarded):
    """Cut off while reports come: back without reset, every number once, word for word."""
    names = [client.order("EURUSD", 1 + n % 2, 1000, None if n % 3 else FAR) for n in range(60)]
    client.until(lambda: len(client.reports()) >= 20)
    client.cut()
    assert not all(client.told(name) for name in names)
    before = client.next_in
    assert client.log_on(), client.logout_text
    client.until(lambda: all(len(client.told(name)) >= 2 for name in names if client.told(name)))
    client.until(lambda: all(client.told(name).startswith("A") for name in names))
    asked = client.order("EURUSD", 1, 1000, FAR)
    client.until(lambda: client.told(asked).startswith("A0"))
    assert client.next_in > before
    while client.hear(0.3):
        pass
    assert len(prove_all_heard(client, guarded)) > 100


@pytest.mark.budget(120)
def test_what_was_missed_comes_after_a_killed_gateway(client, guarded):
    """Cut off, the gateway dies by kill -9 and starts again: the same, not one number is lost."""
    names = [client.order("EURUSD", 1 + n % 2, 1000, None if n % 3 else FAR) for n in range(40)]
    client.until(lambda: len(client.reports()) >= 10)
    client.cut()
    guarded.kill()
    guarded.start()
    assert client.log_on(), client.logout_text
    client.until(lambda: all(client.told(name)[:1] == "A" for name in names))
    client.until(lambda: all(report_has_ended_or_rests(client, name) for name in names))
    while client.hear(0.3):
        pass
    assert len(prove_all_heard(client, guarded)) >= 80
    accepted = [name for name in names if client.told(name).count("A") == 1]
    assert accepted == names


def report_has_ended_or_rests(client, name):
    """Say whether the venue's answer to an order has come."""
    return bool(set(client.told(name)) & set("0F48C"))


@pytest.mark.budget(60)
def test_the_gateway_asks_for_what_it_never_heard(client, guarded):
    """Orders lost on the way are asked for after the next Logon, and accepted once each."""
    heard = client.order("EURUSD", 1, 1000, FAR)
    client.until(lambda: client.told(heard) == "A0")
    lost = [client.order("EURUSD", 1, 1000, FAR, lost=True) for _ in range(5)]
    client.cut()
    assert client.log_on(), client.logout_text
    client.until(lambda: all(client.told(name) == "A0" for name in lost))
    assert [begin for begin, _end in client.asked_for] == [3]
    assert len(guarded.ask("ORDERS")["rows"]) == 6


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_the_gateway_asks_again_after_its_own_death(client, guarded):
    """What was said to a dead gateway is asked for by the next one, and accepted once each."""
    guarded.kill()
    lost = [client.order("EURUSD", 1, 1000, FAR) for _ in range(5)]
    client.cut()
    guarded.start()
    assert client.log_on(), client.logout_text
    client.until(lambda: all(client.told(name) == "A0" for name in lost))
    assert client.asked_for
    while client.hear(0.2):
        pass
    prove_all_heard(client, guarded)
