"""A house in memory, as busy as a real one: the core itself, without journal, sockets and clock.

Two venues, ten symbols, eight strategies; orders rest on both sides of each book, some of them have
been filled, quotes are fresh, and rates are needed for half of the symbols. Time is virtual, what
is said is encoded, and applied as the gateway applies it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from decimal import Decimal
from itertools import count, cycle, islice

from msgspec.structs import replace

from gateway.commands.bench_brakes import breaker_names, wide
from gateway.oms.apply import NOTE, OUT, Entry, apply
from gateway.oms.book import Book
from gateway.oms.core import Core
from gateway.oms.effects import Effect, To
from gateway.oms.rules import LET_THROUGH, REJECT_NEW, Rules, StrategyRules, VenueRules
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.limits import ALL
from protocol import codec
from protocol.fields import ExecType, MDEntryType, OrdStatus, OrdType, Side, TimeInForce
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    NewOrderSingle,
    Security,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_utc

T0_NS = 1_800_000_000_000_000_000
STEP_NS = 1_000_000
"""Between two orders."""
TICK = Decimal("0.0001")
OWNERS = tuple(f"S{number:03}" for number in range(8))
MIDS = {
    "EURUSD": "1.1", "GBPUSD": "1.3", "AUDUSD": "0.65", "USDJPY": "150", "USDCHF": "0.9",
    "EURGBP": "0.85", "BTC/USDT": "60000", "ETH/USDT": "3000", "SOL/USDT": "150",
    "ETH/BTC": "0.05",
}  # fmt: skip
FX, CRYPTO = "FX", "CRYPTO"
LEVELS = 5
KINDS = ("limit", "market", "edge and stop", "slice")
CAPABILITIES = "MARKET LIMIT STOP STOP_LIMIT DAY GTC IOC FOK GTD POST_ONLY REDUCE_ONLY STOP_LOSS"


def venue_of(symbol: str) -> str:
    """Return where a symbol is traded."""
    return CRYPTO if "/" in symbol else FX


def house_rules(*, brakes: bool) -> Rules:
    """Return the rules of the house: every limit of every scope set and wide, or none at all."""
    scopes = [ALL, "group:majors", "group:coins"]
    scopes += [f"{kind}:{venue}" for venue in (FX, CRYPTO) for kind in ("venue", "account")]
    scopes += [f"symbol:{symbol}" for symbol in MIDS] + [f"strategy:{owner}" for owner in OWNERS]
    defaults = BreakerRules()
    off = {
        name: type(getattr(defaults, name))(on=False) for name in breaker_names() if not brakes
    }
    return Rules(
        instance=1,
        venues={
            venue: VenueRules(
                venue=venue, account=venue, check_funds=brakes, margin_rate=Decimal("0.1"),
                self_trade=REJECT_NEW if brakes else LET_THROUGH,
            )
            for venue in (FX, CRYPTO)
        },
        strategies={owner: StrategyRules(strategy=owner) for owner in OWNERS},
        limits=dict.fromkeys(scopes, wide()) if brakes else {},
        groups={
            "majors": frozenset(one for one in MIDS if "/" not in one),
            "coins": frozenset(one for one in MIDS if "/" in one),
        },
        pegs={"USDT/USD": Decimal(1)},
        breakers=BreakerRules(**off),
        routes={symbol: venue_of(symbol) for symbol in MIDS},
    )  # fmt: skip


class House:
    """The core, driven by hand. `said` is what the last order has led to."""

    def __init__(self, *, brakes: bool) -> None:
        self.core = Core(Book(), house_rules(brakes=brakes))
        self.now_ns = T0_NS
        self.deciding_ns = 0
        self._seq = 0
        self._numbers = count(1)
        self._quoted = cycle(MIDS)
        self.run(self.core.start(T0_NS // 1_000_000_000, "bench", self.now_ns))
        for venue in (FX, CRYPTO):
            self._open(venue)
        for symbol in MIDS:
            self.quote(symbol)

    def _open(self, venue: str) -> None:
        """Let a venue be ready, with everything told: that part is not measured."""
        view = self.core.market.venue(venue)
        view.linked = view.connected = view.ready = True
        view.capabilities = frozenset(CAPABILITIES.split())
        for symbol in MIDS:
            if venue_of(symbol) == venue:
                view.securities[symbol] = Security(
                    symbol=symbol, price_tick=TICK, qty_step=TICK, min_notional=TICK,
                    currency=symbol.partition("/")[2] or symbol[3:],
                    maker_fee=Decimal("0.0001"), taker_fee=Decimal("0.0002"),
                )  # fmt: skip
        view.balances["USD"] = CollateralReport(
            coll_rpt_id="1", currency="USD", margin_excess=Decimal(10**12),
            total_net_value=Decimal(10**12),
        )  # fmt: skip
        view.balances_ns, view.in_use = self.now_ns, ZERO
        self.core.market.listed += 1

    def quote(self, symbol: str) -> None:
        """Let a symbol be quoted afresh, five levels a side, moved by a tick now and then."""
        mid = Decimal(MIDS[symbol]) + TICK * (self.now_ns // STEP_NS % 3)
        entries = [
            MDEntry(
                md_entry_type=kind, md_entry_px=mid + sign * TICK * level,
                md_entry_size=Decimal(1_000_000),
            )
            for kind, sign in ((MDEntryType.BID, -1), (MDEntryType.OFFER, 1))
            for level in range(1, LEVELS + 1)
        ]  # fmt: skip
        message = MarketDataSnapshotFullRefresh(symbol=symbol, md_entries=tuple(entries))
        self.run(self.core.receive(venue_of(symbol), message, self.now_ns))

    def pass_time(self) -> None:
        """Let a millisecond pass, and a symbol be quoted."""
        self.now_ns += STEP_NS
        self.quote(next(self._quoted))

    def orders(self, wanted: int) -> list[tuple[str, NewOrderSingle]]:
        """Write so many orders of all kinds, one after the other, each of its own content."""
        return [self._order(number) for number in islice(self._numbers, wanted)]

    def _order(self, number: int) -> tuple[str, NewOrderSingle]:
        """Write a limit order that rests, or one at the market, with edge and stop, or a slice."""
        symbol = tuple(MIDS)[number % len(MIDS)]
        owner = OWNERS[number // len(MIDS) % len(OWNERS)]
        mid = Decimal(MIDS[symbol])
        side = Side.BUY if number % 2 else Side.SELL
        away = TICK * (number % 400 + 50)
        price = max((mid - away * side.sign) // TICK * TICK, TICK)
        qty, kind = Decimal(1 + number % 97), KINDS[number // len(KINDS) % len(KINDS)]
        message = NewOrderSingle(
            cl_ord_id=f"{number}", symbol=symbol, side=side, order_qty=qty + 100,
            transact_time=format_utc(self.now_ns), ord_type=OrdType.LIMIT, price=price,
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        )  # fmt: skip
        if kind == "market":
            return owner, replace(message, price=None, ord_type=OrdType.MARKET, time_in_force=None)
        if kind == "edge and stop":
            return owner, replace(
                message, expected_edge=Decimal(50), holding_ms=60_000,
                stop_loss_px=max((mid - mid * side.sign / 10) // TICK * TICK, TICK),
                quote_time=message.transact_time,
            )  # fmt: skip
        if kind == "slice":
            return owner, replace(
                message, parent_order_id=f"P{number}", parent_qty=message.order_qty * 2
            )
        return owner, message

    def dated(self, message: NewOrderSingle) -> NewOrderSingle:
        """Date an order from now."""
        at = format_utc(self.now_ns)
        quoted = at if message.quote_time is not None else None
        return replace(message, transact_time=at, quote_time=quoted)

    # The shell's part.

    def ask(self, owner: str, message: NewOrderSingle) -> str:
        """Ask for an order as a strategy would; return its OrderID. A refusal ends the bench."""
        said = self.run(self.core.receive(owner, message, self.now_ns))
        for effect in said:
            if isinstance(effect, To) and isinstance(effect.message, ExecutionReport):
                report = effect.message
                if report.exec_type is not ExecType.PENDING_NEW:
                    raise AssertionError(report.text)
                return report.order_id
        raise AssertionError(said)

    def answer(self, order_id: str, exec_type: ExecType, *, fill: bool = False) -> None:
        """Let the venue answer an order: it rests, it is filled, or it is over."""
        order = self.core.book.state.orders[order_id]
        over = fill or exec_type is ExecType.CANCELED
        status = OrdStatus.FILLED if fill else OrdStatus.CANCELED if over else OrdStatus.NEW
        qty, price = order.order_qty, order.price or Decimal(MIDS[order.symbol])
        report = ExecutionReport(
            order_id=f"V{order_id}", exec_id=f"{order_id}.{exec_type.value}", exec_type=exec_type,
            ord_status=status, symbol=order.symbol, side=order.side,
            leaves_qty=ZERO if over else qty, cum_qty=qty if fill else ZERO,
            avg_px=price if fill else ZERO, cl_ord_id=order_id, order_qty=qty,
            last_qty=qty if fill else None, last_px=price if fill else None,
            secondary_exec_id=f"T{order_id}" if fill else None,
        )  # fmt: skip
        self.run(self.core.receive(order.venue, report, self.now_ns))

    def run(self, effects: Iterable[Effect]) -> list[Effect]:
        """Encode and apply each effect; `deciding_ns` grows by the time between them."""
        done: list[Effect] = []
        clock, waiting = time.perf_counter_ns, iter(effects)
        while True:
            began_ns = clock()
            effect = next(waiting, None)
            self.deciding_ns += clock() - began_ns
            if effect is None:
                return done
            self._write(effect)
            done.append(effect)

    def _write(self, effect: Effect) -> None:
        book = self.core.book
        self._seq += 1
        if not isinstance(effect, To):
            apply(book, Entry(self._seq, self.now_ns, NOTE, effect.session, 0, effect.message()))
            return
        name, number = effect.session, book.session(effect.session).next_out
        codec.encode(
            effect.message, sender_comp_id="GATEWAY", target_comp_id=name, msg_seq_num=number,
            sending_time=format_utc(self.now_ns),
        )  # fmt: skip
        apply(book, Entry(self._seq, self.now_ns, OUT, name, number, effect.message))


def busy_house(resting: int, *, brakes: bool) -> House:
    """Return a house where so many orders rest, and a third as many have been filled."""
    house = House(brakes=brakes)
    while len(house.core.book.open_orders()) < resting:
        ((owner, message),) = house.orders(1)
        house.pass_time()
        order_id = house.ask(owner, message)
        house.answer(order_id, ExecType.NEW)
        if message.price is None:
            house.answer(order_id, ExecType.TRADE, fill=True)
    return house
