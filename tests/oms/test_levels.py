"""Stop-loss and take-profit of open positions: who may, what is told, what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, T0, VENUE, new_order, rules
from support.levels import (
    ACCEPTED,
    COMPLETED,
    PROFIT,
    REJECTED,
    STOP,
    al,
    am,
    asked,
    check_replay,
    opened,
    refused,
    said,
    shown,
    trade,
)
from support.operators import ask

from gateway.oms.rules import StrategyRules
from gateway.risk.pacing import Pace, RateLimit
from protocol.fields import RejectSource, Side
from protocol.timestamps import format_utc

TICK = Decimal("0.0001")


def test_levels_are_accepted_sent_once_and_told_as_they_stand():
    """An AL is accepted and handed on under a new id; the answer tells both levels as they are."""
    desk = opened()
    desk.hear("MM", al(desk, stop_loss_px=STOP))
    (sent,) = asked(desk)
    assert (said(desk)[0].pos_maint_status, said(desk)[0].stop_loss_px) == (ACCEPTED, STOP)
    assert len(sent.pos_req_id) == 13
    assert (sent.stop_loss_px, sent.take_profit_px, sent.on_behalf_of_comp_id) == (STOP, None, "MM")
    assert (sent.account, sent.position_id) == (ACCOUNT, None)
    desk.hear(VENUE, am(desk, sent, stop_loss_px=STOP, take_profit_px=PROFIT))
    last = said(desk)[-1]
    assert (last.pos_maint_status, last.pos_req_id, last.reject_source) == (COMPLETED, "L1", None)
    assert (last.stop_loss_px, last.take_profit_px) == (STOP, PROFIT)
    check_replay(desk)


def test_a_refusal_of_the_venue_is_told_in_its_words():
    """Which side of the market a level lies on, and how near, is the venue's to say."""
    desk = opened()
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], REJECTED, text="10016 INVALID_STOPS"))
    last = said(desk)[-1]
    assert (last.pos_maint_status, last.text) == (REJECTED, "10016 INVALID_STOPS")
    assert last.reject_source is RejectSource.VENUE
    desk.hear("MM", al(desk, "L2"))
    assert len(asked(desk)) == 2
    check_replay(desk)


def test_the_same_request_again_gets_the_same_answer_and_is_not_sent_again():
    """A repeated AL is told what became of the first, pending, done or superseded."""
    desk = opened()
    message = al(desk)
    desk.hear("MM", message)
    desk.hear("MM", message)
    assert [one.pos_maint_status for one in said(desk)] == [ACCEPTED, ACCEPTED]
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=STOP, take_profit_px=Decimal(0)))
    desk.hear("MM", message)
    told = [(one.pos_maint_status, one.stop_loss_px, one.take_profit_px) for one in said(desk)]
    assert told[2] == told[3] == (COMPLETED, STOP, Decimal(0))
    assert refused(desk, al(desk, stop_loss_px=PROFIT)) == "DUPLICATE_CL_ORD_ID"
    desk.hear("MM", al(desk, "L2", stop_loss_px=Decimal(0)))
    assert refused(desk, message) == "DUPLICATE_CL_ORD_ID"
    assert len(asked(desk)) == 2
    assert desk.book.state.protections[f"{VENUE}|{SYMBOL}|"].is_pending
    check_replay(desk)


def test_an_id_of_an_order_names_no_request():
    """710 is in one space with 11: what was an order's is refused, and the reverse."""
    desk = opened()
    assert refused(desk, al(desk, "O1")) == "DUPLICATE_CL_ORD_ID"
    desk.hear("MM", al(desk, "L1"))
    desk.hear("MM", new_order(desk, "L1"))
    assert desk.told("MM")[-1].text.startswith("DUPLICATE_CL_ORD_ID")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": "GBPUSD"}, "UNKNOWN_SYMBOL"),
        ({"security_exchange": "MOON"}, "UNKNOWN_VENUE"),
        ({"account": "OTHER"}, "UNKNOWN_ACCOUNT"),
        ({"stop_loss_px": None}, "FIELDS_DISAGREE"),
        ({"position_id": "P1"}, "NOT_SUPPORTED"),
        ({"stop_loss_px": Decimal("1.09505")}, "PRICE_TICK"),
        ({"take_profit_px": Decimal(-1)}, "BAD_PRICE"),
        ({"transact_time": format_utc(T0 - 60_000_000_000)}, "STALE_ORDER"),
    ],
)
def test_what_no_request_may_say(fields, code):
    """A request that cannot be meant is refused with its code, and the venue never hears of it."""
    desk = opened()
    assert refused(desk, al(desk, **fields)) == code


