"""What a strategy may trade, where, on which side and how: what its configuration does not name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, new_order, rules
from support.operators import ask as operator_asks
from support.scopes import ask, ask_change, code, last_sent

from gateway.oms.rules import StrategyRules
from protocol.fields import OrdType, Side

MARKET, LIMIT, STOP, STOP_LIMIT = OrdType
STOP_PX = Decimal("1.2")


def permitted(**fields):
    """Return a desk where MM may do only this."""
    house = rules()
    own = StrategyRules(
        strategy="MM", **{name: frozenset(values) for name, values in fields.items()}
    )
    desk = Desk(replace(house, strategies={**house.strategies, "MM": own}))
    desk.open_up()
    return desk


EVERYTHING = {
    "venues": [VENUE], "accounts": [ACCOUNT], "symbols": [SYMBOL], "sides": ["BUY", "SELL"],
    "ord_types": ["MARKET", "LIMIT", "STOP", "STOP_LIMIT"],
}  # fmt: skip


@pytest.mark.parametrize("only", [{}, EVERYTHING])
def test_an_empty_set_permits_everything_and_so_does_a_full_one(only):
    """Each symbol, side and type passes."""
    desk = permitted(**only)
    for side, stop_px in ((Side.BUY, Decimal("1.2")), (Side.SELL, Decimal("1.0"))):
        assert ask(desk, side=side) == ""
        assert ask(desk, price=None, side=side) == ""
        assert ask(desk, price=None, ord_type=STOP, stop_px=stop_px, side=side) == ""
        assert ask(desk, ord_type=STOP_LIMIT, stop_px=stop_px, side=side) == ""


@pytest.mark.parametrize(
    ("field", "values", "expected", "numbers"),
    [
        ("venues", ["OTHER"], "VENUE_NOT_ALLOWED", "venue=PAPER"),
        ("accounts", ["OTHER"], "ACCOUNT_NOT_ALLOWED", "account=ACC"),
        ("symbols", ["GBPUSD"], "SYMBOL_NOT_ALLOWED", "symbol=EURUSD"),
        ("sides", ["SELL"], "SIDE_NOT_ALLOWED", "side=BUY"),
        ("ord_types", ["MARKET", "STOP"], "ORD_TYPE_NOT_ALLOWED", "ord_type=LIMIT"),
    ],
)
def test_what_is_not_named_is_refused(field, values, expected, numbers):
    """The refusal says what was asked for; another strategy is not bound by it."""
    desk = permitted(**{field: values})
    text = ask(desk)
    assert code(text) == expected
    assert numbers in text.split()
    assert ask(desk, owner="MOM") == ""


@pytest.mark.parametrize("allowed", list(OrdType))
def test_each_type_by_itself(allowed):
    """Of the four types exactly the one that is named passes."""
    desk = permitted(ord_types=[allowed.name])
    asked = {
        MARKET: {"price": None},
        LIMIT: {},
        STOP: {"price": None, "ord_type": STOP, "stop_px": STOP_PX},
        STOP_LIMIT: {"ord_type": STOP_LIMIT, "stop_px": STOP_PX},
    }
    for ord_type, fields in asked.items():
        assert code(ask(desk, **fields)) == ("" if ord_type is allowed else "ORD_TYPE_NOT_ALLOWED")


@pytest.mark.parametrize(("allowed", "refused"), [(Side.BUY, Side.SELL), (Side.SELL, Side.BUY)])
def test_each_side_by_itself(allowed, refused):
    """Who may only buy does not sell, and the reverse."""
    desk = permitted(sides=[allowed.name])
    assert ask(desk, side=allowed) == ""
    assert code(ask(desk, side=refused)) == "SIDE_NOT_ALLOWED"


def test_a_replacement_needs_the_permission_too():
    """What a new configuration forbids cannot be made larger; it can still be cancelled."""
    desk = permitted()
    assert ask(desk, cl_ord_id="A") == ""
    last_sent(desk).accept()
    desk.rules.strategies["MM"] = replace(
        desk.rules.strategies["MM"], symbols=frozenset({"GBPUSD"})
    )
    assert code(ask_change(desk, "A", "900")) == "SYMBOL_NOT_ALLOWED"


def without(desk, what):
    """Start again with a configuration that knows the strategy MM, or the venue, no more."""
    house = desk.rules
    if what == "strategy":
        desk.rules = replace(house, strategies={"MOM": house.strategies["MOM"]})
    else:
        other = replace(house.venues[VENUE], venue="OTHER")
        desk.rules = replace(house, venues={"OTHER": other}, default_venue="OTHER")
    desk.restart()


@pytest.mark.parametrize(("what", "expected"), [
    ("strategy", "UNKNOWN_STRATEGY: strategy=MM"), ("venue", "UNKNOWN_VENUE: venue=PAPER"),
])  # fmt: skip
def test_what_waited_for_a_person_while_its_house_was_rebuilt(what, expected):
    """It is refused on approval, and stops nothing."""
    desk = Desk(rules(review_qty=Decimal(10)))
    desk.open_up()
    desk.hear("MM", new_order(desk, "A", "100"))
    order_id = desk.book.order_of("MM", "A").order_id
    without(desk, what)
    answer = operator_asks(desk, "APPROVE", scope=f"order:{order_id}", reason="looked at it")
    assert expected in answer.text
    assert not desk.book.order_of("MM", "A").is_open


def test_a_replace_at_a_venue_that_is_configured_no_more():
    """It is refused with a reason; the order may still be cancelled."""
    desk = Desk()
    desk.open_up()
    desk.hear("MM", new_order(desk, "A", "100"))
    last_sent(desk).accept()
    without(desk, "venue")
    desk.log_on("MM")
    assert ask_change(desk, "A", "50") == "UNKNOWN_VENUE: venue=PAPER"
