"""Kraken going wrong: what its answers, streams and books do to a ccxt client."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.kraken.books import checksum  # noqa: E402 - the same
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC = "BTC/USDT"
ADD, CANCEL = "POST /0/private/AddOrder", "POST /0/private/CancelOrder"
RECORDINGS = ("binance_spot_btcusdt_20240808.gz", "binance_spot_ethusdt_20240808.gz")


@pytest.fixture
def exchange():
    """One exchange with a book by hand: 60000 bid, 60010 asked."""
    with LocalExchange("kraken") as made:
        made.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


def place(client, price=50_000, **params):
    """Send a limit order."""
    return client.create_order(BTC, "limit", "buy", 0.01, price, params)


@pytest.mark.parametrize(
    ("what", "acts", "error"),
    [
        ("hang", False, ccxt.RequestTimeout), ("hang", True, ccxt.RequestTimeout),
        ("close", False, ccxt.ExchangeNotAvailable), ("close", True, ccxt.ExchangeNotAvailable),
        ("cut", True, ccxt.ExchangeError), ("status", True, ccxt.ExchangeNotAvailable),
        ("slow", False, ccxt.DDoSProtection), ("ban", False, ccxt.DDoSProtection),
        ("duplicate", True, ccxt.ExchangeError),
    ],
)  # fmt: skip
def test_an_answer_goes_wrong(exchange, what, acts, error):
    """The class of the exception does not say whether the order is there."""
    exchange.faults.answer(what, on=ADD, acts=acts)

    async def main():
        async with client_of(exchange, timeout=500) as client:
            with pytest.raises(error):
                await place(client)

    run(main())
    assert len(exchange.spot.orders()) == acts


@pytest.mark.parametrize("what", ["empty", "html"])
def test_an_answer_without_json_is_an_order_without_id(exchange, what):
    """An empty 200 and a web page are no refusals: ccxt returns an order that has no id."""
    exchange.faults.answer(what, on=ADD)

    async def main():
        async with client_of(exchange) as client:
            assert (await place(client))["id"] is None

    run(main())
    assert len(exchange.spot.orders()) == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("EService:Unavailable", ccxt.ExchangeNotAvailable),
        ("EService:Busy", ccxt.ExchangeNotAvailable),
        ("EGeneral:Internal error", ccxt.ExchangeNotAvailable),
        ("EService:Market in cancel_only mode", ccxt.OnMaintenance),
        ("EAPI:Invalid nonce", ccxt.InvalidNonce),
    ],
)
def test_the_exchange_s_own_words_on_command(exchange, code, error):
    """Any of its errors can be answered, whether it acted or not."""
    exchange.faults.answer("status", on=ADD, code=code, acts=True)

    async def main():
        async with client_of(exchange) as client:
            with pytest.raises(error):
                await place(client)

    run(main())
    assert len(exchange.spot.orders()) == 1


def test_a_dropped_stream_begins_anew_with_a_snapshot(exchange):
    """What happened meanwhile is in the snapshot if it is still open, and nowhere if it is not."""

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            assert exchange.faults.drop("user") == 1
            with pytest.raises(ccxt.NetworkError):
                await heard
            missed = await place(client)
            gone = await place(client)
            await client.cancel_order(gone["id"])
            again = await listening(exchange.spot, "user", client.watch_orders(BTC))
            assert [one["id"] for one in await again] == [missed["id"]]

    run(main())


def test_a_half_open_stream_ends_by_missed_pongs(exchange):
    """No heartbeat and no pong come, and nothing is closed: RequestTimeout."""
    streaming = {"keepAlive": 100, "maxPingPongMisses": 2}

    async def main():
        async with client_of(exchange, streaming=streaming) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            assert exchange.faults.silence("user") == 1
            with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
                await heard

    run(main())


def test_events_are_lost_repeated_and_reordered_and_their_numbers_show_it(exchange):
    """Each event has its number before anything happens to it."""

    async def main():
        async with client_of(exchange) as client:
            numbers, handle = [], client.handle_message

            def listen(connection, message):
                if message.get("channel") == "executions":
                    numbers.append(message["sequence"])
                handle(connection, message)

            client.handle_message = listen
            told = await place(client, 60_000)
            await (await listening(exchange.spot, "user", client.watch_orders(BTC)))
            exchange.faults.lose("user")
            exchange.spot.trade(BTC, 59_999, 0.001, "sell")
            exchange.spot.trade(BTC, 59_999, 0.001, "sell")
            exchange.faults.repeat("user")
            exchange.spot.trade(BTC, 59_999, 0.001, "sell")
            exchange.faults.reorder("user")
            exchange.spot.trade(BTC, 59_999, 0.001, "sell")
            await client.cancel_order(told["id"])
            await until(lambda: len(numbers) == 6)
            assert numbers == [1, 3, 4, 4, 6, 5]

    run(main())


def test_a_token_lives_fifteen_minutes_and_a_subscription_longer(exchange):
    """An old token opens nothing; what it has opened goes on."""

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            exchange.skew(16 * 60_000)
            told = await place(client)
            assert [one["id"] for one in await heard] == [told["id"]]
            with pytest.raises(ccxt.AuthenticationError):
                await client.create_order_ws(BTC, "limit", "buy", 0.01, 50_000)

    run(main())


def test_the_checksum_is_that_of_the_documentation():
    """Kraken's guide to the book of version 2 has this book, and 3310070434."""
    asks = """45285.2 0.00100000 45286.4 1.54571953 45286.6 1.54571109 45289.6 1.54560911
        45290.2 0.15890660 45291.8 1.54553491 45294.7 0.04454749 45296.1 0.35380000
        45297.5 0.09945542 45299.5 0.18772827"""
    bids = """45283.5 0.10000000 45283.4 1.54582015 45282.1 0.10000000 45281.0 0.10000000
        45280.3 1.54592586 45279.0 0.07990000 45277.6 0.03310103 45277.5 0.30000000
        45277.3 1.54602737 45276.6 0.15445238"""
    pairs = [list(zip(*[iter(text.split())] * 2, strict=True)) for text in (bids, asks)]
    assert checksum(*pairs) == 3_310_070_434


