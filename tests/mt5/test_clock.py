"""Virtual time, the server's wall clock, and real time for both."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.mt5.clock import DAY_MS, Clock, hours, new_york_close
from support.mt5.constants import OrderType, Retcode
from support.mt5.pace import Pace, real_ms
from support.mt5.scene import Scene
from support.mt5.symbols import ALWAYS
from support.waiting import wait_for

README = Path(__file__).parents[1] / "support" / "mt5" / "README.md"


def utc(*when):
    """Return UTC milliseconds."""
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def test_what_is_due_happens_in_its_order_and_at_its_time():
    """Each deed sees the time at which it was due; what it plans for now happens, too."""
    clock, seen = Clock(1_000), []
    clock.after(20, lambda: seen.append(("b", clock.now_ms)))
    clock.after(10, lambda: clock.after(0, lambda: seen.append(("a", clock.now_ms))))
    clock.after(20, lambda: seen.append(("c", clock.now_ms)))
    clock.advance(15)
    assert (seen, clock.now_ms) == ([("a", 1_010)], 1_015)
    clock.advance(15)
    assert seen == [("a", 1_010), ("b", 1_020), ("c", 1_020)]
    assert clock.next_due_ms() is None


def test_waiting_stops_at_the_condition_or_at_the_limit():
    """True at the moment of the condition, False when so much time has passed."""
    clock, seen = Clock(0), []
    clock.after(50, lambda: seen.append(1))
    clock.after(90, lambda: seen.append(2))
    assert clock.run_until(lambda: bool(seen), 1_000)
    assert clock.now_ms == 50
    assert not clock.run_until(lambda: False, 1_000)
    assert clock.now_ms == 1_050


def test_time_is_not_moved_from_inside():
    """A deed that waited for another one would turn time around: it is an error."""
    clock = Clock(0)
    clock.after(1, lambda: clock.advance(1))
    with pytest.raises(RuntimeError, match="received advance inside of something that is due"):
        clock.advance(2)
    clock.advance(1)


OFFSETS = [
    # a moment, what New York's close makes of it: +2 in winter, +3 in its summer
    ((2024, 1, 15), 2), ((2024, 3, 9), 2), ((2024, 3, 11), 3), ((2024, 3, 25), 3),
    ((2024, 10, 28), 3), ((2024, 11, 4), 2),
]  # fmt: skip


@pytest.mark.parametrize(("when", "hours_ahead"), OFFSETS)
def test_midnight_is_five_in_the_afternoon_in_new_york(when, hours_ahead):
    """The usual offset of brokers follows the summer time of New York, not Europe's."""
    assert new_york_close(utc(*when)) == hours_ahead * 3_600
    clock = Clock(utc(*when), offset=new_york_close)
    assert clock.server_ms() == utc(*when) + hours_ahead * 3_600_000
    assert clock.utc_ms(clock.server_ms()) == utc(*when)


@pytest.mark.parametrize("offset", [hours(0), hours(2), hours(-5), hours(5.5), new_york_close])
def test_the_next_server_day_begins_within_a_day(offset):
    """It is midnight there, and not the one that was."""
    clock = Clock(utc(2024, 3, 8, 12), offset=offset)
    for _ in range(5):
        begins = clock.next_day_ms()
        assert 0 < begins - clock.now_ms <= DAY_MS
        assert clock.server_ms(begins) % DAY_MS == 0
        clock.advance_to(begins)


@pytest.fixture
def paced():
    """A scene that runs on the machine's time, ten times as fast."""
    scene = Scene()
    scene.rules(sessions=ALWAYS)
    with Pace(scene.terminal, speed=10) as pace:
        yield scene, pace


def test_a_blocking_call_waits_for_real_time(paced):
    """It lets go of the lock meanwhile, and comes back with the answer."""
    scene, pace = paced
    scene.terminal.link.up_ms = scene.terminal.link.down_ms = 100
    mt5, answers = scene.package(), []
    request = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0}
    asking = threading.Thread(target=lambda: answers.append(mt5.order_send(request)))
    asking.start()
    with pace.lock:
        scene.quote("1.10000", "1.10010")
    asking.join()
    assert answers[0].retcode == Retcode.DONE


def test_time_runs_by_itself(paced):
    """Changes arrive without anybody advancing the clock."""
    scene, pace = paced
    with pace.lock:
        scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    wait_for(lambda: scene.terminal.books.positions)
    assert real_ms() > 1_700_000_000_000


def test_what_breaks_in_the_background_is_raised_at_the_end():
    """A deed that goes wrong is not lost with its thread."""
    scene = Scene()

    def broken():
        msg = "broken"
        raise ValueError(msg)

    scene.clock.after(1, broken)
    with pytest.raises(ValueError, match="broken"), Pace(scene.terminal) as pace:
        pace.wait(lambda: False, 5_000)


def test_the_example_of_the_readme_runs():
    """The first code block of the folder's README does what it says."""
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code.group(1), str(README), "exec"), {})
