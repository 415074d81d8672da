"""What OKX refuses, and answers and streams that go wrong: the code, the class, what was done."""

from __future__ import annotations

import asyncio

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.okx.signing import OkxKey  # noqa: E402 - the same
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
SPOT = {
    "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "50000",
    "sz": "0.01", "clOrdId": "a",
}  # fmt: skip
SWAP = {**SPOT, "instId": "BTC-USDT-SWAP", "tdMode": "cross", "sz": "1"}
NOBODY = {"instId": "BTC-USDT", "clOrdId": "nobody"}
PLACE = "POST /api/v5/trade/batch-orders"


@pytest.fixture
def exchange():
    """One exchange with two books by hand: 60000 bid, 60010 asked."""
    with LocalExchange("okx") as made:
        for symbol in (BTC, PERP):
            made.unified.set_book(symbol, [(60_000, 1)], [(60_010, 1)])
        yield made


async def often(ask):
    """Ask more often than a window allows; one may end in between."""
    for _ in range(8):
        await ask()


CASES = [
    ("private_post_trade_order", {**SPOT, "px": "50000.001"}, "BadRequest", "51000"),
    ("private_post_trade_order", {**SPOT, "sz": "0.000001"}, "InvalidOrder", "51121"),
    ("private_post_trade_order", {**SWAP, "sz": "0.005"}, "InvalidOrder", "51121"),
    ("private_post_trade_order", {**SPOT, "sz": "2.1"}, "InsufficientFunds", "51008"),
    ("private_post_trade_order", {**SWAP, "sz": "2000"}, "InsufficientFunds", "51008"),
    ("private_post_trade_order", {**SPOT, "instId": "X-Y"}, "BadSymbol", "51001"),
    ("private_post_trade_order", {**SPOT, "ordType": "gtc"}, "BadRequest", "51000"),
    ("private_post_trade_order", {**SPOT, "side": "long"}, "BadRequest", "51000"),
    ("private_post_trade_order", {**SWAP, "posSide": "long"}, "BadRequest", "51000"),
    ("private_post_trade_order", {**SPOT, "clOrdId": "a-b"}, "BadRequest", "51000"),
    ("private_post_trade_cancel_order", NOBODY, "OrderNotFound", "51400"),
    ("private_post_trade_amend_order", {**NOBODY, "newSz": "1"}, "OrderNotFound", "51503"),
    ("private_get_trade_order", NOBODY, "OrderNotFound", "51603"),
    ("private_get_trade_order_algo", {"algoClOrdId": "nobody"}, "OrderNotFound", "51603"),
    ("private_get_trade_orders_history", {}, "BadRequest", "50014"),
    ("private_post_trade_cancel_all_after", {"timeOut": "5"}, "BadRequest", "51000"),
]


def test_every_refusal_has_okx_s_code_and_ccxt_s_class(exchange):
    """Each bad request raises the documented class, and leaves no order."""

    async def main():
        async with client_of(exchange) as client:
            for method, params, name, code in CASES:
                with pytest.raises(getattr(ccxt, name), match=code) as caught:
                    await getattr(client, method)(params)
                assert type(caught.value).__name__ == name, (method, params)

    run(main())
    assert exchange.unified.orders() == {}


def test_ends_have_codes_of_their_own(exchange):
    """A client id is taken while its order is open: 51016. Over is 51401, filled 51402, 51510."""

    async def main():
        async with client_of(exchange) as client:
            await client.private_post_trade_order(SPOT)
            with pytest.raises(ccxt.InvalidOrder, match="51016"):
                await client.private_post_trade_order(SPOT)
            name = {"instId": "BTC-USDT", "clOrdId": "a"}
            await client.private_post_trade_cancel_order(name)
            with pytest.raises(ccxt.OrderNotFound, match="51401"):
                await client.private_post_trade_cancel_order(name)
            with pytest.raises(ccxt.OrderNotFound, match="51509"):
                await client.private_post_trade_amend_order({**name, "newPx": "50001"})
            await client.private_post_trade_order({**SPOT, "px": "60010"})
            with pytest.raises(ccxt.OrderNotFound, match="51402"):
                await client.private_post_trade_cancel_order(name)
            with pytest.raises(ccxt.ExchangeError, match="51510"):
                await client.private_post_trade_amend_order({**name, "newPx": "50001"})

    run(main())


