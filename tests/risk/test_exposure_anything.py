"""Whatever happens, the totals of each scope are those of a count from nothing."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.desk import ACCOUNT, SYMBOL, VENUE, rules
from support.floor import ACCOUNTS, INSTRUMENTS, Floor
from support.order_life import STEPS, OrderLife
from support.quoting import list_security, quote

from gateway.oms.market import Market
from gateway.oms.order_states import VenueState
from gateway.oms.positions import fund, open_position
from gateway.oms.state import Pending, PositionKey
from gateway.oms.working import at_stake
from gateway.risk.exposure import Exposure
from gateway.risk.rates import Rates, quote_currency
from protocol.fields import EXTERNAL, Side
from protocol.numbers import ZERO

BUY, SELL = Side.BUY, Side.SELL
TINY = Decimal("1e-9")
SCOPES = (
    "strategy:MM", "strategy:MOM", "account:A", "account:B", "venue:FX", "venue:EU",
    "symbol:EURUSD", "symbol:DAX", "symbol:SMI", "symbol:USDJPY", "group:euro", "all",
)  # fmt: skip


def cells_of(book):
    """Each cell's (position or None, buys, sells), by looking at everything."""
    found = {}
    for owner, places in book.state.positions.items():
        for place, position in places.items():
            found[PositionKey(owner, *place.split("|"))] = [position, ZERO, ZERO]
    for order in book.state.orders.values():
        if order.is_open:
            key = PositionKey(order.owner, order.account, order.venue, order.symbol)
            cell = found.setdefault(key, [None, ZERO, ZERO])
            cell[1 if order.side is BUY else 2] += at_stake(order)
    return found


def lies_in(key, scope, groups):
    """Whether a cell counts in a scope."""
    kind, _, name = scope.partition(":")
    if kind == "group":
        return key.symbol in groups[name]
    if kind == "strategy":
        return key.owner == name and name != EXTERNAL
    where = {"account": key.account, "venue": key.venue, "symbol": key.symbol}
    return kind == "all" or where[kind] == name


def counted(floor, scope):
    """Count a scope from nothing: (gross, long, short, pnl), and whether all of it is known."""
    totals, known = [ZERO] * 4, True
    to = floor.exposure.currency(scope)
    for key, (position, buys, sells) in cells_of(floor.book).items():
        if not lies_in(key, scope, floor.house.groups):
            continue
        security = floor.market.security(key.venue, key.symbol)
        currency = quote_currency(security) if security else ""
        price = floor.last.get((key.venue, key.symbol)) if currency else None
        qty = position.qty if position else ZERO
        rate = floor.rates.rate(currency, to)
        if qty or buys or sells:
            if price is None or rate is None:
                known = False
                continue
            worst = (max(qty + buys, sells - qty), qty + buys, sells - qty)
            totals[:3] = [had + one * price * rate for had, one in zip(totals, worst, strict=False)]
        if position is not None:
            totals[3] += profit(floor, position, currency, price or ZERO, to)
    return totals, known


def profit(floor, position, currency, price, to):
    """Count the profit of one position, as far as there are rates."""
    money = [(currency or position.currency, position.qty * price + position.realized
              - position.cost)]  # fmt: skip
    money += [(name, -paid) for name, paid in position.fees.items()]
    money += position.funding.items()
    rates = [(floor.rates.rate(name, to), amount) for name, amount in money]
    return sum((rate * amount for rate, amount in rates if rate is not None), ZERO)


def check_all(floor, scopes=SCOPES):
    """Compare each scope with a fresh count; long, short and gross to the last digit."""
    for scope in scopes:
        found = floor.exposure.totals(scope)
        (gross, long, short, pnl), known = counted(floor, scope)
        assert (found.gross, found.long, found.short) == (gross, long, short), scope
        assert (floor.exposure.unknown(scope) == "") == known, scope
        if known:
            assert abs(found.pnl - pnl) < TINY, scope


numbers = st.integers(0, 30)
EVENTS = ("order", "order", "order", "change", "change", "end", "replace", "fill", "fill", "fee",
          "external", "fund", "quote", "quote", "quote", "empty", "list", "again")  # fmt: skip


