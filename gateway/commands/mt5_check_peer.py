"""The peer on 127.0.0.1 that the self-check Expert Advisor tries the terminal's sockets with.

A connection says one line, and what the peer does follows from it (Check/CheckPeer.mqh): `drip`
10 bytes at once and 10 more half a second later; `hold N` reads nothing for a second, then N bytes,
then says N; `bye` closes; `echo` says everything back.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Self

from gateway.errors import CommandError

PORT = 5579
PART = b"0123456789"
LATER_S = 0.5
HELD_S = 1
IDLE_S = 30
LOOK_S = 0.1
LINE_MAX = 64
PIECE = 65_536


class Peer:
    """A listener that lives as long as its `with` block. Raises CommandError if the port is taken.

    `orders` are the lines that have come.
    """

    def __init__(self, port: int = PORT) -> None:
        self.orders: list[str] = []
        try:
            self._door = socket.create_server(("127.0.0.1", port))
        except OSError as problem:
            msg = (
                f"port {port} cannot be listened on for the Expert Advisor: {problem}; end what"
                " has it, or name another with --peer-port and in the input PeerPort"
            )
            raise CommandError(msg) from None
        self._door.settimeout(LOOK_S)
        self.port = self._door.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="peer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._door.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                line, _ = self._door.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(IDLE_S)
        with line, suppress(OSError):
            order = self._order(line)
            self.orders.append(order)
            match order.split():
                case ["drip"]:
                    line.sendall(PART)
                    time.sleep(LATER_S)
                    line.sendall(PART)
                    line.recv(1)
                case ["hold", count] if count.isdecimal():
                    time.sleep(HELD_S)
                    self._swallow(line, int(count))
                    line.sendall(f"{count}\n".encode())
                    line.recv(1)
                case ["echo"]:
                    while content := line.recv(PIECE):
                        line.sendall(content)

    def _order(self, line: socket.socket) -> str:
        told = b""
        while not told.endswith(b"\n") and len(told) < LINE_MAX:
            byte = line.recv(1)
            if not byte:
                break
            told += byte
        return told.decode("ascii", "replace").strip()

    def _swallow(self, line: socket.socket, count: int) -> None:
        while count > 0:
            content = line.recv(min(PIECE, count))
            if not content:
                raise ConnectionError
            count -= len(content)