class Copy:
    """A book made of the stream's own text, as Kraken's guide says."""

    def __init__(self, depth):
        self.depth = depth
        self.sides = {"bids": {}, "asks": {}}
        self.wrong = self.seen = 0

    def take(self, message):
        """Follow one message, and check its sum."""
        row = message["data"][0]
        if message["type"] == "snapshot":
            self.sides = {"bids": {}, "asks": {}}
        for name, side in self.sides.items():
            for level in row[name]:
                side[level["price"]] = level["qty"]
                if not Decimal(level["qty"]):
                    del side[level["price"]]
            best = sorted(side.items(), key=lambda one: Decimal(one[0]), reverse=name == "bids")
            self.sides[name] = dict(best[: self.depth])
        self.seen += 1
        bids, asks = (list(self.sides[name].items()) for name in ("bids", "asks"))
        self.wrong += checksum(bids, asks) != row["checksum"]


def follow(client, copy):
    """Let a copy take each message of a book as it was written, its zeros too."""
    found = client.client(client.urls["api"]["ws"]["publicV2"])
    take = found.handle_text_or_binary_message

    def listen(text):
        message = json.loads(text, parse_float=str, parse_int=int)
        if message.get("channel") == "book":
            copy.take(message)
        take(text)

    found.handle_text_or_binary_message = listen


@pytest.mark.parametrize("depth", [10, 25])
def test_a_book_from_the_stream_keeps_its_checksum(data_folder, depth):
    """After 4,000 recorded events a copy by the guide's rules has had every checksum right."""
    feed = {"path": [str(data_folder / name) for name in RECORDINGS]}

    async def main(exchange):
        async with client_of(exchange) as client:
            copy = Copy(depth)
            follow(client, copy)
            await client.watch_order_book(BTC, depth)
            for _ in range(8):
                exchange.spot.play(500)
            bids, _, _ = exchange.spot.public_book(BTC)
            shown = [list(one) for one in bids[:depth]]
            await until(lambda: [list(one) for one in copy.sides["bids"].items()] == shown)
            assert copy.seen > 100
            assert copy.wrong == 0

    with LocalExchange("kraken", feed=feed) as exchange:
        run(main(exchange))


def test_a_lost_change_of_a_book_shows_in_its_checksum(exchange):
    """After a lost event the sums no longer agree; ccxt itself does not look."""

    async def main():
        async with client_of(exchange) as client:
            copy = Copy(10)
            follow(client, copy)
            await client.watch_order_book(BTC)
            exchange.faults.lose("depth")
            exchange.spot.set_book(BTC, [(60_001, 1)], [(60_010, 1)])
            task = await begun(client.watch_order_book(BTC))
            exchange.spot.set_book(BTC, [(60_001, 1), (59_000, 5)], [(60_010, 1)])
            await task
            assert (copy.seen, copy.wrong) == (2, 1)

    run(main())
