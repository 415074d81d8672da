"""The connection to the exchange: which keys are taken, clocks, bans, money that just moves."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from loguru import logger
from support.crypto_trader import KRAKEN, MARKETS, SPOT, USDM
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges.crypto.effects import OpenStream, Response, StreamDown
from bridges.crypto.venue import CryptoVenue
from bridges.errors import BridgeError
from bridges.link_events import LinkChanged, RateWarned
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    CancelRequest,
    Fills,
    LedgerEntries,
    OpenOrders,
    OrderRequest,
    Rejected,
)
from protocol.fields import OrdType, Side, TimeInForce

BTC = "BTC/USDT"
NATIVE = {BTC: "BTCUSDT"}
NAMES = [f"0000000000A{number:02d}" for number in range(30)]


class KeyedShell(VirtualShell):
    """A shell whose exchange says of the key what a test wants."""

    def __init__(self, exchange, answers):
        super().__init__(exchange)
        self.answers = answers

    def call(self, number, call):
        """Answer what is set, let the exchange answer the rest."""
        body = self.answers.get(call.method)
        if body is None:
            super().call(number, call)
        else:
            self._tell((number, body))


def may(**more):
    """Make the answer to what a key may do."""
    return Response(200, {
        "ipRestrict": True, "enableReading": True, "enableWithdrawals": False,
        "enableInternalTransfer": False, "permitsUniversalTransfer": False,
        "enableSpotAndMarginTrading": True, "enableFutures": True, **more,
    })  # fmt: skip


class Silent:
    """A listener that remembers."""

    def __init__(self):
        self.told = []

    def on_event(self, event):
        """Remember."""
        self.told.append(event)


def run_venue(answers, key_may=(), market=SPOT):
    """Connect with a key; return whether it came up, or raise what the bridge raises."""
    exchange = VirtualExchange(MARKETS[market].make_face)
    table = MARKETS[market].table({BTC: MARKETS[market].native}, recv_window_ms=5_000)
    shell = KeyedShell(exchange, answers)
    venue = CryptoVenue(table=table, shell=shell, notes=Notes(), key_may=frozenset(key_may))
    world = World(exchange, venue, shell)
    return world, venue.connected


RESTRICTIONS = "sapiGetAccountApiRestrictions"


def test_a_key_that_may_trade_only_and_is_bound_is_taken():
    """Trading allowed, withdrawals not, bound to addresses: the link comes up."""
    _, up = run_venue({RESTRICTIONS: may()})
    assert up


@pytest.mark.parametrize(
    ("wrong", "excuse", "word"),
    [
        ({"enableWithdrawals": True}, "withdraw", "withdraw"),
        ({"permitsUniversalTransfer": True}, "withdraw", "withdraw"),
        ({"ipRestrict": False}, "any_address", "not bound"),
    ],
)
def test_a_key_that_may_too_much_is_refused_unless_the_config_says_so(wrong, excuse, word):
    """The bridge stops and says what to do; with the words in the config it runs."""
    with pytest.raises(BridgeError, match=word):
        run_venue({RESTRICTIONS: may(**wrong)})
    _, up = run_venue({RESTRICTIONS: may(**wrong)}, key_may=[excuse])
    assert up


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_a_key_that_may_not_trade_is_refused(market):
    """It would find out with the first order."""
    trade = "enableSpotAndMarginTrading" if market == SPOT else "enableFutures"
    with pytest.raises(BridgeError, match="may not trade"):
        run_venue({RESTRICTIONS: may(**{trade: False})}, market=market)


def test_a_key_that_the_exchange_does_not_take_is_refused():
    """-2015: wrong key, wrong address: the bridge stops and repeats the exchange's words."""
    words = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
    with pytest.raises(BridgeError, match="Invalid API-key"):
        run_venue({RESTRICTIONS: Response(401, words)})


def test_a_key_that_cannot_be_judged_yet_is_asked_again():
    """A timeout proves nothing of the key: the link stays down."""
    world, up = run_venue({RESTRICTIONS: Response(0, None, {}, "RequestTimeout")})
    assert not up
    world.shell.answers[RESTRICTIONS] = may()
    assert world.until(lambda: world.venue.connected)


