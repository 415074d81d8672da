"""OKX: one unified account behind www.okx.com and ws.okx.com, those of demo trading included."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import orjson
from aiohttp import web
from support.exchange.asking import Asked
from support.exchange.faulty import Words, play
from support.exchange.house import House
from support.exchange.okx.api import OkxApi
from support.exchange.okx.channels import CALLS, ONE, OkxConnection
from support.exchange.okx.errors import TEXTS, OkxError
from support.exchange.okx.instruments import okx_instruments
from support.exchange.okx.limits import OkxLimiter
from support.exchange.okx.signing import OkxKey, check_request

ACCOUNT = "unified"
REST = ("www.okx.com", "aws.okx.com")
SOCKETS = ("ws.okx.com", "wspap.okx.com")
PREFIX = "/api/v5/"


class OkxWords(Words):
    """How OKX says that something went wrong."""

    name = "OKX"
    unknown = MappingProxyType({"code": "50026", "msg": TEXTS["50026"], "data": []})

    def said(self, fault, path):
        """Return (status, body or None for a web page, headers) of a fault that says something."""
        if fault.what == "slow":
            return 429, {"code": "50011", "msg": TEXTS["50011"]}, {}
        if fault.what == "ban":
            return 403, None, {}
        if fault.what == "duplicate":
            row = {"ordId": "", "clOrdId": "", "sCode": "51016", "sMsg": TEXTS["51016"]}
            return 200, {"code": "1", "msg": "All operations failed", "data": [row]}, {}
        if fault.code is None:
            return fault.http, None, {}
        code = str(fault.code)
        return fault.http, {"code": code, "msg": fault.text or TEXTS.get(code, ""), "data": []}, {}


WORDS = OkxWords()


class OkxHouse(House):
    """Spot and linear perpetuals in one account: `exchange.unified`."""

    accounts = (ACCOUNT,)
    deposits = MappingProxyType({ACCOUNT: {"USDT": 100_000, "BTC": 2, "ETH": 20}})
    limits = MappingProxyType({ACCOUNT: {"orders": 1_000, "paths": {}}})
    make_key = OkxKey

    def make_apis(self, symbols, deposits, limits):
        """Make the API."""
        self._said = {}
        self.apis[ACCOUNT] = OkxApi(
            okx_instruments(symbols), deposits=deposits[ACCOUNT], clock=self.clock,
            say=self.hubs[ACCOUNT].say, limiter=OkxLimiter(**limits[ACCOUNT]), key=self.key,
        )  # fmt: skip

    @staticmethod
    def credentials(key):
        """Return what a ccxt client needs to sign."""
        return {"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase}

    def say_tickers(self):
        """Say the tickers that are heard and have changed since they were said."""
        api, hub = self.apis[ACCOUNT], self.hubs[ACCOUNT]
        for wire, market in api.markets.by_wire.items():
            topic = f"{wire}@tickers"
            if self._said.get(topic) != market.version and hub.listening(topic):
                self._said[topic] = market.version
                hub.say(topic, [market.ticker(api.now_ms())])

    async def answer(self, request):
        """Answer a request, or carry a websocket until it ends."""
        host = request.host.partition(":")[0]
        if host in REST and request.path.startswith(PREFIX):
            return await self._rest(request)
        way = request.path.rpartition("/")[2]
        if host not in SOCKETS or way not in {"public", "private"}:
            self.strangers.append(str(request.url))
            return web.Response(status=502, text=f"{request.url}: not in this exchange")
        fault = self.faults.take("CONNECT", request.path)
        if fault is not None:
            return await play(fault, self.faults, request, None, WORDS)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        api = self.apis[ACCOUNT]
        connection = OkxConnection(socket, request, api, private=way == "private")
        listen = partial(OkxConnection.on_request, call=self._on_call)
        await self.hubs[ACCOUNT].serve(connection, listen)
        return socket

    def _note(self, method, path, params, by):
        """Note a request; return the fault that is for it, and whether it shall be acted on."""
        fault = self.faults.take(method, path)
        acted = fault is None or fault.acts
        at_ms = self.apis[ACCOUNT].now_ms()
        self.requests.append(Asked(method, path, params, at_ms, by, acted))
        return fault, acted

    async def _rest(self, request):
        api, body = self.apis[ACCOUNT], (await request.read()).decode()
        params = dict(request.query) if request.method == "GET" else orjson.loads(body or "{}")
        fault, acted = self._note(request.method, request.path, params, "rest")
        answer = None
        if acted:
            secure = partial(self._secure, request, body)
            path = request.path.removeprefix(PREFIX)
            until_ms = int(request.headers.get("expTime") or 0)
            answer = api.ask(request.method, path, params, secure, until_ms)
        if fault is not None:
            return await play(fault, self.faults, request, answer, WORDS)
        status, told = answer
        return web.Response(
            status=status, body=orjson.dumps(told), content_type="application/json"
        )

    def _secure(self, request, body):
        api = self.apis[ACCOUNT]
        if request.method != "GET" and request.content_type != "application/json":
            raise OkxError(50006, 'Invalid Content-Type, please use "application/json".')
        text = request.method + request.rel_url.raw_path_qs + body
        check_request(api.key, request.headers, text, api.now_ms())

    def _on_call(self, connection, op, number, args):
        """Answer orders, amendments and cancels that came by socket."""
        api, path = self.apis[ACCOUNT], CALLS[op]
        fault, acted = self._note("POST", PREFIX + path, args, "socket")
        params = args[0] if op in ONE and args else args
        body = api.ask("POST", path, params)[1] if acted else dict(WORDS.unknown)
        if fault is not None and fault.what == "close":
            connection.abort()
        elif fault is None or fault.what in {"status", "slow", "duplicate"}:
            if fault is not None:
                body = WORDS.said(fault, path)[1] or dict(WORDS.unknown)
            now_us = str(api.clock() // 1000)
            connection.push({"id": number, "op": op, **body, "inTime": now_us, "outTime": now_us})
