"""`[venue.mt5]`: what a terminal venue must say, and what becomes of it in the bridge."""

from __future__ import annotations

import inspect

import pytest
from click.testing import CliRunner

from bridges.mt5.settings import open_mt5_venue
from gateway.commands import main
from gateway.commands.bridge import arguments
from gateway.config import load_config
from gateway.config_mt5 import Mt5Account
from gateway.errors import ConfigError

VENUE = """
[[venue]]
id = "BROKER"
kind = "mt5_terminal"
symbols = { EURUSD = "EURUSD.r" }
"""
ACCOUNT = """
[venue.mt5]
login = 1234567
server = "Broker-Demo"
password = { file = "password.txt" }
server_zone = "Europe/Athens"
deviation = 10
fee_rate = "0.00003"
"""
EA = """
[[venue]]
id = "EA"
kind = "mt5_ea"
token = { env = "EA_TOKEN" }
"""


@pytest.fixture
def write(tmp_path):
    """Write a config beside its secrets; return its path."""
    (tmp_path / "password.txt").write_text("the-password\n")

    def written(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return written


def test_an_account_reaches_the_bridge(write):
    """Every key of the table is a setting of the bridge; the password is read from its place."""
    config = load_config(write(VENUE + ACCOUNT))
    (venue,) = config.venue
    said = arguments(config, venue)
    assert (said["login"], said["server"], said["password"]) == (
        1_234_567, "Broker-Demo", "the-password",
    )  # fmt: skip
    assert (said["kind"], said["symbols"]) == ("mt5_terminal", {"EURUSD": "EURUSD.r"})
    settings = set(inspect.signature(open_mt5_venue).parameters)
    assert set(Mt5Account.__struct_fields__) <= settings


def test_without_a_password_the_terminal_is_logged_in_already(write):
    """None is said to the bridge then."""
    config = load_config(write(VENUE + ACCOUNT.replace("password = { file", "#")))
    assert arguments(config, config.venue[0])["password"] == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VENUE, "needs its account"),
        (VENUE.replace("mt5_terminal", "paper") + ACCOUNT, "stands in a venue of kind 'paper'"),
        (EA + ACCOUNT, "stands in a venue of kind 'mt5_ea'"),
        (EA.replace("token", "launch = true\ntoken"), "expected launch = false"),
        (VENUE.replace("symbols", "# symbols") + ACCOUNT, "needs its symbols"),
        (VENUE + ACCOUNT.replace("Europe/Athens", "Europe/Atlantis"), "expected a zone"),
        (VENUE + ACCOUNT.replace("0.00003", "-1"), "fee_rate"),
        (VENUE + ACCOUNT.replace('{ file = "password.txt" }', "{}"), "mt5.password"),
        (VENUE + ACCOUNT.replace("1234567", "0"), "login"),
        (VENUE + ACCOUNT + "lgoin = 1", "lgoin"),
    ],
)
def test_what_cannot_be_meant_is_refused(write, text, words):
    """The error names the key, and what was expected."""
    with pytest.raises(ConfigError, match=words):
        load_config(write(text))


def test_an_expert_advisor_needs_its_entry_only(write):
    """Kind, symbols if they are mapped, and a token; there is no bridge to run for it."""
    path = write(EA)
    assert load_config(path).venue[0].kind == "mt5_ea"
    ran = CliRunner().invoke(main, ["bridge", "EA", "--config", str(path)])
    assert ran.exit_code == 2
    assert "connects by itself" in ran.output


@pytest.mark.parametrize("launch", [True, False])
@pytest.mark.parametrize(
    ("platform", "words"),
    [("linux", "exists for Windows only"), ("win32", "pip install")],
)
def test_check_says_what_the_machine_lacks(write, monkeypatch, platform, words, launch):
    """Without Windows or the package: a problem for a bridge that is launched, else a warning."""
    monkeypatch.setattr("bridges.mt5_terminal.sys.platform", platform)
    monkeypatch.setattr("bridges.mt5_terminal.importlib.util.find_spec", lambda _name: None)
    text = VENUE.replace("symbols", f"launch = {str(launch).lower()}\nsymbols") + ACCOUNT
    ran = CliRunner().invoke(main, ["check", "--config", str(write(text))])
    assert words in ran.output
    assert ran.exit_code == (2 if launch else 0), ran.output


def test_the_bridge_says_what_the_machine_lacks(write, monkeypatch):
    """It ends with code 1 and a sentence, before anything is sent anywhere."""
    monkeypatch.setattr("bridges.mt5_terminal.sys.platform", "linux")
    ran = CliRunner().invoke(main, ["bridge", "BROKER", "--config", str(write(VENUE + ACCOUNT))])
    assert ran.exit_code == 1
    assert "exists for Windows only" in ran.output
