"""What the package says, as values of ours: read here once, and exact from here on.

The package gives floats. A float becomes a Decimal here, rounded to 8 places, which is more than
any volume or amount in MetaTrader has; a price has more of them where its first 13 digits do, since
symbols of 9 and more digits exist. `as_float` is the way back. Nothing else in the bridge sees a
float.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from bridges.mt5.constants import (
    AccountTradeMode,
    Execution,
    ExpirationFlag,
    FillingFlag,
    GtcMode,
    MarginMode,
    OrderFlag,
    TradeMode,
)
from bridges.mt5.lots import lot_of
from protocol.numbers import plain

PLACES = 8
PRICE_DIGITS, PRICE_PLACES = 13, 15
"""A price has at least `PLACES`, and at most 15 of them; a double is good for 15 digits in all."""


def exact(value: float) -> Decimal:
    """Read a volume or an amount of the package's."""
    return plain(round(Decimal(repr(float(value))), PLACES))


def exact_price(value: float) -> Decimal:
    """Read a price of the package's, or a step of prices."""
    found = Decimal(repr(float(value)))
    places = min(max(PLACES, PRICE_DIGITS - 1 - found.adjusted()), PRICE_PLACES)
    return plain(round(found, places))


def as_float(value: Decimal) -> float:
    """Write a number for the package."""
    return float(value)


class AccountRow(Struct, frozen=True, kw_only=True):
    """account_info(): money in `currency`."""

    login: int
    server: str
    currency: str
    margin_mode: MarginMode
    balance: Decimal
    credit: Decimal
    equity: Decimal
    margin_free: Decimal
    is_demo: bool
    may_trade: bool
    """Whether the server lets this account trade, and by a program."""

    @property
    def hedges(self) -> bool:
        """Whether it may hold several positions of one symbol."""
        return self.margin_mode is MarginMode.RETAIL_HEDGING


def read_account(row: Any) -> AccountRow:
    """Read an AccountInfo."""
    return AccountRow(
        login=int(row.login), server=str(row.server), currency=str(row.currency),
        margin_mode=MarginMode(row.margin_mode), balance=exact(row.balance),
        credit=exact(row.credit), equity=exact(row.equity), margin_free=exact(row.margin_free),
        is_demo=row.trade_mode == AccountTradeMode.DEMO,
        may_trade=bool(row.trade_allowed) and bool(row.trade_expert),
    )  # fmt: skip


class SymbolRow(Struct, frozen=True, kw_only=True):
    """symbol_info(): volumes in lots, levels in points."""

    name: str
    point: Decimal
    tick_size: Decimal
    contract_size: Decimal
    """Units of a lot, see lots.py."""
    volume_min: Decimal
    volume_max: Decimal
    volume_step: Decimal
    volume_limit: Decimal
    """Of all positions and orders on one side; 0 is none."""
    trade_mode: TradeMode
    execution: Execution
    filling: FillingFlag
    orders: OrderFlag
    expiration: ExpirationFlag
    stops_level: int
    freeze_level: int
    currency_base: str
    currency_profit: str
    book_depth: int
    gtc_mode: GtcMode = GtcMode.GTC
    problem: str = ""
    """Why no order may open anything, of what was known before; empty if one may."""

    @property
    def lives(self) -> ExpirationFlag:
        """How long orders may live: where GTC ends with the day it is DAY."""
        flags = self.expiration
        if self.gtc_mode is GtcMode.GTC or not flags & ExpirationFlag.GTC:
            return flags
        return flags & ~ExpirationFlag.GTC | ExpirationFlag.DAY

    @property
    def levels(self) -> OrderFlag:
        """Which levels of a position last: where they are dropped with the day, none."""
        lasts = self.gtc_mode is not GtcMode.DAILY
        return self.orders & (OrderFlag.SL | OrderFlag.TP) if lasts else OrderFlag(0)

    def after(self, before: SymbolRow | None) -> SymbolRow:
        """Return what holds now: what a lot is stays, or what is open would have other quantities.

        While it is not known any more, or is another, nothing is opened.
        """
        if before is None or (not self.problem and self.contract_size == before.contract_size):
            return self
        text = (
            f"LOT: a lot of {self.name} was {before.contract_size} units, and is"
            f" {self.contract_size} now: restart the bridge when nothing is open in it"
        )
        return replace(before, problem=self.problem or text)

    def makes_as(self, other: SymbolRow) -> bool:
        """Whether requests are made by these rules as by others.

        Levels, which float at many brokers, are measured when a request is sent, not before.
        """
        same_problem = self.problem.partition(":")[0] == other.problem.partition(":")[0]
        return same_problem and self == replace(
            other, stops_level=self.stops_level, freeze_level=self.freeze_level,
            volume_limit=self.volume_limit, book_depth=self.book_depth, problem=self.problem,
        )  # fmt: skip


def read_symbol(row: Any, currency: str) -> SymbolRow:
    """Read a SymbolInfo; the tick is the point where the symbol has no tick size of its own.

    `currency` is the account's.
    """
    point = exact_price(row.point)
    tick = exact_price(row.trade_tick_size) or point
    size, problem = lot_of(
        row, tick, exact(row.trade_contract_size), exact(row.trade_tick_value), currency
    )
    return SymbolRow(
        name=str(row.name), point=point, tick_size=tick, contract_size=size, problem=problem,
        volume_min=exact(row.volume_min), volume_max=exact(row.volume_max),
        volume_step=exact(row.volume_step), volume_limit=exact(row.volume_limit),
        trade_mode=TradeMode(row.trade_mode),
        execution=Execution(row.trade_exemode), filling=FillingFlag(row.filling_mode & 7),
        orders=OrderFlag(row.order_mode & 127), expiration=ExpirationFlag(row.expiration_mode & 15),
        stops_level=int(row.trade_stops_level), freeze_level=int(row.trade_freeze_level),
        currency_base=str(row.currency_base), currency_profit=str(row.currency_profit),
        book_depth=int(row.ticks_bookdepth), gtc_mode=GtcMode(row.order_gtc_mode),
    )  # fmt: skip


