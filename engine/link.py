"""ZeroMQ as a client sees it: a DEALER for orders, a SUB and a PUB for market data.

The only file outside the gateway's transport that knows ZeroMQ. Rules, each with its reason:

- No routing id is ever set: a fixed one goes silent when it reconnects (libzmq `router.cpp`).
- LINGER 0, and a fresh socket after silence: what libzmq still holds for a dead peer is stale.
- A send never blocks: a full pipe answers False, and the caller decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import zmq

MAX_BATCH = 256
MAX_FRAME = 65_536
HIGH_WATER_MARK = 10_000


class Curve(NamedTuple):
    """Keys of an encrypted link, Z85 text: the server's public key and our own pair."""

    server_key: bytes
    public_key: bytes
    secret_key: bytes


class Waitable(Protocol):
    """Something with a socket that `wait` can wait for."""

    @property
    def socket(self) -> zmq.Socket[bytes]: ...


def _configure(socket: zmq.Socket[bytes], curve: Curve | None) -> None:
    socket.linger = 0
    socket.sndhwm = HIGH_WATER_MARK
    socket.rcvhwm = HIGH_WATER_MARK
    socket.maxmsgsize = MAX_FRAME
    if curve is not None:
        socket.curve_serverkey = curve.server_key
        socket.curve_publickey = curve.public_key
        socket.curve_secretkey = curve.secret_key


class Link:
    """One DEALER socket to a gateway endpoint. Not thread safe."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: zmq.Context[zmq.Socket[bytes]] | None = None
    ) -> None:
        self.endpoint = endpoint
        self._curve = curve
        self._context = context or zmq.Context.instance()
        self._socket: zmq.Socket[bytes] | None = None

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """The open socket; opens one when there is none."""
        if self._socket is None:
            self._socket = self._context.socket(zmq.DEALER)
            _configure(self._socket, self._curve)
            self._socket.connect(self.endpoint)
        return self._socket

    def reopen(self) -> None:
        """Drop the socket and everything it still holds; the next use opens a fresh one."""
        self.close()

    def send(self, frame: bytes) -> bool:
        """Hand one frame to ZeroMQ; False when its pipe is full (try again later)."""
        try:
            self.socket.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def receive(self, timeout_ms: int | None = 0) -> list[bytes]:
        """Return the frames that wait, at most 256; wait `timeout_ms` for the first (None: ever).

        A message of several parts is none of ours: its parts are dropped.
        """
        socket = self.socket
        if timeout_ms != 0 and not socket.poll(timeout_ms):
            return []
        frames: list[bytes] = []
        try:
            while len(frames) < MAX_BATCH:
                parts = socket.recv_multipart(zmq.DONTWAIT)
                if len(parts) == 1:
                    frames.append(parts[0])
        except zmq.Again:
            pass
        return frames

    def close(self) -> None:
        """Close the socket; unsent frames are dropped."""
        if self._socket is not None:
            self._socket.close(0)
            self._socket = None


class Subscriber:
    """A SUB socket on the gateway's market data XPUB."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: zmq.Context[zmq.Socket[bytes]] | None = None
    ) -> None:
        self._socket = (context or zmq.Context.instance()).socket(zmq.SUB)
        _configure(self._socket, curve)
        self._socket.connect(endpoint)

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """The open socket."""
        return self._socket

    def subscribe(self, topic: str) -> None:
        """Hear a topic. Topics end in `|`, since subscriptions match by prefix."""
        self._socket.subscribe(topic)

    def receive(self, timeout_ms: int | None = 0) -> list[tuple[str, bytes]]:
        """Return (topic, frame) pairs that wait, at most 256."""
        if timeout_ms != 0 and not self._socket.poll(timeout_ms):
            return []
        found: list[tuple[str, bytes]] = []
        try:
            while len(found) < MAX_BATCH:
                parts = self._socket.recv_multipart(zmq.DONTWAIT)
                if len(parts) == 2:  # noqa: PLR2004 - topic and frame
                    found.append((parts[0].decode(errors="replace"), parts[1]))
        except zmq.Again:
            pass
        return found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close(0)


class Publisher:
    """A PUB socket into the gateway's market data XSUB. A slow reader loses, we never wait."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: zmq.Context[zmq.Socket[bytes]] | None = None
    ) -> None:
        self._socket = (context or zmq.Context.instance()).socket(zmq.PUB)
        _configure(self._socket, curve)
        self._socket.connect(endpoint)

    def send(self, topic: str, frame: bytes) -> None:
        """Publish one frame under a topic."""
        self._socket.send_multipart((topic.encode(), frame), zmq.DONTWAIT)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close(0)


def wait(links: Sequence[Waitable], timeout_ms: int | None) -> list[Waitable]:
    """Wait until one of the links has something to read; return those that have."""
    poller = zmq.Poller()
    for link in links:
        poller.register(link.socket, zmq.POLLIN)
    ready = {socket for socket, _ in poller.poll(timeout_ms)}
    return [link for link in links if link.socket in ready]
