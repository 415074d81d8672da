"""Who may come in: names, tokens, nonces, times; and what a stranger or a babbler costs."""

from __future__ import annotations

import re
import sys
import time

import pytest
from support.shell import House, config_in, order

from gateway.config import Secret, Strategy
from journal.reader import JournalReader
from protocol import codec
from protocol.messages import OperatorCommand, Reject
from protocol.session import FixSession

TOKEN = "a token of thirty-two characters"


@pytest.fixture
def locked(tmp_path):
    """Give a running gateway in which strategy A needs a token and B does not."""
    path = tmp_path / "token"
    path.write_text(TOKEN)
    strategy = (Strategy(id="A", token=Secret(file=path)), Strategy(id="B"))
    with House(config_in(tmp_path, strategy=strategy)) as house:
        yield house


def refusal(peer, **logon):
    """Log on in vain and return why."""
    peer.raw(peer.fix.logon(time.time_ns(), reset=True, **logon).frame)
    return peer.goodbye()


def test_the_right_token_opens(locked):
    """A Logon signed with the token is accepted."""
    peer = locked.peer("A", token=TOKEN.encode()).log_on(reset=True, nonce="0123456789")
    peer.say(order("1"))
    peer.until(peer.reports)


@pytest.mark.parametrize(
    "logon", [{"token": b"another", "nonce": "0123456789"}, {}], ids=["wrong", "missing"]
)
def test_a_wrong_or_missing_token_is_refused(locked, logon):
    """A Logon that is not signed with the token is refused, and moves nothing."""
    assert "AUTHENTICATION_FAILED" in refusal(locked.peer("A"), **logon)
    assert "A" not in locked.book.state.sessions
    assert locked.gateway.metrics.refused_logons == 1


def test_a_nonce_works_once(locked):
    """A Logon that is copied off the wire and sent again is refused."""
    peer = locked.peer("A", token=TOKEN.encode())
    frame = peer.fix.logon(time.time_ns(), reset=True, token=peer.token, nonce="0123456789").frame
    peer.raw(frame)
    peer.until(lambda: peer.fix.active)
    thief = locked.peer("A")
    thief.raw(frame)
    assert "NONCE_USED" in thief.goodbye()


def test_a_stale_logon_is_refused(locked):
    """A Logon whose time is out of the window is refused, however well it is signed."""
    peer = locked.peer("A")
    old_ns = time.time_ns() - 600 * 10**9
    peer.raw(
        peer.fix.logon(old_ns, reset=True, token=TOKEN.encode(), nonce="0123456789").frame
    )
    assert "STALE_LOGON" in peer.goodbye()


def test_a_logon_that_breaks_a_rule_is_told_which(locked):
    """INVALID_LOGON: without a heartbeat interval nobody comes in, and is told so."""
    peer = locked.peer("B")
    text = codec.unwrap(peer.fix.logon(time.time_ns(), reset=True).frame)
    peer.raw(codec.wrap(re.sub("\x01108=[0-9]+", "", text)))
    assert "INVALID_LOGON: " in peer.goodbye()
    assert "B" not in locked.book.state.sessions


def test_an_unknown_name_is_refused(locked):
    """A CompID that the config does not know is refused by name."""
    assert "UNKNOWN_COMP_ID" in refusal(locked.peer("NOBODY"))
    assert "NOBODY" not in locked.book.state.sessions


def test_a_strategy_may_not_come_in_by_the_venues_door(locked):
    """Each kind of peer has its own door."""
    assert "UNKNOWN_COMP_ID" in refusal(locked.peer("B", "venues"))
    assert "UNKNOWN_COMP_ID" in refusal(locked.peer("PAPER", "orders"))


def test_a_bridge_is_told_which_ids_are_ours(locked):
    """50 of the answer to its Logon is the instance of the config; nobody else is told."""
    assert locked.peer("PAPER", "venues").log_on(reset=True).fix.peer_sub_id == "1"
    assert locked.peer("B").log_on(reset=True).fix.peer_sub_id == ""


