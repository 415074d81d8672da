"""One FIX 4.4 session, either side, without a socket, a clock or a store (FIX 4.4 vol. 2).

The caller owns the link, the time and the memory of what was sent. Its duties:

- Hand every decoded message, and every InvalidMessage, to `receive`; drop a GarbledMessage.
- After `receive` and `tick`, in this order: remember what was `consumed`; act on `deliver`; store
  and send `replies`; if `resend` is set, answer with `resend_frames`; if `disconnect` is set, drop
  the link and tell the session nothing more (it knows).
- Store every Sent before it is sent, under its `msg_seq_num`. A Sent whose `msg_seq_num` is 0
  refuses somebody who is not logged on: send it, never store it, it took no number.
- Call `tick` when `next_deadline_ns` has come.

`send` works in every state. What is said while nobody listens gets its number, and the peer asks
for it after its next Logon: that is how a session survives a cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from protocol import codec
from protocol.authentication import sign
from protocol.errors import InvalidMessage, SessionError
from protocol.fields import ADMIN_TYPES, CancelOnDisconnectType
from protocol.fields import SessionRejectReason as Reason
from protocol.messages import (
    Heartbeat,
    Logon,
    Logout,
    Message,
    Reject,
    ResendRequest,
    SequenceReset,
    TestRequest,
)
from protocol.session_states import (
    CONVERSATION,
    DROP_AFTER,
    LOGOUT_PATIENCE_NS,
    SEQUENCE,
    TEST_AFTER,
    Event,
    Kind,
    Order,
    Role,
    State,
    Verdict,
)
from protocol.timestamps import SECOND_NS, format_utc, parse_utc

_ACTIVE = State.ACTIVE
_HEARD = {"A": Event.HEAR_LOGON, "5": Event.HEAR_LOGOUT}
_KINDS = {"A": Kind.LOGON, "2": Kind.RESEND_REQUEST, "5": Kind.LOGOUT}
_is_name = re.compile(r"[!-<>-~]{1,64}").fullmatch
_is_number = re.compile(r"[0-9]{1,18}", re.ASCII).fullmatch


class Sent(NamedTuple):
    """A message that has its number and its bytes. Number 0: it took none, do not store it."""

    msg_seq_num: int
    message: Message
    frame: bytes


class Reaction(NamedTuple):
    """What follows from a message or from time passing."""

    consumed: bool = False
    """The frame took a sequence number of the peer's: remember it."""
    deliver: Message | None = None
    """An application message in its turn; for an acceptor also the Logon it has to judge."""
    replies: tuple[Sent, ...] = ()
    """What the session itself says now, numbered and encoded."""
    resend: tuple[int, int] | None = None
    """The peer asks for these of ours again, first and last, inclusive."""
    disconnect: str | None = None
    """Say the replies, then drop the link, for this reason."""
    rejected: Reject | None = None
    """The peer's session refused a message of ours: its business will never happen."""


NOTHING = Reaction()


