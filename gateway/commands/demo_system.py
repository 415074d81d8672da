"""The demo's processes: a folder, a config on free ports, a gateway that can be killed.

Everything is started by the shipped commands, as a person would; the demo itself holds no order and
knows nothing that it has not asked for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bridges.lock import is_free
from gateway.commands import bridges, launch
from gateway.commands.machine import SyncProbe
from gateway.commands.standing_operator import StandingOperator
from gateway.config import Config, load_config
from gateway.errors import CommandError

VENUE = "PAPER"
STRATEGIES = ("MM", "MOMENTUM", "PRESSURE")
START_PATIENCE_S = 30
CSV_SPEED = 60
"""Quotes in files come one in seconds; a demo of half a minute wants some each second."""

CONFIG = """# Written by `portcullis demo`; `portcullis status --config …` works while it runs.
[gateway]
orders = "tcp://127.0.0.1:{ports[0]}"
venues = "tcp://127.0.0.1:{ports[1]}"
market_data = "tcp://127.0.0.1:{ports[2]}"
feeds = "tcp://127.0.0.1:{ports[3]}"
operators = "tcp://127.0.0.1:{ports[4]}"
http = "127.0.0.1:{ports[5]}"

[journal]
digest_every = 50
snapshot_every = 0

[rates]
"USDT/USD" = 1

[[venue]]
id = "PAPER"
kind = "paper"
launch = true
symbols = ["{symbol}"]
feed = {feed}
latency = {{ entry = {{ ms = 2, sigma = 0.3 }}, response = {{ ms = 2, sigma = 0.3 }} }}

[[strategy]]
id = "MM"

[[strategy]]
id = "MOMENTUM"

[[strategy]]
id = "PRESSURE"

