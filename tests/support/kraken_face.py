"""Kraken as the bridge meets it in virtual time: its API without REST, and the private stream."""

from __future__ import annotations

from types import MappingProxyType

import orjson
from support.exchange.kraken.api import KrakenApi
from support.exchange.kraken.asking import plain
from support.exchange.kraken.counters import Counters
from support.exchange.kraken.forms import stamp
from support.exchange.kraken.house import kraken_instruments
from support.exchange.kraken.keys import KrakenKey
from support.virtual_exchange import Face

from bridges.crypto.effects import Response
from bridges.crypto.shell import read_body

CHANNELS = {"user": "executions", "balances": "balances"}


def as_heard(body):
    """Return a body as the shell reads it: numbers as they are written."""
    return read_body(orjson.dumps(body))


class KrakenFace(Face):
    """The spot account; every request comes in order, so no nonce is looked at.

    The stream carries the executions; of money nothing is told.
    """

    wrong = MappingProxyType({
        "server_error_acted": Response(200, {"error": ["EService:Unavailable"]}, {}),
        "slow": Response(200, {"error": ["EAPI:Rate limit exceeded"]}, {}),
        "odd": Response(200, {"error": ["EGeneral:Internal error"]}, {}),
        "duplicate": Response(200, {"error": ["EOrder:cl_ord_id already in use"]}, {}),
    })  # fmt: skip

    def __init__(self, clock, say, symbol):
        self._say = say
        self.api = KrakenApi(
            kraken_instruments([symbol]), deposits={"USDT": 1_000_000}, clock=clock,
            say=self._tell, key=KrakenKey(),
            counters=Counters(
                rest=1_000_000, rest_decay=1, trading=1_000_000, trading_decay=1, orders=1000
            ),
        )  # fmt: skip

    def _tell(self, topic, body):
        if topic == "user":
            number, data = body
            self._say(as_heard({
                "channel": CHANNELS[topic], "type": "update", "data": data, "sequence": number + 1,
            }))  # fmt: skip

    def answer(self, call):
        """Return the Response to a Call."""
        method = call.method.removeprefix("privatePost").removeprefix("publicGet")
        words = {name: plain(value) for name, value in call.params.items()}
        return Response(200, as_heard(self.api.answer(method, words, lambda: None)), {})

    def replies(self, words):
        """Take a subscription, with its snapshot."""
        channel = words["params"]["channel"]
        taken = {
            "method": "subscribe", "success": True, "result": {"channel": channel},
            "time_in": stamp(self.api.now_ms()),
        }  # fmt: skip
        orders = self.api.snapshot_of_orders() if channel == "executions" else []
        topic = next(name for name, one in CHANNELS.items() if one == channel)
        snapshot = {"channel": channel, "type": "snapshot", "data": orders,
                    "sequence": self.api.said[topic] + 1}  # fmt: skip
        return [taken, as_heard(snapshot)]

    def is_welcome(self, words):
        """Tell of the account once the executions are subscribed to."""
        return words["params"]["channel"] == "executions"
