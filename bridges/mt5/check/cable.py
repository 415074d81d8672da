"""What is believed of requests that a cut meets: the user pulls the cable, the package tries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from bridges.mt5.check.stand import DONE, MS_NS, Stand
from bridges.mt5.check.steps import Finding, judged, opened
from bridges.mt5.constants import OrderType, Retcode
from bridges.mt5.records import as_float, exact_price
from bridges.mt5.tables import retcode_name

SKIPPED = "skipped"
UNATTENDED = "it needs your hand: run it without --unattended"
PULL = "pull the network cable, or switch the network off, and wait until the terminal says so"
PLUG = "plug it in again, and wait until the terminal is connected"
BACK_MS = 120_000
SETTLE_MS = 5_000
ABSENCE_MS = 60_000
"""absence_after_ms of the bridge, unless its config says otherwise."""
LOOK_MS = 500
ORDERS = 20
PACE_MS = 500
CHANGE_TICKS = 10
AMBIGUOUS = frozenset((Retcode.ERROR, Retcode.TIMEOUT, Retcode.CONNECTION, Retcode.PLACED))


def replace_cut(stand: Stand) -> Iterator[Finding]:
    """Change an order while the network is cut, and see which version there is."""
    name = "replace-cut"
    if stand.hands is None:
        yield opened(name, UNATTENDED)
        return
    magic = stand.next_magic()
    sent, _ = stand.place(magic)
    row, _ = stand.until(lambda: stand.open_order(sent.order)) if sent else (None, 0)
    if row is None:
        yield opened(name, f"no order was taken: {stand.why(sent)}")
        return
    if not stand.hands.ask(PULL):
        yield opened(name, SKIPPED)
        return
    price = as_float(exact_price(row.price_open) - CHANGE_TICKS * stand.rules.tick_size)
    sent, ms = stand.modify(row, price)
    told = f"the change was answered {stand.why(sent)} after {ms:.0f} ms"
    if not _is_back(stand):
        yield opened(name, f"{told}; the terminal has not come back")
        return
    now = stand.open_order(row.ticket)
    prices = {exact_price(row.price_open): "the old price", exact_price(price): "the new price"}
    has = prices.get(exact_price(now.price_open), "another price") if now else "no such order"
    good = now is not None and now.magic == magic and exact_price(now.price_open) in prices
    yield judged(name, good, f"{told}; afterwards: {has}")


def doubt_codes(stand: Stand) -> Iterator[Finding]:
    """Trade while the network is cut, and compare each code with the history."""
    name = "doubt-codes"
    if stand.hands is None:
        yield opened(name, UNATTENDED)
        return
    first = (
        f"after Enter {ORDERS} market orders of the smallest size go out, two a second: {PULL}"
        " while they do"
    )
    if not stand.hands.ask(first):
        yield opened(name, SKIPPED)
        return
    codes: dict[int, int] = {}
    for number in range(ORDERS):
        magic = stand.next_magic()
        sent, _ = stand.deal(OrderType.SELL if number % 2 else OrderType.BUY, magic)
        codes[magic] = 0 if sent is None else int(sent.retcode)
        stand.sleep_ms(PACE_MS)
    if not _is_back(stand):
        yield opened(name, "the terminal has not come back")
        return
    done = {magic for magic in codes if stand.history(magic)[1]}
    wrong = [
        code for magic, code in codes.items()
        if (code in DONE - AMBIGUOUS) is not (magic in done) and code and code not in AMBIGUOUS
    ]  # fmt: skip
    sent_by, done_by = Counter(codes.values()), Counter(codes[magic] for magic in done)
    seen = "; ".join(
        f"{retcode_name(code) if code else 'no result'}: {done_by[code]} of {count} done"
        for code, count in sorted(sent_by.items())
    )
    yield judged(name, not wrong, seen)


def absence(stand: Stand) -> Iterator[Finding]:
    """Send an order while the network is cut, and see when it appears."""
    name = "absence"
    if stand.hands is None:
        yield opened(name, UNATTENDED)
        return
    price = stand.far_price()
    if not stand.hands.ask(PULL):
        yield opened(name, SKIPPED)
        return
    magic, start_ns = stand.next_magic(), stand.now_ns()
    sent, _ = stand.place(magic, price=price)
    told = f"answered {stand.why(sent)}"
    if not _is_back(stand):
        yield opened(name, f"{told}; the terminal has not come back")
        return
    found, _ = stand.until(partial(_of_magic, stand, magic), 2 * ABSENCE_MS, LOOK_MS)
    ms = (stand.now_ns() - start_ns) / MS_NS
    after = f"seen {ms / 1000:.0f} s after it was sent" if found else "not seen in two minutes"
    yield judged(name, found is None or ms < ABSENCE_MS, f"{told}; {after}")


def _of_magic(stand: Stand, magic: int) -> Any:
    rows = stand.mt5.orders_get(symbol=stand.name) or ()
    return next((one for one in rows if one.magic == magic), None) or next(
        iter(stand.history(magic)[0]), None
    )


def _is_back(stand: Stand) -> bool:
    """Have the cable put back, and wait until the terminal has its server and its lists."""
    assert stand.hands is not None, "who cuts the network is there"
    stand.hands.ask(PLUG)
    back, _ = stand.until(lambda: stand.is_connected or None, BACK_MS, LOOK_MS)
    stand.sleep_ms(SETTLE_MS)
    return bool(back)