class FixSession:
    """Both directions of one conversation between `comp_id` (us) and `peer_comp_id`.

    `next_in` and `next_out` are the numbers expected and to be given next; a caller that keeps them
    over a restart hands them in. `heart_bt_int` is in seconds; an acceptor takes the Logon's.
    `sending_time_window_ms` is how far a peer's clock may be from ours; 0 trusts any clock.
    """

    def __init__(  # noqa: PLR0913 - the names and numbers of a session, all with their keyword
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
        self._window_ns = sending_time_window_ms * 1_000_000
        self._last_in_ns = 0
        self._last_out_ns = 0
        self._tested = False
        self._pending: Logon | None = None
        self._reset_unconfirmed = False
        self._gap_until = 0  # the highest number seen beyond a gap; open while >= next_in
        self._asked_for = 0  # the next_in that was last asked for
        self._asked_ns = 0

    @property
    def active(self) -> bool:
        """True while both sides are logged on."""
        return self.state is _ACTIVE

    # What we say.

    def logon(  # noqa: PLR0913 - the fields of a Logon
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
            self._reset_unconfirmed = True
        password = None
        if token is not None:
            if not nonce:
                msg = "received a token without a nonce, expected both"
                raise SessionError(msg)
            password = sign(
                token, sending_time=format_utc(now_ns), msg_seq_num=self.next_out,
                sender_comp_id=self.comp_id, target_comp_id=self.peer_comp_id, nonce=nonce,
            )  # fmt: skip
        self._last_in_ns = now_ns
        self._tested = False
        message = Logon(
            heart_bt_int=self.heart_bt_int, reset_seq_num_flag=reset, sender_sub_id=sender_sub_id,
            raw_data=nonce, raw_data_length=len(nonce.encode()) if nonce else None,
            password=password, cancel_on_disconnect_type=cancel_on_disconnect_type,
            cod_timeout_window=cod_timeout_window,
        )  # fmt: skip
        return self.send(message, now_ns)

    def accept(self, now_ns: int) -> Sent:
        """Answer the Logon that `receive` delivered (acceptor). Both sides are logged on now.

        If messages of the peer are missing, the next `tick`, which is due at once, asks for them.
        """
        self._move(Event.ACCEPT)
        logon = self._pending
        if logon is None:
            raise SessionError(self._cannot(Event.ACCEPT))
        self._pending = None
        self.heart_bt_int = logon.heart_bt_int
        if logon.reset_seq_num_flag:
            self._reset()
        if logon.msg_seq_num == self.next_in:
            self.next_in += 1
        else:
            self._gap_until = max(self._gap_until, logon.msg_seq_num)
            self._asked_for = 0
        self._last_in_ns = now_ns
        self._tested = False
        answer = Logon(
            heart_bt_int=logon.heart_bt_int, reset_seq_num_flag=logon.reset_seq_num_flag,
            cancel_on_disconnect_type=logon.cancel_on_disconnect_type,
            cod_timeout_window=logon.cod_timeout_window,
        )  # fmt: skip
        return self.send(answer, now_ns)

    def refuse(self, text: str, now_ns: int) -> Sent:
        """Answer a Logon with Logout (acceptor). It takes no number: a stranger moves nothing."""
        self._move(Event.REFUSE)
        self._pending = None
        return self._unnumbered(Logout(text=text or None), now_ns)

    def send(self, message: Message, now_ns: int) -> Sent:
        """Number and encode a message, in any state. EncodeError takes no number."""
        number = self.next_out
        frame = codec.encode(
            message,
            sender_comp_id=self.comp_id,
            target_comp_id=self.peer_comp_id,
            msg_seq_num=number,
            sending_time=format_utc(now_ns),
        )
        self.next_out = number + 1
        self._last_out_ns = now_ns
        return Sent(number, message, frame)

    def logout(self, text: str | None, now_ns: int) -> Sent:
        """Say Logout; the link goes when the peer has answered, or has not for two seconds."""
        self._move(Event.SAY_LOGOUT)
        return self.send(Logout(text=text or None), now_ns)

    def link_down(self) -> None:
        """Note that the transport is gone. Sequence numbers stay."""
        self._move(Event.LINK_DOWN)
        self._pending = None
        self._asked_for = 0

    # What we hear.

    def receive(self, message: Message | InvalidMessage, now_ns: int) -> Reaction:
        """Judge one message of the peer by state and by sequence number."""
        if isinstance(message, InvalidMessage):
            return self._receive_invalid(message, now_ns)
        # The straight way, which nearly all messages take: an application message in its turn.
        if (
            self.state is _ACTIVE
            and message.msg_seq_num == self.next_in
            and message.msg_type not in ADMIN_TYPES
            and message.sender_comp_id == self.peer_comp_id
            and message.target_comp_id == self.comp_id
            and not message.poss_dup_flag
            and self._is_timely(message.sending_time, now_ns)
        ):
            self._last_in_ns = now_ns
            self._tested = False
            self.next_in += 1
            return Reaction(True, message)  # noqa: FBT003 - the hot path has no time for keywords
        event = _HEARD.get(message.msg_type, Event.HEAR_OTHER)
        allowed = event in CONVERSATION[self.role][self.state]
        if not allowed:
            text = f"received MsgType {message.msg_type} in state {self.state.name}"
            return self._break(text, now_ns)
        if self._is_deaf(event):
            return NOTHING
        self._last_in_ns = now_ns
        self._tested = False
        wrong = self._wrong_header(message, now_ns)
        if wrong is not None:
            return self._break_with_reject(message, wrong, now_ns)
        if isinstance(message, Logon):
            return self._receive_logon(message, now_ns)
        if message.poss_dup_flag and message.orig_sending_time is None:
            return self._reject(message, Reason.REQUIRED_TAG_MISSING, 122, now_ns)
        return self._receive_in_turn(message, now_ns)

    def _is_deaf(self, event: Event) -> bool:
        """Tell whether we do not listen yet: an acceptor hears only Logon before it has accepted."""
        if self.state is State.LOGON_RECEIVED and event is Event.HEAR_LOGOUT:
            self._move(event)
            self._pending = None
            return True
        return (
            self.state in {State.DISCONNECTED, State.LOGON_RECEIVED}
            and event is not Event.HEAR_LOGON
        )

    def _receive_in_turn(self, message: Message, now_ns: int) -> Reaction:
        verdict = self._judge(message)
        if verdict is Verdict.IGNORE:
            return NOTHING
        if verdict is Verdict.BREAK:
            return self._too_low(message.msg_seq_num, now_ns)
        if verdict is Verdict.ASK:
            return Reaction(replies=self._ask(message.msg_seq_num, now_ns))
        if isinstance(message, SequenceReset):
            return self._receive_sequence_reset(message, now_ns)
        taken = verdict is Verdict.TAKE
        if taken:
            self.next_in += 1
        reaction = self._act(message, taken, now_ns)
        if taken or reaction.disconnect is not None:
            return reaction
        # Acted on although it came too early: an answer first, then the question.
        question = self._ask(message.msg_seq_num, now_ns)
        return reaction._replace(replies=reaction.replies + question)

    def _judge(self, message: Message) -> Verdict:
        number = message.msg_seq_num
        if isinstance(message, SequenceReset):
            kind = Kind.GAP_FILL if message.gap_fill_flag else Kind.RESET
        else:
            kind = _KINDS.get(message.msg_type, Kind.OTHER)
        return SEQUENCE[kind][self._order(number), message.poss_dup_flag]

    def _order(self, number: int) -> Order:
        if number == self.next_in:
            return Order.EXPECTED
        return Order.LOWER if number < self.next_in else Order.HIGHER

    def _act(self, message: Message, taken: bool, now_ns: int) -> Reaction:  # noqa: FBT001
        """Do what a message asks for, now that its turn has come."""
        match message:
            case TestRequest():
                answer = Heartbeat(test_req_id=message.test_req_id)
                return Reaction(taken, replies=(self.send(answer, now_ns),))
            case Heartbeat():
                return Reaction(taken)
            case ResendRequest():
                return self._receive_resend_request(message, taken, now_ns)
            case Reject():
                return Reaction(taken, rejected=message)
            case Logout():
                return self._receive_logout(message, taken, now_ns)
            case _:
                return Reaction(taken, message)

    def _receive_logon(self, logon: Logon, now_ns: int) -> Reaction:
        reset = logon.reset_seq_num_flag
        if reset and logon.msg_seq_num != 1:
            return self._break("received 141=Y with a MsgSeqNum that is not 1", now_ns)
        if self.role is Role.INITIATOR and reset is not self._reset_unconfirmed:
            return self._break(f"received 141={'NY'[reset]}, expected our own echoed", now_ns)
        verdict = Verdict.TAKE
        if not reset:
            verdict = self._judge(logon)
        if verdict is Verdict.IGNORE:
            return NOTHING
        if verdict is Verdict.BREAK:
            return self._too_low(logon.msg_seq_num, now_ns)
        taken = verdict is Verdict.TAKE
        self._move(Event.HEAR_LOGON)
        if self.role is Role.ACCEPTOR:
            self._pending = logon
            return Reaction(taken, logon)
        self._reset_unconfirmed = False
        if taken:
            self.next_in = logon.msg_seq_num + 1
            return Reaction(taken)
        self._asked_for = 0
        return Reaction(taken, replies=self._ask(logon.msg_seq_num, now_ns))

    def _receive_logout(self, logout: Logout, taken: bool, now_ns: int) -> Reaction:  # noqa: FBT001
        before = self.state
        self._move(Event.HEAR_LOGOUT)
        said = f": {logout.text}" if logout.text else ""
        if before is State.LOGON_SENT:
            if taken:
                self.next_in -= 1  # a Logout that refuses a Logon takes no number
            return Reaction(disconnect=f"the peer refused our Logon{said}")
        if before is State.LOGOUT_SENT:
            return Reaction(taken, disconnect=f"logged out{said}")
        answer = self.send(Logout(), now_ns)
        return Reaction(taken, replies=(answer,), disconnect=f"the peer logged out{said}")

    def _receive_resend_request(
        self,
        request: ResendRequest,
        taken: bool,  # noqa: FBT001
        now_ns: int,
    ) -> Reaction:
        begin = max(request.begin_seq_no, 1)
        last = self.next_out - 1
        end = min(request.end_seq_no or last, last)
        if begin > end:
            text = f"nothing to send again: last is {last}"
            refusal = self._rejection(
                request.msg_seq_num, "2", Reason.VALUE_IS_INCORRECT, 7, text, now_ns
            )
            return Reaction(taken, replies=(refusal,))
        return Reaction(taken, resend=(begin, end))

    def _receive_sequence_reset(self, message: SequenceReset, now_ns: int) -> Reaction:
        floor = message.msg_seq_num + 1 if message.gap_fill_flag else self.next_in
        if message.new_seq_no >= floor:
            self.next_in = message.new_seq_no
            return Reaction(consumed=True)
        text = f"received NewSeqNo(36)={message.new_seq_no}, expected {floor} or more"
        taken = message.msg_seq_num == self.next_in
        if taken:
            self.next_in += 1
        refusal = self._rejection(
            message.msg_seq_num, "4", Reason.VALUE_IS_INCORRECT, 36, text, now_ns
        )
        return Reaction(taken, replies=(refusal,))

    def _receive_invalid(self, message: InvalidMessage, now_ns: int) -> Reaction:
        """Count and reject a message that was whole but wrong, or break where there is no number."""
        event = _HEARD.get(message.msg_type, Event.HEAR_OTHER)
        if self._is_deaf(event):
            return NOTHING
        self._last_in_ns = now_ns
        self._tested = False
        header = message.header
        written = header.get("34", "")
        if self.state not in {_ACTIVE, State.LOGOUT_SENT} or message.msg_type == "A":
            return self._break(f"refused: {message.text}", now_ns)
        if header.get("49") != self.peer_comp_id or header.get("56") != self.comp_id:
            return self._break("SenderCompID(49) or TargetCompID(56) is not this session's", now_ns)
        if not _is_number(written):
            return self._break("MsgSeqNum(34) is missing or is no number", now_ns)
        number = int(written)
        verdict = SEQUENCE[Kind.OTHER][self._order(number), header.get("43") == "Y"]
        if verdict is Verdict.IGNORE:
            return NOTHING
        if verdict is Verdict.BREAK:
            return self._too_low(number, now_ns)
        if verdict is Verdict.ASK:
            return Reaction(replies=self._ask(number, now_ns))
        self.next_in += 1
        refusal = self._rejection(
            number, message.msg_type, message.reason, message.ref_tag, message.text, now_ns
        )
        return Reaction(consumed=True, replies=(refusal,))

    # Time.

    def tick(self, now_ns: int) -> Reaction:
        """Say what time asks for: heartbeat, test request, the question for a gap, or the end."""
        if self.state is State.LOGON_SENT:
            return self._give_up("no answer to our Logon", self._last_out_ns, self._hb(1), now_ns)
        if self.state is State.LOGOUT_SENT:
            text = "no answer to our Logout"
            return self._give_up(text, self._last_out_ns, LOGOUT_PATIENCE_NS, now_ns)
        if self.state is not _ACTIVE:
            return NOTHING
        if now_ns - self._last_in_ns >= self._hb(DROP_AFTER):
            silence_s = (now_ns - self._last_in_ns) // SECOND_NS
            self._move(Event.BREAK)
            return Reaction(disconnect=f"heard nothing for {silence_s} s")
        replies: list[Sent] = []
        if self._gap_is_open() and now_ns >= self._ask_again_ns():
            self._asked_for = 0
            replies += self._ask(self._gap_until, now_ns)
        if not self._tested and now_ns - self._last_in_ns >= self._hb(TEST_AFTER):
            self._tested = True
            replies.append(self.send(TestRequest(test_req_id=f"TEST{self.next_out}"), now_ns))
        if now_ns - self._last_out_ns >= self._hb(1):
            replies.append(self.send(Heartbeat(), now_ns))
        return Reaction(replies=tuple(replies)) if replies else NOTHING

    def next_deadline_ns(self) -> int | None:
        """Return when `tick` has something to do, or None while nothing can become due."""
        if self.state is State.LOGON_SENT:
            return self._last_out_ns + self._hb(1)
        if self.state is State.LOGOUT_SENT:
            return self._last_out_ns + LOGOUT_PATIENCE_NS
        if self.state is not _ACTIVE:
            return None
        silence = self._hb(DROP_AFTER if self._tested else TEST_AFTER)
        deadline = min(self._last_out_ns + self._hb(1), self._last_in_ns + silence)
        return min(deadline, self._ask_again_ns()) if self._gap_is_open() else deadline

    def _hb(self, times: float) -> int:
        return int(self.heart_bt_int * SECOND_NS * times)

    def _give_up(self, text: str, since_ns: int, patience_ns: int, now_ns: int) -> Reaction:
        if now_ns - since_ns < patience_ns:
            return NOTHING
        self._move(Event.BREAK)
        return Reaction(disconnect=text)

    # The pieces.

    def _move(self, event: Event) -> None:
        try:
            self.state = CONVERSATION[self.role][self.state][event]
        except KeyError:
            raise SessionError(self._cannot(event)) from None

    def _cannot(self, event: Event) -> str:
        return f"{event.name} is not allowed to an {self.role.name} in state {self.state.name}"

    def _reset(self) -> None:
        self.next_in = self.next_out = 1
        self._gap_until = self._asked_for = 0

    def _is_timely(self, sending_time: str, now_ns: int) -> bool:
        return not self._window_ns or abs(now_ns - parse_utc(sending_time)) <= self._window_ns

    def _wrong_header(self, message: Message, now_ns: int) -> tuple[Reason, int, str] | None:
        """Find what breaks the session: whose message it is, and when it was sent."""
        for number, received, expected in (
            (49, message.sender_comp_id, self.peer_comp_id),
            (56, message.target_comp_id, self.comp_id),
        ):
            if received != expected:
                text = f"received {received[:64]!r}, expected {expected!r}"
                return Reason.COMP_ID_PROBLEM, number, text
        sent, original = message.sending_time, message.orig_sending_time
        if not self._is_timely(sent, now_ns):
            text = f"SendingTime(52) is {sent}, here it is {format_utc(now_ns)}"
            return Reason.SENDING_TIME_ACCURACY_PROBLEM, 52, text
        if message.poss_dup_flag and original and parse_utc(original) > parse_utc(sent):
            text = f"OrigSendingTime(122) {original} is later than SendingTime(52) {sent}"
            return Reason.SENDING_TIME_ACCURACY_PROBLEM, 122, text
        return None

    def _gap_is_open(self) -> bool:
        return self._gap_until >= self.next_in

    def _ask_again_ns(self) -> int:
        """Return when the gap's question is due: at once if unasked, else after a heartbeat."""
        if self._asked_for == 0:
            return self._last_in_ns
        progress = self._asked_for != self.next_in
        return max(self._asked_ns, self._last_in_ns if progress else 0) + self._hb(1)

    def _ask(self, seen: int, now_ns: int) -> tuple[Sent, ...]:
        """Ask for everything from the gap on, once for each place where a gap begins."""
        self._gap_until = max(self._gap_until, seen)
        if self._asked_for == self.next_in:
            return ()
        self._asked_for = self.next_in
        self._asked_ns = now_ns
        return (self.send(ResendRequest(begin_seq_no=self.next_in, end_seq_no=0), now_ns),)

    def _rejection(  # noqa: PLR0913, PLR0917 - the fields of a Reject
        self, number: int, msg_type: str, reason: int, ref_tag: int, text: str, now_ns: int
    ) -> Sent:
        refusal = Reject(
            ref_seq_num=number, ref_tag_id=ref_tag or None,
            ref_msg_type=msg_type if _is_name(msg_type) else None,
            session_reject_reason=Reason(reason), text=text[:1024].replace("\x01", "|") or None,
        )  # fmt: skip
        return self.send(refusal, now_ns)

    def _reject(self, message: Message, reason: Reason, ref_tag: int, now_ns: int) -> Reaction:
        """Refuse a message whose header lacks something; it counts if its turn has come."""
        taken = message.msg_seq_num == self.next_in
        if taken:
            self.next_in += 1
        text = f"tag {ref_tag}: {reason.name}"
        refusal = self._rejection(
            message.msg_seq_num, message.msg_type, reason, ref_tag, text, now_ns
        )
        return Reaction(taken, replies=(refusal,))

    def _break_with_reject(
        self, message: Message, wrong: tuple[Reason, int, str], now_ns: int
    ) -> Reaction:
        reason, ref_tag, text = wrong
        if self.state not in {_ACTIVE, State.LOGOUT_SENT} or isinstance(message, Logon):
            return self._break(text, now_ns)
        first = self._reject(message, reason, ref_tag, now_ns)
        last = self._break(text, now_ns)
        return last._replace(consumed=first.consumed, replies=first.replies + last.replies)

    def _too_low(self, number: int, now_ns: int) -> Reaction:
        text = f"MsgSeqNum too low, expecting {self.next_in} but received {number}"
        return self._break(text, now_ns)

    def _break(self, text: str, now_ns: int) -> Reaction:
        """Say Logout with the reason and leave. To a stranger it takes no number."""
        talking = self.state in {_ACTIVE, State.LOGOUT_SENT, State.LOGON_SENT}
        self._move(Event.BREAK)
        self._pending = None
        goodbye = Logout(text=text[:1024].replace("\x01", "|"))
        said = self.send(goodbye, now_ns) if talking else self._unnumbered(goodbye, now_ns)
        return Reaction(replies=(said,), disconnect=text)

    def _unnumbered(self, message: Message, now_ns: int) -> Sent:
        number = self.next_out
        frame = self.send(message, now_ns).frame
        self.next_out = number
        return Sent(0, message, frame)


def resend_frames(  # noqa: PLR0913 - what was asked for, of what, between whom, when
    sent: Iterable[tuple[int, bytes]],
    begin: int,
    end: int,
    *,
    sender_comp_id: str,
    target_comp_id: str,
    now_ns: int,
) -> Iterator[bytes]:
    """Answer a ResendRequest for begin to end, inclusive, from what was sent, in ascending order.

    Application messages come again with 43=Y and 122. Administrative ones, and numbers that `sent`
    does not hold, become SequenceReset-GapFill. Numbers outside the range are skipped.
    """
    sending_time = format_utc(now_ns)

    def gap_fill(first: int, following: int) -> bytes:
        return codec.encode(
            SequenceReset(gap_fill_flag=True, new_seq_no=following),
            sender_comp_id=sender_comp_id,
            target_comp_id=target_comp_id,
            msg_seq_num=first,
            sending_time=sending_time,
            poss_dup=sending_time,
        )

    expected = begin
    for number, frame in sent:
        if not expected <= number <= end or codec.peek(frame).msg_type in ADMIN_TYPES:
            continue
        if number > expected:
            yield gap_fill(expected, number)
        yield codec.resend_of(frame, sending_time)
        expected = number + 1
    if expected <= end:
        yield gap_fill(expected, end + 1)
