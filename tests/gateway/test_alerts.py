"""Alerts reach people: in the log, rationed, and in the operator's status."""

from __future__ import annotations

import pytest
from loguru import logger
from support.desk import Desk
from support.shell import House, config_in, order

from gateway.alerts import Alerts, say_what_stands
from gateway.oms.effects import Jot
from gateway.oms.state import Halt, Override, State
from protocol.fields import TradingState
from protocol.messages import OperatorCommand

MINUTE_NS = 60_000_000_000


@pytest.fixture
def warned():
    """Gather what is logged at WARNING."""
    lines = []
    sink = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    yield lines
    logger.remove(sink)


def test_an_alert_is_logged_with_what_it_is_about(warned):
    """An ALERT note is one WARNING with its kind and details; other notes are none."""
    alerts = Alerts()
    alerts.heard(Jot("DIGEST", {"seq": 1}), 1)
    alerts.heard(Jot("ALERT", {"alert": "BAD_FILL", "order_id": "X{1}"}, "PAPER"), 2)
    assert warned == ["ALERT BAD_FILL session=PAPER order_id=X{1}\n"]


def test_times_are_written_for_people(warned):
    """Until when is UTC text, not nanoseconds; what is empty or never is not written."""
    body = {"alert": "BREAKER", "until_ns": "1767605400000000000", "second": "", "since_ns": "0"}
    Alerts().heard(Jot("ALERT", body), 1)
    assert warned == ["ALERT BREAKER until=20260105-09:30:00.000000\n"]


def test_what_an_earlier_run_left_in_force_is_said(warned):
    """A start logs each halt that stands and each limit that is changed, with who and why."""
    state = State()
    state.halts["symbol:X"] = {
        "PERSON": Halt(TradingState.REDUCING, "ann", "lunch", 1),
    }
    state.overrides["strategy:MM max_order_qty"] = Override("", "bob", "test", 1)
    say_what_stands(state)
    assert warned == [
        "still REDUCING: symbol:X, by ann: lunch\n",
        "still changed: the limit strategy:MM max_order_qty is none, by bob: test\n",
    ]


def test_each_kind_has_five_lines_a_minute(warned):
    """The sixth of a kind in a minute is counted, not logged; the next minute says how many."""
    alerts = Alerts()
    for number in range(9):
        alerts.heard(Jot("ALERT", {"alert": "A", "n": number}), number)
    alerts.heard(Jot("ALERT", {"alert": "B"}), 9)
    assert [line.split()[1] for line in warned] == ["A"] * 5 + ["B"]
    alerts.heard(Jot("ALERT", {"alert": "A"}), MINUTE_NS)
    assert "4 more of this kind were not shown" in warned[-1]
    assert alerts.total == 11


def test_what_is_journaled_as_an_alert_is_logged(tmp_path, warned):
    """The running house logs the alert that it journals."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1", text="unsayable"))
        peer.until(peer.reports)
    assert any(line.startswith("ALERT UNSAYABLE") for line in warned)


def test_the_status_says_how_many_and_the_last():
    """STATUS carries the count of alerts, and the last with its time."""
    desk, alerts = Desk(), Alerts()
    desk.core.control.questions.alerts = alerts.summary
    assert alerts.summary() == {"total": 0}
    alerts.heard(Jot("ALERT", {"alert": "BAD_FILL"}), 0)
    desk.log_on("OPERATOR/ann/7")
    desk.hear("OPERATOR/ann/7", OperatorCommand(cl_ord_id="U", command="STATUS"))
    answers = [m for m in desk.told("OPERATOR/ann/7") if isinstance(m, OperatorCommand)]
    assert '"alerts":{"total":1,"last":"BAD_FILL","last_at":"1970' in answers[-1].command_body
