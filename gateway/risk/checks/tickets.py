"""Whose positions an order may name (5004), and how much of them it may close."""

from __future__ import annotations

from gateway.oms.tickets import under_way
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.closing_by import names_of
from protocol.fields import OrdRejReason
from protocol.numbers import ZERO


def own_tickets(facts: Facts, intent: Intent) -> Refusal | None:
    """Each position that is named is one's own, or nobody's; no more is closed than is there.

    A position is the strategy's when its own fills there add up to something, and nobody's when it
    was there before first contact and nobody's do. Of `A/B`, A lies against the order's side and B
    on it. What open orders close of it already is not there for another.
    """
    message, existing = intent.message, intent.existing
    name = (existing or message).position_id
    if name is None:
        return None
    tickets = facts.book.state.tickets.get(intent.venue, {})
    qty = message.order_qty - (existing.cum_qty if existing is not None else ZERO)
    view = facts.market.venue(intent.venue)
    taken = under_way(facts.book, view, intent.venue, existing)
    signs = (-message.side.sign, message.side.sign)
    for position_id, sign in zip(names_of(name), signs, strict=False):
        ticket = tickets.get(position_id)
        where = {"venue": intent.venue, "symbol": message.symbol, "position_id": position_id}
        if ticket is None or ticket.symbol != message.symbol or (
            ticket.owners and intent.owner not in ticket.owners
        ):
            return refuse("NO_POSITION", OrdRejReason.OTHER, **where)
        closing = taken.get(position_id, ZERO)
        most = max(ticket.held.qty * sign - closing, ZERO)
        if qty > most:
            return refuse(
                "CLOSES_TOO_MUCH", OrdRejReason.INCORRECT_QUANTITY, qty=qty, most=most,
                closing=closing, **where,
            )  # fmt: skip
    return None
