"""What has come in at the doors and waits for its turn, by peer.

Rules:

- Everything is read as soon as it can be, and a batch takes of every peer in turn: whoever waits
  behind a flood waits for one batch of it at most.
- All that waits is bounded. Past the bound the connection of whoever has most waiting is shut, and
  its frames are forgotten: they are as if they had been lost on the way, which a session mends.
- ZeroMQ can neither slow nor disconnect a peer of a ROUTER. So it is done below it: a frame tells
  the descriptor of its connection (ZMQ_SRCFD), which `shutdown` ends, and libzmq sees a peer that
  has gone. A descriptor may belong to another by now: it is shut only while its peer's address is
  the one that it had when this peer was first heard, and while nobody else was heard with it.
- A message of several parts is none of ours, and may have millions: it is read as so many messages
  would be, and its connection is reset.
"""

from __future__ import annotations

import socket as sockets
import struct
from collections import defaultdict, deque
from typing import NamedTuple

import zmq
from loguru import logger

from gateway.doorman import Socket

MAX_BATCH = 256
PEER_SHARE = 128
"""So many frames of one peer are in a batch at most."""
READ_AT_ONCE = 8_192
"""So many messages are read from a socket before a batch is made of what waits: some 10 ms of work.

Less, and libzmq reads the more beyond the bound, before whoever floods has met it.
"""
MAX_WAITING = 64 * 2**20
"""Bytes that may wait, of all peers together."""
MAX_PARTS = 64
"""A message of more parts than this costs its sender the connection."""
_FRAME_COSTS = 256
"""Bytes of memory that a frame takes beside its content, here and in libzmq, about."""
_LOGON = b"\x0135=A\x01"
_LOOK_AT = 40

Route = tuple[int, bytes]
"""Where a frame came from: the number of our socket, and the routing id that ZeroMQ gave."""


class Arrival(NamedTuple):
    """A frame, and the public key behind it: told of a Logon at an encrypted door, else None."""

    route: Route
    frame: bytes
    key: str | None


class _Peer:
    """One connection, and what of it waits."""

    __slots__ = ("address", "descriptor", "frames", "is_cut", "route", "share", "size")

    def __init__(self, route: Route, descriptor: int) -> None:
        self.route = route
        self.descriptor = descriptor
        self.address = _peer_address(descriptor)
        self.frames: deque[Arrival] = deque()
        self.size = 0
        self.share = 0
        self.is_cut = False


