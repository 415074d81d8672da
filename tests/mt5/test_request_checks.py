"""Every rule that a request can break, with the return code that the documentation gives it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.checks import TABLE
from support.mt5.constants import (
    Action,
    Execution,
    ExpirationFlag,
    Filling,
    FillingFlag,
    MarginMode,
    OrderFlag,
    OrderType,
    Reason,
    Retcode,
    TimeType,
    TradeMode,
)
from support.mt5.scene import LOGIN, Scene
from support.mt5.symbols import future

NETTING, EXCHANGE, HEDGING = MarginMode
LIMIT, STOP, STOP_LIMIT = OrderType.BUY_LIMIT, OrderType.BUY_STOP, OrderType.BUY_STOP_LIMIT
PENDING = {"action": Action.PENDING, "type_filling": Filling.RETURN}
LATER, EARLIER = 1_800_000_000, 1_600_000_000

REQUESTS = [
    # what is wrong, what the symbol says, what is asked, the code
    ("no such action", {}, {"action": 3}, Retcode.INVALID),
    ("no such symbol", {}, {"symbol": "XXXYYY"}, Retcode.INVALID),
    ("a deal of a pending type", {}, {"type": LIMIT}, Retcode.INVALID_ORDER),
    ("a pending order of a market type", {}, PENDING | {"price": "1.09"}, Retcode.INVALID_ORDER),
    ("an unknown type", {}, {"type": 9}, Retcode.INVALID_ORDER),
    ("a close-by as a deal", {}, {"type": 8}, Retcode.INVALID_ORDER),
    ("market orders are off", {"order_mode": OrderFlag.LIMIT}, {}, Retcode.INVALID_ORDER),
    ("limit orders are off", {"order_mode": OrderFlag.MARKET},
     PENDING | {"type": LIMIT, "price": "1.09"}, Retcode.INVALID_ORDER),
    ("stop orders are off", {"order_mode": OrderFlag.LIMIT},
     PENDING | {"type": STOP, "price": "1.11"}, Retcode.INVALID_ORDER),
    ("stop-limit orders are off", {"order_mode": OrderFlag.STOP},
     PENDING | {"type": STOP_LIMIT, "price": "1.11", "stoplimit": "1.1"}, Retcode.INVALID_ORDER),
    ("no volume", {}, {"volume": "0"}, Retcode.INVALID_VOLUME),
    ("a negative volume", {}, {"volume": "-0.1"}, Retcode.INVALID_VOLUME),
    ("too little", {"volume_min": "0.1"}, {"volume": "0.05"}, Retcode.INVALID_VOLUME),
    ("too much", {"volume_max": "1"}, {"volume": "1.01"}, Retcode.INVALID_VOLUME),
    ("off the step", {"volume_step": "0.1"}, {"volume": "0.15"}, Retcode.INVALID_VOLUME),
    ("FOK is not allowed", {"filling": FillingFlag.IOC}, {}, Retcode.INVALID_FILL),
    ("IOC is not allowed", {"filling": FillingFlag.FOK}, {"type_filling": Filling.IOC},
     Retcode.INVALID_FILL),
    ("RETURN at market execution", {}, {"type_filling": Filling.RETURN}, Retcode.INVALID_FILL),
    ("BOC at the market", {"filling": FillingFlag(7)}, {"type_filling": Filling.BOC},
     Retcode.INVALID_FILL),
    ("BOC where it is not allowed", {},
     PENDING | {"type": LIMIT, "price": "1.09", "type_filling": Filling.BOC},
     Retcode.INVALID_FILL),
    ("an unknown filling", {}, {"type_filling": 7}, Retcode.INVALID_FILL),
    ("the market is closed", {"sessions": ((),) * 7}, {}, Retcode.MARKET_CLOSED),
    ("the symbol is disabled", {"trade_mode": TradeMode.DISABLED}, {}, Retcode.TRADE_DISABLED),
    ("only longs", {"trade_mode": TradeMode.LONGONLY}, {"type": 1}, Retcode.LONG_ONLY),
    ("only shorts", {"trade_mode": TradeMode.SHORTONLY}, {}, Retcode.SHORT_ONLY),
    ("only closing", {"trade_mode": TradeMode.CLOSEONLY}, {}, Retcode.CLOSE_ONLY),
    ("instant, without a price", {"execution": Execution.INSTANT}, {}, Retcode.INVALID_PRICE),
    ("instant, off the grid", {"execution": Execution.INSTANT}, {"price": "1.100101"},
     Retcode.INVALID_PRICE),
    ("instant, the price has gone", {"execution": Execution.INSTANT},
     {"price": "1.10000", "deviation": 9}, Retcode.REQUOTE),
    ("on request, the price has gone", {"execution": Execution.REQUEST},
     {"price": "1.10000", "deviation": 9}, Retcode.PRICE_CHANGED),
    ("a stop loss on the wrong side", {}, {"sl": "1.2"}, Retcode.INVALID_STOPS),
    ("a take profit on the wrong side", {}, {"tp": "1.09"}, Retcode.INVALID_STOPS),
    ("a stop loss at the market", {}, {"sl": "1.10000"}, Retcode.INVALID_STOPS),
    ("a stop loss too near", {"stops_level": 50}, {"sl": "1.09960"}, Retcode.INVALID_STOPS),
    ("a take profit too near", {"stops_level": 50}, {"tp": "1.10040"}, Retcode.INVALID_STOPS),
    ("a stop loss off the grid", {}, {"sl": "1.090001"}, Retcode.INVALID_STOPS),
    ("a negative stop loss", {}, {"sl": "-1"}, Retcode.INVALID_STOPS),
    ("stop losses are off", {"order_mode": OrderFlag.MARKET}, {"sl": "1"}, Retcode.INVALID_STOPS),
    ("take profits are off", {"order_mode": OrderFlag.MARKET}, {"tp": "2"},
     Retcode.INVALID_STOPS),
    ("a pending order without a price", {}, PENDING | {"type": LIMIT}, Retcode.INVALID_PRICE),
    ("a limit above the market", {}, PENDING | {"type": LIMIT, "price": "1.2"},
     Retcode.INVALID_PRICE),
    ("a limit at the market", {}, PENDING | {"type": LIMIT, "price": "1.1001"},
     Retcode.INVALID_PRICE),
    ("a limit too near", {"stops_level": 50}, PENDING | {"type": LIMIT, "price": "1.09961"},
     Retcode.INVALID_PRICE),
    ("a stop below the market", {}, PENDING | {"type": STOP, "price": "1.09"},
     Retcode.INVALID_PRICE),
    ("a pending price off the grid", {}, PENDING | {"type": LIMIT, "price": "1.090001"},
     Retcode.INVALID_PRICE),
    ("a stop limit without its limit", {}, PENDING | {"type": STOP_LIMIT, "price": "1.11"},
     Retcode.INVALID_PRICE),
    ("a stop limit with its limit above", {},
     PENDING | {"type": STOP_LIMIT, "price": "1.11", "stoplimit": "1.12"}, Retcode.INVALID_PRICE),
    ("a stop of a pending order on the wrong side", {},
     PENDING | {"type": LIMIT, "price": "1.09", "sl": "1.095"}, Retcode.INVALID_STOPS),
    ("a stop of a stop limit on the wrong side of its limit", {},
     PENDING | {"type": STOP_LIMIT, "price": "1.11", "stoplimit": "1.105", "sl": "1.107"},
     Retcode.INVALID_STOPS),
    ("an expiry that has gone", {},
     PENDING | {"type": LIMIT, "price": "1.09", "type_time": TimeType.SPECIFIED,
                "expiration": EARLIER}, Retcode.INVALID_EXPIRATION),
    ("an expiry that is now", {},
     PENDING | {"type": LIMIT, "price": "1.09", "type_time": TimeType.SPECIFIED,
                "expiration": 1_704_110_400}, Retcode.INVALID_EXPIRATION),
    ("an expiry day that has gone", {},
     PENDING | {"type": LIMIT, "price": "1.09", "type_time": TimeType.SPECIFIED_DAY,
                "expiration": EARLIER}, Retcode.INVALID_EXPIRATION),
    ("an expiry that is not allowed", {"expiration": ExpirationFlag.GTC},
     PENDING | {"type": LIMIT, "price": "1.09", "type_time": TimeType.DAY},
     Retcode.INVALID_EXPIRATION),
    ("an unknown expiry", {}, PENDING | {"type": LIMIT, "price": "1.09", "type_time": 4},
     Retcode.INVALID_EXPIRATION),
    ("GTC is not allowed", {"expiration": ExpirationFlag.DAY},
     PENDING | {"type": LIMIT, "price": "1.09"}, Retcode.INVALID_EXPIRATION),
    ("more than the limit of the symbol", {"volume_limit": "1"}, {"volume": "1.01"},
     Retcode.LIMIT_VOLUME),
    ("more than the money", {}, {"volume": "10"}, Retcode.NO_MONEY),
    ("a position that is not there", {}, {"position": 7}, Retcode.POSITION_CLOSED),
    ("levels of nothing", {}, {"action": Action.SLTP}, Retcode.POSITION_CLOSED),
    ("a change of nothing", {}, {"action": Action.MODIFY, "order": 7}, Retcode.INVALID_ORDER),
    ("a removal of nothing", {}, {"action": Action.REMOVE, "order": 7}, Retcode.INVALID_ORDER),
]  # fmt: skip


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize(("why", "rules", "asked", "code"), REQUESTS, ids=lambda v: str(v)[:40])
def test_a_wrong_request_is_refused_with_its_code(kind, why, rules, asked, code):
    """Nothing is done, the call is false, and the code is the documented one."""
    scene = Scene(kind)
    scene.rules(**rules)
    call = scene.send(**asked)
    assert (call.ok, call.result.retcode) == (False, code), why
    assert scene.books.orders == scene.books.history == scene.books.positions == {}
    assert [arrival.acted for arrival in scene.office.ledger.arrivals] == [False]


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize("side", [None, "bid", "ask"])
def test_without_a_price_there_is_no_trade(kind, side):
    """A side without a price trades nothing, the other one does."""
    scene = Scene(kind)
    scene.quote(None if side != "bid" else "1.1", None if side != "ask" else "1.1001")
    codes = {"bid": scene.sell().retcode, "ask": scene.buy().retcode}
    for name, code in codes.items():
        assert code == (Retcode.DONE if name == side else Retcode.PRICE_OFF)


@pytest.mark.parametrize("filling", Filling)
@pytest.mark.parametrize("flags", [FillingFlag(n) for n in range(8)])
@pytest.mark.parametrize("execution", Execution)
def test_the_filling_table_of_the_documentation(execution, flags, filling):
    """Instant and on request FOK and IOC always; market never RETURN; else by the flags."""
    scene = Scene(NETTING)
    scene.rules(execution=execution, filling=flags)
    code = scene.buy(price="1.1001", type_filling=filling).retcode
    free = execution in (Execution.INSTANT, Execution.REQUEST)
    allowed = {
        Filling.FOK: free or bool(flags & FillingFlag.FOK),
        Filling.IOC: free or bool(flags & FillingFlag.IOC),
        Filling.RETURN: execution is not Execution.MARKET,
        Filling.BOC: False,
    }[filling]
    assert (code != Retcode.INVALID_FILL) == allowed


def test_permissions_of_account_program_terminal_and_api():
    """Each of the four has its own code; a person may trade where a program may not."""
    scene = Scene()
    scene.office.account.permit(trade_expert=False)
    assert scene.buy().retcode == Retcode.SERVER_DISABLES_AT
    assert scene.people.by_hand("EURUSD", "0.1", OrderType.BUY).retcode == Retcode.DONE
    scene.office.account.permit(trade_allowed=False)
    assert scene.buy().retcode == Retcode.TRADE_DISABLED
    scene.office.account.permit(trade_allowed=True, trade_expert=True)
    scene.terminal.trade_allowed = False
    call = scene.send()
    assert (call.ok, call.error, call.result.retcode) == (False, 4752, Retcode.CLIENT_DISABLES_AT)
    scene.terminal.trade_allowed = True
    call = scene.terminal.order_send(scene.request(), allowed=False)
    assert call.result.retcode == Retcode.CLIENT_DISABLES_AT
    assert scene.terminal.order_send(scene.request(), reason=Reason.CLIENT).ok
    scene.terminal.trade_allowed = False
    assert scene.terminal.order_send(scene.request(), reason=Reason.CLIENT).ok


def test_limits_of_orders_and_positions():
    """10033 counts pending orders; 10040 counts positions, with pending orders when hedging."""
    scene = Scene(NETTING, limit_orders=1)
    assert scene.place(LIMIT, "1.09").retcode == Retcode.DONE
    assert scene.place(LIMIT, "1.09").retcode == Retcode.LIMIT_ORDERS
    scene = Scene(NETTING, limit_positions=1)
    assert scene.place(LIMIT, "1.09").retcode == Retcode.DONE
    assert scene.buy().retcode == scene.buy().retcode == Retcode.DONE
    scene = Scene(HEDGING, limit_positions=2)
    assert scene.place(LIMIT, "1.09").retcode == scene.buy().retcode == Retcode.DONE
    assert scene.buy().retcode == scene.place(LIMIT, "1.09").retcode == Retcode.LIMIT_POSITIONS
    first, = scene.books.positions
    assert scene.sell(position=first).retcode == Retcode.DONE


def test_the_volume_limit_counts_one_direction():
    """5 long and 5 waiting to sell are allowed under a limit of 5; 5 waiting to buy are not."""
    scene = Scene(NETTING, leverage=1000)
    scene.rules(volume_limit="5")
    assert scene.buy("5").retcode == Retcode.DONE
    assert scene.place(LIMIT, "1.09", "0.01").retcode == Retcode.LIMIT_VOLUME
    assert scene.place(OrderType.SELL_LIMIT, "1.11", "5").retcode == Retcode.DONE
    assert scene.sell("5").retcode == Retcode.DONE
    scene = Scene(NETTING, leverage=1000)
    scene.rules(volume_limit="5")
    assert scene.place(LIMIT, "1.09", "3").retcode == Retcode.DONE
    assert scene.place(LIMIT, "1.09", "2.01").retcode == Retcode.LIMIT_VOLUME
    assert scene.buy("2.01").retcode == Retcode.LIMIT_VOLUME


@pytest.mark.parametrize("kind", [NETTING, EXCHANGE])
def test_where_only_closing_is_allowed_nothing_is_reversed(kind):
    """As much as there is may be closed, in parts as well; one step more is 10044."""
    scene = Scene(kind)
    scene.buy("0.3")
    scene.rules(trade_mode=TradeMode.CLOSEONLY)
    assert scene.sell("0.31").retcode == Retcode.CLOSE_ONLY
    assert scene.sell("0.1").retcode == scene.sell("0.2").retcode == Retcode.DONE


def test_what_lowers_the_margin_needs_no_money():
    """A hedge that covers a position passes where the equity is already too small."""
    scene = Scene(HEDGING, balance="1200", so_so=Decimal(0))
    scene.rules(margin_hedged="0")
    scene.buy("1")
    scene.quote("1.09500", "1.09510")
    assert scene.buy("0.1").retcode == Retcode.NO_MONEY
    assert scene.sell("0.2").retcode == Retcode.DONE


def test_days_of_the_week_are_the_server_s():
    """Closed on Saturday and Sunday by its clock, open on Monday from the first second."""
    scene = Scene()
    codes = []
    for _ in range(7):
        codes.append(scene.buy("0.01").retcode)
        scene.clock.advance(86_400_000)
    assert codes == [Retcode.DONE] * 5 + [Retcode.MARKET_CLOSED] * 2
    assert scene.buy("0.01").retcode == Retcode.DONE


def test_closing_on_a_hedging_account():
    """The position named must be of the other side, of the symbol, and large enough."""
    scene = Scene(HEDGING)
    ticket = scene.buy().order
    assert scene.buy(position=ticket).retcode == Retcode.INVALID
    assert scene.sell("0.2", position=ticket).retcode == Retcode.INVALID_CLOSE_VOLUME
    assert scene.sell("0.1", position=ticket).retcode == Retcode.DONE
    assert scene.sell("0.1", position=ticket).retcode == Retcode.POSITION_CLOSED


def test_a_fifo_account_closes_the_oldest_first():
    """10045 for another one; of the other side's positions none is in the way."""
    scene = Scene(HEDGING, fifo_close=True)
    first, second, other = scene.buy().order, scene.buy().order, scene.sell().order
    assert scene.sell(position=second).retcode == Retcode.FIFO_CLOSE
    assert scene.buy(position=other).retcode == Retcode.DONE
    assert scene.sell(position=first).retcode == scene.sell(position=second).retcode
    assert scene.books.positions == {}


