"""Every misbehaviour of terminal, server and gateway at every moment of an order's life.

In virtual time, on three kinds of accounts, each with another mode of execution. At the end orders,
fills, commission, swap and positions equal the server's own ledger, everything that was asked is
answered once, and no magic became two orders. Where the gateway is killed, it is the real core with
the bridge's own link (mt5_core.py), and what it folds from its journal equals the ledger. A plain
run plays every fifth pair of fault and moment, on one kind of account in turn, and some deaths of
the gateway; `--length ci` plays all. `pytest -s` prints the matrix.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import cycle

import pytest
from support.figures import show
from support.matrix import matrix
from support.mt5.constants import Action
from support.mt5.people import People
from support.mt5_core import DEEDS, Realm, TerminalEnd, deaths, end_of
from support.mt5_trader import (
    EURUSD,
    HEDGING,
    KINDS,
    LOGIN,
    Trader,
    World,
    server_of,
)

from bridges.mt5.jobs import Send
from bridges.port import Canceled, CancelRefused, Filled, Rejected, Replaced
from protocol.fields import Side

LONG_S = 60
"""Long enough for every doubt to end: a call times out after 10 s, absence is proven after 20 s."""

ANSWERS = {
    "none, not done": lambda faults, **when: faults.fail(acts=False, **when),
    "none, done": lambda faults, **when: faults.fail(acts=True, **when),
    "timeout, not done": lambda faults, **when: faults.silence(acts=False, **when),
    "timeout, done": lambda faults, **when: faults.silence(acts=True, **when),
    **{
        f"{code}, {'done' if acts else 'not done'}": (
            lambda faults, code=code, acts=acts, **when: faults.doubt(code, acts=acts, **when)
        )
        for code in (10008, 10011, 10012, 10028, 10031)
        for acts in (False, True)
    },
    "done late": lambda faults, **when: faults.tardy(8_000, **when),
    "requote": lambda faults, **when: faults.refuse(10004, **when),
    **{
        f"thinks{name}": lambda faults, more=more, **when: faults.ponder(40_000, **more, **when)
        for name, more in (
            ("", {}), (", 10012", {"retcode": 10012}), (", rejects", {"confirms": False}),
        )
    },
    "unknown code": lambda faults, **when: faults.doubt(10099, acts=True, **when),
}
"""What goes wrong with the one request that a deed sends."""

LINKS = (
    "cut, empty lists", "cut, stale lists", "cut, request arrives", "late history",
    "terminal restarts", "bridge is killed", "call wedges", "calls fail",
)  # fmt: skip
"""What goes wrong around it."""

REQUESTS = {
    "place market": Action.DEAL, "place limit": Action.PENDING, "cancel": Action.REMOVE,
    "replace": Action.MODIFY, "renew": Action.PENDING, "renew, removing": Action.REMOVE,
    "close": Action.DEAL,
}  # fmt: skip
"""The deeds, and the request that the fault is for."""
EVENTS = ("partial fill", "stop is hit")


def cases():
    """Every case, and which of them are a plain run's."""
    pairs = [(fault, deed) for fault in ANSWERS for deed in REQUESTS]
    deeds = [one for one in REQUESTS if one != "renew, removing"]
    pairs += [(fault, deed) for fault in LINKS for deed in (*deeds, *EVENTS)]
    turn = cycle(KINDS)
    for number, (fault, deed) in enumerate(pairs):
        chosen = next(turn) if number % 5 == 0 else None
        for kind in KINDS:
            marks = () if kind == chosen else (pytest.mark.length("ci"),)
            yield pytest.param(fault, deed, kind, marks=marks, id=f"{fault}-{deed}-{kind}")


def prepared(trader, deed):
    """Bring an account to where the deed begins; return what does it."""
    world = trader.world
    if deed == "place market":
        return trader.place
    if deed == "place limit":
        return lambda: trader.place(price="1.09000")
    if deed == "close":
        name = trader.place()
        assert world.until(lambda: world.of(Filled))
        position = world.of(Filled)[0].fill.position_id
        assert bool(position) is (world.kind == HEDGING)
        world.run(200)
        return lambda: (name, trader.place(side=Side.SELL, position_id=position))
    if deed == "stop is hit":
        trader.place(stop_loss_px=Decimal("1.09500"), take_profit_px=Decimal("1.20000"))
        assert world.until(lambda: world.of(Filled))
        world.run(200)
        return lambda: world.server.quote(EURUSD, "1.09400", "1.09410")
    name = trader.place("30000", "1.09000")
    world.run(200)
    ticket = next(iter(world.office.books.orders))
    people = People(world.server, LOGIN)
    if deed == "partial fill":
        return lambda: people.fill(ticket, "0.1")
    people.fill(ticket, "0.1")
    world.run(500)
    return {
        "cancel": lambda: trader.cancel(name),
        "replace": lambda: trader.replace(name, "30000", "1.09100"),
        "renew": lambda: trader.replace(name, "40000", "1.09100"),
        "renew, removing": lambda: trader.replace(name, "40000", "1.09100"),
    }[deed]


