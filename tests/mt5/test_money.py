"""Money: profit, commission, swap, margin, conversions, and what moves without a trade."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import (
    CalcMode,
    DealType,
    Entry,
    MarginMode,
    Reason,
    SwapMode,
    TransactionType,
)
from support.mt5.margin import margin_of
from support.mt5.scene import Scene
from support.mt5.symbols import eurusd, future, usdjpy

NETTING, EXCHANGE, HEDGING = MarginMode
DAY_MS = 86_400_000


def test_profit_in_another_currency_is_turned_at_the_market():
    """A gain in JPY is divided by the ask, a loss by the bid."""
    scene = Scene(NETTING, usdjpy())
    scene.quote("140.000", "140.010")
    scene.buy("0.1")
    scene.quote("141.000", "141.010")
    scene.sell("0.1")
    assert scene.balance() == 10_000 + Decimal("70.21")  # 9,900 JPY / 141.010
    scene.buy("0.1")
    scene.quote("140.000", "140.010")
    scene.sell("0.1")
    assert scene.balance() == Decimal("10070.21") - Decimal("72.14")  # 10,100 JPY / 140.000


@pytest.mark.parametrize("kind", MarginMode)
def test_commission_and_fee_are_taken_from_each_side(kind):
    """Per lot, in the account's currency, told in the deal, gone from the balance."""
    scene = Scene(kind)
    scene.rules(commission="3.5", fee="0.1")
    ticket = scene.buy("0.2").order
    named = {"position": ticket} if kind is HEDGING else {}
    scene.sell("0.2", **named)
    ledger = scene.office.ledger
    assert [(d.commission, d.fee) for d in ledger.executions] == [
        (Decimal("-0.70"), Decimal("-0.02"))
    ] * 2
    assert scene.balance() == 10_000 - 2 - Decimal("1.44") == ledger.balance()


SWAPS = [
    # mode, long, what a night costs 1 lot of EURUSD bought at 1.10010, bid 1.10000
    (SwapMode.DISABLED, "-5", "0"), (SwapMode.POINTS, "-7", "-7.00"),
    (SwapMode.CURRENCY_SYMBOL, "-5", "-5.50"), (SwapMode.CURRENCY_MARGIN, "-5", "-5.50"),
    (SwapMode.CURRENCY_DEPOSIT, "-5", "-5.00"), (SwapMode.INTEREST_CURRENT, "-3.6", "-11.00"),
    (SwapMode.INTEREST_OPEN, "-3.6", "-11.00"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "rate", "cost"), SWAPS)
def test_a_night_is_charged_by_the_rule_of_the_symbol(mode, rate, cost):
    """It is added to the position, told by POSITION, and booked when that closes."""
    scene = Scene(leverage=500)
    scene.rules(swap_mode=mode, swap_long=rate)
    scene.buy("1")
    program = scene.terminal.load("Test")
    scene.clock.advance(DAY_MS)
    off = abs(scene.position.swap - Decimal(cost))
    assert off <= (Decimal("0.02") if "CURRENCY" in mode.name else Decimal("0.01"))
    told = [one.type for one in program.queue]
    assert told == ([TransactionType.POSITION] if mode else [])
    charged = scene.position.swap
    assert scene.office.account.worth().equity == 10_000 - 10 + charged
    scene.sell("1")
    deal = scene.office.ledger.executions[-1]
    assert (deal.swap, scene.balance()) == (charged, 10_000 - 10 + charged)


def test_wednesday_is_charged_three_times_and_the_weekend_not():
    """From Monday to Monday: one, one, three, one, one, none, none."""
    scene = Scene()
    scene.rules(swap_mode=SwapMode.CURRENCY_DEPOSIT, swap_long="-10")
    scene.buy("0.1")
    nights = []
    for _ in range(7):
        before = scene.position.swap
        scene.clock.advance(DAY_MS)
        nights.append(int(before - scene.position.swap))
    assert nights == [1, 1, 3, 1, 1, 0, 0]


