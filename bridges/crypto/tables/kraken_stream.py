"""Kraken's private stream: what happens to orders, told in pieces, and to money. Pure.

Source: "Executions" and "Balances" of the websocket of version 2. An order is told whole once, when
it is pending or in the snapshot; what happens to it later names only its ids and what has changed.
So what an order is is remembered here until it ends, and `Memory` is the one thing that a table of
Kraken's keeps. A change of an order that was never told whole is a hint to ask for it.

Fills are told apart from the order's state, each once, by `exec_id`, the id that REST gives them.
Each message has a number, one more than the one before it; the documentation does not say whether
the channels are counted together: the first message of the second channel shows it. Any other
number is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridges.crypto.effects import USER, SendStream
from bridges.crypto.numbers import number, positive
from bridges.crypto.tables.kraken_market import SIDES
from bridges.crypto.tables.kraken_words import asset_of, ns_of_stamp
from bridges.crypto.views import (
    FillNews,
    Greeting,
    MoneyNews,
    OrderHint,
    OrderNews,
    OrderView,
    StreamGap,
    StreamItem,
    StreamOver,
    TradeView,
)
from bridges.crypto.words import status_of, type_of
from bridges.port import LedgerEntry
from protocol.fields import OrdStatus, OrdType, TimeInForce

MAX_KEPT = 20_000
STATUS = {
    "pending_new": OrdStatus.NEW, "new": OrdStatus.NEW,
    "partially_filled": OrdStatus.PARTIALLY_FILLED, "filled": OrdStatus.FILLED,
    "canceled": OrdStatus.CANCELED, "expired": OrdStatus.EXPIRED,
}  # fmt: skip
OPEN = frozenset((OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED))
TYPES = {
    "market": OrdType.MARKET, "limit": OrdType.LIMIT, "iceberg": OrdType.LIMIT,
    "stop-loss": OrdType.STOP, "take-profit": OrdType.STOP, "trailing-stop": OrdType.STOP,
    "stop-loss-limit": OrdType.STOP_LIMIT, "take-profit-limit": OrdType.STOP_LIMIT,
    "trailing-stop-limit": OrdType.STOP_LIMIT, "settle-position": OrdType.MARKET,
}  # fmt: skip
STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))
FORCES = {
    "GTC": TimeInForce.GOOD_TILL_CANCEL, "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL, "GTD": TimeInForce.GOOD_TILL_DATE,
}  # fmt: skip
MOVES = {"deposit": "DEPOSIT", "withdrawal": "DEPOSIT", "rollover": "FUNDING", "margin": "FEE"}
"""Kinds of the ledger; trades are told as fills, all others are corrections."""
WHOLE = ("symbol", "side", "order_qty", "order_type")


def key_of(order_id: str, client_id: Any) -> str:
    """Return the id by which an order is known: ours, or `#` and the exchange's."""
    return str(client_id) if client_id else f"#{order_id}"


class Memory:
    """What the orders are that were told of: by the exchange's id, until they end."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, Any]] = {}
        self._last: dict[str, int] = {}
        self._newest = 0
        self._together = False
        """Whether the channels are counted together."""

    def begin(self) -> None:
        """Begin to count anew: a stream was opened."""
        self._last.clear()
        self._newest, self._together = 0, False

    def follows(self, channel: str, sequence: int) -> bool:
        """Take the number of a message; say whether nothing is missing before it."""
        last, newest = self._last.get(channel), self._newest
        if last is None and newest:
            self._together = sequence > newest
        after_own = last is None or sequence == last + 1
        after_all = not newest or sequence == newest + 1
        if self._together and after_own and not after_all:
            self._together = False
        self._last[channel] = max(sequence, last or 0)
        self._newest = max(sequence, newest)
        return after_all if self._together else after_own

    def learn(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Put what a message says of an order to what is known of it."""
        order_id = str(row["order_id"])
        known = {**self._orders.pop(order_id, {}), **row}
        self._orders[order_id] = known  # the newest last
        if len(self._orders) > MAX_KEPT:
            del self._orders[next(iter(self._orders))]
        return known

    def forget(self, order_id: str) -> None:
        """Forget an order that has ended."""
        self._orders.pop(order_id, None)


