"""Streams that go wrong: what a ccxt client notices of it, and what it does not."""

from __future__ import annotations

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
PING = {"streaming": {"keepAlive": 100, "maxPingPongMisses": 2}}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both accounts: 60000 bid, 60010 asked."""
    with LocalExchange() as made:
        for account in (made.spot, made.usdm):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


def account_of(exchange, symbol):
    """Return the account in which a symbol is traded."""
    return exchange.spot if symbol == BTC else exchange.usdm


def overheard(client):
    """Return a list to which every raw event of an order is added as it arrives."""
    found, handle = [], client.handle_order_update

    def listen(connection, message):
        body = message.get("o") if isinstance(message.get("o"), dict) else message
        if "x" in body:
            found.append((body["x"], float(body["z"])))
        handle(connection, message)

    client.handle_order_update = listen
    return found


async def place(client, symbol, price=60_000):
    """Send a resting order that trades will fill."""
    return await client.create_order(symbol, "limit", "buy", 0.01, price)


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "usdm"])
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
            missed = await place(client, symbol)
            heard = await listening(account, "user", client.watch_orders(symbol))
            assert account.accepted() == before + 1
            later = await place(client, symbol, 50_000)
            assert [o["id"] for o in await heard] == [later["id"]]
            assert missed["id"] not in client.orders.hashmap[symbol]

    run(main())


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "usdm"])
def test_a_half_open_stream_ends_by_missed_pongs(exchange, symbol):
    """Nothing comes and nothing is closed: RequestTimeout after keepAlive x (misses + 1)."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange, **PING) as client:
            heard = await listening(account, "user", client.watch_orders(symbol))
            assert exchange.faults.silence("user") == 1
            await place(client, symbol)
            with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
                await heard
            heard = await listening(account, "user", client.watch_orders(symbol))
            later = await place(client, symbol, 50_000)
            assert [o["id"] for o in await heard] == [later["id"]]

    run(main())


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "usdm"])
def test_events_are_repeated_reordered_and_withheld(exchange, symbol):
    """The raw handler hears exactly what was sent, in that order."""
    account = account_of(exchange, symbol)
    step = 2  # each fill is two events: the order's and the account's

    async def main():
        async with client_of(exchange) as client:
            raw = overheard(client)
            task = await listening(account, "user", client.watch_orders(symbol))
            await place(client, symbol)
            await task
            await until(lambda: len(raw) == 1)
            exchange.faults.withhold("user")
            account.trade(BTC, 59_999, 0.002, "sell")
            account.trade(BTC, 59_999, 0.003, "sell")
            assert raw == [("NEW", 0)]
            exchange.faults.release("user", backwards=True)
            await until(lambda: len(raw) == 3)
            assert raw[1:] == [("TRADE", 0.005), ("TRADE", 0.002)]
            exchange.faults.repeat("user", step)
            account.trade(BTC, 59_999, 0.001, "sell")
            await until(lambda: len(raw) == 5)
            assert raw[3:] == [("TRADE", 0.006)] * 2
            exchange.faults.lose("user", step)
            account.trade(BTC, 59_999, 0.001, "sell")
            account.trade(BTC, 59_999, 0.001, "sell")
            await until(lambda: len(raw) == 6)
            assert raw[5:] == [("TRADE", 0.008)]

    run(main())
    assert len(account.deals()) == 5


def test_a_pair_of_events_is_swapped(exchange):
    """Reorder says two events the wrong way round: the last state that ccxt keeps is older."""

    async def main():
        async with client_of(exchange) as client:
            raw = overheard(client)
            task = await listening(exchange.usdm, "user", client.watch_orders(PERP))
            exchange.faults.reorder("user")  # NEW, and what comes next: the cancel
            told = await place(client, PERP)
            await client.cancel_order(told["id"], PERP)
            await task
            await until(lambda: len(raw) == 2)
            assert [what for what, _ in raw] == ["CANCELED", "NEW"]
            assert client.orders.hashmap[PERP][told["id"]]["status"] == "open"

    run(main())


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "usdm"])
def test_a_lost_book_event_breaks_the_sequence(exchange, symbol):
    """The client finds the gap (ChecksumError), and its next watch starts from a new snapshot."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            await (await listening(account, "depth", client.watch_order_book(symbol)))
            task = await begun(client.watch_order_book(symbol))
            exchange.faults.lose("depth")
            account.set_book(BTC, [(60_001, 1)], [(60_010, 1)])
            account.set_book(BTC, [(60_001, 1), (59_000, 5)], [(60_010, 1)])
            with pytest.raises(ccxt.ChecksumError):
                await task
            book = await client.watch_order_book(symbol)
            assert book["bids"] == [[60_001, 1], [59_000, 5]]

    run(main())


def test_a_user_stream_that_the_exchange_ends(exchange):
    """Spot says eventStreamTerminated: a pending watch hangs on, the next one subscribes anew."""

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            socket = client.clients[client.urls["api"]["ws"]["ws-api"]["spot"]]
            exchange.spot.end_user_stream()
            await until(lambda: "spot" not in socket.subscriptions)
            await place(client, BTC)
            assert not heard.done()
            again = await listening(exchange.spot, "user", client.watch_orders(BTC))
            later = await place(client, BTC, 50_000)
            assert [o["id"] for o in await again] == [later["id"]]
            assert [o["id"] for o in await heard] == [later["id"]]

    run(main())


def test_a_stream_that_cannot_be_opened(exchange):
    """A refused handshake is a NetworkError; the next watch tries again, after a pause."""

    async def main():
        async with client_of(exchange) as client:
            exchange.faults.answer("status", on="CONNECT ")
            with pytest.raises(ccxt.NetworkError, match="503"):
                await client.watch_orders(BTC)
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            told = await place(client, BTC)
            assert [o["id"] for o in await heard] == [told["id"]]

    run(main())
