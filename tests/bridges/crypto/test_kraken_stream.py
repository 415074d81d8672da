"""Kraken's streams: what their pieces are put together to, what is missing, books with a sum."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridges.crypto.tables.kraken import KrakenSpot
from bridges.crypto.tables.kraken_stream import MAX_KEPT, Memory
from bridges.crypto.tables.kraken_words import ns_of_stamp
from bridges.crypto.views import (
    FillNews,
    MoneyNews,
    OrderHint,
    OrderNews,
    StreamGap,
    StreamOver,
)
from bridges.market_events import Level
from protocol.fields import OrdStatus, Side, TimeInForce

BTC = "BTC/USDT"
OURS = "0000000000ABC"
TXID = "OQCLML-BW3P3-BUCMWZ"


@pytest.fixture
def table():
    """Give a table of two pairs."""
    return KrakenSpot({BTC: "XBTUSDT", "DOGE/USD": "XDGUSD"}, recv_window_ms=5_000)


def message(*rows, sequence=2, channel="executions", kind="update"):
    """Make a message of a private channel."""
    return {"channel": channel, "type": kind, "data": list(rows), "sequence": sequence}


WHOLE = {
    "order_id": TXID, "symbol": BTC, "order_qty": "1.5", "cum_cost": "0", "time_in_force": "GTC",
    "exec_type": "pending_new", "side": "buy", "order_type": "limit", "cl_ord_id": OURS,
    "limit_price": "50000.0", "stop_price": "0.0", "order_status": "pending_new",
    "timestamp": "2026-01-22T06:06:19.833306Z",
}  # fmt: skip


def change(what, status, **more):
    """Make a row that tells only what has changed."""
    return {
        "order_id": TXID, "cl_ord_id": OURS, "exec_type": what, "order_status": status,
        "timestamp": "2026-01-22T06:06:20Z", **more,
    }  # fmt: skip


def test_an_order_is_put_together_from_its_pieces(table):
    """Each change names only itself; the view is of the whole order. The end is forgotten."""
    steps = [
        (WHOLE, OrdStatus.NEW, "1.5", "50000.0"),
        (change("new", "new"), OrdStatus.NEW, "1.5", "50000.0"),
        (change("amended", "new", order_qty="1.2", limit_price="50010.0"), OrdStatus.NEW, "1.2",
         "50010.0"),
        (change("restated", "new"), OrdStatus.NEW, "1.2", "50010.0"),
        (change("canceled", "canceled", cum_qty="0.4", cum_cost="20004",
                cancel_reason="User requested", reason="User requested"),
         OrdStatus.CANCELED, "1.2", "50010.0"),
    ]  # fmt: skip
    for number, (one, status, qty, price) in enumerate(steps, 2):
        (news,) = table.read_user(message(one, sequence=number))
        assert isinstance(news, OrderNews)
        view = news.view
        assert (view.client_id, view.status, view.symbol) == (OURS, status, BTC)
        assert (view.qty, view.price) == (Decimal(qty), Decimal(price))
    assert (view.executed, view.text) == (Decimal("0.4"), "User requested")
    assert table.read_user(message(change("new", "new"), sequence=7)) == [OrderHint(TXID)]


def test_an_order_in_another_pair_is_nothing_and_is_forgotten(table):
    """What the account's owner does elsewhere neither is told nor ends the stream."""
    elsewhere = {**WHOLE, "symbol": "ETH/EUR", "order_type": "trailing-stop"}
    assert table.read_user(message(elsewhere)) == []
    assert table.read_user(message(change("canceled", "canceled"), sequence=3)) == []
    assert table.read_user(message(change("new", "new"), sequence=4)) == [OrderHint(TXID)]


@pytest.mark.parametrize("written", ["IOC", "ioc"])
def test_a_time_in_force_is_read_in_any_case(table, written):
    """The guides write it in both."""
    (news,) = table.read_user(message({**WHOLE, "time_in_force": written}))
    assert news.view.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL


def test_a_snapshot_is_remembered_and_tells_nothing(table):
    """What is open is asked for by REST; the snapshot teaches what later changes are of."""
    first = {**WHOLE, "exec_type": "new", "order_status": "new"}
    assert table.read_user(message(first, kind="snapshot", sequence=1)) == []
    (news,) = table.read_user(message(change("new", "new")))
    assert news.view.qty == Decimal("1.5")


