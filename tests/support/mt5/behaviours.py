"""How a MetaTrader bridge behaves, whichever of the two it is: scenes, and what is told in the end.

A scene is a function of a `Play` (stage.py), the kinds of accounts that it is played on, and the
lines that both bridges tell. What PROTOCOL.md leaves open is decided here, once. This file has the
life of orders, behaviours_refused.py what is refused or in doubt, behaviours_around.py positions,
others, and cuts, behaviours_levels.py the levels of open positions, behaviours_terms.py how long
orders and levels live.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from support.mt5.constants import ExpirationFlag
from support.mt5.stage import ALL, EXCHANGE, HEDGE, NET


@dataclass(frozen=True)
class Scene:
    """What is played, on which accounts, and what is told of it there."""

    play: Callable
    kinds: tuple
    told: str
    rules: dict

    @property
    def name(self):
        """The scene's name."""
        return self.play.__name__

    def expected(self, kind):
        """Return the lines; positions have names on an account that may hold several.

        What begins with `net:` or `hedge:` is told on such accounts only.
        """
        mine, other = ("hedge: ", "net: ") if kind is HEDGE else ("net: ", "hedge: ")
        text = self.told if kind is HEDGE else re.sub(r" P\d", "", self.told)
        lines = [line.strip() for line in text.strip().splitlines()]
        return [line.removeprefix(mine) for line in lines if not line.startswith(other)]


SCENES = []
MIDNIGHT_MS = (86_400 - 800) * 1_000
"""The end of the next day of the server, from the beginning of a play on."""


def scene(kinds, told, **rules):
    """Put a function into the table."""
    def add(play):
        SCENES.append(Scene(play, kinds, told, rules))
        return play

    return add


@scene(ALL, """
    a new buy 25000 = 0/25000 new
    a fill buy 25000 25000@1.1001 fee 1 P1 = 25000/0 filled
    held P1 25000@1.1001
""")
def a_market_order_is_filled(play):
    """At once, with the fee."""
    play.buy("a", "25000")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.09 fee 0.4 maker P1 = 10000/0 filled
    b new sell 20000 = 0/20000 new
    b fill sell 20000 20000@1.12 fee 0.8 maker P2 = 20000/0 filled
    hedge: held P1 10000@1.09
    hedge: held P2 -20000@1.12
    net: held -10000@1.12
""")
def limits_rest_and_are_filled_as_makers(play):
    """At their price, when the market comes."""
    play.buy("a", "10000", "1.09").sell("b", "20000", "1.11").quote("1.0899").quote("1.12")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a triggered buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1121 fee 0.4 P1 = 10000/0 filled
    b new sell 10000 = 0/10000 new
    b triggered sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.0895 fee 0.4 P3 = 10000/0 filled
    c new buy 10000 = 0/10000 new
    c triggered buy 10000 = 0/10000 new
    c fill buy 10000 10000@1.1046 fee 0.4 maker P2 = 10000/0 filled
    d new sell 10000 = 0/10000 new
    d triggered sell 10000 = 0/10000 new
    d fill sell 10000 10000@1.0951 fee 0.4 maker P4 = 10000/0 filled
    hedge: held P1 10000@1.1121
    hedge: held P2 10000@1.1046
    hedge: held P3 -10000@1.0895
    hedge: held P4 -10000@1.0951
""")
def stops_trigger_first(play):
    """150=D before the fill; a stop limit rests in between."""
    play.buy("a", stop="1.11").sell("b", stop="1.09").buy("c", price="1.105", stop="1.11")
    play.sell("d", price="1.095", stop="1.09")
    play.quote("1.112").quote("1.1045").quote("1.0895").quote("1.0951")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    ac canceled of a buy 10000 = 0/0 canceled
    ad cancel of a refused too_late_to_cancel TOO_LATE = canceled
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    bc cancel of b refused too_late_to_cancel TOO_LATE = filled
    cc cancel of c refused unknown_order NEVER_SENT = rejected
    held P1 10000@1.1001
