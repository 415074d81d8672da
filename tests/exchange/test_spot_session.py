"""A normal session on the local exchange with the real ccxt client: Binance spot."""

from __future__ import annotations

from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

BTC = "BTC/USDT"
FAR = 50_000


@pytest.fixture
def exchange():
    """One exchange with a book by hand: 60000 bid, 60010 asked."""
    with LocalExchange(ticker_ms=20) as made:
        made.spot.set_book(BTC, [(60_000, 1), (59_990, 2)], [(60_010, 1), (60_020, 2)])
        yield made


def order(client, qty=0.01, price=FAR, side="buy", kind="limit", **params):
    """Send an order."""
    return client.create_order(BTC, kind, side, qty, price, params)


def test_markets_carry_the_exchange_s_own_rules(exchange):
    """load_markets reads tick, step, minimum and order types as the instruments have them."""

    async def main():
        async with client_of(exchange) as client:
            market = client.market(BTC)
            assert (market["spot"], market["precision"]["price"]) == (True, 0.01)
            assert market["precision"]["amount"] == 0.00001
            assert market["limits"]["cost"]["min"] == 5
            assert "STOP_LOSS_LIMIT" in market["info"]["orderTypes"]
            assert client.markets.keys() >= {BTC, "ETH/USDT"}

    run(main())
    assert exchange.strangers == []


@pytest.mark.parametrize(
    ("kind", "price", "params", "status"),
    [
        ("limit", FAR, {}, "open"),
        ("limit", 60_010, {}, "closed"),
        ("limit", FAR, {"timeInForce": "IOC"}, "expired"),
        ("limit", FAR, {"timeInForce": "FOK"}, "expired"),
        ("limit", FAR, {"postOnly": True}, "open"),
        ("market", None, {}, "closed"),
        ("market", None, {"triggerPrice": 70_000}, "open"),
        ("limit", 70_010, {"triggerPrice": 70_000}, "open"),
    ],
)
def test_every_order_type(exchange, kind, price, params, status):
    """Each type and time in force that the exchange offers ends as Binance would have it."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, kind=kind, price=price, clientOrderId="one", **params)
            found = await client.fetch_order(told["id"], BTC)
            assert (found["status"], found["clientOrderId"]) == (status, "one")
            own = exchange.spot.orders()[int(told["id"])]
            assert (found["info"]["type"], found["postOnly"]) == (
                own.kind, own.kind == "LIMIT_MAKER"
            )  # fmt: skip

    run(main())


def test_an_order_is_found_changed_and_canceled_by_its_client_id(exchange):
    """fetch, edit (cancelReplace: a new number), cancel and cancel-all go by client id."""

    async def main():
        async with client_of(exchange) as client:
            first = await order(client, clientOrderId="a")
            found = await client.fetch_order(None, BTC, {"clientOrderId": "a"})
            assert found["id"] == first["id"]
            second = await client.edit_order(
                first["id"], BTC, "limit", "buy", 0.02, FAR, {"clientOrderId": "b"}
            )
            assert second["id"] != first["id"]
            assert (second["clientOrderId"], second["amount"]) == ("b", 0.02)
            gone = await client.cancel_order(None, BTC, {"clientOrderId": "b"})
            assert gone["status"] == "canceled"
            await order(client, clientOrderId="b")  # free again: no open order has it
            await order(client, clientOrderId="c")
            assert len(await client.fetch_open_orders(BTC)) == 2
            assert len(await client.cancel_all_orders(BTC)) == 2
            assert await client.fetch_open_orders(BTC) == []

    run(main())
    states = [(r.client_id, r.status) for r in exchange.spot.orders().values()]
    assert states == [(name, "CANCELED") for name in "abbc"]


def test_money_fees_and_trades_add_up(exchange):
    """Balances follow from deposits and trades alone; a buy's fee comes off what it brings."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, qty=1.5, kind="market", price=None)
            assert [(t["price"], t["amount"]) for t in told["trades"]] == [
                (60_010, 1), (60_020, 0.5)
            ]  # fmt: skip
            await order(client, qty=0.5, side="sell", kind="limit", price=60_000)
            await order(client, qty=0.5, price=FAR)
            trades = await client.fetch_my_trades(BTC)
            assert [t["fee"]["currency"] for t in trades] == ["BTC", "BTC", "USDT"]
            last = await client.fetch_my_trades(BTC, params={"fromId": trades[-1]["id"]})
            assert [t["id"] for t in last] == [trades[-1]["id"]]
            of_one = await client.fetch_my_trades(BTC, params={"orderId": told["id"]})
            assert len(of_one) == 2
            money = await client.fetch_balance()
            own = exchange.spot.balances()
            assert money["USDT"]["used"] == FAR / 2
            assert [money[c]["total"] for c in ("BTC", "USDT")] == [
                float(own["BTC"]), float(own["USDT"])
            ]  # fmt: skip

    run(main())
    bought, fee = Decimal("1.5"), Decimal("0.0015")
    paid = Decimal(60_010) + Decimal(30_010)
    got = Decimal(30_000) * (1 - Decimal("0.001"))
    assert exchange.spot.balances()["BTC"] == 2 + bought - fee - Decimal("0.5")
    assert exchange.spot.balances()["USDT"] == 100_000 - paid + got
    assert exchange.spot.fees() == {"BTC": fee, "USDT": Decimal(30)}


