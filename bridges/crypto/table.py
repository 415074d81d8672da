"""What every exchange's translation table can do. Pure: it makes calls and reads what came back.

Rules: a reader raises KeyError, ValueError, TypeError or IndexError for what it does not
understand; the core takes that as an answer that proves nothing. An exchange that only acknowledges
requests has a `read_order` that raises on such an answer: what became of the order is heard on the
stream or looked up. A `more_…` is given a call and its answer and returns the call for the next
page, or None after the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import Call, Response
from bridges.crypto.views import (
    Access,
    BookNews,
    BookView,
    Greeting,
    OrderView,
    StreamItem,
    TradeView,
    Verdict,
)
from bridges.instrument import Instrument
from bridges.market_events import Level
from bridges.port import (
    Balance,
    Capabilities,
    LedgerEntry,
    OrderRequest,
    Position,
)

Levels = Sequence[Level]


class Table(Protocol):
    """One kind of market of one exchange."""

    name: str
    wire_words: ClassVar[Mapping[str, str]]
    """What the exchange calls things, for the document (documented.WORDS); what is absent is no."""
    amends_in_place: bool
    """Whether a replace changes the order itself, which keeps the id it has there."""
    amends_stops: bool
    """Whether that is so for a stop that was not triggered, too; otherwise it is made anew."""
    tells_trades_apart: bool
    """Whether the user stream tells trades apart from their orders."""
    stop_doubt_ms: int
    """So much later than another order may a stop that was sent still arrive; 0 is no later."""
    audit_ms: int
    """How often what rests is compared with the exchange's own list."""
    poll_ms: int
    """How often orders, trades and books are asked for where there is no stream; 0 if there is."""
    limits: tuple[Limit, ...]
    """The exchange's stated limits, that of all calls first."""
    trades_window_ms: int
    """The longest time that one question for trades may span; 0 is any."""
    trades_reach_ms: int
    """How far back trades are kept there; 0 is for ever."""

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        """Make a table for some symbols: ours, and the exchange's."""

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return the exchange's name of a symbol that is written in ours or in its own."""

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

    def cost(self, call: Call) -> Cost:
        """Say what a call takes of the limits."""

    def used(self, response: Response) -> int | None:
        """Read what the exchange has counted on the first limit, where it says so."""

    def is_ban(self, response: Response) -> bool:
        """Whether the exchange will hear nobody from here for `back_off_ms`, cancels included."""

    def is_clock_off(self, response: Response) -> bool:
        """Whether a request was not executed since its time was wrong."""

    def was_restricted(self, response: Response) -> bool:
        """Whether a replace was not done because something was filled."""

    def time(self) -> Call:
        """Ask for the exchange's clock."""

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""

    def access(self) -> Call | None:
        """Ask what the API key may do; None where the exchange does not tell."""

    def read_access(self, body: Any) -> Access:
        """Read that."""

    def objection(self, body: Any) -> str:
        """Say why the account's mode will not do, or nothing."""

    def mode(self) -> Call | None:
        """Ask for the account's mode, where it has some."""

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order."""

    def cancel(self, symbol: str, client_id: str, request_id: str, *, waits: bool) -> Call:
        """Cancel an order by our id; one that `waits` is a stop that was not triggered."""

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:
        """Cancel whatever rests in a symbol; nothing where that cannot be said at once."""

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:
        """Let the exchange cancel everything by itself unless this is said again in time."""

    def replace(self, order: OrderRequest, client_id: str) -> Call | None:
        """Replace an order, or change it; None where that takes a cancel and a new order."""

    def read_replace(self, body: Any) -> OrderView:
        """Read the new order of a replace."""

    def look_up(self, symbol: str, client_id: str, *, stop: bool) -> tuple[Call, ...]:
        """Ask for an order by our id, in the order in which orders move from place to place.

        `stop` is False if it is known that it is none.
        """

    def read_found(self, body: Any, client_id: str) -> OrderView | Call | None:
        """Read the order in the answer to one of these.

        None if it says that there is none; a Call if it says where else to ask.
        """

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests."""

    def orders_of(self, symbol: str, order_ids: Sequence[str]) -> tuple[Call, ...]:
        """Ask for orders by the exchange's ids, or for at least one of them."""

    def more_orders(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read the orders of our symbols in an answer."""

    def read_order(self, body: Any) -> OrderView:
        """Read the order in the answer to a new order, a cancel or a change."""

    def trades_of(self, symbol: str, order_id: str, since_ms: int) -> Call:
        """Ask for the trades of one order, which was placed at some moment or later."""

    def trades_from(self, symbol: str, since_ms: int, until_ms: int) -> Call:
        """Ask for trades of a time; an exchange without a window may answer beyond it."""

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours."""

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

    def more_ledger(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""

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

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:
        """Log on to the user stream: with None when it is up, then with each message."""

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the user stream."""

    def market_words(self, symbols: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """Subscribe to books and trades."""

    def market_again(self, symbol: str) -> tuple[dict[str, Any], ...]:
        """Subscribe to a book anew, where its snapshot comes on the stream."""

    def is_market_ready(self, message: Any) -> bool:
        """Whether the subscription was taken."""

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream."""

    def depth(self, symbol: str) -> Call | None:
        """Ask for a book; None where the stream brings it."""

    def read_depth(self, body: Any) -> BookView:
        """Read it."""

    def is_book_sound(self, news: BookNews, bids: Levels, asks: Levels) -> bool:
        """Whether a book after a change is what the exchange says it is (a checksum)."""
