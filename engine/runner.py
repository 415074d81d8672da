"""One strategy as a process: its session, its market data, its timer, and nothing in between.

It outlives the gateway: when the session breaks it logs on again with back-off, gets what it
missed, asks how its orders stand, and goes on. Rules: a message is in the transcript before the
strategy hears it, and counts as had only after that; an order is remembered and in the transcript
before it leaves. An exception in a handler cancels the open orders and ends the process with 1.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from loguru import logger

from engine.cl_ord_ids import ClOrdIds
from engine.connection import PASSING, LinkEvent, News, Standing, Terms
from engine.courier import MS, Courier, clock, open_memory
from engine.desk import Desk
from engine.errors import EngineError, LogonRefused, NotConnected
from engine.link import Curve, Subscriber, keys_for, wait
from engine.strategy import Strategy
from engine.transcript import Transcript
from protocol import codec
from protocol.errors import ProtocolError
from protocol.messages import MarketDataSnapshotFullRefresh, Message

LOGON_PATIENCE_MS = 30_000
STOP_PATIENCE_MS = 3_000
LOGOUT_PATIENCE_MS = 1_000
HEART_BT_INT = 5
SIGNAL_PAUSE_MS = 250
"""ZeroMQ's poll goes on after a signal: so long may an orderly stop take to be noticed."""


