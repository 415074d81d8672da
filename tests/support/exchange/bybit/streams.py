"""bybit's websockets: public topics, the private stream after a logon, orders over a socket."""

from __future__ import annotations

import re
from itertools import count

from support.exchange.bybit import access
from support.exchange.bybit.account import DCP_TOPICS
from support.exchange.bybit.public import DEPTHS
from support.exchange.bybit.refusals import BybitError
from support.exchange.hub import Connection

PRIVATE = ("order", "execution", "wallet", "position")
TOPIC = re.compile(r"(orderbook)\.([0-9]+)\.([A-Z0-9]+)|(publicTrade|tickers)\.([A-Z0-9]+)")
CHANNELS = {"publicTrade": "trade", "tickers": "ticker"}
MOST_SPOT_ARGS = 10
DEEDS = {
    "order.create": "/v5/order/create", "order.amend": "/v5/order/amend",
    "order.cancel": "/v5/order/cancel",
}  # fmt: skip


class BybitConnection(Connection):
    """One websocket; on the private stream it hears what it has subscribed to."""

    _ids = count(1)

    def __init__(self, socket, request):
        super().__init__(socket, request)
        self.conn_id = f"cejreaspqfh3sjdnldmg-{next(self._ids)}"
        self.private = set()
        self.is_known = False

    def event(self, topic, body):
        """Send an event, if it was subscribed to."""
        if topic != "user":
            self.push(body)
            return
        category = body["data"][0].get("category", "")
        for name in (body["topic"], f"{body['topic']}.{category}"):
            if name in self.private:
                self.push({**body, "topic": name})

    def answer(self, op, body, **more):
        """Answer a request in the form of the streams."""
        number = {"req_id": body["req_id"]} if "req_id" in body else {}
        self.push({
            "success": True, "ret_msg": "", "conn_id": self.conn_id, "op": op, **number, **more
        })  # fmt: skip


class Streams:
    """Answers what is asked on the websockets of one account."""

    def __init__(self, account, on_deed):
        self._account = account
        self._on_deed = on_deed

    def _logon(self, connection, body):
        right = access.is_logon(self._account.key, body.get("args") or (), self._account.now_ms())
        connection.is_known = right
        return right

    # Private.

    async def on_private(self, connection, body):
        """Answer auth, subscribe, unsubscribe, ping."""
        op, args = body.get("op"), body.get("args") or []
        if not connection.silent:
            self._account.heartbeat(connection.private)
        if op == "ping":
            now = str(self._account.now_ms())
            connection.push({
                "req_id": body.get("req_id", ""), "op": "pong", "args": [now],
                "conn_id": connection.conn_id,
            })  # fmt: skip
        elif op == "auth":
            right = self._logon(connection, body)
            connection.answer(op, body, success=right, ret_msg="" if right else "Params Error")
        elif not connection.is_known:
            connection.answer(op, body, success=False, ret_msg="Request not authorized")
        elif op == "subscribe":
            unknown = [name for name in args if not _is_private(name)]
            if unknown:
                text = f"error:handler not found,topic:{unknown[0]}"
                connection.answer(op, body, success=False, ret_msg=text)
                return
            connection.private.update(args)
            connection.topics["user"] = "user"
            connection.answer(op, body)
            self._account.heartbeat(args)
        elif op == "unsubscribe":
            connection.private.difference_update(args)
            connection.answer(op, body)
        else:
            connection.answer(op, body, success=False, ret_msg="error:invalid op")

    # Public.

    async def on_public(self, category, connection, body):
        """Answer subscribe, unsubscribe, ping on the stream of one category."""
        op, args = body.get("op"), body.get("args") or []
        if op == "ping":
            connection.answer(op, body, ret_msg="pong")
        elif op == "subscribe":
            self._subscribe(category, connection, body, args)
        elif op == "unsubscribe":
            for name in args:
                connection.topics = {t: n for t, n in connection.topics.items() if n != name}
            connection.answer(op, body)
        else:
            connection.answer(op, body, success=False, ret_msg="error:invalid op")

    def _subscribe(self, category, connection, body, args):
        found = [(name, *_public(category, name)) for name in args]
        wrong = [name for name, kind, *_ in found if not kind]
        if wrong or (category.name == "spot" and len(args) > MOST_SPOT_ARGS):
            text = f"error:handler not found,topic:{wrong[0]}" if wrong else "args size >10"
            connection.answer("subscribe", body, success=False, ret_msg=text)
            return
        connection.answer("subscribe", body, ret_msg="subscribe")
        for name, kind, depth, wire in found:
            connection.topics[f"{name}@{CHANNELS.get(kind, 'depth')}"] = name
            if kind == "orderbook":
                connection.push(category.books.snapshot(depth, wire, category.now_ms()))
            elif kind == "tickers":
                connection.push(self.ticker(category, wire, "snapshot"))

    def ticker(self, category, wire, kind):
        """Return a message of a ticker topic."""
        market = category.markets.by_wire[wire]
        return {
            "topic": f"tickers.{wire}", "type": kind, "ts": category.now_ms(),
            "cs": market.update_id, "data": self._account.ticker(category, market),
        }  # fmt: skip

    # Orders.

    async def on_trade(self, connection, body):
        """Answer auth, ping and what is done with orders."""
        op, now_ms = body.get("op"), self._account.now_ms()
        told = {"op": op, "connId": connection.conn_id}
        if op == "ping":
            connection.push({"retCode": 0, "retMsg": "OK", **told, "op": "pong",
                             "data": [str(now_ms)]})  # fmt: skip
            return
        if op == "auth":
            right = self._logon(connection, body)
            code, text = (0, "OK") if right else (10004, "Invalid sign")
            connection.push({"retCode": code, "retMsg": text, **told})
            return
        told |= {"reqId": body.get("reqId", "")}
        if not connection.is_known or op not in DEEDS:
            code, text = (10404, "op type is not found") if connection.is_known else (
                10003, "not authorized")  # fmt: skip
            connection.push({"retCode": code, "retMsg": text, "data": {}, **told})
            return
        header = body.get("header") or {}
        try:
            window = header.get("X-BAPI-RECV-WINDOW", str(access.DEFAULT_WINDOW_MS))
            access.check_time(header.get("X-BAPI-TIMESTAMP", ""), window, now_ms)
        except BybitError as error:
            connection.push({"retCode": error.code, "retMsg": error.text, "data": {}, **told})
            return
        (words,) = body.get("args") or [{}]
        self._on_deed(connection, DEEDS[op], words, told)


def _is_private(name):
    kind, _, category = name.partition(".")
    if name in DCP_TOPICS:
        return True
    return kind in PRIVATE and category in {"", "spot", "linear"}


def _public(category, name):
    """Return (kind, depth, symbol) of a public topic; nothing if there is none."""
    found = TOPIC.fullmatch(name)
    if found is None:
        return "", 0, ""
    kind, depth, wire = found[1] or found[4], int(found[2] or 0), found[3] or found[5]
    known = wire in category.symbols and (kind != "orderbook" or depth in DEPTHS)
    return (kind, depth, wire) if known else ("", 0, "")