class Intake:
    """Reads sockets and deals out batches.

    `junk` counts messages of several parts, which are none of ours and are dropped. `cut` holds the
    routes whose connections were shut; who reads it empties it.
    """

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self.junk = 0
        self.cut: list[Route] = []
        self.waiting = 0
        self.max_waiting = max_waiting
        self._peers: dict[Route, _Peer] = {}
        self._by_descriptor: dict[int, Route] = {}
        self._ghosts: dict[int, list[Route]] = defaultdict(list)
        self._lines: dict[int, deque[_Peer]] = defaultdict(deque)
        self._amid: dict[int, int] = {}
        """Sockets in the middle of a message of several parts: how many were read."""

    def read(self, number: int, socket: Socket, *, encrypted: bool = False) -> None:
        """Read what a socket has, up to a bound."""
        receive, no_wait, peers = socket.recv, zmq.DONTWAIT, self._peers
        line = self._lines[number]
        try:
            for _ in range(READ_AT_ONCE):
                if number in self._amid:
                    self._part(number, receive(no_wait, copy=False))
                    continue
                route = (number, receive(no_wait))
                part = receive(no_wait, copy=False)
                if part.more:
                    self.junk += 1
                    self._amid[number] = 1
                    continue
                peer = peers.get(route) or self._meet(route, part)
                if peer.is_cut:
                    continue
                frame = part.bytes
                key = _key(part) if encrypted and may_be_logon(frame) else None
                if not peer.frames:
                    line.append(peer)
                peer.frames.append(Arrival(peer.route, frame, key))
                size = len(frame) + _FRAME_COSTS
                peer.size += size
                self.waiting += size
                if self.waiting > self.max_waiting:
                    self._cut_longest()
        except zmq.Again:
            self._forget(number)

    @property
    def lines(self) -> list[int]:
        """The numbers of the sockets of which something waits, in order."""
        return sorted(number for number, line in self._lines.items() if line)

    def deal(self, number: int, limit: int, batch: list[Arrival]) -> None:
        """Move frames of one socket to a batch, of each peer in turn, until it has `limit`."""
        line = self._lines[number]
        served: list[_Peer] = []
        while line and len(batch) < limit:
            peer = line.popleft()
            arrival = peer.frames.popleft()
            batch.append(arrival)
            size = len(arrival.frame) + _FRAME_COSTS
            peer.size -= size
            self.waiting -= size
            peer.share += 1
            if peer.frames and peer.share < PEER_SHARE:
                line.append(peer)
            else:
                served.append(peer)
        for peer in (*line, *served):
            peer.share = 0
        line.extend(peer for peer in served if peer.frames)

    def _part(self, number: int, part: zmq.Frame) -> None:
        """Drop one more part of a message that is none of ours."""
        self._amid[number] += 1
        if self._amid[number] == MAX_PARTS:
            descriptor = int(part.get(zmq.SRCFD))
            _shut(descriptor, _peer_address(descriptor))
        if not part.more:
            del self._amid[number]

    def _meet(self, route: Route, part: zmq.Frame) -> _Peer:
        """Begin to know a peer.

        Who had its descriptor before has gone. Where it had the same address, one of the two was
        read late and took the other's: until all is read that they had sent, neither is shut.
        """
        descriptor = int(part.get(zmq.SRCFD))
        peer = self._peers[route] = _Peer(route, descriptor)
        before = self._by_descriptor.get(descriptor)
        if before is not None:
            self._ghosts[before[0]].append(before)
            if self._peers[before].address == peer.address:
                peer.address = None
            self._peers[before].address = None
        self._by_descriptor[descriptor] = route
        return peer

    def _forget(self, number: int) -> None:
        """Forget, when a socket was read to the end, who was met before the last of a descriptor.

        If it was the one who is there, it is met again; not before all of it is dealt out, or what
        comes then would overtake what waits.
        """
        for route in self._ghosts.pop(number, ()):
            if self._peers[route].frames:
                self._ghosts[number].append(route)
                continue
            descriptor = self._peers.pop(route).descriptor
            last = self._peers[self._by_descriptor[descriptor]]
            last.address = last.address or _peer_address(descriptor)

    def _cut_longest(self) -> None:
        waiting = (peer for line in self._lines.values() for peer in line)
        peer = max(waiting, key=lambda peer: peer.size)
        logger.error(
            "the peer at {} is cut off: {} frames of it waited, of {} MiB that may wait in all",
            peer.address or "?", len(peer.frames), self.max_waiting >> 20,
        )  # fmt: skip
        self.waiting -= peer.size
        peer.size, peer.is_cut = 0, True
        peer.frames.clear()
        self._lines[peer.route[0]].remove(peer)
        self.cut.append(peer.route)
        _shut(peer.descriptor, peer.address)


def may_be_logon(frame: bytes) -> bool:
    """Say whether a frame looks like a Logon: nothing else is heard from who is not logged on."""
    return frame.find(_LOGON, 0, _LOOK_AT) >= 0


def _key(part: zmq.Frame) -> str:
    """Return the public key behind a frame; nobody's, if it has none."""
    try:
        return str(part.get("User-Id"))
    except zmq.ZMQError:
        return ""


def _peer_address(descriptor: int) -> object:
    """Return the address at the other end of a connection, None if there is none any more."""
    try:
        with sockets.fromfd(descriptor, sockets.AF_INET, sockets.SOCK_STREAM) as connection:
            return connection.getpeername()
    except OSError:
        return None


def _shut(descriptor: int, address: object) -> None:
    """Reset a connection if it still leads to this address.

    Only shut, it could leave its peer waiting for room to send for minutes.
    """
    if address is None:
        return
    try:
        with sockets.fromfd(descriptor, sockets.AF_INET, sockets.SOCK_STREAM) as connection:
            if connection.getpeername() == address:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, linger)
                connection.shutdown(sockets.SHUT_RDWR)
    except OSError:
        return  # it has gone by itself
