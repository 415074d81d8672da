"""A trader on the compiled venue of the Expert Advisor, and the judge of what it was told.

The session is left out: the probe Trading.mq5 takes commands of the port and tells its events. All
in virtual time, against the simulated server; orders are ids of the wire and units, as there.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import count
from pathlib import Path

from support.mt5.ea_terminal import Chart
from support.mt5.records import number
from support.mt5.runtime import build
from support.mt5.scene import Scene

from protocol.order_id import OrderId, to_number

PROBE = Path(build.__file__).parents[1] / "probes" / "Trading.mq5"
UNIT = "\x1f"
EPOCH = 1_704_000_000
"""Of the ids: some days before the simulated server's Monday."""
ENDS = {"Rejected": "8", "Canceled": "4", "Expired": "C"}
NUMBERS = {
    "order_qty", "cum_qty", "leaves_qty", "avg_px", "price", "stop_px", "stop_loss_px",
    "take_profit_px", "last_qty", "last_px", "commission", "qty", "total", "free", "amount",
    "price_tick", "qty_step", "min_qty", "max_qty", "contract_multiplier", "margin_rate", "size",
}  # fmt: skip


class Said:
    """One event: its kind, and its fields as attributes; what was not said is empty."""

    def __init__(self, line):
        self.kind, *parts = line.split(UNIT)
        self.fields = dict(part.split("=", 1) for part in parts)

    def __getattr__(self, name):
        text = self.fields.get(name, "")
        return Decimal(text) if name in NUMBERS and text else text

    def __repr__(self):
        return f"{self.kind}({self.fields})"


