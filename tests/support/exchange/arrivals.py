"""What arrives on the one port: by its host name it is REST, a stream or the websocket API."""

from __future__ import annotations

from functools import partial

import orjson
from aiohttp import web
from support.exchange.asking import Asked, answer_to, security_of_request, security_of_socket
from support.exchange.faulty import play, play_on_socket
from support.exchange.hosts import CALLS, NOTHING, REST, SPOT, place_of
from support.exchange.hub import Connection, on_stream_request
from support.exchange.params import Params
from support.exchange.socket_api import SPOT_METHODS, USDM_METHODS

SUBSCRIBE = "userDataStream.subscribe.signature"


class Arrivals:
    """Takes every connection; notes every request."""

    def __init__(self, apis, hubs, faults):
        self.requests = []
        self.strangers = []
        self.problems = []
        self._apis = apis
        self._hubs = hubs
        self._faults = faults

    async def handle(self, request):
        """Answer whatever it is. A mistake of ours is noted: the test that made it fails."""
        try:
            return await self._handle(request)
        except ConnectionError:
            raise
        except Exception as problem:
            self.problems.append(problem)
            raise

    async def _handle(self, request):
        name, way = place_of(request.host.partition(":")[0], request.path)
        if name == NOTHING and request.path.endswith("/exchangeInfo"):
            return web.json_response({"symbols": []})
        if name not in self._apis:
            self.strangers.append(str(request.url))
            return web.Response(status=502, text=f"{request.url}: not in this exchange")
        api, hub = self._apis[name], self._hubs[name]
        if way == REST:
            return await self._rest(api, request)
        fault = self._faults.take("CONNECT", request.path)
        if fault is not None:
            return await play(fault, self._faults, request, None)
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
        fault = self._faults.take(method, path)
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
            return await play(fault, self._faults, request, answer)
        status, body, headers = answer
        return web.Response(
            status=status, body=orjson.dumps(body), headers=headers,
            content_type="application/json",
        )  # fmt: skip

    async def _on_call(self, name, connection, body):
        """Answer one request on the websocket API."""
        api, what = self._apis[name], body.get("method", "")
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
            add = partial(self._hubs[name].add_user, connection)
            status, result = api.subscribe(params, secure, add)
        elif acted:
            status, result, _ = answer_to(api, method, path, params, secure)
        if fault is not None:
            play_on_socket(fault, connection, body.get("id"), path)
        else:
            told = {"result": result} if status == 200 else {"error": result}
            connection.push({"id": body.get("id"), "status": status, **told})
