"""The asyncio client: the same session, carried by a task of the running loop.

    async with AsyncClient("EXAMPLE", store_dir="var/example") as client:
        order = client.buy("EURUSD", 10_000, price="1.0850")
        report = await client.wait_for(order, final=True)

Rules: sending does not wait (`buy`, `cancel` … are plain calls); the task keeps the heartbeat,
reads, and logs on again. The loop must be a selector loop (on Windows the default is not one).
Everything is called from the loop's own thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.client import ORDERS, PENDING, TIMEOUT_MS, make_courier
from engine.connection import LinkEvent, News
from engine.errors import LogonRefused, QuestionRefused, Timeout
from engine.instrument import Instrument
from engine.link import Curve
from engine.market import Book
from engine.order_entry import OrderEntry, about
from engine.questions import Balances, Instruments, OpenOrders, Positions, Question, Snapshot
from engine.requests import Known
from protocol.fields import ExecType
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    Message,
    PositionMaintenanceRequest,
    PositionReport,
)


class AsyncClient(OrderEntry):
    """One session with the gateway; see `client.Client` for the arguments."""

    def __init__(
        self,
        comp_id: str,
        endpoint: str = ORDERS,
        *,
        store_dir: Path | str | None = None,
        curve: Curve | None = None,
        on_link: Callable[[LinkEvent], None] | None = None,
        **terms: Any,
    ) -> None:
        super().__init__(
            make_courier(comp_id, endpoint, store_dir=store_dir, curve=curve, terms=terms)
        )
        self._on_link = on_link
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._refused: str | None = None
        self._problem: Exception | None = None

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self, timeout_ms: int = TIMEOUT_MS) -> Self:
        """Log on and wait until what was missed has come. Raises LogonRefused, Timeout."""
        connection = self._courier.connection
        connection.open(self._now_ns())
        self._refused = None
        self._task = self._task or asyncio.create_task(self._carry())
        try:
            await self._until(
                lambda: connection.caught_up or self._refused is not None, timeout_ms, "Logon"
            )
        except Timeout:
            await self.close()
            raise
        if self._refused is not None:
            await self.close()
            raise LogonRefused(self._refused)
        return self

    def send(self, message: Message) -> Message:
        """Send any application message. Raises NotConnected when there is no session."""
        sent = super().send(message)
        self._wake.set()  # a send may swallow the signal that frames wait
        return sent

    async def receive(self, timeout_ms: int | None = None) -> Message | None:
        """Return the next message in its turn, or None when none comes in time (None: ever)."""
        connection = self._courier.connection
        try:
            await self._until(lambda: connection.unread > 0, timeout_ms, "message")
        except Timeout:
            return None
        return connection.take()

    async def reports(self, timeout_ms: int | None = None) -> AsyncIterator[Message]:
        """Iterate over messages as they come, until none comes for `timeout_ms` (None: ever)."""
        while (message := await self.receive(timeout_ms)) is not None:
            yield message

    async def wait_for(
        self,
        wanted: Callable[[Message], bool] | Known | PositionMaintenanceRequest | str,
        *,
        exec_type: ExecType | str | None = None,
        final: bool = False,
        timeout_ms: int | None = TIMEOUT_MS,
    ) -> Any:
        """Wait for a message: one that a predicate wants, or the next on an order."""
        matches = wanted if callable(wanted) else about(wanted, exec_type=exec_type, final=final)
        found: list[Message] = []

        def look() -> bool:
            message = self._courier.connection.take_first(matches, 0)
            if message is not None:
                found.append(message)
            return bool(found)

        await self._until(look, timeout_ms, "message that was waited for")
        return found[0]

    async def instruments(self) -> dict[str, Instrument]:
        """Ask what may be traded; symbol to rules."""
        question = Instruments(self.next_cl_ord_id())
        await self._ask(question)
        return {instrument.symbol: instrument for instrument in question.found}

    async def open_orders(self) -> list[ExecutionReport]:
        """Ask which orders are open."""
        question = OpenOrders(self.next_cl_ord_id())
        await self._ask(question)
        return question.found

    async def positions(self, account: str | None = None) -> list[PositionReport]:
        """Ask which positions there are, on one account or on all."""
        question = Positions(self.next_cl_ord_id(), account, now_ns=self._now_ns())
        await self._ask(question)
        return question.found

    async def book(self, symbol: str, venue: str | None = None) -> Book:
        """Ask for a symbol's book as it is now. Orders name it (5039): ask again after a pause."""
        question = Snapshot(self.next_cl_ord_id(), symbol, venue)
        await self._ask(question)
        return self._given(question.found[0])

    async def balances(self) -> list[CollateralReport]:
        """Ask what the accounts hold."""
        question = Balances(self.next_cl_ord_id())
        await self._ask(question)
        return question.found

    async def close(self, timeout_ms: int = 2_000) -> None:
        """Log out, wait a little for the answer, and drop the link."""
        courier = self._courier
        courier.connection.logout(None, self._now_ns())
        self._wake.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait([task], timeout=timeout_ms / 1_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        courier.connection.forget_looked_at()
        courier.close()

    async def _ask(self, question: Question) -> None:
        self.send(question.request)
        while not question.done:
            await self.wait_for(question.hear)
        if question.refused is not None:
            raise QuestionRefused(question.refused)

    async def _until(
        self, done: Callable[[], bool], timeout_ms: int | None, what: str
    ) -> None:
        """Wait until `done` after some turn of the task."""
        timeout = None if timeout_ms is None else timeout_ms / 1_000
        try:
            async with asyncio.timeout(timeout), self._progress:
                await self._progress.wait_for(lambda: self._failed() or done())
        except TimeoutError:
            msg = f"no {what} within {timeout_ms} ms"
            raise Timeout(msg) from None

    def _failed(self) -> bool:
        """Raise in the caller's place what ended the task."""
        if self._problem is not None:
            raise self._problem
        return False

    async def _carry(self) -> None:
        courier = self._courier
        try:
            while not courier.closed:
                self._wake.clear()
                for event in courier.turn():
                    if event.news is News.REFUSED and not event.text.startswith(PENDING):
                        self._refused = event.text
                    if self._on_link is not None:
                        self._on_link(event)
                async with self._progress:
                    self._progress.notify_all()
                if not courier.closed:
                    await self._sleep()
        except Exception as problem:  # noqa: BLE001 - whoever waits for the session raises it
            self._problem = problem
        finally:
            async with self._progress:
                self._progress.notify_all()

    async def _sleep(self) -> None:
        """Sleep until a frame waits, a duty is due, or somebody has sent."""
        courier = self._courier
        timeout_ms = courier.wait_ms(None)
        handles = courier.link.handles()
        if timeout_ms == 0 or courier.link.has_input():
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        for handle in handles:
            loop.add_reader(handle, self._wake.set)
        try:
            timeout = None if timeout_ms is None else timeout_ms / 1_000
            await asyncio.wait_for(self._wake.wait(), timeout)
        except TimeoutError:
            pass
        finally:
            for handle in handles:
                loop.remove_reader(handle)