def test_hedges_may_be_prohibited():
    """10046 for a market and a pending order of the other side; closing stays allowed."""
    scene = Scene(HEDGING, hedge_allowed=False)
    ticket = scene.buy().order
    assert scene.sell().retcode == Retcode.HEDGE_PROHIBITED
    assert scene.place(OrderType.SELL_LIMIT, "1.11").retcode == Retcode.HEDGE_PROHIBITED
    assert scene.buy().retcode == scene.sell(position=ticket).retcode == Retcode.DONE


def test_a_disabled_symbol_lets_nothing_be_changed():
    """10017 for levels, changes and removals on a symbol that was disabled meanwhile."""
    scene = Scene()
    scene.buy()
    ticket = scene.place(LIMIT, "1.09").order
    scene.rules(trade_mode=TradeMode.DISABLED)
    codes = {scene.levels(sl="1.08").retcode, scene.modify(ticket, price="1.08").retcode}
    assert codes | {scene.remove(ticket).retcode} == {Retcode.TRADE_DISABLED}


def test_nothing_new_is_no_change():
    """10025 for levels and orders that would stay as they are."""
    scene = Scene()
    scene.buy(sl="1.09")
    assert scene.levels(sl="1.09").retcode == Retcode.NO_CHANGES
    ticket = scene.place(LIMIT, "1.09").order
    assert scene.modify(ticket).retcode == Retcode.NO_CHANGES
    assert scene.modify(ticket, price="1.08").retcode == Retcode.DONE


