"""Scenes of both MetaTrader bridges: how long what a symbol takes may live. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import ExpirationFlag
from support.mt5.stage import ALL, EXCHANGE


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
