"""What every venue has whose questions are conversations (flows.py): they begin, and are told.

A venue of this kind has a pure core, a module of questions that takes it, and somebody outside who
does what the core puts out.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from bridges.port import Event, Listener


class FlowCore(Protocol):
    """The core of such a venue; times are ns since the epoch."""

    now_ns: int
    is_up: bool
    events: list[Event]

    def start(self, flow: Any) -> None:
        """Begin a conversation."""


CoreT = TypeVar("CoreT", bound=FlowCore)


class FlowVenue(Generic[CoreT]):
    """The part of port.Venue that begins conversations and tells what has come of them.

    `questions` has a function for each question of the port, named as there: a core, the ask, the
    rest.
    """

    def __init__(self, core: CoreT, questions: ModuleType) -> None:
        self.core = core
        self._questions = questions
        self._listener: Listener | None = None

    @property
    def connected(self) -> bool:
        """Whether orders can be given."""
        return self.core.is_up

    def look_up(self, ask: str, cl_ord_id: str, now_ns: int) -> None:
        """Ask for one order."""
        self._start(self._questions.look_up(self.core, ask, cl_ord_id), now_ns)

    def open_orders(self, ask: str, now_ns: int) -> None:
        """Ask for all open orders."""
        self._start(self._questions.open_orders(self.core, ask), now_ns)

    def fills_since(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for fills."""
        self._start(self._questions.fills_since(self.core, ask, since_ns), now_ns)

    def positions(self, ask: str, now_ns: int) -> None:
        """Ask for positions."""
        self._start(self._questions.positions(self.core, ask), now_ns)

    def balances(self, ask: str, now_ns: int) -> None:
        """Ask for balances."""
        self._start(self._questions.balances(self.core, ask), now_ns)

    def ledger_entries(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for ledger entries."""
        self._start(self._questions.ledger_entries(self.core, ask, since_ns), now_ns)

    def instruments(self, ask: str, now_ns: int) -> None:
        """Ask for the instruments."""
        self._start(self._questions.instruments(self.core, ask), now_ns)

    def _start(self, flow: Any, now_ns: int) -> None:
        self.core.now_ns = now_ns
        self.core.start(flow)
        self._flush()

    def _flush(self) -> None:
        """Hand out what the core has put out."""
        raise NotImplementedError

    def _tell(self) -> None:
        """Tell the listener what has happened."""
        events, self.core.events = self.core.events, []
        if self._listener is not None:
            for event in events:
                self._listener.on_event(event)
