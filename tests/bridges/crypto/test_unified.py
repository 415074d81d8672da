"""Any other exchange of ccxt: which will do, and that its orders are found again all the same."""

from __future__ import annotations

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
import ccxt.async_support
from support.bridge_wire import kinds
from support.unified_desk import UnifiedDesk

from bridges.crypto.effects import Response
from bridges.crypto.library import examine
from bridges.crypto.settings import open_crypto_venue
from bridges.crypto.tables.unified import NEEDED, TICK_SIZE, Unified, objections
from bridges.crypto.views import Verdict
from bridges.errors import BridgeError

ABLE = dict.fromkeys((*NEEDED, "fetchOrders", "spot"), True)
SOURCE = "return {'clientOrderId': client_order_id}"
ORDERS = "POST /api/v3/order"


@pytest.mark.parametrize(
    ("has", "mode", "source", "word"),
    [
        *(({**ABLE, name: False}, TICK_SIZE, SOURCE, f"no {name}") for name in NEEDED),
        *(({**ABLE, name: "emulated"}, TICK_SIZE, SOURCE, f"no {name}") for name in NEEDED),
        ({**ABLE, "spot": False}, TICK_SIZE, SOURCE, "no spot market"),
        ({**ABLE, "fetchOrders": "emulated"}, TICK_SIZE, SOURCE, "ended orders"),
        (ABLE, 2, SOURCE, "steps"),
        (ABLE, TICK_SIZE, "return {'clientOrderId': None}", "our ids"),
        (ABLE, TICK_SIZE, "return {'id': order_id}", "our ids"),
    ],
)
def test_what_recovery_stands_on_is_needed(has, mode, source, word):
    """Each thing that is missing is named; an exchange that has all is not objected to."""
    assert objections(ABLE, TICK_SIZE, SOURCE) == []
    assert [one for one in objections(has, mode, source) if word in one]


def test_ccxt_says_enough_of_dozens_of_exchanges_and_not_of_all():
    """The examination lets some in and some out; no exchange makes it fail otherwise."""
    taken, refused = [], []
    for name in ccxt.async_support.exchanges:
        try:
            examine(getattr(ccxt.async_support, name))
            taken.append(name)
        except BridgeError:
            refused.append(name)
    assert {"gate", "bitget", "binanceus"} <= set(taken)
    assert {"bitstamp", "bitflyer"} <= set(refused)


@pytest.mark.parametrize(
    ("exchange", "market", "word"),
    [
        ("nowhere", "spot", "knows no exchange 'nowhere'"),
        ("bitstamp", "spot", "cannot be traded safely"),
        ("gate", "swap", "gate swap is not supported"),
        ("binance", "margin", "binance margin is not supported"),
    ],
)
def test_what_is_not_proven_is_refused_at_the_start(tmp_path, exchange, market, word):
    """Before any key is used, with the reason."""
    with pytest.raises(BridgeError, match=word):
        open_crypto_venue(
            folder=tmp_path, symbols=["BTC/USDT"], exchange=exchange, market=market,
            api_key="k", secret="s",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Response(200, {}), Verdict.DONE),
        (Response(0), Verdict.DOUBT),
        (Response(0, sent=False), Verdict.REFUSED),
        (Response(400, raised=("InsufficientFunds", "ExchangeError")), Verdict.REFUSED),
        (Response(503, raised=("InsufficientFunds", "ExchangeError")), Verdict.DOUBT),
        (Response(0, raised=("InsufficientFunds", "ExchangeError")), Verdict.DOUBT),
        (Response(400, raised=("InvalidOrder", "ExchangeError")), Verdict.DUPLICATE),
        (Response(400, raised=("OrderNotFound", "InvalidOrder")), Verdict.UNKNOWN),
        (Response(400, raised=("ExchangeError", "BaseError")), Verdict.DOUBT),
        (Response(0, raised=("RequestTimeout", "NetworkError")), Verdict.DOUBT),
        (Response(200, raised=("KeyError", "LookupError")), Verdict.DOUBT),
    ],
)
def test_what_an_answer_proves(answer, verdict):
    """Only a short list of ccxt's classes, in an answer of the exchange, is a refusal."""
    assert Unified({}, recv_window_ms=5_000).judge(answer) is verdict


@pytest.mark.parametrize("fault", ["hang", "cut", "empty", "html", "close"])
@pytest.mark.budget(30)
def test_an_order_that_was_taken_without_an_answer_is_found(tmp_path, fault):
    """In the list of open orders, by our id; it is told once and cancelled by the exchange's id."""
    desk = UnifiedDesk(tmp_path)
    try:
        desk.local.faults.answer(fault, ORDERS, acts=True)
        order = desk.order(qty="0.3", price="59000")
        (report,) = desk.reports(order, 1)
        assert kinds([report]) == ["0/0"]
        assert desk.sent_ids()[order.cl_ord_id] == 1
        (gone,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
        assert kinds([gone]) == ["4/4"]
    finally:
        desk.end()


def test_a_key_of_which_nothing_is_told_needs_a_word_in_the_config(tmp_path):
    """What a key may do is in no unified method of ccxt: the config has to say that it is known."""
    with pytest.raises(BridgeError, match="untold"):
        UnifiedDesk(tmp_path, key_may=())
