"""What waits at the doors: by peer, in turn, and bounded; who floods is cut off, nobody else."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import zmq
from support import raw_peer
from support.waiting import wait_for

from gateway.intake import _FRAME_COSTS, MAX_BATCH, PEER_SHARE, READ_AT_ONCE, _peer_address
from gateway.transport import Door, Outcome, Transport

ANYWHERE = ["tcp://127.0.0.1:*"]
BODY = bytes(200)


@pytest.fixture
def transport():
    """Give a transport with one door, where a MiB may wait: some 2,300 frames."""
    gc.collect()  # what other tests have left closes now, and no descriptor later on
    made = Transport([(Door.ORDERS, ANYWHERE)])
    made.intake.max_waiting = 2**20
    yield made
    made.close(linger_ms=0)


@pytest.fixture
def connect(transport):
    """Give a maker of raw connections."""
    made = []

    def one(peer=None):
        made.append(raw_peer.connect(transport.endpoints[0][1], peer=peer))
        return made[-1]

    yield one
    for peer in made:
        peer.close()


def first_of(transport, peer, body):
    """Send a frame, and return its route when it is heard."""
    peer.sendall(raw_peer.frame(body))
    heard = {}

    def found():
        heard.update({frame: route for route, frame in transport.receive(10)})
        return heard.get(body)

    return wait_for(found, what="its frame")


@contextlib.contextmanager
def leaving_free(descriptor):
    """Take every descriptor below this one, so that who asks for one next is given this."""
    with contextlib.ExitStack() as taken:
        while True:
            one = socket.socket()
            if one.fileno() >= descriptor:
                one.close()
                break
            taken.enter_context(one)
        yield


def read_until(transport, condition):
    """Read, and deal nothing out, until a condition holds."""
    (door,) = transport._sockets

    def holds():
        transport.intake.read(0, door)
        return condition()

    wait_for(holds, poll_s=0.001)


def is_closed(descriptor):
    """Whether a descriptor is nobody's."""
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def answered(transport, peer, route):
    """Whether an answer to this route reaches this peer."""
    assert transport.send(route, b"answer") is Outcome.OK
    return peer.recv(8, socket.MSG_WAITALL) == raw_peer.frame(b"answer")


@pytest.mark.budget(60)
@pytest.mark.parametrize("door", ["orders", "feeds"])
def test_a_flood_with_pings_that_is_reset_ends_nothing(root, door):
    """Where libzmq has stopped reading, such a flood aborts the process: it must never stop."""
    done = subprocess.run(
        [sys.executable, raw_peer.__file__, root, door], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "lived"), done.stderr[-500:]


def test_who_floods_is_cut_off_and_nobody_else(transport, connect):
    """Past the bound the longest queue is forgotten and its connection is reset."""
    quiet, flooder = connect(), connect()
    route = first_of(transport, quiet, b"quiet")
    flood = first_of(transport, flooder, b"flood")
    flooder.settimeout(10)
    with pytest.raises(ConnectionError):  # noqa: PT012 - whichever of the two is told first
        while True:
            flooder.sendall(100 * raw_peer.frame(BODY))
            transport.receive(0)
            assert transport.intake.waiting <= transport.intake.max_waiting
    assert transport.intake.cut == [flood]
    assert answered(transport, quiet, route)
    assert first_of(transport, quiet, b"again") == route


def test_of_several_the_one_with_most_is_cut_off(transport, connect):
    """Who brings the sum over the bound is not who pays for it: the longest queue is."""
    transport.intake.max_waiting = 2_000 * (len(BODY) + _FRAME_COSTS)
    small, large, last = connect(), connect(), connect()
    routes = [first_of(transport, peer, name) for peer, name in (
        (small, b"small"), (large, b"large"), (last, b"last"),
    )]  # fmt: skip
    for peer, count in ((small, 600), (large, 1_100)):
        expected = transport.intake.waiting + count * (len(BODY) + _FRAME_COSTS)
        peer.sendall(count * raw_peer.frame(BODY))
        read_until(transport, lambda expected=expected: transport.intake.waiting == expected)
    last.sendall(1_000 * raw_peer.frame(BODY))
    read_until(transport, lambda: transport.intake.cut)
    assert transport.intake.cut == [routes[1]]
    heard = []

    def everything():
        heard.extend(route for route, _ in transport.receive(10))
        return len(heard) == 1_600

    wait_for(everything, poll_s=0)
    assert (heard.count(routes[0]), heard.count(routes[2])) == (600, 1_000)


def test_a_peer_that_has_gone_is_not_mistaken_for_who_has_its_descriptor_now(transport, connect):
    """What a gone peer had sent comes late, and is too much: its successor is left in peace."""
    flooder, heir = connect(), socket.socket()
    gone = first_of(transport, flooder, b"flood")
    descriptor = transport.intake._peers[gone].descriptor
    flooder.sendall((READ_AT_ONCE + 3_000) * raw_peer.frame(BODY))
    flooder.close()
    wait_for(lambda: is_closed(descriptor), what="the end of the connection")
    transport.intake.max_waiting = READ_AT_ONCE * 500
    with leaving_free(descriptor):
        connect(heir)
    heir.sendall(raw_peer.frame(b"heir"))
    heard = {}

    def found():
        heard.update({frame: route for route, frame in transport.receive(10)})
        return heard.get(b"heir")

    route = wait_for(found, what="the heir's frame")
    assert transport.intake._peers[route].descriptor == descriptor
    assert transport.intake.cut == []
    transport.intake.max_waiting = 2**18
    assert first_of(transport, heir, b"again") == route
    assert transport.intake.cut == [gone]
    assert answered(transport, heir, route)


