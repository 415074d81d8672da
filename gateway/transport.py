"""The gateway's ZeroMQ: ROUTER sockets for operators, venues and strategies, and the feed proxy.

With the doorman the only file of the gateway that knows ZeroMQ. Rules:

- Each endpoint is bound by a socket of its own. NULL security is for loopback only; what other
  machines can reach is CURVE or is not bound, and the key behind a frame is ZeroMQ's own word.
- A routing id is an address, never an identity; who is there is decided by an authenticated Logon.
- Nothing here blocks but `receive`, which waits as long as it is told to or until `wake`.
- A batch is at most 256 frames, operators first. A peer that fills its share ends its socket's
  part of the batch: ZeroMQ reads its peers in turn, so by then every other peer has had as much.
"""

from __future__ import annotations

import errno
import socket as sockets
import threading
from collections.abc import Sequence
from enum import Enum

import zmq

from gateway.doorman import Doorman, Guard, secure
from gateway.endpoints import CURVE_SCHEME, address, is_curve, is_loopback
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

    def __init__(
        self, doors: Sequence[tuple[Door, Sequence[str]]], guard: Guard | None = None
    ) -> None:
        """Bind every endpoint, in the order in which they shall be read.

        Raises PortInUse or ConfigError; nothing stays bound then.
        """
        self.junk = 0
        self.endpoints: list[tuple[Door, str]] = []
        self._context = _context(guard)
        self._guard = guard
        self._doorman = Doorman(self._context, guard) if guard is not None else None
        self._sockets: list[zmq.Socket[bytes]] = []
        self._encrypted: set[int] = set()
        self._proofs: dict[Route, zmq.Frame] = {}
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
        if self._doorman is not None:
            self._doorman.start()

    def _open(self, door: Door, endpoint: str) -> None:
        socket = self._context.socket(zmq.ROUTER)
        self._sockets.append(socket)
        _configure(socket)
        if self._doorman is not None:
            self._doorman.watch(socket, door.value)
        # An unknown or gone routing id is an error that we see, not a frame that vanishes.
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if is_curve(endpoint):
            self._encrypted.add(len(self._sockets) - 1)
        self.endpoints.append((door, bind(socket, endpoint, door.value, self._guard)))
        self._poller.register(socket, zmq.POLLIN)

    def door(self, route: Route) -> Door:
        """Tell at which door a route comes in."""
        return self.endpoints[route[0]][0]

    def key(self, route: Route) -> str | None:
        """Return the public key behind a frame of the last `receive`, None at a plain door.

        ZeroMQ gives it only with a frame, and a look-up for each would cost too much: ask when
        somebody logs on.
        """
        if route[0] not in self._encrypted:
            return None
        try:
            return str(self._proofs[route].get("User-Id"))
        except (KeyError, zmq.ZMQError):
            return ""  # nobody's key: who cannot be named does not come in

    def receive(self, timeout_ms: int) -> list[tuple[Route, bytes]]:
        """Return what waits, at most 256 frames; wait up to `timeout_ms` for the first."""
        ready = dict(self._poller.poll(timeout_ms))
        arrived: list[tuple[Route, bytes]] = []
        self._proofs.clear()
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
        encrypted = number in self._encrypted
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
                    if encrypted:
                        self._proofs[number, routing_id] = part
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
        if self._doorman is not None:
            self._doorman.close()
        self._wake_in.close()
        self._wake_out.close()
        self._context.term()


