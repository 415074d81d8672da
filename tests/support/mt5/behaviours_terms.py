"""Scenes of both MetaTrader bridges: how long what a symbol takes may live. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import ExpirationFlag
from support.mt5.stage import EXCHANGE


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
