"""The session's numbers: gaps, resends, duplicates, resets, and what is refused."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.connection_pair import START_NS, ConnectionPair, ids, last_text, order, says

from protocol import codec
from protocol.liveness import Gap
from protocol.messages import Logout
from protocol.session import NOTHING, FixSession, resend_frames
from protocol.timestamps import SECOND_NS, format_utc


@pytest.fixture
def pair():
    """Two sessions that are logged on."""
    joined = ConnectionPair()
    joined.connect()
    return joined


# Gaps


def test_gap_is_asked_about_once(pair):
    """Messages beyond a gap are dropped, and one ResendRequest 7=gap 16=0 goes out for it."""
    for number in (4, 5, 6):
        reaction = pair.gateway.session.receive(codec.decode(says("0", number=number)), START_NS)
        assert not reaction.consumed
        said = [(m.begin_seq_no, m.end_seq_no) for _, m, _ in reaction.replies]
        assert ([(2, 0)] if number == 4 else []) == said


def test_lost_answer_is_asked_for_again(pair):
    """When nothing comes of a ResendRequest for an interval, it is said again."""
    pair.hear(pair.gateway, says("0", number=4))
    pair.gateway.outbox.clear()
    due_ns = START_NS + 10 * SECOND_NS

    again = pair.gateway.session.tick(due_ns).replies

    assert "2" in [sent.message.msg_type for sent in again]


def test_resend_brings_application_messages_and_fills_the_rest(pair):
    """Of 1 A, 2 D, 3 0, 4 D a resend gives GapFill to 2, D, GapFill to 4, D."""
    pair.send(pair.client, order(1))
    pair.now_ns += 10 * SECOND_NS
    pair.handle(pair.client, pair.client.session.tick(pair.now_ns))
    pair.send(pair.client, order(2))
    names = {"sender_comp_id": "MM", "target_comp_id": "GATEWAY"}

    frames = resend_frames(sorted(pair.client.sent.items()), 1, 4, now_ns=pair.now_ns, **names)
    found = [codec.decode(frame) for frame in frames]

    assert [message.msg_type for message in found] == ["4", "D", "4", "D"]
    assert [message.msg_seq_num for message in found] == [1, 2, 3, 4]
    assert [message.new_seq_no for message in found if message.msg_type == "4"] == [2, 4]
    assert all(message.poss_dup_flag and message.orig_sending_time for message in found)


def test_resend_of_what_nobody_remembers_is_a_gap_fill():
    """Numbers that the store does not hold are filled up to the end that was asked for."""
    names = {"sender_comp_id": "MM", "target_comp_id": "GATEWAY"}

    (frame,) = resend_frames([], 3, 9, now_ns=START_NS, **names)

    assert (codec.decode(frame).msg_seq_num, codec.decode(frame).new_seq_no) == (3, 10)


def test_resend_keeps_the_message_and_its_first_time(pair):
    """A resent message differs in 43, 122, 52, BodyLength and CheckSum, and in nothing else."""
    first = pair.client.session.send(order(1), START_NS).frame

    again = codec.decode(codec.resend_of(first, format_utc(START_NS + SECOND_NS)))

    expected = replace(
        codec.decode(first), poss_dup_flag=True, orig_sending_time=format_utc(START_NS),
        sending_time=format_utc(START_NS + SECOND_NS),
    )  # fmt: skip
    assert expected == again


def test_both_sides_can_have_a_gap():
    """Each side answers the other's ResendRequest although its own gap is open: no deadlock."""
    pair = ConnectionPair()
    pair.connect()
    pair.hang_up()
    for number in range(3):
        pair.send(pair.client, order(number))
        pair.send(pair.gateway, order(number + 10))
    pair.connect()

    assert ids(pair.gateway) == ["A0", "A1", "A2"]
    assert ids(pair.client) == ["A10", "A11", "A12"]


