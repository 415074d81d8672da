"""No journaled state exceeds a limit, whatever comes, with all that is in flight counted.

Chance writes what two strategies ask and what a venue answers: fills in parts, fills that cross a
cancel or a replace, refusals, ends, reviews, links that break, restarts. After every record a plain
sum over the orders and positions, which shares no line with the gate, is held against the limits.
Prices stand still, and the venue executes nothing but what was open: what moves beyond a limit by
itself is no fault of the gate.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, rules
from support.order_life import OWNERS, OrderLife

from gateway.oms.apply import apply, entry_of
from gateway.risk.limits import Limits, inherit
from protocol.fields import ExecType
from protocol.messages import ExecutionReport, OperatorCommand, OrderCancelReject

PRICE = Decimal("1.1001")
SHARED = (f"account:{ACCOUNT}", f"venue:{VENUE}", f"symbol:{SYMBOL}", "group:majors", "all")
KEYS = (
    "max_long_qty", "max_short_qty", "max_symbol_notional", "max_gross_notional",
    "max_net_notional", "capital", "max_open_orders",
)  # fmt: skip
STEPS = (
    "new", "new", "new", "new", "accept", "fill", "fill", "fill", "reject", "end", "ask_cancel",
    "ask_replace", "ask_replace", "answer", "answer", "refuse", "break_link", "restart",
    "approve", "decline",
)  # fmt: skip
CODES = {
    "max_long_qty": "MAX_LONG", "max_short_qty": "MAX_SHORT",
    "max_symbol_notional": "CONCENTRATION", "max_gross_notional": "MAX_GROSS",
    "max_net_notional": "MAX_NET", "capital": "CAPITAL", "max_open_orders": "MAX_OPEN_ORDERS",
}  # fmt: skip


def limit_of(key, size):
    """Return a limit that a few orders reach."""
    if key == "max_open_orders":
        return size
    units = size * 400
    return Decimal(units) if key.endswith("_qty") else units * PRICE


def house_of(limits):
    """Return the rules of a house with these limits, by scope; large orders of MOM are reviewed."""
    house = rules()
    found = dict(house.limits)
    for scope, values in limits.items():
        found[scope] = inherit(Limits(**values), found.get(scope, Limits()))
    found["strategy:MOM"] = inherit(Limits(review_qty=Decimal(1200)), found["strategy:MOM"])
    return replace(house, limits=found, groups={"majors": frozenset({SYMBOL})})


class Trial(OrderLife):
    """Orders that live through anything, and a judge who looks at every record."""

    def __init__(self, limits, judged=None):
        self.judged = limits if judged is None else judged
        self.problems = []
        super().__init__(house_of(limits))

    def follow(self):
        """Fold record by record, and judge after each."""
        start = self.folded
        for record in self.desk.records[start:]:
            apply(self.shadow, entry_of(record))
            self.folded += 1
            self.judge(record.seq)
        super().follow()

    def judge(self, seq):
        """Hold every scope against its limits."""
        state = self.shadow.state
        for scope, values in self.judged.items():
            sums = plain_sums(state, scope)
            for key, limit in values.items():
                if sums[key] > limit:
                    self.problems.append((seq, scope, key, sums[key], limit))

    def fill(self, pick, size):
        """The venue executes nothing but what is open."""
        exchange, order = self.found(pick)
        if order is not None and order.is_open and order.order_qty == exchange.qty:
            super().fill(pick, size)

    def approve(self, pick, _size):
        """A person lets an order go that waits for review."""
        self.decide("APPROVE", pick)

    def decline(self, pick, _size):
        """A person refuses it."""
        self.decide("DECLINE", pick)

    def decide(self, command, pick):
        """Decide about one of the orders that wait."""
        waiting = list(self.desk.book.in_review)
        if waiting:
            if "OPERATOR/ann" not in self.desk.book.operators:
                self.desk.log_on("OPERATOR/ann", sender_sub_id="ann/1")
            self.desk.hear("OPERATOR/ann", OperatorCommand(
                cl_ord_id="1", command=command, reason="looked at it",
                scope=f"order:{waiting[pick % len(waiting)]}",
            ))  # fmt: skip

    def refused(self):
        """Return the codes that strategies were refused with."""
        told = [m for owner in OWNERS for m in self.desk.told(owner)]
        return {
            m.text.partition(":")[0] for m in told
            if m.text and (isinstance(m, OrderCancelReject) or (
                isinstance(m, ExecutionReport) and m.exec_type is ExecType.REJECTED))
        }  # fmt: skip


def plain_sums(state, scope):
    """Add up what a scope may come to: from nothing but orders and positions."""
    kind, _, name = scope.partition(":")
    owners = [name] if kind == "strategy" else list(OWNERS)
    long = short = gross = Decimal(0)
    count = 0
    for owner in owners:
        held = state.positions.get(owner, {}).get(f"{ACCOUNT}|{VENUE}|{SYMBOL}")
        qty = held.qty if held else Decimal(0)
        flow = {"1": Decimal(0), "2": Decimal(0)}
        for order in state.orders.values():
            if order.owner != owner or not order.is_open:
                continue
            count += 1
            asked = [order.order_qty]
            if order.replace is not None:
                asked.append(order.replace.order_qty)
            flow[order.side.value] += max(max(asked) - order.cum_qty, Decimal(0))
        up, down = qty + flow["1"], flow["2"] - qty
        long, short, gross = long + up, short + down, gross + max(up, down)
    return {
        "max_long_qty": long, "max_short_qty": short, "max_symbol_notional": gross * PRICE,
        "max_gross_notional": gross * PRICE, "max_net_notional": max(long, short) * PRICE,
        "capital": gross * PRICE, "max_open_orders": count,
    }  # fmt: skip


def scope_keys(scope):
    """Return the limits of a scope that the sum can judge: each strategy counts its own orders."""
    return KEYS if scope.startswith("strategy:") else KEYS[:-1]


limits_of_scopes = st.dictionaries(
    st.sampled_from(("strategy:MM", "strategy:MOM", *SHARED)),
    st.dictionaries(st.sampled_from(KEYS[:-1]), st.integers(2, 12), min_size=1, max_size=3),
    min_size=1, max_size=4,
).map(lambda found: {
    scope: {key: limit_of(key, size) for key, size in values.items()}
    for scope, values in found.items()
})  # fmt: skip
streams = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 30), st.integers(1, 20)), max_size=50
)


@given(limits=limits_of_scopes, steps=streams)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_state_exceeds_any_limit(limits, steps):
    """Whatever is asked and answered, in whatever order: never."""
    trial = Trial(limits)
    for what, pick, size in steps:
        trial.step(what, pick, size)
    assert trial.problems == []


def random_stream(seed, length=200):
    """Write a long stream."""
    chance = Random(seed)
    return [
        (chance.choice(STEPS), chance.randint(0, 30), chance.randint(1, 20)) for _ in range(length)
    ]


@pytest.mark.parametrize("scope", [
    "strategy:MM", "all",
    *(pytest.param(one, marks=pytest.mark.length("ci")) for one in ("strategy:MOM", *SHARED[:-1])),
])  # fmt: skip
def test_a_long_stream_meets_every_limit_and_exceeds_none(scope):
    """Each limit of a scope refuses something in such a stream, and none is ever exceeded."""
    for key in scope_keys(scope):
        limits = {scope: {key: limit_of(key, 5)}}
        trial = Trial(limits)
        for what, pick, size in random_stream(2):
            trial.step(what, pick, size)
        assert trial.problems == []
        assert CODES[key] in trial.refused()


@pytest.mark.parametrize("key", KEYS)
def test_the_judge_sees_what_is_exceeded(key):
    """The same stream without the limit exceeds it: the judge would have told."""
    scope = "strategy:MM"
    trial = Trial({}, judged={scope: {key: limit_of(key, 5)}})
    for what, pick, size in random_stream(2):
        trial.step(what, pick, size)
    assert {found[2] for found in trial.problems} == {key}
