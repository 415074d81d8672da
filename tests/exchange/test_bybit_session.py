"""A normal session on the local exchange with the real ccxt client: bybit, spot and linear."""

from __future__ import annotations

from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
FAR = 50_000
BOTH = pytest.mark.parametrize("symbol", [BTC, PERP], ids=["spot", "linear"])
ACK = {"acknowledged": True}


@pytest.fixture
def exchange():
    """One exchange with a book by hand in both categories: 60000 bid, 60010 asked."""
    with LocalExchange("bybit", ticker_ms=20) as made:
        for account in (made.spot, made.linear):
            account.set_book(BTC, [(60_000, 1), (59_990, 2)], [(60_010, 1), (60_020, 2)])
        yield made


def account_of(exchange, symbol):
    """Return the category in which a symbol is traded."""
    return exchange.spot if symbol == BTC else exchange.linear


def order(client, symbol, qty=0.01, price=FAR, side="buy", kind="limit", **params):
    """Send an order."""
    return client.create_order(symbol, kind, side, qty, price, params)


def by_id(client, told, symbol):
    """Ask for an order; ccxt wants to be told that only the latest 500 can be found."""
    return client.fetch_order(told["id"], symbol, ACK)


@BOTH
def test_an_order_over_its_life(exchange, symbol):
    """Placed with our id, found open, changed in place, cancelled, and then in the history."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, symbol, clientOrderId="a")
            assert (told["clientOrderId"], told["status"]) == ("a", None)  # acknowledged, no more
            (found,) = await client.fetch_open_orders(symbol)
            assert (found["id"], found["clientOrderId"], found["price"]) == (told["id"], "a", FAR)
            again = await client.edit_order(told["id"], symbol, "limit", "buy", 0.02, FAR + 10)
            assert again["id"] == told["id"]
            found = await by_id(client, told, symbol)
            assert (found["amount"], found["price"], found["status"]) == (0.02, FAR + 10, "open")
            await client.cancel_order(told["id"], symbol)
            assert await client.fetch_open_orders(symbol) == []
            (gone,) = await client.fetch_canceled_orders(symbol)
            assert (gone["id"], gone["status"]) == (told["id"], "canceled")

    run(main())
    (record,) = account_of(exchange, symbol).orders().values()
    assert (record.client_id, record.status, record.qty) == ("a", "CANCELED", Decimal("0.02"))
    assert exchange.strangers == []


@BOTH
@pytest.mark.parametrize(
    ("price", "params", "status", "reason"),
    [
        (FAR, {}, "New", "EC_NoError"),
        (60_010, {}, "Filled", "EC_NoError"),
        (FAR, {"timeInForce": "IOC"}, "Cancelled", "EC_NoImmediateQtyToFill"),
        (FAR, {"timeInForce": "FOK"}, "Cancelled", "EC_CancelForNoFullFill"),
        (FAR, {"postOnly": True}, "New", "EC_NoError"),
        (60_010, {"postOnly": True}, "refused", "EC_PostOnlyWillTakeLiquidity"),
        (None, {}, "Filled", "EC_NoError"),
    ],
)  # fmt: skip
def test_every_order_type(exchange, symbol, price, params, status, reason):
    """All are acknowledged; what matching does not take ends with a reason afterwards.

    A post-only order that would take is Rejected on spot, and Cancelled on linear.
    """
    kind = "limit" if price else "market"
    if status == "refused":
        status = "Rejected" if symbol == BTC else "Cancelled"

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, symbol, kind=kind, price=price, **params)
            found = (await by_id(client, told, symbol))["info"]
            assert (found["orderStatus"], found["rejectReason"]) == (status, reason)

    run(main())


def test_reduce_only_reduces(exchange):
    """Without a position it is refused; with one it closes no more than there is."""

    async def main():
        async with client_of(exchange) as client:
            with pytest.raises(ccxt.InvalidOrder, match="110017"):
                await order(client, PERP, kind="market", price=None, reduceOnly=True)
            await order(client, PERP, qty=0.5, kind="market", price=None)
            await order(
                client, PERP, qty=0.8, side="sell", kind="market", price=None, reduceOnly=True
            )

    run(main())
    assert exchange.linear.positions()[BTC] == 0


def test_a_market_buy_is_by_value_unless_it_says_otherwise(exchange):
    """On spot a Market Buy's qty is money by default; ccxt says marketUnit, so must who does not.

    ccxt with a price makes it money, too.
    """

    async def main():
        async with client_of(exchange) as client:
            plain = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market"}
            await client.private_post_v5_order_create({**plain, "qty": "600"})
            await order(client, BTC, qty=0.01, kind="market", price=None)

    run(main())
    by_value, by_qty = (record.cum for record in exchange.spot.orders().values())
    assert (by_value, by_qty) == (Decimal("0.00999"), Decimal("0.01"))


def test_money_adds_up(exchange):
    """One purse: transfers, both kinds of trades, fees and funding, as the log lists them."""

    async def main():
        async with client_of(exchange) as client:
            await order(client, BTC, qty=0.5, kind="market", price=None)
            await order(client, PERP, qty=1.5, kind="market", price=None)
            await order(client, PERP, qty=0.5, side="sell", kind="market", price=None)
            exchange.linear.fund(BTC, "0.0001")
            (position,) = await client.fetch_positions([PERP])
            assert (position["side"], position["contracts"]) == ("long", 1)
            money = await client.fetch_balance()
            assert money["BTC"]["total"] == float(exchange.spot.balances()["BTC"]) == 2.4995
            trades = await client.fetch_my_trades(PERP)
            assert [t["amount"] for t in trades] == [1, 0.5, 0.5]  # without the funding
            (funding,) = await client.fetch_funding_history(PERP)
            assert funding["amount"] == 6.0005  # to bybit a cost is positive here
            entries = await client.fetch_ledger()
            assert [e["info"]["type"] for e in entries].count("TRADE") == 5

    run(main())
    entry = (Decimal(60_010) + Decimal(30_010)) / Decimal("1.5")
    profit = (Decimal(60_000) - entry) * Decimal("0.5")
    fees = (Decimal(60_010) + Decimal(30_010) + Decimal(30_000)) * Decimal("0.00055")
    own = exchange.linear.balances()["USDT"]
    expected = 100_000 - Decimal(30_005) + profit - fees - Decimal("6.0005")
    assert own == pytest.approx(expected, abs=Decimal("1e-6"))
    assert sum(line.change for line in exchange.unified.log() if line.currency == "USDT") == own


@BOTH
def test_the_private_stream_tells_orders_fills_and_money(exchange, symbol):
    """After a logon: order and execution are separate messages, then wallet (and position)."""
    account = account_of(exchange, symbol)
    plain = {"watchPositions": {"fetchPositionsSnapshot": False}}

    async def main():
        async with client_of(exchange, options=plain) as client:
            orders = await listening(account, "user", client.watch_orders(symbol))
            told = await order(client, symbol, price=60_000)
            assert [(o["id"], o["status"]) for o in await orders] == [(told["id"], "open")]
            trades = await begun(client.watch_my_trades(symbol))
            balance = await begun(client.watch_balance())
            if symbol == PERP:
                positions = await begun(client.watch_positions([PERP]))
            await until(lambda: "wallet" in topics(exchange))
            account.trade(BTC, 59_999, 0.004, "sell")
            (fill,) = await trades
            assert (fill["order"], fill["amount"], fill["takerOrMaker"]) == (
                told["id"], 0.004, "maker"
            )  # fmt: skip
            await balance
            profit = 0 if symbol == BTC else 0.02  # the equity has it, at the middle of the book
            total = pytest.approx(float(account.balances()["USDT"]) + profit, abs=1e-9)
            await until(lambda: client.balance["unified"]["USDT"]["total"] == total)
            if symbol == PERP:
                assert [p["contracts"] for p in await positions] == [0.004]

    run(main())


def topics(exchange):
    """Return all that is subscribed to on private connections."""
    hub = exchange._house.hubs["private"]
    return exchange.call(lambda: {name for one in hub.connections for name in one.private})


@BOTH
def test_the_public_streams(exchange, symbol):
    """A book begins with a snapshot and goes on by deltas; quotes, trades and tickers come."""
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            book = await (await listening(account, "depth", client.watch_order_book(symbol)))
            assert book["bids"] == [[60_000, 1], [59_990, 2]]
            account.set_book(BTC, [(60_001, 3)], [(60_010, 1)])
            changed = await client.watch_order_book(symbol)
            assert (changed["bids"], changed["asks"]) == ([[60_001, 3]], [[60_010, 1]])
            trade = await listening(account, "trade", client.watch_trades(symbol))
            ticker = await listening(account, "ticker", client.watch_ticker(symbol))
            account.trade(BTC, 60_010, 0.5, "buy")
            assert [(t["price"], t["side"]) for t in await trade] == [(60_010, "buy")]
            await ticker
            await until(lambda: client.tickers[symbol]["last"] == 60_010)
            quote = await begun(client.watch_bids_asks([symbol]))
            assert (await quote)[symbol]["ask"] == 60_010

    run(main())


@BOTH
def test_a_stop_waits_under_its_id_and_becomes_an_order(exchange, symbol):
    """It blocks nothing, is Untriggered, and keeps its id when it is triggered."""
    more = {} if symbol == BTC else {"triggerDirection": "ascending"}
    account = account_of(exchange, symbol)

    async def main():
        async with client_of(exchange) as client:
            told = await order(
                client, symbol, price=60_200, triggerPrice=60_100, clientOrderId="s", **more
            )
            waiting = (await by_id(client, told, symbol))["info"]
            assert (waiting["orderStatus"], waiting["triggerPrice"]) == ("Untriggered", "60100")
            account.set_book(BTC, [(60_100, 1)], [(60_110, 1)])
            found = (await by_id(client, told, symbol))["info"]
            assert (found["orderStatus"], found["orderLinkId"]) == ("Filled", "s")
            resting = await order(
                client, symbol, price=70_000, triggerPrice=69_000, clientOrderId="r", **more
            )
            if symbol == BTC:
                with pytest.raises(ccxt.OrderNotFound, match="170213"):  # it asks for orders only
                    await client.cancel_order(resting["id"], symbol)
            await client.cancel_order(resting["id"], symbol, {"trigger": True})
            gone = (await by_id(client, resting, symbol))["info"]
            assert gone["orderStatus"] == "Deactivated"

    run(main())


@BOTH
def test_cancel_all_is_for_one_symbol(exchange, symbol):
    """On spot it leaves conditional orders alone unless asked; on linear it takes all."""
    more = {} if symbol == BTC else {"triggerDirection": "ascending"}

    async def main():
        async with client_of(exchange) as client:
            await order(client, symbol)
            await order(client, symbol, price=70_000, triggerPrice=69_000, **more)
            await client.cancel_all_orders(symbol)
            left = await client.fetch_open_orders(symbol)
            assert len(left) == (symbol == BTC)
            await client.cancel_all_orders(symbol, {"trigger": True})
            assert await client.fetch_open_orders(symbol) == []

    run(main())


@BOTH
def test_orders_over_the_trade_socket(exchange, symbol):
    """Create, amend and cancel go over the socket as they go over REST."""

    async def main():
        async with client_of(exchange) as client:
            told = await client.create_order_ws(symbol, "limit", "buy", 0.01, FAR)
            await client.edit_order_ws(told["id"], symbol, "limit", "buy", 0.02, FAR)
            await client.cancel_order_ws(told["id"], symbol)
            with pytest.raises(ccxt.OrderNotFound):
                await client.cancel_order_ws(told["id"], symbol)

    run(main())
    (record,) = account_of(exchange, symbol).orders().values()
    assert (record.status, record.qty) == ("CANCELED", Decimal("0.02"))


def test_the_dead_man_s_switch_is_a_stream_that_is_gone(exchange):
    """With dcp subscribed: when no such connection is heard of for the window, all is cancelled."""

    async def main():
        async with client_of(exchange) as client:
            await order(client, PERP)
            await order(client, BTC)
            (record,) = exchange.linear.orders().values()
            await client.cancel_all_orders_after(3_000)
            (row,) = (await client.private_get_v5_account_query_dcp_info())["result"]["dcpInfos"]
            assert (row["product"], row["timeWindow"]) == ("DERIVATIVES", "3")
            task = await listening(exchange.linear, "user", client.watch_orders(PERP))
            url = client.implode_hostname(client.urls["api"]["ws"]["private"]["contract"])
            await client.clients[url].send({"op": "subscribe", "args": ["dcp.future"]})
            await until(lambda: "dcp.future" in topics(exchange))
            assert exchange.faults.drop("user") == 1
            with pytest.raises(ccxt.NetworkError):
                await task
            assert record.status == "NEW"
            exchange.skew(4_000)
            await until(lambda: record.status == "CANCELED", "the dead man's cancel")

    run(main())
    assert [r.cancel_type for r in exchange.linear.orders().values()] == ["CancelByDCP"]
    assert [r.status for r in exchange.spot.orders().values()] == ["NEW"]


def test_fees_funding_and_leverage_are_published(exchange):
    """Fee rates, the coming funding, leverage, and what the key may do."""

    async def main():
        async with client_of(exchange) as client:
            rate = await client.fetch_funding_rate(PERP)
            assert (rate["fundingRate"], rate["markPrice"]) == (0.0001, 60_005)
            fee = await client.fetch_trading_fee(PERP)
            assert (fee["maker"], fee["taker"]) == (0.0002, 0.00055)
            with pytest.raises(ccxt.BadRequest, match="110043"):
                await client.set_leverage(10, PERP)
            await client.set_leverage(5, PERP)
            key = (await client.private_get_v5_user_query_api())["result"]
            assert (key["readOnly"], key["ips"]) == (0, ["127.0.0.1"])
            assert key["permissions"]["Wallet"] == []

    run(main())


@pytest.mark.parametrize("switch", ["set_sandbox_mode", "enable_demo_trading"])
def test_the_test_networks_lead_here_too(exchange, switch):
    """Their names are the exchange's own; orders and the private stream work there."""

    async def main():
        async with client_of(exchange) as client:
            getattr(client, switch)(True)  # noqa: FBT003 - ccxt's own signature
            heard = await listening(exchange.linear, "user", client.watch_orders(PERP))
            told = await order(client, PERP)
            assert [o["id"] for o in await heard] == [told["id"]]
            book = await client.watch_order_book(PERP)
            assert book["bids"][0] == [60_000, 1]

    run(main())
    assert exchange.strangers == []
