"""A venue with a rate limit of its own, flooded through real processes: it is never exceeded."""

from __future__ import annotations

import pytest
from support.waiting import wait_for

from engine.client import Client
from journal import reader
from protocol import codec
from protocol.messages import NewOrderSingle, OrderCancelRequest, TradingSessionStatus

WEIGHT = 40
PACED = """
rate_limits = [{{ weight = {weight}, window_ms = 1_000 }}]
rate_slack_ms = 500
max_send_wait_ms = 1_000
"""
EXCHANGE = """
[venue.exchange_limit]
weight = {weight}
window_ms = 1_000
aligned = {aligned}
bans_after = 3
ban_ms = 30_000
"""
FAR = "0.90000"


def limit(system, *, paced, aligned="false"):
    """Write the venue's limit into the config, and with `paced` tell the gateway of it."""
    feed = 'feed = { kind = "synthetic", seed = 7 }'
    pace = PACED.format(weight=WEIGHT) if paced else ""
    system.edit(feed, f"{feed}\n{pace}{EXCHANGE.format(weight=WEIGHT, aligned=aligned)}")


def said_to_venue(system, *kinds):
    """What the journal says that the venue was told, of these types."""
    return [
        message for direction, message in _messages(system)
        if direction == 1 and isinstance(message, kinds)
    ]  # fmt: skip


def warnings(system):
    """What the venue warned of."""
    return [
        message for direction, message in _messages(system)
        if direction == 0 and isinstance(message, TradingSessionStatus)
        and message.back_off_ms is not None
    ]  # fmt: skip


def _messages(system):
    for record in reader.read(system.journal):
        if record.session == "PAPER" and record.direction in {0, 1}:
            yield record.direction, codec.decode(record.frame)


def flood(client, count):
    """Send orders as fast as the client can; return them."""
    return [client.buy("EURUSD", 1000, price=FAR) for _ in range(count)]


def _pump(client):
    """Let the client say and hear for a moment."""
    client.receive(20)
    return True


def _orders(system):
    return len(said_to_venue(system, NewOrderSingle))


def settle(system, client):
    """Let everything be answered: nothing waits here, nothing is unanswered at the venue."""
    for _ in client.reports(timeout_ms=1_000):
        pass
    wait_for(lambda: not _unsettled(system), timeout_s=60, poll_s=0.2)


def _unsettled(system):
    rows = system.ask("ORDERS")["rows"]
    (venue,) = system.ask("VENUES")["rows"]
    return [row for row in rows if row["in_doubt"] or row["ord_status"] == "PENDING_NEW"] or any(
        venue["queued"].values()
    )


@pytest.mark.length("ci")
@pytest.mark.budget(120)
@pytest.mark.parametrize("aligned", ["false", "true"])
def test_a_flooded_venue_never_warns(system, aligned):
    """300 orders, a kill of the gateway, more than 300, everything cancelled: not one too many.

    The venue counts in sliding windows, and in those of its own clock; the third excess would ban
    us for half a minute. What does not fit is refused with VENUE_RATE or waits its turn.
    """
    limit(system, paced=True, aligned=aligned)
    system.start()
    with Client("EXAMPLE", system.orders) as client:
        flood(client, 300)
        wait_for(lambda: _pump(client) and _orders(system) > WEIGHT // 2, timeout_s=30)
        system.kill()
    system.start()
    with Client("EXAMPLE", system.orders) as client:
        flood(client, 300)
        # How many fit before the kill is chance; what comes after it fills more than a window.
        wait_for(
            lambda: flood(client, 20) and _pump(client) and _orders(system) > 2 * WEIGHT,
            timeout_s=60, what="more than a window of orders", poll_s=0.2,
        )  # fmt: skip
        settle(system, client)
        resting = system.status()["open_orders"]
        client.cancel_all()
        wait_for(
            lambda: _pump(client) and system.status()["open_orders"] == 0,
            timeout_s=60, what="the end of every order", poll_s=0.1,
        )  # fmt: skip
    system.stop()
    assert warnings(system) == []
    assert len(said_to_venue(system, OrderCancelRequest)) >= resting > WEIGHT


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_without_pacing_the_same_flood_is_warned_of(system):
    """The venue does count: a gateway that was not told of the limit exceeds it."""
    limit(system, paced=False)
    system.start()
    with Client("EXAMPLE", system.orders) as client:
        flood(client, 100)
        wait_for(lambda: _pump(client) and warnings(system), timeout_s=30)
    system.stop()
