"""The transport over real ZeroMQ: binding, batches, fair shares, junk, and the feed proxy."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading

import pytest
import zmq
from support import raw_peer
from support.waiting import wait_for

from gateway.errors import ConfigError, PortInUse
from gateway.feed_proxy import FeedProxy
from gateway.intake import MAX_BATCH, PEER_SHARE
from gateway.transport import Door, Outcome, Transport

ANY = "tcp://127.0.0.1:*"


@pytest.fixture
def transport():
    """Give a transport with one socket behind each door."""
    made = Transport([(Door.OPERATORS, [ANY]), (Door.VENUES, [ANY]), (Door.ORDERS, [ANY])])
    yield made
    made.close(linger_ms=0)


@pytest.fixture
def dealer():
    """Give a maker of connected DEALER sockets."""
    context = zmq.Context()
    kept = []

    def make(endpoint, *, hwm=0):
        one = context.socket(zmq.DEALER)
        kept.append(one)
        one.linger = 0
        one.sndhwm = one.rcvhwm = hwm
        one.connect(endpoint)
        return one

    yield make
    context.destroy(linger=0)


def endpoint(transport, door=Door.ORDERS):
    """Return where a door is."""
    return next(bound for kind, bound in transport.endpoints if kind is door)


def receive(transport, count):
    """Receive until so many frames have come."""
    frames = []

    def enough():
        frames.extend(transport.receive(20))
        return len(frames) >= count

    wait_for(enough, what=f"{count} frames")
    return frames


def test_a_frame_comes_in_and_an_answer_goes_out(transport, dealer):
    """A frame carries its route, and the route leads back to its sender."""
    peer = dealer(endpoint(transport))
    peer.send(b"hello")
    ((route, frame),) = receive(transport, 1)
    assert (frame, transport.door(route)) == (b"hello", Door.ORDERS)
    assert transport.given(route)
    assert transport.send(route, b"answer") is Outcome.OK
    assert peer.recv() == b"answer"


def test_operators_are_read_first(transport, dealer):
    """Whatever came first, the frames of operators stand first in a batch, venues next."""
    for door in (Door.ORDERS, Door.VENUES, Door.OPERATORS):
        dealer(endpoint(transport, door)).send(door.value.encode())
    everything = zmq.Poller()
    for one in transport._sockets:
        everything.register(one)
    wait_for(lambda: len(everything.poll(0)) == 3, what="three frames")
    assert [frame for _, frame in transport.receive(0)] == [b"operators", b"venues", b"orders"]


def test_a_flood_does_not_crowd_out_others(transport, dealer):
    """A peer that floods gets its share of a batch and no more; another's frame is in the same."""
    flood, quiet = dealer(endpoint(transport)), dealer(endpoint(transport))
    for _ in range(5_000):
        flood.send(b"flood")
    receive(transport, 1)
    quiet.send(b"quiet")
    batches = []

    def heard():
        batches.append([frame for _, frame in transport.receive(0)])
        return b"quiet" in batches[-1]

    wait_for(heard, what="the quiet frame")
    assert all(len(batch) <= MAX_BATCH for batch in batches)
    assert all(batch.count(b"flood") <= PEER_SHARE for batch in batches)


def test_a_flood_at_one_door_leaves_room_for_the_others(transport, dealer):
    """Even when operators flood, a batch holds frames of venues and of strategies."""
    for door in (Door.OPERATORS, Door.VENUES):
        for _ in range(3):
            one = dealer(endpoint(transport, door))
            for _ in range(500):
                one.send(door.value.encode())
    dealer(endpoint(transport)).send(b"order")
    batches = []

    def heard():
        batches.append([frame for _, frame in transport.receive(0)])
        return b"order" in batches[-1]

    wait_for(heard, what="the order")
    assert all(len(batch) <= MAX_BATCH for batch in batches)


def test_multipart_messages_are_junk(transport, dealer):
    """A message of several parts is dropped and counted; the next one is read as ever."""
    peer = dealer(endpoint(transport))
    peer.send_multipart([b"", b"one", b"two"])
    peer.send(b"good")
    assert [frame for _, frame in receive(transport, 1)] == [b"good"]
    assert transport.intake.junk == 1


def test_a_frame_of_10_mb_costs_its_sender_the_connection(transport, dealer):
    """A frame over 64 KiB never reaches us; others are heard."""
    big, good = dealer(endpoint(transport)), dealer(endpoint(transport))
    big.send(b"x" * 10_000_000)
    good.send(b"good")
    assert [frame for _, frame in receive(transport, 1)] == [b"good"]


def test_half_a_frame_harms_nobody(transport, dealer):
    """A peer that stops in the middle of a frame is never heard, and others are."""
    host, port = endpoint(transport).removeprefix("tcp://").split(":")
    raw = socket.create_connection((host, int(port)))
    raw.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48))
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
    raw.sendall(b"\x04" + bytes([len(ready)]) + ready + b"\x02" + struct.pack(">Q", 1000) + b"half")
    good = dealer(endpoint(transport))
    good.send(b"good")
    assert [frame for _, frame in receive(transport, 1)] == [b"good"]
    raw.close()


