"""Rows of the terminal bridge by hand: symbol, order, deal, position; any field by name."""

from __future__ import annotations

from decimal import Decimal

from bridges.mt5.constants import (
    Execution,
    ExpirationFlag,
    FillingFlag,
    MarginMode,
    OrderFlag,
    TradeMode,
)
from bridges.mt5.records import AccountRow, DealRow, OrderRow, PositionRow, SymbolRow
from protocol.order_id import OrderId

ID = OrderId(1, 1_700_000_000, 1)
MAGIC = int(ID.text(), 36)
NOW_MSC = 1_700_000_100_000
PLACED, FILLED = 1, 4
ACCOUNT = AccountRow(
    login=1, server="S", currency="USD", margin_mode=MarginMode.RETAIL_HEDGING,
    balance=Decimal(0), credit=Decimal(0), equity=Decimal(0), margin_free=Decimal(0),
    is_demo=True, may_trade=True,
)  # fmt: skip


def row(ticket=5, *, left="0", **more):
    """An order of 0.2 lots at the server."""
    return OrderRow(**{
        "ticket": ticket, "magic": MAGIC, "symbol": "EURUSD", "type": 2, "state": FILLED,
        "reason": 3, "type_time": 0, "type_filling": 2, "setup_msc": NOW_MSC,
        "done_msc": NOW_MSC + 5, "expiration_s": 0, "volume_initial": Decimal("0.2"),
        "volume_current": Decimal(left), "price_open": Decimal("1.09"),
        "price_stoplimit": Decimal(0), "sl": Decimal(0), "tp": Decimal(0), "position_id": 5,
        "comment": "why", **more,
    })  # fmt: skip


def resting(ticket=5, left="0.2", **more):
    """The same, in the market."""
    return row(ticket, left=left, **{"state": PLACED, "done_msc": 0, **more})


def deal(ticket=9, volume="0.2", **more):
    """A deal of it."""
    return DealRow(**{
        "ticket": ticket, "order": 5, "magic": MAGIC, "position_id": 5, "type": 0, "entry": 0,
        "reason": 3, "time_msc": NOW_MSC + 5, "symbol": "EURUSD", "volume": Decimal(volume),
        "price": Decimal("1.09"), "commission": Decimal(-1), "fee": Decimal(0),
        "swap": Decimal(0), "profit": Decimal(0), "comment": "", **more,
    })  # fmt: skip


def symbol(**rules):
    """EURUSD of a broker, with other rules."""
    return SymbolRow(**{
        "name": "EURUSD", "point": Decimal("0.00001"), "tick_size": Decimal("0.00001"),
        "contract_size": Decimal(100_000), "volume_min": Decimal("0.01"),
        "volume_max": Decimal(50), "volume_step": Decimal("0.01"), "volume_limit": Decimal(0),
        "trade_mode": TradeMode.FULL, "execution": Execution.INSTANT,
        "filling": FillingFlag.FOK | FillingFlag.IOC, "orders": OrderFlag(127),
        "expiration": ExpirationFlag(15), "stops_level": 10, "freeze_level": 0,
        "currency_base": "EUR", "currency_profit": "USD", "book_depth": 0, **rules,
    })  # fmt: skip


def position(number, lots, **more):
    """A position that an order of ours has opened, short below zero."""
    return PositionRow(**{
        "ticket": 100 + number, "identifier": number, "magic": MAGIC,
        "symbol": "EURUSD",
        "type": 0 if Decimal(lots) > 0 else 1, "volume": abs(Decimal(lots)),
        "price_open": Decimal("1.1"), "sl": Decimal(0), "tp": Decimal(0), **more,
    })  # fmt: skip