class FeedProxy:
    """libzmq's own proxy from XSUB to XPUB, in a thread: market data never meets the one loop.

    One socket is bound to all endpoints of its side; each bind is plain or CURVE by itself.
    """

    def __init__(
        self, feeds: Sequence[str], market_data: Sequence[str], guard: Guard | None = None
    ) -> None:
        """Bind and start. Raises PortInUse or ConfigError; nothing stays bound then."""
        self.feeds, self.market_data = list(feeds), list(market_data)
        self._guard = guard
        self._open()

    def _open(self) -> None:
        self._context = _context(self._guard)
        self._feeds = self._context.socket(zmq.XSUB)
        self._readers = self._context.socket(zmq.XPUB)
        doorman = Doorman(self._context, self._guard) if self._guard is not None else None
        try:
            self.feeds = self._bind(self._feeds, "feeds", self.feeds, doorman)
            self.market_data = self._bind(
                self._readers, "market_data", self.market_data, doorman
            )
        except GatewayError:
            self._close_sockets()
            if doorman is not None:
                doorman.close()
            self._context.term()
            raise
        if doorman is not None:
            doorman.start()
        self._thread = threading.Thread(target=self._run, name="feed proxy", daemon=True)
        self._thread.start()

    def _bind(
        self,
        socket: zmq.Socket[bytes],
        door: str,
        endpoints: Sequence[str],
        doorman: Doorman | None,
    ) -> list[str]:
        """Bind the plain endpoints, then the encrypted ones; return all, in the order given."""
        _configure(socket)
        if doorman is not None:
            doorman.watch(socket, door)
        bound = list(endpoints)
        for at in sorted(range(len(bound)), key=lambda at: is_curve(bound[at])):
            bound[at] = bind(socket, bound[at], door, self._guard)
        return bound

    @property
    def is_encrypted(self) -> bool:
        """Whether any endpoint is CURVE."""
        return any(map(is_curve, (*self.feeds, *self.market_data)))

    def reopen(self) -> None:
        """Cut every connection: peers come back by themselves, and are judged anew.

        ZeroMQ cannot disconnect one peer of these sockets. Raises PortInUse when the endpoints are
        lost to another process; call it again then.
        """
        self.close()
        self._open()

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
        """Stop the thread and free the ports. May be repeated."""
        self._context.term()
        self._thread.join()


def _context(guard: Guard | None) -> zmq.Context[zmq.Socket[bytes]]:
    """Make a context; where anything may be encrypted it has a second I/O thread for that."""
    encrypts = guard is not None and guard.secret_key is not None
    return zmq.Context(io_threads=2 if encrypts else 1)


def _configure(socket: zmq.Socket[bytes]) -> None:
    # Plain peers, all on this machine, have the first I/O thread; see `doorman.secure`.
    socket.setsockopt(zmq.AFFINITY, 1)
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
    # No heartbeat of ZMTP is ever begun here (HEARTBEAT_IVL stays 0): in libzmq 4.3.5 its timer
    # aborts the process when it meets a connection that broke while its pipe was full. A PING of
    # the peer's own in such a flood still does: docs/unverified.md.


def bind(
    socket: zmq.Socket[bytes], endpoint: str, door: str, guard: Guard | None = None
) -> str:
    """Bind to an endpoint and return it as bound (a `*` port has become a number).

    Raises ConfigError for what other machines could reach in plain text, PortInUse for what is
    taken. A socket that has once bound a curve:// endpoint binds nothing plain any more.
    """
    key = f"gateway.{door}"
    if is_curve(endpoint):
        if guard is None or guard.secret_key is None:
            msg = f"{key}: {endpoint} is encrypted, and the gateway has no key of its own"
            raise ConfigError(msg)
        secure(socket, door, guard.secret_key)
    elif not is_loopback(endpoint):
        msg = (
            f"{key}: {endpoint} can be reached from other machines, and without encryption anybody"
            " who reaches it could trade; expected 127.0.0.1, or curve:// instead of tcp://"
        )
        raise ConfigError(msg)
    try:
        socket.bind(address(endpoint))
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
    if not isinstance(bound, bytes):
        return endpoint
    text = bound.rstrip(b"\0").decode()
    return CURVE_SCHEME + text.removeprefix("tcp://") if is_curve(endpoint) else text


def _drain(reader: sockets.socket) -> None:
    try:
        while reader.recv(64):
            pass
    except OSError:
        return
