"""A symbol whose rules change between the making of a request and its sending."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest
from msgspec.structs import replace
from support.mt5_trader import HEDGING, MS, Trader, World, server_of

from bridges.mt5 import jobs
from bridges.mt5.constants import ExpirationFlag
from bridges.mt5.jobs import Send
from bridges.port import Rejected

READ = jobs.read_symbol


@pytest.fixture
def change(monkeypatch):
    """Return what lets every read of a symbol give other rules than the one before."""
    numbers = count()

    def begin(of):
        monkeypatch.setattr(
            jobs, "read_symbol", lambda *args: replace(READ(*args), **of(next(numbers)))
        )

    return begin


@pytest.fixture
def trader():
    """A trader on a hedging account."""
    return Trader(World(server_of(HEDGING)))


def floating(number):
    """Levels that are others at each read."""
    return {"stops_level": 10 + number % 7, "freeze_level": number % 3}


def unsteady(number):
    """Ways to expire that are others at each read."""
    return {"expiration": ExpirationFlag(1 + number % 7)}


def test_floating_levels_delay_nothing(trader, change):
    """Levels are measured when an order is sent: that they float makes it no other request."""
    change(floating)
    began_ns = trader.world.now_ns
    trader.place()
    assert trader.world.until(lambda: trader.world.office.ledger.arrivals, 1)
    assert trader.world.now_ns - began_ns < 500 * MS
    trader.place(price="1.09000", stop_loss_px=Decimal("1.08000"))
    assert trader.world.until(lambda: len(trader.world.office.ledger.arrivals) == 2, 1)


def test_a_wrong_order_is_refused_although_levels_float(trader, change):
    """What is wrong with it is told after one look at the rules."""
    change(floating)
    trader.place("1")
    assert trader.world.until(lambda: trader.world.of(Rejected), 1)
    assert trader.world.of(Rejected)[0].text.startswith("QTY_STEP")


def test_rules_that_never_stand_still_end_in_a_refusal(trader, change):
    """After three tries it is refused, and never sent, also when they stand still later."""
    change(unsteady)
    trader.place()
    assert trader.world.until(lambda: trader.world.of(Rejected), 1)
    assert trader.world.of(Rejected)[0].text.startswith("NOT_SENT: the rules of EURUSD changed 3")
    change(lambda _: {})
    trader.world.run(3_000)
    assert trader.world.office.ledger.arrivals == []


def test_all_tries_have_one_patience(trader, change):
    """An order that is made anew has no more time than the one before: too late is not sent."""
    world = trader.world
    change(unsteady)
    world.worker.holds = lambda job: isinstance(job, Send)
    trader.place()
    assert world.until(world.worker.busy_since_ns, 1)
    change(lambda _: {})
    world.run(5_500)
    world.worker.let_go()
    assert world.until(lambda: world.of(Rejected), 1)
    assert world.of(Rejected)[0].text.startswith("NOT_SENT: it waited too long")
    assert world.office.ledger.arrivals == []
