"""A normal session on the local exchange with the real ccxt client: OKX, spot and perpetuals."""

from __future__ import annotations

import zlib
from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
FAR = 50_000
BOTH = pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "swap"])


@pytest.fixture
def exchange():
    """One exchange with two books by hand: 60000 bid, 60010 asked."""
    with LocalExchange("okx", ticker_ms=20) as made:
        for symbol in (BTC, PERP):
            made.unified.set_book(
                symbol, [(60_000, 1), (59_990, 2)], [(60_010, 1), (60_020, 2)]
            )
        yield made


def size(symbol, qty):
    """Return what ccxt calls the amount: contracts of 0.01 BTC of a perpetual."""
    return qty if symbol == BTC else round(qty * 100, 6)


def order(client, symbol, qty=0.01, price=FAR, side="buy", kind="limit", **params):
    """Send an order; the quantity is in BTC."""
    return client.create_order(symbol, kind, side, size(symbol, qty), price, params)


def test_the_rules_are_read(exchange):
    """Ccxt reads pair and perpetual, with the contract's value; nobody asks who is not here."""

    async def main():
        async with client_of(exchange) as client:
            spot, swap = client.market(BTC), client.market(PERP)
            assert (spot["id"], swap["id"]) == ("BTC-USDT", "BTC-USDT-SWAP")
            assert (swap["linear"], swap["contractSize"]) == (True, 0.01)
            assert (spot["precision"]["amount"], swap["precision"]["amount"]) == (0.00001, 0.01)
            assert await client.fetch_time() > 0
            book = await client.fetch_order_book(PERP)
            assert (book["bids"][0][:2], book["asks"][0][:2]) == ([60_000, 100], [60_010, 100])
            assert (await client.fetch_ticker(BTC))["bid"] == 60_000
            assert (await client.fetch_funding_rate(PERP))["fundingRate"] == 0.0001
            fee = await client.fetch_trading_fee(PERP)
            assert (fee["maker"], fee["taker"]) == (0.0002, 0.0005)

    run(main())
    assert exchange.strangers == []


