"""The blocking client: a FIX session for scripts and notebooks, without a thread of its own.

    with Client("EXAMPLE", store_dir="var/example") as client:
        order = client.buy("EURUSD", 10_000, price="1.0850")
        print(client.wait_for(order, final=True).ord_status)

Rules: time passes for the session only inside its calls, so a caller that pauses for longer than
2.4 `heart_bt_int` is taken for dead; the next call logs on again and gets what was missed. An order
names the last book that `book` has returned (5039): after a pause ask again before ordering, or the
gateway takes it for a decision that took as long (LATENCY_TICK stops the strategy). Without a
`store_dir` the session begins with a reset and is forgotten with the process; with one it goes
on where the last process stopped. Not thread safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.connection import LinkEvent, News, Terms
from engine.courier import MS, Courier, clock, open_memory
from engine.errors import LogonRefused, QuestionRefused, Timeout
from engine.instrument import Instrument
from engine.link import Curve, wait
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

ORDERS = "tcp://127.0.0.1:5570"
TIMEOUT_MS = 10_000
PENDING = "LOGON_PENDING"
"""The gateway is still asking an older link of ours whether it lives: try again."""


def make_courier(
    comp_id: str,
    endpoint: str,
    *,
    store_dir: Path | str | None,
    curve: Curve | None,
    terms: dict[str, Any],
) -> Courier:
    """Open the memory and the session; without a folder the session begins with a reset."""
    terms.setdefault("reset", store_dir is None)
    agreed = Terms(comp_id=comp_id, **terms)
    memory = open_memory(store_dir, comp_id, clock())
    return Courier(endpoint, agreed, memory, curve=curve)


class Client(OrderEntry):
    """One session with the gateway. `terms` are the fields of `connection.Terms`.

    `on_link` hears when the session comes, goes, is refused or reset. A lost session is logged on
    again by itself, inside whatever call is waiting.
    """

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

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def connect(self, timeout_ms: int = TIMEOUT_MS) -> Self:
        """Log on and wait until what was missed has come. Raises LogonRefused, Timeout."""
        connection = self._courier.connection
        connection.open(self._now_ns())
        deadline_ns = self._now_ns() + timeout_ms * MS
        while not connection.caught_up:
            for event in self._turn(deadline_ns):
                if event.news is News.REFUSED and not event.text.startswith(PENDING):
                    self.close()
                    raise LogonRefused(event.text)
            if self._now_ns() >= deadline_ns and not connection.caught_up:
                link = self._courier.link
                why = link.refusal or "does the gateway run there?"
                msg = f"no Logon from {link.endpoint} within {timeout_ms} ms: {why}"
                raise Timeout(msg)
        return self

    def receive(self, timeout_ms: int | None = 0) -> Message | None:
        """Return the next message in its turn, or None when none comes in time (None: ever).

        What was returned before counts as dealt with: after a crash it does not come again.
        """
        deadline_ns = None if timeout_ms is None else self._now_ns() + timeout_ms * MS
        self._turn(self._now_ns())
        while True:
            message = self._courier.connection.take()
            if message is not None:
                return message
            if self._is_past(deadline_ns):
                return None
            self._turn(deadline_ns)

    def reports(self, timeout_ms: int | None = None) -> Iterator[Message]:
        """Iterate over messages as they come, until none comes for `timeout_ms` (None: ever)."""
        while (message := self.receive(timeout_ms)) is not None:
            yield message

    def wait_for(
        self,
        wanted: Callable[[Message], bool] | Known | PositionMaintenanceRequest | str,
        *,
        exec_type: ExecType | str | None = None,
        final: bool = False,
        timeout_ms: int | None = TIMEOUT_MS,
    ) -> Any:
        """Wait for a message: one that a predicate wants, or the next on an order.

        `exec_type` waits for a report of that kind, `final` for the one that ends the order (or,
        with what `protect` has returned, the one that says what became of the levels). Other
        messages stay to be received. Raises Timeout.
        """
        matches = wanted if callable(wanted) else about(wanted, exec_type=exec_type, final=final)
        deadline_ns = None if timeout_ms is None else self._now_ns() + timeout_ms * MS
        connection, seen = self._courier.connection, 0
        while True:
            message = connection.take_first(matches, seen)
            if message is not None:
                return message
            seen = connection.unread
            if self._is_past(deadline_ns):
                shown = wanted if isinstance(wanted, str) else getattr(wanted, "cl_ord_id", wanted)
                msg = f"nothing on {shown} within {timeout_ms} ms"
                raise Timeout(msg)
            self._turn(deadline_ns)

    def instruments(self) -> dict[str, Instrument]:
        """Ask what may be traded; symbol to rules."""
        question = Instruments(self.next_cl_ord_id())
        self._ask(question)
        return {instrument.symbol: instrument for instrument in question.found}

    def open_orders(self) -> list[ExecutionReport]:
        """Ask which orders are open."""
        question = OpenOrders(self.next_cl_ord_id())
        self._ask(question)
        return question.found

    def positions(self, account: str | None = None) -> list[PositionReport]:
        """Ask which positions there are, on one account or on all.

        On a hedging account each of one's own comes again by `position_id`, without quantities.
        """
        question = Positions(self.next_cl_ord_id(), account, now_ns=self._now_ns())
        self._ask(question)
        return question.found

    def book(self, symbol: str, venue: str | None = None) -> Book:
        """Ask for a symbol's book as it is now. Orders name it (5039): ask again after a pause."""
        question = Snapshot(self.next_cl_ord_id(), symbol, venue)
        self._ask(question)
        return self._given(question.found[0])

    def balances(self) -> list[CollateralReport]:
        """Ask what the accounts hold."""
        question = Balances(self.next_cl_ord_id())
        self._ask(question)
        return question.found

    def close(self, timeout_ms: int = 2_000) -> None:
        """Log out, wait a little for the answer, and drop the link.

        What came and nobody looked at comes again after the next `connect`.
        """
        courier = self._courier
        deadline_ns = self._now_ns() + timeout_ms * MS
        courier.connection.logout(None, self._now_ns())
        try:
            while not courier.closed and not self._is_past(deadline_ns):
                self._turn(deadline_ns)
        finally:
            courier.connection.forget_looked_at()
            courier.close()

    def _ask(self, question: Question) -> None:
        self.send(question.request)
        while not question.done:
            self.wait_for(question.hear)
        if question.refused is not None:
            raise QuestionRefused(question.refused)

    def _is_past(self, deadline_ns: int | None) -> bool:
        return deadline_ns is not None and self._now_ns() >= deadline_ns

    def _turn(self, deadline_ns: int | None) -> list[LinkEvent]:
        """Wait for something to happen, at most until the deadline, and do what follows."""
        self._courier.flush()
        timeout_ms = self._courier.wait_ms(deadline_ns)
        if timeout_ms != 0:
            wait([self._courier.link], timeout_ms)
        happened = self._courier.turn()
        if self._on_link is not None:
            for event in happened:
                self._on_link(event)
        return happened
