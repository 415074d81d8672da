"""Where the profit of each scope stood when its day began, and at its highest.

Profit is all of it: realised, unrealised, fees, funding. These marks are state, moved by the note
MARKS; losses are measured from what is journaled and from nothing else, so a restart changes no
verdict. A scope is marked when it is first seen and when its day has ended; its day begins when its
profit is known again, if it was not known then. The highest point is journaled at most once a
second, and not before it has risen by a hundredth of the drawdown limit: so it is never further
off than that, and a peak that passes within the second is journaled after it. Whoever resumes what
a drawdown has halted accepts it: the highest point begins anew from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from gateway.oms.effects import Effects, Jot, in_parts
from gateway.oms.session_days import next_day_end
from gateway.oms.state import Mark, Order
from gateway.risk.facts import Facts
from gateway.risk.limits import number_of
from gateway.risk.watch import Watch
from protocol.numbers import ZERO, format_decimal, plain

RAISE_EVERY_NS = 1_000_000_000
STEPS = 100
"""The highest point moves in steps of this part of the limit."""


class Profit:
    """Marks the profit of scopes with a loss limit, and tells the breakers of losses."""

    def __init__(self, facts: Facts, watch: Watch) -> None:
        self.facts = facts
        self.watch = watch
        self._peaks: dict[str, Decimal] = {}
        self._raised_ns: dict[str, int] = {}

    def look(self, now_ns: int) -> Effects:
        """Look at every scope that has a limit on losses."""
        limits = self.facts.limits
        yield from self._look_at(
            [
                scope for scope in limits.scopes
                if number_of(limits.of(scope), "max_daily_loss") is not None
                or number_of(limits.of(scope), "max_drawdown") is not None
            ],
            now_ns,
        )  # fmt: skip

    def forgive(self, scope: str) -> Effects:
        """Begin a scope's highest point anew from where it stands: a person resumes it."""
        exposure, mark = self.facts.exposure, self.facts.book.state.marks.get(scope)
        exposure.refresh()
        if mark is None or exposure.unknown_pnl(scope):
            return
        self._peaks.pop(scope, None)
        texts = [
            format_decimal(plain(profit))
            for profit in (mark.day_start, exposure.totals(scope).pnl)
        ]
        yield Jot("MARKS", {"day_ends_ns": mark.day_ends_ns, "marks": {scope: texts}})

    def filled(self, order: Order, now_ns: int) -> Effects:
        """Look at the scopes of an order that was executed."""
        each = self.facts.limits.binding(
            order.owner, order.account, order.venue, order.symbol
        ).each
        found = (*each.get("max_daily_loss", ()), *each.get("max_drawdown", ()))
        yield from self._look_at(dict.fromkeys(bound.scope for bound in found), now_ns)

    def _look_at(self, scopes: Iterable[str], now_ns: int) -> Effects:
        """Move the marks that must be moved, then compare."""
        exposure, state = self.facts.exposure, self.facts.book.state
        exposure.refresh(now_ns)
        known = {
            scope: exposure.totals(scope).pnl for scope in scopes
            if not exposure.unknown_pnl(scope)
        }  # fmt: skip
        moved: dict[int, dict[str, list[str]]] = {}
        for scope, pnl in known.items():
            mark = self._moved(scope, pnl, now_ns)
            if mark is not None:
                texts = [format_decimal(plain(mark.day_start)), format_decimal(plain(mark.high))]
                moved.setdefault(mark.day_ends_ns, {})[scope] = texts
        for day_ends_ns, marks in sorted(moved.items()):
            body = {"day_ends_ns": day_ends_ns, "marks": marks}
            yield from in_parts("MARKS", body, "marks")
        for scope, pnl in known.items():
            self._compare(scope, pnl, state.marks[scope], now_ns)

    def _moved(self, scope: str, pnl: Decimal, now_ns: int) -> Mark | None:
        """Return the mark of a scope as it must become; None when it may stay."""
        state = self.facts.book.state
        mark = state.marks.get(scope)
        if mark is None:
            # Where nothing was ever marked, profit began at 0 under these very limits.
            start = pnl if state.day_ends_ns else ZERO
            return Mark(start, max(start, pnl), self._day_end(now_ns))
        if mark.day_ends_ns <= now_ns:
            high = max(mark.high, pnl, self._peaks.pop(scope, pnl))
            return Mark(pnl, high, self._day_end(now_ns))
        return self._raised(scope, pnl, mark, now_ns)

    def _raised(self, scope: str, pnl: Decimal, mark: Mark, now_ns: int) -> Mark | None:
        """Return the mark with the highest point that was reached, when it is time to write it."""
        peak = self._peaks.get(scope, mark.high)
        if pnl > peak:
            peak = self._peaks[scope] = pnl
        if peak <= mark.high:
            return None
        limit = number_of(self.facts.limits.of(scope), "max_drawdown")
        if limit is None or (peak - mark.high) * STEPS < limit:
            return None
        last_ns = self._raised_ns.get(scope)
        if last_ns is not None and 0 <= now_ns - last_ns < RAISE_EVERY_NS:
            return None
        self._raised_ns[scope] = now_ns
        del self._peaks[scope]
        return Mark(mark.day_start, peak, mark.day_ends_ns)

    def _compare(self, scope: str, pnl: Decimal, mark: Mark, now_ns: int) -> None:
        limits = self.facts.limits.of(scope)
        for code, key, since in (
            ("DAILY_LOSS", "max_daily_loss", mark.day_start),
            ("DRAWDOWN", "max_drawdown", mark.high),
        ):
            limit = number_of(limits, key)
            if limit is not None and pnl < since:
                self.watch.loss(scope, code, plain(since - pnl), limit, now_ns)

    def _day_end(self, now_ns: int) -> int:
        return next_day_end(now_ns, self.facts.rules.day_ends)
