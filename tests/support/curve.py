"""Keys for tests: pairs written as `portcullis keys new` writes them, and sockets that use them."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

import zmq

from engine.link import Curve
from gateway.config import Config, Gateway
from gateway.config import Curve as CurveTable
from protocol.key_file import KeyPair, format_key_file

CURVE_ANY = ("curve://127.0.0.1:*",)


def make_key(folder, name, pair=None):
    """Write both halves of a pair for a name; return the pair."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pair = pair or KeyPair(*(half.decode() for half in zmq.curve_keypair()))
    secret = folder / f"{name}.key_secret"
    secret.write_text(format_key_file(name, pair), encoding="ascii")
    secret.chmod(0o600)
    public = folder / f"{name}.key"
    public.write_text(format_key_file(name, KeyPair(pair.public)), encoding="ascii")
    public.chmod(0o644)
    return pair


def curve_of(folder, pair, server="GATEWAY"):
    """Return what a peer with this pair needs to connect."""
    return curve_from(server_key(folder, server), pair)


def server_key(folder, server="GATEWAY"):
    """Return the gateway's public key."""
    text = (folder / f"{server}.key").read_text(encoding="ascii")
    return text.split('public-key = "')[1][:40]


def curve_from(server, pair):
    """Put keys together as the engine takes them."""
    return Curve(server.encode(), pair.public.encode(), pair.secret.encode())


def stranger_pair():
    """Return a pair that nobody knows."""
    return KeyPair(*(half.decode() for half in zmq.curve_keypair()))


def use(zmq_socket, curve):
    """Give a bare socket its keys."""
    zmq_socket.curve_serverkey = curve.server_key
    zmq_socket.curve_publickey = curve.public_key
    zmq_socket.curve_secretkey = curve.secret_key


def attempt(peer, frame=None):
    """Send a Logon, or these bytes, if there is a connection to take it.

    After a handshake that failed for good libzmq has none, and a send that waits would wait ever.
    """
    frame = frame or peer.fix.logon(time.time_ns(), reset=True).frame
    with contextlib.suppress(zmq.Again):
        peer.socket.send(frame, zmq.DONTWAIT)


def plain_address(endpoint):
    """Return what ZeroMQ calls an endpoint."""
    return endpoint.replace("curve://", "tcp://")


def encrypted(config, folder, **doors):
    """Return the config with its doors encrypted on loopback, or as given, and its keys there."""
    names = ("orders", "venues", "market_data", "feeds", "operators")
    gateway = {name: doors.get(name, CURVE_ANY) for name in names}
    return Config(**{
        **{name: getattr(config, name) for name in config.__struct_fields__},
        "gateway": Gateway(
            comp_id=config.gateway.comp_id, var=config.gateway.var, **gateway
        ),
        "curve": CurveTable(keys=folder),
    })  # fmt: skip


class HandshakeFlood:
    """Many connections that never become anybody's: silent, half greeted, and garbage."""

    GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(47)
    NULL_READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
    OPENINGS = (
        b"",
        b"\xff",
        GREETING,
        GREETING + b"\x04\xc8\x05HELLO" + bytes(194),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes(range(256)) * 4,
        b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48) + b"\x04\x26" + NULL_READY,
    )

    def __init__(self, endpoint):
        host, _, port = endpoint.partition("://")[2].rpartition(":")
        self._place = host, int(port)
        self._held = []
        self.opened = 0

    def step(self, count=20, keep=200):
        """Open so many more; let the oldest go beyond `keep`."""
        for _ in range(count):
            opening = self.OPENINGS[self.opened % len(self.OPENINGS)]
            self.opened += 1
            try:
                one = socket.create_connection(self._place, timeout=2)
                self._held.append(one)
                one.sendall(opening)
            except OSError:
                continue
        while len(self._held) > keep:
            self._held.pop(0).close()

    def close(self):
        """Let all go."""
        while self._held:
            self._held.pop().close()
