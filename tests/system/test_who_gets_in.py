"""Who gets in, against a whole running gateway whose every door is encrypted (on loopback).

The launched bridge, the strategies, the commands and the market data all come by their keys. After
and during each attack an innocent strategy trades on: its orders reach the venue and come back.
"""

from __future__ import annotations

import re
import time

import pytest
import zmq
from support.curve import HandshakeFlood, attempt, curve_from, make_key, stranger_pair
from support.shell import Peer
from support.system import System
from support.waiting import wait_for

from engine.key_files import read_public, read_secret
from engine.link import Curve
from gateway.commands import launch
from gateway.errors import GatewayError
from portcullis import Client

FAR = "0.90000"
NAMES = ("GATEWAY", "OPERATOR", "PAPER", "MM", "MOMENTUM", "EXAMPLE")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Give one running system: each endpoint is curve://, each pair made by the command."""
    with System(tmp_path_factory.mktemp("house")) as made:
        made.edit("tcp://", "curve://")
        for name in NAMES:
            made.command("keys", "new", name)
        yield made.start()


@pytest.fixture
def folder(house):
    """Return the folder of keys."""
    return house.config.curve.keys


@pytest.fixture
def innocent(house, folder):
    """Give a strategy that must not notice anything; afterwards it still trades."""
    curve = Curve.from_files(folder / "GATEWAY.key", folder / "MOMENTUM.key_secret")
    with Client("MOMENTUM", house.config.gateway.orders[0], curve=curve) as client:
        trade(client)
        lost = []
        client._on_link = lost.append
        yield client
        trade(client)
        assert lost == [], "the innocent never lost its session"


def trade(client):
    """Send an order, see it at the venue, cancel it."""
    order = client.buy("EURUSD", 1000, price=FAR)
    client.wait_for(order, exec_type="0")
    client.cancel(order)
    client.wait_for(order, final=True)


