"""Answers that go wrong, as ccxt reports them, and what the exchange did all the same."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
ORDERS = {BTC: "POST /api/v3/order", PERP: "POST /fapi/v1/order"}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both accounts: 60000 bid, 60010 asked."""
    with LocalExchange() as made:
        for account in (made.spot, made.usdm):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


async def outcome_of(client, symbol):
    """Send an order; return the exception's class, or the order's id (None is one, too)."""
    try:
        told = await client.create_order(
            symbol, "limit", "buy", 0.01, 50_000, {"clientOrderId": "one"}
        )
    except ccxt.BaseError as problem:
        return type(problem).__name__
    return told["id"]


CASES = [
    ("hang", {}, "RequestTimeout", False),
    ("hang", {"acts": True}, "RequestTimeout", True),
    ("close", {}, "ExchangeNotAvailable", False),
    ("close", {"acts": True}, "ExchangeNotAvailable", True),
    ("cut", {}, "ExchangeError", True),
    ("cut", {"acts": False}, "ExchangeError", False),
    ("empty", {}, None, True),
    ("empty", {"acts": False}, None, False),
    ("html", {}, None, True),
    ("status", {}, "ExchangeNotAvailable", False),
    ("status", {"acts": True, "http": 502}, "ExchangeNotAvailable", True),
    ("status", {"acts": True, "http": 504}, "RequestTimeout", True),
    ("status", {"http": 400, "code": -1001, "text": "Disconnected"}, "OperationFailed", False),
    ("status", {"http": 408, "code": -1007, "text": "Timeout", "acts": True}, "RequestTimeout",
     True),
    ("status", {"http": 503, "code": -1008, "text": "Overloaded"}, "OperationFailed", False),
    ("slow", {}, "DDoSProtection", False),
    ("ban", {}, "DDoSProtection", False),
    ("duplicate", {}, "InvalidOrder", True),
]  # fmt: skip


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "usdm"])
def test_every_wrong_answer_is_what_the_documents_say(exchange, symbol):
    """The class of the exception says nothing about whether the order is there: look it up.

    An empty 200 and a web page even return an order, without an id.
    """
    account = exchange.spot if symbol == BTC else exchange.usdm

    async def main():
        async with client_of(exchange) as client:
            client.timeout = 150
            for what, more, told, acted in CASES:
                before = len(account.orders())
                exchange.faults.answer(what, on=ORDERS[symbol], **more)
                found = await outcome_of(client, symbol)
                assert found == told, (what, more)
                assert len(account.orders()) - before == acted, (what, more)
                client.timeout = 2_000
                if acted:
                    await client.cancel_order(None, symbol, {"clientOrderId": "one"})
                client.timeout = 150

    run(main())
    asked = exchange.asked("POST", ORDERS[symbol].partition(" ")[2])
    assert [request.acted for request in asked] == [acted for *_, acted in CASES]


def test_a_fault_is_for_the_request_that_it_names(exchange):
    """Cancels and questions go on while new orders fail; the count of times is kept."""

    async def main():
        async with client_of(exchange) as client:
            exchange.faults.answer("status", on=ORDERS[BTC], times=2)
            assert await outcome_of(client, BTC) == "ExchangeNotAvailable"
            assert await client.fetch_open_orders(BTC) == []
            assert await outcome_of(client, BTC) == "ExchangeNotAvailable"
            number = await outcome_of(client, BTC)
            assert exchange.spot.orders()[int(number)].client_id == "one"

    run(main())


def test_a_lost_cancel_is_sent_again_by_aiohttp_itself(exchange):
    """DELETE counts as idempotent: on a kept connection that breaks, the request goes out twice.

    The second answer is "Unknown order", though the first request canceled the order.
    """

    async def main():
        async with client_of(exchange, timeout=10_000) as client:
            number = await outcome_of(client, BTC)
            exchange.faults.answer("hang", on="DELETE /api/v3/order", acts=True)
            task = asyncio.ensure_future(client.cancel_order(number, BTC))
            (record,) = exchange.spot.orders().values()
            await until(lambda: record.status == "CANCELED")
            assert not task.done()
            exchange.faults.let_go()
            with pytest.raises(ccxt.OrderNotFound, match="-2011"):
                await task

    run(main())
    assert len(exchange.asked("DELETE", "/order")) == 2


def test_a_lost_amendment_is_sent_again_by_aiohttp_itself(exchange):
    """PUT is idempotent to aiohttp, too: the second answer is -5027, the first one worked."""

    async def main():
        async with client_of(exchange, timeout=10_000) as client:
            number = await outcome_of(client, PERP)
            exchange.faults.answer("close", on="PUT /fapi/v1/order", acts=True)
            with pytest.raises(ccxt.OperationRejected, match="-5027"):
                await client.edit_order(number, PERP, "limit", "buy", 0.02, 50_000)

    run(main())
    (record,) = exchange.usdm.orders().values()
    assert record.qty == Decimal("0.02")
    assert len(exchange.asked("PUT", "/order")) == 2


def test_the_websocket_api_goes_wrong_too(exchange):
    """An order over the socket that hangs never ends by itself, though it is there."""

    async def main():
        async with client_of(exchange) as client:
            exchange.faults.answer("hang", on=ORDERS[BTC], acts=True)
            task = asyncio.ensure_future(
                client.create_order_ws(BTC, "limit", "buy", 0.01, 50_000)
            )
            await until(lambda: len(exchange.spot.orders()) == 1)
            assert not task.done()
            task.cancel()
            exchange.faults.answer("close", on=ORDERS[BTC])
            with pytest.raises(ccxt.NetworkError):
                await client.create_order_ws(BTC, "limit", "buy", 0.01, 50_000)
            assert len(exchange.spot.orders()) == 1

    run(main())
