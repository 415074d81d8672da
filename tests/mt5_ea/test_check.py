"""The self-check Expert Advisor on the simulated terminal: it sees what holds, and what does not.

Real sockets go to the peer of `portcullis mt5 check`, the rest is in virtual time.
"""

from __future__ import annotations

import socket
import sys
from functools import partial

import pytest
from msgspec.structs import replace
from support.mt5.constants import Action, CalcMode, OrderType, TransactionType
from support.mt5.ea_calls import TradeCheck
from support.mt5.ea_terminal import Chart
from support.mt5.runtime import build
from support.mt5.scene import KINDS, Scene
from support.waiting import wait_for

from bridges.mt5.check.findings import NAME, read
from gateway.commands.mt5_check_peer import PIECE, Peer

fcntl = pytest.importorskip("fcntl", reason="MQL5 is compiled where there is g++, on Unix")
termios = pytest.importorskip("termios")

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]
NETTING, EXCHANGE, HEDGING = KINDS
HOLDS, FAILS, SEEN, OPEN = "holds", "does not hold", "seen", "not checked"
FIGURES = {"comment", "locked"}
"""Of these nothing is claimed that could be wrong."""


def cases(names, slow):
    """Leave to CI what is slow."""
    late = pytest.mark.length("ci")
    return [pytest.param(one, marks=late if one in slow else ()) for one in names]


class Listener(Peer):
    """The peer; to orders that begin with `deaf` it answers nothing, and goes at the next byte.

    Its echo is in real time while the terminal's is not: `settle` waits for it.
    """

    deaf = "nothing"
    _echoes = None
    """The line that echoes."""
    _busy = False

    def _order(self, line):
        order = super()._order(line)
        if order.startswith(self.deaf):
            line.recv(1)
            raise ConnectionError
        if order == "echo":
            self._echoes = line
            while line.recv(1, socket.MSG_PEEK):
                self._busy = True
                line.sendall(line.recv(PIECE))
                self._busy = False
            self._echoes = None
            raise ConnectionError
        return order

    def settle(self):
        """Wait until what the program has said is said back."""
        if self._echoes is not None:
            wait_for(lambda: not self._busy and not unread(self._echoes), poll_s=0.0002)