class Runner:
    """Carries one strategy. Times in the names' units; see `run_strategy` for the arguments."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        orders: str,
        market_data: str,
        store_dir: Path | str | None,
        token: bytes | None = None,
        transcript: Path | str | None = None,
        curve: Curve | None = None,
        heart_bt_int: int = HEART_BT_INT,
    ) -> None:
        self.strategy = strategy
        terms = Terms(
            comp_id=strategy.id,
            token=token,
            heart_bt_int=heart_bt_int,
            cancel_on_disconnect_type=strategy.cancel_on_disconnect,
            cod_timeout_window=strategy.grace_ms,
            reset=store_dir is None,
        )
        self.memory = open_memory(store_dir, strategy.id, clock())
        self.courier = Courier(
            orders, terms, self.memory, curve=keys_for(orders, curve)
        )
        self.transcript = Transcript(transcript) if transcript is not None else None
        self.feed = Subscriber(market_data, curve=keys_for(market_data, curve))
        self.desk = Desk(
            strategy, send=self._send, clock=clock, ids=ClOrdIds(self.memory.epoch)
        )
        self._stopping = False
        self._was_up = False
        self._in_sync = False
        self._timer_ns: int | None = None
        self._subscribe()

    def stop(self) -> None:
        """Ask the loop to end at its next turn; safe in a signal handler."""
        self._stopping = True

    def run(self, duration_s: float | None = None) -> int:
        """Carry the strategy until `stop`, or for `duration_s`. Returns the exit code."""
        end_ns = None if duration_s is None else clock() + int(duration_s * 1_000) * MS
        self._note("START", f"process {os.getpid()}")
        give_up_ns = clock() + LOGON_PATIENCE_MS * MS
        self.courier.connection.open(clock())
        try:
            while not self._stopping and (end_ns is None or clock() < end_ns):
                self._turn(end_ns, give_up_ns)
            self.desk.stop()
            self._say_goodbye()
        except LogonRefused as problem:
            logger.error("{}: {}", self.strategy.id, problem)
            return 1
        except Exception:  # noqa: BLE001 - whatever it is, the open orders must not stay alone
            logger.exception("{}: stops, and cancels what is open", self.strategy.id)
            self.desk.silence()
            with contextlib.suppress(EngineError):
                self.desk.cancel_all(None)
                self._say_goodbye()
            return 1
        else:
            return 0
        finally:
            self._note("STOP", "")
            self.close()

    def close(self) -> None:
        """Close sockets and files."""
        self.feed.close()
        self.courier.close()
        if self.transcript is not None:
            self.transcript.close()

    def _turn(self, end_ns: int | None, give_up_ns: int) -> None:
        self.courier.flush()
        wait([self.courier.link, self.feed], self.courier.wait_ms(self._wake_ns(end_ns)))
        happened = self.courier.turn()
        heard_ns = clock()
        for event in happened:
            self._happened(event, give_up_ns)
        self._read_session(heard_ns)
        for message in self._read_feed():
            self.desk.feed(message)
        self._tick()

    def _wake_ns(self, end_ns: int | None) -> int | None:
        times = [t for t in (end_ns, self._timer_ns, self.desk.deadline_ns()) if t is not None]
        return min([*times, clock() + SIGNAL_PAUSE_MS * MS])

    def _read_session(self, heard_ns: int) -> None:
        """Take what came until `heard_ns`: the transcript's time, however long the taking lasts."""
        connection = self.courier.connection
        while (message := connection.take()) is not None:
            if self.transcript is not None:
                self.transcript.message("IN", message, heard_ns)
            self.desk.receive(message)
        if connection.caught_up and not self._in_sync:
            self._in_sync = True
            self.desk.resumed()

    def _read_feed(self) -> Iterator[Message]:
        """Yield trades all, and of the books that wait only the newest of each topic."""
        newest: dict[str, Message] = {}
        for topic, frame in self.feed.receive(0):
            try:
                message = codec.decode(frame)
            except ProtocolError as problem:
                logger.warning("{}: market data on {}: {}", self.strategy.id, topic, problem)
                continue
            if isinstance(message, MarketDataSnapshotFullRefresh):
                newest[topic] = message
            else:
                yield message
        yield from newest.values()

    def _tick(self) -> None:
        self.desk.tick()
        timer_ms = self.strategy.timer_ms
        if timer_ms is None or not self.desk.ready:
            return
        now_ns = clock()
        if self._timer_ns is None:
            self._timer_ns = now_ns + timer_ms * MS
        elif now_ns >= self._timer_ns:
            self._timer_ns = max(self._timer_ns + timer_ms * MS, now_ns)
            self.strategy.on_timer(now_ns)

    def _happened(self, event: LinkEvent, give_up_ns: int) -> None:
        self._note(event.news.value, event.text)
        if event.news is News.UP:
            self._was_up = True
            return
        if event.news is News.REFUSED and not self._was_up:
            may_pass = event.text.startswith(PASSING) and clock() < give_up_ns
            if not may_pass:
                raise LogonRefused(event.text)
        if self._in_sync:
            self._in_sync = False
            self.desk.interrupted(event.text)

    def _send(self, message: Message) -> Message | None:
        connection = self.courier.connection
        try:
            sent = connection.send(message, clock())
        except NotConnected:
            return None
        if self.transcript is not None:
            self.transcript.message("OUT", sent, clock())
        self.courier.flush()
        return sent

    def _say_goodbye(self) -> None:
        """Wait a little for the open orders' end, then log out, whether it has come or not."""
        patience_ns = clock() + STOP_PATIENCE_MS * MS
        deadline_ns = patience_ns + LOGOUT_PATIENCE_MS * MS
        connection = self.courier.connection
        waits = self.desk.strategy.cancel_on_stop
        while clock() < deadline_ns and not self.courier.closed:
            waiting = waits and self.desk.orders.open and connection.standing is Standing.UP
            if not waiting or clock() >= patience_ns:
                connection.logout(None, clock())
            self.courier.flush()
            if self.courier.closed:
                break
            until_ns = patience_ns if clock() < patience_ns else deadline_ns
            wait([self.courier.link], self.courier.wait_ms(until_ns))
            self.courier.turn()
            self._read_session(clock())
        if waits and self.desk.orders.open:
            names = ", ".join(order.cl_ord_id for order in self.desk.orders.open)
            logger.warning("{}: stops, and does not know the end of {}", self.strategy.id, names)

    def _subscribe(self) -> None:
        for kind in ("MD", "TR"):
            for symbol in self.strategy.symbols:
                venue = self.strategy.venue
                self.feed.subscribe(f"{kind}.{venue}.{symbol}|" if venue else f"{kind}.")

    def _note(self, note: str, text: str) -> None:
        if self.transcript is not None:
            self.transcript.note(note, text, clock())


def run_strategy(
    strategy: Strategy,
    *,
    orders: str,
    market_data: str,
    store_dir: Path | str | None,
    token: bytes | None = None,
    transcript: Path | str | None = None,
    duration_s: float | None = None,
    curve: Curve | None = None,
    heart_bt_int: int = HEART_BT_INT,
) -> int:
    """Run one strategy in this process until a signal or `duration_s`; return the exit code.

    `orders` and `market_data` are the gateway's endpoints, `store_dir` the folder of the durable
    session (None: a session that begins with a reset and is forgotten), `transcript` a JSON lines
    file, `curve` the keys for those endpoints that are curve://. SIGTERM and SIGINT stop it
    orderly: open orders are canceled, then it logs out.
    """
    runner = Runner(
        strategy,
        orders=orders,
        market_data=market_data,
        store_dir=store_dir,
        token=token,
        transcript=transcript,
        curve=curve,
        heart_bt_int=heart_bt_int,
    )
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last is how Windows asks a group
            kind = getattr(signal, name, None)
            if kind is not None:
                signal.signal(kind, lambda *_: runner.stop())
    return runner.run(duration_s)
