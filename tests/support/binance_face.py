"""Binance as the bridge meets it in virtual time: methods of ccxt on the routes of the API."""

from __future__ import annotations

import json
import re
from types import MappingProxyType

from support.exchange.asking import answer_to
from support.exchange.limits import Limiter, Limits
from support.exchange.params import Params
from support.exchange.signing import ApiKey
from support.virtual_exchange import Face

from bridges.crypto.effects import Response

PREFIXES = {
    "fapiPrivateV3": "/fapi/v3", "fapiPrivateV2": "/fapi/v2", "fapiPrivate": "/fapi/v1",
    "fapiPublic": "/fapi/v1", "sapi": "/sapi/v1", "private": "/api/v3", "public": "/api/v3",
}  # fmt: skip
"""The longest first."""
VERB = re.compile(r"(Get|Post|Put|Delete)(\w+)$")


def route_of(api, method):
    """Return (verb, path) of one of ccxt's methods, as the API has it."""
    prefix = next(one for one in PREFIXES if method.startswith(one))
    found = VERB.match(method[len(prefix):])
    wanted = (PREFIXES[prefix] + "/" + found[2]).replace("/", "").lower()
    for verb, path in api.routes:
        if verb == found[1].upper() and path.replace("/", "").lower() == wanted:
            return verb, path
    raise KeyError(method)


class BinanceFace(Face):
    """Spot or USD-M; spot's user stream begins with a logon."""

    wrong = MappingProxyType({
        "server_error_acted": Response(
            503, {"code": -1000, "msg": "An unknown error occurred"}, {}
        ),
        "slow": Response(
            429, {"code": -1003, "msg": "Too many requests"}, {"retry-after": "2"}
        ),
        "odd": Response(
            400, {"code": -1006, "msg": "An unexpected response was received."}, {}
        ),
        "duplicate": Response(400, {"code": -2010, "msg": "Duplicate order sent."}, {}),
    })  # fmt: skip

    def __init__(self, make_api, instruments, clock, say, *, needs_words):
        self.needs_words = needs_words
        self.api = make_api(
            instruments, deposits={"USDT": 1_000_000}, clock=clock,
            say=lambda topic, body: say(body) if topic == "user" else None,
            limiter=Limiter(Limits(weight=1_000_000, orders={"10S": 100_000})), key=ApiKey(),
        )  # fmt: skip

    def answer(self, call):
        """Return the Response to a Call."""
        verb, path = route_of(self.api, call.method)
        params = Params({name: str(value) for name, value in call.params.items()})
        status, body, headers = answer_to(self.api, verb, path, params, lambda **_: None)
        return Response(status, json.loads(json.dumps(body)), dict(headers))

    def waiting(self):
        """Return what waits in the algo service of USD-M."""
        algos = getattr(self.api, "algos", {}).values()
        return {one.client_id: one.qty for one in algos if one.status == "NEW"}

    def replies(self, words):
        """Welcome whoever logs on."""
        return [{"id": "1", "status": 200, "result": {"subscriptionId": 0}}]

    def is_welcome(self, words):
        """Tell of the account after the logon."""
        return True
