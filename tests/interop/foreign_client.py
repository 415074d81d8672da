"""A client written from PROTOCOL.md alone: pyzmq, simplefix, the standard library, nothing of ours.

It keeps what the document tells a trading client to keep (both numbers, and what it said), so that
it can come back without 141=Y. It is no example of style; it proves that the document is enough.
"""

import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime

import simplefix
import zmq

ADMIN = {"0", "1", "2", "3", "4", "5", "A"}
HEADER = {8, 9, 35, 49, 56, 34, 52, 43, 122, 10}
HEARTBEAT_S = 30


def now():
    """Return the time as tag 52 wants it."""
    return datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")


def parse(frame):
    """Return (tag, value) pairs after checking BodyLength and CheckSum."""
    assert frame.endswith(b"\x01")
    body = frame[frame.index(b"\x01", frame.index(b"\x019=") + 1) + 1 : -7]
    parser = simplefix.FixParser()
    parser.append_buffer(frame)
    pairs = [(int(tag), value.decode()) for tag, value in parser.get_message().pairs]
    fields = dict(pairs)
    assert int(fields[9]) == len(body), frame
    assert int(fields[10]) == sum(frame[:-7]) % 256, frame
    return pairs


class ForeignClient:
    """One session. `heard` maps each number that was taken to (MsgType, fields without header)."""

    def __init__(self, endpoint, comp_id, token=None, *, terms=((108, HEARTBEAT_S),)):
        self.endpoint, self.comp_id, self.token, self.terms = endpoint, comp_id, token, terms
        self.socket = None
        self.next_in = self.next_out = 1
        self.said = {}
        self.heard = {}
        self.duplicates = 0
        self.asked_for = []
        self.logged_on = False
        self.logout_text = None
        self.gap_asked = False

    # The wire.

    def encode(self, msg_type, fields, number, at, again=None):
        """Write one message as bytes."""
        message = simplefix.FixMessage()
        for tag, value in ((8, "FIX.4.4"), (35, msg_type), (49, self.comp_id), (56, "GATEWAY"),
                           (34, number), (52, at)):  # fmt: skip
            message.append_pair(tag, value)
        if again:
            message.append_pair(43, "Y")
            message.append_pair(122, again)
        for tag, value in fields:
            message.append_pair(tag, value)
        return message.encode()

    def say(self, msg_type, *fields, at=None, lost=False):
        """Say one message in its turn; `lost`: it is numbered and kept, and never leaves."""
        at, number = at or now(), self.next_out
        self.next_out += 1
        if msg_type not in ADMIN:
            self.said[number] = (msg_type, fields, at)
        if not lost:
            self.socket.send(self.encode(msg_type, fields, number, at))
        return number

    def cut(self):
        """Drop the connection without a word."""
        self.socket.close(0)
        self.socket = None
        self.logged_on = False

    # The session.

    def knock(self, *, reset=False, **forged):
        """Open a socket and say Logon. `forged` replaces 52, 96 or 554 (for the tests' lies)."""
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(self.endpoint)
        self.logout_text, self.gap_asked = None, False
        if reset:
            self.next_in = self.next_out = 1
            self.said.clear()
            self.heard.clear()
        at = forged.get("at") or now()
        fields = [(98, 0), *self.terms] + ([(141, "Y")] if reset else [])
        if self.token:
            nonce = forged.get("nonce") or secrets.token_hex(16)
            text = f"{at}|{self.next_out}|{self.comp_id}|GATEWAY|{nonce}"
            proof = hmac.new(self.token, text.encode(), hashlib.sha256).hexdigest()
            proof = forged.get("proof") or proof
            fields += [(95, len(nonce)), (96, nonce), (554, proof)]
        self.say("A", *fields, at=at)

    def log_on(self, *, reset=False, timeout_s=20, **forged):
        """Log on; return True when accepted, False when refused (`logout_text` says why)."""
        self.knock(reset=reset, **forged)
        end = time.monotonic() + timeout_s
        while not self.logged_on and self.logout_text is None:
            assert time.monotonic() < end, "no answer to the Logon"
            self.hear(0.1)
        if self.logout_text is not None:
            self.next_out -= 1  # a refused Logon takes no number
            self.cut()
        return self.logged_on

    def log_out(self):
        """Say Logout and wait for the answer."""
        self.say("5")
        self.until(lambda: self.logout_text is not None)
        self.cut()

    def hear(self, seconds):
        """Take one frame if one comes; return whether one came."""
        if not self.socket.poll(int(seconds * 1000)):
            return False
        self.take(parse(self.socket.recv()))
        return True

    def take(self, pairs):
        """Judge one message by its number, then by its type."""
        fields = dict(pairs)
        kind, number = fields[35], int(fields[34])
        if kind == "5" and not self.logged_on:  # a refusal has no number
            self.logout_text = fields.get(58, "")
            return
        if kind == "A" and fields.get(141) == "Y":
            self.next_in = number
        if kind == "4" and fields.get(123) != "Y":
            self.next_in = int(fields[36])
            return
        if number < self.next_in:
            assert fields.get(43) == "Y", pairs
            self.duplicates += 1
            return
        if kind == "A":
            self.logged_on = True
        if number > self.next_in:
            if kind == "2":
                self.resend(int(fields[7]), int(fields[16]))
            if not self.gap_asked:
                self.gap_asked = True
                self.say("2", (7, self.next_in), (16, 0))
            return
        self.next_in += 1
        self.heard[number] = (kind, [pair for pair in pairs if pair[0] not in HEADER])
        self.act(kind, fields)

    def act(self, kind, fields):
        """Do what an administrative message asks for."""
        if kind == "1":
            self.say("0", (112, fields[112]))
        elif kind == "2":
            self.resend(int(fields[7]), int(fields[16]))
        elif kind == "4":
            self.next_in = int(fields[36])
        elif kind == "5":
            self.logged_on = False
            self.logout_text = fields.get(58, "")

    def resend(self, begin, end):
        """Answer a ResendRequest: what we said again, the rest as gap fills."""
        end = min(end or self.next_out - 1, self.next_out - 1)
        self.asked_for.append((begin, end))
        number = begin
        while number <= end:
            following = number + 1
            if number in self.said:
                kind, fields, at = self.said[number]
                frame = self.encode(kind, fields, number, now(), again=at)
            else:
                while following <= end and following not in self.said:
                    following += 1
                fields = ((123, "Y"), (36, following))
                frame = self.encode("4", fields, number, at := now(), again=at)
            self.socket.send(frame)
            number = following

    # What a test wants.

    def until(self, condition, timeout_s=20):
        """Hear until a condition holds."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"not within {timeout_s} s; heard {self.heard}"
            self.hear(0.1)

    def order(self, symbol, side, qty, price=None, **more):
        """Say a limit order, or a market order without a price; return its ClOrdID."""
        name = secrets.token_hex(8)
        terms = ((40, 1),) if price is None else ((40, 2), (44, price))
        self.say("D", (11, name), (55, symbol), (54, side), (60, now()), (38, qty), *terms,
                 (59, 3 if price is None else 1), lost=more.get("lost", False))  # fmt: skip
        return name

    def reports(self, cl_ord_id=None):
        """Return the ExecutionReports that were taken, as dicts, in order."""
        found = [dict(fields) for kind, fields in self.heard.values() if kind == "8"]
        return [one for one in found if cl_ord_id in {None, one.get(11)}]

    def told(self, cl_ord_id):
        """Return the ExecTypes of an order's reports, joined."""
        return "".join(one[150] for one in self.reports(cl_ord_id))
