"""A whole Portcullis in a folder of its own: real processes, free ports, the shipped commands."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

from click.testing import CliRunner
from support.ports import free_ports
from support.waiting import wait_for

from bridges.lock import is_free
from gateway.commands import bridges, launch, main
from gateway.commands.bench_brakes import brakes_off
from gateway.commands.operator_session import OperatorSession
from gateway.config import load_config
from gateway.errors import GatewayError

CONFIG = """
[gateway]
orders = "tcp://127.0.0.1:{0}"
venues = "tcp://127.0.0.1:{1}"
market_data = "tcp://127.0.0.1:{2}"
feeds = "tcp://127.0.0.1:{3}"
operators = "tcp://127.0.0.1:{4}"
http = "127.0.0.1:{5}"

[journal]
path = "var/journal"
durability = "os"
digest_every = 50

[rates]
"USDT/USD" = 1

{brakes}
[[venue]]
id = "PAPER"
kind = "paper"
launch = true
check_funds = false
self_trade = "let-through"
symbols = ["EURUSD", "BTC/USDT"]
feed = {{ kind = "synthetic", seed = 7 }}

[[strategy]]
id = "MM"

[[strategy]]
id = "MOMENTUM"

[[strategy]]
id = "EXAMPLE"
"""


class System:
    """Starts, kills and restarts `portcullis run`; use it as a context manager."""

    def __init__(self, folder: Path, *, brakes: str | None = None) -> None:
        """`brakes` are tables of limits and breakers; none: all of them are off."""
        brakes = brakes_off() if brakes is None else brakes
        self.folder = folder
        self.config_path = folder / "config.toml"
        self.process = None
        self.strategies = {}
        self.ports = free_ports(6)
        self.config_path.write_text(CONFIG.format(*self.ports, brakes=brakes), encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.strategies.values():
            launch.end(process)
        self.stop()
        if not is_free(self.venue_lock):
            _kill(self.venue_pid)

    @property
    def config(self):
        """The configuration as loaded."""
        return load_config(self.config_path)

    @property
    def journal(self):
        """The journal's folder."""
        return self.folder / "var" / "journal"

    @property
    def orders(self):
        """Where strategies connect."""
        return f"tcp://127.0.0.1:{self.ports[0]}"

    @property
    def ledger(self):
        """The paper venue's own ledger."""
        return self.folder / "var" / "bridges" / "PAPER" / "ledger.jsonl"

    def transcript(self, name):
        """A strategy's own account."""
        return self.folder / "var" / "strategies" / name / "transcript.jsonl"

    def edit(self, old, new):
        """Change the configuration's text before a start."""
        text = self.config_path.read_text(encoding="utf-8")
        assert old in text
        self.config_path.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *, wait=True):
        """Start the gateway; wait until it answers and its venues are up."""
        self.process = launch.start(
            ["run", "--config", self.config_path], output=self.folder / "run.out"
        )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        """Wait until the gateway answers and its venues are up."""
        wait_for(self.ready, timeout_s=60, what="a ready gateway", poll_s=0.05)

    def ready(self):
        """Say whether the gateway answers and every launched venue is up."""
        assert self.process.poll() is None, self.output()
        try:
            with OperatorSession(self.config, timeout_ms=1_000) as session:
                rows = session.ask("VENUES")["rows"]
        except GatewayError:
            return False
        return bool(rows) and all(row["ready"] for row in rows)

    def output(self):
        """Return what the gateway printed."""
        return (self.folder / "run.out").read_text(encoding="utf-8", errors="replace")

    def kill(self):
        """Kill the gateway the hard way; its bridges go on."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """End the gateway in order; return its exit code."""
        if self.process is None:
            return None
        return launch.end(self.process, patience_s=15)

    # The venue.

    @property
    def venue_lock(self):
        """The file that the paper venue's process holds locked."""
        return bridges.lock_path(self.config, self.config.venue_of("PAPER"))

    @property
    def venue_pid(self):
        """The process id of the paper venue."""
        path = bridges.pid_path(self.config, self.config.venue_of("PAPER"))
        return int(path.read_text(encoding="ascii"))

    def fault(self, line):
        """Order a fault of the paper venue (bridges/paper/faults.py)."""
        with self.ledger.with_name("faults").open("a", encoding="ascii") as file:
            file.write(f"{line}\n")

    def kill_venue(self):
        """Kill the paper venue's process the hard way."""
        _kill(self.venue_pid)
        wait_for(lambda: is_free(self.venue_lock), what="the end of the venue")

    def start_venue(self):
        """Start the paper venue's process, as `run` does."""
        process = launch.start(
            ["bridge", "PAPER", "--config", self.config_path], output=self.folder / "venue.out"
        )
        path = bridges.pid_path(self.config, self.config.venue_of("PAPER"))
        path.write_text(f"{process.pid}\n", encoding="ascii")
        self.strategies["(venue)"] = process

    # Strategies.

    def start_strategy(self, target, name):
        """Start `portcullis strategy TARGET --id NAME`."""
        self.strategies[name] = launch.start(
            ["strategy", target, "--id", name, "--config", self.config_path],
            output=self.folder / f"strategy-{name}.out",
        )  # fmt: skip

    def said(self, name):
        """Return what a strategy printed."""
        path = self.folder / f"strategy-{name}.out"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def kill_strategy(self, name):
        """Kill a strategy's process the hard way."""
        process = self.strategies.pop(name)
        process.kill()
        process.wait()

    def stop_strategy(self, name):
        """End a strategy in order; return its exit code."""
        return launch.end(self.strategies.pop(name), patience_s=15)

    # The commands.

    def ask(self, command, **arguments):
        """Ask the running gateway as an operator; raises GatewayError."""
        with OperatorSession(self.config) as session:
            return session.ask(command, **arguments)

    def status(self):
        """Return what `portcullis status` shows, None while nobody answers."""
        try:
            return self.ask("STATUS")
        except GatewayError:
            return None

    def command(self, *arguments, check=True, timeout_s=60):
        """Run `portcullis ARGUMENTS` in the folder and return the finished process."""
        done = subprocess.run(
            launch.command_line(*arguments), cwd=self.folder, env=launch.environment(),
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *arguments):
        """Run a command with --json, in this process, and return the value that it printed."""
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


def _kill(pid):
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        return
