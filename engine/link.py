"""ZeroMQ as a client sees it: a DEALER for orders, a SUB and a PUB for market data.

The only file outside the gateway's transport that knows ZeroMQ. Rules, each with its reason:

- No routing id is ever set: a fixed one goes silent when it reconnects (libzmq `router.cpp`).
- LINGER 0, and a fresh socket after silence: what libzmq still holds for a dead peer is stale. A
  socket over which nothing was said and nothing broke is fresh: dropped in the middle of its
  handshake it would look to the gateway like somebody who may not come in.
- A send never blocks: a full pipe answers False, and the caller decides.
- libzmq reconnects by itself and says nothing, but a session does not survive that: the socket's
  monitor tells, and `dropped` passes it on.
- `curve://HOST:PORT` is encrypted and is never spoken to without keys. After a key was refused
  libzmq gives up for ever; a Subscriber and a Publisher try again, since a key may be let in later.
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, Self, TypeAlias

import zmq

from engine.errors import KeyUnusable
from engine.key_files import read_public, read_secret
from protocol.liveness import VANISHED

MAX_BATCH = 256
MAX_FRAME = 65_536
HIGH_WATER_MARK = 10_000
CURVE_SCHEME = "curve://"
TRY_AGAIN_S = 1.0
"""How long a Subscriber or Publisher whose key was refused waits before it knocks again."""
_TOPIC_AND_FRAME = 2
_FAILURES = {
    int(zmq.EVENT_HANDSHAKE_FAILED_AUTH): (
        "the gateway refused our key: is its public half in the gateway's keys folder, and is it"
        " for this endpoint?"
    ),
    int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL): (
        "the handshake failed: is the gateway's public key right, and is this curve:// at both"
        " ends, or tcp:// at both?"
    ),
    int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL): (
        "the handshake was broken off: is this curve:// at both ends, or tcp:// at both?"
    ),
}
_EVENTS = zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | sum(_FAILURES)

Socket: TypeAlias = "zmq.Socket[bytes]"
Context: TypeAlias = "zmq.Context[zmq.Socket[bytes]]"


class Curve(NamedTuple):
    """Keys of an encrypted link, Z85 text: the server's public key and our own pair."""

    server_key: bytes
    public_key: bytes
    secret_key: bytes

    @classmethod
    def from_files(cls, server: Path | str, own: Path | str) -> Self:
        """Read the gateway's public half (`GATEWAY.key`) and our secret one (`NAME.key_secret`).

        Raises KeyUnusable, also when others can read our secret.
        """
        pair = read_secret(own)
        return cls(read_public(server).encode(), pair.public.encode(), pair.secret.encode())


def is_encrypted(endpoint: str) -> bool:
    """Tell whether an endpoint is spoken to by CURVE only."""
    return endpoint.startswith(CURVE_SCHEME)


def keys_for(endpoint: str, curve: Curve | None) -> Curve | None:
    """Return the keys if this endpoint takes any: one of several may be on this machine."""
    return curve if is_encrypted(endpoint) else None


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
        for name, value in VANISHED.items():
            socket.setsockopt(getattr(zmq, name), value)


def _address(endpoint: str, curve: Curve | None) -> str:
    """Return what ZeroMQ calls an endpoint. Raises KeyUnusable when keys and scheme disagree."""
    if not is_encrypted(endpoint):
        if curve is not None:
            msg = f"keys were given, but {endpoint} is not encrypted; expected {CURVE_SCHEME}…"
            raise KeyUnusable(msg)
        return endpoint
    if curve is None:
        msg = f"{endpoint} is encrypted, and no keys were given; Curve.from_files reads them"
        raise KeyUnusable(msg)
    return "tcp://" + endpoint.removeprefix(CURVE_SCHEME)


def _news(monitor: Socket) -> list[int]:
    """Return the events that a socket's monitor has to tell."""
    found: list[int] = []
    try:
        while True:
            found.append(struct.unpack_from("=H", monitor.recv_multipart(zmq.DONTWAIT)[0])[0])
    except zmq.Again:
        return found