def test_trades_reach_back_as_far_as_asked_and_no_further(exchange):
    """MyTrades with a start goes 24 hours on; a longer span is refused with -1127."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, kind="market", price=None)
            now = told["timestamp"]
            hour = 3_600_000
            assert len(await client.fetch_my_trades(BTC, since=now - hour)) == 1
            assert await client.fetch_my_trades(BTC, since=now - 25 * hour) == []
            with pytest.raises(ccxt.BadRequest, match="-1127"):
                await client.fetch_my_trades(BTC, now - 25 * hour, params={"until": now})

    run(main())


def test_the_user_stream_tells_an_order_s_life(exchange):
    """watch_orders and watch_my_trades hear what happens to an order, in its order."""

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            told = await order(client, price=60_000, clientOrderId="life")
            (first,) = await heard
            assert (first["id"], first["status"]) == (told["id"], "open")
            fills = await begun(client.watch_my_trades(BTC))
            exchange.spot.trade(BTC, 59_999, 0.004, "sell")
            (fill,) = await fills
            assert (fill["order"], fill["takerOrMaker"]) == (told["id"], "maker")
            assert (fill["amount"], fill["price"]) == (0.004, 60_000)
            later = await begun(client.watch_orders(BTC))
            await client.cancel_order(told["id"], BTC)
            await later
            last = client.orders.hashmap[BTC][told["id"]]
            assert (last["status"], last["filled"]) == ("canceled", 0.004)
            await until(lambda: client.balance["spot"]["USDT"]["used"] == 0)

    run(main())


def test_the_public_streams(exchange):
    """watch_order_book, watch_trades, watch_ticker and watch_bids_asks follow the market."""

    async def main():
        async with client_of(exchange) as client:
            book = await listening(exchange.spot, "depth", client.watch_order_book(BTC))
            found = await book
            assert found["bids"][0] == [60_000, 1]
            exchange.spot.set_book(BTC, [(60_001, 3)], [(60_010, 1)])
            changed = await client.watch_order_book(BTC)
            assert (changed["bids"], changed["asks"]) == ([[60_001, 3]], [[60_010, 1]])
            trade = await listening(exchange.spot, "trade", client.watch_trades(BTC))
            ticker = await listening(exchange.spot, "miniTicker", client.watch_ticker(BTC))
            quote = await listening(exchange.spot, "bookTicker", client.watch_bids_asks([BTC]))
            exchange.spot.trade(BTC, 60_010, 0.5, "buy")
            exchange.spot.set_book(BTC, [(60_002, 1)], [(60_009, 1)])
            (row,) = await trade
            assert (row["price"], row["amount"], row["side"]) == (60_010, 0.5, "buy")
            await ticker
            await until(lambda: client.tickers[BTC]["last"] == 60_010)
            assert (await quote)[BTC]["bid"] == 60_002
            whole = await client.watch_ticker(BTC, {"name": "ticker"})
            assert (whole["bid"], whole["ask"]) == (60_002, 60_009)

    run(main())


def test_orders_over_the_websocket_api(exchange):
    """create, edit, fetch and cancel go over the websocket as they go over REST."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order_ws(
                BTC, "limit", "buy", 0.01, FAR, {"clientOrderId": "w"}
            )
            again = await client.edit_order_ws(told["id"], BTC, "limit", "buy", 0.02, FAR)
            found = await client.fetch_order_ws(again["id"], BTC)
            assert (found["status"], found["amount"]) == ("open", 0.02)
            await client.cancel_order_ws(again["id"], BTC)
            with pytest.raises(ccxt.OrderNotFound):
                await client.cancel_order_ws(again["id"], BTC)

    run(main())
    assert [r.status for r in exchange.spot.orders().values()] == ["CANCELED"] * 2


def test_a_stop_waits_triggers_and_fills(exchange):
    """A stop says nothing when it triggers, as on Binance, and then fills as a taker."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, kind="market", price=None, triggerPrice=60_100)
            assert told["status"] is None or told["status"] == "open"
            exchange.spot.set_book(BTC, [(60_100, 1)], [(60_110, 1)])
            found = await client.fetch_order(told["id"], BTC)
            assert (found["status"], found["average"]) == ("closed", 60_110)

    run(main())


def test_permissions_of_the_key_are_told(exchange):
    """ApiRestrictions says what the key may do."""
    exchange.key.restrictions["enableWithdrawals"] = True

    async def main():
        async with client_of(exchange) as client:
            told = await client.sapi_get_account_apirestrictions()
            assert (told["enableWithdrawals"], told["ipRestrict"]) == (True, True)

    run(main())


@pytest.mark.parametrize(
    ("switch", "on"),
    [("set_sandbox_mode", {"enable": True}), ("enable_demo_trading", {"enable": True})],
)
def test_the_test_networks_are_here_too(exchange, switch, on):
    """One switch of ccxt leads to the test network's names: REST, streams and user data."""

    async def main():
        async with client_of(exchange) as client:
            getattr(client, switch)(**on)
            await client.load_markets(reload=True)
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            told = await order(client, price=FAR)
            assert [o["id"] for o in await heard] == [told["id"]]
            book = await client.watch_order_book(BTC)
            assert book["bids"][0] == [60_000, 1]

    run(main())
    assert exchange.strangers == []
