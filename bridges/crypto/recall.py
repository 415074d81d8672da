"""Orders that the notes do not have, since these were lost: found at the exchange again.

An order has the id at the exchange that it was sent with, so that it is asked for by that. Where a
change is made in place its id leaves no trace there: then the exchange's own id (37), by which the
gateway knows the order, leads to it. Where a change makes a new order, what was filled before stood
in the notes: such an order is only cancelled, never replaced, since nobody knows what is left.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import Core
from bridges.crypto.effects import Response
from bridges.crypto.flows import Step, ask
from bridges.crypto.orders import Order
from bridges.crypto.reading import UNREADABLE, Sought
from bridges.crypto.views import Verdict


def remember(core: Core, name: str, symbol: str, order_id: str) -> None:
    """Note an id that may have been sent and is not noted, and what the gateway knows of it."""
    changes = core.table.amends_in_place
    core.unnoted[name] = symbol, order_id if changes else ""
    held = core.by_order_id.get((symbol, order_id))
    if changes and held is not None:
        core.names.setdefault(name, held)


def may_be_rest(core: Core, order: Order) -> bool:
    """Whether it may stand for the rest of another, of which nothing is noted."""
    return not core.table.amends_in_place and not core.notes.symbol_of(order.client_id)


def by_order_id(core: Core, name: str) -> Generator[Step, list[Response], Sought]:
    """Look for an order by the exchange's id that the gateway has told with a name, if any."""
    symbol, order_id = core.unnoted.get(name, ("", ""))
    absent = True
    try:
        calls = core.table.orders_of(symbol, [order_id]) if order_id else ()
    except UNREADABLE:  # no id of this exchange
        calls = ()
    for call in calls:
        response = yield from ask(call)
        views = core.read(core.table.read_orders, response)
        for view in views or ():
            if (view.symbol, view.order_id) == (symbol, order_id):
                return Sought(view, absent=False)
        is_unknown = core.table.judge(response) is Verdict.UNKNOWN
        absent = absent and (views is not None or is_unknown)
    return Sought(None, absent)