def test_the_freeze_level_freezes_orders_and_positions():
    """Within it an order cannot be changed or removed, a position not changed or closed."""
    scene = Scene(HEDGING)
    order = scene.place(LIMIT, "1.09").order
    position = scene.buy(sl="1.09").order
    scene.rules(freeze_level=100)
    scene.quote("1.09099", "1.09099")
    assert scene.modify(order, price="1.08").retcode == Retcode.FROZEN
    assert scene.remove(order).retcode == Retcode.FROZEN
    assert scene.levels(sl="1.08", position=position).retcode == Retcode.FROZEN
    assert scene.sell(position=position).retcode == Retcode.FROZEN
    scene.quote("1.09100", "1.09100")
    assert scene.remove(order).retcode == scene.sell(position=position).retcode == Retcode.DONE


def test_too_many_requests_a_second():
    """Above the limit the server says 10024, and a second later it listens again."""
    scene = Scene()
    scene.server.requests_a_second = 2
    codes = [scene.buy("0.01").retcode for _ in range(3)]
    assert codes == [Retcode.DONE, Retcode.DONE, Retcode.TOO_MANY_REQUESTS]
    scene.clock.advance(1_001)
    assert scene.buy("0.01").retcode == Retcode.DONE


@pytest.mark.parametrize("execution", Execution)
def test_what_is_being_worked_on_is_locked(execution):
    """A second request for one order, while the server thinks about the first, meets 10028.

    An exchange, where a change is under way, says 10013.
    """
    scene = Scene()
    scene.rules(execution=execution)
    code = Retcode.INVALID if execution is Execution.EXCHANGE else Retcode.LOCKED
    ticket = scene.place(LIMIT, "1.09").order
    scene.server.process_ms = 50
    first = scene.terminal.begin(scene.request(action=Action.REMOVE, order=ticket))
    second = scene.remove(ticket)
    scene.clock.run_until(lambda: first.done)
    assert (first.result.retcode, second.retcode) == (Retcode.DONE, code)
    assert [arrival.acted for arrival in scene.office.ledger.arrivals] == [True, False, True]


