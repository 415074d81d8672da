"""A compiled bridge with a small venue and the gateway's end of its link, in virtual time.

What the gateway asks of a bridge is written by `new`, `cancel`, `replace`, `protect`, `status`.
"""

from __future__ import annotations

from pathlib import Path

from support.mt5.ea import Program, VirtualClock
from support.mt5.ea_gateway import GatewayEnd
from support.mt5.ea_network import VirtualNetwork
from support.mt5.runtime import build

from protocol.fields import OrdType, Side, TimeInForce
from protocol.messages import (
    MarketDataSnapshotFullRefresh,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
    PositionMaintenanceRequest,
)
from protocol.numbers import parse_decimal
from protocol.timestamps import format_date, format_utc

PROBES = Path(build.__file__).parents[1] / "probes"
T0 = 1_767_603_000 * 10**9
MS = 10**6
PORT = 5571
NOW = "20260105-08:50:00.000000"


class House:
    """A compiled bridge and the gateway's end of its link."""

    def __init__(self, *, accepts=True, **inputs):
        self.network = VirtualNetwork()
        self.clock = VirtualClock(T0)
        self.end = GatewayEnd(self.network.listen(PORT))
        self.end.accepts = accepts
        self.program = Program(
            build.build(PROBES / "Bridge.mq5"), None, clock=self.clock, network=self.network,
            inputs={"Port": PORT, **inputs},
        )  # fmt: skip
        assert self.program.start() == 0

    def run(self, ms):
        """Let milliseconds pass; return what the gateway heard."""
        heard = []
        for _ in range(ms):
            self.clock.now_ns += MS
            self.program.step()
            heard += self.end.hear(self.clock.now_ns)
        return heard

    def until_live(self):
        """Run until the bridge is logged on."""
        for _ in range(3000):
            self.run(1)
            if self.end.live:
                return self.run(30)
        raise AssertionError(self.program.journal)

    def ask(self, message, ms=40):
        """Say a message; return what comes of it, quotes aside."""
        self.end.say(message, self.clock.now_ns)
        heard = self.run(ms)
        return [m for m in heard if not isinstance(m, MarketDataSnapshotFullRefresh)]


def new(cl_ord_id, price="1.08", kind=OrdType.LIMIT):
    """Write a D as the gateway writes it to a bridge."""
    return NewOrderSingle(
        cl_ord_id=cl_ord_id, symbol="EURUSD", side=Side.BUY, transact_time=NOW,
        order_qty=parse_decimal("1000"), ord_type=kind,
        price=parse_decimal(price) if kind is OrdType.LIMIT else None,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, on_behalf_of_comp_id="MM",
    )  # fmt: skip


def cancel(cl_ord_id, orig):
    """Write an F."""
    return OrderCancelRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, symbol="EURUSD", side=Side.BUY, transact_time=NOW
    )


def replace(cl_ord_id, orig, price="1.09"):
    """Write a G."""
    return OrderCancelReplaceRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, symbol="EURUSD", side=Side.BUY,
        transact_time=NOW, order_qty=parse_decimal("1000"), ord_type=OrdType.LIMIT,
        price=parse_decimal(price), time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    )  # fmt: skip


def protect(pos_req_id, stop_loss_px, now_ns):
    """Write an AL for the account's position."""
    return PositionMaintenanceRequest(
        pos_req_id=pos_req_id, clearing_business_date=format_date(now_ns), account="1001",
        symbol="EURUSD", transact_time=format_utc(now_ns),
        stop_loss_px=parse_decimal(stop_loss_px),
    )  # fmt: skip


def status(cl_ord_id):
    """Write an H."""
    return OrderStatusRequest(
        cl_ord_id=cl_ord_id, symbol="EURUSD", side=Side.BUY, ord_status_req_id="S1"
    )
