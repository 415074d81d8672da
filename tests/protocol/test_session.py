"""The session's life: Logon, heartbeats, Logout, and what may be said when."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.connection_pair import START_NS, ConnectionPair, ids, last_text, order, says

from protocol import codec
from protocol.errors import EncodeError, InvalidMessage, SessionError
from protocol.fields import BusinessRejectReason
from protocol.messages import BusinessMessageReject, Logon, SequenceReset
from protocol.session import NOTHING, FixSession, State
from protocol.timestamps import SECOND_NS, format_utc


@pytest.fixture
def pair():
    """Two sessions that are logged on."""
    joined = ConnectionPair()
    joined.connect()
    return joined


# Text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 2048, "x" * 2048),
        ("x" * 2049, "x" * 2047 + "…"),
        ("REFUSED: " + "é" * 60_000, "REFUSED: " + "é" * 2038 + "…"),
        ("a\x01b", "a|b"),
        ("", None),
    ],
    ids=["fits", "one too long", "far too long", "SOH", "empty"],
)
def test_an_explanation_is_cut_to_what_fits(pair, text, said):
    """No Text is too long to be sent: it is clipped where the message gets its number."""
    refusal = BusinessMessageReject(
        ref_msg_type="D", business_reject_reason=BusinessRejectReason.OTHER, text=text
    )
    sent = pair.gateway.session.send(refusal, START_NS)

    assert sent.message.text == said
    assert codec.decode(sent.frame).text == said


def test_a_sequence_number_has_room_after_it(pair):
    """A reset to the end of all numbers is refused: what comes after it could not be written."""
    jump = says("4|36=999999999999999999", number=2)
    with pytest.raises(InvalidMessage, match="NewSeqNo"):
        codec.decode(jump)


# Logon


def test_logon_makes_both_sides_active(pair):
    """After Logon and its answer both sides are logged on, and each has counted one message."""
    assert pair.client.session.active
    assert pair.gateway.session.active
    assert (pair.client.session.next_in, pair.gateway.session.next_in) == (2, 2)


def test_acceptor_takes_the_heartbeat_interval_of_the_logon():
    """HeartBtInt is the initiator's choice, and the answer repeats it."""
    pair = ConnectionPair()
    pair.client.session.heart_bt_int = 30
    pair.connect()

    assert pair.gateway.session.heart_bt_int == 30
    assert pair.gateway.said[0].heart_bt_int == 30


def test_logon_moves_nothing_before_it_is_accepted():
    """A Logon that waits for judgement changes no number: it may be a stranger's."""
    session = FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True, next_in=5, next_out=9)
    logon = codec.decode(says("A|98=0|108=10", number=5))

    reaction = session.receive(logon, START_NS)

    assert (True, logon) == (reaction.consumed, reaction.deliver)
    assert (session.next_in, session.next_out) == (5, 9)


def test_refused_logon_takes_no_number():
    """A Logout that refuses is not counted on either side: the real peer never hears of it."""
    pair = ConnectionPair()
    pair.connected = True
    sent = pair.client.session.logon(START_NS)
    pair.gateway.session.receive(codec.decode(sent.frame), START_NS)

    refusal = pair.gateway.session.refuse("WRONG_PASSWORD", START_NS)
    reaction = pair.client.session.receive(codec.decode(refusal.frame), START_NS)

    assert refusal.msg_seq_num == 0
    assert "WRONG_PASSWORD" in reaction.disconnect
    assert (pair.gateway.session.next_in, pair.gateway.session.next_out) == (1, 1)
    assert pair.client.session.next_in == 1


def test_stranger_cannot_disturb_a_live_session(pair):
    """A second Logon that is refused, or has a number too low, leaves the live session as it is."""
    session = pair.gateway.session
    before = (session.state, session.next_in, session.next_out)

    too_low = session.receive(codec.decode(says("A|98=0|108=10", number=1)), START_NS)
    session.receive(codec.decode(says("A|98=0|108=10|141=Y", number=1)), START_NS)
    session.refuse("NOT_YOU", START_NS)

    assert too_low.replies[0].msg_seq_num == 0
    assert before == (session.state, session.next_in, session.next_out)


