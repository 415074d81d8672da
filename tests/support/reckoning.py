"""What a run has cost and what was at stake in it, by accounts that the gateway does not write.

Orders count from the record that says that they left (journal) until the venue's own ledger says
that they are over; fills are the ledger's. Prices are those of the venue's own market, which its
feed gives again: the ledger names its origin. Everything counts at the middle of the moment, money
in dollars (a USDT is one); orders are never replaced in a scenario.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import NamedTuple

import orjson

from bridges.paper import ledger
from bridges.paper.book import MarketBook
from bridges.paper.feeds import open_feed
from bridges.paper.grid import Grid
from bridges.paper.instruments import instrument
from bridges.paper.market import Trade
from gateway.commands.bridge import arguments
from journal import reader
from protocol import codec
from protocol.fields import ExecType, Side
from protocol.messages import ExecutionReport, NewOrderSingle, Note

ZERO = Decimal(0)
SECOND_NS = 1_000_000_000
HOUSE = "all"
ENDS = frozenset(("canceled", "expired", "reject"))


class Journaled(NamedTuple):
    """What the journal says of a run."""

    asked: int
    """Orders that strategies sent."""
    left: list
    """(time, order) of each that left for the venue."""
    refused: Counter
    """Codes of the gateway's refusals."""
    notes: list
    """(time, kind, body) of each note."""
    times: list
    """The time of each record, in their order."""


def read_journal(system, venue="PAPER"):
    """Read the journal of a run."""
    asked, left, refused, notes, times = 0, [], Counter(), [], []
    strategies = {one.id for one in system.config.strategy}
    for record in reader.read(system.journal):
        times.append(record.time_ns)
        message = codec.decode(record.frame)
        if isinstance(message, Note):
            notes.append((record.time_ns, message.note_kind, orjson.loads(message.note_body)))
        elif isinstance(message, NewOrderSingle):
            asked += record.session in strategies
            if record.session == venue:
                left.append((record.time_ns, message))
        elif record.session in strategies and _is_refusal(message):
            refused[(message.text or "").partition(":")[0]] += 1
    return Journaled(asked, left, refused, notes, times)


def _is_refusal(message):
    return isinstance(message, ExecutionReport) and message.exec_type is ExecType.REJECTED


