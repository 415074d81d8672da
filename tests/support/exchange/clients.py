"""Real ccxt clients of the local exchange, for tests that are plain functions."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from support.exchange.reach import session_to

LIMIT_S = 20


@asynccontextmanager
async def client_of(exchange, name="", **config):
    """Open a ccxt.pro client of the exchange with its markets loaded; close all of it."""
    import ccxt.pro  # noqa: PLC0415 - it takes a second and 100 MB

    session = session_to(exchange.port)
    client = getattr(ccxt.pro, name or exchange.name)(
        {
            **exchange.credentials, "session": session, "enableRateLimit": False,
            "timeout": 2000, **config,
        }
    )  # fmt: skip
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()
        await session.close()


def run(main):
    """Run an async test."""
    return asyncio.run(asyncio.wait_for(main, LIMIT_S))
