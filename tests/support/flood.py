"""A process of its own that floods the gateway: `flood.py ENDPOINT COMP_ID SYMBOL COUNT`.

It logs on, writes COUNT orders in advance, says `ready`, waits for a line, hands all of them to
ZeroMQ as fast as it can, says `sent`, and reads nothing until its input ends.
"""

from __future__ import annotations

import sys
import time
from decimal import Decimal

import zmq

from protocol import codec
from protocol.fields import OrdType, Side
from protocol.messages import NewOrderSingle
from protocol.session import FixSession
from protocol.timestamps import format_utc

FAR, TICK, LEVELS = Decimal("0.9"), Decimal("0.00001"), 1_000


def main(endpoint, comp_id, symbol, count):
    """Flood."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger, socket.sndhwm = 0, 0
    socket.connect(endpoint)
    fix = FixSession(comp_id=comp_id, peer_comp_id="GATEWAY", acceptor=False)
    socket.send(fix.logon(time.time_ns(), reset=True).frame)
    while not fix.active:
        fix.receive(codec.decode(socket.recv()), time.time_ns())
    frames = [fix.send(order(symbol, number), time.time_ns()).frame for number in range(count)]
    tell("ready")
    sys.stdin.readline()
    for frame in frames:
        socket.send(frame)
    tell("sent")
    sys.stdin.read()


def tell(word):
    """Say a word to who started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def order(symbol, number):
    """Write an order that would rest far below the market."""
    return NewOrderSingle(
        cl_ord_id=f"F{number}", symbol=symbol, side=Side.BUY, order_qty=Decimal(1000),
        ord_type=OrdType.LIMIT, price=FAR - TICK * (number % LEVELS),
        transact_time=format_utc(time.time_ns()),
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
