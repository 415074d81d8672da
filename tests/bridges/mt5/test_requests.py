"""From an order to a trade request: what is sent, and what is refused before it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.mt5_rows import position, symbol

from bridges.mt5.constants import (
    Action,
    Execution,
    ExpirationFlag,
    Filling,
    FillingFlag,
    MarginMode,
    OrderFlag,
    OrderType,
    TradeMode,
    TypeTime,
)
from bridges.mt5.records import OrderRow, Quote
from bridges.mt5.requests import (
    Terms,
    TradeRequest,
    modify_request,
    new_request,
    priced,
    remove_request,
)
from bridges.mt5.units import Refusal, lots_of, units_of
from bridges.port import OrderRequest
from protocol.fields import OrdType, Side, TimeInForce
from protocol.order_id import OrderId, to_number

ID = OrderId(1, 1_700_000_000, 1)
NET = Terms(
    margin_mode=MarginMode.RETAIL_NETTING, deviation=20,
    ends=lambda ns: (ns // 10**9 + 7_200, ns // 10**9 + 7_200),
)  # fmt: skip
HEDGE = replace(NET, margin_mode=MarginMode.RETAIL_HEDGING)
QUOTE = Quote(bid=Decimal("1.10000"), ask=Decimal("1.10010"), msc=0)
GTC, DAY, GTD = (
    TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY, TimeInForce.GOOD_TILL_DATE,
)  # fmt: skip
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def order(kind=OrdType.MARKET, side=Side.BUY, qty="10000", **more):
    """An order of ours."""
    prices = {
        name: Decimal(more.pop(name))
        for name in ("price", "stop_px", "stop_loss_px", "take_profit_px") if name in more
    }  # fmt: skip
    return OrderRequest(
        cl_ord_id=ID.text(), symbol="EURUSD", side=side, order_qty=Decimal(qty), ord_type=kind,
        **{"time_in_force": GTC, **prices, **more},
    )  # fmt: skip


def made(asked, rules=None, terms=NET, held=()):
    """What comes of an order."""
    return new_request(asked, asked.order_qty, rules or symbol(), terms, held)


def sent(asked, rules=None, terms=NET, quote=QUOTE, held=()):
    """What would be sent at a quote, or why it would not be."""
    rules = rules or symbol()
    drafted = made(asked, rules, terms, held)
    return drafted if isinstance(drafted, Refusal) else priced(drafted, rules, quote)


PLACED = [
    (order(), Action.DEAL, OrderType.BUY, "1.1001", "0"),
    (order(side=Side.SELL), Action.DEAL, OrderType.SELL, "1.1", "0"),
    (order(OrdType.LIMIT, price="1.09"), Action.PENDING, OrderType.BUY_LIMIT, "1.09", "0"),
    (order(OrdType.LIMIT, Side.SELL, price="1.11"), Action.PENDING, OrderType.SELL_LIMIT, "1.11",
     "0"),
    (order(OrdType.STOP, stop_px="1.11"), Action.PENDING, OrderType.BUY_STOP, "1.11", "0"),
    (order(OrdType.STOP, Side.SELL, stop_px="1.09"), Action.PENDING, OrderType.SELL_STOP, "1.09",
     "0"),
    (order(OrdType.STOP_LIMIT, stop_px="1.11", price="1.105"), Action.PENDING,
     OrderType.BUY_STOP_LIMIT, "1.11", "1.105"),
    (order(OrdType.STOP_LIMIT, Side.SELL, stop_px="1.09", price="1.095"), Action.PENDING,
     OrderType.SELL_STOP_LIMIT, "1.09", "1.095"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "action", "kind", "price", "stoplimit"), PLACED)
def test_all_eight_types(asked, action, kind, price, stoplimit):
    """Type, price and limit stand where MetaTrader wants them; the id is magic and comment."""
    found = sent(asked)
    assert (found.action, found.type) == (action, kind)
    assert (found.price, found.stoplimit) == (Decimal(price), Decimal(stoplimit))
    assert (found.volume, found.magic, found.comment) == (
        Decimal("0.1"), int(ID.text(), 36), ID.text(),
    )  # fmt: skip
    words = found.as_dict()
    assert {type(value) for value in words.values()} <= {int, float, str}
    assert ("stoplimit" in words) is (action is Action.PENDING)
    assert ("deviation" in words) is (action is Action.DEAL)


REFUSED = [
    (order(qty="10500"), {}, "QTY_STEP"),
    (order(qty="500"), {}, "QTY_STEP"),
    (order(qty="500"), {"volume_step": Decimal("0.001")}, "QTY_RANGE"),
    (order(qty="6000000"), {}, "QTY_RANGE"),
    (order(qty="0"), {}, "QTY_STEP"),
    (order(OrdType.LIMIT, price="1.090001"), {}, "PRICE_TICK"),
    (order(stop_loss_px="1.090001"), {}, "PRICE_TICK"),
    (order(OrdType.LIMIT), {}, "PRICE: OrdType(40)=2 needs Price(44)"),
    (order(price="1.09"), {}, "PRICE: OrdType(40)=1 takes no Price(44)"),
    (order(OrdType.STOP, stop_px="1.11"), {"orders": OrderFlag(3)}, "NOT_SUPPORTED: OrdType"),
    (order(stop_loss_px="1.09"), {"orders": OrderFlag(3)}, "NOT_SUPPORTED: StopLossPx(5001)"),
    (order(take_profit_px="1.2"), {"orders": OrderFlag(3)}, "NOT_SUPPORTED: TakeProfitPx(5002)"),
    (order(), {"trade_mode": TradeMode.DISABLED}, "TRADE_MODE"),
    (order(), {"trade_mode": TradeMode.CLOSEONLY}, "TRADE_MODE"),
    (order(), {"trade_mode": TradeMode.SHORTONLY}, "TRADE_MODE"),
    (order(side=Side.SELL), {"trade_mode": TradeMode.LONGONLY}, "TRADE_MODE"),
    (order(time_in_force=FOK), {"execution": Execution.MARKET, "filling": FillingFlag.IOC},
     "NOT_SUPPORTED: TimeInForce(59)=4"),
    (order(OrdType.LIMIT, price="1.09", time_in_force=DAY), {"expiration": ExpirationFlag.GTC},
     "NOT_SUPPORTED: TimeInForce(59)=0"),
    (order(OrdType.LIMIT, price="1.09", post_only=True), {}, "NOT_SUPPORTED: post-only"),
    (order(OrdType.LIMIT, price="1.1002", time_in_force=IOC), {"execution": Execution.MARKET},
     "NOT_SUPPORTED: in market execution"),
    (order(position_id="7"), {}, "POSITION: this account nets"),
    (order(OrdType.LIMIT, price="1.1001"), {}, "INVALID_PRICE"),
    (order(OrdType.LIMIT, price="1.10001"), {}, "INVALID_PRICE"),
    (order(OrdType.LIMIT, price="1.12"), {}, "INVALID_PRICE"),
    (order(OrdType.STOP, stop_px="1.1"), {}, "INVALID_PRICE"),
    (order(OrdType.LIMIT, price="1.1", time_in_force=IOC), {}, "NOT_EXECUTABLE"),
    (order(stop_loss_px="1.09995"), {}, "INVALID_STOPS"),
    (order(stop_loss_px="1.11"), {}, "INVALID_STOPS"),
    (order(take_profit_px="1.1"), {}, "INVALID_STOPS"),
    (order(OrdType.LIMIT, price="1.09", stop_loss_px="1.09005"), {}, "INVALID_STOPS"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "rules", "text"), REFUSED)
def test_what_the_symbol_does_not_take_is_refused(asked, rules, text):
    """Quantity, price, type, time, filling, side, distances: with what was expected."""
    found = sent(asked, symbol(**rules))
    assert isinstance(found, Refusal)
    assert found.text.startswith(text)


def test_what_only_closes_passes_a_closed_symbol():
    """CLOSEONLY and LONGONLY let through what the account holds against it, and no more."""
    for mode in (TradeMode.CLOSEONLY, TradeMode.LONGONLY):
        rules = symbol(trade_mode=mode)
        asked = order(side=Side.SELL)
        assert isinstance(sent(asked, rules, held=[position(1, "0.1")]), TradeRequest)
        assert isinstance(sent(asked, rules, held=[position(1, "0.09")]), Refusal)
        assert isinstance(sent(asked, rules, held=[position(1, "-0.1")]), Refusal)


def test_lots_are_exact():
    """Units and lots convert both ways without a rest."""
    rules = symbol(contract_size=Decimal(100), volume_step=Decimal("0.1"), volume_min=Decimal(0))
    for lots in ("0.1", "2.3", "50"):
        assert lots_of(units_of(Decimal(lots), rules), rules) == Decimal(lots)
    assert isinstance(lots_of(Decimal(15), rules), Refusal)


def test_expiry_is_the_servers_and_never_later():
    """126 goes out on the server's wall clock, cut to the second; without that clock not at all."""
    asked = order(OrdType.LIMIT, price="1.09", time_in_force=GTD,
                  expire_ns=1_700_000_000_999_999_999)  # fmt: skip
    found = sent(asked)
    assert (found.type_time, found.expiration) == (TypeTime.SPECIFIED, 1_700_007_200)
    unknown = sent(asked, terms=replace(NET, ends=lambda _: None))
    assert unknown.text.startswith("SERVER_TIME")
    assert sent(replace(asked, time_in_force=DAY)).type_time is TypeTime.DAY
    assert sent(replace(asked, time_in_force=GTC)).type_time is TypeTime.GTC


