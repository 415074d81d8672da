"""A normal session on the local exchange with the real ccxt client: Binance USD-M futures."""

from __future__ import annotations

from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
FAR = 50_000
NAMES = ("binance", "binanceusdm")


@pytest.fixture
def exchange():
    """One exchange with a perpetual's book by hand: 60000 bid, 60010 asked."""
    with LocalExchange(ticker_ms=20) as made:
        made.usdm.set_book(BTC, [(60_000, 1), (59_990, 2)], [(60_010, 1), (60_020, 2)])
        yield made


def order(client, qty=0.01, price=FAR, side="buy", kind="limit", **params):
    """Send an order."""
    return client.create_order(PERP, kind, side, qty, price, params)


@pytest.mark.parametrize("name", NAMES)
def test_both_ccxt_classes_know_the_perpetual(exchange, name):
    """Binance and binanceusdm read the same rules; nobody asks a host that is not here."""

    async def main():
        async with client_of(exchange, name) as client:
            market = client.market(PERP)
            assert (market["linear"], market["contractSize"]) == (True, 1)
            assert (market["precision"]["amount"], market["limits"]["cost"]["min"]) == (0.001, 100)
            told = await order(client, clientOrderId="a")
            assert (told["status"], told["clientOrderId"]) == ("open", "a")

    run(main())
    assert exchange.strangers == []


@pytest.mark.parametrize(
    ("kind", "price", "params", "outcome"),
    [
        ("limit", FAR, {}, "open"),
        ("limit", 60_010, {}, "closed"),
        ("limit", FAR, {"timeInForce": "IOC"}, "expired"),
        ("limit", FAR, {"timeInForce": "FOK"}, ccxt.OrderNotFillable),
        ("limit", FAR, {"postOnly": True}, "open"),
        ("limit", 60_010, {"postOnly": True}, ccxt.OrderNotFillable),
        ("market", None, {}, "closed"),
        ("market", None, {"reduceOnly": True}, ccxt.InvalidOrder),
        ("limit", FAR, {"timeInForce": "GTD", "goodTillDate": 4_000_000_000_000}, "open"),
    ],
)
def test_every_order_type(exchange, kind, price, params, outcome):
    """Each time in force ends as on Binance; what it refuses leaves no order behind."""

    async def main():
        async with client_of(exchange) as client:
            if isinstance(outcome, str):
                told = await order(client, kind=kind, price=price, **params)
                found = await client.fetch_order(told["id"], PERP)
                assert (told["status"], found["status"]) == (outcome, outcome)
            else:
                with pytest.raises(outcome):
                    await order(client, kind=kind, price=price, **params)
                assert exchange.usdm.orders() == {}

    run(main())


def test_an_order_is_amended_in_place(exchange):
    """Edit is PUT order: the number and the client id stay, price and quantity change."""

    async def main():
        async with client_of(exchange) as client:
            first = await order(client, clientOrderId="a")
            again = await client.edit_order(first["id"], PERP, "limit", "buy", 0.02, FAR + 10)
            assert (again["id"], again["clientOrderId"]) == (first["id"], "a")
            found = await client.fetch_order(None, PERP, {"clientOrderId": "a"})
            assert (found["amount"], found["price"]) == (0.02, FAR + 10)
            with pytest.raises(ccxt.OperationRejected, match="-5027"):
                await client.edit_order(first["id"], PERP, "limit", "buy", 0.02, FAR + 10)
            exchange.usdm.trade(BTC, FAR, 1, "sell")
            with pytest.raises(ccxt.OrderNotFound):
                await client.edit_order(first["id"], PERP, "limit", "buy", 0.03, FAR)
            await order(client, clientOrderId="b")
            await client.cancel_order(None, PERP, {"clientOrderId": "b"})
            await order(client, clientOrderId="b")
            await client.cancel_all_orders(PERP)
            assert await client.fetch_open_orders(PERP) == []

    run(main())
    statuses = [r.status for r in exchange.usdm.orders().values()]
    assert statuses == ["FILLED", "CANCELED", "CANCELED"]


