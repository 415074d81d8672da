"""The gateway's end of a bridge's link in virtual time: ZMTP by hand, and a FixSession.

`GatewayEnd(network.listen(5571))` hears what the program has sent (`hear`), answers what a session
answers, says what a test wants said (`say`), and keeps the application messages in `heard`.
"""

from __future__ import annotations

from protocol import codec
from protocol.messages import Logon, Message
from protocol.session import FixSession

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)


def frame(body: bytes, flags: int = 0) -> bytes:
    """Write a ZMTP frame, short or long."""
    if len(body) > 255:
        return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body
    return bytes([flags, len(body)]) + body


def ready(kind: bytes) -> bytes:
    """Write a READY."""
    body = b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind
    return frame(body, flags=4)


class ZmtpEnd:
    """One connection's ZMTP as a peer of the program has it."""

    def __init__(self, kind: bytes, extra: bytes = b"") -> None:
        self.first = GREETING + ready(kind) + extra
        self._in = bytearray()
        self._greeted = False

    def take(self, content: bytes) -> list[bytes]:
        """Return the whole frames in what has come, commands aside."""
        self._in += content
        if not self._greeted:
            if len(self._in) < len(GREETING):
                return []
            assert bytes(self._in[:9]) == GREETING[:9]
            del self._in[: len(GREETING)]
            self._greeted = True
        found = []
        while (piece := self._next()) is not None:
            flags, body = piece
            if not flags & 4:
                found.append(body)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._in) < 2:
            return None
        flags = self._in[0]
        head = 9 if flags & 2 else 2
        if len(self._in) < head:
            return None
        size = int.from_bytes(self._in[1:head], "big")
        if len(self._in) < head + size:
            return None
        body = bytes(self._in[head : head + size])
        del self._in[: head + size]
        return flags, body


class GatewayEnd:
    """Follows the newest connection at a door; `accepts` says whether Logons are taken."""

    def __init__(self, door, *, comp_id: str = "MT5", heart_bt_int: int = 1) -> None:
        self.door = door
        self.comp_id = comp_id
        self.heart_bt_int = heart_bt_int
        self.accepts = True
        self.instance: str | None = "1"
        """What it says of its ids at the Logon."""
        self.refusal = "AUTHENTICATION_FAILED: no"
        self.mute = False
        self.heard: list[Message] = []
        self.logons: list[Logon] = []
        self.fix: FixSession | None = None
        self._pipe = None
        self._zmtp = ZmtpEnd(b"ROUTER")

    @property
    def live(self) -> bool:
        """Say whether the bridge is logged on."""
        return self.fix is not None and self.fix.active

    def hear(self, now_ns: int) -> list[Message]:
        """Take what has come; return the application messages in it."""
        if self.mute or not self.door or (self.door[-1] is self._pipe and self.fix is None):
            return []
        if self.door[-1] is not self._pipe:
            self._pipe = self.door[-1]
            self._zmtp = ZmtpEnd(b"ROUTER")
            self._pipe.say(self._zmtp.first)
            self.fix = FixSession(
                comp_id="GATEWAY", peer_comp_id=self.comp_id, acceptor=True,
                heart_bt_int=self.heart_bt_int,
            )  # fmt: skip
        before = len(self.heard)
        for content in self._zmtp.take(self._pipe.take()):
            self._react(self.fix.receive(codec.decode(content), now_ns), now_ns)
        if self.fix.active:
            self._react(self.fix.tick(now_ns), now_ns)
        return self.heard[before:]

    def _react(self, reaction, now_ns: int) -> None:
        for sent in reaction.replies:
            self.send(sent.frame)
        if isinstance(reaction.deliver, Logon):
            self.logons.append(reaction.deliver)
            answer = self._accept if self.accepts else self._refuse
            self.send(answer(now_ns).frame)
        elif reaction.deliver is not None:
            self.heard.append(reaction.deliver)

    def _accept(self, now_ns: int):
        return self.fix.accept(now_ns, sender_sub_id=self.instance)

    def _refuse(self, now_ns: int):
        return self.fix.refuse(self.refusal, now_ns)

    def say(self, message: Message, now_ns: int) -> None:
        """Say an application message."""
        self.send(self.fix.send(message, now_ns).frame)

    def send(self, content: bytes) -> None:
        """Send one frame."""
        self._pipe.say(frame(content))

    def cut(self) -> None:
        """Lose the connection, if there is one."""
        if self._pipe is not None:
            self._pipe.cut()
        self.fix = None
