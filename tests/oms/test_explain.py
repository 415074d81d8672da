"""What an order would meet, without sending it: the same answers as the order, and no trace."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, new_order, rules
from support.operators import ANN, ask, code

from gateway.oms.explain import Asked, as_said
from gateway.risk.checks import CHECKS
from gateway.risk.limits import ALL, KEYS, Limits
from protocol.fields import ExecType as E
from protocol.messages import ExecutionReport, NewOrderSingle

ORDER = {"strategy": "MM", "symbol": SYMBOL, "side": "buy", "qty": "1000", "price": "1.1"}


@pytest.fixture
def desk():
    """MM may order 2000 at once and waits for a person above 1500, everybody together 5000."""
    house = rules(max_order_qty=Decimal(2000), review_qty=Decimal(1500), collar_bps=Decimal(200))
    house = replace(house, limits={**house.limits, ALL: Limits(max_order_qty=Decimal(5000))})
    desk = Desk(house)
    desk.open_up()
    desk.log_on(ANN)
    return desk


def explained(desk, **fields):
    """Ask about an order; return the answer's body."""
    answer = ask(desk, "EXPLAIN", body={**ORDER, **fields})
    assert answer.outcome == "DONE", answer.text
    return json.loads(answer.command_body)


def verdicts(body, verdict):
    """Return what the checks with a verdict say, by their names."""
    return {row["check"]: row["says"] for row in body["checks"] if row["verdict"] == verdict}


def test_every_check_has_a_row_in_its_order(desk):
    """An order that would be sent passes them all, and the verdict says so."""
    body = explained(desk)
    assert [row["check"] for row in body["checks"]] == [
        *(check.__name__ for check in CHECKS), "review",
    ]  # fmt: skip
    assert set(verdicts(body, "passes")) == {row["check"] for row in body["checks"]}
    assert body["verdict"] == "it would be sent"
    assert all(row["what"].endswith(".") for row in body["checks"])


@pytest.mark.parametrize(
    "fields",
    [
        {"qty": "2001"}, {"qty": "9000"}, {"price": "1.10001"}, {"qty": "0.5"},
        {"symbol": "OTHER"}, {"venue": "ELSEWHERE"}, {"account": "NOBODYS"}, {"price": "2.2"},
        {"type": "stop"}, {"type": "market"}, {"reduce_only": True}, {"time_in_force": "gtd"},
        {"side": "sell", "type": "stop_limit", "stop_px": "1.1", "price": "0.9"},
    ],
)  # fmt: skip
def test_the_verdict_is_what_the_order_meets(desk, fields):
    """Sent in earnest, the order is refused with the very text that EXPLAIN began with."""
    verdict = explained(desk, **fields)["verdict"]
    desk.hear("MM", in_earnest(desk, fields))
    told = [m for m in desk.told("MM") if isinstance(m, ExecutionReport)][-1]
    assert told.exec_type is E.REJECTED
    assert told.text == verdict


def in_earnest(desk, fields):
    """Write the order that EXPLAIN was asked about."""
    asked = msgspec.convert({**ORDER, **fields}, Asked, strict=False)
    return replace(as_said(asked, desk.now_ns), cl_ord_id=new_order(desk, "X").cl_ord_id)


def test_all_refusals_are_named_not_only_the_first(desk):
    """Whoever repairs an order wants to know all that is wrong with it."""
    body = explained(desk, qty="9000", price="2.2")
    assert len(verdicts(body, "REFUSES")) > 1
    assert verdicts(body, "REFUSES")["max_order_qty"] == (
        "MAX_QTY: qty=9000 limit=2000 scope=strategy:MM"
    )


def test_a_review_is_foretold(desk):
    """Above the review size the verdict is that it would wait."""
    body = explained(desk, qty="1501")
    assert body["verdict"] == "REVIEW: qty=1501 limit=1500 scope=strategy:MM"
    assert verdicts(body, "WAITS") == {"review": body["verdict"]}