def played(trader, fault, deed, act):
    """Let the deed happen, and the fault with it."""
    world, terminal = trader.world, trader.world.terminal
    if fault in ANSWERS:
        ANSWERS[fault](world.server.faults, when=REQUESTS[deed])
        act()
        return
    if fault.startswith("cut"):
        terminal.empties = fault == "cut, empty lists"
        world.clock.after(3, lambda: terminal.cut(requests_arrive="arrives" in fault))
        world.clock.after(4_000, terminal.mend)
        act()
    elif fault == "late history":
        terminal.history_lag_ms = 3_000
        act()
    elif fault == "terminal restarts":
        world.clock.after(3, lambda: terminal.stop(told=False))
        world.clock.after(4_000, terminal.start)
        act()
    elif fault == "bridge is killed":
        act()
        world.run(3)
        trader.restart()
    elif fault == "call wedges":
        world.worker.holds = lambda job: isinstance(job, Send) or deed in EVENTS
        act()
        world.run(30_000)
        assert not world.venue.connected
        world.worker.let_go()
    else:
        for name in ("orders_get", "history_deals_get", "positions_get", "history_orders_get"):
            world.package.trouble(name, times=3)
        act()


@pytest.mark.parametrize(("fault", "deed", "kind"), list(cases()))
def test_faults(fault, deed, kind):
    """Whatever goes wrong, what was told is what the server has done, and it was done once."""
    world = World(server_of(kind), call_ns=15_000_000_000, poll_ns=200_000_000)
    world.kind = kind
    world.terminal.timeout_ms = 10_000
    trader = Trader(world)
    act = prepared(trader, deed)
    played(trader, fault, deed, act)
    trader.world.run(LONG_S * 1_000)
    killed = fault == "bridge is killed"
    assert trader.world.venue.connected
    trader.judge(whole=not killed)
    assert trader.world.venue.core.placing == 0
    if not killed:
        _judge_answers(trader, deed)
    if deed == "stop is hit":
        stop = [one for one in trader.fills_since(0) if one.origin]
        assert [(one.origin, one.parent_id) for one in stop] == [
            ("STOP_LOSS", next(iter(trader.requests)))
        ]
    MATRIX.setdefault(fault, {}).setdefault(deed, []).append(kind[0].upper())


def _judge_answers(trader, deed):
    """Every request has one outcome."""
    for name, request in trader.requests.items():
        rejected = [one for one in trader.told if isinstance(one, Rejected)
                    and one.order.cl_ord_id == name]  # fmt: skip
        if request.orig_cl_ord_id:
            done = [one for one in trader.told if isinstance(one, Replaced)
                    and one.order.cl_ord_id == name]  # fmt: skip
            refused = [one for one in trader.told if isinstance(one, CancelRefused)
                       and one.request_id == name]  # fmt: skip
            assert len(done) + len(refused) == 1
            assert not rejected
        else:
            assert len(rejected) <= 1
    if deed == "cancel":
        outcome = [one for one in trader.told if isinstance(one, Canceled | CancelRefused)]
        assert len([one for one in outcome if one.request_id]) == 1


DEED_NAMES = dict(zip(DEEDS, [*[one for one in REQUESTS if one != "renew, removing"], *EVENTS],
                      strict=True))  # fmt: skip


@pytest.mark.parametrize(("death", "deed", "kind"), list(deaths(plain=10, ci=1)))
def test_the_gateway_is_killed(tmp_path, death, deed, kind):
    """Risen after 3 s, it knows what the server has: the order, or that it never was sent."""
    realm = Realm(end_of(TerminalEnd, kind, tmp_path))
    realm.die_in(deed, death)
    assert realm.wrongs() == []
    row = MATRIX.setdefault(f"gateway killed, {death}", {})
    row.setdefault(DEED_NAMES[deed], []).append(kind[0].upper())


@pytest.mark.parametrize("deed", ["cancel", "replace", "renew"])
def test_a_refusal_that_nobody_heard(tmp_path, deed):
    """The server refuses while the gateway is dead: the request is known as not done, once."""
    realm = Realm(end_of(TerminalEnd, "netting", tmp_path))
    realm.die_refused(deed)
    assert realm.wrongs() == []


MATRIX = {}


@pytest.fixture(scope="module", autouse=True)
def _matrix():
    """At the end, show what was played: a letter for each kind of account."""
    yield
    cells = {
        (fault, deed): "".join(sorted(kinds)) for fault, row in MATRIX.items()
        for deed, kinds in row.items()
    }  # fmt: skip
    text = matrix(cells, tuple(MATRIX), (*REQUESTS, *EVENTS))
    if cells:
        show("misbehaviours of the terminal, a letter for each kind of account", text)
