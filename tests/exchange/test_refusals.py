"""What the exchange refuses, as ccxt reports it: the code, the class, and nothing changed."""

from __future__ import annotations

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC = "BTC/USDT"
LIMIT = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
    "quantity": "0.01", "price": "50000",
}  # fmt: skip
PERP = {**LIMIT, "newClientOrderId": "p"}
STOP = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "STOP_LOSS", "quantity": "0.01",
    "stopPrice": "59000",
}  # fmt: skip
REPLACE = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "gone"}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both accounts: 60000 bid, 60010 asked."""
    with LocalExchange() as made:
        for account in (made.spot, made.usdm):
            account.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        yield made


SPOT = [
    ("private_post_order", {**LIMIT, "price": "50000.001"}, "InvalidOrder", "PRICE_FILTER"),
    ("private_post_order", {**LIMIT, "quantity": "0.000001"}, "InvalidOrder", "LOT_SIZE"),
    ("private_post_order", {**LIMIT, "price": "100"}, "BadRequest", "NOTIONAL"),
    ("private_post_order", {**LIMIT, "quantity": "1.9999"}, "", ""),
    ("private_post_order", {**LIMIT, "quantity": "2.1"}, "InsufficientFunds", "insufficient"),
    ("private_post_order", {**LIMIT, "price": "-1"}, "BadRequest", "-1100"),
    ("private_post_order", {**LIMIT, "symbol": "XYZUSDT"}, "BadSymbol", "-1121"),
    ("private_post_order", {**LIMIT, "type": "TAKE_PROFIT"}, "BadRequest", "-1116"),
    ("private_post_order", {**LIMIT, "side": "LONG"}, "BadRequest", "-1117"),
    ("private_post_order", {**LIMIT, "timeInForce": "GTX"}, "BadRequest", "-1115"),
    ("private_post_order", {**LIMIT, "reduceOnly": "true"}, "BadRequest", "-1104"),
    ("private_post_order", {**LIMIT, "newClientOrderId": "a b"}, "BadRequest", "-1100"),
    ("private_post_order", STOP, "OrderImmediatelyFillable", "trigger immediately"),
    ("private_delete_order", {"symbol": "BTCUSDT", "orderId": 1}, "OrderNotFound", "-2011"),
    ("private_get_order", {"symbol": "BTCUSDT", "orderId": 1}, "OrderNotFound", "-2013"),
    ("private_delete_openorders", {"symbol": "BTCUSDT"}, "OrderNotFound", "-2011"),
    ("private_delete_order", {"symbol": "BTCUSDT"}, "BadRequest", "-1102"),
    ("private_post_order_cancelreplace", REPLACE, "BadResponse", "-2022"),
]
USDM = [
    ("fapiprivate_post_order", {**PERP, "price": "50000.001"}, "BadRequest", "-4014"),
    ("fapiprivate_post_order", {**PERP, "quantity": "0.0001"}, "BadRequest", "-1111"),
    ("fapiprivate_post_order", {**PERP, "quantity": "0.001"}, "InvalidOrder", "-4164"),
    ("fapiprivate_post_order", {**PERP, "quantity": "100"}, "InsufficientFunds", "-2019"),
    ("fapiprivate_post_order", {**PERP, "reduceOnly": "true"}, "InvalidOrder", "-2022"),
    ("fapiprivate_post_order", {**PERP, "positionSide": "LONG"}, "OperationRejected", "-4061"),
    ("fapiprivate_delete_order", {"symbol": "BTCUSDT", "orderId": 1}, "OrderNotFound", "-2011"),
    ("fapiprivate_get_order", {"symbol": "BTCUSDT", "orderId": 1}, "OrderNotFound", "-2013"),
]


@pytest.mark.parametrize("cases", [SPOT, USDM], ids=["spot", "usdm"])
def test_every_refusal_has_binance_s_code_and_ccxt_s_class(exchange, cases):
    """Each bad request raises the documented class; only the good one left an order."""

    async def main():
        async with client_of(exchange) as client:
            for method, params, name, text in cases:
                call = getattr(client, method)(params)
                if not name:
                    await call
                    await client.cancel_all_orders(BTC)
                    continue
                with pytest.raises(getattr(ccxt, name), match=text) as caught:
                    await call
                assert type(caught.value).__name__ == name, (method, params)

    run(main())
    assert len(exchange.spot.orders()) + len(exchange.usdm.orders()) == (cases is SPOT)


def test_a_client_id_is_taken_while_its_order_is_open(exchange):
    """Spot: -2010 as InvalidOrder, not DuplicateOrderId; USD-M: -4116 the same. Then it is free."""

    async def main():
        async with client_of(exchange) as client:
            for symbol, code in ((BTC, "Duplicate order sent"), (f"{BTC}:USDT", "-4116")):
                same = {"clientOrderId": "same"}
                first = await client.create_order(symbol, "limit", "buy", 0.01, 50_000, same)
                with pytest.raises(ccxt.InvalidOrder, match=code) as caught:
                    await client.create_order(symbol, "limit", "buy", 0.01, 50_000, same)
                assert type(caught.value) is ccxt.InvalidOrder
                await client.cancel_order(first["id"], symbol)
                await client.create_order(symbol, "limit", "buy", 0.01, 50_000, same)

    run(main())
    assert len(exchange.spot.orders()) == len(exchange.usdm.orders()) == 2


def test_half_of_a_cancel_replace_may_fail(exchange):
    """The cancel succeeds, the new order does not: -2021 with both halves in the body."""

    async def main():
        async with client_of(exchange) as client:
            first = await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            with pytest.raises(ccxt.BadResponse, match=r'-2021.*"newOrderResult":"FAILURE"'):
                await client.edit_order(first["id"], BTC, "limit", "buy", 9, 50_000)

    run(main())
    assert [r.status for r in exchange.spot.orders().values()] == ["CANCELED"]


def test_filters_come_before_either_half_of_a_cancel_replace(exchange):
    """A bad price refuses all of it: the old order stands."""

    async def main():
        async with client_of(exchange) as client:
            first = await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            words = {**REPLACE, "price": "50000.001", "cancelOrderId": first["id"]}
            del words["cancelOrigClientOrderId"]
            with pytest.raises(ccxt.InvalidOrder, match="PRICE_FILTER"):
                await client.private_post_order_cancelreplace(words)

    run(main())
    assert [r.status for r in exchange.spot.orders().values()] == ["NEW"]


def test_keys_and_signatures_are_checked(exchange):
    """A wrong secret is -1022, an unknown key -2015, no key at all -2014."""

    async def main():
        for changed, code in (
            ({"secret": "wrong"}, "-1022"), ({"apiKey": "unknown"}, "-2015"),
        ):  # fmt: skip
            async with client_of(exchange, options={"fetchCurrencies": False}) as client:
                client.options["fetchMargins"] = False
                for name, value in changed.items():
                    setattr(client, name, value)
                with pytest.raises(ccxt.AuthenticationError, match=code):
                    await client.private_get_account()
                with pytest.raises(ccxt.AuthenticationError, match=code):
                    await client.fapiprivatev3_get_account()

    run(main())


@pytest.mark.parametrize("skew_ms", [-2_000, 30_000])
def test_another_time_than_the_exchange_s_is_refused(exchange, skew_ms):
    """-1021 is InvalidNonce; ccxt's load_time_difference puts it right."""

    async def main():
        async with client_of(exchange) as client:
            exchange.skew(skew_ms)
            with pytest.raises(ccxt.InvalidNonce, match="-1021"):
                await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
            assert exchange.spot.orders() == {}
            client.options["adjustForTimeDifference"] = True
            await client.load_time_difference()
            await client.create_order(BTC, "limit", "buy", 0.01, 50_000)

    run(main())
    assert len(exchange.spot.orders()) == 1