def test_new_link_takes_over_a_live_session(pair):
    """A Logon in its turn on a live session is accepted when the shell says so."""
    session = pair.gateway.session
    session.receive(codec.decode(says("A|98=0|108=5", number=2)), START_NS)

    session.accept(START_NS)

    assert (session.active, session.next_in, session.heart_bt_int) == (True, 3, 5)


def test_logon_number_too_high_is_accepted_and_asked_about():
    """A Logon beyond a gap logs on; then the acceptor asks for what it missed."""
    pair = ConnectionPair()
    for number in range(3):
        pair.send(pair.client, order(number))
    pair.connect()

    assert pair.gateway.session.active
    assert pair.gateway.said_types() == "A 2"
    assert ids(pair.gateway) == ["A0", "A1", "A2"]


def test_logon_number_too_low_is_refused():
    """A peer that lost its memory is told the number that was expected."""
    pair = ConnectionPair()
    pair.gateway.session.next_in = 9
    pair.connect()

    assert last_text(pair.gateway) == "MsgSeqNum too low, expecting 9 but received 1"
    assert State.DISCONNECTED is pair.client.session.state


def test_unanswered_logon_gives_up():
    """An initiator whose Logon is not answered within a heartbeat interval drops the link."""
    session = FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False)
    session.logon(START_NS)
    due_ns = session.next_deadline_ns()

    assert session.tick(due_ns - 1) == NOTHING
    assert session.tick(due_ns).disconnect == "no answer to our Logon"


def test_initiator_hears_logon_first():
    """Anything but Logon or Logout in answer to a Logon ends the attempt."""
    session = FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False)
    session.logon(START_NS)
    frame = says("0", number=1, sender="GATEWAY", target="MM")

    assert session.receive(codec.decode(frame), START_NS).disconnect


def test_acceptor_is_deaf_before_it_has_accepted():
    """What comes before acceptance is ignored; it is asked for after it."""
    session = FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True)
    early = codec.decode(says("0", number=2))

    assert session.receive(early, START_NS) == NOTHING
    session.receive(codec.decode(says("A|98=0|108=10", number=1)), START_NS)
    assert session.receive(early, START_NS) == NOTHING
    session.accept(START_NS)
    assert session.next_in == 2


# Heartbeats


def test_heartbeats_keep_an_idle_session_alive(pair):
    """With nothing to say both sides say Heartbeat each interval, and nobody drops the link."""
    pair.wait(100)

    assert pair.connected
    assert 10 == pair.client.said_types().count("0") == pair.gateway.said_types().count("0")


def test_traffic_saves_heartbeats(pair):
    """Who speaks need not heartbeat."""
    for _ in range(5):
        pair.wait(6)
        pair.send(pair.client, order(1))

    assert "0" not in pair.client.said_types().split()


def test_silent_peer_is_asked_then_dropped(pair):
    """After 1.2 intervals of silence a TestRequest goes out, after 2.4 Logout and the link ends."""
    session = pair.gateway.session

    early = session.tick(START_NS + 12 * SECOND_NS - 1)
    asked = session.tick(START_NS + 12 * SECOND_NS)
    dropped = session.tick(START_NS + 24 * SECOND_NS)

    assert "1" not in [sent.message.msg_type for sent in early.replies]
    assert "1" in [sent.message.msg_type for sent in asked.replies]
    assert [sent.message.text for sent in dropped.replies] == ["heard nothing for 24 s"]
    assert dropped.disconnect == "heard nothing for 24 s"
    assert State.DISCONNECTED is session.state


def test_silent_peer_is_asked_once(pair):
    """One silence brings one TestRequest, however often the clock ticks."""
    session = pair.gateway.session
    session.tick(START_NS + 12 * SECOND_NS)

    again = session.tick(START_NS + 13 * SECOND_NS)

    assert "1" not in [sent.message.msg_type for sent in again.replies]
    assert session.next_deadline_ns() > START_NS + 13 * SECOND_NS