def test_early_resend_request_is_answered_and_asked_about(pair):
    """A ResendRequest beyond a gap gets its answer, and then our own question."""
    frame = says("2|7=1|16=0", number=5)
    reaction = pair.gateway.session.receive(codec.decode(frame), START_NS)

    assert (reaction.consumed, reaction.resend) == (False, (1, 1))
    assert [message.begin_seq_no for _, message, _ in reaction.replies] == [2]


def test_gap_is_open_until_the_last_number_seen_has_come():
    """A gap ends when the message that showed it has come again, not one before."""
    gap = Gap()
    gap.widen(4)

    assert gap.is_open(4)
    assert not gap.is_open(5)


def test_resend_request_beyond_the_last_is_rejected(pair):
    """Asking for what was never said is answered with Reject, 371=7."""
    pair.hear(pair.gateway, says("2|7=50|16=0", number=2))

    assert (pair.gateway.said[-1].msg_type, pair.gateway.said[-1].ref_tag_id) == ("3", 7)


# Possible duplicates


def test_known_duplicate_is_ignored(pair):
    """A lower number with 43=Y is dropped without a word."""
    frame = says("0", number=1, more=f"43=Y|122={format_utc(START_NS)}|")

    assert pair.hear(pair.gateway, frame) == NOTHING


def test_lower_number_without_43_breaks(pair):
    """A lower number that claims to be new means that somebody lost his memory: Logout."""
    pair.hear(pair.gateway, says("0", number=1))

    assert last_text(pair.gateway) == "MsgSeqNum too low, expecting 2 but received 1"
    assert not pair.connected


def test_duplicate_without_original_time_is_rejected(pair):
    """43=Y demands 122 (FIX 4.4 vol. 2): Reject 371=122, and a known number is not counted."""
    pair.hear(pair.gateway, says("0", number=1, more="43=Y|"))

    assert (
        pair.gateway.said[-1].ref_tag_id,
        pair.gateway.said[-1].session_reject_reason,
    ) == (122, 1)
    assert pair.gateway.session.next_in == 2


def test_order_that_claims_to_be_a_duplicate_needs_its_first_time(pair):
    """An application message in its turn with 43=Y and no 122 is rejected, not delivered."""
    body = "D|11=A|55=X|54=1|60=20260105-09:30:00|38=1|40=1"
    pair.hear(pair.gateway, says(body, number=2, more="43=Y|"))

    assert pair.gateway.delivered == []
    assert pair.gateway.said[-1].msg_type == "3"


def test_duplicate_from_the_future_breaks(pair):
    """122 later than 52 is Reject 373=10, then Logout."""
    later = format_utc(START_NS + SECOND_NS)
    pair.hear(pair.gateway, says("0", number=2, more=f"43=Y|122={later}|"))

    assert pair.gateway.said[-2].session_reject_reason == 10
    assert isinstance(pair.gateway.said[-1], Logout)


# Resets


def test_logon_with_reset_starts_both_at_one(pair):
    """141=Y makes both sides 1, the Logons themselves; the answer repeats 141=Y."""
    pair.send(pair.client, order(1))
    pair.run()
    pair.hang_up()
    pair.connect(reset=True)

    numbers = [(p.session.next_in, p.session.next_out) for p in (pair.client, pair.gateway)]
    assert numbers == [(2, 2), (2, 2)]
    assert pair.gateway.said[-1].reset_seq_num_flag


def test_unanswered_reset_is_asked_for_again():
    """A reset whose answer was lost is said again, since nobody knows whether it took place."""
    session = FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False, next_in=7)
    session.logon(START_NS, reset=True)
    session.link_down()

    assert session.logon(START_NS).message.reset_seq_num_flag


def test_reset_with_another_number_is_refused():
    """141=Y with 34 other than 1 contradicts itself."""
    session = FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True)

    reaction = session.receive(codec.decode(says("A|98=0|108=10|141=Y", number=4)), START_NS)

    assert "141=Y" in reaction.disconnect


def test_sequence_reset_repairs_numbers_whatever_its_own(pair):
    """SequenceReset without GapFill is taken at any number and moves the expected one up."""
    pair.hear(pair.gateway, says("4|36=20", number=1))

    assert pair.gateway.session.next_in == 20


