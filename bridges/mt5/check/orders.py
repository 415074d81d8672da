"""Orders that rest: what is believed of them, tried through the package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from bridges.mt5.check.figures import spread
from bridges.mt5.check.stand import COMMENT, DONE, LIMIT_MS, MS_NS, POLL_MS, Stand
from bridges.mt5.check.steps import Finding, Verdict, judged, opened
from bridges.mt5.constants import Action, Filling, OrderState, Reason, Retcode
from bridges.mt5.records import as_float, exact_price

SOON_MS = 1_000
AT_ONCE_MS = 3_000
CHANGE_TICKS = 10


def life(stand: Stand) -> Iterator[Finding]:
    """Place an order, change it, remove it."""
    magic = stand.next_magic()
    sent, _ = stand.place(magic)
    if sent is None or sent.retcode not in DONE:
        yield stand.refused("pending", sent)
        return
    row, ms = stand.until(partial(stand.open_order, sent.order))
    seen = "never seen" if row is None else f"seen after {ms:.0f} ms"
    yield judged("pending", row is not None and ms < SOON_MS, seen)
    if row is None:
        return
    yield judged("magic", row.magic == magic, f"sent {magic}, read {row.magic}")
    seen = f"sent {len(COMMENT)} characters, read {len(row.comment)}"
    yield Finding("comment", Verdict.SEEN, seen)
    yield judged("reason", row.reason == Reason.EXPERT, f"the reason is {row.reason}")
    yield _modified(stand, row, magic)
    yield from _removed(stand, row.ticket, magic)


def _modified(stand: Stand, row: Any, magic: int) -> Finding:
    price = as_float(exact_price(row.price_open) - CHANGE_TICKS * stand.rules.tick_size)
    sent, _ = stand.modify(row, price)

    def changed() -> Any:
        now = stand.open_order(row.ticket)
        has = now and exact_price(now.price_open)
        return now if has == exact_price(price) else None

    now, _ = stand.until(changed)
    kept = now is not None and now.magic == magic
    seen = f"{stand.why(sent)}; " + ("the same ticket and magic" if kept else "not found so")
    return judged("modify", kept, seen)


def _removed(stand: Stand, ticket: int, magic: int) -> Iterator[Finding]:
    sent, _ = stand.send({"action": Action.REMOVE, "order": ticket})
    gaps = 0
    start_ns, done = stand.now_ns(), None
    while done is None and stand.now_ns() - start_ns < LIMIT_MS * MS_NS:
        is_open = stand.open_order(ticket) is not None
        done = stand.ended(ticket)
        gaps += not is_open and done is None
        stand.sleep_ms(POLL_MS)
    ms = (stand.now_ns() - start_ns) / MS_NS
    good = done is not None and done.state == OrderState.CANCELED and done.magic == magic
    where = f"; in the history after {ms:.0f} ms" if done else "; not there"
    yield judged("remove", good, stand.why(sent) + where)
    seen = f"{gaps} looks found it in neither list" + (f", for {ms:.0f} ms" if gaps else "")
    yield judged("lists", gaps == 0, seen)


def delays(stand: Stand) -> Iterator[Finding]:
    """Place and remove some orders."""
    placing, seeing, removing = [], [], []
    for _ in range(stand.rounds):
        sent, ms = stand.place(stand.next_magic())
        if sent is None or sent.retcode not in DONE:
            yield opened("delays", f"no order was taken: {stand.why(sent)}")
            return
        placing.append(ms)
        _, ms = stand.until(partial(stand.open_order, sent.order))
        seeing.append(ms)
        _, ms = stand.send({"action": Action.REMOVE, "order": sent.order})
        removing.append(ms)
    seen = (
        f"order_send to place {spread(placing)}; then until orders_get has it {spread(seeing)};"
        f" order_send to remove {spread(removing)}"
    )
    yield Finding("delays", Verdict.SEEN, seen)


def ioc_on_exchange(stand: Stand) -> Iterator[Finding]:
    """Place an IOC limit far from the market, and see whether it ends by itself."""
    name = "ioc-exchange"
    if not stand.is_exchange:
        yield opened(name, "it needs an account of an exchange")
        return
    sent, _ = stand.place(stand.next_magic(), type_filling=Filling.IOC)
    if sent is None or sent.retcode not in DONE:
        yield opened(name, f"it was not taken: {stand.why(sent)}")
        return
    done, ms = stand.until(partial(stand.ended, sent.order), AT_ONCE_MS)
    seen = f"it ended after {ms:.0f} ms" if done else f"after {ms / 1000:.0f} s it is open"
    yield judged(name, done is not None, seen)


def placed_tickets(stand: Stand) -> Iterator[Finding]:
    """Look for the orders of all that was answered 10008 so far."""
    name = "placed-ticket"
    tickets = [
        sent.order
        for _, sent in stand.sent
        if sent is not None and sent.retcode == Retcode.PLACED and sent.order
    ]
    if not tickets:
        yield opened(name, "10008 was not said: try an exchange before it opens")
        return
    there = sum(bool(stand.open_order(one) or stand.ended(one)) for one in tickets)
    seen = f"{there} of {len(tickets)} orders that 10008 named are in a list"
    yield judged(name, there == len(tickets), seen)