def test_half_of_a_batch_is_code_2(exchange):
    """No exception then: each row has its own sCode, and ccxt shows the first."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.private_post_trade_batch_orders([SPOT, {**SPOT, "px": "0"}])
            assert told["code"] == "2"
            assert [row["sCode"] for row in told["data"]] == ["0", "51000"]

    run(main())


def test_a_cancelled_unfilled_order_is_forgotten_after_two_hours(exchange):
    """Then nobody has heard of it: 51603, and no history. One that was filled stays."""

    async def main():
        async with client_of(exchange) as client:
            await client.private_post_trade_order({**SPOT, "px": "60010", "clOrdId": "full"})
            await client.private_post_trade_order(SPOT)
            name = {"instId": "BTC-USDT", "clOrdId": "a"}
            await client.private_post_trade_cancel_order(name)
            await client.private_get_trade_order(name)
            exchange.skew(2 * 3_600_000 + 1_000)
            client.options["timeDifference"] = -(2 * 3_600_000 + 1_000)
            with pytest.raises(ccxt.OrderNotFound, match="51603"):
                await client.private_get_trade_order(name)
            assert await client.fetch_canceled_orders(BTC) == []
            kept = await client.fetch_order(None, BTC, {"clOrdId": "full"})
            assert kept["status"] == "closed"

    run(main())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "wrong"}, "50113"), ({"apiKey": "unknown"}, "50111"),
        ({"password": "wrong"}, "50105"),
    ],
)  # fmt: skip
def test_keys_signatures_and_passphrases_are_checked(exchange, changed, code):
    """Each has a code, over REST and in the login."""

    async def main():
        async with client_of(exchange, options={"fetchCurrencies": False}) as client:
            for name, value in changed.items():
                setattr(client, name, value)
            with pytest.raises(ccxt.AuthenticationError, match=code):
                await client.private_get_account_config()
            with pytest.raises(ccxt.BaseError):
                await client.watch_orders(BTC)

    run(main())


def test_another_time_than_the_exchange_s_is_refused(exchange):
    """Half a minute off is 50102, InvalidNonce; load_time_difference puts it right."""

    async def main():
        async with client_of(exchange) as client:
            exchange.skew(31_000)
            with pytest.raises(ccxt.InvalidNonce, match="50102"):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            assert exchange.unified.orders() == {}
            await client.load_time_difference()
            await client.create_order(BTC, "limit", "buy", 0.01, 50_000)

    run(main())
    assert len(exchange.unified.orders()) == 1


def test_requests_and_orders_are_counted():
    """Too many to one path are 50011 with 429; too many orders of the account 50061, refused."""
    limits = {"unified": {"orders": 3, "paths": {"account/balance": 2}}}
    with LocalExchange("okx", limits=limits) as exchange:
        exchange.unified.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange) as client:
                with pytest.raises(ccxt.RateLimitExceeded, match="50011"):
                    await often(client.fetch_balance)
                with pytest.raises(ccxt.ExchangeError, match="50061"):
                    await often(
                        lambda: client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                    )

        run(main())
        assert len(exchange.unified.orders()) in {3, 4, 5, 6}


def test_the_configuration_tells_what_a_key_may():
    """Permissions, bound addresses, position mode, account level are read from account/config."""
    key = OkxKey(perm="read_only,withdraw,trade", ip="", pos_mode="long_short_mode")
    with LocalExchange("okx", key=key) as exchange:

        async def main():
            async with client_of(exchange) as client:
                (row,) = (await client.private_get_account_config())["data"]
                assert (row["perm"], row["ip"]) == ("read_only,withdraw,trade", "")
                assert (row["posMode"], row["acctLv"]) == ("long_short_mode", "2")

        run(main())


WRONG = [
    ("hang", {}, "RequestTimeout", False),
    ("hang", {"acts": True}, "RequestTimeout", True),
    ("close", {"acts": True}, "ExchangeNotAvailable", True),
    ("cut", {}, "ExchangeError", True),
    ("empty", {}, None, True),
    ("html", {}, None, True),
    ("status", {"acts": True, "http": 502}, "ExchangeNotAvailable", True),
    ("status", {"http": 503, "code": 50001}, "OnMaintenance", False),
    ("status", {"http": 400, "code": 50004, "acts": True}, "RequestTimeout", True),
    ("status", {"http": 429, "code": 50013}, "ExchangeNotAvailable", False),
    ("slow", {}, "RateLimitExceeded", False),
    ("duplicate", {}, "InvalidOrder", True),
]


def test_every_wrong_answer_is_what_the_documents_say(exchange):
    """The class of the exception says nothing about whether the order is there: look it up."""

    async def outcome_of(client):
        try:
            params = {"clientOrderId": "one"}
            told = await client.create_order(BTC, "limit", "buy", 0.01, 50_000, params)
        except ccxt.BaseError as problem:
            return type(problem).__name__
        return told["id"]

    async def main():
        async with client_of(exchange) as client:
            for what, more, told, acted in WRONG:
                client.timeout = 150
                before = len(exchange.unified.orders())
                exchange.faults.answer(what, on=PLACE, **more)
                assert await outcome_of(client) == told, (what, more)
                client.timeout = 2_000
                assert len(exchange.unified.orders()) - before == acted, (what, more)
                if acted:
                    await client.cancel_order(None, BTC, {"clientOrderId": "one"})

    run(main())


def test_a_dropped_stream_is_told_only_to_who_waits(exchange):
    """A pending watch raises; the next opens a connection and logs in again. No gap is filled."""
    account = exchange.unified

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(account, "user", client.watch_orders(BTC))
            assert exchange.faults.drop("user") == 1
            with pytest.raises(ccxt.NetworkError):
                await heard
            missed = await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            heard = await listening(account, "user", client.watch_orders(BTC))
            later = await client.create_order(BTC, "limit", "buy", 0.01, 50_001)
            assert [o["id"] for o in await heard] == [later["id"]]
            assert missed["id"] not in client.orders.hashmap[BTC]

    run(main())


def test_a_half_open_stream_ends_by_missed_pongs(exchange):
    """OKX's ping is a text; a connection that says nothing ends after keepAlive x (misses + 1)."""
    ping = {"streaming": {"keepAlive": 100, "maxPingPongMisses": 2}}

    async def main():
        async with client_of(exchange, **ping) as client:
            heard = await listening(exchange.unified, "user", client.watch_orders(BTC))
            socket = client.clients[client.get_url("users", "private")]
            await until(lambda: socket.lastPong is not None)
            assert exchange.faults.silence("user") == 1
            with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
                await heard

    run(main())


