"""OKX as the bridge meets it in virtual time: methods of ccxt on the paths of the API."""

from __future__ import annotations

import json
import re
from types import MappingProxyType

from support.exchange.okx.api import OkxApi
from support.exchange.okx.errors import TEXTS, OkxError
from support.exchange.okx.instruments import okx_instruments
from support.exchange.okx.limits import OkxLimiter
from support.exchange.okx.signing import WINDOW_MS, OkxKey
from support.virtual_exchange import Face

from bridges.crypto.effects import Response

METHOD = re.compile(r"(?:private|public)(Get|Post)(\w+)$")


def refused(code, http=200, **row):
    """Return an answer that says no."""
    rows = [{"ordId": "", "clOrdId": "", "sCode": code, "sMsg": TEXTS[code]}] if row else []
    body = {"code": "1" if row else code, "msg": "" if row else TEXTS[code], "data": rows}
    return Response(http, body, {})


class OkxFace(Face):
    """The unified account; its user stream begins with a login and two subscriptions."""

    wrong = MappingProxyType({
        "server_error_acted": refused("50026", 500), "slow": refused("50011", 429),
        "odd": refused("50004", 400), "duplicate": refused("51016", order=True),
    })  # fmt: skip

    def __init__(self, clock, say, *, key=None, symbols=("BTC/USDT",), bound=False):
        """`bound` keeps the exchange's own limits; the matrix asks faster than they allow."""
        free = dict.fromkeys(("trade/order", "trade/fills", "trade/orders-pending"), 10**6)
        self.api = OkxApi(
            okx_instruments(symbols), deposits={"USDT": 1_000_000}, clock=clock,
            say=lambda topic, body: self._tell(say, topic, body),
            limiter=OkxLimiter(orders=1_000 if bound else 10**6, paths={} if bound else free),
            key=key or OkxKey(),
        )  # fmt: skip
        self.channels = {}

    def _tell(self, say, topic, body):
        arg = self.channels.get(topic.removesuffix("@user"))
        if arg is not None:
            say({"arg": arg, "data": body})

    def answer(self, call):
        """Return the Response to a Call."""
        found = METHOD.match(call.method)
        wanted = found[2].lower()
        path = next(
            path for verb, path in self.api.routes
            if verb == found[1].upper() and re.sub(r"\W", "", path) == wanted
        )  # fmt: skip

        def secure():
            if abs(self.api.now_ms() - call.at_ms) > WINDOW_MS:
                raise OkxError(50102)

        params = [*call.rows] or {
            name: value if found[1] == "Post" else str(value)
            for name, value in call.params.items()
        }
        status, body = self.api.ask(found[1].upper(), path, params, secure, call.until_ms)
        return Response(status, json.loads(json.dumps(body)), {})

    def waiting(self):
        """Return the stops that wait."""
        return {
            one.client_id: one.words["qty"]
            for one in self.api.algos.values() if one.state == "live"
        }  # fmt: skip

    def replies(self, words):
        """Welcome whoever logs on, and what is subscribed."""
        if words["op"] == "login":
            return [{"event": "login", "code": "0", "msg": ""}]
        self.channels = {arg["channel"]: arg for arg in words["args"]}
        return [{"event": "subscribe", "arg": arg} for arg in words["args"]]

    def is_welcome(self, words):
        """Tell of the account once it is subscribed."""
        return words["op"] == "subscribe"
