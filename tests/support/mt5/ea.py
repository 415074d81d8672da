"""A compiled Expert Advisor on a chart, in this process: events in, calls of the terminal out.

    clock = VirtualClock(now_ns)
    program = Program(build(), terminal, clock=clock, inputs={"VenueId": "MT5"})
    program.start()                       # OnInit
    program.step()                        # the timer if it is due, then every event that waits

`terminal` is any object with the MQL5 functions as methods: properties come by name
(`SymbolInfoInteger("EURUSD", "SYMBOL_DIGITS")`), a structure as the named tuple of ea_calls.py. A
method returns its value; None or False says that it failed; MqlError says why. Functions that
return a bool (OrderSelect, SymbolSelect) return True or False; OrderSend and OrderCheck return
(bool, structure). What it has to tell it says with `post_transaction`, `post_tick`, `post_book`.

As in a terminal one event of each kind waits at most (timer, tick); transactions and chart events
queue, up to a bound beyond which they are lost.
"""

from __future__ import annotations

import ctypes
import hashlib
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.mt5 import ea_calls
from support.mt5.ea_calls import answer_by, pack, unpack
from support.mt5.ea_network import VirtualNetwork
from support.mt5.runtime.build import copy_of
from support.waiting import breathe

MS_NS = 1_000_000
TIMER_FLOOR_NS = 10 * MS_NS
"""A terminal's timer does not come more often (docs/28-eventfunctions, 10 to 16 ms)."""
QUEUE_MAX = 1024
BOOTED_MS = 1_600_000_000_000
"""When every machine of the tests was switched on, ms since the epoch."""
_HOST = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_long)


class VirtualClock:
    """Time that moves when the test says so. ns since the epoch."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.start_ns = now_ns


class RealClock:
    """The machine's time."""

    def __init__(self) -> None:
        self.start_ns = time.time_ns()
        self._monotonic_ns = time.monotonic_ns()

    @property
    def now_ns(self) -> int:
        """Return ns since the epoch, never running back."""
        return self.start_ns + time.monotonic_ns() - self._monotonic_ns


class Crashed(Exception):  # noqa: N818 - the terminal calls it so
    """The program ended itself by a critical error, as a terminal would end it."""


