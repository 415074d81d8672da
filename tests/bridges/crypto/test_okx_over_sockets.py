"""OKX's bridge with the real ccxt client: signing and streams, which pure parts cannot show."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from loguru import logger
from support.bridge_wire import kinds
from support.conformance import BTC, OkxSpotDesk, OkxSwapDesk
from support.exchange.okx.signing import OkxKey
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange
from support.waiting import breathe, wait_for

from bridges.crypto.settings import open_crypto_venue
from bridges.errors import BridgeError
from bridges.market_events import BookChanged
from protocol.fields import OrdType

pytestmark = pytest.mark.length("ci")  # Binance's are in a plain run

DESKS = {"spot": OkxSpotDesk, "swap": OkxSwapDesk}
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


@pytest.mark.parametrize("fault", ["hang", "close", "cut", "empty", "status"])
@pytest.mark.parametrize("deed", ["cancel", "replace"])
def test_a_cancel_or_a_change_without_an_answer_is_found_out(desk, fault, deed):
    """The orders channel, or a look-up, says what became of it: one answer to the gateway."""
    order = desk.order(qty="0.3", price="59000")
    desk.reports(order, 1)
    path = {"cancel": "cancel-order", "replace": "amend-order"}[deed]
    desk.local.faults.answer(fault, f"POST /api/v5/trade/{path}", acts=True)
    request = (
        desk.cancel(order.cl_ord_id) if deed == "cancel"
        else desk.replacing(order.cl_ord_id, "0.2", "59100")
    )  # fmt: skip
    (report,) = desk.reports(request, 1)
    assert kinds([report]) == ["4/4" if deed == "cancel" else "5/0"]


def test_a_stop_is_replaced_and_cancelled(desk):
    """The list that cancel-algos wants goes out as a list; the new stop has its own id."""
    order = desk.order(qty="0.3", stop="60500")
    desk.reports(order, 1)
    fresh = msgspec.structs.replace(
        desk.replacing(order.cl_ord_id, "0.2", "1"), price=None, ord_type=OrdType.STOP,
        stop_px=Decimal(60600),
    )  # fmt: skip
    (report,) = desk.reports(fresh, 1)
    assert (kinds([report]), report.stop_px) == (["5/0"], 60600)
    (report,) = desk.reports(desk.cancel(fresh.cl_ord_id), 1)
    assert kinds([report]) == ["4/4"]
    algos = desk.local.call(lambda: [one.state for one in desk.account._api.algos.values()])
    assert algos == ["canceled", "canceled"]


def test_the_order_that_comes_of_a_stop_is_changed_and_cancelled(desk):
    """It has no client id there: both name it by the exchange's id, and it keeps ours here."""
    order = desk.order(qty="0.3", stop="60100", price="60050")
    desk.reports(order, 1)
    desk.take()
    desk.set_book(bids=((60100, 1),), asks=((60110, 1),))
    desk.trade(60100, "0.01", "buy")
    (report,) = desk.wait(1)
    assert kinds([report]) == ["D/0"]
    fresh = desk.replacing(order.cl_ord_id, "0.2", "60060")
    (report,) = desk.reports(fresh, 1)
    assert kinds([report]) == ["5/0"]
    (report,) = desk.reports(desk.cancel(fresh.cl_ord_id), 1)
    assert kinds([report]) == ["4/4"]
    (record,) = desk.account.orders().values()
    assert (record.client_id, record.qty, record.status) == ("", Decimal("0.2"), "CANCELED")


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
    """No pong to a text ping within seconds: a new stream is made, and nothing is missed."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    since_ns = desk.now_ns
    assert desk.local.faults.silence("user") == 1
    desk.trade(59000, "5", "sell")
    (fill,) = desk.wait(1)
    assert (kinds([fill]), fill.last_qty) == (["F/2"], Decimal("0.5"))
    assert desk.now_ns - since_ns < 10 * SECOND_NS


@pytest.mark.budget(20)
def test_a_quiet_stream_stays_up(desk):
    """Text pings are answered: nothing happens for longer than silence would last."""
    desk.until(lambda: desk.account.listeners("books"))
    before = desk.account.accepted()
    desk.run(6_000)
    assert desk.bridge.venue.connected
    assert desk.account.accepted() == before


def test_an_order_has_a_time_until_which_it_holds(desk):
    """`expTime` is a header of the order itself: an exchange whose clock is ahead drops it."""
    desk.local.skew(6_000)
    (refused,) = desk.reports(desk.order(qty="0.3", price="59000"), 1)
    assert kinds([refused]) == ["8/8"]
    assert refused.text.startswith("50036")
    assert desk.account.orders() == {}


def test_a_clock_that_is_off_is_put_right(desk):
    """50102 was not executed; the clock is read again, and the next order is taken."""
    desk.local.skew(40_000)
    (refused,) = desk.reports(desk.order(qty="0.3", price="59000"), 1)
    assert kinds([refused]) == ["8/8"]
    assert refused.text.startswith("50102")
    desk.until(lambda: desk.bridge.venue.core.offset_ms > 30_000)
    assert kinds(desk.reports(desk.order(qty="0.3", price="59000"), 1)) == ["0/0"]


@pytest.mark.budget(20)
def test_the_dead_man_strikes_when_nobody_speaks(tmp_path):
    """Set with the orders' own tag, put off while the gateway lives, and struck afterwards."""
    settings = {"exchange_dead_man_ms": 10_000}
    desk = OkxSpotDesk(tmp_path, settings=settings)
    try:
        desk.reports(desk.order(qty="0.3", price="59000"), 1)
        desk.until(lambda: desk.local.asked("POST", "/cancel-all-after"))
        (asked, *_) = desk.local.asked("POST", "/cancel-all-after")
        (record,) = desk.account.orders().values()
        assert asked.params == {"timeOut": "10", "tag": record.tag}
        desk.kill_bridge()
        desk.local.skew(11_000)
        wait_for(lambda: not record.is_open)
    finally:
        desk.local.__exit__()


