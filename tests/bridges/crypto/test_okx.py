"""What is OKX's own: codes, contracts, acknowledgements, keys and modes, what is forgotten."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import BTC, MARKETS, Trader
from support.exchange.okx.signing import OkxKey
from support.okx_face import OkxFace
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges.crypto.effects import Call, Response
from bridges.crypto.tables.okx_spot import OkxSpot
from bridges.crypto.tables.okx_swap import OkxSwap
from bridges.crypto.venue import CryptoVenue
from bridges.crypto.views import BookNews, Verdict
from bridges.errors import BridgeError
from bridges.link_events import LinkChanged
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Balances,
    Canceled,
    CancelRefused,
    Filled,
    Found,
    LedgerEntries,
    Positions,
    Rejected,
    Replaced,
)
from protocol.fields import OrdStatus

SPOT, SWAP = "okx spot", "okx swap"
BOTH = pytest.mark.parametrize("market", [SPOT, SWAP])
HOUR_NS = 3_600_000_000_000


def trader_with(market, *, key=None, recv_window_ms=5_000, **more):
    """Make a trader on a market of OKX, with a key."""
    one = MARKETS[market]
    exchange = VirtualExchange(lambda clock, say: OkxFace(clock, say, key=key), one.symbol)
    shell = VirtualShell(exchange)
    venue = CryptoVenue(
        table=one.table({BTC: one.native}, recv_window_ms=recv_window_ms), shell=shell,
        notes=Notes(), **{"checks_key": False, **more},
    )  # fmt: skip
    return Trader(World(exchange, venue, shell), one)


@pytest.fixture(params=[SPOT, SWAP])
def trader(request):
    """Give a trader on a venue that is up."""
    return trader_with(request.param)


def answer(code, *, row=None, http=200):
    """Make an answer of OKX."""
    rows = [] if row is None else [{"ordId": "", "clOrdId": "", "sCode": row, "sMsg": "words"}]
    return Response(http, {"code": code, "msg": "", "data": rows})


JUDGED = [
    (answer("0"), Verdict.DONE), (answer("0", row="0"), Verdict.DONE),
    (answer("0", http=502), Verdict.DOUBT), (answer("0", row="51149"), Verdict.DOUBT),
    (answer("1", row="51008"), Verdict.REFUSED), (answer("1", row="51000"), Verdict.REFUSED),
    (answer("1", row="51121"), Verdict.REFUSED), (answer("1", row="50061"), Verdict.REFUSED),
    (answer("1", row="51016"), Verdict.DUPLICATE), (answer("1", row="50071"), Verdict.DUPLICATE),
    (answer("1", row="51400"), Verdict.UNKNOWN),
    (answer("1", row="51503"), Verdict.UNKNOWN), (answer("51603"), Verdict.UNKNOWN),
    (answer("1", row="51401"), Verdict.REFUSED), (answer("1", row="51402"), Verdict.REFUSED),
    (answer("1", row="51510"), Verdict.REFUSED), (answer("1", row="51410"), Verdict.DOUBT),
    (answer("1", row="51149"), Verdict.DOUBT), (answer("1"), Verdict.DOUBT),
    (answer("50011", http=429), Verdict.REFUSED), (answer("50036"), Verdict.REFUSED),
    (answer("50102", http=401), Verdict.REFUSED), (answer("50113", http=401), Verdict.REFUSED),
    (answer("50001", http=503), Verdict.DOUBT), (answer("50004", http=400), Verdict.DOUBT),
    (answer("50013", http=429), Verdict.DOUBT), (answer("50026", http=500), Verdict.DOUBT),
    (answer("99999"), Verdict.DOUBT), (Response(200, None), Verdict.DOUBT),
    (Response(200, []), Verdict.DOUBT), (Response(0, None, problem="x"), Verdict.DOUBT),
    (Response(0, None, sent=False), Verdict.REFUSED), (Response(429, None), Verdict.DOUBT),
    (Response(403, None), Verdict.DOUBT),
]


@pytest.mark.parametrize(("response", "verdict"), JUDGED)
def test_only_a_code_of_the_list_is_a_refusal(response, verdict):
    """What the exchange does not know itself, and what is new, leaves everything in doubt."""
    assert OkxSpot({BTC: "BTC-USDT"}, recv_window_ms=5_000).judge(response) is verdict


@pytest.mark.parametrize(
    ("response", "wait_ms"),
    [
        (answer("50011", http=429), 2_000), (answer("1", row="50061"), 2_000),
        (Response(429, None), 1_000), (answer("1", row="51008"), None),
    ],
)  # fmt: skip
def test_too_many_requests_are_heard(response, wait_ms):
    """50011 and 50061 say when to ask again: the next window."""
    assert OkxSpot({BTC: "BTC-USDT"}, recv_window_ms=5_000).back_off_ms(response) == wait_ms


def test_quantities_become_contracts_exactly():
    """The wire has contracts of 0.01 BTC; what is off the step is refused and not sent."""
    trader = trader_with(SWAP)
    world = trader.world
    trader.place("0.5001", "59000")
    trader.place("0.50005", "59000")
    world.run(1_000)
    sent = [call.params["sz"] for _, call in world.shell.calls if "PostTradeOrder" in call.method]
    assert sent == ["50.01"]
    (refused,) = world.of(Rejected)
    assert refused.text.startswith("QTY_STEP")
    trader.judge()
    world.exchange.trade(58000, "5", "sell")
    world.run(1_000)
    (fill,) = world.of(Filled)
    assert fill.fill.last_qty == Decimal("0.5001")


def test_a_duplicate_client_id_is_looked_up(trader):
    """51016 is no refusal: the order is there, and it is told."""
    world = trader.world
    world.shell.faults.append(("duplicate", "PostTradeOrder"))
    trader.place("0.5", "59000")
    world.run(1_000)
    assert len(world.of(Accepted)) == 1
    trader.judge()


def test_an_order_that_arrives_too_late_is_dropped_by_the_exchange():
    """ExpTime is a header of orders: 50036, and the absence is proven soon."""
    trader = trader_with(SPOT, recv_window_ms=1_000)
    world = trader.world
    world.shell.faults.append(("late", "PostTradeOrder"))
    name = trader.place("0.5", "59000")
    world.run(40_000)
    world.venue.look_up("q", name, world.exchange.now_ns)
    world.run(500)
    assert [(one.order, one.complete) for one in world.of(Found)] == [(None, True)]
    assert not world.of((Accepted, Rejected))
    assert world.exchange.api.desk.records == {}
    ((_, call),) = [one for one in world.shell.calls if "PostTradeOrder" in one[1].method]
    assert call.until_ms - call.at_ms == 1_000
    assert "expires" not in call.params


def test_an_amendment_that_fails_is_told_by_the_stream(trader):
    """Acknowledged, then amendResult -1: refused at once with the exchange's words."""
    world = trader.world
    name = trader.place("0.5", "59000", post_only=True)
    world.run(500)
    trader.replace(name, "0.5", "60020")
    world.run(500)
    (refused,) = world.of(CancelRefused)
    assert refused.text.startswith("51511")
    trader.judge()
    fresh = trader.replace(name, "0.4", "59100")
    world.run(500)
    assert [one.order.cl_ord_id for one in world.of(Replaced)] == [fresh]
    trader.judge()


