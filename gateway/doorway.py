"""The doorway: what happens to a Logon, from a stranger or for a session that is taken.

Rules: only a Logon is heard from a route that is nobody's; everything else is counted. Nothing is
journaled before it is authenticated, and a refusal takes no sequence number, so nobody can move
another's session. A second Logon for a live session is a question: the old connection is sent a
TestRequest; if it answers, the new one is refused; if it is silent or unroutable, the new one
takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loguru import logger

from gateway.gatekeeper import Gatekeeper, session_name
from gateway.intake import Route, may_be_logon
from gateway.metrics import Metrics
from gateway.oms.effects import Jot
from gateway.scribe import Scribe
from gateway.sessions import Challenger, Directory, Session
from gateway.transport import Door, Transport
from protocol import codec
from protocol.errors import EncodeError, GarbledMessage, InvalidMessage
from protocol.messages import Heartbeat, Logon, Logout, TestRequest
from protocol.timestamps import format_utc

PATIENCE_NS = 2_000_000_000
"""How long the old connection has for its answer when a second Logon comes."""
_ABOVE_ANY = 999_999_999
"""MsgSeqNum of a refusal to somebody whose numbers we do not know: a Logout is obeyed even when
its number is too high, and not when it is too low."""
REVOKED = "KEY_REVOKED: the key of this connection is not allowed any more"
FLOODED = (
    "FLOOD: more than {} MiB waited to be read, most of it from here; send slower than you are"
    " answered, log on again, and send again what is asked for"
)


class Doorway:
    """Lets sessions in. The loop attaches itself: `down` ends a session, `effects` writes some."""

    def __init__(
        self,
        *,
        core: Any,
        gatekeeper: Gatekeeper,
        directory: Directory,
        scribe: Scribe,
        transport: Transport,
        metrics: Metrics,
        instance: int = 0,
        patience_ns: int = PATIENCE_NS,
    ) -> None:
        self._core = core
        self._gatekeeper = gatekeeper
        self._directory = directory
        self._scribe = scribe
        self._transport = transport
        self._metrics = metrics
        self._instance = instance
        self._patience_ns = patience_ns
        self._down: Callable[[Session, str, str, int], None]
        self._effects: Callable[[Any, int], None]

    def attach(
        self,
        *,
        down: Callable[[Session, str, str, int], None],
        effects: Callable[[Any, int], None],
    ) -> None:
        """Learn how to end a session and how to write effects."""
        self._down = down
        self._effects = effects

    def stranger(self, route: Route, frame: bytes, now_ns: int) -> None:
        """Look at a frame from a route that is nobody's."""
        if not may_be_logon(frame) or not self._transport.given(route):
            self._count()
            return
        try:
            logon = codec.decode(frame)
        except GarbledMessage:
            self._count()
            return
        except InvalidMessage as problem:
            self._count()
            name = problem.header.get("49", "")
            self._refuse(route, name, _ABOVE_ANY, f"INVALID_LOGON: {problem.text}", now_ns)
            return
        if isinstance(logon, Logon):
            self.knock(route, logon, frame, now_ns)

    def _count(self) -> None:
        """Count a frame that is nobody's; tell of the first, the second, the fourth, ..."""
        count = self._metrics.unauthenticated = self._metrics.unauthenticated + 1
        if count & (count - 1) == 0:
            logger.warning("{} frames so far came from nobody who is logged on", count)

    def knock(self, route: Route, logon: Logon, frame: bytes, now_ns: int) -> None:
        """Judge a Logon, and let it in, refuse it, or ask the old connection first."""
        key = self._transport.key(route)
        refusal = self._gatekeeper.judge(self._transport.door(route), logon, now_ns, key)
        if refusal is not None:
            self._metrics.refused_logons += 1
            self._refuse(route, logon.sender_comp_id, _ABOVE_ANY, refusal, now_ns)
            return
        holder = self._directory.by_route.get(route)
        session = self._directory.get(session_name(logon))
        if holder is not None:
            self._down(holder, "DISCONNECT", "a new Logon on its own route", now_ns)
            session = self._directory.get(session_name(logon))
        if session.cursor is not None:
            self._challenge(session, route, logon, frame, key, now_ns)
        else:
            self._admit(session, route, logon, frame, key, now_ns)

    def _challenge(
        self,
        session: Session,
        route: Route,
        logon: Logon,
        frame: bytes,
        key: str | None,
        now_ns: int,
    ) -> None:
        """Ask the old connection whether it lives."""
        if session.challenger is not None and session.challenger.route != route:
            text = "LOGON_PENDING: another Logon for this session is waiting; try again"
            self._refuse(route, session.comp_id, session.fix.next_out, text, now_ns)
            return
        test_req_id = f"TAKEOVER{session.fix.next_out}"
        deadline_ns = now_ns + self._patience_ns
        session.challenger = Challenger(route, logon, frame, key, test_req_id, deadline_ns)
        self._scribe.say(session, TestRequest(test_req_id=test_req_id), now_ns)

    def alive(self, session: Session, heartbeat: Heartbeat, now_ns: int) -> None:
        """Hear a Heartbeat from a challenged connection: if it answers, the new one must go."""
        challenger = session.challenger
        if challenger is None or heartbeat.test_req_id != challenger.test_req_id:
            return
        session.challenger = None
        text = "ALREADY_LOGGED_ON: this session is live on another connection"
        self._metrics.refused_logons += 1
        self._refuse(challenger.route, session.comp_id, session.fix.next_out, text, now_ns)

    def tick(self, session: Session, now_ns: int) -> None:
        """Let the challenger in when the old connection was silent for too long."""
        challenger = session.challenger
        if challenger is not None and now_ns >= challenger.deadline_ns:
            self._take_over(session, now_ns)

    def vacated(self, session: Session, now_ns: int) -> None:
        """Let the challenger in at once: the old connection has ended."""
        challenger, session.challenger = session.challenger, None
        if challenger is None:
            return
        route, logon, frame, key, *_ = challenger
        if self._is_revoked(session, key):
            self._refuse(route, session.comp_id, _ABOVE_ANY, REVOKED, now_ns)
        else:
            self._admit(session, route, logon, frame, key, now_ns)

    def cut_off(self, now_ns: int) -> None:
        """End the sessions whose connections were shut: they had sent more than may wait."""
        cut = self._transport.intake.cut
        while cut:
            session = self._directory.by_route.get(cut.pop())
            if session is not None:
                why = FLOODED.format(self._transport.intake.max_waiting >> 20)
                note = {"alert": "FLOOD", "session": session.name, "why": why}
                self._scribe.jot(Jot("ALERT", note), now_ns)
                self._down(session, "DISCONNECT", why, now_ns)

    def expel(self, now_ns: int) -> list[str]:
        """End every session whose key is not its own any more; return their names."""
        gone = [
            session
            for session in self._directory.connected.values()
            if self._is_revoked(session, session.key)
        ]
        for session in gone:
            self._scribe.write(session, session.fix.logout(REVOKED, now_ns), now_ns)
            self._down(session, "DISCONNECT", REVOKED, now_ns)
        return [session.name for session in gone]

    def _is_revoked(self, session: Session, key: str | None) -> bool:
        return key is not None and self._gatekeeper.whose(key) != session.comp_id

    def _take_over(self, session: Session, now_ns: int) -> None:
        self._metrics.takeovers += 1
        self._down(session, "TAKEOVER", "a new Logon, and no answer", now_ns)

    def _admit(
        self,
        session: Session,
        route: Route,
        logon: Logon,
        frame: bytes,
        key: str | None,
        now_ns: int,
    ) -> None:
        """Log a session on: its Logon is journaled, answered, and the core hears of it."""
        if self._directory.reset_required(session.name) and not logon.reset_seq_num_flag:
            text = (
                "RESET_REQUIRED: the gateway may have lost messages that you were told; log on"
                " with ResetSeqNumFlag(141)=Y and ask for the state of your orders"
            )
            self._refuse(route, session.comp_id, _ABOVE_ANY, text, now_ns)
            return
        reaction = session.fix.receive(logon, now_ns)
        if reaction.deliver is None:
            self._metrics.refused_logons += 1
            for sent in reaction.replies:
                self._scribe.whisper(route, sent.frame)
            return
        if reaction.consumed:
            self._scribe.hear(session.name, logon, logon.msg_seq_num, frame, now_ns)
        self._directory.connect(session, route, key)
        own = str(self._instance) if session.door is Door.VENUES else None
        self._scribe.write(session, session.fix.accept(now_ns, sender_sub_id=own), now_ns)
        self._metrics.logons += 1
        logger.info("{} is logged on", session.name)
        self._effects(self._core.session_up(session.name, now_ns), now_ns)

    def _refuse(self, route: Route, comp_id: str, number: int, text: str, now_ns: int) -> None:
        """Answer with a Logout that takes no number and is not journaled."""
        logger.warning("a Logon of {!r} was refused: {}", comp_id[:64], text)
        try:
            frame = codec.encode(
                Logout(text=text[:1024].replace("\x01", "|")),
                sender_comp_id=self._directory.comp_id,
                target_comp_id=comp_id[:64] or "UNKNOWN",
                msg_seq_num=number,
                sending_time=format_utc(now_ns),
            )
        except EncodeError:
            return
        self._scribe.whisper(route, frame)