""")
def a_cancel_has_one_outcome(play):
    """Done; too late for one that has ended; unknown for an id that never was."""
    play.buy("a", "10000", "1.09").cancel("ac", "a").cancel("ad", "a")
    play.buy("b").cancel("bc", "b")
    play.ids["c"], play.orders["c"] = next(play.desk.ids), play.orders["a"]
    play.cancel("cc", "c")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a2 replaced of a buy 10000 = 0/10000 new
    a3 replaced of a2 buy 10000 = 0/10000 new
    a3 status buy 10000 = 0/10000 new
    ac canceled of a3 buy 10000 = 0/0 canceled
""")
def a_replace_of_prices_keeps_the_order(play):
    """The name changes, the ticket stays; one that changes nothing is done too."""
    play.buy("a", "10000", "1.09").replace("a2", "a", price="1.08").replace("a3", "a2")
    play.status("a").cancel("ac", "a2")


@scene(ALL, """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 10000/20000 partially_filled
    a2 replaced of a buy 50000 = 10000/40000 partially_filled
    a2 fill of a buy 50000 40000@1.09 fee 1.6 maker P2 = 50000/0 filled
    hedge: held P1 10000@1.09
    hedge: held P2 40000@1.09
    net: held 50000@1.09
""")
def a_replace_of_quantity_goes_on_with_what_was_filled(play):
    """38, 14 and 151 count over the chain."""
    play.buy("a", "30000", "1.09")
    play.people.fill(play.ticket(), "0.1")
    play.run().replace("a2", "a", order_qty="50000").quote("1.0899")


@scene(ALL, """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 10000/20000 partially_filled
    a2 replaced of a buy 10000 = 10000/0 filled
    held P1 10000@1.09
""")
def a_replace_to_what_is_filled_ends_the_order(play):
    """Nothing is left to place."""
    play.buy("a", "30000", "1.09")
    play.people.fill(play.ticket(), "0.1")
    play.run().replace("a2", "a", order_qty="10000")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    a2 replace of a refused too_late_to_cancel TOO_LATE = filled
    b new buy 10000 = 0/10000 new
    bc canceled of b buy 10000 = 0/0 canceled
    b2 replace of b refused too_late_to_cancel TOO_LATE = canceled
    c2 replace of c refused unknown_order NEVER_SENT = rejected
    held P1 10000@1.1001
""")
def a_replace_of_what_has_ended_is_too_late(play):
    """Filled, cancelled, never there."""
    play.buy("a").replace("a2", "a", order_qty="20000")
    play.buy("b", price="1.09").cancel("bc", "b").replace("b2", "b", price="1.08")
    play.ids["c"], play.orders["c"] = next(play.desk.ids), play.orders["b"]
    play.replace("c2", "c", price="1.08")


@scene(ALL, """
    a new buy 30000 = 0/30000 new
    a2 replace of a refused other PRICE_TICK = new
    a3 replace of a refused other QTY_STEP = new
    a4 replace of a refused other QTY_RANGE = new
    a open buy 30000 = 0/30000 new
""")
def a_replace_that_cannot_be_leaves_the_order(play):
    """Off the tick, off the step, too near: the order is as it was."""
    play.buy("a", "30000", "1.09")
    play.replace("a2", "a", price="1.090001").replace("a3", "a", order_qty="10500.5")
    play.replace("a4", "a", order_qty="600000000")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a status buy 10000 = 0/10000 new
    a open buy 10000 = 0/10000 new
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    b status buy 10000 = 10000/0 filled
    held P1 10000@1.1001
""")
def an_id_that_was_sent_is_not_sent_again(play):
    """The same D once more is answered with the order."""
    play.buy("a", "10000", "1.09").again("a")
    play.buy("b").again("b")


@scene(ALL, """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.09 fee 0.4 maker P1 = 10000/20000 partially_filled
    a fill buy 30000 5000@1.09 fee 0.2 maker P1 = 15000/15000 partially_filled
    ac canceled of a buy 30000 = 15000/0 canceled
    held P1 15000@1.09
""")
def a_part_is_filled_and_the_rest_cancelled(play):
    """Each part is a fill; the cancel ends what is left."""
    play.buy("a", "30000", "1.09")
    play.people.fill(play.ticket(), "0.1")
    play.run()
    play.people.fill(play.ticket(), "0.05")
    play.run().cancel("ac", "a")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a expired buy 10000 = 0/0 expired
