"""Who gets in by CURVE, over real sockets: keys, CompIDs, doors, tokens, and keys that go."""

from __future__ import annotations

import contextlib
import json
import socket as tcp
import sys
import time
from pathlib import Path

import pytest
import zmq
from support.curve import (
    CURVE_ANY,
    HandshakeFlood,
    attempt,
    curve_from,
    curve_of,
    encrypted,
    make_key,
    plain_address,
    stranger_pair,
    use,
)
from support.shell import ANY, House, Peer, config_in, order
from support.waiting import wait_for

from engine.client import Client
from engine.link import Link, Publisher, Subscriber
from gateway.config import Secret, Strategy
from gateway.errors import ConfigError
from gateway.feed_proxy import FeedProxy
from gateway.transport import Door, Transport
from gateway.wiring import open_gateway
from journal.reader import JournalReader
from protocol import codec
from protocol.messages import OperatorCommand

TOKEN = b"a token of thirty-two characters"
VANISHED = (
    (tcp.SOL_SOCKET, tcp.SO_KEEPALIVE), (tcp.IPPROTO_TCP, getattr(tcp, "TCP_KEEPIDLE", 0)),
    (tcp.IPPROTO_TCP, getattr(tcp, "TCP_KEEPINTVL", 0)),
    (tcp.IPPROTO_TCP, getattr(tcp, "TCP_KEEPCNT", 0)),
    (tcp.IPPROTO_TCP, getattr(tcp, "TCP_USER_TIMEOUT", 0)),
)  # fmt: skip
"""Options of TCP that are to be set; what a system does not name is not asked there."""


@pytest.fixture
def keys(tmp_path):
    """Give a folder with the keys of the gateway, of A, B, PAPER and OPERATOR."""
    folder = tmp_path / "keys"
    return folder, {
        name: make_key(folder, name) for name in ("GATEWAY", "A", "B", "PAPER", "OPERATOR")
    }


@pytest.fixture
def house(tmp_path, keys):
    """Give a running gateway whose doors are all encrypted; A has a token too."""
    token = tmp_path / "token"
    token.write_bytes(TOKEN)
    strategy = (Strategy(id="A", token=Secret(file=token)), Strategy(id="B"))
    both = (*ANY, *CURVE_ANY)
    config = encrypted(config_in(tmp_path, strategy=strategy), keys[0], orders=both, feeds=both)
    with House(config) as running:
        yield running


def knock(house, keys, who, name, key="orders"):
    """Make a peer that calls itself `name`, with the key of `who`."""
    folder, pairs = keys
    curve = curve_of(folder, pairs[who] if isinstance(who, str) else who)
    peer = Peer(house.gateway.endpoints[key][-1], name, curve=curve)
    house.peers.append(peer)
    return peer


def trades(peer, number):
    """Send an order and wait until it is accepted."""
    peer.say(order(str(number)))
    peer.until(lambda: str(number) in peer.reports())
    return True


def counted(house, name, at_least=1):
    """Wait until the metrics have counted something."""
    wait_for(lambda: getattr(house.gateway.metrics, name) >= at_least, what=name)


def refusal(peer, **logon):
    """Log on in vain and return why."""
    peer.raw(peer.fix.logon(time.time_ns(), reset=True, **logon).frame)
    return peer.goodbye()


def alerts(house):
    """Return the alerts in the journal."""
    path = house.config.journal.path
    found = []
    for record in JournalReader(path).read_from(1):
        message = codec.decode(record.frame)
        if getattr(message, "note_kind", "") == "ALERT":
            found.append((json.loads(message.note_body), record.session))
    return found


def test_the_right_key_is_proof_enough(house, keys):
    """With its key a strategy logs on, token or not, and trades."""
    peer = knock(house, keys, "A", "A").log_on(reset=True)
    assert trades(peer, 1)


