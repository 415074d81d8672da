"""How soon the Expert Advisor reads: timer periods from a socket's byte to the trade call.

Timer periods, not milliseconds: the runtime is ours, and so is its speed. In virtual time every
look at the clock costs 10 us of work, about 40 us a turn. `portcullis mt5 check` measures the real
delays on a real terminal.
"""

from __future__ import annotations

import sys
import time
from random import Random

import pytest
from support.mt5.ea import Program, RealClock
from support.mt5.ea_gateway import GatewayEnd, frame
from support.mt5.ea_house import PORT, PROBES, House, new
from support.mt5.ea_network import VirtualNetwork
from support.mt5.runtime import build

from protocol import codec
from protocol.timestamps import format_utc

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),
    pytest.mark.length("ci"),
]
US = 1000
MS = 1000 * US
TIMER_MS = 10
ORDERS = 30
MODES = {"READ_ON_TIMER": 0, "READ_BY_EVENTS": 1, "READ_WAITING": 2}


def show(capsys, *lines):
    """Print a result although the test passes."""
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


class Watch:
    """A bridge whose every microsecond is watched; orders come at any moment of a timer period."""

    def __init__(self, mode, **inputs):
        self.house = House(Reading=MODES[mode], TimerMs=TIMER_MS, WaitMs=2, **inputs)
        self.program, self.clock = self.house.program, self.house.clock
        self.house.until_live()
        self.program.look_ns = 10 * US
        self.house.network.on_wait = self._wait
        self.due_ns = None
        self.order = None
        self.arrived_ns = 0

    def _wait(self, timeout_ms, pipe):
        """Let a waiting read wait, until its time is over or the order's byte comes."""
        end_ns = self.clock.now_ns + timeout_ms * MS
        while self.clock.now_ns < end_ns and not pipe.waiting:
            self.clock.now_ns += 20 * US
            self._deliver()

    def _deliver(self):
        if self.due_ns is not None and self.clock.now_ns >= self.due_ns:
            self.due_ns = None
            self.arrived_ns = self.clock.now_ns
            self.house.end.say(self.order, self.clock.now_ns)

    def periods_of(self, order, wait_us):
        """Return how long it took from the byte to the trade call, in timer periods."""
        self.order, self.due_ns = order, self.clock.now_ns + wait_us * US
        word = f"submit {order.cl_ord_id}"
        while word not in self.program.journal:
            self.clock.now_ns += 4 * US
            self._deliver()
            self.program.step()
        took_ns = self.clock.now_ns - self.arrived_ns
        self.house.run(3)
        return took_ns / (TIMER_MS * MS)


def test_timer_periods_in_each_mode(capsys):
    """On the timer an order waits for the next one; by events in the rests only; else not."""
    rows = {}
    for mode in MODES:
        watch, rng = Watch(mode), Random(1)
        rows[mode] = sorted(
            watch.periods_of(new(f"{mode}{n}"), rng.randrange(20_000)) for n in range(ORDERS)
        )
    text = [
        f"{mode:16} {waits[0]:5.2f} {waits[-1]:5.2f} {sum(waits) / ORDERS:5.2f}"
        for mode, waits in rows.items()
    ]
    show(capsys, "timer periods from byte to trade call: least, most, mean", *text)
    assert 0.5 < rows["READ_ON_TIMER"][-1] < 1.1
    assert rows["READ_BY_EVENTS"][-1] < 0.7
    assert rows["READ_WAITING"][-1] < 0.05
    means = [sum(waits) for waits in rows.values()]
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize("percent", [10, 50])
@pytest.mark.parametrize(("mode", "tls_name"), [
    ("READ_BY_EVENTS", ""), ("READ_WAITING", "gateway.example"),
])  # fmt: skip
def test_the_duty_cycle_is_kept(percent, mode, tls_name):
    """By events, and with TLS, the reader turns for its share of a period, then rests."""
    watch = Watch(mode, DutyPercent=percent, TlsName=tls_name)
    began, busy_ns = watch.clock.now_ns, 0
    while watch.clock.now_ns < began + 500 * MS:
        before = watch.clock.now_ns
        watch.program.step()
        busy_ns += watch.clock.now_ns - before
        watch.clock.now_ns += 5 * US
        watch.house.end.hear(watch.clock.now_ns)
    share = busy_ns / (watch.clock.now_ns - began)
    assert percent / 200 < share < percent * 1.4 / 100


def test_a_lost_turn_is_made_up_for():
    """A chart event that the terminal loses stops the reader for two timers, not for ever."""
    watch = Watch("READ_WAITING")
    watch.program.events.clear()
    assert watch.periods_of(new("L1"), 100) <= 2
    watch.program.events.clear()
    watch.house.run(30)
    assert watch.periods_of(new("L2"), 100) < 0.05


def test_messages_through_the_reader(capsys):
    """How many messages a second the compiled ZMTP reader, codec and session take. No limit."""
    network, count = VirtualNetwork(), 500
    door = network.listen(PORT)
    clock = RealClock()
    program = Program(
        build.build(PROBES / "Bridge.mq5"), None, clock=clock, network=network,
        inputs={"Port": PORT},
    )  # fmt: skip
    program.start()
    end = GatewayEnd(door)
    while not end.live:
        program.step()
        end.hear(clock.now_ns)
    stream = b"".join(
        frame(codec.encode(
            new(f"M{n}"), sender_comp_id="GATEWAY", target_comp_id="MT5",
            msg_seq_num=end.fix.next_out + n, sending_time=format_utc(clock.now_ns),
        ))
        for n in range(count)
    )  # fmt: skip
    door[-1].say(stream)
    began = time.perf_counter()
    while f"submit M{count - 1}" not in program.journal:
        program.step()
    took = time.perf_counter() - began
    show(capsys, f"{count / took:,.0f} orders a second through the compiled reader (g++ -Og)")
    assert sum(line.startswith("submit ") for line in program.journal) == count