def test_close_orders_of_a_position_add_up():
    """10039 if what closes already and what is asked for are more than the position."""
    scene = Scene(HEDGING, future(), balance="100000")
    scene.server.book("ESH4", [(4000, 5)], [("4000.25", 5)])
    ticket = scene.buy("3").order
    scene.server.book("ESH4", [(4000, 1)], [("4000.25", 5)])
    scene.sell("2", position=ticket, type_filling=Filling.RETURN)
    assert scene.position.volume == 2
    scene.server.book("ESH4", [(4000, 0)], [("4000.25", 5)])
    assert scene.sell("2", position=ticket).retcode == Retcode.CLOSE_ORDER_EXIST
    assert scene.sell("1", position=ticket, type_filling=Filling.RETURN).retcode == Retcode.PLACED


ELSEWHERE = {
    "permission", "prices", "fifo", "hedge", "position_limit", "order_limit", "nothing_new",
    "frozen_order", "frozen_position", "closes_by",
}  # fmt: skip
"""Checks that need more than one request to refuse: they have tests of their own."""


def test_every_check_of_the_table_refuses_something():
    """Each check refuses a request of the table above, or has a test of its own."""
    refused = set()
    for _, rules, asked, code in REQUESTS:
        scene = Scene()
        scene.rules(**rules)
        asking = scene.server.asking(LOGIN, scene.request(**asked))
        for check in TABLE.get(asking.action, ()):
            if check(asking) is not None:
                assert check(asking) == code
                refused.add(check.__name__)
                break
    every = {check.__name__ for checks in TABLE.values() for check in checks}
    assert every - refused - {"symbol_enabled"} == ELSEWHERE