def test_an_immediate_limit_is_a_deal_within_its_price():
    """Where the server bounds a deal's price, deviation is the room up to the limit; no more."""
    asked = order(OrdType.LIMIT, price="1.1003", time_in_force=IOC)
    found = sent(asked)
    assert (found.action, found.type_filling) == (Action.DEAL, Filling.IOC)
    assert (found.price, found.deviation) == (Decimal("1.1001"), 20)
    slips = sent(asked, symbol(execution=Execution.MARKET), replace(NET, ioc_at_market=True))
    assert slips.action is Action.DEAL
    pending = sent(asked, symbol(execution=Execution.EXCHANGE))
    assert (pending.action, pending.type_filling) == (Action.PENDING, Filling.IOC)


def test_post_only_never_takes():
    """On an exchange it is BOC, and is not sent when it would be executed at once."""
    rules = symbol(execution=Execution.EXCHANGE, filling=FillingFlag(7))
    asked = order(OrdType.LIMIT, price="1.09", post_only=True)
    assert sent(asked, rules).type_filling is Filling.BOC
    crossing = replace(asked, price=Decimal("1.1001"))
    assert sent(crossing, rules).text.startswith("POST_ONLY")


def test_which_position_an_order_closes():
    """On a hedging account: the one it names, by identifier; with 77=C one of the same size."""
    held = [position(1, "0.3"), position(2, "0.1"), position(3, "-0.1")]
    sell = order(side=Side.SELL)
    assert made(sell, terms=HEDGE, held=held).position == 0
    assert made(replace(sell, reduce_only=True), terms=HEDGE, held=held).position == 102
    assert made(replace(sell, position_id="1"), terms=HEDGE, held=held).position == 101
    for wrong, text in (
        (replace(sell, position_id="9"), "POSITION: 0.1 lots close no position 9"),
        (replace(sell, position_id="3"), "POSITION: 0.1 lots close no position"),
        (replace(sell, position_id="2", order_qty=Decimal(20_000)), "POSITION: 0.2 lots"),
        (order(OrdType.LIMIT, Side.SELL, price="1.11", position_id="1"), "POSITION: only a market"),
    ):
        assert made(wrong, terms=HEDGE, held=held).text.startswith(text)


