"""Trading states: who or what halts a scope, why, until when, and who is told.

Rules: each change is a NOTE with who and why, is told to every strategy and operator that is
connected (h, and f for a symbol), and one that no person ordered is an alert, all in the same turn.
A breaker's halt ends by itself when its cool-down is over and what it stands for no longer lasts,
or waits for a person when it has none; a person's ACTIVE lifts every halt of the scope. What is
told of a scope is the strictest of the halts that stand on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.fills import alert
from gateway.oms.market import VenueView
from gateway.oms.rules import Rules
from gateway.oms.state import PERSON
from gateway.risk.trading_state import standing
from protocol.fields import (
    GATEWAY,
    SecurityTradingStatus,
    TradingState,
    TradSesStatus,
)
from protocol.messages import SecurityStatus, TradingSessionStatus


def order_state(
    book: Book,
    rules: Rules,
    scope: str,
    state: TradingState,
    who: str,
    reason: str,
    *,
    cause: str = PERSON,
    kills: bool = False,
) -> Effects:
    """Set the trading state of a scope in somebody's name. `scope` is sorted terms."""
    yield Jot(
        "TRADING_STATE",
        {
            "scope": scope, "state": state.value, "who": who, "reason": reason, "cause": cause,
            "kills": kills,
        },
    )  # fmt: skip
    yield from _tell(book, rules, scope, who, reason)


def trip(
    book: Book,
    rules: Rules,
    scope: str,
    state: TradingState,
    now_ns: int,
    *,
    cause: str,
    detail: str,
    cool_down_ms: int = 0,
    kills: bool = False,
) -> Effects:
    """Let a breaker halt a scope: nothing happens when its halt stands there already.

    With `kills` all that is open there is withdrawn, as by a kill.
    """
    if standing(book, scope, cause):
        return
    until_ns = now_ns + cool_down_ms * 1_000_000 if cool_down_ms else 0
    reason = f"{cause}: {detail}"[:500]
    yield Jot(
        "TRADING_STATE",
        {
            "scope": scope, "state": state.value, "who": GATEWAY, "reason": reason,
            "cause": cause, "until_ns": until_ns, "kills": kills,
        },
    )  # fmt: skip
    yield alert("BREAKER", scope=scope, state=state.value, why=reason, until_ns=until_ns)
    yield from _tell(book, rules, scope, GATEWAY, reason)


def lapse(
    book: Book, rules: Rules, now_ns: int, lasts: Callable[[str, str], bool]
) -> Effects:
    """End the halts whose cool-down is over, but for what still `lasts` (scope, cause)."""
    for scope, cause in list(_over(book, now_ns)):
        if lasts(scope, cause):
            continue
        reason = f"{cause}: the cool-down is over"
        yield Jot(
            "TRADING_STATE",
            {
                "scope": scope, "state": TradingState.ACTIVE.value, "who": GATEWAY,
                "reason": reason, "cause": cause,
            },
        )  # fmt: skip
        yield alert("BREAKER_RESET", scope=scope, why=reason)
        if strictest(book, scope) is not TradingState.HALTED:
            yield from _tell(book, rules, scope, GATEWAY, reason)


def strictest(book: Book, scope: str) -> TradingState:
    """Return the strictest state that is ordered for exactly this scope."""
    states = {halt.state for halt in book.state.halts.get(scope, {}).values()}
    if TradingState.HALTED in states:
        return TradingState.HALTED
    return TradingState.REDUCING if states else TradingState.ACTIVE


def _over(book: Book, now_ns: int) -> Iterator[tuple[str, str]]:
    for scope, halts in book.state.halts.items():
        for cause, halt in halts.items():
            if cause != PERSON and 0 < halt.until_ns <= now_ns:
                yield scope, cause


def _tell(book: Book, rules: Rules, scope: str, who: str, reason: str) -> Effects:
    state = strictest(book, scope)
    yield from tell_sessions(book, rules, halt_status(scope, state, who, reason))
    for term in scope.split():
        if not term.startswith("symbol:"):
            continue
        halted = state is not TradingState.ACTIVE
        yield from tell_sessions(
            book, rules,
            SecurityStatus(
                symbol=term.removeprefix("symbol:"), trading_state=state,
                text=f"by {who}: {reason}",
                security_trading_status=(
                    SecurityTradingStatus.TRADING_HALT if halted
                    else SecurityTradingStatus.READY_TO_TRADE
                ),
            ),
        )  # fmt: skip


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


def venue_status(venue: str, view: VenueView) -> TradingSessionStatus:
    """Say whether a venue can be traded on, and why not."""
    return TradingSessionStatus(
        trading_session_id=venue,
        trad_ses_status=TradSesStatus.OPEN if view.ready else TradSesStatus.CLOSED,
        unsolicited_indicator=True,
        text=None if view.ready else view.why_down,
    )
