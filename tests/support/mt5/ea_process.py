"""A compiled Expert Advisor in a process of its own, with real time and real sockets; killable.

The terminal stays in the process of the test: each call of the program's crosses a local socket and
waits for its answer. What the terminal tells (`post_transaction`, `post_tick`, `post_book`) crosses
the same way, so a terminal need not know whether its program is here or there.

    with EaProcess(build(), terminal, inputs={...}, folder=tmp_path) as ea:
        ea.kill()                         # SIGKILL, as when the terminal's process dies
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any, Self

from support.mt5 import ea_calls
from support.mt5.ea import Program, RealClock
from support.mt5.ea_calls import answer_by, pack, unpack
from support.mt5.ea_terminal import Face, tell
from support.waiting import wait_for

TESTS = Path(__file__).parents[2]
_HEAD = struct.Struct("<cI")
IDLE_S = 0.25


def _send(link: socket.socket, kind: bytes, content: bytes) -> None:
    link.sendall(_HEAD.pack(kind, len(content)) + content)


def _receive(link: socket.socket) -> tuple[bytes, bytes] | None:
    head = _exactly(link, _HEAD.size)
    if head is None:
        return None
    kind, size = _HEAD.unpack(head)
    content = _exactly(link, size)
    return None if content is None else (kind, content)


def _exactly(link: socket.socket, size: int) -> bytes | None:
    pieces = bytearray()
    while len(pieces) < size:
        try:
            piece = link.recv(size - len(pieces))
        except ConnectionError:
            return None
        if not piece:
            return None
        pieces += piece
    return bytes(pieces)


class EaProcess:
    """The test's side: starts the process and answers its calls in a thread, under `lock`.

    A terminal that is touched by the test and by this thread is touched under `lock`.
    """

    def __init__(
        self,
        library: Path,
        terminal: Any,
        *,
        folder: Path,
        inputs: dict[str, Any] | None = None,
        symbol: str = "EURUSD",
        lock: threading.RLock | None = None,
    ) -> None:
        self.terminal = terminal
        self.lock = lock or threading.RLock()
        self.journal: list[str] = []
        self.init_code: int | None = None
        self.crash = ""
        ours, theirs = socket.socketpair()
        self._link = ours
        order = {
            "library": str(library), "inputs": inputs or {}, "symbol": symbol,
            "folder": str(folder), "link": theirs.fileno(),
        }  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), *sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.mt5.ea_process", json.dumps(order)],
            pass_fds=[theirs.fileno()], env=environment, cwd=folder,
        )  # fmt: skip
        theirs.close()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        wait_for(
            lambda: self.init_code is not None or self.process.poll() is not None, what="OnInit"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        while (received := _receive(self._link)) is not None:
            kind, content = received
            if kind == b"c":
                (name, values), _ = unpack(content)
                with self.lock:
                    reply = answer_by(getattr(self.terminal, name), name, values)
                _send(self._link, b"a", reply)
            elif kind == b"p":
                self.journal.append(content.decode())
            elif kind == b"i":
                self.init_code = int(content)
            elif kind == b"x":
                self.crash = content.decode()

    def _tell(self, *event: Any) -> None:
        try:
            _send(self._link, b"e", pack(list(event)))
        except OSError:
            return

    def post_transaction(
        self,
        transaction: Any,
        request: Any = ea_calls.NO_REQUEST,
        result: Any = ea_calls.TradeResult(),  # noqa: B008 - an immutable tuple
    ) -> None:
        """A trade transaction."""
        self._tell("transaction", pack([transaction, request, result]))

    def post_tick(self) -> None:
        """A tick of the chart's symbol."""
        self._tell("tick")

    def post_book(self, symbol: str) -> None:
        """The book of a symbol has changed."""
        self._tell("book", symbol)

    def kill(self) -> None:
        """End the process without a word."""
        self.process.kill()
        self.process.wait()
        self._link.close()

    def stop(self, reason: int = 1) -> None:
        """Let OnDeinit run, then end."""
        if self.process.poll() is None:
            self._tell("stop", reason)
            self.process.wait(timeout=30)
        self._link.close()


