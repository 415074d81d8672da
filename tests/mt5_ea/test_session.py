"""The session in MQL5 does what protocol/session.py does, message for message and tick for tick."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.every_message import complete
from support.mt5.ea import Program, VirtualClock
from support.mt5.runtime import build

from protocol import codec
from protocol.authentication import sign, verify
from protocol.codec import wrap
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.messages import TradingSessionStatus
from protocol.session import FixSession
from protocol.session_states import State
from protocol.timestamps import format_utc

PROBES = Path(build.__file__).parents[1] / "probes"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
    pytest.mark.length("ci"),
]
T0 = 1_767_603_000 * 10**9
MS = 10**6
HEART_S = 1
SAID = ("35", "34", "45", "371", "372", "373", "7", "16", "112", "123", "36", "141", "108")
"""What of a session's own message must be the same on both sides; texts may differ."""


@pytest.fixture(scope="module")
def program():
    """Give the compiled session."""
    return Program(build.build(PROBES / "Session.mq5"), None, clock=VirtualClock(0))


def told(text):
    """Read what the probe tells: a dict, with lists of what may come often."""
    found = {"say": []}
    for line in text.split("\n")[:-1]:
        word, _, rest = line.partition(" ")
        if word == "say":
            found["say"].append(rest)
        else:
            found[word] = rest
    return found


def fields(frame):
    """Return the fields of a frame of the session's own, as far as they are compared."""
    pairs = [part.partition("=")[::2] for part in frame.split("\x01")]
    return {tag: value for tag, value in pairs if tag in SAID}


class Pair:
    """Both sessions, which hear and are asked the same."""

    def __init__(self, program):
        self.program = program
        self.now_ns = T0
        program.probe(f"begin {HEART_S}")
        self.here = FixSession(
            comp_id="MT5", peer_comp_id="GATEWAY", acceptor=False, heart_bt_int=HEART_S
        )
        self.peer_out = 1
        self.rejected = 0

    def compare(self, reaction_replies, there, *, disconnect=None, deliver=None, resend=None):
        """Hold both against each other."""
        here = self.here
        assert there["state"] == str(list(State).index(here.state))
        assert there["next"] == f"{here.next_in} {here.next_out}"
        assert there["deadline"] == str(here.next_deadline_ns() or 0) or (
            int(there["deadline"]) <= self.now_ns >= (here.next_deadline_ns() or 0)
        )
        ours = [fields(sent.frame.decode()) for sent in reaction_replies]
        assert [fields(frame) for frame in there["say"]] == ours
        assert ("disconnect" in there) == (disconnect is not None)
        assert ("resend" in there) == (resend is not None)
        expected = f"{deliver.msg_type} {deliver.msg_seq_num}" if deliver is not None else None
        assert there.get("deliver") == expected
        for frame in there["say"]:
            codec.decode(frame.encode())

    def probe(self, command, content=b""):
        """Ask the compiled session."""
        return told(self.program.probe(f"{command} {self.now_ns}", content).decode())

    def logon(self):
        """Say Logon on both, from the beginning."""
        if self.here.state is not State.DISCONNECTED:
            self.down()
        sent = self.here.logon(self.now_ns, reset=True)
        self.peer_out = 1
        self.compare([sent], self.probe("logon"))

    def down(self):
        """Lose the link on both."""
        self.here.link_down()
        self.compare([], self.probe("down"))

    def tick(self, ms):
        """Let time pass on both."""
        self.now_ns += ms * MS
        reaction = self.here.tick(self.now_ns)
        there = self.probe("tick")
        self.compare(reaction.replies, there, disconnect=reaction.disconnect)

    def say(self):
        """Say an application message on both."""
        message = TradingSessionStatus(trading_session_id="MT5", trad_ses_status=2)
        self.compare([self.here.send(message, self.now_ns)], self.probe("say"))

    def logout(self):
        """Say Logout on both, where it is allowed."""
        if self.here.state in {State.ACTIVE, State.LOGOUT_SENT, State.LOGON_SENT}:
            self.compare([self.here.logout("bye", self.now_ns)], self.probe("logout", b"bye"))

    def hear(self, frame):
        """Let both hear a frame."""
        there = self.probe("receive", frame)
        try:
            message = codec.decode(frame)
        except GarbledMessage:
            self.compare([], there)
            return
        except InvalidMessage as problem:
            message = problem
        reaction = self.here.receive(message, self.now_ns)
        assert ("rejected" in there) == (reaction.rejected is not None)
        self.compare(
            reaction.replies, there, disconnect=reaction.disconnect, deliver=reaction.deliver,
            resend=reaction.resend,
        )  # fmt: skip


