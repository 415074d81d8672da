"""Random deeds, the trader's and the exchange's, one after the other, and what goes wrong.

`Mischief` says how something goes wrong in virtual time, `SocketMischief` how over sockets.
"""

from __future__ import annotations

import time
from random import Random

from support.crypto_lives import ANSWERS
from support.virtual_exchange import ANSWER_FAULTS, STREAM_FAULTS

from protocol.fields import Side, TimeInForce

DEEDS = ("place", "place", "cancel", "replace")
HAPPENINGS = ("trade", "trade", "fault")
FORCES = (TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL)
BOOK = (((60000, 1), (59990, 5)), ((60010, 1), (60020, 5)))
CUTS = ("drop", "silence", "over")
GENTLE = ("lose", "repeat", "reorder", "withhold")
MAX_UNMET = 3
WITHHELD_S = 1.5


class Mischief:
    """A trader and an exchange in virtual time. `calls` are words of the methods that go wrong."""

    def __init__(self, trader, calls, seed):
        self.trader = trader
        self.calls = calls
        self.random = Random(seed)
        self.asked = []
        """The ids of cancels and replaces: each has an answer."""

    def deed(self):
        """Do something, or let something happen."""
        what = self.random.choice(DEEDS + HAPPENINGS)
        getattr(self, what)()

    def place(self):
        """Give an order: away from the market, at it, or through it."""
        random = self.random
        side = random.choice((Side.BUY, Side.SELL))
        away = random.choice((-500, -50, 0, 0, 15))
        price = 60005 + away if side is Side.BUY else 60005 - away
        self.trader.place(
            f"0.{random.randint(1, 9)}", str(price), side, time_in_force=random.choice(FORCES)
        )

    def cancel(self):
        """Cancel one that is open, if one is."""
        names = list(self.trader.open_here())
        if names:
            self.asked.append(self.trader.cancel(self.random.choice(names)))

    def replace(self):
        """Replace one to buy that is open, if the choice falls on one."""
        random, trader = self.random, self.trader
        names = list(trader.open_here())
        name = random.choice(names) if names else ""
        if name and trader.side_of(name) is Side.BUY:
            price = str(random.choice((59800, 59950, 60011)))
            self.asked.append(trader.replace(name, f"0.{random.randint(1, 9)}", price))

    def trade(self):
        """Let others trade."""
        random = self.random
        side = random.choice(("sell", "buy"))
        low, high = (60002, 59900, 59400), (60008, 60100, 60600)
        price = random.choice(low if side == "sell" else high)
        self.trader.world.exchange.trade(price, f"0.{random.randint(1, 5)}", side)

    def fault(self):
        """Let something go wrong."""
        shell, random = self.trader.world.shell, self.random
        if random.random() < 0.25:
            shell.stream_fault = random.choice(STREAM_FAULTS)
        elif len(shell.faults) < MAX_UNMET:
            shell.faults.append((random.choice(ANSWER_FAULTS), random.choice(self.calls)))


class SocketMischief(Mischief):
    """The same over sockets, against the clock: a deed each time, and now and then a happening."""

    def __init__(self, trader, seed):
        way = trader.world.way
        calls = (way.place, way.cancel, way.replace, way.look_up, *way.questions)
        super().__init__(trader, calls, seed)
        self._release_at = 0.0
        self._is_cut_at = 0.0

    def deed(self):
        """Ask for something; let something happen, or go wrong, now and then."""
        random, now = self.random, time.monotonic()
        getattr(self, random.choice(DEEDS))()
        if random.random() < 0.5:
            self.trade()
        if random.random() < 0.1:
            self.trader.world.exchange.set_book(((59980, 1),), ((60030, 1),))
            self.trader.world.exchange.set_book(*BOOK)
        if random.random() < 0.15:
            self.fault()
        if self._release_at and now > self._release_at:
            self.release()

    def fault(self):
        """Let something go wrong: an answer, an event, seldom the stream or the clock."""
        local, account = self.trader.world.local, self.trader.world.account
        random, now = self.random, time.monotonic()
        draw = random.random()
        if draw < 0.6:
            if local.unmet() < MAX_UNMET:
                what, more = ANSWERS[random.choice(list(ANSWERS))]
                local.faults.answer(what, random.choice(self.calls), **more)
        elif draw < 0.85:
            what = random.choice(GENTLE)
            getattr(local.faults, what)("user")
            if what == "withhold":
                self._release_at = now + WITHHELD_S
        elif draw < 0.95 and now - self._is_cut_at > 8:
            self._is_cut_at = now
            what = random.choice(CUTS)
            if what == "over":
                account.end_user_stream()
            else:
                getattr(local.faults, what)("user")
        else:
            local.skew(random.randint(-4_000, 4_000))

    def release(self):
        """Say what was withheld, forwards or backwards."""
        self._release_at = 0.0
        self.trader.world.local.faults.release("user", backwards=self.random.random() < 0.3)

    def calm(self):
        """End what goes wrong."""
        self.release()
        self.trader.world.local.faults.clear()
        self.trader.world.local.skew(0)
