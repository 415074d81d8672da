"""`portcullis mt5 check`: through a running gateway, and what it says to who uses it wrongly."""

from __future__ import annotations

import dataclasses

import pytest
from click.testing import CliRunner

from bridges.mt5.checkup import Verdict
from gateway.commands import mt5_check
from gateway.commands.mt5 import command


@pytest.mark.budget(30)
def test_delays_are_taken_through_a_running_gateway(system):
    """Orders of the smallest size rest and are cancelled; nothing is left. Any venue will do."""
    system.start()
    config = system.config
    venue = config.venue_of("PAPER")
    found = list(mt5_check._through_gateway(config, venue, "EURUSD", 3, None))
    assert [one.name for one in found] == [
        "cancel", "order until 150=0", "cancel until 150=4", "clean-up",
    ]  # fmt: skip
    assert {one.verdict for one in found} == {Verdict.HOLDS, Verdict.SEEN}
    assert found[0].seen == "3 of 3"


@pytest.mark.parametrize(
    ("args", "word"),
    [(["NOWHERE"], "no MetaTrader venue"), (["PAPER"], "expected one of none")],
)
def test_a_venue_that_is_none_is_refused(system, args, word):
    """It says which venues could be checked."""
    done = CliRunner().invoke(command, ["check", *args, "--config", str(system.config_path)])
    assert word in str(done.exception or done.output)


@pytest.mark.parametrize(
    ("more", "word"),
    [((), "not known here"), (("--wait-for-stop", "9", "--real-money"), "mt5_terminal only")],
)
def test_an_expert_advisor_is_not_checked_without_a_word(system, more, word):
    """Whether its account is a demo account is not on the wire: nothing is sent before a word."""
    system.edit('kind = "paper"', 'kind = "mt5_ea"')
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index("launch = true"), text.index("[[strategy]]")
    system.edit(text[begin:end], 'launch = false\nsymbols = ["EURUSD"]\n\n')
    args = ["check", "PAPER", "--config", str(system.config_path), *more]
    done = CliRunner().invoke(command, args)
    assert word in str(done.exception)


def test_nothing_that_a_report_holds_breaks_its_table():
    """A seen text with a bar in it stays one cell."""
    one = mt5_check.Finding("name", "believed", "a|b", Verdict.SEEN)
    venue = dataclasses.make_dataclass("V", ["id", "kind"])("MT5", "mt5_ea")
    assert mt5_check.as_markdown(venue, "EURUSD", [one]).count("|") == 5 + 5 + 5