def test_one_position_is_closed_by_another():
    """5004 = `A/B` is a CLOSE_BY of the smaller volume; 54 closes A, and nothing is opened."""
    held = [position(1, "0.3"), position(2, "0.1"), position(3, "-0.1")]
    pair = order(side=Side.SELL, position_id="1/3")
    found = sent(pair, terms=HEDGE, held=held, quote=replace(QUOTE, bid=Decimal(0)))
    assert found.as_dict() == {
        "action": Action.CLOSE_BY, "symbol": "EURUSD", "position": 101, "position_by": 103,
        "magic": to_number(ID.text()), "comment": ID.text(),
    }  # fmt: skip
    other = made(order(position_id="3/1"), terms=HEDGE, held=held)
    assert (other.position, other.position_by) == (103, 101)
    for wrong, text in (
        (replace(pair, position_id="1/2"), "POSITION: 1 cannot be closed by 2 with 54=2"),
        (replace(pair, position_id="3/1"), "POSITION: 3 cannot be closed by 1 with 54=2"),
        (replace(pair, position_id="1/9"), "POSITION: 1 cannot be closed by 9"),
        (replace(pair, position_id="1/"), "POSITION: 1 cannot be closed by  with"),
        (replace(pair, order_qty=Decimal(20_000)),
         "POSITION: closing 1 by 3 is of 0.1 lots, received 0.2"),
        (replace(pair, stop_loss_px=Decimal("1.2")), "POSITION: closing one by another is a mar"),
        (order(OrdType.LIMIT, Side.SELL, price="1.11", position_id="1/3"), "POSITION: closing one"),
    ):
        assert made(wrong, terms=HEDGE, held=held).text.startswith(text)
    barred = symbol(orders=OrderFlag(63))
    assert made(pair, barred, HEDGE, held).text.startswith("NOT_SUPPORTED: closing one position")
    assert made(pair, held=held).text.startswith("POSITION: this account nets")


