"""Stop-loss and take-profit of open positions: one request, and its end by the position itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Action, Retcode
from support.mt5.records import Request
from support.mt5_trader import EURUSD, HEDGING, KINDS, NETTING, Trader, World, people_of, server_of

from bridges.levels import LevelsTold
from bridges.mt5.jobs import Send
from bridges.port import Filled
from protocol.fields import PosMaintStatus, Side

ACCEPTED, REJECTED, COMPLETED = PosMaintStatus
STOP, PROFIT, NONE = Decimal("1.09500"), Decimal("1.11000"), Decimal(0)

TROUBLE = {
    "none": lambda faults, acts, **when: faults.fail(acts=acts, **when),
    "timeout": lambda faults, acts, **when: faults.silence(acts=acts, **when),
    **{
        str(code): lambda faults, acts, code=code, **when: faults.doubt(code, acts=acts, **when)
        for code in (10008, 10011, 10012, 10028, 10031, 10099)
    },
}
"""What a request can be answered with that proves nothing."""


class Holder(Trader):
    """A trader who holds a position of 10000."""

    def __init__(self, world):
        super().__init__(world)
        self.place()
        assert world.until(lambda: world.of(Filled))
        self.position_id = world.of(Filled)[0].fill.position_id
        world.run(300)

    def protect(self, stop=None, profit=None, *, position_id=None):
        """Ask for levels of the position."""
        return super().protect(stop, profit, position_id=position_id or self.position_id)

    def levels(self):
        """What was told of the last request, once it has ended."""
        told = self.world.of(LevelsTold)
        return (told[-1].status, told[-1].stop_loss_px, told[-1].take_profit_px)

    def ended(self, limit_s=120):
        """Wait for the end of a request; return it as `levels` does."""
        ends = (REJECTED, COMPLETED)
        assert self.world.until(
            lambda: any(one.status in ends for one in self.world.of(LevelsTold)), limit_s
        )
        found = self.levels()
        self.world.run(3_000)
        assert self.levels() == found, "it ends once"
        return found

    @property
    def row(self):
        """The position at the server."""
        return next(iter(self.world.office.books.positions.values()))


def opened(kind, **rules):
    """A holder on an account of a kind."""
    return Holder(World(server_of(kind, **rules), call_ns=15_000_000_000))


@pytest.fixture(params=KINDS)
def holder(request):
    """A holder on each kind of account."""
    return opened(request.param)


def requests_of(holder):
    """The requests for levels that the server has heard."""
    return [one for one in holder.world.office.ledger.arrivals if one.request.action == Action.SLTP]


def test_both_levels_are_sent_and_the_absent_one_is_kept(holder):
    """The position is read before: what nobody asked about stays what it is."""
    assert (holder.position_id != "") is (holder.world.venue.capabilities.hedging)
    holder.protect(STOP)
    assert holder.ended() == (COMPLETED, STOP, NONE)
    people_of(holder).ask(changed(holder, sl=holder.row.sl, tp=Decimal("1.12000")))
    holder.world.run(300)
    holder.world.told.clear()
    holder.protect(STOP + Decimal("0.001"))
    assert holder.ended() == (COMPLETED, STOP + Decimal("0.001"), Decimal("1.12000"))
    assert (holder.row.sl, holder.row.tp) == (STOP + Decimal("0.001"), Decimal("1.12000"))
    assert len(requests_of(holder)) == 3


def changed(holder, **levels):
    """A request of a person at the terminal."""
    return Request(action=Action.SLTP, symbol=EURUSD, position=holder.row.ticket, **levels)


def test_a_change_by_hand_shows_in_the_position(holder):
    """AP has the levels of the moment, whoever has set them."""
    people_of(holder).ask(changed(holder, sl=STOP, tp=PROFIT))
    holder.world.run(300)
    (held,) = holder.positions()
    assert (held.stop_loss_px, held.take_profit_px) == (STOP, PROFIT)


@pytest.mark.parametrize("acts", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("trouble", TROUBLE)
def test_an_answer_that_proves_nothing_is_ended_by_the_position(holder, trouble, acts):
    """In doubt at once; done when the position shows it, or refused when it cannot be any more."""
    TROUBLE[trouble](holder.world.server.faults, acts, when=Action.SLTP)
    holder.world.terminal.timeout_ms = 10_000
    holder.protect(STOP, PROFIT)
    found = holder.ended()
    if acts:
        assert found == (COMPLETED, STOP, PROFIT)
    else:
        assert found[0] is REJECTED
        assert holder.world.of(LevelsTold)[0].status is ACCEPTED
        assert holder.row.sl == 0
    assert len(requests_of(holder)) == 1


def test_what_is_done_late_is_found(holder):
    """10008 at once and the change seconds after: in doubt first, then done."""
    holder.world.server.faults.tardy(8_000, early=Retcode.PLACED, when=Action.SLTP)
    holder.protect(STOP)
    assert holder.ended() == (COMPLETED, STOP, NONE)
    assert holder.world.of(LevelsTold)[0].status is ACCEPTED
    assert len(requests_of(holder)) == 1


def test_a_cut_leaves_it_to_the_position(holder):
    """The link is cut with the request on its way: what the position shows afterwards counts."""
    world = holder.world
    world.server.faults.slow(2_000, when=Action.SLTP)
    holder.protect(STOP)
    assert world.until(lambda: requests_of(holder))
    world.terminal.cut(requests_arrive=True)
    world.clock.after(5_000, world.terminal.mend)
    assert holder.ended() == (COMPLETED, STOP, NONE)


def test_a_refusal_changes_nothing_and_says_why(holder):
    """A return code that refuses is final; the levels are as they were."""
    holder.world.server.faults.refuse(10018, when=Action.SLTP)
    holder.protect(STOP)
    assert holder.ended()[0] is REJECTED
    assert holder.world.of(LevelsTold)[-1].text.startswith("10018 MARKET_CLOSED")
    assert holder.row.sl == 0


def test_a_request_ends_with_its_position(holder):
    """The position is gone: refused at once, not after the time in which it could be done."""
    world = holder.world
    world.server.faults.doubt(10031, acts=False, when=Action.SLTP)
    holder.protect(STOP)
    assert world.until(lambda: requests_of(holder))
    people_of(holder).close(holder.row.ticket)
    assert holder.ended(limit_s=3)[0] is REJECTED
    assert world.of(LevelsTold)[-1].text.startswith("POSITION_CLOSED")


@pytest.mark.parametrize("way", ["opened anew", "reversed"])
def test_another_position_is_no_word_on_a_request(way):
    """On a netting account the next one may have the very levels that were asked for: refused."""
    holder = opened(NETTING)
    world = holder.world
    world.server.faults.doubt(10031, acts=False, when=Action.SLTP)
    holder.protect(STOP)
    assert world.until(lambda: requests_of(holder))
    if way == "opened anew":
        holder.place(side=Side.SELL)
        holder.place(stop_loss_px=STOP)
    else:
        holder.place("20000", side=Side.SELL, stop_loss_px=PROFIT)
    assert holder.ended(limit_s=3)[0] is REJECTED
    assert holder.row.sl == (STOP if way == "opened anew" else PROFIT)
    assert world.of(LevelsTold)[-1].text.startswith("POSITION_CLOSED")


def test_old_levels_are_no_word_on_a_request_for_them():
    """Back to the old level while another request is being done: what is shown proves nothing."""
    holder = opened(HEDGING)
    world = holder.world
    world.server.faults.tardy(10_000, early=Retcode.PLACED, when=Action.SLTP)
    holder.protect(STOP)
    assert world.until(lambda: world.of(LevelsTold))
    world.told.clear()
    back = holder.protect(NONE)
    assert world.until(lambda: holder.ends_of(back))
    assert holder.row.sl == STOP
    assert [one.status for one in holder.ends_of(back)] == [REJECTED]


def test_a_request_that_is_too_late_says_what_it_has_not_done(holder):
    """Where the server has only said PLACED, the refusal does not read as a success."""
    holder.world.server.faults.doubt(10008, acts=False, when=Action.SLTP)
    holder.protect(STOP)
    assert holder.ended()[0] is REJECTED
    assert holder.world.of(LevelsTold)[-1].text.startswith("NOT_DONE: ")


@pytest.mark.parametrize(
    ("rules", "stop", "text"),
    [
        ({"stops_level": 50}, Decimal("1.09960"), "INVALID_STOPS"),
        ({}, Decimal("1.10010"), "INVALID_STOPS"),
        ({}, Decimal("1.095001"), "PRICE_TICK"),
    ],
)
def test_what_the_symbol_does_not_allow_is_not_sent(rules, stop, text):
    """The distance and the tick are checked before the server is asked."""
    holder = opened(HEDGING, **rules)
    holder.protect(stop)
    assert holder.ended()[0] is REJECTED
    assert holder.world.of(LevelsTold)[-1].text.startswith(text)
    assert requests_of(holder) == []


def test_a_position_near_its_level_is_frozen():
    """Within the freeze level of a standing level nothing is sent."""
    holder = opened(HEDGING, freeze_level=30)
    holder.protect(Decimal("1.09980"))
    assert holder.ended()[0] is COMPLETED
    holder.world.told.clear()
    holder.protect(STOP)
    assert holder.ended()[0] is REJECTED
    assert holder.world.of(LevelsTold)[-1].text.startswith("FROZEN")
    assert len(requests_of(holder)) == 1


def test_two_positions_have_levels_of_their_own():
    """5004 names the one that is meant; the other keeps what it has."""
    holder = opened(HEDGING)
    holder.place()
    assert holder.world.until(lambda: len(holder.world.of(Filled)) == 2)
    holder.protect(STOP)
    holder.ended()
    rows = {str(one.identifier): one.sl for one in holder.world.office.books.positions.values()}
    assert sorted(rows.values()) == [0, STOP]
    assert rows[holder.position_id] == STOP


def test_an_old_request_is_not_sent(holder):
    """What has waited too long for the terminal is told as not sent."""
    world = holder.world
    world.worker.holds = lambda job: not isinstance(job, Send)
    assert world.until(lambda: world.worker.holds is None)
    holder.protect(STOP)
    world.run(7_000)
    world.worker.let_go()
    assert holder.ended()[0] is REJECTED
    assert requests_of(holder) == []


def test_without_a_link_it_is_refused_at_once(holder):
    """A venue that is down is not asked."""
    holder.world.terminal.cut(requests_arrive=False)
    assert holder.world.until(lambda: not holder.world.venue.connected)
    holder.protect(STOP)
    assert holder.ended()[0] is REJECTED
    assert holder.world.of(LevelsTold)[-1].text.startswith("VENUE_DOWN")
