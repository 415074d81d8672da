"""MetaTrader's numbers and what they mean on our wire: every row of every table."""

from __future__ import annotations

from itertools import product

import pytest
from support.mt5.package import Package

from bridges.mt5 import constants as c
from bridges.mt5 import tables as t
from protocol.fields import OrdType, Side, TimeInForce

PREFIXES = {
    c.Action: "TRADE_ACTION_", c.OrderType: "ORDER_TYPE_", c.OrderState: "ORDER_STATE_",
    c.Filling: "ORDER_FILLING_", c.TypeTime: "ORDER_TIME_",
    c.Execution: "SYMBOL_TRADE_EXECUTION_", c.TradeMode: "SYMBOL_TRADE_MODE_",
    c.CalcMode: "SYMBOL_CALC_MODE_", c.GtcMode: "SYMBOL_ORDERS_",
    c.MarginMode: "ACCOUNT_MARGIN_MODE_", c.Reason: "DEAL_REASON_", c.DealType: "DEAL_TYPE_",
    c.BookType: "BOOK_TYPE_", c.TickFlag: "TICK_FLAG_", c.Retcode: "TRADE_RETCODE_",
}  # fmt: skip
NOT_IN_PACKAGE = {"HEDGE_PROHIBITED"}
NAMED_OTHERWISE = {"DIVIDEND": "DEAL_DIVIDEND", "DIVIDEND_FRANKED": "DEAL_DIVIDEND_FRANKED",
                   "TAX": "DEAL_TAX"}  # fmt: skip
DAY, IOC, FOK = (
    TimeInForce.DAY, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL,
)  # fmt: skip


@pytest.mark.parametrize("kind", PREFIXES, ids=lambda kind: kind.__name__)
def test_numbers_are_the_packages(kind):
    """Each name has the package's number, and no name of the package is missing."""
    prefix = PREFIXES[kind]
    theirs = {
        name.removeprefix(prefix): value
        for name, value in vars(Package).items()
        if name.startswith(prefix) and isinstance(value, int)
    }
    theirs |= {
        ours: getattr(Package, name) for ours, name in NAMED_OTHERWISE.items() if kind is c.DealType
    }
    ours = {one.name: one.value for one in kind if one.name not in NOT_IN_PACKAGE}
    assert ours == theirs


def test_every_retcode_has_a_verdict():
    """What is not known, and what may have been done, is in doubt; never refused."""
    doubtful = {10011, 10012, 10028, 10031}
    owned = {10008, 10009, 10010}
    for code in range(9_990, 10_060):
        verdict = t.verdict_of(code)
        if code in owned:
            assert verdict is (t.Verdict.PLACED if code == 10008 else t.Verdict.DONE)
        elif code in doubtful or code not in {one.value for one in c.Retcode}:
            assert verdict is t.Verdict.DOUBT
        else:
            assert verdict is t.Verdict.REFUSED
    assert t.verdict_of(0) is t.Verdict.DOUBT


def test_reasons_and_names_are_of_refusals():
    """Only what is refused has a reason; a name for people is there for every number.

    A removal that has met a lock for as long as one is tried again is refused with it, too.
    """
    for code in {*t.REJECT_REASONS, *t.CANCEL_REASONS} - {c.Retcode.LOCKED}:
        assert t.verdict_of(code) is t.Verdict.REFUSED
    assert t.retcode_name(10019) == "10019 NO_MONEY"
    assert t.retcode_name(10999) == "10999"


def test_types_go_both_ways():
    """Eight types of ours, eight of theirs; closing by another position is not one of ours."""
    assert len(t.ORDER_TYPES) == len(t.FIX_TYPES) == len(OrdType) * len(Side) == 8
    assert set(c.OrderType) - set(t.FIX_TYPES) == {c.OrderType.CLOSE_BY}
    for (kind, side), theirs in t.ORDER_TYPES.items():
        assert t.FIX_TYPES[theirs] == (kind, side)
        assert (theirs % 2 == 0) is (side is Side.BUY)


def test_a_deal_is_a_trade_or_an_entry_of_the_ledger():
    """Every type of deal is one of them, and none is both."""
    assert t.TRADE_SIDES.keys() | t.LEDGER_KINDS.keys() == set(c.DealType)
    assert not t.TRADE_SIDES.keys() & t.LEDGER_KINDS.keys()
    assert t.TRADE_SIDES.keys() >= t.BUSTED


FLAGS = [c.FillingFlag(bits) for bits in range(8)]


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: f"flags{int(flags)}")
@pytest.mark.parametrize("execution", c.Execution)
def test_filling(execution, flags):
    """The table of the documentation, over all executions, flags, types and times.

    What is chosen is always allowed, what is asked for is never changed, and RETURN is never said
    of a market order in market execution.
    """
    by_flags = execution in {c.Execution.MARKET, c.Execution.EXCHANGE}
    allowed = {
        c.Filling.FOK: not by_flags or bool(flags & 1),
        c.Filling.IOC: not by_flags or bool(flags & 2),
        c.Filling.RETURN: execution is not c.Execution.MARKET,
        c.Filling.BOC: execution is c.Execution.EXCHANGE and bool(flags & 4),
    }
    for kind, force, post_only in product(OrdType, TimeInForce, (False, True)):
        found = t.filling_of(execution, flags, kind, force, post_only=post_only)
        if kind is OrdType.MARKET:
            if force is IOC or force is FOK:
                wanted = c.Filling.IOC if force is IOC else c.Filling.FOK
                assert found == (wanted if allowed[wanted] else None)
            else:
                assert found is None or allowed[found]
                assert (found is None) is not any(
                    allowed[one] for one in (c.Filling.IOC, c.Filling.FOK, c.Filling.RETURN)
                )
        elif post_only:
            limits = kind in {OrdType.LIMIT, OrdType.STOP_LIMIT} and force not in {IOC, FOK}
            assert found == (c.Filling.BOC if limits and allowed[c.Filling.BOC] else None)
        elif force in {IOC, FOK}:
            wanted = c.Filling.IOC if force is IOC else c.Filling.FOK
            may = kind is OrdType.LIMIT and execution is c.Execution.EXCHANGE
            assert found == (wanted if may and allowed[wanted] else None)
        else:
            assert found is c.Filling.RETURN


def test_a_flag_is_not_the_number_of_a_request():
    """The commonest mistake: FOK is 1 as a flag and 0 in a request, IOC 2 and 1, BOC 4 and 3."""
    pairs = {flag.name: (flag.value, c.Filling[flag.name].value) for flag in c.FillingFlag}
    assert pairs == {"FOK": (1, 0), "IOC": (2, 1), "BOC": (4, 3)}
