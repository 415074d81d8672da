"""Scenes of both MetaTrader bridges: levels of an open position that are moved. See behaviours.py.

In those that are late the server does the first request after both bridges have given it up: 9 s
after it said PLACED. Whatever it is asked meanwhile it says that it is busy with the position.
"""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import Action, Retcode
from support.mt5.stage import ALL, EXCHANGE, HEDGE, NET

LATE_MS, GIVEN_UP_MS = 9_000, 7_500
BOUGHT = """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled"""
GIVEN_UP = BOUGHT + """
    m levels accepted PLACED
    m levels rejected NOT_DONE"""


def asked(play):
    """Count the requests for levels that the server has heard."""
    arrivals = play.office.ledger.arrivals
    return sum(one.request.action == Action.SLTP for one in arrivals)


@scene(ALL, BOUGHT + """
    m levels completed sl 1.095
    n levels completed sl 1.095 tp 1.12
    o levels completed tp 1.12
    held P1 10000@1.1001 tp 1.12
""")
def levels_are_moved(play):
    """What nobody asks about stays; 0 takes a level away."""
    play.buy("a").protect("m", "1.095").protect("n", profit="1.12").protect("o", "0")


@scene(ALL, BOUGHT + """
    m levels completed sl 1.095
    n levels completed sl 1.095
    held P1 10000@1.1001 sl 1.095
""")
def levels_that_stand_are_asked_for_at_the_server_too(play):
    """It alone knows of a request before that it has not done yet; NO_CHANGES is done."""
    play.buy("a").protect("m", "1.095").protect("n", "1.095")
    assert asked(play) == 2


def late(play, second):
    """Let the first of two requests be done after the second was sent."""
    play.buy("a").faults.tardy(LATE_MS, early=Retcode.PLACED, when=Action.SLTP)
    play.protect("m", "1.095").run(GIVEN_UP_MS)
    assert not play.office.books.positions[int(play.position())].sl
    play.protect("n", second).run(8_000)
    assert asked(play) == 2, "each is sent, whatever the position shows"


@scene((NET, HEDGE), GIVEN_UP + """
    n levels accepted LOCKED
    n levels rejected NOT_DONE
    held P1 10000@1.1001 sl 1.095
""")
def others_than_those_that_come_late(play):
    """The position has those of the first request: the second has not been done."""
    late(play, "1.096")


@scene((NET, HEDGE), GIVEN_UP + """
    n levels accepted LOCKED
    n levels completed sl 1.095
    held P1 10000@1.1001 sl 1.095
""")
def the_same_as_those_that_come_late(play):
    """They stand in the end, whichever of the two requests has brought them."""
    late(play, "1.095")


@scene((NET, HEDGE), GIVEN_UP + """
    n levels accepted LOCKED
    n levels rejected NOT_DONE
    held P1 10000@1.1001 sl 1.095
""")
def back_to_what_stood_before_those_that_come_late(play):
    """That the old levels stand still proves nothing, and nothing is done without the server."""
    late(play, "0")


@scene((EXCHANGE,), GIVEN_UP + """
    n levels rejected INVALID
    held 10000@1.1001 sl 1.095
""")
def an_exchange_refuses_to_go_back_while_others_come_late(play):
    """A refusal is no proof of levels that stood before; NO_CHANGES alone is."""
    late(play, "0")