def unread(line):
    """Return how much of a line waits to be read; nothing of one that has ended."""
    if line is None or line.fileno() < 0:
        return 0
    return int.from_bytes(fcntl.ioctl(line.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


class Stage:
    """A terminal with the check on a chart; the market falls by a point each 50 ms."""

    def __init__(self, folder, peer, kind=HEDGING, **inputs):
        self.scene = Scene(kind)
        self.scene.rules(book_depth=10)
        self.points = 110_000
        self.folder = folder
        self.peer = peer
        self.terminal, self.server = self.scene.terminal, self.scene.server
        self.turns = 0
        self.chart = Chart(
            self.terminal, build.build(build.CHECK), name="PortcullisCheck", folder=folder,
            inputs={"PeerPort": peer.port, **inputs},
        )  # fmt: skip
        self.quote()
        self.step()
        self.program, self.face = self.chart.program, self.chart.face

    def step(self):
        """Let 5 ms pass."""
        self.turns += 1
        self.scene.clock.advance(5)
        if self.turns % 10 == 0:
            self.points -= 1
            self.quote()
        self.chart.step()
        self.peer.settle()

    def quote(self):
        """Quote, with a book."""
        price = [f"{(self.points + away) / 100_000:.5f}" for away in (-1, 0, 10, 11)]
        worst, bid, ask, far = ((one, 100) for one in price)
        self.server.book("EURUSD", [bid, worst], [ask, far])

    def run(self, each=None):
        """Run it to its end; return what was found by name: (verdict, seen)."""
        for _ in range(8_000):
            if self.program.removed:
                break
            self.step()
            if each is not None:
                each(self)
        assert self.program.removed, self.chart.journal[-5:]
        return {one.name: (one.verdict.value, one.seen) for one in self.told().found}

    def told(self):
        """Return its file as the command reads it."""
        return read(self.folder / NAME)

    def facts(self):
        """Return what stands above."""
        return self.told().facts


def cable(stage):
    """Pull the cable when it is asked for, and put it back two seconds later."""
    told = any("pull the network cable" in line for line in stage.chart.journal)
    if told and not hasattr(stage, "cut_at"):
        stage.cut_at = stage.turns
        stage.terminal.cut()
    if getattr(stage, "cut_at", 0) + 400 == stage.turns:
        stage.terminal.mend()


@pytest.fixture
def peer():
    """Give the command's end of the sockets."""
    with Listener(0) as found:
        yield found


@pytest.fixture
def stage(tmp_path, peer):
    """Make stages."""
    return partial(Stage, tmp_path, peer)


@pytest.mark.parametrize(
    "kind", cases(KINDS, (NETTING, EXCHANGE)), ids=lambda kind: kind.name.lower()
)
def test_all_that_is_believed_holds_on_a_terminal_as_documented(stage, kind):
    """Nothing fails, nothing is left, every name has its line, and what is open needs more."""
    it = stage(kind, StopSeconds=60, CutSeconds=60)
    found = it.run(cable)
    assert {name: one for name, one in found.items() if one[0] == FAILS} == {}
    unseen = {name for name, one in found.items() if one[0] == OPEN}
    hedging = set() if kind is HEDGING else {"close-by-deals", "close-by-volume"}
    assert unseen == {"locked"} | hedging
    assert it.facts()["account"] == f"demo, {kind.name.lower().removeprefix('retail_')}"
    assert (it.facts()["left behind"], it.facts()["end"]) == ("0", "yes")
    assert set(found) == set(WRONG) | FIGURES
    assert not it.scene.books.orders
    assert not it.scene.books.positions
    assert not it.scene.office.ledger.twice()
    assert not it.face._globals
    assert [path.name for path in it.folder.iterdir()] == [NAME]


def test_what_is_told_names_no_account(stage):
    """The file is to be sent: no login, no server, no name."""
    it = stage(Only="magic")
    it.run()
    text = (it.folder / NAME).read_text()
    for secret in ("1001", it.server.name, it.server.company):
        assert secret not in text


def property_is(name, change):
    """Let a property of one kind of record read otherwise: `change(value, stage)`."""
    calls = {
        "ORDER": ("OrderGetInteger",), "HISTORY": ("HistoryOrderGetInteger",),
        "DEAL": ("HistoryDealGetInteger", "HistoryDealGetDouble"),
        "POSITION": ("PositionGetInteger",),
    }  # fmt: skip
    kind, _, wanted = name.partition(":")

    def put(stage):
        for function in calls[kind]:
            true = getattr(stage.face, function)

            def told(*args, true=true):
                value = true(*args)
                return change(value, stage) if args[-1] == wanted else value

            setattr(stage.face, function, told)

    return put


def forgetful(stage):
    """Let the answers repeat no magic."""
    true = stage.terminal._tell

    def tell(transaction):
        if transaction.request is not None:
            transaction = replace(transaction, request=replace(transaction.request, magic=0))
        true(transaction)

    stage.terminal._tell = tell


def put(owner, name, value):
    """Set an attribute of something of the stage's."""
    return lambda stage: setattr(getattr(stage, owner), name, value)


def set_always(stage):
    """Let SetOnCondition set whatever the value is."""
    def always(name, value, check):
        stage.face._globals[name] = value
        return True

    stage.face.GlobalVariableSetOnCondition = always


def first_magic(_, stage):
    """Return the magic of the opening deal."""
    return min((one.magic for one in stage.scene.books.deals.values() if one.magic), default=0)


def seconds_by_fives(stage):
    """Let TimeGMT move every five seconds only."""
    stage.program._TimeGMT = lambda: stage.program.clock.now_ns // 5_000_000_000 * 5


def odd_server_time(stage):
    """Let the server's clock be seven minutes beside a quarter of an hour."""
    stage.face.TimeTradeServer = lambda: stage.terminal.server_time_s + 420


def late_lists(stage):
    """Let the lists be empty for 2.5 s after a connection."""
    stage.terminal.empties = True
    stage.terminal.link.down_ms = 2_500


def book_backwards(stage):
    """Let the book be told from the lowest price on."""
    true = stage.face.MarketBookGet
    stage.face.MarketBookGet = lambda name: true(name)[::-1]


def full_disk(stage):
    """Let no database be written."""
    stage.program.may_write = False


WRONG = {
    "time-gmt": seconds_by_fives,
    "clock-quarter": odd_server_time,
    "timer-period": put("program", "timer_ns", 50_000_000),
    "chart-events": put("program", "drain", lambda: None),
    "reading-duty": put("peer", "deaf", "echo"),
    "socket-read": lambda s: s.program.socket_faults(fills=True),
    "socket-send": put("peer", "deaf", "hold"),
    "socket-dead": put("peer", "deaf", "bye"),
    "sqlite": full_disk,
    "global-variables": set_always,
    "first-ticks": put("face", "CopyTicksRange", lambda *_: []),
    "market-book": book_backwards,
    "pending": lambda s: setattr(s.terminal.link, "changes_ms", 1_500),
    "magic": property_is("ORDER:ORDER_MAGIC", lambda value, _: value & 0xFFFF_FFFF),
    "reason": property_is("ORDER:ORDER_REASON", lambda *_: 0),
    "order-check": put("face", "OrderCheck", lambda _: (True, TradeCheck())),
    "modify": lambda s: s.server.faults.refuse(10_013, when=Action.MODIFY),
    "remove": property_is("HISTORY:ORDER_STATE", lambda *_: 6),
    "lists": put("terminal", "history_lag_ms", 2_000),
    "request-echo": forgetful,
    "transactions": lambda s: s.chart.slot.lose(9, TransactionType.ORDER_ADD),
    "filling-flags": lambda s: s.server.faults.refuse(10_030),
    "market": lambda s: s.server.faults.refuse(10_006),
    "deal": property_is("DEAL:DEAL_MAGIC", lambda *_: 0),
    "position": property_is("POSITION:POSITION_IDENTIFIER", lambda value, _: value + 1),
    "commission": property_is("DEAL:DEAL_COMMISSION", lambda _, s: float(s.scene.clock.now_ms)),
    "clock-offset": property_is("DEAL:DEAL_TIME_MSC", lambda value, _: value + 3_600_000),
    "levels": lambda s: s.server.faults.refuse(10_013, when=Action.SLTP),
    "close": property_is("DEAL:DEAL_MAGIC", first_magic),
    "close-by-deals": property_is("DEAL:DEAL_ENTRY", lambda *_: 1),
    "close-by-volume": lambda s: s.server.faults.refuse(10_014, when=Action.CLOSE_BY),
    "stop": property_is("DEAL:DEAL_REASON", lambda *_: 0),
    "settle": late_lists,
}  # fmt: skip


SLOW = ("reading-duty", "socket-read", "socket-send", "socket-dead")
"""A second of real time each."""


@pytest.mark.parametrize("name", cases(WRONG, SLOW))
def test_what_is_otherwise_is_found(stage, name):
    """The simulator with one guess put the other way: that line says so."""
    it = stage(Only=name, StopSeconds=60, CutSeconds=60)
    WRONG[name](it)
    found = it.run(cable)
    assert list(found) == [name]
    assert found[name][0] == FAILS, found[name][1]
    assert not it.scene.books.orders
    assert not it.scene.books.positions


@pytest.mark.length("ci")
def test_a_full_socket_that_is_called_writable_is_found(stage):
    """A small piece waits for its reader there."""
    it = stage(Only="socket-send")
    it.program.socket_faults(writable=True)
    assert it.run()["socket-send"][0] == FAILS


def test_a_locked_order_is_a_figure(stage):
    """A change that is told 10028 is seen, with what became of the order."""
    it = stage(Only="locked")
    it.server.faults.doubt(10_028, acts=False, when=Action.MODIFY)
    assert it.run()["locked"][0] == SEEN


REFUSED = {
    "no demo account": lambda it: setattr(it.scene.office.account.terms, "trade_mode", 2),
    "not connected": lambda it: it.terminal.cut(),
    "there are orders or a position": lambda it: (
        it.scene.people.by_hand("EURUSD", "0.1", OrderType.BUY), it.scene.settled(),
    ),
    "Algo Trading": lambda it: setattr(it.terminal, "trade_allowed", False),
    "CALC_MODE": lambda it: (it.scene.rules(calc_mode=CalcMode.EXCH_BONDS), it.quote()),
}  # fmt: skip


def test_a_closed_market_and_an_empty_book_prove_nothing(stage):
    """Refused for the hour, or by nobody there, not for what is believed: those lines are open."""
    it = stage(Only="pending,market,magic,market-book")
    it.terminal.fill_book("EURUSD", [], [])
    it.scene.rules(sessions=((),) * 7, book_depth=10)
    it.quote()
    found = it.run()
    assert {one[0] for one in found.values()} == {OPEN}
    assert "the market is closed" in found["pending"][1]
    assert "the market is closed" in found["market"][1]


@pytest.mark.parametrize("words", REFUSED)
def test_what_may_not_be_checked_is_left_alone(stage, words):
    """It says why, in the journal and in the file, and goes; nothing is sent."""
    it = stage()
    REFUSED[words](it)
    before = len(it.scene.office.ledger.arrivals)
    it.run()
    assert words in it.facts()["problem"]
    assert any(line.startswith("error: ") and words in line for line in it.chart.journal)
    assert len(it.scene.office.ledger.arrivals) == before


def test_a_real_account_is_checked_with_the_word(stage):
    """The input RealMoney says that it is meant."""
    it = stage(Only="magic", RealMoney=True)
    it.scene.office.account.terms.trade_mode = 2
    assert it.run()["magic"][0] == HOLDS
    assert it.facts()["account"].startswith("real, ")


def test_taken_off_its_chart_it_leaves_nothing(stage):
    """In the middle of a step its orders are taken away, and the file says that it broke off."""
    it = stage(Only="stop", StopSeconds=600)
    it.points = 120_000
    for _ in range(8):
        it.step()
    assert it.scene.books.positions
    it.terminal.unload(it.chart.slot)
    it.step()
    it.scene.settled()
    assert not it.scene.books.positions
    assert "removed" in it.facts()["problem"]


def test_without_a_peer_its_steps_are_open(stage):
    """Nobody listens: those lines say what to do, the others are as ever."""
    found = stage(Only="socket-read,magic", PeerPort=0).run()
    assert found["socket-read"][0] == OPEN
    assert "portcullis mt5 check" in found["socket-read"][1]
    assert found["magic"][0] == HOLDS