def test_a_venue_without_the_capability_is_never_asked():
    """Where y has no PROTECT the refusal names it."""
    desk = opened(protects=False)
    assert refused(desk, al(desk)) == "NOT_SUPPORTED"
    assert "missing=PROTECT" in said(desk)[-1].text


def test_only_who_holds_a_position_moves_its_levels():
    """Another strategy holds nothing there; who has closed what it held does not either."""
    desk = opened()
    assert refused(desk, al(desk), "MOM") == "NO_POSITION"
    trade(desk, "MM", Side.SELL)
    assert refused(desk, al(desk)) == "NO_POSITION"


def test_levels_belong_to_the_side_that_the_account_is_on():
    """Who is long on an account that is short as a whole has no position there to protect."""
    desk = opened()
    trade(desk, "MOM", Side.SELL)
    assert refused(desk, al(desk)) == "NO_POSITION", "the account is flat"
    trade(desk, "MOM", Side.SELL)
    assert refused(desk, al(desk, "L2")) == "NO_POSITION"
    desk.hear("MOM", al(desk, stop_loss_px=PROFIT))
    assert len(asked(desk)) == 1


def test_on_a_hedging_account_a_position_is_named_and_ones_own():
    """5004 names a position that a fill of the strategy's has moved, as long as it is open."""
    desk = opened(hedging=True)
    trade(desk, "MOM", Side.SELL, position_id="P2")
    assert refused(desk, al(desk)) == "FIELDS_DISAGREE"
    assert refused(desk, al(desk, "L2", position_id="P2")) == "NO_POSITION"
    desk.hear("MM", al(desk, "L3", position_id="P1"))
    desk.hear("MOM", al(desk, "L3", position_id="P2", take_profit_px=PROFIT))
    assert [one.position_id for one in asked(desk)] == ["P1", "P2"]
    desk.hear(VENUE, am(desk, asked(desk)[1], stop_loss_px=STOP, take_profit_px=PROFIT))
    assert [one.pos_maint_status for one in said(desk, "MOM")] == [ACCEPTED, COMPLETED]
    trade(desk, "MM", Side.SELL, position_id="P1")
    assert refused(desk, al(desk, "L4", position_id="P1")) == "NO_POSITION"
    assert set(desk.book.state.tickets[VENUE]) == {"P2"}
    trade(desk, "MOM", Side.BUY, position_id="P2")
    assert desk.book.state.tickets[VENUE] == {}
    assert list(desk.book.state.protections) == [f"{VENUE}|{SYMBOL}|P1"], "it waits for its answer"
    check_replay(desk)


def test_one_request_at_a_time_for_a_position():
    """While the venue has not answered, another is refused, whoever of its holders asks."""
    desk = opened()
    trade(desk, "MOM", Side.BUY)
    desk.hear("MM", al(desk))
    assert refused(desk, al(desk, "L2")) == "ALREADY_PENDING"
    assert refused(desk, al(desk), "MOM") == "ALREADY_PENDING"


@pytest.mark.parametrize("state", ["KILL", "REDUCE"])
def test_while_trading_is_stopped_a_level_is_moved_and_not_taken_away(state):
    """HALTED and REDUCING let a stop be set; without its stop a position is new risk."""
    desk = opened()
    ask(desk, state, scope="strategy:MM", reason="a test")
    code = {"KILL": "HALTED", "REDUCE": "REDUCING"}[state]
    assert refused(desk, al(desk, stop_loss_px=Decimal(0))) == code
    assert refused(desk, al(desk, "L2", take_profit_px=Decimal(0))) == code
    desk.hear("MM", al(desk, "L3", stop_loss_px=STOP))
    assert len(asked(desk)) == 1


def guarded(**more):
    """A position of 50000 with the stop that is compulsory; each 0.01 away costs 50 bps."""
    bound = {"require_stop": True, "max_stop_loss_bps": Decimal(100), "capital": Decimal(100_000)}
    return opened(house=rules(**bound), stop_loss_px=STOP, qty="50000", **more)


def test_the_limits_of_a_stop_bind_it_when_it_is_moved():
    """A compulsory stop stays; one that risks too much of the equity from the entry is refused."""
    desk = guarded()
    assert refused(desk, al(desk, stop_loss_px=Decimal(0))) == "NO_STOP"
    assert refused(desk, al(desk, "L2", stop_loss_px=Decimal("1.0799"))) == "STOP_LOSS_TOO_WIDE"
    desk.hear("MM", al(desk, "L3", stop_loss_px=Decimal("1.0801")))
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=Decimal("1.0801")))
    desk.hear("MM", al(desk, "L4", stop_loss_px=Decimal("1.1001")))
    assert len(asked(desk)) == 2, "a stop that locks in a profit loses nothing"


