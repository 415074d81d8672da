"""Every misbehaviour of the exchange at every moment of an order's life, in virtual time.

At the end what was told equals the exchange's own record: each trade once, each order's end, what
is open; no client id was taken twice, and no order exceeded its quantity.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import MARKETS, QUICK, SPOT, by_length, trader_on, venue_on
from support.figures import show
from support.matrix import matrix
from support.virtual_exchange import ANSWER_FAULTS, STREAM_FAULTS

from bridges.link_events import LinkChanged
from bridges.port import Accepted, Canceled, CancelRefused, Filled, Replaced
from protocol.fields import OrdStatus

LONG_S = 90
"""Long enough for every doubt to end: the absence of an order is proven after 10 s."""


@pytest.fixture(params=by_length(MARKETS))
def market(request):
    """Name one market of one exchange."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up."""
    return trader_on(market)


MOMENTS = {
    "test_placing": "place", "test_cancelling": "cancel", "test_replacing": "replace",
    "test_reconnecting_through_wrong_answers": "reconnect",
    "test_an_order_that_others_gave_is_told_after_a_gap": "reconnect",
}  # fmt: skip


@pytest.fixture(scope="module")
def counts():
    """Count the cases of each misbehaviour at each moment; at the end, show them."""
    found = Counter()
    yield found
    text = matrix(found, (*ANSWER_FAULTS, *STREAM_FAULTS))
    show("misbehaviours of the exchanges, in virtual time", f"{found.total()} cases\n{text}")


@pytest.fixture(autouse=True)
def _counted(request, counts):
    """Count a case by the parameters of its test."""
    given = getattr(request.node, "callspec", None)
    moment = MOMENTS.get(request.node.originalname)
    if given is not None and "fault" in given.params:
        counts[
            given.params.get("answers", given.params["fault"]), moment or given.params["moment"]
        ] += 1


Canceled_or_refused = (Canceled, CancelRefused)


def prepared(trader, state):
    """Bring an order to a state: rests, part (1 of 1.5 filled)."""
    world = trader.world
    name = trader.place("1.5", "60010" if state == "part" else "59000")
    assert world.until(lambda: world.of(Filled) if state == "part" else world.of(Accepted))
    world.run(200)
    return name


