"""ACTIVE, REDUCING, HALTED for a scope. Cancels pass in each.

Scopes are text: `all`, `strategy:MM`, `venue:PAPER`, `account:A1`, `symbol:EURUSD`. The strictest
state of all scopes that an order touches binds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.oms.book import Book
from gateway.oms.state import Halt, Order
from protocol.fields import Side, TradingState
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from gateway.risk.checks import Intent

KINDS = ("strategy", "venue", "account", "symbol")


class UnknownScope(ValueError):  # noqa: N818 - it reads as what it says
    """A scope that nobody can mean."""


def parse_scope(text: str) -> list[str]:
    """Split `kind:name kind:name` into its terms. Raises UnknownScope with what was expected."""
    terms = text.split()
    if terms == ["all"]:
        return ["all"]
    for term in terms:
        kind, sign, name = term.partition(":")
        if not sign or kind not in KINDS or not name:
            msg = (
                f"received the scope {text[:80]!r}, expected `all` or terms such as"
                " strategy:MM venue:PAPER account:A1 symbol:EURUSD"
            )
            raise UnknownScope(msg)
    if not terms:
        msg = "received an empty scope, expected `all` or terms such as strategy:MM"
        raise UnknownScope(msg)
    return terms


def covers(scope: list[str], order: Order) -> bool:
    """Whether an order lies in a scope: in all of its terms."""
    names = {
        f"strategy:{order.owner}",
        f"venue:{order.venue}",
        f"account:{order.account}",
        f"symbol:{order.symbol}",
        "all",
    }
    return all(term in names for term in scope)


def effective_state(book: Book, intent: Intent) -> tuple[str, Halt | None]:
    """Return the strictest halt that binds an intent, with its scope; None when it is free."""
    if not book.state.halts:
        return "", None
    names = {
        f"strategy:{intent.owner}",
        f"venue:{intent.venue}",
        f"account:{intent.account}",
        f"symbol:{intent.message.symbol}",
        "all",
    }
    found: tuple[str, Halt | None] = ("", None)
    for scope, halt in book.state.halts.items():
        if not names.issuperset(scope.split()):
            continue
        if found[1] is None or halt.state is TradingState.HALTED:
            found = (scope, halt)
    return found


def reduces_position(book: Book, intent: Intent) -> bool:
    """Whether an order can only make the strategy's own position smaller, resting ones counted.

    This looks at all open orders of the strategy: the one check whose cost grows with them, paid
    only while somebody has ordered REDUCING.
    """
    message, existing = intent.message, intent.existing
    held = book.state.positions.get(intent.owner, {}).get(
        f"{intent.account}|{intent.venue}|{intent.message.symbol}"
    )
    position = held.qty if held else ZERO
    closable = -position if message.side is Side.BUY else position
    for order in book.open_orders(owner=intent.owner, venue=intent.venue):
        if (order.symbol, order.side) == (message.symbol, message.side) and order is not existing:
            closable -= order.leaves_qty
    return ZERO < message.order_qty - (existing.cum_qty if existing else ZERO) <= closable
