"""The journal as SQLite: what people did, not what they only asked; each trip with its cause."""

from __future__ import annotations

import sqlite3

import pytest
from support.desk import T0, VENUE, Desk
from support.levels import REJECTED, al, am, asked, opened
from support.operators import ask

from gateway.audit import export
from gateway.oms.halting import lapse, trip
from gateway.oms.questions import QUESTIONS
from journal.format import Direction
from protocol.fields import TradingState
from protocol.timestamps import format_utc

ANN = "OPERATOR/ann/4711"
ACTIONS = {"CANCEL", "KILL", "REDUCE", "RESUME", "APPROVE", "DECLINE", "LIMIT", "SHUTDOWN"}


@pytest.fixture
def desk():
    """Give an open desk where a person is logged on."""
    made = Desk()
    made.open_up()
    made.log_on(ANN)
    return made


def query(desk, folder, text):
    """Export the journal of a desk and ask the file."""
    path = folder / "audit.db"
    export([one._replace(direction=Direction(one.direction)) for one in desk.records], path)
    db = sqlite3.connect(path)
    try:
        return db.execute(text).fetchall()
    finally:
        db.close()


def test_every_command_is_a_question_or_an_action(desk):
    """A new command has to be sorted here: what changes nothing is no action for an auditor."""
    known = set(desk.core.control._commands)
    assert known >= QUESTIONS
    assert known - QUESTIONS == ACTIONS


def test_questions_are_no_actions(desk, tmp_path):
    """Each is in `messages`, none in `operator_actions`; `who` is the person, no process."""
    for question in sorted(QUESTIONS):
        ask(desk, question, session=ANN)
    ask(desk, "KILL", scope="strategy:MM", reason="because", session=ANN)
    found = query(desk, tmp_path, "select who, command, scope, outcome from operator_actions")
    assert found == [("ann", "KILL", "strategy:MM", "DONE")]


def test_what_was_refused_is_an_action_too(desk, tmp_path):
    """Somebody tried."""
    ask(desk, "RESUME", scope="all", reason="because", session=ANN)
    found = query(desk, tmp_path, "select who, command, outcome from operator_actions")
    assert found == [("ann", "RESUME", "REFUSED")]


def test_trips_tell_who_stopped_what_and_until_when(desk, tmp_path):
    """A breaker's halt and its end, a person's and the way back: time, scope, state, why."""
    core = desk.core
    desk.run(trip(
        desk.book, core.rules, "strategy:MM", TradingState.REDUCING, desk.now_ns,
        cause="SLIPPAGE", detail="bps=30", cool_down_ms=60_000,
    ))  # fmt: skip
    desk.now_ns += 60_000_000_000
    desk.run(lapse(desk.book, core.rules, desk.now_ns, lambda _scope, _cause: False))
    ask(desk, "KILL", scope="all", reason="because", session=ANN)
    found = query(desk, tmp_path, (
        "select time, scope, state, cause, who, reason, until, kills from trips order by seq"
    ))  # fmt: skip
    began = format_utc(T0)
    until = format_utc(T0 + 60_000_000_000)
    assert found[:2] == [
        (began, "strategy:MM", "REDUCING", "SLIPPAGE", "GATEWAY", "SLIPPAGE: bps=30", until, 0),
        (until, "strategy:MM", "ACTIVE", "SLIPPAGE", "GATEWAY",
         "SLIPPAGE: the cool-down is over", None, 0),
    ]  # fmt: skip
    assert [(row[1], row[2], row[4], row[6]) for row in found[2:]] == [
        ("all", "HALTED", "ann", None),
    ]


def test_levels_that_were_refused_are_refusals(tmp_path):
    """By the gateway and by the venue, each with its code and who it was."""
    desk = opened()
    desk.hear("MOM", al(desk))
    desk.hear("MM", al(desk))
    desk.hear(VENUE, am(desk, asked(desk)[0], REJECTED, text="10016 INVALID_STOPS: too near"))
    found = query(desk, tmp_path, "select session, name, source, code from refusals order by seq")
    assert found == [
        ("MOM", "PositionMaintenanceReport", "G", "NO_POSITION"),
        ("MM", "PositionMaintenanceReport", "V", "10016 INVALID_STOPS"),
    ]
