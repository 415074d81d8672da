"""The gateway's ZeroMQ: ROUTER sockets for operators, venues and strategies, and the feed proxy.

The only file of the gateway that knows ZeroMQ. Rules:

- Each endpoint is bound by a socket of its own. NULL security is for loopback only.
- A routing id is an address, never an identity; who is there is decided by an authenticated Logon.
- Nothing here blocks but `receive`, which waits as long as it is told to or until `wake`.
- A batch is at most 256 frames, operators first. A peer that fills its share ends its socket's
  part of the batch: ZeroMQ reads its peers in turn, so by then every other peer has had as much.
"""

from __future__ import annotations

import errno
import ipaddress
import socket as sockets
import threading
from collections.abc import Sequence
from enum import Enum

import zmq

from gateway.errors import ConfigError, GatewayError, PortInUse

MAX_BATCH = 256
PEER_SHARE = 128
_RESERVE = 32
_ROUTING_ID_LENGTH = 5
_CLOSE_LINGER_MS = 500

Route = tuple[int, bytes]
"""Where a frame came from: the number of our socket, and the routing id that ZeroMQ gave."""


class Door(Enum):
    """Which kind of peer a socket is for; the value is the key of `[gateway]` that names it."""

    OPERATORS = "operators"
    VENUES = "venues"
    ORDERS = "orders"


class Outcome(Enum):
    """What became of a frame that was handed to ZeroMQ."""

    OK = "ok"
    AGAIN = "again"
    UNREACHABLE = "unreachable"


class Transport:
    """The sockets where peers log on. One thread uses it; only `wake` may come from others.

    `junk` counts messages of several parts, which are none of ours and are dropped.
    """

    def __init__(self, doors: Sequence[tuple[Door, Sequence[str]]]) -> None:
        """Bind every endpoint, in the order in which they shall be read.

        Raises PortInUse or ConfigError; nothing stays bound then.
        """
        self.junk = 0
        self.endpoints: list[tuple[Door, str]] = []
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: list[zmq.Socket[bytes]] = []
        self._wake_in, self._wake_out = sockets.socketpair()
        self._wake_in.setblocking(False)  # noqa: FBT003 - the name of the call says what is false
        self._wake_out.setblocking(False)  # noqa: FBT003 - the name of the call says what is false
        self._poller = zmq.Poller()
        self._poller.register(self._wake_out, zmq.POLLIN)
        try:
            for door, endpoints in doors:
                for endpoint in endpoints:
                    self._open(door, endpoint)
        except GatewayError:
            self.close(linger_ms=0)
            raise

    def _open(self, door: Door, endpoint: str) -> None:
        socket = self._context.socket(zmq.ROUTER)
        self._sockets.append(socket)
        _configure(socket)
        # An unknown or gone routing id is an error that we see, not a frame that vanishes.
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if door is not Door.VENUES:
            # A peer that died without a word is dropped after 6 s. Not for venues: an Expert
            # Advisor may block for long, and is no less alive.
            socket.setsockopt(zmq.HEARTBEAT_IVL, 2_000)
            socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 6_000)
        self.endpoints.append((door, bind(socket, endpoint, f"gateway.{door.value}")))
        self._poller.register(socket, zmq.POLLIN)

    def door(self, route: Route) -> Door:
        """Tell at which door a route comes in."""
        return self.endpoints[route[0]][0]

    def receive(self, timeout_ms: int) -> list[tuple[Route, bytes]]:
        """Return what waits, at most 256 frames; wait up to `timeout_ms` for the first."""
        ready = dict(self._poller.poll(timeout_ms))
        arrived: list[tuple[Route, bytes]] = []
        if not ready:
            return arrived
        if self._wake_out.fileno() in ready or self._wake_out in ready:
            _drain(self._wake_out)
        waiting = [(n, s) for n, s in enumerate(self._sockets) if s in ready]
        for later, (number, socket) in enumerate(waiting, 1 - len(waiting)):
            self._read(number, socket, arrived, MAX_BATCH + later * _RESERVE)
        return arrived

    def _read(
        self,
        number: int,
        socket: zmq.Socket[bytes],
        arrived: list[tuple[Route, bytes]],
        limit: int,
    ) -> None:
        """Append frames of one socket until it is empty, a peer had its share, or `limit`."""
        counts: dict[bytes, int] = {}
        receive, no_wait = socket.recv, zmq.DONTWAIT
        junk = 0
        try:
            while len(arrived) + junk < limit:
                routing_id = receive(no_wait)
                part = receive(no_wait, copy=False)
                if part.more:
                    self.junk += 1
                    junk += 1
                    while part.more:
                        part = receive(no_wait, copy=False)
                else:
                    arrived.append(((number, routing_id), part.bytes))
                count = counts[routing_id] = counts.get(routing_id, 0) + 1
                if count >= PEER_SHARE:
                    return
        except zmq.Again:
            return

    def given(self, route: Route) -> bool:
        """Tell whether ZeroMQ gave this routing id; a peer that sets its own is not served."""
        routing_id = route[1]
        return len(routing_id) == _ROUTING_ID_LENGTH and routing_id[0] == 0

    def send(self, route: Route, frame: bytes) -> Outcome:
        """Hand one frame to ZeroMQ for a peer; never waits."""
        socket = self._sockets[route[0]]
        try:
            socket.send(route[1], zmq.SNDMORE | zmq.DONTWAIT)
        except zmq.Again:
            return Outcome.AGAIN
        except zmq.ZMQError as problem:
            if problem.errno == zmq.EHOSTUNREACH:
                return Outcome.UNREACHABLE
            raise
        socket.send(frame, zmq.DONTWAIT)
        return Outcome.OK

    def wake(self) -> None:
        """End a `receive` that waits. For other threads and signal handlers."""
        try:
            self._wake_in.send(b"\0")
        except OSError:
            return  # full: it will wake anyway; closed: nobody waits

    def close(self, *, linger_ms: int = _CLOSE_LINGER_MS) -> None:
        """Close every socket; what was sent last gets `linger_ms` to leave. May be repeated."""
        for socket in self._sockets:
            socket.close(linger_ms)
        self._sockets.clear()
        self._wake_in.close()
        self._wake_out.close()
        self._context.term()


