"""Scenes of both MetaTrader bridges: positions, others, and cuts. See behaviours.py."""

from __future__ import annotations

from support.mt5.behaviours import scene
from support.mt5.constants import Action, DealType, OrderState, OrderType
from support.mt5.records import Request
from support.mt5.stage import ALL, EXCHANGE, HEDGE, NET

from protocol.order_id import OrderId, to_number


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 P1 = 10000/0 filled
    c rejected unsupported_characteristic POSITION
    d rejected unsupported_characteristic POSITION
    e rejected unsupported_characteristic POSITION
    f rejected unsupported_characteristic POSITION
    g new sell 20000 = 0/20000 new
    g fill sell 20000 20000@1.1 fee 0.8 P1 = 20000/0 filled
""")
def a_position_is_closed_by_its_name(play):
    """In part, then whole; a name that is not there, or the wrong side, is refused."""
    play.buy("a", "30000").sell("b", "10000", position=play.position())
    play.buy("c", "10000", position=play.position()).sell("d", "10000", position="9")
    play.sell("e", "90000", position=play.position())
    play.sell("f", "20000", "1.11", position=play.position())
    play.sell("g", "20000", position=play.position())


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P2 = 10000/0 filled
    c new sell 10000 = 0/10000 new
    c fill sell 10000 10000@1.1 fee 0.4 P2 = 10000/0 filled
    d rejected unsupported_characteristic POSITION
    e new sell 40000 = 0/40000 new
    e fill sell 40000 30000@1.1 fee 1.2 P1 = 30000/10000 partially_filled
    e canceled sell 40000 = 30000/0 canceled unasked
    f rejected unsupported_characteristic POSITION
""")
def a_reduction_closes_the_position_that_fits(play):
    """Of the same size; the largest where none is as large; FOK wants it whole."""
    play.buy("a", "30000").buy("b", "10000").sell("c", "10000", reduces=True)
    play.sell("d", "40000", reduces=True, tif="fok").sell("e", "40000", reduces=True)
    play.sell("f", "10000", reduces=True)


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 P2 = 10000/0 filled
    c new sell 10000 = 0/10000 new
    c fill sell 10000 10000@1.1 fee 0 P1 = 10000/0 filled
    c:CLOSE_BY fill buy 10000 10000@1.1001 fee 0 P2 = 10000/0 filled
    c status sell 10000 = 10000/0 filled
    held P1 20000@1.1001
""")
def one_position_is_closed_by_another(play):
    """One order, two fills; the rest of the larger stays."""
    play.buy("a", "30000").sell("b", "10000")
    play.sell("c", "10000", position=f"{play.position(0)}/{play.position(1)}").status("c")


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 P2 = 10000/0 filled
    c rejected unsupported_characteristic POSITION
    d rejected unsupported_characteristic POSITION
    e rejected unsupported_characteristic POSITION
    f rejected unsupported_characteristic POSITION
    g rejected unsupported_characteristic POSITION
    h rejected unsupported_characteristic POSITION
    i rejected unsupported_characteristic NOT_SUPPORTED
    held P1 30000@1.1001
    held P2 -10000@1.1
""")
def what_cannot_be_closed_by_another_is_refused(play):
    """Wrong side, wrong quantity, one that is not there, levels, a price, a symbol without it."""
    play.buy("a", "30000").sell("b", "10000")
    one, other = play.position(0), play.position(1)
    play.sell("c", "10000", position=f"{other}/{one}").sell("d", "20000", position=f"{one}/{other}")
    play.sell("e", "10000", position=f"{one}/9").sell("f", "10000", position=f"{one}/{one}")
    play.sell("g", "10000", position=f"{one}/{other}", sl="1.2")
    play.sell("h", "10000", "1.11", position=f"{one}/{other}")
    play.rules(order_mode=63).sell("i", "10000", position=f"{one}/{other}")


