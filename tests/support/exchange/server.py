"""The exchange in the test, on 127.0.0.1, by its own names, in a thread of its own.

    with LocalExchange(feed={"path": recording}) as exchange:
        client = ccxt.pro.binance({**exchange.credentials, "session": session_to(exchange.port)})

See README.md here. What a test reads or commands (the accounts, `faults`) runs in the server's
thread and has happened when the call returns.
"""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from importlib import import_module

from aiohttp import web
from support.exchange.certificate import server_context
from support.exchange.faults import Faults
from support.exchange.waiting import beats

TICK_S = 0.02
WAIT_S = 20
SYMBOLS = ("BTC/USDT", "ETH/USDT")
HOUSES = {
    "binance": ("support.exchange.binance", "BinanceHouse"),
    "bybit": ("support.exchange.bybit.house", "BybitHouse"),
    "okx": ("support.exchange.okx.house", "OkxHouse"),
    "kraken": ("support.exchange.kraken.house", "KrakenHouse"),
}
"""By ccxt's name of the exchange: where it is, and its class."""


class _Through:
    """Reaches an object of the server's thread: calls are made there and waited for."""

    def __init__(self, call, target):
        self._call = call
        self._target = target

    def __getattr__(self, name):
        found = getattr(self._target, name)
        return partial(self._call, found) if callable(found) else found


class LocalExchange:
    """The accounts of one exchange. `feed` is a setting of `bridges.paper.feeds`, or None.

    `limits` and `deposits` replace the defaults of an account: `{"spot": {"weight": 100}}`.
    """

    def __init__(
        self, name="binance", *, feed=None, symbols=SYMBOLS, deposits=None, key=None,
        ticker_ms=1000, limits=None,
    ):  # fmt: skip
        self.name = name
        module, kind = HOUSES[name]
        self._kind = getattr(import_module(module), kind)
        self.key = key or self._kind.make_key()
        self.port = 0
        self._feed = feed
        self._symbols = symbols
        self._deposits = {**self._kind.deposits, **(deposits or {})}
        self._limits = {
            account: {**known, **(limits or {}).get(account, {})}
            for account, known in self._kind.limits.items()
        }
        self._ticker_s = ticker_ms / 1000
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="exchange", daemon=True)
        self._up = threading.Event()
        self._problem = None
        self._tasks = set()

    @property
    def credentials(self):
        """What a ccxt client needs to sign."""
        return self._kind.credentials(self.key)

    # The thread.

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(WAIT_S), "the local exchange did not start"
        if self._problem is not None:
            raise self._problem
        for account in self._kind.accounts:
            setattr(self, account, self._house.view(account, self.call))
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
        problems = list(self._house.problems)
        for task in self._tasks:
            if task.done():
                problems.append(task.exception())
            task.cancel()
        self._problem = problems[0] if problems else None
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _start(self):
        self._faults = Faults()
        self._house = self._kind(
            self._symbols, deposits=self._deposits, limits=self._limits, key=self.key,
            clock=self.clock,
        )  # fmt: skip
        self._faults.hubs += self._house.hubs.values()
        self._house.open(self._feed, self._faults)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._house.handle)
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
        async for _ in beats(TICK_S):
            self._house.tick()

    async def _tickers(self):
        async for _ in beats(self._ticker_s):
            self._house.say_tickers()

    # What arrived.

    @property
    def strangers(self):
        """The addresses that were asked for and are not here."""
        return self.call(lambda: list(self._house.strangers))

    def unmet(self):
        """Return how many answers have still to go wrong."""
        return self.call(lambda: len(self._faults.waiting))

    def asked(self, method, end):
        """Return the requests so far with this method and end of the path."""
        return self.call(
            lambda: [
                r for r in self._house.requests if r.method == method and r.path.endswith(end)
            ]
        )
