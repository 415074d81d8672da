"""How the gateway makes a socket that peers connect to: its bounds, and where it may be bound.

Rules:

- NULL security is for loopback only; what other machines can reach is CURVE or is not bound.
- libzmq never stops reading a connection (ZMQ_RCVHWM 0). Where it has stopped and the connection
  is reset, a PING that it reads on with, or a heartbeat's timer, aborts the process (`!_io_error`,
  stream_engine_base.cpp of 4.3.5, and of its main branch in July 2026). So no heartbeat of ZMTP is
  ever begun either (HEARTBEAT_IVL stays 0), and who sends faster than we read is the business of
  `gateway.intake`. Market data's readers are the exception (`gateway.feed_proxy`).
"""

from __future__ import annotations

import errno

import zmq

from gateway.doorman import Context, Guard, Socket, secure
from gateway.endpoints import CURVE_SCHEME, address, is_curve, is_loopback
from gateway.errors import ConfigError, PortInUse


def make_context(guard: Guard | None) -> Context:
    """Make a context; where anything may be encrypted it has a second I/O thread for that."""
    encrypts = guard is not None and guard.secret_key is not None
    return zmq.Context(io_threads=2 if encrypts else 1)


def configure(socket: Socket, receive_limit: int = 0) -> None:
    """Give a socket its bounds, before it is bound; 0 messages is no limit."""
    # Plain peers, all on this machine, have the first I/O thread; see `doorman.secure`.
    socket.setsockopt(zmq.AFFINITY, 1)
    # What is unsent at a close is stale by the time it could arrive.
    socket.setsockopt(zmq.LINGER, 0)
    # A larger frame costs its sender the connection, before it costs us memory.
    socket.setsockopt(zmq.MAXMSGSIZE, 65_536)
    # Per peer: room for a burst. A reader that is further behind is served from the journal.
    socket.setsockopt(zmq.SNDHWM, 4_096)
    socket.setsockopt(zmq.RCVHWM, receive_limit)
    # A connection that says nothing (half a greeting) is dropped after 5 s.
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5_000)
    # After a restart every peer comes back at once.
    socket.setsockopt(zmq.BACKLOG, 1_024)


def bind(socket: Socket, endpoint: str, door: str, guard: Guard | None = None) -> str:
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
