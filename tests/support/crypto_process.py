"""A crypto bridge as a process of its own that reaches the local exchange, whatever it is called.

    python crypto_process.py CONFIG VENUE PORT

It is `portcullis bridge VENUE` but for the session: every host name is 127.0.0.1:PORT.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(config_path, venue, port, output):
    """Start one; return the process."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT)))}
    with Path(output).open("ab") as file:
        return subprocess.Popen(
            [sys.executable, __file__, str(config_path), venue, str(port)],
            env=environment, stdout=file, stderr=file,
        )  # fmt: skip


def main(config_path, venue, port):
    """Run the bridge until a signal ends it; return its exit code."""
    from support.exchange.reach import session_to  # noqa: PLC0415 - in the process only

    from bridges.bridge import run_bridge  # noqa: PLC0415 - as above
    from gateway.commands.bridge import arguments  # noqa: PLC0415 - as above
    from gateway.config import load_config  # noqa: PLC0415 - as above

    config = load_config(Path(config_path))
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return run_bridge(
        **arguments(config, config.venue_of(venue)), stop=stopping.is_set,
        make_session=lambda: session_to(int(port)),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