class EaTrader:
    """A broker, a terminal, the compiled venue on a chart, and the events that it has told."""

    def __init__(self, kind, folder, *symbols, balance="100000", inputs=None, **terms):
        self.scene = Scene(kind, *symbols, balance=balance, **terms)
        self.server, self.terminal = self.scene.server, self.scene.terminal
        self.clock, self.people, self.office = (
            self.scene.clock, self.scene.people, self.scene.office,
        )  # fmt: skip
        self.symbol = self.scene.symbol
        self.rules = self.server.markets[self.symbol].rules
        self.numbers = count(1)
        self.events = []
        self.names = {}
        self.deaf = False
        """While true nobody hears what is told: the gateway is away."""
        self.asks = count(1)
        self.chart = Chart(
            self.terminal, build.build(PROBE), inputs={"Symbols": self.symbol} | (inputs or {}),
            folder=folder,
        )  # fmt: skip
        self.run(10)

    @property
    def slot(self):
        """The program as the terminal has it: its queue and the faults of that."""
        return self.chart.slot

    # Time.

    def step(self, ms=10):
        """Let a turn of the timer pass. A program of a terminal that is off does not run."""
        self.clock.advance(ms)
        if not self.terminal.running:
            self.chart.drop()
        self.chart.step()
        self._hear()

    def run(self, ms=100, step_ms=10):
        """Let time pass."""
        end = self.clock.now_ms + ms
        while self.clock.now_ms < end:
            self.step(step_ms)
        return self

    def remove(self):
        """Take the program off its chart: OnDeinit runs."""
        self.terminal.unload(self.slot)
        self.step()

    def add(self):
        """Put it back on its chart."""
        self.terminal.reload(self.slot)
        self.step()

    def kill(self):
        """Let the program die without a word; another one comes in its place."""
        self.chart.drop()
        self.slot.unload(told=False)
        self.slot.load()
        self.step()

    def settle(self):
        """Let the terminal be believed, and everything arrive."""
        return self.run(2_500)

    def until(self, condition, ms=10_000):
        """Let time pass until something is so; say whether it came."""
        end = self.clock.now_ms + ms
        while self.clock.now_ms < end:
            if condition():
                return True
            self.step()
        return condition()

    def _hear(self):
        program = self.chart.program
        if program is None or program.removed:
            return
        told = program.probe("told").decode()
        if not self.deaf:
            self.events += [Said(line) for line in told.split("\n") if line]

    # Commands.

    def _command(self, what, **fields):
        program = self.chart.program
        if program is None:
            return
        parts = [f"{name}={value}" for name, value in fields.items() if value not in {None, ""}]
        program.probe("do", UNIT.join([what, *parts]).encode())
        self._hear()

    def note(self, what, name):
        """Speak to the notes of ids: was_sent, is_buried, hold, bury."""
        return self.chart.program.probe("note", f"{what}{UNIT}{name}".encode()).decode() == "Y"

    def name(self):
        """Return a fresh id of the wire."""
        return OrderId(1, EPOCH, next(self.numbers)).text()

    def place(self, qty="10000", price=None, *, stop=None, side="1", name=None, **fields):
        """Send an order in units: market, limit, stop or stop limit by the prices given."""
        kind = {(0, 0): "1", (1, 0): "2", (0, 1): "3", (1, 1): "4"}
        name = name or self.name()
        order = {
            "cl_ord_id": name, "symbol": self.symbol, "side": side,
            "ord_type": kind[price is not None, stop is not None], "order_qty": qty,
            "price": price, "stop_px": stop, "time_in_force": "1",
        } | fields  # fmt: skip
        self.names[name] = order
        self._command("submit", **order)
        return name

    def replace(self, orig, **changes):
        """Send a replace: the fields of the order, but for the changes."""
        name = self.name()
        kept = {key: value for key, value in self.names[orig].items() if key != "cl_ord_id"}
        order = kept | {"cl_ord_id": name, "orig_cl_ord_id": orig} | changes
        self.names[name] = order
        self._command("replace", **order)
        return name

    def cancel(self, orig):
        """Send a cancel."""
        name = self.name()
        self._command("cancel", cl_ord_id=name, orig_cl_ord_id=orig, symbol=self.symbol, side="1")
        return name

    def protect(self, **levels):
        """Ask for levels of a position: `stop_loss_px`, `take_profit_px`, `position_id`."""
        name = self.name()
        self._command("protect", cl_ord_id=name, symbol=self.symbol, **levels)
        return name

    def cancel_all(self):
        """Be the dead man's hand."""
        self._command("cancel_all")

    def ask(self, what, **fields):
        """Ask a question; return (the rows, whether they are complete)."""
        ask = str(next(self.asks))
        self._command(what, ask=ask, **fields)
        said = [one for one in self.events if one.ask == ask]
        assert said, f"{what} was not answered"
        return said[:-1], said[-1].complete == "Y"

    def reconcile(self):
        """Ask for fills as a gateway does that has reconciled all before: from ten minutes ago."""
        since_ns = (self.clock.now_ms - 600_000) * 1_000_000
        self._command("fills_since", ask=str(next(self.asks)), since_ns=since_ns)

    def look_up(self, name):
        """Ask for an order."""
        ask = str(next(self.asks))
        self._command("look_up", ask=ask, cl_ord_id=name)
        found, = [one for one in self.events if one.ask == ask]
        return found

    # What was told.

    def of(self, *kinds, name=None):
        """Return the events of some kinds, of an order if it is named."""
        return [
            one for one in self.events
            if one.kind in kinds and (name is None or name in {one.cl_ord_id, one.orig_cl_ord_id})
        ]  # fmt: skip

    def trail(self):
        """Return the kinds of the events about orders, in order."""
        about = {"Accepted", "Filled", "Busted", "Replaced", "Triggered", "CancelRefused", *ENDS}
        return [one.kind for one in self.events if one.kind in about]

    def fills(self):
        """Return what was filled, each trade once."""
        return {one.trade_id: one for one in self.of("Filled")}

    # The judge.

    def judge(self, *, quiet=False):
        """Hold what was told against the server's own account; return the ledger.

        `quiet` is for what happened while nobody listened: the answers to questions count then.
        """
        ledger, contract = self.office.ledger, self.rules.per_price
        assert ledger.twice() == {}
        told = self.fills()
        if quiet:
            rows, complete = self.ask("fills_since", since_ns=0)
            assert complete
            told = told | {one.trade_id: one for one in rows}
        busted = {one.trade_id for one in self.of("Busted")}
        trades = {str(deal.ticket): deal for deal in ledger.executions}
        assert set(told) - busted == set(trades)
        for ticket, deal in trades.items():
            said = told[ticket]
            assert (said.last_qty, said.last_px) == (deal.volume * contract, deal.price)
            assert said.commission == -(deal.commission + deal.fee)
            assert said.fill_side == ("1" if deal.type == 0 else "2")
        self._judge_money(ledger)
        self._judge_positions(ledger, contract)
        self._judge_orders(ledger, contract, told)
        return ledger

    def _judge_money(self, ledger):
        rows, complete = self.ask("ledger_entries", since_ns=0)
        assert complete
        entries = [one for one in rows if one.ledger_kind == "SWAP"]
        assert sum((one.amount for one in entries), Decimal(0)) == ledger.total("swap")
        (balance,), complete = self.ask("balances")
        assert complete
        assert balance.total == self.office.books.funds.balance == ledger.balance()

    def _judge_positions(self, ledger, contract):
        held, complete = self.ask("positions")
        assert complete
        assert {
            (one.position_id, one.qty) for one in held
        } == {
            (str(one.identifier) if self.office.terms.is_hedging else "",
             (one.volume if one.is_buy else -one.volume) * contract)
            for one in self.office.books.positions.values()
        }  # fmt: skip
        assert sum((one.qty for one in held), Decimal(0)) == ledger.net(self.symbol) * contract

    def _judge_orders(self, ledger, contract, told):
        open_now, complete = self.ask("open_orders")
        assert complete
        assert {one.order_id for one in open_now} == {
            str(ticket) for ticket in self.office.books.orders
        }
        for name in self.names:
            found = self.look_up(name)
            if not found.found:
                continue
            mine = [one for one in told.values() if one.fill_cl_ord_id == name]
            filled = sum((one.last_qty for one in mine), Decimal(0))
            assert filled <= found.cum_qty
            is_open = found.status in {"0", "1"}
            assert is_open == (found.order_id in {one.order_id for one in open_now}), found
        sent = Counter(arrival.request.magic for arrival in ledger.arrivals)
        assert all(sent[to_number(name)] <= 1 for name in self.names), sent

    def end_of(self, name):
        """Return how an order has ended, by the answer to a question."""
        return self.look_up(name).status

    def quote(self, bid, ask, **volumes):
        """Quote the symbol."""
        return self.server.quote(self.symbol, number(bid), number(ask), **volumes)
