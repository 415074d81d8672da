"""A check in each scope: houses where only one scope has a limit, and what an order meets there.

`house_with(scope, max_order_qty=Decimal(5))` is a house whose order of MM in EURUSD lies in every
scope of SCOPES, and in which that one alone has the limit; everything else is wide.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, Exchange, change, new_order, rules

from gateway.oms.rules import VenueRules
from gateway.risk.feed_rules import FeedRules
from gateway.risk.limits import Limits, inherit
from protocol.fields import ExecType, MDEntryType
from protocol.messages import (
    ExecutionReport,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    NewOrderSingle,
    OrderCancelReject,
)

SCOPES = (
    "strategy:MM", f"account:{ACCOUNT}", f"venue:{VENUE}", f"symbol:{SYMBOL}", "group:majors",
    "all",
)  # fmt: skip


def house_with(scope, house=None, **limits):
    """Return the rules of a house where one scope has these limits; the others are wide."""
    house = house or rules()
    bound = inherit(Limits(**limits), house.limits.get(scope, Limits()))
    return replace(
        house, limits={**house.limits, scope: bound},
        groups={**house.groups, "majors": frozenset({SYMBOL})},
    )  # fmt: skip


def desk_with(scope, house=None, **limits):
    """Return a desk that is open in such a house."""
    desk = Desk(house_with(scope, house, **limits))
    desk.open_up()
    return desk


def two_feeds(**limits):
    """Return a desk where another venue, OTHER, gives the price of EURUSD first, then its own."""
    house = rules()
    other = VenueRules(venue="OTHER", account="O", check_funds=False)
    house = replace(
        house, venues={**house.venues, "OTHER": other},
        feeds=FeedRules(feeds={SYMBOL: ("OTHER", VENUE)}),
    )  # fmt: skip
    desk = desk_with("all", house, **limits)
    desk.log_on("OTHER")
    return desk


def with_venue(house, **fields):
    """Return the rules of a house whose venue differs in these."""
    venue = replace(house.venues[VENUE], **fields)
    return replace(house, venues={VENUE: venue})


def ask(desk, qty="1000", price="1.1000", owner="MM", cl_ord_id=None, **fields):
    """Ask for an order; return the whole text of its refusal, empty when it was accepted."""
    cl_ord_id = cl_ord_id or f"T{len(desk.records)}"
    desk.hear(owner, new_order(desk, cl_ord_id, qty, price, **fields))
    told = [
        message for message in desk.told(owner)
        if isinstance(message, ExecutionReport) and message.cl_ord_id == cl_ord_id
    ][-1]  # fmt: skip
    assert told.exec_type in {ExecType.PENDING_NEW, ExecType.REJECTED}
    return told.text or "REFUSED" if told.exec_type is ExecType.REJECTED else ""


def ask_change(desk, orig, qty="1000", price="1.1000", owner="MM", **fields):
    """Ask for a replace; return the whole text of its refusal, empty when it was sent on."""
    cl_ord_id = f"R{len(desk.records)}"
    message = change(desk, cl_ord_id, orig, qty, price or "1")
    if price is None:
        message = replace(message, price=None)
    desk.hear(owner, replace(message, **fields))
    told = desk.told(owner)[-1]
    if isinstance(told, OrderCancelReject):
        return told.text or "REFUSED"
    assert told.exec_type is ExecType.PENDING_REPLACE
    return ""


def last_sent(desk):
    """Return the venue's side of the order that it was sent last."""
    sent = [message for message in desk.told(VENUE) if isinstance(message, NewOrderSingle)]
    return Exchange(desk, sent[-1])


def code(text):
    """Return the code that a refusal begins with."""
    return text.partition(":")[0]


def number(text, key):
    """Return one number of a refusal."""
    return Decimal(dict(part.split("=") for part in text.split()[1:])[key])


def quote_book(desk, bids, offers, venue=VENUE):
    """Let a venue quote levels of (price, size), best first; a size of None is not told."""
    sides = ((MDEntryType.BID, bids), (MDEntryType.OFFER, offers))
    entries = tuple(
        MDEntry(
            md_entry_type=kind, md_entry_px=Decimal(price),
            md_entry_size=None if size is None else Decimal(size),
        )
        for kind, levels in sides for price, size in levels
    )  # fmt: skip
    desk.hear(venue, MarketDataSnapshotFullRefresh(symbol=SYMBOL, md_entries=entries))


def list_instrument(desk, **fields):
    """Change what the venue has told of the instrument."""
    view = desk.core.market.venue(VENUE)
    view.securities[SYMBOL] = replace(view.securities[SYMBOL], **fields)