def test_an_amendment_below_what_was_filled_meanwhile_fills_the_order(trader):
    """The exchange calls it filled: so it is here, with no more than was traded."""
    world = trader.world
    name = trader.place("0.5", "60000")
    world.run(500)
    world.exchange.trade(59999, "0.1", "sell")
    world.run(500)
    fresh = trader.replace(name, "0.2", "60000")
    world.exchange.trade(59999, "0.3", "sell")
    world.run(2_000)
    (told,) = world.of(Replaced)
    assert (told.order.cl_ord_id, told.order.order_qty) == (fresh, Decimal("0.2"))
    assert told.order.status is OrdStatus.FILLED
    trader.judge()


def test_post_only_that_would_trade_is_rejected(trader):
    """Acknowledged, and never live: cancelSource 31."""
    trader.place("0.5", "60020", post_only=True)
    trader.world.run(500)
    (refused,) = trader.world.of(Rejected)
    assert refused.text.startswith("POST_ONLY")


@pytest.mark.parametrize("away_ns", [HOUR_NS, 3 * HOUR_NS])
def test_an_order_that_was_cancelled_and_forgotten_meanwhile_is_ended(trader, away_ns):
    """After two hours nobody knows it: 51603. It had no trade, so it is told as cancelled."""
    world = trader.world
    name = trader.place("0.5", "59000")
    world.run(500)
    api = world.exchange.api
    (record,) = api.desk.records.values()
    world.shell.stream_fault = "drop"
    api.tell_money("adjust_margin", ())
    world.run(50)
    assert not world.venue.connected
    api.desk.cancel(record, world.exchange.now_ns, "1")
    world.exchange.now_ns += away_ns
    assert world.until(lambda: world.venue.connected)
    world.run(1_000)
    (told,) = world.of(Canceled)
    assert (told.order.cl_ord_id, told.order.cum_qty) == (name, 0)
    assert ("forgotten" in told.text) is (away_ns > 2 * HOUR_NS)
    trader.judge()