def test_a_fill_is_told_apart_with_its_fee(table):
    """exec_id is the id that REST has, too."""
    fill = change(
        "trade", "partially_filled", exec_id="T1", trade_id="7", symbol=BTC, side="buy",
        last_qty="0.5", last_price="50000.0", liquidity_ind="m",
        fees=[{"asset": "USDT", "qty": "62.50"}],
    )  # fmt: skip
    (news,) = table.read_user(message(fill))
    assert isinstance(news, FillNews)
    trade = news.trade
    assert (trade.trade_id, trade.order_id, trade.client_id) == ("T1", TXID, OURS)
    assert (trade.fee, trade.fee_currency, trade.maker) == (Decimal("62.50"), "USDT", True)
    (news,) = table.read_user(message({**fill, "fees": [], "cl_ord_id": None}, sequence=3))
    assert (news.trade.fee, news.trade.fee_currency, news.trade.client_id) == (0, "USDT", "")
    assert table.read_user(message({**fill, "symbol": "ETH/EUR"}, sequence=4)) == []


def test_a_stop_says_when_it_is_triggered(table):
    """Until then it does not work; a fill is proof enough."""
    stop = {
        **WHOLE, "order_type": "stop-loss-limit", "stop_price": "51000.0",
        "triggers": {"status": "untriggered"},
    }  # fmt: skip
    (news,) = table.read_user(message(stop))
    assert (news.view.waits, news.view.stop_px) == (True, Decimal("51000.0"))
    fired = change("status", "new", triggers={"status": "triggered"})
    (news,) = table.read_user(message(fired, sequence=3))
    assert not news.view.waits
    table.memory.forget(TXID)
    table.read_user(message(stop, sequence=4))
    (news,) = table.read_user(message(change("x", "partially_filled", cum_qty="0.1"), sequence=5))
    assert not news.view.waits


def test_money_that_moves_without_a_trade(table):
    """A deposit, net of its fee; what a trade has moved is told as a fill."""
    moved = {
        "ledger_id": "L1", "timestamp": "2026-01-22T06:06:20Z", "type": "deposit",
        "asset": "XXBT", "amount": "1.5", "fee": "0.1",
    }  # fmt: skip
    (news,) = table.read_user(message(moved, channel="balances"))
    assert isinstance(news, MoneyNews)
    assert (news.entry.currency, news.entry.amount, news.entry.kind) == (
        "BTC", Decimal("1.4"), "DEPOSIT",
    )  # fmt: skip
    trade = {**moved, "type": "trade"}
    assert table.read_user(message(trade, channel="balances", sequence=3)) == []
    out = {**moved, "type": "withdrawal", "amount": "-1.5"}
    (news,) = table.read_user(message(out, channel="balances", sequence=4))
    assert news.entry.amount == Decimal("-1.6")


def test_a_subscription_that_is_refused_ends_the_stream(table):
    """An old token opens nothing: a new one is asked for."""
    refused = {"method": "subscribe", "success": False, "error": "ESession:Invalid session"}
    assert table.greet(refused, 0, "token") == ((), False, 0)
    (news,) = table.read_user(refused)
    assert isinstance(news, StreamOver)
    assert "Invalid session" in news.why


def test_the_logon_begins_with_both_channels(table):
    """The token goes with each; executions make the stream ready."""
    words = table.greet(None, 0, "token").words
    assert [one.message["params"]["channel"] for one in words] == ["executions", "balances"]
    assert {one.message["params"]["token"] for one in words} == {"token"}
    for channel, ready in (("balances", False), ("executions", True)):
        taken = {"method": "subscribe", "success": True, "result": {"channel": channel}}
        assert table.greet(taken, 0, "token") == ((), ready, 0)
        taken["time_in"] = "2026-01-22T06:06:19.833306Z"
        ns = ns_of_stamp(taken["time_in"]) if ready else 0
        assert table.greet(taken, 0, "token").ns == ns
    for other in ({"channel": "status"}, {"channel": "heartbeat"}, "text", {"method": "pong"}):
        assert not table.greet(other, 0, "token").ready
        assert table.read_user(other) == []


