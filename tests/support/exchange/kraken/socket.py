"""The websocket of version 2: subscriptions with their snapshots, orders, pings, heartbeats."""

from __future__ import annotations

from decimal import Decimal

from support.exchange.hub import Connection
from support.exchange.kraken import forms
from support.exchange.kraken.api import trade_row
from support.exchange.kraken.asking import plain
from support.exchange.kraken.books import DEPTHS
from support.exchange.kraken.names import txid
from support.exchange.kraken.words import Refused

QUIET_MS = 1_000
"""A heartbeat follows when so long nothing else was said."""
NO_SESSION = "ESession:Invalid session"
PRIVATE = {"executions": "user", "balances": "balances"}
ASKED_AS = {
    "add_order": "AddOrder", "amend_order": "AmendOrder", "cancel_order": "CancelOrder",
    "cancel_all": "CancelAll", "cancel_all_orders_after": "CancelAllOrdersAfter",
}  # fmt: skip
NAMES = {
    "order_type": "ordertype", "side": "type", "order_qty": "volume", "symbol": "pair",
    "limit_price": "price", "time_in_force": "timeinforce", "expire_time": "expiretm",
}  # fmt: skip
"""What the words of add_order are called in AddOrder."""


class KrakenConnection(Connection):
    """One websocket; `private` is the one that wants tokens."""

    def __init__(self, socket, request, api, *, private):
        super().__init__(socket, request)
        self.private = private
        self.begun = {}
        """By topic: the number of the account's last event before the subscription."""
        self._api = api
        self._said_ms = api.now_ms()

    def push(self, body):
        """Send a message, after those before it."""
        self._said_ms = self._api.now_ms()
        super().push(body)

    def event(self, topic, body):
        """Send an event in the form of this connection."""
        if topic not in self.begun:
            self.push(body)
            return
        number, data = body
        channel = "executions" if topic == "user" else topic
        self.push({
            "channel": channel, "type": "update", "data": data,
            "sequence": number - self.begun[topic] + 1,
        })  # fmt: skip

    def beat(self):
        """Send a heartbeat if it is time."""
        if self.topics and self._api.now_ms() - self._said_ms >= QUIET_MS:
            self.push({"channel": "heartbeat"})

    def greet(self):
        """Say what a connection begins with."""
        self.push({
            "channel": "status", "type": "update",
            "data": [{
                "version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 1,
            }],
        })  # fmt: skip


