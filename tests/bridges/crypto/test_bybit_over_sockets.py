"""bybit's bridge with the real ccxt client: signing and streams, which pure parts cannot show."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from loguru import logger
from support.bridge_wire import kinds
from support.conformance import BTC, BybitLinearDesk, BybitSpotDesk
from support.exchange.bybit.access import BybitKey
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange
from support.waiting import breathe, wait_for

from bridges.crypto.settings import open_crypto_venue
from bridges.errors import BridgeError
from bridges.market_events import BookChanged

pytestmark = pytest.mark.length("ci")  # Binance's are in a plain run

DESKS = {"spot": BybitSpotDesk, "linear": BybitLinearDesk}
SECOND_NS = 1_000_000_000
RECORDING = "binance_spot_btcusdt_20240808.gz"


@pytest.fixture(params=DESKS)
def desk(request, tmp_path):
    """Give a bridge on the local exchange."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()


@pytest.mark.parametrize("fault", ["hang", "close", "cut", "empty", "html", "status", "duplicate"])
def test_an_order_that_was_taken_without_an_answer_is_found(desk, fault):
    """Whatever ccxt makes of the answer: the order is looked up, told once, and not sent again."""
    desk.local.faults.answer(fault, f"POST {desk.order_path}", acts=True)
    order = desk.order(qty="0.3", price="59000")
    (report,) = desk.reports(order, 1)
    assert kinds([report]) == ["0/0"]
    assert desk.sent_ids()[order.cl_ord_id] == 1
    (gone,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert kinds([gone]) == ["4/4"]
    assert len(desk.local.asked("POST", desk.order_path)) == 1


@pytest.mark.parametrize("fault", ["hang", "cut", "status"])
@pytest.mark.parametrize("deed", ["cancel", "amend"])
def test_a_cancel_or_a_change_without_an_answer_is_found_out(desk, fault, deed):
    """The order topic, or a look-up, says what became of it: one answer to the gateway."""
    order = desk.order(qty="0.3", price="59000")
    desk.reports(order, 1)
    desk.local.faults.answer(fault, f"POST /v5/order/{deed}", acts=True)
    request = (
        desk.cancel(order.cl_ord_id) if deed == "cancel"
        else desk.replacing(order.cl_ord_id, "0.2", "59100")
    )  # fmt: skip
    (report,) = desk.reports(request, 1)
    assert kinds([report]) == ["4/4" if deed == "cancel" else "5/0"]


def test_fills_while_the_stream_was_cut_are_told_once(desk):
    """The stream is cut, others trade, the stream comes back: each fill once, with its fee."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    assert desk.local.faults.drop("user") == 1
    desk.trade(59000, "0.2", "sell")
    desk.trade(59000, "5", "sell")
    fills = desk.wait(2)
    assert [one.last_qty for one in fills] == [Decimal("0.2"), Decimal("0.3")]
    assert kinds(fills) == ["F/1", "F/2"]
    told = [(one.secondary_exec_id, one.commission) for one in fills]
    deals = desk.account.deals()[-2:]
    assert told == [(desk.trade_id(deal), deal.commission) for deal in deals]


@pytest.mark.budget(20)
def test_a_half_open_stream_is_noticed_and_its_fills_are_told(desk):
    """No pong to a JSON ping within seconds: a new stream is made, and nothing is missed."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    since_ns = desk.now_ns
    assert desk.local.faults.silence("user") == 1
    desk.trade(59000, "5", "sell")
    (fill,) = desk.wait(1)
    assert (kinds([fill]), fill.last_qty) == (["F/2"], Decimal("0.5"))
    assert desk.now_ns - since_ns < 10 * SECOND_NS


@pytest.mark.budget(20)
@pytest.mark.parametrize("desk", ["spot"], indirect=True)
def test_a_quiet_stream_stays_up(desk):
    """JSON pings are answered: nothing happens for longer than silence would last."""
    desk.until(lambda: desk.account.listeners("depth"))
    before = desk.account.accepted()
    desk.run(5_000)
    assert desk.bridge.venue.connected
    assert desk.account.accepted() == before


@pytest.mark.parametrize("skew_ms", [6_000, 40_000])
def test_an_order_holds_for_its_window_and_the_clock_is_put_right(desk, skew_ms):
    """10002 was not executed; the clock is read again, and the next order is taken."""
    desk.local.skew(skew_ms)
    (refused,) = desk.reports(desk.order(qty="0.3", price="59000"), 1)
    assert kinds([refused]) == ["8/8"]
    assert refused.text.startswith("10002")
    assert desk.account.orders() == {}
    desk.until(lambda: desk.bridge.venue.core.offset_ms > skew_ms - 1_000)
    assert kinds(desk.reports(desk.order(qty="0.3", price="59000"), 1)) == ["0/0"]


@pytest.mark.budget(20)
@pytest.mark.parametrize("kind", DESKS)
def test_the_dead_man_strikes_when_the_stream_is_gone(tmp_path, kind):
    """The switch is set for this market's product; the orders end by bybit's hand, not by ours."""
    desk = DESKS[kind](tmp_path, settings={"exchange_dead_man_ms": 10_000})
    try:
        desk.reports(desk.order(qty="0.3", price="59000"), 1)
        path = "/disconnected-cancel-all"
        desk.until(lambda: desk.local.asked("POST", path))
        (asked, *_) = desk.local.asked("POST", path)
        product = {"spot": "SPOT", "linear": "DERIVATIVES"}[kind]
        assert asked.params == {"product": product, "timeWindow": 10}
        (record,) = desk.account.orders().values()
        desk.kill_bridge()
        wait_for(lambda: not desk.account.listeners("user"))
        assert record.is_open
        desk.local.skew(11_000)
        wait_for(lambda: not record.is_open)
        assert record.cancel_type == "CancelByDCP"
    finally:
        desk.local.__exit__()


def test_no_secret_is_ever_logged(tmp_path):
    """Neither key, secret nor signature stands in a log or a file."""
    said = []
    sink = logger.add(said.append, level="TRACE", backtrace=True, diagnose=True)
    desk = BybitSpotDesk(tmp_path)
    try:
        for fault in ("close", "cut", "html", "status"):
            desk.local.faults.answer(fault, f"POST {desk.order_path}", acts=True)
            desk.reports(desk.order(qty="0.1", price="59000"), 1)
        desk.local.faults.drop("user")
        desk.until(lambda: not desk.bridge.venue.connected)
        desk.until(lambda: desk.bridge.venue.connected)
    finally:
        desk.end()
        logger.remove(sink)
    text = "".join(said)
    assert "user stream" in text
    for secret in (*desk.local.credentials.values(), "X-BAPI-SIGN"):
        assert secret not in text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            for secret in desk.local.credentials.values():
                assert secret.encode() not in path.read_bytes()


def test_a_wrong_secret_stops_the_bridge(tmp_path):
    """The exchange's word is repeated, and what was wrong is not."""
    with LocalExchange("bybit", symbols=(BTC,)) as local:
        venue = venue_on(local, tmp_path, secret="Wrong-Horse-1")
        try:
            with pytest.raises(BridgeError, match="10004") as caught:
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()
    assert "Wrong" not in str(caught.value)


def test_a_key_that_may_withdraw_stops_the_bridge(tmp_path):
    """Over the real client too."""
    key = BybitKey()
    key.permissions = {**key.permissions, "Wallet": ["Withdraw"]}
    with LocalExchange("bybit", symbols=(BTC,), key=key) as local:
        venue = venue_on(local, tmp_path)
        try:
            with pytest.raises(BridgeError, match="withdraw"):
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()


@pytest.mark.parametrize("kind", DESKS)
def test_the_test_network_is_one_switch_away(tmp_path, kind):
    """`testnet = true`: requests and both streams go to bybit's test network."""
    desk = DESKS[kind](tmp_path, settings={"testnet": True})
    try:
        assert kinds(desk.reports(desk.order(qty="0.3"), 2)) == ["0/0", "F/2"]
        desk.until(lambda: desk.account.listeners("depth"))
        assert desk.local.strangers == []
        shell = desk.bridge.venue._shell
        assert {client.url for client in shell._clients.values()} == {
            "wss://stream-testnet.bybit.com/v5/private",
            f"wss://stream-testnet.bybit.com/v5/public/{kind}",
        }
        assert "testnet" in shell._exchange.urls["api"]["private"]
    finally:
        desk.end()


def venue_on(local, folder, **more):
    """Open a venue on the local exchange that remembers its books."""
    keys = local.credentials
    venue = open_crypto_venue(
        **{
            "folder": folder, "symbols": [BTC], "exchange": "bybit", "api_key": keys["apiKey"],
            "secret": keys["secret"], "make_session": lambda: session_to(local.port), **more,
        }
    )  # fmt: skip
    venue.connect(Books(), local.clock())
    return venue


class Books:
    """A listener that keeps the last book."""

    def __init__(self):
        self.last = None

    def on_event(self, event):
        """Keep it."""
        if isinstance(event, BookChanged):
            self.last = event


@pytest.mark.budget(30)
@pytest.mark.parametrize("market", DESKS)
def test_the_book_of_a_recording_is_rebuilt_from_the_stream(tmp_path, data_folder, market):
    """Snapshot and changes give the exchange's own book, also after a cut and a lost change."""
    feed = {"path": [str(data_folder / RECORDING)], "kind": "binance"}
    with LocalExchange("bybit", feed=feed, symbols=(BTC,)) as local:
        venue = venue_on(local, tmp_path, market=market)
        books, account = venue._listener, getattr(local, market)
        venue.subscribe([BTC], local.clock())

        def turn():
            venue.step(local.clock())
            breathe(1)

        def same():
            turn()
            bids, asks, _ = account.public_book(BTC)
            if books.last is None:
                return False
            told = [[(one.price, one.size) for one in side]
                    for side in (books.last.bids, books.last.asks)]  # fmt: skip
            there = [[(Decimal(row[0]), Decimal(row[1])) for row in side[:10]]
                     for side in (bids, asks)]  # fmt: skip
            return told == there

        def follow(times):
            for _ in range(times):
                account.play(300)
                wait_for(same, poll_s=0.001, what="the recording's book")

        try:
            wait_for(lambda: (turn(), account.listeners("depth"))[1], poll_s=0.001)
            follow(6)
            assert local.faults.drop("depth") == 1
            account.play(300)
            wait_for(lambda: (turn(), account.listeners("depth"))[1], poll_s=0.001)
            follow(3)
            assert books.last.gaps == 1
            local.faults.lose("depth")
            follow(3)
            assert books.last.gaps == 2
        finally:
            venue.close()
