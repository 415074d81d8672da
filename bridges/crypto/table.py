"""What every exchange's translation table can do. Pure: it makes calls and reads what came back.

A reader raises KeyError, ValueError or TypeError for what it does not understand; the core takes
that as an answer that proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bridges.crypto.effects import Call, Response, SendStream
from bridges.crypto.views import (
    Access,
    BookView,
    OrderView,
    StreamItem,
    TradeView,
    Verdict,
)
from bridges.port import (
    Balance,
    Capabilities,
    Instrument,
    LedgerEntry,
    OrderRequest,
    Position,
)


class Table(Protocol):
    """One kind of market of one exchange."""

    name: str
    amends_in_place: bool
    """Whether a replace changes the order itself, which keeps the id it has there."""

    @property
    def native(self) -> Mapping[str, str]:
        """Our symbols, and the exchange's."""

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Add the moment to a signed call."""

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the old order, and of the new."""

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""

    def back_off_ms(self, response: Response) -> int | None:
        """Read how long the exchange wants to be left alone."""

    def was_restricted(self, response: Response) -> bool:
        """Whether a replace was not done because something was filled."""

    def time(self) -> Call:
        """Ask for the exchange's clock."""

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""

    def access(self) -> Call:
        """Ask what the API key may do."""

    def read_access(self, body: Any) -> Access:
        """Read that."""

    def objection(self, body: Any) -> str:
        """Say why the account's mode will not do, or nothing."""

    def mode(self) -> Call | None:
        """Ask for the account's mode, where it has some."""

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order."""

    def cancel(self, symbol: str, client_id: str, request_id: str) -> Call:
        """Cancel an order by our id."""

    def cancel_all(self, symbol: str) -> Call:
        """Cancel whatever rests in a symbol."""

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Replace an order, or change it."""

    def read_replace(self, body: Any) -> OrderView:
        """Read the new order of a replace."""

    def look_up(self, symbol: str, client_id: str) -> Call:
        """Ask for an order by our id."""

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests."""

    def orders_from(self, symbol: str, order_id: str) -> Call:
        """Ask for orders from an exchange's id on."""

    def read_order(self, row: Any) -> OrderView:
        """Read an order in an answer."""

    def trades_of(self, symbol: str, order_id: str) -> Call:
        """Ask for the trades of one order."""

    def trades_from(self, symbol: str, since_ms: int) -> Call:
        """Ask for trades from a moment on."""

    def trades_after(self, symbol: str, last: TradeView) -> Call:
        """Ask for the next page."""

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours."""

    def is_whole_page(self, count: int) -> bool:
        """Whether more may follow."""

    def account(self) -> Call:
        """Ask for balances."""

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read them."""

    def positions(self) -> Call:
        """Ask for positions."""

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""

    def ledger(self, since_ms: int) -> Call | None:
        """Ask for what moved money without a trade."""

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:
        """Read it."""

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments, with all that belongs to them."""

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read them."""

    def user_key(self) -> Call | None:
        """Ask for what the user stream's address carries."""

    def read_user_key(self, body: Any) -> str:
        """Read it."""

    def keep_user_key(self, key: str) -> Call | None:
        """Keep it alive."""

    def user_words(self, stream: str, at_ms: int) -> SendStream | None:
        """Log on to the user stream."""

    def is_user_ready(self, message: Any) -> bool:
        """Whether the logon was taken."""

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the user stream."""

    def market_words(self, symbols: Sequence[str]) -> dict[str, Any]:
        """Subscribe to books and trades."""

    def is_market_ready(self, message: Any) -> bool:
        """Whether the subscription was taken."""

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream."""

    def depth(self, symbol: str) -> Call:
        """Ask for a book."""

    def read_depth(self, body: Any) -> BookView:
        """Read it."""
