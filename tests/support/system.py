"""A whole Portcullis in a folder of its own: real processes, free ports, the shipped commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from support.waiting import wait_for

from gateway.commands import launch
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

[[venue]]
id = "PAPER"
kind = "paper"
launch = true
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_path = folder / "config.toml"
        self.process = None
        self.ports = launch.free_ports(6)
        self.config_path.write_text(CONFIG.format(*self.ports), encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        for pid_file in (self.folder / "var" / "bridges").glob("*.pid"):
            _kill(int(pid_file.read_text(encoding="ascii")))

    @property
    def config(self):
        """The configuration as loaded."""
        return load_config(self.config_path)

    @property
    def journal(self):
        """The journal's folder."""
        return self.folder / "var" / "journal"

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
            wait_for(self.ready, timeout_s=30, what="a ready gateway")
        return self

    def ready(self):
        """Say whether the gateway answers and every launched venue is up."""
        assert self.process.poll() is None, self.output()
        try:
            with OperatorSession(self.config, timeout_ms=500) as session:
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

    def command(self, *arguments, check=True, timeout_s=60):
        """Run `portcullis ARGUMENTS` in the folder and return the finished process."""
        done = subprocess.run(
            launch.command_line(*arguments), cwd=self.folder, env=launch.environment(),
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *arguments):
        """Run a command with --json and return the value that it printed."""
        return json.loads(self.command(*arguments, "--json").stdout)


def _kill(pid):
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        return