def test_positions_money_and_income_add_up(exchange):
    """Wallet = transfer + realised profit + commissions + funding, as income lists them."""

    async def main():
        async with client_of(exchange) as client:
            await order(client, qty=1.5, kind="market", price=None)
            await order(client, qty=0.5, side="sell", kind="market", price=None, reduceOnly=True)
            (position,) = await client.fetch_positions([PERP])
            assert (position["side"], position["contracts"]) == ("long", 1)
            exchange.usdm.fund(BTC, "0.0001")
            money = await client.fetch_balance({"type": "swap"})
            (funding,) = await client.fetch_funding_history(PERP)
            assert funding["amount"] == -6.0005
            entries = await client.fetch_ledger("USDT", params={"type": "swap"})
            assert len(entries) == 6  # a transfer, three fees, a profit, the funding
            equity = float(exchange.usdm.balances()["USDT"]) + position["unrealizedPnl"]
            assert money["USDT"]["total"] == pytest.approx(equity)
            trades = await client.fetch_my_trades(PERP)
            assert [t["amount"] for t in trades] == [1, 0.5, 0.5]

    run(main())
    entry = (Decimal(60_010) + Decimal(30_010)) / Decimal("1.5")
    profit = (Decimal(60_000) - entry) * Decimal("0.5")
    fees = (Decimal(60_010) + Decimal(30_010) + Decimal(30_000)) * Decimal("0.0005")
    own = exchange.usdm.balances()["USDT"]
    assert own == pytest.approx(100_000 + profit - fees - Decimal("6.0005"), abs=Decimal("1e-6"))
    assert exchange.usdm.positions()[BTC] == 1


def test_the_user_stream_tells_orders_balances_and_positions(exchange):
    """With a listen key, orders, trades, balance and positions are heard."""

    async def main():
        async with client_of(exchange, "binanceusdm") as client:
            orders = await listening(exchange.usdm, "user", client.watch_orders(PERP))
            told = await order(client, price=60_000)
            assert [(o["id"], o["status"]) for o in await orders] == [(told["id"], "open")]
            trades = await begun(client.watch_my_trades(PERP))
            balance = await begun(client.watch_balance())
            positions = await begun(client.watch_positions([PERP]))
            exchange.usdm.trade(BTC, 59_999, 0.004, "sell")
            (fill,) = await trades
            assert (fill["order"], fill["amount"], fill["takerOrMaker"]) == (
                told["id"], 0.004, "maker"
            )  # fmt: skip
            total = float(exchange.usdm.balances()["USDT"])
            assert (await balance)["USDT"]["total"] == total
            assert [p["contracts"] for p in await positions] == [0.004]

    run(main())
    assert len(exchange.asked("POST", "/listenKey")) == 1


def test_an_expired_listen_key_goes_silent_and_ccxt_does_not_notice(exchange):
    """After listenKeyExpired the connection stays open, says nothing, and the watch hangs on."""

    async def main():
        async with client_of(exchange, "binanceusdm") as client:
            heard = await listening(exchange.usdm, "user", client.watch_orders(PERP))
            exchange.usdm.end_user_stream()
            told = await order(client)
            assert (await client.fetch_order(told["id"], PERP))["status"] == "open"
            assert exchange.usdm.listeners("user") == 0
            assert not heard.done()
            heard.cancel()
            with pytest.raises(ccxt.AuthenticationError, match="-1125"):
                await client.fapiprivate_put_listenkey()

    run(main())


def test_the_public_streams(exchange):
    """Books with pu, quotes, trades and tickers come on the futures' own addresses."""

    async def main():
        async with client_of(exchange) as client:
            book = await (await listening(exchange.usdm, "depth", client.watch_order_book(PERP)))
            assert book["bids"][0] == [60_000, 1]
            exchange.usdm.set_book(BTC, [(60_001, 3)], [(60_010, 1)])
            changed = await client.watch_order_book(PERP)
            assert (changed["bids"], changed["asks"]) == ([[60_001, 3]], [[60_010, 1]])
            trade = await listening(exchange.usdm, "trade", client.watch_trades(PERP))
            ticker = await listening(exchange.usdm, "miniTicker", client.watch_ticker(PERP))
            quote = await listening(exchange.usdm, "bookTicker", client.watch_bids_asks([PERP]))
            exchange.usdm.trade(BTC, 60_010, 0.5, "buy")
            exchange.usdm.set_book(BTC, [(60_002, 1)], [(60_009, 1)])
            assert (await trade)[0]["price"] == 60_010
            assert (await quote)[PERP]["ask"] == 60_009
            await ticker
            await until(lambda: client.tickers[PERP]["last"] == 60_010)

    run(main())


