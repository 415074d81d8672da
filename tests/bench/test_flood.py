"""What a flood costs: the memory until it is cut off, and how long somebody else waits meanwhile.

Memory is told as a ratio to what may wait, waiting as a ratio to the same round trip without a
flood. Beyond the bound there is what libzmq has read before the gateway has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support import raw_peer

from gateway.intake import MAX_WAITING
from gateway.transport import Door, Transport

resource = pytest.importorskip("resource", reason="no such module here: memory is not told")
pytestmark = [pytest.mark.budget(60), pytest.mark.length("ci")]
PINGS = 200


def _flood(endpoint, size):
    """Flood until the connection is reset."""
    peer = raw_peer.connect(endpoint)
    block = max(1, 2**18 // (size + 2)) * raw_peer.frame(bytes(size))
    try:
        while True:
            peer.sendall(block)
    except ConnectionError:
        return


def _ping(endpoint, waits, until):
    """Send and wait for the echo, again and again: in microseconds."""
    peer = raw_peer.connect(endpoint)
    ping = raw_peer.frame(b"quiet")
    while not until(waits):
        begun = time.perf_counter()
        peer.sendall(ping)
        assert peer.recv(len(ping), raw_peer.socket.MSG_WAITALL) == ping
        waits.append((time.perf_counter() - begun) * 1e6)
    peer.close()


def _serve(transport, while_alive):
    """Echo what is quiet until a thread or process has ended."""
    while while_alive():
        for route, frame in transport.receive(5):
            if frame == b"quiet":
                transport.send(route, frame)


def _measure(size):
    """Print growth in bytes, and the waits of somebody else: alone, median and worst in a flood."""
    transport = Transport([(Door.ORDERS, ["tcp://127.0.0.1:*"])])
    endpoint = transport.endpoints[0][1]
    alone, meanwhile = [], []
    one = threading.Thread(target=_ping, args=(endpoint, alone, lambda w: len(w) >= PINGS))
    one.start()
    _serve(transport, one.is_alive)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = subprocess.Popen([sys.executable, __file__, endpoint, str(size)])
    one = threading.Thread(
        target=_ping, args=(endpoint, meanwhile, lambda _: flood.poll() is not None)
    )
    one.start()
    _serve(transport, lambda: one.is_alive() or transport.intake.waiting)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(transport.intake.cut) == 1
    alone.sort()
    meanwhile.sort()
    usual = alone[len(alone) // 2]
    sys.stdout.write(
        f"{(after - before) * 1024 / MAX_WAITING:.1f} {meanwhile[len(meanwhile) // 2] / usual:.0f}"
        f" {meanwhile[-1] / usual:.0f}"
    )


@pytest.mark.parametrize("size", [0, 200, 60_000])
def test_a_flood_is_cut_off(size, capsys):
    """It ends in a reset, others are served meanwhile; what it took is printed."""
    paths = os.pathsep.join((str(Path(__file__).parent), *sys.path))
    done = subprocess.run(
        [sys.executable, "-c", f"import test_flood; test_flood._measure({size})"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    memory, median, worst = done.stdout.split()
    with capsys.disabled():
        sys.stdout.write(
            f"\nframes of {size} bytes: memory grew by {memory} times what may wait; somebody else"
            f" waited {median} times as long as alone, {worst} times at worst\n"
        )


if __name__ == "__main__":
    _flood(sys.argv[1], int(sys.argv[2]))
