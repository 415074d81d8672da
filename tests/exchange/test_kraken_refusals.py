"""What Kraken refuses, as ccxt reports it: HTTP 200, its own words, and nothing changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC = "BTC/USDT"
LIMIT = {
    "pair": "XBTUSDT", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "50000",
}  # fmt: skip


@pytest.fixture
def exchange():
    """One exchange with a book by hand: 60000 bid, 60010 asked."""
    with LocalExchange("kraken") as made:
        made.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


def moment(seconds):
    """Write a time so far from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


REFUSALS = [
    ("addorder", {**LIMIT, "price": "50000.001"}, "ExchangeError", "Tick size check failed"),
    ("addorder", {**LIMIT, "volume": "0.00001"}, "InvalidOrder", "Order minimum not met"),
    ("addorder", {**LIMIT, "price": "100", "volume": "0.001"}, "ExchangeError", "Cost minimum"),
    ("addorder", {**LIMIT, "volume": "2.1"}, "InsufficientFunds", "Insufficient funds"),
    ("addorder", {**LIMIT, "volume": "-1"}, "InvalidOrder", "arguments:volume"),
    ("addorder", {**LIMIT, "pair": "XYZUSD"}, "ExchangeError", "Unknown asset pair"),
    ("addorder", {**LIMIT, "ordertype": "iceberg"}, "ExchangeError", "arguments:ordertype"),
    ("addorder", {**LIMIT, "timeinforce": "GTX"}, "ExchangeError", "arguments:timeinforce"),
    ("addorder", {**LIMIT, "reduce_only": "true"}, "ExchangeError", "Reduce only"),
    ("addorder", {**LIMIT, "cl_ord_id": "x" * 19}, "ExchangeError", "arguments:cl_ord_id"),
    ("addorder", {**LIMIT, "price": "60010", "oflags": "post"}, "ExchangeError", "Post only"),
    ("addorder", {**LIMIT, "oflags": "fcib"}, "ExchangeError", "arguments:oflags"),
    ("cancelorder", {"cl_ord_id": "gone"}, "InvalidOrder", "Unknown order"),
    ("amendorder", {"cl_ord_id": "gone", "limit_price": "1"}, "InvalidOrder", "Unknown order"),
    ("editorder", {"pair": "XBTUSDT", "txid": "OAAAAA-B"}, "InvalidOrder", "Unknown order"),
    ("cancelorderbatch", {"orders": []}, "ExchangeError", "arguments:orders"),
    ("querytrades", {"txid": "TAAAAA-B"}, "ExchangeError", "Unknown trade"),
    ("openpositions", {}, "ExchangeError", "Unknown method"),
]


@pytest.mark.parametrize(("method", "params", "kind", "words"), REFUSALS)
def test_each_refusal(exchange, method, params, kind, words):
    """The exchange refuses with its own words, and ccxt makes of them what it knows."""

    async def main():
        async with client_of(exchange) as client:
            with pytest.raises(ccxt.ExchangeError, match=words) as caught:
                await getattr(client, f"private_post_{method}")(params)
            assert type(caught.value).__name__ == kind

    run(main())
    assert exchange.spot.orders() == {}


def test_a_deadline_that_is_over_or_too_far_is_refused(exchange):
    """What the matching engine meets after its deadline is not executed."""

    async def main():
        async with client_of(exchange) as client:
            for seconds, words in ((-1, "Deadline elapsed"), (90, "arguments:deadline")):
                with pytest.raises(ccxt.ExchangeError, match=words):
                    await client.private_post_addorder({**LIMIT, "deadline": moment(seconds)})
            await client.private_post_addorder({**LIMIT, "deadline": moment(5)})

    run(main())
    assert len(exchange.spot.orders()) == 1


def test_a_client_id_is_taken_while_its_order_is_open(exchange):
    """A second order with the id of an open one is refused; ccxt has no class for that."""

    async def main():
        async with client_of(exchange) as client:
            params = {"clientOrderId": "0000000000ABC"}
            await client.create_order(BTC, "limit", "buy", 0.01, 50_000, params)
            with pytest.raises(ccxt.ExchangeError, match="cl_ord_id") as caught:
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000, params)
            assert type(caught.value) is ccxt.ExchangeError

    run(main())
    assert len(exchange.spot.orders()) == 1


