"""What the shell says of a call that went wrong, by what has happened on its connections."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

pytest.importorskip("ccxt")
import aiohttp
from support.exchange.waiting import until

from bridges.crypto.addresses import PLACES
from bridges.crypto.effects import Call
from bridges.crypto.shell import CcxtShell, watched


class Fragile:
    """A server whose kept connections end after a request was taken, and which is gone then."""

    def __init__(self):
        self.acted = []
        self._server = None
        self.port = 0

    async def begin(self):
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def end(self):
        """Listen no more."""
        self._server.close()

    async def _serve(self, reader, writer):
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method = head.split(b" ")[0].decode()
                if method != "GET":
                    self.acted.append(method)
                    self.end()
                    writer.transport.abort()
                    return
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()


class Asking:
    """Stands where ccxt's exchange stands: one method, which raises as ccxt does."""

    def __init__(self, session, method, port):
        self._session, self._method, self._url = session, method, f"http://127.0.0.1:{port}/"

    async def deed(self, _params):
        """Ask, and turn what goes wrong into an error with a cause."""
        try:
            async with self._session.request(self._method, self._url) as answer:
                await answer.read()
        except aiohttp.ClientError as problem:
            raise RuntimeError from problem


async def told(method, *, is_kept):
    """Return the answer to a call, and what the server did."""
    server = Fragile()
    await server.begin()
    shell = CcxtShell(PLACES["binance usdm"], api_key="k", secret="s")
    async with watched(aiohttp.ClientSession()) as session:
        if is_kept:
            async with session.get(f"http://127.0.0.1:{server.port}/") as answer:
                await answer.read()
        else:
            server.end()
        shell._exchange = Asking(session, method, server.port)
        await shell._run(1, Call("deed"))
    await until(lambda: shell._news)
    ((_, answer),) = shell.news()
    shell.close()
    assert shell._loop.is_closed(), "one that was never opened keeps nothing open either"
    return answer, server.acted


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_was_dialled_twice_may_have_arrived(method):
    """A kept connection dies on a PUT that was done; aiohttp dials again, and is refused.

    The last error is that of a connection that could not be made; the first was made.
    """
    answer, acted = asyncio.run(told(method, is_kept=True))
    assert acted == [method]
    assert answer.sent


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_had_no_connection_has_never_left(method):
    """A refused connection proves that nothing was done."""
    answer, acted = asyncio.run(told(method, is_kept=False))
    assert not acted
    assert not answer.sent
