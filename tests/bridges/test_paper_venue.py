"""The paper venue as a whole: deterministic, true to its ledger, and nothing is made or lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper import BTC, MS, T0, order_request
from support.paper_runs import Trader, live, open_run

from bridges.errors import FeedError, LedgerCorrupt
from bridges.market_events import BookChanged, Traded
from bridges.paper.ledger import read
from bridges.paper.settings import day_end_of, open_paper_venue
from bridges.port import Accepted, Filled
from protocol.fields import OrdStatus, Side, TimeInForce
from protocol.numbers import ZERO

GTC = TimeInForce.GOOD_TILL_CANCEL
LATENCY = {
    "entry": {"ms": 2, "sigma": 0.5},
    "response": {"ms": 3, "jitter_ms": 2},
    "feed": {"ms": 1},
}


def one_run(folder, *, seed=5, step_ms=10, **settings):
    """Trade for 20 s; return the ledger's lines."""
    venue, _ = open_run(folder, feed={"seed": seed}, **settings)
    live(venue, Trader(venue, BTC, 1), ms=20_000, step_ms=step_ms)
    venue.close()
    return read(folder / "ledger.jsonl")


def test_the_same_seed_gives_the_same_fills(tmp_path):
    """Two runs with one seed have equal ledgers, line by line; another seed gives another."""
    first = one_run(tmp_path / "a", latency=LATENCY)
    assert first == one_run(tmp_path / "b", latency=LATENCY)
    assert sum(line["k"] == "fill" for line in first) > 20
    assert first != one_run(tmp_path / "c", seed=6, latency=LATENCY)


def test_how_often_the_venue_is_stepped_changes_nothing(tmp_path):
    """Events happen at their own moments: stepping it rarely or often gives the same ledger."""
    assert one_run(tmp_path / "a", step_ms=50) == one_run(tmp_path / "b", step_ms=1)


def account_of(lines):
    """Add up balances from a ledger, independently of the venue's own account."""
    money = {}

    def move(currency, amount):
        money[currency] = money.get(currency, ZERO) + amount

    for line in lines:
        if line["k"] == "entry":
            move(line["ccy"], Decimal(line["amount"]))
        elif line["k"] == "fill":
            sign = 1 if line["side"] == "1" else -1
            base, quote = line["symbol"].split("/")
            move(base, sign * Decimal(line["qty"]))
            move(quote, -sign * Decimal(line["qty"]) * Decimal(line["px"]))
            move(line["ccy"], -Decimal(line["fee"]))
    return money


def test_balances_are_the_sum_of_fills_and_fees(tmp_path):
    """Each balance is its deposits, fills, fees and funding, added up; nothing else moves it."""
    rules = {BTC: {"funding_rate": "0.0001", "funding_interval_ms": 3000}}
    venue, _ = open_run(tmp_path, instruments=rules)
    live(venue, Trader(venue, BTC, 2), ms=20_000)
    lines = read(tmp_path / "ledger.jsonl")
    assert {one.currency: one.total for one in venue.exchange.account.balances()} == account_of(
        lines
    )
    assert any(line["k"] == "entry" and line["kind"] == "FUNDING" for line in lines)


def test_it_rises_from_its_ledger(tmp_path):
    """After a kill the venue has the same orders, fills, ids and money, and goes on numbering."""
    venue, _ = open_run(tmp_path)
    live(venue, Trader(venue, BTC, 3), ms=10_000)
    before = venue.exchange
    now_ns = T0 + 11_000 * MS
    risen, ear = open_run(tmp_path, now_ns=now_ns)
    after = risen.exchange
    assert before.open_orders()
    assert after.open_orders() == before.open_orders()
    assert after.fills == before.fills
    assert after.account.balances() == before.account.balances()
    assert after.account.positions() == before.account.positions()
    assert after.received == before.received
    for name in before.received:
        assert after.find(name) == before.find(name)
    risen.submit(order_request("fresh", BTC, Side.BUY, 1, "100", tif=GTC), now_ns)
    risen.step(now_ns + MS)
    (accepted,) = ear.of(Accepted)
    assert int(accepted.order.order_id[1:]) > max(int(one[1:]) for one in before.orders)
    starts = [line["boot"] for line in read(tmp_path / "ledger.jsonl") if line["k"] == "start"]
    assert starts == [1, 2]


