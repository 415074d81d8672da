"""An operator's command that is rejected ends at once, with the gateway's words."""

from __future__ import annotations

import pytest
from support.shell import config_in

from gateway.commands.operator_session import OperatorSession
from gateway.errors import CommandError
from protocol.fields import BusinessRejectReason
from protocol.messages import BusinessMessageReject, OperatorCommand, Reject
from protocol.session import Reaction, Sent


class _Talk:
    """A conversation that is up: numbers each message 7, and hears one reaction."""

    active = False

    def send(self, message, now_ns):
        return Sent(message=message, frame=b"", msg_seq_num=7)

    def tick(self, now_ns):
        return Reaction()


@pytest.fixture
def session(tmp_path, monkeypatch):
    """An operator's session whose wire is cut; `hears` are the reactions to come."""
    made = OperatorSession(config_in(tmp_path), timeout_ms=300)
    made._session = _Talk()
    monkeypatch.setattr(made, "_say", lambda _sent: None)
    made.hears = []

    def hear(_deadline_ns):
        found = []
        while made.hears:
            made._act(made.hears.pop(0), found)
        return found

    monkeypatch.setattr(made, "_hear", hear)
    yield made
    made.close()


def _j(number):
    return Reaction(deliver=BusinessMessageReject(
        ref_seq_num=number, ref_msg_type="U1", text="NOT_FOR_YOU",
        business_reject_reason=BusinessRejectReason.OTHER,
    ))  # fmt: skip


@pytest.mark.parametrize(
    "answer", [Reaction(rejected=Reject(ref_seq_num=7, text="NOT_FOR_YOU")), _j(7)]
)
def test_a_rejected_command_is_an_error_at_once(session, answer):
    """A 3 or j that names our command is a CommandError with its text, not a silence."""
    session.hears = [answer]
    with pytest.raises(CommandError, match=r"rejected KILL \(.*\): NOT_FOR_YOU"):
        session.ask("KILL")


def test_a_reject_of_something_else_is_not_ours(session):
    """A j that names another message does not end the waiting."""
    session.hears = [_j(6)]
    with pytest.raises(CommandError, match="not answered"):
        session.command("KILL")


def test_an_answer_is_an_answer(session, monkeypatch):
    """DONE comes back as its JSON."""
    monkeypatch.setattr("gateway.commands.operator_session.time.time_ns", lambda: 1)
    done = OperatorCommand(
        cl_ord_id=f"{session.person.split('/')[1]}-1-1", command="KILL", outcome="DONE"
    )
    session.hears = [Reaction(deliver=done)]
    assert session.ask("KILL") == {}
