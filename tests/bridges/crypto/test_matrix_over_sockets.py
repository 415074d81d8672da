"""Each misbehaviour of the exchange at each moment of an order's life, over real sockets.

The real ccxt client, TLS, the bridge's venue: 40 accounts for each exchange live side by side, each
through three misbehaviours at three moments. At the end of each step what was told equals the
exchange's own ledger, fill by fill; at the end of the life the balances and the position do, too.
"""

from __future__ import annotations

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
    variations,
)
from support.crypto_trader import MARKETS
from support.figures import show
from support.matrix import matrix
from support.pairwise import pairs_of
from support.side_by_side import side_by_side
from support.socket_world import WAYS, SocketWorld

from bridges.crypto.tables import kraken_words

AUDIT_MS = 3_000
LOCKED_MS = 2_000
SLOW = {"hang", "close", "503", "silence", "withhold", "ban"}
"""What is waited for longest: the absence of an order, a stream that is half-open."""
TURNS = {name: number for number, name in enumerate(WAYS)}


def live(chosen, folder):
    """Let cases, as (exchange, number), live side by side; show and return how it went."""
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
    show("misbehaviours of the exchanges, over sockets", matrix(results, FAULTS, MOMENTS))
    return "".join(f"\n{one.name}: {one.problem}\n" for one in wrong)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Let the bridge compare more often than it has to, and a lockout be over soon."""
    monkeypatch.setattr(kraken_words, "LOCKED_MS", LOCKED_MS)
    for way in WAYS.values():
        monkeypatch.setattr(MARKETS[way.desk.name].table, "audit_ms", AUDIT_MS)


def markets_of(exchange):
    """Return the names of an exchange's markets."""
    return [name for name, way in WAYS.items() if way.desk.exchange == exchange]


@pytest.mark.budget(180)
@pytest.mark.length("ci")
@pytest.mark.parametrize("exchange", sorted({way.desk.exchange for way in WAYS.values()}))
def test_every_misbehaviour_at_every_moment(exchange, tmp_path):
    """120 misbehaviours in 40 lives, in the exchange's markets by turns: all is as it has it."""
    names = markets_of(exchange)
    chosen = [(names[(at + at // 2) % len(names)], at) for at in range(40)]
    assert live(chosen, tmp_path) == ""


@pytest.mark.budget(180)
@pytest.mark.length("long")
@pytest.mark.parametrize("name", WAYS)
def test_every_misbehaviour_at_every_moment_of_each_market(name, tmp_path):
    """The same 120, all of them in each market."""
    assert live([(name, number) for number in range(40)], tmp_path) == ""


@pytest.mark.budget(60)
def test_a_handful_of_misbehaviours(tmp_path):
    """One of those lives in each market, of those in which there is little to wait for."""
    chosen = []
    for name, way in WAYS.items():
        quick = [
            number
            for number, case in enumerate(cases(way.kinds, TURNS[name]))
            if not SLOW & {step.fault for step in case}
        ]
        chosen.append((name, quick[TURNS[name] * 3 % len(quick)]))
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
