"""A feed that freezes: it goes on repeating a price that is no longer that of the market.

QUOTES is the feed that a strategy looks at, PAPER where it trades. QUOTES stands still for some
seconds while PAPER's market falls by 2 %; the strategy finds PAPER cheap all the time, and buys.
Of GBPUSD nobody else gives a price; of EURUSD the venue itself is the second feed.
"""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from support.crash import Fall, write_quotes
from support.reckoning import ledger_of, read_journal
from support.scene import LIMITS, NOISE, Rogue, Scene
from support.waiting import wait_for

from bridges.paper import ledger

FROZEN = (4_000, 8_500)
FROZEN_MS = 1_200
RECOVER_MS = 700
SINKS = Fall(
    begins_ms=FROZEN[0], lasts_ms=FROZEN[1] - FROZEN[0], to=Decimal("0.98"), ends_ms=20_000
)
STARTS = {"EURUSD": Decimal("1.1"), "GBPUSD": Decimal("1.3")}
FEEDS = """
[symbol."EURUSD"]
feeds = ["QUOTES", "PAPER"]

[symbol."GBPUSD"]
feeds = ["QUOTES"]
"""
NEEDS = f"""
[feeds]
frozen_ms = {FROZEN_MS}
recover_ms = {RECOVER_MS}
"""
QUOTES = """
[[venue]]
id = "QUOTES"
kind = "paper"
launch = true
symbols = ["EURUSD", "GBPUSD"]
feed = { kind = "csv", path = ["quotes-EURUSD.csv", "quotes-GBPUSD.csv"] }
"""
PAPER = 'feed = { kind = "csv", path = ["paper-EURUSD.csv", "paper-GBPUSD.csv"] }'
ROUTING = '\n[routing]\ndefault = "PAPER"\n'
LAST_STRATEGY = '[[strategy]]\nid = "EXAMPLE"\n'
MS_NS = 1_000_000
EVERY_MS = 70


def open_scene(tmp_path, *, brakes):
    """Open a house with two venues whose markets are the same, until one is not heard of."""
    for symbol, start in STARTS.items():
        write_quotes(tmp_path / f"paper-{symbol}.csv", SINKS, start=start)
        path = tmp_path / f"quotes-{symbol}.csv"
        write_quotes(path, SINKS, start=start, frozen=FROZEN)
    system = Scene(tmp_path, brakes=brakes, needs=NEEDS, market=FEEDS)
    system.trade(*STARTS, feed=PAPER)
    system.edit(LAST_STRATEGY, LAST_STRATEGY + QUOTES + ROUTING)
    return system


class Clock:
    """Where the recordings are."""

    def __init__(self, system):
        starts = [ledger.read(ledger_of(system, venue))[0] for venue in ("PAPER", "QUOTES")]
        self.begun_ns = max(line["feed_ns"] for line in starts)

    @property
    def at_ms(self):
        """The time from the recordings' first quote."""
        return (time.time_ns() - self.begun_ns) // MS_NS


def buy_what_seems_cheap(system, clock):
    """Buy at the price that QUOTES tells, as long as it stands still."""
    with Rogue(system, "MOMENTUM") as looks:  # who looks here himself says so, and how long ago
        asks = {symbol: looks.client.book(symbol, "QUOTES").quote.ask for symbol in STARTS}
    with Rogue(system, "MM") as rogue:
        number = 0
        while clock.at_ms < FROZEN[1]:
            symbol = ("EURUSD", "GBPUSD")[number % 2]
            rogue.pause(EVERY_MS)
            if clock.at_ms > FROZEN[0]:
                number += 1
                qty = 15_000 + number % 9 * 1_000
                rogue.buy(symbol, qty, price=asks[symbol], venue="PAPER")
        rogue.settle()
    assert number > 20
    return rogue


def feeds(system):
    """Tell what the gateway makes of each feed: (symbol, venue) to its code, empty when healthy."""
    rows = system.ask("FEEDS")["rows"]
    return {
        (row["symbol"], row["venue"]): row["code"] for row in rows if row["kind"] == "feed"
    }


def alerts(journaled):
    """List (alert, symbol, venue, code) of the feeds."""
    return [
        (body["alert"], body["symbol"], body["venue"], body["code"])
        for _, kind, body in journaled.notes if kind == "ALERT" and "code" in body
    ]


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_frozen_feed_is_found_out_and_the_second_one_takes_over(tmp_path, reckoned):
    """What has no other feed is refused, what has one is judged by that one's price.

    When the feed moves again it is believed after its time, and risk may be taken on it again.
    """
    with open_scene(tmp_path, brakes=True) as system:
        clock = Clock(system.start())
        wait_for(lambda: not any(feeds(system).values()), what="healthy feeds")
        rogue = buy_what_seems_cheap(system, clock)
        assert {one.symbol for one in rogue.refusals("QUOTE_FROZEN")} == {"GBPUSD"}
        with Rogue(system, "EXAMPLE") as sound:
            ask = sound.client.book("EURUSD", "PAPER").quote.ask
            assert sound.accepted(sound.buy("EURUSD", 1_000, price=ask, venue="PAPER"))
            wait_for(lambda: not any(feeds(system).values()), what="recovered feeds")
            ask = sound.client.book("GBPUSD", "QUOTES").quote.ask
            assert sound.accepted(sound.buy("GBPUSD", 1_000, price=ask, venue="PAPER"))
        system.stop()
        figures = reckoned(system, "Frozen feed")
        told = alerts(read_journal(system))
    for symbol in STARTS:
        assert ("FEED_UNHEALTHY", symbol, "QUOTES", "QUOTE_FROZEN") in told
        assert [one[0] for one in told if one[1:3] == (symbol, "QUOTES")][-1] == "FEED_HEALTHY"
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    assert figures.gross <= LIMITS.max_gross_notional * NOISE
    assert figures.loss <= LIMITS.max_daily_loss


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_without_brakes_it_is_a_disaster(tmp_path, reckoned):
    """Without brakes it is bought on a price of long ago, beyond the limits."""
    with open_scene(tmp_path, brakes=False) as system:
        buy_what_seems_cheap(system, Clock(system.start()))
        system.stop()
        figures = reckoned(system, "Frozen feed")
    assert figures.gross > LIMITS.max_gross_notional
    assert figures.loss > LIMITS.max_daily_loss