def test_a_clock_that_runs_away_is_read_again(trader):
    """50102 was not executed: the order is refused, and the next one has the right time."""
    world = trader.world
    face = world.exchange.face
    skew_ns = 60_000_000_000
    face.api.clock = lambda: world.exchange.now_ns + skew_ns
    trader.place("0.5", "59000")
    world.run(2_000)
    (refused,) = world.of(Rejected)
    assert refused.text.startswith("50102")
    trader.place("0.5", "59000")
    world.run(2_000)
    assert len(world.of(Accepted)) == 1


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (OkxKey(perm="read_only,trade,withdraw"), "withdraw"),
        (OkxKey(ip=""), "not bound"), (OkxKey(perm="read_only"), "may not trade"),
    ],
)
@BOTH
def test_a_key_that_may_too_much_or_too_little_is_refused(market, key, word):
    """Account/config tells permissions and addresses; the bridge stops and says what to do."""
    with pytest.raises(BridgeError, match=word):
        trader_with(market, key=key, checks_key=True)


def test_a_good_key_is_taken():
    """Read and trade, bound to addresses, net mode."""
    assert trader_with(SWAP, key=OkxKey(), checks_key=True).world.venue.connected


@pytest.mark.parametrize(
    ("market", "key", "word"),
    [
        (SWAP, OkxKey(pos_mode="long_short_mode"), "net mode"),
        (SWAP, OkxKey(acct_lv="1"), "futures mode"), (SPOT, OkxKey(acct_lv="3"), "may borrow"),
    ],
)
def test_a_mode_of_the_account_that_will_not_do_is_refused(market, key, word):
    """Hedge mode, no perpetuals, or spot that may borrow."""
    with pytest.raises(BridgeError, match=word):
        trader_with(market, key=key)


def test_funding_reaches_the_ledger_once():
    """The stream hints, the bills say how much; what trades moved is not in it."""
    trader = trader_with(SWAP)
    world = trader.world
    trader.place("0.5", "60010")
    world.run(500)
    world.exchange.api.fund("BTC/USDT:USDT", "0.0001")
    world.run(500)
    world.venue.ledger_entries("q", world.exchange.now_ns - HOUR_NS, world.exchange.now_ns)
    world.run(500)
    hinted, asked = world.of(LedgerEntries)
    assert asked.complete
    for told in (hinted, asked):
        kinds = {one.kind: one for one in told.entries}
        assert set(kinds) == {"DEPOSIT", "FUNDING"}
        assert kinds["FUNDING"].amount == -(Decimal("0.5") * 60005 * Decimal("0.0001"))
        assert kinds["FUNDING"].symbol == BTC


