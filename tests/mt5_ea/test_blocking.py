"""What may block the program's only thread: no order and no quote waits for it.

The shipped program on the simulated terminal, in virtual time: a request that waits for the base of
ticks takes as long there as it would take, and so does an attempt to connect to nobody.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count, pairwise

import pytest
from msgspec.structs import replace as changed
from support.mt5.constants import Action, MarginMode
from support.mt5.ea_desk import Desk
from support.mt5.ea_gateway import ZmtpEnd, frame
from support.mt5.ea_house import cancel, new, protect, status
from support.mt5.ea_trader import EaTrader
from support.mt5.people import People
from support.mt5.runtime import build
from support.mt5.symbols import future

from protocol.fields import OrdType, PosMaintStatus
from protocol.order_id import to_number

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]
FEEDS = 5573
SOON_MS = 25
"""A turn of the timer, and the way to the server."""
FIRST, SECOND, THIRD = (f"0000000000A0{number}" for number in (1, 2, 3))


class Floor(Desk):
    """One Expert Advisor on EURUSD that is logged on, and how soon it does what is asked."""

    def __init__(self, folder, **inputs):
        super().__init__(folder)
        self.chart, self.end = self.attach(**inputs)
        self.network = self.chart.program.network
        self.run(1000)
        self.seen = self.terminal.seen("EURUSD")
        assert self.end.live, self.chart.journal

    @property
    def copied(self):
        """How often CopyTicksRange was called."""
        return self.chart.program.calls.get("CopyTicksRange", 0)

    def trade(self, price="1.1"):
        """Let others trade: a tick with a last price."""
        self.server.trade("EURUSD", price, "1")

    def say(self, *messages):
        """Say something to the program; return when it was."""
        for message in messages:
            self.end.say(message, self.chart.clock.now_ns)
        return self.server.clock.now_ms

    def arrived(self, action):
        """Return when each request of a kind reached the server: magic or ticket to time."""
        return {
            arrival.request.magic or arrival.request.order: arrival.time_ms
            for arrival in self.terminal.office.ledger.arrivals
            if arrival.request.action == action
        }

    def place(self, name, price="1.05"):
        """Say an order that rests; return how long it took to the server."""
        said = self.say(new(name, price))
        self.run(100)
        return self.arrived(5)[to_number(name)] - said


class SlowReader:
    """The gateway's end of the line for market data: it wants everything, and reads a little."""

    def __init__(self, floor, *, holds):
        self.floor, self.waits, self.door = floor, [], floor.network.listen(FEEDS)
        floor.network.on_full = self._wait
        floor.end.cut()
        floor.run(500)
        self.pipe = self.door[-1]
        self.pipe.say(ZmtpEnd(b"XSUB", frame(b"\x09SUBSCRIBE", flags=4)).first)
        floor.run(100)
        self.pipe.take()
        self.pipe.capacity = holds

    def _wait(self, timeout_ms, _pipe):
        self.waits.append(self.floor.server.clock.now_ms)
        self.floor.server.clock.advance(timeout_ms)

    def take(self, size):
        """Read so much."""
        del self.pipe.received[:size]


def hurry(floor, turns, reader, *, takes):
    """Let the market move in every turn, and somebody read a little of it now and then."""
    for turn in range(turns):
        floor.server.quote("EURUSD", f"1.1{turn % 1000:03d}", f"1.2{turn % 1000:03d}")
        if turn % 20 == 0:
            reader.take(takes)
        floor.run(5)


@pytest.fixture
def floor(tmp_path):
    """Give a program that is logged on."""
    return Floor(tmp_path)


def test_without_a_last_price_nobody_asks_for_ticks(floor):
    """Quotes come from the newest tick: where nothing is traded nothing else is asked for."""
    floor.server.quote("EURUSD", "1.2", "1.2001")
    floor.run(100)
    assert floor.end.heard[-1].md_entries[0].md_entry_px == Decimal("1.2")
    assert floor.copied == 0


def test_what_came_first_is_done_first(floor):
    """A request of 20 s is not begun while an order and a cancel wait, or their answers."""
    floor.place(FIRST)
    floor.seen.stalls.append(20_000)
    floor.server.faults.tardy(300, times=2)
    floor.trade()
    said = floor.say(new(SECOND, "1.06"), cancel(THIRD, FIRST))
    floor.run(300)
    assert floor.copied == 0
    floor.run(100)
    assert floor.copied == 1
    assert floor.server.clock.now_ms - said > 20_000
    done_ms = [*floor.arrived(5).values(), *floor.arrived(8).values()][1:]
    assert [at - said - 300 <= SOON_MS for at in done_ms] == [True, True]
    assert [one.exec_type for one in floor.end.heard if one.msg_type == "8"] == ["0", "0", "4"]


