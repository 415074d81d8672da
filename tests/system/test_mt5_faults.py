"""Each misbehaviour of terminal, server, bridge and gateway at each moment, over real sockets.

The real gateway, the compiled Expert Advisor and the terminal bridge are processes, and every
account is one of its own broker's, in real time. At the end of each case the strategy knows what
the server has; at the end of all the journal, folded anew, equals every server's ledger.
"""

from __future__ import annotations

from itertools import product

import pytest
from support import witnesses
from support.figures import show
from support.matrix import matrix
from support.mt5.runtime import build
from support.mt5_cases import (
    FAULTS,
    GATEWAY,
    MOMENTS,
    TRANSACTIONS,
    WAYS,
    Case,
    cases,
    rows,
)
from support.mt5_house import EA, TERMINAL, House
from support.mt5_lives import Kills, Life
from support.mt5_trader import HEDGING, KINDS, NETTING
from support.mt5_verdict import wrongs
from support.pairwise import pairs_of
from support.side_by_side import side_by_side

WAIT_S, LIFE_S = 60, 120
"""The longest that a condition, and a life, may take: each waits for the slowest before a kill."""
needs_compiler = pytest.mark.skipif(not build.can_build(), reason=build.MISSING)


def live(chosen, folder):
    """Let cases be lived, those of an account one after the other; return what went wrong."""
    accounts = list(dict.fromkeys((one.kind, one.bridge) for one in chosen))
    lived = []
    with House(folder, accounts) as house:
        house.open()
        kills = Kills(house)
        going = []
        for account in accounts:
            life = Life(house, house.accounts[account], kills)
            kills.lives.append(life)
            its = [one for one in chosen if (one.kind, one.bridge) == account]
            going.append((life.account.name, life, life.go(its, lived.append)))
        count = max(sum(one.fault == GATEWAY for one in chosen if (one.kind, one.bridge) == account)
                    for account in accounts)  # fmt: skip
        going.append(("the kills", kills, kills.go(count)))
        wrong = [f"{one.name}: {one.problem}\n{one.world.story()}"
                 for one in side_by_side(going, WAIT_S, LIFE_S)]  # fmt: skip
        show_all(chosen, lived)
        for life in kills.lives:
            life.close()
        assert house.stop() == 0, house.output()
        return wrong or verdict(house, count)


def show_all(chosen, lived):
    """Keep the table of what was lived: N, E, H for the account, e, t for the bridge."""
    cells = {}
    for one in chosen:
        text = f"{one.kind[0].upper()}{one.bridge[0]}" + ("" if one in lived else " WRONG")
        cells.setdefault((one.fault, one.moment), []).append(text)
    text = matrix({at: " ".join(texts) for at, texts in cells.items()}, FAULTS, MOMENTS)
    show("misbehaviours around MetaTrader, over sockets", text)


def verdict(house, count):
    """Fold the journal anew, and compare it with every ledger."""
    replayed = witnesses.replay(house.journal, ())
    assert len(replayed.starts) == count + 1
    wrong = [f"another digest at {seq}" for seq in replayed.wrong_digests]
    wrong += [f"recovery differs: {body}" for body in replayed.starts if body["differs_at"]]
    for one in house.accounts.values():
        with one.pace.lock:
            found = wrongs(replayed.book, one.office, one.name)
            wrong += [f"{one.name}: {text}" for text in found]
            wrong += [one.office.ledger.story()] if found else []
    return wrong


@needs_compiler
@pytest.mark.length("ci")
@pytest.mark.budget(200)
def test_every_misbehaviour_at_every_moment(tmp_path):
    """Six accounts live through 50 cases, among them three deaths of their gateway."""
    assert "\n".join(live(cases(), tmp_path)) == ""


@needs_compiler
@pytest.mark.budget(90)  # the first test of a run compiles
def test_a_life_of_each_bridge(tmp_path):
    """One account of each bridge lives through three cases; the gateway is killed in the last."""
    chosen = [
        Case("transactions lost", "fill", "second", NETTING, EA),
        Case("transactions doubled", "close", "first", NETTING, EA),
        Case(GATEWAY, "replace", "first", NETTING, EA),
        Case("ambiguous", "cancel", "first", HEDGING, TERMINAL),
        Case("server away", "replace", "second", HEDGING, TERMINAL),
        Case(GATEWAY, "fill", "second", HEDGING, TERMINAL),
    ]
    assert "\n".join(live(chosen, tmp_path)) == ""


def test_the_cases_show_each_pair():
    """Whatever two of misbehaviour, moment, way, account and bridge can meet do meet."""
    chosen = cases()
    around = [one for one in chosen if one.fault != GATEWAY]
    kills = [one for one in chosen if one.fault == GATEWAY]
    for some, faults in ((around, FAULTS[:-1]), (kills, (GATEWAY,))):
        shown = set().union(*map(pairs_of, some))
        possible = {
            pair for row in product(faults, MOMENTS, WAYS, KINDS, (EA, TERMINAL))
            for pair in pairs_of(Case(*row)) if row[4] == EA or row[0] not in TRANSACTIONS
        }  # fmt: skip
        assert shown == possible
    assert (len(around), len(kills)) == (35, 15)
    assert set(chosen) <= set(rows(FAULTS))