def test_a_lost_book_event_breaks_the_sequence(exchange):
    """The client finds the gap by prevSeqId, and its next watch starts from a new snapshot."""
    account = exchange.unified

    async def main():
        async with client_of(exchange) as client:
            await (await listening(account, "books", client.watch_order_book(BTC)))
            task = await begun(client.watch_order_book(BTC))
            exchange.faults.lose("books")
            account.set_book(BTC, [(60_001, 1)], [(60_010, 1)])
            account.set_book(BTC, [(60_001, 1), (59_000, 5)], [(60_010, 1)])
            with pytest.raises(ccxt.InvalidNonce):
                await task
            book = await client.watch_order_book(BTC)
            assert [row[:2] for row in book["bids"]] == [[60_001, 1], [59_000, 5]]

    run(main())


def test_orders_by_socket_go_wrong_too(exchange):
    """An order over the socket that hangs never ends by itself, though it is there."""

    async def main():
        async with client_of(exchange) as client:
            exchange.faults.answer("hang", on=PLACE, acts=True)
            task = asyncio.ensure_future(
                client.create_order_ws(BTC, "limit", "buy", 0.01, 50_000)
            )
            await until(lambda: len(exchange.unified.orders()) == 1)
            assert not task.done()
            task.cancel()
            with pytest.raises(ccxt.ExchangeError, match="51000"):
                await client.create_order_ws(BTC, "limit", "buy", 0.01, 50_000.001, {"px": "0"})

    run(main())
