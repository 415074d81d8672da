"""bybit as the bridge meets it in virtual time: methods of ccxt on the routes of the account."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from urllib.parse import unquote

from support.exchange.bybit.access import BybitKey, BybitLimiter
from support.exchange.bybit.account import BybitAccount
from support.exchange.bybit.house import answer_to, instruments_of
from support.exchange.bybit.refusals import OWN
from support.exchange.hub import Hub
from support.virtual_exchange import Face

from bridges.crypto.effects import Response

METHOD = re.compile(r"(?:private|public)(Get|Post)(V5\w+)$")


class PrivateHub(Hub):
    """The private stream, which the test carries."""

    def __init__(self, say):
        super().__init__()
        self._tell = say

    def say(self, _, body):
        """Pass an event on."""
        self._tell(body)


class BybitFace(Face):
    """Spot or linear of a unified account, as `api`; matching comes `lag_ms` after an answer."""

    wrong = MappingProxyType({
        "server_error_acted": Response(
            200, {"retCode": 10016, "retMsg": "Server error.", "result": {}}, {}
        ),
        "slow": Response(
            200, {"retCode": 10006, "retMsg": "Too many visits.", "result": {}, "time": 1_000},
            {"x-bapi-limit-reset-timestamp": "2000"},
        ),
        "odd": Response(200, {"retCode": 170007, "retMsg": "Timeout waiting", "result": {}}, {}),
    })  # fmt: skip

    def __init__(self, category, clock, say, *, lag_ms=0, limits=None, key=None):
        self.refused = ""
        """Which request on the stream bybit does not take: `auth`, `subscribe`."""
        hubs = {"private": PrivateHub(say), "spot": Hub(), "linear": Hub()}
        self.account = BybitAccount(
            instruments_of(["BTC/USDT"]), deposits={"USDT": 1_000_000, "BTC": 2}, clock=clock,
            hubs=hubs, limiter=BybitLimiter(limits or {}), key=key or BybitKey(),
        )  # fmt: skip
        if limits is None:
            self.account.limiter.ip_limit = 10**9
        self.api = self.account.categories[category]
        self.api.lag_ns = lag_ms * 1_000_000
        code, text = OWN["duplicate"][category]
        taken = {"retCode": code, "retMsg": text, "result": {}}
        self.wrong = {**self.wrong, "duplicate": Response(200, taken, {})}
        self._paths = {path.replace("/", "").replace("-", ""): path
                       for _, path in self.account.routes}  # fmt: skip

    def answer(self, call):
        """Return the Response to a Call."""
        verb, name = METHOD.match(call.method).groups()
        path = self._paths[name.lower()]
        words = dict(call.params)
        if verb == "Get":
            words = {key: unquote(str(value)) for key, value in words.items()}
        status, body, headers = answer_to(self.account, verb.upper(), path, words, None)
        lower = {key.lower(): value for key, value in headers.items()}
        return Response(status, json.loads(json.dumps(body)), lower)

    def replies(self, words):
        """Welcome whoever logs on, and take what is subscribed to."""
        taken = words["op"] != self.refused
        return [{"success": taken, "ret_msg": "", "op": words["op"], "conn_id": "1"}]

    def is_welcome(self, words):
        """Tell of the account once it is subscribed to."""
        return words["op"] == "subscribe" != self.refused
