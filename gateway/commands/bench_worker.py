"""The other processes of `bench`: an echo, a syncer and a subscriber, as raw as they can be.

A floor is measured the way the gateway works: another process, the same libraries, nothing of ours
in between. Run as `python -m gateway.commands.bench_worker KIND ARGUMENTS`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import zmq

from gateway.commands.machine import SYNC

PREALLOCATED = 64 << 20


def echo(endpoint: str) -> None:
    """Answer every frame with itself, from a ROUTER, until an empty one comes."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    socket = context.socket(zmq.ROUTER)
    socket.linger = 0
    socket.bind(endpoint)
    while True:
        parts = socket.recv_multipart()
        socket.send_multipart(parts)
        if not parts[-1]:
            time.sleep(0.05)
            return


def sync(endpoint: str, folder: str, size: str) -> None:
    """Write so many bytes and sync them for each frame that comes; answer with nanoseconds."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    socket = context.socket(zmq.REP)
    socket.linger = 0
    socket.bind(endpoint)
    path = Path(folder) / "floor.bin"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, PREALLOCATED)
        block = b"x" * int(size)
        while socket.recv():
            started_ns = time.perf_counter_ns()
            os.write(handle, block)
            SYNC(handle)
            socket.send(str(time.perf_counter_ns() - started_ns).encode())
        socket.send(b"")
        time.sleep(0.05)
    finally:
        os.close(handle)
        path.unlink()


def subscribe(endpoint: str, ready: str, count: str, sockets: str) -> None:
    """Count frames on so many SUB sockets; tell `ready` when subscribed, and when all have come."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    told = context.socket(zmq.PUSH)
    told.connect(ready)
    subscribers = []
    poller = zmq.Poller()
    for _ in range(int(sockets)):
        socket = context.socket(zmq.SUB)
        socket.rcvhwm = 0
        socket.subscribe("MD.BENCH.")
        socket.connect(endpoint)
        subscribers.append(socket)
        poller.register(socket, zmq.POLLIN)
    left = dict.fromkeys(subscribers, int(count))
    waiting = set(subscribers)
    while left:
        for socket, _ in poller.poll():
            topic, _frame = socket.recv_multipart()
            if topic.endswith(b"HELLO|"):
                if socket in waiting:
                    waiting.discard(socket)
                    if not waiting:
                        told.send(b"subscribed")
                continue
            left[socket] -= 1
            if left[socket] <= 0:
                del left[socket]
                poller.unregister(socket)
    told.send(b"done")
    told.close(1_000)


WORKERS: dict[str, Callable[..., None]] = {"echo": echo, "sync": sync, "subscribe": subscribe}

if __name__ == "__main__":
    WORKERS[sys.argv[1]](*sys.argv[2:])
