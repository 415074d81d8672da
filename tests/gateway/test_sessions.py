"""Sessions over real ZeroMQ: resuming, taking over, being slow, being cut off."""

from __future__ import annotations

import time

import pytest
from support.shell import House, config_in, order, said

from journal.reader import JournalReader
from protocol import codec
from protocol.messages import (
    ExecutionReport,
    Logon,
    ResendRequest,
    SequenceReset,
    TestRequest,
    TradingSessionStatus,
)


def test_a_client_that_comes_back_gets_what_it_missed(tmp_path):
    """After a cut, a Logon without 141=Y is followed by exactly the reports that were missed."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
        for number in range(2, 30):
            peer.say(order(str(number)))
        other = house.logged_on("B")
        other.say(order("x"))
        other.until(other.reports)  # by now the gateway has read what A said
        while len(house.book.state.ids["A"]) < 29:
            other.read()
        peer.close()  # A has read one report, 28 are in a socket that is gone
        peer.fix.link_down()
        back = house.peer("A", fix=peer.fix).log_on()
        back.until(lambda: len(back.reports()) == 28)
        assert back.reports() == [str(number) for number in range(2, 30)]
        back.say(order("30"))
        back.until(lambda: "30" in back.reports())


def test_a_restart_of_the_gateway_loses_nothing(tmp_path):
    """A gateway that is started again answers a ResendRequest from the journal of its forebear."""
    config = config_in(tmp_path)
    with House(config) as house:
        peer = house.logged_on("A")
        for number in range(600):
            peer.say(order(str(number)))
        while len(house.book.state.ids.get("A", ())) < 600:
            pass
        peer.close()
        peer.fix.link_down()
    with House(config) as house:
        back = house.peer("A", fix=peer.fix).log_on()
        back.until(lambda: len(back.reports()) == 600)
        assert back.reports() == [str(number) for number in range(600)]
        assert all(message.poss_dup_flag for message in back.of(ExecutionReport))


def test_orders_that_the_gateway_never_committed_are_asked_for(tmp_path):
    """A Logon whose number is too high is accepted, and what is missing is asked for."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        lost = peer.fix.send(order("1"), time.time_ns())  # numbered, and lost on its way
        peer.close()
        peer.fix.link_down()
        back = house.peer("A", fix=peer.fix)
        back.raw(back.fix.logon(time.time_ns()).frame)
        back.until(lambda: any(m.msg_type == "2" for m in back.heard))
        request = next(m for m in back.heard if m.msg_type == "2")
        assert (request.begin_seq_no, request.end_seq_no) == (lost.msg_seq_num, 0)


def test_a_second_logon_is_refused_while_the_first_connection_lives(tmp_path):
    """The old connection is sent a TestRequest; when it answers, the new Logon is refused."""
    with House(config_in(tmp_path)) as house:
        first = house.logged_on("A")
        second = house.peer("A")
        second.raw(second.fix.logon(time.time_ns(), reset=True).frame)
        first.until(lambda: first.of(TestRequest))
        assert "ALREADY_LOGGED_ON" in second.goodbye()
        first.say(order("1"))
        first.until(first.reports)


def test_a_second_logon_takes_over_from_a_silent_connection(tmp_path):
    """When the old connection does not answer the TestRequest, the new one takes its place."""
    with House(config_in(tmp_path)) as house:
        first = house.logged_on("A")
        second = house.logged_on("A")
        assert ("down", "A", "TAKEOVER") in house.core.calls
        second.say(order("1"))
        second.until(second.reports)
        first.read()
        assert first.reports() == []


def test_a_second_logon_takes_over_from_a_closed_connection_at_once(tmp_path):
    """When nobody is at the old route any more, the new Logon need not wait."""
    with House(config_in(tmp_path)) as house:
        first = house.logged_on("A")
        first.close()
        started = time.monotonic()
        house.logged_on("A")
        assert time.monotonic() - started < 1


@pytest.mark.length("ci")
def test_what_comes_from_a_connection_that_was_taken_over_is_dropped(tmp_path):
    """After a takeover the old route is a stranger's: its orders move nothing."""
    with House(config_in(tmp_path)) as house:
        first = house.logged_on("A")
        second = house.logged_on("A")
        first.say(order("stale"))
        while not house.gateway.metrics.unauthenticated:
            second.read()
        assert "stale" not in house.book.state.ids.get("A", {})


