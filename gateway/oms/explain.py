"""EXPLAIN (U1): which limits bind a scope or an order, and what each check says; sends nothing.

Rules: the order is read as if it had come on the wire this moment, the checks are those that it
would meet, and all of them are asked, also behind the first that refuses. Nothing is counted: no
tally knows afterwards that anybody asked. A check that cannot be made at all, since an earlier one
refuses what it relies on, says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.oms.effects import Effects
from gateway.oms.intake import Desk as Intake
from gateway.oms.limit_changes import LimitDesk, shown
from gateway.oms.questions import DONE, REFUSED, answer
from gateway.oms.review import review_needed
from gateway.risk import checks
from gateway.risk.facts import Facts, Intent, Refusal
from gateway.risk.limits import KEYS
from gateway.risk.trading_state import effective_state
from protocol import codec
from protocol.errors import EncodeError, InvalidMessage
from protocol.fields import GATEWAY, ExecInst, OrdType, PositionEffect, Side, TimeInForce
from protocol.messages import NewOrderSingle, OperatorCommand
from protocol.timestamps import format_utc

PASSES, REFUSES, UNKNOWN, WAITS = "passes", "REFUSES", "cannot be judged", "WAITS"
TYPES = {
    "market": OrdType.MARKET, "limit": OrdType.LIMIT, "stop": OrdType.STOP,
    "stop_limit": OrdType.STOP_LIMIT,
}  # fmt: skip
TIMES = {
    "day": TimeInForce.DAY, "gtc": TimeInForce.GOOD_TILL_CANCEL,
    "ioc": TimeInForce.IMMEDIATE_OR_CANCEL, "fok": TimeInForce.FILL_OR_KILL,
    "gtd": TimeInForce.GOOD_TILL_DATE,
}  # fmt: skip


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The order of EXPLAIN's body. Prices and quantities are text, as on the wire."""

    strategy: str
    symbol: str
    side: Literal["buy", "sell"]
    qty: Decimal
    type: Literal["market", "limit", "stop", "stop_limit"] = "limit"
    price: Decimal | None = None
    stop_px: Decimal | None = None
    venue: str | None = None
    account: str | None = None
    time_in_force: Literal["day", "gtc", "ioc", "fok", "gtd"] = "day"
    expire_time: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    expected_edge: Decimal | None = None
    holding_ms: int | None = None
    parent_order_id: str | None = None
    parent_qty: Decimal | None = None


class Explainer:
    """Answers EXPLAIN. Reads everything, changes nothing."""

    def __init__(self, facts: Facts, intake: Intake, limits: LimitDesk) -> None:
        self.facts = facts
        self.intake = intake
        self.limits = limits

    def explain(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """EXPLAIN: the limits of 5009, or of the order in 5032 with what it would meet."""
        if not message.command_body:
            rows = self.limits.rows(self.limits.scope_of(message.scope))
            yield answer(session, message, DONE, body={"limits": rows})
            return
        try:
            asked = msgspec.json.decode(message.command_body, type=Asked)
            order = as_said(asked, now_ns)
        except (msgspec.DecodeError, EncodeError, InvalidMessage) as bad:
            problem = f"BAD_BODY: CommandBody(5032) is no order: {bad}"
            yield answer(session, message, REFUSED, problem)
            return
        if asked.strategy not in self.facts.rules.strategies:
            known = " ".join(sorted(self.facts.rules.strategies))
            problem = f"UNKNOWN_STRATEGY: received {asked.strategy}, expected one of {known}"
            yield answer(session, message, REFUSED, problem)
            return
        yield answer(session, message, DONE, body=self._told(asked.strategy, order, now_ns))

    def _told(self, owner: str, order: NewOrderSingle, now_ns: int) -> dict[str, Any]:
        intent, unroutable = self.intake.intent(owner, order, now_ns)
        if unroutable is not None:
            rows = [_row("route", "Find the venue of the order.", unroutable)]
            return {"limits": [], "checks": rows, "verdict": unroutable.text}
        self.facts.exposure.refresh(now_ns)
        rows = list(self._judged(intent))
        refused = [row["says"] for row in rows if row["verdict"] == REFUSES]
        waits = [row["says"] for row in rows if row["verdict"] == WAITS]
        _scope, halt = effective_state(self.facts, intent)
        return {
            "strategy": owner, "account": intent.account, "venue": intent.venue,
            "symbol": order.symbol, "trading_state": halt.state.value if halt else "ACTIVE",
            "limits": self._binding(intent), "checks": rows,
            "verdict": (refused or waits or ["it would be sent"])[0],
        }  # fmt: skip

    def _judged(self, intent: Intent) -> Iterator[dict[str, Any]]:
        for check in checks.CHECKS:
            what = (check.__doc__ or "").partition("\n")[0]
            try:
                yield _row(check.__name__, what, check(self.facts, intent))
            except Exception as problem:  # noqa: BLE001 - a question must not stop the gateway
                says = f"{type(problem).__name__}: {problem}"[:200]
                yield {"check": check.__name__, "verdict": UNKNOWN, "says": says, "what": what}
        what = "Large orders wait for a person."
        why = review_needed(self.facts, intent)
        verdict, says = (WAITS, f"REVIEW: {why}") if why else (PASSES, "")
        yield {"check": "review", "verdict": verdict, "says": says, "what": what}

    def _binding(self, intent: Intent) -> list[dict[str, Any]]:
        """List every limit on the order with its scope; of each key the tightest is marked."""
        binding = intent.binding(self.facts)
        return [
            {
                "key": key, "value": shown(bound.value), "scope": bound.scope,
                "tightest": bound == binding.least[key],
            }
            for key in KEYS
            for bound in binding.each.get(key, ())
        ]  # fmt: skip


def _row(name: str, what: str, refused: Refusal | None) -> dict[str, Any]:
    verdict, says = (REFUSES, refused.text) if refused is not None else (PASSES, "")
    return {"check": name, "verdict": verdict, "says": says, "what": what}


def as_said(asked: Asked, now_ns: int) -> NewOrderSingle:
    """Write the order as its strategy would, through the codec: what it refuses is refused here."""
    order = NewOrderSingle(
        cl_ord_id="EXPLAIN", symbol=asked.symbol, side=Side[asked.side.upper()],
        transact_time=format_utc(now_ns), order_qty=asked.qty, ord_type=TYPES[asked.type],
        account=asked.account, ex_destination=asked.venue, price=asked.price,
        stop_px=asked.stop_px, time_in_force=TIMES[asked.time_in_force],
        expire_time=asked.expire_time, stop_loss_px=asked.stop_loss_px,
        take_profit_px=asked.take_profit_px,
        exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE if asked.post_only else None,
        position_effect=PositionEffect.CLOSE if asked.reduce_only else None,
        expected_edge=asked.expected_edge, holding_ms=asked.holding_ms,
        parent_order_id=asked.parent_order_id, parent_qty=asked.parent_qty,
    )  # fmt: skip
    frame = codec.encode(
        order, sender_comp_id=asked.strategy or "-", target_comp_id=GATEWAY, msg_seq_num=1,
        sending_time=format_utc(now_ns),
    )  # fmt: skip
    read = codec.decode(frame)
    assert isinstance(read, NewOrderSingle)
    return read
