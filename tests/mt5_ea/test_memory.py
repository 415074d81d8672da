"""What the Expert Advisor holds in memory of the past: no more than it needs, and all of that."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.mt5.constants import MarginMode, OrderType
from support.mt5.ea import Program, VirtualClock
from support.mt5.ea_calls import TradeResult
from support.mt5.ea_days import DAY_MS, database, pass_days, trader_on
from support.mt5.ea_network import VirtualNetwork
from support.mt5.runtime import build

from protocol.order_id import to_text

PROBE = Path(build.__file__).parents[1] / "probes" / "Books.mq5"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
NETTING = MarginMode.RETAIL_NETTING


class Server:
    """A trade server that takes every request and answers none."""

    def OrderSendAsync(self, _request):
        """Take it."""
        return True, TradeResult()

    def TimeTradeServer(self):
        """Say any time."""
        return 10**9

    TimeCurrent = TimeTradeServer


def test_memory_lets_go_of_what_has_ended(tmp_path):
    """What lives or has a request under way stays; the rest is read again when asked for."""
    program = Program(
        build.build(PROBE), Server(), clock=VirtualClock(10**18), network=VirtualNetwork(),
        folder=tmp_path,
    )  # fmt: skip
    assert program.start() == 0

    def ask(command):
        return program.probe(command).decode()

    ask("fill 20")
    assert (ask("held 0"), ask("live 0")) == ("20", "10")
    ask("unload 0")
    assert (ask("held 0"), ask("live 0")) == ("12", "10")
    for at, number in enumerate((5, 10, 15, 20)):
        assert ask(f"flight {at}") == f"{to_text(number)} of {to_text(number)} 1"
    for number in range(1, 21):
        flights = 0 if number % 5 else 1
        assert ask(f"name {number}") == f"{to_text(number)} {flights}"
        assert ask(f"ticket {1000 + number}") == f"{to_text(number)} {flights}"
    assert ask("held 0") == "20"
    assert ask("name 21") == "none"
    assert ask("keep 3 999 77 2000") == "0"
    program.stop()


def test_what_memory_let_go_of_is_still_known(tmp_path):
    """A magic of the history is not sent again, and an order by hand is told of, once."""
    trader = trader_on(NETTING, tmp_path)
    done = trader.place("10000", "1.09")
    trader.people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05")
    trader.run(200)
    trader.cancel(done)
    trader.run(200)
    pass_days(trader, 1)
    with database(tmp_path) as base:
        for table in ("ids", "names", "chains", "tickets", "ends"):
            base.execute(f"DELETE FROM {table}")
    base.close()
    sent = len(trader.office.ledger.arrivals)
    trader.place("10000", "1.09", name=done)
    trader.run(500)
    assert len(trader.office.ledger.arrivals) == sent
    (ticket,) = trader.office.books.orders
    trader.people.cancel(ticket)
    trader.run(500)
    for kind in ("Accepted", "Canceled"):
        assert len([one for one in trader.of(kind) if one.order_id == str(ticket)]) == 1


def test_no_deal_is_told_again(tmp_path):
    """One that was told just before memory let go of the past is in the next walks as well."""
    trader = trader_on(NETTING, tmp_path)
    pass_days(trader, 2)
    trader.clock.advance(DAY_MS - 10_000)
    trader.quote("1.10000", "1.10010")
    trader.reconcile()
    trader.place("10000")
    trader.run(20_000, step_ms=50)
    trader.place("10000")
    trader.run(2_000)
    assert len(trader.of("Filled")) == 2
    trader.judge()
