"""What state costs: the memory of a resting order, beside the least that one could keep."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.commands import launch
from gateway.errors import CommandError
from gateway.oms.apply import OUT, Entry, apply
from gateway.oms.book import Book
from protocol import codec
from protocol.fields import ExecType, OrdStatus, OrdType, Side, TimeInForce
from protocol.messages import ExecutionReport, NewOrderSingle
from protocol.numbers import ZERO
from protocol.order_id import OrderId
from protocol.timestamps import format_utc

EPOCH = 1_700_000_000
PRICE = Decimal("1.08765")


def memory(count: int) -> dict[str, Any]:
    """Return bytes for each of so many resting orders, measured in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-P", "-m", "gateway.commands.bench_state", str(count)],
        env=launch.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CommandError(done.stderr)
    ours, bare = json.loads(done.stdout)
    return {
        "orders": count, "bytes_per_resting_order": ours, "bare_bytes": bare,
        "to_bare": round(ours / bare, 1),
    }  # fmt: skip


def rest_orders(count: int) -> Book:
    """Fold so many accepted, resting orders into a book, as their reports would."""
    book = Book()
    now_ns = EPOCH * 1_000_000_000
    number = OrderId(1, EPOCH, 0)
    seq = 0
    for index in range(count):
        number = number.next()
        for exec_type, status in (
            (ExecType.PENDING_NEW, OrdStatus.PENDING_NEW), (None, None),
            (ExecType.NEW, OrdStatus.NEW),
        ):  # fmt: skip
            seq += 1
            message = _wire(number) if exec_type is None else _report(number, index, seq, exec_type)
            if status is not None:
                assert isinstance(message, ExecutionReport)
            session = "PAPER" if exec_type is None else "S000"
            frame = codec.encode(
                message, sender_comp_id="GATEWAY", target_comp_id=session, msg_seq_num=seq,
                sending_time=format_utc(now_ns),
            )  # fmt: skip
            apply(book, Entry(seq, now_ns, OUT, session, seq, codec.decode(frame)))
    return book


def _report(number: OrderId, index: int, seq: int, exec_type: ExecType) -> ExecutionReport:
    status = OrdStatus.NEW if exec_type is ExecType.NEW else OrdStatus.PENDING_NEW
    return ExecutionReport(
        order_id=number.text(), exec_id=f"{EPOCH:X}.{seq}", exec_type=exec_type, ord_status=status,
        symbol="EURUSD", side=Side.BUY, leaves_qty=Decimal(1000), cum_qty=ZERO, avg_px=ZERO,
        cl_ord_id=f"TOTNAD-{index}", account="PAPER", security_exchange="PAPER",
        order_qty=Decimal(1000), ord_type=OrdType.LIMIT, price=PRICE,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, currency="USD",
        secondary_order_id=f"P{index}" if exec_type is ExecType.NEW else None,
    )  # fmt: skip


def _wire(number: OrderId) -> NewOrderSingle:
    return NewOrderSingle(
        cl_ord_id=number.text(), symbol="EURUSD", side=Side.BUY, order_qty=Decimal(1000),
        transact_time=format_utc(EPOCH * 1_000_000_000), ord_type=OrdType.LIMIT, price=PRICE,
        on_behalf_of_comp_id="S000", account="PAPER",
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )  # fmt: skip


class Bare(NamedTuple):
    """The least that one would keep of an order; the floor."""

    order_id: str
    cl_ord_id: str
    venue_order_id: str
    owner: str
    symbol: str
    order_qty: Decimal
    price: Decimal
    created_ns: int
    status: OrdStatus


def bare_orders(count: int) -> dict[str, Bare]:
    """Keep so many orders as one would without a gateway: a tuple each, in one dict by id."""
    found = {}
    for index in range(count):
        name = OrderId(1, EPOCH, index).text()
        found[name] = Bare(
            name, f"TOTNAD-{index}", f"P{index}", "S000", "EURUSD", Decimal(1000),
            Decimal(f"1.{index:05}"), EPOCH * 1_000_000_000 + index, OrdStatus.NEW,
        )  # fmt: skip
    return found


def _measure(count: int) -> list[int]:
    """Trace what stays allocated: resident memory would count what is only reused."""
    tracemalloc.start()
    warm = rest_orders(1_000)
    before = tracemalloc.get_traced_memory()[0]
    book = rest_orders(count)
    after = tracemalloc.get_traced_memory()[0]
    bare = bare_orders(count)
    least = tracemalloc.get_traced_memory()[0] - after
    assert len(book.open_orders()) == len(bare) == count > len(warm.open_orders())
    return [round((after - before) / count), round(least / count)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(int(sys.argv[1]))))
