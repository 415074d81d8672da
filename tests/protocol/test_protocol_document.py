"""PROTOCOL.md tells the truth: its tables, its example numbers, and its client, which is run."""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
import sys
import threading
import time

import pytest
import zmq
from support.fix44 import DICTIONARY, validate
from support.protocol_tables import DOCUMENT, names_in, renewed

from protocol import codec
from protocol.authentication import verify
from protocol.errors import InvalidMessage
from protocol.field_names import NAMES
from protocol.fields import ExecType, OrdStatus, SessionRejectReason
from protocol.messages import BY_TYPE, ExecutionReport, Logon, NewOrderSingle
from protocol.numbers import ZERO
from protocol.session import FixSession
from protocol.session_states import CONVERSATION, Event, Role, State

TEXT = DOCUMENT.read_text("utf-8")
TOKEN = b"the token of MM"


def section(title):
    """The text of one section."""
    return re.split(r"\n## ", TEXT.partition(f"\n## {title}")[2])[0]


def test_tables_are_current():
    """The tables say what the structs say; tests/support/protocol_tables.py renews them."""
    assert renewed(TEXT) == TEXT


def test_every_message_is_documented():
    """Each message type has its own table, and so has the header."""
    assert {"header", *BY_TYPE} == set(names_in(TEXT))


def test_own_tags_are_listed():
    """Section 11 lists each tag from 5000 on with its name, and no other."""
    listed = re.findall(r"(\d+) (\w+)", section("11"))
    own = {str(tag): name for tag, name in NAMES.items() if tag >= 5000}

    assert own == {tag: name for tag, name in listed if int(tag) >= 5000}


def test_reject_reasons_are_listed():
    """Each SessionRejectReason that we give is explained."""
    table = section("6").partition("| 373 ")[2]
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}

    never_said = {SessionRejectReason.UNDEFINED_TAG, SessionRejectReason.OTHER}
    assert listed == set(SessionRejectReason) - never_said


def test_hmac_example_is_right():
    """A reader who follows the worked example arrives at its last line."""
    table = section("3").partition("Example:")[2].partition("**A second")[0]
    cells = dict(re.findall(r"^\| (\w+) \| `(.+)` \|$", table, re.MULTILINE))
    signed = "|".join(cells[tag] for tag in ("52", "34", "49", "56", "96"))

    assert cells["text"].replace("\\|", "|") == signed
    expected = hmac.new(cells["token"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert cells["554"] == expected


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        ("DISCONNECTED", "say Logon (client)", "LOGON_SENT"),
        ("LOGON_SENT", "hear Logon", "ACTIVE"),
        ("LOGON_SENT", "hear Logout: refused", "DISCONNECTED"),
        ("DISCONNECTED", "hear Logon (gateway)", "LOGON_RECEIVED"),
        ("LOGON_RECEIVED", "accept: say Logon", "ACTIVE"),
        ("LOGON_RECEIVED", "refuse: say Logout", "DISCONNECTED"),
        ("ACTIVE", "say Logout", "LOGOUT_SENT"),
        ("ACTIVE", "hear Logout: answer with Logout", "DISCONNECTED"),
        ("LOGOUT_SENT", "hear other messages: they count", "LOGOUT_SENT"),
    ],
)
def test_state_table_is_the_session_s(before, event, after):
    """The document's rows are rows of the session's own table."""
    assert f"| {before} | {event} | {after} |" in TEXT
    words = {"accept": Event.ACCEPT, "refuse": Event.REFUSE, "say Logout": Event.SAY_LOGOUT,
             "say Logon": Event.SAY_LOGON, "hear Logout": Event.HEAR_LOGOUT,
             "hear Logon": Event.HEAR_LOGON, "hear other": Event.HEAR_OTHER}  # fmt: skip
    found = next(kind for word, kind in words.items() if event.startswith(word))
    rows = [CONVERSATION[role][State[before]].get(found) for role in Role]
    assert State[after] in rows


# The example client


def example_client():
    """The code block that the document says a test runs."""
    marked = TEXT.partition("<!-- example client: run by a test -->")[2]
    return re.match(r"\s*```python\n(.*?)```", marked, re.DOTALL)[1]


