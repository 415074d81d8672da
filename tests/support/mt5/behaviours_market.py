"""Scenes of both MetaTrader bridges: what the market shows, and the money. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import DealType
from support.mt5.market import levels_of
from support.mt5.stage import ALL, ASK, BID, EURUSD, EXCHANGE, HEDGE, NET

from protocol.fields import MDEntryType
from protocol.messages import MarketDataSnapshotFullRefresh

DEEP_BIDS, DEEP_ASKS = [("1.1", "3"), ("1.0999", "7")], [("1.1001", "2")]
DEEP = "1.1x300000 1.0999x700000 | 1.1001x200000"


def only(play, *, bid=None, ask=None):
    """Let the market have one side, or none; what follows from it is told."""
    play.server.quote(EURUSD, bid, ask)
    return play.run()


def shown(play):
    """Remark the levels that the gateway was told of last."""
    told = [one for one in play.desk.heard if isinstance(one, MarketDataSnapshotFullRefresh)]
    sides = {MDEntryType.BID: [], MDEntryType.OFFER: []}
    for one in told[-1].md_entries if told else ():
        if one.md_entry_px is not None:
            sides[one.md_entry_type].append(f"{one.md_entry_px}x{one.md_entry_size}")
    play.remarks.append(" | ".join(" ".join(side) or "nobody" for side in sides.values()))
    return play


def fill(play, bids, asks):
    """Let the broker fill this into the symbol's book, whatever the market is."""
    play.terminal.fill_book(EURUSD, levels_of(bids), levels_of(asks))
    return play


def market(play, bids=DEEP_BIDS, asks=DEEP_ASKS):
    """Let the book be the market's own, and that have these levels."""
    play.terminal.seen(EURUSD).shown_book = None
    play.server.book(EURUSD, bids, asks)
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


@scene((NET, HEDGE), """
    1.1x50000000 | 1.1001x50000000
    1.1002x50000000 | 1.1003x50000000
    nobody | 1.1003x50000000
    1.1003x50000000 | 1.1004x50000000
    DEEP
    1.1x50000000 | 1.1001x50000000
""".replace("DEEP", DEEP), book_depth=10)
def a_book_that_nobody_fills_is_none(play):
    """The symbol has a depth: its tick is the price until a book comes, and when that goes."""
    shown(fill(play.run(), [], []).quote("1.1").quote(BID))
    shown(play.quote("1.1002"))
    shown(only(play, ask="1.1003"))
    shown(play.quote("1.1003"))
    shown(market(play))
    shown(fill(play, [], []).run(600))


@scene((EXCHANGE,), """
    1.1x300000 1.0999x700000 | 1.1001x200000
    1.1x50000000 | 1.1001x50000000
    1.1002x50000000 | 1.1003x50000000
    1.1x300000 1.0999x700000 | nobody
""", book_depth=10)
def a_book_needs_the_sides_of_the_tick(play):
    """One that lacks a side which the tick has is not told; where nobody offers it is whole."""
    shown(market(play.run()))
    shown(fill(play, DEEP_BIDS, []).run(600))
    shown(play.quote("1.1002"))
    shown(market(play, asks=[]))


@scene((NET, EXCHANGE), """
    1.1x300000 1.0999x700000 | 1.1001x200000
    1.1x300000 1.0999x700000 | 1.1001x200000
    1.1005x50000000 | 1.1006x50000000
    1.1005x300000 | 1.1006x200000
    1.1007x50000000 | 1.1008x50000000
    1.1x300000 1.0999x700000 | 1.1001x200000
    1.1x300000 1.0999x700000 | 1.1001x200000
""", book_depth=10)
def a_book_that_stays_behind_is_old(play):
    """Half a second after the tick has gone on; one that is as the tick is never old."""
    shown(market(play.run()))
    shown(fill(play, DEEP_BIDS, DEEP_ASKS).quote("1.1005"))
    shown(play.run(400))
    shown(fill(play, [("1.1005", "3")], [("1.1006", "2")]).quote("1.1007").quote("1.1005"))
    shown(play.quote("1.1007").run(600))
    shown(market(play))
    shown(play.run(2_000))


@scene((NET,), """
    1.1002x50000000 | 1.1003x50000000
    DEEP
""".replace("DEEP", DEEP), book_depth=10)
def a_book_that_is_refused_is_none(play):
    """MarketBookAdd fails: the tick is the price, until a connection brings the book."""
    play.terminal.seen(EURUSD).refuses_book = True
    play.terminal.seen(EURUSD).subscriptions, play.link = 0, None
    shown(play.restart().run(3_000).quote("1.1002"))
    play.terminal.seen(EURUSD).refuses_book = False
    play.terminal.cut()
    play.run(3_000).terminal.mend()
    shown(market(play.run(5_000)))