def test_weight_is_counted_as_binance_counts_it():
    """The headers add up; over the limit comes 429 with Retry-After, and then 418."""
    with LocalExchange(limits={"spot": {"weight": 100}}) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange, options={"fetchMargins": False}) as client:
                await client.fetch_order_book(BTC, 500)
                used = int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"])
                await client.fetch_balance()
                headers = client.last_response_headers
                assert int(headers["X-MBX-USED-WEIGHT-1M"]) - used == 20
                seen = []
                while not seen or " 418 " not in seen[-1]:
                    try:
                        await client.fetch_balance()
                    except ccxt.DDoSProtection as refusal:
                        seen.append(str(refusal))
                        assert int(client.last_response_headers["Retry-After"]) > 0
                assert [" 429 " in text for text in seen] == [True] * 5 + [False]

        run(main())
        assert exchange.spot.peak_weight() > 100


def test_new_orders_are_counted():
    """The third order in ten seconds is one too many: -1015 with 429."""
    limits = {"spot": {"orders": {"10S": 2, "1D": 100}}}
    with LocalExchange(limits=limits) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange) as client:
                for counted in range(5):  # a window may end in between, once
                    try:
                        await client.create_order(BTC, "limit", "buy", 0.01, 50_000)
                    except ccxt.DDoSProtection as refusal:
                        return counted, str(refusal)
                return None

        counted, text = run(main())
        assert counted in {2, 3, 4}
        assert "-1015" in text


def test_orders_that_trade_do_not_count():
    """Spot's limit is on unfilled orders: those that trade can go on for ever."""
    limits = {"spot": {"orders": {"10S": 2, "1D": 100}}}
    with LocalExchange(limits=limits) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange) as client:
                for _ in range(6):
                    await client.create_order(BTC, "market", "buy", 0.01)
                assert client.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "0"

        run(main())
