"""One client's side of a session that outlives links, gateways and its own process. No socket.

It joins a FixSession to the memory of what was sent, and knows when to log on again. The shell
(`courier.py`) owns the socket and the time, and has these duties:

- Hand in every frame (`receive`), the news that the connection broke (`lost`), and the time
  (`tick`, not later than `deadline_ns`).
- Then: reopen the link if `take_reopen` says so, and send what is in `outbox`, in order.

Rules: a message is in the memory before it is in the outbox. A message of the gateway counts as
had only when its taker comes back for more (`settle`), so that a crash between loses nothing: it
comes again. Nothing is ever sent anew on our own accord; the gateway asks for what it lacks.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import msgspec

from engine.errors import TOO_LOW, NotConnected
from engine.sent_store import Memory
from protocol import codec
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.fields import ADMIN_TYPES, GATEWAY, CancelOnDisconnectType
from protocol.messages import Logon, Logout, Message
from protocol.session import FixSession, Reaction, Sent, resend_frames

RESET_REQUIRED = "RESET_REQUIRED"
PASSING = ("LOGON_PENDING", "ALREADY_LOGGED_ON", "GATEWAY_STOPS")
"""Refusals that may be over at the next try: an old link of ours is not yet given up, say."""
MS = 1_000_000
UNREAD_MAX = 100_000
OUTBOX_MAX = 10_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Who logs on, and on which terms. Times in the names' units; `token` signs the Logon."""

    comp_id: str
    peer_comp_id: str = GATEWAY
    token: bytes | None = None
    heart_bt_int: int = 10
    cancel_on_disconnect_type: CancelOnDisconnectType | None = None
    cod_timeout_window: int | None = None
    sender_sub_id: str | None = None
    reset: bool = False
    logon_timeout_ms: int = 5_000
    backoff_min_ms: int = 100
    backoff_max_ms: int = 5_000


class Standing(Enum):
    """Where we stand with the gateway."""

    CLOSED = "closed"
    DOWN = "down"
    LOGGING_ON = "logging on"
    UP = "up"
    LOGGING_OUT = "logging out"


class News(Enum):
    """What can happen to a session."""

    UP = "UP"
    DOWN = "DOWN"
    REFUSED = "REFUSED"
    RESET = "RESET"


class LinkEvent(NamedTuple):
    """Something happened to the session; `text` says why, for people."""

    news: News
    text: str
    time_ns: int


class _Unread(NamedTuple):
    message: Message
    resets: int


