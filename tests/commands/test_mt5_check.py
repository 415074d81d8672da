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


def test_nothing_that_a_report_holds_breaks_its_table():
    """A seen text with a bar in it stays one cell."""
    one = mt5_check.Finding("name", "believed", "a|b", Verdict.SEEN)
    venue = dataclasses.make_dataclass("V", ["id", "kind"])("MT5", "mt5_ea")
    assert mt5_check.as_markdown(venue, "EURUSD", [one]).count("|") == 5 + 5 + 5