class Session:
    """What one connection asks for, and its answers. `note` writes a request down."""

    def __init__(self, api, connection, note):
        self._api = api
        self._connection = connection
        self._note = note

    async def hear(self, _, body):
        """Answer one message."""
        method = str(body.get("method", ""))
        params = body.get("params") or {}
        if method == "ping":
            self._say(method, body, {"method": "pong"})
            return
        fault, acted = self._note("WS", method, _flat(params), "socket")
        results = []
        if acted:
            try:
                results = self._answer(method, params)
            except Refused as refusal:
                results = [(str(refusal),)]
        if fault is not None:
            self._fail(fault, method, body)
            return
        for result, *then in results:
            self._tell(method, body, result)
            for said in then:
                self._connection.push(said)

    def _fail(self, fault, method, body):
        if fault.what == "close":
            self._connection.abort()
        elif fault.what in {"status", "slow", "duplicate"}:
            error = fault.code or fault.text or "EService:Unavailable"
            self._say(method, body, {"success": False, "error": error})

    def _tell(self, method, body, result):
        if isinstance(result, str):
            self._say(method, body, {"success": False, "error": result})
        else:
            self._say(method, body, {"success": True, "result": result})

    def _say(self, method, body, words):
        now = forms.stamp(self._api.now_ms())
        number = {"req_id": body["req_id"]} if "req_id" in body else {}
        self._connection.push({
            "method": method, **number, "time_in": now, "time_out": now, **words,
        })  # fmt: skip

    def _answer(self, method, params):
        """Return [(result or error, messages that follow)]."""
        if method == "subscribe":
            return self._subscribe(params)
        if method == "unsubscribe":
            return self._unsubscribe(params)
        if method in ASKED_AS:
            return self._order(method, params)
        return [(f"Event(s) not found: {method}",)]

    # Subscriptions.

    def _subscribe(self, params):
        channel = params.get("channel")
        if channel in PRIVATE:
            return [self._private(channel, params)]
        if self._connection.private:
            return [(f"Private and public channels do not mix: {channel}",)]
        return [self._public(channel, one, params) for one in params.get("symbol") or ()]

    def _private(self, channel, params):
        api, connection, topic = self._api, self._connection, PRIVATE[channel]
        if not connection.private or not api.is_token(params.get("token")):
            return (NO_SESSION,)
        if topic in connection.topics:
            return ("Already subscribed",)
        connection.topics[topic] = channel
        connection.begun[topic] = api.said[topic]
        result = {"channel": channel}
        if channel == "balances":
            data = api.shown_balances()
        else:
            orders, trades = params.get("snap_orders", True), params.get("snap_trades", False)
            result |= {"maxratecount": api.counters.trading, "snap_orders": orders,
                       "snap_trades": trades}  # fmt: skip
            data = api.snapshot_of_orders() if orders else []
            data += api.snapshot_of_trades() if trades else []
        first = {"channel": channel, "type": "snapshot", "data": data, "sequence": 1}
        return result, first

    def _public(self, channel, symbol, params):
        api = self._api
        if symbol not in api.rules:
            return (f"Currency pair not supported {symbol}",)
        pair = api.pair_named(symbol)
        depth = params.get("depth", 10)
        topic = {
            "book": f"{pair.wire}.{depth}@depth", "trade": f"{pair.wire}@trade",
            "ticker": f"{pair.wire}@ticker",
        }.get(channel)  # fmt: skip
        wrong = self._wrong(topic, channel, depth)
        if wrong:
            return (wrong,)
        self._connection.topics[topic] = channel
        result = {"channel": channel, "symbol": symbol, "snapshot": True}
        if channel == "book":
            said = api.view(pair, depth).snapshot(symbol, api.now_ms())
            return result | {"depth": depth}, said
        if channel == "ticker":
            return result, api.ticker_event(pair, "snapshot")
        rows = list(api.markets.by_wire[pair.wire].trades)[-50:]
        data = [trade_row(symbol, row) for row in rows]
        said = {"channel": "trade", "type": "snapshot", "data": data}
        return (result, said) if data else (result,)

    def _wrong(self, topic, channel, depth):
        if topic is None:
            return f"Subscription name invalid: {channel}"
        if channel == "book" and depth not in DEPTHS:
            return "Subscription depth not supported"
        return "Already subscribed" if topic in self._connection.topics else ""

    def _unsubscribe(self, params):
        channel, connection = params.get("channel"), self._connection
        wires = [one.replace("/", "") for one in params.get("symbol") or ()]
        gone = [
            topic for topic, name in connection.topics.items()
            if name == channel
            and (name in PRIVATE or topic.partition("@")[0].partition(".")[0] in wires)
        ]  # fmt: skip
        for topic in gone:
            del connection.topics[topic]
            connection.begun.pop(topic, None)
        return [({"channel": channel},)]

    # Orders.

    def _order(self, method, params):
        api = self._api
        if not self._connection.private or not api.is_token(params.get("token")):
            return [(NO_SESSION,)]
        if method == "cancel_order":
            return [self._cancel(*one) for one in _names(params)]
        body = api.answer(ASKED_AS[method], _words(method, params), lambda: None)
        if body["error"]:
            return [(body["error"][0],)]
        result = dict(body["result"])
        if method == "add_order":
            result = {"order_id": result["txid"][0]}
            if params.get("cl_ord_id"):
                result["cl_ord_id"] = params["cl_ord_id"]
        elif method == "amend_order":
            result |= {
                name: params[name] for name in ("order_id", "cl_ord_id") if params.get(name)
            }
        return [(result,)]

    def _cancel(self, name, one):
        api = self._api
        record = next(
            (r for r in api.desk.open_records() if one in {txid("O", r.number), r.client_id}),
            None,
        )
        body = api.answer("CancelOrder", {name: one}, lambda: None)
        if body["error"]:
            return (body["error"][0],)
        return ({"order_id": txid("O", record.number)},)


def _names(params):
    """Return what a cancel names."""
    return [("txid", one) for one in params.get("order_id") or ()] + [
        ("cl_ord_id", one) for one in params.get("cl_ord_id") or ()
    ]


def _flat(params):
    return {name: value if isinstance(value, dict | list) else plain(value)
            for name, value in params.items() if name != "token"}  # fmt: skip


def _words(method, params):
    """Write the words of a websocket's request as REST has them."""
    found = {name: _number(value) for name, value in params.items() if name != "token"}
    if method == "amend_order":
        return found | ({"txid": found["order_id"]} if "order_id" in found else {})
    words = {NAMES.get(name, name): value for name, value in found.items()}
    words["timeinforce"] = str(found.get("time_in_force", "gtc")).upper()
    if found.get("post_only") == "true":
        words["oflags"] = "fciq,post"
    stop = params.get("triggers") or {}
    if stop:
        words["price2"] = words.pop("price", "")
        words["price"] = _number(stop["price"])
    return words


def _number(value):
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    return value if isinstance(value, dict | list) else plain(value)
