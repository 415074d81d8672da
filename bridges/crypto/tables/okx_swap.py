"""The translation table of OKX's linear perpetuals, net mode, cross margin. Pure.

`sz` is in contracts of `ctVal` each: quantities are converted exactly, and what does not convert is
off the step (`lotSz` times `ctVal`) and refused before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.effects import Call
from bridges.crypto.numbers import average, number
from bridges.crypto.tables.okx import FORCES, MS_NS, Okx
from bridges.instrument import Instrument
from bridges.port import Capabilities, OrderRequest, Position
from protocol.fields import OrdType
from protocol.numbers import ZERO, plain

SPOT_MODE, NET_MODE = "1", "net_mode"
MOST = 20
"""Instruments in one question for leverage."""
EIGHT_HOURS_MS = 8 * 3_600_000


class OkxSwap(Okx):
    """Orders and account of OKX's linear perpetuals."""

    name = "okx swap"
    kind = "SWAP"
    trade_mode = "cross"
    at_market = "optimal_limit_ioc"
    """`market` would rest at the price limit."""
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "post_only", "reduce-only": "reduceOnly",
        "stop orders": "order-algo, algoClOrdId",
        "client id": "clOrdId", "lookup by client id": "clOrdId",
        "cancel by client id": "clOrdId",
        "replace": "amend-order, in place; a stop that waits: cancel, evidence, a new one",
        "cancel all": "one by one", "user stream": "orders channel, logon by signature",
        "books": "snapshot and changes on the stream, by seqId",
        "dead man": "cancel-all-after, by tag", "test network": "demo trading",
    }  # fmt: skip

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return OKX's name of a symbol: BTC-USDT-SWAP of BTC/USDT and of BTC/USDT:USDT."""
        if symbol.endswith("-SWAP"):
            return symbol
        return f"{symbol.partition(':')[0].replace('/', '-')}-SWAP"

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(FORCES),
            post_only=True, reduce_only=True, replace=True, look_up=True,
            absence_after_ms=self.recv_window_ms + 5_000,
        )  # fmt: skip

    def objection(self, body: Any) -> str:
        """Refuse an account that cannot hold perpetuals, or that holds both sides at once."""
        row = body["data"][0]
        if str(row["acctLv"]) == SPOT_MODE:
            return "the account is in spot mode, which has no perpetuals: use futures mode"
        if row["posMode"] != NET_MODE:
            return f"the account is in {row['posMode']}: switch it to net mode (buy/sell)"
        return ""

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        """Say that an order may only reduce."""
        return {"reduceOnly": True} if order.reduce_only else {}

    # The account.

    def positions(self) -> Call:
        """Ask for positions."""
        return Call("privateGetAccountPositions", {"instType": self.kind})

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read those of our symbols that are open: in net mode the quantity has a sign."""
        currencies = {one.symbol: one.currency for one in rules}
        return tuple(
            Position(
                symbol=symbol, currency=currencies.get(symbol, ""),
                qty=number(row["pos"]) * self._units[symbol], avg_px=average(row["avgPx"]),
            )
            for row in body["data"]
            if (symbol := self.ours.get(row["instId"])) and number(row["pos"] or 0)
        )

    # The instruments.

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments, fees, leverage and funding."""
        asked, natives = {"instType": self.kind}, list(self.ours)
        parts = [natives[at : at + MOST] for at in range(0, len(natives), MOST)]
        return (
            Call("publicGetPublicInstruments", asked), Call("privateGetAccountTradeFee", asked),
            *(
                Call(
                    "privateGetAccountLeverageInfo",
                    {"instId": ",".join(part), "mgnMode": self.trade_mode},
                )
                for part in parts
            ),
            *(Call("publicGetPublicFundingRate", {"instId": native}) for native in natives),
        )  # fmt: skip

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        listed, fees, *others = (body["data"] for body in bodies)
        told = [row for rows in others for row in rows]
        leverage = {row["instId"]: number(row["lever"]) for row in told if "lever" in row}
        funding = {row["instId"]: row for row in told if "fundingRate" in row}
        rows = [
            row for row in listed
            if row["instId"] in self.ours and row["state"] == "live" and row["ctType"] == "linear"
        ]  # fmt: skip
        for row in rows:
            unit = number(row["ctVal"]) * number(row["ctMult"] or 1)
            self._units[self.ours[row["instId"]]] = unit
        return tuple(
            self._instrument(row, fees[0], leverage[row["instId"]], funding[row["instId"]])
            for row in rows
        )

    def _instrument(self, row: Any, fee: Any, leverage: Any, funding: Any) -> Instrument:
        symbol = self.ours[row["instId"]]
        unit = self._units[symbol]
        maker, taker = self._fees(fee, "USDC" if row["settleCcy"] == "USDC" else "U")
        next_ms = int(funding["fundingTime"])
        after_ms = int(funding.get("nextFundingTime") or next_ms + EIGHT_HOURS_MS)
        return Instrument(
            symbol=symbol, base=row["ctValCcy"], currency=row["settleCcy"],
            price_tick=plain(number(row["tickSz"])), qty_step=plain(number(row["lotSz"]) * unit),
            min_qty=plain(number(row["minSz"]) * unit),
            max_qty=plain(number(row["maxLmtSz"]) * unit), min_notional=ZERO,
            max_market_qty=plain(number(row.get("maxMktSz") or 0) * unit),
            maker_fee=maker, taker_fee=taker,
            funding_rate=number(funding["fundingRate"] or 0), funding_ns=next_ms * MS_NS,
            funding_interval_ms=after_ms - next_ms,
            margin_rate=round(1 / leverage, 12) if leverage else None,
        )  # fmt: skip
