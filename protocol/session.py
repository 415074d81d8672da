"""One FIX 4.4 session, either side, without a socket, a clock or a store (FIX 4.4 vol. 2).

The caller owns the link, the time and the memory of what was sent. Its duties:

- Hand every decoded message, and every InvalidMessage, to `receive`; drop a GarbledMessage.
- Handle each Reaction field by field: remember what was `consumed`, act on `deliver`, store and
  send the `replies`, answer `resend` with `resend_frames`, drop the link on `disconnect`.
- Store every Sent before it goes out, under its `msg_seq_num`, unless that is 0.
- Call `tick` when `next_deadline_ns` has come, and `link_down` when the link is lost.

`send` works in every state. What is said while nobody listens gets its number, and the peer asks
for it after its next Logon: that is how a session survives a cut.
"""

from __future__ import annotations

from typing import Final

from protocol import codec
from protocol.authentication import signed
from protocol.errors import InvalidMessage, SessionError
from protocol.fields import ADMIN_TYPES, CancelOnDisconnectType
from protocol.fields import SessionRejectReason as Reason
from protocol.liveness import Gap, Liveness
from protocol.messages import Logon, Logout, Message, admin
from protocol.reaction import NOTHING, Reaction, Sent
from protocol.refusals import UNREADABLE, Fault, Turn, examine, goodbye, reject, sayable, too_low
from protocol.resend import resend_frames
from protocol.session_states import CONVERSATION, LOGOUT_PATIENCE_NS, Event, Role, State, Verdict
from protocol.timestamps import SECOND_NS, format_utc, parse_utc

__all__ = ["NOTHING", "FixSession", "Reaction", "Sent", "State", "resend_frames"]

_ACTIVE: Final = State.ACTIVE
_TALKING: Final = frozenset((State.ACTIVE, State.LOGOUT_SENT))
_FOREVER_NS: Final = 1 << 63
_HEARD: Final = {"A": Event.HEAR_LOGON, "5": Event.HEAR_LOGOUT}


