"""The package, the terminal's clock and its numbers: what is believed of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from bridges.mt5.check.figures import spread
from bridges.mt5.check.stand import MS_NS, Stand
from bridges.mt5.check.steps import Finding, judged, opened
from bridges.mt5.records import PLACES

QUARTER_S = 900
MINUTE_S = 60
QUICK_MS = 50
BEAT_S = 0.001
CALLS = 5
TICKS = 200_000
LONG_MS = 20
DAY_S = 86_400


def clock(stand: Stand) -> Iterator[Finding]:
    """Compare a fresh tick with UTC."""
    first = stand.mt5.symbol_info_tick(stand.name)
    before = first.time_msc if first else 0

    def newer() -> Any:
        tick = stand.mt5.symbol_info_tick(stand.name)
        return tick if tick is not None and tick.time_msc > before else None

    fresh, _ = stand.until(newer)
    if fresh is None:
        yield opened("clock-quarter", "no tick came: is the market open?")
        return
    raw_s = fresh.time_msc / 1000 - stand.now_ns() / 1e9
    rest_s = raw_s - round(raw_s / QUARTER_S) * QUARTER_S
    seen = f"a fresh tick is {raw_s:.3f} s from UTC, {rest_s:+.3f} s beside a quarter"
    yield judged("clock-quarter", abs(rest_s) < MINUTE_S, seen)


def call_times(stand: Stand) -> Iterator[Finding]:
    """Take the time of the calls of one read."""
    mt5, name = stand.mt5, stand.name
    now_s = mt5.symbol_info_tick(name).time
    calls: dict[str, Callable[[], Any]] = {
        "terminal_info": mt5.terminal_info, "account_info": mt5.account_info,
        "orders_get": mt5.orders_get, "positions_get": mt5.positions_get,
        "history_orders_get": lambda: mt5.history_orders_get(now_s - DAY_S, now_s + DAY_S),
        "history_deals_get": lambda: mt5.history_deals_get(now_s - DAY_S, now_s + DAY_S),
    }  # fmt: skip
    each: dict[str, list[float]] = {one: [] for one in calls}
    whole = []
    for _ in range(stand.rounds):
        for one, call in calls.items():
            start_ns = stand.now_ns()
            call()
            each[one].append((stand.now_ns() - start_ns) / MS_NS)
        whole.append(sum(times[-1] for times in each.values()))
    slowest = max(each, key=lambda one: max(each[one]))
    seen = f"all six {spread(whole)}; the slowest was {slowest}, {spread(each[slowest])}"
    yield judged("call-times", sorted(whole)[len(whole) // 2] < QUICK_MS, seen)


def other_threads(stand: Stand) -> Iterator[Finding]:
    """Let a thread beat beside calls that take long; these are real milliseconds."""
    longest_ms, silence_ms = 0.0, 0.0
    for back in range(1, CALLS + 1):
        from_s = stand.mt5.symbol_info_tick(stand.name).time - back * 7 * DAY_S

        def call(from_s: int = from_s) -> None:
            stand.mt5.copy_ticks_from(stand.name, from_s, TICKS, stand.mt5.COPY_TICKS_ALL)

        took_ms, silent_ms = beside(call)
        if took_ms > longest_ms:
            longest_ms, silence_ms = took_ms, silent_ms
    if longest_ms < LONG_MS:
        seen = f"the longest call took {longest_ms:.1f} ms: too short to see anything"
        yield opened("other-threads", seen)
        return
    seen = f"beside a call of {longest_ms:.0f} ms another thread was silent for {silence_ms:.0f} ms"
    yield judged("other-threads", silence_ms < longest_ms / 2, seen)


def beside(call: Callable[[], None]) -> tuple[float, float]:
    """Return how long a call took, and the longest silence of another thread meanwhile, in ms."""
    beats: list[int] = []
    going = threading.Event()
    done = threading.Event()

    def beat() -> None:
        while not done.is_set():
            beats.append(time.monotonic_ns())
            going.set()
            time.sleep(BEAT_S)

    thread = threading.Thread(target=beat, name="beats", daemon=True)
    thread.start()
    going.wait()
    start_ns = time.monotonic_ns()
    try:
        call()
    finally:
        end_ns = time.monotonic_ns()
        done.set()
        thread.join()
    times = [start_ns, *(one for one in beats if start_ns < one < end_ns), end_ns]
    silence_ns = max(later - one for one, later in itertools.pairwise(times))
    return (end_ns - start_ns) / MS_NS, silence_ns / MS_NS


def eight_places(stand: Stand) -> Iterator[Finding]:
    """Look at the digits and the volume steps of all symbols."""
    rows = stand.mt5.symbols_get() or ()
    finest = max(rows, key=_places, default=None)
    if finest is None:
        yield opened("eight-places", "the terminal names no symbols")
        return
    places = _places(finest)
    seen = f"{places} places at most in {len(rows)} symbols, by {finest.name}"
    yield judged("eight-places", places <= PLACES, seen)


def _places(row: Any) -> int:
    step = Decimal(repr(float(row.volume_step))).normalize().as_tuple().exponent
    return max(int(row.digits), -int(step))
