"""A gateway that is killed in the middle of its work, and its heir."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from support.ports import free_ports
from support.shell import House, Peer, config_in, order

CODE = """
import sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from gateway.wiring import open_gateway
from support.shell import EchoCore, config_in
orders = (f"tcp://127.0.0.1:{sys.argv[2]}",)
open_gateway(config_in(Path(sys.argv[1]), gateway={"orders": orders}), core_of=EchoCore).run()
"""


@pytest.mark.budget(30)
def test_every_order_acknowledged_before_a_kill_is_there_after_it(tmp_path, root):
    """Killed at three moments under load: what was acknowledged is remembered, nothing twice."""
    (port,) = free_ports(1)
    peer = Peer(f"tcp://127.0.0.1:{port}", "A")
    fix, acknowledged, number = peer.fix, set(), 0
    for enough in (50, 300, 800):
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, tmp_path, str(port), root, root / "tests"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            peer.log_on(reset=not acknowledged)
            while len(peer.reports()) < enough:
                assert process.poll() is None
                for _ in range(20):
                    number += 1
                    peer.say(order(str(number)))
                peer.read()
        finally:
            process.kill()
            process.wait()
        acknowledged.update(peer.reports())
        peer.close()
        fix.link_down()
        peer = Peer(f"tcp://127.0.0.1:{port}", "A", fix=fix, sent=peer.sent)
    peer.close()
    with House(config_in(tmp_path)) as house:
        remembered = house.book.state.ids["A"]
        assert acknowledged <= remembered.keys()
        assert len(house.book.state.orders) == len(remembered)
        heir = house.peer("A", fix=fix, sent=peer.sent)
        heir.raw(heir.fix.logon(time.time_ns()).frame)
        heir.until(lambda: heir.fix.active)
        missed = remembered.keys() - acknowledged
        heir.until(lambda: missed <= set(heir.reports()))
        assert not acknowledged & set(heir.reports())
