"""Waiting in asynchronous tests: on a condition, letting everything else live meanwhile."""

from __future__ import annotations

import asyncio

LIMIT_S = 10
POLL_S = 0.01


async def until(condition, what="the condition"):
    """Return the condition's first true value; fail the test if it does not come."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LIMIT_S
    found = condition()
    while not found:
        assert loop.time() < deadline, f"{what} did not come within {LIMIT_S} s"
        await asyncio.sleep(POLL_S)
        found = condition()
    return found


async def listening(view, channel, watch):
    """Begin to watch something; return the pending answer when the exchange carries it."""
    before = view.listeners(channel)
    task = asyncio.ensure_future(watch)
    await until(lambda: view.listeners(channel) > before or task.done(), f"{channel} stream")
    return task


async def begun(watch):
    """Begin to watch something; return the pending answer when it waits for its stream."""
    task = asyncio.ensure_future(watch)
    await moment()
    return task


async def moment():
    """Let all that is ready run once."""
    await asyncio.sleep(0)


async def beats(seconds):
    """Yield once every so many seconds, for as long as the loop lives."""
    while True:
        await asyncio.sleep(seconds)
        yield
