"""A real ccxt client on a recorded market: books as recorded, and ledgers that add up."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: pip install '.[crypto]'")

from support.exchange.clients import client_of, run  # noqa: E402 - they need ccxt
from support.exchange.server import LocalExchange  # noqa: E402 - the same
from support.exchange.waiting import listening, until  # noqa: E402 - the same

pytestmark = pytest.mark.length("ci")  # the exchange in the test itself

BTC = "BTC/USDT"
SYMBOLS = (BTC, "ETH/USDT")
RECORDINGS = ("binance_spot_btcusdt_20240808.gz", "binance_spot_ethusdt_20240808.gz")


@pytest.fixture
def exchange(data_folder):
    """One exchange on the recordings of BTCUSDT and ETHUSDT, standing still."""
    feed = {"path": [str(data_folder / name) for name in RECORDINGS]}
    with LocalExchange(feed=feed) as made:
        yield made


@pytest.mark.parametrize("kind", ["spot", "usdm"])
def test_a_book_from_the_stream_is_the_recorded_book(exchange, kind):
    """After 4,000 events, snapshot and diffs have led ccxt to the exchange's own book."""
    account = getattr(exchange, kind)
    names = [name if kind == "spot" else f"{name}:USDT" for name in SYMBOLS]

    async def main():
        async with client_of(exchange) as client:
            for name in names:
                await (await listening(account, "depth", client.watch_order_book(name)))
            for _ in range(8):
                assert account.play(500) == 500
                for own, name in zip(SYMBOLS, names, strict=True):
                    bids, asks, number = account.public_book(own)
                    book = client.orderbooks[name]
                    await until(lambda book=book, number=number: book["nonce"] == number)
                    for levels, mine in ((bids, book["bids"]), (asks, book["asks"])):
                        assert [[float(p), float(q)] for p, q in levels[:50]] == mine[:50]

    run(main())


def test_the_recorded_quotes_go_out_as_they_were(exchange):
    """Every bookTicker of the recording reaches the client, in its order."""

    async def main():
        async with client_of(exchange) as client:
            heard, handle = [], client.handle_bids_asks

            def listen(connection, message):
                heard.append((message["u"], message["b"], message["a"]))
                handle(connection, message)

            client.handle_bids_asks = listen
            task = await listening(exchange.spot, "bookTicker", client.watch_bids_asks([BTC]))
            exchange.spot.play(1000)
            await task
            await until(lambda: len(heard) > 300)
            numbers = [number for number, *_ in heard]
            assert numbers == sorted(numbers)
            assert all(bid < ask for _, bid, ask in heard)

    run(main())


def played_price(random, quote, side):
    """Return a price at, through or behind the touch."""
    step = random.choice((-30, -2, 0, 0, 2)) * Decimal("0.01")
    return quote["bid"] + float(step) if side == "buy" else quote["ask"] - float(step)


async def trade_about(client, account, symbol, qty):
    """Place, cancel and amend at random while the market moves; return what went wrong."""
    random, open_ids = Random(11), []
    for _ in range(60):
        account.play(40)
        side = random.choice(("buy", "sell"))
        ticker = (await client.fetch_bids_asks([symbol]))[symbol]
        told = await client.create_order(
            symbol, "limit", side, qty * random.randint(1, 5), played_price(random, ticker, side)
        )
        open_ids.append(told["id"])
        if random.random() < 0.4:
            try:
                await client.cancel_order(open_ids.pop(random.randrange(len(open_ids))), symbol)
            except ccxt.OrderNotFound:
                continue
    account.play(2000)
    return await client.cancel_all_orders(symbol) if await client.fetch_open_orders(symbol) else []


@pytest.mark.parametrize("kind", ["spot", "usdm"])
def test_whatever_is_traded_the_ledger_adds_up(exchange, kind):
    """Deposits, trades and commissions make the balances; orders and trades make each other."""
    account, symbol = getattr(exchange, kind), BTC if kind == "spot" else f"{BTC}:USDT"
    before = account.balances()

    async def main():
        async with client_of(exchange) as client:
            await trade_about(client, account, symbol, 0.002 if kind == "spot" else 0.003)
            rows = await client.fetch_my_trades(symbol, limit=1000)
            assert [int(row["id"]) for row in rows] == [d.number for d in account.deals()]

    run(main())
    deals, orders = account.deals(), account.orders()
    assert len(deals) > 20
    assert {deal.maker for deal in deals} == {True, False}
    for number, record in orders.items():
        mine = [deal for deal in deals if deal.order_id == number]
        assert sum(deal.qty for deal in mine) == record.cum <= record.qty
        assert not record.is_open
    held = sum(d.qty if d.side == "BUY" else -d.qty for d in deals)
    paid = sum(d.quote if d.side == "BUY" else -d.quote for d in deals)
    fees, after = account.fees(), account.balances()
    if kind == "spot":
        assert after["BTC"] == before["BTC"] + held - fees.get("BTC", 0)
        assert after["USDT"] == before["USDT"] - paid - fees.get("USDT", 0)
    else:
        assert account.positions()[BTC] == held
        realized = sum(deal.realized for deal in deals)
        assert after["USDT"] == before["USDT"] + realized - fees["USDT"]


def test_a_recording_plays_by_itself(data_folder):
    """With a speed the market moves without being told to."""
    feed = {"path": [str(data_folder / name) for name in RECORDINGS], "speed": 20}
    with LocalExchange(feed=feed, ticker_ms=50) as exchange:

        async def main():
            async with client_of(exchange) as client:
                first = (await client.watch_order_book(BTC))["nonce"]
                await until(lambda: client.orderbooks[BTC]["nonce"] > first + 1000)
                assert (await client.watch_ticker(BTC))["last"] > 0

        run(main())
