"""Kraken's questions about the account: trades, balances, the ledger, the instruments. Pure.

Lists of the past have fifty rows, the newest first. The trades of one order are asked for by the
ids that QueryOrders names, so many at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.holdings import spot_positions
from bridges.crypto.numbers import number
from bridges.crypto.tables.kraken_market import SIDES
from bridges.crypto.tables.kraken_stream import move
from bridges.crypto.tables.kraken_words import asset_of, before, ns_of, spoken, until
from bridges.crypto.views import TradeView
from bridges.instrument import Instrument
from bridges.port import Balance, LedgerEntry, Position
from protocol.numbers import plain

PAGE = 50
IDS = 20
"""Ids in one question: QueryTrades takes so many."""
MOST = Decimal(1_000_000_000)
"""Kraken states no greatest quantity."""


class KrakenAccount:
    """The account's side of the table."""

    native: dict[str, str]
    spoken: dict[str, str]
    """Our symbols, and what the websocket calls them."""
    ours: dict[str, str]
    """And the other way round."""
    aliases: dict[str, str]
    """Every name that REST has for a pair, and our symbol."""
    digits: dict[str, tuple[int, int]]
    """How many digits prices and sizes of a symbol have after the point."""
    batches: dict[str, str]
    """Which ids of trades are asked for after which."""

    # Trades.

    def trades_of(
        self, symbol: str, order_id: str, since_ms: int  # noqa: ARG002 - the id says it all
    ) -> Call:
        """Ask which trades an order has; they are asked for then."""
        return Call("privatePostQueryOrders", {"txid": order_id, "trades": "true"})

    def trades_from(
        self, symbol: str, since_ms: int, until_ms: int  # noqa: ARG002 - of all pairs
    ) -> Call:
        """Ask for trades of a time, of all pairs at once; Kraken takes whole seconds."""
        span = {"start": before(since_ms), "end": until(until_ms)}
        return Call("privatePostTradesHistory", span | {"ofs": 0})

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page, or for the trades that an order was said to have."""
        if call.method == "privatePostTradesHistory":
            return _next_page(call, body)
        if call.method == "privatePostQueryOrders":
            row = body["result"].get(call.params["txid"], {})
            following: str | None = self._batch(row.get("trades") or ())
        else:
            following = self.batches.pop(call.params["txid"], None)
        return Call("privatePostQueryTrades", {"txid": following}) if following else None

    def _batch(self, trade_ids: Iterable[str]) -> str | None:
        """Remember which ids are asked for after which; return the first."""
        texts = texts_of(list(trade_ids))
        self.batches |= dict(pairwise(texts))
        return texts[0] if texts else None

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours, the oldest first; none yet where an order was asked for.

        The newest are listed first, and several may have one time: `trade_id` counts a pair's.
        """
        rows = body["result"].get("trades", body["result"])
        ours = [
            (int(row.get("trade_id") or 0), self._trade(exec_id, row, symbol))
            for exec_id, row in rows.items()
            if "ordertxid" in row and self.aliases.get(row["pair"]) == symbol
        ]
        return [view for _, view in sorted(ours, key=lambda one: (one[1].ns, one[0]))]

    def _trade(self, trade_id: str, row: Any, symbol: str) -> TradeView:
        return TradeView(
            trade_id=trade_id, order_id=str(row["ordertxid"]), symbol=symbol,
            side=SIDES[row["type"]], qty=number(row["vol"]), price=number(row["price"]),
            fee=number(row["fee"]), fee_currency=self.spoken[symbol].partition("/")[2],
            maker=bool(row.get("maker", False)), ns=ns_of(row["time"]),
        )

    # The account.

    def account(self) -> Call:
        """Ask for balances."""
        return Call("privatePostBalanceEx")

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read the balances."""
        found = []
        for code, row in body["result"].items():
            total = number(row["balance"])
            held = number(row.get("hold_trade", 0))
            found.append(Balance(currency=asset_of(code), total=total, free=total - held))
        return tuple(found)

    def positions(self) -> Call:
        """Ask for positions: on a spot account, what is held of each base currency."""
        return self.account()

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""
        return spot_positions(self.read_balances(body), rules)

    def ledger(self, since_ms: int) -> Call | None:
        """Ask for what moved money."""
        return Call("privatePostLedgers", {"start": before(since_ms), "ofs": 0})

    def more_ledger(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""
        return _next_page(call, body)

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:
        """Read what was no trade."""
        return tuple(
            move(row, entry_id, ns_of(row["time"]))
            for entry_id, row in body["result"]["ledger"].items()
            if row["type"] != "trade"
        )

    # The instruments.

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments and the fees of this account."""
        named = {"pair": ",".join(self.native.values())}
        return (Call("publicGetAssetPairs", named), Call("privatePostTradeVolume", named))

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade, and by which names the exchange speaks of them."""
        listed, fees = (body["result"] for body in bodies)
        found = []
        for key, row in listed.items():
            symbol = self.aliases.get(row["altname"]) or self.aliases.get(key)
            if symbol is None:
                continue
            self.aliases |= dict.fromkeys((key, row["altname"], row["wsname"]), symbol)
            self.spoken[symbol] = spoken(row["wsname"])
            self.digits[symbol] = int(row["pair_decimals"]), int(row["lot_decimals"])
            self.ours = {name: one for one, name in self.spoken.items()}
            if row["status"] == "online":
                taker, maker = (_fee(fees, kind, key, row) for kind in ("fees", "fees_maker"))
                found.append(_instrument(symbol, row, taker, maker))
        return tuple(found)

    # The token of the private stream.

    def user_key(self) -> Call | None:
        """Ask for the token: it must be used within 15 minutes, and lives as long as the stream."""
        return Call("privatePostGetWebSocketsToken", urgent=True)

    def read_user_key(self, body: Any) -> str:
        """Read it."""
        return str(body["result"]["token"])

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - as others have it
        """Do nothing: a stream that is open needs no token."""
        return None


def texts_of(ids: Sequence[str]) -> list[str]:
    """Write ids as questions take them, so many at a time."""
    return [",".join(ids[at : at + IDS]) for at in range(0, len(ids), IDS)]


def _next_page(call: Call, body: Any) -> Call | None:
    following = int(call.params["ofs"]) + PAGE
    if following >= int(body["result"]["count"]):
        return None
    return Call(call.method, call.params | {"ofs": following})


def _fee(fees: Any, kind: str, key: str, row: Any) -> Decimal:
    """Read a fee, which is told in percents: this account's, or else the first of the pair's.

    A pair may have one fee for makers and takers.
    """
    told = (fees.get(kind) or {}).get(key)
    percent = told["fee"] if told else (row.get(kind) or row["fees"])[0][1]
    return number(percent) / 100


def _instrument(symbol: str, row: Any, taker: Decimal, maker: Decimal) -> Instrument:
    tick = row.get("tick_size")
    return Instrument(
        symbol=symbol, base=asset_of(row["base"]), currency=asset_of(row["quote"]),
        price_tick=plain(number(tick) if tick else _step(row["pair_decimals"])),
        qty_step=plain(_step(row["lot_decimals"])), min_qty=number(row["ordermin"]),
        max_qty=MOST, min_notional=number(row.get("costmin", 0)), maker_fee=maker,
        taker_fee=taker,
    )  # fmt: skip


def _step(decimals: Any) -> Decimal:
    return Decimal(1).scaleb(-int(decimals))
