"""What a person orders: look, cancel, halt, reduce, resume. Journaled with who and why."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.intake import Desk as Intake
from gateway.oms.market import Market
from gateway.oms.orders import status_of
from gateway.oms.paging import fitting, page
from gateway.oms.rules import Rules
from gateway.oms.state import Order
from gateway.risk.trading_state import UnknownScope, covers, parse_scope
from protocol.fields import (
    EXTERNAL,
    GATEWAY,
    OPERATOR,
    SecurityTradingStatus,
    TradingState,
    TradSesStatus,
)
from protocol.messages import OperatorCommand, SecurityStatus, TradingSessionStatus
from protocol.numbers import format_decimal

DONE, REFUSED = "DONE", "REFUSED"


class Desk:
    """Takes operator commands (U1)."""

    def __init__(self, book: Book, market: Market, rules: Rules, intake: Intake) -> None:
        self.book = book
        self.market = market
        self.rules = rules
        self.intake = intake
        self.shutdown_asked = False
        self.alerts: Callable[[], dict[str, Any]] = dict  # what the shell has counted
        self._commands: dict[str, Callable[[str, OperatorCommand, int], Effects]] = {
            "STATUS": self._status,
            "ORDERS": self._orders,
            "POSITIONS": self._positions,
            "SESSIONS": self._sessions,
            "VENUES": self._venues,
            "CANCEL": self._cancel,
            "KILL": self._kill,
            "REDUCE": self._reduce,
            "RESUME": self._resume,
            "SHUTDOWN": self._shutdown,
        }

    def command(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """OperatorCommand (U1): done or refused, and always answered."""
        handler = self._commands.get(message.command)
        if handler is None:
            known = " ".join(self._commands)
            yield _answer(session, message, REFUSED, f"UNKNOWN_COMMAND: expected one of {known}")
            return
        try:
            yield from handler(session, message, now_ns)
        except UnknownScope as problem:
            yield _answer(session, message, REFUSED, f"UNKNOWN_SCOPE: {problem}")

    # Questions.

    def _status(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        state = self.book.state
        yield _answer(session, message, DONE, body={
            "instance": state.last_id[0],
            "epoch": state.last_id[1],
            "records": state.seq,
            "now_ns": now_ns,
            "open_orders": len(self.book.open_orders()),
            "in_doubt": sum(
                1 for waiting in self.book.waiting.values()
                for key in waiting if state.orders[key].in_doubt
            ),
            "sessions_connected": sum(1 for s in state.sessions.values() if s.connected),
            "venues": {
                name: "ready" if self.market.venue(name).ready else self.market.venue(name).why_down
                for name in self.rules.venues
            },
            "halts": self._halts(),
            "alerts": self.alerts(),
        })  # fmt: skip

    def _halts(self) -> list[dict[str, Any]]:
        return [
            {
                "scope": scope, "state": halt.state.value, "who": halt.who,
                "reason": halt.reason, "since_ns": halt.since_ns,
            }
            for scope, halt in self.book.state.halts.items()
        ]  # fmt: skip

    def _orders(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        scope = parse_scope(message.scope or "all")
        found = [order for order in self.book.open_orders() if covers(scope, order)]
        yield _page(session, message, [_describe(order) for order in found])

    def _positions(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        rows = []
        for owner, held in sorted(self.book.state.positions.items()):
            for name, position in sorted(held.items()):
                account, venue, symbol = name.split("|", 2)
                rows.append({
                    "owner": owner, "account": account, "venue": venue, "symbol": symbol,
                    "qty": format_decimal(position.qty),
                    "avg_px": format_decimal(position.avg_px),
                    "realized": _places(position.realized),
                    "currency": position.currency,
                    "fees": {key: format_decimal(fee) for key, fee in position.fees.items()},
                    "funding": {key: format_decimal(f) for key, f in position.funding.items()},
                })  # fmt: skip
        yield _page(session, message, rows)

    def _sessions(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        rows = [
            {
                "session": name, "connected": known.connected, "next_in": known.next_in,
                "next_out": known.next_out, "reset_required": known.reset_required,
                "cancel_on_disconnect": known.cod_type, "grace_ms": known.cod_grace_ms,
            }
            for name, known in sorted(self.book.state.sessions.items())
        ]  # fmt: skip
        yield _page(session, message, rows)

    def _venues(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        rows = []
        for name, rules in sorted(self.rules.venues.items()):
            view = self.market.venue(name)
            rows.append({
                "venue": name, "account": rules.account, "linked": view.linked,
                "connected": view.connected, "ready": view.ready,
                "why": "" if view.ready else view.why_down,
                "symbols": sorted(view.securities),
                "capabilities": sorted(view.capabilities),
                "open_orders": len(self.book.open_by_venue.get(name, ())),
                "balances": {
                    currency: format_decimal(balance.end_cash or Decimal(0))
                    for currency, balance in view.balances.items()
                },
            })  # fmt: skip
        yield _page(session, message, rows)

    # Orders.

    def _cancel(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        text = message.scope or ""
        if text.startswith("order:"):
            order = self.book.state.orders.get(text[6:])
            found = [order] if order is not None and order.is_open else []
            if not found:
                yield _answer(session, message, REFUSED, f"UNKNOWN_ORDER: {text[6:]} is not open")
                return
        else:
            scope = self._scope(text)
            found = [order for order in self.book.open_orders() if covers(scope, order)]
        yield from self._withdraw(session, message, found, now_ns)

    def _kill(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """HALTED, and everything in the scope is cancelled."""
        if not message.reason:
            yield _answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return
        scope = self._scope(message.scope or "")
        yield from self._set_state(session, message, scope, TradingState.HALTED)
        found = [order for order in self.book.open_orders() if covers(scope, order)]
        yield from self._withdraw(session, message, found, now_ns)

    def _reduce(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        yield from self._change(session, message, TradingState.REDUCING)

    def _resume(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        scope = " ".join(sorted(parse_scope(message.scope or "")))
        if scope not in self.book.state.halts:
            known = "; ".join(self.book.state.halts) or "none"
            yield _answer(
                session, message, REFUSED, f"NOT_HALTED: scope={scope!r}; halted scopes: {known}"
            )
            return
        yield from self._change(session, message, TradingState.ACTIVE)

    def _change(self, session: str, message: OperatorCommand, state: TradingState) -> Effects:
        if not message.reason:
            yield _answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return
        active = state is TradingState.ACTIVE  # what a former configuration halted can be resumed
        scope = parse_scope(message.scope or "") if active else self._scope(message.scope or "")
        yield from self._set_state(session, message, scope, state)
        warning = self._unknown_symbols(message.scope)
        yield _answer(session, message, DONE, f"{state.value}: {message.scope}{warning}")

    def _scope(self, text: str) -> list[str]:
        """Read a scope; a name that no rule knows is more likely a slip than meant."""
        terms = parse_scope(text)
        rules = self.rules
        names = {f"strategy:{name}" for name in (*rules.strategies, EXTERNAL)}
        names |= {f"venue:{name}" for name in rules.venues}
        names |= {f"account:{venue.account}" for venue in rules.venues.values()}
        for term in terms:
            if term != "all" and not term.startswith("symbol:") and term not in names:
                problem = f"received {term}, expected one of {' '.join(sorted(names))}"
                raise UnknownScope(problem)
        return terms

    def _unknown_symbols(self, scope: str | None) -> str:
        """Warn of symbols that no venue has told of: they may be halted, but perhaps not meant."""
        wanted = [term[7:] for term in (scope or "").split() if term.startswith("symbol:")]
        known = {symbol for name in self.rules.venues for symbol in
                 (*self.rules.venues[name].symbols, *self.market.venue(name).securities)}
        unknown = [symbol for symbol in wanted if symbol not in known]
        if not unknown:
            return ""
        return f"; WARNING no venue knows {' '.join(unknown)}: known {' '.join(sorted(known)[:20])}"

    def _set_state(
        self, session: str, message: OperatorCommand, scope: list[str], state: TradingState
    ) -> Effects:
        text = " ".join(sorted(scope))
        who = person_of(session)
        yield Jot(
            "TRADING_STATE",
            {"scope": text, "state": state.value, "who": who, "reason": message.reason or ""},
        )
        yield from tell_sessions(
            self.book, self.rules,
            halt_status(text, state, who, message.reason or ""),
        )  # fmt: skip
        for symbol in [term.removeprefix("symbol:") for term in scope if "symbol:" in term]:
            halted = state is not TradingState.ACTIVE
            yield from tell_sessions(
                self.book, self.rules,
                SecurityStatus(
                    symbol=symbol, trading_state=state, text=f"by {who}: {message.reason}",
                    security_trading_status=(
                        SecurityTradingStatus.TRADING_HALT if halted
                        else SecurityTradingStatus.READY_TO_TRADE
                    ),
                ),
            )  # fmt: skip

    def _withdraw(
        self, session: str, message: OperatorCommand, found: list[Order], now_ns: int
    ) -> Effects:
        count = 0
        for order in found:
            if order.cancel is None:
                count += 1
                yield from self.intake.withdraw(
                    order, now_ns, text=f"{message.command} by {person_of(session)}"
                )
        away = sum(not self.market.venue(order.venue).linked for order in found)
        waits = f", {away} of them when their venue is back" if away else ""
        warning = self._unknown_symbols(message.scope)
        yield _answer(
            session, message, DONE,
            f"{message.command}: cancelling {count} orders{waits}{warning}",
            body={"cancelling": count},
        )  # fmt: skip

    def _shutdown(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        self.shutdown_asked = True
        yield Jot("SHUTDOWN", {"who": person_of(session), "reason": message.reason or ""})
        yield _answer(session, message, DONE, "the gateway is stopping")


def halt_status(scope: str, state: TradingState, who: str, reason: str) -> TradingSessionStatus:
    """Write a trading state as h: 5006 and 5009 say what and where, 58 who and why."""
    active = state is TradingState.ACTIVE
    return TradingSessionStatus(
        trading_session_id=GATEWAY,
        trad_ses_status=TradSesStatus.OPEN if active else TradSesStatus.HALTED,
        unsolicited_indicator=True, trading_state=state, scope=scope, text=f"by {who}: {reason}",
    )  # fmt: skip


def tell_sessions(
    book: Book, rules: Rules, message: TradingSessionStatus | SecurityStatus
) -> Effects:
    """Say a status to every strategy and operator that is connected."""
    for name, session in list(book.state.sessions.items()):
        if session.connected and (name in rules.strategies or name in book.operators):
            yield To(name, message)


def person_of(session: str) -> str:
    """Name the person behind an operator session, `OPERATOR/<person>/<process>`."""
    return session.removeprefix(f"{OPERATOR}/").split("/")[0]


def _describe(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id, "owner": order.owner, "venue": order.venue,
        "account": order.account, "symbol": order.symbol, "side": order.side.name,
        "ord_type": order.ord_type.name, "time_in_force": order.time_in_force.name,
        "order_qty": format_decimal(order.order_qty), "cum_qty": format_decimal(order.cum_qty),
        "leaves_qty": format_decimal(order.leaves_qty),
        "price": format_decimal(order.price) if order.price is not None else None,
        "stop_px": format_decimal(order.stop_px) if order.stop_px is not None else None,
        "ord_status": status_of(order).name, "in_doubt": order.in_doubt,
        "cl_ord_id": order.cl_ord_id, "venue_order_id": order.venue_order_id,
        "created_ns": order.created_ns,
    }  # fmt: skip


def _places(value: Decimal) -> str:
    return format_decimal(round(value, 8))


def _page(session: str, message: OperatorCommand, rows: list[dict[str, Any]]) -> To:
    offset = 0
    if message.command_body:
        try:
            asked = msgspec.json.decode(message.command_body, type=dict[str, int])
        except msgspec.DecodeError:
            return _answer(
                session, message, REFUSED, 'BAD_BODY: expected {"offset": n} in CommandBody(5032)'
            )
        offset = max(asked.get("offset", 0), 0)
    return _answer(session, message, DONE, body=page(rows, offset))


def _answer(
    session: str,
    message: OperatorCommand,
    outcome: str,
    text: str | None = None,
    *,
    body: dict[str, Any] | None = None,
) -> To:
    return To(
        session,
        OperatorCommand(
            cl_ord_id=message.cl_ord_id,
            command=message.command,
            scope=message.scope,
            outcome=outcome,
            text=text,
            command_body=fitting(body).decode() if body is not None else None,
        ),
    )
