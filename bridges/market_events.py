"""What a venue says about its market: whole books to some depth, and trades of others."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from protocol.fields import Side


class Level(Struct, frozen=True):
    """One price of a book."""

    price: Decimal
    size: Decimal


class BookChanged(Struct, frozen=True, kw_only=True):
    """The book of a symbol to some depth, best level first.

    `gaps` counts how often something of this feed was lost since it began.
    """

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    transact_ns: int
    gaps: int = 0


class Traded(Struct, frozen=True, kw_only=True):
    """A trade of the market; `aggressor` is the side that took."""

    symbol: str
    price: Decimal
    size: Decimal
    aggressor: Side | None
    trade_id: str
    transact_ns: int
