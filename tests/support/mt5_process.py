"""A terminal bridge as a process: the shipped bridge on the simulated package, in real time.

    mt5_process.py CONFIG VENUE KIND

stands where `portcullis bridge VENUE` stands on a Windows machine. The broker lives in the process
too: a line `quote BID ASK` on the standard input moves its market, and at the end of the input the
process ends, and its account's ledger is in `ledger.json` beside the config.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from support.mt5.clock import Clock
from support.mt5.constants import MarginMode
from support.mt5.pace import Pace, real_ms
from support.mt5.package import Package
from support.mt5.server import TradeServer
from support.mt5.symbols import ALWAYS, eurusd
from support.mt5.terminal import Terminal

from bridges.bridge import run_bridge
from gateway.commands.bridge import arguments
from gateway.config import load_config

LOGIN = 1001
NATIVE = "EURUSD"


def listen(server, lock, stopping):
    """Take the lines of the standard input."""
    for line in sys.stdin:
        word, *prices = line.split()
        if word == "quote":
            with lock:
                server.quote(NATIVE, *prices)
    stopping.set()


def main(config_path, venue_id, kind):
    """Run broker, terminal and bridge until the input ends."""
    config = load_config(config_path)
    server = TradeServer(
        clock=Clock(now_ms=real_ms()), symbols=[eurusd(sessions=ALWAYS, commission="3")]
    )
    office = server.open_account(LOGIN, MarginMode[kind], balance="100000")
    server.quote(NATIVE, "1.10000", "1.10010")
    terminal = Terminal(server, LOGIN)
    pace, stopping = Pace(terminal), threading.Event()
    with pace:
        threading.Thread(
            target=listen, args=(server, pace.lock, stopping), daemon=True
        ).start()  # fmt: skip
        settings = arguments(config, config.venue_of(venue_id))
        code = run_bridge(**settings, package=Package(terminal), stop=stopping.is_set)
        deals = [
            {"magic": one.magic, "type": int(one.type), "volume": str(one.volume),
             "price": str(one.price), "commission": str(one.commission),
             "reason": int(one.reason), "position": one.position_id}
            for one in office.ledger.executions
        ]  # fmt: skip
        found = {"deals": deals, "twice": office.ledger.twice(), "open": len(office.books.orders)}
    Path(config_path).with_name("ledger.json").write_text(json.dumps(found), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
