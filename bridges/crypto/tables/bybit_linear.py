"""The translation table of bybit's linear perpetuals, settled in USDT (or all in USDC). Pure.

One-way mode: every order says `positionIdx=0`, so that an account in hedge mode refuses it. A stop
is an order with a trigger price and the direction in which that is reached; it keeps its id.
Quantities are units of the base currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.budget import Limit
from bridges.crypto.effects import Call
from bridges.crypto.numbers import number
from bridges.crypto.tables.bybit import Bybit
from bridges.crypto.tables.bybit_account import by_symbol
from bridges.crypto.tables.bybit_words import rows_of
from bridges.instrument import Instrument
from bridges.port import OrderRequest, Position
from protocol.fields import Side
from protocol.numbers import plain

MS_NS = 1_000_000
MINUTE_MS = 60_000
POSITIONS_PAGE = 200
RISING, FALLING = 1, 2


class BybitLinear(Bybit):
    """Orders, account and stream of bybit's linear perpetuals."""

    name = "bybit linear"
    category = "linear"
    right = ("ContractTrade", "Order")
    dcp_product, dcp_topic = "DERIVATIVES", "dcp.future"
    log_kinds: ClassVar[tuple[str, ...]] = (
        "SETTLEMENT", "TRANSFER_IN", "TRANSFER_OUT", "INTEREST", "FEE_REFUND", "AIRDROP", "BONUS",
    )
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "timeInForce=PostOnly", "reduce-only": "reduceOnly",
        "client id": "orderLinkId", "lookup by client id": "orderLinkId, in realtime and history",
        "cancel by client id": "orderLinkId", "replace": "amend, in place",
        "stop orders": "triggerPrice",
        "cancel all": "by symbol", "user stream": "private stream, logon",
        "books": "50 levels, snapshot and changes", "test network": "testnet",
        "dead man": "DCP: when the stream is gone; bybit must have enabled it",
    }  # fmt: skip
    limits: tuple[Limit, ...] = (Limit(50, 1_000), Limit(10, 1_000, "orders"))
    order_costs: ClassVar[Mapping[str, int]] = {
        "privatePostV5OrderCreate": 1, "privatePostV5OrderAmend": 1,
    }  # fmt: skip

    @property
    def settle(self) -> str:
        """What positions are settled in."""
        return "USDC" if all(one.endswith("PERP") for one in self.ours) else "USDT"

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        params: dict[str, Any] = {"positionIdx": 0}
        if order.reduce_only:
            params["reduceOnly"] = True
        if order.stop_px is not None:
            rises = order.side is Side.BUY
            params |= {
                "triggerPrice": f"{order.stop_px:f}", "triggerBy": "LastPrice",
                "triggerDirection": RISING if rises else FALLING,
            }  # fmt: skip
        return params

    def _fee_currency(self, row: Any) -> str:
        return str(row.get("feeCoin") or row.get("feeCurrency") or self.settle)

    def mode(self) -> Call | None:
        """Ask for the position of the first symbol: it tells the mode."""
        asked = {"category": self.category, "symbol": next(iter(self.ours))}
        return Call("privateGetV5PositionList", asked)

    def objection(self, body: Any) -> str:
        """Refuse hedge mode: an order would have to name its side of the position."""
        if all(int(row["positionIdx"]) == 0 for row in rows_of(body)):
            return ""
        return "the account is in hedge mode: switch it to one-way mode"

    def positions(self) -> Call:
        """Ask for what is held."""
        asked = {"category": self.category, "settleCoin": self.settle, "limit": POSITIONS_PAGE}
        return Call("privateGetV5PositionList", asked)

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read those of our symbols. Raises ValueError if there may be more than was answered."""
        rows, currencies = rows_of(body), {one.symbol: one.currency for one in rules}
        if len(rows) >= POSITIONS_PAGE:
            raise ValueError
        return tuple(
            Position(
                symbol=symbol, currency=currencies.get(symbol, ""),
                qty=number(row["size"]) * (1 if row["side"] == "Buy" else -1),
                avg_px=number(row["avgPrice"]),
            )
            for row in rows
            if (symbol := self.ours.get(row["symbol"])) and number(row["size"])
        )  # fmt: skip

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments, funding, leverage and fees."""
        return (
            self._fees(), *self._for_each("publicGetV5MarketInstrumentsInfo"),
            *self._for_each("publicGetV5MarketTickers"),
            *self._for_each("privateGetV5PositionList"),
        )  # fmt: skip

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        rates, *rest = bodies
        count = len(self.ours)
        fees, listed = by_symbol([rates]), by_symbol(rest[:count])
        tickers, held = by_symbol(rest[count : 2 * count]), by_symbol(rest[2 * count :])
        return tuple(
            self._instrument(row, tickers[native], held[native], fees[native])
            for native, row in listed.items()
            if row["status"] == "Trading" and row["settleCoin"] == self.settle
        )

    def _instrument(self, row: Any, ticker: Any, held: Any, fee: Any) -> Instrument:
        lot, leverage = row["lotSizeFilter"], number(held["leverage"] or 0)
        return Instrument(
            symbol=self.ours[row["symbol"]], base=row["baseCoin"], currency=row["settleCoin"],
            price_tick=plain(number(row["priceFilter"]["tickSize"])),
            qty_step=plain(number(lot["qtyStep"])), min_qty=number(lot["minOrderQty"]),
            max_qty=number(lot["maxOrderQty"]), min_notional=number(lot["minNotionalValue"]),
            max_market_qty=number(lot.get("maxMktOrderQty") or 0),
            maker_fee=number(fee["makerFeeRate"]), taker_fee=number(fee["takerFeeRate"]),
            funding_rate=number(ticker["fundingRate"] or 0),
            funding_interval_ms=int(row["fundingInterval"]) * MINUTE_MS,
            funding_ns=int(ticker["nextFundingTime"] or 0) * MS_NS,
            margin_rate=round(1 / leverage, 12) if leverage else None,
        )  # fmt: skip
