"""Scenes of both MetaTrader bridges: what a symbol is, and how long what is in it lives."""

from __future__ import annotations

from decimal import Decimal

from support.mt5.behaviours import scene
from support.mt5.constants import CalcMode, ExpirationFlag, GtcMode
from support.mt5.stage import ALL, EXCHANGE

FUTURE = {"calc_mode": CalcMode.EXCH_FUTURES_FORTS, "tick_value": "1.3", "margin": "USD"}
"""A tick of 0.00001 is worth 1.3: a lot is 130,000 units, whatever its contract of 100,000 says."""


@scene((EXCHANGE,), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    c rejected unsupported_characteristic NOT_SUPPORTED
    held 20000@1.1001
""", expiration=ExpirationFlag.DAY)
def immediate_limits_where_orders_live_a_day_only(play):
    """IOC and FOK say DAY where the symbol takes no GTC: the exchange refuses GTC (10022)."""
    play.buy("a", price="1.1001", tif="ioc").buy("b", price="1.1001", tif="fok")
    play.buy("c", price="1.09")


@scene(ALL, """
    a rejected other PRICE_TICK
    b new buy 10000 = 0/10000 new
    b2 replaced of b buy 10000 = 0/10000 new
    b2 fill of b buy 10000 10000@0.0000123401 fee 0.4 maker P1 = 10000/0 filled
    m levels completed sl 0.0000120007
    held P1 10000@0.0000123401 sl 0.0000120007
""", digits=10, tick_size="0.0000000001")
def a_symbol_of_ten_digits(play):
    """Its prices are exact to the last one, in orders, fills, positions and levels."""
    play.quote("0.0000123456", "0.0000123466").buy("a", price="0.00001234001")
    play.buy("b", price="0.0000123399").replace("b2", "b", price="0.0000123401")
    play.quote("0.0000123390", "0.0000123401").protect("m", "0.0000120007")


@scene(ALL, """
    a new buy 26000 = 0/26000 new
    a fill buy 26000 26000@1.1001 fee 0.8 P1 = 26000/0 filled
    b new sell 13000 = 0/13000 new
    b fill sell 13000 13000@1.11 fee 0.4 P1 = 13000/0 filled
    held P1 13000@1.1001
""", **FUTURE)
def a_lot_of_a_future_is_what_a_tick_says(play):
    """Quantity times price is money: what the fills say was earned is what the server books."""
    play.buy("a", "26000").quote("1.11").sell("b", "13000", reduces=True)
    *_, closing = play.office.ledger.executions
    assert closing.profit == round(13_000 * (closing.price - Decimal("1.1001")), 2)


@scene(ALL, """
    a new buy 26000 = 0/26000 new
    a fill buy 26000 26000@1.1001 fee 0.8 P1 = 26000/0 filled
    b rejected exchange_closed LOT
    c new sell 13000 = 0/13000 new
    c fill sell 13000 13000@1.1 fee 0.4 P1 = 13000/0 filled
    d rejected exchange_closed CALC_MODE
    e rejected exchange_closed TICK_VALUE
    f new sell 13000 = 0/13000 new
    f fill sell 13000 13000@1.1 fee 0.4 P1 = 13000/0 filled
    g new buy 13000 = 0/13000 new
    g fill buy 13000 13000@1.1001 fee 0.4 P2 = 13000/0 filled
    held P2 13000@1.1001
""", **FUTURE)
def a_lot_that_becomes_another_closes_only(play):
    """Positions keep their quantities; nothing is opened until a lot is again what it was."""
    play.buy("a", "26000").rules(**FUTURE | {"tick_value": "1.4"}).buy("b", "13000")
    play.sell("c", "13000", reduces=True)
    play.rules(**FUTURE | {"calc_mode": CalcMode.EXCH_BONDS}).buy("d", "13000")
    play.rules(**FUTURE | {"tick_value": 0}).buy("e", "13000").sell("f", "13000", reduces=True)
    play.rules(**FUTURE).buy("g", "13000")


def midnight(play):
    """Let the server's day end."""
    clock, play.link = play.server.clock, None
    clock.advance_to(clock.next_day_ms() - 2_000)
    play.run(8_000)


@scene(ALL, """
    a rejected unsupported_characteristic NOT_SUPPORTED
    b new buy 10000 = 0/10000 new
    b expired buy 10000 = 0/0 expired
    c rejected unsupported_characteristic NOT_SUPPORTED
    d rejected unsupported_characteristic NOT_SUPPORTED
    e new buy 10000 = 0/10000 new
    e fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    m levels rejected NOT_SUPPORTED
    held P1 10000@1.1001
""", gtc_mode=GtcMode.DAILY, expiration=ExpirationFlag.GTC)
def orders_and_levels_that_end_with_the_day(play):
    """GTC is none there, and a stop-loss would not last: refused. A day's order says GTC."""
    play.buy("a", price="1.09").buy("b", price="1.09", tif="day").buy("c", sl="1.08")
    play.buy("d", price="1.09", tif="day", tp="1.2").buy("e").protect("m", "1.09").restart()
    midnight(play)


@scene(ALL, """
    a rejected unsupported_characteristic NOT_SUPPORTED
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    c new buy 10000 = 0/10000 new
    c expired buy 10000 = 0/0 expired
    m levels completed sl 1.07
    held P1 10000@1.1001 sl 1.07
""", gtc_mode=GtcMode.DAILY_NO_STOPS)
def orders_end_with_the_day_and_levels_do_not(play):
    """ORDERS_DAILY_EXCLUDING_STOPS: a stop-loss rests at the broker over midnight."""
    play.buy("a", price="1.09").buy("b", sl="1.08").buy("c", price="1.09", tif="day")
    play.protect("m", "1.07")
    midnight(play)


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    b new buy 10000 = 0/10000 new
    b expired buy 10000 = 0/0 expired
    m levels completed
    n levels rejected NOT_SUPPORTED
    held P1 10000@1.1001
""")
def what_stood_before_the_symbol_became_one_of_days(play):
    """Levels vanish and orders expire at midnight, and so it is told; they can be taken away."""
    play.buy("a", sl="1.08", tp="1.2").buy("b", price="1.09").rules(gtc_mode=GtcMode.DAILY)
    play.protect("n", "1.07")
    assert play.office.books.positions[int(play.position())].sl == Decimal("1.08")
    midnight(play)
    play.protect("m", "0")
