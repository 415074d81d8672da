"""Words that an exchange's documentation does not have: one reading of them for all tables.

Rules: exchanges add states and types without notice, and one of them is no reason to hear nothing
at all. An unknown state is open: no order is told as ended without proof. An unknown type is what
the order's prices make it. Each such word is said once. A row that cannot be read at all makes its
list unreadable, since what it is may be ours; the error shows the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from loguru import logger

from bridges.crypto.reading import UNREADABLE
from protocol.fields import OrdStatus, OrdType

MOST = 1_000
SHOWN = 300
"""So much of a row is shown."""
BY_PRICES = {
    (True, False): OrdType.LIMIT, (False, False): OrdType.MARKET,
    (True, True): OrdType.STOP_LIMIT, (False, True): OrdType.STOP,
}  # fmt: skip

R = TypeVar("R")


def status_of(words: Mapping[str, OrdStatus], said: str, exchange: str) -> OrdStatus:
    """Read the state of an order; one that nobody has documented is open."""
    known = words.get(said)
    if known is None:
        _say(exchange, "state", said, "open")
    return known or OrdStatus.NEW


def type_of(
    words: Mapping[str, OrdType], said: str, exchange: str,
    *, price: Decimal | None, stop_px: Decimal | None = None,
) -> OrdType:  # fmt: skip
    """Read the type of an order; one that nobody has documented is as its prices are."""
    known = words.get(said)
    if known is None:
        known = BY_PRICES[price is not None, stop_px is not None]
        _say(exchange, "type", said, known.name)
    return known


@lru_cache(MOST)
def _say(exchange: str, what: str, said: str, taken: str) -> None:
    """Warn of a word, once."""
    logger.warning("{} says {!r} as the {} of an order: taken as {}", exchange, said, what, taken)


def read_rows(read: Callable[[Any], R], rows: Iterable[Any]) -> list[R]:
    """Read each row of a list. Raises ValueError that shows the first that cannot be read."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except UNREADABLE as problem:
            msg = f"{problem!r} in {row!r}"
            raise ValueError(msg[:SHOWN]) from problem
    return found
