"""Market data health in the core: alerted in the same turn, listed for operators, not kept."""

from __future__ import annotations

import json

import pytest
from support.desk import SYMBOL, VENUE, Desk, new_order

from protocol.messages import OperatorCommand

PERSON = "OPERATOR/ann/1"


@pytest.fixture
def desk():
    """Give a core with one venue that is up and has quoted."""
    desk = Desk()
    desk.open_up()
    return desk


def alerts(desk):
    """Return the alerts about feeds."""
    return [
        note.body for note in desk.notes
        if note.kind == "ALERT" and note.body["alert"].startswith("FEED_")
    ]  # fmt: skip


def ask(desk):
    """Ask for the feeds as an operator; return the rows."""
    desk.log_on(PERSON)
    said = desk.hear(PERSON, OperatorCommand(cl_ord_id="1", command="FEEDS", sender_sub_id="ann"))
    (answer,) = [one for one in said if isinstance(one, OperatorCommand)]
    return json.loads(answer.command_body)["rows"]


def test_a_fault_is_alerted_in_the_turn_of_its_quote(desk):
    """A crossed quote is an ALERT note with its numbers before anything else is decided."""
    assert alerts(desk) == []
    desk.quote("1.1002", "1.1000")
    (alert,) = alerts(desk)
    assert (alert["alert"], alert["code"], alert["venue"]) == (
        "FEED_UNHEALTHY", "QUOTE_CROSSED", VENUE,
    )  # fmt: skip
    assert alert["detail"] == "bid=1.1002 offer=1.1000"


def test_silence_and_recovery_are_alerted_by_the_tick(desk):
    """The 100 ms tick tells of a feed that fell silent, and of its recovery."""
    for _ in range(150):
        desk.pass_time(100)
    assert [alert["code"] for alert in alerts(desk)] == ["QUOTE_STALE"]
    for _ in range(31):
        desk.quote("1.1000", "1.1002")
        desk.pass_time(100)
    assert [alert["alert"] for alert in alerts(desk)] == ["FEED_UNHEALTHY", "FEED_HEALTHY"]


def test_an_operator_sees_feeds_and_hops(desk):
    """FEEDS answers with a row for each feed and each hop."""
    desk.hear("MM", new_order(desk, "A1"))
    rows = ask(desk)
    (feed,) = [row for row in rows if row["kind"] == "feed"]
    assert (feed["symbol"], feed["venue"], feed["healthy"]) == (SYMBOL, VENUE, True)
    assert {(row["hop"], row["who"]) for row in rows if row["kind"] == "hop"} == {
        ("bridge→gateway", VENUE), ("decision→gateway", "MM"),
    }  # fmt: skip


def test_health_is_no_part_of_the_state(desk):
    """A quote, sound or not, changes no digest; after a start nothing is known of any feed."""
    before = desk.core.digest()
    desk.core.facts.feeds.quote(VENUE, desk.core.market.quotes[VENUE, SYMBOL].message, desk.now_ns)
    assert desk.core.digest() == before
    desk.restart()
    assert desk.core.facts.feeds.reference(SYMBOL, VENUE, desk.now_ns).code == "NO_PRICE"