@scene((NET, EXCHANGE), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 = 30000/0 filled
    b rejected unsupported_characteristic POSITION
    c rejected unsupported_characteristic POSITION
    d new sell 10000 = 0/10000 new
    d fill sell 10000 10000@1.1 fee 0.4 = 10000/0 filled
    e new sell 50000 = 0/50000 new
    e fill sell 50000 50000@1.1 fee 2 = 50000/0 filled
    held -30000@1.1
""")
def an_account_that_nets_has_no_positions_to_name(play):
    """5004 is refused; the other side reduces, and reverses."""
    play.buy("a", "30000").sell("b", "10000", position="1").sell("c", "10000", position="1/2")
    play.sell("d", "10000", reduces=True).sell("e", "50000")


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    ac canceled of a buy 10000 = 0/0 canceled
    b new buy 10000 = 0/10000 new
    b fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    c new buy 20000 = 0/20000 new
    c fill buy 20000 20000@1.1001 fee 0.8 P2 = 20000/0 filled
    hedge: held P1 10000@1.1001
    hedge: held P2 20000@1.1001
    net: held 30000@1.1001
""")
def transactions_are_hints(play):
    """Lost, doubled, swapped: what is told stays the same."""
    play.transactions("lose", 9)
    play.buy("a", price="1.09")
    play.transactions("repeat", 9)
    play.buy("b")
    play.transactions("swap", 3)
    play.buy("c", "20000").cancel("ac", "a").quote("1.08")


@scene((HEDGE, NET), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    a:STOP_LOSS new sell 10000 = 0/10000 new
    a:STOP_LOSS fill sell 10000 10000@1.089 fee 0.4 P1 = 10000/0 filled
    b new sell 10000 = 0/10000 new
    b2 replaced of b sell 10000 = 0/10000 new
    b2 fill of b sell 10000 10000@1.1105 fee 0.4 maker P2 = 10000/0 filled
    b:TAKE_PROFIT new buy 10000 = 0/10000 new
    b:TAKE_PROFIT fill buy 10000 10000@1.0996 fee 0.4 P2 = 10000/0 filled
""")
def levels_are_hit(play):
    """The server's closings are the parent's: 5014 and 5015; they change with the order."""
    play.buy("a", sl="1.09", tp="1.12").quote("1.0890").quote("1.1")
    play.sell("b", price="1.11", sl="1.115").replace("b2", "b", price="1.11", take_profit_px="1.1")
    play.quote("1.1105").quote("1.0995")


@scene((HEDGE,), """
    a new buy 8000000 = 0/8000000 new
    a fill buy 8000000 8000000@1.1001 fee 320 P1 = 8000000/0 filled
    a:STOP_OUT new sell 8000000 = 0/8000000 new
    a:STOP_OUT fill sell 8000000 8000000@1.085 fee 320 P1 = 8000000/0 filled
""", volume_max="5000")
def a_stop_out(play):
    """The broker closes what the account cannot carry; it is told as made from its opener."""
    play.buy("a", "8000000").quote("1.085").run(1_000)


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    a:STOP_LOSS new sell 10000 = 0/10000 new
    a:STOP_LOSS fill sell 10000 10000@1.089 fee 0.4 P1 = 10000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 P1 = 10000/0 filled
    c new sell 10000 = 0/10000 new
    c fill sell 10000 10000@1.1 fee 0.4 P2 = 10000/0 filled
    d new sell 10000 = 0/10000 new
    d fill sell 10000 10000@1.1 fee 0 P1 = 10000/0 filled
    d:CLOSE_BY fill buy 10000 10000@1.1001 fee 0 P2 = 10000/0 filled
""")
def a_stop_of_what_is_left_is_its_openers(play):
    """Who has closed a part of a position is not who has made it."""
    play.server.stop_keeps_magic = False
    play.buy("a", "30000", sl="1.09").sell("b", "10000", position=play.position())
    play.sell("c", "10000")
    play.sell("d", "10000", position=f"{play.position(0)}/{play.position(1)}").quote("1.089")