def test_sequence_reset_never_goes_back(pair):
    """A NewSeqNo below the expected number is rejected with 373=5 and changes nothing."""
    pair.hear(pair.gateway, says("4|36=20", number=2))
    pair.hear(pair.gateway, says("4|36=5", number=20))

    assert pair.gateway.said[-1].session_reject_reason == 5
    assert pair.gateway.session.next_in == 21


def test_gap_fill_moves_on(pair):
    """GapFill in its turn is counted as all the numbers that it stands for."""
    pair.hear(pair.gateway, says("4|123=Y|36=8", number=2))

    assert pair.gateway.session.next_in == 8


def test_gap_fill_beyond_a_gap_is_asked_about(pair):
    """GapFill that comes too early is dropped like any message."""
    pair.hear(pair.gateway, says("4|123=Y|36=9", number=5))

    assert pair.gateway.session.next_in == 2
    assert pair.gateway.said[-1].msg_type == "2"


# Refusals


def test_invalid_message_is_counted_and_rejected(pair):
    """A message that breaks a rule takes its number and gets Reject with the tag and the reason."""
    frame = says("D|11=A|55=X|54=1|60=20260105-09:30:00|38=NaN|40=2", number=2)
    reaction = pair.hear(pair.gateway, frame)

    refusal = pair.gateway.said[-1]
    assert reaction.consumed
    assert (
        refusal.ref_seq_num, refusal.ref_tag_id, refusal.ref_msg_type,
        refusal.session_reject_reason,
    ) == (2, 38, "D", 6)  # fmt: skip


def test_reject_reaches_who_spoke(pair):
    """The side whose message was rejected learns of it, apart from what is delivered."""
    pair.client.session.next_out = 3
    pair.client.outbox.append(says("D|11=A", number=2))
    pair.run()

    assert [refusal.ref_seq_num for refusal in pair.client.rejected] == [2]
    assert pair.client.delivered == []


def test_invalid_message_without_a_number_breaks(pair):
    """What cannot be counted ends the session."""
    frame = codec.wrap(f"35=0\x0149=MM\x0156=GATEWAY\x0152={format_utc(START_NS)}\x01")
    pair.hear(pair.gateway, frame)

    assert not pair.connected


@pytest.mark.parametrize(
    ("sender", "target"), [("MM", "OTHER"), ("OTHER", "GATEWAY")], ids=["target", "sender"]
)
def test_wrong_comp_id_is_rejected_and_ends_the_session(pair, sender, target):
    """Another's CompID is Reject 373=9, then Logout."""
    pair.hear(pair.gateway, says("0", number=2, sender=sender, target=target))

    assert pair.gateway.said[-2].session_reject_reason == 9
    assert pair.gateway.said[-1].msg_type == "5"


@pytest.mark.parametrize("seconds", [-121, 121])
def test_wrong_clock_is_rejected_and_ends_the_session(pair, seconds):
    """SendingTime more than the window away is Reject 373=10, then Logout."""
    pair.hear(pair.gateway, says("0", number=2, now_ns=START_NS + seconds * SECOND_NS))

    assert pair.gateway.said[-2].session_reject_reason == 10
    assert not pair.connected


def test_any_clock_is_trusted_without_a_window():
    """sending_time_window_ms=0 takes any SendingTime."""
    session = FixSession(
        comp_id="GATEWAY", peer_comp_id="MM", acceptor=True, sending_time_window_ms=0
    )
    session.receive(codec.decode(says("A|98=0|108=10", number=1, now_ns=0)), START_NS)

    assert session.accept(START_NS)


def test_garbled_frame_shows_as_a_gap(pair):
    """A garbled frame takes no number; the next one shows the gap, and all comes again."""
    pair.send(pair.client, order(1))
    pair.send(pair.client, order(2))
    pair.client.outbox[0] = pair.client.outbox[0][:-2] + b"X\x01"
    pair.run()

    assert ids(pair.gateway) == ["A1", "A2"]
