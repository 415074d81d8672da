"""What may be traded and by which rules: SYMBOL_* properties, sessions, margin, swap, commission.

`eurusd()`, `usdjpy()`, `future()`, `index_future()` and `stock()` are ready-made; every keyword
changes one rule.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from support.mt5.constants import (
    CalcMode,
    Execution,
    ExpirationFlag,
    FillingFlag,
    GtcMode,
    OrderFlag,
    SwapMode,
    TradeMode,
)
from support.mt5.records import ZERO, number

ONE = Decimal(1)
WEEK = ((), ((0, 86_400),), ((0, 86_400),), ((0, 86_400),), ((0, 86_400),), ((0, 86_400),), ())
"""Monday to Friday, all day, in server time; Sunday is 0 as in ENUM_DAY_OF_WEEK."""
ALWAYS = (((0, 86_400),),) * 7


class Symbol(Struct, frozen=True, kw_only=True):
    """The rules of one symbol. Distances (`stops_level`, `freeze_level`) are in points."""

    name: str
    base: str
    profit: str
    margin: str
    digits: int
    contract_size: Decimal
    tick_size: Decimal
    description: str = ""
    path: str = ""
    volume_min: Decimal = Decimal("0.01")
    volume_max: Decimal = Decimal(500)
    volume_step: Decimal = Decimal("0.01")
    volume_limit: Decimal = ZERO
    stops_level: int = 0
    freeze_level: int = 0
    trade_mode: TradeMode = TradeMode.FULL
    execution: Execution = Execution.MARKET
    filling: FillingFlag = FillingFlag.FOK | FillingFlag.IOC
    expiration: ExpirationFlag = ExpirationFlag.ALL
    order_mode: OrderFlag = OrderFlag.ALL
    gtc_mode: GtcMode = GtcMode.GTC
    calc_mode: CalcMode = CalcMode.FOREX
    margin_initial: Decimal = ZERO
    margin_maintenance: Decimal = ZERO
    margin_hedged: Decimal = ZERO
    hedged_use_leg: bool = False
    margin_rate: Decimal = ONE
    pending_rate: Decimal = ZERO
    """The share of the margin that a pending order blocks."""
    tick_value: Decimal = ZERO
    """Money of the profit currency for one tick of one lot, for futures and indexes."""
    swap_mode: SwapMode = SwapMode.POINTS
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    swap_days: tuple[int, ...] = (0, 1, 1, 3, 1, 1, 0)
    """How often swap is charged for the night after each day, Sunday first."""
    commission: Decimal = ZERO
    """Per lot and side, in the account's currency, taken from the balance."""
    fee: Decimal = ZERO
    """As the commission, but told in `fee`."""
    sessions: tuple[tuple[tuple[int, int], ...], ...] = WEEK
    book_depth: int = 0

    @property
    def point(self):
        """SYMBOL_POINT."""
        return ONE.scaleb(-self.digits)

    @property
    def per_price(self):
        """What one lot earns, in the profit currency, when the price rises by one."""
        by_ticks = CalcMode(self.calc_mode).by_ticks
        return self.tick_value / self.tick_size if by_ticks else self.contract_size

    def is_open(self, server_ms):
        """Say whether the trade session is open. 1970-01-01 was a Thursday."""
        days, ms = divmod(server_ms, 86_400_000)
        return any(start * 1000 <= ms < end * 1000 for start, end in self.sessions[(days + 4) % 7])


def symbol(name, **rules):
    """Make a symbol; numbers may be given as text."""
    exact = ("volume_", "margin_", "swap_l", "swap_s", "contract_", "tick_", "commission", "fee")
    made = {
        key: number(value) if key.startswith(exact) or key == "pending_rate" else value
        for key, value in rules.items()
    }
    made.setdefault("path", f"Test\\{name}")
    return Symbol(name=name, **made)


def _forex(name, digits, **rules):
    base, quote = name[:3], name[3:6]
    common = {
        "base": base, "profit": quote, "margin": base, "digits": digits,
        "contract_size": 100_000, "tick_size": ONE.scaleb(-digits),
        "description": f"{base} vs {quote}", "path": f"Forex\\{name}",
        "margin_hedged": 100_000, "swap_long": "-0.7", "swap_short": "-1",
    }  # fmt: skip
    return symbol(name, **(common | rules))


def eurusd(**rules):
    """Make EURUSD with five digits, in lots of 100,000 EUR."""
    return _forex("EURUSD", **({"digits": 5} | rules))


def usdjpy(**rules):
    """Make USDJPY with three digits, in lots of 100,000 USD."""
    return _forex("USDJPY", 3, **rules)


def _exchange(name, **rules):
    common = {
        "base": "USD", "profit": "USD", "margin": "USD", "execution": Execution.EXCHANGE,
        "volume_min": 1, "volume_step": 1, "volume_max": 1000, "swap_mode": SwapMode.DISABLED,
        "order_mode": OrderFlag.ALL & ~OrderFlag.CLOSEBY, "book_depth": 10,
        "filling": FillingFlag.FOK | FillingFlag.IOC | FillingFlag.BOC,
    }  # fmt: skip
    return symbol(name, **(common | rules))


def future(name="ESH4", **rules):
    """Make an exchange future: ticks of 0.25 worth 12.50, contracts of 50, with a book."""
    common = {
        "digits": 2, "contract_size": 50, "tick_size": "0.25", "tick_value": "12.5",
        "calc_mode": CalcMode.EXCH_FUTURES, "margin_initial": 1000, "description": "A future",
    }  # fmt: skip
    return _exchange(name, **(common | rules))


def index_future(name="RIZ4", **rules):
    """Make an exchange future whose ticks of 10 are worth 13, whatever its contract of 1 says."""
    common = {
        "digits": 0, "contract_size": 1, "tick_size": 10, "tick_value": 13,
        "calc_mode": CalcMode.EXCH_FUTURES_FORTS, "margin_initial": 20_000,
        "description": "A future on an index",
    }  # fmt: skip
    return _exchange(name, **(common | rules))


def stock(name="ACME", **rules):
    """Make an exchange stock: ticks of 0.01, one share a lot, with a book."""
    common = {
        "digits": 2, "contract_size": 1, "tick_size": "0.01", "calc_mode": CalcMode.EXCH_STOCKS,
        "description": "A stock",
    }  # fmt: skip
    return _exchange(name, **(common | rules))