class KrakenStream:
    """The private stream's side of the table."""

    name: str
    ours: dict[str, str]
    """What the websocket calls our symbols, and our symbols."""
    memory: Memory

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - no clock here
        """Subscribe with the token; the stream tells when the executions come.

        The clock of REST has whole seconds; `time_in` says from when on they come.
        """
        if message is None:
            self.memory.begin()
            wishes: tuple[dict[str, Any], ...] = (
                {"channel": "executions", "snap_orders": True, "snap_trades": False},
                {"channel": "balances", "snapshot": False},
            )
            return Greeting(tuple(
                SendStream(USER, {"method": "subscribe", "params": {**wish, "token": key}})
                for wish in wishes
            ))  # fmt: skip
        result = message.get("result") if isinstance(message, dict) else None
        channel = result.get("channel") if isinstance(result, dict) else None
        ready = channel == "executions" and message["success"] is True
        told = message.get("time_in") if ready else None
        return Greeting(ready=ready, ns=ns_of_stamp(told) if told else 0)

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the private stream; what is of no interest is nothing."""
        if not isinstance(message, dict):
            return []
        if message.get("success") is False:
            return [StreamOver(f"{message.get('method')}: {message.get('error')}")]
        channel = message.get("channel")
        if channel not in {"executions", "balances"}:
            return []
        found: list[StreamItem] = []
        if not self.memory.follows(channel, int(message["sequence"])):
            found.append(StreamGap(f"{channel}: message {message['sequence']}"))
        if message["type"] == "snapshot":
            if channel == "executions":
                for row in message["data"]:
                    self._recall(row)
            return found
        read = self._execution if channel == "executions" else self._move
        for row in message["data"]:
            found += read(row)
        return found

    def _recall(self, row: Any) -> None:
        """Remember what an order of the snapshot is; what is open is also asked for."""
        if all(name in row for name in WHOLE):
            self.memory.learn(row)

    def _execution(self, row: Any) -> list[StreamItem]:
        if row["exec_type"] == "trade":
            return self._fill(row)
        known = self.memory.learn(row)
        order_id = str(row["order_id"])
        if not all(name in known for name in WHOLE):
            return [OrderHint(order_id)]
        if status_of(STATUS, known["order_status"], self.name) not in OPEN:
            self.memory.forget(order_id)
        return [OrderNews(self._view(known))] if known["symbol"] in self.ours else []

    def _view(self, known: Mapping[str, Any]) -> OrderView:
        order_id = str(known["order_id"])
        kind = type_of(
            TYPES, known["order_type"], self.name, price=positive(known.get("limit_price")),
            stop_px=positive(known.get("stop_price")),
        )  # fmt: skip
        status = status_of(STATUS, known["order_status"], self.name)
        executed = number(known.get("cum_qty", 0))
        waits = kind in STOPS
        has_limit = kind in {OrdType.LIMIT, OrdType.STOP_LIMIT}
        triggered = known.get("triggers", {}).get("status") == "triggered" or executed > 0
        return OrderView(
            order_id=order_id, client_id=key_of(order_id, known.get("cl_ord_id")),
            symbol=self.ours[known["symbol"]], side=SIDES[known["side"]], ord_type=kind,
            time_in_force=FORCES.get(
                str(known.get("time_in_force", "GTC")).upper(), TimeInForce.GOOD_TILL_CANCEL
            ),
            qty=number(known["order_qty"]), executed=executed,
            paid=number(known.get("cum_cost", 0)), status=status,
            ns=ns_of_stamp(known["timestamp"]),
            price=positive(known.get("limit_price")) if has_limit else None,
            stop_px=positive(known.get("stop_price")) if waits else None,
            post_only=bool(known.get("post_only", False)), working=triggered or not waits,
            text=str(known.get("reason") or "") if "cancel_reason" in known else "",
        )  # fmt: skip

    def _fill(self, row: Any) -> list[StreamItem]:
        if row["symbol"] not in self.ours:
            return []
        fees = row.get("fees") or ()
        quote = str(row["symbol"]).partition("/")[2]
        trade = TradeView(
            trade_id=str(row["exec_id"]), order_id=str(row["order_id"]),
            symbol=self.ours[row["symbol"]], side=SIDES[row["side"]],
            qty=number(row["last_qty"]), price=number(row["last_price"]),
            fee=number(fees[0]["qty"]) if fees else number(0),
            fee_currency=asset_of(fees[0]["asset"]) if fees else quote,
            maker=row["liquidity_ind"] == "m", ns=ns_of_stamp(row["timestamp"]),
            client_id=str(row.get("cl_ord_id") or ""),
        )  # fmt: skip
        return [FillNews(trade)]

    def _move(self, row: Any) -> list[StreamItem]:
        if row["type"] == "trade":
            return []
        entry = move(row, row["ledger_id"], ns_of_stamp(row["timestamp"]))
        return [MoneyNews(entry)]


def move(row: Any, entry_id: str, ns: int) -> LedgerEntry:
    """Read a line of the ledger: what the balance has changed by."""
    return LedgerEntry(
        entry_id=entry_id, kind=MOVES.get(row["type"], "CORRECTION"),
        currency=asset_of(row["asset"]), amount=number(row["amount"]) - number(row["fee"]),
        transact_ns=ns,
    )  # fmt: skip
