"""Scenes of both MetaTrader bridges: what is refused, and what is in doubt. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import Action, OrderFlag, Retcode, TradeMode
from support.mt5.stage import ALL, EXCHANGE, HEDGE, NET

DOUBTS = (Retcode.PLACED, Retcode.ERROR, Retcode.TIMEOUT, Retcode.CONNECTION, Retcode.LOCKED)
DONE = (Retcode.DONE, Retcode.DONE_PARTIAL)
REFUSALS = [code for code in Retcode if code not in {*DOUBTS, *DONE}]


LATE = {Retcode.ORDER_CHANGED, Retcode.INVALID_ORDER, Retcode.POSITION_CLOSED}
REASONS = {
    Retcode.INVALID_VOLUME: "incorrect_quantity",
    Retcode.INVALID_CLOSE_VOLUME: "incorrect_quantity",
    Retcode.TRADE_DISABLED: "exchange_closed", Retcode.MARKET_CLOSED: "exchange_closed",
    Retcode.PRICE_OFF: "exchange_closed", Retcode.SERVER_DISABLES_AT: "exchange_closed",
    Retcode.CLIENT_DISABLES_AT: "exchange_closed", Retcode.NO_MONEY: "exceeds_limit",
    Retcode.LIMIT_ORDERS: "exceeds_limit", Retcode.LIMIT_VOLUME: "exceeds_limit",
    Retcode.LIMIT_POSITIONS: "exceeds_limit",
    Retcode.INVALID_EXPIRATION: "unsupported_characteristic",
    Retcode.INVALID_FILL: "unsupported_characteristic",
}  # fmt: skip
"""103 of a refusal; what is not here is other."""


def late(code):
    """Return 102 of a return code."""
    if code is Retcode.FROZEN:
        return "broker"
    return "too_late_to_cancel" if code in LATE else "other"


@scene((NET, HEDGE), "\n".join(
    f"r{code} rejected {REASONS.get(code, 'other')} {code.name}" for code in REFUSALS
) + "\n~ link open 1000 ms")  # fmt: skip
def every_return_code_that_refuses_an_order(play):
    """103 by table; nothing has happened; 10024 asks for a pause."""
    for code in REFUSALS:
        play.faults.refuse(code)
        play.buy(f"r{code}", price="1.09", wait=50)


@scene((NET, EXCHANGE), "a new buy 10000 = 0/10000 new\n" + "\n".join(
    f"a{code} cancel of a refused {late(code)} {code.name} = new" for code in REFUSALS
) + "\na open buy 10000 = 0/10000 new\n~ link open 1000 ms")  # fmt: skip
def every_return_code_that_refuses_a_cancel(play):
    """102 by table; the order stays."""
    play.buy("a", price="1.09")
    for code in REFUSALS:
        play.faults.refuse(code, when=Action.REMOVE)
        play.cancel(f"a{code}", "a", wait=100)


@scene((EXCHANGE, HEDGE), "a new buy 10000 = 0/10000 new\n" + "\n".join(
    f"a{code} replace of a refused {late(code)} {code.name} = new" for code in REFUSALS
) + "\na open buy 10000 = 0/10000 new\n~ link open 1000 ms")  # fmt: skip
def every_return_code_that_refuses_a_change(play):
    """102 by table; the order is as it was."""
    play.buy("a", price="1.09")
    for code in REFUSALS:
        play.faults.refuse(code, when=Action.MODIFY)
        play.replace(f"a{code}", "a", price="1.08", wait=100)


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a open buy 10000 = 0/10000 new
    b new buy 10000 = 0/10000 new
    b open buy 10000 = 0/10000 new
    c new buy 10000 = 0/10000 new
    c open buy 10000 = 0/10000 new
    d new buy 10000 = 0/10000 new
    d open buy 10000 = 0/10000 new
    e new buy 10000 = 0/10000 new
    e open buy 10000 = 0/10000 new
    f new buy 10000 = 0/10000 new
    f fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    held P1 10000@1.1001
""")
def doubt_about_what_was_done_ends_by_the_lists(play):
    """Whatever the answer is, the order is found by its magic; nothing is sent twice."""
    for name, code in zip("abcde", DOUBTS, strict=True):
        play.faults.doubt(code, acts=True)
        play.buy(name, price="1.09")
    play.terminal.timeout_ms = 500
    play.faults.silence(acts=True)
    play.buy("f", wait=1_000)


@scene(ALL, """
    a status buy None = 0/0 rejected unknown_order UNKNOWN_AT_VENUE
""")
def doubt_about_what_was_not_done_ends_by_absence(play):
    """Nowhere for `absence_after_ms` in whole lists: it never came, and is asked about."""
    play.faults.doubt(Retcode.TIMEOUT, acts=False)
    play.buy("a", wait=8_000).status("a")


@scene((NET, HEDGE), """
    a new buy 10000 = 0/10000 new
    a2 replaced of a buy 10000 = 0/10000 new
    a2 open buy 10000 = 0/10000 new
    b new buy 10000 = 0/10000 new
    bc canceled of b buy 10000 = 0/0 canceled
""")
def doubt_about_a_cancel_and_a_change(play):
    """What the lists show is what is told."""
    play.buy("a", price="1.09").buy("b", price="1.08")
    play.faults.doubt(Retcode.TIMEOUT, acts=True, when=Action.MODIFY)
    play.replace("a2", "a", price="1.07", wait=1_000)
    play.faults.doubt(Retcode.CONNECTION, acts=True, when=Action.REMOVE)
    play.cancel("bc", "b", wait=1_000)


