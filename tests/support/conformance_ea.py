"""The Expert Advisor for the conformance suite: as it ships, compiled, in virtual time.

Its sockets end at `GatewayEnd`, its calls at the simulated terminal of the terminal bridge's desks.
"""

from __future__ import annotations

import sqlite3
from types import MappingProxyType, SimpleNamespace

from support.bridge_wire import MS, VENUE
from support.conformance_mt5 import Mt5Desk
from support.mt5.constants import MarginMode
from support.mt5.ea_gateway import GatewayEnd, ZmtpEnd, frame
from support.mt5.ea_network import VirtualNetwork
from support.mt5.ea_terminal import Chart
from support.mt5.runtime import build

from protocol.fields import TradSesStatus
from protocol.messages import TradingSessionStatus
from protocol.order_id import to_number

VENUES_PORT, FEEDS_PORT = 5571, 5573
INPUTS = {
    "VenueId": VENUE, "SettleMs": 100, "WalkMs": 100, "AbsenceAfterMs": 5_000,
    "FeeRate": "0.0001", "FeedsPort": FEEDS_PORT,
}  # fmt: skip


class Feed:
    """The gateway's XSUB: both parts of each message, subscribed to everything."""

    def __init__(self, door):
        self.door = door
        self.sent = []
        self._pipe = None
        self._parts = []

    def hear(self):
        """Take what was published."""
        if not self.door:
            return
        if self.door[-1] is not self._pipe:
            self._pipe = self.door[-1]
            self._zmtp = ZmtpEnd(b"XSUB", frame(b"\x09SUBSCRIBE", flags=4))
            self._pipe.say(self._zmtp.first)
        self._parts += self._zmtp.take(self._pipe.take())
        while len(self._parts) > 1:
            topic, content, *self._parts = self._parts
            self.sent.append((topic.decode(), content))


class Notes:
    """The Expert Advisor's database as a test writes into it."""

    def __init__(self, path):
        self._path = path
        self._held = []

    def hold(self, name):
        """Note an id as sent."""
        self._held.append(to_number(name))

    def commit(self):
        """Make it durable."""
        database = sqlite3.connect(self._path)
        with database:
            database.executemany("INSERT INTO ids VALUES(?,0)", [(one,) for one in self._held])
        database.close()
        self._held.clear()


class EaDesk(Mt5Desk):
    """An account with the Expert Advisor on a chart."""

    says_no_money = "no_money"
    inputs = MappingProxyType(INPUTS)

    def _open(self):
        self.network = VirtualNetwork()
        self.gateway = GatewayEnd(self.network.listen(VENUES_PORT), comp_id=VENUE)
        self.publications = Feed(self.network.listen(FEEDS_PORT))
        self.id_log = Notes(self.folder / f"Portcullis.{VENUE}.sqlite")
        inputs = {**self.inputs, "Symbols": f"{self.symbol}={self.native}"}
        self.chart = Chart(
            self.terminal, build.build(), inputs=inputs, network=self.network, folder=self.folder
        )
        return SimpleNamespace(venue=SimpleNamespace(connected=False))

    @property
    def fix(self):
        """The gateway's side of the session."""
        return self.gateway.fix or SimpleNamespace(active=False)

    @fix.setter
    def fix(self, _session):
        """Leave it to the link's end, which makes one for each connection."""

    def run(self, ms=10, step_ms=1):
        """Let time pass, step by step."""
        for _ in range(0, ms, step_ms):
            self.server.clock.advance(step_ms)
            self.now_ns = self.server.clock.now_ms * MS
            self.chart.step()
            for message in self.gateway.hear(self.now_ns):
                self.heard.append(message)
                if isinstance(message, TradingSessionStatus):
                    is_open = message.trad_ses_status is TradSesStatus.OPEN
                    self.bridge.venue.connected = is_open
            self.publications.hear()
        return self

    def say(self, message):
        """Say a message to the Expert Advisor."""
        self.gateway.say(message, self.now_ns)

    def kill_bridge(self):
        """Let the terminal's process die, and with it its temporary variables; it starts anew."""
        self.chart.drop()
        self.terminal.temporaries.clear()
        self.chart.slot.unload(told=False)
        self.chart.slot.load()
        self.gateway.cut()
        self.bridge.venue.connected = False

    def end(self):
        """Take it off the chart."""
        if self.chart.program is not None:
            self.chart.program.stop()


class EaNettingDesk(EaDesk):
    """An account that nets, as brokers have them."""

    name = "mt5 ea netting"


class EaExchangeDesk(EaDesk):
    """An account that nets, as exchanges have them."""

    name, mode = "mt5 ea exchange", MarginMode.EXCHANGE


class EaHedgingDesk(EaDesk):
    """An account that may hold several positions of one symbol."""

    name, mode = "mt5 ea hedging", MarginMode.RETAIL_HEDGING
