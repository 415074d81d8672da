"""What bybit refuses, as ccxt reports it: the code, the class, and nothing changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
CREATE, AMEND, CANCEL = (f"private_post_v5_order_{one}" for one in ("create", "amend", "cancel"))
SPOT = {
    "category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
    "price": "50000",
}  # fmt: skip
LINEAR = {**SPOT, "category": "linear"}
ONE = {"symbol": "BTCUSDT", "orderLinkId": "gone"}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both categories: 60000 bid, 60010 asked."""
    with LocalExchange("bybit") as made:
        for account in (made.spot, made.linear):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


CASES = [
    (CREATE, {**SPOT, "price": "50000.001"}, "InvalidOrder", "170134"),
    (CREATE, {**SPOT, "qty": "0.0000001"}, "InvalidOrder", "170137"),
    (CREATE, {**SPOT, "price": "100"}, "InvalidOrder", "170140"),
    (CREATE, {**SPOT, "qty": "9001"}, "InvalidOrder", "170135"),
    (CREATE, {**SPOT, "qty": "2.1"}, "InsufficientFunds", "170131"),
    (CREATE, {**SPOT, "symbol": "XYZUSDT"}, "InvalidOrder", "170121"),
    (CREATE, {**SPOT, "side": "LONG"}, "InvalidOrder", "170117"),
    (CREATE, {**SPOT, "orderType": "Stop"}, "InvalidOrder", "170116"),
    (CREATE, {**SPOT, "timeInForce": "GTX"}, "InvalidOrder", "170115"),
    (CREATE, {**SPOT, "orderFilter": "Odd"}, "InvalidOrder", "170202"),
    (CREATE, {**SPOT, "triggerPrice": "61000"}, "BadRequest", "170130"),
    (CREATE, {**SPOT, "triggerPrice": "59000", "orderFilter": "StopOrder"}, "BadRequest", "170130"),
    (CREATE, {**SPOT, "orderLinkId": "a b"}, "BadRequest", "10001"),
    (CREATE, {**SPOT, "qty": 0.01}, "BadRequest", "10001"),
    (CREATE, {**SPOT, "category": "futures"}, "BadRequest", "10001"),
    (CANCEL, {**ONE, "category": "spot"}, "OrderNotFound", "170213"),
    (AMEND, {**ONE, "category": "spot", "qty": "1"}, "OrderNotFound", "170213"),
    (CREATE, {**LINEAR, "price": "50000.001"}, "BadRequest", "10001"),
    (CREATE, {**LINEAR, "qty": "0.0001"}, "BadRequest", "10001"),
    (CREATE, {**LINEAR, "qty": "0.001", "price": "100"}, "InvalidOrder", "110094"),
    (CREATE, {**LINEAR, "qty": "100"}, "InsufficientFunds", "110007"),
    (CREATE, {**LINEAR, "reduceOnly": True}, "InvalidOrder", "110017"),
    (CREATE, {**LINEAR, "triggerPrice": "61000"}, "BadRequest", "10001"),
    (CREATE, {**LINEAR, "triggerPrice": "59000", "triggerDirection": 1}, "InvalidOrder", "110092"),
    (
        CREATE, {**LINEAR, "side": "Sell", "triggerPrice": "61000", "triggerDirection": 2},
        "InvalidOrder", "110093",
    ),
    (CANCEL, {**ONE, "category": "linear"}, "OrderNotFound", "110001"),
    (CANCEL, {"symbol": "BTCUSDT", "category": "linear"}, "BadRequest", "10001"),
    ("private_post_v5_order_cancel_all", {"category": "linear"}, "BadRequest", "10001"),
    ("private_get_v5_order_realtime", {"category": "linear"}, "BadRequest", "10001"),
    ("private_get_v5_account_wallet_balance", {"accountType": "SPOT"}, "BadRequest", "10001"),
    ("private_post_v5_position_switch_mode", {"category": "linear", "mode": 3}, "BadRequest",
     "110029"),
    ("private_get_v5_order_nothing", {}, "AttributeError", "nothing"),
]  # fmt: skip


def test_every_refusal_has_bybit_s_code_and_ccxt_s_class(exchange):
    """Each bad request is an HTTP 200 with its retCode, and leaves no order."""

    async def main():
        async with client_of(exchange) as client:
            for method, params, name, text in CASES:
                if name == "AttributeError":
                    assert not hasattr(client, method)
                    continue
                with pytest.raises(getattr(ccxt, name), match=text) as caught:
                    await getattr(client, method)(params)
                assert type(caught.value).__name__ == name, (method, params)

    run(main())
    assert exchange.spot.orders() == exchange.linear.orders() == {}


@pytest.mark.parametrize(("symbol", "code"), [(BTC, "170141"), (PERP, "110072")])
def test_a_client_id_is_taken_for_ever(exchange, symbol, code):
    """A duplicate is InvalidOrder, not DuplicateOrderId, also when the first order is over."""

    async def main():
        async with client_of(exchange) as client:
            same = {"clientOrderId": "same"}
            first = await client.create_order(symbol, "limit", "buy", 0.01, 50_000, same)
            for _ in range(2):
                with pytest.raises(ccxt.InvalidOrder, match=code) as caught:
                    await client.create_order(symbol, "limit", "buy", 0.01, 50_000, same)
                assert type(caught.value) is ccxt.InvalidOrder
                if await client.fetch_open_orders(symbol):
                    await client.cancel_order(first["id"], symbol)

    run(main())


@pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "linear"])
def test_ccxt_s_unified_calls_name_our_id_wrongly(exchange, symbol):
    """Cancel sends `clientOrderId`, which bybit does not know; `orderLinkId` is passed on as it is.

    Edit takes either, and then drops the order's own id. A look-up by it is only in lists.
    """

    async def main():
        async with client_of(exchange) as client:
            mine = {"clientOrderId": "mine"}
            await client.create_order(symbol, "limit", "buy", 0.01, 50_000, mine)
            with pytest.raises(ccxt.BadRequest, match="10001"):
                await client.cancel_order(None, symbol, mine)
            await client.edit_order("whatever", symbol, "limit", "buy", 0.02, 50_000, mine)
            by_ours = {"orderLinkId": "mine"}
            with pytest.raises(ccxt.OrderNotFound):
                await client.fetch_open_order(None, symbol, by_ours)
            (found,) = await client.fetch_open_orders(symbol, params=by_ours)
            assert found["amount"] == 0.02
            await client.cancel_order(None, symbol, by_ours)
            with pytest.raises(ccxt.ArgumentsRequired, match="acknowledged"):
                await client.fetch_order(None, symbol, mine)

    run(main())
    amended = exchange.asked("POST", "/order/amend")[0].params
    assert amended["orderLinkId"] == "mine"
    assert "orderId" not in amended


def test_an_amendment_that_changes_nothing_is_refused(exchange):
    """10001, and the order stands; less than was filled is 110064."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order(PERP, "limit", "buy", 1.5, 60_010)
            for qty, code, name in ((1.5, "10001", "BadRequest"), (1, "110064", "InvalidOrder")):
                with pytest.raises(getattr(ccxt, name), match=code):
                    await client.edit_order(told["id"], PERP, "limit", "buy", qty, 60_010)

    run(main())
    assert [r.status for r in exchange.linear.orders().values()] == ["PARTIALLY_FILLED"]


@pytest.mark.parametrize(("symbol", "code"), [(BTC, "170131"), (PERP, "110007")])
def test_an_amendment_that_is_too_dear_is_refused(exchange, symbol, code):
    """It would block more than there is: InsufficientFunds, and the order stays what it was."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order(symbol, "limit", "buy", 0.1, 50_000)
            with pytest.raises(ccxt.InsufficientFunds, match=code):
                await client.edit_order(told["id"], symbol, "limit", "buy", 100, 50_000)
            await client.edit_order(told["id"], symbol, "limit", "buy", 0.2, 50_000)

    run(main())
    account = exchange.spot if symbol == BTC else exchange.linear
    assert [record.qty for record in account.orders().values()] == [Decimal("0.2")]


def test_keys_signatures_and_times_are_checked(exchange):
    """An unknown key is 10003, a wrong secret 10004, another time than bybit's 10002."""

    async def main():
        async with client_of(exchange) as client:
            for name, code in (("secret", "10004"), ("apiKey", "10003")):
                right = getattr(client, name)
                setattr(client, name, "wrong")
                with pytest.raises(ccxt.AuthenticationError, match=code):
                    await client.fetch_balance()
                with pytest.raises(ccxt.AuthenticationError):
                    await client.watch_orders(BTC)
                setattr(client, name, right)
            for skew_ms in (-2_000, 30_000):
                exchange.skew(skew_ms)
                with pytest.raises(ccxt.InvalidNonce, match="10002"):
                    await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                await client.load_time_difference()
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                client.options["timeDifference"] = 0

    run(main())
    assert len(exchange.spot.orders()) == 2


def test_requests_are_counted_by_endpoint():
    """The headers count down to 10006; orders of the other category have a limit of their own."""
    with LocalExchange("bybit", limits={"spot": {"order/create": 2}}) as exchange:
        for account in (exchange.spot, exchange.linear):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange) as client:
                left, refused = [], None
                while refused is None:
                    try:
                        await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                        left.append(client.last_response_headers["X-Bapi-Limit-Status"])
                    except ccxt.RateLimitExceeded as problem:
                        refused = str(problem)
                assert "10006" in refused
                headers = client.last_response_headers
                assert (left[:2], headers["X-Bapi-Limit"]) == (["1", "0"], "2")
                assert int(headers["X-Bapi-Limit-Reset-Timestamp"]) > 0
                await client.create_order(PERP, "limit", "buy", 0.01, 50_000)

        run(main())
        assert len(exchange.spot.orders()) == len(exchange.asked("POST", "/create")) - 2


def test_an_address_that_asks_too_often_is_shut_out(exchange):
    """HTTP 403 without JSON: RateLimitExceeded to ccxt, and nothing was done."""

    async def main():
        async with client_of(exchange) as client:
            exchange._house.limiter.ip_limit = 0
            with pytest.raises(ccxt.RateLimitExceeded, match="403"):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)

    run(main())
    assert exchange.spot.orders() == {}


def test_the_dead_man_s_switch_must_have_been_allowed(exchange):
    """To who has not asked bybit for it, setting it is refused; ccxt's default is DERIVATIVES."""

    async def main():
        async with client_of(exchange) as client:
            await client.cancel_all_orders_after(10_000)
            await client.cancel_all_orders_after(10_000, {"type": "spot"})
            exchange.unified.allow_dcp(allowed=False)
            with pytest.raises(ccxt.PermissionDenied, match="10005"):
                await client.cancel_all_orders_after(10_000)

    run(main())
    products = [r.params["product"] for r in exchange.asked("POST", "/disconnected-cancel-all")]
    assert products == ["DERIVATIVES", "SPOT", "DERIVATIVES"]