def halts(journaled):
    """List (scope, cause) of what the gateway stopped by itself, in order, each once."""
    found = [
        (body["scope"], body["cause"]) for _, kind, body in journaled.notes
        if kind == "TRADING_STATE" and body["state"] != "ACTIVE" and body["who"] == "GATEWAY"
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def middles(system, until_ns, venue="PAPER"):
    """Play the venue's market again: (time, symbol, middle) whenever a middle has moved."""
    settings = arguments(system.config, system.config.venue_of(venue))
    lines = ledger.read(ledger_of(system, venue))
    (origin_ns,) = [line["feed_ns"] for line in lines if line["k"] == "start"]
    rules = settings["instruments"]
    grids = {name: Grid(instrument(name, rules.get(name))) for name in settings["symbols"]}
    feed = open_feed(settings["feed"], grids)
    feed.start(origin_ns)
    books, last = {name: MarketBook() for name in grids}, {}
    while (due_ns := feed.next_due_ns()) is not None and due_ns <= until_ns:
        event = feed.pop()
        if isinstance(event, Trade):
            continue
        book, grid = books[event.symbol], grids[event.symbol]
        book.apply(event)
        bid, ask = book.bids.best(), book.asks.best()
        if bid is None or ask is None:
            continue
        middle = grid.price(bid + ask) / 2
        if last.get(event.symbol) != middle:
            last[event.symbol] = middle
            yield due_ns, event.symbol, middle


def ledger_of(system, venue="PAPER"):
    """Where a paper venue's ledger lies."""
    return system.folder / "var" / "bridges" / venue / "ledger.jsonl"


class Owner:
    """One strategy, or the house: positions, what works, money."""

    def __init__(self):
        self.positions, self.buys, self.sells = (defaultdict(Decimal) for _ in range(3))
        self.cash = ZERO
        self.gross = self.symbol = self.net = self.loss = self.value = ZERO

    def look(self, prices):
        """Value what is at stake, everything in flight executed as badly as it can be."""
        gross = symbol = long = short = ZERO
        self.value = self.cash
        for name in {*self.positions, *self.buys, *self.sells}:
            price, qty = prices[name], self.positions[name]
            buys, sells = qty + self.buys[name], self.sells[name] - qty
            worst = max(buys, sells, ZERO) * price
            gross, symbol = gross + worst, max(symbol, worst)
            long, short = long + buys * price, short + sells * price
            self.value += qty * price
        self.gross, self.symbol = max(self.gross, gross), max(self.symbol, symbol)
        self.net = max(self.net, long, short)
        self.loss = max(self.loss, -self.value)


class Figures(NamedTuple):
    """One run in numbers; money at its worst moment, of the worst strategy and of the house."""

    scenario: str
    brakes: str
    asked: int
    left: int
    fills: int
    per_s: int
    """The most that left for the venue within one second."""
    gross: Decimal
    symbol: Decimal
    net: Decimal
    loss: Decimal
    house_gross: Decimal
    house_net: Decimal
    house_loss: Decimal
    worst_bps: Decimal
    """How much worse than the middle of its order's leaving the worst fill was."""
    refused: dict
    halts: list

    def line(self):
        """Write it as one line of JSON."""
        shown = {
            name: round(float(value), 2) if isinstance(value, Decimal) else value
            for name, value in self._asdict().items()
        }
        return json.dumps(shown, default=str)


class Send(NamedTuple):
    """An order that left, and what its strategy had lost by then."""

    time_ns: int
    strategy: str
    side: Side
    loss: Decimal


class Course(NamedTuple):
    """A run gone through from its first event to its last."""

    owners: dict
    fills: int
    at_sends: list
    worst_bps: Decimal


def go_through(system, journaled, venue="PAPER"):
    """Follow a run in the order of time; return every owner's worst figures."""
    sent_ns = {order.cl_ord_id: time_ns for time_ns, order in journaled.left}
    events = [(time_ns, 1, "send", order) for time_ns, order in journaled.left]
    lines = ledger.read(ledger_of(system, venue))
    events += [
        (max(line["t"], sent_ns[line["id"]]), 2, line["k"], line)
        for line in lines if line["k"] in {"fill", *ENDS}
    ]  # fmt: skip
    end_ns = max([journaled.times[-1], *(line["t"] for line in lines)])
    events += [
        (time_ns, 0, symbol, middle) for time_ns, symbol, middle in middles(system, end_ns, venue)
    ]
    owners, prices, working = defaultdict(Owner), {}, {}
    at_sends, fills, middle_at, worst_bps = [], 0, {}, ZERO
    for time_ns, _, kind, what in sorted(events, key=lambda event: event[:2]):
        if kind == "send":
            changed = _send(owners, working, what)
            middle_at[what.cl_ord_id] = prices[what.symbol]
        elif kind == "fill":
            changed, fills = _fill(owners, working, what), fills + 1
            worst_bps = max(worst_bps, _worse_bps(what, middle_at[what["id"]]))
        elif kind in ENDS:
            changed = _drop(owners, working, what["id"])
        else:
            prices[kind], changed = what, owners
        for name in changed:
            owners[name].look(prices)
        if kind == "send":
            at_sends.append(
                Send(time_ns, changed[0], what.side, -owners[changed[0]].value)
            )
    return Course(owners, fills, at_sends, worst_bps)


def _worse_bps(line, middle):
    return (Decimal(line["px"]) - middle) * Side(line["side"]).sign / middle * 10_000


def _send(owners, working, order):
    """An order leaves: it counts whole from now on."""
    names = (order.on_behalf_of_comp_id, HOUSE)
    working[order.cl_ord_id] = (names, order, order.order_qty)
    _move(owners, names, order, order.order_qty)
    return names


def _move(owners, names, order, qty):
    for name in names:
        side = owners[name].buys if order.side is Side.BUY else owners[name].sells
        side[order.symbol] += qty


def _fill(owners, working, line):
    names, order, left = working[line["id"]]
    qty, price = Decimal(line["qty"]), Decimal(line["px"])
    signed = qty * Side(line["side"]).sign
    working[line["id"]] = (names, order, left - qty)
    _move(owners, names, order, -qty)
    for name in names:
        owners[name].positions[line["symbol"]] += signed
        owners[name].cash -= signed * price + Decimal(line["fee"])
    return names


def _drop(owners, working, name):
    names, order, left = working[name]
    working[name] = (names, order, ZERO)
    _move(owners, names, order, -left)
    return names


def _per_second(journaled):
    times, most, first = [time_ns for time_ns, _ in journaled.left], 0, 0
    for last, time_ns in enumerate(times):
        while time_ns - times[first] > SECOND_NS:
            first += 1
        most = max(most, last - first + 1)
    return most


def reckon(system, scenario, brakes):
    """Say what a run that is over has cost."""
    journaled = read_journal(system)
    course = go_through(system, journaled)
    owners = dict(course.owners)
    house = owners.pop(HOUSE, Owner())
    worst = list(owners.values()) or [Owner()]
    return Figures(
        scenario=scenario, brakes="on" if brakes else "off", asked=journaled.asked,
        left=len(journaled.left), fills=course.fills, per_s=_per_second(journaled),
        gross=max(one.gross for one in worst), symbol=max(one.symbol for one in worst),
        net=max(one.net for one in worst), loss=max(one.loss for one in worst),
        house_gross=house.gross, house_net=house.net, house_loss=house.loss,
        worst_bps=course.worst_bps, refused=dict(journaled.refused.most_common()),
        halts=halts(journaled),
    )  # fmt: skip