class Acceptor(threading.Thread):
    """A gateway of forty lines: one session, and every order is filled at once."""

    def __init__(self, context):
        super().__init__(daemon=True)
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.session = FixSession(comp_id="GATEWAY", peer_comp_id="MM", acceptor=True)
        self.frames = []
        self.over = threading.Event()

    def run(self):
        """Serve until the test is over."""
        while not self.over.is_set():
            if self.socket.poll(20):
                route, frame = self.socket.recv_multipart()
                self.frames.append(frame)
                for answer in self.answers(frame):
                    self.socket.send_multipart([route, answer.frame])
        self.socket.close()

    def answers(self, frame):
        """What the session says, and what an exchange would."""
        now_ns = time.time_ns()
        try:
            message = codec.decode(frame)
        except InvalidMessage as invalid:
            message = invalid
        reaction = self.session.receive(message, now_ns)
        said = list(reaction.replies)
        if isinstance(reaction.deliver, Logon):
            welcome = verify(reaction.deliver, TOKEN)
            refused = self.session.refuse if not welcome else None
            said.append(
                refused("AUTHENTICATION_FAILED", now_ns) if refused else self.session.accept(now_ns)
            )
        elif isinstance(reaction.deliver, NewOrderSingle):
            said += [self.session.send(report, now_ns) for report in reports(reaction.deliver)]
        return said


def reports(order):
    """Accepted, new, filled."""
    ways = ((ExecType.PENDING_NEW, OrdStatus.PENDING_NEW), (ExecType.NEW, OrdStatus.NEW),
            (ExecType.TRADE, OrdStatus.FILLED))  # fmt: skip
    for number, (exec_type, status) in enumerate(ways):
        filled = status is OrdStatus.FILLED
        yield ExecutionReport(
            order_id="0000000000001", exec_id=f"E{number}", exec_type=exec_type, ord_status=status,
            symbol=order.symbol, side=order.side, cl_ord_id=order.cl_ord_id,
            leaves_qty=ZERO if filled else order.order_qty,
            cum_qty=order.order_qty if filled else ZERO, avg_px=order.price if filled else ZERO,
            last_qty=order.order_qty if filled else None, last_px=order.price if filled else None,
        )  # fmt: skip


@pytest.fixture
def acceptor():
    """An acceptor that listens."""
    context = zmq.Context()
    thread = Acceptor(context)
    thread.start()
    yield thread
    thread.over.set()
    thread.join(5)
    context.term()


def run_client(port, token, tmp_path):
    """Run the document's client as a person would: saved to a file, in its own process."""
    path = tmp_path / "client.py"
    path.write_text(example_client(), "utf-8")
    arguments = [f"tcp://127.0.0.1:{port}", "MM", "EURUSD", "1", "10000", "1.0825", *token]
    return subprocess.run(
        [sys.executable, str(path), *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_example_client_trades(acceptor, tmp_path):
    """The client of PROTOCOL.md, none of our code, logs on, is filled, and logs out."""
    done = run_client(acceptor.port, [TOKEN.decode()], tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"150: '(.)'", done.stdout) == ["A", "0", "F"]
    assert [codec.peek(frame).msg_type for frame in acceptor.frames] == ["A", "D", "5"]
    assert State.DISCONNECTED is acceptor.session.state
    if DICTIONARY.is_file():
        assert [fault for frame in acceptor.frames for fault in validate(frame)] == []


def test_example_client_is_told_why_it_may_not_come_in(acceptor, tmp_path):
    """With a wrong token the client prints the gateway's reason and exits with an error."""
    done = run_client(acceptor.port, ["wrong"], tmp_path)

    assert done.returncode == 1
    assert "AUTHENTICATION_FAILED" in done.stderr


def test_example_client_uses_only_pyzmq_and_simplefix():
    """Its imports are the standard library's, zmq and simplefix."""
    imported = set()
    for line in example_client().splitlines():
        if line.startswith("import "):
            imported |= set(line.removeprefix("import ").replace(" ", "").split(","))
        elif line.startswith("from "):
            imported.add(line.split()[1])

    assert imported - set(sys.stdlib_module_names) == {"zmq", "simplefix"}
