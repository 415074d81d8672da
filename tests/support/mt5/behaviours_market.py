"""Scenes of both MetaTrader bridges: what the market shows, and the money. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import DealType
from support.mt5.stage import ALL, ASK, BID, EURUSD, EXCHANGE


def only(play, *, bid=None, ask=None):
    """Let the market have one side, or none; what follows from it is told."""
    play.server.quote(EURUSD, bid, ask)
    return play.run()


@scene((EXCHANGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 = 30000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 = 10000/0 filled
    c rejected exchange_closed NO_PRICE
    d new sell 10000 = 0/10000 new
    d open sell 10000 = 0/10000 new
    e new buy 10000 = 0/10000 new
    e fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    f rejected exchange_closed NO_PRICE
    held 30000@1.1001
""")
def one_side_of_the_market_is_enough(play):
    """Who sells needs somebody who bids, and nobody who offers."""
    play.buy("a", "30000")
    only(play, bid=BID).sell("b").buy("c").sell("d", price="1.2")
    only(play, ask=ASK).buy("e").sell("f")


@scene((EXCHANGE,), """
    a new buy 10000 = 0/10000 new
    a2 replaced of a buy 10000 = 0/10000 new
    ac canceled of a2 buy 10000 = 0/0 canceled
    b new buy 10000 = 0/10000 new
    b open buy 10000 = 0/10000 new
    c new sell 10000 = 0/10000 new
    c2 replaced of c sell 10000 = 0/10000 new
    cc canceled of c2 sell 10000 = 0/0 canceled
    d new sell 10000 = 0/10000 new
    d open sell 10000 = 0/10000 new
    e new buy 10000 = 0/10000 new
    e open buy 10000 = 0/10000 new
""", freeze_level=5, stops_level=5)
def an_order_that_nobody_can_meet_is_free(play):
    """Without the other side nothing freezes it, and one that may only add adds."""
    play.buy("a", price="1.09").sell("c", price="1.12")
    only(play, bid=BID).replace("a2", "a", price="1.091").cancel("ac", "a2")
    play.buy("b", price="1.0999", only_adds=True).buy("e", stop="1.11")
    only(play, ask=ASK).replace("c2", "c", price="1.119").cancel("cc", "c2")
    play.sell("d", price="1.13", only_adds=True)


@scene((EXCHANGE,), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    b rejected exchange_closed NO_PRICE
    m levels completed sl 1.095
    n levels rejected NO_PRICE
    o levels completed
    held 10000@1.1001
""")
def levels_need_the_side_that_closes(play):
    """A long position is closed at the bid: levels are measured from it; away they always go."""
    play.buy("a")
    only(play, bid=BID).protect("m", "1.095")
    only(play, ask=ASK).protect("n", "1.096").protect("o", "0").buy("b", sl="1.09")


@scene(ALL, """
    ~ deposit 5000 USD after 0 trades
    ~ deposit -500 USD after 0 trades
    ~ balance 104500 USD after 0 trades
""")
def what_is_lent_counts_as_money(play):
    """A credit is a deposit in the ledger and a part of the balance: both add up."""
    play.people.pay(DealType.CREDIT, "5000")
    play.people.pay(DealType.BALANCE, "-500")
    play.run().balances()
