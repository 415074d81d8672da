"""What the one worker does with the terminal: each job is a few calls of the package, and a result.

The package is an argument, so that a test's terminal does as well. Rules:

- a read is clean only if the terminal was connected to the server before it and after it, the
  account is ours, and no call failed; an empty list together with an error of last_error() is a
  failed call
- orders are read before the history and the history before the deals, so that nothing that moves
  from one to the next is missed; positions are read first and last, and have to be the same
- before an order is sent: login and server are ours, the magic is nowhere to be found, the quote
  and the rules of this moment allow it, order_check agrees
- order_send() is called once, whatever comes of it

Source: https://www.mql5.com/en/docs/python_metatrader5.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct

from bridges.mt5.constants import COPY_TICKS_ALL, RES_S_OK, Action, Retcode
from bridges.mt5.margin import margin_rate
from bridges.mt5.records import (
    AccountRow,
    BookRow,
    DealRow,
    OrderRow,
    PositionRow,
    Quote,
    SymbolRow,
    TickRow,
    read_account,
    read_book,
    read_deal,
    read_order,
    read_position,
    read_quote,
    read_symbol,
    read_ticks,
)
from bridges.mt5.requests import TradeRequest, priced
from bridges.mt5.tables import reject_reason, retcode_name
from bridges.mt5.units import Refusal
from protocol.fields import OrdRejReason

T = TypeVar("T")
STEADY_TRIES = 3
IPC_ERRORS = range(-10_005, -9_999)
"""last_error() of a terminal that is not there any more."""


class Login(Struct, frozen=True, kw_only=True):
    """Which terminal, and whose account: asserted before everything that trades."""

    login: int
    server: str
    path: str = ""
    password: str = ""
    portable: bool = False
    timeout_ms: int = 60_000

    def __repr__(self) -> str:
        return f"Login({self.login} at {self.server})"


class Attach(Struct, frozen=True):
    """Connect to the terminal anew, and read what does not change."""

    symbols: tuple[str, ...]
    urgent: bool = True


class Attached(Struct, frozen=True, kw_only=True):
    """What came of an Attach; `problem` is empty if all of it was read."""

    symbols: tuple[SymbolRow, ...] = ()
    margin_rates: dict[str, Decimal] = {}
    """The part of its worth that a position blocks, by symbol, where that could be asked."""
    account: AccountRow | None = None
    problem: str = ""
    wrong_account: bool = False


class Read(Struct, frozen=True):
    """Read the account; the history between two moments of the server's wall clock, in seconds."""

    since_s: int
    until_s: int
    symbols: tuple[str, ...] = ()
    """Whose rules are to be read too."""
    urgent: bool = False


class Snapshot(Struct, frozen=True, kw_only=True):
    """The account as one Read found it. Without `clean` nothing follows from what is missing."""

    why: str = ""
    """Why it is not clean; empty if it is."""
    since_s: int = 0
    """From when on it has the history, by the server's wall clock."""
    is_lost: bool = False
    """Whether the terminal itself does not answer."""
    is_cut: bool = False
    """Whether it has no connection to our server, or another account."""
    may_trade: bool = False
    account: AccountRow | None = None
    orders: tuple[OrderRow, ...] = ()
    done: tuple[OrderRow, ...] = ()
    deals: tuple[DealRow, ...] = ()
    positions: tuple[PositionRow, ...] = ()
    symbols: tuple[SymbolRow, ...] = ()
    steady: bool = False
    """Whether positions and deals are of one moment."""

    @property
    def clean(self) -> bool:
        """Whether what is not here is not there."""
        return not self.why


class Send(Struct, frozen=True):
    """Send a trade request, if everything allows it at that moment.

    `rules` are those that it was made by, if by any; it is not sent when others hold that would
    make another request.
    """

    request: TradeRequest
    since_s: int
    until_s: int
    not_after_ns: int
    """Our clock's time after which it is too old to be sent."""
    rules: SymbolRow | None = None
    urgent: bool = True


class Sent(Struct, frozen=True, kw_only=True):
    """What came of a Send. Without `refusal` and `rules` order_send() was called, once.

    `retcode` 0 is a result that never came; `exists`: the magic was found, and nothing was sent;
    `rules`: it was made by others than these, which hold now.
    """

    refusal: Refusal | None = None
    rules: SymbolRow | None = None
    exists: bool = False
    retcode: int = 0
    order: int = 0
    text: str = ""


class Look(Struct, frozen=True):
    """Read quotes, and ticks from a ms of the server; `asks_again` for books that were refused."""

    since: tuple[tuple[str, int], ...]
    books: tuple[str, ...] = ()
    asks_again: bool = False
    urgent: bool = False


