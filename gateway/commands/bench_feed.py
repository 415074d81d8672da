"""Market data fan-out: one publisher, ten subscribers, through the gateway and without it."""

from __future__ import annotations

import time

import zmq

from gateway.commands import launch
from gateway.commands.bench_floors import worker
from gateway.errors import CommandError

SUBSCRIBERS = 10
FRAME = b"x" * 400
PATIENCE_MS = 60_000
SLICE = 500
"""Frames between pauses of the publisher: fast, and never so fast that a queue overflows."""


def fan_out(count: int, *, publish_to: str, subscribe_to: str, binds: bool) -> float:
    """Return deliveries per second of `count` frames to ten subscribers in another process.

    `binds`: the publisher itself binds (the floor); else it connects to the gateway's XSUB.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    publisher = context.socket(zmq.PUB)
    publisher.linger = 0
    publisher.sndhwm = 0
    ready = context.socket(zmq.PULL)
    ready.linger = 0
    ready.rcvtimeo = 20
    (port,) = launch.free_ports(1)
    ready.bind(f"tcp://127.0.0.1:{port}")
    if binds:
        publisher.bind(publish_to)
    else:
        publisher.connect(publish_to)
    process = worker(
        "subscribe", subscribe_to, f"tcp://127.0.0.1:{port}", str(count), str(SUBSCRIBERS)
    )
    try:
        _say_hello(publisher, ready)
        began = time.perf_counter()
        for number in range(count):
            publisher.send_multipart((b"MD.BENCH.X|", FRAME))
            if number % SLICE == SLICE - 1:
                time.sleep(0.001)
        ready.rcvtimeo = PATIENCE_MS
        try:
            ready.recv()
        except zmq.Again:
            return 0.0
        return count * SUBSCRIBERS / (time.perf_counter() - began)
    finally:
        launch.end(process, patience_s=2)
        publisher.close()
        ready.close()


def _say_hello(publisher: zmq.Socket[bytes], ready: zmq.Socket[bytes]) -> None:
    """Publish until every subscription is through."""
    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while time.monotonic() < deadline:
        publisher.send_multipart((b"MD.BENCH.HELLO|", b""))
        try:
            ready.recv()
        except zmq.Again:
            continue
        return
    msg = "the subscribers of the measurement never came"
    raise CommandError(msg)
