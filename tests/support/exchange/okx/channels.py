"""The websockets: login, subscriptions, orders by socket, and text ping and pong.

A private topic is `orders@user` and the like: the fault channel of all of them is `user`. Each
subscription keeps its own `arg`; an event goes to those that it fits, with that `arg`.
"""

from __future__ import annotations

from support.exchange.hub import Connection
from support.exchange.okx.signing import login_problem

PUBLIC = ("books", "trades", "tickers")
PRIVATE = ("orders", "account", "positions", "balance_and_position")
CALLS = {
    "order": "trade/order", "batch-orders": "trade/batch-orders",
    "amend-order": "trade/amend-order", "batch-amend-orders": "trade/amend-batch-orders",
    "cancel-order": "trade/cancel-order", "batch-cancel-orders": "trade/cancel-batch-orders",
}  # fmt: skip
ONE = ("order", "amend-order", "cancel-order")
CONNECTION = "a4d3ae55"


class OkxConnection(Connection):
    """One websocket. `topics` maps a topic to the `arg`s that were subscribed."""

    def __init__(self, socket, request, api, *, private):
        super().__init__(socket, request)
        self.api = api
        self.private = private
        self.is_in = False

    def hear(self, text):
        """Read a message; a ping is answered at once."""
        if text == "ping":
            self.say_text("pong")
            return None
        return super().hear(text)

    def event(self, topic, body):
        """Send an event with each subscription that it fits."""
        action = {"action": "update"} if topic.endswith("@books") else {}
        for arg in self.topics[topic]:
            rows = [row for row in body if _fits(arg, row)]
            if rows:
                self.push({"arg": arg, **action, "data": rows})

    def error(self, code, text):
        """Say that something is wrong."""
        self.push({"event": "error", "code": code, "msg": text, "connId": CONNECTION})

    async def on_request(self, body, call):
        """Answer one message; `call(op, id, args)` answers orders by socket."""
        op, args = body.get("op"), body.get("args") or []
        if op == "login":
            self._log_in(args[0] if args else {})
        elif op in CALLS and self.private:
            if self.is_in:
                call(self, op, body.get("id"), args)
            else:
                self.push({"id": body.get("id"), "op": op, "code": "60011", "msg": "Please log in",
                           "data": []})  # fmt: skip
        elif op == "subscribe":
            for arg in args:
                self._subscribe(arg)
        elif op == "unsubscribe":
            for arg in args:
                self._unsubscribe(arg)
        else:
            self.error("60012", f"Illegal request: {body}")

    def _log_in(self, words):
        wrong = login_problem(self.api.key, words, self.api.now_ms())
        if wrong is not None:
            self.error(*wrong)
            return
        self.is_in = True
        self.push({"event": "login", "code": "0", "msg": "", "connId": CONNECTION})

    def _topic(self, arg):
        name, wire = arg.get("channel"), arg.get("instId")
        if self.private:
            return f"{name}@user" if name in PRIVATE else None
        return f"{wire}@{name}" if name in PUBLIC and wire in self.api.symbols else None

    def _subscribe(self, arg):
        topic = self._topic(arg)
        if topic is None:
            self.error("60018", f"Wrong URL or {arg} doesn't exist. Please use the correct URL.")
            return
        if self.private and not self.is_in:
            self.error("60011", "Please log in")
            return
        held = self.topics.setdefault(topic, [])
        if arg not in held:
            held.append(arg)
        self.push({"event": "subscribe", "arg": arg, "connId": CONNECTION})
        self._begin(arg)

    def _begin(self, arg):
        """Say what a subscriber is told first."""
        api, name = self.api, arg["channel"]
        if name == "books":
            rows = [api.markets.by_wire[arg["instId"]].snapshot(api.now_ms())]
            self.push({"arg": arg, "action": "snapshot", "data": rows})
        elif name == "tickers":
            self.push({"arg": arg, "data": api.ticker(arg)})
        elif name == "account":
            self.push({"arg": arg, "data": api.balance({"ccy": arg.get("ccy")})})
        elif name == "positions":
            self.push({"arg": arg, "data": [r for r in api.position_rows() if _fits(arg, r)]})

    def _unsubscribe(self, arg):
        topic = self._topic(arg)
        held = self.topics.get(topic, [])
        if arg in held:
            held.remove(arg)
            if not held:
                del self.topics[topic]
        self.push({"event": "unsubscribe", "arg": arg, "connId": CONNECTION})


def _fits(arg, row):
    kind, wire = arg.get("instType", "ANY"), arg.get("instId")
    if "instType" in row and kind not in {"ANY", row["instType"]}:
        return False
    return wire is None or "instId" not in row or wire == row["instId"]
