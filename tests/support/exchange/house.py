"""What stands behind the server: one exchange's accounts, and what answers for them.

A house has `apis` and `hubs` by account, notes every request, and lives in the server's thread. A
mistake of its own is noted: the test that made it fails.
"""

from __future__ import annotations

from types import MappingProxyType

from support.exchange.hub import Hub
from support.exchange.signing import ApiKey
from support.exchange.view import AccountView


class House:
    """One exchange. `clock` is its time in ns."""

    accounts = ()
    """The names of the accounts: `LocalExchange` has an attribute for each."""
    deposits = MappingProxyType({})
    limits = MappingProxyType({})
    """By account; a test may replace them."""
    make_key = ApiKey

    def __init__(self, symbols, *, deposits, limits, key, clock):
        self.key = key
        self.clock = clock
        self.hubs = {name: Hub() for name in self.accounts}
        self.apis = {}
        self.requests = []
        self.strangers = []
        """The addresses that were asked for and are not here."""
        self.problems = []
        self.faults = None
        self.make_apis(symbols, deposits, limits)

    def make_apis(self, symbols, deposits, limits):
        """Fill `apis`."""
        raise NotImplementedError

    @staticmethod
    def credentials(key):
        """Return what a ccxt client needs to sign."""
        return {"apiKey": key.api_key, "secret": key.secret}

    def open(self, feed, faults):
        """Begin to live."""
        self.faults = faults
        for api in self.apis.values():
            api.markets.open(feed, self.clock())

    def view(self, name, call):
        """Return an account as a test sees it."""
        return AccountView(self.apis[name], self.hubs[name], call)

    def tick(self):
        """Do what is due."""
        for api in self.apis.values():
            api.tick(self.clock())

    def say_tickers(self):
        """Say the statistics that are heard."""

    async def handle(self, request):
        """Answer whatever arrives."""
        try:
            return await self.answer(request)
        except ConnectionError:
            raise
        except Exception as problem:
            self.problems.append(problem)
            raise

    async def answer(self, request):
        """Answer a request, or carry a websocket until it ends."""
        raise NotImplementedError
