"""bybit as the server carries it: one unified account, with `spot` and `linear` as a test sees it.

`exchange.unified` commands what belongs to the account: `lag`, `forget_closed`, `allow_dcp`.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import orjson
from aiohttp import web
from support.exchange.asking import Asked
from support.exchange.bybit import access
from support.exchange.bybit.account import BybitAccount
from support.exchange.bybit.refusals import (
    LINEAR,
    SPOT,
    WORDS,
    BybitError,
    answered,
    refuse_rate,
    refused,
)
from support.exchange.bybit.streams import BybitConnection, Streams
from support.exchange.faulty import play
from support.exchange.house import House
from support.exchange.hub import Hub
from support.exchange.view import AccountView

from bridges.paper.instruments import instrument

REST, STREAM = "rest", "stream"
HOSTS = {
    **dict.fromkeys(("api.bybit.com", "api-testnet.bybit.com", "api-demo.bybit.com"), REST),
    **dict.fromkeys(
        ("stream.bybit.com", "stream-testnet.bybit.com", "stream-demo.bybit.com"), STREAM
    ),
}
PRIVATE = "private"
PERPETUAL = {
    "price_tick": "0.01", "qty_step": "0.001", "min_qty": "0.001", "max_qty": "1190",
    "min_notional": "5", "maker_fee": "0.0002", "taker_fee": "0.00055",
}  # fmt: skip
"""The tick is the spot recording's; the real BTCUSDT perpetual moves in steps of 0.10."""
SPOT_RULES = {"maker_fee": "0.001", "taker_fee": "0.001"}


def instruments_of(symbols):
    """Return the instruments of both categories."""
    return {
        SPOT: [instrument(symbol, SPOT_RULES) for symbol in symbols],
        LINEAR: [instrument(symbol, PERPETUAL) for symbol in symbols],
    }


class BybitView(AccountView):
    """One category; what is said to the user is on the private stream of both."""

    def __init__(self, category, hubs, call):
        super().__init__(category, hubs[category.name], call)
        self._hubs = hubs

    def _hub_of(self, channel):
        return self._hubs[PRIVATE] if channel == "user" else self._hub

    def listeners(self, channel):
        """Return how many connections carry a channel now."""
        return self._call(lambda: len(self._hub_of(channel).carrying(channel)))

    def faults_left(self, channel):
        """Return how many events of a channel have still to be lost or repeated."""
        gate = self._hub_of(channel).gate(channel)
        return self._call(lambda: gate.losses + gate.repeats)

    def end_user_stream(self):
        """Close the private stream, in order: bybit has no word for its end."""
        self._call(self._hubs[PRIVATE].close_user)

    def accepted(self):
        """Return how many private connections there have been."""
        return self._call(lambda: self._hubs[PRIVATE].accepted)


class UnifiedView:
    """The account: its log, and the habits that a test may change."""

    def __init__(self, account, call):
        self._account = account
        self._call = call

    def log(self):
        """Return the lines of the transaction log."""
        return self._call(lambda: list(self._account.wallet.log))

    def lag(self, milliseconds):
        """Let the matching engine come so long after the acknowledgement."""
        for category in self._account.categories.values():
            category.lag_ns = milliseconds * 1_000_000

    def forget_closed(self):
        """Restart the service of order/realtime: closed orders are in order/history only."""

        def forget():
            for category in self._account.categories.values():
                for record in category.desk.records.values():
                    record.forgotten = not record.is_open

        self._call(forget)

    def allow_dcp(self, *, allowed):
        """Let the account have the dead man's switch, or not."""
        self._account.dcp_allowed = allowed


