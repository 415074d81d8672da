"""Lives of orders over sockets: each misbehaviour of the exchange at each moment.

A life is one account that lives through three misbehaviours at three moments, one after the other.
40 lives are each misbehaviour at each of the six moments once (20 x 6 = 40 x 3); what kind of
order, which side and which shape meet there is chosen pairwise (`cases`).

    place       the order's request, or what the stream says of it, goes wrong
    ack         its answer is lost, and so is what the stream says; then the look-up goes wrong
    partial     others fill a part of it, and the fill, or the question for it, goes wrong
    cancel      the cancel's request, or what the stream says of it, goes wrong
    replace     likewise; half-filled orders are replaced in two steps where the exchange wants it
    reconnect   the stream is cut, others trade, and what is asked afterwards goes wrong
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from support.crypto_trader import MARKETS, Trader
from support.pairwise import pairs_of

from bridges.port import Accepted, Canceled, CancelRefused, Filled, Rejected, Replaced
from protocol.fields import OrdType, Side, TimeInForce

ANSWERS = {
    "hang": ("hang", {}), "hang, acted": ("hang", {"acts": True}),
    "close": ("close", {}), "close, acted": ("close", {"acts": True}),
    "cut": ("cut", {}), "empty": ("empty", {}), "html": ("html", {}),
    "503": ("status", {}), "503, acted": ("status", {"acts": True}),
    "slow": ("slow", {}), "ban": ("ban", {}), "duplicate": ("duplicate", {}),
}  # fmt: skip
STREAM = ("withhold", "silence", "drop", "lose", "repeat", "reorder", "over")
CLOCK = "clock"
FAULTS = (*ANSWERS, *STREAM, CLOCK)
MOMENTS = ("place", "ack", "partial", "cancel", "replace", "reconnect")
KINDS = {
    "limit": {}, "post-only": {"post_only": True},
    "ioc": {"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL},
    "fok": {"time_in_force": TimeInForce.FILL_OR_KILL},
    "market": {"ord_type": OrdType.MARKET, "time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL},
    "stop limit": {"ord_type": OrdType.STOP_LIMIT},
}  # fmt: skip
RESTING = ("limit", "post-only")
SIDES = ("buy", "sell")
SHAPES = ("small", "odd", "half-filled")
QTY = {"small": "0.3", "odd": "1.237", "half-filled": "1.5"}
NEAR = {"buy": "60010", "sell": "60000"}
AWAY = {"buy": "59000", "sell": "61000"}
THERE = {"buy": "59100", "sell": "60900"}
"""Where a replace moves an order to."""
STOP = {"buy": ("60500", "60510"), "sell": ("59500", "59490")}
AHEAD = {"buy": 1, "sell": -1}
"""Whether the exchange's clock jumps ahead of ours or behind it."""
NEAR_MS = 700
"""So near is a clock that is right; Kraken tells it in whole seconds."""
LAST_DIGIT = Decimal("1E-8")
"""What the exchanges' words are exact to; a realised profit has more places in their ledger."""
MANY = "50"


class Step(NamedTuple):
    """One misbehaviour at one moment, and the order that meets it."""

    fault: str
    moment: str
    kind: str
    side: str
    shape: str


def variations(moment, kinds):
    """Return what may meet a fault at a moment: (kind, side, shape)."""
    resting = [one for one in kinds if one in RESTING]
    rows = product(kinds if moment == "place" else resting, SIDES, SHAPES)
    return [
        row for row in rows if row[2] != "half-filled" or (moment != "place" and row[0] == "limit")
    ]


def cases(kinds, turn=0):
    """Return 40 cases of three steps each. `turn` lets exchanges meet different pairs.

    Each misbehaviour meets each moment once; of what may meet there, what shows the most pairs that
    were not shown yet.
    """
    shown = set()
    found = []
    for number, start in product(range(len(FAULTS)), (0, 1)):
        steps = []
        for at in range(3):
            fault = FAULTS[(number + 7 * at + turn) % len(FAULTS)]
            moment = MOMENTS[start + 2 * at]
            choice = variations(moment, kinds)
            choice = choice[number % len(choice) :] + choice[: number % len(choice)]
            best = max(
                (Step(fault, moment, *row) for row in choice),
                key=lambda step: _worth(pairs_of(step) - shown),
            )
            shown |= pairs_of(best)
            steps.append(best)
        found.append(tuple(steps))
    return found


def _worth(fresh):
    """Rank pairs: those that only some exchange's cases can show all of come last."""
    rare = [pair for pair in fresh if (pair[0][0], pair[1][0]) == ("fault", "kind")]
    return len(fresh) - len(rare), len(rare)


