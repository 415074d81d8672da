"""Stop-loss and take-profit of open positions in the Expert Advisor: one request, one end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Action, MarginMode, Retcode
from support.mt5.ea_trader import EaTrader
from support.mt5.records import Request
from support.mt5.runtime import build
from support.mt5.symbols import eurusd

from protocol.fields import PosMaintStatus

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
ACCEPTED, REJECTED, COMPLETED = (str(one.value) for one in PosMaintStatus)
STOP, PROFIT, NONE = Decimal("1.095"), Decimal("1.11"), Decimal(0)
HEDGING = MarginMode.RETAIL_HEDGING
TROUBLE = {
    "false": lambda faults, acts, **when: faults.fail(acts=acts, **when),
    "silence": lambda faults, acts, **when: faults.silence(acts=acts, **when),
    **{
        str(code): lambda faults, acts, code=code, **when: faults.doubt(code, acts=acts, **when)
        for code in (10008, 10011, 10012, 10028, 10031, 10099)
    },
}
"""What a request can be answered with that proves nothing."""


class Holder(EaTrader):
    """A trader who holds a position of 10000."""

    def __init__(self, kind, folder, **more):
        super().__init__(kind, folder, **more)
        self.settle()
        self.quote("1.1", "1.1001")
        self.place()
        assert self.until(lambda: self.of("Filled"))
        self.run(300)
        self.position_id = self.of("Filled")[0].fill_position_id if kind is HEDGING else ""

    def move(self, stop=None, profit=None, *, wait_ms=90_000, **more):
        """Ask for levels; return what was told of them in the end."""
        more.setdefault("position_id", self.position_id)
        name = self.protect(stop_loss_px=stop, take_profit_px=profit, **more)
        ends = {REJECTED, COMPLETED}
        assert self.until(
            lambda: any(one.status in ends for one in self.told_of(name)), wait_ms
        ), self.told_of(name)
        self.run(500)
        found = self.told_of(name)
        assert [one.status in ends for one in found].count(True) == 1, "it ends once"
        return found[-1]

    def told_of(self, name):
        """What was told of a request."""
        return [one for one in self.of("Levels") if one.request_id == name]

    @property
    def row(self):
        """The position at the server."""
        return next(iter(self.office.books.positions.values()))

    @property
    def requests(self):
        """The requests for levels that the server has heard of the program."""
        arrivals = self.office.ledger.arrivals
        return [one for one in arrivals if one.request.action == Action.SLTP]


def levels(told):
    """An end, and the levels that stand then."""
    return told.status, told.stop_loss_px, told.take_profit_px


KINDS = tuple(MarginMode)
CI = (pytest.mark.length("ci"),)


def in_turn():
    """Every trouble on every kind of account; a plain run takes each trouble on one of them."""
    pairs = [(trouble, acts) for trouble in TROUBLE for acts in (True, False)]
    for number, (trouble, acts) in enumerate(pairs):
        for kind in KINDS:
            plain = kind is KINDS[number % len(KINDS)]
            name = f"{trouble}-{'done' if acts else 'not done'}-{kind.name.lower()}"
            marks = () if plain else CI
            yield pytest.param(kind, trouble, acts, marks=marks, id=name)


@pytest.fixture(params=[
    pytest.param(kind, id=kind.name.lower(), marks=() if kind is HEDGING else CI) for kind in KINDS
])  # fmt: skip
def holder(request, tmp_path):
    """A holder on each kind of account; a plain run's on one that hedges."""
    return Holder(request.param, tmp_path)


