"""The client's session without a socket: killed at every write, whatever was on its way.

A gateway of one page sits at the other end of two lists of frames. The process dies when the nth
record is written to its store, before or after the write; what was on the way arrives or is lost.
"""

from __future__ import annotations

import pytest

from engine import sent_store
from engine.connection import Connection, News, Standing, Terms
from engine.errors import NotConnected
from engine.sent_store import AppendFile, Memory, SentStore
from protocol import codec
from protocol.fields import ExecType, OrdStatus, OrdType, Side
from protocol.messages import ExecutionReport, Logon, NewOrderSingle
from protocol.numbers import ZERO
from protocol.session import FixSession, resend_frames
from protocol.timestamps import SECOND_NS, format_utc

T0 = 1_800_000_000 * SECOND_NS


class Killed(BaseException):
    """The process is gone."""


class Gateway:
    """Accepts every order with one report; remembers everything, as a journal does."""

    def __init__(self):
        self.session = FixSession(comp_id="GATEWAY", peer_comp_id="ME", acceptor=True)
        self.sent = {}
        self.arrived = []
        self.lose = False

    def hear(self, frames, now_ns):
        """Take frames; return the answers."""
        answers = []
        for frame in frames:
            message = codec.decode(frame)
            if isinstance(message, Logon):
                self.session.link_down()
            answers += self._react(self.session.receive(message, now_ns), now_ns)
            answers += self._react(self.session.tick(now_ns), now_ns)
        return answers

    def say(self, message, now_ns):
        """Send something unasked."""
        return [self._keep(self.session.send(message, now_ns))]

    def _keep(self, sent):
        if sent.msg_seq_num:
            self.sent[sent.msg_seq_num] = sent.frame
        return sent.frame

    def _react(self, reaction, now_ns):
        answers = [self._keep(sent) for sent in reaction.replies]
        if reaction.resend is not None:
            begin, end = reaction.resend
            answers += resend_frames(
                self.sent.items(), begin, end, sender_comp_id="GATEWAY", target_comp_id="ME",
                now_ns=now_ns,
            )  # fmt: skip
        if isinstance(reaction.deliver, Logon):
            answers.append(self._keep(self.session.accept(now_ns)))
        elif isinstance(reaction.deliver, NewOrderSingle):
            self.arrived.append(reaction.deliver.cl_ord_id)
            answers += self.say(report(reaction.deliver.cl_ord_id), now_ns)
        return answers


def report(cl_ord_id):
    """Build an acceptance."""
    return ExecutionReport(
        order_id="O1", exec_id=f"E{cl_ord_id}", exec_type=ExecType.NEW, ord_status=OrdStatus.NEW,
        symbol="EURUSD", side=Side.BUY, leaves_qty=ZERO, cum_qty=ZERO, avg_px=ZERO,
        cl_ord_id=cl_ord_id,
    )  # fmt: skip


def order(cl_ord_id):
    """Build an order."""
    return NewOrderSingle(
        cl_ord_id=cl_ord_id, symbol="EURUSD", side=Side.BUY, order_qty=ZERO + 1,
        transact_time=format_utc(T0), ord_type=OrdType.MARKET,
    )  # fmt: skip


class MortalFile(AppendFile):
    """Dies with its process at the nth write, before it or after it."""

    writes_left = 10**9
    after = False

    def append(self, data):
        """Write, unless this was the last moment."""
        MortalFile.writes_left -= 1
        if MortalFile.writes_left == 0:
            if self.after:
                super().append(data)
            raise Killed
        super().append(data)


def exchange(connection, gateway, now_ns):
    """Carry frames both ways until nothing is left to say."""
    connection.tick(now_ns)
    connection.take_reopen()
    while connection.outbox:
        for frame in gateway.hear([connection.outbox.popleft()], now_ns):
            connection.receive(frame, now_ns)


