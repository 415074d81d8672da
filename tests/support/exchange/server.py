"""The exchange in the test: Binance on 127.0.0.1, by its own names, in a thread of its own.

    with LocalExchange(feed={"path": recording}) as exchange:
        client = ccxt.pro.binance({**exchange.credentials, "session": session_to(exchange.port)})

See README.md here. Everything that a test reads or commands (`spot`, `usdm`, `faults`) runs in the
server's thread: attributes of these are reached through `_Through`, calls return when done.
"""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import orjson
from aiohttp import web
from support.exchange.asking import Asked, answer_to, security_of_request, security_of_socket
from support.exchange.certificate import server_context
from support.exchange.faults import Faults
from support.exchange.faulty import play
from support.exchange.hub import Connection, Hub, on_stream_request
from support.exchange.limits import Limiter, Limits
from support.exchange.market import TICKERS
from support.exchange.params import Params
from support.exchange.signing import ApiKey
from support.exchange.socket_api import SPOT_METHODS
from support.exchange.spot import SpotApi
from support.exchange.view import AccountView

from bridges.paper.instruments import instrument

TICK_S = 0.02
WAIT_S = 20
SPOT_HOSTS = ("api.binance.com", "testnet.binance.vision", "demo-api.binance.com")
STREAM_HOSTS = (
    "stream.binance.com", "stream.testnet.binance.vision", "demo-stream.binance.com",
)  # fmt: skip
SOCKET_HOSTS = (
    "ws-api.binance.com", "ws-api.testnet.binance.vision", "demo-ws-api.binance.com",
)  # fmt: skip
NOTHING_HOSTS = ("fapi.binance.com", "dapi.binance.com", "demo-dapi.binance.com")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
DEPOSITS = {"USDT": 100_000, "BTC": 2, "ETH": 20}
SPOT_LIMITS = {"weight": 6000, "orders": {"10S": 100, "1D": 200_000}}


class _Through:
    """Reaches an object of the server's thread: calls are made there and waited for."""

    def __init__(self, call, target):
        self._call = call
        self._target = target

    def __getattr__(self, name):
        found = getattr(self._target, name)
        return partial(self._call, found) if callable(found) else found


