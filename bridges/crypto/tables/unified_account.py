"""Money, instruments and books of an exchange of which only ccxt's unified interface is known.

Rules: there is no stream, so all that is about streams says nothing (see unified.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.holdings import spot_positions
from bridges.crypto.numbers import levels, number
from bridges.crypto.table import Levels
from bridges.crypto.views import BookNews, BookView, Greeting, StreamItem
from bridges.instrument import Instrument
from bridges.port import Balance, LedgerEntry, Position
from protocol.numbers import plain


class UnifiedAccount:
    """The part of the table that is about no order."""

    native: Mapping[str, str]
    ours: Mapping[str, str]

    # Money and rules.

    def account(self) -> Call:
        """Ask for balances."""
        return Call("fetch_balance", args=())

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read them."""
        free = body["free"]
        return tuple(
            Balance(currency=name, total=number(total), free=number(free[name] or 0))
            for name, total in body["total"].items()
            if total is not None and number(total)
        )  # fmt: skip

    def positions(self) -> Call:
        """Ask for positions: on a spot account, what is held of each base currency."""
        return self.account()

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""
        return spot_positions(self.read_balances(body), rules)

    def ledger(self, since_ms: int) -> Call | None:  # noqa: ARG002 - no common word for it
        """Ask for nothing."""
        return None

    def more_ledger(self, call: Call, body: Any) -> Call | None:  # noqa: ARG002 - as above
        """Ask for nothing more."""
        return None

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:  # noqa: ARG002 - as above
        """Read nothing."""
        return ()

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments."""
        return (Call("load_markets", args=(True,)),)

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        (markets,) = bodies
        return tuple(
            self._instrument(symbol, markets[native])
            for native, symbol in self.ours.items()
            if native in markets and markets[native].get("active") is not False
        )

    def _instrument(self, symbol: str, row: Any) -> Instrument:
        if not row["spot"]:
            msg = f"{symbol} is no spot market"
            raise ValueError(msg)
        limits, steps = row["limits"], row["precision"]
        step = number(steps["amount"])
        return Instrument(
            symbol=symbol, base=row["base"], currency=row["quote"],
            price_tick=plain(number(steps["price"])), qty_step=plain(step),
            min_qty=number(limits["amount"].get("min") or step),
            max_qty=number(limits["amount"].get("max") or 1_000_000_000),
            min_notional=number(limits["cost"].get("min") or 0),
            max_notional=number(limits["cost"].get("max") or 0),
            maker_fee=number(row.get("maker") or 0), taker_fee=number(row.get("taker") or 0),
        )  # fmt: skip

    # Streams: none.

    def user_key(self) -> Call | None:
        """Ask for nothing."""
        return None

    def read_user_key(self, body: Any) -> str:  # noqa: ARG002 - as above
        """Read nothing."""
        return ""

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - as above
        """Keep nothing."""
        return None

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - no stream
        """Say nothing."""
        return Greeting()

    def read_user(self, message: Any) -> list[StreamItem]:  # noqa: ARG002 - no stream
        """Read nothing."""
        return []

    def market_words(
        self, symbols: Sequence[str]  # noqa: ARG002 - no stream
    ) -> tuple[dict[str, Any], ...]:
        """Say nothing."""
        return ()

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:  # noqa: ARG002 - no stream
        """Say nothing."""
        return ()

    def is_market_ready(self, message: Any) -> bool:  # noqa: ARG002 - no stream
        """Say no."""
        return False

    def read_market(self, message: Any) -> list[StreamItem]:  # noqa: ARG002 - no stream
        """Read nothing."""
        return []

    def depth(self, symbol: str) -> Call | None:
        """Ask for a book."""
        return Call("fetch_order_book", args=(self.native[symbol], 20))

    def read_depth(self, body: Any) -> BookView:
        """Read it; it is not numbered."""
        return BookView(last=0, bids=levels(body["bids"]), asks=levels(body["asks"]))

    def is_book_sound(
        self, news: BookNews, bids: Levels, asks: Levels  # noqa: ARG002 - no checksums
    ) -> bool:
        """Say yes: there are no checksums."""
        return True
