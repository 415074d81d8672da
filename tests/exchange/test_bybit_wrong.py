"""bybit's answers and streams that go wrong, as ccxt reports them, and what was done anyway."""

from __future__ import annotations

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
BOTH = pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "linear"])
CREATE = "POST /v5/order/create"
PING = {"streaming": {"keepAlive": 100, "maxPingPongMisses": 2}}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both categories: 60000 bid, 60010 asked."""
    with LocalExchange("bybit", limits={"linear": {"order/create": 100}}) as made:
        for account in (made.spot, made.linear):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


def account_of(exchange, symbol):
    """Return the category in which a symbol is traded."""
    return exchange.spot if symbol == BTC else exchange.linear


async def outcome_of(client, symbol, name="one"):
    """Send an order; return the exception's class, or whether there is an order's id."""
    try:
        told = await client.create_order(
            symbol, "limit", "buy", 0.01, 50_000, {"clientOrderId": name}
        )
    except ccxt.BaseError as problem:
        return type(problem).__name__
    return told["id"] is not None


CASES = [
    ("hang", {}, "RequestTimeout", False), ("hang", {"acts": True}, "RequestTimeout", True),
    ("close", {}, "ExchangeNotAvailable", False),
    ("close", {"acts": True}, "ExchangeNotAvailable", True),
    ("cut", {}, "ExchangeError", True), ("cut", {"acts": False}, "ExchangeError", False),
    ("empty", {}, False, True), ("empty", {"acts": False}, False, False),
    ("html", {}, False, True), ("status", {}, "ExchangeNotAvailable", False),
    ("status", {"acts": True, "http": 502}, "ExchangeNotAvailable", True),
    ("status", {"acts": True, "http": 504}, "RequestTimeout", True),
    ("status", {"http": 200, "code": 10016, "text": "Server error."}, "ExchangeError", False),
    ("status", {"http": 200, "code": 10000, "text": "Server Timeout", "acts": True},
     "ExchangeError", True),
    ("status", {"http": 200, "code": 170007, "text": "Timeout waiting", "acts": True},
     "RequestTimeout", True),
    ("status", {"http": 200, "code": 170146, "text": "Order creation timeout", "acts": True},
     "InvalidOrder", True),
    ("slow", {}, "RateLimitExceeded", False), ("ban", {}, "RateLimitExceeded", False),
    ("duplicate", {}, "InvalidOrder", True),
]  # fmt: skip


@BOTH
def test_no_class_says_whether_the_order_is_there(exchange, symbol):
    """InvalidOrder may be "creation timeout"; an empty 200 returns an order without an id."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            client.timeout = 150
            for number, (what, more, told, acted) in enumerate(CASES):
                before = len(account.orders())
                exchange.faults.answer(what, on=CREATE, **more)
                assert await outcome_of(client, symbol, f"id{number}") == told, (what, more)
                assert len(account.orders()) - before == acted, (what, more)

    run(main())
    acted = [request.acted for request in exchange.asked("POST", "/order/create")]
    assert acted == [one for *_, one in CASES]


@BOTH
def test_a_dropped_stream_is_told_only_to_who_waits(exchange, symbol):
    """A pending watch raises NetworkError; the next opens a new connection. No gap is filled."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(account, "user", client.watch_orders(symbol))
            before = account.accepted()
            assert exchange.faults.drop("user") == 1
            with pytest.raises(ccxt.NetworkError):
                await heard
            assert await outcome_of(client, symbol, "missed")
            heard = await listening(account, "user", client.watch_orders(symbol))
            assert account.accepted() == before + 1
            assert await outcome_of(client, symbol, "later")
            assert [o["clientOrderId"] for o in await heard] == ["later"]

    run(main())


def test_a_half_open_stream_ends_by_missed_pongs(exchange):
    """Pings are JSON here; without an answer it is a RequestTimeout after keepAlive x 3."""

    async def main():
        async with client_of(exchange, **PING) as client:
            heard = await listening(exchange.linear, "user", client.watch_orders(PERP))
            assert exchange.faults.silence("user") == 1
            assert await outcome_of(client, PERP)
            with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
                await heard

    run(main())


@BOTH
def test_events_are_repeated_lost_and_reordered(exchange, symbol):
    """The raw handler hears what was sent: order, execution and wallet are messages of their own.

    The unified stream tells both categories; each fill is an order, an execution and a wallet,
    and on linear a position.
    """
    account, heard = account_of(exchange, symbol), []

    async def main():
        async with client_of(exchange) as client:
            handle = client.handle_message

            def listen(connection, message):
                if "data" in message:
                    heard.append(message["topic"])
                handle(connection, message)

            client.handle_message = listen
            await client.create_order(symbol, "limit", "buy", 0.01, 60_000)
            await listening(account, "user", client.watch_orders(symbol))
            await begun(client.watch_my_trades(symbol))
            await until(lambda: "execution" in subscribed(exchange))
            exchange.faults.withhold("user")
            account.trade(BTC, 59_999, 0.002, "sell")
            exchange.faults.release("user", backwards=True)
            await until(lambda: len(heard) == 2)
            exchange.faults.repeat("user", 2)
            account.trade(BTC, 59_999, 0.001, "sell")
            await until(lambda: len(heard) == 6)
            exchange.faults.lose("user", 4 if symbol == PERP else 3)
            account.trade(BTC, 59_999, 0.001, "sell")
            account.trade(BTC, 59_999, 0.001, "sell")
            await until(lambda: len(heard) == 8)

    run(main())
    first, second = ("order", "execution") if symbol == PERP else ("execution", "order")
    assert heard == [second, first, first, first, second, second, first, second]
    assert len(account.deals()) == 4


def subscribed(exchange):
    """Return all that is subscribed to on private connections."""
    hub = exchange._house.hubs["private"]
    return exchange.call(lambda: {name for one in hub.connections for name in one.private})


@BOTH
def test_ccxt_does_not_notice_a_lost_change_of_a_book(exchange, symbol):
    """There is no sequence check: a lost delta leaves a wrong book, though `u` jumps."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            await (await listening(account, "depth", client.watch_order_book(symbol)))
            exchange.faults.lose("depth")
            account.set_book(BTC, [(60_001, 1)], [(60_010, 1)])
            account.set_book(BTC, [(60_001, 1), (59_000, 5)], [(60_010, 1)])
            book = await client.watch_order_book(symbol)
            assert book["bids"] == [[60_000, 1], [59_000, 5]]

    run(main())


def test_between_acknowledgement_and_matching_an_order_is_nowhere(exchange):
    """The answer has its id, and no list has the order: absence right afterwards proves nothing."""
    exchange.unified.lag(200)

    async def main():
        async with client_of(exchange) as client:
            assert await outcome_of(client, PERP)
            assert await client.fetch_open_orders(PERP) == []
            assert await client.fetch_canceled_and_closed_orders(PERP) == []
            await until(exchange.linear.orders)
            (found,) = await client.fetch_open_orders(PERP)
            assert found["clientOrderId"] == "one"
            told = await client.cancel_order(found["id"], PERP)
            assert told["id"] == found["id"]
            assert len(await client.fetch_open_orders(PERP)) == 1
            exchange.linear.trade(BTC, 49_000, 1, "sell")
            await until(exchange.linear.deals)

    run(main())
    (record,) = exchange.linear.orders().values()
    assert record.status == "FILLED"  # the cancel came too late