@pytest.mark.budget(30)
def test_a_slow_reader_gets_everything_in_order_and_delays_nobody(tmp_path):
    """A reader that stops gets all of it later, from the journal; meanwhile nobody else waits."""
    with House(config_in(tmp_path)) as house:
        slow = house.logged_on("A", hwm=10)
        slow.say(order("1", "burst:20000"))
        while not house.gateway.metrics.blocked:
            slow_enough = house.logged_on("B")
            slow_enough.close()
        quick = house.logged_on("C")
        for number in range(50):
            quick.say(order(str(number)))
            quick.until(lambda: len(quick.reports()) > number)  # noqa: B023 - called at once
        slow.until(lambda: len(slow.heard) > 20_000, 40)  # counted first: it is asked each time
        slow.until(lambda: len(slow.of(TradingSessionStatus)) == 20_000)
        heard = slow.of(TradingSessionStatus)
        assert [m.trading_session_id for m in heard] == [f"B{n}" for n in range(20_000)]
        assert not any(message.poss_dup_flag for message in heard)
        slow.say(order("2"))
        slow.until(lambda: "2" in slow.reports())


def test_live_messages_wait_behind_a_resend(tmp_path):
    """What is said during a resend comes after it, in order: the reader never sees a gap."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1", "burst:2000"))
        peer.until(lambda: len(peer.of(TradingSessionStatus)) == 2000)
        peer.heard.clear()
        number = peer.fix.next_in
        peer.fix.next_in = 2  # forget all but the Logon
        peer.say(ResendRequest(begin_seq_no=2, end_seq_no=0))
        peer.say(order("2"))
        peer.until(lambda: "2" in peer.reports())
        assert [m.msg_seq_num for m in peer.heard] == list(range(2, number + 1))
        assert [m.poss_dup_flag for m in peer.heard] == [True] * (number - 2) + [False]


def test_administrative_messages_are_gap_filled(tmp_path):
    """A resend skips over Logon and heartbeats with SequenceReset-GapFill."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(TestRequest(test_req_id="T"))
        peer.until(lambda: any(m.msg_type == "0" for m in peer.heard))
        peer.say(order("1"))
        peer.until(peer.reports)
        peer.heard.clear()
        peer.fix.next_in = 1
        peer.say(ResendRequest(begin_seq_no=1, end_seq_no=0))
        peer.until(peer.reports)
        first = peer.heard[0]
        assert isinstance(first, SequenceReset)
        assert (first.msg_seq_num, first.new_seq_no, first.gap_fill_flag) == (1, 3, True)


def test_resends_are_not_journaled(tmp_path):
    """A resend takes no number and leaves no record."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
        peer.fix.next_in = 1
        peer.say(ResendRequest(begin_seq_no=1, end_seq_no=0))
        peer.until(lambda: len(peer.reports()) == 2)
    frames = [r.frame for r in JournalReader(tmp_path / "var" / "journal").read_from(1)]
    assert not any(b"\x0143=Y\x01" in frame for frame in frames)
    assert sum(codec.peek(frame).msg_type == "8" for frame in frames) == 1


def test_a_venue_that_is_not_there_is_never_sent_to(tmp_path):
    """What a venue cannot be handed goes back to the core, which knows that it was never sent."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1", "venue:PAPER"))
        peer.until(peer.reports)
        while not house.core.refused:
            peer.read()
        assert house.core.refused[0] == ("PAPER", said("ORDER"))


def test_a_venue_that_went_away_is_noticed_when_it_is_sent_to(tmp_path):
    """A frame for a route where nobody is goes back to the core, and the venue is down."""
    with House(config_in(tmp_path)) as house:
        bridge = house.logged_on("PAPER", "venues")
        peer = house.logged_on("A")
        peer.say(order("1", "venue:PAPER"))
        bridge.until(lambda: bridge.of(TradingSessionStatus))
        bridge.close()
        number = 1
        while not house.core.refused:
            number += 1
            peer.say(order(str(number), "venue:PAPER"))
            peer.until(lambda: str(number) in peer.reports())  # noqa: B023 - called at once
        while ("down", "PAPER", "DISCONNECT") not in house.core.calls:
            peer.read()


