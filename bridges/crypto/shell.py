"""ccxt, in a thread of its own: it signs, sends, receives and keeps websockets; it decides nothing.

Rules: nothing is retried here. Every call gets one response, whatever ccxt makes of it: status,
headers and body are taken before ccxt's own error tables speak. Every message of a stream is passed
on as it came; ccxt's caches, which lose steps in between, are not used. No text of an exception is
passed on: it may hold a signed address; of what an exchange says, no word that may be a secret. A
call has never left only if it never had a connection: aiohttp sends a PUT or DELETE twice if a kept
connection dies on it, and the first may have arrived.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

from bridges.crypto.addresses import Place
from bridges.crypto.effects import (
    USER,
    Call,
    CloseStream,
    OpenStream,
    Response,
    SendStream,
    StreamAct,
    StreamAlive,
    StreamDown,
    StreamNews,
    StreamSaid,
    StreamUp,
)
from bridges.crypto.library import calling, examine, heard_now, listening_class, read_body
from bridges.crypto.plain import plain
from bridges.crypto.turns import Turns
from bridges.errors import BridgeError

News = tuple[int, Response] | StreamNews
MakeSession = Callable[[], Any]
PING_MS = 1_000
LOOK_S = 0.25
JOIN_S = 5
OK = 200
connected_now: ContextVar[list[bool]] = ContextVar("connected")
"""An entry for each connection that the call of this task has had."""


class CcxtShell:
    """One exchange object in one thread (venue.Shell)."""

    def __init__(
        self,
        place: Place,
        *,
        api_key: str,
        secret: str,
        passphrase: str = "",
        testnet: bool = False,
        timeout_ms: int = 5_000,
        recv_window_ms: int = 5_000,
        make_session: MakeSession | None = None,
    ) -> None:
        self._place = place
        self.until_header = place.until_header
        self._make_session = make_session
        self._session: Any = None
        self._news: deque[News] = deque()
        self._clients: dict[str, Any] = {}
        self._tasks: set[Any] = set()
        self._turns = Turns()
        self._make = listening_class(place.exchange)
        if place.is_unified:
            examine(self._make)
        self._config = {
            "apiKey": api_key, "secret": secret, "password": passphrase,
            "enableRateLimit": False, "timeout": timeout_ms,
            "options": {"recvWindow": recv_window_ms},
            **({"number": str} if place.is_unified else {}),
            "streaming": {"keepAlive": PING_MS, "maxPingPongMisses": 2},
        }  # fmt: skip
        self._testnet = testnet
        self._failure = ""
        self._exchange: Any = None
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._live, name="ccxt", daemon=True)

    # Any thread.

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def call(self, number: int, call: Call) -> None:
        """Make a call in the thread."""
        self._later(self._run, number, call)

    def act(self, act: StreamAct) -> None:
        """Open, speak on or close a stream in the thread."""
        self._later(self._act, act)

    def news(self) -> Iterable[News]:
        """Take what has happened since. Raises BridgeError if ccxt could not even begin."""
        if self._failure:
            msg = f"ccxt could not be started ({self._failure})"
            raise BridgeError(msg)
        while self._news:
            yield self._news.popleft()

    def close(self) -> None:
        """End the thread, with everything that is open there."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop)
        self._thread.join(JOIN_S)

    def _later(self, function: Callable[..., Any], *args: Any) -> None:
        def begin() -> None:
            task = self._loop.create_task(function(*args))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)

    # The thread.

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._begin())
        except Exception as error:  # noqa: BLE001 - the bridge's own thread raises it
            self._failure = type(error).__name__
            return
        self._loop.run_forever()
        self._loop.close()

    async def _begin(self) -> None:
        self._session = watched((self._make_session or _session)())
        config: dict[str, Any] = {
            **self._config, "asyncio_loop": self._loop, "session": self._session
        }  # fmt: skip
        self._exchange = self._make(config)
        self._exchange.shell = self
        quiet = logging.getLogger("portcullis.ccxt")
        quiet.disabled = True  # ccxt would log signed requests
        self._exchange.logger = quiet
        if self._testnet and self._place.demo == "sandbox":
            self._exchange.set_sandbox_mode(True)
        elif self._testnet:
            self._exchange.enable_demo_trading(True)  # noqa: FBT003 - exchanges name it differently
        self._exchange.open()
        self._later(self._watch)

    async def _shut(self) -> None:
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        self._clients.clear()
        await self._exchange.close()
        await self._session.close()
        me = asyncio.current_task()
        while rest := asyncio.all_tasks() - {me}:  # ccxt begins some when a stream is closed
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
        self._loop.stop()

    async def _run(self, number: int, call: Call) -> None:
        heard: list[Response] = []
        heard_now.set(heard)
        calling.set(call)
        connections: list[bool] = []
        connected_now.set(connections)
        problem, sent = "", True
        in_turn = self._place.in_turn and call.method.startswith("private")
        if in_turn:
            await self._turns.enter(urgent=call.urgent)
        result, raised = None, tuple[str, ...]()
        try:
            method = getattr(self._exchange, call.method)
            if call.args is None:
                await method([*map(dict, call.rows)] if call.rows else dict(call.params))
            else:
                result = await method(*call.args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call has an answer
            cause = error.__cause__
            problem = type(error).__name__ + (f" ({type(cause).__name__})" if cause else "")
            sent = bool(connections) or not _could_not_connect(cause)
            raised = tuple(one.__name__ for one in type(error).__mro__[:-3])
        finally:
            if in_turn:
                self._turns.leave()
        answer = heard[-1] if heard else Response(0, None, {}, problem, sent)
        if call.args is not None:
            status = answer.status if raised else OK
            if raised and heard:
                problem = plain(f"{problem}: {heard[-1].body}")
            answer = Response(status, result, answer.headers, problem, sent, raised)
        self._news.append((number, answer))

    async def _act(self, act: StreamAct) -> None:
        match act:
            case OpenStream():
                self._open_stream(act)
            case SendStream():
                message = act.message
                if act.signed:
                    message = self._place.sign(self._exchange, message)
                stream = self._clients.get(act.name)
                if stream is not None:
                    await self._send(stream, message)
            case CloseStream():
                gone = self._clients.pop(act.name, None)
                if gone is not None:
                    self._exchange.clients.pop(gone.url, None)
                    await gone.close()

    def _open_stream(self, act: OpenStream) -> None:
        try:
            address = self._place.user if act.place == USER else self._place.market
            assert address is not None, "a table without streams opens none"
            url = address(self._exchange, act.key)
            client = self._exchange.client(url)
            self._clients[act.name] = client
            client.connect(self._exchange.session)
        except Exception as error:  # noqa: BLE001 - it is dialled again, as after any failure
            self._news.append(StreamDown(act.name, type(error).__name__))

    async def _send(self, client: Any, message: Any) -> None:
        try:
            await client.send(message)
        except Exception as error:  # noqa: BLE001 - a stream that cannot be spoken on is gone
            self.on_gone(client, type(error).__name__)

    async def _watch(self) -> None:
        """Tell of streams that have answered a ping, or said anything."""
        last: dict[str, Any] = {}
        while True:
            await asyncio.sleep(LOOK_S)
            for name, client in list(self._clients.items()):
                if client.last_message_at != last.get(name):
                    last[name] = client.last_message_at
                    self._news.append(StreamAlive(name))

    def _name_of(self, client: Any) -> str:
        return next((name for name, one in self._clients.items() if one is client), "")

    def on_connected(self, client: Any) -> None:
        """Tell that a stream is up."""
        name = self._name_of(client)
        if name:
            self._news.append(StreamUp(name))

    def on_message(self, client: Any, text: Any) -> None:
        """Pass a message on, as JSON or, if it is none, as text; any word is a sign of life."""
        client.lastPong = time.time_ns() // 1_000_000
        name = self._name_of(client)
        if name:
            read = read_body(text)
            self._news.append(StreamSaid(name, text if read is None else read))

    def on_gone(self, client: Any, why: str) -> None:
        """Tell that a stream is gone, once."""
        name = self._name_of(client)
        if name:
            del self._clients[name]
            self._news.append(StreamDown(name, why))


def _session() -> Any:
    """Make a session in which no request waits for another: a cancel is never behind orders."""
    import aiohttp  # noqa: PLC0415 - comes with ccxt
    import certifi  # noqa: PLC0415 - as above

    context = ssl.create_default_context(cafile=certifi.where())
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=0))


def watched(session: Any) -> Any:
    """Let a session note in `connected_now` whenever a call has a connection, new or kept."""
    import aiohttp  # noqa: PLC0415 - comes with ccxt

    async def note(*_: Any) -> None:
        connections = connected_now.get(None)
        if connections is not None:
            connections.append(True)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(note)
    trace.on_connection_reuseconn.append(note)
    trace.freeze()
    session.trace_configs.append(trace)
    return session


def _could_not_connect(cause: BaseException | None) -> bool:
    """Whether a connection could not be made; the call may have had another before."""
    import aiohttp  # noqa: PLC0415 - comes with ccxt

    return isinstance(cause, aiohttp.ClientConnectorError)
