"""Binance: what arrives is REST, a stream or the websocket API, by its host name."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import orjson
from aiohttp import web
from support.exchange.asking import Asked, answer_to, security_of_request, security_of_socket
from support.exchange.faulty import Words, play
from support.exchange.hosts import (
    CALLS,
    DEPOSITS,
    LIMITS,
    NOTHING,
    REST,
    SPOT,
    USDM,
    place_of,
    spot_instruments,
    usdm_instruments,
)
from support.exchange.house import House
from support.exchange.hub import Connection, on_stream_request
from support.exchange.limits import Limiter, Limits
from support.exchange.market import TICKERS
from support.exchange.params import Params
from support.exchange.socket_api import SPOT_METHODS, USDM_METHODS
from support.exchange.spot import SpotApi
from support.exchange.usdm import UsdmApi

SUBSCRIBE = "userDataStream.subscribe.signature"
MAKERS = {SPOT: (SpotApi, spot_instruments), USDM: (UsdmApi, usdm_instruments)}


class BinanceWords(Words):
    """How Binance says that something went wrong."""

    name = "Binance"
    unknown = MappingProxyType(
        {"code": -1000, "msg": "An unknown error occurred while processing the request."}
    )

    def said(self, fault, path):
        """Return (status, body or None for a web page, headers) of a fault that says something."""
        if fault.what in {"slow", "ban"}:
            status = 429 if fault.what == "slow" else 418
            body = {"code": -1003, "msg": fault.text or "Too many requests queued."}
            return status, body, {"Retry-After": str(fault.retry_after)}
        if fault.what == "duplicate" and path.startswith("/fapi"):
            return 400, {"code": -4116, "msg": "ClientOrderId is duplicated."}, {}
        if fault.what == "duplicate":
            return 400, {"code": -2010, "msg": "Duplicate order sent."}, {}
        body = None if fault.code is None else {"code": fault.code, "msg": fault.text}
        return fault.http, body, {}


WORDS = BinanceWords()


def play_on_socket(fault, connection, number, path):
    """Answer a request on the websocket API as a fault wants, which may be with nothing."""
    if fault.what == "close":
        connection.abort()
    elif fault.what in {"status", "slow", "ban", "duplicate"}:
        status, body, _ = WORDS.said(fault, path)
        error = body or {"code": -1000, "msg": fault.text}
        connection.push({"id": number, "status": status, "error": error})


class BinanceHouse(House):
    """A spot and a futures account."""

    accounts = (SPOT, USDM)
    deposits = DEPOSITS
    limits = LIMITS

    def make_apis(self, symbols, deposits, limits):
        """Make both APIs."""
        self._said = {}
        for name, (kind, instruments) in MAKERS.items():
            self.apis[name] = kind(
                instruments(symbols), deposits=deposits[name], clock=self.clock,
                say=self.hubs[name].say, limiter=Limiter(Limits(**limits[name])), key=self.key,
            )  # fmt: skip

    def tick(self):
        """Do what is due; a listen key may end."""
        super().tick()
        for name, api in self.apis.items():
            if api.stream_is_over():
                self.hubs[name].end_user(api.ended_event())

    def say_tickers(self):
        """Say the statistics that are heard and have changed since they were said."""
        for account, api in self.apis.items():
            for wire, market in api.markets.by_wire.items():
                for name, form in TICKERS.items():
                    topic = f"{wire.lower()}@{name}"
                    fresh = self._said.get((account, topic)) != market.version
                    if fresh and self.hubs[account].listening(topic):
                        self._said[account, topic] = market.version
                        self.hubs[account].say(topic, form(market, api.now_ms()))

    async def answer(self, request):
        """Answer a request, or carry a websocket until it ends."""
        name, way = place_of(request.host.partition(":")[0], request.path)
        if name == NOTHING and request.path.endswith("/exchangeInfo"):
            return web.json_response({"symbols": []})
        if name not in self.apis:
            self.strangers.append(str(request.url))
            return web.Response(status=502, text=f"{request.url}: not in this exchange")
        api, hub = self.apis[name], self.hubs[name]
        if way == REST:
            return await self._rest(api, request)
        fault = self.faults.take("CONNECT", request.path)
        if fault is not None:
            return await play(fault, self.faults, request, None, WORDS)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        combined = request.path.startswith("/stream")
        connection = Connection(socket, request, combined=combined)
        if way == CALLS:
            await hub.serve(connection, partial(self._on_call, name))
            return socket
        names = request.query.get("streams", "") if combined else request.path.split("/")[-1]
        for stream in names.split("/"):
            connection.subscribe(stream)
        if name != SPOT and api.key_lives(request.query.get("listenKey")):
            connection.topics["user"] = "user"
        await hub.serve(connection, on_stream_request)
        return socket

    def _note(self, api, method, path, params, by):
        """Note a request; return the fault that is for it, and whether it shall be acted on."""
        fault = self.faults.take(method, path)
        acted = fault is None or fault.acts
        self.requests.append(Asked(method, path, dict(params), api.now_ms(), by, acted))
        return fault, acted

    async def _rest(self, api, request):
        query, form = request.rel_url.raw_query_string, (await request.read()).decode()
        params = Params.of(query, form)
        fault, acted = self._note(api, request.method, request.path, params, "rest")
        answer = None
        if acted:
            secure = security_of_request(api, request.headers.get("X-MBX-APIKEY"), query, form)
            answer = answer_to(api, request.method, request.path, params, secure)
        if fault is not None:
            return await play(fault, self.faults, request, answer, WORDS)
        status, body, headers = answer
        return web.Response(
            status=status, body=orjson.dumps(body), headers=headers,
            content_type="application/json",
        )  # fmt: skip

    async def _on_call(self, name, connection, body):
        """Answer one request on the websocket API."""
        api, what = self.apis[name], body.get("method", "")
        words = {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in (body.get("params") or {}).items()
        }
        params = Params(words, strict=False)
        secure = security_of_socket(api, params)
        methods = SPOT_METHODS if name == SPOT else USDM_METHODS
        method, path = methods.get(what, ("WS", what))
        fault, acted = self._note(api, method, path, words, "socket")
        status, result = 200, None
        if acted and what == SUBSCRIBE and name == SPOT:
            add = partial(self.hubs[name].add_user, connection)
            status, result = api.subscribe(params, secure, add)
        elif acted:
            status, result, _ = answer_to(api, method, path, params, secure)
        if fault is not None:
            play_on_socket(fault, connection, body.get("id"), path)
        else:
            told = {"result": result} if status == 200 else {"error": result}
            connection.push({"id": body.get("id"), "status": status, **told})
