"""A link's socket over real connections: which one is fresh enough to log on over."""

from __future__ import annotations

import pytest
import zmq
from support.waiting import wait_for

from engine.link import Link


@pytest.fixture
def door():
    """Give a ROUTER that anybody may connect to, and its endpoint."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.linger = 0
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    yield socket, f"tcp://127.0.0.1:{port}"
    context.destroy(linger=0)


@pytest.fixture
def link(door):
    """Give a link to it."""
    made = Link(door[1])
    yield made
    made.close()


def test_a_socket_over_which_nothing_was_said_is_not_opened_again(link):
    """Looking for frames opened it: dropped now, it would break off its own handshake."""
    assert link.receive(0) == []
    first = link.socket
    link.reopen()
    assert link.socket is first


def test_after_a_frame_was_sent_it_is_opened_again(link):
    """What libzmq still holds of it must not reach a gateway of another life."""
    first = link.socket
    assert link.send(b"one")
    link.reopen()
    assert link.socket is not first


def test_after_a_frame_was_heard_it_is_opened_again(door, link):
    """It belonged to somebody's session."""
    assert link.send(b"one")
    link.reopen()
    first = link.socket
    assert link.send(b"two")
    wait_for(lambda: door[0].poll(100), what="the second frame")
    frames = [door[0].recv_multipart() for _ in range(2) if door[0].poll(100)]
    door[0].send_multipart([frames[-1][0], b"three"])
    assert link.receive(5_000) == [b"three"]
    link.reopen()
    assert link.socket is not first


@pytest.mark.parametrize("asked", [True, False])
def test_after_a_break_it_is_opened_again(door, link, asked):
    """Nothing was said over it, but whoever answers now has forgotten us; asked for or not."""
    first, news = link.sockets
    assert news.poll(5_000)
    assert not link.dropped(), "the news was that they have shaken hands"
    door[0].close(0)
    assert news.poll(5_000)
    if asked:
        assert link.dropped()
    link.reopen()
    assert link.socket is not first
    assert not link.dropped(), "that was the old socket's news"
