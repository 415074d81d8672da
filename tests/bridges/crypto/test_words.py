"""Words that nobody has documented: an order is open, it is said once, and the link stays up."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")
from loguru import logger
from msgspec.structs import replace
from support.crypto_trader import BTC, MARKETS, by_length, trader_on

from bridges.crypto.words import read_rows, status_of, type_of
from bridges.port import Accepted, Canceled, Filled
from protocol.fields import OrdStatus, OrdType

OPEN = frozenset((
    "NEW", "PARTIALLY_FILLED", "New", "PartiallyFilled", "live", "partially_filled", "open", "new",
))  # fmt: skip
STATES = frozenset(("status", "X", "orderStatus", "state", "order_status"))
LIMITS = frozenset(("LIMIT", "Limit", "limit"))
SIDES = frozenset(("BUY", "Buy", "buy"))
MINUTE_S = 60
FOREIGN = {
    "bybit spot": {"result": {"list": [{"symbol": "ETHUSDT"}]}},
    "bybit linear": {"result": {"list": [{"symbol": "ETHUSDT"}]}},
    "okx spot": {"data": [{"instId": "ETH-USDT"}]},
    "okx swap": {"data": [{"instId": "ETH-USDT-SWAP"}]},
    "kraken spot": {"result": {"open": {"O1": {"descr": {"pair": "ETHUSDT"}}}}},
}


@pytest.fixture(params=by_length(MARKETS))
def market(request):
    """Name one market of one exchange."""
    return request.param


@pytest.fixture
def trader(market):
    """Give a trader on a venue that is up, with an order that rests."""
    found = trader_on(market)
    found.place("1.5", "59000")
    assert found.world.until(lambda: found.world.of(Accepted))
    found.world.run(100)
    return found


@pytest.fixture
def said():
    """Give what is logged."""
    found = []
    sink = logger.add(found.append, format="{message}")
    yield found
    logger.remove(sink)


def in_new_words(body, key=""):
    """Say states and types of open orders in words that nobody knows."""
    if isinstance(body, dict):
        return {name: in_new_words(value, name) for name, value in body.items()}
    if isinstance(body, list):
        return [in_new_words(value) for value in body]
    if key in STATES and body in OPEN:
        return "PENDING_REVIEW"
    return "HIDDEN" if key and body in LIMITS else body


def without_sides(body):
    """Say of no order which way it goes."""
    if isinstance(body, dict):
        return {name: without_sides(value) for name, value in body.items()}
    if isinstance(body, list):
        return [without_sides(value) for value in body]
    return "SIDEWAYS" if body in SIDES else body


def reword(trader, change):
    """Let the exchange answer, and its stream tell, in other words."""
    face, shell = trader.world.exchange.face, trader.world.shell
    answer, say = face.answer, shell._say

    def changed(call):
        response = answer(call)
        return replace(response, body=change(response.body))

    face.answer = changed
    shell._say = lambda stream, body: say(stream, change(body))

    def end():
        face.answer, shell._say = answer, say

    return end


def test_orders_in_words_that_nobody_knows_are_open(trader):
    """Answers, lists and the stream: an order is accepted, filled, caught up with and cancelled."""
    world = trader.world
    reword(trader, in_new_words)
    fresh = trader.place("0.5", "58900")
    world.run(3_000)
    assert len(world.of(Accepted)) == 2
    world.shell.stream_fault = "drop"
    world.exchange.trade(58950, "0.2", "sell")
    assert world.until(lambda: not world.venue.connected)
    assert world.until(lambda: world.venue.connected, limit_s=10)
    world.run(1_000)
    assert len(world.of(Filled)) == 1
    request = trader.cancel(fresh)
    world.run(20_000)
    assert [one.request_id for one in world.of(Canceled)] == [request]
    trader.judge()


def test_why_a_link_does_not_come_up_is_said(trader, said, market):
    """A row that cannot be read at all keeps it down: the question and the row are named."""
    world = trader.world
    heal = reword(trader, without_sides)
    world.shell.stream_fault = "drop"
    world.exchange.trade(58000, "0.2", "sell")
    assert world.until(lambda: not world.venue.connected)
    assert not world.until(lambda: world.venue.connected, limit_s=MINUTE_S)
    (why,) = {one for one in said if "what was missed could not be read" in one}
    question = MARKETS[market].wrong_questions[0]
    assert question in why
    assert "SIDEWAYS" in why
    heal()
    assert world.until(lambda: world.venue.connected, limit_s=10)
    world.run(1_000)
    trader.judge()


@pytest.mark.parametrize("name", FOREIGN)
def test_orders_of_other_symbols_are_not_even_read(name):
    """What is traded elsewhere on the account may look as it likes."""
    market = MARKETS[name]
    table = market.table({BTC: market.native}, recv_window_ms=5_000)
    assert table.read_orders(FOREIGN[name]) == []


def test_a_word_is_said_once(said):
    """An unknown state is open, an unknown type is as the prices are; the log is not flooded."""
    for _ in range(3):
        assert status_of({}, "ON_HOLD", "a test") is OrdStatus.NEW
    for price, stop_px, kind in (
        (1, None, OrdType.LIMIT), (None, None, OrdType.MARKET),
        (1, 1, OrdType.STOP_LIMIT), (None, 1, OrdType.STOP),
    ):  # fmt: skip
        assert type_of({}, "ODD", "a test", price=price, stop_px=stop_px) is kind
    assert len([one for one in said if "'ON_HOLD'" in one]) == 1


def test_a_row_that_cannot_be_read_is_shown():
    """The reader's own word for it, and the row."""
    with pytest.raises(ValueError, match=r"KeyError\('id'\) in {'name': 1}"):
        read_rows(lambda row: row["id"], [{"id": 1}, {"name": 1}])
