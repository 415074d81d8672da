"""What is bybit's own: acknowledgements, places of orders, limits, one purse, keys, logons."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.bybit_face import BybitFace
from support.crypto_trader import BTC, MARKETS, Trader
from support.exchange.bybit.access import LIMITS, BybitKey
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges import notes
from bridges.crypto.tables.bybit_spot import BybitSpot
from bridges.crypto.venue import CryptoVenue
from bridges.errors import BridgeError
from bridges.link_events import LinkChanged
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Balances,
    Canceled,
    CancelRefused,
    Filled,
    Found,
    LedgerEntries,
    Positions,
    Rejected,
    Replaced,
)
from protocol.fields import OrdStatus, OrdType, Side

SPOT, LINEAR = "bybit spot", "bybit linear"
BOTH = pytest.mark.parametrize("market", [SPOT, LINEAR])
HOUR_MS = 3_600_000


def trader_with(market, *, lag_ms=0, limits=None, key=None, **more):
    """Make a trader on a market of bybit."""
    one = MARKETS[market]
    exchange = VirtualExchange(
        lambda clock, say: BybitFace(
            one.table.category, clock, say, lag_ms=lag_ms, limits=limits, key=key
        )
    )
    shell = VirtualShell(exchange)
    venue = CryptoVenue(
        table=one.table({BTC: one.native}, recv_window_ms=5_000), shell=shell, notes=Notes(),
        **{"checks_key": False, **more},
    )  # fmt: skip
    return Trader(World(exchange, venue, shell), one)


@pytest.fixture(params=[SPOT, LINEAR])
def trader(request):
    """Give a trader on a venue that is up."""
    return trader_with(request.param)


def calls_of(world, word):
    """Return the parameters of the calls whose method has a word."""
    return [call.params for _, call in world.shell.calls if word in call.method]


# Limits.


@BOTH
def test_no_request_is_over_the_stated_limits(market):
    """500 new orders at once and one cancel: it leaves at once, and bybit refuses nobody."""
    trader = trader_with(market, limits=LIMITS)
    world = trader.world
    first = trader.place("0.001", "59000")
    world.run(500)
    names = [trader.place("0.001", "59000") for _ in range(500)]
    request = trader.cancel(first)
    world.run(3_000)
    assert [one.request_id for one in world.of(Canceled)] == [request]
    assert world.exchange.face.account.limiter.refused == 0
    assert len(world.of(Accepted)) + len(world.of(Rejected)) == len(names) + 1
    trader.judge()


@BOTH
def test_amendments_have_a_limit_of_their_own(market):
    """Ten a second on both, though spot takes twenty new orders: what is too much is refused."""
    trader = trader_with(market, limits=LIMITS)
    world = trader.world
    names = []
    for _ in range(30):
        names.append(trader.place("0.001", "59000"))
        world.run(200)
    world.run(2_000)
    for name in names:
        trader.replace(name, "0.002", "59000")
    world.run(3_000)
    assert world.exchange.face.account.limiter.refused == 0
    refused = world.of(CancelRefused)
    assert {one.text.split(":")[0] for one in refused} == {"RATE_LIMIT"}
    assert len(world.of(Replaced)) + len(refused) == 30
    assert len(world.of(Replaced)) >= 8
    trader.judge()


def test_cancels_that_are_too_many_are_said_again():
    """Ten a second are taken on linear; thirty at once are all done, in a few seconds."""
    trader = trader_with(LINEAR, limits=LIMITS)
    world = trader.world
    names = []
    for _ in range(30):
        names.append(trader.place("0.001", "59000"))
        world.run(200)
    requests = {trader.cancel(name) for name in names}
    world.run(15_000)
    assert world.exchange.face.account.limiter.refused > 0
    assert {one.request_id for one in world.of(Canceled)} == requests
    assert not world.of(CancelRefused)
    trader.judge()


# Orders.


def test_our_id_goes_out_under_its_own_name(trader):
    """OrderLinkId names the order in every request about it; no other id is sent."""
    world = trader.world
    name = trader.place("0.5", "59000")
    world.run(500)
    fresh = trader.replace(name, "0.6", "59100")
    world.run(500)
    trader.cancel(fresh)
    world.run(500)
    for word in ("OrderCreate", "OrderAmend", "OrderCancel"):
        (params,) = calls_of(world, word)
        assert params["orderLinkId"] == name
        assert not {"orderId", "clientOrderId"} & params.keys()
    assert [one.order.cl_ord_id for one in world.of(Canceled)] == [fresh]


@pytest.mark.parametrize("lag_ms", [0, 60])
@BOTH
def test_a_post_only_order_that_would_take_is_refused_by_the_stream(market, lag_ms):
    """It is acknowledged, and then Rejected on spot, Cancelled on linear: here both are 150=8."""
    trader = trader_with(market, lag_ms=lag_ms)
    world = trader.world
    trader.place("0.5", "60010", post_only=True)
    world.run(2_000)
    (refused,) = world.of(Rejected)
    assert refused.text == "EC_PostOnlyWillTakeLiquidity"
    assert not world.of(Accepted)
    assert calls_of(world, "OrderCreate")[0]["timeInForce"] == "PostOnly"


def test_a_change_that_would_make_a_post_only_order_take_ends_it(trader):
    """It is acknowledged, and then the order is cancelled: one refusal, one end, each with why."""
    world = trader.world
    name = trader.place("0.5", "59000", post_only=True)
    world.run(500)
    request = trader.replace(name, "0.5", "60010", post_only=True)
    world.run(2_000)
    (refused,), (gone,) = world.of(CancelRefused), world.of(Canceled)
    assert refused.request_id == request
    assert refused.text == "acknowledged by bybit, and then not done"
    assert (gone.order.cl_ord_id, gone.text) == (name, "EC_PostOnlyWillTakeLiquidity")
    assert not world.of(Replaced)
    trader.judge()


def test_an_order_is_found_in_either_place(trader):
    """Where realtime has forgotten what is closed, the history has it."""
    world = trader.world
    name = trader.place("0.5", "60010")
    world.run(500)
    for record in world.exchange.api.desk.records.values():
        record.forgotten = True
    world.told.clear()
    world.venue.look_up("Q", name, world.exchange.now_ns)
    world.run(500)
    (found,) = world.of(Found)
    assert (found.complete, found.order.status) == (True, OrdStatus.FILLED)
    assert [len(calls_of(world, word)) for word in ("OrderRealtime", "OrderHistory")] == [2, 1]


def test_an_id_older_than_all_notes_is_not_absent(trader, monkeypatch):
    """It may be that of a change, which the exchange never had: not found proves nothing."""
    monkeypatch.setattr(notes, "MAX_NOTES", 2)
    world = trader.world
    for _ in range(3):
        trader.place("0.5", "58000")
        world.run(200)
    for name in ("0000000000001", "003FSJ1DEZZZZ"):
        world.venue.look_up(name, name, world.exchange.now_ns)
    world.run(500)
    assert [(one.order, one.complete) for one in world.of(Found)] == [(None, False), (None, True)]


def test_two_empty_lists_are_unknown_and_one_is_not(trader):
    """RetCode 0 with nothing in both places is absence; with one place silent nothing is proven."""
    world = trader.world
    world.venue.look_up("Q1", "003FSJ1DEZZZZ", world.exchange.now_ns)
    world.run(500)
    world.shell.faults.append(("lost", "OrderHistory"))
    world.venue.look_up("Q2", "003FSJ1DEZZZZ", world.exchange.now_ns)
    world.run(12_000)
    assert [(one.ask, one.order, one.complete) for one in world.of(Found)] == [
        ("Q1", None, True), ("Q2", None, False),
    ]  # fmt: skip


@BOTH
def test_an_order_that_is_not_matched_yet_is_not_absent(market):
    """Between acknowledgement and matching no list has it; it is accepted once, and not refused."""
    trader = trader_with(market, lag_ms=3_000)
    world = trader.world
    trader.place("0.5", "59000")
    world.run(2_500)
    assert not world.of(Rejected)
    world.run(3_000)
    assert len(world.of(Accepted)) == 1
    trader.judge()


def test_market_orders_are_by_quantity():
    """On spot a buy would be by value, did it not say marketUnit."""
    trader = trader_with(SPOT)
    world = trader.world
    trader.place("0.5", None, ord_type=OrdType.MARKET)
    world.run(500)
    (fill,) = world.of(Filled)
    assert (fill.fill.last_qty, fill.fill.comm_currency) == (Decimal("0.5"), "BTC")
    trader.judge()


def test_fills_of_one_millisecond_are_told_as_they_happened(trader):
    """The list has the newest first: what was missed is told from its end."""
    world = trader.world
    trader.place("0.5", "60000")
    world.run(500)
    world.shell.stream_fault = "drop"
    for qty in ("0.1", "0.15", "0.2", "5"):
        world.exchange.trade("59990", qty, "sell")
    assert world.until(lambda: len(world.of(Filled)) == 4)
    told = [one.fill.last_qty for one in world.of(Filled)]
    deals = world.exchange.api.desk.deals
    assert told == [deal.qty for deal in deals]
    assert len({deal.time_ms for deal in deals}) < len(deals)


def test_reduce_only_and_one_way_mode_are_said():
    """PositionIdx 0 stands in each order, so that hedge mode refuses it; reduceOnly only if so."""
    trader = trader_with(LINEAR)
    world = trader.world
    trader.place("0.5", "60010")
    world.run(500)
    trader.place("0.2", "60000", side=Side.SELL, reduce_only=True)
    world.run(500)
    first, second = calls_of(world, "OrderCreate")
    assert (first["positionIdx"], "reduceOnly" in first) == (0, False)
    assert (second["positionIdx"], second["reduceOnly"]) == (0, True)
    world.venue.positions("P", world.exchange.now_ns)
    world.run(500)
    (held,) = world.of(Positions)
    assert [(one.qty, one.avg_px) for one in held.positions] == [(Decimal("0.3"), 60_010)]
    trader.judge()


def test_what_closes_a_position_by_itself_is_told_by_its_trades():
    """A settlement has executions and no order: the link comes up all the same, and tells them."""
    trader = trader_with(LINEAR)
    world = trader.world
    world.shell.stream_fault = "drop"
    trader.market.by_hand(world.exchange.api, "0.2")
    for record in world.exchange.api.desk.records.values():
        record.unlisted = True
    world.run(20_000)
    assert world.venue.connected
    assert [one.fill.last_qty for one in world.of(Filled)] == [Decimal("0.2")]


def test_a_second_change_may_follow_at_once(trader):
    """What the stream has told is over: its answer may still be out when the next is asked for."""
    world = trader.world
    name = trader.place("0.5", "59000")
    world.run(500)
    world.shell.faults.append(("hang", "OrderAmend"))
    first = trader.replace(name, "0.6", "59100")
    world.until(lambda: world.of(Replaced))
    second = trader.replace(first, "0.7", "59200")
    world.run(30_000)
    assert [one.order.cl_ord_id for one in world.of(Replaced)] == [first, second]
    assert not world.of(CancelRefused)
    trader.judge()


# The account.


def test_one_purse_and_what_is_free_of_it(trader):
    """What an open order blocks is not free; the total is the wallet's."""
    world = trader.world
    trader.place("1", "59000")
    world.run(500)
    world.venue.balances("B", world.exchange.now_ns)
    world.run(500)
    money = {one.currency: one for one in world.of(Balances)[0].balances}
    at_the_middle = Decimal(60005) / 10  # the leverage
    blocked = 59_000 if trader.market.table is BybitSpot else at_the_middle
    assert money["USDT"].total == 1_000_000
    assert 1_000_000 - money["USDT"].free == blocked
    assert money["BTC"].total == 2


