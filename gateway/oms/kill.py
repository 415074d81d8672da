"""The kill switch: one decision halts a scope, cancels everything there, and flattens if asked.

Rules: it needs no venue to be there: a cancel for a venue that is away is sent when it is back, and
flattening goes on then. What a kill has left open is withdrawn again as long as it stands: a cancel
that was on its way already may have been refused. A resume ends it all. A halt for a loss, or for a
strategy that has run away, withdraws what rests and could make a position larger.

Flattening waits for the cancels: it closes a position with one reduce-only market order at a time,
of what is left when no order of that owner in that symbol is open any more (but for those in doubt
that do nothing: lingering.py). It ends, with an alert
that says what remains, when nothing is open any more and nothing is left that the venue would take,
or after `MAX_TRIES` rounds that have closed nothing; what closes nothing is tried again after twice
the time, `PAUSE_MAX_NS` at most. It outlives a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.fills import alert
from gateway.oms.halting import order_state
from gateway.oms.intake import Desk as Intake
from gateway.oms.market import Market
from gateway.oms.rules import Rules
from gateway.oms.state import PERSON, Order, PositionKey
from gateway.oms.tickets import owned
from gateway.oms.wire import send_new
from gateway.risk.trading_state import covers, names_of
from protocol.fields import (
    EXTERNAL,
    ExecType,
    OrdStatus,
    OrdType,
    PositionEffect,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.messages import ExecutionReport
from protocol.numbers import ZERO
from protocol.timestamps import format_utc

MAX_TRIES = 50
PAUSE_NS, PAUSE_MAX_NS = 100_000_000, 30_000_000_000
ORIGIN = "FLATTEN"
STOPS_GROWTH = frozenset(("DAILY_LOSS", "DRAWDOWN", "RUNAWAY"))
"""Causes of a halt under which nothing that rests may make a position larger."""


class Tried(NamedTuple):
    """What was held when it was tried last, how often that was in vain, and when it may be again.

    Observation: after a start each position is tried at once.
    """

    held: Decimal
    in_vain: int = 0
    next_ns: int = 0


class KillSwitch:
    """Kills scopes and flattens them. Reads book, market and rules; changes nothing."""

    def __init__(self, book: Book, market: Market, rules: Rules, intake: Intake) -> None:
        self.book = book
        self.market = market
        self.rules = rules
        self.intake = intake
        self._tried: dict[PositionKey, Tried] = {}

    def kill(
        self,
        scope: list[str],
        who: str,
        reason: str,
        now_ns: int,
        *,
        flatten: bool = False,
        cause: str = PERSON,
    ) -> Effects:
        """Halt a scope, cancel everything in it, and note that it shall be flattened."""
        text = " ".join(sorted(scope))
        yield from order_state(
            self.book, self.rules, text, TradingState.HALTED, who, reason, cause=cause, kills=True
        )
        if flatten:
            self._tried.clear()
            yield Jot("FLATTEN", {"scope": text, "who": who, "reason": reason, "tries": 0})
        for order in self.affected(scope):
            yield from self.intake.withdraw(order, now_ns, text=f"KILL by {who}")

    def affected(self, scope: list[str]) -> list[Order]:
        """List the open orders of a scope, oldest first."""
        named = dict(term.split(":", 1) for term in scope if ":" in term)
        found = self.book.open_orders(
            owner=named.get("strategy", ""), venue=named.get("venue", "")
        )
        return [order for order in found if covers(scope, order, self.rules.groups)]

    def tick(self, now_ns: int) -> Effects:
        """Cancel again what a kill has left open, and go on with what shall be flattened."""
        yield from self._sweep(now_ns)
        for scope, work in list(self.book.state.flattening.items()):
            held = list(self._positions(scope.split()))
            left = [(key, qty) for key, qty in held if self._closable(key, qty)]
            moving = any(
                order.owner != EXTERNAL and not self.market.venue(order.venue).is_quiet(order)
                for order in self.affected(scope.split())
            )
            if moving or (left and work.tries < MAX_TRIES):
                yield from self._round(scope, left, now_ns)
                continue
            yield Jot("FLATTEN", {"scope": scope, "done": True})
            remains = " ".join(f"{key.owner}|{key.symbol}={qty}" for key, qty in held)
            kind = "NOT_FLATTENED" if held else "FLATTENED"
            yield alert(kind, scope=scope, rounds=work.tries, remains=remains[:400])

    def _sweep(self, now_ns: int) -> Effects:
        """Withdraw what is open in a killed scope and nobody is cancelling.

        An owner's own cancel may have been on its way, and refused. What flattens is left alone,
        and so is what somebody does by hand at the venue after the kill.
        """
        for scope, halts in list(self.book.state.halts.items()):
            for cause, halt in list(halts.items()):
                if halt.kills:
                    for order in self.affected(scope.split()):
                        if order.origin != ORIGIN and order.owner != EXTERNAL:
                            yield from self.intake.withdraw(
                                order, now_ns, text=f"KILL by {halt.who}"
                            )
                elif cause in STOPS_GROWTH:
                    for order in self._growing(scope.split()):
                        yield from self.intake.withdraw(order, now_ns, text=cause)

    def _growing(self, scope: list[str]) -> list[Order]:
        """List the orders of a scope that could make a position larger, or flip it.

        What only closes is kept, oldest first, and so is what the venue made to protect a position.
        """
        room: dict[tuple[PositionKey, Side], Decimal] = {}
        found = []
        for order in self.affected(scope):
            if order.owner == EXTERNAL or order.reduce_only or order.origin is not None:
                continue
            key = PositionKey(order.owner, order.account, order.venue, order.symbol)
            held = self.book.position(key)
            side = key, order.side
            left = room.setdefault(side, -(held.qty if held else ZERO) * order.side.sign)
            if order.leaves_qty > left:
                found.append(order)
            else:
                room[side] = left - order.leaves_qty
        return found

    def _round(self, scope: str, left: list[tuple[PositionKey, Decimal]], now_ns: int) -> Effects:
        """Order what can be closed this moment; a try that counts is one that repeats each."""
        work = self.book.state.flattening[scope]
        able = [(key, qty) for key, qty in left if self._may_close(key, now_ns)]
        if not able or work.tries >= MAX_TRIES:
            return
        again = [self._try(key, qty, now_ns) for key, qty in able]
        tries = work.tries + all(again)
        yield Jot(
            "FLATTEN", {"scope": scope, "who": work.who, "reason": work.reason, "tries": tries}
        )
        for key, qty in able:
            yield from self._close(key, qty, scope, now_ns)

    def _try(self, key: PositionKey, qty: Decimal, now_ns: int) -> bool:
        """Remember a try; whether the last one has closed nothing."""
        last = self._tried.get(key)
        in_vain = last.in_vain + 1 if last is not None and last.held == qty else 0
        pause_ns = min(PAUSE_NS << in_vain, PAUSE_MAX_NS)
        self._tried[key] = Tried(qty, in_vain, now_ns + pause_ns)
        return in_vain > 0

    def _positions(self, scope: list[str]) -> Iterator[tuple[PositionKey, Decimal]]:
        """Yield what is held in a scope by strategies; what nobody here ordered is left alone."""
        for owner, held in self.book.state.positions.items():
            if owner == EXTERNAL:
                continue
            for name, position in held.items():
                key = PositionKey(owner, *name.split("|", 2))
                if position.qty and names_of(*key, self.rules.groups).issuperset(scope):
                    yield key, position.qty

    def _may_close(self, key: PositionKey, now_ns: int) -> bool:
        """Whether the venue can take an order, and nothing of the owner is open there any more."""
        view = self.market.venue(key.venue)
        if not view.ready:
            return False
        last = self._tried.get(key)
        if last is not None and now_ns < last.next_ns:
            return False
        return not any(
            order.symbol == key.symbol and not view.is_quiet(order)
            for order in self.book.open_orders(owner=key.owner, venue=key.venue)
        )

    def _close(self, key: PositionKey, held: Decimal, scope: str, now_ns: int) -> Effects:
        qty = self._legal_qty(key, abs(held))
        made = self._order(key, qty, Side.SELL if held > 0 else Side.BUY, scope, now_ns)
        yield To(key.owner, made)
        order = self.book.state.orders.get(made.order_id)
        if order is not None:
            yield from send_new(self.book, order, now_ns, self.market)

    def _closable(self, key: PositionKey, held: Decimal) -> bool:
        """Whether anything of a position can be closed, as far as is known.

        On a hedging account that is what its owner has there by name: a person may have closed it.
        """
        if "HEDGING" in self.market.venue(key.venue).capabilities and not any(
            ticket.held.qty * held > 0
            for _, ticket in owned(self.book, key.owner, key.venue, key.symbol)
        ):
            return False
        if self.market.security(key.venue, key.symbol) is None:
            return not self.market.venue(key.venue).ready  # it may yet tell of the instrument
        return self._legal_qty(key, abs(held)) > 0

    def _legal_qty(self, key: PositionKey, qty: Decimal) -> Decimal:
        """Cut a quantity to the venue's step and maximum; 0 when it is below the minimum."""
        security = self.market.security(key.venue, key.symbol)
        if security is None:
            return ZERO
        if security.max_qty is not None:
            qty = min(qty, security.max_qty)
        if security.qty_step:
            qty -= qty % security.qty_step
        if security.min_trade_vol is not None and qty < security.min_trade_vol:
            return ZERO
        return qty

    def _order(
        self, key: PositionKey, qty: Decimal, side: Side, scope: str, now_ns: int
    ) -> ExecutionReport:
        able = self.market.venue(key.venue).capabilities
        security = self.market.security(key.venue, key.symbol)
        at_once = TimeInForce.IMMEDIATE_OR_CANCEL if "IOC" in able else TimeInForce.DAY
        return ExecutionReport(
            order_id=self.book.next_id().text(), exec_id=self.book.next_exec_id(),
            exec_type=ExecType.PENDING_NEW, ord_status=OrdStatus.PENDING_NEW,
            symbol=key.symbol, side=side, leaves_qty=qty, cum_qty=ZERO, avg_px=ZERO,
            account=key.account, security_exchange=key.venue, order_qty=qty,
            ord_type=OrdType.MARKET, time_in_force=at_once,
            position_effect=PositionEffect.CLOSE, origin=ORIGIN,
            currency=security.currency if security else None,
            text=f"{ORIGIN}: {scope}", transact_time=format_utc(now_ns),
        )  # fmt: skip
