"""Everbright Securities, 2013-08-16: an untested re-order function orders for 23.4 billion yuan.

What was not filled was ordered again, whole, and what came back as a fault was ordered again too.
Here three processes do so at once, against a venue that takes its time to answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import reorder
from support.scene import LIMITS, NOISE, Scene

from gateway.commands import launch

PROGRAM = Path(reorder.__file__)
NAMES = ("MM", "MOMENTUM", "EXAMPLE")
ROUNDS = 25
HOUSE_GROSS, HOUSE_NET = 220_000, 200_000
PER_S, BURST = 10, 10
HOUSE = """
[risk]
limits = "house"

[limits.house]
"""
MONEY = f"""{HOUSE}
max_gross_notional = {HOUSE_GROSS}
max_net_notional = {HOUSE_NET}
"""
RATE = f"""{HOUSE}
max_messages_per_s = {PER_S}
message_burst = {BURST}
"""


def go_wild(system):
    """Run the re-order function three times at once, until each has ended."""
    system.start()
    system.fault("delay 300")
    running = [
        launch.start(
            [], output=system.folder / f"{name}.out",
            instead=[sys.executable, str(PROGRAM), system.orders, name, str(seed), str(ROUNDS)],
        )
        for seed, name in enumerate(NAMES)
    ]  # fmt: skip
    try:
        for name, process in zip(NAMES, running, strict=True):
            code = process.wait(60)
            assert code == 0, (system.folder / f"{name}.out").read_text(encoding="utf-8")
    finally:
        for process in running:
            launch.end(process)
    assert system.stop() == 0


def assert_each_held(figures):
    """Each strategy stayed inside its own limits, which nobody has set."""
    assert figures.fills > 0
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    assert figures.gross <= LIMITS.max_gross_notional * NOISE
    assert figures.net <= LIMITS.max_net_notional * NOISE


@pytest.mark.budget(90)
def test_a_reorder_function_gone_wild_stays_inside_gross_and_net(tmp_path, reckoned):
    """Three processes that send everything again: the house leans no further than it may."""
    with Scene(tmp_path, brakes=True, needs=MONEY) as system:
        go_wild(system)
        figures = reckoned(system, "Everbright, house of money")
    assert_each_held(figures)
    assert figures.refused.keys() & {"MAX_GROSS", "MAX_NET"}
    assert figures.house_gross <= HOUSE_GROSS * NOISE
    assert figures.house_net <= HOUSE_NET * NOISE


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_a_reorder_function_gone_wild_stays_inside_its_rate(tmp_path, reckoned):
    """Three processes that send everything again: no more of it leaves in a second than may."""
    with Scene(tmp_path, brakes=True, needs=RATE) as system:
        go_wild(system)
        figures = reckoned(system, "Everbright, house of rate")
    assert_each_held(figures)
    assert figures.refused["RATE"] > 0
    assert figures.per_s <= BURST + PER_S


@pytest.mark.length("ci")
@pytest.mark.budget(180)
def test_without_brakes_it_is_a_disaster(tmp_path, reckoned):
    """The same three processes without brakes exceed every one of these limits."""
    with Scene(tmp_path, brakes=False) as system:
        go_wild(system)
        figures = reckoned(system, "Everbright")
    assert figures.gross > LIMITS.max_gross_notional
    assert figures.house_gross > HOUSE_GROSS
    assert figures.house_net > HOUSE_NET
    assert figures.per_s > BURST + PER_S
