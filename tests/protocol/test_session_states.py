"""The session's tables, over every one of their inputs."""

from __future__ import annotations

from itertools import product

import pytest

from protocol.session_states import CONVERSATION, SEQUENCE, Event, Kind, Order, Role, State, Verdict

S, E, V = State, Event, Verdict

# What each role may live through, written down a second time, one line for each way on.
ALLOWED = """
INITIATOR DISCONNECTED    SAY_LOGON   LOGON_SENT
INITIATOR DISCONNECTED    BREAK       DISCONNECTED
INITIATOR DISCONNECTED    LINK_DOWN   DISCONNECTED
INITIATOR LOGON_SENT      HEAR_LOGON  ACTIVE
INITIATOR LOGON_SENT      HEAR_LOGOUT DISCONNECTED
INITIATOR LOGON_SENT      SAY_LOGOUT  LOGOUT_SENT
INITIATOR LOGON_SENT      BREAK       DISCONNECTED
INITIATOR LOGON_SENT      LINK_DOWN   DISCONNECTED
INITIATOR LOGON_RECEIVED  BREAK       DISCONNECTED
INITIATOR LOGON_RECEIVED  LINK_DOWN   DISCONNECTED
INITIATOR ACTIVE          HEAR_OTHER  ACTIVE
INITIATOR ACTIVE          SAY_LOGOUT  LOGOUT_SENT
INITIATOR ACTIVE          HEAR_LOGOUT DISCONNECTED
INITIATOR ACTIVE          BREAK       DISCONNECTED
INITIATOR ACTIVE          LINK_DOWN   DISCONNECTED
INITIATOR LOGOUT_SENT     HEAR_OTHER  LOGOUT_SENT
INITIATOR LOGOUT_SENT     HEAR_LOGOUT DISCONNECTED
INITIATOR LOGOUT_SENT     SAY_LOGOUT  LOGOUT_SENT
INITIATOR LOGOUT_SENT     BREAK       DISCONNECTED
INITIATOR LOGOUT_SENT     LINK_DOWN   DISCONNECTED
ACCEPTOR  DISCONNECTED    HEAR_LOGON  LOGON_RECEIVED
ACCEPTOR  DISCONNECTED    HEAR_OTHER  DISCONNECTED
ACCEPTOR  DISCONNECTED    HEAR_LOGOUT DISCONNECTED
ACCEPTOR  DISCONNECTED    REFUSE      DISCONNECTED
ACCEPTOR  DISCONNECTED    BREAK       DISCONNECTED
ACCEPTOR  DISCONNECTED    LINK_DOWN   DISCONNECTED
ACCEPTOR  LOGON_RECEIVED  ACCEPT      ACTIVE
ACCEPTOR  LOGON_RECEIVED  REFUSE      DISCONNECTED
ACCEPTOR  LOGON_RECEIVED  HEAR_LOGON  LOGON_RECEIVED
ACCEPTOR  LOGON_RECEIVED  HEAR_OTHER  LOGON_RECEIVED
ACCEPTOR  LOGON_RECEIVED  HEAR_LOGOUT DISCONNECTED
ACCEPTOR  LOGON_RECEIVED  BREAK       DISCONNECTED
ACCEPTOR  LOGON_RECEIVED  LINK_DOWN   DISCONNECTED
ACCEPTOR  LOGON_SENT      BREAK       DISCONNECTED
ACCEPTOR  LOGON_SENT      LINK_DOWN   DISCONNECTED
ACCEPTOR  ACTIVE          HEAR_OTHER  ACTIVE
ACCEPTOR  ACTIVE          HEAR_LOGON  ACTIVE
ACCEPTOR  ACTIVE          ACCEPT      ACTIVE
ACCEPTOR  ACTIVE          REFUSE      ACTIVE
ACCEPTOR  ACTIVE          SAY_LOGOUT  LOGOUT_SENT
ACCEPTOR  ACTIVE          HEAR_LOGOUT DISCONNECTED
ACCEPTOR  ACTIVE          BREAK       DISCONNECTED
ACCEPTOR  ACTIVE          LINK_DOWN   DISCONNECTED
ACCEPTOR  LOGOUT_SENT     HEAR_OTHER  LOGOUT_SENT
ACCEPTOR  LOGOUT_SENT     HEAR_LOGON  LOGOUT_SENT
ACCEPTOR  LOGOUT_SENT     ACCEPT      ACTIVE
ACCEPTOR  LOGOUT_SENT     REFUSE      LOGOUT_SENT
ACCEPTOR  LOGOUT_SENT     HEAR_LOGOUT DISCONNECTED
ACCEPTOR  LOGOUT_SENT     SAY_LOGOUT  LOGOUT_SENT
ACCEPTOR  LOGOUT_SENT     BREAK       DISCONNECTED
ACCEPTOR  LOGOUT_SENT     LINK_DOWN   DISCONNECTED
"""
WAYS = {
    (Role[role], State[state], Event[event]): State[after]
    for role, state, event, after in map(str.split, ALLOWED.strip().splitlines())
}


@pytest.mark.parametrize(("role", "state", "event"), list(product(Role, State, Event)), ids=str)
def test_every_pair_of_state_and_event_is_decided(role, state, event):
    """For each role, state and event the table says what this list says, or forbids it."""
    assert WAYS.get((role, state, event)) is CONVERSATION[role][state].get(event)


@pytest.mark.parametrize("role", Role)
def test_every_state_can_end(role):
    """From each state a broken rule and a lost link lead to DISCONNECTED."""
    for state in State:
        assert S.DISCONNECTED is CONVERSATION[role][state][E.BREAK]
        assert S.DISCONNECTED is CONVERSATION[role][state][E.LINK_DOWN]


@pytest.mark.parametrize("role", Role)
def test_active_is_reached_only_by_a_logon_that_both_have_said(role):
    """Only hearing the answer (initiator) or accepting (acceptor) makes a session ACTIVE."""
    doors = {
        event
        for state, row in CONVERSATION[role].items()
        for event, after in row.items()
        if after is S.ACTIVE and state is not S.ACTIVE
    }
    assert doors == {E.HEAR_LOGON if role is Role.INITIATOR else E.ACCEPT}


@pytest.mark.parametrize(
    ("kind", "order", "dup"), list(product(Kind, Order, (False, True))), ids=str
)
def test_every_number_has_a_verdict(kind, order, dup):
    """Expected is taken, lower is known or breaks, higher is asked about; Reset is always taken."""
    early = V.ACT_AND_ASK if kind in {Kind.LOGON, Kind.RESEND_REQUEST, Kind.LOGOUT} else V.ASK
    expected = {
        Order.EXPECTED: V.TAKE,
        Order.LOWER: V.IGNORE if dup else V.BREAK,
        Order.HIGHER: early,
    }[order]

    assert (V.TAKE if kind is Kind.RESET else expected) is SEQUENCE[kind][order, dup]
