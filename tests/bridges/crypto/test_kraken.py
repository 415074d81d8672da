"""Kraken's translation table: what answers prove, what is asked in which words, what is read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridges.crypto.effects import Call, Response
from bridges.crypto.tables.kraken import KrakenSpot
from bridges.crypto.tables.kraken_words import (
    LOCKED_MS,
    REFUSALS,
    asset_of,
    ns_of,
    ns_of_stamp,
    spoken,
    stamp_of,
)
from bridges.crypto.views import Verdict
from bridges.port import OrderRequest
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce

BTC = "BTC/USDT"
OURS = "0000000000ABC"
TXID = "OQCLML-BW3P3-BUCMWZ"


@pytest.fixture
def table():
    """Give a table of two pairs."""
    return KrakenSpot({BTC: "XBTUSDT", "DOGE/USD": "XDGUSD"}, recv_window_ms=5_000)


def said(*errors, status=200):
    """Make an answer that names errors."""
    return Response(status, {"error": list(errors)}, {})


# What answers prove.


def test_each_refusal_of_the_list_is_one_with_more_words_too(table):
    """Whatever follows after a colon or in brackets changes nothing."""
    for error in REFUSALS:
        for text in (error, f"{error}:more", f"{error} (more)"):
            assert table.judge(said(text)) is Verdict.REFUSED, text


@pytest.mark.parametrize(
    "error",
    [
        "EService:Unavailable", "EService:Busy", "EGeneral:Internal error",
        "EGeneral:Internal error[:1]", "EDatabase:Internal error", "EService:Throttled",
        "EOrder:Something new", "EOrder:Insufficient funds and more", "", "nonsense",
        "EOrder:Cancel pending",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_in_doubt(table, error):
    """A name that is not known proves nothing, nor does one that only begins like a known one."""
    assert table.judge(said(error)) is Verdict.DOUBT


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(200, {"error": [], "result": {}}), Verdict.DONE),
        (Response(200, {"error": ["WGeneral:Warning"], "result": {}}), Verdict.DONE),
        (Response(200, {"error": []}), Verdict.DOUBT),
        (Response(200, None), Verdict.DOUBT),
        (Response(200, "<html>"), Verdict.DOUBT),
        (Response(200, []), Verdict.DOUBT),
        (Response(200, {"result": {}}), Verdict.DOUBT),
        (Response(0, None), Verdict.DOUBT),
        (Response(0, None, sent=False), Verdict.REFUSED),
        (Response(503, {"error": ["EOrder:Insufficient funds"]}), Verdict.DOUBT),
        (Response(429, None), Verdict.DOUBT),
        (said("EOrder:Unknown order"), Verdict.UNKNOWN),
        (said("EOrder:cl_ord_id already in use"), Verdict.DUPLICATE),
        (said("EGeneral:Invalid arguments:cl_ord_id"), Verdict.REFUSED),
        (said("EOrder:Insufficient funds", "EOrder:Invalid price"), Verdict.REFUSED),
        (said("EOrder:Insufficient funds", "EService:Busy"), Verdict.DOUBT),
        (said("EAPI:Invalid nonce"), Verdict.REFUSED),
    ],
)
def test_what_an_answer_proves(table, response, verdict):
    """Only HTTP 200 with Kraken's own form proves anything."""
    assert table.judge(response) is verdict


