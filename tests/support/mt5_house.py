"""A gateway with many MetaTrader accounts side by side, all of it processes but the brokers.

Each account has a broker, a terminal and a bridge of its own: the compiled Expert Advisor over TCP,
or the terminal bridge; and a strategy of its own, a `Client`. The brokers are the test's, so that
their ledgers can be read and their misbehaviours ordered; what touches them holds `pace.lock`.
"""

from __future__ import annotations

from contextlib import ExitStack

from support.mt5.clock import Clock
from support.mt5.ea_process import LiveChart
from support.mt5.pace import Pace, real_ms
from support.mt5.people import People
from support.mt5.runtime import build
from support.mt5.symbols import ALWAYS
from support.mt5.terminal import Terminal
from support.mt5_far import FarTerminal
from support.mt5_trader import EURUSD, LOGIN, server_of
from support.system import System

EA, TERMINAL = "ea", "terminal"
SETTLE_MS, ABSENCE_MS = 200, 5_000
GONE_MS = 3_000
"""The terminal gives an answer up after so long."""
HASTE = """[timeouts]
venue_answer_ms = 1000

[feeds]
recover_ms = 0
jump_bps = 1000
"""
"""Nobody waits for an answer, or for a feed that has lost something, longer than it takes here."""
TABLE = """
[[venue]]
id = "{name}"
kind = "mt5_{bridge}"
launch = false
check_funds = false
self_trade = "let-through"
symbols = ["EURUSD"]
"""
TERMINAL_TABLE = f"""[venue.mt5]
login = {LOGIN}
server = "Test-Demo"
server_zone = "Etc/GMT-2"
settle_ms = {SETTLE_MS}
absence_after_ms = 5000
"""
STRATEGY = """
[[strategy]]
id = "S-{name}"
"""


class Account:
    """One account: its broker, its terminal, its bridge."""

    bridge = ""
    table = ""

    def __init__(self, kind, folder):
        self.kind = kind
        self.name = f"{kind}-{self.bridge}"
        self.folder = folder
        self.server = server_of(
            kind, clock=Clock(now_ms=real_ms()), sessions=ALWAYS, swap_days=(1,) * 7,
            swap_long="-5", swap_short="-3",
        )  # fmt: skip
        self.office = self.server.offices[LOGIN]
        self.people = People(self.server, LOGIN)
        self.terminal = Terminal(self.server, LOGIN)
        self.terminal.timeout_ms = GONE_MS
        self.pace = Pace(self.terminal)
        self.pace.__enter__()

    def quote(self, bid, ask):
        """Move the market."""
        with self.pace.lock:
            self.server.quote(EURUSD, bid, ask)

    def night(self):
        """Let the server's day end: swap is charged on what is held."""
        self.office.watch.new_day()

    def stop_terminal(self, *, told):
        """End the terminal, in order or not, and what runs in it."""
        self.terminal.stop(told=told)

    def start_terminal(self):
        """Start it again."""
        self.terminal.start()

    def close(self):
        """End everything. Raises what went wrong in the broker itself."""
        self.pace.__exit__()


class EaAccount(Account):
    """An account with the Expert Advisor on a chart of its terminal."""

    bridge = EA
    chart = None

    def start(self, system):
        """Put the Expert Advisor on a chart."""
        folder = self.folder / self.name
        folder.mkdir()
        inputs = {
            "VenueId": self.name, "VenuesPort": system.ports[1], "FeedsPort": system.ports[3],
            "SettleMs": SETTLE_MS, "WalkMs": 100, "AbsenceAfterMs": ABSENCE_MS,
        }  # fmt: skip
        self.chart = LiveChart(
            self.terminal, self.pace, build.build(), folder=folder, inputs=inputs
        )

    @property
    def slot(self):
        """The program as the terminal has it: its queue, and the faults of that."""
        return self.chart.slot

    def remove_bridge(self):
        """Take it off its chart in order."""
        self.chart.remove()

    def kill_bridge(self):
        """Kill it."""
        self.chart.kill()

    def add_bridge(self):
        """Put it back."""
        self.chart.load()

    def stop_terminal(self, *, told):
        """End the terminal and the program in it."""
        if told:
            self.chart.remove()
        with self.pace.lock:
            super().stop_terminal(told=told)
        if not told:
            self.chart.kill()

    def start_terminal(self):
        """Start it, with the program on its chart."""
        with self.pace.lock:
            super().start_terminal()
        self.chart.load()

    def close(self):
        """End everything."""
        if self.chart is not None:
            self.chart.__exit__()
        super().close()


class TerminalAccount(Account):
    """An account with the bridge beside its terminal."""

    bridge = TERMINAL
    table = TERMINAL_TABLE

    def __init__(self, kind, folder):
        super().__init__(kind, folder)
        self._far = FarTerminal(self.terminal)
        self._config_path = None

    def start(self, system):
        """Start the bridge."""
        self._config_path = system.config_path
        self.add_bridge()

    def remove_bridge(self):
        """End it in order."""
        assert self._far.stop() == 0

    def kill_bridge(self):
        """Kill it."""
        self._far.kill()

    def add_bridge(self):
        """Start another."""
        self._far.start(self._config_path, self.name)

    def stop_terminal(self, *, told):
        """End the terminal; the bridge lives on."""
        with self.pace.lock:
            super().stop_terminal(told=told)

    def start_terminal(self):
        """Start it."""
        with self.pace.lock:
            super().start_terminal()

    def close(self):
        """End everything."""
        self._far.close()
        super().close()


BRIDGES = {EA: EaAccount, TERMINAL: TerminalAccount}


class House(System):
    """The gateway, and an account for each (kind, bridge)."""

    def __init__(self, folder, accounts):
        super().__init__(folder)
        self.accounts = {}
        for kind, bridge in accounts:
            self.accounts[kind, bridge] = BRIDGES[bridge](kind, folder)
        text = self.config_path.read_text(encoding="utf-8")
        tables = [
            table.format(name=one.name, bridge=one.bridge)
            for one in self.accounts.values() for table in (TABLE, one.table, STRATEGY)
        ]  # fmt: skip
        head = text[: text.index("[[venue]]")]
        self.config_path.write_text(head + HASTE + "".join(tables), encoding="utf-8")

    def open(self):
        """Start everything; wait until the gateway has every account."""
        self.start(wait=False)
        for one in self.accounts.values():
            one.start(self)
        self.wait_ready()
        return self

    def __exit__(self, *_):
        with ExitStack() as closing:
            for one in self.accounts.values():
                closing.callback(one.close)
            self.stop()
