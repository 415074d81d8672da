"""The start and the orderly end of a process, and what they do with orders that rest.

After a start nobody is connected, what was asked of a venue and not answered is in doubt, and what
was accepted and had not left never will.
"""

from __future__ import annotations

from typing import Any

from gateway.oms.effects import Effects, Jot, To
from gateway.oms.halting import trip
from gateway.oms.intake import Desk as Intake
from gateway.oms.reporting import report
from gateway.oms.review import after_restart
from gateway.oms.rules import ASK, KEEP
from gateway.risk.facts import Facts
from gateway.risk.limits import ALL
from protocol.fields import EXTERNAL, ExecType, TradingState


class Life:
    """Begins and ends. Reads book, market and rules; changes nothing."""

    def __init__(self, facts: Facts, intake: Intake) -> None:
        self.book = facts.book
        self.market = facts.market
        self.rules = facts.rules
        self.intake = intake

    def start(
        self, epoch: int, version: str, now_ns: int, *, released_lost: bool, found: dict[str, Any]
    ) -> Effects:
        """Note the start, tell owners what is in doubt, and what of theirs never left."""
        yield Jot(
            "START",
            {
                "instance": self.rules.instance, "epoch": epoch, "version": version,
                "now_ns": now_ns, "released_lost": released_lost, **found,
            },
        )  # fmt: skip
        if found.get("differs_at"):
            detail = (
                f"at record {found['differs_at']} recovery is not what the living process believed"
            )
            yield from trip(
                self.book, self.rules, ALL, TradingState.HALTED, now_ns,
                cause="STATE_DIFFERS", detail=detail,
            )  # fmt: skip
        yield from after_restart(self.book, now_ns)
        yield from self._resting_orders(now_ns)
        for waiting in list(self.book.waiting.values()):
            for order_id in list(waiting):
                order = self.book.state.orders[order_id]
                if order.in_doubt:
                    yield To(
                        order.owner,
                        report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
                    )

    def _resting_orders(self, now_ns: int) -> Effects:
        """Do with the orders of an earlier run what the config says: keep, cancel, or ask first."""
        ours = [order for order in self.book.open_orders() if order.owner != EXTERNAL]
        if not ours or self.rules.resting_orders == KEEP:
            return
        if self.rules.resting_orders == ASK:
            yield from trip(
                self.book, self.rules, ALL, TradingState.HALTED, now_ns, cause="RESTING_ORDERS",
                detail=f"open={len(ours)} from an earlier run: cancel what shall go, then resume",
            )  # fmt: skip
            return
        for order in ours:
            yield from self.intake.withdraw(order, now_ns, text="EARLIER_RUN")

    def wind_down(self, now_ns: int) -> Effects:
        """Begin an orderly stop: nothing new, and what rests is cancelled if the config says so."""
        self.intake.stopping = True
        if self.rules.cancel_on_stop:
            for order in self.book.open_orders():
                if order.owner != EXTERNAL:
                    yield from self.intake.withdraw(order, now_ns, text="GATEWAY_STOPS")

    @property
    def is_wound_down(self) -> bool:
        """Whether an orderly stop has nothing left to wait for."""
        return not self.rules.cancel_on_stop or not any(
            order.owner != EXTERNAL and self.market.venue(order.venue).linked
            for order in self.book.open_orders()
        )