class Life:
    """One account that lives through the steps of a case."""

    def __init__(self, world):
        self.world = world
        self.trader = Trader(world, MARKETS[world.way.desk.name])
        self.asked = []
        """The ids of cancels and replaces: each has one answer."""
        self.absent = []
        """The orders that the exchange never had."""
        self.withheld = False
        self.skew_ms = 0
        self.streams = 0
        """How many there had been before the fault."""

    def go(self, case, done):
        """Live through a case; `done(step)` is told of each step that has been judged."""
        yield "the link", lambda: self.world.venue.connected
        for step in case:
            yield from getattr(self, f"_{step.moment}")(step)
            self._calm()
            yield "calm", self._is_calm
            self._sweep()
            yield "what was told being what the exchange has", self._agrees
            self.trader.judge()
            done(step)
        yield from self._end()

    # The moments.

    def _place(self, step):
        yield from self._ready(step)
        self._wrong(step, self.world.way.place)
        yield from self._outcome(self._order(step))
        yield from self._met(step)

    def _ack(self, step):
        yield from self._ready(step)
        faults = self.world.local.faults
        faults.answer("close", self.world.way.place, acts=True)
        if step.fault in ANSWERS:
            self._withhold()
            self._wrong(step, self.world.way.look_up)
        else:
            self._wrong(step, "")
        yield from self._outcome(self._order(step))
        yield from self._met(step)

    def _partial(self, step):
        name = yield from self._resting(step)
        before = self._filled(name)
        if step.fault in ANSWERS:
            self._withhold()
        self._wrong(step, self.world.way.questions[1])
        self._others(step.side, "0.05")
        self._others(step.side, "0.02")
        wanted = before + Decimal("0.07")
        yield "the fills", lambda: self._filled(name) == wanted
        yield from self._met(step)

    def _cancel(self, step):
        name = yield from self._resting(step)
        self._wrong(step, self.world.way.cancel)
        request = self.trader.cancel(name)
        self.asked.append(request)
        yield "the cancel's answer", lambda: self._is_answered(request)
        yield from self._met(step)

    def _replace(self, step):
        name = yield from self._resting(step)
        way = self.world.way
        self._wrong(step, way.renew if step.shape == "half-filled" else way.replace)
        request = self.trader.replace(name, "1.4", THERE[step.side])
        self.asked.append(request)
        yield "the replace's answer", lambda: self._is_answered(request)
        yield from self._met(step)

    def _reconnect(self, step):
        name = yield from self._resting(step)
        before = self._filled(name)
        local = self.world.local
        if step.fault in ANSWERS:
            for one in ("CONNECT ", *self.world.way.questions):
                self._wrong(step, one)
        assert local.faults.drop("user") == 1
        self._others(step.side, "0.05")
        yield "the cut being noticed", lambda: not self.world.venue.connected
        if step.fault not in ANSWERS:
            yield "a new stream", lambda: self.world.account.listeners("user") == 1
            self._wrong(step, "")
        self._others(step.side, "0.02")
        wanted = before + Decimal("0.07")
        yield "the fills", lambda: self._filled(name) == wanted
        yield "the link", lambda: self.world.venue.connected
        yield from self._met(step)

    # What happens in them.

    def _ready(self, step):
        """Wait for the end of what the step before has left; show a whole book again."""
        world, core = self.world, self.world.venue.core
        yield f"the link before {step.moment}", lambda: world.venue.connected
        yield "the end of a ban", lambda: core.now_ns >= core.banned_until_ns
        self.world.exchange.set_book(((59990, 2),), ((60020, 2),))
        self.world.exchange.set_book()  # what was taken of a level comes back with a new one

    def _order(self, step):
        price, more = AWAY[step.side], dict(KINDS[step.kind])
        if step.kind in {"ioc", "fok"}:
            price = NEAR[step.side]
        if step.kind == "market":
            price = None
        if step.kind == "stop limit":
            stop, price = STOP[step.side]
            more["stop_px"] = Decimal(stop)
        if step.shape == "half-filled":
            price = NEAR[step.side]
        qty = QTY["small"] if step.kind == "fok" and step.shape == "odd" else QTY[step.shape]
        return self.trader.place(qty, price, _side(step.side), **more)

    def _outcome(self, name):
        """Wait until it is known what became of an order; an absence is proven by a look-up."""
        world = self.world
        yield "the order's outcome", lambda: (
            self._is_decided(name) or name not in world.venue.core.orders
        )
        if not self._is_decided(name):
            found = yield from self._answer("look_up", name)
            assert found.order is None
            self.absent.append(name)

    def _resting(self, step):
        """Let an order rest, half-filled if it shall be; return its name."""
        yield from self._ready(step)
        core = self.world.venue.core
        part = Decimal(1) if step.shape == "half-filled" else Decimal(0)
        while True:
            name = self._order(step)
            yield "a resting order", lambda name=name: (
                (name in self.trader.open_here() and self._filled(name) == part)
                or self._is_rejected(name)
            )
            if not self._is_rejected(name):
                break
            assert self.skew_ms, "an order was refused, and not for its time"
            yield "the right clock", lambda: abs(core.offset_ms - self.skew_ms) < NEAR_MS
        yield "a word from the stream", self._agrees
        return name

    def _others(self, side, qty):
        """Let others trade against what rests on a side."""
        if side == "buy":
            self.world.exchange.trade("58000", qty, "sell")
        else:
            self.world.exchange.trade("62000", qty, "buy")

    def _sweep(self):
        """Let others fill whatever rests."""
        self.world.exchange.trade("58000", MANY, "sell")
        self.world.exchange.trade("62000", MANY, "buy")

    def _wrong(self, step, request):
        """Let something go wrong from now on."""
        local, account = self.world.local, self.world.account
        self.streams = account.accepted()
        if step.fault in ANSWERS:
            what, more = ANSWERS[step.fault]
            local.faults.answer(what, request, **more)
        elif step.fault == CLOCK:
            self.skew_ms = AHEAD[step.side] * self.world.way.skew_ms
            local.skew(self.skew_ms)
        elif step.fault == "over":
            account.end_user_stream()
        elif step.fault == "withhold":
            self._withhold()
        else:
            getattr(local.faults, step.fault)("user")

    def _withhold(self):
        self.world.local.faults.withhold("user")
        self.withheld = True

    def _met(self, step):
        """Wait until the misbehaviour has really happened."""
        local = self.world.local
        yield "the fault being met", lambda: not local.unmet()
        if step.fault in {"silence", "drop", "over"}:
            yield "a new stream", lambda: self.world.account.accepted() > self.streams
        if step.fault in {"lose", "repeat"}:
            yield "the stream's fault", lambda: not self.world.account.faults_left("user")

    def _calm(self):
        """End what is still wrong."""
        if self.withheld:
            self.world.local.faults.release("user")
            self.withheld = False

    def _is_calm(self):
        return self.world.venue.connected and not self.withheld

    # Judgement.

    def _filled(self, name):
        """Return what was told as filled of an order and of those that it was replaced by."""
        first = self.trader.first_of(name)
        return sum(
            one.fill.last_qty
            for one in self.world.of(Filled)
            if one.order.cl_ord_id and self.trader.first_of(one.order.cl_ord_id) == first
        )

    def _is_decided(self, name):
        return any(one.order.cl_ord_id == name for one in self.world.of((Accepted, Rejected)))

    def _is_rejected(self, name):
        return any(one.order.cl_ord_id == name for one in self.world.of(Rejected))

    def _is_answered(self, request):
        return any(
            getattr(one, "request_id", "") == request or one.order.cl_ord_id == request
            for one in self.world.of((Canceled, CancelRefused, Replaced))
        )

    def _unanswered(self, times):
        """Return the cancels and replaces that were answered so many times."""
        answers = Counter(one.order.cl_ord_id for one in self.world.of(Replaced))
        answers.update(one.request_id for one in self.world.of((Canceled, CancelRefused)))
        return [name for name in self.asked if answers[name] == times]

    def _agrees(self):
        try:
            self.trader.judge()
        except AssertionError:
            return False
        return True

    def _answer(self, question, *more):
        """Ask until the answer is complete, as the gateway does."""
        while True:
            found = self.world.ask(question, *more)
            yield f"an answer to {question}", found
            if found().complete:
                return found()

    def _end(self):
        """Compare everything once more, and the account with it."""
        world, core = self.world, self.world.venue.core
        yield "an answer to each cancel and replace", lambda: not self._unanswered(0)
        yield "the end of every conversation", lambda: not core.flows._waiting
        found = yield from self._answer("balances")
        there = {name: total for name, total in world.account.balances().items() if total}
        money = {one.currency: one.total for one in found.balances if one.total}
        assert money.keys() == there.keys()
        off = {name: (money[name], there[name]) for name in money
               if abs(money[name] - there[name]) > LAST_DIGIT}  # fmt: skip
        assert not off, f"balances, ours and theirs: {off}"
        found = yield from self._answer("positions")
        here = {one.symbol: one.qty for one in found.positions if one.qty}
        desk = world.way.desk
        held = there.get("BTC") if desk.is_spot else world.account.positions()[desk.traded]
        assert here == ({"BTC/USDT": held} if held else {})
        assert not self._unanswered(2), "a cancel or replace was answered twice"
        assert world.local.strangers == []
        had = {one.client_id for one in world.exchange.records()}
        assert not had & set(self.absent)


def _side(name):
    return Side.BUY if name == "buy" else Side.SELL
