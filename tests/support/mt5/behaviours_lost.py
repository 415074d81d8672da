"""Scenes of both MetaTrader bridges: notes are lost, the account is not. See behaviours.py."""

from __future__ import annotations

from decimal import Decimal

from support.mt5.behaviours import scene
from support.mt5.constants import OrderType
from support.mt5.stage import ALL, HEDGE, NET

from protocol.order_id import OrderId, to_number


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a status buy 10000 = 0/10000 new
    ac canceled of a buy 10000 = 0/0 canceled
    b new sell 10000 = 0/10000 new
    b status sell 10000 = 10000/0 filled
    bc cancel of b refused too_late_to_cancel TOO_LATE = filled
    b trade sell 10000@1.1101 P1
    c status buy None = 0/0 rejected unknown_order UNKNOWN_AT_VENUE
    d new buy 10000 = 0/10000 new
    d open buy 10000 = 0/10000 new
    e status buy None = 0/0 rejected unknown_order NEVER_SENT
    ~ link closed
    ~ link open
    held P1 -10000@1.1101
""")
def orders_are_found_by_the_ids_that_are_their_magics(play):
    """One that rests, one that was filled meanwhile, one that never came; newer ones are noted."""
    play.buy("a", price="1.09").sell("b", price="1.11")
    play.never_say("c", "a")
    play.lose_notes(lambda: play.server.quote("EURUSD", "1.1101", "1.1102"))
    play.buy("d", price="1.05").never_say("e", "a")
    play.status("a").cancel("ac", "a").status("b").cancel("bc", "b").status("c").status("e")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a2 replaced of a buy 10000 = 0/10000 new
    a status buy 10000 = 0/10000 new
    a3 replaced of a2 buy 10000 = 0/10000 new
    a3 canceled of a2 buy 10000 = 0/0 canceled unasked
    ac cancel of a3 refused too_late_to_cancel TOO_LATE = canceled
    a3 status buy 10000 = 0/0 canceled
    b new buy 10000 = 0/10000 new
    b2 replaced of b buy 10000 = 0/10000 new
    bc canceled of b2 buy 10000 = 0/0 canceled
    ~ link closed
    ~ link open
""")
def one_whose_prices_were_changed_is_found_by_its_ticket(play):
    """No list has the id of the change: 37 leads to the order, which is called by 41 from then."""
    play.buy("a", price="1.09").replace("a2", "a", price="1.08")
    play.buy("b", price="1.09").replace("b2", "b", price="1.07")
    play.known = {"a2": str(play.ticket(0)), "b2": str(play.ticket(1))}
    play.lose_notes()
    play.status("a2").replace("a3", "a2", price="1.06").cancel("bc", "b2")
    play.people.cancel(play.ticket())
    play.run().cancel("ac", "a3").status("a3")


@scene((NET, HEDGE), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 10000/20000 partially_filled
    a2 replaced of a buy 40000 = 10000/30000 partially_filled
    a3 replace of a2 refused other FORGOTTEN = new
    ac canceled of a2 buy 30000 = 0/0 canceled
    b new sell 20000 = 0/20000 new
    b2 replaced of b sell 20000 = 0/20000 new
    b2 open sell 20000 = 0/20000 new
    ~ link closed
    ~ link open
    held P1 10000@1.09
""")
def what_may_be_the_rest_of_another_is_not_replaced(play):
    """What its chain had filled stood in the notes: it could only be sent for too much."""
    play.buy("a", "30000", price="1.09").sell("b", "20000", price="1.12")
    play.people.fill(play.ticket(0), Decimal("0.1"))
    play.run().replace("a2", "a", order_qty="40000")
    play.lose_notes()
    play.replace("a3", "a2", price="1.08").cancel("ac", "a2").replace("b2", "b", price="1.13")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a2 status buy None = 0/0 rejected unknown_order FORGOTTEN perhaps
    a2c cancel of a2 refused unknown_order UNKNOWN_AT_VENUE = rejected
    a open buy 10000 = 0/10000 new
    x open buy 10000 = 0/10000 new
    ~ link closed
    ~ link open
""")
def what_the_gateway_knows_a_ticket_of_is_not_absent(play):
    """It was acknowledged once: nobody knows. The ticket of another gateway's order is not it."""
    play.buy("a", price="1.09").never_say("a2", "a").never_say("a2c", "a")
    other = OrderId(2, 1_700_000_000, 1)
    play.ids["x"] = other.text()
    play.people.expert(
        to_number(other.text()), "EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05"
    )
    play.known = {"a2": str(play.ticket(1))}
    play.lose_notes()
    play.status("a2").cancel("a2c", "a2")


@scene(ALL, """
    a status buy 10000 = 0/0 canceled
    x open buy 10000 = 0/10000 new
    ~#1 open buy 10000 = 0/10000 new
""")
def the_dead_man_cancels_what_is_ours(play):
    """The gateway has logged on, and that is all; another gateway's and a person's stay."""
    play.link = None
    play.buy("a", price="1.09").buy("b", price="1.09").replace("b2", "b", price="1.07")
    other = OrderId(2, 1_700_000_000, 1)
    play.ids["x"] = other.text()
    play.people.expert(
        to_number(other.text()), "EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05"
    )
    play.people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.04")
    play.run().lose_notes().run(1_000)
    play.desk.take()
    play.desk.strike()
    play.desk.take()
    play.status("a")


@scene((NET, HEDGE), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 10000/20000 partially_filled
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 20000/10000 partially_filled
    a canceled buy 30000 = 20000/0 canceled unasked
    b new sell 10000 = 0/10000 new
    b open sell 10000 = 0/10000 new
    ~ link closed
    ~ link open
    held P1 20000@1.09
""")
def what_becomes_of_it_is_told(play):
    """A fill counts on from those before; what the server has closed belongs to its opener."""
    play.buy("a", "30000", price="1.09").sell("b", price="1.2")
    play.people.fill(play.ticket(0), Decimal("0.1"))
    play.run().lose_notes().run(1_000)
    play.people.fill(play.ticket(0), Decimal("0.1"))
    play.run()
    play.people.cancel(play.ticket(0))
    play.run()


@scene((NET, HEDGE), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    a:STOP_LOSS new sell 10000 = 0/10000 new
    a:STOP_LOSS fill sell 10000 10000@1.0989 fee 0.4 P1 = 10000/0 filled
    ~ link closed
    ~ link open
""")
def the_stop_of_a_position_is_its_openers(play):
    """By the deals of the position, whose magic is the gateway's."""
    play.buy("a", sl="1.099").lose_notes().run(1_000).quote("1.0989")