def test_the_limits_of_all_scopes_with_the_tightest_marked(desk):
    """The order's limits come with their scopes; of each key one binds."""
    limits = explained(desk)["limits"]
    found = {
        row["scope"]: (row["value"], row["tightest"]) for row in limits
        if row["key"] == "max_order_qty"
    }  # fmt: skip
    assert found == {"strategy:MM": ("2000", True), ALL: ("5000", False)}


def test_the_trading_state_is_told(desk):
    """A halt is the state, and what its check says."""
    assert explained(desk)["trading_state"] == "ACTIVE"
    ask(desk, "KILL", scope=f"venue:{VENUE}", reason="enough")
    body = explained(desk)
    assert body["trading_state"] == "HALTED"
    assert body["verdict"].startswith("HALTED: ")
    assert (body["account"], body["venue"]) == (ACCOUNT, VENUE)


def test_a_scope_alone_shows_its_limits(desk):
    """Without an order the limits of the scope are the answer."""
    body = json.loads(ask(desk, "EXPLAIN", scope="strategy:MM").command_body)
    assert {row["key"] for row in body["limits"]} <= set(KEYS)
    assert {"scope": "strategy:MM", "key": "max_order_qty", "value": "2000", "from": "config"} in (
        body["limits"]
    )


def test_asking_leaves_no_trace(desk, monkeypatch):
    """No tally is touched, nothing is said or noted but the answer, the state is as it was."""
    activity = desk.core.facts.activity

    def counted(*_args, **_more):
        msg = "a question was counted as an order"
        raise AssertionError(msg)

    for name in ("arrived", "accepted"):
        monkeypatch.setattr(type(activity), name, counted)
    desk.book.digest()
    before, notes = desk.book.state.part, len(desk.notes)
    said = len(desk.said)
    for fields in ({}, {"qty": "9000"}, {"symbol": "OTHER"}, {"side": "sell", "type": "market"}):
        explained(desk, **({"price": None} if fields.get("type") else {}) | fields)
    desk.book.digest()
    assert desk.book.state.part == before
    assert len(desk.notes) == notes
    assert {session for session, _ in desk.said[said:]} == {ANN}
    assert not [m for m in desk.told(VENUE) if isinstance(m, NewOrderSingle)]


def test_asking_often_is_answered_alike(desk):
    """A thousand questions use up no rate and look like no runaway."""
    first = explained(desk)
    assert all(explained(desk) == first for _ in range(1_000))


def test_a_check_that_cannot_be_made_stops_nobody(desk, monkeypatch):
    """A question never ends the gateway: the row says what happened."""

    def broken(_facts, _intent):
        """Divide by zero."""
        return 1 / 0

    monkeypatch.setattr("gateway.risk.checks.CHECKS", (broken, *CHECKS))
    body = explained(desk, qty="2001")
    assert verdicts(body, "cannot be judged") == {"broken": "ZeroDivisionError: division by zero"}
    assert body["verdict"].startswith("MAX_QTY: ")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", "BAD_BODY"), ("[]", "BAD_BODY"), ({"strategy": "MM"}, "BAD_BODY"),
        ({**ORDER, "side": "long"}, "BAD_BODY"), ({**ORDER, "type": "pegged"}, "BAD_BODY"),
        ({**ORDER, "qty": "many"}, "BAD_BODY"), ({**ORDER, "colour": "red"}, "BAD_BODY"),
        ({**ORDER, "symbol": "EUR USD"}, "BAD_BODY"), ({**ORDER, "qty": "NaN"}, "BAD_BODY"),
        ({**ORDER, "strategy": "NOBODY"}, "UNKNOWN_STRATEGY"),
        ({**ORDER, "strategy": ""}, "UNKNOWN_STRATEGY"),
    ],
)  # fmt: skip
def test_what_is_no_order(desk, body, expected):
    """It is refused with what was received and expected."""
    assert code(ask(desk, "EXPLAIN", body=body)) == expected