@scene(ALL, """
    ~#1 fill buy 10000 10000@1.1001 fee 0.4 P1 = 10000/0 filled
    ~#2 fill buy 20000 20000@1.1001 fee 0.8 P2 = 20000/0 filled
    ~#3 new buy 10000 = 0/10000 new
    ~#3 canceled buy 10000 = 0/0 canceled unasked
    ~#4 new buy 30000 = 0/30000 new
    ~#4 open buy 30000 = 0/30000 new
    hedge: held P1 10000@1.1001
    hedge: held P2 20000@1.1001
    net: held 30000@1.1001
""")
def what_others_do(play):
    """A person's and another program's have no id; another gateway's keep theirs."""
    play.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    play.people.expert(777, "EURUSD", "0.2", OrderType.BUY)
    play.run()
    play.people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.05")
    play.run()
    play.people.cancel(play.ticket())
    play.run()
    play.people.by_hand("EURUSD", "0.3", OrderType.BUY_LIMIT, price="1.05")
    play.run()


@scene((NET,), """
    x fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    held 10000@1.1001
""")
def another_gateways_orders_are_not_ours(play):
    """Their id is said, and nothing is done to them."""
    other = OrderId(2, 1_700_000_000, 1)
    play.ids["x"] = other.text()
    play.people.expert(to_number(other.text()), "EURUSD", "0.1", OrderType.BUY)
    play.run()


@scene((HEDGE,), """
    a new buy 30000 = 0/30000 new
    a fill buy 30000 30000@1.1001 fee 1.2 P1 = 30000/0 filled
    b new sell 10000 = 0/10000 new
    b fill sell 10000 10000@1.1 fee 0.4 P2 = 10000/0 filled
    ~#1 fill sell 10000 10000@1.1 fee 0.4 P1 = 10000/0 filled
    ~#2 fill sell 10000 10000@1.1 fee 0 P1 = 10000/0 filled
    ~#2 fill buy 10000 10000@1.1001 fee 0 P2 = 10000/0 filled
    held P1 10000@1.1001
""")
def a_person_closes_by_hand(play):
    """A position of ours, in part; and one by another: theirs, without an id."""
    play.buy("a", "30000").sell("b", "10000")
    play.people.close(int(play.position()), "0.1")
    play.run()
    one, other = (int(play.position(number)) for number in (0, 1))
    play.people.ask(Request(
        action=Action.CLOSE_BY, symbol="EURUSD", position=one, position_by=other,
    ))  # fmt: skip
    play.run()


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a canceled buy 10000 = 0/0 canceled unasked
    b new buy 10000 = 0/10000 new
    b canceled buy 10000 = 0/0 canceled unasked
""")
def a_person_or_the_broker_takes_an_order_away(play):
    """150=4 unasked; 150=8 never, since it was accepted."""
    play.buy("a", price="1.09").buy("b", price="1.08")
    play.people.cancel(play.ticket(0))
    play.run()
    play.people.cancel_by_broker(play.ticket(0), OrderState.CANCELED)
    play.run()


@scene((NET, HEDGE), """
    a new buy 100000 = 0/100000 new
    a fill buy 100000 100000@1.1001 fee 4 P1 = 100000/0 filled
    b new sell 100000 = 0/100000 new
    b fill sell 100000 100000@1.1 fee 4 P1 = 100000/0 filled
    ~ swap -15 USD after 1 trades
    ~ deposit -500 USD after 2 trades
    ~ correction 3.21 USD after 2 trades
