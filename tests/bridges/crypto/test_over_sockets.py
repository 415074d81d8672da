"""The real ccxt client on the local exchange, where the pure parts cannot show what ccxt does."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from decimal import Decimal

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from loguru import logger
from support.bridge_wire import kinds
from support.conformance import BTC, KrakenDesk, SpotDesk, UsdmDesk
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange
from support.waiting import breathe, wait_for

from bridges.crypto import shell
from bridges.crypto.settings import open_crypto_venue
from bridges.errors import BridgeError
from bridges.market_events import BookChanged

DESKS = {"spot": SpotDesk, "usdm": UsdmDesk}
SECOND_NS = 1_000_000_000
RECORDING = "binance_spot_btcusdt_20240808.gz"


@pytest.fixture(params=DESKS)
def desk(request, tmp_path):
    """Give a bridge on the local exchange."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()


def order_path(desk):
    """Return where this market takes orders."""
    return "/api/v3/order" if desk.market == "spot" else "/fapi/v1/order"


@pytest.mark.parametrize("fault", ["hang", "close", "cut", "empty", "html", "status", "duplicate"])
def test_an_order_that_was_taken_without_an_answer_is_found(desk, fault):
    """Whatever ccxt makes of the answer: the order is looked up, told once, and not sent again."""
    desk.local.faults.answer(fault, f"POST {order_path(desk)}", acts=True)
    order = desk.order(qty="0.3", price="59000")
    (report,) = desk.reports(order, 1)
    assert kinds([report]) == ["0/0"]
    assert desk.sent_ids()[order.cl_ord_id] == 1
    (gone,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert kinds([gone]) == ["4/4"]
    assert len(desk.local.asked("POST", order_path(desk))) == 1


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
    assert [one.secondary_exec_id for one in fills] == [
        str(deal.number) for deal in desk.account.deals()[-2:]
    ]


@pytest.mark.budget(20)
@pytest.mark.parametrize(
    "desk", ["spot", pytest.param("usdm", marks=pytest.mark.length("ci"))], indirect=True
)
def test_a_half_open_stream_is_noticed_and_its_fills_are_told(desk):
    """No pong within seconds: the link is down, comes up on a new stream, and nothing is missed."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    since_ns = desk.now_ns
    assert desk.local.faults.silence("user") == 1
    desk.trade(59000, "5", "sell")
    (fill,) = desk.wait(1)
    assert (kinds([fill]), fill.last_qty) == (["F/2"], Decimal("0.5"))
    assert desk.now_ns - since_ns < 10 * SECOND_NS
    desk.until(lambda: desk.bridge.venue.connected)


LOGGED = {"spot": SpotDesk, "usdm": UsdmDesk, "kraken": KrakenDesk}
TOKENS = {"usdm": lambda api: {api.listen_key}, "kraken": lambda api: set(api.tokens)}
"""What the streams' addresses or first words carry."""


@pytest.fixture
def written(caplog, capfd):
    """Give what is said: to loguru, to the standard library's logging, and to the terminal."""
    said = []
    sink = logger.add(said.append, level="TRACE", backtrace=True, diagnose=True)
    caplog.set_level(logging.DEBUG)
    yield lambda: "".join([*said, caplog.text, *capfd.readouterr()])
    logger.remove(sink)


@pytest.mark.budget(20)
@pytest.mark.parametrize(
    "name", ["spot", *(pytest.param(one, marks=pytest.mark.length("ci")) for one in TOKENS)]
)
def test_no_secret_is_ever_logged(tmp_path, written, name):
    """Neither a key nor a secret, a signature, a listen key or a token, whatever goes wrong."""
    desk = LOGGED[name](tmp_path)
    path = "AddOrder" if name == "kraken" else order_path(desk)
    try:
        for fault in ("close", "cut", "html", "status"):
            desk.local.faults.answer(fault, f"POST {path}", acts=True)
            desk.reports(desk.order(qty="0.1", price="59000"), 1)
        assert desk.local.faults.drop("user") == 1
        desk.until(lambda: not desk.bridge.venue.connected)
        desk.until(lambda: desk.bridge.venue.connected)
        tokens = TOKENS[name](desk.account._api) if name in TOKENS else set()
        assert bool(tokens) is (name in TOKENS)
    finally:
        desk.end()
    text = written()
    assert "user stream" in text
    secrets = {*desk.local.credentials.values(), *tokens}
    for secret in (*secrets, "signature", "API-Sign"):
        assert secret not in text
    for file in tmp_path.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            for secret in (desk.local.credentials["secret"], *tokens):
                assert secret.encode() not in kept


def test_a_key_that_may_withdraw_stops_the_bridge(tmp_path):
    """Over the real client too: the bridge does not run with a key that may move money."""
    with LocalExchange(symbols=(BTC,)) as local:
        local.key.restrictions["enableWithdrawals"] = True
        venue = venue_on(local, tmp_path)
        try:
            with pytest.raises(BridgeError, match="withdraw"):
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()


def test_the_bridges_own_session_checks_certificates_and_lets_no_request_wait():
    """Where no test gives a session: certificates are checked, connections are not rationed."""

    async def made():
        session = shell._session()
        try:
            context = session.connector._ssl
            return session.connector.limit, context.verify_mode, context.check_hostname
        finally:
            await session.close()

    assert asyncio.run(made()) == (0, ssl.CERT_REQUIRED, True)


def test_a_ccxt_that_cannot_begin_stops_the_bridge(tmp_path):
    """What goes wrong in its thread is not silence: the bridge stops and says so."""
    venue = open_crypto_venue(
        folder=tmp_path, symbols=[BTC], api_key="k", secret="s", make_session=lambda: 1 / 0
    )
    venue.connect(Books(), 1)
    with pytest.raises(BridgeError, match="ZeroDivisionError"):
        wait_for(lambda: venue.step(1))
    venue.close()


def test_without_ccxt_the_bridge_says_what_to_install(tmp_path, monkeypatch):
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    with pytest.raises(BridgeError, match=r"portcullis-gateway\[crypto\]"):
        open_crypto_venue(folder=tmp_path, symbols=[BTC], api_key="k", secret="s")


@pytest.mark.parametrize("kind", DESKS)
def test_the_test_networks_are_one_switch_away(tmp_path, kind):
    """`testnet = true`: spot's own test network, demo trading of USD-M."""
    desk = DESKS[kind](tmp_path, settings={"testnet": True})
    try:
        assert kinds(desk.reports(desk.order(qty="0.3"), 2)) == ["0/0", "F/2"]
        urls = desk.bridge.venue._shell._exchange.urls["api"]
        host = {"spot": "testnet.binance.vision", "usdm": "demo-fapi.binance.com"}[kind]
        assert host in urls["private" if kind == "spot" else "fapiPrivate"]
        assert desk.local.strangers == []
    finally:
        desk.end()


def venue_on(local, folder):
    """Open a venue on the local exchange that remembers its books."""
    keys = local.credentials
    venue = open_crypto_venue(
        folder=folder, symbols=[BTC], api_key=keys["apiKey"], secret=keys["secret"],
        make_session=lambda: session_to(local.port),
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
def test_the_book_of_a_recording_is_rebuilt_from_the_stream(tmp_path, data_folder):
    """Snapshot and diffs give the recording's own book, level by level, also after a cut."""
    feed = {"path": [str(data_folder / RECORDING)], "kind": "binance"}
    with LocalExchange(feed=feed, symbols=(BTC,)) as local:
        venue = venue_on(local, tmp_path)
        books = venue._listener
        venue.subscribe([BTC], local.clock())

        def turn():
            venue.step(local.clock())
            breathe(1)

        def same():
            turn()
            bids, asks, _ = local.spot.public_book(BTC)
            if books.last is None:
                return False
            told = [[(one.price, one.size) for one in side]
                    for side in (books.last.bids, books.last.asks)]  # fmt: skip
            there = [[(Decimal(row[0]), Decimal(row[1])) for row in side[:10]]
                     for side in (bids, asks)]  # fmt: skip
            return told == there

        try:
            wait_for(lambda: (turn(), local.spot.listeners("depth"))[1], poll_s=0.001)
            for _ in range(20):
                local.spot.play(300)
                wait_for(same, poll_s=0.001, what="the recording's book")
            assert local.faults.drop("depth") == 1
            local.spot.play(300)
            wait_for(lambda: (turn(), local.spot.listeners("depth"))[1], poll_s=0.001)
            for _ in range(5):
                local.spot.play(300)
                wait_for(same, poll_s=0.001, what="the recording's book after a cut")
            assert books.last.gaps == 1
        finally:
            venue.close()