def test_who_has_gone_before_it_was_heard_takes_nobodys_address(transport, connect):
    """A flood that is read when its connection has gone may find its descriptor with another."""
    flooder, heir = socket.socket(), socket.socket()
    connect(flooder)
    here = flooder.getsockname()
    open_now = [int(one.name) for one in Path("/proc/self/fd").iterdir()]
    (descriptor,) = (at for at in open_now if _peer_address(at) == here)
    flooder.sendall(8_000 * raw_peer.frame(BODY))
    flooder.close()
    wait_for(lambda: is_closed(descriptor), what="the end of the connection")
    with leaving_free(descriptor):
        connect(heir)
    transport.intake.max_waiting = READ_AT_ONCE * 500
    route = first_of(transport, heir, b"heir")
    assert transport.intake._peers[route].descriptor == descriptor
    transport.intake.max_waiting = 2**18
    assert first_of(transport, heir, b"again") == route
    (gone,) = transport.intake.cut
    assert gone != route
    assert answered(transport, heir, route)

    def can_be_cut_off():
        transport.receive(0)
        return transport.intake._peers[route].address == heir.getsockname()

    wait_for(can_be_cut_off, what="the end of the flood")


def test_a_message_of_many_parts_holds_nobody_up(transport, connect):
    """It is read in pieces, all of it is dropped, and it costs its sender the connection."""
    quiet, sender = connect(), connect()
    route = first_of(transport, quiet, b"quiet")
    count = 3 * READ_AT_ONCE
    sender.sendall(count * b"\x01\x01x" + raw_peer.frame(b"the last part"))
    wait_for(lambda: transport.receive(0) or transport.intake._amid, what="the first part")
    assert 0 < transport.intake._amid[0] <= READ_AT_ONCE
    sender.settimeout(10)
    with pytest.raises(ConnectionError):  # noqa: PT012 - whichever of the two is told first
        while sender.recv(1) or sender.send(b"x"):
            transport.receive(0)
    assert first_of(transport, quiet, b"again") == route
    assert (transport.intake.junk, transport.intake._amid) == (1, {})


def test_peers_take_turns(transport, connect):
    """Of two peers of whom much waits a batch takes one frame each, in turn, batch after batch."""
    transport.intake.max_waiting = 2**26
    peers = connect(), connect()
    routes = [first_of(transport, peer, b"%d" % at) for at, peer in enumerate(peers)]
    for peer in peers:
        expected = transport.intake.waiting + 1_000 * (len(BODY) + _FRAME_COSTS)
        peer.sendall(1_000 * raw_peer.frame(BODY))
        read_until(transport, lambda expected=expected: transport.intake.waiting == expected)
    for _ in range(6):
        assert [route for route, _ in transport.receive(0)] == PEER_SHARE * routes


def test_who_has_gone_is_forgotten(transport, connect):
    """A thousand connections one after the other leave no thousand peers behind."""
    for number in range(1_000):
        peer = connect()
        route = first_of(transport, peer, b"%d" % number)
        descriptor = transport.intake._peers[route].descriptor
        raw_peer.reset(peer)
        wait_for(lambda at=descriptor: is_closed(at), poll_s=0.0005)
    assert len(transport.intake._peers) < 5
    assert not transport.intake._ghosts


def test_nothing_is_lost_or_reordered_below_the_bound(transport, connect):
    """Of each peer everything comes, in order, in batches of 256 at most; the count is exact."""
    transport.intake.max_waiting = 2**26
    peers = [connect() for _ in range(3)]
    counts = (1, 1_000, 3 * READ_AT_ONCE)
    for name, (peer, count) in enumerate(zip(peers, counts, strict=True)):
        peer.sendall(b"".join(raw_peer.frame(b"%d %d" % (name, at)) for at in range(count)))
    heard = {name: [] for name in range(len(peers))}

    def everything():
        batch = transport.receive(10)
        assert len(batch) <= MAX_BATCH
        for _, frame in batch:
            name, at = frame.split()
            heard[int(name)].append(int(at))
        return sum(map(len, heard.values())) == sum(counts)

    wait_for(everything, poll_s=0)
    assert [heard[name] == list(range(count)) for name, count in enumerate(counts)] == [True] * 3
    assert (transport.intake.waiting, transport.intake.lines) == (0, [])


def test_a_wait_is_none_while_something_waits(transport, connect):
    """What was read and not yet dealt out is dealt at once, though no socket has anything new."""
    transport.intake.max_waiting = 2**26
    peer = connect()
    peer.sendall(1_000 * raw_peer.frame(BODY))
    wait_for(lambda: transport.receive(10) and transport.intake.waiting, poll_s=0)
    poller = zmq.Poller()
    poller.register(transport._sockets[0], zmq.POLLIN)
    heard = []
    while not poller.poll(0) and transport.intake.waiting:
        heard.extend(transport.receive(60_000))
    assert heard