def test_a_torn_ledger_line_is_cut_and_damage_before_it_is_not(tmp_path):
    """A torn last line is cut off; a damaged line before it keeps the venue from opening."""
    venue, _ = open_run(tmp_path)
    live(venue, Trader(venue, BTC, 3), ms=2_000)
    venue.close()
    path = tmp_path / "ledger.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"k":"fill","t":1')
    open_run(tmp_path)[0].close()
    assert len(read(path)) == whole.count(b"\n") + 1
    path.write_bytes(whole.replace(b"{", b"[", 1))
    with pytest.raises(LedgerCorrupt, match="line 1"):
        open_run(tmp_path)


def test_the_market_does_not_stop_for_a_restart(tmp_path):
    """A venue that was down for a while sees the market where it would be, not where it began."""
    venue, _ = open_run(tmp_path / "a")
    live(venue, None, ms=30_000)
    open_run(tmp_path / "b")[0].close()
    risen, _ = open_run(tmp_path / "b", now_ns=T0 + 30_000 * MS)
    risen.step(T0 + 30_000 * MS)
    tops = [one.exchange.pits[BTC].book.bids.top(3) for one in (venue, risen)]
    assert tops[0] == tops[1]


def test_a_market_that_was_away_too_long_goes_on_where_it_was(tmp_path, monkeypatch):
    """After more market than is replayed, the feed goes on from there, once and for all."""
    monkeypatch.setattr("bridges.paper.venue.MAX_CATCH_UP", 50)
    open_run(tmp_path)[0].close()
    for hours in (100, 200):
        now_ns = T0 + hours * 3_600_000 * MS
        venue, _ = open_run(tmp_path, now_ns=now_ns)
        book = venue.exchange.pits[BTC].book
        assert book.bids.best()
        assert venue.next_deadline_ns() >= now_ns
        venue.close()
    origins = [line["feed_ns"] for line in read(tmp_path / "ledger.jsonl") if line["k"] == "start"]
    assert origins[0] < origins[1] < origins[2]


def test_time_never_runs_back(tmp_path):
    """With the system's clock set back over a restart, the ledger's times still ascend."""
    venue, _ = open_run(tmp_path)
    live(venue, Trader(venue, BTC, 3), ms=2_000)
    venue.close()
    risen, _ = open_run(tmp_path, now_ns=T0 - 3_600_000 * MS)
    risen.submit(order_request("late", BTC, Side.BUY, 1, tif=TimeInForce.DAY), T0)
    risen.step(T0 + 2_001 * MS)
    times = [line["t"] for line in read(tmp_path / "ledger.jsonl")]
    assert times == sorted(times)


def test_latency_delays_and_never_reorders(tmp_path):
    """An order reaches the exchange after the entry latency, its report comes after the other."""
    latency = {"entry": {"ms": 5, "jitter_ms": 4}, "response": {"ms": 7, "jitter_ms": 6}}
    venue, ear = open_run(tmp_path, latency=latency)
    names = [f"A{number}" for number in range(50)]
    for number, name in enumerate(names):
        order = order_request(name, BTC, Side.BUY, 1, "100", tif=GTC)
        venue.submit(order, T0 + number * MS)
    venue.step(T0)
    assert ear.of(Accepted) == []
    for at in range(200):
        venue.step(T0 + at * MS)
    accepted = ear.of(Accepted)
    assert [event.order.cl_ord_id for event in accepted] == names
    arrivals = [event.order.transact_ns - T0 - at * MS for at, event in enumerate(accepted)]
    assert min(arrivals) >= MS
    assert len(set(arrivals)) > 10