""", swap_long="-5")
def money_moves_without_a_trade(play):
    """A swap is an entry by its deal, told before it; what is paid in and out is one alone."""
    play.buy("a", "100000")
    play.link = None  # a night in one step is a silence to either end
    play.server.clock.advance_to(play.server.clock.next_day_ms() + 1_000)
    play.run(2_000).sell("b", "100000", position=_first(play))
    play.people.pay(DealType.BALANCE, "-500")
    play.people.pay(DealType.CORRECTION, "3.21")
    play.run()


def _first(play):
    return play.position() if play.desk.mode is HEDGE else None


@scene((EXCHANGE,), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    a busted buy 10000 10000@1.1001 fee 0.4 = 0/0 canceled
""")
def a_trade_is_taken_back(play):
    """150=H with the trade."""
    play.buy("a")
    play.people.bust(play.office.ledger.executions[0].ticket)
    play.people.correct_position(int(play.position()), 0)
    play.run(1_000)


@scene((NET,), """
    a new buy 10000 = 0/10000 new
    ac cancel of a refused other TRADE_NOT_ALLOWED = new
    a2 replace of a refused other TRADE_NOT_ALLOWED = new
    a open buy 10000 = 0/10000 new
    b rejected exchange_closed TRADE_NOT_ALLOWED
    c new buy 10000 = 0/10000 new
    c fill buy 10000 10000@1.1001 fee 0.4 = 10000/0 filled
    ~ link closed
    ~ link open
    held 10000@1.1001
""")
def programs_may_not_trade(play):
    """The link counts as down, orders are refused; and it comes back."""
    play.buy("a", price="1.09")
    play.terminal.trade_allowed = False
    play.run(600).buy("b").cancel("ac", "a").replace("a2", "a", price="1.08")
    play.terminal.trade_allowed = True
    play.run(600).buy("c")


@scene((NET, HEDGE), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.09 fee 0.4 maker P1 = 10000/0 filled
    b new buy 10000 = 0/10000 new
    b open buy 10000 = 0/10000 new
    c rejected exchange_closed NOT_CONNECTED
    ~ link closed
    ~ link open
    held P1 10000@1.09
""")
def the_terminal_is_cut_off(play):
    """What happened meanwhile is told when its lists can be believed again."""
    play.buy("a", price="1.09").buy("b", price="1.08")
    play.terminal.cut()
    play.run(1_000).quote("1.0899").buy("c")
    play.terminal.mend()
    play.run(3_000)


@scene(ALL, """
    a new buy 10000 = 0/10000 new
    a2 replaced of a buy 20000 = 0/20000 new
    a2 open buy 20000 = 0/20000 new
    b new buy 10000 = 0/10000 new
    b2 replaced of b buy 10000 = 0/10000 new
    bc canceled of b2 buy 10000 = 0/0 canceled
    ~ link closed
    ~ link open
""")
def the_bridge_dies_and_comes_back(play):
    """What rests is known by its name, and can be changed and cancelled."""
    play.buy("a", price="1.09").buy("b", price="1.08").replace("b2", "b", price="1.07")
    play.restart().replace("a2", "a", order_qty="20000").cancel("bc", "b2")


@scene((HEDGE,), """
    a new buy 10000 = 0/10000 new
    a fill buy 10000 10000@1.1001 fee 0.4 P2 = 10000/0 filled
    b new sell 30000 = 0/30000 new
    b fill sell 30000 10000@1.1 fee 0.4 P2 = 10000/20000 partially_filled
    b canceled sell 30000 = 10000/0 canceled unasked
    c rejected unsupported_characteristic POSITION
    d new sell 30000 = 0/30000 new
    d fill sell 30000 20000@1.1 fee 0.8 P1 = 20000/10000 partially_filled
    d canceled sell 30000 = 20000/0 canceled unasked
    ~#1 fill buy 20000 20000@1.1001 fee 0.8 P1 = 20000/0 filled
""")
def what_a_person_holds_is_closed_by_its_name_alone(play):
    """A reduction without a name takes ours, though the person's would fit better."""
    play.people.by_hand("EURUSD", "0.2", OrderType.BUY)
    play.buy("a", "10000").sell("b", "30000", reduces=True).sell("c", "10000", reduces=True)
    play.sell("d", "30000", position=play.position(), reduces=True)
