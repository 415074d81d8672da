"""ACTIVE, REDUCING, HALTED for a scope. Cancels pass in each.

Scopes are text: `all`, `strategy:MM`, `venue:PAPER`, `account:A1`, `symbol:EURUSD`. The strictest
state of all scopes that an order touches binds it. A scope may be halted for several causes at once
(a person, and each breaker); it is free when none of them is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.oms.book import Book
from gateway.oms.state import Halt, Order
from protocol.fields import TradingState

if TYPE_CHECKING:
    from gateway.risk.facts import Facts, Intent

KINDS = ("strategy", "venue", "account", "symbol")
GROUP = "group"
"""A group is halted by its own loss limit, and resumed; what else is done, is done by symbol."""


class UnknownScope(ValueError):  # noqa: N818 - it reads as what it says
    """A scope that nobody can mean."""


def parse_scope(text: str, *, groups: bool = False) -> list[str]:
    """Split `kind:name kind:name` into its terms. Raises UnknownScope with what was expected."""
    kinds = (*KINDS, GROUP) if groups else KINDS
    terms = text.split()
    if terms == ["all"]:
        return ["all"]
    for term in terms:
        kind, sign, name = term.partition(":")
        if not sign or kind not in kinds or not name:
            msg = (
                f"received the scope {text[:80]!r}, expected `all` or terms such as"
                " strategy:MM venue:PAPER account:A1 symbol:EURUSD"
            )
            raise UnknownScope(msg)
    if not terms:
        msg = "received an empty scope, expected `all` or terms such as strategy:MM"
        raise UnknownScope(msg)
    return terms


Groups = Mapping[str, frozenset[str]]
"""The symbols of each group of the config."""
NO_GROUPS: Groups = {}


def covers(scope: list[str], order: Order, groups: Groups = NO_GROUPS) -> bool:
    """Whether an order lies in a scope: in all of its terms."""
    where = (order.owner, order.account, order.venue, order.symbol)
    return names_of(*where, groups).issuperset(scope)


def names_of(
    owner: str, account: str, venue: str, symbol: str, groups: Groups = NO_GROUPS
) -> set[str]:
    """Name every term that a place in the house lies in."""
    return {
        f"strategy:{owner}", f"venue:{venue}", f"account:{account}", f"symbol:{symbol}", "all",
        *(f"group:{name}" for name, symbols in groups.items() if symbol in symbols),
    }  # fmt: skip


def effective_state(facts: Facts, intent: Intent) -> tuple[str, Halt | None]:
    """Return the strictest halt that binds an intent, with its scope; None when it is free."""
    book = facts.book
    if not book.state.halts:
        return "", None
    names = frozenset(intent.binding(facts).scopes)
    found: tuple[str, Halt | None] = ("", None)
    for scope, halts in book.state.halts.items():
        if not _terms(scope) <= names:
            continue
        for halt in halts.values():
            if found[1] is None or halt.state is TradingState.HALTED:
                found = (scope, halt)
    return found


@lru_cache(maxsize=4096)
def _terms(scope: str) -> frozenset[str]:
    return frozenset(scope.split())


def standing(book: Book, scope: str, cause: str) -> bool:
    """Whether a halt of this cause stands on exactly this scope."""
    return cause in book.state.halts.get(scope, ())