class LiveChart:
    """A chart of a paced terminal (pace.py) with the program in a process of its own.

    `kill` ends the process without a word, `remove` takes the program off its chart in order;
    `load` puts a new one there.
    """

    def __init__(
        self, terminal: Any, pace: Any, library: Path, *, folder: Path, inputs: dict[str, Any]
    ) -> None:
        self.terminal = terminal
        self.pace = pace
        self.library = library
        self.folder = folder
        self.inputs = inputs
        self.journal: list[str] = []
        self.process: EaProcess | None = None
        self._going = True
        with pace.lock:
            self.slot = terminal.load("Portcullis")
        self.load()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()
        if self.process is not None:
            self.process.stop()

    def load(self) -> None:
        """Start the program."""
        with self.pace.lock:
            self.slot.load()
            self.slot.lifecycle.clear()
        self.process = EaProcess(
            self.library, Face(self.terminal, self.slot), folder=self.folder, inputs=self.inputs,
            lock=self.pace.lock,
        )  # fmt: skip
        self.process.journal = self.journal

    def kill(self) -> None:
        """Kill the program's process, as a terminal's death does; what is told meanwhile is lost.

        The terminal's temporary global variables end with it.
        """
        process = self._unload()
        if process is not None:
            process.kill()
        with self.pace.lock:
            self.terminal.temporaries.clear()

    def remove(self) -> None:
        """Take the program off its chart: OnDeinit runs, then its process ends."""
        process = self._unload()
        if process is not None:
            process.stop()

    def _unload(self) -> EaProcess | None:
        with self.pace.lock:
            self.slot.unload(told=False)
            process, self.process = self.process, None
        return process

    def _pump(self) -> None:
        slot = self.slot

        def waiting() -> bool:
            return not self._going or bool(slot.queue or slot.ticked or slot.booked)

        while self._going:
            if self.pace.wait(waiting, limit_ms=100):
                with self.pace.lock:
                    if self.process is not None:
                        tell(slot, self.process)


class _Remote:
    """The process's side of the terminal: every function is a call across."""

    def __init__(self, link: socket.socket, inbox: list[tuple[Any, ...]]) -> None:
        self._link = link
        self._inbox = inbox

    def ask(self, name: str, values: list[Any]) -> bytes:
        """Ask the test's side; what else it says meanwhile waits in the inbox."""
        _send(self._link, b"c", pack([name, values]))
        while (received := _receive(self._link)) is not None:
            kind, content = received
            if kind == b"a":
                return content
            self._inbox.append(tuple(unpack(content)[0]))
        raise SystemExit(0)


class _Here(Program):
    """The program in its process: what is the terminal's is asked across."""

    def answer(self, name: str, values: list[Any]) -> bytes:
        """Answer clocks, timers and the journal here."""
        if getattr(self, f"_{name}", None) is not None:
            return super().answer(name, values)
        return self.terminal.ask(name, values)

    def _Print(self, line: str) -> bool:
        _send(self.terminal._link, b"p", line.encode())
        return True


def _run(order: dict[str, Any]) -> None:
    link = socket.socket(fileno=order["link"])
    inbox: list[tuple[Any, ...]] = []
    program = _Here(
        Path(order["library"]), _Remote(link, inbox), clock=RealClock(), inputs=order["inputs"],
        folder=Path(order["folder"]), symbol=order["symbol"],
    )  # fmt: skip
    program.drain = partial(_drain, link, inbox, program)
    try:
        _send(link, b"i", str(program.start()).encode())
        while not program.removed:
            _hear(link, inbox, program)
            program.step()
    except Exception as problem:
        _send(link, b"x", str(problem).encode())
        raise


def _hear(link: socket.socket, inbox: list[tuple[Any, ...]], program: Program) -> None:
    """Wait for the terminal until the program's next event, then queue what it says."""
    due_s = (program.timer_due_ns - program.clock.now_ns) / 1e9 if program.timer_ns else IDLE_S
    link.settimeout(0.0 if program.events or inbox else max(min(due_s, IDLE_S), 0.0))
    try:
        ready = link.recv(1, socket.MSG_PEEK)
    except (TimeoutError, BlockingIOError):
        ready = None
    link.settimeout(None)
    if ready == b"":
        raise SystemExit(0)
    if ready is not None and (received := _receive(link)) is not None:
        inbox.append(tuple(unpack(received[1])[0]))
    _queue(inbox, program)
    while inbox:
        program.stop(inbox.pop(0)[1])


def _queue(inbox: list[tuple[Any, ...]], program: Program) -> None:
    """Queue what was said; a stop waits until no handler runs."""
    said, inbox[:] = [*inbox], [event for event in inbox if event[0] == "stop"]
    for event in said:
        if event[0] == "tick":
            program.post_tick()
        elif event[0] != "stop":
            program.events.append(event)


def _drain(link: socket.socket, inbox: list[tuple[Any, ...]], program: Program) -> None:
    """Queue what the terminal has said so far; called while a handler runs."""
    waiting = select.poll()  # not `select`: the descriptor may be above 1,023
    waiting.register(link, select.POLLIN)
    while waiting.poll(0) and (received := _receive(link)) is not None:
        inbox.append(tuple(unpack(received[1])[0]))
    _queue(inbox, program)


if __name__ == "__main__":
    _run(json.loads(sys.argv[1]))