class _FeedSocket:
    """A SUB or PUB socket that, when its key is refused, tries again."""

    def __init__(
        self, kind: zmq.SocketType, endpoint: str, curve: Curve | None, context: Context | None
    ) -> None:
        self._address = _address(endpoint, curve)
        self._socket = (context or zmq.Context.instance()).socket(kind)
        _configure(self._socket, curve)
        self._monitor: Socket | None = None
        self._again_at: float | None = None
        if curve is not None:
            self._monitor = self._socket.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            )
        self._socket.connect(self._address)

    def _try_again(self) -> None:
        if self._monitor is None:
            return
        if _news(self._monitor):
            self._again_at = time.monotonic() + TRY_AGAIN_S
        elif self._again_at is not None and time.monotonic() >= self._again_at:
            self._again_at = None
            # libzmq does nothing at a second connect to an endpoint that it still counts as its.
            with contextlib.suppress(zmq.ZMQError):
                self._socket.disconnect(self._address)
            self._socket.connect(self._address)

    def close(self) -> None:
        """Close the socket."""
        if self._monitor is not None:
            self._socket.disable_monitor()
            self._monitor.close(0)
            self._monitor = None
        self._socket.close(0)


class Link:
    """One DEALER socket to a gateway endpoint. Not thread safe."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        self.endpoint = endpoint
        self.refusal = ""
        self._address = _address(endpoint, curve)
        self._curve = curve
        self._context = context
        self._socket: Socket | None = None
        self._monitor: Socket | None = None
        self._fresh = self._broke = False

    @property
    def socket(self) -> Socket:
        """The open socket; opens one when there is none."""
        if self._socket is None:
            self._socket = (self._context or zmq.Context.instance()).socket(zmq.DEALER)
            _configure(self._socket, self._curve)
            self._monitor = self._socket.get_monitor_socket(_EVENTS)
            self._socket.connect(self._address)
            self._fresh = True
        return self._socket

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What to wait for: frames, and the news that the connection broke."""
        socket = self.socket
        return (socket,) if self._monitor is None else (socket, self._monitor)

    def reopen(self) -> None:
        """Drop the socket and everything it still holds; the next use opens a fresh one.

        One that is fresh already stays.
        """
        self._look()
        if not self._fresh:
            self.close()

    def dropped(self) -> bool:
        """Say whether the connection under the socket broke since the last question.

        The peer has then forgotten us, whatever libzmq does next: `reopen` and log on again.
        `refusal` says why, when it was the handshake that failed; it is empty once one succeeds.
        """
        self._look()
        broke, self._broke = self._broke, False
        return broke

    def _look(self) -> None:
        """Take in what the monitor tells: what failed, and whether the connection broke."""
        for event in _news(self._monitor) if self._monitor is not None else ():
            if event == zmq.EVENT_DISCONNECTED:
                self._broke = True
            else:
                self.refusal = _FAILURES.get(event, "")
            if event != zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._fresh = False

    def send(self, frame: bytes) -> bool:
        """Hand one frame to ZeroMQ; False when its pipe is full (try again later)."""
        try:
            self.socket.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            return False
        self._fresh = False
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
                self._fresh = False
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
            self._broke = False


class Subscriber(_FeedSocket):
    """A SUB socket on the gateway's market data XPUB."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        super().__init__(zmq.SUB, endpoint, curve, context)

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
        self._try_again()
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


class Publisher(_FeedSocket):
    """A PUB socket into the gateway's market data XSUB. A slow reader loses, we never wait."""

    def __init__(
        self, endpoint: str, *, curve: Curve | None = None, context: Context | None = None
    ) -> None:
        super().__init__(zmq.PUB, endpoint, curve, context)

    def send(self, topic: str, frame: bytes) -> None:
        """Publish one frame under a topic."""
        self._try_again()
        self._socket.send_multipart((topic.encode(), frame), zmq.DONTWAIT)


def wait(links: Sequence[Waitable], timeout_ms: int | None) -> list[Waitable]:
    """Wait until one of the links has something to read; return those that have."""
    poller = zmq.Poller()
    for link in links:
        for socket in link.sockets:
            poller.register(socket, zmq.POLLIN)
    ready = {socket for socket, _ in poller.poll(timeout_ms)}
    return [link for link in links if not ready.isdisjoint(link.sockets)]