def test_market_data_follows_the_book(tmp_path):
    """Subscribers hear books whose best prices are the exchange's own, and trades."""
    venue, ear = open_run(tmp_path)
    live(venue, None, ms=5_000)
    book = venue.exchange.pits[BTC]
    last = ear.of(BookChanged)[-1]
    assert last.bids[0].price == book.grid.price(book.book.bids.best())
    assert last.asks[0].price > last.bids[0].price
    assert len(last.bids) == 10
    assert ear.of(Traded)


def test_speed_divides_time(tmp_path):
    """At ten times the speed the same market passes in a tenth of the time; at 0 at once."""
    tops = []
    for speed, ms in ((1, 10_000), (10, 1_000)):
        venue, _ = open_run(tmp_path / str(speed), feed={"seed": 5, "speed": speed})
        live(venue, None, ms=ms)
        tops.append(venue.exchange.pits[BTC].book.bids.top(5))
    assert tops[0] == tops[1]
    venue, ear = open_run(tmp_path / "0", feed={"seed": 5, "speed": 0})
    venue.step(T0 + MS)
    assert len(ear.of(Traded)) > 100


def test_orders_are_heard_while_the_market_runs_at_full_speed(tmp_path):
    """As fast as possible, an order still gets in between two steps."""
    venue, ear = open_run(tmp_path, feed={"seed": 5, "speed": 0})
    venue.step(T0 + MS)
    venue.submit(order_request("A", BTC, Side.BUY, 1, tif=TimeInForce.DAY), T0 + MS)
    venue.step(T0 + 2 * MS)
    assert ear.of(Filled)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"feed": {"kind": "tape"}}, "tape"),
        ({"feed": {"colour": "red"}}, "colour"),
        ({"feed": {"path": "nowhere.csv"}}, "nowhere.csv"),
        ({"feed": {"kind": "csv"}}, "path"),
        ({"symbols": []}, "symbols"),
        ({"day_ends": "25:00 Nowhere"}, "25:00"),
        ({"instruments": {BTC: {"tick": "1"}}}, "tick"),
        ({"latency": {"entry": {"s": 1}}}, "s"),
    ],
)
def test_wrong_settings_are_named(tmp_path, settings, words):
    """A setting that cannot be is an error that names it."""
    settings = {"symbols": [BTC], **settings}
    with pytest.raises(FeedError, match=words):
        open_paper_venue(venue_id="PAPER", folder=tmp_path, **settings)


def test_the_day_ends_in_its_own_zone():
    """17:00 in New York is 22:00 UTC in winter and 21:00 in summer, also across the change."""
    day_end = day_end_of("17:00 America/New_York")
    winter, summer = 1_704_067_200, 1_719_792_000  # 2024-01-01 and 2024-07-01, 00:00 UTC
    assert day_end(winter * 10**9) == (winter + 22 * 3600) * 10**9
    assert day_end(summer * 10**9) == (summer + 21 * 3600) * 10**9
    before_change = 1_710_021_600 + 3600  # 2024-03-09 23:00 UTC, after that day's end
    assert day_end(before_change * 10**9) == 1_710_104_400 * 10**9
    assert day_end(day_end(winter * 10**9)) == (winter + 46 * 3600) * 10**9


def test_orders_end_with_the_day(tmp_path):
    """A DAY order expires at the venue's day end."""
    venue, _ = open_run(tmp_path)
    venue.submit(order_request("A", BTC, Side.BUY, 1, "100", tif=TimeInForce.DAY), T0)
    venue.step(T0 + MS)
    end_ns = venue.exchange.find("A").expire_ns or venue.exchange.next_time_ns()
    venue.exchange.on_time(end_ns)
    assert venue.exchange.find("A").status is OrdStatus.EXPIRED