class FixSession:
    """Both directions of one conversation between `comp_id` (us) and `peer_comp_id`.

    `next_in` and `next_out` are the numbers expected and to be given next; a caller that keeps them
    over a restart hands them in. `heart_bt_int` is in seconds; an acceptor takes the Logon's.
    `sending_time_window_ms` is how far a peer's clock may be from ours; 0 trusts any clock.
    """

    def __init__(
        self,
        *,
        comp_id: str,
        peer_comp_id: str,
        acceptor: bool,
        next_in: int = 1,
        next_out: int = 1,
        heart_bt_int: int = 10,
        sending_time_window_ms: int = 120_000,
    ) -> None:
        self.comp_id = comp_id
        self.peer_comp_id = peer_comp_id
        self.role = Role.ACCEPTOR if acceptor else Role.INITIATOR
        self.state = State.DISCONNECTED
        self.next_in = next_in
        self.next_out = next_out
        self.heart_bt_int = heart_bt_int
        self._window_ns = sending_time_window_ms * 1_000_000 or _FOREVER_NS
        self._live = Liveness(heart_bt_int)
        self._gap = Gap()
        self.peer_sub_id = ""  # 50 of the acceptor's Logon: to a bridge, the gateway's instance
        self._pending: Logon | None = None
        self._reset_unconfirmed = False

    @property
    def active(self) -> bool:
        """True while both sides are logged on."""
        return self.state is _ACTIVE

    # What we say.

    def logon(
        self,
        now_ns: int,
        *,
        reset: bool = False,
        token: bytes | None = None,
        nonce: str | None = None,
        cancel_on_disconnect_type: CancelOnDisconnectType | None = None,
        cod_timeout_window: int | None = None,
        sender_sub_id: str | None = None,
    ) -> Sent:
        """Say Logon (initiator, on a fresh link). With `token`, `nonce` must never repeat.

        `reset` starts both directions at 1. A reset that was never answered is asked for again.
        """
        self._move(Event.SAY_LOGON)
        reset = reset or self._reset_unconfirmed
        if reset:
            self._reset()
        self._reset_unconfirmed = reset
        self._live.heard(now_ns)
        self._gap.forget()
        logon = Logon(
            heart_bt_int=self.heart_bt_int,
            reset_seq_num_flag=reset,
            sender_sub_id=sender_sub_id,
            cancel_on_disconnect_type=cancel_on_disconnect_type,
            cod_timeout_window=cod_timeout_window,
        )
        if token is not None and nonce is not None:
            names = (self.comp_id, self.peer_comp_id)
            logon = signed(logon, token, nonce, format_utc(now_ns), self.next_out, *names)
        return self.send(logon, now_ns)

    def accept(self, now_ns: int, *, sender_sub_id: str | None = None) -> Sent:
        """Answer the Logon that `receive` delivered (acceptor): both sides are logged on.

        If messages of the peer are missing, the next `tick`, which is due at once, asks for them.
        """
        logon, self._pending = self._pending, None
        if logon is None:
            msg = "there is no Logon to accept"
            raise SessionError(msg)
        self._move(Event.ACCEPT)
        self.heart_bt_int = logon.heart_bt_int
        self._live = Liveness(logon.heart_bt_int)
        self._live.heard(now_ns)
        self._gap.forget()
        if logon.reset_seq_num_flag:
            self._reset()
        if logon.msg_seq_num == self.next_in:
            self.next_in += 1
        else:
            self._gap.widen(logon.msg_seq_num)
        answer = Logon(
            heart_bt_int=logon.heart_bt_int,
            sender_sub_id=sender_sub_id,
            reset_seq_num_flag=logon.reset_seq_num_flag,
            cancel_on_disconnect_type=logon.cancel_on_disconnect_type,
            cod_timeout_window=logon.cod_timeout_window,
        )
        return self.send(answer, now_ns)

    def refuse(self, text: str, now_ns: int) -> Sent:
        """Answer a Logon with Logout (acceptor). It takes no number: a stranger moves nothing."""
        self._move(Event.REFUSE)
        self._pending = None
        number, last_out_ns = self.next_out, self._live.last_out_ns
        said = self.send(goodbye(text), now_ns)
        self.next_out, self._live.last_out_ns = number, last_out_ns
        return said._replace(msg_seq_num=0)

    def send(self, message: Message, now_ns: int) -> Sent:
        """Give a message its number and its bytes, in any state. EncodeError takes no number."""
        message = sayable(message)
        number = self.next_out
        frame = codec.encode(
            message, sender_comp_id=self.comp_id, target_comp_id=self.peer_comp_id,
            msg_seq_num=number, sending_time=format_utc(now_ns),
        )  # fmt: skip
        self.next_out = number + 1
        self._live.last_out_ns = now_ns
        return Sent(number, message, frame)

    def logout(self, text: str | None, now_ns: int) -> Sent:
        """Say Logout; the link goes when the peer has answered, or has not for two seconds."""
        self._move(Event.SAY_LOGOUT)
        return self.send(goodbye(text), now_ns)

    def link_down(self) -> None:
        """Note that the transport is gone. Sequence numbers stay."""
        self._move(Event.LINK_DOWN)
        self._pending = None
        self._gap.forget()

    # What we hear.

    def receive(self, message: Message | InvalidMessage, now_ns: int) -> Reaction:
        """Judge one message of the peer by state and by sequence number."""
        if (  # the straight way, which nearly all messages take
            self.state is _ACTIVE
            and not isinstance(message, InvalidMessage)
            and message.msg_seq_num == self.next_in
            and message.msg_type not in ADMIN_TYPES
            and message.sender_comp_id == self.peer_comp_id
            and message.target_comp_id == self.comp_id
            and not message.poss_dup_flag
            and abs(now_ns - parse_utc(message.sending_time)) <= self._window_ns
        ):
            self._live.heard(now_ns)
            self.next_in += 1
            return Reaction(True, message)  # noqa: FBT003 - no time for keywords here
        if message.msg_type == "A":
            return self._receive_logon(message, now_ns)
        return self._listen(message, now_ns) or self._receive_in_turn(message, now_ns)

    def _listen(self, message: Message | InvalidMessage, now_ns: int) -> Reaction | None:
        """Return None if the state takes the message, else what becomes of it."""
        event = _HEARD.get(message.msg_type, Event.HEAR_OTHER)
        if event not in CONVERSATION[self.role][self.state]:
            text = f"received MsgType {message.msg_type} in state {self.state.name}"
            return self._break(text, now_ns)
        if self.state in _TALKING:
            self._live.heard(now_ns)
            return None
        self._move(event)
        if self.role is Role.ACCEPTOR:
            return NOTHING
        return Reaction(disconnect=f"the peer refused our Logon: {getattr(message, 'text', None)}")

    def _examine(self, message: Message | InvalidMessage, now_ns: int) -> Turn:
        names = (self.peer_comp_id, self.comp_id)
        return examine(message, self.next_in, now_ns, *names, self._window_ns)

    def _receive_in_turn(self, message: Message | InvalidMessage, now_ns: int) -> Reaction:
        number, verdict, fault = self._examine(message, now_ns)
        doubtful = fault is not None and fault.ends
        if verdict is Verdict.BREAK:
            text = fault.text if fault and doubtful else too_low(self.next_in, number)
            return self._break(text, now_ns)
        if verdict is Verdict.ASK and not doubtful:
            return Reaction(replies=self._ask(number, now_ns))
        if fault is not None or isinstance(message, InvalidMessage):
            return self._receive_faulty(message, number, fault or UNREADABLE, now_ns)
        if verdict is Verdict.IGNORE:
            return NOTHING
        return self._act_in_turn(message, now_ns)

    def _act_in_turn(self, message: Message, now_ns: int) -> Reaction:
        if isinstance(message, admin.SequenceReset):
            return self._receive_sequence_reset(message, now_ns)
        taken = message.msg_seq_num == self.next_in
        self.next_in += taken
        reaction = self._act(message, now_ns)._replace(consumed=taken)
        if taken or reaction.disconnect is not None:
            return reaction
        # Acted on although it came too early: first the answer, then the question.
        question = self._ask(message.msg_seq_num, now_ns)
        return reaction._replace(replies=reaction.replies + question)

    def _act(self, message: Message, now_ns: int) -> Reaction:
        """Do what a message asks for, now that its turn has come."""
        match message:
            case admin.TestRequest():
                answer = admin.Heartbeat(test_req_id=message.test_req_id)
                return Reaction(replies=(self.send(answer, now_ns),))
            case admin.Heartbeat():
                return NOTHING
            case admin.ResendRequest():
                return self._receive_resend_request(message, now_ns)
            case admin.Reject():
                return Reaction(rejected=message)
            case Logout():
                return self._receive_logout(message, now_ns)
            case _:
                return Reaction(deliver=message)

    def _receive_logon(self, logon: Message | InvalidMessage, now_ns: int) -> Reaction:
        number, verdict, fault = self._examine(logon, now_ns)
        if fault is not None or not isinstance(logon, Logon):
            return self._turn_away((fault or UNREADABLE).text, now_ns)
        reset = logon.reset_seq_num_flag
        objection = None
        if Event.HEAR_LOGON not in CONVERSATION[self.role][self.state]:
            objection = f"received Logon in state {self.state.name}"
        elif reset and number != 1:
            objection = "received 141=Y with a MsgSeqNum that is not 1"
        elif self.role is Role.INITIATOR and reset is not self._reset_unconfirmed:
            objection = f"received 141={'NY'[reset]}, expected our own value back"
        elif verdict is Verdict.BREAK and not reset:
            objection = too_low(self.next_in, number)
        if objection is not None:
            return self._turn_away(objection, now_ns)
        if verdict is Verdict.IGNORE and not reset:
            return NOTHING
        return self._take_logon(logon, now_ns, taken=reset or verdict is Verdict.TAKE)

    def _take_logon(self, logon: Logon, now_ns: int, *, taken: bool) -> Reaction:
        self._move(Event.HEAR_LOGON)
        if self.role is Role.ACCEPTOR:
            self._pending = logon
            return Reaction(taken, logon)
        self.peer_sub_id = logon.sender_sub_id or ""
        self._live.heard(now_ns)
        self._reset_unconfirmed = False
        self.next_in += taken
        return Reaction(taken, replies=() if taken else self._ask(logon.msg_seq_num, now_ns))

    def _receive_logout(self, logout: Logout, now_ns: int) -> Reaction:
        asked = self.state is State.LOGOUT_SENT
        self._move(Event.HEAR_LOGOUT)
        said = f": {logout.text}" if logout.text else ""
        if asked:
            return Reaction(disconnect=f"logged out{said}")
        answer = self.send(goodbye(None), now_ns)
        return Reaction(replies=(answer,), disconnect=f"the peer logged out{said}")

    def _receive_resend_request(self, request: admin.ResendRequest, now_ns: int) -> Reaction:
        last = self.next_out - 1
        begin = max(request.begin_seq_no, 1)
        end = min(request.end_seq_no or last, last)
        if begin <= end:
            return Reaction(resend=(begin, end))
        fault = Fault(Reason.VALUE_IS_INCORRECT, 7, f"the last message sent was {last}", ends=False)
        return Reaction(replies=(self.send(reject(request, request.msg_seq_num, fault), now_ns),))

    def _receive_sequence_reset(self, message: admin.SequenceReset, now_ns: int) -> Reaction:
        number = message.msg_seq_num
        floor = number + 1 if message.gap_fill_flag else self.next_in
        if message.new_seq_no >= floor:
            self.next_in = message.new_seq_no
            return Reaction(consumed=True)
        text = f"received NewSeqNo(36)={message.new_seq_no}, expected {floor} or more"
        fault = Fault(Reason.VALUE_IS_INCORRECT, 36, text, ends=False)
        return self._receive_faulty(message, number, fault, now_ns)

    def _receive_faulty(
        self, message: Message | InvalidMessage, number: int, fault: Fault, now_ns: int
    ) -> Reaction:
        """Reject a message; it counts if its turn has come. A doubtful peer loses the session."""
        taken = number == self.next_in
        self.next_in += taken
        refusal = self.send(reject(message, number, fault), now_ns)
        if not fault.ends:
            return Reaction(taken, replies=(refusal,))
        end = self._break(fault.text, now_ns)
        return end._replace(consumed=taken, replies=(refusal, *end.replies))

    # Time.

    def tick(self, now_ns: int) -> Reaction:
        """Say what time asks for: heartbeat, test request, the question for a gap, or the end."""
        if self.state is _ACTIVE:
            return self._tick_active(now_ns)
        deadline_ns = self.next_deadline_ns()
        if deadline_ns is None or now_ns < deadline_ns:
            return NOTHING
        asked = "Logon" if self.state is State.LOGON_SENT else "Logout"
        self._move(Event.BREAK)
        return Reaction(disconnect=f"no answer to our {asked}")

    def _tick_active(self, now_ns: int) -> Reaction:
        live = self._live
        if live.is_dead(now_ns):
            # Said although nobody may hear it: a peer that only slept reads it when it wakes.
            silence_s = (now_ns - live.last_in_ns) // SECOND_NS
            return self._break(f"heard nothing for {silence_s} s", now_ns)
        replies = self._ask(0, now_ns) if self._gap.is_open(self.next_in) else ()
        if live.test_is_due(now_ns):
            live.tested = True
            question = admin.TestRequest(test_req_id=f"TEST{self.next_out}")
            replies += (self.send(question, now_ns),)
        if live.heartbeat_is_due(now_ns):
            replies += (self.send(admin.Heartbeat(), now_ns),)
        return Reaction(replies=replies) if replies else NOTHING

    def next_deadline_ns(self) -> int | None:
        """Return when `tick` has something to do, or None while nothing can become due."""
        live = self._live
        if self.state is State.LOGON_SENT:
            return live.last_out_ns + live.interval_ns
        if self.state is State.LOGOUT_SENT:
            return live.last_out_ns + LOGOUT_PATIENCE_NS
        if self.state is not _ACTIVE:
            return None
        deadline_ns = live.next_deadline_ns()
        if self._gap.is_open(self.next_in):
            return min(deadline_ns, self._gap.next_deadline_ns(live.interval_ns))
        return deadline_ns

    def _move(self, event: Event) -> None:
        try:
            self.state = CONVERSATION[self.role][self.state][event]
        except KeyError:
            who = self.role.name.lower()
            msg = f"{event.name} is not allowed to an {who} in state {self.state.name}"
            raise SessionError(msg) from None

    def _reset(self) -> None:
        self.next_in = self.next_out = 1
        self._gap.forget()

    def _ask(self, seen: int, now_ns: int) -> tuple[Sent, ...]:
        """Ask for everything from the gap on, unless that is under way."""
        self._gap.widen(seen)
        if not self._gap.ask(self.next_in, now_ns, self._live.interval_ns):
            return ()
        return (self.send(admin.ResendRequest(begin_seq_no=self.next_in, end_seq_no=0), now_ns),)

    def _turn_away(self, text: str, now_ns: int) -> Reaction:
        """Refuse a Logon. An acceptor's session is not touched by it: it may be a stranger's."""
        if self.role is Role.INITIATOR:
            return self._break(text, now_ns)
        return Reaction(replies=(self.refuse(text, now_ns),), disconnect=text)

    def _break(self, text: str, now_ns: int) -> Reaction:
        """Say Logout with the reason and leave."""
        self._move(Event.BREAK)
        self._pending = None
        self._gap.forget()
        return Reaction(replies=(self.send(goodbye(text), now_ns),), disconnect=text)
