"""The translation table of OKX spot. Pure. `sz` is in the base currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from bridges.crypto.effects import Call
from bridges.crypto.holdings import spot_positions
from bridges.crypto.numbers import number
from bridges.crypto.tables.okx import FORCES, Okx
from bridges.instrument import Instrument
from bridges.port import Capabilities, OrderRequest, Position
from protocol.fields import OrdType
from protocol.numbers import ZERO, plain

SPOT_MODES = frozenset(("1", "2"))
"""acctLv: in the others an order on spot may borrow."""


class OkxSpot(Okx):
    """Orders and account of OKX spot, without borrowing."""

    name = "okx spot"
    kind = "SPOT"
    trade_mode = "cash"
    at_market = "market"
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "post_only", "stop orders": "order-algo, algoClOrdId",
        "client id": "clOrdId", "lookup by client id": "clOrdId",
        "cancel by client id": "clOrdId",
        "replace": "amend-order, in place; a stop that waits: cancel, evidence, a new one",
        "cancel all": "one by one", "user stream": "orders channel, logon by signature",
        "books": "snapshot and changes on the stream, by seqId",
        "dead man": "cancel-all-after, by tag", "test network": "demo trading",
    }  # fmt: skip

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        super().__init__(symbols, recv_window_ms=recv_window_ms)
        self._units = dict.fromkeys(symbols, Decimal(1))

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return OKX's name of a symbol: BTC-USDT of BTC/USDT."""
        return symbol.replace("/", "-")

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(FORCES),
            post_only=True, replace=True, look_up=True,
            absence_after_ms=self.recv_window_ms + 5_000,
        )  # fmt: skip

    def objection(self, body: Any) -> str:
        """Refuse the account modes in which an order on spot may borrow."""
        if str(body["data"][0]["acctLv"]) in SPOT_MODES:
            return ""
        return "the account is in a margin mode, where spot may borrow: use spot or futures mode"

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        """Say of a market order that its size is in the base currency, and not to be made less.

        Otherwise a buy is for so much money, or for as much as the account can pay.
        """
        if order.ord_type is OrdType.STOP:
            return {"tgtCcy": "base_ccy"}
        is_market = order.ord_type is OrdType.MARKET
        return {"tgtCcy": "base_ccy", "banAmend": True} if is_market else {}

    # The account.

    def positions(self) -> Call:
        """Ask for positions: on a spot account, what is held of each base currency."""
        return self.account()

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""
        return spot_positions(self.read_balances(body), rules)

    # The instruments.

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments and fees."""
        asked = {"instType": self.kind}
        return Call("publicGetPublicInstruments", asked), Call("privateGetAccountTradeFee", asked)

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        listed, fees = (body["data"] for body in bodies)
        return tuple(
            self._instrument(row, fees[0])
            for row in listed
            if row["instId"] in self.ours and row["state"] == "live"
        )

    def _instrument(self, row: Any, fee: Any) -> Instrument:
        maker, taker = self._fees(fee, "USDC" if row["quoteCcy"] == "USDC" else "")
        return Instrument(
            symbol=self.ours[row["instId"]], base=row["baseCcy"], currency=row["quoteCcy"],
            price_tick=plain(number(row["tickSz"])), qty_step=plain(number(row["lotSz"])),
            min_qty=number(row["minSz"]), max_qty=number(row["maxLmtSz"]), min_notional=ZERO,
            maker_fee=maker, taker_fee=taker,
        )  # fmt: skip
