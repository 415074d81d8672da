"""One order the whole way: strategy, gateway, bridge, the real ccxt client, the exchange."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import NamedTuple

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange
from support.waiting import wait_for

from bridges.bridge import run_bridge
from engine.client import Client
from gateway.commands.bridge import arguments
from protocol.fields import OrdStatus

BTC = "BTC/USDT"
CRYPTO = """kind = "crypto"
launch = false
emulate_expiry = true
symbols = ["BTC/USDT"]
[venue.crypto]
exchange = "{0.name}"
market = "{0.market}"
api_key = {{ file = "key" }}
secret = {{ file = "secret" }}
"""


class Place(NamedTuple):
    """A market of an exchange: its names, and the purse behind it."""

    name: str
    market: str
    purse: str


BINANCE, BYBIT = Place("binance", "spot", "spot"), Place("bybit", "linear", "unified")


@pytest.fixture
def place(request):
    """Say which market is meant."""
    return getattr(request, "param", BINANCE)


@pytest.fixture
def exchange(place):
    """Give the exchange, with a book."""
    deposits = {place.purse: {"USDT": 100_000, "BTC": 2}}
    with LocalExchange(place.name, symbols=(BTC,), deposits=deposits) as local:
        getattr(local, place.market).set_book(BTC, [(60000, 1)], [(60010, 1)])
        yield local


@pytest.fixture
def bridged(system, exchange, place):
    """Start a gateway whose one venue is the exchange, and the bridge between them."""
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index('kind = "paper"'), text.index("[[strategy]]")
    system.edit(text[begin:end], CRYPTO.format(place))
    (system.folder / "key").write_text(exchange.credentials["apiKey"])
    (system.folder / "secret").write_text(exchange.credentials["secret"])
    system.start(wait=False)
    config = system.config
    stopping = threading.Event()
    settings = arguments(config, config.venue_of("PAPER"))
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(
            run_bridge(
                **settings, stop=stopping.is_set,
                make_session=lambda: session_to(exchange.port),
            )
        ),
        daemon=True,
    )  # fmt: skip
    thread.start()
    system.wait_ready()
    yield system
    stopping.set()
    thread.join(10)
    assert codes == [0]


PACED = """rate_limits = [{{ weight = 100, window_ms = 10_000, counts = "orders" }}]
max_send_wait_ms = 60_000
[venue.crypto]
"""
"""As Binance states it: 100 orders in ten seconds."""


@pytest.fixture
def paced(monkeypatch):
    """Let the gateway know of the exchange's limit, and queue what does not fit."""
    monkeypatch.setattr(f"{__name__}.CRYPTO", CRYPTO.replace("[venue.crypto]\n", PACED))


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_a_cancel_leaves_before_500_orders_that_wait(paced, bridged, exchange):
    """500 new orders are queued behind the exchange's limit; a cancel overtakes them all.

    The exchange never has to say 429: neither to orders nor to our questions.
    """
    with Client("MM", bridged.orders, store_dir=bridged.folder / "mm") as client:
        wait_for(lambda: client.instruments().get(BTC), what="the instrument")
        rests = client.buy(BTC, "0.001", price="59000")
        client.wait_for(rests, exec_type="0")
        for _ in range(500):
            client.buy(BTC, "0.001", price="58000")
        wait_for(lambda: _pump(client) and len(_sent(exchange)) > 60, what="a part of the flood")
        client.cancel(rests)
        report = client.wait_for(rests, final=True)
        assert report.ord_status is OrdStatus.CANCELED
        sent = len(_sent(exchange))
        assert sent <= 100
        (venue,) = bridged.ask("VENUES")["rows"]
        assert sum(venue["queued"].values()) > 300
        wait_for(
            lambda: _pump(client) and len(_sent(exchange)) > 150, timeout_s=30,
            what="the next window", poll_s=0.2,
        )  # fmt: skip
    assert exchange.call(lambda: exchange._house.apis["spot"].limiter.warnings) == 0


def _pump(client):
    client.receive(20)
    return True


def _sent(exchange):
    return exchange.asked("POST", "/api/v3/order")


@pytest.mark.budget(30)
@pytest.mark.parametrize(
    "place", [BINANCE, pytest.param(BYBIT, marks=pytest.mark.length("ci"))], indirect=True,
    ids=lambda one: one.name,
)  # fmt: skip
def test_an_order_goes_the_whole_way(bridged, exchange, place):
    """What the strategy hears, the exchange has: fill, fee, position, a cancel, nothing open."""
    with Client("MM", bridged.orders, store_dir=bridged.folder / "mm") as client:
        wait_for(lambda: client.instruments().get(BTC), what="the instrument")
        bought = client.buy(BTC, "0.5", price="60010")
        report = client.wait_for(bought, final=True)
        assert (report.ord_status, report.cum_qty, report.avg_px, report.text) == (
            OrdStatus.FILLED, Decimal("0.5"), 60010, None,
        )  # fmt: skip
        rests = client.buy(BTC, "0.3", price="59000")
        client.wait_for(rests, exec_type="0")
        (open_order,) = client.open_orders()
        assert open_order.cl_ord_id == rests.cl_ord_id
        client.cancel(rests)
        report = client.wait_for(rests, final=True)
        assert report.ord_status is OrdStatus.CANCELED
        assert client.open_orders() == []
    account = getattr(exchange, place.market)
    (deal,) = account.deals()
    assert (deal.qty, deal.price) == (Decimal("0.5"), 60010)
    assert [one.is_open for one in account.orders().values()] == [False, False]