[routing]
default = "PAPER"
"""

STRATEGY_FILE = '''"""The demo's strategies: the shipped examples, on the demo's symbol."""

from engine.examples.market_maker import MarketMaker
from engine.examples.momentum import MomentumTaker
from gateway.commands.demo_pressure import Pressure


class Maker(MarketMaker):
    """Posts on both sides."""

    symbols = ({symbol!r},)


class Taker(MomentumTaker):
    """Follows short moves."""

    symbols = ({symbol!r},)


class Rain(Pressure):
    """Keeps orders on their way."""

    symbols = ({symbol!r},)
'''
CLASSES = {"MM": "Maker", "MOMENTUM": "Taker", "PRESSURE": "Rain"}


class DemoSystem:
    """All processes of one demo; leaving the context ends every one of them."""

    def __init__(self, folder: Path, data: Path | None) -> None:
        self.folder = folder
        self.symbol, feed = market_of(data)
        self.config_path = folder / "config.toml"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        text = CONFIG.format(ports=launch.free_ports(6), symbol=self.symbol, feed=feed)
        self.config_path.write_text(text, encoding="utf-8")
        self.strategy_file = folder / "strategies.py"
        self.strategy_file.write_text(STRATEGY_FILE.format(symbol=self.symbol), encoding="utf-8")
        self.config: Config = load_config(self.config_path)
        self.venue = self.config.venue_of(VENUE)
        self.operator = StandingOperator(self.config)
        self.probe = SyncProbe(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_strategies()
        self.stop_gateway()
        self.probe.close()
        if not is_free(bridges.lock_path(self.config, self.venue)):
            bridges.end(self.config, [])

    # The gateway.

    def start_gateway(self, command: Sequence[str] = ()) -> None:
        """Start `portcullis run`, or a stand-in that a test names; do not wait."""
        self.operator.gateway_begins()
        output = self.folder / "gateway.out"
        arguments = ["run", "--config", str(self.config_path)]
        self._processes["gateway"] = launch.start(arguments, output=output, instead=command)

    def wait_ready(self) -> None:
        """Wait until the gateway answers and the venue is ready. Raises CommandError."""
        if not launch.wait_until(self._is_ready, timeout_s=START_PATIENCE_S):
            msg = f"the gateway was not ready within {START_PATIENCE_S} s: {self.last_words()}"
            raise CommandError(msg)

    def _is_ready(self) -> bool:
        process = self._processes["gateway"]
        if process.poll() is not None:
            msg = f"the gateway ended with exit code {process.returncode}: {self.last_words()}"
            raise CommandError(msg)
        return bool(self.operator.status().get("venues", {}).get(VENUE) == "ready")

    @property
    def gateway_runs(self) -> bool:
        """Whether the gateway's process is alive."""
        return self._processes["gateway"].poll() is None

    def unanswered(self) -> int:
        """Return how many orders are on their way to the venue without an answer."""
        rows = self.operator.rows("ORDERS")
        return sum(1 for row in rows if row["ord_status"] == "PENDING_NEW")

    def last_words(self) -> str:
        """Return the end of what the gateway printed."""
        path = self.folder / "gateway.out"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return text.strip()[-800:] or "it said nothing"

    def kill_gateway(self) -> int:
        """Kill the gateway with SIGKILL (TerminateProcess on Windows); return the moment, ns."""
        process = self._processes["gateway"]
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        killed_ns = time.time_ns()
        process.wait()
        self.operator.gateway_ends()
        return killed_ns

    def stop_gateway(self) -> None:
        """End the gateway in order, and with it the venue."""
        self.operator.gateway_ends()
        process = self._processes.pop("gateway", None)
        if process is not None:
            launch.end(process, patience_s=15)

    # The strategies and the venue.

    def start_strategies(self) -> None:
        """Start the strategies as processes."""
        for name in STRATEGIES:
            arguments = [
                "strategy", f"{self.strategy_file}:{CLASSES[name]}", "--id", name,
                "--config", str(self.config_path),
            ]  # fmt: skip
            output = self.folder / f"strategy-{name}.out"
            self._processes[name] = launch.start(arguments, output=output)

    def stop_strategies(self) -> None:
        """Ask the strategies to cancel what rests and end."""
        processes = [self._processes.pop(name, None) for name in STRATEGIES]
        for process in processes:
            if process is not None and process.poll() is None:
                launch.interrupt(process.pid)
        for process in processes:
            if process is not None:
                launch.end(process, patience_s=10)

    def fallen(self) -> list[str]:
        """Return the strategies that ended before they were asked to."""
        return [
            name
            for name in STRATEGIES
            if name in self._processes and self._processes[name].poll() is not None
        ]

    def hold_answers(self, ms: int) -> None:
        """Tell the venue that what it says takes so much longer from now on; 0 ends it."""
        with self.control.open("a", encoding="ascii") as file:
            file.write(f"delay {ms}\n")

    @property
    def control(self) -> Path:
        """The paper venue's control file."""
        return bridges.folder(self.config, self.venue) / "faults"

    @property
    def ledger(self) -> Path:
        """The paper venue's own ledger."""
        return bridges.folder(self.config, self.venue) / "ledger.jsonl"

    def transcript(self, name: str) -> Path:
        """A strategy's own account."""
        return self.config.gateway.var / "strategies" / name / "transcript.jsonl"


def market_of(data: Path | None) -> tuple[str, str]:
    """Return the symbol of a recording and the `feed` that plays it."""
    if data is None:
        return "EURUSD", '{ kind = "synthetic", seed = 7 }'
    if not data.is_file():
        msg = f"--data: there is no file {data}"
        raise CommandError(msg, exit_code=2)
    path = data.absolute().as_posix()
    name = data.name.upper()
    if data.suffix == ".csv":
        known = ("EURUSD", "USDJPY", "GBPUSD")
        symbol = next((symbol for symbol in known if symbol in name), "EURUSD")
        feed = f'kind = "csv", path = "{path}", symbol = "{symbol}", speed = {CSV_SPEED}'
        return symbol, f"{{ {feed} }}"
    symbol = "ETH/USDT" if "ETH" in name else "BTC/USDT"
    return symbol, f'{{ kind = "binance", path = "{path}" }}'
