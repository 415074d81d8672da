"""Kraken behind the server: REST and the websockets, by host name. It has no test network."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import orjson
from aiohttp import web
from support.exchange.asking import Asked
from support.exchange.faulty import play
from support.exchange.house import House
from support.exchange.kraken.api import KrakenApi
from support.exchange.kraken.asking import words_of
from support.exchange.kraken.counters import Counters
from support.exchange.kraken.keys import KrakenKey
from support.exchange.kraken.names import pair_of
from support.exchange.kraken.socket import KrakenConnection, Session
from support.exchange.kraken.words import WORDS, Refused
from support.exchange.view import AccountView

from bridges.paper.instruments import instrument

SPOT = "spot"
REST, PUBLIC, PRIVATE = "api.kraken.com", "ws.kraken.com", "ws-auth.kraken.com"
RULES = {
    "price_tick": "0.01", "qty_step": "0.00000001", "min_qty": "0.00005", "max_qty": "10000",
    "min_notional": "0.5", "maker_fee": "0.0025", "taker_fee": "0.004",
}  # fmt: skip
"""The tick is the recording's; the real XBTUSDT moves in steps of 0.1."""
TIER = {"rest": 20, "rest_decay": 0.5, "trading": 125, "trading_decay": 2.34, "orders": 80}
"""What an account of the tier Intermediate may do."""


def kraken_instruments(symbols):
    """Return the instruments of these symbols."""
    return [instrument(symbol, RULES) for symbol in symbols]


class KrakenView(AccountView):
    """The account as a test sees it."""

    def deposit(self, asset, amount):
        """Let money arrive from outside."""
        self._call(lambda: self._api.deposit(asset, amount))


class KrakenHouse(House):
    """One spot account."""

    accounts = (SPOT,)
    deposits = MappingProxyType({SPOT: {"USDT": 100_000, "BTC": 2, "ETH": 20}})
    limits = MappingProxyType({SPOT: TIER})
    make_key = KrakenKey

    def make_apis(self, symbols, deposits, limits):
        """Make the account."""
        self._said = {}
        self.apis[SPOT] = KrakenApi(
            kraken_instruments(symbols), deposits=deposits[SPOT], clock=self.clock,
            say=self.hubs[SPOT].say, counters=Counters(**limits[SPOT]), key=self.key,
        )  # fmt: skip

    def view(self, name, call):
        """Return the account as a test sees it."""
        return KrakenView(self.apis[name], self.hubs[name], call)

    def tick(self):
        """Do what is due; a quiet connection hears a heartbeat."""
        super().tick()
        for connection in self.hubs[SPOT].connections:
            connection.beat()

    def say_tickers(self):
        """Say the statistics that are heard and have changed since they were said."""
        api, hub = self.apis[SPOT], self.hubs[SPOT]
        for symbol in api.rules:
            pair = pair_of(symbol)
            version = api.markets.by_wire[pair.wire].version
            topic = f"{pair.wire}@ticker"
            if self._said.get(topic) != version and hub.listening(topic):
                self._said[topic] = version
                hub.say(topic, api.ticker_event(pair, "update"))

    async def answer(self, request):
        """Answer a request, or carry a websocket until it ends."""
        host = request.host.partition(":")[0]
        if host == REST:
            return await self._rest(request)
        if host not in {PUBLIC, PRIVATE} or request.path != "/v2":
            self.strangers.append(str(request.url))
            return web.Response(status=502, text=f"{request.url}: not in this exchange")
        fault = self.faults.take("CONNECT", request.path)
        if fault is not None:
            return await play(fault, self.faults, request, None, WORDS)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        api = self.apis[SPOT]
        connection = KrakenConnection(socket, request, api, private=host == PRIVATE)
        connection.greet()
        session = Session(api, connection, self._note)
        await self.hubs[SPOT].serve(connection, partial(session.hear))
        return socket

    def _note(self, method, path, params, by):
        """Note a request; return the fault that is for it, and whether it shall be acted on."""
        fault = self.faults.take(method, path)
        acted = fault is None or fault.acts
        now_ms = self.apis[SPOT].now_ms()
        self.requests.append(Asked(method, path, dict(params), now_ms, by, acted))
        return fault, acted

    async def _rest(self, request):
        form = (await request.read()).decode()
        method = request.path.rpartition("/")[2]
        try:
            words = words_of(form, request.headers.get("Content-Type", ""))
        except Refused as refusal:
            return web.json_response({"error": [str(refusal)]})
        words |= request.query
        fault, acted = self._note(request.method, request.path, words, "rest")
        answer = None
        if acted:
            secure = partial(self._secure, request, words, form)
            answer = (200, self.apis[SPOT].answer(method, words, secure), {})
        if fault is not None:
            return await play(fault, self.faults, request, answer, WORDS)
        return web.Response(body=orjson.dumps(answer[1]), content_type="application/json")

    def _secure(self, request, words, form):
        """Refuse a wrong key, signature or nonce."""
        headers, nonce = request.headers, words.get("nonce", "")
        self.key.check(
            headers.get("API-Key"), headers.get("API-Sign"), request.path, nonce, form
        )
        self.key.use(nonce)
