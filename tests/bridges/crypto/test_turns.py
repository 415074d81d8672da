"""Requests of one key leave one after another, orders and cancels before questions."""

from __future__ import annotations

import asyncio

import pytest
from support.exchange.waiting import moment, until

from bridges.crypto import turns
from bridges.crypto.turns import Turns


class Line:
    """Requests that leave when it is their turn, and end when a test says so."""

    def __init__(self):
        self.turns = Turns()
        self.left = []
        self.done = {}

    async def send(self, name, *, urgent=False):
        """Leave, and wait for the answer."""
        await self.turns.enter(urgent=urgent)
        self.left.append(name)
        self.done[name] = asyncio.Event()
        try:
            await self.done[name].wait()
        finally:
            self.turns.leave()

    def start(self, name, *, urgent=False):
        """Begin to send."""
        return asyncio.ensure_future(self.send(name, urgent=urgent))

    async def answer(self, name):
        """Let an answer come, and what follows happen."""
        self.done[name].set()
        await settle()


async def settle():
    """Let everything happen that can."""
    for _ in range(5):
        await moment()


def run(main, monkeypatch, patience_s):
    """Run a test with such patience."""
    monkeypatch.setattr(turns, "PATIENCE_S", patience_s)
    asyncio.run(main(Line()))


def test_one_at_a_time_and_urgent_ones_first(monkeypatch):
    """Questions wait in their order, behind each order and cancel."""

    async def main(line):
        tasks = [line.start(name) for name in ("q1", "q2", "q3")]
        tasks += [line.start(name, urgent=True) for name in ("o1", "o2")]
        await settle()
        assert line.left == ["q1"]
        for name in ("q1", "o1", "o2", "q2", "q3"):
            assert line.left[-1] == name
            await line.answer(name)
        assert line.left == ["q1", "o1", "o2", "q2", "q3"]
        await asyncio.gather(*tasks)

    run(main, monkeypatch, 60)


def test_an_urgent_one_loses_patience_and_a_question_never_does(monkeypatch):
    """A cancel goes past what hangs; a question waits until nothing is out any more."""

    async def main(line):
        tasks = [line.start("hangs"), line.start("question")]
        tasks.append(line.start("cancel", urgent=True))
        await until(lambda: "cancel" in line.left)
        assert line.left == ["hangs", "cancel"]
        await line.answer("cancel")
        assert line.left == ["hangs", "cancel"]
        await line.answer("hangs")
        assert line.left == ["hangs", "cancel", "question"]
        await line.answer("question")
        await asyncio.gather(*tasks)

    run(main, monkeypatch, 0.01)


@pytest.mark.parametrize("urgent", [False, True])
def test_who_is_cancelled_while_it_waits_takes_no_turn(monkeypatch, urgent):
    """The next one goes as if it had never been there."""

    async def main(line):
        first, gone = line.start("first"), line.start("gone", urgent=urgent)
        last = line.start("last")
        await settle()
        gone.cancel()
        await settle()
        await line.answer("first")
        assert line.left == ["first", "last"]
        await line.answer("last")
        await asyncio.gather(first, last)
        again = line.start("again")
        await settle()
        assert line.left[-1] == "again"
        await line.answer("again")
        await again

    run(main, monkeypatch, 60)


def test_who_is_cancelled_on_its_turn_gives_it_back(monkeypatch):
    """A turn that was given and not taken is the next one's."""

    async def main(line):
        first, gone, last = line.start("first"), line.start("gone"), line.start("last")
        await settle()
        line.done["first"].set()
        await moment()  # first has its answer; it leaves, and gives the turn
        gone.cancel()
        await settle()
        assert line.left[-1] == "last"
        await line.answer("last")
        await asyncio.gather(first, last)

    run(main, monkeypatch, 60)