@pytest.mark.parametrize("passes", [
    Response(400, {"code": -1021, "msg": "Timestamp for this request is outside."}),
    Response(429, {"code": -1003, "msg": "Too many requests."}, {"retry-after": "1"}),
    Response(418, {"code": -1003, "msg": "Way too many requests."}, {"retry-after": "1"}),
])  # fmt: skip
def test_what_passes_says_nothing_of_the_key(passes):
    """A wrong clock, haste, a ban: the bridge does not stop, it asks again."""
    world, up = run_venue({RESTRICTIONS: passes})
    assert not up
    world.shell.answers[RESTRICTIONS] = may()
    assert world.until(lambda: world.venue.connected)


def test_hedge_mode_is_refused():
    """In hedge mode an order would have to name a side of the position."""
    with pytest.raises(BridgeError, match="hedge mode"):
        run_venue(
            {RESTRICTIONS: may(), "fapiPrivateGetPositionSideDual": Response(
                200, {"dualSidePosition": True})}, market=USDM,
        )  # fmt: skip


@pytest.fixture
def world():
    """Give Binance spot, up."""
    found, up = run_venue({RESTRICTIONS: may()})
    assert up
    return found


def order(name, price="59000"):
    """Make an order that rests."""
    return OrderRequest(
        cl_ord_id=name, symbol=BTC, side=Side.BUY, order_qty=Decimal("0.5"),
        ord_type=OrdType.LIMIT, price=Decimal(price),
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )  # fmt: skip


def test_a_clock_that_is_off_is_set(world):
    """-1021 refuses the order for ever; the clock is read anew, and the next order is taken."""
    world.exchange.api.clock = lambda: world.exchange.now_ns + 7_000_000_000
    world.venue.submit(order(NAMES[0]), world.exchange.now_ns)
    world.run(200)
    (refused,) = world.of(Rejected)
    assert "-1021" in refused.text
    world.run(500)
    world.venue.submit(order(NAMES[1]), world.exchange.now_ns)
    world.run(200)
    assert [one.order.cl_ord_id for one in world.of(Accepted)] == [NAMES[1]]


def test_a_warning_is_told_and_questions_wait(world):
    """429: RateWarned with the time that is asked for; own questions wait, a cancel does not."""
    world.venue.submit(order(NAMES[0]), world.exchange.now_ns)
    world.run(200)
    world.shell.faults.append(("slow", "PostOrder"))
    world.venue.submit(order(NAMES[1]), world.exchange.now_ns)
    world.run(50)
    assert world.of(RateWarned) == [RateWarned(2_000, banned=False)]
    assert [one.order.cl_ord_id for one in world.of(Rejected)] == [NAMES[1]]
    before = len(world.shell.calls)
    world.venue.open_orders("1", world.exchange.now_ns)
    request = CancelRequest(
        cl_ord_id=NAMES[2], orig_cl_ord_id=NAMES[0], symbol=BTC, side=Side.BUY
    )
    world.venue.cancel(request, world.exchange.now_ns)
    world.run(500)
    assert [call.method for _, call in world.shell.calls[before:]] == ["privateDeleteOrder"]
    world.run(3_000)
    assert world.of(OpenOrders) == [OpenOrders(ask="1", orders=())]


def test_during_a_ban_nothing_is_sent(world):
    """418: RateWarned with banned; orders are refused unsent until it is over."""
    world.shell.answers["privatePostOrder"] = Response(
        418, {"code": -1003, "msg": "banned"}, {"retry-after": "30"}
    )
    world.venue.submit(order(NAMES[0]), world.exchange.now_ns)
    world.run(50)
    del world.shell.answers["privatePostOrder"]
    assert world.of(RateWarned) == [RateWarned(30_000, banned=True)]
    before = len(world.shell.calls)
    world.venue.submit(order(NAMES[1]), world.exchange.now_ns)
    world.run(25_000)
    assert [call.method for _, call in world.shell.calls[before:]] == []
    assert world.of(Rejected)[-1].text.startswith("BANNED")
    world.run(10_000)
    world.venue.submit(order(NAMES[2]), world.exchange.now_ns)
    world.run(200)
    assert world.of(Accepted)[-1].order.cl_ord_id == NAMES[2]


