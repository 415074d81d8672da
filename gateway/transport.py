"""The doors: ROUTER sockets for operators, venues and strategies.

Rules:

- Each endpoint is bound by a socket of its own; the key behind a frame is ZeroMQ's own word.
- A routing id is an address, never an identity; who is there is decided by an authenticated Logon.
- Nothing here blocks but `receive`, which waits as long as it is told to or until `wake`.
- A batch is at most 256 frames, operators first, and of each peer in turn (`gateway.intake`).
"""

from __future__ import annotations

import socket as sockets
from collections.abc import Sequence
from enum import Enum

import zmq

from gateway.binding import bind, configure, make_context
from gateway.doorman import Doorman, Guard
from gateway.endpoints import is_curve
from gateway.errors import GatewayError
from gateway.intake import MAX_BATCH, Arrival, Intake, Route

_RESERVE = 32
_ROUTING_ID_LENGTH = 5
_CLOSE_LINGER_MS = 500


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
    """The sockets where peers log on. One thread uses it; only `wake` may come from others."""

    def __init__(
        self, doors: Sequence[tuple[Door, Sequence[str]]], guard: Guard | None = None
    ) -> None:
        """Bind every endpoint, in the order in which they shall be read.

        Raises PortInUse or ConfigError; nothing stays bound then.
        """
        self.intake = Intake()
        self.endpoints: list[tuple[Door, str]] = []
        self._context = make_context(guard)
        self._guard = guard
        self._doorman = Doorman(self._context, guard) if guard is not None else None
        self._sockets: list[zmq.Socket[bytes]] = []
        self._encrypted: set[int] = set()
        self._keys: dict[Route, str] = {}
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
        configure(socket)
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
        """Return the public key behind a Logon of the last `receive`, None at a plain door."""
        if route[0] not in self._encrypted:
            return None
        return self._keys.get(route, "")  # nobody's: who cannot be named does not come in

    def receive(self, timeout_ms: int) -> list[tuple[Route, bytes]]:
        """Return what waits, at most 256 frames; wait up to `timeout_ms` for the first."""
        intake = self.intake
        ready = dict(self._poller.poll(0 if intake.waiting else timeout_ms))
        if self._wake_out.fileno() in ready or self._wake_out in ready:
            _drain(self._wake_out)
        for number, socket in enumerate(self._sockets):
            if socket in ready:
                intake.read(number, socket, encrypted=number in self._encrypted)
        batch: list[Arrival] = []
        waiting = intake.lines
        for later, number in enumerate(waiting, 1 - len(waiting)):
            intake.deal(number, MAX_BATCH + later * _RESERVE, batch)
        self._keys = {one.route: one.key for one in batch if one.key is not None}
        return [(one.route, one.frame) for one in batch]

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


def _drain(reader: sockets.socket) -> None:
    try:
        while reader.recv(64):
            pass
    except OSError:
        return
