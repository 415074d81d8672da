"""What an operator may order (U1): cancel, kill, reduce, resume, approve, change limits, stop.

Every command is answered, and whatever changes the state is journaled with who and why. A scope is
checked against what is configured: a name that no rule knows is more likely a slip than meant. What
a STOP file holds nobody resumes while the file is there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import msgspec

from gateway.oms import review
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.explain import Explainer
from gateway.oms.fills import alert
from gateway.oms.halting import order_state
from gateway.oms.intake import Desk as Intake
from gateway.oms.kill import KillSwitch
from gateway.oms.limit_changes import LimitDesk
from gateway.oms.questions import DONE, REFUSED, Questions, answer, person_of
from gateway.oms.state import Halt, Order
from gateway.risk.facts import Facts, Intent
from gateway.risk.limits import ALL
from gateway.risk.trading_state import UnknownScope, parse_scope
from protocol.fields import EXTERNAL, TradingState
from protocol.messages import OperatorCommand

STILL_MAX = 600
"""So many characters at most of what keeps a scope halted, in an answer."""
_STRICTER = {
    TradingState.REDUCING: (TradingState.HALTED,),
    TradingState.ACTIVE: (TradingState.HALTED, TradingState.REDUCING),
}


class Desk:
    """Takes operator commands (U1)."""

    def __init__(self, facts: Facts, intake: Intake, switch: KillSwitch) -> None:
        self.facts = facts
        self.book = facts.book
        self.market = facts.market
        self.rules = facts.rules
        self.intake = intake
        self.switch = switch
        self.limits = LimitDesk(facts)
        self.explainer = Explainer(facts, intake, self.limits)
        self.questions = Questions(facts)
        self.questions.limit_changes = self.limits.changes
        self.held: list[str] = []
        self.shutdown_asked = False
        self.forgive: Callable[[str], Effects] = lambda _scope: iter(())
        self._commands: dict[str, Callable[[str, OperatorCommand, int], Effects]] = {
            **self.questions.commands,
            "LIMITS": self.limits.show,
            "EXPLAIN": self.explainer.explain,
            "CANCEL": self._cancel,
            "KILL": self._kill,
            "REDUCE": self._reduce,
            "RESUME": self._resume,
            "APPROVE": self._approve,
            "DECLINE": self._decline,
            "LIMIT": self.limits.change,
            "SHUTDOWN": self._shutdown,
        }

    def command(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """OperatorCommand (U1): done or refused, and always answered."""
        handler = self._commands.get(message.command)
        if handler is None:
            known = " ".join(self._commands)
            yield answer(session, message, REFUSED, f"UNKNOWN_COMMAND: expected one of {known}")
            return
        try:
            yield from handler(session, message, now_ns)
        except UnknownScope as problem:
            yield answer(session, message, REFUSED, f"UNKNOWN_SCOPE: {problem}")
        except msgspec.DecodeError as problem:
            text = f"BAD_BODY: CommandBody(5032) is no JSON object: {problem}"
            yield answer(session, message, REFUSED, text)

    def kill(self, text: str, who: str, reason: str, now_ns: int) -> Effects:
        """Kill a scope for what is no session: a STOP file, a signal. Sooner too much than none."""
        scope = self.meant(text)
        if scope != sorted(text.split()) and text:
            reason = f"{text[:80]}: no such scope, so all is stopped; {reason}"
        yield from self.switch.kill(scope, who, reason, now_ns, cause=who)
        yield alert("KILLED", scope=" ".join(scope), who=who, why=reason)

    def meant(self, text: str) -> list[str]:
        """Read the scope of something that cannot be asked back: what nobody can mean is all."""
        try:
            return sorted(self._scope(text or "all"))
        except UnknownScope:
            return ["all"]

    # Orders.

    def _cancel(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        text = message.scope or ""
        if text.startswith("order:"):
            order = self.book.state.orders.get(text[6:])
            found = [order] if order is not None and order.is_open else []
            if not found:
                yield answer(session, message, REFUSED, f"UNKNOWN_ORDER: {text[6:]} is not open")
                return
        else:
            scope = self._scope(text)
            found = self.switch.affected(scope)
        yield from self._withdraw(session, message, found, now_ns)

    def _kill(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """HALTED, and everything in the scope is cancelled."""
        if not message.reason:
            yield answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return
        scope = self._scope(message.scope or "")
        flatten = bool(_body(message).get("flatten"))
        found = [order for order in self.switch.affected(scope) if order.cancel is None]
        yield from self.switch.kill(
            scope, person_of(session), message.reason, now_ns, flatten=flatten
        )
        yield alert(
            "KILLED", scope=" ".join(scope), who=person_of(session), why=message.reason,
            flatten=flatten,
        )  # fmt: skip
        yield self._cancelling(session, message, found, flatten=flatten)

    def _reduce(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        """REDUCING. What a person has killed there trades again, if only to reduce."""
        yield from self._change(session, message, TradingState.REDUCING)

    def _resume(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        """ACTIVE: whatever has halted the scope, each of its halts ends, and its flattening."""
        scope = " ".join(sorted(parse_scope(message.scope or "", groups=True)))
        if self.held and (self.held == ["all"] or set(self.held) <= set(scope.split())):
            held = " ".join(self.held)
            problem = f"STOP_FILE: it holds {held}; remove the file, then resume"
            yield answer(session, message, REFUSED, problem)
            return
        if scope not in self.book.state.halts:
            known = "; ".join(self.book.state.halts) or "none"
            yield answer(
                session, message, REFUSED, f"NOT_HALTED: scope={scope!r}; halted scopes: {known}"
            )
            return
        causes = list(self.book.state.halts[scope]) if message.reason else []
        if "DRAWDOWN" in causes:
            yield from self.forgive(scope)
        yield from self._change(session, message, TradingState.ACTIVE)

    def _change(self, session: str, message: OperatorCommand, state: TradingState) -> Effects:
        if not message.reason:
            yield answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return
        active = state is TradingState.ACTIVE  # what a former configuration halted can be resumed
        text = message.scope or ""
        scope = parse_scope(text, groups=True) if active else self._scope(text)
        yield from order_state(
            self.book, self.rules, " ".join(sorted(scope)), state, person_of(session),
            message.reason,
        )  # fmt: skip
        yield alert(
            "RESUMED" if active else "REDUCED", scope=" ".join(sorted(scope)),
            who=person_of(session), why=message.reason,
        )  # fmt: skip
        name = " ".join(sorted(scope))
        if name in self.book.state.flattening:  # or it would fight with what they do themselves
            yield Jot("FLATTEN", {"scope": name, "done": True})
            yield alert("NOT_FLATTENED", scope=name, why=f"{person_of(session)} resumed it")
        rest = f"{self._still(name, state)}{self._unknown_symbols(message.scope)}"
        yield answer(session, message, DONE, f"{state.value}: {message.scope}{rest}")

    def _still(self, scope: str, state: TradingState) -> str:
        """Say what keeps a scope stricter than a person has just ordered, here or further out."""
        terms = set(scope.split())
        found = [
            f"; still {halt.state.value}{'' if where == scope else f' on {where}'} by"
            f" {_said_by(cause, halt)}"
            for where, halts in self.book.state.halts.items()
            if where == ALL or terms.issuperset(where.split())
            for cause, halt in halts.items()
            if halt.state in _STRICTER[state]
        ]  # fmt: skip
        return "".join(found)[:STILL_MAX]

    # Reviews.

    def _approve(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """Let an order go that waits for a person, if every check still lets it."""
        order = yield from self._in_review(session, message)
        if order is None:
            return
        found = [""]

        def refusal_of(intent: Intent) -> str:
            found.append(self.intake.refusal_of(intent))
            return found[-1]

        who = f"{person_of(session)}: {message.reason}"
        yield from review.approve(self.facts, order, now_ns, who, refusal_of, self.intake.send)
        if found[-1]:
            text = f"CHECK_REFUSES: {order.order_id} may not go now, and is declined: {found[-1]}"
            yield answer(session, message, REFUSED, text)
        else:
            yield answer(session, message, DONE, f"{order.order_id} is approved")

    def _decline(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """Refuse an order that waits for a person."""
        order = yield from self._in_review(session, message)
        if order is None:
            return
        text = f"REVIEW_DECLINED: by {person_of(session)}: {message.reason}"
        yield from review.decline(self.book, order, now_ns, text)
        yield answer(session, message, DONE, f"{order.order_id} is declined")

    def _in_review(
        self, session: str, message: OperatorCommand
    ) -> Generator[To | Jot, None, Order | None]:
        """Find the order of `order:<OrderID>` among those that wait for a person, or refuse."""
        kind, _, order_id = (message.scope or "").partition(":")
        order = self.book.state.orders.get(order_id) if kind == "order" else None
        if order is None or order_id not in self.book.in_review:
            waiting = " ".join(self.book.in_review) or "none"
            text = f"NOT_IN_REVIEW: received {message.scope}, expected order:ID of one: {waiting}"
            yield answer(session, message, REFUSED, text[:500])
            return None
        if not message.reason:
            yield answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return None
        return order

    # Scopes.

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

    def _withdraw(
        self, session: str, message: OperatorCommand, found: list[Order], now_ns: int
    ) -> Effects:
        asked = [order for order in found if order.cancel is None]
        for order in asked:
            yield from self.intake.withdraw(
                order, now_ns, text=f"{message.command} by {person_of(session)}"
            )
        yield self._cancelling(session, message, asked)

    def _cancelling(
        self, session: str, message: OperatorCommand, found: list[Order], *, flatten: bool = False
    ) -> To:
        away = sum(not self.market.venue(order.venue).linked for order in found)
        waits = f", {away} of them when their venue is back" if away else ""
        then = ", then flattening" if flatten else ""
        warning = self._unknown_symbols(message.scope)
        return answer(
            session, message, DONE,
            f"{message.command}: cancelling {len(found)} orders{waits}{then}{warning}",
            body={"cancelling": len(found)} | ({"flattening": True} if flatten else {}),
        )  # fmt: skip

    def _shutdown(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        self.shutdown_asked = True
        yield Jot("SHUTDOWN", {"who": person_of(session), "reason": message.reason or ""})
        yield answer(session, message, DONE, "the gateway is stopping")


def _said_by(cause: str, halt: Halt) -> str:
    """Write who or what has ordered a halt, and why, once each."""
    known = halt.reason.startswith(f"{cause}: ")
    return (halt.reason if known else f"{halt.who}: {halt.reason}")[:200]


def _body(message: OperatorCommand) -> dict[str, Any]:
    """Read the JSON object of a command, empty when there is none."""
    if not message.command_body:
        return {}
    return msgspec.json.decode(message.command_body, type=dict[str, Any])