def test_funding_is_told_when_it_is_paid_and_is_no_fill():
    """The stream tells it as an execution: then the log is read, where a cost is negative."""
    trader = trader_with(LINEAR)
    world = trader.world
    trader.place("0.5", "60010")
    world.run(500)
    world.exchange.api.fund(BTC, "0.0001")
    world.run(1_000)
    entries = [one for told in world.of(LedgerEntries) for one in told.entries]
    (funding,) = [one for one in entries if one.kind == "FUNDING"]
    assert (funding.amount, funding.currency, funding.symbol) == (
        Decimal("-3.00025"), "USDT", BTC
    )  # fmt: skip
    assert len(world.of(Filled)) == 1
    trader.judge()


def test_the_log_is_read_kind_by_kind_window_by_window(trader):
    """Each window is at most seven days; pages go on until one is empty; entries come once."""
    world = trader.world
    wallet = world.exchange.face.account.wallet
    now_ms = world.exchange.now_ns // 1_000_000
    for day in range(120):
        wallet.move("TRANSFER_IN", "USDT", Decimal(1), now_ms - day * 4 * HOUR_MS)
    since_ns = world.exchange.now_ns - 20 * 24 * HOUR_MS * 1_000_000
    world.venue.ledger_entries("L", since_ns, world.exchange.now_ns)
    world.run(20_000)
    told = [one for one in world.of(LedgerEntries) if one.ask == "L"]
    (entries,) = told
    assert entries.complete
    deposits = [one for one in entries.entries if one.kind == "DEPOSIT" and one.amount == 1]
    assert len({one.entry_id for one in deposits}) == len(deposits) == 120
    for params in calls_of(world, "TransactionLog"):
        assert params["endTime"] - params["startTime"] <= 7 * 24 * HOUR_MS