def test_test_request_is_answered_with_its_id(pair):
    """A Heartbeat that answers a TestRequest repeats its TestReqID."""
    pair.hear(pair.gateway, says("1|112=ARE-YOU-THERE", number=2))

    assert pair.gateway.said[-1].test_req_id == "ARE-YOU-THERE"


def test_any_frame_proves_life(pair):
    """Even a frame that is rejected shows that the peer is there."""
    pair.now_ns += 20 * SECOND_NS
    pair.hear(pair.gateway, says("D|11=A", number=2, now_ns=pair.now_ns))

    reaction = pair.gateway.session.tick(START_NS + 24 * SECOND_NS)
    assert reaction.disconnect is None


# Logout


def test_logout_is_answered_and_ends(pair):
    """Both sides part after Logout and its answer, with their numbers level."""
    pair.client.say(pair.client.session.logout("done", START_NS))
    pair.run()

    assert pair.gateway.endings[-1] == "the peer logged out: done"
    assert pair.client.endings[-1] == "logged out"
    assert pair.client.session.next_in == pair.gateway.session.next_out


def test_unanswered_logout_gives_up(pair):
    """Who says Logout waits two seconds for the answer, then goes."""
    session = pair.client.session
    session.logout(None, START_NS)

    assert session.tick(START_NS + 2 * SECOND_NS - 1) == NOTHING
    assert session.tick(START_NS + 2 * SECOND_NS).disconnect == "no answer to our Logout"


def test_messages_on_their_way_count_after_logout(pair):
    """What the peer had said before it heard our Logout is still delivered."""
    pair.gateway.session.logout(None, START_NS)
    pair.send(pair.client, order(1))
    pair.run()

    assert ids(pair.gateway) == ["A1"]


def test_logout_beyond_a_gap_is_obeyed(pair):
    """A Logout with a number too high ends the session; the gap is filled after the next Logon."""
    pair.hear(pair.gateway, says("5", number=9))

    assert not pair.connected
    assert pair.gateway.session.next_in == 2


# Sending


def test_messages_said_to_nobody_are_delivered_after_logon(pair):
    """Send works without a link: after the next Logon the peer asks for what it missed."""
    pair.hang_up()
    for number in range(3):
        pair.send(pair.gateway, order(number))
    pair.connect()

    assert ids(pair.client) == ["A0", "A1", "A2"]


def test_message_that_cannot_be_encoded_takes_no_number(pair):
    """EncodeError leaves the session as it was."""
    before = pair.client.session.next_out
    with pytest.raises(EncodeError):
        pair.client.session.send(replace(order(1), order_qty=1.5), START_NS)

    assert before == pair.client.session.next_out


def test_own_mistakes_are_errors(pair):
    """A second Logon, or an acceptance of nothing, is a bug of the caller's and says so."""
    with pytest.raises(SessionError, match="SAY_LOGON is not allowed"):
        pair.client.session.logon(START_NS)
    with pytest.raises(SessionError, match="no Logon"):
        pair.gateway.session.accept(START_NS)


def test_headers_are_what_the_session_gave(pair):
    """A sent message bears the session's names, its number and the time."""
    sent = pair.client.session.send(order(1), START_NS)
    found = codec.decode(sent.frame)

    assert (found.sender_comp_id, found.target_comp_id, found.msg_seq_num) == ("MM", "GATEWAY", 2)
    assert format_utc(START_NS) == found.sending_time


def test_cancel_on_disconnect_is_agreed_in_the_logon():
    """The acceptor's answer repeats 35002 and 35003: the peer knows that they were understood."""
    session = FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True)
    session.receive(codec.decode(says("A|98=0|108=10|35002=3|35003=5000", number=1)), START_NS)

    answer = codec.decode(session.accept(START_NS).frame)

    assert isinstance(answer, Logon)
    assert (answer.cancel_on_disconnect_type, answer.cod_timeout_window) == (3, 5000)


def test_gap_fill_is_never_new_business(pair):
    """SequenceReset is not delivered to the layer above."""
    pair.hear(pair.gateway, says("4|123=Y|36=8", number=2))

    assert not [m for m in pair.gateway.delivered if isinstance(m, SequenceReset)]