@pytest.mark.parametrize("wanted", [True, pytest.param(False, marks=CI)], ids=["async", "sync"])
@pytest.mark.parametrize("kind", MarginMode, ids=lambda one: one.name.lower())
def test_both_levels_are_sent_and_the_absent_one_is_kept(tmp_path, kind, wanted):
    """What nobody asked about stays what it is, and what a person has set shows in the position."""
    holder = Holder(kind, tmp_path, inputs={"Async": wanted})
    assert levels(holder.move("1.095")) == (COMPLETED, STOP, NONE)
    holder.people.ask(
        Request(action=Action.SLTP, symbol=holder.symbol, position=holder.row.ticket, sl=STOP,
                tp=PROFIT)
    )  # fmt: skip
    holder.run(300)
    rows, complete = holder.ask("positions")
    assert complete
    assert [(one.stop_loss_px, one.take_profit_px) for one in rows] == [(STOP, PROFIT)]
    assert levels(holder.move("1.096")) == (COMPLETED, Decimal("1.096"), PROFIT)
    assert levels(holder.move(profit="0")) == (COMPLETED, Decimal("1.096"), NONE)
    assert (holder.row.sl, holder.row.tp) == (Decimal("1.096"), NONE)
    assert len(holder.requests) == 4
    holder.judge()


@pytest.mark.parametrize(("kind", "trouble", "acts"), list(in_turn()))
def test_an_answer_that_proves_nothing_is_ended_by_the_position(tmp_path, kind, trouble, acts):
    """Done when the position shows it; in doubt, then refused, when it cannot be done any more."""
    holder = Holder(kind, tmp_path)
    TROUBLE[trouble](holder.server.faults, acts, when=Action.SLTP)
    told = holder.move("1.095", "1.11")
    if acts:
        assert levels(told) == (COMPLETED, STOP, PROFIT)
    else:
        assert told.status == REJECTED
        assert holder.told_of(told.request_id)[0].status == ACCEPTED
        assert told.why.startswith("NOT_DONE: ")
        assert holder.row.sl == 0
    assert len(holder.requests) == 1
    assert levels(holder.move("1.096"))[0] == COMPLETED


def test_what_is_done_late_is_found(holder):
    """10008 at once, the change seconds after: in doubt first, then done."""
    holder.server.faults.tardy(2_000, early=Retcode.PLACED, when=Action.SLTP)
    told = holder.move("1.095")
    assert [one.status for one in holder.told_of(told.request_id)] == [ACCEPTED, COMPLETED]
    assert len(holder.requests) == 1


def test_a_refusal_changes_nothing_and_says_why(holder):
    """A return code that refuses is final, and its name is told."""
    holder.server.faults.refuse(10018, when=Action.SLTP)
    told = holder.move("1.095")
    assert told.status == REJECTED
    assert told.why.startswith("10018 MARKET_CLOSED")
    assert holder.row.sl == 0


def test_a_cut_leaves_it_to_the_position(holder):
    """The link is cut with the request on its way: what the position shows afterwards counts."""
    holder.server.faults.slow(2_000, when=Action.SLTP)
    name = holder.protect(stop_loss_px="1.095", position_id=holder.position_id)
    assert holder.until(lambda: holder.requests)
    holder.terminal.cut(requests_arrive=True)
    holder.run(3_000)
    holder.terminal.mend()
    assert holder.until(lambda: holder.told_of(name), 20_000)
    assert levels(holder.told_of(name)[-1]) == (COMPLETED, STOP, NONE)


@pytest.mark.parametrize("answered", [True, False], ids=["in doubt", "unanswered"])
def test_a_request_ends_with_its_position(holder, answered):
    """The position is gone: refused at once, not after the time in which it could be done."""
    faults = holder.server.faults
    (faults.doubt(10031, acts=False, when=Action.SLTP) if answered
     else faults.silence(acts=False, when=Action.SLTP))  # fmt: skip
    name = holder.protect(stop_loss_px="1.095", position_id=holder.position_id)
    assert holder.until(lambda: holder.requests)
    holder.people.close(holder.row.ticket)
    assert holder.until(lambda: holder.told_of(name)[-1:] and holder.told_of(name)[-1].status ==
                        REJECTED, 1_000)  # fmt: skip
    assert holder.told_of(name)[-1].why.startswith("POSITION_CLOSED")
    assert holder.move("1.095").why.startswith("POSITION_CLOSED")