def test_a_logout_is_answered_and_the_core_hears_of_it(tmp_path):
    """A Logout ends the session in order: it is answered, and the core is told LOGOUT."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.raw(peer.fix.logout("done", time.time_ns()).frame)
        peer.goodbye()
        while ("down", "A", "LOGOUT") not in house.core.calls:
            peer.read()
        peer.heard.clear()
        peer.fix.link_down()
        peer.dropped = None
        peer.log_on()
        assert peer.of(Logon)[-1].msg_seq_num == 3


def test_after_lost_messages_a_session_must_reset(tmp_path):
    """A session that may have lost messages is answered RESET_REQUIRED until it says 141=Y."""
    config = config_in(tmp_path)
    with House(config) as house:
        peer = house.logged_on("A")
        peer.close()
        peer.fix.link_down()
    with House(config) as house:
        house.book.state.sessions["A"].reset_required = True
        back = house.peer("A", fix=peer.fix)
        back.raw(back.fix.logon(time.time_ns()).frame)
        assert "RESET_REQUIRED" in back.goodbye()
        back.fix.link_down()
        back.dropped = None
        back.log_on(reset=True)
        back.say(order("1"))
        back.until(back.reports)


@pytest.mark.parametrize("gap_fill", [True, False])
def test_the_state_counts_as_the_session_does(tmp_path, gap_fill):
    """After every kind of traffic, the numbers in the state are those of the live session."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(TestRequest(test_req_id="T"))
        peer.say(order("1"))
        peer.say(SequenceReset(gap_fill_flag=gap_fill, new_seq_no=50))
        peer.fix.next_out = 50
        peer.say(order("2"))
        peer.until(lambda: len(peer.reports()) == 2)
        known = house.book.state.sessions["A"]
        live = house.gateway._loop._directory.get("A").fix
        assert (known.next_in, known.next_out) == (live.next_in, live.next_out) == (51, 5)


def test_a_challenger_comes_in_when_the_old_connection_logs_out(tmp_path):
    """A second Logon that waits need not wait longer than the first connection lasts."""
    with House(config_in(tmp_path)) as house:
        first, second = house.logged_on("A"), house.peer("A")
        second.raw(second.fix.logon(time.time_ns(), reset=True).frame)
        first.socket.poll(10_000)
        first.raw(first.fix.logout("going", time.time_ns()).frame)
        started = time.monotonic()
        second.until(lambda: second.fix.active)
        assert time.monotonic() - started < 1
        second.say(order("1"))
        second.until(second.reports)


@pytest.mark.length("ci")
def test_one_challenger_waits_at_a_time(tmp_path):
    """LOGON_PENDING: while a second Logon waits for the first connection, a third is refused."""
    with House(config_in(tmp_path)) as house:
        first, second, third = house.logged_on("A"), house.peer("A"), house.peer("A")
        second.raw(second.fix.logon(time.time_ns(), reset=True).frame)
        first.socket.poll(10_000)  # it is asked whether it lives, and says nothing
        third.raw(third.fix.logon(time.time_ns(), reset=True).frame)
        assert "LOGON_PENDING" in third.goodbye()
        second.until(lambda: second.fix.active)


def test_heartbeats_keep_a_quiet_session_alive(tmp_path):
    """A session with nothing to say exchanges heartbeats; one that is silent is dropped."""
    with House(config_in(tmp_path)) as house:
        alive, dead = house.peer("A"), house.peer("B")
        for peer in (alive, dead):
            peer.fix.heart_bt_int = 1
            peer.log_on(reset=True)
        alive.until(lambda: ("down", "B", "DISCONNECT") in house.core.calls)
        assert any(message.msg_type == "0" for message in alive.heard)
        alive.say(order("1"))
        alive.until(alive.reports)


def test_a_session_that_floods_is_cut_off_and_may_come_back(tmp_path):
    """It is disconnected with an alert that says why; others go on; what it lost is asked for."""
    with House(config_in(tmp_path)) as house:
        house.gateway._loop._transport.intake.max_waiting = 2**18
        other, peer = house.logged_on("B"), house.logged_on("A")
        flood = [peer.fix.send(order(str(at)), time.time_ns()) for at in range(5_000)]
        for sent in flood:
            peer.sent[sent.msg_seq_num] = sent.frame
            peer.raw(sent.frame)
        other.until(lambda: ("down", "A", "DISCONNECT") in house.core.calls)
        other.say(order("1"))
        other.until(other.reports)
        house.gateway._loop._transport.intake.max_waiting = 2**26
        peer.close()
        peer.fix.link_down()
        back = house.peer("A", fix=peer.fix, sent=peer.sent).log_on()
        back.say(order("last"))
        back.until(lambda: "last" in back.reports(), timeout_s=60)
        assert len(house.book.state.ids["A"]) == 5_001
    records = JournalReader(tmp_path / "var" / "journal").read_from(1)
    (alert,) = [record.frame for record in records if b'"alert":"FLOOD"' in record.frame]
    assert '"why":"FLOOD: more than' in alert.decode()