def test_a_part_takes_its_part_of_the_swap_along():
    """Three parts of a position book its swap exactly, to the last cent."""
    scene = Scene()
    scene.rules(swap_mode=SwapMode.CURRENCY_DEPOSIT, swap_long="-10")
    scene.buy("0.3")
    scene.clock.advance(DAY_MS)
    scene.quote("1.10000", "1.10010")
    for _ in range(3):
        scene.sell("0.1")
    swaps = [deal.swap for deal in scene.office.ledger.executions if deal.swap]
    assert swaps == [Decimal("-1.00")] * 3
    assert sum(swaps) == scene.office.ledger.total("swap")


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize("mode", [SwapMode.REOPEN_CURRENT, SwapMode.REOPEN_BID])
def test_a_swap_by_reopening_changes_the_ticket_and_not_the_identifier(kind, mode):
    """Two deals with the reason ROLLOVER, OUT and IN, of one identifier; the magic stays."""
    scene = Scene(kind)
    scene.rules(swap_mode=mode, swap_long="-10")
    first = scene.buy("0.1", magic=7).order
    scene.clock.advance(DAY_MS)
    position = scene.position
    assert (position.identifier, position.magic, position.reason) == (first, 7, Reason.EXPERT)
    assert position.ticket != first
    assert position.price_open == Decimal("1.10010")  # the bid and ten points
    rolled = [d for d in scene.office.ledger.executions if d.reason is Reason.ROLLOVER]
    assert [deal.entry for deal in rolled] == [Entry.OUT, Entry.IN]
    assert {deal.position_id for deal in rolled} == {first}
    assert scene.office.ledger.twice() == {}
    scene.settled()


@pytest.mark.parametrize("kind", list(DealType)[2:13] + list(DealType)[15:])
def test_money_that_moves_without_a_trade_is_a_deal(kind):
    """No order, no symbol, no volume; credit is kept apart; DEAL_ADD tells it."""
    scene = Scene()
    program = scene.terminal.load("Test")
    deal = scene.people.pay(kind, "-12.34", "why")
    scene.settled()
    worth = scene.terminal.worth()
    credit = Decimal("-12.34") if kind is DealType.CREDIT else 0
    assert (deal.order, deal.symbol, deal.volume, deal.comment) == (0, "", 0, "why")
    assert worth.credit == credit
    assert worth.equity == Decimal("9987.66")
    assert program.take().type == TransactionType.DEAL_ADD
    assert scene.office.ledger.balance() == scene.balance() == 10_000 - Decimal("12.34") - credit


def test_a_busted_deal_changes_its_type_and_its_money():
    """DEAL_UPDATE tells it, a correction takes the profit back; it is no execution any more."""
    scene = Scene()
    scene.buy(magic=7)
    scene.quote("1.10110", "1.10120")
    deal = scene.sell(magic=8).deal
    program = scene.terminal.load("Test")
    scene.people.bust(deal)
    scene.settled()
    busted, correction = list(scene.books.deals.values())[-2:]
    assert (busted.type, busted.profit) == (DealType.SELL_CANCELED, 0)
    assert (correction.type, correction.profit) == (DealType.CORRECTION, Decimal("-10.00"))
    assert [one.type for one in program.queue] == [
        TransactionType.DEAL_UPDATE, TransactionType.DEAL_ADD
    ]  # fmt: skip
    assert [one.magic for one in scene.office.ledger.executions] == [7]
    assert scene.office.ledger.balance() == scene.balance() == 10_000


def test_a_position_may_be_corrected_by_the_broker():
    """POSITION tells its new volume; one of nothing is gone."""
    scene = Scene()
    ticket = scene.buy().order
    program = scene.terminal.load("Test")
    scene.people.correct_position(ticket, "0.05")
    assert scene.position.volume == Decimal("0.05")
    scene.people.correct_position(ticket, "0")
    scene.settled()
    assert [one.type for one in program.queue] == [TransactionType.POSITION] * 2
    assert scene.books.positions == {}


