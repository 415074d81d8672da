"""The demo as a person runs it, on chance and on recordings, and with a recovery that forgets."""

from __future__ import annotations

import json
import sys

import pytest
from support.run import portcullis

from gateway.commands import demo
from journal import reader
from journal.format import Direction
from protocol import codec

JOURNAL = "var/journal"
KEYS = {
    "orders", "fills", "duplicates", "lost", "recovered", "digest_before", "digest_after",
    "digest_replay", "ack_p50_us", "ack_p99_us", "in_flight_at_kill", "fills_while_down", "journal",
}  # fmt: skip


def account_of(done):
    """Read the one JSON object that the demo printed."""
    found = json.loads(done.stdout)
    assert found.keys() >= KEYS
    return found


def assert_proven(found):
    """Check what the demo promises, not only what it says of itself."""
    assert found["wrong"] == []
    assert found["lost"] == found["duplicates"] == found["disagreements"] == 0
    assert found["compared"]["messages"] > 0
    assert found["compared"]["digests"] > 0
    assert found["digest_before"] == found["digest_after"] == found["digest_replay"] != ""
    assert found["in_flight_at_kill"] >= 5
    assert found["recovered"] == found["in_flight_at_kill"]
    assert found["fills_while_down"] > 0
    assert found["orders"] > 0
    assert found["fills"] > 0


@pytest.mark.budget(100)
def test_nothing_is_lost_when_the_gateway_is_killed(demo_run):
    """On synthetic data: killed in mid-flight, recovered, three equal digests, exit code 0."""
    done, _folder = demo_run
    assert_proven(account_of(done))
    assert done.returncode == 0


@pytest.mark.budget(100)
def test_the_demo_does_not_knock_at_every_question(demo_run):
    """Its operator logs on once for each life of the gateway, not once a question."""
    _done, folder = demo_run
    logons = [
        record
        for record in reader.read(folder / JOURNAL)
        if record.session.startswith("OPERATOR/")
        and record.direction is Direction.IN
        and codec.peek(record.frame).msg_type == "A"
    ]
    assert len(logons) == 2


@pytest.mark.length("ci")
@pytest.mark.budget(150)
@pytest.mark.parametrize(
    "name",
    ["binance_spot_btcusdt_20240808.gz", "binance_spot_ethusdt_20240808.gz",
     "fx_eurusd_quotes_20200101.csv"],
)  # fmt: skip
def test_the_same_holds_on_recorded_markets(tmp_path, data_folder, name):
    """On real books and quotes: fills by queue position, one kill, nothing lost or doubled."""
    folder = tmp_path / "demo"
    done = portcullis(
        "demo", "--seconds", 24, "--data", data_folder / name, "--folder", folder, "--json"
    )
    assert_proven(account_of(done))
    assert done.returncode == 0


@pytest.mark.length("ci")
@pytest.mark.budget(120)
def test_a_recovery_that_forgets_turns_the_account_red(tmp_path, root):
    """One forgotten report in the replay: the digests differ, and the demo says so."""
    forgetful = [sys.executable, str(root / "tests" / "support" / "forgetful_run.py")]
    found = demo.play(tmp_path, seconds=12, data=None, quiet=True, restart=forgetful)
    assert not found["passed"]
    assert "the three digests are not equal" in found["wrong"]
    assert found["digest_before"] == found["digest_replay"] != found["digest_after"]


def test_the_demo_wants_a_folder_of_its_own(tmp_path):
    """A folder with something in it is refused, so that nothing of a person's is touched."""
    (tmp_path / "mine").write_text("x")
    done = portcullis("demo", "--folder", tmp_path)
    assert done.returncode == 2
    assert "is not empty" in done.stderr


def test_a_missing_recording_is_named(tmp_path):
    """--data with a file that is not there."""
    done = portcullis("demo", "--data", tmp_path / "none.gz", "--folder", tmp_path / "demo")
    assert done.returncode == 2
    assert "there is no file" in done.stderr
