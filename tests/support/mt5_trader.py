"""The terminal bridge on the simulated terminal in virtual time, a trader, and the judge.

`VirtualWorker` stands where the worker's thread stands (bridges.mt5.venue.Worker): it does one job
at a time, and the package's blocking calls let the server's clock move. A job that it is told to
hold back is done, and its result comes when it is let go: a call that wedges.
"""

from __future__ import annotations

import heapq
from collections import Counter
from decimal import Decimal
from itertools import count

from support.mt5.constants import Action, Execution, FillingFlag, MarginMode
from support.mt5.package import Package
from support.mt5.people import People
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

from bridges.levels import LevelsRequest, LevelsTold
from bridges.market_events import BookChanged
from bridges.mt5.clock import ServerClock
from bridges.mt5.core import Core
from bridges.mt5.jobs import Login, run
from bridges.mt5.trust import Trust
from bridges.mt5.venue import Mt5Venue
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    CancelRequest,
    Expired,
    Filled,
    LedgerEntries,
    OrderRequest,
    Rejected,
    Replaced,
)
from protocol.fields import OrdType, PosMaintStatus, Side, TimeInForce
from protocol.order_id import OrderId, to_number

MS = 1_000_000
LOGIN = 1001
EURUSD = "EURUSD"
GTC = TimeInForce.GOOD_TILL_CANCEL
BID, ASK = "1.10000", "1.10010"
NETTING, EXCHANGE, HEDGING = "netting", "exchange", "hedging"
KINDS = {
    NETTING: (MarginMode.RETAIL_NETTING, Execution.MARKET),
    EXCHANGE: (MarginMode.EXCHANGE, Execution.EXCHANGE),
    HEDGING: (MarginMode.RETAIL_HEDGING, Execution.INSTANT),
}
"""Three kinds of accounts, each with another way in which orders are executed."""


def server_of(kind, *, clock=None, **rules):
    """Open an account of a kind, with one symbol that costs commission."""
    _, execution = KINDS[kind]
    flags = FillingFlag.FOK | FillingFlag.IOC
    if execution is Execution.EXCHANGE:
        flags |= FillingFlag.BOC
    rules = {"execution": execution, "filling": flags, "commission": "3", "fee": "1", **rules}
    server = TradeServer(clock, [eurusd(**rules)])
    server.open_account(LOGIN, KINDS[kind][0], balance="100000")
    server.quote(EURUSD, BID, ASK)
    return server


class VirtualWorker:
    """Does jobs one at a time, in virtual time."""

    def __init__(self, package, clock, login):
        self.package = package
        self.clock = clock
        self.login = login
        self.jobs = []
        self.sent = []
        self.holds = None
        """A function of a job: whether its result is held back."""
        self._numbers = count()
        self._done = []
        self._held = None
        self._busy_ns = None

    def open(self):
        """Nothing to begin."""

    def close(self):
        """Nothing to end."""

    def put(self, number, job):
        """Let a job wait for its turn."""
        heapq.heappush(self.jobs, (not job.urgent, next(self._numbers), number, job))

    def results(self):
        """Take what has been done."""
        found, self._done = self._done, []
        return found

    def busy_since_ns(self):
        """Say since when a held job is out."""
        return self._busy_ns

    def work(self):
        """Do the next job, if none is out; say whether there was one."""
        if not self.jobs or self._held is not None:
            return False
        _, _, number, job = heapq.heappop(self.jobs)
        self._busy_ns = self.clock.now_ms * MS
        found = run(self.package, self.login, job, self._busy_ns)
        if self.holds is not None and self.holds(job):
            self.holds = None
            self._held = (number, found)
        else:
            self._busy_ns = None
            self._done.append((number, found))
        return True

    def let_go(self):
        """Let the held result come."""
        if self._held is not None:
            self._done.append(self._held)
            self._held = self._busy_ns = None


