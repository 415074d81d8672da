"""Every misbehaviour of terminal, server and gateway at every moment of an order's life.

The compiled venue in virtual time, on three kinds of accounts, each with another mode of execution.
At the end orders, fills, commission, swap and positions equal the server's own ledger, everything
that was asked has one outcome, and no magic became two orders. Where the gateway is killed, it is
the real core before the whole Expert Advisor (mt5_core.py), and what it folds from its journal
equals the ledger. A plain run plays some cases, `--length ci` each pair of fault and moment on one
kind of account, `--length long` all; `-s` prints the matrix.
"""

from __future__ import annotations

from itertools import count

import pytest
from support.figures import show
from support.matrix import matrix
from support.mt5.constants import Action, Execution, FillingFlag, MarginMode
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import eurusd
from support.mt5_core import AdvisorEnd, Realm, deaths, end_of

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]

KINDS = {
    "netting": (MarginMode.RETAIL_NETTING, Execution.MARKET),
    "exchange": (MarginMode.EXCHANGE, Execution.EXCHANGE),
    "hedging": (MarginMode.RETAIL_HEDGING, Execution.INSTANT),
}
ANSWERS = {
    "false, not done": lambda faults, **when: faults.fail(acts=False, **when),
    "false, done": lambda faults, **when: faults.fail(acts=True, **when),
    "silence, not done": lambda faults, **when: faults.silence(acts=False, **when),
    "silence, done": lambda faults, **when: faults.silence(acts=True, **when),
    **{
        f"{code}, {'done' if acts else 'not done'}": (
            lambda faults, code=code, acts=acts, **when: faults.doubt(code, acts=acts, **when)
        )
        for code in (10008, 10011, 10012, 10028, 10031)
        for acts in (False, True)
    },
    "done late": lambda faults, **when: faults.tardy(2_000, **when),
    "placed, done late": lambda faults, **when: faults.tardy(2_000, early=10008, **when),
    "told late": lambda faults, **when: faults.slow(2_000, **when),
    "requote": lambda faults, **when: faults.refuse(10004, **when),
    "unknown code": lambda faults, **when: faults.doubt(10099, acts=True, **when),
}
"""What goes wrong with the one request that a deed sends."""



def backwards(trader, act):
    """Tell the deed's transactions late and in the opposite order."""
    trader.slot.withhold()
    name = act()
    trader.run(100)
    trader.slot.release(backwards=True)
    return name


def late_history(trader, act):
    """Let orders go from the list 3 s before they come into the history."""
    trader.terminal.history_lag_ms = 3_000
    return act()


def nobody(trader, act):
    """Let what is told just after the deed be heard by nobody."""
    name = act()
    trader.deaf = True
    trader.run(500)
    trader.deaf = False
    return name


def removed(trader, act):
    """Take the program off its chart just after the deed, and put it back."""
    name = act()
    trader.remove()
    trader.run(1_000)
    trader.add()
    return name


def killed(trader, act):
    """Let the program die just after the deed."""
    name = act()
    trader.kill()
    return name


def cut(*, empties=False, arrives=False):
    """Lose the trade server before the answer comes."""

    def play(trader, act):
        trader.terminal.empties = empties
        name = act()
        trader.clock.after(3, lambda: trader.terminal.cut(requests_arrive=arrives))
        trader.clock.after(2_000, trader.terminal.mend)
        return name

    return play


def restarted(*, told):
    """End the terminal before the answer comes."""

    def play(trader, act):
        name = act()
        trader.clock.after(3, lambda: trader.terminal.stop(told=told))
        trader.clock.after(2_000, trader.terminal.start)
        return name

    return play


AROUND = {
    "transactions lost": lambda trader, act: trader.slot.lose(1_000) or act(),
    "transactions doubled": lambda trader, act: trader.slot.repeat(1_000) or act(),
    "transactions backwards": backwards,
    "removed and added": removed, "killed": killed,
    "terminal restarts": restarted(told=True), "terminal is killed": restarted(told=False),
    "cut, empty lists": cut(empties=True), "cut, stale lists": cut(),
    "cut, request arrives": cut(arrives=True), "late history": late_history,
    "nobody listens": nobody,
}  # fmt: skip
"""What goes wrong around it."""
FORGETFUL = {
    "removed and added", "killed", "terminal restarts", "terminal is killed", "nobody listens",
}  # fmt: skip
"""Those over which something is told to nobody: the answers to questions have it."""

REQUESTS = {
    "market": Action.DEAL, "limit": Action.PENDING, "cancel": Action.REMOVE,
    "replace": Action.MODIFY, "renew": Action.PENDING, "renew, removing": Action.REMOVE,
    "close": Action.DEAL,
}  # fmt: skip
"""The deeds, and the request that the fault is for."""
EVENTS = ("partial", "stop hit")
PLACED, REPLACED = ("Accepted", "Rejected"), ("Replaced",)
OUTCOMES = {
    "market": PLACED, "limit": PLACED, "close": PLACED,
    "replace": REPLACED, "renew": REPLACED, "renew, removing": REPLACED,
}  # fmt: skip
DEEDS = (*REQUESTS, *EVENTS)
PLAIN, CI = 23, 3
"""A plain run plays one case of 23, CI one of 3, `--length long` all."""