BODIES = {
    "A": "98=0|108=1|141=Y|", "A without 141": "98=0|108=1|", "0": "", "1": "112=T|",
    "2": "7=1|16=0|", "2 of the future": "7=900|16=0|", "3": "45=2|", "5": "58=bye|",
    "4 gap": "123=Y|36=+2|", "4 gap back": "123=Y|36=1|", "4": "36=+3|", "4 back": "36=1|",
    "H": "11=A|55=EURUSD|54=1|", "F unreadable": "11=A A|", "Z": "", "garbled": None,
}  # fmt: skip


@st.composite
def heard(draw):
    """Give a frame of the peer's: kind, how its number differs, its times, its names."""
    return (
        draw(st.sampled_from(list(BODIES))),
        draw(st.sampled_from([0, 0, 0, 0, 1, 2, -1])),
        draw(st.sampled_from([False, False, False, True])),
        draw(st.sampled_from([0, 0, 0, 0, 100_000, 130_000, -130_000])),
        draw(st.sampled_from(["GATEWAY", "GATEWAY", "GATEWAY", "GATEWAY", "OTHER"])),
    )


def placed(body, number):
    """Write NewSeqNo relative to a number."""
    return body.replace("36=+2", f"36={number + 2}").replace("36=+3", f"36={number + 3}")


def frame_at(pair, kind, offset=0, dup=None, late_ms=0, sender="GATEWAY"):
    """Write a frame with its NewSeqNo in place."""
    body = BODIES[kind]
    if body is None:
        return b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01"
    number = max(pair.here.next_in + offset, 0)
    time = format_utc(pair.now_ns - late_ms * MS)
    text = f"35={kind.split()[0]}|49={sender}|56=MT5|34={number}|52={time}|"
    text += f"43=Y|122={time}|" if dup else ""
    return wrap((text + placed(body, number)).replace("|", "\x01"))


STEPS = st.one_of(
    heard(), heard(), heard(),
    st.tuples(st.just("tick"), st.sampled_from([0, 1, 300, 999, 1000, 1200, 2400])),
    st.tuples(st.sampled_from(["say", "logout", "down", "logon"])),
)  # fmt: skip


@given(steps=st.lists(STEPS, min_size=1, max_size=25))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_sessions_do_the_same(program, steps):
    """Whatever is heard, said and waited for, states, numbers, answers and deadlines agree."""
    pair = Pair(program)
    pair.logon()
    pair.hear(frame_at(pair, "A"))
    assert pair.here.active
    for step in steps:
        if step[0] == "tick" and len(step) == 2:
            pair.tick(step[1])
        elif step[0] == "logon":
            pair.logon()
        elif len(step) == 1:
            getattr(pair, step[0])()
        elif len(step) == 5:
            pair.hear(frame_at(pair, *step))


def test_a_logon_is_signed(program):
    """The signature is the one that the gateway computes, and the token is not in the frame."""
    program.probe(f"begin {HEART_S}")
    said = told(program.probe(f"logon {T0} 8f1d5a7c9e", b"secret token").decode())["say"][0]
    assert b"secret" not in said.encode()
    logon = codec.decode(said.encode())
    assert logon.reset_seq_num_flag is True
    assert verify(logon, b"secret token")
    assert not verify(logon, b"another token")


@pytest.mark.parametrize("key", ["k", "x" * 64, "y" * 65, "é" * 40])
def test_hmac(program, key):
    """Keys of any length, as RFC 2104 has them."""
    expected = sign(
        key.encode(), sending_time="a", msg_seq_num=1, sender_comp_id="b", target_comp_id="c",
        nonce="d",
    )  # fmt: skip
    assert program.probe(f"hmac {key}", b"a|1|b|c|d").decode() == expected


def test_a_text_too_long_is_cut_not_refused(program):
    """An explanation never fails for its length."""
    program.probe(f"begin {HEART_S}")
    program.probe(f"logon {T0}")
    said = told(program.probe(f"say {T0}", ("é" * 3000).encode()).decode())["say"]
    assert len(codec.decode(said[0].encode()).text) <= 2048


def test_every_application_message_is_delivered(program):
    """What the gateway says to a bridge reaches the application, each in its turn."""
    pair = Pair(program)
    pair.logon()
    pair.hear(frame_at(pair, "A"))
    for kind in ("D", "F", "G", "H", "AF", "AD", "AN", "BB", "x", "U1"):
        pair.hear(codec.encode(
            complete(kind), sender_comp_id="GATEWAY", target_comp_id="MT5",
            msg_seq_num=pair.here.next_in, sending_time=format_utc(pair.now_ns),
        ))  # fmt: skip
