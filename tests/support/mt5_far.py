"""The MetaTrader5 package at a distance: the terminal is the test's, the bridge a process.

    far = FarTerminal(terminal)                            # in the test
    far.start(config_path, "MT5")                          # a process; `kill` it, start another

As a script it is `portcullis bridge VENUE` with that package: mt5_far.py CONFIG VENUE PORT.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Client, Listener
from pathlib import Path

from support.mt5.package import Package
from support.mt5.package_constants import constants

from bridges.bridge import run_bridge
from gateway.commands import launch
from gateway.commands.bridge import arguments
from gateway.config import load_config

ROOT = Path(__file__).parents[2]
HERE = "127.0.0.1"
CONSTANTS = constants()
GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows' way to end one process in order, and not all of them."""


class FarTerminal:
    """Lets processes import the package: each of them has a connection of its own."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.process = None
        self._door = Listener((HERE, 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self):
        """Where processes find the package."""
        return self._door.address[1]

    def _accept(self):
        while True:
            try:
                caller = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller):
        package = Package(self.terminal)
        while True:
            try:
                name, args, named = caller.recv()
                caller.send(getattr(package, name)(*args, **named))
            except (EOFError, OSError):
                return

    def start(self, config_path, venue_id):
        """Start the venue's bridge."""
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(config_path), venue_id, str(self.port)],
            env={**os.environ, "PYTHONPATH": path}, creationflags=GROUP,
        )  # fmt: skip

    def kill(self):
        """Kill it the hard way; a call that is out goes on in the terminal."""
        self.process.kill()
        self.process.wait()

    def close(self):
        """End the bridge, and let nobody in any more."""
        self.stop()
        self._door.close()

    def stop(self):
        """End it in order, if there is one; return its exit code."""
        return None if self.process is None else launch.end(self.process, patience_s=20)


class FarPackage:
    """Stands where the imported package stands."""

    def __init__(self, port):
        self._terminal = Client((HERE, port))

    def __getattr__(self, name):
        if name in CONSTANTS:
            return CONSTANTS[name]

        def call(*args, **named):
            self._terminal.send((name, args, named))
            return self._terminal.recv()

        return call


def main(config_path, venue_id, port):
    """Run the bridge until a signal ends it."""
    config, stopping = load_config(config_path), threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stopping.set())
    settings = arguments(config, config.venue_of(venue_id))
    return run_bridge(**settings, package=FarPackage(int(port)), stop=stopping.is_set)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