def test_the_key_of_another_is_refused(house, keys):
    """A key proves its own CompID only, and the other's session does not move."""
    assert "WRONG_KEY" in refusal(knock(house, keys, "B", "A"))
    assert "stands for B" in refusal(knock(house, keys, "B", "A"))
    assert "A" not in house.book.state.sessions
    counted(house, "refused_logons", 2)


def test_a_key_cannot_take_a_live_session(house, keys):
    """While A trades, B's key with A's name neither ends nor asks A's session."""
    peer = knock(house, keys, "A", "A").log_on(reset=True)
    assert "WRONG_KEY" in refusal(knock(house, keys, "B", "A"))
    assert trades(peer, 1)
    assert peer.dropped is None


def test_an_unknown_key_does_not_finish_its_handshake(house, keys):
    """A key that nobody knows is refused before a frame of it is heard."""
    attempt(knock(house, keys, stranger_pair(), "A"))
    counted(house, "refused_keys")
    assert house.gateway.metrics.refused_logons == house.gateway.metrics.unauthenticated == 0


def test_a_wrong_key_of_ours_does_not_finish_its_handshake(house, keys):
    """Who was told another public key of the gateway never reaches it."""
    _, pairs = keys
    curve = curve_from(stranger_pair().public, pairs["A"])
    endpoint = house.gateway.endpoints["orders"][-1]
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    use(socket, curve)
    socket.connect(plain_address(endpoint))
    counted(house, "failed_handshakes")
    assert house.gateway.metrics.unauthenticated == 0
    context.destroy(linger=0)


@pytest.mark.parametrize("scheme", ["tcp", "curve"])
def test_an_honest_client_that_comes_and_goes_is_no_failed_handshake(
    house, keys, tmp_path, scheme
):
    """Logging on and off, again and again: nothing is counted but the stranger who comes last."""
    folder, pairs = keys
    endpoint = house.gateway.endpoints["orders"][scheme == "curve"]
    curve = curve_of(folder, pairs["B"]) if scheme == "curve" else None
    for number in range(20):
        store = tmp_path / str(number % 2)
        with Client("B", endpoint, store_dir=store, curve=curve, reset=True) as client:
            assert client.is_up
    flood = HandshakeFlood(plain_address(endpoint))
    flood.step(1)
    flood.close()
    counted(house, "failed_handshakes")
    assert house.gateway.metrics.failed_handshakes == 1


def test_a_plain_client_hears_nothing_at_an_encrypted_door(house, keys):
    """Without keys nobody gets in where keys are asked; the attempts are counted."""
    peer = house.peer("B", "venues")
    attempt(peer)
    counted(house, "failed_handshakes")
    assert not peer.heard
    assert house.gateway.metrics.unauthenticated == 0


def test_an_encrypted_client_hears_nothing_at_a_plain_door(house, keys):
    """A key is of no use where none is asked."""
    folder, pairs = keys
    peer = house.peer("B", "orders", curve=curve_of(folder, pairs["B"]))
    assert house.endpoint("orders").startswith("tcp://")
    attempt(peer)
    counted(house, "failed_handshakes")
    assert house.gateway.metrics.refused_logons == 0


def test_a_key_is_good_at_its_own_doors_only(house, keys):
    """A strategy's key does not even shake hands at the venues' door, nor a venue's at ours."""
    for who, door in (("A", "venues"), ("PAPER", "orders"), ("B", "operators"), ("A", "feeds")):
        before = house.gateway.metrics.refused_keys
        attempt(knock(house, keys, who, who, door), b"x")
        counted(house, "refused_keys", before + 1)
    assert house.gateway.metrics.unauthenticated == 0


def test_a_plain_door_beside_an_encrypted_one_asks_the_token(house, keys):
    """On loopback without a key the token is the proof, as ever."""
    assert "AUTHENTICATION_FAILED" in refusal(house.peer("A"))
    peer = house.peer("A", token=TOKEN).log_on(reset=True, nonce="0123456789")
    assert trades(peer, 1)


