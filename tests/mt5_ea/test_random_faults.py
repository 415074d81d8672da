"""Orders and misfortunes by chance, many at once: at the end the venue knows what the server has.

Seeded, in virtual time. A plain run plays one seed on one kind of account.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from random import Random

import pytest
from support.mt5.constants import Action, Uninit
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import eurusd
from support.mt5_trader import HEDGING, KINDS

from protocol.order_id import to_text

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
ROUNDS = 100
SEEDS = {"ci": range(4), "long": range(4, 60)}


class Chance:
    """One seed's deeds and misfortunes."""

    def __init__(self, trader, seed):
        self.trader, self.random = trader, Random(seed)
        self.mid = 110_000
        self.is_cut = False
        self.levels = {}
        """The requests for levels: (position, stop)."""
        self.forgotten = 0
        """So many of them are the gateway's to find out about: the program was killed."""

    def round(self):
        """Do something, perhaps let something go wrong, and let time pass."""
        random = self.random
        if random.random() < 0.3:
            self.trouble()
        random.choice((
            self.market, self.limit, self.limit, self.stop, self.change, self.change, self.cancel,
            self.cancel, self.fill, self.move, self.move, self.protect,
        ))()  # fmt: skip
        self.trader.run(random.choice((10, 10, 20, 50, 300)))

    def price(self, points):
        """Write a price so many points from the middle."""
        return f"{(self.mid + points) / 100_000:.5f}"

    def qty(self):
        """Choose a quantity."""
        return str(self.random.randint(1, 9) * 10_000)

    def market(self):
        """Trade at once."""
        more = self.random.choice(({}, {"time_in_force": "3"}, {"stop_loss_px": None}))
        self.trader.place(self.qty(), side=self.random.choice("12"), **more)

    def limit(self):
        """Let an order rest."""
        side = self.random.choice("12")
        points = self.random.randint(20, 150) * (-1 if side == "1" else 1)
        self.trader.place(self.qty(), self.price(points), side=side)

    def stop(self):
        """Let a stop wait."""
        side = self.random.choice("12")
        points = self.random.randint(40, 150) * (1 if side == "1" else -1)
        self.trader.place(self.qty(), stop=self.price(points), side=side)

    def some(self):
        """Choose an order: mostly one that the server has, by its newest name."""
        names = list(self.trader.names)[-8:]
        rest = [to_text(one.magic) for one in self.trader.office.books.orders.values()]
        if not rest or self.random.random() < 0.2:
            return self.random.choice(names) if names else None
        name = self.random.choice(rest)
        newest = self.trader.look_up(name).cl_ord_id if self.trader.chart.program else ""
        return newest if newest in self.trader.names else name

    def change(self):
        """Replace an order: its price, its quantity, or both."""
        name = self.some()
        order = self.trader.names.get(name, {})
        if order.get("ord_type") != "2":
            return
        points = self.random.randint(20, 150) * (-1 if order["side"] == "1" else 1)
        changes = self.random.choice(({"price": self.price(points)}, {"order_qty": self.qty()}))
        self.trader.replace(name, **changes)

    def cancel(self):
        """Cancel an order."""
        name = self.some()
        if name is not None:
            self.trader.cancel(name)

    def protect(self):
        """Move the stop of a position to where none has been, one request after the other."""
        held = list(self.trader.office.books.positions.values())
        if not held or not all(map(self.ends_of, list(self.levels)[self.forgotten :])):
            return
        one, taken = self.random.choice(held), {stop for _, stop in self.levels.values()}
        stop = next(
            stop for points in count(300 + 3 * len(taken))
            if Decimal(stop := self.price(-points if one.is_buy else points)) not in taken
        )  # fmt: skip
        hedges = self.trader.terminal.terms.is_hedging
        name = self.trader.protect(
            stop_loss_px=stop, position_id=one.identifier if hedges else None
        )
        self.levels[name] = (one.identifier, Decimal(stop))

    def ends_of(self, name):
        """What has ended a request for levels."""
        return [one for one in self.trader.of("Levels")
                if one.request_id == name and one.status != "0"]  # fmt: skip

    def judge(self):
        """Each was sent once at most and has ended once at most; what was refused was not done."""
        office = self.trader.office
        sent = [one for one in office.ledger.arrivals if one.request.action == Action.SLTP]
        assert len(sent) <= len(self.levels)
        held = {one.identifier for one in office.books.positions.values()}
        for name, (position, stop) in self.levels.items():
            ends = self.ends_of(name)
            assert len(ends) <= 1
            acted = any(one.acted and one.request.sl == stop for one in sent)
            assert not (acted and position in held and any(one.status == "2" for one in ends))

    def fill(self):
        """Let others take a part of what rests."""
        orders = [one for one in self.trader.office.books.orders.values() if one.type.is_limit]
        if orders:
            self.trader.people.fill(self.random.choice(orders).ticket, "0.1")

    def move(self):
        """Let the market move."""
        self.mid += self.random.randint(-25, 25)
        self.trader.quote(self.price(-1), self.price(1))

    def trouble(self):
        """Let something go wrong."""
        random, trader = self.random, self.trader
        faults, slot, terminal = trader.server.faults, trader.slot, trader.terminal
        kind = random.randrange(12)
        if kind < 5:
            acts = random.random() < 0.5
            random.choice((
                lambda: faults.doubt(random.choice((10008, 10011, 10012, 10028, 10031)), acts=acts),
                lambda: faults.silence(acts=acts), lambda: faults.fail(acts=acts),
                lambda: faults.tardy(random.choice((100, 1_500))), lambda: faults.slow(800),
                lambda: faults.refuse(10004),
            ))()  # fmt: skip
        elif kind < 8:
            random.choice((
                lambda: slot.lose(3), lambda: slot.repeat(3), lambda: slot.swap(2), slot.withhold,
                lambda: slot.release(backwards=True),
            ))()  # fmt: skip
        elif kind == 8:
            terminal.history_lag_ms = random.choice((0, 0, 700))
        elif kind == 9:
            self.lose_the_server()
        elif kind == 10:
            self.forgotten = len(self.levels)
            trader.kill()
        else:
            self.forgotten = len(self.levels)
            terminal.unload(slot, Uninit.REMOVE)
            trader.step()
            trader.add()

    def lose_the_server(self):
        """Cut the line, or mend it."""
        terminal = self.trader.terminal
        terminal.empties = self.random.random() < 0.5
        if terminal.connected:
            terminal.cut(requests_arrive=self.random.random() < 0.5)
        else:
            terminal.mend()

    def end(self):
        """End all misfortunes, and wait until every doubt has ended."""
        trader = self.trader
        trader.server.faults.clear()
        trader.slot.settle()
        trader.terminal.history_lag_ms = 0
        if not trader.terminal.connected:
            trader.terminal.mend()
        trader.run(3_000).run(75_000, step_ms=250)


