"""Midnight on the server: swaps, by the rule of each symbol, for every open position.

Most modes add to the position's swap, which is booked when it closes. REOPEN modes close and open
the position anew at a price that is worse or better by some points: its ticket changes, its
identifier does not, and the two deals carry the reason ROLLOVER.
"""

from __future__ import annotations

from msgspec.structs import replace
from support.mt5.constants import Filling, OrderState, OrderType, Reason, SwapMode
from support.mt5.money import rounded, swap_of
from support.mt5.records import Order

DAY_MS = 86_400_000


def nights(rules, server_ms):
    """Return how often swap is charged for the night that ends now: the day before counts."""
    weekday = ((server_ms - 1) // DAY_MS + 4) % 7
    return rules.swap_days[weekday]


def charge_swaps(office, server):
    """Charge one night on all positions of an account."""
    for position in tuple(office.books.positions.values()):
        market = server.markets[position.symbol]
        times = nights(market.rules, server.clock.server_ms())
        if not times or market.rules.swap_mode is SwapMode.DISABLED:
            continue
        if market.rules.swap_mode in (SwapMode.REOPEN_CURRENT, SwapMode.REOPEN_BID):
            reopen(office, market, position, times)
            continue
        amount = swap_of(market.rules, position, market, server.exchange, office.terms.currency)
        charged = rounded(amount * times, office.terms.cent)
        if charged:
            office.desk.move(position, swap=position.swap + charged)


def reopen(office, market, position, times):
    """Close a position and open it again at a price moved by the swap."""
    rules, desk = market.rules, office.desk
    points = (rules.swap_long if position.is_buy else rules.swap_short) * times
    bid_only = rules.swap_mode is SwapMode.REOPEN_BID
    price = market.bid if bid_only else market.close_price(is_buy=position.is_buy)
    if not price:
        return
    again = price - points * rules.point if position.is_buy else price + points * rules.point
    kinds = (OrderType.SELL, OrderType.BUY) if position.is_buy else (OrderType.BUY, OrderType.SELL)
    for kind, at in zip(kinds, (price, again), strict=True):
        order = Order(
            ticket=next(desk.tickets.orders), symbol=position.symbol, type=kind,
            state=OrderState.STARTED, reason=Reason.ROLLOVER, volume_initial=position.volume,
            volume_current=position.volume, time_setup_msc=desk.clock.server_ms(),
            type_filling=Filling.RETURN, position_id=position.identifier, sl=position.sl,
            tp=position.tp, magic=position.magic, comment="rollover",
        )  # fmt: skip
        opened = desk.open(order)
        filled, _ = desk.execute(opened, [(at, position.volume)])
        desk.finish(filled, OrderState.FILLED)
        _keep_origin(office, opened, position)


def _keep_origin(office, order, before):
    """Let the position that was opened anew say who once opened it."""
    made = office.books.positions.get(order.ticket)
    if made is not None:
        kept = replace(made, reason=before.reason, comment=before.comment)
        office.account.commit(("positions", kept.ticket, kept))