@pytest.fixture
def attacker(house):
    """Give a maker of peers that mean no good."""
    made = []

    def make(comp_id, key="orders", **more):
        made.append(Peer(getattr(house.config.gateway, key)[0], comp_id, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def keys_of(folder, name, server="GATEWAY"):
    """Return the keys of somebody."""
    return curve_from(
        read_public(folder / f"{server}.key"), read_secret(folder / f"{name}.key_secret")
    )


def said(house, text):
    """Wait until the gateway's log says something."""
    wait_for(lambda: re.search(text, house.output()), what=text)


@pytest.mark.budget(60)
def test_everybody_with_a_key_works_as_on_loopback(house):
    """A strategy process trades on market data that came by keys; the commands answer."""
    house.start_strategy("engine/examples/market_maker.py:MarketMaker", "MM")

    wait_for(lambda: house.json("orders"), timeout_s=30, what="orders of the market maker")
    assert {row["session"] for row in house.json("sessions") if row["connected"]} >= {"MM", "PAPER"}
    assert house.stop_strategy("MM") == 0


def test_a_wrong_key_is_refused(house, folder, innocent, attacker):
    """A key that nobody knows does not finish its handshake; the log says where it came from."""
    curve = curve_from(read_public(folder / "GATEWAY.key"), stranger_pair())
    peer = attacker("EXAMPLE", curve=curve)
    peer.ended(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    trade(innocent)
    said(house, r"orders: 127\.0\.0\.1 with the key .{40} is refused: nobody here has its key")
    assert house.status()["turned_away"]["keys"] >= 1


def test_a_right_key_with_anothers_comp_id_is_refused(house, folder, innocent, attacker):
    """EXAMPLE's key cannot log on as MOMENTUM, which trades on meanwhile."""
    peer = attacker("MOMENTUM", curve=keys_of(folder, "EXAMPLE"))
    peer.raw(peer.fix.logon(time.time_ns(), reset=True).frame)
    trade(innocent)
    assert peer.goodbye().startswith("WRONG_KEY: received SenderCompID(49)=MOMENTUM")
    said(house, "a Logon of 'MOMENTUM' was refused: WRONG_KEY")
    assert house.status()["turned_away"]["logons"] >= 1


def test_a_plain_client_is_refused(house, innocent, attacker):
    """Without keys no handshake succeeds, at any door."""
    for key in ("orders", "venues", "operators"):
        peer = attacker("EXAMPLE", key=key)
        attempt(peer)
        peer.ended(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        trade(innocent)
        assert not peer.heard
        said(house, f"{key}: a connection came to nothing: ")
    assert house.status()["turned_away"]["handshakes"] >= 3


def test_a_frame_that_is_too_long_cuts_its_sender_off(folder, innocent, attacker):
    """10 MB from somebody with a key and a session: he is cut off, and nobody else."""
    peer = attacker("EXAMPLE", curve=keys_of(folder, "EXAMPLE"))
    peer.log_on(reset=True)
    peer.raw(b"x" * 10_000_000)
    peer.ended(zmq.EVENT_DISCONNECTED)
    trade(innocent)
    again = attacker("EXAMPLE", curve=keys_of(folder, "EXAMPLE"))
    again.log_on(reset=True)
    assert again.fix.active


@pytest.mark.budget(60)
@pytest.mark.parametrize("key", ["orders", "market_data", "operators"])
def test_a_flood_of_handshakes_harms_nobody(house, folder, innocent, attacker, key):
    """2,000 half-open, half-greeted and senseless connections: orders go on, and Logons."""
    flood = HandshakeFlood(getattr(house.config.gateway, key)[0])
    for _ in range(20):
        flood.step(100, keep=500)
        trade(innocent)
    attacker("EXAMPLE", curve=keys_of(folder, "EXAMPLE")).log_on(reset=True)
    assert house.status() is not None
    assert flood.opened == 2000
    flood.close()
    said(house, rf"{key}: a connection came to nothing: ")


@pytest.mark.budget(60)
def test_a_revoked_key_is_out_at_once(house, folder, innocent, attacker):
    """`keys revoke` ends a live session; the key is refused from then on, another one gets in."""
    curve = keys_of(folder, "EXAMPLE")
    peer = attacker("EXAMPLE", curve=curve)
    peer.log_on(reset=True)
    assert "revoked EXAMPLE" in house.command("keys", "revoke", "EXAMPLE").stdout
    assert peer.goodbye().startswith("KEY_REVOKED")
    attacker("EXAMPLE", curve=curve).ended(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    trade(innocent)
    said(house, "is refused: its key is revoked")
    house.command("keys", "new", "EXAMPLE")

    def gets_in():
        client = Client(
            "EXAMPLE", house.config.gateway.orders[0], curve=keys_of(folder, "EXAMPLE")
        )
        try:
            client.connect(timeout_ms=1_000)
        except TimeoutError:
            return False
        finally:
            client.close()
        return True

    wait_for(gets_in, what="the new key", timeout_s=20)


@pytest.mark.budget(60)
def test_a_venue_without_its_key_is_down_and_says_why(house, folder, innocent):
    """A bridge whose key goes away loses its link and says so; the key brings it back."""
    key = (folder / "PAPER.key").read_bytes()
    (folder / "PAPER.key").unlink()
    wait_for(lambda: house.status()["venues"]["PAPER"] != "ready", what="a venue that is down")
    log = house.config.log.path / "bridge-PAPER.out"
    wait_for(lambda: "the gateway refused our key" in log.read_text("utf-8"), what="its complaint")
    (folder / "PAPER.key").write_bytes(key)
    (folder / "PAPER.key").chmod(0o644)
    wait_for(house.ready, what="the venue again", timeout_s=30)


@pytest.mark.budget(60)
def test_an_operators_key_alone_is_not_enough(house, folder, tmp_path):
    """Without the token that `run` wrote, an operator's key opens nothing."""
    token = house.config.operator_token_path
    right = token.read_text()
    token.write_text("wrong")
    try:
        with pytest.raises(GatewayError, match="AUTHENTICATION_FAILED"):
            house.ask("STATUS")
    finally:
        token.write_text(right)
    assert house.ask("STATUS")


@pytest.mark.budget(30)
@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:5570", "tcp://192.0.2.1:5570", "tcp://*:5570"])
def test_what_others_can_reach_needs_curve(system, endpoint):
    """`run` refuses to start on a plain endpoint off loopback, and says what to write instead."""
    ours = f"tcp://127.0.0.1:{system.ports[0]}"
    system.edit(ours, endpoint)
    done = system.command("run", check=False)
    system.edit(endpoint, ours)
    assert done.returncode == 2
    assert "which other machines can reach" in done.stderr
    assert endpoint.replace("tcp://", "curve://") in done.stderr
    assert not system.journal.exists()


@pytest.mark.budget(30)
def test_curve_without_a_key_does_not_start(system):
    """curve:// without GATEWAY.key_secret: exit code 2 and what helps, then it runs."""
    system.edit(f"tcp://127.0.0.1:{system.ports[0]}", f"curve://0.0.0.0:{system.ports[0]}")
    done = system.command("run", check=False)
    assert done.returncode == 2
    assert "portcullis keys new GATEWAY" in done.stderr
    make_key(system.folder / "var" / "keys", "GATEWAY")
    system.process = launch.start(
        ["run", "--config", system.config_path], output=system.folder / "run.out"
    )
    system.wait_ready()
