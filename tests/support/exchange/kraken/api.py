"""One account at Kraken: its endpoints by name, and what its websockets are told.

`answer` takes a request without its transport: the method's name, its words, and a check of who
asks. What is said of orders goes to the topic `user`, of money to `balances`, each with a number
that goes up by one, so that a listener can see that something is missing.
"""

from __future__ import annotations

from support.exchange.api import Api
from support.exchange.kraken import forms
from support.exchange.kraken.asking import Words
from support.exchange.kraken.books import View
from support.exchange.kraken.orders import KrakenOrders
from support.exchange.kraken.public import KrakenPublic, KrakenStyle
from support.exchange.kraken.reads import KrakenReads
from support.exchange.kraken.wallet import KrakenWallet
from support.exchange.kraken.words import Refused, refuse

UNKNOWN_METHOD = "EGeneral:Unknown method"


class KrakenApi(KrakenPublic, KrakenReads, KrakenOrders, Api):
    """One spot account. `say(topic, event)` reaches the websockets."""

    def __init__(self, instruments, *, deposits, counters, say, **rest):
        wallet = KrakenWallet({one.symbol: one for one in instruments}, deposits)
        self.counters = counters
        self.views = {}
        """Books that are listened to, by (pair, depth)."""
        self.tokens = {}
        self.said = {"user": 0, "balances": 0}
        self._tell = say
        super().__init__(
            instruments, wallet, KrakenStyle, limiter=counters, say=self._say_market, **rest
        )
        wallet.tell = lambda entry: self._number("balances", [forms.money(entry)])
        self.open_orders_part()
        self.public = {
            "Time": self.time, "SystemStatus": self.system_status, "Assets": self.assets,
            "AssetPairs": self.asset_pairs, "Depth": self.depth, "Trades": self.trades,
            "Ticker": self.ticker,
        }  # fmt: skip
        self.private = {
            "AddOrder": self.add_order, "AmendOrder": self.amend_order,
            "EditOrder": self.edit_order, "CancelOrder": self.cancel_order,
            "CancelOrderBatch": self.cancel_batch, "CancelAll": self.cancel_all,
            "CancelAllOrdersAfter": self.cancel_all_after, "OpenOrders": self.open_orders,
            "ClosedOrders": self.closed_orders, "QueryOrders": self.query_orders,
            "TradesHistory": self.trades_history, "QueryTrades": self.query_trades,
            "Balance": self.balance, "BalanceEx": self.balance_ex, "Ledgers": self.ledgers,
            "QueryLedgers": self.query_ledgers, "TradeVolume": self.trade_volume,
            "GetApiKeyInfo": self.key_info, "GetWebSocketsToken": self.token,
        }  # fmt: skip

    def answer(self, method, words, secure):
        """Return the body that answers a request. `secure()` refuses who may not ask."""
        try:
            if method in self.public:
                return {"error": [], "result": self.public[method](Words(words))}
            if method not in self.private:
                refuse(UNKNOWN_METHOD)
            secure()
            self.key.may(method)
            self.counters.charge(method, self.now_ms())
            return {"error": [], "result": self.private[method](Words(words))}
        except Refused as refusal:
            return {"error": [str(refusal)]}

    def tick(self, now_ns):
        """Do what is due: the market, expiries, the countdown."""
        super().tick(now_ns)
        self.count_down()

    def deposit(self, asset, amount):
        """Let money arrive from outside."""
        self.wallet.move(asset, amount, forms.ZERO, "deposit", "", self.now_ms())

    # What is said.

    def _changed(self, record, what, deal):
        if deal is not None:
            self.wallet.book(record, deal)
        elif what == "EXPIRED" and not 0 < record.expire_ms <= record.updated_ms:
            record.status, what = "CANCELED", "CANCELED"
            record.reason = "Immediate or cancel"
        elif what == "TRADE_PREVENTION":
            record.status, what = "CANCELED", "CANCELED"
            record.reason = "Self trade prevention"
        for body in self._reports(record, what, deal):
            self._number("user", [body])

    def _reports(self, record, what, deal):
        match what:
            case "NEW":
                yield forms.whole(record, "pending_new")
                yield forms.change(record, "new")
            case "TRADE":
                yield forms.execution(deal, record)
                if not record.is_open:
                    yield forms.change(record, "filled", **forms.sums(record))
            case "TRIGGERED":
                yield forms.change(record, "status", triggers=forms.triggers(record))
            case "AMENDMENT":
                yield forms.amended(record)
            case _:
                why = record.reason or "Order expired"
                yield forms.change(
                    record, what.lower(), **forms.sums(record), cancel_reason=why, reason=why
                )

    def _number(self, topic, data):
        self.said[topic] += 1
        self._tell(topic, (self.said[topic], data))

    def snapshot_of_orders(self):
        """Return what the executions channel begins with."""
        return [forms.whole(one, "new") for one in self.desk.open_records()]

    def snapshot_of_trades(self):
        """Return the last fifty fills."""
        return [
            forms.execution(one, self.desk.records[one.order_id]) for one in self.desk.deals[-50:]
        ]

    def view(self, pair, depth):
        """Return the book of a pair to some depth."""
        key = (pair.wire, depth)
        if key not in self.views:
            self.views[key] = View(self.markets.by_wire[pair.wire], depth)
        return self.views[key]

    def _say_market(self, topic, body):
        """Say what the market did, as this exchange says it."""
        wire, _, channel = topic.partition("@")
        if channel == "depth":
            for (name, depth), view in self.views.items():
                if name.lower() == wire:
                    said = view.change(self.symbols[name], self.now_ms())
                    if said is not None:
                        self._tell(f"{name}.{depth}@depth", said)
        elif channel == "trade":
            name = wire.upper()
            row = trade_row(self.symbols[name], body)
            self._tell(
                f"{name}@trade", {"channel": "trade", "type": "update", "data": [row]}
            )

    def ticker_event(self, pair, kind):
        """Return the statistics of a pair as the websocket has them."""
        market = self.markets.by_wire[pair.wire]
        numbers, quote = market.statistics(), market.book_ticker()
        raw = {
            "bid": quote["b"], "bid_qty": quote["B"], "ask": quote["a"], "ask_qty": quote["A"],
            "last": numbers["lastPrice"], "volume": numbers["volume"],
            "vwap": numbers["weightedAvgPrice"], "low": numbers["lowPrice"],
            "high": numbers["highPrice"], "change": numbers["priceChange"],
            "change_pct": numbers["priceChangePercent"],
        }  # fmt: skip
        row = {name: forms.orjson.Fragment(one.encode()) for name, one in raw.items()}
        return {"channel": "ticker", "type": kind, "data": [{"symbol": pair.symbol, **row}]}


def trade_row(symbol, row):
    """Return a public trade as the websocket has it."""
    return {
        "symbol": symbol, "side": "sell" if row["isBuyerMaker"] else "buy",
        "price": forms.orjson.Fragment(row["price"].encode()),
        "qty": forms.orjson.Fragment(row["qty"].encode()), "ord_type": "market",
        "trade_id": row["id"], "timestamp": forms.stamp(row["time"]),
    }  # fmt: skip