def test_a_reduction_that_no_position_holds_closes_the_largest():
    """One order closes one position; what remains is cancelled, and asked for again."""
    held = [position(1, "0.3"), position(2, "0.4"), position(3, "-2")]
    sell = order(side=Side.SELL, qty="100000", reduce_only=True)
    found = made(sell, terms=HEDGE, held=held)
    assert (found.position, found.volume) == (102, Decimal("0.4"))
    assert made(replace(sell, time_in_force=FOK), terms=HEDGE, held=held).text.startswith("POSI")
    assert made(sell, terms=HEDGE, held=[position(3, "-2")]).text.startswith("POSITION")


def test_a_market_order_needs_a_price():
    """Without a quote on its side nothing is sent."""
    found = sent(order(), quote=replace(QUOTE, ask=Decimal(0)))
    assert found.text.startswith("NO_PRICE")


@pytest.mark.parametrize(("level", "frozen"), [(0, False), (1_009, False), (1_010, True)])
def test_the_freeze_level(level, frozen):
    """An order that is so near to its execution is left alone: neither changed nor removed."""
    row = OrderRow(
        ticket=5, magic=1, symbol="EURUSD", type=2, state=1, reason=3, type_time=0, type_filling=2,
        setup_msc=0, done_msc=0, expiration_s=0, volume_initial=Decimal("0.1"),
        volume_current=Decimal("0.1"), price_open=Decimal("1.09"), price_stoplimit=Decimal(0),
        sl=Decimal(0), tp=Decimal(0), position_id=0, comment="",
    )  # fmt: skip
    quote = replace(QUOTE, ask=Decimal("1.1001"))
    rules = symbol(freeze_level=level)
    found = priced(remove_request(row), rules, quote)
    assert isinstance(found, Refusal) is frozen
    changed = modify_request(order(OrdType.LIMIT, price="1.09"), row, rules, NET)
    assert (changed.action, changed.order) == (Action.MODIFY, 5)
    assert isinstance(priced(changed, rules, quote), Refusal) is frozen
