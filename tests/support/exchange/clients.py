"""Real ccxt clients of the local exchange, for tests that are plain functions."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from support.exchange.reach import session_to

LIMIT_S = 20
POLL_S = 0.01


@asynccontextmanager
async def client_of(exchange, name="binance", **config):
    """Open a ccxt.pro client of the exchange with its markets loaded; close all of it."""
    import ccxt.pro  # noqa: PLC0415 - it takes a second and 100 MB

    session = session_to(exchange.port)
    client = getattr(ccxt.pro, name)(
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


async def until(condition, what="the condition"):
    """Return the condition's first true value, letting the client live meanwhile."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LIMIT_S / 2
    found = condition()
    while not found:
        assert loop.time() < deadline, f"{what} did not come"
        await asyncio.sleep(POLL_S)
        found = condition()
    return found


async def listening(view, channel, watch):
    """Begin to watch something; return the pending answer when the exchange carries it."""
    before = view.listeners(channel)
    task = asyncio.ensure_future(watch)
    await until(lambda: view.listeners(channel) > before or task.done(), f"{channel} stream")
    return task
