"""The gateway's shell with a core of ten lines, and peers that talk to it over real ZeroMQ.

The core answers a D with 150=A and does nothing else, so these tests are about the shell: sockets,
sessions, the order of commit and release. State, apply and journal are the real ones.
"""

from __future__ import annotations

import sys
import threading
import time
from decimal import Decimal

import zmq
from support.curve import plain_address, use

from gateway.config import Config, Gateway, Journal, Strategy, Timeouts, Venue
from gateway.oms.effects import Jot, To
from gateway.wiring import open_gateway
from protocol import codec
from protocol.fields import ExecType, OrdStatus, OrdType, Side, TradSesStatus
from protocol.messages import (
    ExecutionReport,
    Logout,
    NewOrderSingle,
    OperatorCommand,
    TradingSessionStatus,
)
from protocol.session import FixSession, resend_frames
from protocol.timestamps import format_utc

ANY = ("tcp://127.0.0.1:*",)
PATIENCE_S = 10
LONG = "x" * 500
"""So much that a burst of some thousands fills every buffer between us and a reader."""


class EchoCore:
    """Accepts every order.

    `burst` in an order's text asks for so many messages h; `bug` is one; `unsayable` asks for a
    message, to whom it names, that cannot be written.
    """

    def __init__(self, book, rules):
        self.book = book
        self.rules = rules
        self.calls = []
        self.refused = []
        self.shutdown_asked = False
        self.is_wound_down = True

    def start(self, epoch, version, now_ns, **found):
        """Note the start."""
        body = {"instance": self.rules.instance, "epoch": epoch, "version": version, **found}
        yield Jot("START", body)

    def wind_down(self, now_ns):
        """Remember."""
        self.calls.append(("wind down",))
        return ()

    def stop(self, now_ns):
        """Note the stop."""
        yield Jot("STOP", {})

    def kill(self, scope, who, reason, now_ns):
        """Remember, and note it."""
        self.calls.append(("kill", scope, who, reason))
        yield Jot("KILL", {"scope": scope, "who": who, "reason": reason})

    def held_by_file(self, scope):
        """Remember."""
        self.held = scope

    def loop_lag(self, lag_ms, now_ns):
        """Do nothing."""
        return ()

    def clock_step(self, step_ms, now_ns):
        """Remember."""
        self.calls.append(("step", step_ms))
        return ()

    def session_up(self, session, now_ns):
        """Remember."""
        self.calls.append(("up", session))
        return ()

    def session_down(self, session, how, now_ns):
        """Remember, and note it."""
        self.calls.append(("down", session, how))
        yield Jot("LINK_LOST", {"how": how}, session)

    def receive(self, session, message, now_ns):
        """Answer."""
        if isinstance(message, OperatorCommand):
            self.shutdown_asked = message.command == "SHUTDOWN"
            yield To(session, OperatorCommand(
                cl_ord_id=message.cl_ord_id, command=message.command, outcome="DONE"
            ))  # fmt: skip
            return
        if not isinstance(message, NewOrderSingle):
            return
        kind, _, count = (message.text or "").partition(":")
        if kind == "bug":
            raise ZeroDivisionError
        yield To(session, self.accepted(message))
        for number in range(int(count or 0) if kind == "burst" else 0):
            yield To(session, said(f"B{number}", LONG))
        if kind == "venue":
            yield To(count, said("ORDER"))
        if kind == "unsayable":
            yield To(count or session, said("two words"))
            yield To(session, said("AFTER"))

    def accepted(self, message):
        """Make the report 150=A."""
        return ExecutionReport(
            order_id=self.book.next_id().text(), exec_id=self.book.next_exec_id(),
            exec_type=ExecType.PENDING_NEW, ord_status=OrdStatus.PENDING_NEW,
            symbol=message.symbol, side=message.side, leaves_qty=message.order_qty,
            cum_qty=Decimal(0), avg_px=Decimal(0), cl_ord_id=message.cl_ord_id, account="A",
            security_exchange="PAPER", order_qty=message.order_qty, ord_type=message.ord_type,
            price=message.price, transact_time=message.transact_time, currency="USD",
        )  # fmt: skip

    def send_refused(self, session, message, now_ns):
        """Remember."""
        self.refused.append((session, message))
        return ()

    def peer_rejected(self, session, now_ns):
        """Do nothing."""
        return ()

    def tick(self, now_ns):
        """Do nothing."""
        return ()

    def next_deadline_ns(self):
        """Nothing is ever due."""
        return

    def digest(self):
        """Digest the real state."""
        return self.book.digest()


def said(name, text=None):
    """Make a message that moves no book."""
    return TradingSessionStatus(
        trading_session_id=name, trad_ses_status=TradSesStatus.OPEN, text=text
    )


def order(cl_ord_id, text=None):
    """Make an order."""
    return NewOrderSingle(
        cl_ord_id=cl_ord_id, symbol="EURUSD", side=Side.BUY, order_qty=Decimal(1000),
        ord_type=OrdType.LIMIT, price=Decimal("1.1"), transact_time=format_utc(time.time_ns()),
        text=text,
    )  # fmt: skip


