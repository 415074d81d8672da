"""`portcullis check`: what a config would do is said, and nothing is started or written."""

from __future__ import annotations

import json
import os
import sys

import pytest
from click.testing import CliRunner

from gateway.commands import main

GOOD = """
[gateway]
orders = ["tcp://127.0.0.1:6001", "curve://0.0.0.0:6002"]

[limits.default]
max_order_qty = 10

[limits.tight]
max_order_qty = 5

[limits.nobodys]
max_order_qty = 1

[ceilings]
max_order_qty = 20

[[person]]
name = "ann"
token = { file = "ann.token" }

[[person]]
name = "bob"
token = { env = "CHECK_BOB" }

[[venue]]
id = "PAPER"
kind = "paper"
symbols = ["EURUSD"]
limits = "tight"

[[strategy]]
id = "MM"
token = { file = "mm.token" }
limits = "tight"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a config, and everything that it names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECK_BOB", "hidden-bob")
    (tmp_path / "config.toml").write_text(GOOD, encoding="utf-8")
    for name in ("ann", "mm"):
        path = tmp_path / f"{name}.token"
        path.write_text(f"hidden-{name}\n", encoding="ascii")
        path.chmod(0o600)
    for name in ("GATEWAY", "MM"):
        assert CliRunner().invoke(main, ["keys", "new", name]).exit_code == 0
    return tmp_path


def check(*arguments, code=0):
    """Run the check; return its JSON."""
    done = CliRunner().invoke(main, ["check", "--json", *arguments])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_it_says_what_would_run(folder):
    """Endpoints, venues, strategies, whom each table binds; no secret is shown, no file written."""
    before = sorted(folder.rglob("*"))
    found = check()
    assert (found["ok"], found["problems"]) == (True, [])
    orders = [row for row in found["listens"] if row["key"] == "orders"]
    assert [(row["endpoint"], row["from"], row["guard"]) for row in orders] == [
        ("tcp://127.0.0.1:6001", "this machine", "plain"),
        ("curve://0.0.0.0:6002", "any machine", "curve, by key"),
    ]
    assert len(found["listens"]) == 6
    assert (found["venues"][0]["id"], found["strategies"][0]["limits"]) == ("PAPER", "tight")
    binds = {row["table"]: row["binds"] for row in found["limits"]}
    assert binds["limits.tight"] == {"venue:PAPER": 1, "strategy:MM": 1}
    assert "limits.default" not in binds  # what it sets, the strategy's own table sets too
    assert found["binds_nobody"] == ["limits.nobodys"]
    assert (found["ceilings"], found["people"]) == (["max_order_qty"], ["ann", "bob"])
    assert [row["state"] for row in found["secrets"]] == ["there"] * 3
    said = CliRunner().invoke(main, ["check"])
    assert "it would run" in said.stdout
    assert "nothing is bound by [limits.nobodys]" in said.stderr
    assert "hidden-" not in said.output + json.dumps(found)
    assert sorted(folder.rglob("*")) == before


def test_the_shipped_config_has_nothing_to_warn_of(tmp_path, monkeypatch):
    """What `init` writes would run, without a word on stderr."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(main, ["init"])
    done = CliRunner().invoke(main, ["check"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_every_problem_is_told(folder, monkeypatch):
    """A missing token, an unset variable and a missing key: each with its place; exit code 2."""
    (folder / "mm.token").unlink()
    monkeypatch.setenv("CHECK_BOB", "")
    (folder / "var/keys/GATEWAY.key_secret").unlink()
    found = check(code=2)
    assert not found["ok"]
    token, variable, key = sorted(found["problems"], key=lambda text: "mm.token" not in text)
    assert token.startswith("strategy MM: token: ")
    assert "CHECK_BOB, which is empty" in variable
    assert "GATEWAY.key_secret" in key
    done = CliRunner().invoke(main, ["check"])
    assert done.exit_code == 2
    assert done.stderr.count("portcullis: problem: ") == 3
    assert "it would not run" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_the_modes_of_secret_files(folder):
    """A token or a key that others may read: a warning; the gateway's own key: it is no start."""
    (folder / "ann.token").chmod(0o644)
    (folder / "var/keys/MM.key_secret").chmod(0o640)
    warnings = check()["warnings"]
    assert any("ann.token: chmod 600" in text for text in warnings)
    assert any("MM.key_secret" in text and "mode 640" in text for text in warnings)
    (folder / "var/keys/GATEWAY.key_secret").chmod(0o604)
    (problem,) = check(code=2)["problems"]
    assert "mode 604" in problem
    if os.geteuid():
        (folder / "mm.token").chmod(0)
        assert any("mm.token" in text for text in check(code=2)["problems"])


def test_two_persons_with_one_token(folder, monkeypatch):
    """Two files with the same text are one token: one person could agree alone."""
    monkeypatch.setenv("CHECK_BOB", "hidden-ann")
    (problem,) = check(code=2)["problems"]
    assert problem.startswith("person bob: token is the same text as that of ann")


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ('[[person]]\nname = "bob"\ntoken = { env = "CHECK_BOB" }\n', "", "expected two or more"),
        ("[limits.default]", "[limits.other]", "built-in limits"),
    ],
)
def test_what_works_and_is_seldom_meant(folder, old, new, warning):
    """Ceilings that no two can go beyond, no default limits, a STOP file: a warning each."""
    (folder / "config.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    assert any(warning in text for text in check()["warnings"])
    (folder / "var/STOP").touch()
    assert any("STOP file" in text for text in check()["warnings"])


def test_a_file_that_a_feed_needs(folder):
    """A venue that is launched needs its recording; one that is not is elsewhere."""
    venue = 'limits = "tight"\nfeed = { kind = "csv", path = "gone.csv" }\n'
    text = GOOD.replace('limits = "tight"\n', venue, 1)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    assert check()["ok"]
    text = text.replace('kind = "paper"\n', 'kind = "paper"\nlaunch = true\n', 1)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    (problem,) = check(code=2)["problems"]
    assert "gone.csv" in problem


def test_a_config_that_is_wrong(folder):
    """One sentence, and exit code 2, as with every command; likewise without a file."""
    (folder / "config.toml").write_text("[gateway]\nordrs = 1\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check"])
    assert (done.exit_code, "did you mean 'orders'" in done.stderr) == (2, True)
    assert CliRunner().invoke(main, ["check", "--config", "no.toml"]).exit_code == 2