@BOTH
@pytest.mark.parametrize(
    ("kind", "price", "params", "outcome"),
    [
        ("limit", FAR, {}, "open"),
        ("limit", 60_010, {}, "closed"),
        ("limit", FAR, {"timeInForce": "IOC"}, "canceled"),
        ("limit", FAR, {"timeInForce": "FOK"}, "canceled"),
        ("limit", FAR, {"postOnly": True}, "open"),
        ("limit", 60_010, {"postOnly": True}, "canceled"),
        ("market", None, {}, "closed"),
    ],
)
def test_every_order_type(exchange, symbol, kind, price, params, outcome):
    """The answer is an acknowledgement with an id; what became of the order is looked up."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, symbol, kind=kind, price=price, clientOrderId="a", **params)
            assert (told["clientOrderId"], told["status"]) == ("a", None)
            found = await client.fetch_order(None, symbol, {"clientOrderId": "a"})
            assert (found["id"], found["status"]) == (told["id"], outcome)
            assert found["amount"] == size(symbol, 0.01)

    run(main())


def test_reduce_only(exchange):
    """It is refused with nothing to reduce, and never turns a position over."""

    async def main():
        async with client_of(exchange) as client:
            with pytest.raises(ccxt.ExchangeError, match="51169"):
                await order(client, PERP, side="sell", kind="market", price=None, reduceOnly=True)
            await order(client, PERP, 0.5, kind="market", price=None)
            await order(client, PERP, 0.8, kind="market", price=None, side="sell", reduceOnly=True)
            assert await client.fetch_positions([PERP]) == []

    run(main())
    assert exchange.unified.positions()[PERP] == 0


@BOTH
def test_an_order_is_amended_in_place_and_cancelled(exchange, symbol):
    """The id and the client id stay; cancel and look-up by client id; the list of what rests."""

    async def main():
        async with client_of(exchange) as client:
            first = await order(client, symbol, clientOrderId="a")
            told = await client.edit_order(
                None, symbol, "limit", "buy", size(symbol, 0.02), FAR + 10, {"clOrdId": "a"}
            )
            assert (told["id"], told["clientOrderId"]) == (first["id"], "a")
            (found,) = await client.fetch_open_orders(symbol)
            assert (found["amount"], found["price"]) == (size(symbol, 0.02), FAR + 10)
            await client.cancel_order(None, symbol, {"clientOrderId": "a"})
            assert await client.fetch_open_orders(symbol) == []
            (gone,) = await client.fetch_canceled_orders(symbol)
            assert (gone["clientOrderId"], gone["info"]["cancelSource"]) == ("a", "1")
            for name in "bc":
                await order(client, symbol, clientOrderId=name)
            await client.cancel_orders(None, symbol, {"clientOrderId": ["b", "c"]})

    run(main())
    orders = exchange.unified.orders().values()
    assert [(r.client_id, r.status) for r in orders] == [(n, "CANCELED") for n in "abc"]


def test_an_amendment_to_less_than_was_filled_fills_the_order(exchange):
    """The page says: the state becomes filled."""

    async def main():
        async with client_of(exchange) as client:
            first = await order(client, BTC, 0.5, price=60_000)
            exchange.unified.trade(BTC, 59_999, 0.2, "sell")
            await client.edit_order(first["id"], BTC, "limit", "buy", 0.1, 60_000)
            assert (await client.fetch_order(first["id"], BTC))["status"] == "closed"

    run(main())


def test_money_fills_and_bills_add_up(exchange):
    """Each total is the sum of its bills; trade ids count for each instrument by itself."""

    async def main():
        async with client_of(exchange) as client:
            for symbol in (BTC, PERP):
                await order(client, symbol, 0.5, kind="market", price=None)
                await order(client, symbol, 0.2, kind="market", price=None, side="sell")
            exchange.unified.fund(PERP, "0.0001")
            (position,) = await client.fetch_positions([PERP])
            assert (position["side"], position["contracts"]) == ("long", 30)
            (funding,) = await client.fetch_funding_history(PERP)
            assert funding["amount"] == pytest.approx(-0.3 * 60_005 * 0.0001)
            ids = {s: [t["id"] for t in await client.fetch_my_trades(s)] for s in (BTC, PERP)}
            assert ids[BTC] == ids[PERP] == ["100001", "100002"]
            money = await client.fetch_balance()
            assert money["BTC"]["total"] == float(exchange.unified.balances()["BTC"])
            upl = position["unrealizedPnl"]
            assert money["USDT"]["total"] == pytest.approx(
                float(exchange.unified.balances()["USDT"]) + upl
            )
            bills = (await client.private_get_account_bills())["data"]
            assert len(bills) == 3 + 4 + 2 + 1  # deposits, two for each pair's trade, funding
            for asset, total in exchange.unified.balances().items():
                changes = [Decimal(b["balChg"]) for b in bills if b["ccy"] == asset]
                assert sum(changes) == total
            assert len(await client.fetch_ledger(params={"type": "swap"})) == 3

    run(main())
    fees = exchange.unified.fees()
    assert fees["BTC"] == Decimal("0.0005")
    assert fees["USDT"] == Decimal(12) + Decimal("15.0025") + Decimal(6)
    assert exchange.unified.balances()["BTC"] == 2 + Decimal("0.3") - fees["BTC"]
    assert exchange.unified.positions() == {
        BTC: Decimal("0.3"), PERP: Decimal("0.3"), "ETH/USDT": 0, "ETH/USDT:USDT": 0,
    }  # fmt: skip


@BOTH
def test_the_private_channels_tell_orders_money_and_positions(exchange, symbol):
    """After a login: an order rests, each fill comes with its trade, money and position follow."""
    account = exchange.unified

    async def main():
        async with client_of(exchange) as client:
            orders = await listening(account, "user", client.watch_orders(symbol))
            told = await order(client, symbol, price=60_000, clientOrderId="a")
            assert [(o["id"], o["status"]) for o in await orders] == [(told["id"], "open")]
            trades = await begun(client.watch_my_trades(symbol))
            account.trade(symbol, 59_999, 0.004, "sell")
            (fill,) = await trades
            assert (fill["order"], fill["amount"], fill["takerOrMaker"]) == (
                told["id"], size(symbol, 0.004), "maker",
            )  # fmt: skip
            assert (await client.watch_balance())["USDT"]["total"] > 0
            if symbol == PERP:
                held = await client.watch_positions()
                assert [p["contracts"] for p in held] == [0.4]

    run(main())


def test_the_public_channels(exchange):
    """A snapshot, changes that name the one before, a checksum that is right; trades, tickers."""
    raw = []

    async def main():
        async with client_of(exchange) as client:
            handle = client.handle_order_book

            def hear(connection, message):
                raw.append((message["action"], message["data"][0]))
                return handle(connection, message)

            client.handle_order_book = hear
            book = await (
                await listening(exchange.unified, "books", client.watch_order_book(PERP))
            )
            assert book["bids"][0] == [60_000, 100]
            exchange.unified.set_book(PERP, [(60_001, 3)], [(60_010, 1)])
            changed = await client.watch_order_book(PERP)
            assert (changed["bids"], changed["asks"]) == ([[60_001, 300]], [[60_010, 100]])
            trade = await listening(exchange.unified, "trades", client.watch_trades(PERP))
            ticker = await listening(exchange.unified, "tickers", client.watch_ticker(PERP))
            exchange.unified.trade(PERP, 60_010, 0.5, "buy")
            seen = (await trade)[0]
            assert (seen["price"], seen["amount"], seen["side"]) == (60_010, 50, "buy")
            await ticker
            await until(lambda: client.tickers[PERP]["last"] == 60_010)

    run(main())
    (first, snapshot), (second, update) = raw
    assert (first, snapshot["prevSeqId"]) == ("snapshot", -1)
    assert (second, update["prevSeqId"]) == ("update", snapshot["seqId"])
    found = zlib.crc32(b"60001:300:60010:100")
    assert update["checksum"] == found - (found >= 2**31) * 2**32


@BOTH
def test_orders_by_socket(exchange, symbol):
    """Create, edit and cancel over the private socket name instruments by number."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order_ws(symbol, "limit", "buy", size(symbol, 0.01), FAR)
            again = await client.edit_order_ws(
                told["id"], symbol, "limit", "buy", size(symbol, 0.02), FAR
            )
            assert again["id"] == told["id"]
            await client.cancel_order_ws(told["id"], symbol)

    run(main())
    (record,) = exchange.unified.orders().values()
    assert (record.qty, record.status) == (Decimal("0.02"), "CANCELED")