def test_a_routing_id_that_a_peer_set_is_known_for_one(transport, dealer):
    """A routing id that ZeroMQ did not give is told apart: its peer is not served."""
    context = zmq.Context()
    peer = context.socket(zmq.DEALER)
    peer.linger = 0
    peer.setsockopt(zmq.ROUTING_ID, b"GATEWAY")
    peer.connect(endpoint(transport))
    peer.send(b"x")
    ((route, _),) = receive(transport, 1)
    assert not transport.given(route)
    context.destroy(linger=0)


def test_nobody_at_a_route_is_said(transport, dealer):
    """A frame for a peer that has gone is UNREACHABLE, not lost in silence."""
    peer = dealer(endpoint(transport))
    peer.send(b"x")
    ((route, _),) = receive(transport, 1)
    peer.close(0)
    wait_for(lambda: transport.send(route, b"y") is Outcome.UNREACHABLE, what="UNREACHABLE")


def test_a_full_pipe_is_said(transport, dealer):
    """A peer that does not read makes AGAIN once ZeroMQ's buffers are full; nothing blocks."""
    peer = dealer(endpoint(transport), hwm=1)
    peer.send(b"x")
    ((route, _),) = receive(transport, 1)
    outcomes = {transport.send(route, b"y" * 10_000) for _ in range(20_000)}
    assert outcomes == {Outcome.OK, Outcome.AGAIN}


def test_wake_ends_a_wait(transport):
    """`wake`, from another thread, ends a receive that would wait for long."""
    threading.Timer(0.01, transport.wake).start()
    assert transport.receive(60_000) == []


def test_a_port_in_use_is_named(transport):
    """The error names the endpoint, the key, and what to do; nothing stays bound."""
    taken = endpoint(transport)
    with pytest.raises(PortInUse, match=r"gateway\.orders: tcp://.* is taken .*choose another"):
        Transport([(Door.ORDERS, [taken])])


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "192.0.2.1", "example.org"])
def test_only_loopback_is_bound(host):
    """What other machines could reach is refused, with the reason."""
    with pytest.raises(ConfigError, match="reached from other machines"):
        Transport([(Door.VENUES, [f"tcp://{host}:5571"])])


def test_an_endpoint_that_is_none_is_an_error():
    """An endpoint that cannot be bound at all names its key."""
    with pytest.raises(ConfigError, match=r"gateway\.orders"):
        Transport([(Door.ORDERS, ["tcp://127.0.0.1:port"])])


def test_every_endpoint_has_a_socket_of_its_own(dealer):
    """Two endpoints of one door are two sockets, both heard."""
    made = Transport([(Door.ORDERS, [ANY, ANY])])
    for _, bound in made.endpoints:
        dealer(bound).send(b"x")
    assert {route[0] for route, _ in receive(made, 2)} == {0, 1}
    made.close(linger_ms=0)


@pytest.mark.budget(30)
def test_a_reader_who_floods_does_not_keep_the_quotes_of_others():
    """While one reader floods the proxy, quotes reach another."""
    proxy = FeedProxy([ANY], [ANY])
    context = zmq.Context()
    reader, feed = context.socket(zmq.SUB), context.socket(zmq.PUB)
    reader.connect(proxy.market_data[0])
    reader.subscribe("MD")
    feed.connect(proxy.feeds[0])

    def heard():
        feed.send_multipart([b"MD", b"book"])
        return reader.poll(5)

    wait_for(heard, what="a quote")
    with subprocess.Popen(
        [sys.executable, raw_peer.__file__, "SUB", proxy.market_data[0]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as flooder:  # fmt: skip
        assert flooder.stdout.readline() == b"pours\n"
        for _ in range(20):
            while reader.poll(0):
                reader.recv_multipart()
            wait_for(heard, what="a quote in the flood")
        assert flooder.poll() is None
    proxy.close()
    context.destroy(linger=0)


def test_the_proxy_carries_feeds_to_readers_and_stops():
    """What a bridge publishes reaches a subscriber of its topic; close frees the ports."""
    proxy = FeedProxy([ANY], [ANY])
    context = zmq.Context()
    reader, feed = context.socket(zmq.SUB), context.socket(zmq.PUB)
    reader.connect(proxy.market_data[0])
    reader.subscribe("MD.PAPER.EURUSD|")
    feed.connect(proxy.feeds[0])

    def heard():
        feed.send_multipart([b"MD.PAPER.EURUSD|", b"book"])
        feed.send_multipart([b"MD.PAPER.EURUSD.X|", b"other"])
        return reader.poll(20) and reader.recv_multipart()

    assert wait_for(heard, what="a quote") == [b"MD.PAPER.EURUSD|", b"book"]
    proxy.close()
    again = FeedProxy(proxy.feeds, proxy.market_data)
    with pytest.raises(PortInUse, match=r"gateway\.feeds"):
        FeedProxy(proxy.feeds, [ANY])
    again.close()
    context.destroy(linger=0)
