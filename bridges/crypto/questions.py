"""Answers to what the gateway asks: complete is only what was read whole, while connected."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from bridges.crypto.core import Core
from bridges.crypto.effects import Response
from bridges.crypto.flows import Flow, Gather, Step, ask
from bridges.crypto.orders import OVER, Order, adopted, fill_of, has_our_shape
from bridges.crypto.reading import UNREADABLE, listed, named, pages, seek, trades_since
from bridges.crypto.recall import by_order_id
from bridges.crypto.views import OrderView, Verdict
from bridges.notes import terms
from bridges.port import (
    Balances,
    Fill,
    Fills,
    Found,
    Instruments,
    LedgerEntries,
    LedgerEntry,
    OpenOrders,
    Positions,
    VenueOrder,
)

Images = Generator[Step, list[Response], VenueOrder]


def look_up(core: Core, question: str, name: str) -> Flow:
    """Ask for an order by any id that it ever had."""
    complete = core.is_up
    earlier = core.ids_before(name)
    for candidate in (*core.notes.chain_from(name), *earlier) if complete else ():
        known = core.names.get(candidate)
        symbol = core.notes.symbol_of(candidate) or core.unnoted.get(candidate, ("", ""))[0]
        symbols = [symbol] if symbol in core.table.native else list(core.table.native)
        client_id = known.client_id if known else candidate
        for one in symbols:
            is_stop = known is None or known.is_stop
            asked_ns = core.now_ns
            found = yield from seek(core, one, client_id, stop=is_stop)
            if found.view is not None:
                if candidate in earlier and not _is_it(core, found.view, name, sure=complete):
                    break
                image = yield from _shown(core, found.view, asked_ns)
                core.events.append(Found(ask=question, order=image, complete=core.is_up))
                return
            was_sent = known is not None or bool(symbol)
            complete = complete and found.absent
            complete = complete and (core.is_past_doubt(known) or not was_sent)
    asked_ns = core.now_ns
    if core.is_up:
        found = yield from by_order_id(core, name)
        if found.view is not None:
            image = yield from _shown(core, found.view, asked_ns)
            core.events.append(Found(ask=question, order=image, complete=core.is_up))
            return
        complete = complete and found.absent
    complete = complete and core.is_up and not core.notes.may_have_forgotten(name)
    core.events.append(Found(ask=question, order=None, complete=complete))


def _is_it(core: Core, view: OrderView, name: str, *, sure: bool) -> bool:
    """Whether an order that is found by an earlier id is what an id stands for.

    The id of a change is nothing to the exchange: the terms say which version has ended there.
    Where they do not, it has to be sure that nothing else has the id.
    """
    wanted = terms(view.qty, view.price, view.stop_px)
    after = {core.notes.terms_of(one) for one in core.notes.chain_from(name)}
    before = {core.notes.terms_of(one) for one in core.notes.chain_before(name)}
    if view.status not in OVER or wanted in after - before:
        return True
    return sure and wanted not in before - after


def _shown(core: Core, view: OrderView, asked_ns: int) -> Images:
    """Return an order as the exchange has it; one of this life is brought up to date by it."""
    if view.client_id in core.orders:
        return core.absorb(view, asked_ns=asked_ns).image_of(view)
    order = yield from with_chain(core, view)
    return order.image_of(view)


def with_chain(core: Core, view: OrderView) -> Generator[Step, list[Response], Order]:
    """Make a record of an order of an earlier life, with what its predecessors had executed."""
    ours = bool(core.notes.symbol_of(view.client_id)) or has_our_shape(view.client_id)
    order = adopted(view, ours=ours, executed=view.executed, paid=view.paid)
    order.previous = core.notes.previous_of(view.client_id)
    name, seen = order.previous, {view.client_id}
    while name and name not in seen and not core.table.amends_in_place:
        seen.add(name)
        earlier = (yield from seek(core, view.symbol, name)).view
        if earlier is not None:
            order.base += earlier.executed
            order.base_paid += earlier.paid
        name = core.notes.previous_of(name)
    if core.table.amends_in_place and ours:
        order.previous = ""
        order.name = core.notes.name_of(view.client_id, terms(view.qty, view.price, view.stop_px))
    return order


def open_orders(core: Core, question: str) -> Flow:
    """Ask for all open orders."""
    views: list[OrderView] | None = None
    images: list[VenueOrder] = []
    asked_ns = core.now_ns
    if core.is_up:
        views = yield from listed(core, list(core.table.native))
    for view in views or ():
        image = yield from _shown(core, view, asked_ns)
        images.append(image)
    core.events.append(
        OpenOrders(
            ask=question, orders=tuple(images), complete=views is not None and core.is_up
        )
    )


def fills_since(core: Core, question: str, since_ns: int) -> Flow:
    """Ask for the fills at or after a moment."""
    fills: list[Fill] = []
    complete = core.is_up
    for symbol in list(core.table.native) if complete else ():
        trades = yield from trades_since(core, symbol, since_ns)
        views = None
        if trades is not None:
            views = yield from named(core, symbol, trades)
        if trades is None or views is None:
            complete = False
            continue
        for trade in trades:
            view = views.get(trade.order_id)
            held = core.by_order_id.get((symbol, trade.order_id))
            name = held.name if held else ""
            if view is not None and not name and has_our_shape(view.client_id):
                name = view.client_id
            fills.append(fill_of(trade, name))
    fills.sort(key=lambda fill: fill.transact_ns)
    core.events.append(
        Fills(ask=question, fills=tuple(fills), complete=complete and core.is_up)
    )


def positions(core: Core, question: str) -> Flow:
    """Ask for the account's positions."""
    found = None
    if core.is_up:
        response = yield from ask(core.table.positions())
        rules = tuple(core.instruments.values())
        found = core.read(partial(core.table.read_positions, rules=rules), response)
    complete = found is not None and core.is_up
    core.events.append(Positions(ask=question, positions=found or (), complete=complete))