WALLET = {"Wallet": ["AccountTransfer"]}
ACCESS = [
    ({}, (), ""), ({"read_only": 1}, (), "may not trade"),
    ({"ips": ["*"]}, (), "not bound"), ({"ips": []}, (), "not bound"),
    ({"ips": ["*"]}, ("any_address",), ""), ({"more": WALLET}, (), "may withdraw"),
    ({"more": WALLET}, ("withdraw",), ""),
    ({"more": {"Spot": [], "ContractTrade": ["Position"]}}, (), "may not trade"),
]


@pytest.mark.parametrize(("rights", "key_may", "refusal"), ACCESS)
@BOTH
def test_a_key_that_may_too_much_or_too_little_stops_the_bridge(market, rights, key_may, refusal):
    """Permissions and addresses are read before the stream is opened."""
    words = dict(rights)
    key = BybitKey()
    key.permissions |= words.pop("more", {})
    for name, value in words.items():
        setattr(key, name, value)

    def begin():
        return trader_with(market, key=key, checks_key=True, key_may=frozenset(key_may))

    if refusal:
        with pytest.raises(BridgeError, match=refusal):
            begin()
    else:
        assert begin().world.venue.connected


# The stream.


@pytest.mark.parametrize("op", ["auth", "subscribe"])
def test_a_logon_that_is_refused_is_no_stream(trader, op):
    """The link goes down with bybit's words, and is tried again."""
    world = trader.world
    face = world.exchange.face
    face.refused = op
    world.shell.stream_fault = "drop"
    trader.place("0.5", "59000")
    world.run(3_000)
    assert not world.venue.connected
    assert world.of(LinkChanged)[-1].up is False
    face.refused = ""
    assert world.until(lambda: world.venue.connected)
    trader.judge()
