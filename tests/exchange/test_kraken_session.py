"""A normal session on the local exchange with the real ccxt client: Kraken spot."""

from __future__ import annotations

from decimal import Decimal

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.kraken.names import pair_of, txid  # noqa: E402 - the same
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import begun, listening, until  # noqa: E402 - the same

BTC = "BTC/USDT"
FAR = 50_000
OURS = "0000000000ABC"


@pytest.fixture
def exchange():
    """One exchange with a book by hand: 60000 bid, 60010 asked."""
    with LocalExchange("kraken", ticker_ms=20) as made:
        made.spot.set_book(BTC, [(60_000, 1), (59_990, 2)], [(60_010, 1), (60_020, 2)])
        yield made
        assert made.strangers == []


def order(client, qty=0.01, price=FAR, side="buy", kind="limit", **params):
    """Send an order."""
    return client.create_order(BTC, kind, side, qty, price, params)


def test_markets_carry_the_exchange_s_own_names_and_rules():
    """XXBTZUSD is BTC/USD: ids, altnames and old codes lead ccxt to its own symbols."""

    async def main(exchange):
        async with client_of(exchange) as client:
            usd, tether = client.market("BTC/USD"), client.market(BTC)
            assert (usd["id"], usd["altname"], usd["wsId"]) == ("XXBTZUSD", "XBTUSD", "XBT/USD")
            assert (tether["id"], tether["info"]["base"]) == ("XBTUSDT", "XXBT")
            assert (tether["precision"]["price"], tether["precision"]["amount"]) == (0.01, 1e-8)
            assert (tether["limits"]["amount"]["min"], tether["limits"]["cost"]["min"]) == (
                0.00005, 0.5
            )  # fmt: skip
            fee = await client.fetch_trading_fee("BTC/USD")
            assert (fee["maker"], fee["taker"]) == (0.0025, 0.004)
            assert (await client.fetch_status())["status"] == "ok"

    deposits = {"spot": {"USD": 1000, "USDT": 1000}}
    with LocalExchange("kraken", symbols=("BTC/USD", BTC), deposits=deposits) as exchange:
        run(main(exchange))


def test_ids_are_all_different_and_in_no_order():
    """No number has the id of another; the names of a pair are Kraken's."""
    ids = [txid("O", number) for number in range(7_000_000_001, 7_000_010_001)]
    assert len(set(ids)) == len(ids)
    assert ids != sorted(ids)
    assert all(len(one) == 19 and one[6] == one[12] == "-" for one in ids)
    assert pair_of("DOGE/EUR").key == "XXDGZEUR"


