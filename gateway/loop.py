"""The one loop: drain, decide, write down, commit once, speak. One thread, no asyncio.

Rules: a batch has one time and one commit. An exception in deciding is a bug, and what the state is
after a bug nobody knows: the frame is logged, nothing of the batch is committed or spoken, and the
process stops. A failed commit stops it at once. Whatever a peer sends costs that peer its session
at most. A message of ours that cannot be written is a bug too, but a small one: it did not happen,
neither in the journal nor in the state, and costs only who it was for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from loguru import logger

from gateway.brakes import Brakes
from gateway.clock import Clock
from gateway.core_port import Core, Effects
from gateway.doorway import Doorway
from gateway.intake import Route
from gateway.metrics import Metrics
from gateway.oms.effects import Effect, Jot
from gateway.scribe import Journal, Scribe
from gateway.sessions import Directory, Session
from gateway.transport import Door, Transport
from gateway.upkeep import Upkeep
from journal.errors import JournalFailed
from protocol import codec
from protocol.errors import EncodeError, GarbledMessage, InvalidMessage
from protocol.fields import BusinessRejectReason
from protocol.messages import BusinessMessageReject, Heartbeat, Logon, Logout, Message
from protocol.session import Reaction

EXIT_OK = 0
EXIT_JOURNAL_FAILED = 4
EXIT_BUG = 1

GARBLED_LIMIT = 20
"""So many garbled frames cost a session its connection."""
IDLE_MS = 1_000
STALL_MS = 5
"""How soon a full pipe is tried again."""

DISCONNECT, LOGOUT, TAKEOVER = "DISCONNECT", "LOGOUT", "TAKEOVER"


class Milestones(NamedTuple):
    """What the live process leaves in the journal to be checked by: every so many records.

    `snapshot` writes one of the state after a record and returns its SHA-256; 0 means never.
    `state_version` tells which shape of the state a digest is of: others cannot be compared.
    """

    state_version: int
    digest_every: int
    snapshot_every: int
    snapshot: Callable[[int], str]


class Duties(NamedTuple):
    """What the loop does beside messages.

    `wind_down_ms` is how long an orderly end waits for the cancels that it has asked for.
    """

    milestones: Milestones
    upkeep: Upkeep
    brakes: Brakes
    wind_down_ms: int


class Loop:
    """Runs until `stop`, or until it may not go on."""

    def __init__(
        self,
        *,
        core: Core,
        journal: Journal,
        scribe: Scribe,
        directory: Directory,
        doorway: Doorway,
        transport: Transport,
        clock: Clock,
        metrics: Metrics,
        duties: Duties,
    ) -> None:
        self._core = core
        self._journal = journal
        self._scribe = scribe
        self._directory = directory
        self._doorway = doorway
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._milestones = duties.milestones
        self._upkeep = duties.upkeep
        self._brakes = duties.brakes
        self._wind_down_ns = duties.wind_down_ms * 1_000_000
        self._next_digest = journal.last_seq + duties.milestones.digest_every
        self._next_snapshot = journal.last_seq + duties.milestones.snapshot_every
        self._sessions_due_ns: int | None = None
        self._stopping = False
        self._hurried = False
        self._frame = b""
        self._asked: tuple[Session, Message] | None = None
        doorway.attach(down=self._down, effects=self._effects)

    def stop(self) -> None:
        """Ask for an orderly end; asked again, one that waits for nothing.

        For any thread and for signal handlers, as `kill` is.
        """
        self._hurried = self._stopping
        self._stopping = True
        self._transport.wake()

    def kill(self, name: str) -> None:
        """Kill everything with the next turn, because of a signal of this name."""
        self._brakes.signal(name)
        self._transport.wake()

    def begin(self, start: Effects) -> None:
        """Write down the start: it is committed before anybody is heard."""
        now_ns = self._clock.now_ns()
        self._effects(start, now_ns)
        self._effects(self._brakes.begin(now_ns), now_ns)
        self._say_all(now_ns)

    def run(self) -> int:
        """Run to the end and return the process's exit code."""
        try:
            while not (self._stopping or self._core.shutdown_asked):
                self.turn(self._timeout_ms())
            self._wind_down()
            self._say_goodbye()
        except JournalFailed as problem:
            logger.critical("stopped, nothing more is said: {}", problem)
            return EXIT_JOURNAL_FAILED
        except Exception:  # noqa: BLE001 - whatever it is, the state can no longer be trusted
            logger.opt(exception=True).critical(
                "stopped by a bug of ours; nothing of this batch was said. Frame: {!r}", self._frame
            )
            return EXIT_BUG
        return EXIT_OK

    def turn(self, timeout_ms: int) -> None:
        """Wait for something to do, and do one batch of it."""
        arrived = self._transport.receive(timeout_ms)
        now_ns = self._clock.now_ns()
        self._doorway.cut_off(now_ns)
        for route, frame in arrived:
            self._arrived(route, frame, now_ns)
        if arrived:
            self._metrics.batches += 1
            self._metrics.frames += len(arrived)
        self._tick(now_ns)
        self._settle(now_ns)
        self._brakes.turned(self._clock.now_ns() - now_ns)

    # A frame.

    def _arrived(self, route: Route, frame: bytes, now_ns: int) -> None:
        self._frame = frame
        session = self._directory.by_route.get(route)
        if session is None:
            self._doorway.stranger(route, frame, now_ns)
            self._sessions_due_ns = now_ns
            return
        message: Message | InvalidMessage
        try:
            message = codec.decode(frame)
        except GarbledMessage as problem:
            self._garbled(session, str(problem), now_ns)
            return
        except InvalidMessage as problem:
            message = problem
        if type(message) is Logon:
            self._doorway.knock(route, message, frame, now_ns)
            self._sessions_due_ns = now_ns
            return
        if session.challenger is not None and type(message) is Heartbeat:
            self._doorway.alive(session, message, now_ns)
        self._react(session, message, frame, session.fix.receive(message, now_ns), now_ns)

    def _react(
        self,
        session: Session,
        message: Message | InvalidMessage | None,
        frame: bytes,
        reaction: Reaction,
        now_ns: int,
    ) -> None:
        scribe = self._scribe
        if reaction.consumed:
            if isinstance(message, Message):
                scribe.hear(session.name, message, message.msg_seq_num, frame, now_ns)
            elif message is not None:
                scribe.hear(session.name, None, int(message.header["34"]), frame, now_ns)
        if reaction.deliver is not None:
            self._asked = (session, reaction.deliver)
            self._effects(self._core.receive(session.name, reaction.deliver, now_ns), now_ns)
            self._asked = None
        for sent in reaction.replies:
            scribe.write(session, sent, now_ns)
        if reaction.rejected is not None:
            logger.warning("{} rejected a message: {}", session.name, reaction.rejected.text)
            self._effects(self._core.peer_rejected(session.name, now_ns), now_ns)
        if reaction.resend is not None and session.cursor is not None:
            scribe.resend(session.cursor, *reaction.resend)
        if reaction.disconnect is not None:
            how = LOGOUT if type(message) is Logout else DISCONNECT
            self._down(session, how, reaction.disconnect, now_ns)

    def _effects(self, effects: Effects, now_ns: int) -> None:
        for effect in effects:
            self._effect(effect, now_ns)

    def _effect(self, effect: Effect, now_ns: int) -> None:
        """Write down one effect, before the core is asked for the next."""
        if isinstance(effect, Jot):
            self._upkeep.before(effect)
            self._scribe.jot(effect, now_ns)
        else:
            session = self._directory.get(effect.session)
            try:
                self._scribe.say(session, effect.message, now_ns)
            except EncodeError as problem:
                self._unsayable(session, effect.message, problem, now_ns)

    def _unsayable(
        self, session: Session, message: Message, problem: EncodeError, now_ns: int
    ) -> None:
        """Go on without a message that cannot be written.

        A venue was never handed it; who asked for what it was part of hears so, once.
        """
        kind = type(message).__name__
        logger.error("a bug of ours: {} for {} cannot be written: {}", kind, session.name, problem)
        self._metrics.unsayable += 1
        note = {"alert": "UNSAYABLE", "session": session.name, "message": kind, "why": str(problem)}
        self._scribe.jot(Jot("ALERT", note), now_ns)
        if session.door is Door.VENUES:
            self._scribe.unsent.append((session.name, message))
        if self._asked is not None and self._asked[0].door is not Door.VENUES:
            (asker, request), self._asked = self._asked, None
            answer = BusinessMessageReject(
                ref_seq_num=request.msg_seq_num, ref_msg_type=request.msg_type,
                business_reject_reason=BusinessRejectReason.OTHER,
                text=f"UNSAYABLE: {kind} for {session.name} could not be written: {problem}",
            )  # fmt: skip
            self._scribe.say(asker, answer, now_ns)

    def _garbled(self, session: Session, text: str, now_ns: int) -> None:
        self._metrics.garbled += 1
        session.garbled += 1
        if session.garbled >= GARBLED_LIMIT:
            reason = f"TOO_MANY_GARBLED: {session.garbled} frames, the last: {text}"[:1024]
            self._scribe.write(session, session.fix.logout(reason, now_ns), now_ns)
            self._down(session, DISCONNECT, reason, now_ns)

    def _down(self, session: Session, how: str, why: str, now_ns: int) -> None:
        """End a connection: forget its route, and tell the core."""
        cursor = session.cursor
        if cursor is None:
            return
        self._metrics.disconnects += 1
        logger.info("{} is disconnected ({}): {}", session.name, how, why)
        self._scribe.forget(cursor)
        self._directory.disconnect(session)
        self._effects(self._core.session_down(session.name, how, now_ns), now_ns)
        self._sessions_due_ns = now_ns
        if not self._stopping:
            self._doorway.vacated(session, now_ns)

    # Time.

    def _tick(self, now_ns: int) -> None:
        self._frame = b""
        if now_ns >= self._brakes.due_ns:
            self._effects(self._brakes.tick(now_ns), now_ns)
        due_ns = self._core.next_deadline_ns()
        if due_ns is not None and now_ns >= due_ns:
            self._effects(self._core.tick(now_ns), now_ns)
        if now_ns >= self._upkeep.due_ns:
            self._effects(self._upkeep.tick(now_ns), now_ns)
        due_ns = self._sessions_due_ns
        if due_ns is not None and now_ns >= due_ns:
            for session in list(self._directory.connected.values()):
                reaction = session.fix.tick(now_ns)
                self._react(session, None, b"", reaction, now_ns)
                self._doorway.tick(session, now_ns)
            # Traffic only moves these deadlines back, so this is never later than the true one.
            self._sessions_due_ns = self._directory.next_deadline_ns()

    def _timeout_ms(self) -> int:
        """Return how long the next turn may wait for a frame."""
        if self._scribe.is_behind:
            if self._scribe.is_busy:
                return 0
            longest = STALL_MS
        else:
            longest = IDLE_MS
        now_ns = self._clock.now_ns()
        dues = self._core.next_deadline_ns(), self._sessions_due_ns, self._brakes.due_ns
        for due_ns in dues:
            if due_ns is not None:
                longest = min(longest, max(0, -((now_ns - due_ns) // 1_000_000)))
        return longest

    # The end of a batch.

    def _settle(self, now_ns: int) -> None:
        """Commit and speak until nothing is left to be said, then serve who is behind."""
        self._say_all(now_ns)
        if self._scribe.is_behind:
            self._scribe.pump(now_ns)
            self._say_all(now_ns)

    def _say_all(self, now_ns: int) -> None:
        scribe = self._scribe
        while scribe.has_news:
            self._milestone(now_ns)
            scribe.commit()
            scribe.release()
            self._mourn(now_ns)
        if scribe.lost:
            self._mourn(now_ns)
            self._say_all(now_ns)
        if self._milestones.snapshot_every and self._journal.last_seq >= self._next_snapshot:
            self._snapshot(now_ns)

    def _mourn(self, now_ns: int) -> None:
        """Tell the core which connections turned out to be gone, and what they never got."""
        scribe = self._scribe
        while scribe.lost:
            cursor = scribe.lost.pop()
            unsent = [(cursor.session.name, message) for message in cursor.unsent]
            self._refuse(unsent, now_ns)
            if cursor.session.cursor is cursor:
                self._down(cursor.session, DISCONNECT, "nobody is at its route", now_ns)
        unsent, scribe.unsent = scribe.unsent, []
        self._refuse(unsent, now_ns)

    def _refuse(self, unsent: list[tuple[str, Message]], now_ns: int) -> None:
        for name, message in unsent:
            self._metrics.undeliverable += 1
            self._effects(self._core.send_refused(name, message, now_ns), now_ns)

    def _milestone(self, now_ns: int) -> None:
        """Journal what we believe the state is, so that recovery can be checked against it."""
        seq = self._journal.last_seq
        if self._milestones.digest_every and seq >= self._next_digest:
            self._next_digest = seq + self._milestones.digest_every
            body = {
                "seq": seq, "digest": self._core.digest(),
                "state_version": self._milestones.state_version,
            }  # fmt: skip
            self._scribe.jot(Jot("DIGEST", body), now_ns)

    def _snapshot(self, now_ns: int) -> None:
        seq = self._journal.last_seq
        self._next_snapshot = seq + self._milestones.snapshot_every
        sha256 = self._milestones.snapshot(seq)
        self._scribe.jot(Jot("SNAPSHOT", {"seq": seq, "sha256": sha256}), now_ns)
        self._scribe.commit()

    def _wind_down(self) -> None:
        """Go on turning until what an orderly end wants cancelled is, or it takes too long."""
        self._stopping = True
        now_ns = self._clock.now_ns()
        until_ns = now_ns + self._wind_down_ns
        self._effects(self._core.wind_down(now_ns), now_ns)
        self._settle(now_ns)
        while not self._core.is_wound_down:
            if self._hurried or self._clock.now_ns() >= until_ns:
                logger.warning("stopping although not every cancel has been answered")
                return
            self.turn(self._timeout_ms())

    def _say_goodbye(self) -> None:
        """Log everybody out and leave a snapshot: the orderly end."""
        self._stopping = True
        now_ns = self._clock.now_ns()
        for session in list(self._directory.connected.values()):
            sent = session.fix.logout("GATEWAY_STOPS: log on again when it is back", now_ns)
            self._scribe.write(session, sent, now_ns)
            self._down(session, DISCONNECT, "the gateway stops", now_ns)
        self._effects(self._core.stop(now_ns), now_ns)
        self._say_all(now_ns)
        if self._milestones.snapshot_every:
            self._snapshot(now_ns)