class LocalExchange:
    """One account at the exchange. `feed` is a setting of `bridges.paper.feeds`, or None."""

    def __init__(
        self, *, feed=None, symbols=SYMBOLS, deposits=None, key=None, ticker_ms=1000, limits=None
    ):
        self.key = key or ApiKey()
        self.requests = []
        self.strangers = []
        self.port = 0
        self._feed = feed
        self._ticker_s = ticker_ms / 1000
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="exchange", daemon=True)
        self._up = threading.Event()
        self._problem = None
        self._tasks = set()
        self._said = {}
        self._symbols = symbols
        self._deposits = deposits or DEPOSITS
        self._limits = {**SPOT_LIMITS, **(limits or {})}

    @property
    def credentials(self):
        """What a ccxt client needs to sign."""
        return {"apiKey": self.key.api_key, "secret": self.key.secret}

    # The thread.

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(WAIT_S), "the local exchange did not start"
        if self._problem is not None:
            raise self._problem
        self.spot = AccountView(self._spot, self._spot_hub, self.call)
        self.faults = _Through(self.call, self._faults)
        return self

    def __exit__(self, *_):
        self.call(self._faults.clear)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        if self._problem is not None:
            raise self._problem

    def call(self, function, *args, **named):
        """Call a function in the server's thread and return what it returns."""

        async def run():
            return function(*args, **named)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(WAIT_S)

    def _live(self):
        asyncio.set_event_loop(self._loop)
        try:
            runner = self._loop.run_until_complete(self._start())
        except Exception as problem:  # noqa: BLE001 - the test's own thread raises it
            self._problem = problem
            self._up.set()
            return
        self._up.set()
        self._loop.run_forever()
        for task in self._tasks:
            if task.done():
                self._problem = task.exception()
            task.cancel()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _start(self):
        self._spot_hub = Hub()
        self._faults = Faults([self._spot_hub])
        self._spot = SpotApi(
            [instrument(symbol) for symbol in self._symbols], deposits=self._deposits,
            clock=self.clock, say=self._spot_hub.say, limiter=Limiter(Limits(**self._limits)),
            key=self.key,
        )  # fmt: skip
        self._spot.markets.open(self._feed, self.clock())
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context())
        await site.start()
        self.port = runner.addresses[0][1]
        for forever in (self._tick(), self._tickers()):
            self._tasks.add(asyncio.ensure_future(forever))
        return runner

    def clock(self):
        """Return the exchange's time in ns."""
        return time.time_ns() + self._faults.skew_ms * 1_000_000

    def skew(self, milliseconds):
        """Set the exchange's clock so far ahead of ours."""
        self._faults.skew_ms = milliseconds

    async def _tick(self):
        while True:
            await asyncio.sleep(TICK_S)
            self._spot.tick(self.clock())

    async def _tickers(self):
        while True:
            await asyncio.sleep(self._ticker_s)
            self._say_tickers(self._spot, self._spot_hub)

    def _say_tickers(self, api, hub):
        """Say the statistics that are heard and have changed since they were said."""
        for wire, market in api.markets.by_wire.items():
            for name, form in TICKERS.items():
                topic = f"{wire.lower()}@{name}"
                said = self._said.get((hub, topic))
                if said != market.version and hub.listening(topic):
                    self._said[hub, topic] = market.version
                    hub.say(topic, form(market, api.now_ms()))

    # What arrived.

    def asked(self, method, end):
        """Return the requests so far with this method and end of the path."""
        return self.call(
            lambda: [r for r in self.requests if r.method == method and r.path.endswith(end)]
        )

    # What arrives.

    async def _handle(self, request):
        host = request.host.partition(":")[0]
        if host in SPOT_HOSTS:
            return await self._rest(self._spot, request)
        if host in STREAM_HOSTS:
            return await self._streams(self._spot_hub, request)
        if host in SOCKET_HOSTS:
            return await self._socket_api(self._spot, self._spot_hub, request)
        if host in NOTHING_HOSTS and request.path.endswith("/exchangeInfo"):
            return web.json_response({"symbols": []})
        self.strangers.append(str(request.url))
        return web.Response(status=502, text=f"{request.url}: not in this exchange")

    async def _rest(self, api, request):
        query, form = request.rel_url.raw_query_string, (await request.read()).decode()
        params = Params.of(query, form)
        fault = self._faults.take(request.method, request.path)
        acted = fault is None or fault.acts
        self.requests.append(
            Asked(request.method, request.path, dict(params), api.now_ms(), "rest", acted)
        )
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

    async def _streams(self, hub, request):
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        combined = request.path.startswith("/stream")
        connection = Connection(socket, request, combined=combined)
        names = request.query.get("streams", "") if combined else request.path.split("/")[-1]
        for name in names.split("/"):
            connection.subscribe(name)
        await hub.serve(connection, on_stream_request)
        return socket

    async def _socket_api(self, api, hub, request):
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await hub.serve(Connection(socket, request), partial(self._on_call, api, hub))
        return socket

    async def _on_call(self, api, hub, connection, body):
        """Answer one request on the websocket API."""
        name, sent = body.get("method", ""), body.get("params") or {}
        words = {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in sent.items()
        }
        params = Params(words, strict=False)
        secure = security_of_socket(api, params)
        method, path = SPOT_METHODS.get(name, ("WS", name))
        fault = self._faults.take(method, path)
        acted = fault is None or fault.acts
        self.requests.append(Asked(method, path, words, api.now_ms(), "socket", acted))
        status, result = 200, None
        if acted and name == "userDataStream.subscribe.signature":
            status, result = api.subscribe(params, secure, partial(hub.add_user, connection))
        elif acted:
            status, result, _ = answer_to(api, method, path, params, secure)
        if fault is not None:
            if fault.what == "close":
                connection.abort()
            return
        told = {"result": result} if status == 200 else {"error": result}
        connection.push({"id": body.get("id"), "status": status, **told})