class Seen(Struct, frozen=True, kw_only=True):
    """Quotes, ticks and books by symbol; what could not be read is not there."""

    quotes: dict[str, Quote] = {}
    ticks: dict[str, tuple[TickRow, ...]] = {}
    books: dict[str, tuple[BookRow, ...]] = {}


Job = Attach | Read | Send | Look
Result = Attached | Snapshot | Sent | Seen


class CallFailed(Exception):  # noqa: N818 - it says what happened
    """A call of the package failed; the code is last_error()'s."""

    def __init__(self, call: str, code: int, text: str) -> None:
        super().__init__(f"{call}: {code} {text}")
        self.code = code


def run(package: Any, login: Login, job: Job, now_ns: int) -> Result:
    """Do one job. Raises nothing that the package may say, only what it may not."""
    match job:
        case Attach():
            return attach(package, login, job)
        case Read():
            return read(package, login, job)
        case Send():
            if now_ns > job.not_after_ns:
                return _unsent("NOT_SENT: it waited too long for the terminal")
            return send(package, login, job)
        case Look():
            return look(package, job)


def _last_error(package: Any) -> tuple[int, str]:
    found = package.last_error()
    return int(found[0]), str(found[1])


def _one(package: Any, name: str, *args: Any) -> Any:
    """Make a call that gives one thing. Raises CallFailed."""
    found = getattr(package, name)(*args)
    if found is None:
        raise CallFailed(name, *_last_error(package))
    return found


def _rows(package: Any, name: str, reader: Callable[[Any], T], *args: Any) -> tuple[T, ...]:
    """Make a call that gives a list. Raises CallFailed, also for an empty list with an error."""
    found = _one(package, name, *args)
    if not len(found):
        code, text = _last_error(package)
        if code != RES_S_OK:
            raise CallFailed(name, code, text)
    return tuple(reader(row) for row in found)


def attach(package: Any, login: Login, job: Attach) -> Attached:
    """Connect to the terminal, assert the account, select the symbols."""
    package.shutdown()
    wanted: dict[str, Any] = {"timeout": login.timeout_ms, "portable": login.portable}
    if login.password:
        wanted |= {"login": login.login, "password": login.password, "server": login.server}
    path = (login.path,) if login.path else ()
    try:
        if not package.initialize(*path, **wanted):
            return Attached(problem=f"initialize: {_last_error(package)}")
        account = read_account(_one(package, "account_info"))
        wrong = wrong_account(account, login)
        if wrong:
            return Attached(problem=wrong, wrong_account=True)
        symbols = tuple(_select(package, name, account.currency) for name in job.symbols)
        wrong = next((one.problem for one in symbols if one.problem), "")
        if wrong:
            return Attached(problem=wrong)
        rates = {one.name: rate for one in symbols if (rate := margin_rate(package, one))}
    except CallFailed as problem:
        return Attached(problem=str(problem))
    return Attached(symbols=symbols, margin_rates=rates, account=account)


def _select(package: Any, name: str, currency: str) -> SymbolRow:
    """Let a symbol be watched, and its book where it has one. Raises CallFailed."""
    if not package.symbol_select(name, True):  # noqa: FBT003 - the package's own
        call = f"symbol_select({name})"
        raise CallFailed(call, *_last_error(package))
    found = read_symbol(_one(package, "symbol_info", name), currency)
    if found.book_depth:
        package.market_book_add(name)
    return found


def wrong_account(account: AccountRow, login: Login) -> str:
    """Say why an account is not the one of the config; nothing if it is."""
    if (account.login, account.server) == (login.login, login.server):
        return ""
    return (
        f"WRONG_ACCOUNT: the terminal is logged in as {account.login} at {account.server!r},"
        f" expected {login.login} at {login.server!r}"
    )


def read(package: Any, login: Login, job: Read) -> Snapshot:
    """Read orders, history, deals and positions, and say whether all of it can be relied on."""
    try:
        account, may_trade = _standing(package, login)
        for _ in range(STEADY_TRIES):
            before = _rows(package, "positions_get", read_position)
            orders = _rows(package, "orders_get", read_order)
            when = (job.since_s, job.until_s)
            done = _rows(package, "history_orders_get", read_order, *when)
            deals = _rows(package, "history_deals_get", read_deal, *when)
            after = _rows(package, "positions_get", read_position)
            if before == after:
                break
        symbols = tuple(
            read_symbol(_one(package, "symbol_info", name), account.currency)
            for name in job.symbols
        )
        _standing(package, login)
    except CallFailed as problem:
        return Snapshot(why=str(problem), is_lost=problem.code in IPC_ERRORS)
    except NotConnected as problem:
        return Snapshot(why=str(problem), is_cut=True)
    return Snapshot(
        since_s=job.since_s, may_trade=may_trade, account=account, orders=orders, done=done,
        deals=deals, positions=after, steady=before == after, symbols=symbols,
    )  # fmt: skip