def test_no_secret_is_ever_logged(tmp_path):
    """Neither key, secret, passphrase nor signature stands in a log or a file."""
    said = []
    sink = logger.add(said.append, level="TRACE", backtrace=True, diagnose=True)
    desk = OkxSpotDesk(tmp_path)
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
    for secret in (*desk.local.credentials.values(), "OK-ACCESS"):
        assert secret not in text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            for secret in desk.local.credentials.values():
                assert secret.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["passphrase", "secret"])
def test_a_wrong_secret_stops_the_bridge(tmp_path, name):
    """The exchange's word is repeated, and what was wrong is not."""
    with LocalExchange("okx", symbols=(BTC,)) as local:
        venue = venue_on(local, tmp_path, **{name: "Wrong-Horse-1"})
        try:
            with pytest.raises(BridgeError, match=r"50105|50113") as caught:
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()
    assert "Wrong" not in str(caught.value)


def test_a_key_that_may_withdraw_stops_the_bridge(tmp_path):
    """Over the real client too."""
    with LocalExchange("okx", symbols=(BTC,), key=OkxKey(perm="trade,withdraw")) as local:
        venue = venue_on(local, tmp_path)
        try:
            with pytest.raises(BridgeError, match="withdraw"):
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()


@pytest.mark.parametrize("kind", DESKS)
def test_demo_trading_is_one_switch_away(tmp_path, kind):
    """`testnet = true`: x-simulated-trading on each request, and the demo's own streams."""

    class DemoDesk(DESKS[kind]):
        key = OkxKey(demo=True)

    desk = DemoDesk(tmp_path, settings={"testnet": True})
    try:
        assert kinds(desk.reports(desk.order(qty="0.3"), 2)) == ["0/0", "F/2"]
        assert desk.local.strangers == []
        shell = desk.bridge.venue._shell
        assert "wspap" in shell._clients["user"].url
        assert shell._exchange.headers["x-simulated-trading"] == "1"
    finally:
        desk.end()


def venue_on(local, folder, **more):
    """Open a venue on the local exchange that remembers its books."""
    keys = local.credentials
    venue = open_crypto_venue(
        **{
            "folder": folder, "symbols": [BTC], "exchange": "okx", "api_key": keys["apiKey"],
            "secret": keys["secret"], "passphrase": keys["password"],
            "make_session": lambda: session_to(local.port), **more,
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
@pytest.mark.parametrize("market", ["spot", "swap"])
def test_the_book_of_a_recording_is_rebuilt_from_the_stream(tmp_path, data_folder, market):
    """Snapshot and changes give the exchange's own book, also after a cut and a lost change."""
    feed = {"path": [str(data_folder / RECORDING)], "kind": "binance"}
    with LocalExchange("okx", feed=feed, symbols=(BTC,)) as local:
        symbol = BTC if market == "spot" else f"{BTC}:USDT"
        venue = venue_on(local, tmp_path, market=market)
        books = venue._listener
        venue.subscribe([BTC], local.clock())

        def turn():
            venue.step(local.clock())
            breathe(1)

        def same():
            turn()
            bids, asks, _ = local.unified.public_book(symbol)
            if books.last is None:
                return False
            told = [[(one.price, one.size) for one in side]
                    for side in (books.last.bids, books.last.asks)]  # fmt: skip
            there = [[(Decimal(row[0]), Decimal(row[1])) for row in side[:10]]
                     for side in (bids, asks)]  # fmt: skip
            return told == there

        def follow(times):
            for _ in range(times):
                local.unified.play(300)
                wait_for(same, poll_s=0.001, what="the recording's book")

        try:
            wait_for(lambda: (turn(), local.unified.listeners("books"))[1], poll_s=0.001)
            follow(15)
            assert local.faults.drop("books") == 1
            local.unified.play(300)
            wait_for(lambda: (turn(), local.unified.listeners("books"))[1], poll_s=0.001)
            follow(5)
            assert books.last.gaps == 1
            local.faults.lose("books", 2)  # the pair's, and its perpetual's
            follow(5)
            assert books.last.gaps == 2
        finally:
            venue.close()