def test_how_long_it_wants_to_be_left_alone(table):
    """Rate limits of both kinds, a throttle, HTTP's own; a lockout is a ban."""
    assert table.back_off_ms(said("EAPI:Rate limit exceeded")) == 5_000
    assert table.back_off_ms(said("EOrder:Rate limit exceeded")) == 5_000
    assert table.back_off_ms(said("EService: Throttled: 1700000000")) == 5_000
    assert table.back_off_ms(Response(429, None, {"retry-after": "7"})) == 7_000
    assert table.back_off_ms(said("EOrder:Insufficient funds")) is None
    assert table.back_off_ms(said("EGeneral:Temporary lockout")) == LOCKED_MS
    assert table.is_ban(said("EGeneral:Temporary lockout"))
    assert not table.is_ban(said("EAPI:Rate limit exceeded"))
    assert table.is_ban(said("EGeneral:Temporary lockout: 15 minutes"))
    assert table.is_clock_off(said("EService:Deadline elapsed"))
    assert table.is_clock_off(said("EAPI:Invalid nonce"))
    assert not table.is_clock_off(said("EOrder:Insufficient funds"))
    assert "something else uses this key" in table.text_of(said("EAPI:Invalid nonce"))
    assert table.text_of(said("EService:Busy", "x")) == "EService:Busy; x"


# What is said to it.


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        (OrdType.MARKET, {}, {"ordertype": "market"}),
        (OrdType.LIMIT, {"price": "5E+4"}, {"price": "50000", "timeinforce": "GTC"}),
        (OrdType.LIMIT, {"price": "1.10", "post_only": True}, {"oflags": "fciq,post"}),
        (OrdType.STOP, {"stop_px": "7"}, {"ordertype": "stop-loss", "price": "7"}),
        (OrdType.STOP_LIMIT, {"stop_px": "7", "price": "8"}, {"price": "7", "price2": "8"}),
    ],
)
def test_an_order_in_its_words(table, kind, more, words):
    """Prices stand where Kraken wants them; fees in the quote currency; a deadline in each."""
    prices = {name: Decimal(one) for name, one in more.items() if name.endswith(("price", "px"))}
    order = OrderRequest(
        cl_ord_id=OURS, symbol=BTC, side=Side.BUY, order_qty=Decimal("0.10"), ord_type=kind,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, **{**more, **prices},
    )  # fmt: skip
    call = table.stamp(table.new_order(order), 1_700_000_000_000)
    told = {
        "pair": "XBTUSDT", "type": "buy", "volume": "0.10", "cl_ord_id": OURS, "oflags": "fciq",
        "deadline": "2023-11-14T22:13:25.000Z", **words,
    }  # fmt: skip
    assert told.items() <= call.params.items()
    assert ("timeinforce" in call.params) is (kind is not OrdType.MARKET)


def test_what_cannot_wait_goes_before_questions(table):
    """Orders, cancels, amendments, the dead man, the clock and the token; nothing else."""
    order = OrderRequest(
        cl_ord_id=OURS, symbol=BTC, side=Side.BUY, order_qty=Decimal(1), ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, price=Decimal(5),
    )  # fmt: skip
    urgent = [
        table.new_order(order), table.cancel(BTC, OURS, "R", waits=False),
        table.replace(order, OURS), *table.dead_man(8_000), table.time(), table.user_key(),
    ]  # fmt: skip
    assert all(one.urgent for one in urgent)
    calm = [
        table.access(), table.mode(), table.account(), table.ledger(0), *table.listing(),
        *table.open_orders([BTC]), *table.look_up(BTC, OURS, stop=False),
        table.trades_of(BTC, TXID, 0), table.trades_from(BTC, 0, 1), *table.orders_of(BTC, [TXID]),
    ]  # fmt: skip
    assert not any(one.urgent for one in calm)


def test_a_deadline_is_within_kraken_s_bounds():
    """At least two seconds, at most sixty; questions and cancels have none."""
    for window_ms, seconds in ((500, 2), (5_000, 5), (90_000, 60)):
        made = KrakenSpot({BTC: "XBTUSDT"}, recv_window_ms=window_ms)
        call = made.stamp(Call("privatePostAmendOrder"), 0)
        assert call.params["deadline"] == stamp_of(seconds * 1_000)
        assert made.capabilities.absence_after_ms == seconds * 1_000 + 5_000
        assert made.stamp(Call("privatePostCancelOrder"), 0).params == {}


