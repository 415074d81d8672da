"""Lives of orders on MetaTrader accounts, over sockets.

One account is one life: case after case (mt5_cases.py), each judged by what the strategy was told.
Those in which the gateway is killed come last, since that concerns every account at once (`Kills`).
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from threading import Thread

from support.mt5_cases import CODES, GATEWAY, REQUESTS
from support.mt5_house import EA
from support.mt5_trader import ASK, BID, EURUSD, HEDGING
from support.mt5_verdict import CONTRACT, trades

from engine.client import Client
from protocol.fields import ExecType, OrdStatus, TradSesStatus
from protocol.messages import ExecutionReport, OrderCancelReject, TradingSessionStatus

AWAY_MS = 300
"""How long something stays away."""
MANY = 100_000
DOWN = ("1.09400", "1.09410")
FINAL = {OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED}
PENDING = {ExecType.PENDING_NEW, ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE}


class Told:
    """What a strategy was told: its own account of its orders."""

    def __init__(self):
        self.fills = {}
        self.open = {}
        """The last report on each open order, by OrderID."""
        self.answers = Counter()
        """How often a request was answered for good."""
        self.acknowledged = set()
        self.refused = {}
        """Why requests were refused."""
        self.is_ready = False
        self.times_up = 0
        """How often the account was said to be there."""

    def hear(self, message):
        """Take the next message."""
        match message:
            case TradingSessionStatus():
                self.is_ready = message.trad_ses_status is TradSesStatus.OPEN
                self.times_up += self.is_ready
            case OrderCancelReject():
                self.answers[message.cl_ord_id] += 1
                self.refused[message.cl_ord_id] = message.text
            case ExecutionReport():
                self._report(message)

    def _report(self, report):
        name = report.cl_ord_id
        if report.exec_type in PENDING:
            self.acknowledged.add(name)
            return
        if report.exec_type is ExecType.TRADE:
            trade = report.secondary_exec_id
            assert trade not in self.fills, f"trade {trade} was told twice"
            self.fills[trade] = (
                report.last_qty, report.last_px, report.commission, report.side.sign == 1
            )
            self.answers[name] += not self.answers[name]
        else:
            self.answers[name] += 1
        if report.exec_type is ExecType.REJECTED:
            self.refused[name] = report.text
        if report.ord_status in FINAL:
            self.open.pop(report.order_id, None)
        else:
            self.open[report.order_id] = report


class Life:
    """One account that lives through its cases, with a strategy of its own."""

    def __init__(self, house, account, kills):
        self.house, self.account, self.kills = house, account, kills
        self.server, self.terminal, self.office = account.server, account.terminal, account.office
        self.told = Told()
        self.orders, self.changes = [], []
        """The ids of what was asked for."""
        self.client = Client(
            f"S-{account.name}", house.orders, store_dir=house.folder / f"S-{account.name}",
            heart_bt_int=5, backoff_max_ms=300, on_link=self._on_link,
        )  # fmt: skip
        self.client.connect()
        self._before = self._times_up = 0

    def _on_link(self, _event):
        self.told.is_ready = False

    def turn(self):
        """Hear what has come."""
        while (message := self.client.receive(0)) is not None:
            session = getattr(message, "trading_session_id", self.account.name)
            if session == self.account.name:
                self.told.hear(message)

    def close(self):
        """End the strategy."""
        self.client.close()

    # The life.

    def go(self, chosen, done):
        """Live through cases; `done(case)` is told of each that was judged.

        Those in which the gateway is killed come last.
        """
        for case in sorted(chosen, key=lambda one: one.fault == GATEWAY):
            yield from self._ready(case)
            act = yield from getattr(self, f"_{case.moment}")(case)
            self._before = len(self.office.ledger.told)
            self._times_up = self.told.times_up
            yield from getattr(self, f"_{case.fault.replace(' ', '_')}")(case, act)
            yield f"agreement after {case}", self._agrees
            self._calm()
            yield from self._tidy()
            done(case)
        yield from self.kills.rest()

    def _ready(self, case):
        yield f"the venue before {case}", lambda: self.told.is_ready and self.client.is_up
        self.account.quote(BID, ASK)
        yield "the quote", lambda: self.terminal.seen(EURUSD).bid == Decimal(BID)

    # Moments: each prepares, and returns what does it.

    def _order(self, qty, *, sell=False, **more):
        give = self.client.sell if sell else self.client.buy
        name = give(EURUSD, qty, venue=self.account.name, **more).cl_ord_id
        self.orders.append(name)
        return name

    def _place(self, case):
        yield from ()
        more = {} if case.way == "first" else {"price": "1.08000"}
        return lambda: self._order("20000", **more)

    def _fill(self, case):
        rests = case.way == "first"
        more = {"price": "1.08000"} if rests else {"stop_loss_px": "1.09500"}
        if case.fault == "ambiguous":
            self._doubt(case, acts=True)
        before = set(self.office.ledger.orders)
        self._order("30000", **more)
        yield "the order at the server", lambda: set(self.office.ledger.orders) - before
        if case.fault != "ambiguous":
            yield "its answers", self._agrees
        ticket, = set(self.office.ledger.orders) - before

        def act():
            with self.account.pace.lock:
                if rests:
                    self.account.people.fill(ticket, "0.1")
                else:
                    self.account.quote(*DOWN)

        return act

    def _half_filled(self):
        name = self._order("30000", price="1.08000")
        yield "a resting order", lambda: self.told.answers[name]
        with self.account.pace.lock:
            ticket, = self.office.books.orders
            self.account.people.fill(ticket, "0.1")
        yield "its fill", self._agrees
        known, = self.told.open.values()
        return known

    def _cancel(self, case):
        known = yield from self._half_filled()
        return lambda: self._asked(self.client.cancel(known))

    def _replace(self, case):
        known = yield from self._half_filled()
        changes = {"price": "1.08100"} if case.way == "first" else {"qty": "40000"}
        return lambda: self._asked(self.client.replace(known, **changes))

    def _close(self, case):
        before = set(self.told.fills)
        self._order("20000")
        yield "a position", lambda: set(self.told.fills) - before and self._agrees()
        with self.account.pace.lock:
            self.account.night()
            held = max(self.office.books.positions.values(), key=lambda one: one.ticket)
            assert held.swap < 0
        more = {"position_id": str(held.identifier)} if case.kind == HEDGING else {}
        return lambda: self._order(held.volume * CONTRACT, sell=True, **more)

    def _asked(self, request):
        self.changes.append(request.cl_ord_id)
        return request.cl_ord_id

    # Misbehaviours.

    def _transactions_lost(self, case, act):
        self.account.slot.lose(MANY)
        act()
        yield "a transaction to be lost", lambda: self.account.slot._losses[0][0] < MANY

    def _transactions_doubled(self, case, act):
        self.account.slot.repeat(MANY)
        act()
        yield "a transaction to come twice", lambda: self.account.slot._repeats[0][0] < MANY

    def _transactions_reordered(self, case, act):
        slot = self.account.slot
        slot.withhold()
        act()
        yield "some transactions", lambda: len(slot._withheld) > 1
        with self.account.pace.lock:
            slot.release(backwards=True)

    def _bridge_removed(self, case, act):
        act()
        yield from self._under_way(case)
        in_order = case.way == "first"
        out = self.account.remove_bridge if in_order else self.account.kill_bridge
        yield from self._aside("the bridge's end", out)
        yield from self._aside("a new bridge", self.account.add_bridge)
        yield from self._noticed()

    def _terminal_restarted(self, case, act):
        act()
        yield from self._under_way(case)
        told = case.way == "first"
        yield from self._aside(
            "the terminal's end", lambda: self.account.stop_terminal(told=told)
        )
        yield from self._a_while()
        yield from self._aside("the terminal's start", self.account.start_terminal)
        yield from self._noticed()

    def _server_away(self, case, act):
        act()
        yield from self._under_way(case)
        with self.account.pace.lock:
            self.terminal.empties = case.way == "first"
            self.terminal.cut(requests_arrive=case.way == "second")
        yield "the cut being noticed", lambda: not self.told.is_ready
        yield from self._a_while()
        with self.account.pace.lock:
            self.terminal.mend()
        yield from self._noticed()

    def _ambiguous(self, case, act):
        if case.moment != "fill":
            self._doubt(case, acts=case.way == "first")
        name = act()
        yield "the fault being met", lambda: not self.server.faults.waiting
        yield "the outcome", self._agrees
        gone = case.way == "second" and case.moment in {"place", "replace", "close"}
        assert (name in self.told.refused) == gone, self.told.refused

    def _doubt(self, case, *, acts):
        request = REQUESTS[case.moment, case.way]
        self.server.faults.doubt(CODES[case.moment], acts=acts, when=request)

    def _gateway_killed(self, case, act):
        if case.way == "first":
            yield from self.kills.one("before", lambda: self._known(act()))
        else:
            yield from self.kills.one("after" if case.moment == "fill" else "with", act)

    def _known(self, name):
        return lambda: name is None or name in self.told.acknowledged

    def _under_way(self, case):
        """Wait, in the first way, until the server has something to do or has done it."""
        if case.way == "first":
            yield "the deed", lambda: self.terminal._calls or self._has_moved()

    def _has_moved(self):
        return len(self.office.ledger.told) > self._before

    def _noticed(self):
        yield "the venue again", lambda: (
            self.told.times_up > self._times_up and self.told.is_ready
        )

    def _a_while(self):
        until_ms = self.server.clock.now_ms + AWAY_MS
        yield "a while", lambda: self.server.clock.now_ms >= until_ms

    def _aside(self, what, deed):
        """Do something that takes its time beside the other lives."""
        thread = Thread(target=deed, daemon=True)
        thread.start()
        yield what, lambda: not thread.is_alive()

    # Judgement.

    def story(self):
        """Return what happened, for a failing test."""
        told = self.told
        missing = [name for name in (*self.orders, *self.changes) if not told.answers[name]]
        return (
            f"\n{self.office.ledger.story()}\ntold: open {list(told.open.values())},"
            f" {len(told.fills)} fills, unanswered {missing}, refused {told.refused}\n"
        )

    def _calm(self):
        with self.account.pace.lock:
            if self.account.bridge == EA:
                self.account.slot.settle()
            self.terminal.empties = False
            assert not self.server.faults.waiting

    def _agrees(self):
        """Say whether the strategy knows what the server has, and has each answer."""
        with self.account.pace.lock:
            theirs = trades(self.office.ledger)
            there = sorted(one.volume_current * CONTRACT
                           for one in self.office.books.orders.values())  # fmt: skip
        here = sorted(one.leaves_qty for one in self.told.open.values())
        return self.told.fills == theirs and here == there and self._is_answered()

    def _is_answered(self):
        """Say whether each order is known to be there or not, and each change has one answer."""
        answers = self.told.answers
        return all(answers[name] for name in self.orders) and all(
            answers[name] == 1 for name in self.changes
        )

    def _tidy(self):
        """Cancel what rests."""
        yield "the venue", lambda: self.told.is_ready and self.client.is_up
        for one in list(self.told.open.values()):
            self._asked(self.client.cancel(one))
        yield "nothing open", lambda: self._agrees() and not self.told.open


class Kills:
    """The gateway is killed when every life is ready for it, and started again."""

    def __init__(self, house):
        self.house = house
        self.lives = []
        self.count = 0
        self.is_over = False
        self.resting = 0
        """How many lives wait for the last kill, with all their cases behind them."""
        self._deeds = {"before": [], "with": [], "after": []}

    def one(self, when, act):
        """Wait for the next kill; the deed is done before, with, or after it.

        What is done before it is known to the gateway when it dies: `act` returns whether it is.
        """
        self._deeds[when].append(act)
        number = self.count
        yield "a kill", lambda: self.count > number

    def rest(self):
        """Wait for the last kill."""
        self.resting += 1
        yield "the last kill", lambda: self.is_over

    def turn(self):
        """Hear nothing."""

    def story(self):
        """Have nothing to tell."""
        return ""

    def go(self, kills):
        """Kill the gateway so many times."""
        for _ in range(kills):
            yield "every life", lambda: (
                sum(map(len, self._deeds.values())) + self.resting == len(self.lives)
            )
            deeds, self._deeds = self._deeds, {when: [] for when in self._deeds}
            known = [act() for act in deeds["before"]]
            yield "what is known", lambda known=known: all(is_known() for is_known in known)
            for act in deeds["with"]:
                act()
            self.house.kill()
            for act in deeds["after"]:
                act()
            yield "the strategies' notice", lambda: not any(
                one.told.is_ready for one in self.lives
            )
            self.house.start(wait=False)
            self.count += 1
            yield "the accounts", lambda: all(one.told.is_ready for one in self.lives)
        self.is_over = True
