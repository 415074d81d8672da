"""The exchange in the test, in a process of its own: what it remembers is not the bridge's memory.

    with FarExchange("binance", symbols=(BTC,)) as exchange:
        exchange.spot.trade(BTC, "60000", "0.1", "sell")

It takes the words of `LocalExchange` and speaks as it does; what is asked goes through a pipe.
"""

from __future__ import annotations

import multiprocessing


def serve(pipe, name, settings):
    """Run the exchange; do what is asked through the pipe until nothing is."""
    from support.exchange.server import LocalExchange  # noqa: PLC0415 - wants aiohttp, only here

    with LocalExchange(name, **settings) as exchange:
        pipe.send((exchange.port, exchange.credentials))
        while (asked := pipe.recv()) is not None:
            path, args, named = asked
            found = exchange
            for part in path.split("."):
                found = getattr(found, part)
            pipe.send(found(*args, **named) if callable(found) else found)


class Far:
    """Something of the exchange, named by a path; to call it is to ask."""

    def __init__(self, ask, path):
        self._ask = ask
        self._path = path

    def __getattr__(self, name):
        return Far(self._ask, f"{self._path}.{name}")

    def __call__(self, *args, **named):
        """Ask, and return the answer."""
        return self._ask(self._path, *args, **named)


class FarExchange:
    """One exchange in a process of its own."""

    def __init__(self, name="binance", **settings):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, name, settings), daemon=True)
        self.port, self.credentials = 0, {}

    def __enter__(self):
        self._process.start()
        self.port, self.credentials = self._pipe.recv()
        return self

    def __exit__(self, *_):
        self._pipe.send(None)
        self._process.join(20)
        assert self._process.exitcode == 0, f"the exchange ended with {self._process.exitcode}"

    def __getattr__(self, name):
        return Far(self.ask, name)

    def ask(self, path, *args, **named):
        """Ask for something of the exchange, or let it do something."""
        self._pipe.send((path, args, named))
        return self._pipe.recv()

    @property
    def strangers(self):
        """The addresses that were asked for and are not there."""
        return self.ask("strangers")