def test_while_it_is_down_orders_are_refused_and_answers_incomplete(world):
    """A dead stream is a venue that is down: nothing is sent, nothing is said to be complete."""
    world.shell.stream_fault = "drop"
    world.exchange.trade(60010, "0.1", "buy")
    world.venue.submit(order(NAMES[0]), world.exchange.now_ns)
    world.until(lambda: not world.venue.connected)
    world.venue.submit(order(NAMES[1]), world.exchange.now_ns)
    world.venue.fills_since("1", 0, world.exchange.now_ns)
    world.venue.open_orders("2", world.exchange.now_ns)
    world.venue.step(world.exchange.now_ns)
    assert world.of(Rejected)[-1].text.startswith("VENUE_DOWN")
    assert not world.of(Fills)[-1].complete
    assert not world.of(OpenOrders)[-1].complete
    assert world.until(lambda: world.venue.connected)
    assert [one.up for one in world.of(LinkChanged)] == [True, False, True]


def test_a_dead_mans_cancel_is_repeated_until_the_exchange_has_agreed(world):
    """Everything that rests goes, whatever becomes of the first request."""
    for name in NAMES[:3]:
        world.venue.submit(order(name), world.exchange.now_ns)
    world.run(200)
    world.shell.faults += [("lost", "DeleteOpenOrders"), ("server_error", "DeleteOpenOrders")]
    world.venue.cancel_all("DEAD_MAN", world.exchange.now_ns)
    world.run(10_000)
    assert not [one for one in world.exchange.api.desk.records.values() if one.is_open]


def test_funding_is_a_ledger_entry_with_the_exchanges_id():
    """USD-M: when the stream hints at money that moved, the ledger is asked for what it was."""
    world, _ = run_venue({RESTRICTIONS: may()}, market=USDM)
    world.venue.submit(order(NAMES[0], price="60010"), world.exchange.now_ns)
    world.run(500)
    world.exchange.api.fund(BTC, "0.0001")
    world.run(1_000)
    (told,) = [one for one in world.of(LedgerEntries) if one.entries]
    (entry,) = [one for one in told.entries if one.kind == "FUNDING"]
    assert (entry.currency, entry.symbol) == ("USDT", BTC)
    assert entry.amount == -(Decimal(60005) * Decimal("0.5") * Decimal("0.0001")).quantize(
        Decimal("1E-8")
    )
    world.venue.ledger_entries("7", world.exchange.now_ns - 10**12, world.exchange.now_ns)
    world.run(200)
    answer = world.of(LedgerEntries)[-1]
    assert answer.complete
    assert entry in answer.entries


def test_a_listen_key_that_dies_is_replaced():
    """USD-M: listenKeyExpired takes the link down, a new key brings it up again."""
    world, _ = run_venue({RESTRICTIONS: may()}, market=USDM)
    first = world.exchange.api.listen_key
    world.shell.hear(world.exchange.api.ended_event())
    assert world.until(lambda: not world.venue.connected)
    assert world.until(lambda: world.venue.connected)
    assert world.exchange.api.listen_key != first


@pytest.fixture
def warnings():
    """Give what is logged as a warning."""
    lines = []
    sink = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    yield lines
    logger.remove(sink)


@pytest.mark.parametrize(
    ("method", "error", "why"),
    [
        ("privatePostGetWebSocketsToken", "EAPI:Rate limit exceeded", "no key of the user stream"),
        ("publicGetAssetPairs", "EQuery:Unknown asset pair",
         "the rules of the symbols could not be read"),
        ("publicGetTime", "EService:Unavailable", ""),
    ],
)  # fmt: skip
def test_why_it_does_not_come_up_is_said_once(warnings, method, error, why):
    """The reason is in the log, once until it is up, however often it is tried."""
    world, is_up = run_venue({method: Response(200, {"error": [error]})}, market=KRAKEN)
    assert not is_up
    assert warnings == [f"kraken spot is not up yet: {why}{': ' if why else ''}{error}\n"]
    world.shell.answers.clear()
    assert world.until(lambda: world.venue.connected)


def test_a_stream_that_is_not_to_be_had_is_said_once(warnings):
    """So it is with the stream itself: it is dialled again, and told of once."""
    exchange = VirtualExchange(MARKETS[SPOT].make_face)
    table = MARKETS[SPOT].table(NATIVE, recv_window_ms=5_000)
    shell = Unreachable(exchange)
    world = World(exchange, CryptoVenue(table=table, shell=shell, notes=Notes()), shell)
    world.run(20_000)
    assert shell.dialled > 2
    assert warnings == ["binance spot is not up yet: refused\n"]


class Unreachable(VirtualShell):
    """A shell that reaches REST, and no stream."""

    dialled = 0

    def act(self, act):
        """Fail to open."""
        if isinstance(act, OpenStream):
            self.dialled += 1
            self._tell(StreamDown(act.name, "refused"))
