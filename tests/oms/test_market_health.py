"""Market data health in the core: alerted in the same turn, listed for operators, not kept."""

from __future__ import annotations

import json

import pytest
from support.desk import SYMBOL, VENUE, Desk, Exchange, cancel, new_order

from protocol.fields import OrdStatus
from protocol.messages import OperatorCommand, OrderCancelRequest

MS = 1_000_000
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


@pytest.mark.parametrize(
    ("bid", "offer", "code"),
    [
        ("1.1002", "1.1000", "QUOTE_CROSSED"),
        ("0.7700", "0.7702", "QUOTE_JUMP"),
        ("1.0700", "1.1302", "QUOTE_WIDE"),
        ("0", "1.1002", "NO_PRICE"),
    ],
)
def test_no_new_risk_without_a_price_but_cancels_pass(desk, bid, offer, code):
    """An order is refused with the fault of its feed, what rests can be cancelled all the same."""
    (_, sent) = desk.hear("MM", new_order(desk, "A1"))
    Exchange(desk, sent).accept()
    desk.quote(bid, offer)
    (refused,) = desk.hear("MM", new_order(desk, "A2"))
    assert refused.ord_status is OrdStatus.REJECTED
    assert refused.text.startswith(f"{code}: symbol=EURUSD venue=PAPER ")
    said = desk.hear("MM", cancel(desk, "A3", "A1"))
    assert any(isinstance(one, OrderCancelRequest) for one in said)


def test_silence_refuses_without_waiting_for_a_tick(desk):
    """The age of a price is judged when the order comes; later quotes have to prove themselves."""
    desk.now_ns += 10_001 * MS
    (refused,) = desk.hear("MM", new_order(desk, "A1"))
    assert refused.text.startswith("QUOTE_STALE: symbol=EURUSD venue=PAPER age_ms=10001 ")
    desk.quote("1.1000", "1.1002")
    for ms, status in ((2_999, OrdStatus.REJECTED), (1, OrdStatus.PENDING_NEW)):
        desk.now_ns += ms * MS
        desk.quote("1.1000", "1.1002")
        answer = desk.hear("MM", new_order(desk, f"B{ms}"))[0]
        assert answer.ord_status is status


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
