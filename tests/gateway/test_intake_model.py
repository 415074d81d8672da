"""The intake with made-up sockets: connections come, go and inherit descriptors by chance."""

from __future__ import annotations

from random import Random

import pytest
import zmq

from gateway import intake
from gateway.intake import Intake

DESCRIPTORS = 2
MAX_WAITING = 20 * (intake._FRAME_COSTS + 1)


class Part:
    """A part of a message, as ZeroMQ gives it."""

    def __init__(self, number, descriptor, *, more=False):
        self.bytes, self.descriptor, self.more = b"%d" % number, descriptor, more

    def __len__(self):
        return len(self.bytes)

    def get(self, _):
        """Tell the descriptor of its connection."""
        return str(self.descriptor)


class Socket:
    """One of the sockets."""

    def __init__(self, world, number):
        self.world, self.number = world, number

    def recv(self, _flags, copy=True):  # noqa: FBT002 - as pyzmq has it
        """Return the next part."""
        return self.world.recv(self.number)


class World:
    """Two sockets, and who is connected to them; what was said is heard in the order of each."""

    def __init__(self, seed, monkeypatch):
        self.random = Random(seed)
        self.intake = Intake(MAX_WAITING)
        self.pipes = {0: {}, 1: {}}
        self.open = {}
        """Routing ids of who is there, with their descriptors."""
        self.said, self.heard, self.begun = {}, {}, ([], [])
        monkeypatch.setattr(intake, "_peer_address", self.address)
        monkeypatch.setattr(intake, "_shut", self.shut)

    def address(self, descriptor):
        """Return who has a descriptor."""
        return next((one for one, at in self.open.items() if at == descriptor), None)

    def shut(self, descriptor, address):
        """End a connection."""
        if address is not None and self.address(descriptor) == address:
            del self.open[address]

    def connect(self):
        """Let somebody come, who is given the lowest descriptor."""
        free = set(range(DESCRIPTORS)) - set(self.open.values())
        if free:
            one = (self.random.randrange(2), b"r%d" % (len(self.said) + 1))
            self.open[one], self.said[one], self.heard[one] = min(free), 0, 0
            self.pipes[one[0]][one[1]] = []

    def leave(self):
        """Let somebody go; what it has said stays in its pipe."""
        if self.open:
            del self.open[self.random.choice(list(self.open))]

    def say(self):
        """Let somebody say much or little, now and then in parts."""
        if not self.open:
            return
        one = self.random.choice(list(self.open))
        pipe, descriptor = self.pipes[one[0]][one[1]], self.open[one]
        for _ in range(self.random.choice((1, 1, 2, 30))):
            if self.random.random() < 0.05:
                many = self.random.choice((1, intake.MAX_PARTS + 6))
                pipe.append([*[Part(0, descriptor, more=True)] * many, Part(0, descriptor)])
            else:
                pipe.append([Part(self.said[one], descriptor)])
                self.said[one] += 1

    def recv(self, number):
        """Return the next part at a socket, as ZeroMQ does: the routing id is the first."""
        begun = self.begun[number]
        if not begun:
            waiting = [one for one, pipe in self.pipes[number].items() if pipe]
            if not waiting:
                raise zmq.Again
            one = self.random.choice(waiting)
            begun += [one, *self.pipes[number][one].pop(0)]
        return begun.pop(0)

    def turn(self, limit):
        """Read and deal out; nothing is out of order, and no more waits than may."""
        batch = []
        for number in self.pipes:
            self.intake.read(number, Socket(self, number))
        for number in self.intake.lines:
            self.intake.deal(number, limit, batch)
        for arrival in batch:
            expected = self.heard[arrival.route]
            assert arrival.route in self.intake.cut or int(arrival.frame) == expected
            self.heard[arrival.route] += 1
        assert 0 <= self.intake.waiting <= MAX_WAITING


@pytest.mark.parametrize("seed", range(300))
def test_whatever_comes_and_goes_is_heard_in_order(seed, monkeypatch):
    """Who was not cut off is heard whole and in order, and in the end nobody is remembered."""
    world = World(seed, monkeypatch)
    monkeypatch.setattr(intake, "READ_AT_ONCE", world.random.choice((3, 10, 50)))
    for _ in range(150):
        deed = world.random.choices(
            (world.connect, world.leave, world.say, lambda: world.turn(3), lambda: world.turn(256)),
            (15, 10, 45, 15, 15),
        )[0]
        deed()
    monkeypatch.setattr(intake, "READ_AT_ONCE", 5_000)
    for _ in range(60):
        world.turn(256)
    assert (world.intake.waiting, world.intake.lines, dict(world.intake._ghosts)) == (0, [], {})
    assert len(world.intake._peers) <= DESCRIPTORS
    cut = set(world.intake.cut)
    whole = {one for one in world.said if world.said[one] == world.heard[one]}
    assert world.said.keys() - cut <= whole


def test_who_is_there_is_not_overtaken_by_itself(monkeypatch):
    """A gone peer of the same descriptor is read late: who is there is met anew, in order."""
    world = World(0, monkeypatch)
    here, gone = (0, b"here"), (0, b"gone")
    world.open[here], world.pipes[0] = 1, {b"here": [], b"gone": []}
    world.heard = {here: 0, gone: 0}
    for route, number in (*((here, at) for at in range(5)), (gone, 0), (here, 5)):
        world.pipes[0][route[1]].append([Part(number, 1)])
        world.intake.read(0, Socket(world, 0))
    world.turn(256)
    assert world.heard == {here: 6, gone: 1}
