"""Two sessions joined by a fake wire, with virtual time: everything but the bytes is real.

`ConnectionPair` does what a shell must: it stores what is sent, delivers what is consumed, answers
resends, drops links. The wire keeps the order of frames, as a socket does, unless a test sets
`weather`: it takes the frames under way in one direction and returns those that arrive.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from support.every_message import bare

from protocol import codec
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.messages import Logon, Message
from protocol.session import FixSession, Reaction, Sent, resend_frames
from protocol.timestamps import SECOND_NS, format_utc

START_NS = 1_767_605_400 * SECOND_NS  # 2026-01-05 09:30:00 UTC

Weather = Callable[[list[bytes]], list[bytes]]


class Peer:
    """One side: a session, the store of what it sent, and what it was delivered."""

    def __init__(self, session: FixSession) -> None:
        self.session = session
        self.sent: dict[int, bytes] = {}
        self.said: list[Message] = []
        self.delivered: list[Message] = []
        self.consumed = 0
        self.rejected: list[Message] = []
        self.endings: list[str] = []
        self.outbox: list[bytes] = []

    def say(self, sent: Sent) -> None:
        """Store, then put on the wire."""
        if sent.msg_seq_num:
            if isinstance(sent.message, Logon) and sent.message.reset_seq_num_flag:
                self.sent.clear()
            self.sent[sent.msg_seq_num] = sent.frame
        self.said.append(sent.message)
        self.outbox.append(sent.frame)

    def said_types(self) -> str:
        """Return the MsgTypes said so far, in order, separated by blanks."""
        return " ".join(message.msg_type for message in self.said)


class ConnectionPair:
    """An initiator MM and an acceptor GATEWAY."""

    def __init__(self, **options: int) -> None:
        self.now_ns = START_NS
        self.client = Peer(
            FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False, **options)
        )
        self.gateway = Peer(
            FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True, **options)
        )
        self.connected = False
        self.weather: Weather = list

    def connect(self, *, reset: bool = False) -> None:
        """Open a link and log on, as far as the wire lets us."""
        self.hang_up()
        self.connected = True
        self.client.say(self.client.session.logon(self.now_ns, reset=reset))
        self.run()

    def hang_up(self) -> None:
        """Lose the link with all that is on it."""
        self.connected = False
        for peer in (self.client, self.gateway):
            peer.session.link_down()
            peer.outbox.clear()

    def send(self, peer: Peer, message: Message) -> None:
        """Say an application message; without a link it is only stored."""
        peer.say(peer.session.send(message, self.now_ns))
        if not self.connected:
            peer.outbox.clear()

    def run(self) -> None:
        """Carry frames both ways until both sides have nothing more to say."""
        while self.connected and (self.client.outbox or self.gateway.outbox):
            there, self.client.outbox = self.weather(self.client.outbox), []
            back, self.gateway.outbox = self.weather(self.gateway.outbox), []
            for frame in there:
                self.hear(self.gateway, frame)
            for frame in back:
                self.hear(self.client, frame)

    def hear(self, peer: Peer, frame: bytes) -> Reaction | None:
        """Hand one frame to a side, as its shell would."""
        if not self.connected:
            return None
        try:
            message = codec.decode(frame)
        except GarbledMessage:
            return None
        except InvalidMessage as invalid:
            message = invalid
        return self.handle(peer, peer.session.receive(message, self.now_ns))

    def handle(self, peer: Peer, reaction: Reaction) -> Reaction:
        """Do what a Reaction asks for, field by field."""
        peer.consumed += reaction.consumed
        if reaction.deliver is not None:
            if isinstance(reaction.deliver, Logon):
                peer.say(peer.session.accept(self.now_ns))
                self.handle(peer, peer.session.tick(self.now_ns))
            else:
                peer.delivered.append(reaction.deliver)
        if reaction.rejected is not None:
            peer.rejected.append(reaction.rejected)
        for sent in reaction.replies:
            peer.say(sent)
        if reaction.resend is not None:
            names = {
                "sender_comp_id": peer.session.comp_id,
                "target_comp_id": peer.session.peer_comp_id,
            }
            stored = sorted(peer.sent.items())
            peer.outbox += resend_frames(stored, *reaction.resend, now_ns=self.now_ns, **names)
        if reaction.disconnect is not None:
            peer.endings.append(reaction.disconnect)
            self._flush(peer)
            self.hang_up()
        return reaction

    def _flush(self, peer: Peer) -> None:
        """Let the last words arrive before the link goes."""
        other = self.client if peer is self.gateway else self.gateway
        words, peer.outbox = peer.outbox, []
        for frame in words:
            self.hear(other, frame)

    def wait(self, seconds: float) -> None:
        """Let time pass, waking each side at its own deadlines."""
        until_ns = self.now_ns + int(seconds * SECOND_NS)
        while True:
            self.run()
            deadlines = [peer.session.next_deadline_ns() for peer in (self.client, self.gateway)]
            due_ns = min((at for at in deadlines if at is not None), default=until_ns)
            if due_ns > until_ns:
                break
            self.now_ns = max(self.now_ns, due_ns)
            for peer in (self.client, self.gateway):
                self.handle(peer, peer.session.tick(self.now_ns))
            if due_ns == until_ns:
                break
        self.run()
        self.now_ns = until_ns


def order(number):
    """An order with a ClOrdID that a test can find again."""
    return replace(bare("D"), cl_ord_id=f"A{number}")


def ids(peer):
    """The ClOrdIDs delivered so far."""
    return [message.cl_ord_id for message in peer.delivered]


def says(text, *, sender="MM", target="GATEWAY", number, now_ns=START_NS, more=""):
    """A frame by hand: MsgType, then body fields, with | for SOH."""
    kind, _, body = text.partition("|")
    written = f"35={kind}|49={sender}|56={target}|34={number}|52={format_utc(now_ns)}|{more}{body}"
    return codec.wrap(written.rstrip("|").replace("|", "\x01") + "\x01")


def last_text(peer):
    """What a side said last, in words."""
    return peer.said[-1].text
