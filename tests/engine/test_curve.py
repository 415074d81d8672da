"""Keys on the strategy's side: files, what an endpoint wants, and a door that opens later."""

from __future__ import annotations

import sys

import pytest
import zmq
from support.curve import curve_from, make_key, stranger_pair
from support.waiting import wait_for

from engine.errors import KeyUnusable, Timeout
from engine.key_files import own_secret, read_public, read_secret
from engine.link import Curve, Link, Publisher, Subscriber, keys_for
from gateway.doorman import Guard, Refusals
from gateway.feed_proxy import FeedProxy
from gateway.metrics import Metrics
from gateway.transport import Door, Transport
from portcullis import Client

CURVE_ANY = "curve://127.0.0.1:*"
posix = pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")


@pytest.fixture
def keys(tmp_path):
    """Give a folder with the keys of a gateway and of MM."""
    folder = tmp_path / "keys"
    return folder, make_key(folder, "GATEWAY"), make_key(folder, "MM")


def test_keys_come_from_two_files(keys):
    """The gateway's public half and our own secret one are all that a client needs."""
    folder, ours, mine = keys
    curve = Curve.from_files(folder / "GATEWAY.key", folder / "MM.key_secret")
    assert curve == curve_from(ours.public, mine)
    assert read_public(folder / "MM.key_secret") == mine.public


@posix
def test_a_secret_that_others_can_read_is_not_used(keys):
    """The error says the mode and what to do."""
    folder, _, _ = keys
    (folder / "MM.key_secret").chmod(0o644)
    with pytest.raises(KeyUnusable, match="mode 644, expected 600"):
        read_secret(folder / "MM.key_secret")


def test_a_file_that_holds_no_secret_is_told(keys):
    """A public half where a secret one was expected, nothing at all, and no key."""
    folder, _, _ = keys
    with pytest.raises(KeyUnusable, match="public half only"):
        read_secret(folder / "MM.key")
    with pytest.raises(KeyUnusable, match="No such file"):
        read_public(folder / "no.key")
    (folder / "x.key").write_text("x")
    with pytest.raises(KeyUnusable, match="no public-key line"):
        read_public(folder / "x.key")


def test_which_secret_is_ours(keys):
    """NAME.key_secret, or the only one of NAME's further keys; none or several are told."""
    folder, _, _ = keys
    assert own_secret(folder, "MM").name == "MM.key_secret"
    with pytest.raises(KeyUnusable, match="portcullis keys new B"):
        own_secret(folder, "B")
    make_key(folder, "B@2")
    assert own_secret(folder, "B").name == "B@2.key_secret"
    make_key(folder, "B@3")
    with pytest.raises(KeyUnusable, match="leave the one"):
        own_secret(folder, "B")


@pytest.mark.parametrize("make", [Link, Subscriber, Publisher])
def test_keys_and_endpoint_must_agree(keys, make):
    """A curve:// endpoint without keys is never spoken to; keys never go to a plain one."""
    _, ours, mine = keys
    curve = curve_from(ours.public, mine)
    with pytest.raises(KeyUnusable, match="no keys were given"):
        make("curve://127.0.0.1:1")
    with pytest.raises(KeyUnusable, match="not encrypted"):
        make("tcp://127.0.0.1:1", curve=curve)
    assert keys_for("tcp://127.0.0.1:1", curve) is None
    assert keys_for("curve://127.0.0.1:1", curve) == curve


def test_a_refused_client_is_told_why(keys):
    """A client whose key nobody knows hears that, not only that nobody answers."""
    _, ours, mine = keys
    guard = Guard(ours.secret, lambda *_: "nobody", Refusals(Metrics()))
    doors = Transport([(Door.ORDERS, [CURVE_ANY])], guard)
    client = Client("MM", doors.endpoints[0][1], curve=curve_from(ours.public, mine))
    with pytest.raises(Timeout, match="the gateway refused our key"):
        client.connect(timeout_ms=300)
    client.close(0)
    doors.close(linger_ms=0)


@pytest.mark.budget(20)
def test_market_data_that_was_refused_comes_when_the_key_is_let_in(keys):
    """A Subscriber and a Publisher knock again: a key may be put on the list after they began."""
    _, ours, mine = keys
    allowed = set()
    guard = Guard(
        ours.secret, lambda _, key: None if key in allowed else "nobody", Refusals(Metrics())
    )
    proxy = FeedProxy([CURVE_ANY], [CURVE_ANY], guard)
    context = zmq.Context()
    curve = curve_from(ours.public, mine)
    feed = Publisher(proxy.feeds[0], curve=curve, context=context)
    reader = Subscriber(proxy.market_data[0], curve=curve, context=context)
    reader.subscribe("T|")
    metrics = guard.refusals._metrics
    wait_for(lambda: reader.receive(10) or metrics.refused_keys >= 2, what="two refusals")
    assert not reader.receive(0)
    allowed.add(mine.public)

    def heard():
        feed.send("T|", b"quote")
        return reader.receive(20)

    assert wait_for(heard, what="a quote")[0] == ("T|", b"quote")
    feed.close()
    reader.close()
    context.term()
    proxy.close()


def test_a_key_that_nobody_knows_is_refused_each_time(keys):
    """Knocking again is rationed, and never gets a stranger in."""
    _, ours, _ = keys
    metrics = Metrics()
    guard = Guard(ours.secret, lambda *_: "nobody", Refusals(metrics))
    proxy = FeedProxy(["tcp://127.0.0.1:*"], [CURVE_ANY], guard)
    reader = Subscriber(proxy.market_data[0], curve=curve_from(ours.public, stranger_pair()))
    wait_for(lambda: not reader.receive(10) and metrics.refused_keys >= 2, what="two refusals")
    assert metrics.refused_keys < 5
    reader.close()
    proxy.close()
