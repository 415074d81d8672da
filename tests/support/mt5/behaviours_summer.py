"""How both MetaTrader bridges behave over a change of the server's summer time."""

from __future__ import annotations

from datetime import UTC, datetime

from support.bridge_wire import MS, T0
from support.mt5.behaviours import scene
from support.mt5.stage import ACKS, EXCHANGE, HEDGE, NET
from support.mt5.symbols import ALWAYS

from protocol.messages import TradeCaptureReport


def at(*moment):
    """Return a moment of UTC in ms."""
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


SPRING, AUTUMN = at(2024, 3, 31, 1), at(2024, 10, 27, 1)
"""When clocks in Athens are put forward and back."""
HOUR_MS = 3_600_000
TILL_SPRING, TILL_AUTUMN, NEAR_SPRING, NEAR_AUTUMN = (
    {"zone": "Europe/Athens", "sessions": ALWAYS, "swap_long": "0", "swap_short": "0",
     "begins_ms": change_ms - hours * HOUR_MS}
    for hours in (30, 1) for change_ms in (SPRING, AUTUMN)
)  # fmt: skip


def _sleep_until(play, utc_ms):
    """Let it be so late in one step: a silence to either end of the link."""
    play.link = None
    play.server.clock.advance_to(utc_ms)
    return play.run(2_000)


def _trades_since(play, utc_ms):
    """Ask for the fills since a moment; return how many were told, and keep the rest that was."""
    desk = play.desk
    told = desk.take()
    desk.say(desk.fills(utc_ms * MS))
    play.run(200)
    found = desk.take()
    assert all(one.complete for one in found if type(one) in ACKS)
    trades = [one for one in found if isinstance(one, TradeCaptureReport)]
    desk.heard[:] = [*told, *(one for one in found if type(one) not in {*ACKS, TradeCaptureReport})]
    return len(trades)


def _rest_until(play, end_ms, *, dies):
    """Let an order rest until two seconds before its end, and go on; then the market comes."""
    play.buy("a", price="1.09", tif="gtd", expires_ms=end_ms - T0 // MS)
    if dies:
        play.restart()
    _sleep_until(play, end_ms - HOUR_MS + 60_000).status("a")
    _sleep_until(play, end_ms - 4_000).status("a").run(4_000).quote("1.08")


RESTS = """
    a new buy 10000 = 0/10000 new
    a status buy 10000 = 0/10000 new
    a status buy 10000 = 0/10000 new
    a expired buy 10000 = 0/0 expired
"""


@scene((NET, HEDGE), RESTS, **TILL_SPRING)
def an_order_ends_at_its_moment_in_spring(play):
    """Not an hour early, after the server's clock was put forward."""
    _rest_until(play, SPRING + 12 * HOUR_MS, dies=False)


@scene((HEDGE, EXCHANGE), RESTS, **TILL_AUTUMN)
def an_order_ends_at_its_moment_in_autumn(play):
    """Not an hour late, after it was put back, and it is filled no more."""
    _rest_until(play, AUTUMN + 12 * HOUR_MS, dies=False)


@scene((EXCHANGE, NET), RESTS, **TILL_AUTUMN)
def an_order_of_an_earlier_life_ends_at_its_moment(play):
    """Its end is known after a restart."""
    _rest_until(play, AUTUMN + 12 * HOUR_MS, dies=True)


FILLS = """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.09 fee 0.4 maker = 10000/0 filled
    c new buy 20000 = 0/20000 new
    c fill buy 20000 20000@1.09 fee 0.8 = 20000/0 filled
    held 40000@1.092525
"""


def _trade_around(play, change_ms):
    """Trade before the change and after it; all that was traded since then is in each answer."""
    since_ms = change_ms - 1_200_000
    _sleep_until(play, change_ms - 600_000).buy("a").buy("b", "10000", "1.09")
    assert _trades_since(play, since_ms) == 1
    _sleep_until(play, change_ms + 1_000).quote("1.0899").run(500)
    assert _trades_since(play, since_ms) == 2
    play.buy("c", "20000")
    _sleep_until(play, change_ms + HOUR_MS).restart()
    assert _trades_since(play, since_ms) == 3
    assert _trades_since(play, change_ms - HOUR_MS) == 3


@scene((NET, EXCHANGE), FILLS, **NEAR_SPRING)
def fills_before_and_after_spring(play):
    """Nothing is left out of a complete answer, and nothing is told twice."""
    _trade_around(play, SPRING)


@scene((NET, EXCHANGE), FILLS, **NEAR_AUTUMN)
def fills_before_and_after_autumn(play):
    """Likewise; what rested in the hour that came twice has added liquidity."""
    _trade_around(play, AUTUMN)
