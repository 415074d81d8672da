"""Fat fingers: how large one order is, and how many are open.

Rules: one order is bound by the tightest limit of its scopes; open orders add up, so each scope
counts its own. Notional is in the house currency at the worst price that the order can have; the
venue's own minimum is in the instrument's. What cannot be valued is refused as new risk.
"""

from __future__ import annotations

from functools import lru_cache

from gateway.oms.book import Book
from gateway.risk.checks.price import may_go_blind
from gateway.risk.facts import Facts, Intent, Refusal, no_rate, refuse
from gateway.risk.limits import ALL
from protocol.fields import OrdRejReason


def max_order_qty(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: quantity of one order."""
    limit = intent.binding(facts).least.get("max_order_qty")
    if limit is not None and intent.message.order_qty > limit.value:
        return refuse(
            "MAX_QTY", OrdRejReason.EXCEEDS_LIMIT, qty=intent.message.order_qty,
            limit=limit.value, scope=limit.scope,
        )  # fmt: skip
    return None


def max_order_notional(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: notional of one order in the house currency."""
    limit = intent.binding(facts).least.get("max_order_notional")
    if limit is None:
        return None
    notional = intent.notional(facts)
    if notional is None:
        return None if may_go_blind(facts, intent) else _no_notional(facts, intent)
    if notional > limit.value:
        return refuse(
            "MAX_NOTIONAL", OrdRejReason.EXCEEDS_LIMIT, notional=notional, limit=limit.value,
            scope=limit.scope,
        )  # fmt: skip
    return None


def _no_notional(facts: Facts, intent: Intent) -> Refusal:
    """Say what is missing to value an order."""
    symbol, venue = intent.message.symbol, intent.venue
    if intent.worst_price(facts) is None:
        return refuse("NO_PRICE", OrdRejReason.BROKER, symbol=symbol, venue=venue)
    currency = facts.market.currency(venue, symbol)
    return no_rate(currency, facts.rules.currency, symbol=symbol, venue=venue)


def min_order_notional(facts: Facts, intent: Intent) -> Refusal | None:
    """The venue takes nothing smaller, counted in the instrument's quote currency."""
    security = facts.security(intent)
    minimum = security.min_notional if security is not None else None
    if minimum is None:
        return None
    price = intent.worst_price(facts)
    if price is None:
        return None
    notional = intent.message.order_qty * price
    if notional < minimum:
        return refuse(
            "MIN_NOTIONAL", OrdRejReason.INCORRECT_QUANTITY, notional=notional, minimum=minimum
        )
    return None


def max_open_orders(facts: Facts, intent: Intent) -> Refusal | None:
    """A scope has only so many orders open at once, those on their way and held here included."""
    if intent.existing is not None:
        return None
    for limit in intent.binding(facts).each.get("max_open_orders", ()):
        open_now = open_orders(facts, limit.scope)
        if open_now >= limit.value:
            return refuse(
                "MAX_OPEN_ORDERS", OrdRejReason.EXCEEDS_LIMIT, open=open_now, limit=limit.value,
                scope=limit.scope,
            )  # fmt: skip
    return None


def open_orders(facts: Facts, scope: str) -> int:
    """Count the open orders of a scope."""
    book: Book = facts.book
    kind, name = _parts(scope)
    if kind == "strategy":
        return len(book.open_by_owner.get(name, ()))
    if kind == "venue":
        return len(book.open_by_venue.get(name, ()))
    if kind == "account":
        return book.in_flight.by_account.get(name, 0)
    by_symbol = book.in_flight.by_symbol
    if kind == "symbol":
        return by_symbol.get(name, 0)
    if kind == "group":
        return sum(by_symbol.get(symbol, 0) for symbol in facts.rules.groups.get(name, ()))
    assert scope == ALL
    return book.in_flight.open_orders


@lru_cache(maxsize=4096)
def _parts(scope: str) -> tuple[str, str]:
    """Split a scope into its kind and its name."""
    kind, _, name = scope.partition(":")
    return kind, name
