"""The real core of a gateway before a MetaTrader bridge, in virtual time: it dies and rises.

`Realm` carries what is said between the core (support.desk: journal, replay, no socket) and the
bridge's own session, link and venue (the desks of the conformance suite). A death loses whatever is
under way to the gateway; what it had sent arrives. Risen from its journal, it logs the bridge on
anew and reconciles.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count, product
from types import MappingProxyType

import pytest
from msgspec.structs import replace
from support import desk
from support.bridge_wire import MS, T0, VENUE
from support.conformance_ea import INPUTS, VENUES_PORT, EaDesk
from support.conformance_mt5 import Mt5Desk
from support.mt5.clock import Clock
from support.mt5.constants import Action, Retcode
from support.mt5.ea_gateway import GatewayEnd
from support.mt5.people import People
from support.mt5_trader import ASK, BID, EURUSD, HEDGING, KINDS, LOGIN, server_of
from support.mt5_verdict import CONTRACT, wrongs

from gateway.risk.feed_rules import FeedRules, Thresholds
from protocol.fields import ExecType, Side
from protocol.order_id import to_text

STRATEGY = "MM"
AWAY_MS = 3_000
"""How long the gateway is dead: the bridge notices after 2.4 heartbeats of a second."""
LONG_MS = 30_000
ABSENCE_MS = 2_000
DEATHS = ("asking", "asked", "half-way", "twice")
"""The gateway dies before its request leaves, before an answer comes, 20 ms later; or twice.