def test_a_token_that_is_given_must_be_right(house, keys):
    """A key does not make up for a wrong proof beside it."""
    wrong = knock(house, keys, "A", "A")
    assert "AUTHENTICATION_FAILED" in refusal(wrong, token=b"another", nonce="0123456789")
    right = knock(house, keys, "A", "A")
    right.token = TOKEN
    assert trades(right.log_on(reset=True, nonce="012345678a"), 1)


def test_an_operator_needs_both(house, keys):
    """From another machine a person needs the key and the token that `run` wrote."""
    keyed = knock(house, keys, "OPERATOR", "OPERATOR", "operators")
    assert "AUTHENTICATION_FAILED" in refusal(keyed, sender_sub_id="ann")
    peer = knock(house, keys, "OPERATOR", "OPERATOR", "operators")
    peer.token = house.config.operator_token_path.read_text().encode()
    peer.log_on(reset=True, nonce="0123456789", sender_sub_id="ann")
    peer.say(OperatorCommand(cl_ord_id="1", command="STATUS", sender_sub_id="ann"))
    peer.until(lambda: peer.of(OperatorCommand))


@pytest.mark.budget(20)
def test_a_revoked_key_ends_its_session_and_no_other(house, keys):
    """A key that leaves the folder costs its holder session and way back; it is journaled."""
    folder, _ = keys
    thief = knock(house, keys, "A", "A").log_on(reset=True)
    other = knock(house, keys, "B", "B").log_on(reset=True)
    (folder / "A.key").unlink()
    assert "KEY_REVOKED" in thief.goodbye()
    thief.heard.clear()
    assert "WRONG_KEY" in refusal(thief), "its old connection is still there, and of no use"
    before = house.gateway.metrics.refused_keys
    attempt(knock(house, keys, "A", "A"), b"x")
    counted(house, "refused_keys", before + 1)
    assert trades(other, 1)
    assert [(note["alert"], session) for note, session in alerts(house)] == [
        ("KEYS_CHANGED", ""), ("KEY_REVOKED", "A"),
    ]  # fmt: skip


@pytest.mark.budget(20)
def test_keys_are_replaced_without_a_pause(house, keys):
    """A second key lets in a second connection of the same CompID; then the first may go."""
    folder, _ = keys
    old = knock(house, keys, "B", "B").log_on(reset=True)
    assert trades(old, 1)
    second = make_key(folder, "B@2")
    access = house.gateway._loop._doorway._gatekeeper.whose
    wait_for(lambda: access(second.public) == "B", what="the second key")
    assert trades(old, 2)
    old.close()
    new = knock(house, keys, second, "B").log_on(reset=True)
    (folder / "B.key").unlink()
    wait_for(lambda: access(keys[1]["B"].public) is None, what="the end of the first key")
    assert trades(new, 3)
    assert new.dropped is None


def subscriber(house, curve):
    """Subscribe to everything at the market data door."""
    context = zmq.Context.instance()
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    if curve is not None:
        use(socket, curve)
    socket.subscribe(b"")
    socket.connect(plain_address(house.endpoint("market_data")))
    return socket


@pytest.mark.budget(30)
def test_market_data_follows_the_same_rules(house, keys):
    """Subscribers and publishers need keys; who loses his is cut, and the rest come back."""
    folder, pairs = keys
    good = subscriber(house, curve_of(folder, pairs["A"]))
    also = subscriber(house, curve_of(folder, pairs["B"]))
    bad = subscriber(house, curve_of(folder, stranger_pair()))
    plain = subscriber(house, None)
    feed = zmq.Context.instance().socket(zmq.PUB)
    feed.linger = 0
    use(feed, curve_of(folder, pairs["PAPER"]))
    feed.connect(plain_address(house.gateway.endpoints["feeds"][-1]))

    def hear(socket, text):
        def heard():
            feed.send_multipart([b"MD|", text])
            return socket.poll(20) and socket.recv_multipart()[1] == text

        return wait_for(heard, what=f"{text} at a subscriber")

    assert hear(good, b"1")
    assert hear(also, b"1")
    (folder / "B.key").unlink()
    counted(house, "refused_keys", 2)
    assert hear(good, b"2")
    while also.poll(0):
        assert also.recv_multipart()[1] == b"1"
    assert not bad.poll(0)
    assert not plain.poll(0)
    for socket in (good, also, bad, plain, feed):
        socket.close(0)


