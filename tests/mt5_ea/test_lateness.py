"""What waited too long is not sent: for the program's one thread, on its way, behind another order.

The shipped program on the simulated terminal. While it is held nothing of it runs, as when a chart
hangs or a call of the terminal's blocks; the gateway lives on, and drops it when it has heard
nothing for 2.4 heartbeats.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.ea_desk import Desk
from support.mt5.ea_house import cancel, new, protect, replace, status
from support.mt5.runtime import build

from protocol import codec
from protocol.fields import OrdType
from protocol.timestamps import format_utc

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]
SECOND_NS = 10**9
OPEN, REST, MARKET, CHANGE, LEVELS, REMOVE, MORE = (f"0000000000A0{n}" for n in range(1, 8))
WAITED = "NOT_SENT: it waited too long for the terminal"
CALM = 60
"""A heartbeat interval, in seconds, in which the gateway misses nothing for a while."""


class Held(Desk):
    """One Expert Advisor with a position and an order that rests, that can be held."""

    def __init__(self, folder, heart_bt_int=1, ahead_s=0, **inputs):
        super().__init__(folder)
        self.chart, self.end = self.attach(HeartBtInt=heart_bt_int, **inputs)
        self.end.heart_bt_int = heart_bt_int
        self.ahead_ns = ahead_s * SECOND_NS
        program = self.chart.program
        program._TimeGMT = lambda: (program.clock.now_ns + self.ahead_ns) // SECOND_NS
        self.run(1_000)
        self.say(new(OPEN, kind=OrdType.MARKET), new(REST, "1.05"))
        self.run(500)
        assert (self.executed, self.resting) == (1, 1), self.chart.journal

    @property
    def office(self):
        """The account at the server."""
        return self.terminal.office

    @property
    def executed(self):
        """How many deals the server has made."""
        return len(self.office.ledger.executions)

    @property
    def resting(self):
        """How many orders rest at the server."""
        return len(self.office.books.orders)

    @property
    def now_ns(self):
        """The gateway's time."""
        return self.chart.clock.now_ns

    def say(self, *messages):
        """Let the gateway say something now."""
        for message in messages:
            self.end.say(message, self.now_ns)

    def hold(self, ms):
        """Let time pass for all but the program."""
        for _ in range(ms // 100):
            self.server.clock.advance(100)
            self.end.hear(self.now_ns)

    def answers(self, *types):
        """Return what was told of these types of messages: id and text."""
        told = [one for one in self.end.heard if one.msg_type in types]
        return [(getattr(one, "cl_ord_id", "") or one.pos_req_id, one.text) for one in told]


@pytest.mark.parametrize("held_ms", [3_000, 20_000, 100_000])
def test_a_batch_that_ends_in_logout_sends_nothing_new(tmp_path, held_ms):
    """An order that the gateway said before it dropped the link is refused; a cancel is done."""
    held = Held(tmp_path)
    held.say(new(MARKET, kind=OrdType.MARKET), new(MORE, "1.04"), cancel(REMOVE, REST))
    held.hold(held_ms)
    assert not held.end.live
    held.run(3_000)
    assert held.end.live
    assert (held.executed, held.resting) == (1, 0)
    held.say(status(MARKET), status(MORE), status(REST))
    held.run(500)
    told = [one for one in held.end.heard if one.msg_type == "8"][-3:]
    found = [(one.cl_ord_id, one.ord_status.value, one.text) for one in told]
    assert found == [(MARKET, "8", WAITED), (MORE, "8", WAITED), (REST, "4", None)]


def test_a_batch_that_ends_with_the_connection_sends_nothing_new(tmp_path):
    """An order whose connection broke behind it is refused, whatever its age; a cancel is done."""
    held = Held(tmp_path)
    held.say(new(MARKET, kind=OrdType.MARKET), replace(CHANGE, REST, "1.06"), cancel(REMOVE, REST))
    held.end.cut()
    held.run(3_000)
    assert (held.executed, held.resting) == (1, 0)


@pytest.mark.parametrize("ahead_s", [0, 100, -100])
@pytest.mark.parametrize(("held_ms", "is_late"), [(4_500, False), (6_000, True)])
def test_what_the_program_was_held_from_is_refused_after_five_seconds(
    tmp_path, held_ms, is_late, ahead_s
):
    """D, G and AL are not sent then, F is; how far the terminal's clock is off does not matter."""
    held = Held(tmp_path, CALM, ahead_s)
    held.say(
        new(MARKET, kind=OrdType.MARKET), replace(CHANGE, REST, "1.06"),
        protect(LEVELS, "1.05", held.now_ns),
    )  # fmt: skip
    held.hold(held_ms)
    held.run(500)
    assert len(held.end.logons) == 1
    assert held.executed == (1 if is_late else 2)
    order, = held.office.books.orders.values()
    assert order.price_open == Decimal("1.05" if is_late else "1.06")
    held.say(status(CHANGE))
    held.run(100)
    told = [one for one in held.end.heard if one.msg_type == "8"][-1]
    assert (told.cl_ord_id, told.complete) == (REST if is_late else CHANGE, True)
    refused = [one for one in held.answers("8", "9", "AM") if one[1] == WAITED]
    assert refused == ([(MARKET, WAITED), (CHANGE, WAITED), (LEVELS, WAITED)] if is_late else [])
    held.say(cancel(REMOVE, CHANGE))
    held.hold(15_000)
    held.run(500)
    assert held.resting == 0


def test_what_the_program_was_held_from_needs_no_clock(tmp_path):
    """A gateway whose clock leaps says a fresh 52; what was there to be read so long is refused."""
    held = Held(tmp_path, CALM)
    held.end.say(new(MARKET, kind=OrdType.MARKET), held.now_ns + 6 * SECOND_NS)
    held.hold(6_000)
    held.run(500)
    assert held.answers("8")[-1] == (MARKET, WAITED)
    assert held.executed == 1


@pytest.mark.parametrize(("age_s", "is_late"), [(4, False), (6, True)])
@pytest.mark.parametrize("is_again", [False, True])
def test_what_was_long_on_its_way_is_refused(tmp_path, age_s, is_late, is_again):
    """52 of an order says so, or 122 of one that is said again, beside the 52 of quicker ones."""
    held = Held(tmp_path, CALM, ahead_s=30)
    said = format_utc(held.now_ns - age_s * SECOND_NS)
    held.end.send(codec.encode(
        new(MARKET, kind=OrdType.MARKET), sender_comp_id="GATEWAY", target_comp_id="MT5",
        msg_seq_num=held.end.fix.next_out,
        sending_time=format_utc(held.now_ns) if is_again else said,
        poss_dup=said if is_again else "",
    ))  # fmt: skip
    held.run(500)
    assert held.executed == (1 if is_late else 2)


def test_a_gateway_whose_clock_was_set_back_is_heard_again(tmp_path):
    """Its messages look late for two minutes at most; then the quickest of them are the measure."""
    held = Held(tmp_path, CALM)
    taken = []
    for n in range(25):
        held.run(10_000, 50)
        held.end.say(new(f"0000000000B{n:02d}", "1.05"), held.now_ns - 20 * SECOND_NS)
        held.run(500, 10)
        taken.append(held.resting > 1 + sum(taken))
    assert not any(taken[:5])
    assert all(taken[-12:])


def test_an_order_behind_a_slow_answer_is_refused(tmp_path):
    """Without Async the server's answer holds up what comes next: it is not sent late then."""
    held = Held(tmp_path, CALM, Async=False)
    held.server.faults.slow(50_000, times=1)
    held.say(
        new(MORE, "1.04"), new(MARKET, kind=OrdType.MARKET), replace(CHANGE, REST, "1.06"),
        cancel(REMOVE, REST),
    )  # fmt: skip
    held.run(1_000)
    assert held.executed == 1
    assert [one for one in held.answers("8", "9") if one[1]] == [
        (MARKET, WAITED), (CHANGE, WAITED),
    ]  # fmt: skip
    order, = held.office.books.orders.values()
    assert order.price_open == Decimal("1.04")
