"""What a flood costs: the memory until it is cut off, and how long somebody else waits meanwhile.

Memory is told as a ratio to what may wait, waiting as a ratio to the same round trip without a
flood. Beyond the bound there is what libzmq has read before the gateway has.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
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


def _ping(endpoint, _size):
    """Send and wait for the echo until our input ends; print the median and the worst, in us."""
    peer, ping, waits = raw_peer.connect(endpoint), raw_peer.frame(b"quiet"), []
    while len(waits) < PINGS or not select.select([sys.stdin], [], [], 0)[0]:
        begun = time.perf_counter()
        peer.sendall(ping)
        assert peer.recv(len(ping), raw_peer.socket.MSG_WAITALL) == ping
        waits.append((time.perf_counter() - begun) * 1e6)
    waits.sort()
    sys.stdout.write(f"{waits[len(waits) // 2]} {waits[-1]}")


def _process(*what):
    """Start one of the two above in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, what)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _echo(transport, while_so):
    """Echo what is quiet."""
    while while_so():
        for route, frame in transport.receive(5):
            if frame == b"quiet":
                transport.send(route, frame)


def _waited(transport, ping):
    """End a ping and return what it found."""
    ping.stdin.close()
    _echo(transport, lambda: ping.poll() is None)
    return [float(word) for word in ping.stdout.read().split()]


def _peak():
    """Return how much memory this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measure(size):
    """Print how much memory grew, and the waits of somebody else, as ratios."""
    transport = Transport([(Door.ORDERS, ["tcp://127.0.0.1:*"])])
    endpoint = transport.endpoints[0][1]
    usual, _ = _waited(transport, _process("_ping", endpoint, size))
    before = _peak()
    ping = _process("_ping", endpoint, size)
    flood = _process("_flood", endpoint, size)
    _echo(transport, lambda: flood.poll() is None or transport.intake.waiting)
    median, worst = _waited(transport, ping)
    assert len(transport.intake.cut) == 1
    grown = (_peak() - before) / MAX_WAITING
    sys.stdout.write(f"{grown:.1f} {median / usual:.1f} {worst / usual:.0f}")


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
    globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
