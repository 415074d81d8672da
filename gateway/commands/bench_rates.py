"""How many a second: answers with many orders under way, beside a raw echo with as many frames.

Rules: echo and gateway take turns, with the same driver, the same number of sockets and the same
window; the ratio is the median over the turns. The driver is Python too and shares the processors
with what it measures, in both cases alike. An order leaves the window, and counts, when its life is
over: counting at 150=A would let a backlog grow at the venue that no real use sustains. So that no
mountain of resting orders grows either, these are IOC orders out of reach: 150=A, 0, and 4.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol, Self

import zmq

from engine.link import Link
from gateway.commands import launch
from gateway.commands.bench_floors import worker
from gateway.commands.bench_gateway import BareSession, BenchGateway, refused

TURNS = 5
CANCELED, FILLED = b"\x01150=4\x01", b"\x0139=2\x01"
WINDOWS = ((1, 128), (10, 16), (100, 4))
"""Strategies, and how many orders of each are on their way at any moment."""


class Sender(Protocol):
    """What is driven: something with a link that makes frames."""

    link: Link

    def frame(self) -> bytes:
        """Make the next frame."""
        ...


class Orders:
    """A session's orders at one price, or at the market, of which nothing stays."""

    def __init__(self, session: BareSession, price: Decimal | None) -> None:
        self.link = session.link
        self._session = session
        self._price = price

    def frame(self) -> bytes:
        """Make the next order."""
        return self._session.order(self._price, rests=False)


class Echoes:
    """As many sockets as there are strategies, to a process that sends everything back."""

    def __init__(self, count: int, frame: bytes) -> None:
        (port,) = launch.free_ports(1)
        endpoint = f"tcp://127.0.0.1:{port}"
        self._process = worker("echo", endpoint)
        self.senders = [_Echo(endpoint, frame) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        for one in self.senders:
            one.link.close()
        launch.end(self._process, patience_s=0.1)


class _Echo:
    def __init__(self, endpoint: str, frame: bytes) -> None:
        self.link = Link(endpoint)
        self._frame = frame

    def frame(self) -> bytes:
        return self._frame


def rates(gateway: BenchGateway, *, seconds: float) -> dict[str, Any]:
    """Measure orders acked a second with 1, 10 and 100 strategies, and filled life cycles."""
    price = gateway.far_price()
    everybody = [BareSession(gateway, number) for number in range(WINDOWS[-1][0])]
    found: dict[str, Any] = {}
    with Echoes(len(everybody), everybody[0].sample(price)) as echoes:
        for count, window in WINDOWS:
            orders = [Orders(session, price) for session in everybody[:count]]
            found[f"orders_{count}"] = compare(echoes, orders, window, CANCELED, seconds)
        takers = [Orders(session, None) for session in everybody[:10]]
        found["life_cycles"] = compare(echoes, takers, 4, FILLED, seconds)
    for session in everybody:
        session.close()
    return found


def compare(
    echoes: Echoes, orders: Sequence[Orders], window: int, mark: bytes, seconds: float
) -> dict[str, float]:
    """Let echo and gateway take turns; what counts at the gateway has `mark` in it."""
    raw = echoes.senders[: len(orders)]
    turn_s = seconds / TURNS
    theirs, ours = [], []
    sustained(raw, seconds=turn_s, window=window, mark=b"")  # nobody's first turn counts
    for _ in range(TURNS):
        theirs.append(sustained(raw, seconds=turn_s, window=window, mark=b""))
        ours.append(sustained(orders, seconds=turn_s, window=window, mark=mark))
    pairs = zip(ours, theirs, strict=True)
    return {
        "strategies": len(orders), "window": window, "per_second": round(statistics.median(ours)),
        "echo_per_second": round(statistics.median(theirs)),
        "to_echo": float(f"{statistics.median(a / b for a, b in pairs):.3g}"),
    }  # fmt: skip


def sustained(senders: Sequence[Sender], *, seconds: float, window: int, mark: bytes) -> float:
    """Keep `window` frames of each sender unanswered; return answers a second.

    What counts as the answer has `mark` in it. What is under way at the end is waited for.
    """
    poller = zmq.Poller()
    of_socket = {}
    for sender in senders:
        poller.register(sender.link.socket, zmq.POLLIN)
        of_socket[sender.link.socket] = sender
        for _ in range(window):
            sender.link.send(sender.frame())
    began = time.perf_counter()
    count = 0
    while (now := time.perf_counter()) - began < seconds:
        for socket, _ in poller.poll(100):
            sender = of_socket[socket]
            answered = answers_in(sender.link, mark)
            count += answered
            for _ in range(answered):
                sender.link.send(sender.frame())
    rate = count / (now - began)
    left = window * len(senders)
    while left > 0 and (found := poller.poll(2_000)):
        left -= sum(answers_in(of_socket[socket].link, mark) for socket, _ in found)
    return rate


def answers_in(link: Link, mark: bytes) -> int:
    """Count the answers among the frames that wait; a refusal ends the measurement."""
    answered = 0
    for frame in link.receive(0):
        if mark in frame:
            answered += 1
        elif b"\x01150=8\x01" in frame:
            raise refused(frame)
    return answered


