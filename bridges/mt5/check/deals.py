"""Deals and positions: what is believed of them, tried through the package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from bridges.mt5.check.stand import DONE, Stand
from bridges.mt5.check.steps import Finding, Verdict, judged, opened
from bridges.mt5.constants import Action, Execution, OrderType, Reason, Retcode
from bridges.mt5.records import as_float, exact, exact_price

QUARTER_S = 900
LATER_MS = 3_000
CHANGE_TICKS = 10
LEVELS = 3
BY_SERVER = frozenset((Reason.SL, Reason.TP))
LARGEST = 20
"""The order that has to eat a level is at most so many times the smallest."""
WANTS_EXCHANGE = "it needs an account of an exchange, and a book"


def market(stand: Stand) -> Iterator[Finding]:
    """Buy the smallest size, look at its deal, and close it."""
    magic = stand.next_magic()
    sent, ms = stand.deal(OrderType.BUY, magic)
    code = 0 if sent is None else sent.retcode
    if code == Retcode.MARKET_CLOSED:
        yield stand.refused("market", sent)
        return
    rules = stand.rules
    seen = f"flags {int(rules.filling)}, {rules.execution.name}: {stand.why(sent)}"
    yield judged("filling-flags", code != Retcode.INVALID_FILL, seen)
    yield judged("market", code in DONE, f"{stand.why(sent)} after {ms:.0f} ms")
    if code not in DONE:
        return
    deal, ms = stand.until(partial(stand.deal_of, sent.order))
    if deal is None:
        yield judged("deal", ok=False, seen="none was seen")
        return
    order = stand.ended(deal.order)
    good = deal.magic == magic and order is not None and order.magic == magic
    words = "lead to each other" if good else "differ"
    yield judged("deal", good, f"after {ms:.0f} ms; deal, order and magic {words}")
    yield _offset(stand, deal)
    yield _commission(stand, deal)
    position = stand.position(sent.order)
    words = "found by its order's ticket" if position else "not found by it"
    yield judged("position", position is not None, words)
    if position is not None:
        yield _leveled(stand, position)
        yield _closed(stand, position)


def _offset(stand: Stand, deal: Any) -> Finding:
    now_s = stand.now_ns() / 1e9
    tick = stand.mt5.symbol_info_tick(stand.name)
    quotes, deals = (
        round((msc / 1000 - now_s) / QUARTER_S) for msc in (tick.time_msc, deal.time_msc)
    )
    seen = f"quotes are {quotes} quarters of an hour from UTC, the deal {deals}"
    return judged("clock-offset", quotes == deals, seen)


def _commission(stand: Stand, deal: Any) -> Finding:
    first = (deal.commission, deal.fee)
    stand.sleep_ms(LATER_MS)
    later = stand.deal_of(deal.order) or deal
    seen = f"at once {first}, 3 s later {(later.commission, later.fee)}"
    return judged("commission", first == (later.commission, later.fee), seen)


def _leveled(stand: Stand, position: Any) -> Finding:
    """Set both levels far from the market, move one, take both away."""
    low, high = stand.far_price(), stand.far_price(above=True)
    lower = stand.far_price(-CHANGE_TICKS)
    told = []
    for sl, tp in ((low, high), (lower, high), (0.0, 0.0)):
        sent, _ = stand.send({
            "action": Action.SLTP, "symbol": stand.name, "position": position.ticket, "sl": sl,
            "tp": tp,
        })  # fmt: skip
        wanted = (exact_price(sl), exact_price(tp))

        def has(wanted: tuple[Any, Any] = wanted) -> bool | None:
            now = stand.position(position.identifier)
            has = now and (exact_price(now.sl), exact_price(now.tp))
            return has == wanted or None

        done, _ = stand.until(has)
        told.append(f"{stand.why(sent)}, {'done' if done else 'not done'}")
        if not done:
            break
    return judged("levels", told[-1].endswith(", done") and len(told) == LEVELS, "; ".join(told))


def _closed(stand: Stand, position: Any) -> Finding:
    magic = stand.next_magic()
    sent, _ = stand.deal(OrderType.SELL, magic, position.ticket)
    gone, _ = stand.until(lambda: stand.position(position.identifier) is None or None)
    deal, _ = stand.until(lambda: stand.deal_of(sent.order) if sent else None)
    good = bool(gone) and deal is not None and deal.magic == magic
    words = ", the position is gone" if gone else ", the position is there"
    return judged("close", good, stand.why(sent) + words)


def stop(stand: Stand) -> Iterator[Finding]:
    """Open a position with a near stop and take-profit, and wait for its closing."""
    if not stand.stop_ms:
        yield opened("stop", "ask for it: --wait-for-stop 300")
        return
    magic, rules = stand.next_magic(), stand.rules
    tick = stand.mt5.symbol_info_tick(stand.name)
    away = max(rules.stops_level + 2, 5) * rules.point
    sent, _ = stand.deal(
        OrderType.BUY, magic, sl=as_float(exact_price(tick.bid) - away),
        tp=as_float(exact_price(tick.ask) + away),
    )  # fmt: skip
    made, _ = stand.until(lambda: stand.deal_of(sent.order) if sent is not None else None)
    if made is None:
        yield opened("stop", f"no position: {stand.why(sent)}")
        return
    deal, ms = stand.until(partial(stand.closing, made.position_id), stand.stop_ms)
    if deal is None:
        yield opened("stop", f"not hit within {stand.stop_ms / 1000:g} s")
        return
    same = "the opener's" if deal.magic == magic else f"{deal.magic}, not the opener's"
    seen = f"after {ms / 1000:.0f} s: reason {deal.reason}, its magic is {same}"
    yield judged("stop", deal.reason in BY_SERVER, seen)


def deviation(stand: Stand) -> Iterator[Finding]:
    """Buy with a deviation of 0 where the price is bound."""
    name, execution = "deviation", stand.rules.execution
    if execution not in {Execution.INSTANT, Execution.REQUEST}:
        yield opened(name, f"{stand.name} has {execution.name.lower()} execution: name another")
        return
    ask = stand.mt5.symbol_info_tick(stand.name).ask
    sent, _ = stand.deal(OrderType.BUY, stand.next_magic(), price=ask, deviation=0)
    deal, _ = stand.until(lambda: stand.deal_of(sent.order), 2_000) if sent else (None, 0)
    if deal is None:
        yield opened(name, f"not filled: {stand.why(sent)}")
        return
    seen = f"asked for {ask}, bought at {deal.price}"
    yield judged(name, exact_price(deal.price) <= exact_price(ask), seen)


def split_orders(stand: Stand) -> Iterator[Finding]:
    """Buy more than the first level of a book, and count orders and deals."""
    name, rules = "split-orders", stand.rules
    level = _first_level(stand) if stand.is_exchange else None
    if level is None:
        yield opened(name, WANTS_EXCHANGE)
        return
    volume = (exact(level) // rules.volume_step + 1) * rules.volume_step
    if volume > LARGEST * rules.volume_min:
        yield opened(name, f"the first level has {level:g} lots: too many for a check")
        return
    magic = stand.next_magic()
    sent, _ = stand.deal(OrderType.BUY, magic, volume=as_float(volume))
    if sent is None or sent.retcode not in DONE:
        yield opened(name, f"not filled: {stand.why(sent)}")
        return
    stand.until(partial(stand.deal_of, sent.order))
    stand.sleep_ms(LATER_MS)
    orders, deals = stand.history(magic)
    seen = f"{volume} lots: {len(orders)} orders in the history, {len(deals)} deals"
    yield Finding(name, Verdict.SEEN, seen)


def _first_level(stand: Stand) -> float | None:
    if not stand.mt5.market_book_add(stand.name):
        return None
    try:
        rows, _ = stand.until(lambda: stand.mt5.market_book_get(stand.name) or None, LATER_MS)
    finally:
        stand.mt5.market_book_release(stand.name)
    asks = [row for row in rows or () if row.type == stand.mt5.BOOK_TYPE_SELL]
    best = min(asks, key=lambda row: row.price, default=None)
    return None if best is None else float(best.volume_dbl)
