"""bybit's unified account: what the key may do, the purse, what moved money without a trade. Pure.

Spot and linear share one purse: two venues on one account both show it. Trades are not taken from
the transaction log; what else it holds is asked for kind by kind, since it is read in pages of 50
and a busy day has thousands of trades. It is asked in windows of seven days.

Sources: the pages "Get API Key Information", "Get Wallet Balance", "Get Transaction Log (UTA)" and
"Get Account Info" of bybit's API v5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number
from bridges.crypto.tables.bybit_words import rows_of
from bridges.crypto.views import Access
from bridges.port import Balance, LedgerEntry
from protocol.numbers import ZERO

MS_NS = 1_000_000
WEEK_MS = 7 * 86_400_000
LOG_PAGE = 50
LATE_MS = 60_000
"""A window ends so long after now."""
UNIFIED = frozenset((3, 4, 5, 6))
"""unifiedMarginStatus of unified accounts, the first generation included."""
KINDS = {
    "SETTLEMENT": "FUNDING", "TRANSFER_IN": "DEPOSIT", "TRANSFER_OUT": "DEPOSIT",
    "INTEREST": "FEE", "FEE_REFUND": "FEE",
}  # fmt: skip
"""The rest is a correction."""


class BybitAccount:
    """The account's side of both tables."""

    category = ""
    native: Mapping[str, str]
    ours: Mapping[str, str]
    right: ClassVar[tuple[str, str]]
    """The permission that is needed: its group, and its name."""
    log_kinds: ClassVar[tuple[str, ...]]
    """The kinds of lines of the transaction log that are asked for."""
    _at_ms: int

    def access(self) -> Call | None:
        """Ask what the API key may do."""
        return Call("privateGetV5UserQueryApi")

    def read_access(self, body: Any) -> Access:
        """Read that; a key that may move money within the account's owner counts as one that may.

        Raises KeyError or TypeError if it is not told.
        """
        key = body["result"]
        group, name = self.right
        rights, addresses = key["permissions"], key["ips"]
        return Access(
            trades=int(key["readOnly"]) == 0 and name in rights[group],
            withdraws=bool(rights["Wallet"]), bound=bool(addresses) and "*" not in addresses,
        )  # fmt: skip

    def mode(self) -> Call | None:
        """Ask which kind of account it is."""
        return Call("privateGetV5AccountInfo")

    def objection(self, body: Any) -> str:
        """Refuse an account that is not unified."""
        status = int(body["result"]["unifiedMarginStatus"])
        if status in UNIFIED:
            return ""
        return "the account is a classic one: upgrade it to a unified trading account"

    def account(self) -> Call:
        """Ask for the purse."""
        return Call("privateGetV5AccountWalletBalance", {"accountType": "UNIFIED"})

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read it; what is free is what is not blocked by orders, positions or their losses."""
        (whole,) = rows_of(body)
        return tuple(
            Balance(
                currency=row["coin"], total=number(row["walletBalance"]),
                free=max(number(row["walletBalance"]) - _blocked(row), ZERO),
            )
            for row in whole["coin"]
        )  # fmt: skip

    # What moved money without a trade.

    def ledger(self, since_ms: int) -> Call | None:
        """Ask for the first kind of lines, in the first window."""
        return self._log(self.log_kinds[0], since_ms)

    def _log(self, kind: str, from_ms: int) -> Call:
        until_ms = min(from_ms + WEEK_MS, max(from_ms, self._at_ms) + LATE_MS)
        window = {"startTime": from_ms, "endTime": until_ms}
        asked = {"accountType": "UNIFIED", "type": kind, "limit": LOG_PAGE, **window}
        return Call("privateGetV5AccountTransactionLog", asked)

    def more_ledger(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page, then the next kind, then the next window."""
        cursor, asked = body["result"].get("nextPageCursor"), call.params
        if cursor and rows_of(body):
            return Call(call.method, asked | {"cursor": cursor})
        following = self.log_kinds[self.log_kinds.index(asked["type"]) + 1 :]
        if following:
            return self._log(following[0], asked["startTime"])
        if asked["endTime"] < self._at_ms:
            return self._log(self.log_kinds[0], asked["endTime"])
        return None

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:
        """Read a page; an entry's own `id` is not unique there."""
        return tuple(
            LedgerEntry(
                entry_id="-".join((
                    row["type"], row["tradeId"] or row["id"], row["transactionTime"],
                    row["currency"],
                )),
                kind=KINDS.get(row["type"], "CORRECTION"), currency=row["currency"],
                amount=number(row["change"]), transact_ns=int(row["transactionTime"]) * MS_NS,
                symbol=self.ours.get(row["symbol"] or "", "") if self._is_own(row) else "",
            )
            for row in rows_of(body)
        )  # fmt: skip

    def _is_own(self, row: Any) -> bool:
        return row["category"] in {"", self.category}

    # Rules.

    def _for_each(self, method: str) -> tuple[Call, ...]:
        """Ask something for each symbol."""
        return tuple(
            Call(method, {"category": self.category, "symbol": native}) for native in self.ours
        )

    def _fees(self) -> Call:
        return Call("privateGetV5AccountFeeRate", {"category": self.category})


def by_symbol(bodies: Sequence[Any]) -> dict[str, Any]:
    """Return the rows of some answers by bybit's symbol."""
    return {row["symbol"]: row for body in bodies for row in rows_of(body)}


def _blocked(row: Any) -> Any:
    """Return what of a coin is not free."""
    held = (row.get(name) or 0 for name in ("locked", "totalOrderIM", "totalPositionIM"))
    loss = min(number(row.get("unrealisedPnl") or 0), ZERO)
    return sum((number(one) for one in held), ZERO) - loss
