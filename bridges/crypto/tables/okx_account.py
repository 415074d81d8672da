"""The account at OKX: balances, bills, fees, pages of lists. Pure.

Lists come the newest first, at most `PAGE` rows; the next page is what is older than the last row.
A trade's bill is known from its fill, so that only what moved money without a trade is told.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number
from bridges.port import Balance, LedgerEntry
from protocol.numbers import ZERO

MS_NS = 1_000_000
DAY_MS = 86_400_000
PAGE = 100
TRADE_BILL = "2"
BILLS = {"1": "DEPOSIT", "8": "FUNDING"}


class OkxAccount:
    """The part of the table that is about money."""

    ours: dict[str, str]
    kind: str
    _at_ms: int

    def account(self) -> Call:
        """Ask for balances."""
        return Call("privateGetAccountBalance")

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read what is there of each currency, without what open positions would bring."""
        return tuple(
            Balance(
                currency=row["ccy"], total=number(row["cashBal"] or 0),
                free=max(number(row.get("availEq") or row.get("availBal") or 0), ZERO),
            )
            for row in body["data"][0]["details"]
        )  # fmt: skip

    def ledger(self, since_ms: int) -> Call | None:
        """Ask for what moved money: of seven days, or of three months."""
        is_new = since_ms > self._at_ms - 7 * DAY_MS + DAY_MS // 24
        method = "privateGetAccountBills" if is_new else "privateGetAccountBillsArchive"
        return Call(method, {"begin": since_ms, "limit": PAGE})

    def more_ledger(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page: what is older than the last."""
        return older(call, body, "billId")

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:
        """Read what moved money without a trade: a trade's bill is known from its fill."""
        return tuple(
            LedgerEntry(
                entry_id=str(row["billId"]), kind=BILLS.get(str(row["type"]), "CORRECTION"),
                currency=row["ccy"], amount=number(row["balChg"]),
                transact_ns=int(row["ts"]) * MS_NS, symbol=self.ours.get(row["instId"] or "", ""),
            )
            for row in body["data"]
            if str(row["type"]) != TRADE_BILL and self._is_of_here(row)
        )  # fmt: skip

    def _is_of_here(self, row: Any) -> bool:
        """Whether a bill is of this market: transfers are of both, funding of perpetuals."""
        return row["instType"] in {"", self.kind}

    def _fees(self, row: Any, suffix: str) -> tuple[Decimal, Decimal]:
        """Read maker's and taker's rates: below zero is what is paid. Raises ValueError without."""
        if row.get(f"taker{suffix}"):
            return -number(row[f"maker{suffix}"]), -number(row[f"taker{suffix}"])
        group = row["feeGroup"][0]
        return -number(group["maker"]), -number(group["taker"])


def older(call: Call, body: Any, name: str) -> Call | None:
    """Return the call for the next page, or nothing after the last."""
    rows = body["data"]
    if len(rows) < PAGE:
        return None
    return Call(call.method, call.params | {"after": rows[-1][name]}, call.urgent)