@pytest.mark.parametrize(
    ("heard", "gaps"),
    [
        ("e1 e2 e3", []), ("e1 e3 e4", ["e3"]), ("e1 e2 e2", ["e2"]), ("e1 e3 e2 e4", ["e3", "e2"]),
        ("e1 b1 e2 b2 b3 e3", []), ("e1 b1 b2 e3", ["e3"]), ("e1 e2 e3 b1 e4 b3", ["b3"]),
        ("e1 b2 e3 b4", []), ("e1 b2 e4 b5", ["e4"]), ("e1 b2 b3 e4", []),
        ("e1 b2 e2 b3 b4 e3 e5", ["e5"]),
    ],
)  # fmt: skip
def test_a_number_that_is_missing_is_noticed(heard, gaps):
    """Whether channels are counted each for itself or all together."""
    memory = Memory()
    found = [one for one in heard.split() if not memory.follows(one[0], int(one[1:]))]
    assert found == gaps


def test_a_gap_is_told_with_what_came_after_it(table):
    """Nothing of the message itself is lost; a new stream is counted anew."""
    table.read_user(message(WHOLE, sequence=2))
    gap, news = table.read_user(message(change("new", "new"), sequence=4))
    assert isinstance(gap, StreamGap)
    assert isinstance(news, OrderNews)
    table.greet(None, 0, "token")
    assert len(table.read_user(message(change("new", "new"), sequence=1))) == 1


def test_the_memory_is_bounded():
    """The oldest are forgotten: they are hints then."""
    memory = Memory()
    for number in range(MAX_KEPT + 10):
        memory.learn({"order_id": f"O{number}"})
    assert len(memory._orders) == MAX_KEPT
    assert memory.learn({"order_id": "O0", "a": 1}) == {"order_id": "O0", "a": 1}


# Books.


ASKS = """45285.2 0.00100000 45286.4 1.54571953 45286.6 1.54571109 45289.6 1.54560911
    45290.2 0.15890660 45291.8 1.54553491 45294.7 0.04454749 45296.1 0.35380000
    45297.5 0.09945542 45299.5 0.18772827"""
BIDS = """45283.5 0.10000000 45283.4 1.54582015 45282.1 0.10000000 45281.0 0.10000000
    45280.3 1.54592586 45279.0 0.07990000 45277.6 0.03310103 45277.5 0.30000000
    45277.3 1.54602737 45276.6 0.15445238"""


def documented_book(table, edit=str):
    """Return what is read of the book in Kraken's guide, its numbers edited."""
    bids, asks = (
        [
            {"price": edit(price), "qty": edit(qty)}
            for price, qty in zip(text[::2], text[1::2], strict=True)
        ]
        for text in (BIDS.split(), ASKS.split())
    )
    row = {"symbol": BTC, "bids": bids, "asks": asks, "checksum": 3_310_070_434}
    (news,) = table.read_market({"channel": "book", "type": "snapshot", "data": [row]})
    return news


def test_a_book_has_the_checksum_of_the_documentation(table):
    """Kraken's guide to the book of version 2 has this book, and 3310070434."""
    news = documented_book(table)
    assert news.whole
    assert table.is_book_sound(news, news.bids, news.asks)
    worse = (Level(news.bids[0].price, Decimal("0.20000000")), *news.bids[1:])
    assert not table.is_book_sound(news, worse, news.asks)


def test_a_book_without_the_zeros_at_the_ends_is_sound_too(table):
    """Then it has the checksum with as many digits as AssetPairs says that the pair has."""
    news = documented_book(table, lambda text: text.rstrip("0").rstrip("."))
    assert not table.is_book_sound(news, news.bids, news.asks)
    table.digits[news.symbol] = (1, 8)
    assert table.is_book_sound(news, news.bids, news.asks)
    worse = (Level(news.bids[0].price, Decimal("0.2")), *news.bids[1:])
    assert not table.is_book_sound(news, worse, news.asks)


def test_a_book_is_subscribed_to_anew_and_public_trades_are_told(table):
    """Unsubscribe, subscribe: the snapshot comes on the stream; trades from before do not count."""
    first, second = table.market_again(BTC)
    assert (first["method"], second["method"]) == ("unsubscribe", "subscribe")
    assert second["params"]["symbol"] == [BTC]
    trade = {
        "symbol": BTC, "side": "sell", "price": "0.5117", "qty": "40.0", "trade_id": "7",
        "timestamp": "2023-09-25T07:49:37.708706Z",
    }  # fmt: skip
    told = {"channel": "trade", "type": "update", "data": [trade]}
    (news,) = table.read_market(told)
    assert (news.price, news.aggressor, news.trade_id) == (Decimal("0.5117"), Side.SELL, "7")
    assert table.read_market({**told, "type": "snapshot"}) == []
    assert table.read_market({"channel": "heartbeat"}) == []
    assert table.is_market_ready({"method": "subscribe", "success": True})
