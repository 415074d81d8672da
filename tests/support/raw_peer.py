"""A peer of ZeroMQ made by hand: plain TCP with ZMTP 3.1's greeting, and what it likes after that.

As a process, `raw_peer.py SUB ENDPOINT` floods a proxy with a reader's messages until its input
ends, and says `pours` when it has begun. `raw_peer.py ROOT DOOR` opens that door of the gateway,
floods it again and again with PINGs in the flood, and resets each connection, while the gateway
reads. It says `lived` at the end.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import threading
import time

GREETING = bytes((255, *bytes(8), 127, 3, 1)) + b"NULL" + bytes(48)
PING = bytes((4, 7)) + b"\x04PING" + bytes(2)
ROUNDS, FLOODS_S = 5, 0.25


def frame(body):
    """Frame a message of one part."""
    if len(body) < 256:
        return bytes((0, len(body))) + body
    return b"\x02" + struct.pack(">Q", len(body)) + body


def connect(endpoint, kind=b"DEALER", peer=None):
    """Return a connection whose handshake is done; `peer` may be a socket that is there already."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    peer = peer or socket.socket()
    peer.connect((host, int(port)))
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    peer.sendall(GREETING + bytes((4, len(ready))) + ready)
    assert peer.recv(len(GREETING), socket.MSG_WAITALL)
    command, length = peer.recv(2, socket.MSG_WAITALL)
    assert (command, len(peer.recv(length, socket.MSG_WAITALL))) == (4, length)
    return peer


def reset(peer):
    """End a connection so that its other end is told of an error."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def _flood(endpoint, kind, body):
    block = 500 * (4 * frame(body) + PING)
    for _ in range(ROUNDS):
        peer = connect(endpoint, kind)
        peer.settimeout(FLOODS_S)
        until = time.monotonic() + FLOODS_S
        try:
            while time.monotonic() < until:
                peer.sendall(block)
        except OSError:
            pass  # nobody reads, or we are cut off
        reset(peer)


def _pour(kind, endpoint):
    peer = connect(endpoint, kind)
    block = 20_000 * frame(b"\x02zzzz")
    peer.sendall(block)
    sys.stdout.write("pours\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], 0)[0]:
        peer.sendall(block)


def _main(door):
    from gateway.feed_proxy import FeedProxy  # noqa: PLC0415 - found by the path of `argv` only
    from gateway.transport import Door, Transport  # noqa: PLC0415 - the same

    anywhere = ["tcp://127.0.0.1:*"]
    proxy, transport = FeedProxy(anywhere, anywhere), Transport([(Door.ORDERS, anywhere)])
    endpoint, kind, body = {
        "orders": (transport.endpoints[0][1], b"DEALER", bytes(200)),
        "feeds": (proxy.feeds[0], b"PUB", bytes(200)),
        "market_data": (proxy.market_data[0], b"SUB", b"\x01" + bytes(50)),
    }[door]
    flood = threading.Thread(target=_flood, args=(endpoint, kind, body))
    flood.start()
    while flood.is_alive() or transport.intake.waiting:
        transport.receive(10)
        flood.join(0.002)
    sys.stdout.write("lived")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "SUB":
        _pour(b"SUB", sys.argv[2])
    else:
        sys.path.insert(0, sys.argv[1])
        _main(sys.argv[2])