@pytest.mark.parametrize(
    ("kind", "price", "params", "status"),
    [
        ("limit", FAR, {}, "open"),
        ("limit", 60_010, {}, "closed"),
        ("limit", FAR, {"timeInForce": "IOC"}, "canceled"),
        ("limit", FAR, {"timeInForce": "FOK"}, "canceled"),
        ("limit", FAR, {"postOnly": True}, "open"),
        ("market", None, {}, "closed"),
        ("market", None, {"stopLossPrice": 70_000}, "open"),
        ("limit", 70_010, {"stopLossPrice": 70_000}, "open"),
    ],
)
def test_every_order_type(exchange, kind, price, params, status):
    """Each type and time in force that the exchange offers ends as Kraken would have it."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, kind=kind, price=price, clientOrderId=OURS, **params)
            assert told["clientOrderId"] is None  # AddOrder answers with the txid alone
            found = await client.fetch_order(told["id"], BTC)
            assert (found["status"], found["clientOrderId"]) == (status, OURS)
            (own,) = exchange.spot.orders().values()
            assert found["info"]["descr"]["ordertype"] == own.kind
            assert found["postOnly"] is ("postOnly" in params)
            assert found["stopLossPrice"] == params.get("stopLossPrice")

    run(main())


def test_an_order_is_found_changed_and_canceled_by_its_client_id(exchange):
    """Open and closed orders, amend and cancel go by client id; an amended order keeps its ids."""

    async def main():
        async with client_of(exchange) as client:
            ours = {"clientOrderId": OURS}
            first = await order(client, **ours)
            (found,) = await client.fetch_open_orders(BTC, params=ours)
            assert (found["id"], found["clientOrderId"]) == (first["id"], OURS)
            await client.edit_order(None, BTC, "limit", "buy", 0.02, 50_100, ours)
            (found,) = await client.fetch_open_orders(BTC, params=ours)
            assert (found["id"], found["amount"], found["price"]) == (first["id"], 0.02, 50_100)
            await client.cancel_order(None, BTC, ours)
            (gone,) = await client.fetch_closed_orders(BTC, params=ours)
            assert (gone["status"], gone["info"]["reason"]) == ("canceled", "User requested")
            await order(client, **ours)  # free again: no open order has it
            assert len(await client.fetch_orders_by_ids([first["id"]])) == 1
            await client.cancel_all_orders(BTC)
            assert await client.fetch_open_orders() == []
            assert len(await client.fetch_closed_orders(params=ours)) == 2

    run(main())


def test_fetch_order_asks_by_userref_and_never_by_client_id(exchange):
    """The look-up of ccxt by client id cannot work: it sends userref, and needs the txid."""

    async def main():
        async with client_of(exchange) as client:
            await order(client, clientOrderId=OURS)
            with pytest.raises(TypeError):
                await client.fetch_order(None, BTC, {"clientOrderId": OURS})

    run(main())
    (asked,) = exchange.asked("POST", "QueryOrders")
    assert asked.params["userref"] == OURS


def test_edit_order_makes_another_order_without_the_client_id(exchange):
    """EditOrder is a cancel and a new order: another txid, and nobody's client id."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, clientOrderId=OURS)
            body = await client.private_post_editorder(
                {"pair": "XBTUSDT", "txid": told["id"], "volume": "0.02", "price": "50100"}
            )
            fresh = await client.fetch_order(body["result"]["txid"], BTC)
            assert (fresh["clientOrderId"], fresh["amount"]) == (None, 0.02)
            assert body["result"]["originaltxid"] == told["id"] != fresh["id"]
            await order(client, clientOrderId="b")
            batch = await client.cancel_orders([fresh["id"], "OAAAAA-BBBBB-CCCCCC"])
            assert batch[0]["info"]["result"] == {"count": 1}

    run(main())
    assert [r.status for r in exchange.spot.orders().values()] == ["CANCELED", "CANCELED", "NEW"]


def test_cancel_all_is_of_the_account_and_cancel_all_after_waits(exchange):
    """CancelAll knows no pair; the countdown cancels everything when nobody puts it off."""
    exchange.spot.set_book("ETH/USDT", [(3000, 5)], [(3001, 5)])

    async def main():
        async with client_of(exchange) as client:
            await order(client)
            await client.create_order("ETH/USDT", "limit", "buy", 1, 2900)
            told = await client.cancel_all_orders(BTC)
            assert told[0]["info"]["result"] == {"count": 2}
            await order(client)
            await client.cancel_all_orders_after(60_000)
            exchange.skew(59_000)
            assert len(await client.fetch_open_orders()) == 1
            exchange.skew(61_000)
            await until(lambda: not [r for r in exchange.spot.orders().values() if r.is_open])

    run(main())


