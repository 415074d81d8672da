"""What an operator may ask (U1), answered with JSON in CommandBody (5032).

STATUS ORDERS REVIEWS POSITIONS SESSIONS VENUES FEEDS: what is, now. A list that doesn't fit one
frame is answered a page at a time: the request's body says from which row on (`{"offset": n}`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from gateway.oms.effects import Effects, To
from gateway.oms.orders import status_of
from gateway.oms.paging import fitting, page
from gateway.oms.review import as_asked, review_needed, waiting_for_review
from gateway.oms.state import Order
from gateway.oms.turnstile import pacing_row
from gateway.risk.facts import Facts, Intent
from gateway.risk.trading_state import covers, parse_scope
from protocol.fields import OPERATOR
from protocol.messages import OperatorCommand
from protocol.numbers import format_decimal

DONE, REFUSED = "DONE", "REFUSED"


class Questions:
    """Answers operators. Reads everything, changes nothing."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.book = facts.book
        self.market = facts.market
        self.rules = facts.rules
        self.alerts: Callable[[], dict[str, Any]] = dict  # what the shell has counted
        self.turned_away: Callable[[], dict[str, int]] = dict  # at the doors, the same
        self.limit_changes: Callable[[], list[dict[str, Any]]] = list
        self.commands: dict[str, Callable[[str, OperatorCommand, int], Effects]] = {
            "STATUS": self._status,
            "ORDERS": self._orders,
            "REVIEWS": self._reviews,
            "POSITIONS": self._positions,
            "SESSIONS": self._sessions,
            "VENUES": self._venues,
            "FEEDS": self._feeds,
        }

    def _status(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        state = self.book.state
        yield answer(session, message, DONE, body={
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
            "in_review": len(self.book.in_review),
            "flattening": sorted(state.flattening),
            "limits_changed": self.limit_changes(),
            "alerts": self.alerts(),
            "turned_away": self.turned_away(),
        })  # fmt: skip

    def _halts(self) -> list[dict[str, Any]]:
        return [
            {
                "scope": scope, "state": halt.state.value, "cause": cause, "who": halt.who,
                "reason": halt.reason, "since_ns": halt.since_ns, "until_ns": halt.until_ns,
            }
            for scope, halts in self.book.state.halts.items()
            for cause, halt in halts.items()
        ]  # fmt: skip

    def _orders(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        scope = parse_scope(message.scope or "all")
        found = [order for order in self.book.open_orders() if covers(scope, order)]
        yield page_of(session, message, [_describe(order) for order in found])

    def _reviews(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """List what waits for a person, and by which numbers it would have to wait now."""
        rows = []
        for order in waiting_for_review(self.book):
            intent = Intent(
                order.owner, order.account, order.venue, as_asked(order, now_ns), now_ns, order
            )
            rows.append({
                **_describe(order), "review_until_ns": order.review_until_ns,
                "why": review_needed(self.facts, intent),
            })  # fmt: skip
        yield page_of(session, message, rows)

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
        yield page_of(session, message, rows)

    def _sessions(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        rows = [
            {
                "session": name, "connected": known.connected, "next_in": known.next_in,
                "next_out": known.next_out, "reset_required": known.reset_required,
                "cancel_on_disconnect": known.cod_type, "grace_ms": known.cod_grace_ms,
            }
            for name, known in sorted(self.book.state.sessions.items())
        ]  # fmt: skip
        yield page_of(session, message, rows)

    def _venues(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
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
                **pacing_row(view.pacer, now_ns),
                "balances": {
                    currency: format_decimal(balance.end_cash or Decimal(0))
                    for currency, balance in view.balances.items()
                },
            })  # fmt: skip
        yield page_of(session, message, rows)

    def _feeds(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        yield page_of(session, message, self.facts.feeds.rows(now_ns))


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


QUESTIONS = frozenset((
    "STATUS", "ORDERS", "REVIEWS", "POSITIONS", "SESSIONS", "VENUES", "FEEDS", "LIMITS", "EXPLAIN",
))  # fmt: skip
"""The commands that change nothing, wherever they are answered."""


def person_of(session: str) -> str:
    """Name the person behind an operator session, `OPERATOR/<person>/<process>`."""
    return session.removeprefix(f"{OPERATOR}/").split("/")[0]


def page_of(session: str, message: OperatorCommand, rows: list[dict[str, Any]]) -> To:
    """Answer with one page of rows."""
    offset = 0
    if message.command_body:
        try:
            asked = msgspec.json.decode(message.command_body, type=dict[str, int])
        except msgspec.DecodeError:
            return answer(
                session, message, REFUSED, 'BAD_BODY: expected {"offset": n} in CommandBody(5032)'
            )
        offset = max(asked.get("offset", 0), 0)
    return answer(session, message, DONE, body=page(rows, offset))


def answer(
    session: str,
    message: OperatorCommand,
    outcome: str,
    text: str | None = None,
    *,
    body: dict[str, Any] | None = None,
) -> To:
    """Answer a command: 5021 says how it went, 58 what, 5032 holds the figures."""
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