class BybitHouse(House):
    """A unified account."""

    accounts = (SPOT, LINEAR, "unified")
    deposits = MappingProxyType({"unified": {"USDT": 100_000, "BTC": 2, "ETH": 20}})
    limits = MappingProxyType(access.LIMITS)
    make_key = access.BybitKey

    def make_apis(self, symbols, deposits, limits):
        """Make the account."""
        self.hubs = {name: Hub() for name in (SPOT, LINEAR, PRIVATE)}
        self.limiter = access.BybitLimiter(limits)
        self.account = BybitAccount(
            instruments_of(symbols), deposits=deposits["unified"], clock=self.clock,
            hubs=self.hubs, limiter=self.limiter, key=self.key,
        )  # fmt: skip
        self.apis = self.account.categories
        self._streams = Streams(self.account, self._on_deed)

    def view(self, name, call):
        """Return a category or the account as a test sees it."""
        if name == "unified":
            return UnifiedView(self.account, call)
        return BybitView(self.apis[name], self.hubs, call)

    def tick(self):
        """Do what is due."""
        self.account.tick(self.clock())

    def say_tickers(self):
        """Say the statistics that are heard."""
        for name, category in self.apis.items():
            for wire in category.symbols:
                topic = f"tickers.{wire}@ticker"
                if self.hubs[name].listening(topic):
                    kind = "snapshot" if name == SPOT else "delta"
                    self.hubs[name].say(topic, self._streams.ticker(category, wire, kind))

    # What arrives.

    async def answer(self, request):
        """Answer a request, or carry a websocket until it ends."""
        way = HOSTS.get(request.host.partition(":")[0])
        if way == REST:
            return await self._rest(request)
        if way == STREAM:
            return await self._stream(request)
        self.strangers.append(str(request.url))
        return web.Response(status=502, text=f"{request.url}: not in this exchange")

    async def _rest(self, request):
        payload, words = request.rel_url.raw_query_string, dict(request.query)
        if request.method == "POST":
            payload = (await request.read()).decode()
            words = orjson.loads(payload or "{}")
        fault, acted = self._note(request.path, words, "rest", request.method)
        found = None
        if acted:
            found = self.ask(request.method, request.path, words, (request.headers, payload))
        if fault is not None:
            said = WORDS[LINEAR if words.get("category") == LINEAR else SPOT]
            return await play(fault, self.faults, request, found, said)
        status, body, headers = found
        if body is None:
            return web.Response(status=status, text="access too frequent")
        return web.json_response(body, status=status, headers=headers)

    def _note(self, path, words, by, method="POST"):
        fault = self.faults.take(method, path)
        acted = fault is None or fault.acts
        asked = Asked(method, path, dict(words), self.account.now_ms(), by, acted)
        self.requests.append(asked)
        return fault, acted

    def ask(self, method, path, words, signed):
        """Return (status, body, headers) of a question; `signed` is its headers and payload."""
        return answer_to(self.account, method, path, words, signed)

    async def _stream(self, request):
        fault = self.faults.take("CONNECT", request.path)
        if fault is not None:
            return await play(fault, self.faults, request, None, WORDS[SPOT])
        name = request.path.rsplit("/", 1)[-1]
        handlers = {
            "private": (self.hubs[PRIVATE], self._streams.on_private),
            "trade": (self.hubs[PRIVATE], self._streams.on_trade),
            **{
                one: (self.hubs[one], partial(self._streams.on_public, self.apis[one]))
                for one in (SPOT, LINEAR)
            },
        }
        if name not in handlers:
            self.strangers.append(str(request.url))
            return web.Response(status=404)
        hub, on_request = handlers[name]
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await hub.serve(BybitConnection(socket, request), on_request)
        return socket

    def _on_deed(self, connection, path, words, told):
        """Answer an order request that came over a socket."""
        fault, acted = self._note(path, words, "socket")
        found = self.ask("POST", path, words, None) if acted else None
        if fault is not None:
            if fault.what == "close":
                connection.abort()
            elif fault.what not in {"hang", "empty", "html", "cut"}:
                said = WORDS[LINEAR if words.get("category") == LINEAR else SPOT]
                body = said.said(fault, path)[1] or dict(said.unknown)
                connection.push({**body, "data": {}, **told})
            return
        _, body, headers = found
        body["data"] = body.pop("result")
        connection.push({**body, "header": headers, **told})


def no_route(_):
    """Say that an endpoint is not here."""
    raise BybitError(10017, "Route not found.", http=404)


def answer_to(account, method, path, words, signed):
    """Return (status, body, headers) of a question to an account, whichever way it came."""
    now_ms = account.now_ms()
    route = account.routes.get((method, path), no_route)
    headers = {}
    try:
        account.limiter.charge_address(now_ms)
        name = path.removeprefix("/v5/")
        if signed is not None and not name.startswith("market/"):
            access.check_request(account.key, *signed, now_ms)
        headers, allowed = account.limiter.charge(words.get("category"), name, now_ms)
        refuse_rate(allowed)
        return 200, answered(route(words), now_ms), headers
    except BybitError as error:
        body = None if error.http == 403 else refused(error, now_ms)
        return error.http, body, headers
