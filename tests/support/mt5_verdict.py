"""A gateway's book against the trade server's ledger: what has to agree when all is quiet.

The book may be a living core's, or folded anew from a journal. Each function returns sentences, so
that a failing test shows all that is wrong.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from support.mt5.constants import OrderState, Reason

from protocol.order_id import to_number, to_text

CONTRACT = 100_000
ENDS = {
    OrderState.FILLED: {"FILLED"}, OrderState.CANCELED: {"CANCELED"},
    OrderState.EXPIRED: {"EXPIRED"}, OrderState.REJECTED: {"REJECTED", "CANCELED"},
}  # fmt: skip
"""The server's state of an order, and ours."""
OPEN = {"NEW", "PARTIALLY_FILLED"}


def wrongs(book, office, venue):
    """Compare everything of a venue; an empty list is what must be."""
    orders = [one for one in book.state.orders.values() if one.venue == venue]
    return [
        *_magics(office.ledger), *_fills(book.state.fills.get(venue, {}), office.ledger),
        *_sums(book.state.positions, office.ledger, venue), *_orders(orders, office),
        *_strangers(book, office.ledger),
    ]  # fmt: skip


def _magics(ledger):
    """No magic became two orders, and none was traded for more than its order."""
    wrong = [f"magic {to_text(magic)} became {tickets}"
             for magic, tickets in ledger.twice().items()]  # fmt: skip
    for magic in {one.magic for one in ledger.orders.values() if one.magic}:
        asked = sum(one.volume_initial for one in ledger.orders_by_magic(magic))
        if ledger.filled(magic) > asked:
            wrong.append(f"magic {to_text(magic)}: {ledger.filled(magic)} of {asked} traded")
    return wrong


def trades(ledger):
    """Return the server's trades by id: quantity, price, what was paid, whether it was a buy."""
    return {
        str(deal.ticket): (
            deal.volume * CONTRACT, deal.price, -(deal.commission + deal.fee), deal.type == 0
        )
        for deal in ledger.executions
    }


def _fills(ours, ledger):
    theirs = trades(ledger)
    told = {
        key.rpartition("|")[2]: (
            fill.last_qty, fill.last_px, fill.commission, fill.side.sign == 1
        )
        for key, fill in ours.items()
    }
    return [f"trade {key}: the server {theirs.get(key)}, we {told.get(key)}"
            for key in sorted(theirs.keys() | told.keys())
            if theirs.get(key) != told.get(key)]  # fmt: skip


def _sums(positions, ledger, venue):
    """Positions, fees and swap add up to the same, whoever owns them; nobody else owns any."""
    qty, paid, swap, wrong = Decimal(0), Decimal(0), Decimal(0), []
    for owner, held in positions.items():
        for key, one in held.items():
            if key.split("|")[1] != venue:
                continue
            qty += one.qty
            paid += sum(one.fees.values(), Decimal(0))
            swap += sum(one.funding.values(), Decimal(0))
            if owner == "EXTERNAL":
                wrong.append(f"EXTERNAL has {one.qty}, paid {one.fees}, was paid {one.funding}")
    theirs = sum((one.signed for one in ledger.executions), Decimal(0)) * CONTRACT
    cost = -ledger.total("commission") - ledger.total("fee")
    for what, here, there in (
        ("held", qty, theirs), ("fees", paid, cost), ("swap", swap, ledger.total("swap"))
    ):
        if here != there:
            wrong.append(f"{what}: the server {there}, we {here}")
    return wrong


def _orders(orders, office):
    """Each order has ended, or is open, as the server has it; nothing is in doubt."""
    ledger, wrong = office.ledger, []
    for order in orders:
        wrong += [f"{order.order_id}: {what} is not over" for what, one in (
            ("a doubt", order.in_doubt), ("a cancel", order.cancel), ("a replace", order.replace)
        ) if one]  # fmt: skip
        tickets = [one.ticket for name in order.wire_ids if len(name) == len(order.order_id)
                   for one in ledger.orders_by_magic(to_number(name))]  # fmt: skip
        if order.origin:
            tickets = [int(order.venue_order_id)]
        filled = sum((deal.volume for deal in ledger.executions if deal.order in tickets),
                     Decimal(0)) * CONTRACT  # fmt: skip
        last = ledger.orders[max(tickets)] if tickets else None
        if last is None:
            theirs = {"REJECTED"}
        elif last.ticket in office.books.orders:
            theirs = OPEN
        else:
            theirs = ENDS.get(last.state, {last.state.name})
        if order.venue_state not in theirs or order.cum_qty != filled:
            wrong.append(f"{order.order_id}: the server {theirs} {filled}, we"
                         f" {order.venue_state} {order.cum_qty} {order.wire_ids}")  # fmt: skip
    return wrong


def _strangers(book, ledger):
    """Every order that an expert has given is one of ours, and no two are one order's at once."""
    ours = Counter()
    for one in ledger.orders.values():
        if one.reason is Reason.EXPERT:
            found = book.order_on_wire(to_text(one.magic))
            ours[found.order_id if found else f"nobody's {to_text(one.magic)}"] += (
                one.state in {OrderState.PLACED, OrderState.PARTIAL} or not found
            )
    return [f"the server has {number} open of {name}, or does not know it"
            for name, number in ours.items()
            if number > 1 or name.startswith("nobody's")]  # fmt: skip
