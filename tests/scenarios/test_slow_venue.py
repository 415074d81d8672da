"""A venue that acks slowly: each of its answers takes four seconds, and nobody knows what it has.

The strategy takes silence for a loss and sends the next order, and the next. Everything that was
sent counts as executed until the venue itself has said what became of it.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support import witnesses
from support.reckoning import read_journal
from support.scene import LIMITS, NOISE, Rogue, Scene
from support.waiting import wait_for

from bridges.paper import ledger
from gateway.risk.breaker_rules import AckLatency
from protocol.fields import OrdStatus

SLOW_MS = 4_000
PATIENT_MS = 1_500
ORDERS = 130
PAUSE_MS = 30
PATIENCE = f"\n[timeouts]\nvenue_answer_ms = {PATIENT_MS}\n"
PRICE, TICK = Decimal("1.101"), Decimal("0.00001")


def send_without_an_answer(rogue):
    """Send an order whenever the one before has not been answered."""
    for number in range(ORDERS):
        price = PRICE + number * TICK  # nobody takes it for the same order again
        rogue.buy("EURUSD", 4_000 + number % 5 * 1_000, price=price)
        rogue.pause(PAUSE_MS)
    rogue.settle()


def tripped_ns(journaled):
    """Return when the breaker stopped the venue."""
    return next(
        time_ns for time_ns, kind, body in journaled.notes
        if kind == "TRADING_STATE" and body["cause"] == "LATENCY_ACK" and body["state"] != "ACTIVE"
    )  # fmt: skip


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_a_venue_that_answers_late_is_stopped_and_every_order_ends_by_evidence(tmp_path, reckoned):
    """The venue is REDUCING; what is unanswered is in doubt, counts, and ends as the venue says."""
    with Scene(tmp_path, brakes=True, market=PATIENCE) as system:
        with Rogue(system.start(), "MM") as rogue:
            system.fault(f"delay {SLOW_MS}")
            send_without_an_answer(rogue)
            assert ("LATENCY_ACK", "REDUCING") in system.stopped()
            assert system.status()["in_doubt"] > 0
            system.fault("delay 0")
            wait_for(
                lambda: rogue.hear(100) or _doubted(rogue) <= _ended(rogue), timeout_s=30,
                what="the end of every order that was in doubt",
            )  # fmt: skip
            assert _doubted(rogue)
            assert not system.ask("ORDERS")["rows"]
        system.stop()
        figures = reckoned(system, "Slow venue")
        journaled = read_journal(system)
        lines = ledger.read(system.ledger)
        replayed = witnesses.replay(system.journal, ("MM",))
    assert ("venue:PAPER", "LATENCY_ACK") in figures.halts
    assert figures.refused["REDUCING"] > 0
    assert AckLatency().min_samples <= figures.left < ORDERS
    assert max(time_ns for time_ns, _ in journaled.left) <= tripped_ns(journaled)
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    assert {line["id"] for line in lines if line["k"] == "order"} == {
        order.cl_ord_id for _, order in journaled.left
    }
    assert not witnesses.venue_wrongs(system.ledger, replayed.book)


def _doubted(rogue):
    return {one.cl_ord_id for one in rogue.reports() if one.in_doubt}


def _ended(rogue):
    return {
        one.cl_ord_id for one in rogue.reports()
        if one.ord_status in {OrdStatus.FILLED, OrdStatus.CANCELED}
    }  # fmt: skip


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_without_brakes_it_is_a_disaster(tmp_path, reckoned):
    """Without brakes every order of the four seconds leaves, beyond the limit of all exposure."""
    with Scene(tmp_path, brakes=False, market=PATIENCE) as system:
        with Rogue(system.start(), "MM") as rogue:
            system.fault(f"delay {SLOW_MS}")
            send_without_an_answer(rogue)
        system.stop()
        figures = reckoned(system, "Slow venue")
    assert figures.left == ORDERS
    assert figures.gross > LIMITS.max_gross_notional