def ends_at(port, *, ours):
    """Return TCP's options of this process's connections to a port, at the one end or the other."""
    found = []
    for fd in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            end = tcp.socket(fileno=int(fd.name))
            try:
                place = end.getpeername() if ours else end.getsockname()
                if end.family == tcp.AF_INET and place[1] == port and end.getpeername():
                    found.append([end.getsockopt(*option) for option in VANISHED])
            finally:
                end.detach()
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is Linux's")
@pytest.mark.parametrize(
    ("door", "make", "who"),
    [
        ("orders", Link, "A"), ("venues", Link, "PAPER"), ("operators", Link, "OPERATOR"),
        ("market_data", Subscriber, "A"), ("feeds", Publisher, "PAPER"),
    ],
)  # fmt: skip
def test_tcp_itself_drops_a_machine_that_has_vanished(house, keys, door, make, who):
    """Both ends of an encrypted connection: 2 s of silence, 2 probes 2 s apart; 6 s unconfirmed."""
    folder, pairs = keys
    endpoint = house.gateway.endpoints[door][-1]
    peer = make(endpoint, curve=curve_of(folder, pairs[who]))
    assert getattr(peer, "socket", peer), "a link connects when its socket is asked for"
    port = int(endpoint.rpartition(":")[2])
    try:
        for ours in (True, False):
            wait_for(
                lambda ours=ours: ends_at(port, ours=ours) == [[1, 2, 2, 2, 6_000]],
                what="TCP's options of the one connection",
            )
    finally:
        peer.close()


@pytest.mark.budget(30)
def test_a_flood_of_handshakes_does_not_stop_the_others(house, keys):
    """While hundreds knock and never come in, a strategy trades on, and a new one gets in."""
    peer = knock(house, keys, "B", "B").log_on(reset=True)
    flood = HandshakeFlood(house.gateway.endpoints["orders"][-1])
    for number in range(20):
        flood.step()
        assert trades(peer, number)
    assert trades(knock(house, keys, "A", "A").log_on(reset=True), 1)
    flood.close()
    counted(house, "failed_handshakes", 100)
    assert trades(peer, "after")


def test_a_gateway_without_its_own_key_does_not_start(tmp_path, keys):
    """An encrypted endpoint needs GATEWAY.key_secret: the error says how to make one."""
    folder, _ = keys
    (folder / "GATEWAY.key_secret").unlink()
    with pytest.raises(ConfigError, match="portcullis keys new GATEWAY"):
        open_gateway(encrypted(config_in(tmp_path), folder))


@pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")
@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [("keys/GATEWAY.key_secret", 0o640, "mode 640"), ("keys", 0o775, "may be written by others")],
)
def test_a_gateway_whose_keys_others_could_have_does_not_start(tmp_path, keys, name, mode, words):
    """A secret that others can read, or a folder that they can write to, is no lock."""
    (tmp_path / name).chmod(mode)
    with pytest.raises(ConfigError, match=words):
        open_gateway(encrypted(config_in(tmp_path), keys[0]))


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:*", "tcp://*:*", "tcp://192.0.2.1:5570"])
def test_what_others_can_reach_is_not_bound_in_plain(endpoint):
    """Neither a door nor the feeds open to other machines without CURVE."""
    with pytest.raises(ConfigError, match="curve:// instead of tcp://"):
        Transport([(Door.ORDERS, [endpoint])])
    with pytest.raises(ConfigError, match="curve:// instead of tcp://"):
        FeedProxy([endpoint], ANY)


def test_an_encrypted_door_without_a_guard_is_not_bound():
    """A curve:// endpoint is never bound without a key of our own."""
    with pytest.raises(ConfigError, match="no key of its own"):
        Transport([(Door.ORDERS, CURVE_ANY)])