def balances(core: Core, question: str) -> Flow:
    """Ask for the account's balances."""
    found = None
    if core.is_up:
        response = yield from ask(core.table.account())
        found = core.read(core.table.read_balances, response)
    complete = found is not None and core.is_up
    core.events.append(Balances(ask=question, balances=found or (), complete=complete))


def ledger_entries(core: Core, question: str, since_ns: int) -> Flow:
    """Ask for what moved money without a trade."""
    table = core.table
    call = table.ledger(core.theirs_ms(since_ns))
    complete = core.is_up
    rows: list[LedgerEntry] | None = None
    if call is not None and complete:
        rows = yield from pages(core, (call,), table.more_ledger, table.read_ledger)
        complete = rows is not None
    entries = tuple({one.entry_id: one for one in rows or ()}.values())
    core.events.append(LedgerEntries(ask=question, entries=entries, complete=complete))


def instruments(core: Core, question: str) -> Flow:
    """Ask for the instruments, with the fees and funding of now."""
    wrong = (yield from read_listing(core)) if core.is_up else "it is not up"
    rows = () if wrong else tuple(core.instruments.values())
    complete = not wrong and core.is_up
    core.events.append(Instruments(ask=question, instruments=rows, complete=complete))


def read_listing(core: Core) -> Generator[Step, list[Response], str]:
    """Read the instruments; say why that was not possible, if it was not."""
    responses = yield Gather(core.table.listing())
    for one in responses:
        if core.table.judge(one) is not Verdict.DONE:
            return core.table.text_of(one)
    try:
        rows = core.table.read_listing([one.body for one in responses])
    except UNREADABLE as problem:
        return f"not understood: {problem!r}"
    core.instruments = {one.symbol: one for one in rows}
    return "" if rows else "none of them is traded there"