def test_money_fees_trades_and_ledger_add_up(exchange):
    """Balances follow from the ledger alone; fees are paid in the quote currency."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, qty=1.5, kind="market", price=None)
            await order(client, qty=0.5, side="sell", price=60_000)
            await order(client, qty=0.5, price=FAR)
            trades = await client.fetch_my_trades(BTC)
            assert {t["fee"]["currency"] for t in trades} == {"USDT"}
            whole = await client.fetch_order(told["id"])
            of_one = await client.fetch_order_trades(told["id"], BTC, params=whole)
            assert sorted((t["price"], t["amount"]) for t in of_one) == [
                (60_010, 1), (60_020, 0.5)
            ]  # fmt: skip
            money = await client.fetch_balance()
            own = exchange.spot.balances()
            assert money["USDT"]["used"] == FAR / 2
            assert [money[c]["total"] for c in ("BTC", "USDT")] == [
                float(own["BTC"]), float(own["USDT"])
            ]  # fmt: skip
            exchange.spot.deposit("USDT", Decimal(500))
            rows = await client.fetch_ledger("USDT")
            assert [row["type"] for row in rows] == ["trade"] * 3 + ["transaction"]
            assert rows[-1]["after"] == float(exchange.spot.balances()["USDT"])

    run(main())
    paid, got = Decimal(60_010) + Decimal(30_010), Decimal(30_000)
    fees = (paid + got) * Decimal("0.004")
    assert exchange.spot.fees() == {"USDT": fees}
    assert exchange.spot.balances()["USDT"] == 100_000 - paid + got - fees + 500
    assert exchange.spot.balances()["BTC"] == 3


def test_lists_of_the_past_come_fifty_at_a_time():
    """TradesHistory and ClosedOrders give the newest fifty; `ofs` and `start` reach the others."""

    async def main(exchange):
        async with client_of(exchange) as client:
            for _ in range(60):
                await order(client, qty=0.001, kind="market", price=None)
            newest = await client.fetch_my_trades(BTC)
            older = await client.fetch_my_trades(BTC, params={"ofs": 50})
            assert (len(newest), len(older)) == (50, 10)
            ids = {row["id"] for row in newest + older}
            assert ids == {txid("T", deal.number) for deal in exchange.spot.deals()}
            first = min(row["timestamp"] for row in older)
            assert await client.fetch_my_trades(BTC, since=first + 3_600_000) == []
            assert len(await client.fetch_closed_orders(BTC)) == 50

    limits = {"spot": {"rest": 1000, "trading": 1000}}
    with LocalExchange("kraken", limits=limits) as exchange:
        exchange.spot.set_book(BTC, [(60_000, 1)], [(60_010, 1)])
        run(main(exchange))


def test_the_executions_channel_tells_an_order_s_life(exchange):
    """watch_orders and watch_my_trades hear an order placed and filled."""

    async def main():
        async with client_of(exchange) as client:
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            told = await order(client, price=60_000, clientOrderId=OURS)
            (first,) = await heard
            assert (first["id"], first["status"]) == (told["id"], "open")
            fills = await begun(client.watch_my_trades(BTC))
            exchange.spot.trade(BTC, 59_999, 0.004, "sell")
            (fill,) = await fills
            assert (fill["order"], fill["takerOrMaker"]) == (told["id"], "maker")
            assert (fill["amount"], fill["price"]) == (0.004, 60_000)
            assert fill["fee"] == {"cost": 0.6, "currency": "USDT"}

    run(main())


def test_a_change_names_no_pair_and_ccxt_loses_it(exchange):
    """A cancel is told by ids alone, as on Kraken: watch_orders of a pair never hears of it."""

    async def main():
        async with client_of(exchange) as client:
            raw, handle = [], client.handle_orders

            def listen(connection, message):
                raw.extend(message["data"])
                handle(connection, message)

            client.handle_orders = listen
            heard = await listening(exchange.spot, "user", client.watch_orders(BTC))
            told = await order(client, clientOrderId=OURS)
            await heard
            pending = await begun(client.watch_orders(BTC))
            await client.cancel_order(told["id"])
            await until(lambda: raw[-1]["exec_type"] == "canceled")
            assert (raw[-1]["order_id"], raw[-1]["cl_ord_id"]) == (told["id"], OURS)
            assert "symbol" not in raw[-1]
            assert client.orders.hashmap[BTC][told["id"]]["status"] == "open"
            assert not pending.done()
            pending.cancel()

    run(main())


def test_the_events_of_a_channel_are_numbered_and_begin_with_a_snapshot(exchange):
    """A subscription gets what is open and the last fills as number one; each event is the next."""

    async def main():
        async with client_of(exchange) as client:
            raw, handle = [], client.handle_message

            def listen(connection, message):
                if message.get("channel") == "executions":
                    raw.append(message)
                handle(connection, message)

            client.handle_message = listen
            await order(client, kind="market", price=None)
            told = await order(client, price=60_000, clientOrderId=OURS)
            both = client.watch_orders(BTC, params={"snap_trades": True})
            await (await listening(exchange.spot, "user", both))
            assert (raw[0]["type"], raw[0]["sequence"]) == ("snapshot", 1)
            shown = [(row["exec_type"], row["order_id"]) for row in raw[0]["data"]]
            assert ("new", told["id"]) in shown
            assert [kind for kind, _ in shown] == ["new", "trade"]
            exchange.spot.trade(BTC, 59_999, 0.004, "sell")
            await client.edit_order(told["id"], BTC, "limit", "buy", 0.008, 60_000)
            exchange.spot.trade(BTC, 59_999, 0.004, "sell")
            await until(lambda: raw[-1]["data"][0]["exec_type"] == "filled")
            assert [m["sequence"] for m in raw] == list(range(1, len(raw) + 1))
            kinds = [m["data"][0]["exec_type"] for m in raw[1:]]
            assert kinds == ["trade", "amended", "trade", "filled"]
            assert raw[2]["data"][0]["order_qty"] == 0.008

    run(main())


def test_the_public_streams(exchange):
    """watch_order_book, watch_trades and watch_ticker follow the market."""

    async def main():
        async with client_of(exchange) as client:
            found = await client.watch_order_book(BTC)
            assert found["bids"][0] == [60_000, 1]
            later = await begun(client.watch_order_book(BTC))
            exchange.spot.set_book(BTC, [(60_001, 3)], [(60_010, 1)])
            changed = await later
            assert (changed["bids"], changed["asks"]) == ([[60_001, 3]], [[60_010, 1]])
            trade = await listening(exchange.spot, "trade", client.watch_trades(BTC))
            exchange.spot.trade(BTC, 60_010, 0.5, "buy")
            (row,) = await trade
            assert (row["price"], row["amount"], row["side"]) == (60_010, 0.5, "buy")
            ticker = await client.watch_ticker(BTC)
            assert (ticker["bid"], ticker["ask"]) == (60_001, 60_010)

    run(main())


def test_the_balances_channel_and_orders_over_the_websocket(exchange):
    """Money is told as it moves; create, edit and cancel go over the websocket with a token."""

    async def main():
        async with client_of(exchange) as client:
            money = await client.watch_balance()
            assert money["USDT"]["total"] == 100_000
            told = await client.create_order_ws(
                BTC, "limit", "buy", 0.01, 60_010, {"clientOrderId": "w"}
            )
            await until(lambda: client.balance["spot"]["BTC"]["total"] == 2.01)
            resting = await client.create_order_ws(BTC, "limit", "buy", 0.01, FAR)
            again = await client.edit_order_ws(resting["id"], BTC, "limit", "buy", 0.02, FAR)
            assert (again["id"], told["id"] != again["id"]) == (resting["id"], True)
            await client.cancel_order_ws(resting["id"])
            with pytest.raises(ccxt.OrderNotFound):
                await client.cancel_order_ws(resting["id"])

    run(main())
    assert [r.status for r in exchange.spot.orders().values()] == ["FILLED", "CANCELED"]


def test_a_quiet_connection_hears_heartbeats_and_pongs(exchange):
    """A subscribed connection hears a heartbeat a second, and each ping its pong."""

    async def main():
        async with client_of(exchange, streaming={"keepAlive": 100}) as client:
            heard, handle = [], client.handle_message

            def listen(connection, message):
                heard.append(message.get("method") or message.get("channel"))
                handle(connection, message)

            client.handle_message = listen
            await client.watch_order_book(BTC)
            await until(lambda: "pong" in heard)

    run(main())


def test_a_stop_waits_triggers_and_fills(exchange):
    """A stop says that it triggered, and then fills as a taker."""

    async def main():
        async with client_of(exchange) as client:
            told = await order(client, kind="market", price=None, stopLossPrice=60_100)
            waits = await client.fetch_order(told["id"], BTC)
            assert (waits["status"], waits["info"]["misc"]) == ("open", "")
            exchange.spot.set_book(BTC, [(60_100, 1)], [(60_110, 1)])
            found = await client.fetch_order(told["id"], BTC)
            assert (found["status"], found["average"]) == ("closed", 60_110)
            assert found["info"]["misc"] == "stopped"

    run(main())


def test_permissions_of_the_key_are_told(exchange):
    """GetApiKeyInfo says what the key may do, from where, and how nonces are taken."""
    exchange.key.permissions.append("withdraw-funds")

    async def main():
        async with client_of(exchange) as client:
            told = (await client.private_post_getapikeyinfo())["result"]
            assert "withdraw-funds" in told["permissions"]
            assert (told["ipAllowlist"], told["nonceWindow"]) == (["127.0.0.1"], 0)

    run(main())