def cases():
    """Every case, some of them in a plain run."""
    pairs = [(fault, deed) for fault in ANSWERS for deed in REQUESTS]
    pairs += [(fault, deed) for fault in AROUND for deed in DEEDS if deed != "renew, removing"]
    turn = count()
    for fault, deed in pairs:
        for kind in KINDS:
            number = next(turn)
            marks = [pytest.mark.length("ci" if number % CI == number // 3 % CI else "long")]
            marks = [] if number % PLAIN == 0 else marks
            yield pytest.param(fault, deed, kind, marks=marks, id=f"{fault}-{deed}-{kind}")


def trader_on(kind, folder):
    """Give a trader on an account that costs commission; answers are given up after 5 s."""
    mode, execution = KINDS[kind]
    flags = FillingFlag.FOK | FillingFlag.IOC
    if execution is Execution.EXCHANGE:
        flags |= FillingFlag.BOC
    rules = eurusd(execution=execution, filling=flags, commission="3", fee="1", swap_long="-5")
    trader = EaTrader(mode, folder, rules, inputs={"AbsenceAfterMs": 2_000})
    trader.terminal.timeout_ms = 5_000
    trader.kind = kind
    trader.quote("1.10000", "1.10010")
    return trader.settle()


def prepared(trader, deed):
    """Bring an account to where the deed begins; return what does it."""
    if deed == "market":
        return trader.place
    if deed == "limit":
        return lambda: trader.place(price="1.09000")
    if deed == "close":
        trader.place()
        trader.run(300)
        position = trader.of("Filled")[0].fill_position_id
        assert bool(position) is (trader.kind == "hedging")
        trader.clock.advance_to(trader.clock.next_day_ms())
        trader.run(500)
        return lambda: trader.place(side="2", position_id=position)
    if deed == "stop hit":
        trader.place(stop_loss_px="1.09500", take_profit_px="1.20000")
        trader.run(300)
        assert trader.trail() == ["Accepted", "Filled"]
        return lambda: trader.quote("1.09400", "1.09410")
    name = trader.place("30000", "1.09000")
    trader.run(200)
    ticket, = trader.office.books.orders
    if deed == "partial":
        return lambda: trader.people.fill(ticket, "0.1")
    trader.people.fill(ticket, "0.1")
    trader.run(300)
    assert trader.trail() == ["Accepted", "Filled"]
    return {
        "cancel": lambda: trader.cancel(name),
        "replace": lambda: trader.replace(name, price="1.09100"),
        "renew": lambda: trader.replace(name, order_qty="40000", price="1.09100"),
        "renew, removing": lambda: trader.replace(name, order_qty="40000", price="1.09100"),
    }[deed]


def played(trader, fault, deed, act):
    """Let the deed happen, and the fault with it; return what the deed was called."""
    if fault in AROUND:
        return AROUND[fault](trader, act)
    ANSWERS[fault](trader.server.faults, when=REQUESTS[deed])
    return act()


@pytest.mark.parametrize(("fault", "deed", "kind"), list(cases()))
def test_faults(tmp_path, fault, deed, kind):
    """Whatever goes wrong, what was told is what the server has done, and it was done once."""
    trader = trader_on(kind, tmp_path)
    act = prepared(trader, deed)
    name = played(trader, fault, deed, act)
    trader.run(2_500).run(10_000, step_ms=100)
    assert trader.of("Link")[-1].up == "Y"
    forgetful = fault in FORGETFUL
    ledger = trader.judge(quiet=forgetful)
    assert not any(one.request.magic and ledger.filled(one.request.magic) > 1
                   for one in ledger.arrivals)  # fmt: skip
    if not forgetful:
        judge_outcome(trader, fault, deed, name)
    MATRIX.setdefault(fault, {}).setdefault(deed, []).append(kind[0].upper())


def judge_outcome(trader, fault, deed, name):
    """Each request has one outcome, or is in doubt: then the answer to a question says so."""
    if deed in EVENTS:
        assert trader.trail()[:2] == ["Accepted", "Filled"]
        if deed == "stop hit":
            stop = trader.of("Filled")[-1]
            assert stop.fill_origin == "STOP_LOSS"
            assert stop.fill_parent_id == next(iter(trader.names))
        return
    outcomes = [one for one in trader.of("Canceled", "CancelRefused") if one.request_id == name]
    outcomes += [one for one in trader.of(*OUTCOMES.get(deed, ())) if one.cl_ord_id == name]
    assert len(outcomes) <= 1, outcomes
    if outcomes:
        return
    assert fault.endswith("not done") or "cut" in fault
    found = trader.look_up(name)
    assert deed == "cancel" or (found.found, found.complete) == ("", "Y")


@pytest.mark.parametrize(("death", "deed", "kind"), list(deaths(plain=37, ci=CI)))
def test_the_gateway_is_killed(tmp_path, death, deed, kind):
    """Risen after 3 s, it knows what the server has: the order, or that it never was sent."""
    realm = Realm(end_of(AdvisorEnd, kind, tmp_path))
    realm.die_in(deed, death)
    assert realm.wrongs() == []
    MATRIX.setdefault(f"gateway killed, {death}", {}).setdefault(deed, []).append(kind[0].upper())


@pytest.mark.parametrize("deed", ["cancel", "replace", "renew"])
def test_a_refusal_that_nobody_heard(tmp_path, deed):
    """The server refuses while the gateway is dead: the request is known as not done, once."""
    realm = Realm(end_of(AdvisorEnd, "netting", tmp_path))
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
    text = matrix(cells, tuple(MATRIX), DEEDS)
    if cells:
        show("misbehaviours around the Expert Advisor, a letter for each kind of account", text)
