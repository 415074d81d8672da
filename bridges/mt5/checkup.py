"""A check of what is believed of a terminal, on the real one: a few orders of minimal size.

Rules: an account for real money is refused unless the caller says so, and a symbol in which there
is anything already; what was placed is taken away again (`clean_up`). Every finding names what is
believed, what was seen, and whether that agrees; delays are findings, never failures. The package,
the clock and the waiting are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from statistics import median
from typing import Any

from msgspec import Struct

from bridges.errors import BridgeError
from bridges.mt5.constants import (
    Action,
    OrderState,
    OrderType,
    Retcode,
)
from bridges.mt5.records import SymbolRow, as_float, exact, read_symbol
from bridges.mt5.tables import filling_of, retcode_name
from protocol.fields import OrdType, TimeInForce
from protocol.order_id import OrderId, to_number

MS_NS = 1_000_000
DEMO = 0
"""ACCOUNT_TRADE_MODE_DEMO."""
BY_SERVER = frozenset((4, 5))
"""DEAL_REASON_SL and DEAL_REASON_TP."""
LIMIT_MS = 20_000
SOON_MS = 1_000
MINUTE_S = 60
POLL_MS = 5
AWAY = 50
"""A pending order stands so many thousandths below the market."""
COMMENT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ12345"
DONE = frozenset((Retcode.DONE, Retcode.PLACED, Retcode.DONE_PARTIAL))


class Verdict(Enum):
    """What a finding says of what is believed."""

    HOLDS = "holds"
    FAILS = "does not hold"
    SEEN = "seen"
    """A figure: nothing is claimed of it."""
    OPEN = "not checked"


class Finding(Struct, frozen=True):
    """One thing that is believed, and what was seen of it."""

    name: str
    believed: str
    seen: str
    verdict: Verdict


class Checkup:
    """One terminal, one symbol, one account."""

    def __init__(
        self, package: Any, symbol: str, *, now_ns: Callable[[], int],
        sleep_ms: Callable[[int], None], rounds: int = 10,
    ) -> None:  # fmt: skip
        self._mt5 = package
        self._name = symbol
        self._now_ns = now_ns
        self._sleep_ms = sleep_ms
        self._rounds = rounds
        self._magics = OrderId(1023, now_ns() // 1_000_000_000, 0)
        self._ours: set[int] = set()
        self._symbol: SymbolRow | None = None

    def run(self, *, real_money: bool = False, waits_for_stop_ms: int = 0) -> Iterator[Finding]:
        """Check one thing after the other; the caller cleans up, whatever happens.

        Raises BridgeError if nothing may be checked here.
        """
        yield from self._account(real_money=real_money)
        yield from self._clock()
        yield from self._pending()
        yield from self._delays()
        yield from self._market()
        yield from self._stop(waits_for_stop_ms)

    def clean_up(self) -> Finding:
        """Take away what is left of ours."""
        for row in self._mt5.orders_get(symbol=self._name) or ():
            if row.magic in self._ours:
                self._send({"action": Action.REMOVE, "order": row.ticket})
        for row in self._mt5.positions_get(symbol=self._name) or ():
            if row.magic in self._ours:
                kind = OrderType.SELL if row.type == 0 else OrderType.BUY
                self._deal(kind, self._next_magic(), row.ticket)
        rows = [
            row
            for get in (self._mt5.orders_get, self._mt5.positions_get)
            for row in get(symbol=self._name) or ()
            if row.magic in self._ours
        ]
        text = f"{len(rows)} of our orders and positions are left"
        return _judged("clean-up", "nothing of ours is left", text, not rows)

    # What is checked.

    def _account(self, *, real_money: bool) -> Iterator[Finding]:
        info, account = self._mt5.terminal_info(), self._mt5.account_info()
        if info is None or account is None:
            msg = f"the terminal does not answer: {self._mt5.last_error()}"
            raise BridgeError(msg)
        if account.trade_mode != DEMO and not real_money:
            msg = (
                f"account {account.login} at {account.server} is no demo account: use one, or say"
                " --real-money"
            )
            raise BridgeError(msg)
        self._mt5.symbol_select(self._name, True)  # noqa: FBT003 - the package's own signature
        row = self._mt5.symbol_info(self._name)
        if row is None:
            msg = f"{self._name} is not in the terminal: received {self._mt5.last_error()}"
            raise BridgeError(msg)
        if self._mt5.positions_get(symbol=self._name) or self._mt5.orders_get(symbol=self._name):
            msg = f"there are orders or a position in {self._name}: close them, or name another"
            raise BridgeError(msg)
        self._symbol = read_symbol(row)
        text = (
            f"build {info.build}, ping {info.ping_last / 1000:g} ms, account {account.login} at"
            f" {account.server}, margin mode {account.margin_mode}"
        )
        may = bool(info.connected and info.trade_allowed and account.trade_allowed)
        yield _judged("terminal", "it is connected, and programs may trade", text, may)

    def _clock(self) -> Iterator[Finding]:
        believed = "the server's clock is UTC plus whole quarters of an hour"
        first = self._mt5.symbol_info_tick(self._name)
        fresh, _ = self._until(
            lambda: self._newer(first.time_msc if first else 0), LIMIT_MS
        )
        if fresh is None:
            yield Finding("clock", believed, "no tick came", Verdict.OPEN)
            return
        raw_s = fresh.time_msc / 1000 - self._now_ns() / 1e9
        rest_s = raw_s - round(raw_s / 900) * 900
        text = f"a fresh tick is {raw_s:.3f} s from UTC, {rest_s:+.3f} s beside a quarter"
        yield _judged("clock", believed, text, abs(rest_s) < MINUTE_S)

    def _newer(self, than_msc: int) -> Any:
        tick = self._mt5.symbol_info_tick(self._name)
        return tick if tick is not None and tick.time_msc > than_msc else None

    def _pending(self) -> Iterator[Finding]:
        magic = self._next_magic()
        sent, _ = self._place(magic)
        if sent is None or sent.retcode not in DONE:
            yield Finding("pending order", "a far limit is taken", self._why(sent), Verdict.FAILS)
            return
        row, ms = self._until(lambda: self._open(sent.order), LIMIT_MS)
        text = "never seen" if row is None else f"seen after {ms:.0f} ms"
        soon = row is not None and ms < SOON_MS
        yield _judged("pending order", "it is in orders_get() within a second", text, soon)
        if row is None:
            return
        text = f"sent {magic}, read {row.magic}"
        yield _judged("magic", "all 63 bits come back", text, row.magic == magic)
        text = f"sent {len(COMMENT)} characters, read {row.comment!r}"
        yield Finding("comment", "it is a hint only: it may be cut", text, Verdict.SEEN)
        yield from self._modified(row, magic)
        yield from self._removed(row.ticket, magic)

    def _modified(self, row: Any, magic: int) -> Iterator[Finding]:
        symbol = self._rules
        price = as_float(exact(row.price_open) - 10 * symbol.tick_size)
        sent, _ = self._send({
            "action": Action.MODIFY, "order": row.ticket, "symbol": self._name, "price": price,
            "type_time": row.type_time, "expiration": row.time_expiration,
        })  # fmt: skip
        wanted = exact(price)
        now, _ = self._until(
            lambda: self._where(row.ticket, lambda one: exact(one.price_open) == wanted), LIMIT_MS
        )
        kept = now is not None and now.magic == magic
        text = f"{self._why(sent)}; " + ("the same ticket and magic" if kept else "not found so")
        yield _judged("modify", "a change keeps ticket and magic", text, kept)

    def _removed(self, ticket: int, magic: int) -> Iterator[Finding]:
        sent, _ = self._send({"action": Action.REMOVE, "order": ticket})
        gaps = 0
        start_ns, done = self._now_ns(), None
        while done is None and self._now_ns() - start_ns < LIMIT_MS * MS_NS:
            is_open = self._open(ticket) is not None
            done = self._ended(ticket)
            gaps += not is_open and done is None
            self._sleep_ms(POLL_MS)
        ms = (self._now_ns() - start_ns) / MS_NS
        good = done is not None and done.state == OrderState.CANCELED and done.magic == magic
        text = self._why(sent) + (f"; in the history after {ms:.0f} ms" if done else "; not there")
        yield _judged("remove", "it is in the history as cancelled, with its magic", text, good)
        text = f"{gaps} reads found it in neither list"
        believed = "an order is in the open orders or, asked after, in the history"
        yield _judged("lists", believed, text, gaps == 0)

    def _delays(self) -> Iterator[Finding]:
        placing, seeing, removing = [], [], []
        for _ in range(self._rounds):
            sent, ms = self._place(self._next_magic())
            if sent is None or sent.retcode not in DONE:
                break
            placing.append(ms)
            _, ms = self._until(partial(self._open, sent.order), LIMIT_MS)
            seeing.append(ms)
            _, ms = self._send({"action": Action.REMOVE, "order": sent.order})
            removing.append(ms)
        for name, found in (
            ("order_send (place)", placing), ("then until orders_get has it", seeing),
            ("order_send (remove)", removing),
        ):  # fmt: skip
            yield Finding(name, "a delay", _spread(found), Verdict.SEEN)

    def _market(self) -> Iterator[Finding]:
        magic = self._next_magic()
        sent, ms = self._deal(OrderType.BUY, magic, 0)
        if sent is None or sent.retcode not in DONE:
            yield Finding("market order", "it is filled", self._why(sent), Verdict.FAILS)
            return
        text = f"{self._why(sent)} after {ms:.0f} ms"
        yield _judged("market order", "it is filled", text, ok=True)
        deal, ms = self._until(lambda: self._deal_of(sent.order), LIMIT_MS)
        if deal is None:
            yield Finding("deal", "a fill is a deal", "none seen", Verdict.FAILS)
            return
        order = self._ended(deal.order)
        good = deal.magic == magic and order is not None and order.magic == magic
        text = f"in the history after {ms:.0f} ms; magic of deal {deal.magic}"
        yield _judged("deal", "deal, order and magic lead to each other", text, good)
        first = (deal.commission, deal.fee)
        self._sleep_ms(3_000)
        later = self._deal_of(sent.order) or deal
        text = f"at once {first}, 3 s later {(later.commission, later.fee)}"
        same = first == (later.commission, later.fee)
        yield _judged("commission", "it is final when the deal is there", text, same)
        position = self._position(sent.order)
        text = "found by the order's ticket" if position else "not found by it"
        yield _judged(
            "position", "its identifier is the ticket of the order that opened it", text,
            position is not None,
        )  # fmt: skip
        yield from self._closed(position)

    def _closed(self, position: Any) -> Iterator[Finding]:
        if position is None:
            return
        magic = self._next_magic()
        sent, _ = self._deal(OrderType.SELL, magic, position.ticket)
        gone, _ = self._until(
            lambda: not self._mt5.positions_get(ticket=position.ticket) or None, LIMIT_MS
        )
        deal, _ = self._until(lambda: self._deal_of(sent.order) if sent else None, LIMIT_MS)
        good = bool(gone) and deal is not None and deal.magic == magic
        text = f"{self._why(sent)}; entry {deal.entry if deal else None}"
        yield _judged("close", "a close is a deal of its own, with its own magic", text, good)

    def _stop(self, limit_ms: int) -> Iterator[Finding]:
        name = "stop-loss"
        believed = "a closing by the server says so in its reason, whatever its magic"
        if not limit_ms:
            text = "ask for it: --wait-for-stop 300"
            yield Finding(name, believed, text, Verdict.OPEN)
            return
        magic, symbol = self._next_magic(), self._rules
        tick = self._mt5.symbol_info_tick(self._name)
        away = max(symbol.stops_level + 2, 5) * symbol.point
        sent, _ = self._deal(
            OrderType.BUY, magic, 0, sl=as_float(exact(tick.bid) - away),
            tp=as_float(exact(tick.ask) + away),
        )  # fmt: skip
        position = self._position(sent.order) if sent is not None else None
        if position is None:
            yield Finding(name, believed, self._why(sent), Verdict.OPEN)
            return
        deal, ms = self._until(lambda: self._closing(position.identifier), limit_ms)
        if deal is None:
            yield Finding(name, believed, f"not hit within {limit_ms / 1000:g} s", Verdict.OPEN)
            return
        same = "its own" if deal.magic == magic else f"{deal.magic}, not its own"
        text = f"after {ms / 1000:.0f} s: reason {deal.reason}, the magic is {same}"
        yield _judged(name, believed, text, deal.reason in BY_SERVER)

    # The terminal.

    @property
    def _rules(self) -> SymbolRow:
        assert self._symbol is not None, "the account is read first"
        return self._symbol

    def _next_magic(self) -> int:
        self._magics = self._magics.next()
        number = to_number(self._magics.text())
        self._ours.add(number)
        return number

    def _place(self, magic: int) -> tuple[Any, float]:
        symbol = self._rules
        tick = self._mt5.symbol_info_tick(self._name)
        steps = exact(tick.bid) * (1000 - AWAY) / 1000 // symbol.tick_size
        return self._send({
            "action": Action.PENDING, "symbol": self._name, "type": OrderType.BUY_LIMIT,
            "volume": as_float(symbol.volume_min), "price": as_float(steps * symbol.tick_size),
            "magic": magic, "comment": COMMENT, "type_filling": self._filling(OrdType.LIMIT),
        })  # fmt: skip

    def _deal(
        self, kind: OrderType, magic: int, position: int, **levels: float
    ) -> tuple[Any, float]:
        tick = self._mt5.symbol_info_tick(self._name)
        request = {
            "action": Action.DEAL, "symbol": self._name, "type": kind,
            "volume": as_float(self._rules.volume_min), "magic": magic,
            "price": tick.ask if kind is OrderType.BUY else tick.bid, "deviation": 50,
            "type_filling": self._filling(OrdType.MARKET), **levels,
        }  # fmt: skip
        return self._send(request | ({"position": position} if position else {}))

    def _filling(self, kind: OrdType) -> int:
        symbol, force = self._rules, TimeInForce.GOOD_TILL_CANCEL
        found = filling_of(symbol.execution, symbol.filling, kind, force, post_only=False)
        return int(found or 0)

    def _send(self, request: dict[str, Any]) -> tuple[Any, float]:
        start_ns = self._now_ns()
        sent = self._mt5.order_send(request)
        return sent, (self._now_ns() - start_ns) / MS_NS

    def _why(self, sent: Any) -> str:
        if sent is None:
            return f"no result: {self._mt5.last_error()}"
        return retcode_name(sent.retcode)

    def _open(self, ticket: int) -> Any:
        return next(iter(self._mt5.orders_get(ticket=ticket) or ()), None)

    def _where(self, ticket: int, is_so: Callable[[Any], bool]) -> Any:
        row = self._open(ticket)
        return row if row is not None and is_so(row) else None

    def _ended(self, ticket: int) -> Any:
        return next(iter(self._mt5.history_orders_get(ticket=ticket) or ()), None)

    def _deal_of(self, ticket: int) -> Any:
        return next(iter(self._mt5.history_deals_get(ticket=ticket) or ()), None)

    def _position(self, identifier: int) -> Any:
        rows = self._mt5.positions_get(symbol=self._name) or ()
        return next((one for one in rows if one.identifier == identifier), None)

    def _closing(self, identifier: int) -> Any:
        rows = self._mt5.history_deals_get(position=identifier) or ()
        return next((one for one in rows if one.entry != 0), None)

    def _until(self, found: Callable[[], Any], limit_ms: int) -> tuple[Any, float]:
        """Wait until something is there; return it, or None, and how long that took in ms."""
        start_ns = self._now_ns()
        while True:
            seen = found()
            ms = (self._now_ns() - start_ns) / MS_NS
            if seen is not None or ms > limit_ms:
                return seen, ms
            self._sleep_ms(POLL_MS)


def _judged(name: str, believed: str, seen: str, ok: bool) -> Finding:  # noqa: FBT001 - said last
    return Finding(name, believed, seen, Verdict.HOLDS if ok else Verdict.FAILS)


def _spread(found: list[float]) -> str:
    if not found:
        return "none"
    return f"{min(found):.1f} / {median(found):.1f} / {max(found):.1f} ms (least, median, most)"
