"""The shipped Expert Advisor on a terminal's charts, each with a gateway's end, in virtual time."""

from __future__ import annotations

from support.mt5.clock import Clock
from support.mt5.constants import MarginMode
from support.mt5.ea_gateway import GatewayEnd
from support.mt5.ea_network import VirtualNetwork
from support.mt5.ea_terminal import Chart
from support.mt5.runtime import build
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

PORT = 5571


class Desk:
    """A terminal with charts, each with the shipped program and a network of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.server = TradeServer(clock=Clock(), symbols=[eurusd()])
        self.server.open_account(1001, MarginMode.RETAIL_NETTING, balance="10000")
        self.server.quote("EURUSD", "1.10000", "1.10010")
        self.terminal = Terminal(self.server, 1001)
        self.charts, self.ends = [], []

    def attach(self, **inputs):
        """Put the program on one more chart; return the chart and the gateway's end."""
        network = VirtualNetwork()
        self.ends.append(GatewayEnd(network.listen(PORT)))
        options = {"VenueId": "MT5", "VenuesPort": PORT, "FeedsPort": 0, "SettleMs": 0, **inputs}
        self.charts.append(Chart(
            self.terminal, build.build(), inputs=options, network=network, folder=self.folder
        ))  # fmt: skip
        self.charts[-1].step()
        return self.charts[-1], self.ends[-1]

    def run(self, ms, step_ms=5):
        """Let time pass."""
        for _ in range(ms // step_ms):
            self.server.clock.advance(step_ms)
            for chart, end in zip(self.charts, self.ends, strict=True):
                chart.step()
                end.hear(chart.clock.now_ns)
