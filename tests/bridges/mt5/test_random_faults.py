"""A trader, a market, people and faults, all by chance: at the end the ledger is what was told."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from support.mt5_trader import EURUSD, HEDGING, KINDS, Trader, World, people_of, server_of

from bridges.mt5.jobs import Send
from protocol.fields import Side

STEPS = 40
DOUBTFUL = (10008, 10011, 10012, 10028, 10031)
LONG_MS = 60_000
"""Long enough for every doubt to end."""


class Chance:
    """Deeds and faults, from a seed. The market's middle moves by points."""

    def __init__(self, seed):
        self.random = Random(seed)
        kind = self.random.choice(list(KINDS))
        world = World(server_of(kind), call_ns=15_000_000_000, poll_ns=100_000_000)
        world.terminal.timeout_ms = 10_000
        self.hedges = kind == HEDGING
        self.trader = Trader(world)
        self.names = []
        self.middle = 110_000
        self.killed = False
        self.forgotten = 0
        """So many requests for levels are the gateway's to find out about."""

    @property
    def world(self):
        """The bridge that lives now."""
        return self.trader.world

    def price(self, points):
        """Return a price so far from the middle."""
        return f"{(self.middle + points) / 100_000:.5f}"

    # What a trader does.

    def market(self):
        """Buy or sell, perhaps with a stop."""
        side = self.random.choice(list(Side))
        stop = {"stop_loss_px": Decimal(self.price(-300 * side.sign))}
        self.trader.place(self.qty(), side=side, **(stop if self.random.random() < 0.4 else {}))

    def qty(self):
        """Return a quantity."""
        return str(10_000 * self.random.randint(1, 3))

    def limit(self):
        """Let an order rest."""
        side = self.random.choice(list(Side))
        away = -self.random.randint(60, 200) * side.sign
        self.names.append(self.trader.place(self.qty(), self.price(away), side))

    def stop(self):
        """Let a stop wait."""
        side = self.random.choice(list(Side))
        away = self.random.randint(60, 200) * side.sign
        self.trader.place(self.qty(), side=side, stop=self.price(away))

    def cancel(self):
        """Cancel any order."""
        if self.names:
            self.trader.cancel(self.random.choice(self.names))

    def replace(self):
        """Move an order, or change its quantity too."""
        if not self.names:
            return
        name = self.names.pop(self.random.randrange(len(self.names)))
        asked = self.trader.requests[name]
        qty = asked.order_qty + self.random.choice((0, 10_000))
        away = -self.random.randint(60, 200) * asked.side.sign
        self.names.append(self.trader.replace(name, str(qty), self.price(away)))

    def close(self):
        """Close a position by name."""
        held = list(self.world.office.books.positions.values()) if self.hedges else []
        if held:
            one = self.random.choice(held)
            self.trader.place(
                str(int(one.volume * 100_000)), side=Side.SELL if one.is_buy else Side.BUY,
                position_id=str(one.identifier),
            )  # fmt: skip

    def protect(self):
        """Move the stop of a position, one request after the other, to where none has been."""
        trader, held = self.trader, list(self.world.office.books.positions.values())
        if not held or not all(trader.ends_of(one) for one in trader.protections[self.forgotten:]):
            return
        one = self.random.choice(held)
        points = 200 + 3 * len(trader.protections)
        stop = Decimal(self.price(-points if one.is_buy else points))
        trader.protect(stop, position_id=str(one.identifier) if self.hedges else "")

    # What others do.

    def quote(self):
        """Move the market."""
        self.middle += self.random.randint(-60, 60)
        self.world.server.quote(EURUSD, self.price(0), self.price(10))

    def fill(self):
        """Fill a part of something that rests."""
        office = self.world.office
        resting = [one for one in office.books.orders.values()
                   if one.type.is_limit and one.volume_current >= Decimal("0.1")
                   and one.ticket not in office.matcher.held]  # fmt: skip
        if resting:
            people_of(self.trader).fill(self.random.choice(resting).ticket, "0.1")

    # What goes wrong.

    def answer(self):
        """Let the next request be answered wrongly, late or never, done or not."""
        faults, acts = self.world.server.faults, self.random.random() < 0.5
        self.random.choice((
            lambda: faults.fail(acts=acts), lambda: faults.silence(acts=acts),
            lambda: faults.doubt(self.random.choice(DOUBTFUL), acts=acts),
            lambda: faults.tardy(self.random.randint(100, 9_000)),
            lambda: faults.slow(self.random.randint(10, 5_000)),
            lambda: faults.ponder(self.random.randint(10, 9_000), confirms=acts),
            lambda: faults.refuse(10004),
        ))()  # fmt: skip

    def cut(self):
        """Cut the terminal off for a while; its lists are stale or empty afterwards."""
        terminal = self.world.terminal
        terminal.empties = self.random.random() < 0.5
        terminal.history_ms = self.random.choice((0, 2_000))
        terminal.cut(requests_arrive=self.random.random() < 0.5)
        self.world.run(self.random.randint(10, 3_000))
        terminal.mend()

    def restart_terminal(self):
        """Kill the terminal, and start it again."""
        self.world.terminal.stop(told=False)
        self.world.run(self.random.randint(10, 3_000))
        self.world.terminal.start()

    def lag(self):
        """Let the history come late, or in time."""
        self.world.terminal.history_lag_ms = self.random.choice((0, 500, 3_000))

    def trouble(self):
        """Let some calls fail."""
        for name in ("orders_get", "history_deals_get"):
            self.world.package.trouble(name, times=self.random.randint(1, 4))

    def wedge(self):
        """Let the next call that sends not come back before it is let go."""
        self.world.worker.holds = lambda job: isinstance(job, Send)

    def kill_bridge(self):
        """Kill the bridge, and start another."""
        if self.world.venue.connected and self.random.random() < 0.3:
            self.trader.restart()
            self.killed = True
            self.forgotten = len(self.trader.protections)

    def play(self):
        """Do all that, in any order, then let everything be well again."""
        usual = (self.limit, self.limit, self.market, self.stop, self.cancel, self.replace,
                 self.close, self.protect, *(3 * [self.quote]), self.fill)  # fmt: skip
        wrong = (self.answer, self.answer, self.cut, self.restart_terminal, self.lag,
                 self.trouble, self.wedge, self.kill_bridge)  # fmt: skip
        for _ in range(STEPS):
            self.random.choice(usual if self.random.random() < 0.75 else wrong)()
            self.world.run(self.random.choice((1, 5, 20, 200, 2_000)))
            if self.random.random() < 0.2:
                self.world.worker.let_go()
        self.world.worker.holds = None
        self.world.worker.let_go()
        self.world.server.faults.clear()
        self.world.terminal.history_lag_ms = 0
        self.world.run(LONG_MS)


@pytest.mark.budget(60)
@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=pytest.mark.length("ci") if seed else ()) for seed in range(6)],
)
def test_any_faults(seed):
    """Whatever happened in whatever order, what was told is what the server has done, once."""
    chance = Chance(seed)
    chance.play()
    assert chance.world.venue.connected
    assert chance.world.venue.core.placing == 0
    chance.trader.judge(whole=not chance.killed)