def test_positions_and_balances_are_in_the_underlying(trader):
    """A perpetual's position comes in contracts; spot's is the balance of the base currency."""
    world = trader.world
    trader.place("0.5", "60010")
    world.run(500)
    world.venue.positions("p", world.exchange.now_ns)
    world.venue.balances("b", world.exchange.now_ns)
    world.run(500)
    (held,), (money,) = world.of(Positions), world.of(Balances)
    (position,) = held.positions
    is_spot = trader.market.table is OkxSpot
    assert position.qty == (Decimal("0.5") * Decimal("0.999") if is_spot else Decimal("0.5"))
    totals = {one.currency: one.total for one in money.balances}
    assert totals["USDT"] == world.exchange.api.wallet.totals["USDT"]


def test_a_refused_login_is_tried_again(trader):
    """An error event ends the connection; the next one is welcome."""
    world = trader.world
    face = world.exchange.face
    welcome, face.replies = face.replies, lambda _: [
        {"event": "error", "code": "60009", "msg": "Login failed."}
    ]
    world.shell.stream_fault = "drop"
    world.exchange.api.tell_money("adjust_margin", ())
    world.run(5_000)
    assert not world.venue.connected
    face.replies = welcome
    assert world.until(lambda: world.venue.connected)
    assert [one.up for one in world.of(LinkChanged)] == [True, False, True]


def test_a_notice_of_the_exchange_ends_the_stream_in_time(trader):
    """64008 says that the connection will be closed: a new one is made at once."""
    world = trader.world
    world.shell.hear({"event": "notice", "code": "64008", "msg": "will soon be closed"})
    world.run(100)
    assert not world.venue.connected
    assert world.until(lambda: world.venue.connected, limit_s=2)


def test_a_book_whose_ids_begin_anew_goes_on():
    """In maintenance seqId may be smaller than prevSeqId: what names the last one follows it."""
    table = OkxSwap({BTC: "BTC-USDT-SWAP"}, recv_window_ms=5_000)
    table._units[BTC] = Decimal("0.01")
    arg = {"channel": "books", "instId": "BTC-USDT-SWAP"}
    from bridges.crypto.book import Book  # noqa: PLC0415 - only here

    def told(action, sequence, previous, *bids):
        row = {"asks": [["60010", "5", "0", "1"]], "bids": [list(one) for one in bids],
               "seqId": sequence, "prevSeqId": previous, "ts": "1", "checksum": 0}  # fmt: skip
        (news,) = table.read_market({"arg": arg, "action": action, "data": [row]})
        assert isinstance(news, BookNews)
        return news

    book = Book()
    assert book.change(told("snapshot", 100, -1, ("60000", "7", "0", "1")))
    assert book.change(told("update", 100, 100))
    assert book.change(told("update", 105, 100, ("60000", "8", "0", "1")))
    assert book.change(told("update", 3, 105, ("60000", "9", "0", "1")))
    assert book.bids.highest(1)[0].size == Decimal("0.09")
    assert book.change(told("update", 4, 3))
    assert not book.change(told("update", 6, 5))


def test_the_pages_of_a_list_go_from_the_newest_back(trader):
    """More than a hundred orders and trades are read whole, with `after` the last id."""
    world = trader.world
    for number in range(130):
        trader.place("0.001", str(50_000 + number))
        world.run(60)
    world.run(2_000)
    world.shell.stream_fault = "drop"
    world.exchange.trade(49_000, "5", "sell")
    assert world.until(lambda: len(world.of(Filled)) == 130)
    world.run(2_000)
    trader.judge()
    pages = [call for _, call in world.shell.calls if "after" in call.params]
    assert {call.method for call in pages} >= {"privateGetTradeFills"}


def test_the_dead_man_has_our_tag():
    """Orders carry the tag that cancel-all-after names; seconds are whole and within its bounds."""
    table = OkxSwap({BTC: "BTC-USDT-SWAP"}, recv_window_ms=5_000)
    asked = [table.dead_man(ms)[0].params["timeOut"] for ms in (0, 1_000, 12_001, 500_000)]
    assert asked == ["0", "10", "13", "120"]
    assert isinstance(table.dead_man(1)[0], Call)
    trader = trader_with(SWAP)
    trader.place("0.5", "59000")
    trader.world.run(500)
    (record,) = trader.world.exchange.api.desk.records.values()
    assert record.tag == table.dead_man(1)[0].params["tag"] == "portcullisswap"