class Program:
    """One program: what it has printed is in `journal`, what waits for it in `events`."""

    def __init__(
        self,
        library: Path,
        terminal: Any,
        *,
        clock: VirtualClock | RealClock,
        inputs: dict[str, Any] | None = None,
        network: VirtualNetwork | None = None,
        folder: Path | None = None,
        symbol: str = "EURUSD",
    ) -> None:
        self.terminal = terminal
        self.clock = clock
        self.network = network
        self.folder = folder
        self.symbol = symbol
        self.journal: list[str] = []
        self.events: deque[tuple[Any, ...]] = deque()
        self.timer_ns = 0
        self.timer_due_ns = 0
        self.timer_count = 0
        self.removed = False
        self.calls: dict[str, int] = {}
        self.may_write = True
        self.look_ns = 0
        """What a look at the microsecond counter costs of virtual time: work takes time."""
        self.drain: Callable[[], None] = lambda: None
        """Put what waits at the terminal into `events`: a terminal has one queue for a program."""
        self._answer = b""
        self._problem: BaseException | None = None
        self._library = ctypes.CDLL(str(copy_of(library)))
        self._declare()
        # What was killed, or only forgotten, must not keep its databases open.
        weakref.finalize(self, self._library.mql_let_go).atexit = False
        self._callback = _HOST(self._called)
        self._library.mql_attach(self._callback, int(network is None))
        for name, value in (inputs or {}).items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if not self._library.mql_set_input(name.encode(), text.encode()):
                msg = f"the program has no input {name!r}"
                raise ValueError(msg)

    def _declare(self) -> None:
        lib = self._library
        lib.mql_crashed.restype = ctypes.c_char_p
        for name in ("init", "deinit", "tick", "timer", "trade"):
            getattr(lib, f"mql_on_{name}").restype = ctypes.c_long
        lib.mql_on_trade_transaction.argtypes = [ctypes.c_char_p]
        lib.mql_on_chart_event.argtypes = [
            ctypes.c_int, ctypes.c_long, ctypes.c_double, ctypes.c_char_p,
        ]  # fmt: skip
        lib.mql_probe.restype = ctypes.c_long
        lib.mql_probe.argtypes = [
            ctypes.c_char_p, ctypes.c_char_p, ctypes.c_long, ctypes.POINTER(ctypes.c_void_p),
        ]  # fmt: skip
        lib.mql_socket_faults.argtypes = [ctypes.c_long] * 5

    # Handlers.

    def start(self) -> int:
        """Call OnInit and return its code."""
        return self._run(self._library.mql_on_init)

    def stop(self, reason: int = 1) -> None:
        """Call OnDeinit, as when the program is removed from its chart."""
        self._library.mql_stop()
        self._run(self._library.mql_on_deinit, reason)
        self.removed = True

    def initialise_again(self, reason: int = 3) -> int:
        """Call OnDeinit and OnInit with the globals as they are: the chart's symbol has changed."""
        self._run(self._library.mql_on_deinit, reason)
        self.events.clear()
        return self.start()

    def probe(self, command: str, payload: bytes = b"") -> bytes:
        """Call OnProbe of a test program."""
        out = ctypes.c_void_p()
        size = self._run(self._library.mql_probe, command.encode(), payload, len(payload),
                         ctypes.byref(out))  # fmt: skip
        return ctypes.string_at(out.value, size) if size else b""

    def socket_faults(
        self, *, dummies: int = 1, most_read: int = 0, most_written: int = 0, fills: bool = False,
        writable: bool = False,
    ) -> None:  # fmt: skip
        """Misbehave as sockets do (runtime/sockets.h); of the real ones."""
        self._library.mql_socket_faults(
            dummies, most_read, most_written, int(fills), int(writable)
        )

    def fail_reads(self, error: int = 5124) -> None:
        """Let each read of a database fail with an error of MQL5's; 0: they succeed again."""
        self._library.mql_fail_reads(error)

    def post_tick(self) -> None:
        """A new tick of the chart's symbol: one waits at most."""
        if ("tick",) not in self.events:
            self.events.append(("tick",))

    def post_book(self, symbol: str) -> None:
        """The book of a symbol has changed."""
        self.events.append(("book", symbol))

    def post_transaction(
        self,
        transaction: Any,
        request: Any = ea_calls.NO_REQUEST,
        result: Any = ea_calls.TradeResult(),  # noqa: B008 - an immutable tuple
    ) -> None:
        """A trade transaction; beyond the queue's bound it is lost (OnTradeTransaction)."""
        if len(self.events) < QUEUE_MAX:
            self.events.append(("transaction", pack([transaction, request, result])))

    def step(self) -> int:
        """Handle the timer if it is due, then what waited when this began; return how many."""
        if self.timer_ns and self.clock.now_ns >= self.timer_due_ns:
            self.timer_due_ns = self.clock.now_ns + self.timer_ns
            self.events.append(("timer",))
        count = len(self.events)
        for _ in range(count):
            if not self.removed:
                self._handle(self.events.popleft())
        return count

    def _handle(self, event: tuple[Any, ...]) -> None:
        lib = self._library
        match event:
            case ("timer",):
                self.timer_count += 1
                self._run(lib.mql_on_timer)
            case ("tick",):
                self._run(lib.mql_on_tick)
            case ("book", symbol):
                self._run(lib.mql_on_book_event, symbol.encode())
            case ("transaction", packed):
                self._run(lib.mql_on_trade_transaction, packed)
            case ("chart", identity, lparam, dparam, sparam):
                self._run(lib.mql_on_chart_event, identity, lparam, dparam, sparam.encode())

    def _run(self, function: Any, *arguments: Any) -> int:
        outcome = function(*arguments)
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem
        crash = self._library.mql_crashed()
        if crash:
            raise Crashed(crash.decode())
        return int(outcome)

    # Calls of the terminal.

    def _called(self, name: bytes, arguments: int, size: int) -> int | None:
        try:
            values, _ = unpack(ctypes.string_at(arguments, size))
            self._answer = self.answer(name.decode(), values)
        except BaseException as problem:  # noqa: BLE001 - it crosses C and is raised again there
            self._problem = problem
            return None
        return ctypes.cast(ctypes.c_char_p(self._answer), ctypes.c_void_p).value

    def answer(self, name: str, values: list[Any]) -> bytes:
        """Answer one call: what belongs to the program here, the rest by the terminal."""
        self.calls[name] = self.calls.get(name, 0) + 1
        function = getattr(self, f"_{name}", None) or getattr(self.network, name, None)
        return answer_by(function or getattr(self.terminal, name), name, values)

    def _Print(self, line: str) -> bool:
        self.journal.append(line)
        return True

    _Alert = _Print
    _Comment = _Print

    def _GetTickCount64(self) -> int:
        return self.clock.now_ns // MS_NS - BOOTED_MS

    def _GetMicrosecondCount(self) -> int:
        if self.look_ns:
            self.clock.now_ns += self.look_ns
        return (self.clock.now_ns - self.clock.start_ns) // 1000

    def _TimeGMT(self) -> int:
        return self.clock.now_ns // 1_000_000_000

    _TimeLocal = _TimeGMT

    def _Sleep(self, ms: int) -> bool:
        if isinstance(self.clock, RealClock):
            breathe(ms)
        else:
            self.clock.now_ns += ms * MS_NS
        return True

    def _EventSetMillisecondTimer(self, ms: int) -> bool:
        self.timer_ns = max(ms * MS_NS, TIMER_FLOOR_NS)
        self.timer_due_ns = self.clock.now_ns + self.timer_ns
        return True

    def _EventKillTimer(self) -> bool:
        self.timer_ns = 0
        return True

    def _EventChartCustom(
        self, chart: int, identity: int, lparam: int, dparam: float, sparam: str
    ) -> bool:
        self.drain()
        if len(self.events) >= QUEUE_MAX:
            return False
        self.events.append(("chart", 1000 + identity, lparam, dparam, sparam[:63]))
        return True

    def _ChartID(self) -> int:
        return 1

    def _Symbol(self) -> str:
        return self.symbol

    def _ExpertRemove(self) -> bool:
        self.removed = True
        return True

    def _MathRand(self) -> int:
        return (self.clock.now_ns * 1_103_515_245 // 65_536) % 32_768

    def _MathSrand(self, seed: int) -> bool:
        return True

    def _Sha256(self, content: bytes) -> bytes:
        return hashlib.sha256(content).digest()

    def _FileLoad(self, name: str, common: int) -> bytes | None:
        path = self.folder / name if self.folder is not None else None
        return path.read_bytes() if path is not None and path.is_file() else None

    def _FileSave(self, name: str, content: bytes, common: int) -> bool:
        assert self.folder is not None, "a program that writes a file needs a folder"
        (self.folder / name).write_bytes(content)
        return True

    def _FileDelete(self, name: str, common: int) -> bool:
        assert self.folder is not None, "a program that deletes a file needs a folder"
        (self.folder / name).unlink(missing_ok=True)
        return True

    def _DatabasePath(self, name: str, common: int) -> str:
        assert self.folder is not None, "a program that opens a database needs a folder"
        return str(self.folder / name.replace("\\", "/").replace("/", "_"))

    def _DatabaseMayWrite(self, sql: str) -> bool:
        return self.may_write