def learn(rules: dict[str, SymbolRow], symbols: Iterable[SymbolRow]) -> None:
    """Take the rules of symbols as they are now, by name."""
    rules |= {one.name: one.after(rules.get(one.name)) for one in symbols}


class OrderRow(Struct, frozen=True, kw_only=True):
    """A TradeOrder, open or from the history; times are the server's wall clock in ms."""

    ticket: int
    magic: int
    symbol: str
    type: int
    state: int
    reason: int
    type_time: int
    type_filling: int
    setup_msc: int
    done_msc: int
    expiration_s: int
    volume_initial: Decimal
    volume_current: Decimal
    price_open: Decimal
    price_stoplimit: Decimal
    sl: Decimal
    tp: Decimal
    position_id: int
    comment: str

    @property
    def executed(self) -> Decimal:
        """Lots that were executed, by the order's own word."""
        return self.volume_initial - self.volume_current


def read_order(row: Any) -> OrderRow:
    """Read a TradeOrder."""
    return OrderRow(
        ticket=int(row.ticket), magic=int(row.magic), symbol=str(row.symbol), type=int(row.type),
        state=int(row.state), reason=int(row.reason), type_time=int(row.type_time),
        type_filling=int(row.type_filling), setup_msc=int(row.time_setup_msc),
        done_msc=int(row.time_done_msc), expiration_s=int(row.time_expiration),
        volume_initial=exact(row.volume_initial), volume_current=exact(row.volume_current),
        price_open=exact_price(row.price_open), price_stoplimit=exact_price(row.price_stoplimit),
        sl=exact_price(row.sl), tp=exact_price(row.tp), position_id=int(row.position_id),
        comment=str(row.comment),
    )  # fmt: skip


class DealRow(Struct, frozen=True, kw_only=True):
    """A TradeDeal: a trade, or money that moved without one."""

    ticket: int
    order: int
    magic: int
    position_id: int
    type: int
    entry: int
    reason: int
    time_msc: int
    symbol: str
    volume: Decimal
    price: Decimal
    commission: Decimal
    fee: Decimal
    swap: Decimal
    profit: Decimal
    comment: str


def read_deal(row: Any) -> DealRow:
    """Read a TradeDeal."""
    return DealRow(
        ticket=int(row.ticket), order=int(row.order), magic=int(row.magic),
        position_id=int(row.position_id), type=int(row.type), entry=int(row.entry),
        reason=int(row.reason), time_msc=int(row.time_msc), symbol=str(row.symbol),
        volume=exact(row.volume), price=exact_price(row.price), commission=exact(row.commission),
        fee=exact(row.fee), swap=exact(row.swap), profit=exact(row.profit),
        comment=str(row.comment),
    )  # fmt: skip


class PositionRow(Struct, frozen=True, kw_only=True):
    """A TradePosition. Its ticket may change, its identifier never does."""

    ticket: int
    identifier: int
    magic: int
    symbol: str
    type: int
    volume: Decimal
    price_open: Decimal
    sl: Decimal
    tp: Decimal

    @property
    def lots(self) -> Decimal:
        """Signed lots: less than zero is short."""
        return self.volume if self.type == 0 else -self.volume


def read_position(row: Any) -> PositionRow:
    """Read a TradePosition; what moves with each tick (price, profit, swap) is left out."""
    return PositionRow(
        ticket=int(row.ticket), identifier=int(row.identifier), magic=int(row.magic),
        symbol=str(row.symbol), type=int(row.type), volume=exact(row.volume),
        price_open=exact_price(row.price_open), sl=exact_price(row.sl), tp=exact_price(row.tp),
    )  # fmt: skip


class Quote(Struct, frozen=True, kw_only=True):
    """A tick: prices, and the server's wall clock in ms."""

    bid: Decimal
    ask: Decimal
    msc: int


def read_quote(row: Any) -> Quote:
    """Read a Tick."""
    return Quote(bid=exact_price(row.bid), ask=exact_price(row.ask), msc=int(row.time_msc))


class TickRow(Struct, frozen=True, kw_only=True):
    """A row of copy_ticks_range()."""

    msc: int
    bid: Decimal
    ask: Decimal
    last: Decimal
    volume: Decimal
    flags: int


def read_ticks(rows: Iterable[Any]) -> tuple[TickRow, ...]:
    """Read the array of copy_ticks_range()."""
    return tuple(
        TickRow(
            msc=int(row["time_msc"]), bid=exact_price(row["bid"]), ask=exact_price(row["ask"]),
            last=exact_price(row["last"]), volume=exact(row["volume_real"]),
            flags=int(row["flags"]),
        )
        for row in rows
    )  # fmt: skip


class BookRow(Struct, frozen=True, kw_only=True):
    """A row of market_book_get(): lots at a price."""

    type: int
    price: Decimal
    volume: Decimal


def read_book(rows: Iterable[Any]) -> tuple[BookRow, ...]:
    """Read the rows of market_book_get()."""
    return tuple(
        BookRow(type=int(row.type), price=exact_price(row.price), volume=exact(row.volume_dbl))
        for row in rows
    )
