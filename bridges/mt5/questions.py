"""Answers to what the gateway asks: complete is only what one clean read shows.

An order that the server or the exchange has not confirmed may yet be rejected: while one of ours
stands so, neither its own state nor the list of open orders is known.
"""

from __future__ import annotations

from msgspec.structs import replace

from bridges.mt5.adoption import TRADES, find, record
from bridges.mt5.clock import SLACK_NS
from bridges.mt5.core import Core
from bridges.mt5.flows import Flow, read
from bridges.mt5.jobs import Snapshot
from bridges.mt5.orders import Order
from bridges.mt5.recall import epoch_ns, own
from bridges.mt5.records import DealRow
from bridges.mt5.telling import entries_of, fill_of
from bridges.mt5.units import instrument_of, units_of
from bridges.port import (
    Balance,
    Balances,
    Fill,
    Fills,
    Found,
    Instruments,
    LedgerEntries,
    OpenOrders,
    Position,
    Positions,
)
from bridges.recalling import FORGOTTEN

MARGIN_NS = 1_000_000_000
"""Times of deals are asked for from a little earlier: the offset is measured to the second."""


def look_up(core: Core, question: str, name: str) -> Flow:
    """Ask for an order by any id that it ever had."""
    snapshot = yield from read(core.read(epoch_ns(name)))
    order = find(core, name, snapshot) if snapshot.clean else None
    forgotten = core.notes.may_have_forgotten(name) or name in core.recall.tickets
    complete = snapshot.clean and not forgotten
    if order is not None:
        own(core, order, snapshot)
        decided = order.accepted and not order.is_undecided
        complete = snapshot.clean and decided and not order.is_missing_deals
    # One that is not accepted yet is neither there nor absent.
    image = order.image() if order is not None and order.accepted else None
    text = FORGOTTEN if forgotten and image is None and snapshot.clean else ""
    core.events.append(Found(ask=question, order=image, complete=complete, text=text))


def open_orders(core: Core, question: str) -> Flow:
    """Ask for all open orders: of ours as they were told, of others as they stand."""
    snapshot = yield from read(core.read(core.now_ns))
    rows = snapshot.orders
    orders = [core.orders[row.ticket] for row in rows if row.ticket in core.orders]
    images = tuple(one.image() for one in orders if not one.is_done)
    complete = snapshot.clean and not any(one.is_undecided for one in orders)
    core.events.append(OpenOrders(ask=question, orders=images, complete=complete))


def fills_since(core: Core, question: str, since_ns: int) -> Flow:
    """Ask for the fills at or after a moment; older ones may come with them."""
    snapshot = yield from read(core.read(since_ns - SLACK_NS))
    fills: list[Fill] = []
    complete = snapshot.clean
    for deal in sorted(snapshot.deals, key=lambda one: (one.time_msc, one.ticket)):
        wanted = core.clock.is_since(deal.time_msc, since_ns - MARGIN_NS, core.now_ns)
        if not wanted or deal.type not in TRADES or deal.symbol not in core.rules:
            continue
        order = core.orders.get(deal.order) or _order_of(core, deal, snapshot)
        if order is None:
            complete = False
        else:
            fills.append(fill_of(deal, order, core))
    core.events.append(Fills(ask=question, fills=tuple(fills), complete=complete))


def _order_of(core: Core, deal: DealRow, snapshot: Snapshot) -> Order | None:
    """Write down the order of a deal; None while the history does not show it."""
    for row in (*snapshot.done, *snapshot.orders):
        if row.ticket == deal.order:
            return record(core, row, snapshot, told=lambda _: False)
    return None


def positions(core: Core, question: str) -> Flow:
    """Ask for the account's positions."""
    snapshot = yield from read(core.read(core.now_ns))
    hedges = core.account is not None and core.account.hedges
    found = tuple(
        Position(
            symbol=core.ours[row.symbol], currency=symbol.currency_profit,
            qty=units_of(row.lots, symbol), avg_px=row.price_open,
            position_id=str(row.identifier) if hedges else "",
            stop_loss_px=row.sl, take_profit_px=row.tp,
        )
        for row in snapshot.positions
        if (symbol := core.rules.get(row.symbol)) is not None
    )  # fmt: skip
    complete = snapshot.clean and snapshot.steady
    core.events.append(Positions(ask=question, positions=found, complete=complete))


def balances(core: Core, question: str) -> Flow:
    """Ask for the account's balance, credit included, and what of it may back new orders."""
    snapshot = yield from read(core.read(core.now_ns))
    account = snapshot.account
    found: tuple[Balance, ...] = ()
    if account is not None:
        total = account.balance + account.credit
        found = (Balance(currency=account.currency, total=total, free=account.margin_free),)
    core.events.append(Balances(ask=question, balances=found, complete=snapshot.clean))


def ledger_entries(core: Core, question: str, since_ns: int) -> Flow:
    """Ask for what moved money without a trade."""
    snapshot = yield from read(core.read(since_ns - SLACK_NS))
    found = tuple(
        entry
        for deal in snapshot.deals
        if core.clock.is_since(deal.time_msc, since_ns - MARGIN_NS, core.now_ns)
        for entry in entries_of(deal, core)
    )
    core.events.append(LedgerEntries(ask=question, entries=found, complete=snapshot.clean))


def instruments(core: Core, question: str) -> Flow:
    """Ask for the instruments."""
    names = tuple(core.native.values())
    snapshot = yield from read(replace(core.read(core.now_ns), symbols=names))
    rows = tuple(
        instrument_of(core.ours[name], symbol, core.margin_rates.get(name), core.fee_rate)
        for name, symbol in core.rules.items()
    )
    complete = snapshot.clean and bool(rows)
    core.events.append(Instruments(ask=question, instruments=rows, complete=complete))
