"""Kraken over real sockets: what ccxt's signing, connections and numbers make of the rules."""

from __future__ import annotations

import itertools
import time
from decimal import Decimal

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from support.bridge_wire import kinds
from support.conformance import BTC, KrakenDesk
from support.exchange.kraken.names import txid
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange
from support.waiting import breathe, wait_for

from bridges.crypto.settings import open_crypto_venue
from bridges.errors import BridgeError
from bridges.market_events import BookChanged
from protocol.messages import CollateralReport

pytestmark = pytest.mark.length("ci")

ADD = "POST /0/private/AddOrder"
RECORDING = "binance_spot_btcusdt_20240808.gz"


@pytest.fixture
def desk(tmp_path):
    """Give a bridge on the local exchange."""
    found = KrakenDesk(tmp_path)
    yield found
    found.end()


def nonces(desk):
    """Return the nonces as they arrived."""
    return [int(one.params["nonce"]) for one in desk.local.asked("POST", "")]


@pytest.mark.parametrize("fault", ["hang", "close", "cut", "empty", "html", "status", "duplicate"])
def test_an_order_that_was_taken_without_an_answer_is_found(desk, fault):
    """Whatever ccxt makes of the answer: the order is heard of, told once, and not sent again."""
    desk.local.faults.answer(fault, ADD, acts=True)
    order = desk.order(qty="0.3", price="59000")
    (report,) = desk.reports(order, 1)
    assert kinds([report]) == ["0/0"]
    assert desk.sent_ids()[order.cl_ord_id] == 1
    (gone,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert kinds([gone]) == ["4/4"]
    assert len(desk.local.asked("POST", "AddOrder")) == 1


@pytest.mark.parametrize(
    "code", ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error"]
)
def test_an_answer_that_says_that_something_broke(desk, code):
    """It is no refusal: the order is looked up, and is there."""
    desk.local.faults.answer("status", ADD, code=code, acts=True)
    (report,) = desk.reports(desk.order(qty="0.3", price="59000"), 1)
    assert kinds([report]) == ["0/0"]
    assert len(desk.local.asked("POST", "AddOrder")) == 1


def test_no_request_overtakes_another(desk):
    """Twenty orders and cancels at once with questions between: each nonce is above the last."""
    orders = [desk.order(qty="0.01", price="59000") for _ in range(10)]
    for order in orders:
        desk.say(order)
    desk.say(desk.instruments())
    desk.wait(10)
    for order in orders:
        desk.say(desk.cancel(order.cl_ord_id))
    desk.wait(10)
    there = desk.account.orders().values()
    assert [one.status for one in there] == ["CANCELED"] * 10
    sent = nonces(desk)
    assert sent == sorted(set(sent))


def test_a_clock_that_is_set_back_takes_no_nonce_away(desk, monkeypatch):
    """The machine's clock goes back a second with each look: requests are taken all the same."""
    import ccxt.pro  # noqa: PLC0415 - it takes a second

    first = time.time_ns() // 1_000_000
    looks = itertools.count()
    stopped = staticmethod(lambda: first - 1_000 * next(looks))
    monkeypatch.setattr(ccxt.pro.kraken, "milliseconds", stopped)
    order = desk.order(qty="0.3", price="59000")
    assert kinds(desk.reports(order, 1)) == ["0/0"]
    assert kinds(desk.reports(desk.cancel(order.cl_ord_id), 1)) == ["4/4"]
    assert next(looks) > 2
    sent = nonces(desk)
    assert sent == sorted(set(sent))


def test_a_key_whose_nonces_are_ahead_is_tried_until_it_is_taken(tmp_path):
    """Something else used it with a clock that is ahead: no ban, and no early end."""
    with LocalExchange("kraken", symbols=(BTC,)) as local:
        local.key.highest = time.time_ns() // 1_000_000 + 1_500
        venue = venue_on(local, tmp_path)
        try:
            wait_for(lambda: (venue.step(local.clock()), venue.connected)[1])
        finally:
            venue.close()


def test_a_cancel_does_not_wait_behind_a_question_that_hangs(desk):
    """It overtakes; the question's connection is still open when the order is off the book."""
    order = desk.order(qty="0.3", price="59000")
    desk.reports(order, 1)
    desk.local.faults.answer("hang", on="POST /0/private/BalanceEx")
    desk.say(desk.positions())
    wait_for(lambda: (desk.run(1), desk.local.asked("POST", "BalanceEx"))[1])
    (gone,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert kinds([gone]) == ["4/4"]
    paths = [one.path.rpartition("/")[2] for one in desk.local.asked("POST", "")]
    assert paths[-2:] == ["BalanceEx", "CancelOrder"]


def test_fills_while_the_stream_was_cut_are_told_once(desk):
    """The stream is cut, others trade, the stream comes back: each fill once, with its fee."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    assert desk.local.faults.drop("user") == 1
    desk.trade(59000, "0.2", "sell")
    desk.trade(59000, "5", "sell")
    fills = desk.wait(2)
    assert [one.last_qty for one in fills] == [Decimal("0.2"), Decimal("0.3")]
    deals = desk.account.deals()[-2:]
    assert [one.secondary_exec_id for one in fills] == [txid("T", one.number) for one in deals]
    assert [one.commission for one in fills] == [one.commission for one in deals]


@pytest.mark.parametrize("losing", ["lose", "reorder"])
def test_a_number_that_is_missing_is_acted_on_at_once(desk, losing):
    """A lost fill is found when the next message comes, long before the next audit."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    getattr(desk.local.faults, losing)("user")
    desk.trade(59000, "0.2", "sell")
    desk.trade(59000, "0.1", "sell")
    fills = desk.wait(2)
    assert sum(one.last_qty for one in fills) == Decimal("0.3")


def test_a_deposit_is_told_with_the_exchange_s_id(desk):
    """The balances channel tells what moves without a trade."""
    desk.take()
    desk.account.deposit("USDT", Decimal(500))
    desk.until(lambda: any(isinstance(one, CollateralReport) for one in desk.heard), "money")
    (told,) = [one for one in desk.heard if isinstance(one, CollateralReport)]
    assert (told.ledger_kind, told.coll_rpt_id[:1]) == ("DEPOSIT", "L")


def venue_on(local, folder, **more):
    """Open a venue on the local exchange that remembers its books."""
    keys = local.credentials
    venue = open_crypto_venue(
        folder=folder, symbols=[BTC], exchange="kraken", api_key=keys["apiKey"],
        secret=keys["secret"], make_session=lambda: session_to(local.port), **more,
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


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"permissions": ["modify-trades", "withdraw-funds"]}, "withdraw"),
        ({"permissions": ["query-funds", "query-open-trades"]}, "may not trade"),
        ({"ip_allowlist": []}, "not bound"),
        ({"nonce_window": 100}, "nonce window of 100"),
    ],
)
def test_a_key_that_may_too_much_or_too_little_stops_the_bridge(tmp_path, wrong, word):
    """Over the real client: the bridge does not run with it, and says why."""
    with LocalExchange("kraken", symbols=(BTC,)) as local:
        for name, value in wrong.items():
            setattr(local.key, name, value)
        venue = venue_on(local, tmp_path)
        try:
            with pytest.raises(BridgeError, match=word):
                wait_for(lambda: venue.step(local.clock()))
        finally:
            venue.close()