@pytest.mark.parametrize("way", ["opened anew", "reversed"])
def test_another_position_is_no_word_on_a_request(tmp_path, way):
    """On a netting account the next one may have the very levels that were asked for: refused."""
    holder = Holder(MarginMode.RETAIL_NETTING, tmp_path)
    holder.server.faults.doubt(10031, acts=False, when=Action.SLTP)
    name = holder.protect(stop_loss_px="1.095")
    assert holder.until(lambda: holder.told_of(name))
    if way == "opened anew":
        holder.place(side="2")
        holder.place(stop_loss_px="1.095")
    else:
        holder.place("20000", side="2", stop_loss_px="1.11")
    assert holder.until(lambda: len(holder.told_of(name)) == 2, 1_000)
    assert holder.row.sl == Decimal("1.095" if way == "opened anew" else "1.11")
    end = holder.told_of(name)[-1]
    assert (end.status, end.why[:15]) == (REJECTED, "POSITION_CLOSED")
    assert holder.move("0").status == COMPLETED


def test_old_levels_prove_nothing_while_a_request_has_no_answer(tmp_path):
    """However long the server takes: no complete positions, and no other request meanwhile."""
    holder = Holder(HEDGING, tmp_path, inputs={"AbsenceAfterMs": 5_000})
    holder.server.faults.tardy(10_000, when=Action.SLTP)
    name = holder.protect(stop_loss_px="1.095", position_id=holder.position_id)
    holder.run(7_000)
    assert not holder.ask("positions")[1]
    back = holder.protect(stop_loss_px="0", position_id=holder.position_id)
    holder.run(100)
    (told,) = holder.told_of(back)
    assert (told.status, told.why[:15]) == (REJECTED, "ALREADY_PENDING")
    assert holder.until(lambda: holder.told_of(name))
    assert levels(holder.told_of(name)[-1]) == (COMPLETED, STOP, NONE)
    assert holder.ask("positions")[1]
    assert len(holder.requests) == 1


def test_old_levels_are_no_word_on_a_request_for_them(tmp_path):
    """Back to the old level while another request is in doubt: what is shown proves nothing."""
    holder = Holder(HEDGING, tmp_path, inputs={"AbsenceAfterMs": 5_000})
    holder.server.faults.tardy(4_000, early=Retcode.PLACED, when=Action.SLTP)
    name = holder.protect(stop_loss_px="1.095", position_id=holder.position_id)
    assert holder.until(lambda: holder.told_of(name))
    assert holder.move("0").status == REJECTED
    assert [one.status for one in holder.told_of(name)] == [ACCEPTED, COMPLETED]
    assert holder.row.sl == STOP


@pytest.mark.parametrize(
    ("rules", "stop", "why"),
    [
        ({"stops_level": 50}, "1.0996", "INVALID_STOPS"),
        ({}, "1.1001", "INVALID_STOPS"),
        ({}, "1.095001", "PRICE_TICK"),
        ({"order_mode": 15}, "1.095", "NOT_SUPPORTED"),
    ],
)
def test_what_the_symbol_does_not_allow_is_not_sent(tmp_path, rules, stop, why):
    """Distance, tick and the symbol's own flags are checked before the server is asked."""
    holder = Holder(HEDGING, tmp_path)
    holder.server.add_symbol(eurusd(**rules))
    holder.quote("1.1", "1.1001")
    holder.run(50)
    told = holder.move(stop)
    assert (told.status, told.why[: len(why)]) == (REJECTED, why)
    assert holder.requests == []


def test_a_position_near_its_level_is_frozen(tmp_path):
    """Within the freeze level of a level that stands nothing is sent."""
    holder = Holder(HEDGING, tmp_path)
    assert holder.move("1.0998").status == COMPLETED
    holder.server.add_symbol(eurusd(freeze_level=30))
    holder.quote("1.1", "1.1001")
    holder.run(50)
    assert holder.move("1.095").why.startswith("FROZEN")
    assert len(holder.requests) == 1


def test_two_positions_have_levels_of_their_own(tmp_path):
    """5004 names the one that is meant; the other keeps what it has."""
    holder = Holder(HEDGING, tmp_path)
    holder.place()
    assert holder.until(lambda: len(holder.of("Filled")) == 2)
    holder.move("1.095")
    rows = {str(one.identifier): one.sl for one in holder.office.books.positions.values()}
    assert rows.pop(holder.position_id) == STOP
    assert list(rows.values()) == [0]