def test_levels_that_are_out_come_first(floor):
    """Nothing that may block is begun between a request for levels and its answer."""
    floor.say(changed(new(FIRST, "1.05"), ord_type=OrdType.MARKET, price=None))
    floor.run(500)
    floor.seen.stalls.append(20_000)
    floor.server.faults.tardy(3_000, when=Action.SLTP)
    said = floor.say(protect(SECOND, "1.05", floor.chart.clock.now_ns))
    floor.trade()
    floor.run(2_900)
    assert floor.copied == 0
    floor.run(200)
    assert floor.copied == 1
    assert floor.server.clock.now_ms - said > 20_000
    answer, = [one for one in floor.end.heard if one.msg_type == "AM"]
    assert answer.pos_maint_status is PosMaintStatus.COMPLETED


@pytest.mark.parametrize("closed", [False, True])
def test_levels_that_are_over_hold_nothing_back(floor, closed):
    """The position has shown what became of a request, or is gone: its answer is missed no more."""
    floor.say(changed(new(FIRST, "1.05"), ord_type=OrdType.MARKET, price=None))
    floor.run(500)
    floor.server.faults.silence(acts=not closed, when=Action.SLTP)
    floor.say(protect(SECOND, "1.05", floor.chart.clock.now_ns))
    floor.run(500)
    if closed:
        ticket = next(iter(floor.terminal.office.books.positions))
        People(floor.server, floor.terminal.login).close(ticket)
        floor.run(500)
    assert [one.msg_type for one in floor.end.heard].count("AM") == 1
    floor.trade()
    floor.run(500)
    assert floor.copied == 1


def test_one_symbol_a_turn(tmp_path):
    """Requests that are quick each, for many symbols, do not add up before an order is read."""
    names = ("ESH4", "NQH4", "YMH4")
    rules = [future(name=name) for name in names]
    trader = EaTrader(
        MarginMode.EXCHANGE, tmp_path, *rules, inputs={"Symbols": ",".join(names)}
    ).settle()  # fmt: skip

    def trade():
        for name in names:
            trader.terminal.seen(name).stalls.append(90)
            trader.server.trade(name, "5000", "1")

    trade()
    trader.run(1_000)
    told = len(trader.of("Traded"))
    for _ in range(2):
        trade()
        for _ in names:
            began_ms = trader.clock.now_ms
            trader.step()
            assert trader.clock.now_ms - began_ms <= 100
    assert len(trader.of("Traded")) - told == 6
    assert {one.symbol for one in trader.of("Traded")[told:told + 3]} == set(names)


def test_a_request_that_was_slow_is_not_repeated_at_once(floor):
    """After one that blocks in the middle orders and quotes go on, and the ticks pause.

    When the pause ends while an order waits to be read, the order comes first.
    """
    floor.trade()
    floor.run(100)
    floor.seen.stalls.append(2_000)
    floor.trade()
    said = floor.say(new(FIRST, "1.05"))
    while floor.copied == 1:
        floor.run(5)
    again = floor.server.clock.now_ms + 1_000
    floor.seen.stalls.append(2_000)
    assert floor.arrived(5)[to_number(FIRST)] - said <= SOON_MS
    for number in range(2, 7):
        floor.trade()
        floor.server.quote("EURUSD", f"1.2{number}", f"1.3{number}")
        assert floor.place(f"0000000000A0{number}") <= SOON_MS
        quote, = [one for one in floor.end.heard if one.msg_type == "W"][-1:]
        assert quote.md_entries[0].md_entry_px == Decimal(f"1.2{number}")
    while floor.server.clock.now_ms < again - 5:
        floor.run(5)
    assert floor.copied == 2
    assert floor.place("0000000000A07") <= SOON_MS
    assert floor.copied == 3
    assert any("ticks of EURUSD took 2000 ms" in line for line in floor.chart.journal)


def test_quotes_go_on_under_a_steady_flow(floor):
    """While every turn brings a question a quote is told each second; afterwards the ticks are."""
    floor.trade()
    floor.seen.stalls.append(1)
    floor.place(FIRST)
    before, copied = len(floor.end.heard), floor.copied
    floor.trade()
    for second in range(3):
        floor.server.quote("EURUSD", f"1.{second + 1}", f"1.{second + 1}5")
        for _ in range(100):
            floor.say(status(FIRST))
            floor.run(10)
    quotes = [one for one in floor.end.heard[before:] if one.msg_type == "W"]
    assert {str(one.md_entries[0].md_entry_px) for one in quotes} >= {"1.1", "1.2", "1.3"}
    floor.trade()
    floor.run(50)
    assert floor.copied > copied