def test_an_operator_needs_the_token_that_run_wrote(tmp_path):
    """The token is a file that only its owner reads; with it, a person is a session by name."""
    with House(config_in(tmp_path)) as house:
        path = house.config.operator_token_path
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600
        token = path.read_text().encode()
        peer = house.peer("OPERATOR", "operators", token=token)
        peer.log_on(reset=True, nonce="0123456789", sender_sub_id="ann")
        peer.say(OperatorCommand(cl_ord_id="1", command="STATUS", sender_sub_id="ann"))
        peer.until(lambda: peer.of(OperatorCommand))
        assert ("up", "OPERATOR/ann") in house.core.calls
        other = house.peer("OPERATOR", "operators")
        assert "AUTHENTICATION_FAILED" in refusal(other, sender_sub_id="eve")


def test_an_operator_can_stop_the_gateway(tmp_path):
    """SHUTDOWN is answered, everybody is logged out, and the process ends with 0."""
    house = House(config_in(tmp_path))
    token = house.config.operator_token_path.read_text().encode()
    peer = house.peer("OPERATOR", "operators", token=token)
    peer.log_on(reset=True, nonce="0123456789", sender_sub_id="ann")
    peer.say(OperatorCommand(cl_ord_id="1", command="SHUTDOWN", sender_sub_id="ann"))
    peer.goodbye()
    assert peer.of(OperatorCommand)[0].outcome == "DONE"
    assert house.stop() == 0


def test_strangers_are_counted_and_not_journaled(tmp_path):
    """Frames from a route without a Logon leave no trace but a count."""
    with House(config_in(tmp_path)) as house:
        stranger = house.peer("A")
        stranger.raw(b"garbage")
        stranger.raw(stranger.fix.send(order("1"), time.time_ns()).frame)
        stranger.raw(b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01")
        stranger.raw(b"one", b"two")
        peer = house.logged_on("B")
        while house.gateway.metrics.unauthenticated < 3:
            peer.read()
        records = list(JournalReader(tmp_path / "var" / "journal").read_from(1))
        assert {record.session for record in records} <= {"", "B"}


def test_garbage_in_a_session_is_ignored_until_it_is_too_much(tmp_path):
    """A garbled frame changes nothing; twenty cost the sender its connection, and nobody else."""
    with House(config_in(tmp_path)) as house:
        peer, other = house.logged_on("A"), house.logged_on("B")
        peer.raw(b"garbage")
        peer.say(order("1"))
        peer.until(peer.reports)
        for _ in range(20):
            peer.raw(b"8=FIX.4.4\x019=1\x01garbage")
        assert "TOO_MANY_GARBLED" in peer.goodbye()
        other.say(order("1"))
        other.until(other.reports)


def test_an_invalid_message_is_rejected_and_takes_its_number(tmp_path):
    """A whole frame that breaks a rule is answered with Reject, and the session goes on."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        sent = peer.fix.send(order("1"), time.time_ns())
        text = codec.unwrap(sent.frame).replace("\x0138=1000\x01", "\x0138=NaN\x01")
        peer.raw(codec.wrap(text))
        peer.until(lambda: peer.of(Reject))
        assert peer.of(Reject)[0].ref_tag_id == 38
        peer.say(order("2"))
        peer.until(peer.reports)
        assert house.book.state.sessions["A"].next_in == 4


def test_a_flood_of_garbage_delays_others_by_a_share_of_a_batch(tmp_path):
    """While a stranger floods, an order is still answered promptly."""
    with House(config_in(tmp_path)) as house:
        peer, stranger = house.logged_on("A"), house.peer("X")
        for _ in range(20_000):
            stranger.raw(b"8=FIX.4.4\x019=99\x0135=A\x01garbage")
        started = time.monotonic()
        peer.say(order("1"))
        peer.until(peer.reports)
        assert time.monotonic() - started < 1


def test_a_logon_for_another_gateway_is_refused(tmp_path):
    """TargetCompID must be ours."""
    with House(config_in(tmp_path)) as house:
        fix = FixSession(comp_id="A", peer_comp_id="ELSEWHERE", acceptor=False)
        peer = house.peer("A", fix=fix)
        peer.raw(fix.logon(time.time_ns(), reset=True).frame)
        assert "UNKNOWN_COMP_ID" in peer.goodbye()