def test_a_stop_that_takes_risk_away_passes_however_wide_it_is():
    """A tighter stop than the one that stands, and one where none stands, is never refused."""
    desk = guarded()
    desk.pass_time(61_000)
    desk.answer_round(positions=[shown("1.0600")])
    assert refused(desk, al(desk, stop_loss_px=Decimal("1.0500"))) == "STOP_LOSS_TOO_WIDE"
    desk.hear("MM", al(desk, "L2", stop_loss_px=Decimal("1.0700")))
    assert len(asked(desk)) == 1
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=Decimal("1.0700")))
    for point in range(5):
        desk.quote(f"1.100{point}", f"1.100{point + 2}")
        desk.pass_time(1_000)
    trade(desk, "MM", Side.BUY, stop_loss_px=STOP)
    assert refused(desk, al(desk, "L3", stop_loss_px=Decimal("1.0700"))) == "STOP_LOSS_TOO_WIDE"
    desk.pass_time(61_000)
    desk.answer_round(positions=[shown("0")])
    desk.hear("MM", al(desk, "L4", stop_loss_px=Decimal("1.0700")))
    assert len(asked(desk)) == 2


def bounded():
    """The same position where no stop is compulsory, and none has been told yet."""
    bound = {"max_stop_loss_bps": Decimal(100), "capital": Decimal(100_000)}
    return opened(house=rules(**bound), qty="50000")


def test_a_bound_binds_where_no_stop_is_compulsory():
    """No stop goes where an order could not have had it; nearer, none, or the first passes."""
    desk = bounded()
    wide, near = Decimal("1.0799"), Decimal("1.0801")
    assert refused(desk, al(desk, stop_loss_px=wide)) == "STOP_LOSS_TOO_WIDE"
    for name, stop in (("L2", near), ("L3", Decimal(0)), ("L4", wide), ("L5", wide + TICK)):
        desk.hear("MM", al(desk, name, stop_loss_px=stop))
        assert asked(desk)[-1].stop_loss_px == stop
        desk.hear(VENUE, am(desk, asked(desk)[-1], stop_loss_px=stop, take_profit_px=Decimal(0)))
    assert refused(desk, al(desk, "L6", stop_loss_px=wide)) == "STOP_LOSS_TOO_WIDE"
    desk.hear("MM", al(desk, "L7", take_profit_px=PROFIT))
    assert len(asked(desk)) == 5, "who asks for a take-profit alone moves no stop"
    check_replay(desk)


def test_a_strategy_that_may_not_trade_there_moves_nothing():
    """The strategy's venues, accounts and symbols bind it here as well."""
    house = rules()
    house.strategies["MOM"] = StrategyRules(strategy="MOM", symbols=frozenset(["GBPUSD"]))
    desk = opened(house=house)
    assert refused(desk, al(desk), "MOM") == "SYMBOL_NOT_ALLOWED"


def test_requests_are_counted_and_beyond_the_rate_refused():
    """An AL takes a token like a replace, and is refused without one."""
    desk = opened(house=rules(max_messages_per_s=1, message_burst=2))
    desk.hear("MM", al(desk))
    assert refused(desk, al(desk, "L2")) == "RATE"


def test_it_goes_before_new_orders_and_never_waits():
    """Orders that wait for room do not hold it back; without room it is refused at once."""
    house = rules()
    pace = Pace(
        limits=(RateLimit(weight=4, window_ms=60_000, counts="orders"),), weights=(3, 1, 1, 1),
        max_send_wait_ms=100_000,
    )  # fmt: skip
    house.venues[VENUE] = replace(house.venues[VENUE], pace=pace)
    desk = opened(house=house)
    desk.hear("MM", new_order(desk, "O9"))
    waiting = desk.core.market.venue(VENUE).pacer.waiting()
    assert len(waiting) == 1
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], stop_loss_px=STOP))
    assert desk.core.market.venue(VENUE).pacer.waiting() == waiting
    assert refused(desk, al(desk, "L2")) == "VENUE_RATE"


def test_nothing_new_while_the_gateway_stops():
    """An orderly stop has begun: levels are not moved any more."""
    desk = opened()
    desk.run(desk.core.wind_down(desk.now_ns))
    assert refused(desk, al(desk)) == "GATEWAY_STOPS"