@pytest.mark.parametrize(
    ("kind", "price", "trigger", "final"),
    [
        ("market", None, {"stopLossPrice": 60_100}, "FILLED"),
        ("limit", 60_000, {"stopLossPrice": 60_100}, "NEW"),
    ],
)
def test_a_conditional_order_waits_apart_and_becomes_an_order(
    exchange, kind, price, trigger, final
):
    """It goes to algoOrder, is found there, and when triggered a new order carries its id."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(
                client, kind=kind, price=price, clientOrderId="algo", **trigger
            )
            assert await client.fetch_open_orders(PERP) == []
            (waiting,) = await client.fetch_open_orders(PERP, params={"trigger": True})
            assert (waiting["id"], waiting["clientOrderId"]) == (told["id"], "algo")
            exchange.usdm.set_book(BTC, [(60_100, 1)], [(60_110, 1)])
            (record,) = exchange.usdm.orders().values()
            assert (record.client_id, record.status) == ("algo", final)
            found = await client.fetch_order(told["id"], PERP, {"trigger": True})
            assert found["info"]["actualOrderId"] == str(record.number)
            with pytest.raises(ccxt.OrderNotFound):
                await client.cancel_order(told["id"], PERP, {"trigger": True})

    run(main())


def test_a_conditional_order_is_canceled_by_its_client_id(exchange):
    """Cancel goes by clientAlgoId, and then it is gone."""

    async def main():
        async with client_of(exchange) as client:
            params = {"stopLossPrice": 70_000, "clientOrderId": "x"}
            await client.create_order(PERP, "market", "buy", 0.01, None, params)
            await client.cancel_order(None, PERP, {"trigger": True, "clientAlgoId": "x"})
            assert await client.fetch_open_orders(PERP, params={"trigger": True}) == []
            with pytest.raises(ccxt.InvalidOrder, match="-4120"):
                await client.fapiprivate_post_order({
                    "symbol": "BTCUSDT", "side": "BUY", "type": "STOP_MARKET",
                    "quantity": "0.01", "stopPrice": "70000",
                })  # fmt: skip

    run(main())


def test_the_dead_man_s_switch_cancels_a_symbol(exchange):
    """CountdownCancelAll cancels what is open when nobody says it again; 0 ends it."""

    async def main():
        async with client_of(exchange) as client:
            await order(client)
            say = client.fapiprivate_post_countdowncancelall
            await say({"symbol": "BTCUSDT", "countdownTime": 60_000})
            await say({"symbol": "BTCUSDT", "countdownTime": 0})
            assert len(await client.fetch_open_orders(PERP)) == 1
            await say({"symbol": "BTCUSDT", "countdownTime": 1})
            (record,) = exchange.usdm.orders().values()
            await until(lambda: record.status == "CANCELED", "the dead man's cancel")

    run(main())


def test_funding_and_fees_are_published(exchange):
    """Funding rate and times, commission rates, leverage, margin mode."""

    async def main():
        async with client_of(exchange) as client:
            exchange.usdm.fund(BTC, "0.0002")
            rate = await client.fetch_funding_rate(PERP)
            assert (rate["fundingRate"], rate["markPrice"]) == (0.0002, 60_005)
            assert rate["fundingTimestamp"] % (8 * 3_600_000) == 0
            fee = await client.fetch_trading_fee(PERP)
            assert (fee["maker"], fee["taker"]) == (0.0002, 0.0005)
            await client.set_leverage(5, PERP)
            with pytest.raises(ccxt.InsufficientFunds, match="-2019"):
                await order(client, qty=20)
            with pytest.raises(ccxt.OperationRejected, match="-4059"):
                await client.set_position_mode(hedged=False, symbol=PERP)

    run(main())


def test_orders_over_the_websocket_api(exchange):
    """create, edit and cancel go over the websocket as they go over REST."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order_ws(PERP, "limit", "buy", 0.01, FAR)
            again = await client.edit_order_ws(told["id"], PERP, "limit", "buy", 0.02, FAR)
            assert (again["id"], again["amount"]) == (told["id"], 0.02)
            await client.cancel_order_ws(told["id"], PERP)

    run(main())
    assert [r.status for r in exchange.usdm.orders().values()] == ["CANCELED"]


def test_time_ends_orders_and_listen_keys(exchange):
    """A GTD order expires at its time; a listen key that nobody renews lives for an hour."""

    async def main():
        async with client_of(exchange) as client:
            await listening(exchange.usdm, "user", client.watch_orders(PERP))
            until_ms = client.milliseconds() + 900_000
            await order(client, timeInForce="GTD", goodTillDate=until_ms)
            (record,) = exchange.usdm.orders().values()
            exchange.skew(880_000)
            assert exchange.usdm.listeners("user") == 1
            assert record.status == "NEW"
            exchange.skew(905_000)
            await until(lambda: record.status == "EXPIRED")
            exchange.skew(3_601_000)
            await until(lambda: exchange.usdm.listeners("user") == 0)

    run(main())