The second time the bridge has just logged on again, and has been asked for everything.
"""
DEEDS = ("market", "limit", "cancel", "replace", "renew", "close", "partial", "stop hit")
EVENTS = ("partial", "stop hit")
PENDING = {ExecType.PENDING_NEW, ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE}


def deaths(*, plain, ci):
    """Give every case: a plain run plays one of so many, CI one of so many, `--length long` all."""
    for number, (death, deed, kind) in enumerate(product(DEATHS, DEEDS, KINDS)):
        length = "long" if (number + number // len(KINDS)) % ci else "ci"
        marks = (pytest.mark.length(length),) if number % plain else ()
        yield pytest.param(death, deed, kind, marks=marks, id=f"{death}-{deed}-{kind}")


class OneAccount:
    """What both bridges' desks have in common here: an account of a kind that trades EURUSD."""

    symbol = native = EURUSD
    settings = MappingProxyType({"absence_after_ms": ABSENCE_MS})
    kind = ""
    step_ms = 5
    hears_the_dead = True
    """Whether it sends an order that came together with the end of the connection."""

    def broker(self):
        """Make the broker of the kind of account."""
        return server_of(self.kind, clock=Clock(T0 // MS), swap_long="-5")

    def set_book(self):
        """Leave the quote as it is."""


class TerminalEnd(OneAccount, Mt5Desk):
    """The terminal bridge."""

    def die(self):
        """Lose the gateway; what it has said is still read."""
        self.up = False


class AdvisorEnd(OneAccount, EaDesk):
    """The Expert Advisor."""

    step_ms = 20
    inputs = MappingProxyType({**INPUTS, "TimerMs": 20})
    hears_the_dead = False

    def die(self):
        """Lose the gateway and its port; of what it has said last only a cancel is done."""
        self.gateway.cut()
        self.network.close_door(VENUES_PORT)

    def start_gateway(self):
        """Listen again."""
        self.gateway = GatewayEnd(self.network.listen(VENUES_PORT), comp_id=VENUE)


def end_of(base, kind, folder):
    """Open a bridge on an account of a kind."""
    return type(base.__name__, (base,), {"kind": kind})(folder)


class Realm:
    """The core, and one bridge."""

    def __init__(self, end):
        self.end = end
        self.office, self.kind = end.office, end.kind
        self.people = People(end.server, LOGIN)
        self.names = count(1)
        rules = desk.rules()
        rules = replace(
            rules, venues={VENUE: replace(rules.venues[VENUE], account=VENUE)},
            feeds=FeedRules(defaults=replace(Thresholds(), recover_ms=0)),
        )
        self.core = desk.Desk(rules, epoch=end.now_ns // 1_000_000_000)
        self._linked = None
        self._dead = False
        self._said = 0
        self.core.log_on(STRATEGY)
        self.until(self._is_ready, "a venue that is reconciled")

    def _is_ready(self):
        market = self.core.core.market
        return market.venue(VENUE).ready and market.quote(VENUE, EURUSD) is not None

    # Time.

    def run(self, ms):
        """Let time pass."""
        for _ in range(0, ms, self.end.step_ms):
            self.end.run(self.end.step_ms, self.end.step_ms)
            self._carry()

    def until(self, condition, what):
        """Let time pass until something is so."""
        for _ in range(0, LONG_MS, self.end.step_ms):
            if condition():
                return
            self.run(self.end.step_ms)
        pytest.fail(f"{what} did not come; told {self.core.told(STRATEGY)[-3:]}")

    def _carry(self):
        heard, self.end.heard = self.end.heard, []
        core, fix = self.core, self.end.fix
        core.now_ns = self.end.now_ns
        if self._dead:
            return
        if self._linked is not None and (fix is not self._linked or not fix.active):
            core.drop(VENUE)
            self._linked = None
        if self._linked is None and fix.active:
            self._linked = fix
            core.log_on(VENUE)
        for message in heard:
            core.hear(VENUE, message)
        core.pass_time(0)
        self.deliver()

    def deliver(self):
        """Let what the core has said leave for the bridge."""
        for session, message in self.core.said[self._said :]:
            if session == VENUE and self._linked is not None:
                self.end.say(message)
        self._said = len(self.core.said)

    # Death.

    def kill(self):
        """Kill the gateway."""
        self._dead = True
        self.end.die()

    def rise(self):
        """Start it on its journal; the strategy comes back."""
        core = self.core
        assert core.replayed().digest() == core.book.digest()
        core.now_ns = self.end.now_ns
        core.restart()
        core.log_on(STRATEGY)
        self._said, self._linked, self._dead = len(core.said), None, False
        self.end.start_gateway()

    # The strategy.

    def place(self, qty="10000", price=None, **more):
        """Ask for an order; return its name."""
        name = f"A{next(self.names)}"
        return self._ask(name, desk.new_order(self.core, name, qty, price, **more))

    def cancel(self, orig):
        """Ask for an order's end."""
        name = f"A{next(self.names)}"
        return self._ask(name, desk.cancel(self.core, name, orig))

    def replace(self, orig, qty, price):
        """Ask for another quantity or price."""
        name = f"A{next(self.names)}"
        return self._ask(name, desk.change(self.core, name, orig, qty, price))

    def _ask(self, name, message):
        said = self.core.hear(STRATEGY, message)
        assert any(getattr(one, "exec_type", "") in PENDING for one in said), said
        return name

    def order(self, name):
        """Return an order as the book has it."""
        state = self.core.book.state
        return state.orders.get(state.ids[STRATEGY].get(name))

    # The deeds.

    def prepared(self, deed):
        """Bring the account to where a deed begins; return what does it."""
        if deed == "market":
            return self.place
        if deed == "limit":
            return lambda: self.place(price="1.09000")
        if deed in {"close", "stop hit"}:
            stops = {"stop_loss_px": Decimal("1.09500")} if deed == "stop hit" else {}
            name = self.place(**stops)
            self.until(lambda: self.order(name).cum_qty, "the fill")
            if deed == "stop hit":
                return lambda: self.end.server.quote(EURUSD, "1.09400", "1.09410")
            self.office.watch.new_day()
            held, = self.office.books.positions.values()
            which = {"position_id": str(held.identifier)} if self.kind == HEDGING else {}
            return lambda: self.place(side=Side.SELL, **which)
        name = self.place("30000", "1.09000")
        self.until(lambda: self.order(name).venue_state == "NEW", "the order")
        ticket, = self.office.books.orders
        if deed == "partial":
            return lambda: self.people.fill(ticket, "0.1")
        self.people.fill(ticket, "0.1")
        self.until(lambda: self.order(name).cum_qty, "the fill")
        return {
            "cancel": lambda: self.cancel(name),
            "replace": lambda: self.replace(name, "30000", "1.09100"),
            "renew": lambda: self.replace(name, "40000", "1.09100"),
        }[deed]

    def die_in(self, deed, death):
        """Let the gateway die in the middle of a deed, others trade meanwhile, and let it rise."""
        act = self.prepared(deed)
        asked = len(self.office.ledger.arrivals)
        act()
        if death != "asking" and deed not in EVENTS:
            self.deliver()
        if death == "half-way":
            self.run(20)
        self.kill()
        self.run(AWAY_MS // 2)
        arrived = len(self.office.ledger.arrivals) > asked
        heard = self.end.hears_the_dead or death == "half-way" or deed == "cancel"
        assert arrived == (heard and death != "asking" and deed not in EVENTS)
        for order in list(self.office.books.orders.values()):
            self.people.fill(order.ticket, "0.1")
        self.run(AWAY_MS // 2)
        self.rise()
        if death == "twice":
            self.until(lambda: self._linked is not None, "the bridge's Logon")
            self.run(20)
            self.kill()
            self.run(AWAY_MS)
            self.rise()
        self.until(self._is_ready, "a venue that is reconciled")
        self.until(self.is_certain, "the end of every doubt")
        self.end.server.quote(EURUSD, BID, ASK)

    def die_refused(self, deed):
        """Let the gateway die before it hears that the server has refused a deed, and rise."""
        act = self.prepared(deed)
        asked = len(self.office.ledger.arrivals)
        what = Action.MODIFY if deed == "replace" else Action.REMOVE
        self.end.server.faults.refuse(Retcode.REJECT, when=what)
        act()
        self.deliver()
        self.until(lambda: len(self.office.ledger.arrivals) > asked, "the request")
        self.kill()
        self.run(AWAY_MS)
        self.rise()
        self.until(self._is_ready, "a venue that is reconciled")
        self.until(self.is_certain, "the end of every doubt")

    def is_certain(self):
        """Say whether nothing is in doubt nor asked for."""
        return not any(
            one.in_doubt or one.cancel or one.replace or (one.is_open and not one.venue_order_id)
            for one in self.core.book.state.orders.values()
        )

    def wrongs(self):
        """Compare the book, folded anew, with the server's ledger, and what is known as open."""
        self.run(1_000)
        book = self.core.replayed()
        here = {one.wire_id: one.leaves_qty for one in book.open_orders()}
        there = {to_text(one.magic): one.volume_current * CONTRACT
                 for one in self.office.books.orders.values()}  # fmt: skip
        wrong = wrongs(book, self.office, VENUE)
        if sorted(here.values()) != sorted(there.values()):
            wrong.append(f"open: the server {there}, we {here}")
        return wrong