def test_a_key_that_is_not_known_signed_or_allowed(exchange):
    """Key, signature and permissions are checked, in this order."""
    exchange.key.permissions.remove("modify-trades")

    async def main():
        async with client_of(exchange) as client:
            with pytest.raises(ccxt.PermissionDenied):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            client.secret = "d3Jvbmc="
            with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
                await client.fetch_balance()
            client.apiKey = "other"
            with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
                await client.fetch_balance()

    run(main())


def test_a_nonce_is_taken_once_and_in_order(exchange):
    """An older nonce is refused and nothing done; with a window it is taken, even twice."""

    async def main():
        async with client_of(exchange) as client:
            await client.fetch_balance()
            client.incrementing_nonce = lambda: exchange.key.highest
            with pytest.raises(ccxt.InvalidNonce):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            assert exchange.spot.orders() == {}
            exchange.key.nonce_window = 1_000
            for _ in range(2):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)

    run(main())
    assert len(exchange.spot.orders()) == 2


def test_requests_that_overtake_each_other_lose_their_nonce(exchange):
    """Two at once of one key race: whichever arrives second with the lower nonce is refused."""
    exchange.faults.answer("hang", on="POST /0/private/Balance", acts=True)

    async def main():
        async with client_of(exchange) as client:
            made = iter((2_000_000_000_001, 2_000_000_000_000))
            client.incrementing_nonce = lambda: next(made)
            first = asyncio.ensure_future(client.private_post_balance())
            await until(lambda: exchange.asked("POST", "Balance"))
            with pytest.raises(ccxt.InvalidNonce):
                await client.private_post_balanceex()
            exchange.faults.let_go()
            with pytest.raises(ccxt.NetworkError):
                await first

    run(main())


def test_the_key_s_counter():
    """Twenty requests at once are too many; orders and cancels do not count."""

    async def main(exchange):
        async with client_of(exchange) as client:
            for _ in range(10):
                await client.fetch_my_trades(BTC)  # each counts twice
            with pytest.raises(ccxt.DDoSProtection, match="EAPI:Rate limit exceeded"):
                await client.fetch_balance()
            told = await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            await client.cancel_order(told["id"], BTC)
            exchange.skew(10_000)
            await client.fetch_balance()

    limits = {"spot": {"rest_decay": 0.5}}
    with LocalExchange("kraken", limits=limits) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        run(main(exchange))
        assert exchange.spot.peak_weight() > 20


def test_a_pair_s_counter_makes_quick_cancels_dear():
    """A new order counts one, its cancel within five seconds eight; the next order is too many."""

    async def main(exchange):
        async with client_of(exchange) as client:
            for _ in range(2):
                told = await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                await client.cancel_order(told["id"], BTC)
            with pytest.raises(ccxt.DDoSProtection, match="EOrder:Rate limit exceeded"):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            await client.create_order("ETH/USDT", "limit", "buy", 1, 2900)

    with LocalExchange("kraken", limits={"spot": {"trading": 18}}) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        exchange.spot.set_book("ETH/USDT", [(3000, 5)], [(3001, 5)])
        run(main(exchange))


def test_open_orders_of_a_pair_are_limited():
    """An account may have so many open orders in a pair."""

    async def main(exchange):
        async with client_of(exchange) as client:
            for _ in range(3):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            with pytest.raises(ccxt.ExchangeError, match="Orders limit exceeded"):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)

    with LocalExchange("kraken", limits={"spot": {"orders": 3}}) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        run(main(exchange))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"channel": "book", "symbol": ["XYZ/USD"]}, "Currency pair not supported"),
        ({"channel": "book", "symbol": [BTC], "depth": 11}, "Subscription depth not supported"),
        ({"channel": "ohlc", "symbol": [BTC]}, "Subscription name invalid"),
        ({"channel": "executions", "token": "old"}, "ESession:Invalid session"),
    ],
)
def test_subscriptions_that_are_refused(exchange, params, words):
    """A channel that is not here, a depth it does not have, a token that is not one."""

    async def main():
        async with client_of(exchange) as client:
            private = params["channel"] == "executions"
            url = client.urls["api"]["ws"]["privateV2" if private else "publicV2"]
            request = {"method": "subscribe", "params": params, "req_id": 7}
            with pytest.raises(ccxt.BaseError, match=words):
                await client.watch(url, "7", request, "7")

    run(main())
