"""The bridge's side of its link to the gateway: log on, keep alive, fall silent, log on again.

- Every Logon says 141=Y: what happened while the link was down is asked for, never resent. So a
  ResendRequest cannot be met either; the link is dropped and logged on anew instead.
- Each attempt uses a fresh socket, since the old one may still hold frames for a dead gateway. The
  pause between attempts doubles up to a bound, with a little chance, so that many bridges do not
  knock at once.
- The link is down when the session says so, or when ZeroMQ's pipe has had no room for a while. A
  pipe that is full for a moment is none: a list of all open orders may be longer than any pipe.
"""

from __future__ import annotations

import secrets
from collections import deque
from random import Random
from typing import Protocol

from loguru import logger

from bridges.session import BridgeSession
from protocol import codec
from protocol.errors import EncodeError, GarbledMessage, InvalidMessage
from protocol.messages import Message
from protocol.session import FixSession, Reaction

MS_NS = 1_000_000
LOGON_PATIENCE_NS = 2_000 * MS_NS
FIRST_PAUSE_NS = 50 * MS_NS
LONGEST_PAUSE_NS = 500 * MS_NS
FULL_PATIENCE_NS = 2_000 * MS_NS
"""So long may a full pipe take nothing before the link counts as down."""
FULL_PAUSE_NS = 5 * MS_NS
"""How soon a full pipe is tried again: ZeroMQ does not wake us when it has room."""


class Wire(Protocol):
    """What carries frames (engine.link.Link, or a test's memory)."""

    def send(self, frame: bytes) -> bool:
        """Send one frame; False when there is no room."""

    def receive(self, timeout_ms: int | None = 0) -> list[bytes]:
        """Return what waits, after at most this time."""

    def reopen(self) -> None:
        """Drop the socket and all that it holds; the next use opens a fresh one."""


class Connection:
    """One link with its FIX session. `down_since_ns` is None while logged on."""

    def __init__(
        self,
        wire: Wire,
        session: BridgeSession,
        *,
        comp_id: str,
        peer_comp_id: str,
        now_ns: int,
        heart_bt_int: int = 1,
        token: bytes | None = None,
        rng: Random | None = None,
    ) -> None:
        self._wire = wire
        self._session = session
        self._comp_id = comp_id
        self._peer_comp_id = peer_comp_id
        self._heart_bt_int = heart_bt_int
        self._token = token
        self._rng = rng or Random()  # noqa: S311 - spreads attempts, keeps no secret
        self._fix: FixSession | None = None
        self._attempt_ns = now_ns
        self._attempts = 0
        self._patience_ns = 0
        self._said = ""
        self._waiting: deque[bytes] = deque()
        self._moved_ns = self._tried_ns = now_ns
        self.down_since_ns: int | None = now_ns

    def receive(self, now_ns: int, frames: list[bytes]) -> None:
        """Take frames, then do all that they ask for behind one commit of the id log."""
        for frame in frames:
            fix = self._fix
            if fix is None:
                return
            message: Message | InvalidMessage
            try:
                message = codec.decode(frame)
            except GarbledMessage as problem:
                logger.warning("a garbled frame from the gateway: {}", problem)
                continue
            except InvalidMessage as problem:
                logger.warning("an invalid message from the gateway: {}", problem.text)
                message = problem
            self._react(fix.receive(message, now_ns), now_ns)
        self._session.commit()

    def step(self, now_ns: int) -> None:
        """Log on if it is time to; else say what is to be said and keep the link alive."""
        fix = self._fix
        if fix is None:
            if now_ns >= self._attempt_ns:
                self._log_on(now_ns)
            return
        if not fix.active:
            if now_ns >= self._patience_ns:
                self._drop("no answer to our Logon", now_ns)
            return
        self._flush(fix, now_ns)
        self._react(fix.tick(now_ns), now_ns)
        self._drain(now_ns)

    def next_deadline_ns(self) -> int:
        """Return when `step` wants to be called."""
        fix = self._fix
        if fix is None:
            return self._attempt_ns
        if not fix.active:
            return self._patience_ns
        deadline = fix.next_deadline_ns()
        due_ns = self._patience_ns if deadline is None else deadline
        return min(due_ns, self._tried_ns + FULL_PAUSE_NS) if self._waiting else due_ns

    def log_out(self, text: str, now_ns: int) -> None:
        """Say goodbye, as far as there is anybody."""
        if self._fix is not None and self._fix.active:
            self._waiting.append(self._fix.logout(text, now_ns).frame)
            self._drain(now_ns)

    def drop(self, why: str, now_ns: int) -> None:
        """Let go of the link and log on anew."""
        if self._fix is not None:
            self._drop(why, now_ns)

    def _log_on(self, now_ns: int) -> None:
        self._wire.reopen()
        self._waiting.clear()
        self._fix = FixSession(
            comp_id=self._comp_id,
            peer_comp_id=self._peer_comp_id,
            acceptor=False,
            heart_bt_int=self._heart_bt_int,
        )
        nonce = secrets.token_hex(16) if self._token is not None else None
        sent = self._fix.logon(now_ns, reset=True, token=self._token, nonce=nonce)
        self._patience_ns = now_ns + LOGON_PATIENCE_NS
        self._wire.send(sent.frame)

    def _react(self, reaction: Reaction, now_ns: int) -> None:
        fix = self._fix
        if fix is None:
            return
        if fix.active and not self._session.logged_on:
            logger.info("logged on to {}", self._peer_comp_id)
            self._attempts = 0
            self.down_since_ns = None
            self._session.link_up(now_ns, fix.peer_sub_id)
        if reaction.deliver is not None:
            self._session.receive(reaction.deliver, now_ns)
        if reaction.rejected is not None:
            logger.error("the gateway rejected a message of ours: {}", reaction.rejected.text)
        self._waiting.extend(sent.frame for sent in reaction.replies)
        if reaction.disconnect is not None:
            self._drain(now_ns)
            self.drop(reaction.disconnect, now_ns)
        elif reaction.resend is not None:
            self._drop("the gateway missed messages: reconciliation instead of resend", now_ns)

    def _flush(self, fix: FixSession, now_ns: int) -> None:
        outbox = self._session.outbox
        if outbox:
            self._session.outbox = []
        for message in (*outbox, *self._session.quotes_due(now_ns)):
            try:
                sent = fix.send(message, now_ns)
            except EncodeError as problem:
                logger.error("cannot say {}: {}", message.msg_type, problem)
                continue
            self._waiting.append(sent.frame)

    def _drain(self, now_ns: int) -> None:
        """Send what waits, in order, as far as the pipe takes it."""
        waiting = self._waiting
        if self._fix is None:
            return
        self._tried_ns = now_ns
        if not waiting:
            self._moved_ns = now_ns
        while waiting and self._wire.send(waiting[0]):
            waiting.popleft()
            self._moved_ns = now_ns
        if waiting and now_ns - self._moved_ns >= FULL_PATIENCE_NS:
            self._drop("the link is full", now_ns)

    def _drop(self, why: str, now_ns: int) -> None:
        if self._session.logged_on or why != self._said:
            logger.warning("no link to {}: {}", self._peer_comp_id, why)
        self._said = why
        self._fix = None
        # What was received in this batch is done before the link counts as gone: the gateway asks.
        self._session.commit()
        self._session.link_down()
        if self.down_since_ns is None:
            self.down_since_ns = now_ns
        pause_ns = min(FIRST_PAUSE_NS << min(self._attempts, 10), LONGEST_PAUSE_NS)
        self._attempts += 1
        self._attempt_ns = now_ns + pause_ns + self._rng.randrange(pause_ns // 4 + 1)