@scene((NET, HEDGE), """
    a status buy None = 0/0 rejected unknown_order NOT_READ perhaps
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    b rejected broker rejected by the exchange
    held P1 10000@1.1001
""")
def a_dealer_thinks_about_it(play):
    """STARTED is neither accepted nor absent; then it is filled, or rejected."""
    play.faults.ponder(2_000)
    play.buy("a", wait=1_000).status("a").run(2_000)
    play.faults.ponder(2_000, confirms=False)
    play.buy("b", wait=3_000)


@scene((HEDGE,), """
    a rejected other REQUOTE
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    held P1 10000@1.1001
""")
def a_requote_refuses(play):
    """The order is asked for again by whoever still wants it."""
    play.faults.refuse(Retcode.REQUOTE)
    play.buy("a").buy("b")


@scene((NET,), """
    a rejected other TOO_MANY_REQUESTS
    ~ link open 1000 ms
""")
def too_many_requests_warn_the_gateway(play):
    """10024 refuses, and asks for a pause (5046)."""
    play.faults.refuse(Retcode.TOO_MANY_REQUESTS)
    play.buy("a")


@scene((NET, HEDGE), """
    a rejected incorrect_quantity QTY_STEP
    b rejected incorrect_quantity QTY_STEP
    c rejected incorrect_quantity QTY_RANGE
    d rejected other PRICE_TICK
    e rejected other INVALID_PRICE
    f rejected other INVALID_PRICE
    g rejected other INVALID_STOPS
    h rejected exceeds_limit NO_MONEY
    i rejected unsupported_characteristic FIELDS
    j rejected other PRICE_TICK
""")
def what_a_symbol_does_not_take(play):
    """Step, range, tick, distance, levels, money: refused with the same reason."""
    play.buy("a", "10500.5").buy("b", "100").buy("c", "900000000").buy("d", price="1.090001")
    play.buy("e", price="1.2").buy("f", stop="1.05").buy("g", sl="1.2").buy("h", "40000000")
    play.buy("i", price="1.09", tif="gtd").buy("j", price="1.09", sl="1.0900051")


@scene((NET, HEDGE), """
    a rejected other INVALID_PRICE
    b rejected other INVALID_STOPS
    c rejected unsupported_characteristic NOT_SUPPORTED
    d rejected unsupported_characteristic NOT_SUPPORTED
    e rejected unsupported_characteristic NOT_SUPPORTED
    f rejected incorrect_quantity QTY_STEP
    g rejected exchange_closed TRADE_MODE
    h rejected exchange_closed TRADE_MODE
    i new sell 10000 = 0/10000 new
    i fill sell 10000 10000@1.1 fee 0.4 P1 = 10000/0 filled
    j rejected exchange_closed TRADE_MODE
    hedge: k rejected other CLOSE_ONLY
    hedge: held P1 -10000@1.1
    net: k new buy 10000 = 0/10000 new
    net: k fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
""")
def rules_of_the_moment(play):
    """What the broker changes while the bridge runs holds at once."""
    play.rules(stops_level=100).buy("a", price="1.0999").buy("b", sl="1.0995")
    play.rules(order_mode=OrderFlag.MARKET).buy("c", price="1.05")
    play.rules(order_mode=OrderFlag.MARKET | OrderFlag.LIMIT).buy("d", price="1.05", sl="1.04")
    play.rules(expiration=1).buy("e", price="1.05", tif="day")
    play.rules(volume_step="0.1").buy("f", "15000")
    play.rules(trade_mode=TradeMode.DISABLED).buy("g")
    play.rules(trade_mode=TradeMode.SHORTONLY).buy("h")
    play.rules().sell("i")
    play.rules(trade_mode=TradeMode.CLOSEONLY).sell("j").buy("k")


@scene((NET,), """
    a rejected unsupported_characteristic NOT_SUPPORTED
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    c new buy 10000 = 0/10000 new
    c fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    d rejected unsupported_characteristic NOT_SUPPORTED
    e new buy 10000 = 0/10000 new
    e fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    held 30000@1.1001
""")
def fill_or_kill_where_the_symbol_has_none(play):
    """The flags of the symbol decide in market execution."""
    play.rules(filling=1).buy("a", tif="ioc").buy("b", tif="fok").buy("c")
    play.rules(filling=2).buy("d", tif="fok").buy("e")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a open buy 10000 = 0/10000 new
    b rejected exchange_closed MARKET_CLOSED
""")
def a_closed_market(play):
    """Nothing is placed; what rests stays."""
    play.buy("a", price="1.09")
    play.rules(sessions=((),) * 7).buy("b")


@scene((NET, HEDGE), """
    a new buy 10000 = 0/10000 new
    a2 replace of a refused broker FROZEN = new
    ac cancel of a refused broker FROZEN = new
    a open buy 10000 = 0/10000 new
""")
def a_frozen_order(play):
    """Within the freeze level it is neither changed nor removed."""
    play.buy("a", price="1.0990").rules(freeze_level=200)
    play.replace("a2", "a", price="1.05").cancel("ac", "a")