class Connection:
    """See the module. `nonce` makes the Logon's unique text; tests pass their own."""

    def __init__(
        self, terms: Terms, memory: Memory, *, nonce: Callable[[], str] | None = None
    ) -> None:
        self.terms = terms
        self.memory = memory
        self.outbox: deque[bytes] = deque()
        self.events: deque[LinkEvent] = deque()
        self.standing = Standing.CLOSED
        self.session = FixSession(
            comp_id=terms.comp_id,
            peer_comp_id=terms.peer_comp_id,
            acceptor=False,
            next_in=memory.next_in,
            next_out=memory.next_out,
            heart_bt_int=terms.heart_bt_int,
        )
        self.dropped_unread = 0
        self._nonce = nonce or (lambda: secrets.token_hex(16))
        self._unread: deque[_Unread] = deque()
        self._looked_at: set[int] = set()
        self._taken: _Unread | None = None
        self._resets = 0
        self._reset_next = terms.reset or memory.resetting
        self._reopen = False
        self._retry_at_ns = 0
        self._backoff_ms = terms.backoff_min_ms
        self._logon_by_ns = 0
        self._logon_number = 0
        self._said = ""

    # Being connected.

    def open(self, now_ns: int) -> None:
        """Begin to log on; goes on trying until `close`."""
        if self.standing is Standing.CLOSED:
            self.standing = Standing.DOWN
            self._retry_at_ns = now_ns

    @property
    def caught_up(self) -> bool:
        """True when logged on and everything that was missed has come."""
        return self.standing is Standing.UP and self.session.next_in > self._logon_number

    def lost(self, text: str, now_ns: int) -> None:
        """Note that the transport is gone."""
        if self.standing in {Standing.UP, Standing.LOGGING_ON}:
            self._down(text, now_ns)
        elif self.standing is Standing.LOGGING_OUT:
            self._closed()

    def logout(self, text: str | None, now_ns: int) -> None:
        """Say Logout and wait for the answer; a session that is not up closes at once."""
        if self.standing is Standing.UP:
            self.standing = Standing.LOGGING_OUT
            self._keep_and_queue(self.session.logout(text, now_ns))
        elif self.standing is not Standing.LOGGING_OUT:
            self._closed()

    def take_reopen(self) -> bool:
        """Say, once, that the link must be opened afresh before the outbox is sent."""
        reopen, self._reopen = self._reopen, False
        return reopen

    def deadline_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        if self.standing is Standing.DOWN:
            return self._retry_at_ns
        deadline = self.session.next_deadline_ns()
        if self.standing is Standing.LOGGING_ON:
            return min(deadline or self._logon_by_ns, self._logon_by_ns)
        return deadline

    def tick(self, now_ns: int) -> None:
        """Do what time asks for: log on again, beat, give up on silence."""
        if self.standing is Standing.DOWN:
            if now_ns >= self._retry_at_ns:
                self._log_on(now_ns)
            return
        if self.standing is Standing.LOGGING_ON and now_ns >= self._logon_by_ns:
            self._down("no answer to our Logon", now_ns)
            return
        self._follow(self.session.tick(now_ns), now_ns)

    # Saying and hearing.

    def send(self, message: Message, now_ns: int) -> Message:
        """Give a message its number, remember and queue it; return it with the number.

        Raises NotConnected when there is no session or its pipe is full: nothing is queued then.
        """
        if self.standing is not Standing.UP:
            msg = f"the session of {self.terms.comp_id} is {self.standing.value}; not sent"
            raise NotConnected(msg)
        if len(self.outbox) >= OUTBOX_MAX:
            msg = f"{OUTBOX_MAX} messages wait for the gateway to read; not sent"
            raise NotConnected(msg)
        sent = self.session.send(message, now_ns)
        self._keep_and_queue(sent)
        return msgspec.structs.replace(message, msg_seq_num=sent.msg_seq_num)

    def receive(self, frame: bytes, now_ns: int) -> None:
        """Take one frame of the gateway. A garbled one is ignored: the gap will show."""
        if self.standing in {Standing.DOWN, Standing.CLOSED}:
            return
        heard: Message | InvalidMessage
        try:
            heard = codec.decode(frame)
        except GarbledMessage:
            return
        except InvalidMessage as problem:
            heard = problem
        if isinstance(heard, Logout):
            self._said = heard.text or ""
        reaction = self.session.receive(heard, now_ns)
        if isinstance(heard, Logon) and self.session.active:
            self._up(heard, now_ns)
        self._follow(reaction, now_ns)

    def take(self) -> Message | None:
        """Return the next unread message; what was taken before counts as dealt with now."""
        self.settle()
        if not self._unread:
            return None
        self._taken = self._unread.popleft()
        self._looked_at.discard(id(self._taken))
        return self._taken.message

    def take_first(self, wanted: Callable[[Message], bool], start: int) -> Message | None:
        """Take the first unread message from index `start` that is wanted; leave the others."""
        for index in range(start, len(self._unread)):
            self._looked_at.add(id(self._unread[index]))
            if wanted(self._unread[index].message):
                found = self._unread[index]
                self._looked_at.discard(id(found))
                del self._unread[index]
                return found.message
        return None

    @property
    def unread(self) -> int:
        """How many messages wait to be taken."""
        return len(self._unread)

    def settle(self) -> None:
        """Remember that what was taken has been dealt with."""
        self._taken = None
        self._save_next_in()

    # Private.

    def _save_next_in(self) -> None:
        first = self._taken or (self._unread[0] if self._unread else None)
        if first is not None and first.resets == self._resets:
            self.memory.save_next_in(min(first.message.msg_seq_num, self.session.next_in))
        else:
            self.memory.save_next_in(self.session.next_in)

    def _log_on(self, now_ns: int) -> None:
        self.outbox.clear()
        self._reopen = True
        self._said = ""
        if self._reset_next:
            self.memory.begin_reset()
            self._resets += 1
        terms = self.terms
        sent = self.session.logon(
            now_ns,
            reset=self._reset_next,
            token=terms.token,
            nonce=self._nonce() if terms.token is not None else None,
            cancel_on_disconnect_type=terms.cancel_on_disconnect_type,
            cod_timeout_window=terms.cod_timeout_window,
            sender_sub_id=terms.sender_sub_id,
        )
        self.standing = Standing.LOGGING_ON
        self._logon_by_ns = now_ns + terms.logon_timeout_ms * MS
        self._keep_and_queue(sent)

    def _up(self, logon: Logon, now_ns: int) -> None:
        if self.standing is not Standing.LOGGING_ON:
            return
        self.standing = Standing.UP
        self._logon_number = logon.msg_seq_num
        self._backoff_ms = self.terms.backoff_min_ms
        self._reset_next = False
        self.memory.end_reset()
        text = "reset" if logon.reset_seq_num_flag else "resumed"
        self.events.append(LinkEvent(News.UP, f"logged on, numbers {text}", now_ns))

    def _down(self, text: str, now_ns: int) -> None:
        said = self._said or (text if text.startswith(TOO_LOW) else "")
        refused = self.standing is Standing.LOGGING_ON and bool(said)
        self.session.link_down()
        self.standing = Standing.DOWN
        self._retry_at_ns = now_ns + self._backoff_ms * MS
        self._backoff_ms = min(self._backoff_ms * 2, self.terms.backoff_max_ms)
        if self._said.startswith(RESET_REQUIRED) and not self._reset_next:
            self._reset_next = True
            self._retry_at_ns = now_ns
            text = (
                f"the gateway says {self._said}: it may have lost messages that it had sent."
                " Numbers start at 1 again; ask for the orders' state before trading on"
            )
            self.events.append(LinkEvent(News.RESET, text, now_ns))
            return
        news = News.REFUSED if refused else News.DOWN
        self.events.append(LinkEvent(news, said if refused else text, now_ns))

    def _closed(self) -> None:
        self.session.link_down()
        self.standing = Standing.CLOSED
        self._save_next_in()

    def forget_looked_at(self) -> None:
        """Count as dealt with what was taken, and what `take_first` has looked at and left.

        What nobody has looked at comes again after the next logon.
        """
        while self._unread and id(self._unread[0]) in self._looked_at:
            self._unread.popleft()
        self._looked_at.clear()
        self.settle()

    def _follow(self, reaction: Reaction, now_ns: int) -> None:
        """Do what the session says follows."""
        if reaction.deliver is not None:
            self._deliver(reaction.deliver)
        if reaction.rejected is not None:
            self._deliver(reaction.rejected)
        for sent in reaction.replies:
            self._keep_and_queue(sent)
        if reaction.resend is not None:
            begin, end = reaction.resend
            self.outbox.extend(
                resend_frames(
                    self.memory.sent(begin, end),
                    begin,
                    end,
                    sender_comp_id=self.terms.comp_id,
                    target_comp_id=self.terms.peer_comp_id,
                    now_ns=now_ns,
                )
            )
        if reaction.disconnect is None:
            return
        if self.standing is Standing.LOGGING_OUT:
            self._closed()
        elif self.standing is not Standing.CLOSED:
            self._down(reaction.disconnect, now_ns)

    def _deliver(self, message: Message) -> None:
        self._unread.append(_Unread(message, self._resets))
        if len(self._unread) > UNREAD_MAX:
            self._looked_at.discard(id(self._unread.popleft()))
            self.dropped_unread += 1

    def _keep_and_queue(self, sent: Sent) -> None:
        if sent.message.msg_type not in ADMIN_TYPES:
            self.memory.save_sent(sent.msg_seq_num, sent.frame)
        elif sent.msg_seq_num:
            self.memory.save_next_out(sent.msg_seq_num + 1)
        self.outbox.append(sent.frame)