def test_orders_that_are_nobody_s_are_named_by_the_exchange_s_id(table):
    """`#` and the txid: cancelled and looked up by that."""
    assert table.cancel(BTC, OURS, "", waits=False).params == {"cl_ord_id": OURS}
    assert table.cancel(BTC, f"#{TXID}", "", waits=False).params == {"txid": TXID}
    assert [call.method for call in table.look_up(BTC, OURS, stop=False)] == [
        "privatePostOpenOrders", "privatePostClosedOrders",
    ]  # fmt: skip
    (one,) = table.look_up(BTC, f"#{TXID}", stop=True)
    assert (one.method, one.params) == ("privatePostQueryOrders", {"txid": TXID})


def test_what_calls_cost(table):
    """Histories count twice, orders and cancels only with their pair, public ones nothing."""
    costs = {
        "publicGetTime": (0, 0), "privatePostOpenOrders": (1, 0),
        "privatePostTradesHistory": (2, 0), "privatePostAddOrder": (0, 1),
        "privatePostCancelOrder": (0, 8),
        "privatePostAmendOrder": (0, 4), "privatePostCancelAllOrdersAfter": (1, 0),
    }  # fmt: skip
    assert {name: tuple(table.cost(Call(name))) for name in costs} == costs


# Names and times.


def test_names_of_assets_and_pairs(table):
    """Old codes, staked assets, both forms of a pair's name."""
    names = ("XXBT", "ZUSD", "USDT", "ETH.S", "XXDG", "SOL")
    assert [asset_of(one) for one in names] == ["BTC", "USD", "USDT", "ETH.S", "DOGE", "SOL"]
    assert spoken("XBT/USD") == "BTC/USD"
    natives = ("BTC/USD", "XBTUSD", "BTC/USD:USD", "ETH/BTC", "DOGE/EUR")
    assert [table.native_of(one) for one in natives] == [
        "XBTUSD", "XBTUSD", "XBTUSD", "ETHXBT", "XDGEUR",
    ]  # fmt: skip


def test_times_are_exact():
    """A fraction of a second does not go through a float."""
    assert ns_of("1688585840.8921") == 1_688_585_840_892_100_000
    assert ns_of_stamp("2026-01-22T06:06:19.833306Z") == 1_769_061_979_833_306_000
    assert ns_of_stamp(stamp_of(1_700_000_000_123)) == 1_700_000_000_123_000_000


def test_the_listing_teaches_the_other_names():
    """Trades name the pair by its id, orders by its altname, the stream as everybody does."""
    table = KrakenSpot({"BTC/USD": "XBTUSD"}, recv_window_ms=5_000)
    row = {
        "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD",
        "pair_decimals": 1, "lot_decimals": 8, "ordermin": "0.00005", "costmin": "0.5",
        "tick_size": "0.1", "status": "online",
    }  # fmt: skip
    fee = {"XXBTZUSD": {"fee": "0.2600"}}
    listed = {"result": {"XXBTZUSD": row, "XETHZUSD": {**row, "altname": "ETHUSD"}}}
    (found,) = table.read_listing([listed, {"result": {"fees": fee, "fees_maker": fee}}])
    assert (found.base, found.currency, found.taker_fee) == ("BTC", "USD", Decimal("0.0026"))
    assert (found.price_tick, found.qty_step) == (Decimal("0.1"), Decimal("1E-8"))
    assert table.digits == {"BTC/USD": (1, 8)}
    trade = {
        "ordertxid": TXID, "pair": "XXBTZUSD", "time": "1688585840.8921", "type": "buy",
        "price": "29500.50", "fee": "23.60", "vol": "0.5", "maker": True,
    }  # fmt: skip
    (view,) = table.read_trades({"result": {"trades": {"T1": trade}}}, "BTC/USD")
    assert (view.trade_id, view.fee_currency, view.maker) == ("T1", "USD", True)
    halted = {"result": {"XXBTZUSD": {**row, "status": "cancel_only"}}}
    assert table.read_listing([halted, {"result": {"fees": fee, "fees_maker": fee}}]) == ()


