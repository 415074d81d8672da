"""ZeroMQ as a client sees it: a DEALER for orders, a SUB and a PUB for market data.

The only file outside the gateway's transport that knows ZeroMQ. Rules, each with its reason:

- No routing id is ever set: a fixed one goes silent when it reconnects (libzmq `router.cpp`).
- LINGER 0, and a fresh socket after silence: what libzmq still holds for a dead peer is stale.
- A send never blocks: a full pipe answers False, and the caller decides.
- libzmq reconnects by itself and says nothing, but a session does not survive that: the socket's
  monitor tells, and `dropped` passes it on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

import zmq

MAX_BATCH = 256
MAX_FRAME = 65_536
HIGH_WATER_MARK = 10_000
_TOPIC_AND_FRAME = 2

Socket: TypeAlias = "zmq.Socket[bytes]"
Context: TypeAlias = "zmq.Context[zmq.Socket[bytes]]"


class Curve(NamedTuple):
    """Keys of an encrypted link, Z85 text: the server's public key and our own pair."""

    server_key: bytes
    public_key: bytes
    secret_key: bytes


class Waitable(Protocol):
    """Something with sockets that `wait` can wait for."""

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """Every socket whose input matters."""


def _configure(socket: Socket, curve: Curve | None) -> None:
    socket.linger = 0
    socket.sndhwm = HIGH_WATER_MARK
    socket.rcvhwm = HIGH_WATER_MARK
    socket.maxmsgsize = MAX_FRAME
    if curve is not None:
        socket.curve_serverkey = curve.server_key
        socket.curve_publickey = curve.public_key
        socket.curve_secretkey = curve.secret_key


def _open(
    kind: zmq.SocketType, endpoint: str, curve: Curve | None, context: Context | None
) -> Socket:
    socket = (context or zmq.Context.instance()).socket(kind)
    _configure(socket, curve)
    socket.connect(endpoint)
    return socket


class Link:
    """One DEALER socket to a gateway endpoint. Not thread safe."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        self.endpoint = endpoint
        self._curve = curve
        self._context = context
        self._socket: Socket | None = None
        self._monitor: Socket | None = None

    @property
    def socket(self) -> Socket:
        """The open socket; opens one when there is none."""
        if self._socket is None:
            self._socket = (self._context or zmq.Context.instance()).socket(zmq.DEALER)
            _configure(self._socket, self._curve)
            self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            self._socket.connect(self.endpoint)
        return self._socket

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What to wait for: frames, and the news that the connection broke."""
        socket = self.socket
        return (socket,) if self._monitor is None else (socket, self._monitor)

    def reopen(self) -> None:
        """Drop the socket and everything it still holds; the next use opens a fresh one."""
        self.close()

    def dropped(self) -> bool:
        """Say whether the connection under the socket broke since the last question.

        The peer has then forgotten us, whatever libzmq does next: `reopen` and log on again.
        """
        seen = False
        if self._monitor is not None:
            try:
                while True:
                    self._monitor.recv_multipart(zmq.DONTWAIT)
                    seen = True
            except zmq.Again:
                pass
        return seen

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

    def has_input(self) -> bool:
        """Say whether anything waits; must be asked before an event loop sleeps on the handles.

        ZeroMQ's handles signal a change, not a state (zmq_getsockopt(3), ZMQ_FD).
        """
        return any(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN for socket in self.sockets)

    def handles(self) -> tuple[int, ...]:
        """File descriptors for an event loop to watch; see `has_input`."""
        return tuple(int(socket.FD) for socket in self.sockets)

    def close(self) -> None:
        """Close the socket; unsent frames are dropped."""
        if self._socket is not None:
            if self._monitor is not None:
                self._socket.disable_monitor()
                self._monitor.close(0)
                self._monitor = None
            self._socket.close(0)
            self._socket = None


class Subscriber:
    """A SUB socket on the gateway's market data XPUB."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        self._socket = _open(zmq.SUB, endpoint, curve, context)

    @property
    def socket(self) -> Socket:
        """The open socket."""
        return self._socket

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What to wait for."""
        return (self._socket,)

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
                if len(parts) == _TOPIC_AND_FRAME:
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
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        self._socket = _open(zmq.PUB, endpoint, curve, context)

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
        for socket in link.sockets:
            poller.register(socket, zmq.POLLIN)
    ready = {socket for socket, _ in poller.poll(timeout_ms)}
    return [link for link in links if not ready.isdisjoint(link.sockets)]
