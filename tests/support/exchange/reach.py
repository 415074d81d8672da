"""How a ccxt client reaches the local server: every name resolves to it, whatever the port.

ccxt keeps the exchanges' real URLs, so its own tables apply (Binance's error table is chosen by
the URL). Only the resolver of the session is ours; the certificate is not checked.
"""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver
from ccxt.async_support import Exchange

Exchange.timeout_on_exit = 10
"""ms that a client's end waits for its connections to be closed; ccxt's 250 are for far servers."""


class Loopback(AbstractResolver):
    """Resolves every host name to one local port; notes which names were asked for."""

    def __init__(self, port):
        self.port = port
        self.asked = set()

    async def resolve(self, host, port=0, family=socket.AF_INET):
        """Return the local server for any host and port."""
        self.asked.add((host, port))
        return [
            {
                "hostname": host, "host": "127.0.0.1", "port": self.port,
                "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST,
            }
        ]  # fmt: skip

    async def close(self):
        """Nothing is held."""


def session_to(port):
    """Return an aiohttp session for which the whole internet is the local server."""
    connector = aiohttp.TCPConnector(
        resolver=Loopback(port), ssl=False, use_dns_cache=False, limit=0
    )
    return aiohttp.ClientSession(connector=connector)
