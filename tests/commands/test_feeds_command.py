"""`portcullis feeds` against a gateway that runs: prices, health, hops with their offsets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.waiting import wait_for

from engine.client import Client

pytestmark = pytest.mark.budget(60)


def rows_of(system, kind):
    """Return the rows of one kind."""
    return [row for row in system.json("feeds") if row["kind"] == kind]


def test_a_person_sees_the_feeds_and_how_long_data_takes(system):
    """Every symbol's feed is healthy with bid and offer; each hop has an offset and a latency."""
    system.start()
    wait_for(
        lambda: "EURUSD" in {row["symbol"] for row in rows_of(system, "feed")},
        what="the first quote",
    )
    with Client("EXAMPLE", system.config.gateway.orders[0]) as client:
        book = client.book("EURUSD", "PAPER")
        order = client.buy("EURUSD", 1000, price="0.9", venue="PAPER")
        client.wait_for(order)
    assert order.quote_time == book.sending_time
    assert len(book.bids) > 1
    (feed,) = [row for row in rows_of(system, "feed") if row["symbol"] == "EURUSD"]
    assert (feed["venue"], feed["healthy"], feed["serving"]) == ("PAPER", True, True)
    assert Decimal(feed["bid"]) < Decimal(feed["offer"])
    hops = {row["hop"]: row for row in rows_of(system, "hop")}
    assert set(hops) == {
        "exchange→bridge", "bridge→gateway", "quote→decision", "decision→gateway",
    }  # fmt: skip
    assert all(hop["count"] > 0 and hop["last_ms"] >= 0 for hop in hops.values())
    text = system.command("feeds").stdout
    assert "EURUSD" in text
    assert "bridge→gateway" in text