@pytest.mark.parametrize(
    ("told", "row", "taker", "maker"),
    [
        ({"fees": {"A": {"fee": "0.3"}}, "fees_maker": {"A": {"fee": "0.2"}}}, {}, "3", "2"),
        ({"fees": {"A": {"fee": "0.3"}}, "fees_maker": None}, {}, "3", "4"),
        ({}, {"fees_maker": [[0, "0.25"], [10_000, "0.1"]]}, "4", "2.5"),
        ({"fees": {}, "fees_maker": {}}, {}, "4", "4"),
    ],
)
def test_fees_are_the_account_s_or_the_pair_s_first(told, row, taker, maker):
    """A fee that is not told is the dearest of the pair's schedule, never none."""
    table = KrakenSpot({"BTC/USD": "XBTUSD"}, recv_window_ms=5_000)
    row = {
        "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD",
        "pair_decimals": 1, "lot_decimals": 8, "ordermin": "0.00005", "status": "online",
        "fees": [[0, "0.4"], [10_000, "0.35"]], **row,
    }  # fmt: skip
    (found,) = table.read_listing([{"result": {"A": row}}, {"result": told}])
    assert (found.taker_fee * 1000, found.maker_fee * 1000) == (Decimal(taker), Decimal(maker))
    assert (found.price_tick, found.min_notional) == (Decimal("0.1"), 0)


# Orders of REST.


def row(**more):
    """Make an order as OpenOrders has it."""
    descr = {"pair": "XBTUSDT", "type": "sell", "ordertype": "limit", "price": "50000.0",
             "price2": "0", **more.pop("descr", {})}  # fmt: skip
    return {
        "cl_ord_id": OURS, "status": "open", "opentm": "1700000000.1234", "expiretm": 0,
        "descr": descr, "vol": "1.5", "vol_exec": "0.5", "cost": "25000", "misc": "",
        "oflags": "fciq", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"client_id": OURS, "status": OrdStatus.NEW, "price": Decimal("50000.0")}),
        ({"cl_ord_id": None}, {"client_id": f"#{TXID}"}),
        ({"oflags": "fciq,post"}, {"post_only": True}),
        ({"status": "closed", "closetm": "1700000001"}, {"status": OrdStatus.FILLED}),
        ({"status": "expired", "expiretm": "1700000001"}, {"status": OrdStatus.EXPIRED}),
        (
            {"descr": {"ordertype": "stop-loss", "price": "7"}, "vol_exec": "0"},
            {"stop_px": Decimal(7), "price": None, "working": False},
        ),
        (
            {"descr": {"ordertype": "stop-loss-limit", "price": "7", "price2": "8"},
             "vol_exec": "0", "misc": "stopped"},
            {"stop_px": Decimal(7), "price": Decimal(8), "working": True},
        ),
        (
            {"descr": {"ordertype": "trailing-stop", "price": "+50.0000%"}, "vol_exec": "0"},
            {"stop_px": None, "ord_type": OrdType.STOP},
        ),
        ({"descr": {"ordertype": "iceberg"}}, {"ord_type": OrdType.LIMIT}),
    ],
)  # fmt: skip
def test_an_order_of_rest(table, more, expected):
    """What rests, what has ended, stops, and what other people's programs leave there."""
    (view,) = table.read_orders({"result": {"open": {TXID: row(**more)}}})
    assert {name: getattr(view, name) for name in expected} == expected


def test_orders_of_other_pairs_are_not_ours(table):
    """OpenOrders is of the whole account."""
    body = {"result": {"open": {TXID: row(descr={"pair": "ETHEUR"})}}}
    assert table.read_orders(body) == []
    assert table.read_found(body, OURS) is None


# Trades in pages.


def test_the_trades_of_an_order_are_asked_for_twenty_at_a_time(table):
    """QueryOrders names them; each question leads to the next one, and the last to none."""
    ids = [f"T{number:02d}" for number in range(45)]
    call = table.trades_of(BTC, TXID, 0)
    call = table.more_trades(call, {"result": {TXID: {"trades": ids}}})
    asked = []
    while call is not None:
        assert call.method == "privatePostQueryTrades"
        asked.append(call.params["txid"].split(","))
        call = table.more_trades(call, {"result": {}})
    assert [len(one) for one in asked] == [20, 20, 5]
    assert [one for some in asked for one in some] == ids
    assert table.batches == {}


