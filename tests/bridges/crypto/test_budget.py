"""The exchange's limits: what a call takes of them, and who waits when they are nearly used."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.binance_face import route_of
from support.crypto_trader import MARKETS, SPOT, USDM, trader_on
from support.exchange.params import Params

from bridges.crypto.budget import MS_NS, ORDER_PART, QUERY_PART, Budget, Cost, Gate, Limit
from bridges.crypto.effects import Call
from bridges.link_events import RateWarned
from bridges.port import Accepted, Canceled, OrderRequest, Rejected
from protocol.fields import OrdType, Side, TimeInForce

BTC = "BTC/USDT"
TEN = Limit(10, 1_000)
ONE = Cost(1)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), max_size=60),
    st.sampled_from([QUERY_PART, ORDER_PART, 1.0]),
    st.integers(0, 999),
)
def test_no_window_of_the_exchange_holds_more_than_its_part(calls, part, phase):
    """Who waits until `free_ns` never exceeds a part, wherever the exchange's windows begin."""
    budget, now_ns, made = Budget([TEN]), 0, []
    for weight, pause_ms in calls:
        now_ns += pause_ms * MS_NS
        now_ns = max(now_ns, budget.free_ns(Cost(weight), part, now_ns))
        budget.spend(Cost(weight), now_ns)
        made.append((now_ns // MS_NS, weight))
    windows = {}
    for at_ms, weight in made:
        window = (at_ms + phase) // 1_000
        windows[window] = windows.get(window, 0) + weight
    assert all(used <= max(int(10 * part), 4) for used in windows.values())


def test_a_free_moment_is_the_first():
    """It is when enough of the oldest has left the window, and not later."""
    budget = Budget([TEN])
    for second in range(6):
        budget.spend(ONE, second * 100 * MS_NS)
    assert budget.free_ns(ONE, QUERY_PART, 600 * MS_NS) == 1_250 * MS_NS
    assert budget.free_ns(Cost(2), QUERY_PART, 600 * MS_NS) == 1_350 * MS_NS
    assert budget.free_ns(ONE, ORDER_PART, 600 * MS_NS) == 600 * MS_NS
    assert budget.free_ns(ONE, QUERY_PART, 1_250 * MS_NS) == 1_250 * MS_NS


def test_orders_and_calls_are_counted_apart():
    """An order takes of both, a question of one; each limit binds by itself."""
    budget = Budget([Limit(100, 1_000), Limit(2, 10_000, "orders")])
    budget.spend(Cost(1, 1), 0)
    budget.spend(Cost(1, 1), 0)
    assert budget.free_ns(Cost(1, 1), 1.0, 0) == 10_250 * MS_NS
    assert budget.free_ns(Cost(1), 1.0, 0) == 0


def test_what_others_have_used_is_learnt():
    """The exchange's own count of an address binds us too; less than ours changes nothing."""
    budget = Budget([TEN])
    budget.spend(ONE, 0)
    budget.learn(6, 0)
    assert budget.free_ns(ONE, QUERY_PART, 0) == 1_250 * MS_NS
    budget.learn(2, 0)
    assert budget.free_ns(ONE, ORDER_PART, 0) == 0


def test_an_exchange_that_wants_quiet_hears_no_questions():
    """After a warning, questions wait for it to end, however empty the windows are."""
    gate = Gate([TEN], lambda _: ONE)
    gate.quiet_until_ns = 5
    assert gate.free_ns(Call("x"), 0) == 5
    assert gate.order_wait_ns(Call("x"), 0) == 0


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_what_a_call_weighs_is_what_the_exchange_counts(market):
    """Each call of a table, in the exchange in the test, whose weights are the documented ones."""
    made = MARKETS[market].table({BTC: "BTCUSDT"}, recv_window_ms=5_000)
    api = trader_on(market).world.exchange.api
    order = OrderRequest(
        cl_ord_id="A", symbol=BTC, side=Side.BUY, order_qty=Decimal(1), ord_type=OrdType.LIMIT,
        price=Decimal(1), time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )  # fmt: skip
    stop = replace(order, ord_type=OrdType.STOP, price=None, stop_px=Decimal(2))
    calls = [
        made.time(), made.access(), made.new_order(order), made.cancel(BTC, "A", "B", waits=False),
        made.cancel(BTC, "A", "B", waits=True), *made.cancel_all(BTC), made.replace(order, "A"),
        *made.look_up(BTC, "A", stop=True), made.new_order(stop),
        *made.open_orders([BTC]), *made.orders_of(BTC, ["1"]), made.trades_of(BTC, "1", 0),
        made.trades_from(BTC, 0, 1), made.account(), made.positions(), made.depth(BTC),
        *made.listing(), *made.dead_man(1_000),
    ]  # fmt: skip
    for call in (*calls, made.mode(), made.ledger(0)):
        if call is None or call.method.startswith("sapi"):
            continue
        route = api.routes[route_of(api, call.method)]
        params = Params({name: str(value) for name, value in call.params.items()})
        weight = route.weight(params) if callable(route.weight) else route.weight
        assert made.cost(call) == Cost(weight, int(route.order)), call.method


def test_a_flood_is_refused_before_the_exchange_has_to_and_cancels_pass():
    """New orders use their part of the limit, then are refused here; a cancel is sent at once."""
    trader = trader_on(SPOT)
    world = trader.world
    most = 100
    names = [trader.place("0.001", "59000") for _ in range(most + 50)]
    name = names[0]
    request = trader.cancel(name)
    world.run(1_000)
    assert len(world.of(Accepted)) == int(most * ORDER_PART)
    assert {one.text for one in world.of(Rejected)} == {
        "RATE_LIMIT: the exchange's limits have no room for it now; not sent"
    }
    assert len(world.of(Rejected)) == len(names) - len(world.of(Accepted))
    assert [one.request_id for one in world.of(Canceled)] == [request]
    assert world.of(RateWarned)
    world.run(12_000)
    trader.place("0.001", "59000")
    world.run(1_000)
    assert len(world.of(Accepted)) == int(most * ORDER_PART) + 1