class Chance:
    """Lets anything happen on a floor."""

    def __init__(self):
        self.floor = Floor(listed=False)
        self.orders = []

    def play(self, event, pick, size):
        """One event: `pick` says where, `size` how much."""
        floor = self.floor
        venue, symbol, currency = INSTRUMENTS[pick % len(INSTRUMENTS)]
        where = {"venue": venue, "symbol": symbol}
        side = BUY if size % 2 else SELL
        price = str(size + 1)
        match event:
            case "order":
                self.order(side, size + 1, price if pick % 4 else None, pick, where)
            case "change" | "end" | "replace":
                self.change(event, pick, size)
            case "fill" | "fee" | "external":
                owner = EXTERNAL if event == "external" else ("MM", "MOM")[pick % 2]
                if event == "fee":
                    where |= {"fee": str(size), "paid": ("USD", "EUR", "CHF")[size % 3]}
                floor.trade(side, size + 1, price, owner=owner, **where)
            case "fund":
                key = PositionKey("MM", ACCOUNTS[venue], venue, symbol)
                fund(open_position(floor.book, key, currency), Decimal(size), "EUR")
                floor.exposure.refresh()
            case "quote" | "empty":
                floor.quote(venue, symbol, price if event == "quote" else None)
                if floor.exposure.price(venue, symbol) is None:
                    # Nobody was there yet to remember the price before it. (In the house the
                    # feeds do: `Market.marks`.)
                    floor.last.pop((venue, symbol), None)
            case "list":
                list_security(floor.market, venue, symbol, currency)
                floor.exposure.refresh()
            case _:
                floor.exposure = Exposure(floor.book, floor.market, floor.rates, floor.house)
                # A new one knows only what is quoted now.
                gone = [key for key in floor.last if floor.market.quotes[key].mid is None]
                for key in gone:
                    del floor.last[key]

    def order(self, side, qty, price, pick, where):
        """Send an order: what was said of it before is what it is, or more at its own price."""
        floor = self.floor
        owner = ("MM", "MOM")[pick % 2]
        found = floor.exposure.after(floor.intent(side, qty, price, owner=owner, **where))
        scopes = (f"strategy:{owner}", "all", f"account:{ACCOUNTS[where['venue']]}")
        said = {scope: (found.totals(scope), found.unknown(scope)) for scope in scopes}
        self.orders.append(floor.order(side, qty, price, owner=owner, **where))
        last = floor.exposure.price(**where)
        for scope, (before, unknown) in said.items():
            now = floor.exposure.totals(scope)
            assert floor.exposure.unknown(scope) == unknown or unknown
            if unknown:
                continue
            if price is None or Decimal(price) <= last:
                assert (now.gross, now.long, now.short) == (before.gross, before.long, before.short)
            assert now.gross <= before.gross
            assert now.net <= before.net

    def change(self, event, pick, size):
        """An order is executed in part, ended, opened again, or replaced."""
        if not self.orders:
            return
        order = self.orders[pick % len(self.orders)]
        if event == "change":
            order.cum_qty = min(Decimal(size), order.order_qty)
            order.venue_state = VenueState.NEW
        elif event == "end":
            order.venue_state = VenueState.CANCELED
        else:
            order.replace = Pending("R", order_qty=Decimal(size)) if size % 3 else None
        self.floor.changed(order)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(EVENTS), numbers, numbers), max_size=40))
@example([("fund", 0, 1), ("quote", 9, 0), ("list", 21, 0)])  # a rate that a listing opens
@example([("quote", 4, 0), ("empty", 10, 0), ("list", 16, 0), ("order", 10, 0)])
def test_whatever_happens_the_totals_are_those_of_a_fresh_count(events):
    """After every event, in each scope: several venues, currencies, fees, late listings."""
    chance = Chance()
    for event, pick, size in events:
        chance.play(event, pick, size)
        check_all(chance.floor)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 20), st.integers(1, 20)), max_size=40,
))  # fmt: skip
def test_through_the_life_of_orders_the_totals_are_those_of_a_fresh_count(steps):
    """Fills, busts, corrections, replaces, ends, restarts, archiving, as the core tells them."""
    house = rules()
    life = OrderLife()
    market = Market()
    list_security(market, VENUE, SYMBOL, "USD")
    quote(market, VENUE, SYMBOL, "2", "2")
    rates = Rates(market, {"EUR/USD": Decimal(2)})
    scopes = ("strategy:MM", "strategy:MOM", f"account:{ACCOUNT}", f"symbol:{SYMBOL}", "all")
    floor = SimpleNamespace(
        book=life.shadow, market=market, rates=rates, house=house,
        last={(VENUE, SYMBOL): Decimal(2)},
        exposure=Exposure(life.shadow, market, rates, house),
    )  # fmt: skip
    for what, pick, size in steps:
        life.step(what, pick, size)
        if life.shadow is not floor.book:
            floor.book = life.shadow
            floor.exposure = Exposure(floor.book, market, rates, house)
        if what == "quote":
            quote(market, VENUE, SYMBOL, str(pick + 1), str(pick + 1))
            floor.last[VENUE, SYMBOL] = Decimal(pick + 1)
        floor.exposure.refresh()
        check_all(floor, scopes)