def test_an_order_without_trades_is_asked_for_none(table):
    """No trade, no second question; and one that is not there neither."""
    call = table.trades_of(BTC, TXID, 0)
    assert table.more_trades(call, {"result": {TXID: {"trades": []}}}) is None
    assert table.more_trades(call, {"result": {}}) is None


def test_trades_of_one_moment_keep_their_order(table):
    """The newest are listed first; of those with one time, `trade_id` says which came first."""
    row = {
        "ordertxid": TXID, "pair": "XBTUSDT", "type": "buy", "price": "9", "fee": "1", "vol": "1",
    }  # fmt: skip
    listed = {
        "T4": {**row, "time": "1688585841.0000", "trade_id": 13},
        "T3": {**row, "time": "1688585840.8921", "trade_id": 12},
        "T2": {**row, "time": "1688585840.8921", "trade_id": 11},
        "T1": {**row, "time": "1688585840.0000"},
    }  # fmt: skip
    found = table.read_trades({"result": {"trades": listed, "count": 4}}, BTC)
    assert [one.trade_id for one in found] == ["T1", "T2", "T3", "T4"]


def test_histories_are_read_to_their_end(table):
    """Fifty rows a page, until there are as many as there are."""
    call, pages = table.trades_from(BTC, 5_000, 9_000), 1
    assert (call.params["start"], call.params["end"]) == (4, 9)
    between = table.trades_from(BTC, 5_001, 9_001)
    assert (between.params["start"], between.params["end"]) == (5, 10)
    while (call := table.more_trades(call, {"result": {"count": 120}})) is not None:
        pages += 1
    assert pages == 3
    call = table.ledger(0)
    assert table.more_ledger(call, {"result": {"count": 50}}) is None


# The key and the account.


def info(**more):
    """Make what GetApiKeyInfo says."""
    return {"result": {"permissions": ["modify-trades"], "ipAllowlist": ["1.2.3.4"],
                       "nonceWindow": "0", **more}}  # fmt: skip


def test_what_the_key_may_do(table):
    """Trade, withdraw, from where; a nonce window is objected to."""
    access = table.read_access(info())
    assert (access.trades, access.withdraws, access.bound) == (True, False, True)
    access = table.read_access(info(permissions=["withdraw-funds"], ipAllowlist=[]))
    assert (access.trades, access.withdraws, access.bound) == (False, True, False)
    assert table.objection(info()) == ""
    assert "nonce window of 100" in table.objection(info(nonceWindow="100"))


def test_balances_and_positions(table):
    """What open orders hold is not free; a staked asset is another currency."""
    body = {"result": {
        "XXBT": {"balance": "2.5", "hold_trade": "0.5"}, "ZUSD": {"balance": "7"},
        "ETH.S": {"balance": "1"},
    }}  # fmt: skip
    found = {one.currency: (one.total, one.free) for one in table.read_balances(body)}
    assert found == {
        "BTC": (Decimal("2.5"), 2), "USD": (7, 7), "ETH.S": (1, 1),
    }  # fmt: skip


def test_the_ledger_without_trades(table):
    """Trades are told as fills; fees of other lines are in their amounts."""
    lines = {
        "L1": {"time": "1700000000.5", "type": "trade", "asset": "ZUSD", "amount": "1", "fee": "0"},
        "L2": {"time": "1700000000.5", "type": "staking", "asset": "XETH", "amount": "1",
               "fee": "0.25"},
    }  # fmt: skip
    (entry,) = table.read_ledger({"result": {"ledger": lines}})
    assert (entry.entry_id, entry.kind, entry.amount) == ("L2", "CORRECTION", Decimal("0.75"))
