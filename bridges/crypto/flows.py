"""Conversations with an exchange: those of bridges/flows.py, with its calls and responses."""

from __future__ import annotations

from collections.abc import Generator

from bridges import flows
from bridges.crypto.effects import Call, Response
from bridges.flows import Gather, Pause

__all__ = ["LOST", "Flow", "Gather", "Pause", "Step", "ask"]

LOST = Response(0, problem="no answer in time")

Step = flows.Step[Call]
Flow = flows.Flow[Call, Response]


def ask(call: Call) -> Generator[Step, list[Response], Response]:
    """Make one call and wait for it: `response = yield from …`."""
    return (yield from flows.ask(call))
