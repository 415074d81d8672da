"""A flash crash: the price falls by 30 % within a second, on a made-up and on a recorded market.

A strategy that holds a little buys all the way down, since it has never been so cheap. What it
holds when the fall begins falls with it: no gateway can help that. What is bought on the way is
another matter.
"""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from support.crash import Fall, doctor, write_quotes
from support.reckoning import go_through, ledger_of, read_journal
from support.scene import LIMITS, NOISE, Rogue, Scene

from bridges.paper import ledger
from protocol.fields import Side

FAST = """
[breakers.volatility]
every_ms = 100
min_history = 20
cool_down_ms = 2_000

[breakers.spread]
every_ms = 100
min_history = 15
cool_down_ms = 2_000
"""
"""A test's calm lasts four seconds and not two minutes: what is usual is learned faster."""
MS_NS = 1_000_000
STAYS = Fall()
RETURNS = Fall(returns_ms=1_500)
SLIDE = Fall(lasts_ms=6_000, ends_ms=11_000)
"""Slow enough that each quote is believed: 0.3 % in the 50 ms between two."""
EURO = ("EURUSD", 15_000, 1_000)
COIN = ("BTC/USDT", Decimal("0.25"), Decimal("0.001"))
"""A symbol, the least that is bought at once, and how much more each time."""


def made_up(tmp_path, fall, *, brakes, needs=FAST, thin_bps=300):
    """Open a house on a made-up market."""
    path = tmp_path / "EURUSD.csv"
    write_quotes(path, fall, thin_bps=thin_bps)
    system = Scene(tmp_path, brakes=brakes, needs=needs)
    system.trade("EURUSD", feed='feed = { kind = "csv", path = "EURUSD.csv" }')
    return system


def recorded(tmp_path, data_folder, fall, *, brakes):
    """Open a house on a doctored copy of the recorded market, its breakers as built in.

    They have not seen enough of it to know what is usual, so the feeds' own filter is alone.
    """
    recording = data_folder / "binance_spot_btcusdt_20240808.gz"
    if not recording.is_file():
        pytest.skip(f"no {recording.name} in the folder of recorded data")
    doctor(recording, tmp_path / "btcusdt.gz", fall)
    system = Scene(tmp_path, brakes=brakes)
    system.trade("BTC/USDT", feed='feed = { kind = "binance", path = "btcusdt.gz" }')
    return system


def buy_the_fall(system, fall, symbol, least, step, *, pause_ms=20):
    """Hold a little, then buy whenever it is cheaper than it was, at the market and by limit."""
    with Rogue(system.start(), "MM") as rogue:
        (begun_ns,) = [
            line["feed_ns"] for line in ledger.read(ledger_of(system)) if line["k"] == "start"
        ]
        held = rogue.buy(symbol, least)
        assert rogue.accepted(held), rogue.refused
        top, number = Decimal(0), 0
        while time.time_ns() < begun_ns + fall.ends_ms * MS_NS - 250 * MS_NS:
            ask = rogue.client.book(symbol).quote.ask
            rogue.pause(pause_ms)
            top = max(top, ask or top)
            if ask is not None and ask < top * Decimal("0.999"):
                number += 1
                price = ask if number % 2 else None
                rogue.buy(symbol, least + number % 9 * step, price=price)
        rogue.settle()
    assert number > 20
    assert system.stop() == 0


def spans(journaled, code):
    """List (from, to) of the times in which a feed was unhealthy for a reason."""
    found, begun_ns = [], None
    for time_ns, kind, body in journaled.notes:
        if kind != "ALERT":
            continue
        if body["alert"] == "FEED_UNHEALTHY" and body["code"] == code:
            begun_ns = begun_ns or time_ns
        elif body["alert"] == "FEED_HEALTHY" and begun_ns:
            found.append((begun_ns, time_ns))
            begun_ns = None
    return [*found, (begun_ns, journaled.times[-1])] if begun_ns else found