class World:
    """A venue on a simulated terminal; what it tells is in `told`."""

    def __init__(
        self, server, *, terminal=None, notes=None, symbols=None, zone="Etc/GMT-2", **more
    ):
        self.server, self.clock, self.zone = server, server.clock, zone
        self.office = server.offices[LOGIN]
        self.terminal = terminal or Terminal(server, LOGIN)
        self.package = Package(self.terminal)
        login = Login(login=LOGIN, server=server.name)
        self.worker = VirtualWorker(self.package, server.clock, login)
        self.notes = notes or Notes()
        core = Core(
            symbols=symbols or {EURUSD: EURUSD}, notes=self.notes,
            clock=ServerClock(zone), absence_ns=20_000 * MS,
        )  # fmt: skip
        self.venue = Mt5Venue(
            core=core, worker=self.worker, trust=Trust(1_000 * MS), deviation=20, **more
        )
        self.told = []
        self.venue.subscribe(tuple(core.native), self.now_ns)
        self.venue.connect(self, self.now_ns)
        assert self.until(lambda: self.venue.connected)

    @property
    def now_ns(self):
        """The moment."""
        return self.clock.now_ms * MS

    def on_event(self, event):
        """Hear the venue (port.Listener)."""
        self.told.append(event)

    def of(self, kind):
        """Return what was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def step(self, end_ms=None):
        """Go on to the next thing that happens, not beyond the end."""
        core = self.venue.core
        worked = self.worker.work()
        self.venue.step(self.now_ns)
        if worked or self.worker.jobs:
            self.clock.advance(1 if self.worker.jobs else 0)
            return
        times = [
            core.flows.next_ns(), self.venue._link.next_ns(), self.now_ns + 250 * MS,
            None if end_ms is None else end_ms * MS,
        ]  # fmt: skip
        soonest = min(one for one in times if one is not None)
        due_ms = self.clock.next_due_ms()
        goal = max(self.clock.now_ms + 1, -(-soonest // MS))
        self.clock.advance_to(goal if due_ms is None else max(min(goal, due_ms), self.clock.now_ms))

    def until(self, condition, limit_s=120):
        """Let time pass until something is so; return whether it came."""
        end = self.clock.now_ms + limit_s * 1_000
        while not condition():
            if self.clock.now_ms > end:
                return False
            self.step(end + 1)
        return True

    def run(self, ms):
        """Let time pass."""
        end = self.clock.now_ms + ms
        while self.clock.now_ms < end:
            self.step(end)


class Trader:
    """Gives orders, and judges what was told of them."""

    def __init__(self, world):
        self.world = world
        self.numbers = count(1)
        self.requests = {}
        self.protections = []
        """The requests for levels."""
        self.past = []
        """What earlier lives of the bridge have told."""

    def name(self):
        """Return a fresh id."""
        return OrderId(1, 1_700_000_000, next(self.numbers)).text()

    def place(self, qty="10000", price=None, side=Side.BUY, **more):
        """Send an order."""
        order = self.request(self.name(), qty, price, side, **more)
        self.world.venue.submit(order, self.world.now_ns)
        return order.cl_ord_id

    def replace(self, orig, qty, price, **more):
        """Replace it."""
        side = self.requests[orig].side
        order = self.request(self.name(), qty, price, side, orig_cl_ord_id=orig, **more)
        self.world.venue.replace(order, self.world.now_ns)
        return order.cl_ord_id

    def cancel(self, orig):
        """Cancel it."""
        request = CancelRequest(
            cl_ord_id=self.name(), orig_cl_ord_id=orig, symbol=EURUSD,
            side=self.requests[orig].side,
        )  # fmt: skip
        self.world.venue.cancel(request, self.world.now_ns)
        return request.cl_ord_id

    def protect(self, stop=None, profit=None, *, position_id=""):
        """Ask for levels of a position."""
        asked = LevelsRequest(
            request_id=self.name(), symbol=EURUSD, position_id=position_id,
            stop_loss_px=stop, take_profit_px=profit,
        )  # fmt: skip
        self.protections.append(asked)
        self.world.venue.protect(asked, self.world.now_ns)
        return asked

    def request(self, name, qty, price, side, *, stop=None, **more):
        """Write an order."""
        kinds = {
            (False, False): OrdType.MARKET, (True, False): OrdType.LIMIT,
            (False, True): OrdType.STOP, (True, True): OrdType.STOP_LIMIT,
        }  # fmt: skip
        self.requests[name] = OrderRequest(
            cl_ord_id=name, symbol=EURUSD, side=side, order_qty=Decimal(qty),
            ord_type=kinds[price is not None, stop is not None],
            price=None if price is None else Decimal(price),
            stop_px=None if stop is None else Decimal(stop), **{"time_in_force": GTC, **more},
        )  # fmt: skip
        return self.requests[name]

    def restart(self):
        """Kill the bridge, and start another on the same terminal with the same notes."""
        self.past += self.world.told
        world = self.world
        self.world = World(
            world.server, terminal=world.terminal, notes=world.notes, zone=world.zone
        )

    # Judgement.

    @property
    def told(self):
        """Everything that was told, by every life of the bridge."""
        return [*self.past, *self.world.told]

    def judge(self, *, whole=True):
        """Compare what was told with the server's own ledger.

        `whole`: every deal was told live. Otherwise (the bridge has died in between) what the
        gateway asks for afterwards counts too: the fills since the beginning.
        """
        ledger = self.world.office.ledger
        assert ledger.twice() == {}
        fills = [one.fill for one in self.told if isinstance(one, Filled)]
        if whole:
            assert max(Counter(one.trade_id for one in fills).values(), default=1) == 1
        asked = self.fills_since(0)
        deals = {
            (str(one.ticket), one.volume * 100_000, one.price, -(one.commission + one.fee))
            for one in ledger.executions
        }
        said = {(one.trade_id, one.last_qty, one.last_px, one.commission) for one in fills}
        listed = {(one.trade_id, one.last_qty, one.last_px, one.commission) for one in asked}
        assert listed == deals
        assert (said if whole else said | listed) == deals
        self._judge_swap(ledger)
        self._judge_orders(whole=whole)
        self._judge_levels(ledger, whole=whole)
        held = sum((one.signed for one in ledger.executions), Decimal(0)) * 100_000
        assert sum((one.qty for one in self.positions()), Decimal(0)) == held

    def _judge_swap(self, ledger):
        entries = {
            (entry.entry_id, entry.amount)
            for event in self.told if isinstance(event, LedgerEntries)
            for entry in event.entries if entry.kind == "SWAP"
        }  # fmt: skip
        booked = {(str(one.ticket), one.swap) for one in ledger.executions if one.swap}
        assert entries == booked

    def _judge_orders(self, *, whole):
        books, ledger = self.world.office.books, self.world.office.ledger
        there = {
            str(one.ticket): one.volume_current * 100_000
            for one in books.orders.values() if one.magic
        }  # fmt: skip
        listed = {one.order_id: one.leaves_qty for one in self.ask("open_orders").orders}
        assert listed == there
        if whole:
            assert self.open_here() == there
        for name, request in self.requests.items():
            volume = ledger.filled(to_number(name)) * 100_000
            assert volume <= request.order_qty

    def ends_of(self, asked):
        """Return what has ended a request for levels: one word, if it has."""
        words = [one for one in self.told if isinstance(one, LevelsTold) and one.request == asked]
        return [one for one in words if one.status is not PosMaintStatus.ACCEPTED]

    def _judge_levels(self, ledger, *, whole):
        """Each request was sent once at most and has ended once; what was refused was not done."""
        sent = [one for one in ledger.arrivals if one.request.action == Action.SLTP]
        assert len(sent) <= len(self.protections)
        held = {str(one.identifier) for one in self.world.office.books.positions.values()}
        for asked in self.protections:
            ends = self.ends_of(asked)
            assert len(ends) <= 1
            assert ends or not whole
            acted = any(one.acted and one.request.sl == asked.stop_loss_px for one in sent)
            refused = [one for one in ends if one.status is PosMaintStatus.REJECTED]
            assert not (refused and acted) or asked.position_id not in held

    def open_here(self):
        """Return what is left of each order, by ticket, that is open by what was told last."""
        found = {}
        for event in self.told:
            order = getattr(event, "order", None)
            if order is None or not order.cl_ord_id or not hasattr(order, "leaves_qty"):
                continue
            if isinstance(event, Accepted | Replaced) or order.order_id in found:
                found[order.order_id] = order.leaves_qty
            old = self.names.get(order.orig_cl_ord_id) if isinstance(event, Replaced) else None
            if old is not None and old != order.order_id:
                found.pop(old, None)
            self.names[order.cl_ord_id] = order.order_id
            if isinstance(event, Canceled | Expired | Rejected) or order.leaves_qty == 0:
                found.pop(order.order_id, None)
        return found

    @property
    def names(self):
        """The ticket that each id has named."""
        return self.__dict__.setdefault("_names", {})

    def ask(self, method, *args):
        """Ask the venue something; return the answer, which is complete."""
        world = self.world
        ask = f"Q{next(self.numbers)}"
        getattr(world.venue, method)(ask, *args, world.now_ns)
        found = []

        def answered():
            found[:] = [one for one in world.told if getattr(one, "ask", "") == ask]
            return bool(found)

        assert world.until(answered)
        assert found[0].complete, found[0]
        return found[0]

    def fills_since(self, since_ns):
        """Return the fills of the history."""
        return self.ask("fills_since", since_ns).fills

    def positions(self):
        """Return the positions."""
        return self.ask("positions").positions


def people_of(trader):
    """Everybody else who deals with the account."""
    return People(trader.world.server, LOGIN)


def names(events):
    """Name events as they came, quotes aside."""
    return [type(one).__name__ for one in events if not isinstance(one, BookChanged)]
