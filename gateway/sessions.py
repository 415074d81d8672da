"""Who is connected, as whom, and how far each connection has been served.

Rules: a session is known by its name (a CompID; `OPERATOR/<50>` for a person) and lives as long as
the state does; a connection is a Cursor: the route of one authenticated Logon, and the number of
the next message that goes there. To disconnect is to forget the cursor: what is said afterwards is
journaled, and asked for after the next Logon. A routing id is never an identity.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gateway.intake import Route
from gateway.transport import Door
from protocol.fields import OPERATOR
from protocol.messages import Logon, Message
from protocol.session import FixSession


class SessionFacts(Protocol):
    """What the state remembers of a session (`gateway.oms.state.Session`)."""

    next_in: int
    next_out: int
    reset_required: bool
    sent_index: list[tuple[int, int]]


class Cursor:
    """One connection, and its place in what its session has been told.

    `position` is the MsgSeqNum that goes next; while `behind`, live messages wait in the journal.
    `asked` are ranges to send again, `held` frames that are read and not handed over yet, and
    `from_seq` the place in the journal where reading goes on (0: look it up). `stalled` means that
    ZeroMQ's pipe is full, `lost` that nobody is there any more.
    """

    __slots__ = (
        "asked", "behind", "from_seq", "held", "lost", "position", "route", "session", "stalled",
        "unsent",
    )  # fmt: skip

    def __init__(self, session: Session, route: Route) -> None:
        self.session = session
        self.route = route
        self.position = 0
        self.behind = False
        self.stalled = False
        self.lost = False
        self.asked: deque[tuple[int, int]] = deque()
        self.held: deque[bytes] = deque()
        self.unsent: list[Message] = []
        self.from_seq = 0


class Challenger(NamedTuple):
    """A second Logon for a live session, waiting for what a TestRequest brings."""

    route: Route
    logon: Logon
    frame: bytes
    key: str | None
    test_req_id: str
    deadline_ns: int


class Session:
    """One conversation: its numbers (`fix`), and its connection while there is one (`cursor`).

    `key` is the public key that proved who is there, None at a plain door.
    """

    __slots__ = ("challenger", "comp_id", "cursor", "door", "fix", "garbled", "key", "name")

    def __init__(self, name: str, comp_id: str, door: Door, fix: FixSession) -> None:
        self.name = name
        self.comp_id = comp_id
        self.door = door
        self.fix = fix
        self.cursor: Cursor | None = None
        self.challenger: Challenger | None = None
        self.key: str | None = None
        self.garbled = 0


class Directory:
    """Every session by name, and the connected ones by route.

    `facts` looks a name up in the state; `venues` are the ids of the configured venues.
    """

    def __init__(
        self,
        comp_id: str,
        *,
        venues: frozenset[str],
        facts: Callable[[str], SessionFacts | None],
        sending_time_window_ms: int,
    ) -> None:
        self.comp_id = comp_id
        self.by_route: dict[Route, Session] = {}
        self.connected: dict[str, Session] = {}
        self._by_name: dict[str, Session] = {}
        self._venues = venues
        self._facts = facts
        self._window_ms = sending_time_window_ms

    def get(self, name: str) -> Session:
        """Find a session by name, going on from the state when it is not in use yet."""
        session = self._by_name.get(name)
        if session is None:
            session = self._by_name[name] = self._make(name)
        return session

    def _make(self, name: str) -> Session:
        comp_id, door = name, Door.ORDERS
        if name.startswith(f"{OPERATOR}/"):
            comp_id, door = OPERATOR, Door.OPERATORS
        elif name in self._venues:
            door = Door.VENUES
        facts = self._facts(name)
        fix = FixSession(
            comp_id=self.comp_id, peer_comp_id=comp_id, acceptor=True,
            next_in=facts.next_in if facts else 1, next_out=facts.next_out if facts else 1,
            sending_time_window_ms=self._window_ms,
        )  # fmt: skip
        return Session(name, comp_id, door, fix)

    def reset_required(self, name: str) -> bool:
        """Tell whether messages that this session was told may have been lost."""
        facts = self._facts(name)
        return facts is not None and facts.reset_required

    def sent_index(self, name: str) -> Sequence[tuple[int, int]]:
        """Return the sparse pairs of (MsgSeqNum, journal seq) of what this session was told."""
        facts = self._facts(name)
        return facts.sent_index if facts else ()

    def connect(self, session: Session, route: Route, key: str | None = None) -> Cursor:
        """Give a session its connection."""
        cursor = session.cursor = Cursor(session, route)
        session.key = key
        session.garbled = 0
        self._by_name[session.name] = session
        self.by_route[route] = session
        self.connected[session.name] = session
        return cursor

    def disconnect(self, session: Session) -> None:
        """Forget a session's route: from now on only a Logon is heard from there."""
        cursor, session.cursor = session.cursor, None
        session.fix.link_down()
        self.connected.pop(session.name, None)
        if cursor is not None:
            self.by_route.pop(cursor.route, None)
        if session.door is Door.OPERATORS and session.challenger is None:
            # A person's session begins anew each time; nothing of it is worth memory.
            self._by_name.pop(session.name, None)

    def next_deadline_ns(self) -> int | None:
        """Return when a connected session next wants a tick, or a challenger its answer."""
        soonest: int | None = None
        for session in self.connected.values():
            deadline = session.fix.next_deadline_ns()
            challenger = session.challenger
            if challenger is not None and (deadline is None or challenger.deadline_ns < deadline):
                deadline = challenger.deadline_ns
            if deadline is not None and (soonest is None or deadline < soonest):
                soonest = deadline
        return soonest
