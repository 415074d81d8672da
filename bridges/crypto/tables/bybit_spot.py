"""The translation table of bybit spot. Pure.

A stop is an order with `orderFilter=StopOrder`; it keeps its id when it is triggered, and is then
an `Order`. A market order says `marketUnit=baseCoin`: a buy would be by value otherwise. The fee of
a buy comes from what is bought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.budget import Limit
from bridges.crypto.effects import Call
from bridges.crypto.holdings import spot_positions
from bridges.crypto.numbers import number
from bridges.crypto.tables.bybit import Bybit
from bridges.crypto.tables.bybit_account import by_symbol
from bridges.instrument import Instrument
from bridges.port import OrderRequest, Position
from protocol.fields import OrdType
from protocol.numbers import plain


class BybitSpot(Bybit):
    """Orders, account and stream of bybit spot."""

    name = "bybit spot"
    category = "spot"
    right = ("Spot", "SpotTrade")
    dcp_product, dcp_topic = "SPOT", "dcp.spot"
    log_kinds: ClassVar[tuple[str, ...]] = (
        "TRANSFER_IN", "TRANSFER_OUT", "INTEREST", "FEE_REFUND", "AIRDROP", "BONUS",
    )
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "timeInForce=PostOnly", "client id": "orderLinkId",
        "lookup by client id": "orderLinkId, in realtime and history",
        "cancel by client id": "orderLinkId", "replace": "amend, in place",
        "stop orders": "orderFilter=StopOrder",
        "cancel all": "by symbol, orders and stops", "user stream": "private stream, logon",
        "books": "50 levels, snapshot and changes", "test network": "testnet",
        "dead man": "DCP: when the stream is gone; bybit must have enabled it",
    }  # fmt: skip
    limits: tuple[Limit, ...] = (Limit(50, 1_000), Limit(20, 1_000, "orders"))
    order_costs: ClassVar[Mapping[str, int]] = {
        "privatePostV5OrderCreate": 1, "privatePostV5OrderAmend": 2,
    }  # fmt: skip
    """Twenty new ones a second, ten amendments."""

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        params: dict[str, Any] = {"orderFilter": "Order", "isLeverage": 0}
        if order.stop_px is not None:
            params |= {"orderFilter": "StopOrder", "triggerPrice": f"{order.stop_px:f}"}
        if order.ord_type in {OrdType.MARKET, OrdType.STOP}:
            params["marketUnit"] = "baseCoin"
        return params

    def _filter(self, *, waits: bool) -> dict[str, Any]:
        return {"orderFilter": "StopOrder" if waits else "Order"}

    def _fee_currency(self, row: Any) -> str:
        named = row.get("feeCoin") or row.get("feeCurrency")
        if named:
            return str(named)
        base, _, quote = self.ours[row["symbol"]].partition("/")
        takes_base = (row["side"] == "Buy") is (number(row["execFee"] or 0) >= 0)
        return base if takes_base else quote

    def positions(self) -> Call:
        """Ask for positions: on a spot account, what is held of each base currency."""
        return self.account()

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""
        return spot_positions(self.read_balances(body), rules)

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments and fees."""
        return (self._fees(), *self._for_each("publicGetV5MarketInstrumentsInfo"))

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        rates, *listed = bodies
        fees = by_symbol([rates])
        return tuple(
            self._instrument(row, fees[native])
            for native, row in by_symbol(listed).items() if row["status"] == "Trading"
        )

    def _instrument(self, row: Any, fee: Any) -> Instrument:
        lot = row["lotSizeFilter"]
        return Instrument(
            symbol=self.ours[row["symbol"]], base=row["baseCoin"], currency=row["quoteCoin"],
            price_tick=plain(number(row["priceFilter"]["tickSize"])),
            qty_step=plain(number(lot["basePrecision"])), min_qty=number(lot["minOrderQty"]),
            max_qty=number(lot.get("maxLimitOrderQty") or lot["maxOrderQty"]),
            max_market_qty=number(lot.get("maxMarketOrderQty") or 0),
            min_notional=number(lot["minOrderAmt"]), maker_fee=number(fee["makerFeeRate"]),
            taker_fee=number(fee["takerFeeRate"]),
        )  # fmt: skip
