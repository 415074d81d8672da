"""Sockets of the compiled program in virtual time: two byte streams and what can go wrong.

`network.listen(5571)` gives a list of Pipes that grows as the program connects. A Pipe is the
peer's end: `take` what the program has sent, `say` something to it, `cut` the line.
"""

from __future__ import annotations

from collections.abc import Callable

from support.mt5.ea_calls import MqlError

INVALID_HANDLE, CANNOT_CONNECT, IO_ERROR = 5270, 5272, 5273
LOW_WATER = 2_048
"""How much room a socket has at least that is called writable."""


class Pipe:
    """One connection as the peer has it."""

    def __init__(self, network: VirtualNetwork) -> None:
        self._network = network
        self.received = bytearray()
        """What the program has sent and nobody has taken."""
        self.waiting = bytearray()
        """What the program has not read."""
        self.open = True
        self.capacity: int | None = None
        """How much the line holds of what nobody has taken; None is without end."""
        self.send_ms = 0
        """How long a send may wait for room: 0 is for ever."""
        self.dummies = network.dummies

    def say(self, content: bytes) -> None:
        """Send to the program."""
        self.waiting += content

    def take(self) -> bytes:
        """Return what the program has sent since the last time."""
        taken = bytes(self.received)
        self.received.clear()
        return taken

    @property
    def room(self) -> int:
        """How much more the line holds now."""
        whole = 1 << 62 if self.capacity is None else self.capacity
        return max(0, whole - len(self.received))

    def put(self, content: bytes) -> int:
        """Take what there is room for from the program; return how much that is."""
        size = min(len(content), self.room)
        self.received += content[:size]
        return size

    def cut(self) -> None:
        """End the connection."""
        self.open = False


class VirtualNetwork:
    """All sockets of one program; also the faults of each new connection."""

    def __init__(self, *, dummies: int = 1, most_read: int = 0, most_written: int = 0) -> None:
        self.dummies = dummies
        self.most_read = most_read
        self.most_written = most_written
        self.refused = 0
        self.on_refusal: Callable[[int, int], None] | None = None
        """Called with a port where nobody is in time, and the timeout in ms: time may pass."""
        self.connect_ms: dict[int, int] = {}
        """How long it takes to connect to a port; an attempt that may take less fails."""
        self.on_wait: Callable[[int, Pipe], None] | None = None
        """Called with a timeout in ms when a read finds nothing: time may pass, bytes may come."""
        self.on_full: Callable[[int, Pipe], None] | None = None
        """Called with the timeout in ms when a send finds too little room: time may pass."""
        self.calls_full_writable = False
        """Whether SocketIsWritable is true of whatever is connected."""
        self._doors: dict[int, list[Pipe]] = {}
        self._sockets: dict[int, Pipe | None] = {}
        self._next = 1

    def listen(self, port: int) -> list[Pipe]:
        """Let the program connect to a port; each connection appears in the list."""
        return self._doors.setdefault(port, [])

    def close_door(self, port: int) -> None:
        """Refuse new connections to a port."""
        self._doors.pop(port, None)

    def _pipe(self, handle: int) -> Pipe:
        if handle not in self._sockets:
            raise MqlError(INVALID_HANDLE)
        pipe = self._sockets[handle]
        if pipe is None or not pipe.open:
            raise MqlError(IO_ERROR)
        return pipe

    # MQL5's functions.

    def SocketCreate(self) -> int:
        """Give a handle."""
        self._next += 1
        self._sockets[self._next] = None
        return self._next

    def SocketConnect(self, handle: int, server: str, port: int, timeout_ms: int) -> bool:
        """Connect if somebody listens on the port."""
        if port not in self._doors or timeout_ms < self.connect_ms.get(port, 0):
            self.refused += 1
            if self.on_refusal is not None:
                self.on_refusal(port, timeout_ms)
            raise MqlError(CANNOT_CONNECT)
        pipe = Pipe(self)
        self._sockets[handle] = pipe
        self._doors[port].append(pipe)
        return True

    def SocketTlsHandshake(self, handle: int, host: str) -> bool:
        """Succeed: nothing is encrypted here."""
        return True

    def SocketTlsSend(self, handle: int) -> bool:
        """Note that what is sent next is sent by TLS."""
        return True

    def SocketClose(self, handle: int) -> bool:
        """Let go."""
        pipe = self._sockets.pop(handle, None)
        if pipe is not None:
            pipe.open = False
        return True

    def SocketTimeouts(self, handle: int, send_ms: int, receive_ms: int) -> bool:
        """Note how long a send may wait."""
        pipe = self._sockets.get(handle)
        if pipe is not None:
            pipe.send_ms = send_ms
        return handle in self._sockets

    def SocketIsConnected(self, handle: int) -> bool:
        """Say whether the connection stands, as far as the program can know."""
        pipe = self._sockets.get(handle)
        return pipe is not None and pipe.open

    def SocketIsReadable(self, handle: int) -> int:
        """Count what waits; of an empty socket a dummy 1 now and then."""
        pipe = self._sockets.get(handle)
        if pipe is None:
            return 0
        if pipe.waiting or not pipe.open:
            return len(pipe.waiting) or 1
        pipe.dummies -= 1
        return int(pipe.dummies >= 0)

    def SocketIsWritable(self, handle: int) -> bool:
        """Say whether a send would take something at once."""
        return self._pipe(handle).room >= LOW_WATER or self.calls_full_writable

    def SocketRead(self, handle: int, most: int, timeout_ms: int) -> bytes | None:
        """Give what waits; nothing is -1 without an error, as after a timeout."""
        pipe = self._sockets.get(handle)
        if self.on_wait is not None and pipe is not None and not pipe.waiting:
            self.on_wait(timeout_ms, pipe)
        if pipe is not None and pipe.waiting:
            size = min(most, self.most_read or most)
            content = bytes(pipe.waiting[:size])
            del pipe.waiting[:size]
            return content
        self._pipe(handle)
        return None

    def SocketSend(self, handle: int, content: bytes) -> int:
        """Take it all, waiting for room up to the socket's timeout; after that what there was."""
        pipe = self._pipe(handle)
        content = content[: self.most_written or len(content)]
        size = pipe.put(content)
        if size < len(content):
            assert pipe.send_ms, "a send without a timeout would wait for ever"
            if self.on_full is not None:
                self.on_full(pipe.send_ms, pipe)
            size += pipe.put(content[size:])
        return size