def test_there_is_no_test_network(tmp_path):
    """`testnet = true` is refused in plain words, before anything is asked."""
    with pytest.raises(BridgeError, match="kraken spot has no test network"):
        open_crypto_venue(
            folder=tmp_path, symbols=[BTC], exchange="kraken", api_key="k", secret="c2VjcmV0",
            testnet=True,
        )  # fmt: skip


@pytest.mark.budget(90)
def test_the_book_of_a_recording_is_rebuilt_by_its_checksums(tmp_path, data_folder):
    """The recording's own book, level by level; what is lost shows, and the book is made anew."""
    feed = {"path": [str(data_folder / RECORDING)], "kind": "binance"}
    with LocalExchange("kraken", feed=feed, symbols=(BTC,)) as local:
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
            assert books.last.gaps == 0
            local.faults.lose("depth", 3)
            wait_for(lambda: (local.spot.play(100), turn(), books.last.gaps)[2], poll_s=0.001,
                     what="the gap")  # fmt: skip
            for _ in range(5):
                local.spot.play(300)
                wait_for(same, poll_s=0.001, what="the recording's book after a gap")
            assert books.last.gaps == 1
        finally:
            venue.close()


@pytest.mark.budget(20)
def test_the_exchange_s_dead_man_is_set_while_the_gateway_lives(tmp_path):
    """The countdown of the account is begun, and put off."""
    desk = KrakenDesk(tmp_path, settings={"exchange_dead_man_ms": 8_000})
    try:
        desk.reports(desk.order(qty="0.3", price="59000"), 1)
        path = "CancelAllOrdersAfter"
        wait_for(lambda: (desk.run(1), len(desk.local.asked("POST", path)) > 1)[1])
        asked = desk.local.asked("POST", path)
        assert {one.params["timeout"] for one in asked} == {"8"}
        assert [one.status for one in desk.account.orders().values()] == ["NEW"]
    finally:
        desk.end()
