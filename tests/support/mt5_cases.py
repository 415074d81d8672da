"""The cases of MetaTrader's fault matrix over sockets: what goes wrong, when, and where.

    place     a market order, or one that rests
    fill      a part of a resting order is filled, or the stop of a position is hit
    cancel    a resting order that is half-filled is cancelled
    replace   its price is changed, or its quantity, which is a removal and a new order
    close     a position that was held over a night is closed

The two ways of a case are these two shapes, and two of its misbehaviour:

    bridge removed       in order, once the server has something to do; killed at once
    terminal restarted   likewise, and the bridge with it where it lives in the terminal
    server away          its lists are empty meanwhile; they are stale, and requests still arrive
    ambiguous            done; not done
    gateway killed       once it has acknowledged; just after it was asked, or before the event
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from support.mt5.constants import Action
from support.mt5_house import EA, TERMINAL
from support.mt5_trader import KINDS
from support.pairwise import cover

GATEWAY = "gateway killed"
TRANSACTIONS = ("transactions lost", "transactions doubled", "transactions reordered")
FAULTS = (*TRANSACTIONS, "bridge removed", "terminal restarted", "server away", "ambiguous",
          GATEWAY)  # fmt: skip
MOMENTS = ("place", "fill", "cancel", "replace", "close")
WAYS = ("first", "second")
"""Two shapes of each moment, and two of most misbehaviours."""
CODES = dict(zip(MOMENTS, (10008, 10011, 10012, 10028, 10031), strict=True))
"""What is ambiguous at a moment; done in the first way, not done in the second.

A cancel that was not done is asked for again, the others are refused.
"""
REQUESTS = {
    ("place", "first"): Action.DEAL, ("place", "second"): Action.PENDING,
    ("fill", "first"): Action.PENDING, ("fill", "second"): Action.DEAL,
    ("replace", "first"): Action.MODIFY, ("replace", "second"): Action.PENDING,
    ("cancel", "first"): Action.REMOVE, ("cancel", "second"): Action.REMOVE,
    ("close", "first"): Action.DEAL, ("close", "second"): Action.DEAL,
}  # fmt: skip


class Case(NamedTuple):
    """One misbehaviour at one moment, and where."""

    fault: str
    moment: str
    way: str
    kind: str
    bridge: str


def rows(faults):
    """Return every case there could be. Only an Expert Advisor hears of transactions."""
    every = (Case(*row) for row in product(faults, MOMENTS, WAYS, KINDS, (EA, TERMINAL)))
    return [row for row in every if row.bridge == EA or row.fault not in TRANSACTIONS]


def cases():
    """Choose cases: whatever two of misbehaviour, moment, way, account and bridge can meet do.

    So do the pairs among the kills alone: each of those concerns every account at once.
    """
    around = tuple(one for one in FAULTS if one != GATEWAY)
    return [
        one for faults in (around, (GATEWAY,))
        for one in cover(rows(faults), spread=lambda row: (row.kind, row.bridge))
    ]  # fmt: skip