def config_in(folder, **more):
    """Make a config on free ports, with the strategies A, B, C and the venue PAPER."""
    journal = more.pop("journal", {})
    gateway = more.pop("gateway", {})
    strategy = tuple(Strategy(id=one) for one in ("A", "B", "C"))
    defaults = {"strategy": strategy, "venue": (Venue(id="PAPER", kind="paper"),)}
    return Config(
        gateway=Gateway(**{
            "orders": ANY, "venues": ANY, "market_data": ANY, "feeds": ANY, "operators": ANY,
            "var": folder / "var", **gateway,
        }),
        journal=Journal(**{"path": folder / "var" / "journal", "durability": "os", **journal}),
        timeouts=Timeouts(),
        **{**defaults, **more},
    )  # fmt: skip


class House:
    """A gateway that runs in a thread of this process; use it as a context manager."""

    def __init__(self, config):
        self.config = config
        self.cores = []
        self.gateway = open_gateway(config, core_of=self._core)
        self.core = self.cores[-1]
        self.book = self.core.book
        self.exit_code = None
        self.peers = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _core(self, book, rules):
        self.cores.append(EchoCore(book, rules))
        return self.cores[-1]

    def _run(self):
        self.exit_code = self.gateway.run()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def endpoint(self, key="orders"):
        """Return where to connect to."""
        return self.gateway.endpoints[key][0]

    def peer(self, comp_id, key="orders", **more):
        """Make a peer, not logged on."""
        made = Peer(self.endpoint(key), comp_id, **more)
        self.peers.append(made)
        return made

    def logged_on(self, comp_id, key="orders", *, reset=True, **more):
        """Make a peer that is logged on."""
        return self.peer(comp_id, key, **more).log_on(reset=reset)

    def join(self):
        """Wait until the loop has ended by itself."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the loop did not end"
        return self.exit_code

    def stop(self):
        """Stop in order; return the exit code."""
        for peer in self.peers:
            peer.close()
        self.gateway.stop()
        code = self.join()
        self.gateway.close()
        return code


class Peer:
    """A DEALER socket with an initiator's session. It reads only when it is told to."""

    def __init__(
        self, endpoint, comp_id, *, fix=None, sent=None, token=None, hwm=0, curve=None
    ):
        self.fix = fix or FixSession(comp_id=comp_id, peer_comp_id="GATEWAY", acceptor=False)
        self.token = token
        self.sent = {} if sent is None else sent
        self.heard = []
        self.dropped = None
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        self.socket.rcvhwm = hwm
        if hwm:
            self.socket.rcvbuf = 65_536  # less is a crawl, whatever the reader does
        if curve is not None:
            use(self.socket, curve)
        self._events = set()
        self._monitor = self.socket.get_monitor_socket()
        self.socket.connect(plain_address(endpoint))

    def log_on(self, *, reset=False, **more):
        """Log on and wait for the answer."""
        self.raw(self.fix.logon(time.time_ns(), reset=reset, token=self.token, **more).frame)
        self.until(lambda: self.fix.active or self.dropped)
        return self

    def raw(self, *parts):
        """Send bytes as they are."""
        self.socket.send_multipart(parts)

    def say(self, message):
        """Send a message in the session; return its number."""
        sent = self.fix.send(message, time.time_ns())
        self.sent[sent.msg_seq_num] = sent.frame
        self.raw(sent.frame)
        return sent.msg_seq_num

    def read(self, timeout_ms=20):
        """Read what waits."""
        if not self.socket.poll(timeout_ms):
            now_ns = time.time_ns()
            due_ns = self.fix.next_deadline_ns()
            if due_ns is not None and now_ns >= due_ns:
                self._react(self.fix.tick(now_ns))
            return
        while self.socket.poll(0):
            message = codec.decode(self.socket.recv())
            self.heard.append(message)
            self._react(self.fix.receive(message, time.time_ns()))

    def _react(self, reaction):
        for sent in reaction.replies:
            self.raw(sent.frame)
        if reaction.resend:
            for frame in resend_frames(
                self.sent.items(), *reaction.resend, now_ns=time.time_ns(),
                sender_comp_id=self.fix.comp_id, target_comp_id=self.fix.peer_comp_id,
            ):  # fmt: skip
                self.raw(frame)
        self.dropped = reaction.disconnect or self.dropped

    def until(self, condition, timeout_s=PATIENCE_S):
        """Read until a condition holds."""
        deadline = time.monotonic() + timeout_s
        while not (result := condition()):
            assert time.monotonic() < deadline, f"waited in vain; heard {self.heard[-3:]}"
            self.read()
        return result

    def of(self, kind):
        """List what was heard of one type."""
        return [message for message in self.heard if isinstance(message, kind)]

    def reports(self):
        """List the ClOrdIDs of the reports heard."""
        return [message.cl_ord_id for message in self.of(ExecutionReport)]

    def goodbye(self):
        """Wait for a Logout and return its text."""
        return self.until(lambda: self.of(Logout))[-1].text

    def ended(self, *events, timeout_s=PATIENCE_S):
        """Wait for one of these events of the connection, as EVENT_HANDSHAKE_FAILED_AUTH."""
        deadline = time.monotonic() + timeout_s
        while self._events.isdisjoint(map(int, events)):
            assert time.monotonic() < deadline, f"none of {events} came, but {self._events}"
            if self._monitor.poll(20):
                number = int.from_bytes(self._monitor.recv_multipart()[0][:2], sys.byteorder)
                self._events.add(number)

    def close(self):
        """Go without a word."""
        if not self.socket.closed:
            self.socket.disable_monitor()
            self._monitor.close(0)
            self.socket.close(0)
            self._context.term()