def live(folder, gateway, names, heard, now_ns):
    """Live one process's life: log on, send orders, hear reports; raises Killed somewhere."""
    store = SentStore(folder, "ME", now_s=1)
    try:
        connection = Connection(Terms(comp_id="ME"), store)
        connection.open(now_ns)
        exchange(connection, gateway, now_ns)
        assert connection.standing is Standing.UP
        for name in names:
            connection.send(order(name), now_ns)
            exchange(connection, gateway, now_ns)
            while (message := connection.take()) is not None:
                heard.append(message.msg_seq_num)
        while (message := connection.take()) is not None:
            heard.append(message.msg_seq_num)
        connection.settle()
    finally:
        store.close()


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_write_nothing_is_lost_and_nothing_doubled(tmp_path, monkeypatch, after):
    """For each record of a busy life: the next process goes on, and every report was heard."""
    monkeypatch.setattr(sent_store, "AppendFile", MortalFile)
    monkeypatch.setattr(MortalFile, "after", after)
    moment = 0
    while True:
        moment += 1
        folder, gateway, heard = tmp_path / str(moment), Gateway(), []
        monkeypatch.setattr(MortalFile, "writes_left", moment)
        killed = False
        try:
            live(folder, gateway, ["A", "B", "C"], heard, T0)
        except Killed:
            killed = True
        monkeypatch.setattr(MortalFile, "writes_left", 10**9)
        live(folder, gateway, ["D", "E"], heard, T0 + SECOND_NS)
        assert len(gateway.arrived) == len(set(gateway.arrived))
        assert gateway.arrived[-2:] == ["D", "E"]
        said = [n for n, f in gateway.sent.items() if codec.peek(f).msg_type == "8"]
        assert sorted(set(heard)) == said
        assert len(heard) <= len(said) + 1
        if not killed:
            break
    assert moment > 10


def test_a_frame_lost_on_the_way_out_is_sent_again_when_asked_for(tmp_path):
    """Kept, never sent: the gateway's question brings it, once."""
    gateway = Gateway()
    store = SentStore(tmp_path, "ME", now_s=1)
    first = Connection(Terms(comp_id="ME"), store)
    first.open(T0)
    exchange(first, gateway, T0)
    first.send(order("LOST"), T0)
    first.outbox.clear()
    store.close()
    live(tmp_path, gateway, ["NEXT"], [], T0 + SECOND_NS)
    assert gateway.arrived == ["LOST", "NEXT"]


def test_a_reset_that_was_not_answered_is_asked_for_again(tmp_path):
    """Killed between a reset and its answer, the next process resets again, the one after not."""
    gateway, flags = Gateway(), []
    for wants_reset, is_answered in ((True, False), (False, True), (False, True)):
        store = SentStore(tmp_path, "ME", now_s=1)
        connection = Connection(Terms(comp_id="ME", reset=wants_reset), store)
        connection.open(T0)
        connection.tick(T0)
        flags.append(codec.decode(connection.outbox[-1]).reset_seq_num_flag)
        if is_answered:
            exchange(connection, gateway, T0)
            assert connection.standing is Standing.UP
        store.close()
    assert flags == [True, True, False]


def test_back_off_doubles_and_is_bounded():
    """Nobody answers: the pauses grow to the most, and no further."""
    terms = Terms(comp_id="ME", logon_timeout_ms=100, backoff_min_ms=10, backoff_max_ms=40)
    connection = Connection(terms, Memory(1))
    connection.open(T0)
    now_ns, pauses, since = T0, [], None
    for _ in range(2_000):
        before = connection.standing
        connection.tick(now_ns)
        if before is not connection.standing:
            if connection.standing is Standing.DOWN:
                since = now_ns
            elif since is not None:
                pauses.append((now_ns - since) // 1_000_000)
        now_ns += 1_000_000
    assert pauses[:5] == [10, 20, 40, 40, 40]
    assert {event.news for event in connection.events} == {News.DOWN}


def test_nothing_is_queued_while_down():
    """An order to nobody raises and takes no number."""
    connection = Connection(Terms(comp_id="ME"), Memory(1))
    with pytest.raises(NotConnected, match="closed; not sent"):
        connection.send(order("A"), T0)
    assert connection.session.next_out == 1