@pytest.mark.parametrize("ends", ["rests", "part", "full", "fills later"])
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_placing(trader, market, fault, ends):
    """A new order whose answer goes wrong is found, or refused, or never was; never sent twice."""
    world = trader.world
    world.shell.faults.append((fault, MARKETS[market].place))
    qty = "0.5" if ends == "full" else "1.5"
    trader.place(qty, "59000" if ends in {"rests", "fills later"} else "60010")
    if ends == "fills later":
        world.run(50)
        world.exchange.trade(58000, "5", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()


@pytest.mark.parametrize("during", ["", "fill"])
@pytest.mark.parametrize("state", ["rests", "part"])
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_cancelling(trader, market, fault, state, during):
    """A cancel whose answer goes wrong is done, or refused with what the order is then."""
    world = trader.world
    name = prepared(trader, state)
    world.shell.faults.append((fault, MARKETS[market].cancel))
    request = trader.cancel(name)
    if during:
        world.run(5)
        world.exchange.trade(58000, "0.2", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()
    answered = [one for one in world.of(Canceled_or_refused) if one.request_id == request]
    assert len(answered) == 1


def replacing():
    """Give each market with its request that replaces; Binance spot with both halves of it."""
    yield from ((SPOT, "DeleteOrder"), (SPOT, "PostOrder"))
    for name, one in MARKETS.items():
        marks = () if name in QUICK else pytest.mark.length("ci")
        yield pytest.param(name, one.replace, marks=marks)


@pytest.mark.parametrize("during", ["", "part fill", "whole fill"])
@pytest.mark.parametrize("state", ["rests", "part"])
@pytest.mark.parametrize(("market", "method"), list(replacing()), indirect=["market"])
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_replacing(trader, fault, method, state, during):
    """A replace in which something goes wrong never executes more than it was for."""
    world = trader.world
    name = prepared(trader, state)
    world.shell.faults.append((fault, method))
    request = trader.replace(name, "1.4", "59100")
    if during:
        world.run(5)
        world.exchange.trade(58000, "0.2" if during == "part fill" else "5", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()
    assert sum(one.fill.last_qty for one in world.of(Filled)) <= Decimal("1.5")
    done = [one for one in world.of(Replaced) if one.order.cl_ord_id == request]
    refused = [one for one in world.of(CancelRefused) if one.request_id == request]
    assert len(done) + len(refused) == 1
    world.exchange.trade(58000, "5", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()
    if done:
        assert sum(one.fill.last_qty for one in world.of(Filled)) <= Decimal("1.4")


@pytest.mark.parametrize("moment", ["place", "fill", "cancel", "replace"])
@pytest.mark.parametrize("state", ["rests", "part"])
@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_the_stream(trader, fault, state, moment):
    """Events that are lost, late, doubled or swapped, and a stream that dies, silently or not."""
    world = trader.world
    if moment == "place":
        world.shell.stream_fault = fault
    name = prepared(trader, state)
    world.shell.stream_fault = fault if moment != "place" else world.shell.stream_fault
    if moment == "fill":
        world.exchange.trade(58000, "0.2", "sell")
        world.exchange.trade(58000, "0.1", "sell")
    elif moment == "cancel":
        trader.cancel(name)
    elif moment == "replace":
        trader.replace(name, "1.4", "59100")
    world.run(LONG_S * 1_000)
    trader.judge()
    downs = [one for one in world.of(LinkChanged) if not one.up]
    assert bool(downs) is (fault in {"drop", "silence"} and not world.shell.stream_fault)
    world.shell.stream_fault = ""
    world.exchange.trade(58000, "5", "sell")
    world.run(LONG_S * 1_000)
    trader.judge()
    assert world.venue.connected


@pytest.mark.parametrize("state", ["rests", "part"])
def test_a_cancel_on_the_heels_of_a_replace(trader, state):
    """It waits for what becomes of the replace, and then cancels what lives."""
    world = trader.world
    name = prepared(trader, state)
    trader.replace(name, "1.4", "59100")
    request = trader.cancel(name)
    world.run(5_000)
    trader.judge()
    assert trader.open_here() == {}
    assert [one.request_id for one in world.of(Canceled)] == [request]


@pytest.mark.parametrize("deed", ["", "cancel", "replace"])
@pytest.mark.parametrize("state", ["rests", "part"])
def test_a_fill_that_the_stream_never_told(trader, market, state, deed):
    """It is found by the audit, or by what the next answer says was executed: before the end."""
    world = trader.world
    name = prepared(trader, state)
    world.shell.stream_fault = "lose"
    world.exchange.trade(58000, "0.2", "sell")
    if deed == "cancel":
        trader.cancel(name)
    elif deed == "replace":
        trader.replace(name, "1.4", "59100")
    world.run(MARKETS[market].table.audit_ms + 5_000)
    trader.judge()
    world.exchange.trade(58000, "5", "sell")
    world.run(5_000)
    trader.judge()
    done = sum(one.fill.last_qty for one in world.of(Filled))
    before = Decimal("1.2") if state == "part" else Decimal("0.2")
    assert done == {"": Decimal("1.5"), "cancel": before, "replace": Decimal("1.4")}[deed]


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_an_order_that_others_gave_is_told_after_a_gap(trader, market, fault):
    """What the account's owner trades by hand while nobody listens is told all the same."""
    world = trader.world
    prepared(trader, "rests")
    world.shell.stream_fault = fault
    for number in range(3):
        MARKETS[market].by_hand(world.exchange.api, f"0.{number}1")
    world.run(LONG_S * 1_000)
    assert len(world.of(Filled)) == 3
    assert {one.order.cl_ord_id for one in world.of(Filled)} == {""}
    trader.judge()


def test_a_half_open_stream_is_noticed_in_seconds(trader):
    """A stream that says nothing and answers no ping is down after 4 s, and up again soon after."""
    world = trader.world
    prepared(trader, "rests")
    world.shell.stream_fault = "silence"
    world.exchange.trade(58000, "0.2", "sell")
    since_ns = world.exchange.now_ns
    assert world.until(lambda: not world.venue.connected)
    assert world.exchange.now_ns - since_ns < 5_000_000_000
    assert world.until(lambda: world.venue.connected)
    assert world.exchange.now_ns - since_ns < 6_000_000_000
    trader.judge()


@pytest.mark.parametrize("answers", ANSWER_FAULTS)
@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_reconnecting_through_wrong_answers(trader, market, fault, answers):
    """The link comes up through questions that are answered wrongly, and nothing is missed."""
    world = trader.world
    prepared(trader, "part")
    world.shell.faults += [(answers, word) for word in MARKETS[market].wrong_questions]
    world.shell.stream_fault = fault
    world.exchange.trade(58000, "0.2", "sell")
    world.exchange.trade(58000, "0.1", "sell")
    world.run(LONG_S * 1_000)
    assert world.venue.connected
    trader.judge()


def test_a_restart_of_the_bridge_after_a_replace(trader, market):
    """What was placed before the kill is taken up, and its later fills are told with its chain."""
    world = trader.world
    name = prepared(trader, "part")
    fresh = trader.replace(name, "1.4", "59100")
    world.run(500)
    world.exchange.shells.remove(world.shell)
    again = venue_on(world.exchange, market, world.venue.core.notes)
    world.exchange.trade(58000, "5", "sell")
    again.run(1_000)
    (last,) = again.of(Filled)
    assert (last.order.cl_ord_id, last.order.cum_qty, last.order.order_qty) == (
        fresh, Decimal("1.4"), Decimal("1.4"),
    )  # fmt: skip
    assert last.order.status is OrdStatus.FILLED
