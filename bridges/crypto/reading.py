"""What takes several calls to read: an order that may be in several places, lists in pages.

Rules: None is "could not be read whole", an empty list is "there is nothing". An order is looked
for in the places through which orders move, in that order, so that one that moves meanwhile is
seen. Trades are asked for in windows as long as the exchange allows, from the first moment to now.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from msgspec.structs import replace

from bridges.crypto.effects import Call, Response
from bridges.crypto.flows import Gather, Step, ask
from bridges.crypto.plain import plain
from bridges.crypto.views import OrderView, TradeView, Verdict

if TYPE_CHECKING:
    from bridges.crypto.core import Core

MAX_PAGES = 200
"""Pages in one answer; what has more is not complete."""
MAX_STEPS = 3
"""So often may an answer say where else to ask."""
UNREADABLE = (KeyError, ValueError, TypeError, IndexError, AttributeError)

T = TypeVar("T")
Views = Generator[Step, list[Response], list[OrderView] | None]
Trades = Generator[Step, list[Response], list[TradeView] | None]


class Sought(NamedTuple):
    """What came of looking for an order; `absent` is the exchange's word that it has none."""

    view: OrderView | None
    absent: bool


def seek(
    core: Core, symbol: str, client_id: str, *, stop: bool = True
) -> Generator[Step, list[Response], Sought]:
    """Look for an order by the id that it has at the exchange; `stop` is False if it is none."""
    absent = True
    for call in core.table.look_up(symbol, client_id, stop=stop):
        found = yield from _ask_one(core, call, client_id)
        if found.view is not None:
            return found
        absent = absent and found.absent
    return Sought(None, absent)


def _ask_one(
    core: Core, call: Call, client_id: str
) -> Generator[Step, list[Response], Sought]:
    for _ in range(MAX_STEPS):
        response = yield from ask(call)
        verdict = core.table.judge(response)
        if verdict is not Verdict.DONE:
            core.unread = f"{call.method}: {core.table.text_of(response)}"
            return Sought(None, verdict is Verdict.UNKNOWN)
        try:
            found = core.table.read_found(response.body, client_id)
        except UNREADABLE as problem:
            core.unread = plain(f"{call.method}: not understood: {problem!r}")
            break
        if not isinstance(found, Call):
            return Sought(found, found is None)
        call = found
    return Sought(None, absent=False)


def pages(
    core: Core,
    first: Sequence[Call],
    more: Callable[[Call, Any], Call | None],
    reader: Callable[[Any], Sequence[T]],
) -> Generator[Step, list[Response], list[T] | None]:
    """Read all pages of some lists, side by side; None if one could not be read."""
    found: list[T] = []
    calls = tuple(first)
    for _ in range(MAX_PAGES):
        if not calls:
            return found
        responses = yield Gather(calls)
        for call, response in zip(calls, responses, strict=True):
            rows = core.read(reader, response)
            if rows is None:
                core.unread = f"{call.method}: {core.unread}"
                return None
            found += rows
        following = (more(call, one.body) for call, one in zip(calls, responses, strict=True))
        calls = tuple(call for call in following if call is not None)
    return None


def listed(core: Core, symbols: Sequence[str], *, urgent: bool = False) -> Views:
    """Read what rests; None if it could not be read whole. An urgent list waits for no other."""
    calls = [replace(call, urgent=urgent) for call in core.table.open_orders(symbols)]
    return (yield from pages(core, calls, core.table.more_orders, core.table.read_orders))


def trades_of(core: Core, symbol: str, order_id: str, since_ns: int) -> Trades:
    """Read the trades of one order, the oldest first."""
    call = core.table.trades_of(symbol, order_id, core.theirs_ms(since_ns))
    reader = partial(core.table.read_trades, symbol=symbol)
    found = yield from pages(core, (call,), core.table.more_trades, reader)
    if found is None:
        return None
    return _in_order(one for one in found if one.order_id == order_id)


def trades_since(core: Core, symbol: str, since_ns: int) -> Trades:
    """Read all trades of a symbol from a moment on, the oldest first."""
    end_ms = core.at_ms + 1_000
    since_ms = core.within_reach(core.theirs_ms(since_ns))
    window_ms = core.table.trades_window_ms or end_ms
    reader = partial(core.table.read_trades, symbol=symbol)
    found: list[TradeView] = []
    while since_ms < end_ms:
        until_ms = min(since_ms + window_ms, end_ms)
        call = core.table.trades_from(symbol, since_ms, until_ms)
        rows = yield from pages(core, (call,), core.table.more_trades, reader)
        if rows is None:
            return None
        found += rows
        since_ms = until_ms
    return _in_order(found)


def _in_order(trades: Any) -> list[TradeView]:
    """Put trades in the order in which they happened; each once."""
    once = {(one.order_id, one.trade_id): one for one in trades}
    return sorted(once.values(), key=lambda one: one.ns)


def named(
    core: Core, symbol: str, trades: Sequence[TradeView]
) -> Generator[Step, list[Response], dict[str, OrderView] | None]:
    """Learn the orders of trades that are not held: by the exchange's id, as it has them."""
    wanted = {one.order_id for one in trades if (symbol, one.order_id) not in core.by_order_id}
    found: dict[str, OrderView] = {}
    for _ in range(MAX_PAGES):
        if not wanted:
            return found
        before = len(wanted)
        for call in core.table.orders_of(symbol, sorted(wanted)):
            response = yield from ask(call)
            rows = core.read(core.table.read_orders, response)
            if rows is None:
                return None
            found |= {view.order_id: view for view in rows if view.order_id in wanted}
        wanted -= found.keys()
        if len(wanted) == before:
            return None
    return None
