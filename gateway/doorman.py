"""Who may finish a CURVE handshake: the answers to libzmq's own question (ZAP, RFC 27).

Rules: one doorman for each ZeroMQ context, in a thread of its own, since a handshake must not wait
for the one loop, nor the loop for a handshake. The domain of a question is the door. An allowed
peer's public key becomes the User-Id of each of its frames: identity is that key, never a routing
id. Who is turned away, and who cannot even greet, is counted, and logged rationed by its kind. If
the doorman dies nobody new comes in.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import zmq
from loguru import logger
from zmq.utils import z85

from gateway.metrics import Metrics
from protocol.liveness import VANISHED
from protocol.ration import Ration, held_back

_ZAP = "inproc://zeromq.zap.01"
_FAILED = {
    int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL): "its greeting does not fit (plain against encrypted,"
    " or another key of ours)",
    int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL): "it broke off, or said nothing for too long",
}

Socket = zmq.Socket[bytes]
Context = zmq.Context[Socket]


class Refusals:
    """Counts and tells of who was turned away. For any thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ration = Ration()
        self._lock = threading.Lock()

    def key(self, door: str, key: str, peer: str, why: str) -> None:
        """Hear of a key that may not come in."""
        with self._lock:
            self._metrics.refused_keys += 1
            self._tell(f"{door} {why}", f"{door}: {peer} with the key {key} is refused: {why}")

    def handshake(self, door: str, why: str) -> None:
        """Hear of a connection that came to nothing before it was anybody's."""
        with self._lock:
            self._metrics.failed_handshakes += 1
            self._tell(f"{door} {why}", f"{door}: a connection came to nothing: {why}")

    def _tell(self, kind: str, text: str) -> None:
        held = self._ration.allows(kind, time.monotonic_ns())
        if held is not None:
            logger.warning("{}{}", text, held_back(held))


class Guard(NamedTuple):
    """What the doors need: our secret key (None: no door is encrypted), and who decides.

    `judge(door, key)` returns why a key may not come in, or None when it may.
    """

    secret_key: str | None
    judge: Callable[[str, str], str | None]
    refusals: Refusals


class Doorman:
    """Answers for one context. Make it, `watch` sockets before they are bound, then `start`."""

    def __init__(self, context: Context, guard: Guard) -> None:
        self._context = context
        self._guard = guard
        self._zap = context.socket(zmq.REP)
        self._zap.bind(_ZAP)
        self._monitors: dict[Socket, str] = {}
        self._thread: threading.Thread | None = None

    def watch(self, socket: Socket, door: str) -> None:
        """Hear of handshakes that fail at a socket."""
        place = f"inproc://monitor-{len(self._monitors)}"
        socket.monitor(place, sum(_FAILED))
        monitor = self._context.socket(zmq.PAIR)
        # Room for any flood of bad news: full, it would stop the thread that serves the good.
        monitor.setsockopt(zmq.RCVHWM, 0)
        monitor.connect(place)
        self._monitors[monitor] = door

    def start(self) -> None:
        """Begin to answer."""
        self._thread = threading.Thread(target=self._run, name="doorman", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close what was never started. A doorman at work ends with his context."""
        if self._thread is None:
            self._close_sockets()

    def _run(self) -> None:
        poller = zmq.Poller()
        for socket in (self._zap, *self._monitors):
            poller.register(socket, zmq.POLLIN)
        try:
            while True:
                for socket, _ in poller.poll():
                    if socket is self._zap:
                        self._answer(self._zap.recv_multipart())
                    else:
                        self._tell(self._monitors[socket], socket.recv_multipart())
        except zmq.ContextTerminated:
            pass  # this is how his context ends him
        except Exception:  # noqa: BLE001 - whatever it is, it must be seen
            logger.opt(exception=True).critical("the doorman is gone: nobody new gets in by CURVE")
        finally:
            self._close_sockets()

    def _answer(self, request: list[bytes]) -> None:
        version, request_id, domain, peer, _identity, mechanism, *credentials = request
        door = domain.decode(errors="replace")
        if mechanism != b"CURVE" or len(credentials) != 1:
            key, why = b"", "expected CURVE and one key"
        else:
            key = z85.encode(credentials[0])
            why = self._guard.judge(door, key.decode()) or ""
        if why:
            self._guard.refusals.key(door, key.decode(), peer.decode(errors="replace"), why)
            answer = [b"400", b"refused", b"", b""]
        else:
            answer = [b"200", b"OK", key, b""]
        self._zap.send_multipart([version, request_id, *answer])

    def _tell(self, door: str, event: list[bytes]) -> None:
        (number,) = struct.unpack_from("=H", event[0])
        self._guard.refusals.handshake(door, _FAILED.get(number, "unknown"))

    def _close_sockets(self) -> None:
        self._zap.close(0)
        for monitor in self._monitors:
            monitor.close(0)


def secure(socket: Socket, door: str, secret_key: str) -> None:
    """Make the next `bind` of a socket a CURVE server's. Binds made before keep what they are."""
    socket.setsockopt(zmq.CURVE_SERVER, 1)
    socket.setsockopt(zmq.CURVE_SECRETKEY, secret_key.encode())
    socket.setsockopt(zmq.ZAP_DOMAIN, door.encode())
    # Without an answer of ours a handshake fails; by default libzmq would let everybody in.
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    # Handshakes cost arithmetic: they get an I/O thread of their own, so that a flood of them from
    # other machines does not slow who is on this one.
    socket.setsockopt(zmq.AFFINITY, 2)
    for name, value in VANISHED.items():
        socket.setsockopt(getattr(zmq, name), value)
