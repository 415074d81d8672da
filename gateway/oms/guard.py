"""Watches what is decided and what time brings, and pulls the brakes in the same turn.

Every report that an owner is told, every quote and every tick passes here; what a breaker makes of
it is journaled, told and alerted before the next thing is decided. The rules of each breaker are in
`gateway/risk/`; here is only who hears what, and what a trip does.
"""

from __future__ import annotations

from functools import partial

from gateway.oms.cooling import cool_down
from gateway.oms.effects import Effect, Effects, Jot, To
from gateway.oms.fills import alert
from gateway.oms.halting import lapse, trip
from gateway.risk.facts import Facts
from gateway.risk.feeds import Transition
from gateway.risk.profit import Profit
from gateway.risk.trading_state import standing
from gateway.risk.watch import Trip, Watch
from protocol.fields import GATEWAY, ExecType, TradingState
from protocol.messages import ExecutionReport, MarketDataSnapshotFullRefresh

LOSSES = frozenset(("DAILY_LOSS", "DRAWDOWN"))
"""Causes of a halt that a loss is."""
MOVES = frozenset((ExecType.TRADE, ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT))
"""What moves a position."""


class Guard:
    """Feeds the breakers and carries out what they say."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.book = facts.book
        self.rules = facts.rules
        self.watch = Watch(facts.rules.breakers, facts.market, partial(standing, self.book))
        self.profit = Profit(facts, self.watch)

    def after(self, effect: Effect, now_ns: int) -> Effects:
        """Hear one effect that was applied."""
        if not isinstance(effect, To) or not isinstance(effect.message, ExecutionReport):
            return
        report = effect.message
        if report.copy_msg_indicator:
            return
        order = self.book.state.orders.get(report.order_id)
        self.watch.told(effect.session, report, order, now_ns)
        if order is not None and report.exec_type in MOVES:
            yield from self.profit.filled(order, now_ns)
            if report.exec_type is ExecType.TRADE:
                yield from cool_down(self.facts, order, now_ns)
        yield from self.trips(now_ns)

    def quote(
        self, venue: str, message: MarketDataSnapshotFullRefresh, now_ns: int
    ) -> Effects:
        """Hear a quote of a bridge."""
        self.facts.feeds.quote(venue, message, now_ns)
        self.watch.quote(venue, message.symbol, now_ns)
        self._count_in_use()
        for transition in self.facts.feeds.transitions():
            yield self._feed(transition, now_ns)
        yield from self.trips(now_ns)

    def tick(self, now_ns: int) -> Effects:
        """Do what is due: feeds that have gone silent, losses, cool-downs that are over."""
        for transition in self.facts.feeds.tick(now_ns):
            yield self._feed(transition, now_ns)
        yield from self.profit.look(now_ns)
        self._count_in_use()
        yield from self.trips(now_ns)
        yield from lapse(self.book, self.rules, now_ns, self.watch.lasts)
        yield from self._end_overrides(now_ns)

    def _count_in_use(self) -> None:
        """Count what could not be counted when a venue was asked for its funds: it has a price."""
        for venue, rules in self.rules.venues.items():
            view = self.facts.market.venue(venue)
            if view.balances_ns and view.in_use is None:
                view.in_use = self.facts.account_in_use(rules.account)

    def trips(self, now_ns: int) -> Effects:
        """Carry out what the breakers say of what they have heard."""
        for found in self.watch.due(now_ns):
            if isinstance(found, Trip):
                yield from self._trip(found, now_ns)
            else:
                yield alert(found.kind, **found.body)

    def _trip(self, found: Trip, now_ns: int) -> Effects:
        """Halt a scope; after a loss, if the config wants that, close what it holds as well."""
        flattens = found.cause in LOSSES and self.rules.breakers.loss.flatten
        state = TradingState.HALTED if flattens else found.state
        new = not standing(self.book, found.scope, found.cause)
        yield from trip(
            self.book, self.rules, found.scope, state, now_ns, cause=found.cause,
            detail=found.detail, cool_down_ms=found.cool_down_ms, kills=flattens,
        )  # fmt: skip
        if flattens and new:
            reason = f"{found.cause}: {found.detail}"
            yield Jot(
                "FLATTEN", {"scope": found.scope, "who": GATEWAY, "reason": reason, "tries": 0}
            )

    def _feed(self, transition: Transition, now_ns: int) -> Jot:
        scope = f"symbol:{transition.symbol}"
        if transition.symbol not in self.rules.feeds.feeds:
            scope += f" venue:{transition.venue}"  # elsewhere it has its own price
        if transition.serving:
            self.watch.feed_back(scope, now_ns)
        else:
            self.watch.feed_lost(scope, now_ns)
        return transition.jot()

    def _end_overrides(self, now_ns: int) -> Effects:
        """A limit that was loosened for a time stands again as it was."""
        over = [
            (name, override) for name, override in self.book.state.overrides.items()
            if 0 < override.until_ns <= now_ns
        ]  # fmt: skip
        for name, override in over:
            scope, _, key = name.rpartition(" ")
            left = override.lasting(now_ns)
            value = left.value if left else None
            yield Jot(
                "LIMIT",
                {
                    "scope": scope, "key": key, "value": value, "over": True, "who": GATEWAY,
                    "reason": f"the time that {override.who} was given for it is over",
                },
            )  # fmt: skip
            yield alert("LIMIT_RESTORED", scope=scope, key=key, value=value)
        if over:
            self.facts.limits.refresh()
