"""What may happen when in a FIX session (FIX 4.4 vol. 2), as two tables and a sentence on time.

A session looks like one machine and is three. Keeping them apart keeps each small enough to be
written down whole, and to be tested over every one of its inputs.

**1. The conversation** (`CONVERSATION`): are we talking? One table per role, since the two sides
are not alike: an initiator says Logon and waits, an acceptor hears Logon and decides.

    initiator:  DISCONNECTED ── say Logon ──► LOGON_SENT ── hear Logon ──► ACTIVE
    acceptor:   DISCONNECTED ── hear Logon ─► LOGON_RECEIVED ── accept ──► ACTIVE
    both:       ACTIVE ── say Logout ──► LOGOUT_SENT ── hear Logout ──► DISCONNECTED
                ACTIVE ── hear Logout (it is answered) ──► DISCONNECTED

An event that is missing from a state's row is not allowed there. If it is ours, that is a bug and
raises SessionError; if it is the peer's, the peer has broken the protocol: the session says Logout
and drops the link. Rows that surprise:

- An acceptor that is ACTIVE hears a Logon and stays as it is: a peer that lost its link may come
  back before we have noticed, but so may a stranger come who knows its name. A Logon moves nothing,
  neither state nor numbers, before it has been accepted; until then the old link goes on.
- What an acceptor hears before it has accepted is ignored, not refused: a sender in a hurry loses
  nothing, since the gap shows and is asked for.
- A Logout that refuses a Logon takes no sequence number, on either side, for the same reason.

Sequence numbers live on through all states: they belong to the two CompIDs, not to the link.

**2. The sequence** (`SEQUENCE`): what to do with a message whose number is lower than, equal to or
higher than the one expected, with or without 43=Y. The rule is "take the expected one, ask for what
is missing, ignore what is known, and break on what cannot be": a lower number without 43=Y means
that one side has lost its memory, and no automatic answer to that is right. Rows that surprise:

- A ResendRequest is answered even when its number is too high. If both sides have a gap and each
  waits for the other to fill it first, neither ever does.
- A Logout is obeyed even when its number is too high: what is missing comes after the next Logon.
- A message beyond a gap is dropped, not queued. We ask for everything from the gap on (16=0), so it
  comes again, in order, and the receiver needs no second memory.
- SequenceReset without GapFill ignores its own number: it exists to repair numbers.

**3. Liveness**: time since the last frame in and the last frame out, measured in HeartBtInt. It is
not a table but two numbers, and has its own file: liveness.py.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from protocol.messages import Message, SequenceReset

LOGOUT_PATIENCE_NS: Final = 2_000_000_000
"""How long a Logout of ours waits for its answer."""


class Role(Enum):
    """Who spoke first."""

    INITIATOR = auto()
    ACCEPTOR = auto()


class State(Enum):
    """Where the conversation is."""

    DISCONNECTED = auto()
    LOGON_SENT = auto()
    LOGON_RECEIVED = auto()
    ACTIVE = auto()
    LOGOUT_SENT = auto()


class Event(Enum):
    """What moves the conversation. SAY_* and ACCEPT are ours, HEAR_* the peer's."""

    SAY_LOGON = auto()
    ACCEPT = auto()
    REFUSE = auto()
    SAY_LOGOUT = auto()
    HEAR_LOGON = auto()
    HEAR_LOGOUT = auto()
    HEAR_OTHER = auto()
    BREAK = auto()
    LINK_DOWN = auto()


_S, _E = State, Event

_ALWAYS: Final = {_E.BREAK: _S.DISCONNECTED, _E.LINK_DOWN: _S.DISCONNECTED}
_TALKING: Final = {
    _S.ACTIVE: {
        _E.HEAR_OTHER: _S.ACTIVE,
        _E.SAY_LOGOUT: _S.LOGOUT_SENT,
        _E.HEAR_LOGOUT: _S.DISCONNECTED,
        **_ALWAYS,
    },
    _S.LOGOUT_SENT: {
        _E.HEAR_OTHER: _S.LOGOUT_SENT,  # what was on its way still counts
        _E.HEAR_LOGOUT: _S.DISCONNECTED,
        _E.SAY_LOGOUT: _S.LOGOUT_SENT,  # once is enough; saying it again changes nothing
        **_ALWAYS,
    },
}
"""What both roles share once they are logged on."""

