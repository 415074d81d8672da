"""How bybit's answers are read: codes, waits, modes, fees."""

from __future__ import annotations

import pytest

from bridges.crypto.effects import Response
from bridges.crypto.tables.bybit_linear import BybitLinear
from bridges.crypto.tables.bybit_spot import BybitSpot
from bridges.crypto.tables.bybit_words import DUPLICATES, REFUSALS, UNKNOWN
from bridges.crypto.views import Verdict

BTC = "BTC/USDT"


def answer(code, *, http=200, **more):
    """Make an answer of bybit."""
    return Response(http, {"retCode": code, "retMsg": "words", "result": {}, **more})


JUDGED = [
    (answer(0), Verdict.DONE), (answer(0, http=502), Verdict.DOUBT),
    (answer(0, result=None), Verdict.DOUBT), (answer("0"), Verdict.DOUBT),
    *((answer(code), Verdict.DUPLICATE) for code in (110072, 170141)),
    *((answer(code), Verdict.UNKNOWN) for code in (110001, 170213)),
    *(
        (answer(code), Verdict.REFUSED)
        for code in (10001, 10002, 10003, 10004, 10005, 10006, 10010, 10018, 10029, 33004,
                     110003, 110004, 110007, 110008, 110010, 110012, 110017, 110020, 110092,
                     110093, 110094, 110120, 110121, 170124, 170131, 170134, 170136, 170137,
                     170139, 170140, 170142, 170193, 170210, 170218)
    ),
    *(
        (answer(code), Verdict.DOUBT)
        for code in (-1, 429, 10000, 10014, 10016, 10019, 40004, 110030, 110063, 110071, 110079,
                     110091, 110115, 110122, 170001, 170007, 170032, 170035, 170144, 170146,
                     170147, 170149, 170150, 170191, 170195, 170208, 170212, 170234,
                     170310, 170311, 999999)
    ),
    (Response(200, None), Verdict.DOUBT), (Response(200, []), Verdict.DOUBT),
    (Response(200, {}), Verdict.DOUBT), (Response(403, None), Verdict.DOUBT),
    (Response(0, None, problem="x"), Verdict.DOUBT),
    (Response(0, None, sent=False), Verdict.REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(("response", "verdict"), JUDGED)
def test_only_a_code_of_the_list_is_a_refusal(response, verdict):
    """What bybit does not know itself ("processing", "timeout"), and what is new, is in doubt."""
    assert BybitSpot({BTC: "BTCUSDT"}, recv_window_ms=5_000).judge(response) is verdict


DOCUMENTED = (
    (-2015, -2015), (10000, 10010), (10014, 10014), (10016, 10019), (10024, 10024), (10027, 10029),
    (33004, 33004), (110001, 110001), (110003, 110080), (110082, 110083), (110085, 110090),
    (110092, 110121), (170001, 170001), (170005, 170005), (170007, 170007), (170010, 170011),
    (170031, 170037), (170105, 170105), (170115, 170117), (170121, 170121), (170124, 170124),
    (170130, 170137), (170139, 170151), (170157, 170157), (170159, 170159), (170190, 170204),
    (170206, 170207), (170210, 170210), (170212, 170213), (170215, 170224), (170226, 170230),
    (170234, 170234), (170241, 170241), (170310, 170313), (170341, 170341), (170344, 170344),
    (170346, 170346), (170348, 170348), (170355, 170355), (170358, 170360), (170709, 170709),
    (170810, 170810),
)  # fmt: skip
"""The codes of orders on bybit's page of error codes, from and to."""
SEEN = {170209, 170371, 170372}
"""Codes whose answers ccxt's table quotes, though the page does not have them."""


def test_no_code_is_a_refusal_unless_somebody_has_written_what_it_means():
    """A code that bybit adds tomorrow is in doubt, and looked up, whatever its neighbours mean."""
    known = {code for begin, end in DOCUMENTED for code in range(begin, end + 1)}
    assert known | SEEN >= REFUSALS
    assert not REFUSALS & (DUPLICATES | UNKNOWN)


@pytest.mark.parametrize(
    ("response", "wait_ms", "ban"),
    [
        (answer(10006), 1_000, False), (answer(10018), 1_000, False), (answer(110007), None, False),
        (Response(200, {"retCode": 10006, "time": 1_000},
                  {"x-bapi-limit-reset-timestamp": "1700"}), 800, False),
        (Response(403, None), 600_000, True),
    ],
)  # fmt: skip
def test_too_many_requests_are_heard(response, wait_ms, ban):
    """10006 says when its second is over; 403 bans the address for ten minutes."""
    table = BybitSpot({BTC: "BTCUSDT"}, recv_window_ms=5_000)
    assert (table.back_off_ms(response), table.is_ban(response)) == (wait_ms, ban)


@pytest.mark.parametrize(
    ("table", "result", "objection"),
    [
        (BybitSpot, {"unifiedMarginStatus": 1}, "classic"),
        (BybitSpot, {"unifiedMarginStatus": 5}, ""),
        (BybitLinear, {"list": [{"positionIdx": 1}, {"positionIdx": 2}]}, "hedge mode"),
        (BybitLinear, {"list": [{"positionIdx": 0}]}, ""), (BybitLinear, {"list": []}, ""),
    ],
)
def test_modes_that_will_not_do(table, result, objection):
    """A classic account, and two positions of one symbol, are refused in words."""
    made = table({BTC: "BTCUSDT"}, recv_window_ms=5_000)
    found = made.objection({"retCode": 0, "result": result})
    assert objection in found if objection else not found


@pytest.mark.parametrize(
    ("symbols", "settle"),
    [
        ({BTC: "BTCUSDT"}, "USDT"), ({"BTC/USDC": "BTCPERP"}, "USDC"),
        ({BTC: "BTCUSDT", "BTC/USDC": "BTCPERP"}, "USDT"),
    ],
)  # fmt: skip
def test_positions_are_asked_for_by_what_they_are_settled_in(symbols, settle):
    """Perpetuals settled in USDC are called PERP; of both, those in USDT are ours."""
    table = BybitLinear(symbols, recv_window_ms=5_000)
    assert table.positions().params["settleCoin"] == settle


@pytest.mark.parametrize(
    ("side", "fee", "named", "currency"),
    [
        ("Buy", "0.1", {}, "BTC"), ("Sell", "0.1", {}, "USDT"), ("Buy", "-0.1", {}, "USDT"),
        ("Sell", "-0.1", {}, "BTC"), ("Buy", "0.1", {"feeCurrency": "MNT"}, "MNT"),
        ("Buy", "0.1", {"feeCoin": "MNT"}, "MNT"),
    ],
)
def test_in_what_a_fee_was_paid(side, fee, named, currency):
    """Named by the exchange, or else what is received; a rebate the other way round."""
    row = {
        "symbol": "BTCUSDT", "side": side, "execId": "1", "orderId": "2", "orderLinkId": "",
        "execQty": "1", "execPrice": "2", "execFee": fee, "isMaker": True, "execTime": "5",
        "execType": "Trade", **named,
    }  # fmt: skip
    table = BybitSpot({BTC: "BTCUSDT"}, recv_window_ms=5_000)
    (trade,) = table.read_trades({"result": {"list": [row]}}, BTC)
    assert (trade.fee_currency, trade.client_id, trade.maker) == (currency, "#2", True)