def cases():
    """Every seed on every kind of account."""
    for length, seeds in SEEDS.items():
        for seed in seeds:
            for kind in KINDS:
                plain = seed == 0 and kind == HEDGING
                marks = () if plain else (pytest.mark.length(length),)
                yield pytest.param(kind, seed, marks=marks, id=f"{kind}-{seed}")


@pytest.mark.parametrize(("kind", "seed"), list(cases()))
def test_random_faults(tmp_path, kind, seed):
    """Each trade is told or answered once, each end is the server's, no magic is two orders."""
    mode, execution = KINDS[kind]
    rules = eurusd(execution=execution, commission="3", fee="1")
    inputs = {"AbsenceAfterMs": 2_000, "IocAtMarket": True, "SettleMs": 300}
    trader = EaTrader(mode, tmp_path, rules, balance="10000000", inputs=inputs)
    trader.terminal.timeout_ms = 2_000
    trader.quote("1.09999", "1.10001")
    trader.settle()
    chance = Chance(trader, seed)
    for _ in range(ROUNDS):
        chance.round()
    chance.end()
    assert trader.of("Link")[-1].up == "Y"
    trader.judge(quiet=True)
    chance.judge()
    for name in trader.names:
        found = trader.look_up(name)
        assert found.complete == "Y", found
