"""Both MetaTrader bridges behave alike, as it is written down: support/mt5/behaviours.py."""

from __future__ import annotations

import pytest
from support.mt5 import (
    behaviours,
    behaviours_around,
    behaviours_levels,
    behaviours_lost,
    behaviours_market,
    behaviours_refused,
    behaviours_summer,
    behaviours_terms,
)
from support.mt5.runtime import build
from support.mt5.stage import EaStage, Play, TerminalStage

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
TABLES = (
    behaviours, behaviours_around, behaviours_refused, behaviours_levels, behaviours_lost,
    behaviours_market, behaviours_summer, behaviours_terms,
)  # fmt: skip
SCENES = behaviours.SCENES
"""All of them: each table has put its own in."""


def cases():
    """Every scene on every kind of account; a plain run has every second, on one kind in turn."""
    for number, one in enumerate(SCENES):
        for turn, kind in enumerate(one.kinds):
            is_plain = number % 2 == 0 and number // 2 % len(one.kinds) == turn
            marks = () if is_plain else (pytest.mark.length("ci"),)
            yield pytest.param(one, kind, marks=marks, id=f"{one.name}-{kind.name.lower()}")


def played(stage, one, kind, folder):
    """Play a scene; return the lines, and all fields of what they stand for."""
    folder.mkdir()
    desk = stage(folder, kind, **one.rules)
    try:
        play = Play(desk)
        one.play(play)
        return play.lines(), play.fields
    finally:
        desk.end()


@pytest.mark.parametrize(("one", "kind"), list(cases()))
def test_both_bridges_tell_the_same(one, kind, tmp_path):
    """Line for line what the table says; and every other field is the same of both."""
    terminal, its_fields = played(TerminalStage, one, kind, tmp_path / "terminal")
    expert, fields = played(EaStage, one, kind, tmp_path / "expert")
    assert terminal == expert
    assert expert == one.expected(kind)
    assert its_fields == fields