CONVERSATION: Final[dict[Role, dict[State, dict[Event, State]]]] = {
    Role.INITIATOR: {
        _S.DISCONNECTED: {_E.SAY_LOGON: _S.LOGON_SENT, **_ALWAYS},
        _S.LOGON_SENT: {
            _E.HEAR_LOGON: _S.ACTIVE,
            _E.HEAR_LOGOUT: _S.DISCONNECTED,  # refused
            _E.SAY_LOGOUT: _S.LOGOUT_SENT,
            **_ALWAYS,
        },
        _S.LOGON_RECEIVED: {**_ALWAYS},  # never reached by an initiator
        **_TALKING,
    },
    Role.ACCEPTOR: {
        _S.DISCONNECTED: {
            _E.HEAR_LOGON: _S.LOGON_RECEIVED,
            _E.HEAR_OTHER: _S.DISCONNECTED,  # ignored
            _E.HEAR_LOGOUT: _S.DISCONNECTED,  # ignored
            _E.REFUSE: _S.DISCONNECTED,  # of somebody who never got as far as a sound Logon
            **_ALWAYS,
        },
        _S.LOGON_RECEIVED: {
            _E.ACCEPT: _S.ACTIVE,
            _E.REFUSE: _S.DISCONNECTED,
            _E.HEAR_LOGON: _S.LOGON_RECEIVED,  # the later one counts
            _E.HEAR_OTHER: _S.LOGON_RECEIVED,  # ignored: the gap will show
            _E.HEAR_LOGOUT: _S.DISCONNECTED,  # changed its mind
            **_ALWAYS,
        },
        _S.LOGON_SENT: {**_ALWAYS},  # never reached by an acceptor
        _S.ACTIVE: {
            **_TALKING[_S.ACTIVE],
            _E.HEAR_LOGON: _S.ACTIVE,
            _E.ACCEPT: _S.ACTIVE,  # the new link takes over
            _E.REFUSE: _S.ACTIVE,  # the old link goes on
        },
        _S.LOGOUT_SENT: {
            **_TALKING[_S.LOGOUT_SENT],
            _E.HEAR_LOGON: _S.LOGOUT_SENT,
            _E.ACCEPT: _S.ACTIVE,
            _E.REFUSE: _S.LOGOUT_SENT,
        },
    },
}


class Kind(Enum):
    """The messages that the sequence rules tell apart."""

    LOGON = auto()
    RESEND_REQUEST = auto()
    GAP_FILL = auto()
    RESET = auto()
    LOGOUT = auto()
    OTHER = auto()


class Order(Enum):
    """A message's number against the expected one."""

    LOWER = auto()
    EXPECTED = auto()
    HIGHER = auto()


class Verdict(Enum):
    """What becomes of the message. Each says whether it is acted on, counted, asked about."""

    TAKE = auto()
    """Count it and act on it."""
    ACT_AND_ASK = auto()
    """Act on it, do not count it, and ask for what is missing."""
    ASK = auto()
    """Drop it and ask for what is missing, this message included."""
    IGNORE = auto()
    """It is known already: drop it."""
    BREAK = auto()
    """Say Logout with the reason, and drop the link."""


_V = Verdict


def _rows(higher: Verdict) -> dict[tuple[Order, bool], Verdict]:
    """Write the six rows of one kind; kinds differ only in what a higher number means."""
    return {
        (Order.LOWER, False): _V.BREAK,
        (Order.LOWER, True): _V.IGNORE,
        (Order.EXPECTED, False): _V.TAKE,
        (Order.EXPECTED, True): _V.TAKE,
        (Order.HIGHER, False): higher,
        (Order.HIGHER, True): higher,
    }


SEQUENCE: Final[dict[Kind, dict[tuple[Order, bool], Verdict]]] = {
    Kind.OTHER: _rows(_V.ASK),
    Kind.GAP_FILL: _rows(_V.ASK),
    Kind.LOGON: _rows(_V.ACT_AND_ASK),
    Kind.RESEND_REQUEST: _rows(_V.ACT_AND_ASK),
    Kind.LOGOUT: _rows(_V.ACT_AND_ASK),
    Kind.RESET: {(order, dup): _V.TAKE for order in Order for dup in (False, True)},
}

_KINDS: Final = {"A": Kind.LOGON, "2": Kind.RESEND_REQUEST, "5": Kind.LOGOUT}


def order_of(number: int, next_in: int) -> Order:
    """Compare a message's number with the expected one."""
    if number == next_in:
        return Order.EXPECTED
    return Order.LOWER if number < next_in else Order.HIGHER


def kind_of(message: Message) -> Kind:
    """Tell which sequence rules a message follows."""
    if isinstance(message, SequenceReset):
        return Kind.GAP_FILL if message.gap_fill_flag else Kind.RESET
    return _KINDS.get(message.msg_type, Kind.OTHER)


def judge(message: Message, next_in: int) -> Verdict:
    """Look up what becomes of a message by its kind, number and 43."""
    return SEQUENCE[kind_of(message)][order_of(message.msg_seq_num, next_in), message.poss_dup_flag]