def test_orders_of_the_history_may_be_changed_and_deleted():
    """HISTORY_UPDATE and HISTORY_DELETE, by the server alone."""
    scene = Scene()
    ticket = scene.buy().order
    program = scene.terminal.load("Test")
    scene.people.rewrite_order(ticket, comment="changed")
    scene.settled()
    assert scene.terminal.books.history[ticket].comment == "changed"
    scene.people.erase_order(ticket)
    scene.settled()
    assert scene.terminal.books.history == {}
    kinds = TransactionType
    assert [one.type for one in program.queue] == [kinds.HISTORY_UPDATE, kinds.HISTORY_DELETE]


def test_an_erased_deal_is_gone():
    """DEAL_DELETE tells it."""
    scene = Scene()
    deal = scene.buy().deal
    program = scene.terminal.load("Test")
    scene.people.erase(deal)
    scene.settled()
    assert deal not in scene.books.deals
    assert program.take().type == TransactionType.DEAL_DELETE


MARGINS = [
    # mode, rules, the margin of 2 lots at 100 with a leverage of 50
    (CalcMode.FOREX, {"contract_size": 1000}, "40"),
    (CalcMode.FOREX, {"contract_size": 1000, "margin_initial": 500}, "20"),
    (CalcMode.FOREX_NO_LEVERAGE, {"contract_size": 1000}, "2000"),
    (CalcMode.FUTURES, {"margin_initial": 300}, "600"),
    (CalcMode.EXCH_FUTURES, {"margin_initial": 300}, "600"),
    (CalcMode.CFD, {"contract_size": 10}, "2000"),
    (CalcMode.CFDLEVERAGE, {"contract_size": 10}, "40"),
    (CalcMode.CFDINDEX, {"contract_size": 10, "tick_value": 5, "tick_size": "0.5"}, "20000"),
    (CalcMode.EXCH_STOCKS, {"contract_size": 10}, "2000"),
    (CalcMode.EXCH_STOCKS, {"contract_size": 10, "margin_rate": "0.5"}, "1000"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "rules", "margin"), MARGINS)
def test_margin_by_the_formula_of_each_mode(mode, rules, margin):
    """ENUM_SYMBOL_CALC_MODE's formulas, with leverage only where they have it."""
    bare = {"tick_value": 0, "margin_initial": 0}
    scene = Scene(NETTING, future(calc_mode=mode, **(bare | rules)), leverage=50)
    markets, exchange = scene.server.markets, scene.server.exchange
    legs = [("ESH4", True, Decimal(2), Decimal(100))]
    assert margin_of(legs, scene.office.terms, markets, exchange) == Decimal(margin)


HEDGED = [
    # margin_hedged, hedged_use_leg, the margin of 3 long and 1 short lots of 100,000 USD at 100
    ("100000", False, "3000"), ("0", False, "2000"), ("50000", False, "2500"),
    ("100000", True, "3000"),
]  # fmt: skip


@pytest.mark.parametrize(("hedged", "leg", "margin"), HEDGED)
def test_the_margin_of_opposite_positions(hedged, leg, margin):
    """The covered lot costs by its own size, or only the larger leg counts."""
    rules = usdjpy(margin_hedged=hedged, hedged_use_leg=leg)
    scene = Scene(HEDGING, rules, balance="100000")
    scene.quote("140.000", "140.000")
    long, short = scene.buy("3"), scene.sell("1")
    assert {long.retcode, short.retcode} == {10009}
    assert scene.office.account.worth().margin == Decimal(margin)


def test_free_margin_decides_and_equity_moves_with_the_market():
    """Balance, floating profit, equity, margin, free margin and level belong together."""
    scene = Scene(NETTING, eurusd(), leverage=100)
    scene.quote("1.10000", "1.10010")
    scene.buy("1")
    scene.quote("1.10100", "1.10110")
    scene.clock.advance(100)
    for worth in (scene.office.account.worth(), scene.terminal.worth()):
        assert (worth.balance, worth.profit, worth.equity) == (10_000, 90, 10_090)
        assert (worth.margin, worth.margin_free) == (1_101, 8_989)
        assert worth.margin_level == Decimal(10_090) / 1_101 * 100
