"""The websocket connections of one API: who listens to what, and what reaches them.

A connection's own queue keeps its events in order. A half-open connection takes everything and
says nothing.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from itertools import count

import orjson
from aiohttp import WSMsgType
from support.exchange.faults import Gate
from support.exchange.waiting import beats

PING_S = 20
STREAM = re.compile(
    r"^([a-z0-9]+)@(depth|bookTicker|trade|aggTrade|ticker|miniTicker)(?:@(?:100ms|0ms))?$"
)
UNKNOWN = "Invalid request: the exchange in the test has no stream {!r}"


class Connection:
    """One websocket. `topics` maps a topic to the stream's name as the client wrote it."""

    def __init__(self, socket, request, *, combined=False):
        self.socket = socket
        self.topics = {}
        self.subscriptions = []
        self.silent = False
        self._transport = request.transport
        self._combined = combined
        self._queue = asyncio.Queue()

    def push(self, body):
        """Send a message, after those before it."""
        if not self.silent:
            self._queue.put_nowait(orjson.dumps(body).decode())

    def say_text(self, text):
        """Send a message that is no JSON, after those before it."""
        if not self.silent:
            self._queue.put_nowait(text)

    def hear(self, text):
        """Read a message of the client; None if it is answered already."""
        return orjson.loads(text)

    def event(self, topic, body):
        """Send an event in the form of this connection."""
        if topic == "user" and self.subscriptions:
            for number in self.subscriptions:
                self.push({"subscriptionId": number, "event": body})
        elif self._combined:
            self.push({"stream": self.topics[topic], "data": body})
        else:
            self.push(body)

    async def write(self):
        """Send what is queued until the connection ends."""
        with suppress(ConnectionError):
            while True:
                text = await self._queue.get()
                if not self.silent and not self.socket.closed:
                    await self.socket.send_str(text)

    async def ping(self):
        """Ping the client now and then, as the exchange does; half-open, not even that."""
        with suppress(ConnectionError):
            async for _ in beats(PING_S):
                if not self.silent:
                    await self.socket.ping()

    def abort(self):
        """Cut the line: no close frame, nothing."""
        if self._transport is not None:
            self._transport.abort()

    def subscribe(self, name):
        """Listen to a public stream; False if there is none of this name."""
        found = STREAM.match(name)
        if found is None:
            return False
        self.topics[f"{found[1]}@{found[2]}"] = name
        return True


class Hub:
    """All connections of one API."""

    def __init__(self):
        self.connections = set()
        self.gates = {}
        self.accepted = 0
        self._user_numbers = count()

    def gate(self, channel):
        """Return what happens to a channel's events."""
        return self.gates.setdefault(channel, Gate())

    def say(self, topic, body):
        """Let an event reach those who listen, if no fault is in its way."""
        channel = topic.partition("@")[2] or topic
        gate = self.gates.get(channel)
        for item in gate.pass_on((topic, body)) if gate else [(topic, body)]:
            self.deliver(*item)

    def deliver(self, topic, body):
        """Send an event to those who listen."""
        for connection in self.connections:
            if topic in connection.topics:
                connection.event(topic, body)

    def listening(self, topic):
        """Say whether anybody listens to a topic."""
        return any(topic in one.topics for one in self.connections)

    def carrying(self, channel):
        """Return the connections that carry a channel."""
        return [
            one for one in self.connections
            if not one.silent
            and any((topic.partition("@")[2] or topic) == channel for topic in one.topics)
        ]  # fmt: skip

    def silence(self, channel):
        """Make connections half-open."""
        found = self.carrying(channel)
        for connection in found:
            connection.silent = True
        return len(found)

    def drop(self, channel):
        """Cut connections."""
        found = self.carrying(channel)
        for connection in found:
            connection.abort()
        return len(found)

    def add_user(self, connection):
        """Let a connection hear the user data; return the subscription's number."""
        number = next(self._user_numbers)
        connection.subscriptions.append(number)
        connection.topics["user"] = "user"
        return number

    def end_user(self, event):
        """Tell the user's connections that it is over; they stay open and hear no more."""
        for connection in self.connections:
            if "user" in connection.topics:
                connection.event("user", event)
                del connection.topics["user"]
                connection.subscriptions.clear()

    def close_user(self):
        """Close the connections that carry the user data, in order."""
        for connection in self.carrying("user"):
            self._closing = asyncio.ensure_future(connection.socket.close())

    async def serve(self, connection, on_request):
        """Carry one connection until it ends."""
        self.accepted += 1
        self.connections.add(connection)
        tasks = [asyncio.ensure_future(each) for each in (connection.write(), connection.ping())]
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.PING and not connection.silent:
                    await connection.socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    body = connection.hear(message.data)
                    if body is not None:
                        await on_request(connection, body)
        finally:
            self.connections.discard(connection)
            for task in tasks:
                task.cancel()


async def on_stream_request(connection, body):
    """Answer SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS on a stream connection."""
    method, names = body.get("method"), body.get("params") or []
    if method == "LIST_SUBSCRIPTIONS":
        connection.push({"result": sorted(connection.topics.values()), "id": body.get("id")})
        return
    if method == "SUBSCRIBE":
        unknown = [name for name in names if not connection.subscribe(name)]
        if unknown:
            error = {"code": 2, "msg": UNKNOWN.format(unknown[0])}
            connection.push({"error": error, "id": body.get("id")})
            return
    elif method == "UNSUBSCRIBE":
        connection.topics = {t: n for t, n in connection.topics.items() if n not in names}
    else:
        error = {"code": 2, "msg": f"Invalid request: method {method!r}"}
        connection.push({"error": error, "id": body.get("id")})
        return
    connection.push({"result": None, "id": body.get("id")})