""")
def an_expiry_is_told(play):
    """126 is cut to the second before it."""
    play.buy("a", "10000", "1.09", tif="gtd", expires_ms=3_900).run(4_500)


@scene(ALL, """
    a rejected unsupported_characteristic EXPIRY
    b new buy 10000 = 0/10000 new
    b2 replaced of b buy 10000 = 0/10000 new
    b2 open buy 10000 = 0/10000 new
""", expiration=ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY)
def an_expiry_is_a_day(play):
    """Where a symbol takes days only, 126 is a midnight of the server, which is at UTC+2."""
    play.buy("a", "10000", "1.09", tif="gtd", expires_ms=MIDNIGHT_MS - 1_000)
    play.buy("b", "10000", "1.09", tif="gtd", expires_ms=MIDNIGHT_MS)
    play.replace("b2", "b", price="1.08")


@scene((NET, EXCHANGE), """
    a new buy 10000 = 0/10000 new
    ac canceled of a buy 10000 = 0/0 canceled
""")
def a_day_order_rests(play):
    """59=0."""
    play.buy("a", "10000", "1.09", tif="day").cancel("ac", "a")


@scene((EXCHANGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 10000@1.1001 fee 0.4 = 10000/20000 partially_filled
    a canceled buy 30000 = 10000/0 canceled
    b new buy 20000 = 0/20000 new
    b fill buy 20000 20000@1.1001 fee 0.8 = 20000/0 filled
    c new buy 20000 = 0/20000 new
    c canceled buy 20000 = 0/0 canceled
    d new buy 20000 = 0/20000 new
    d canceled buy 20000 = 0/0 canceled
    held 30000@1.1001
""")
def immediate_limits_on_an_exchange(play):
    """IOC takes what is there, FOK all or nothing; neither rests."""
    play.server.quote("EURUSD", "1.1", "1.1001", ask_volume=Decimal("0.1"))
    play.run().buy("a", "30000", "1.1001", tif="ioc")
    play.quote("1.1").buy("b", "20000", "1.1001", tif="fok").buy("c", "20000", "1.09", tif="ioc")
    play.buy("d", "20000", "1.09", tif="fok")


@scene((HEDGE,), """
    a new buy 20000 = 0/20000 new
    a fill buy 20000 20000@1.1001 fee 0.8 P1 = 20000/0 filled
    b rejected other NOT_EXECUTABLE
    c new sell 20000 = 0/20000 new
    c fill sell 20000 20000@1.1 fee 0.8 P2 = 20000/0 filled
    held P1 20000@1.1001
    held P2 -20000@1.1
""")
def immediate_limits_at_a_dealer_are_deals_within_their_price(play):
    """Instant execution bounds the price; beyond it nothing is sent."""
    play.buy("a", "20000", "1.1003", tif="ioc").buy("b", "20000", "1.1", tif="ioc")
    play.sell("c", "20000", "1.0999", tif="fok")


@scene((NET,), """
    a rejected unsupported_characteristic NOT_SUPPORTED
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    held 10000@1.1001
""")
def immediate_limits_in_market_execution_are_refused(play):
    """Nothing bounds their price there."""
    play.buy("a", "20000", "1.1003", tif="ioc").buy("b", tif="fok")


@scene((EXCHANGE,), """
    a new buy 10000 = 0/10000 new
    a open buy 10000 = 0/10000 new
    b rejected other POST_ONLY
""")
def an_exchange_lets_an_order_only_add(play):
    """18=6 rests, and is refused where it would take."""
    play.buy("a", "10000", "1.09", only_adds=True).buy("b", "10000", "1.1005", only_adds=True)


@scene((NET, HEDGE), """
    a rejected unsupported_characteristic NOT_SUPPORTED
""")
def a_broker_does_not(play):
    """18=6 is known on exchanges only."""
    play.buy("a", "10000", "1.09", only_adds=True)