class FeedProxy:
    """libzmq's own proxy from XSUB to XPUB, in a thread: market data never meets the one loop."""

    def __init__(self, feeds: Sequence[str], market_data: Sequence[str]) -> None:
        """Bind and start. Raises PortInUse or ConfigError; nothing stays bound then."""
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._feeds = self._context.socket(zmq.XSUB)
        self._readers = self._context.socket(zmq.XPUB)
        try:
            for socket in (self._feeds, self._readers):
                _configure(socket)
            self.feeds = [bind(self._feeds, one, "gateway.feeds") for one in feeds]
            self.market_data = [
                bind(self._readers, one, "gateway.market_data") for one in market_data
            ]
        except GatewayError:
            self._close_sockets()
            self._context.term()
            raise
        self._thread = threading.Thread(target=self._run, name="feed proxy", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            zmq.proxy(self._feeds, self._readers)
        except zmq.ContextTerminated:
            pass  # this is how `close` stops it: the only call on a context that is thread safe
        finally:
            self._close_sockets()

    def _close_sockets(self) -> None:
        self._feeds.close(0)
        self._readers.close(0)

    def close(self) -> None:
        """Stop the thread and free the ports."""
        self._context.term()
        self._thread.join()


def _configure(socket: zmq.Socket[bytes]) -> None:
    # What is unsent at a close is stale by the time it could arrive.
    socket.setsockopt(zmq.LINGER, 0)
    # A larger frame costs its sender the connection, before it costs us memory.
    socket.setsockopt(zmq.MAXMSGSIZE, 65_536)
    # Per peer: room for a burst. A reader that is further behind is served from the journal; a
    # writer that is further ahead waits, and holds at most 64 MiB of our memory.
    socket.setsockopt(zmq.SNDHWM, 4_096)
    socket.setsockopt(zmq.RCVHWM, 1_024)
    # A connection that says nothing (half a greeting) is dropped after 5 s.
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5_000)
    # After a restart every peer comes back at once.
    socket.setsockopt(zmq.BACKLOG, 1_024)


def bind(socket: zmq.Socket[bytes], endpoint: str, key: str) -> str:
    """Bind to a loopback endpoint and return it as bound (a `*` port has become a number).

    Raises ConfigError for what other machines could reach, PortInUse for what is taken.
    """
    if not _is_loopback(endpoint):
        msg = (
            f"{key}: {endpoint} can be reached from other machines, and without encryption anybody"
            " who reaches it could trade; bind to 127.0.0.1 (encryption comes in a later version)"
        )
        raise ConfigError(msg)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as problem:
        if problem.errno in {zmq.EADDRINUSE, errno.EADDRINUSE}:
            msg = (
                f"{key}: {endpoint} is taken by another process, perhaps a gateway that still runs;"
                f" stop that process, or choose another port for {key} in the config"
            )
            raise PortInUse(msg) from None
        msg = f"{key}: {endpoint} cannot be bound: {problem}"
        raise ConfigError(msg) from None
    bound = socket.getsockopt(zmq.LAST_ENDPOINT)
    return bound.rstrip(b"\0").decode() if isinstance(bound, bytes) else endpoint


def _is_loopback(endpoint: str) -> bool:
    scheme, _, rest = endpoint.partition("://")
    if scheme != "tcp":
        return scheme in {"ipc", "inproc"}
    host = rest.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _drain(reader: sockets.socket) -> None:
    try:
        while reader.recv(64):
            pass
    except OSError:
        return
