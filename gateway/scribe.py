"""Writes everything down before it is spoken: law 1 is in this file, and nowhere else.

Rules: `hear`, `say`, `write` and `jot` append to the open batch and apply to the state in the same
breath; `commit` makes the batch durable; only then does `release` hand frames to the transport.
A connection that cannot take more stops its cursor and goes on later from the journal, a slice at
a time; what it is asked to send again comes first, and live messages wait behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from gateway.alerts import Alerts
from gateway.intake import Route
from gateway.metrics import Metrics
from gateway.oms.apply import IN, NOTE, OUT, Entry
from gateway.oms.effects import Jot
from gateway.sessions import Cursor, Directory, Session
from gateway.transport import Door, Outcome
from journal.format import Direction, Record
from protocol import codec
from protocol.fields import ADMIN_TYPES
from protocol.messages import Logon, Message, SequenceReset
from protocol.session import Sent, resend_frames
from protocol.timestamps import format_utc

SLICE_MESSAGES = 256
SLICE_RECORDS = 4_096
"""How much one slice reads: so many messages of the session, or so many records in all."""

_OK, _AGAIN = Outcome.OK, Outcome.AGAIN
_IN, _OUT, _NOTE = Direction.IN, Direction.OUT, Direction.NOTE


class Journal(Protocol):
    """What the scribe needs of a journal writer: the last record appended, the last committed."""

    last_seq: int
    committed_seq: int

    def append(self, time_ns: int, direction: Direction, session: str, frame: bytes) -> int:
        """Put one record into the open batch and return its sequence number."""
        ...

    def commit(self) -> None:
        """Make the open batch durable, or raise JournalFailed."""
        ...

    def close(self) -> None:
        """Close the files and give the lock back."""
        ...


class Speaker(Protocol):
    """What the scribe needs of the transport."""

    def send(self, route: Route, frame: bytes) -> Outcome:
        """Hand one frame over without waiting."""
        ...


class Slice(NamedTuple):
    """Messages that a session was told, read from the journal.

    `reached` is the highest number dealt with; reading goes on at record `next_seq`.
    """

    found: list[tuple[int, bytes]]
    reached: int
    next_seq: int


class Scribe:
    """Journal, state and outbox in one hand. `lost` gathers connections that are gone."""

    def __init__(
        self,
        *,
        journal: Journal,
        read_from: Callable[[int], Iterator[Record]],
        apply: Callable[[Entry], None],
        speaker: Speaker,
        directory: Directory,
        metrics: Metrics,
        alerts: Alerts,
    ) -> None:
        self.lost: list[Cursor] = []
        self.unsent: list[tuple[str, Message]] = []
        self._journal = journal
        self._read_from = read_from
        self._apply = apply
        self._speaker = speaker
        self._directory = directory
        self._metrics = metrics
        self._alerts = alerts
        self._outbox: list[tuple[Cursor, Sent]] = []
        self._whispers: list[tuple[Route, bytes]] = []
        self._behind: dict[Cursor, None] = {}

    # Write.

    def hear(
        self, name: str, message: Message | None, number: int, frame: bytes, now_ns: int
    ) -> None:
        """Write down a frame that took a sequence number of its sender's."""
        seq = self._journal.append(now_ns, _IN, name, frame)
        # On replay only these are decoded: the state must not see more while live.
        moving = message if isinstance(message, (Logon, SequenceReset)) else None
        self._apply(Entry(seq, now_ns, IN, name, number, moving))

    def say(self, session: Session, message: Message, now_ns: int) -> Sent:
        """Give a message its number and write it down; it leaves after the commit."""
        sent = session.fix.send(message, now_ns)
        self.write(session, sent, now_ns)
        return sent

    def write(self, session: Session, sent: Sent, now_ns: int) -> None:
        """Write down what a session says; a refusal without a number is only spoken."""
        cursor = session.cursor
        number = sent.msg_seq_num
        if not number:
            if cursor is not None:
                self.whisper(cursor.route, sent.frame)
            return
        seq = self._journal.append(now_ns, _OUT, session.name, sent.frame)
        self._apply(Entry(seq, now_ns, OUT, session.name, number, sent.message))
        if cursor is not None:
            cursor.position = cursor.position or number
            self._outbox.append((cursor, sent))
        elif session.door is Door.VENUES and sent.message.msg_type not in ADMIN_TYPES:
            self.unsent.append((session.name, sent.message))

    def jot(self, jot: Jot, now_ns: int) -> None:
        """Write down a note to ourselves."""
        seq = self._journal.last_seq + 1
        frame = jot.frame(format_utc(now_ns), seq)
        seq = self._journal.append(now_ns, _NOTE, jot.session, frame)
        self._apply(Entry(seq, now_ns, NOTE, jot.session, 0, jot.message()))
        self._alerts.heard(jot, now_ns)

    def whisper(self, route: Route, frame: bytes) -> None:
        """Say something to nobody in particular (a refused Logon): never journaled."""
        self._whispers.append((route, frame))

    @property
    def has_news(self) -> bool:
        """Whether something is written and not committed, or committed and not released."""
        return self._journal.last_seq != self._journal.committed_seq or bool(
            self._outbox or self._whispers
        )

    # Speak.

    def commit(self) -> None:
        """Make the batch durable. Raises JournalFailed: then nothing may leave any more."""
        if self._journal.last_seq != self._journal.committed_seq:
            self._journal.commit()
            self._metrics.commits += 1

    def release(self) -> None:
        """Hand over what the commit has made speakable."""
        send = self._speaker.send
        for cursor, sent in self._outbox:
            if cursor.lost:
                self._keep(cursor, sent.message)
            elif not cursor.behind:
                outcome = send(cursor.route, sent.frame)
                if outcome is _OK:
                    cursor.position = sent.msg_seq_num + 1
                else:
                    self._stop(cursor, outcome)
                    self._keep(cursor, sent.message)
        self._metrics.sent += len(self._outbox)
        self._outbox.clear()
        for route, frame in self._whispers:
            send(route, frame)
        self._whispers.clear()

    def _stop(self, cursor: Cursor, outcome: Outcome) -> None:
        """Stop a cursor: for now when its pipe is full, for good when nobody is there.

        A venue whose pipe is full is stuck: an order must not reach it late, so it counts as gone.
        """
        if outcome is _AGAIN and cursor.session.door is not Door.VENUES:
            self._metrics.blocked += not cursor.stalled
            cursor.stalled = True
            self._fall_behind(cursor)
        else:
            cursor.lost = True
            self._behind.pop(cursor, None)
            self.lost.append(cursor)

    def _keep(self, cursor: Cursor, message: Message) -> None:
        """Remember what a venue was never handed: that is evidence for the core."""
        mattered = message.msg_type not in ADMIN_TYPES
        if mattered and cursor.lost and cursor.session.door is Door.VENUES:
            cursor.unsent.append(message)

    def _fall_behind(self, cursor: Cursor) -> None:
        cursor.behind = True
        self._behind[cursor] = None

    # Speak again.

    def resend(self, cursor: Cursor, begin: int, end: int) -> None:
        """Send numbers begin to end again, inclusive, before anything else."""
        if not cursor.asked:
            cursor.from_seq = 0
        cursor.asked.append((begin, end))
        self._fall_behind(cursor)

    def forget(self, cursor: Cursor) -> None:
        """Serve a connection no more."""
        self._behind.pop(cursor, None)

    @property
    def is_busy(self) -> bool:
        """Whether some connection could be served further at once."""
        return any(not cursor.stalled for cursor in self._behind)

    @property
    def is_behind(self) -> bool:
        """Whether some connection has not been handed everything."""
        return bool(self._behind)

    def pump(self, now_ns: int) -> None:
        """Serve each connection that is behind by one slice. Call with everything committed."""
        for cursor in list(self._behind):
            if self._hand_over(cursor):
                self._next_slice(cursor, now_ns)
                self._hand_over(cursor)

    def _hand_over(self, cursor: Cursor) -> bool:
        """Hand over what is held; True when all of it has gone."""
        held = cursor.held
        while held:
            outcome = self._speaker.send(cursor.route, held[0])
            if outcome is not _OK:
                self._stop(cursor, outcome)
                return False
            held.popleft()
        cursor.stalled = False
        return True

    def _next_slice(self, cursor: Cursor, now_ns: int) -> None:
        """Read the next slice into `held`: first what was asked for, then what is live."""
        fix = cursor.session.fix
        if cursor.asked:
            begin, end = cursor.asked[0]
            piece = self._read(cursor, begin, end)
            if piece.reached >= begin:
                cursor.held.extend(
                    resend_frames(
                        piece.found, begin, piece.reached, now_ns=now_ns,
                        sender_comp_id=fix.comp_id, target_comp_id=fix.peer_comp_id,
                    )
                )  # fmt: skip
                self._metrics.resent += len(piece.found)
                if begin <= cursor.position <= piece.reached:
                    cursor.position = piece.reached + 1
            if piece.reached >= end:
                cursor.asked.popleft()
                cursor.from_seq = 0
            else:
                cursor.asked[0] = (max(begin, piece.reached + 1), end)
        elif cursor.position < fix.next_out:
            piece = self._read(cursor, cursor.position, fix.next_out - 1)
            cursor.held.extend(frame for _, frame in piece.found)
            cursor.position = max(cursor.position, piece.reached + 1)
        else:
            cursor.behind = False
            cursor.from_seq = 0
            del self._behind[cursor]

    def _read(self, cursor: Cursor, begin: int, end: int) -> Slice:
        name = cursor.session.name
        from_seq = cursor.from_seq or self._place_of(name, begin)
        found: list[tuple[int, bytes]] = []
        reached, seq = end, from_seq
        for scanned, record in enumerate(self._read_from(from_seq), 1):
            seq = record.seq + 1
            if record.direction == _OUT and record.session == name:
                number = codec.peek(record.frame).msg_seq_num
                if begin <= number <= end:
                    found.append((number, record.frame))
                if number >= end:
                    break
            if len(found) >= SLICE_MESSAGES or scanned >= SLICE_RECORDS:
                reached = found[-1][0] if found else begin - 1
                break
        cursor.from_seq = seq
        return Slice(found, reached, seq)

    def _place_of(self, name: str, number: int) -> int:
        """Find the journal record from which to look for a message, by the sparse index."""
        index = self._directory.sent_index(name)
        low, high = 0, len(index)
        while low < high:
            middle = (low + high) // 2
            if index[middle][0] <= number:
                low = middle + 1
            else:
                high = middle
        return index[max(low - 1, 0)][1] if index else 1
