"""Each misbehaviour of the exchange at each moment of an order's life, over real sockets.

The real ccxt client, TLS, the bridge's venue: 40 accounts for each exchange live side by side, each
through three misbehaviours at three moments. At the end of each step what was told equals the
exchange's own ledger, fill by fill; at the end of the life the balances and the position do, too.
"""

from __future__ import annotations

import sys
from itertools import product

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from support.crypto_lives import (
    FAULTS,
    MOMENTS,
    Life,
    Step,
    cases,
    pairs_of,
    table_of,
    variations,
)
from support.socket_world import WAYS, SocketWorld, side_by_side

from bridges.crypto import link

AUDIT_NS = 3_000_000_000
TURNS = {name: number for number, name in enumerate(WAYS)}


def live(chosen, folder):
    """Let cases, as (exchange, number), live side by side; print and return how it went."""
    results, lives, worlds = {}, [], []
    try:
        for name, number in chosen:
            world = SocketWorld(WAYS[name], folder / f"{name} {number}")
            worlds.append(world)
            case = cases(WAYS[name].kinds, TURNS[name])[number]

            def done(step, number=number):
                results[step.fault, step.moment] = f"{number} ok"

            for step in case:
                results[step.fault, step.moment] = f"{number} WRONG"
            lives.append((f"{name} {number} {case}", world, Life(world).go(case, done)))
        wrong = side_by_side(lives)
    finally:
        for world in worlds:
            world.close()
    sys.stdout.write(f"\n{table_of(results)}\n")
    text = "".join(f"\n{one.name}: {one.problem}\n" for one in wrong)
    sys.stdout.write(text)
    return text


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Let the bridge compare more often than it has to."""
    monkeypatch.setattr(link, "AUDIT_NS", AUDIT_NS)


@pytest.mark.budget(180)
@pytest.mark.length("ci")
@pytest.mark.parametrize("name", WAYS)
def test_every_misbehaviour_at_every_moment(name, tmp_path):
    """120 misbehaviours in 40 lives: orders, fills, fees, balances, position are the exchange's."""
    assert live([(name, number) for number in range(40)], tmp_path) == ""


@pytest.mark.budget(60)
def test_a_handful_of_misbehaviours(tmp_path):
    """Eight of those lives, on all exchanges in turn."""
    names = list(WAYS)
    chosen = [(names[at % len(names)], number) for at, number in enumerate(range(0, 40, 5))]
    assert live(chosen, tmp_path) == ""


@pytest.mark.parametrize("name", WAYS)
def test_the_cases_show_each_pair(name):
    """Whatever two of misbehaviour, moment, kind, side and shape can meet do meet.

    Only of misbehaviours and kinds some pairs are left out: six kinds are placed 20 times.
    """
    kinds = WAYS[name].kinds
    chosen = cases(kinds, TURNS[name])
    assert [len(case) for case in chosen] == [3] * 40
    shown = set().union(*(pairs_of(step) for case in chosen for step in case))
    possible = {
        pair
        for fault, moment in product(FAULTS, MOMENTS)
        for row in variations(moment, kinds)
        for pair in pairs_of(Step(fault, moment, *row))
    }
    left_out = {(one[0][0], one[1][0]) for one in possible - shown}
    assert left_out <= {("fault", "kind")}