def test_no_trade_is_lost_or_told_twice(tmp_path):
    """Through a request that times out and one that was slow each trade is told once."""
    trader = EaTrader(MarginMode.EXCHANGE, tmp_path, future()).settle()
    sizes = count(1)
    seen = trader.terminal.seen("ESH4")

    def trade(times, ms):
        for _ in range(times):
            trader.server.trade("ESH4", "5000.25", str(next(sizes)))
            trader.run(ms)

    trade(1, 100)
    seen.stalls += [50_000, 3_000]
    for ms in (300, 1_500, 3_500, 5_000):
        trader.clock.after(1, lambda: trader.server.trade("ESH4", "5000", str(next(sizes))))
        trade(3, ms)
    told = [int(one.size / Decimal(50)) for one in trader.of("Traded")]
    assert told == list(range(2, next(sizes)))


def test_a_dead_line_for_market_data_costs_little(tmp_path):
    """Attempts are short, ever rarer up to a minute, and none is made while an order is out.

    After a new Logon of the gateway's, and when somebody is there again, it is tried at once.
    """
    floor = Floor(tmp_path, FeedsPort=FEEDS)
    clock, network, tries = floor.server.clock, floor.network, []

    def refuse(port, timeout_ms):
        tries.append((clock.now_ms, timeout_ms))
        clock.advance(timeout_ms)

    network.on_refusal = refuse
    floor.run(2_000)
    floor.server.faults.tardy(5_000)
    said, before = floor.say(new(FIRST, "1.05")), len(tries)
    floor.run(4_000)
    assert len(tries) == before
    floor.run(200_000, step_ms=200)
    assert floor.arrived(5)[to_number(FIRST)] - said - 5_000 <= SOON_MS
    assert {timeout for _, timeout in tries} == {500}
    pauses = [later - earlier for (earlier, _), (later, _) in pairwise(tries)]
    assert max(pauses) >= 60_000
    assert len(tries) < 20
    before = len(tries)
    floor.end.cut()
    floor.run(500)
    assert floor.end.live
    assert tries[before][1] == 50
    door = network.listen(FEEDS)
    floor.end.cut()
    floor.run(500)
    assert len(door) == 1


def test_a_gateway_that_is_far_away_gets_market_data(tmp_path):
    """An attempt may take as long as one of the line for orders, once shorter ones have failed."""
    floor = Floor(tmp_path, FeedsPort=FEEDS)
    network, door = floor.network, floor.network.listen(FEEDS)
    floor.end.cut()
    network.connect_ms[FEEDS] = 450
    network.on_refusal = lambda _, timeout_ms: floor.server.clock.advance(timeout_ms)
    floor.run(10_000)
    assert door


def test_a_slow_reader_of_market_data_delays_no_order(tmp_path):
    """A send of more than the line holds waits for its reader: none is made, and orders go on."""
    floor = Floor(tmp_path, FeedsPort=FEEDS)
    reader = SlowReader(floor, holds=20_000)
    for number in range(10, 20):
        hurry(floor, 100, reader, takes=4_000)
        assert floor.place(f"0000000000A{number}") <= SOON_MS
    assert not reader.waits
    assert len(reader.door) == 1, "what is read slowly is still read"
    assert len(reader.pipe.received) > 10_000


def test_a_line_that_is_full_and_called_writable_waits_once(tmp_path):
    """After that it is written in quiet moments, and rarely: no order that is under way waits."""
    floor = Floor(tmp_path, FeedsPort=FEEDS)
    reader = SlowReader(floor, holds=20_000)
    floor.network.calls_full_writable = True
    hurry(floor, 150, reader, takes=0)
    assert len(reader.waits) == 1
    floor.server.faults.tardy(400, times=10)
    for number in range(10, 20):
        said = floor.say(new(f"0000000000A{number}", "1.05"))
        hurry(floor, 100, reader, takes=1_000)
        arrived = floor.arrived(5)[to_number(f"0000000000A{number}")]
        assert arrived - said - 400 <= SOON_MS
        assert not [at for at in reader.waits if said <= at <= arrived]
    pauses = [later - earlier for earlier, later in pairwise(reader.waits)]
    assert all(pause >= 1_000 for pause in pauses)
    assert any("does not read market data fast enough" in line for line in floor.chart.journal)