def assert_held(figures, system):
    """The feed was not believed, nothing was bought meanwhile, the limits held."""
    journaled = read_journal(system)
    jumps = spans(journaled, "QUOTE_JUMP")
    assert jumps
    for begun_ns, ended_ns in jumps:
        assert not [order for time_ns, order in journaled.left if begun_ns < time_ns < ended_ns]
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    assert figures.loss <= LIMITS.max_daily_loss
    assert figures.worst_bps <= LIMITS.collar_bps


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_made_up_crash(tmp_path, reckoned):
    """Nothing is bought while the price falls; the breakers trip; the loss stays inside the day's.

    The price stays down and is believed again in the end: what is bought then is inside the limit.
    """
    with made_up(tmp_path, STAYS, brakes=True) as system:
        buy_the_fall(system, STAYS, *EURO)
        figures = reckoned(system, "Flash crash, made up")
    assert_held(figures, system)
    tripped = {cause for _, cause in figures.halts}
    assert {"VOLATILITY", "SPREAD"} <= tripped
    assert figures.refused["REDUCING"] > 0


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_recorded_market_that_crashes_and_returns(tmp_path, data_folder, reckoned):
    """The recorded market falls by 30 % and is back: nothing was bought in between."""
    with recorded(tmp_path, data_folder, RETURNS, brakes=True) as system:
        buy_the_fall(system, RETURNS, *COIN)
        figures = reckoned(system, "Flash crash, recorded, returns")
    assert_held(figures, system)
    assert figures.refused["QUOTE_JUMP"] > 0


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_recorded_market_that_crashes_and_stays(tmp_path, data_folder, reckoned):
    """The recorded market falls by 30 % and stays there."""
    with recorded(tmp_path, data_folder, STAYS, brakes=True) as system:
        buy_the_fall(system, STAYS, *COIN)
        figures = reckoned(system, "Flash crash, recorded, stays")
    assert_held(figures, system)
    assert figures.refused["QUOTE_JUMP"] > 0


FLATTEN = """
[breakers.loss]
flatten = true
"""


@pytest.mark.length("ci")
@pytest.mark.budget(60)
@pytest.mark.parametrize("flatten", [False, True])
def test_a_slide_that_every_filter_believes_ends_at_the_daily_loss(tmp_path, reckoned, flatten):
    """A fall so even that no quote jumps: new risk ends where the day's loss does.

    What is held then goes on falling, unless the house has the gateway close it: then the loss
    ends there too, but for what the closing costs.
    """
    needs = FLATTEN if flatten else ""
    with made_up(tmp_path, SLIDE, brakes=True, needs=needs, thin_bps=0) as system:
        buy_the_fall(system, SLIDE, "EURUSD", 2_000, 1_000, pause_ms=150)
        figures = reckoned(system, f"Slide, made up{', flattened' if flatten else ''}")
        course = go_through(system, read_journal(system))
    assert ("strategy:MM", "DAILY_LOSS") in figures.halts
    step = LIMITS.max_symbol_notional * Decimal("0.005")
    bought = [send.loss for send in course.at_sends if send.side is Side.BUY]
    assert max(bought) <= LIMITS.max_daily_loss + step
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    if flatten:
        assert figures.loss <= LIMITS.max_daily_loss + 2 * step


@pytest.mark.length("ci")
@pytest.mark.budget(60)
@pytest.mark.parametrize("market", ["made up", "recorded"])
def test_without_brakes_it_is_a_disaster(tmp_path, market, request, reckoned):
    """Without brakes it is bought all the way down, and the loss is many times that of the day."""
    if market == "recorded":
        folder = request.getfixturevalue("data_folder")
        system, what = recorded(tmp_path, folder, STAYS, brakes=False), COIN
    else:
        system, what = made_up(tmp_path, STAYS, brakes=False), EURO
    with system:
        buy_the_fall(system, STAYS, *what)
        figures = reckoned(system, f"Flash crash, {market}")
    assert figures.loss > 2 * LIMITS.max_daily_loss
    if market == "made up":  # the recording's best prices are soon sold out
        assert figures.symbol > LIMITS.max_symbol_notional
