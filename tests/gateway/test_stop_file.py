"""What stops the house from outside: a STOP file, a signal, a clock; and an orderly end."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from support.shell import EchoCore, House, config_in, order
from support.waiting import wait_for

from gateway.brakes import CLOCK_EVERY_NS, EVERY_NS, Brakes
from gateway.clock import Clock
from gateway.config_limits import House as HouseRules
from gateway.oms.book import Book
from gateway.stop_file import Stop, StopFile, read_stop

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "scope", "reason"),
    [
        ("", "", "a STOP file"), ("\n\n", "", "a STOP file"), ("all", "all", "a STOP file"),
        ("all\nsmoke in the room\n", "all", "smoke in the room"),
        ("strategy:MM venue:PAPER\r\nit  is\tmad\r\n", "strategy:MM venue:PAPER", "it is mad"),
        ("smoke in the room", "", "smoke in the room"), ("stop\nnow", "", "stop now"),
        ("\ufeffvenue:PAPER\n", "venue:PAPER", "a STOP file"),
        ("venue:\n", "venue:", "a STOP file"),
        ("\x00\x01\n\x02bad\x03", "", "bad"), ("\n" + "x" * 9_999, "", "x" * 500),
    ],
)  # fmt: skip
def test_what_a_stop_file_says(text, scope, reason):
    """The first line may be a scope, the rest is the reason; what is no scope is a reason."""
    assert read_stop(text) == Stop(scope, reason)


@pytest.fixture
def stop(tmp_path):
    """Look for a file that is not there yet."""
    return StopFile(tmp_path / "STOP")


def test_a_file_is_acted_on_once(stop):
    """As long as it is the same file; written again, it is another order."""
    assert stop.look() is None
    stop.path.write_text("venue:PAPER\nsmoke", encoding="ascii")
    assert stop.look() == Stop("venue:PAPER", "smoke")
    assert [stop.look() for _ in range(3)] == [None] * 3
    assert stop.held == Stop("venue:PAPER", "smoke")
    stop.path.write_text("all\nmore smoke", encoding="ascii")
    assert stop.look() == Stop("all", "more smoke")


def test_an_empty_file_is_looked_at_twice(stop):
    """Somebody may be about to write a scope into it; if nobody does, it means everything."""
    stop.path.touch()
    assert stop.look() is None
    stop.path.write_text("strategy:MM", encoding="ascii")
    assert stop.look() == Stop("strategy:MM", "a STOP file")
    stop.path.unlink()
    assert stop.look() is None
    stop.path.touch()
    assert (stop.look(), stop.look()) == (None, Stop("", "a STOP file"))


def test_at_a_start_nobody_waits(stop):
    """An empty file that lies there holds from the first moment."""
    stop.path.touch()
    assert stop.look(patient=False) == Stop("", "a STOP file")
    assert stop.look() is None


def test_a_file_that_is_gone_holds_nothing(stop):
    """And one that comes back is acted on anew, also when it is as before."""
    stop.path.write_text("all\nx", encoding="ascii")
    times = stop.path.stat()
    assert stop.look()
    stop.path.unlink()
    assert (stop.look(), stop.held) == (None, None)
    stop.path.write_text("all\nx", encoding="ascii")
    os.utime(stop.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert stop.look() == Stop("all", "x")


def test_what_cannot_be_read_means_everything(stop):
    """A folder of that name, a path that cannot be looked at: sooner too much than nothing."""
    stop.path.mkdir()
    found = stop.look(patient=False)
    assert (found.scope, "cannot be read" in found.reason) == ("", True)
    odd = StopFile(stop.path.parent / ("x" * 5_000))
    assert odd.look(patient=False).scope == ""
    assert odd.look() is None


def test_a_path_through_a_file_is_no_stop_file(stop):
    """Where no file can be, there is none."""
    stop.path.write_text("all", encoding="ascii")
    assert StopFile(stop.path / "STOP").look(patient=False) is None


class Watched(EchoCore):
    """Notes the lag that it is told."""

    def loop_lag(self, lag_ms, now_ns):
        """Remember."""
        self.calls.append(("lag", lag_ms))
        return ()


@pytest.fixture
def brakes(stop):
    """Brakes on a clock that is set by hand: (brakes, core, times)."""
    times = {"wall": 1_000 * S, "elapsed": 0}
    clock = Clock(wall_ns=lambda: times["wall"], monotonic_ns=lambda: times["elapsed"])
    core = Watched(Book(), None)
    return Brakes(core, stop, clock), core, times


def of(core, kind):
    """Return the calls of a kind."""
    return [call[1:] for call in core.calls if call[0] == kind]


def test_the_longest_turn_is_the_lag(brakes):
    """Between two looks the longest counts; it is forgotten then."""
    brakes, core, _ = brakes
    for took_ms in (3, 700, 20):
        brakes.turned(took_ms * 1_000_000)
    list(brakes.tick(7))
    list(brakes.tick(7 + EVERY_NS))
    assert of(core, "lag") == [(700,), (0,)]
    assert brakes.due_ns == 7 + 2 * EVERY_NS


@pytest.mark.parametrize("step_ms", [-5_000, -20, 20, 61_000])
def test_a_moved_clock_is_told_once(brakes, step_ms):
    """Once a second the wall is compared with what has elapsed; our own time goes on."""
    brakes, core, times = brakes
    list(brakes.tick(0))
    times["wall"] += S + step_ms * 1_000_000
    times["elapsed"] += S
    list(brakes.tick(CLOCK_EVERY_NS - 1))
    assert of(core, "step") == []
    list(brakes.tick(CLOCK_EVERY_NS))
    list(brakes.tick(2 * CLOCK_EVERY_NS))
    assert of(core, "step") == [(step_ms,)]


def test_a_clock_that_is_corrected_slowly_is_no_step(brakes):
    """Half a millisecond a second, as time daemons do it, adds up to small steps."""
    brakes, core, times = brakes
    for second in range(100):
        times["wall"] += S + 500_000
        times["elapsed"] += S
        list(brakes.tick(second * CLOCK_EVERY_NS))
    assert of(core, "step") == [(20,), (20,)]


def test_a_signal_kills_with_the_next_turn(brakes):
    """It makes the brakes due at once, and acts once."""
    brakes, core, _ = brakes
    list(brakes.tick(5))
    brakes.signal("SIGUSR1")
    assert brakes.due_ns == 0
    assert [effect.kind for effect in brakes.tick(6)] == ["KILL"]
    assert list(brakes.tick(7)) == []
    assert of(core, "kill") == [("", "SIGNAL", "the signal SIGUSR1")]


def test_a_file_reaches_the_core(tmp_path):
    """While the gateway runs, also while nothing comes in: killed and held; gone: held no more."""
    with House(config_in(tmp_path)) as house:
        path = tmp_path / "var" / "STOP"
        assert house.core.held is None
        path.write_text("strategy:A\nsmoke", encoding="ascii")
        wait_for(lambda: of(house.core, "kill"), what="the kill")
        assert of(house.core, "kill") == [("strategy:A", "STOP_FILE", "smoke")]
        assert house.core.held == "strategy:A"
        path.unlink()
        wait_for(lambda: house.core.held is None, what="the end of the file")
        assert len(of(house.core, "kill")) == 1


def test_a_file_that_lies_there_holds_before_anybody_is_heard(tmp_path):
    """The kill is in the journal before the first Logon."""
    path = tmp_path / "var" / "STOP"
    path.parent.mkdir()
    path.touch()
    with House(config_in(tmp_path)) as house:
        assert of(house.core, "kill") == [("", "STOP_FILE", "a STOP file")]
        house.logged_on("A")
        assert [call[0] for call in house.core.calls[:2]] == ["kill", "up"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal: the STOP file is for all")
def test_a_signal_reaches_the_core(tmp_path):
    """What the handler does wakes a loop that waits, and kills everything."""
    with House(config_in(tmp_path)) as house:
        house.gateway._on_kill(signal.SIGUSR1, None)
        wait_for(lambda: of(house.core, "kill"), what="the kill")
        assert of(house.core, "kill") == [("", "SIGNAL", "the signal SIGUSR1")]


def test_an_orderly_end_waits_for_what_is_cancelled(tmp_path):
    """It goes on turning until the core is wound down: who asks meanwhile is answered."""
    with House(config_in(tmp_path)) as house:
        house.core.is_wound_down = False
        peer = house.logged_on("A")
        house.gateway.stop()
        wait_for(lambda: of(house.core, "wind down"), what="the winding down")
        peer.say(order("1"))
        peer.until(peer.reports)
        house.core.is_wound_down = True
        assert house.join() == 0
        assert peer.goodbye().startswith("GATEWAY_STOPS")


@pytest.mark.parametrize("how", ["in vain", "hurried"])
def test_an_orderly_end_does_not_wait_for_ever(tmp_path, how):
    """After wind_down_ms it ends all the same; asked a second time, at once."""
    patience = 100 if how == "in vain" else 3_600_000
    with House(config_in(tmp_path, risk=HouseRules(wind_down_ms=patience))) as house:
        house.core.is_wound_down = False
        house.gateway.stop()
        wait_for(lambda: of(house.core, "wind down"), what="the winding down")
        if how == "hurried":
            house.gateway.stop()
        assert house.join() == 0
