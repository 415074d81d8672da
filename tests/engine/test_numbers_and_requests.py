"""Exact numbers in, legal orders out; a float is refused with the way out in its error."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine import requests
from engine.errors import InvalidOrder
from engine.instrument import Instrument, instrument_of
from protocol.fields import ExecInst, OrdType, PositionEffect, Side, TimeInForce
from protocol.messages import OrderFields, Security
from protocol.timestamps import format_utc

EURUSD = Instrument(
    symbol="EURUSD", contract_multiplier=Decimal(100_000), qty_step=Decimal(1000),
    min_qty=Decimal(1000), max_qty=Decimal(50_000), price_tick=Decimal("0.00005"),
)  # fmt: skip


def order(qty=1000, **options):
    """Build a buy of EURUSD."""
    return requests.new_order("A-1", "EURUSD", Side.BUY, qty, options, now_ns=0)


@pytest.mark.parametrize(
    ("options", "ord_type"),
    [
        ({}, OrdType.MARKET),
        ({"price": "1.1"}, OrdType.LIMIT),
        ({"stop_px": "1.1"}, OrdType.STOP),
        ({"price": "1.1", "stop_px": "1.2"}, OrdType.STOP_LIMIT),
    ],
)
def test_the_order_type_follows_from_the_prices(options, ord_type):
    """None is market, price is limit, stop_px is stop, both is stop limit."""
    assert order(**options).ord_type is ord_type


def test_a_float_is_refused_and_told_where_to_go():
    """In quantity and in price; the error names instrument.price(x) and instrument.qty(x)."""
    for options in ({"qty": 1000.0}, {"price": 1.1}, {"stop_px": 1.1}, {"stop_loss_px": 1.0}):
        with pytest.raises(TypeError, match=r"instrument\.price\(x\) or instrument\.qty\(x\)"):
            order(**options)


@pytest.mark.parametrize("bad", ["NaN", "1E999", "1_000", "١٢", "", "1,5", "9" * 40])
def test_absurd_numbers_are_refused(bad):
    """What is no plain decimal number never becomes one."""
    with pytest.raises(ValueError, match="expected"):
        order(price=bad)


@pytest.mark.parametrize(
    ("qty", "options"),
    [
        (0, {}), (-5, {}),
        (1, {"post_only": True}),
        (1, {"time_in_force": "GTD"}),
        (1, {"time_in_force": "GTC", "expire_time_ns": 5}),
        (1, {"time_in_force": "FOREVER"}),
        (1, {"context": "x" * 3000}),
        (1, {"holding_ms": -1}),
        (1, {"holding_ms": 1.5}),
        (1, {"holding_ms": True}),
        (1, {"parent_order_id": "TWAP-1"}),
        (1, {"parent_qty": 5}),
        (1, {"parent_order_id": "TWAP-1", "parent_qty": 0}),
    ],
)  # fmt: skip
def test_an_order_that_contradicts_itself_is_not_sent(qty, options):
    """Nothing, less than nothing, post-only without a price, a date without GTD, and the like."""
    with pytest.raises(InvalidOrder):
        order(qty, **options)


def test_an_unknown_option_is_named():
    """A misspelt option is an error that lists the right ones."""
    with pytest.raises(TypeError, match=r"received prise, expected some of .*price"):
        order(prise="1")


def test_options_become_fields():
    """Each option lands in its FIX field."""
    made = order(
        price="1.1", post_only=True, reduce_only=True, venue="PAPER", account="A",
        stop_loss_px="1.0", take_profit_px=2, expected_edge="0.5", context={"why": "test"},
        expire_time_ns=10**18, position_id="7", text="hello", holding_ms=60_000,
        parent_order_id="TWAP-1", parent_qty="25000",
    )  # fmt: skip
    assert (made.expected_edge, made.holding_ms) == (Decimal("0.5"), 60_000)
    assert (made.parent_order_id, made.parent_qty) == ("TWAP-1", 25_000)
    assert made.quote_time is None
    assert made.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE
    assert made.position_effect is PositionEffect.CLOSE
    assert made.time_in_force is TimeInForce.GOOD_TILL_DATE
    assert made.expire_time == "20010909-01:46:40.000000"
    assert (made.ex_destination, made.account, made.take_profit_px) == ("PAPER", "A", 2)
    assert made.decision_context == '{"why": "test"}'


def test_a_replacement_says_all_fields_again():
    """What is not changed stays as it was; ids are chained."""
    old = order(price="1.1", venue="PAPER", time_in_force="GTC", post_only=True)
    new = requests.replacement(old, "A-2", {"qty": 2000}, now_ns=1)
    assert (new.orig_cl_ord_id, new.cl_ord_id, new.order_qty) == ("A-1", "A-2", 2000)
    own = {"cl_ord_id", "transact_time", "order_qty"}
    for name in set(OrderFields.__struct_fields__) - own:
        assert getattr(new, name) == getattr(old, name), name


def test_a_replacement_expects_nothing_unless_it_says_so():
    """Edge and holding time belong to one decision: the next one says its own."""
    old = order(price="1.1", expected_edge=5, holding_ms=100)
    new = requests.replacement(old, "A-2", {"price": "1.2"}, now_ns=1, quote_time="Q")
    assert (new.expected_edge, new.holding_ms, new.quote_time) == (None, None, "Q")
    again = requests.replacement(
        new, "A-3", {"price": "1.3", "expected_edge": "2.5", "holding_ms": 7}, now_ns=1
    )
    assert (again.expected_edge, again.holding_ms) == (Decimal("2.5"), 7)
    assert again.quote_time is None


def test_an_unknown_change_is_named():
    """A misspelt change is an error that lists the right ones."""
    with pytest.raises(TypeError, match=r"received prise, expected some of .*holding_ms.*price"):
        requests.replacement(order(price="1"), "A-2", {"prise": "1"}, now_ns=1)


@pytest.mark.parametrize(
    "changes",
    [{}, {"stop_px": "1"}, {"qty": 0}, {"expected_edge": 1}, {"price": "2", "holding_ms": -1}],
)
def test_a_replacement_that_changes_nothing_or_the_impossible_is_refused(changes):
    """No change, a stop price for a limit order, a quantity of zero."""
    with pytest.raises(InvalidOrder):
        requests.replacement(order(price="1"), "A-2", changes, now_ns=1)


def test_prices_round_never_more_aggressive():
    """A buy goes down, a sell up, without a side to the nearest."""
    assert EURUSD.price("1.10009", Side.BUY) == Decimal("1.10005")
    assert EURUSD.price("1.10006", Side.SELL) == Decimal("1.1001")
    assert EURUSD.price("1.10006") == Decimal("1.10005")


def test_the_dust_of_a_float_does_not_cost_a_tick():
    """0.1 + 0.2 is a legal price, not the next one up."""
    tenth = Instrument(symbol="X", price_tick=Decimal("0.1"), qty_step=Decimal("0.1"))
    assert tenth.price(0.1 + 0.2, Side.SELL) == Decimal("0.3")
    assert tenth.qty(0.1 + 0.7) == Decimal("0.8")


def test_an_instrument_tells_what_its_venue_does():
    """Base currency, funding and margin of a Security (y) are there by name, None when untold."""
    told = Security(
        symbol="BTC/USDT", base_currency="BTC", funding_rate=Decimal("0.0001"),
        funding_time="20270115-08:00:00.000000", funding_interval_ms=28_800_000,
        margin_rate=Decimal("0.1"),
    )  # fmt: skip
    made = instrument_of(told)
    assert (made.base_currency, made.margin_rate) == ("BTC", Decimal("0.1"))
    assert (made.funding_rate, made.funding_interval_ms) == (Decimal("0.0001"), 28_800_000)
    assert format_utc(made.funding_time_ns) == told.funding_time
    untold = instrument_of(Security(symbol="X"))
    assert (untold.base_currency, untold.funding_time_ns, untold.margin_rate) == (None,) * 3


def test_quantities_round_down_within_the_venues_bounds():
    """Down to the step, 0 below the least, the most above the most."""
    assert EURUSD.qty(1999) == 1000
    assert EURUSD.qty(999) == 0
    assert EURUSD.qty(10**9) == 50_000
    assert EURUSD.lots("0.019") == 1000
    assert str(EURUSD.lots("0.5")) == "50000"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_number_is_refused(bad):
    """NaN and infinity do not round to anything."""
    with pytest.raises(ValueError, match="finite"):
        EURUSD.price(bad)
