"""One position of several strategies has one stop: what binds one of them binds who moves it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import VENUE, rules
from support.levels import PROFIT, STOP, al, am, asked, opened, refused, said, trade
from support.operators import ask

from protocol.fields import Side
from protocol.messages import PositionReport

BUY, SELL = Side.BUY, Side.SELL
CODES = {"KILL": "HALTED", "REDUCE": "REDUCING"}


def guarded(*, hedging=False, require_stop=True):
    """MM holds 1000 and MOM 50000 of one position: a stop is compulsory for MOM, 1 % at most."""
    house = rules()
    house.limits["strategy:MOM"] = replace(
        house.limits["strategy:MM"], require_stop=require_stop, max_stop_loss_bps=Decimal(100),
        capital=Decimal(100_000),
    )  # fmt: skip
    desk = opened(house=house, hedging=hedging)
    name = "P1" if hedging else None
    trade(desk, "MOM", BUY, "50000", stop_loss_px=STOP, position_id=name)
    return desk


def done(desk, **levels):
    """MM moves levels, and the venue says that it has."""
    desk.hear("MM", al(desk, f"L{len(desk.records)}", **levels))
    sent = asked(desk)[-1]
    told = {"stop_loss_px": Decimal(0), "take_profit_px": Decimal(0)} | levels
    told.pop("position_id", None)
    desk.hear(VENUE, am(desk, sent, **told))


@pytest.mark.parametrize("hedging", [False, True])
def test_a_shared_stop_is_guarded_by_whoever_needs_it(hedging):
    """Who holds a little takes no stop away that is compulsory for another, and widens none."""
    desk = guarded(hedging=hedging)
    where = {"position_id": "P1"} if hedging else {}
    assert refused(desk, al(desk, "L1", stop_loss_px=Decimal(0), **where)) == "NO_STOP"
    assert said(desk)[-1].text.endswith("scope=strategy:MOM")
    wide = al(desk, "L2", stop_loss_px=Decimal("1.0700"), **where)
    assert refused(desk, wide) == "STOP_LOSS_TOO_WIDE"
    desk.hear("MM", al(desk, "L3", stop_loss_px=STOP, **where))
    assert len(asked(desk)) == 1


def test_a_bound_of_another_binds_where_no_stop_is_compulsory():
    """MM moves no stop to where MOM would lose too much, and may take it away."""
    desk = guarded(require_stop=False)
    assert refused(desk, al(desk, stop_loss_px=Decimal("1.0700"))) == "STOP_LOSS_TOO_WIDE"
    assert said(desk)[-1].text.endswith("scope=strategy:MOM")
    done(desk, stop_loss_px=Decimal(0))
    assert len(asked(desk)) == 1


def test_who_is_on_the_other_side_has_no_part_in_the_stop():
    """MOM is short on an account that is long: the account's stop does not protect it."""
    desk = guarded()
    trade(desk, "MOM", SELL, "50500", stop_loss_px=Decimal("1.1010"))
    desk.hear("MM", al(desk, stop_loss_px=Decimal(0)))
    assert len(asked(desk)) == 1


@pytest.mark.parametrize("state", CODES)
@pytest.mark.parametrize("owner", ["MM", "MOM"])
def test_while_one_of_them_is_stopped_a_stop_comes_nearer_alone(state, owner):
    """Farther off is taken away, be it step by step; so with a take-profit."""
    desk = opened()
    trade(desk, "MOM", BUY)
    done(desk, stop_loss_px=STOP, take_profit_px=PROFIT)
    ask(desk, state, scope=f"strategy:{owner}", reason="a test")
    for number, levels in enumerate((
        {"stop_loss_px": Decimal("1.0949")}, {"stop_loss_px": Decimal(0)},
        {"take_profit_px": Decimal("1.1201")}, {"take_profit_px": Decimal(0)},
    )):  # fmt: skip
        assert refused(desk, al(desk, f"R{number}", **levels)) == CODES[state]
    assert f"scope=strategy:{owner}" in said(desk)[-1].text
    done(desk, stop_loss_px=Decimal("1.0951"), take_profit_px=Decimal("1.1199"))
    assert len(asked(desk)) == 2


def test_nearer_is_lower_for_who_is_short():
    """The stop of a short position lies above the market."""
    desk = opened()
    trade(desk, "MM", SELL, "2000")
    done(desk, stop_loss_px=PROFIT)
    ask(desk, "KILL", scope="strategy:MM", reason="a test")
    assert refused(desk, al(desk, stop_loss_px=Decimal("1.1201"))) == "HALTED"
    done(desk, stop_loss_px=Decimal("1.1199"))
    assert len(asked(desk)) == 2


def test_while_it_is_stopped_a_stop_is_set_where_none_is_known():
    """None stands, or none is known to: any stop is better than none."""
    desk = opened()
    ask(desk, "KILL", scope="strategy:MM", reason="a test")
    done(desk, stop_loss_px=STOP)
    assert len(asked(desk)) == 1


@pytest.mark.parametrize("hedging", [False, True])
def test_the_others_are_told_of_levels_that_were_moved(hedging):
    """They hear an AP that nobody has asked for, as the levels stand; who moved them has its AM."""
    desk = opened(hedging=hedging)
    name = "P1" if hedging else None
    trade(desk, "MOM", BUY, position_id=name)
    done(desk, stop_loss_px=STOP, position_id=name)
    (told,) = [one for one in desk.told("MOM") if isinstance(one, PositionReport)]
    assert (told.pos_req_id, told.position_id) == (None, name)
    assert (told.stop_loss_px, told.take_profit_px) == (STOP, 0)
    assert not any(isinstance(one, PositionReport) for one in desk.told("MM"))


def test_who_holds_nothing_there_is_told_nothing():
    """On the other side of the account, or with no part at all, levels are not one's own."""
    desk = opened(qty="3000")
    trade(desk, "MOM", SELL)
    done(desk, stop_loss_px=STOP)
    assert not any(isinstance(one, PositionReport) for one in desk.told("MOM"))