class NotConnected(Exception):  # noqa: N818 - it says what is so
    """The terminal answers, but not for our account at our server."""


def _standing(package: Any, login: Login) -> tuple[AccountRow, bool]:
    """Read who is logged in, and whether a program may trade. Raises CallFailed, NotConnected."""
    terminal = _one(package, "terminal_info")
    if not terminal.connected:
        msg = "NOT_CONNECTED: the terminal is not connected to the trade server"
        raise NotConnected(msg)
    account = read_account(_one(package, "account_info"))
    wrong = wrong_account(account, login)
    if wrong:
        raise NotConnected(wrong)
    allows = bool(terminal.trade_allowed) and not terminal.tradeapi_disabled
    return account, allows and account.may_trade


def send(package: Any, login: Login, job: Send) -> Sent:
    """Send one trade request after every check that can be made here."""
    try:
        words = _prepare(package, login, job)
    except (CallFailed, NotConnected) as problem:
        return _unsent(f"NOT_SENT: {problem}")
    if isinstance(words, Sent):
        return words
    result = package.order_send(words)
    if result is None:
        code, text = _last_error(package)
        return Sent(text=f"order_send: {code} {text}")
    text = f"{retcode_name(result.retcode)}: {result.comment}"
    return Sent(retcode=int(result.retcode), order=int(result.order), text=text)


def _prepare(package: Any, login: Login, job: Send) -> dict[str, Any] | Sent:
    """Check everything that a request depends on. Raises CallFailed, NotConnected."""
    request = job.request
    places = request.action in {Action.DEAL, Action.PENDING, Action.CLOSE_BY}
    account, may_trade = _standing(package, login)
    if not may_trade:
        return _unsent("TRADE_NOT_ALLOWED: the terminal or the account lets no program trade")
    if places and _exists(package, job):
        return Sent(exists=True)
    row = _one(package, "symbol_info", request.symbol)
    symbol = read_symbol(row, account.currency).after(job.rules)
    if job.rules is not None and not symbol.makes_as(job.rules):
        return Sent(rules=symbol)
    finished = priced(
        request, symbol, read_quote(_one(package, "symbol_info_tick", request.symbol))
    )
    if isinstance(finished, Refusal):
        return Sent(refusal=finished)
    words = finished.as_dict()
    if places and request.action is not Action.CLOSE_BY:  # which needs no margin
        checked = _one(package, "order_check", words)
        if checked.retcode not in {0, Retcode.DONE, Retcode.PLACED}:
            text = f"{retcode_name(checked.retcode)}: {checked.comment} (order_check)"
            return Sent(refusal=Refusal(reject_reason(checked.retcode), text))
    return words


def _unsent(text: str) -> Sent:
    return Sent(refusal=Refusal(OrdRejReason.EXCHANGE_CLOSED, text))


def _exists(package: Any, job: Send) -> bool:
    """Say whether the magic of a request is anywhere already. Raises CallFailed."""
    when = (job.since_s, job.until_s)
    places: tuple[tuple[Any, ...], ...] = (
        ("orders_get",), ("history_orders_get", *when), ("history_deals_get", *when),
        ("positions_get",),
    )  # fmt: skip
    return any(
        job.request.magic in _rows(package, name, lambda row: int(row.magic), *args)
        for name, *args in places
    )


def look(package: Any, job: Look) -> Seen:
    """Read quotes; the ticks since the last time where there is something new; and books."""
    quotes: dict[str, Quote] = {}
    ticks: dict[str, tuple[TickRow, ...]] = {}
    for name, since_msc in job.since:
        if (row := package.symbol_info_tick(name)) is None:
            continue
        quotes[name] = read_quote(row)
        if since_msc and quotes[name].msc > since_msc:
            span_s = (since_msc // 1000, quotes[name].msc // 1000 + 1)
            rows = package.copy_ticks_range(name, *span_s, COPY_TICKS_ALL)
            if rows is not None:
                ticks[name] = read_ticks(rows)
    books: dict[str, tuple[BookRow, ...]] = {}
    for name in job.books:
        if (found := package.market_book_get(name)) is not None:
            books[name] = read_book(found)
        elif job.asks_again:
            package.market_book_add(name)
    return Seen(quotes=quotes, ticks=ticks, books=books)
