"""A gateway of two pages for the strategy side's tests: FixSessions on a ROUTER, in a thread.

It works in batches as the real one does: read, decide, commit, release. It dies on command at any
of those points, and forgets then what it had not committed. Nothing here is fast or complete.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import zmq
from support.fake_answers import Ledger, respond

from protocol import codec
from protocol.authentication import verify
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.messages import Logon, Message
from protocol.session import FixSession, resend_frames
from protocol.session_states import State

POINTS = ("before_read", "after_read", "before_commit", "after_commit", "after_release")


class Died(Exception):  # noqa: N818 - reads as what happened
    """The fake has reached the point where it was told to die."""


class FakeGateway:
    """Answers orders by `behave`; `tokens` makes it ask for HMAC."""

    def __init__(
        self,
        behave: Callable[[FakeGateway, str, Message], Iterator[Message]] | None = None,
        *,
        tokens: dict[str, bytes] | None = None,
        symbols: tuple[str, ...] = ("EURUSD",),
    ) -> None:
        self.behave = behave or respond
        self.tokens = tokens or {}
        self.symbols = symbols
        self.endpoint = "tcp://127.0.0.1:*"
        self.committed: dict[str, Ledger] = {}
        self.reset_required: set[str] = set()
        self.refuse_with: str | None = None
        self.mute = False
        self.logons: list[Logon] = []
        self.deaths = 0
        self.die_at: tuple[str, int] | None = None
        self.open = False
        self.revives = False
        """After a death on command, come back at once."""
        self._stop = threading.Event()
        self._kick: list[tuple[str, Message | None]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    # What tests do.

    def start(self) -> FakeGateway:
        """Bind, and answer from the committed state on."""
        self._stop.clear()
        self._bind()
        self.open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _bind(self) -> None:
        self._socket = zmq.Context.instance().socket(zmq.ROUTER)
        self._socket.linger = 0
        deadline = time.monotonic() + 5
        while True:
            try:
                self._socket.bind(self.endpoint)
                break
            except zmq.ZMQError:
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.005)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.work = copy.deepcopy(self.committed)
        self.sessions: dict[str, FixSession] = {}
        self.routes: dict[str, bytes] = {}

    def kill(self) -> None:
        """Die now; what is not committed is forgotten."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        self.open = False

    def restart(self) -> None:
        """Die if alive, and come back at the same address."""
        self.kill()
        self.start()

    def say(self, comp_id: str, message: Message) -> None:
        """Send something unasked."""
        with self._lock:
            self._kick.append((comp_id, message))

    def throw_out(self, comp_id: str) -> None:
        """Log a client out."""
        with self._lock:
            self._kick.append((comp_id, None))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    # What it does by itself.

    def _run(self) -> None:
        self._passes = dict.fromkeys(POINTS, 0)
        try:
            while not self._stop.is_set():
                try:
                    self._turn()
                except Died:
                    self.deaths += 1
                    self._socket.close(0)
                    if not self.revives:
                        return
                    self._bind()
        finally:
            self._socket.close(0)
            self.open = False

    def _point(self, name: str) -> None:
        self._passes[name] += 1
        if self.die_at == (name, self._passes[name]):
            self.die_at = None
            raise Died

    def _turn(self) -> None:
        self._outbox: list[tuple[bytes, bytes]] = []
        worked = bool(self._socket.poll(5))
        if worked:
            self._point("before_read")
            frames = self._read()
            self._point("after_read")
            for route, frame in frames:
                self._receive(route, frame)
        with self._lock:
            unasked, self._kick = self._kick, []
        for comp_id, message in unasked:
            self._unasked(comp_id, message)
        for comp_id, session in list(self.sessions.items()):
            self._follow(comp_id, session.tick(time.time_ns()))
        if worked:
            self._point("before_commit")
        if self._outbox or worked:
            self.committed = copy.deepcopy(self.work)
        if worked:
            self._point("after_commit")
        for route, frame in self._outbox:
            self._socket.send_multipart((route, frame))
        if worked:
            self._point("after_release")

    def _read(self) -> list[list[bytes]]:
        frames = []
        try:
            while True:
                frames.append(self._socket.recv_multipart(zmq.DONTWAIT))
        except zmq.Again:
            return frames

    def _unasked(self, comp_id: str, message: Message | None) -> None:
        session, now_ns = self.sessions[comp_id], time.time_ns()
        if message is None:
            self._emit(comp_id, session.logout("go away", now_ns))
            session.link_down()
            del self.routes[comp_id]
        else:
            self._emit(comp_id, session.send(message, now_ns))

    def _receive(self, route: bytes, frame: bytes) -> None:
        now_ns = time.time_ns()
        heard: Message | InvalidMessage
        try:
            heard = codec.decode(frame)
        except GarbledMessage:
            return
        except InvalidMessage as problem:
            heard = problem
        if self.mute:
            return
        if isinstance(heard, Logon):
            self._logon(route, heard, now_ns)
            return
        comp_id = next((c for c, r in self.routes.items() if r == route), None)
        if comp_id is None or self.sessions[comp_id].state is State.DISCONNECTED:
            return
        session = self.sessions[comp_id]
        self._follow(comp_id, session.receive(heard, now_ns))

    def _logon(self, route: bytes, logon: Logon, now_ns: int) -> None:
        comp_id = logon.sender_comp_id
        ledger = self.work.setdefault(comp_id, Ledger())
        session = FixSession(
            comp_id="GATEWAY", peer_comp_id=comp_id, acceptor=True,
            next_in=ledger.next_in, next_out=ledger.next_out,
        )  # fmt: skip
        self.logons.append(logon)
        self.sessions[comp_id], self.routes[comp_id] = session, route
        reaction = session.receive(logon, now_ns)
        if reaction.deliver is None:
            self._follow(comp_id, reaction)
            return
        why = self.refuse_with
        if comp_id in self.tokens and not verify(logon, self.tokens[comp_id]):
            why = "BAD_HMAC"
        if comp_id in self.reset_required and not logon.reset_seq_num_flag:
            why = "RESET_REQUIRED"
        if why is not None:
            self._emit(comp_id, session.refuse(why, now_ns))
            return
        self.reset_required.discard(comp_id)
        if logon.reset_seq_num_flag:
            ledger.sent.clear()
        self._emit(comp_id, session.accept(now_ns))

    def _follow(self, comp_id: str, reaction) -> None:
        session, now_ns = self.sessions[comp_id], time.time_ns()
        ledger = self.work[comp_id]
        for sent in reaction.replies:
            self._emit(comp_id, sent)
        if reaction.resend is not None:
            begin, end = reaction.resend
            stored = [(n, f) for n, f in ledger.sent.items() if begin <= n <= end]
            for frame in resend_frames(
                stored, begin, end, sender_comp_id="GATEWAY", target_comp_id=comp_id,
                now_ns=now_ns,
            ):  # fmt: skip
                self._outbox.append((self.routes[comp_id], frame))
        if reaction.deliver is not None:
            if hasattr(reaction.deliver, "cl_ord_id"):
                ledger.arrived.append(reaction.deliver.cl_ord_id)
            for answer in self.behave(self, comp_id, reaction.deliver):
                self._emit(comp_id, session.send(answer, now_ns))
        ledger.next_in, ledger.next_out = session.next_in, session.next_out
        if reaction.disconnect is not None:
            session.link_down()
            self.routes.pop(comp_id, None)

    def _emit(self, comp_id: str, sent) -> None:
        ledger, session = self.work[comp_id], self.sessions[comp_id]
        if sent.msg_seq_num:
            ledger.sent[sent.msg_seq_num] = sent.frame
        ledger.next_in, ledger.next_out = session.next_in, session.next_out
        if comp_id in self.routes:
            self._outbox.append((self.routes[comp_id], sent.frame))