def test_a_stop_becomes_an_order_that_names_it(exchange):
    """The child has no client id: algoId and algoClOrdId there, ordIdList here, link the two."""

    async def main():
        async with client_of(exchange) as client:
            params = {"triggerPrice": 60_100, "clientOrderId": "stop"}
            told = await client.create_order(BTC, "limit", "buy", 0.01, 60_200, params)
            (waits,) = await client.fetch_open_orders(BTC, params={"trigger": True})
            assert (waits["id"], waits["triggerPrice"]) == (told["id"], 60_100)
            exchange.unified.trade(BTC, 60_100, 0.1, "buy")
            algo = await client.fetch_order(None, BTC, {"clOrdId": "stop", "trigger": True})
            assert algo["info"]["state"] == "effective"
            child = await client.fetch_order(algo["info"]["ordIdList"][0], BTC)
            assert (child["status"], child["clientOrderId"]) == ("closed", None)
            assert child["info"]["algoClOrdId"] == "stop"
            later = await client.create_order(BTC, "market", "sell", 0.01, None, {
                "triggerPrice": 50_000, "clientOrderId": "down",
            })  # fmt: skip
            await client.cancel_order(later["id"], BTC, {"trigger": True})
            assert await client.fetch_open_orders(BTC, params={"trigger": True}) == []

    run(main())


def test_demo_trading_is_another_place():
    """With set_sandbox_mode every request says so, and a key of the other side is refused."""
    from support.exchange.okx.signing import OkxKey  # noqa: PLC0415 - only here

    with LocalExchange("okx", key=OkxKey(demo=True)) as exchange:
        exchange.unified.set_book(BTC, [(60_000, 1)], [(60_010, 1)])

        async def main():
            async with client_of(exchange, sandbox=True) as client:
                heard = await listening(exchange.unified, "user", client.watch_orders(BTC))
                await order(client, BTC)
                assert len(await heard) == 1
            with pytest.raises(ccxt.AuthenticationError, match="50101"):
                async with client_of(exchange):
                    pass

        run(main())
        assert exchange.strangers == []


def test_the_dead_man_cancels_all(exchange):
    """Cancel-all-after takes every order of the account when nobody speaks in time."""

    async def main():
        async with client_of(exchange) as client:
            for symbol in (BTC, PERP):
                await order(client, symbol)
            await client.cancel_all_orders_after(20_000)
            exchange.skew(15_000)
            await client.cancel_all_orders_after(20_000)
            assert all(r.is_open for r in exchange.unified.orders().values())
            exchange.skew(36_000)
            await until(lambda: not any(r.is_open for r in exchange.unified.orders().values()))

    run(main())
