"""What every scenario ends with: its figures, as a line of JSON and in a table at the end."""

from __future__ import annotations

import sys

import pytest
from support.reckoning import reckon
from support.scene import LIMITS

_table = []
HEAD = (
    "scenario", "brakes", "asked", "left", "fills", "max gross", "max symbol", "max net",
    "max loss", "what refused and stopped",
)  # fmt: skip


@pytest.fixture
def reckoned(capsys):
    """Reckon a run that is over, keep its figures for the table, print them, return them."""

    def reckoned(system, scenario):
        figures = reckon(system, scenario, system.brakes)
        _table.append(figures)
        with capsys.disabled():
            sys.stdout.write(f"\n{figures.line()}\n")
        return figures

    return reckoned


def pytest_terminal_summary(terminalreporter):
    """Print the table."""
    if not _table:
        return
    rows = [HEAD, *map(_row, _table)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD) - 1)]
    terminalreporter.section("known disasters, in dollars, the worst strategy's worst moment")
    terminalreporter.write_line(
        f"limits with brakes: gross {LIMITS.max_gross_notional:,}"
        f" symbol {LIMITS.max_symbol_notional:,} net {LIMITS.max_net_notional:,}"
        f" loss of a day {LIMITS.max_daily_loss:,}"
    )
    for row in rows:
        cells = [
            f"{cell:<{width}}" if at < 2 else f"{cell:>{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        terminalreporter.write_line("  ".join([*cells, row[-1]]))


def _row(one):
    money = (f"{value:,.0f}" for value in (one.gross, one.symbol, one.net, one.loss))
    codes = " ".join(f"{code}:{count}" for code, count in list(one.refused.items())[:4])
    stops = " ".join(dict.fromkeys(cause for _, cause in one.halts))
    return (
        one.scenario, one.brakes, f"{one.asked:,}", f"{one.left:,}", f"{one.fills:,}", *money,
        f"{codes} | {stops}",
    )  # fmt: skip
