"""A house whose venue may be asked ten times a second, two of them for cancels only.

What the venue is sent is counted here from the frames, as a venue would.
"""

from __future__ import annotations

from msgspec.structs import replace
from support.desk import VENUE, Desk, Exchange, new_order, rules

from gateway.risk.pacing import Pace, RateLimit
from protocol.fields import TradSesStatus
from protocol.messages import (
    CollateralInquiry,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    RequestForPositions,
    SecurityListRequest,
    TradeCaptureReportRequest,
    TradingSessionStatus,
)

MS = 1_000_000
ANN = "OPERATOR/ann/7"
"""The session of a person."""
WEIGHT, ORDERS = 10, 8
WEIGHS = dict.fromkeys(
    (NewOrderSingle, OrderCancelRequest, OrderCancelReplaceRequest, OrderStatusRequest,
     SecurityListRequest, OrderMassStatusRequest, RequestForPositions, CollateralInquiry), 1,
) | {TradeCaptureReportRequest: 2}  # fmt: skip


def house(*, max_send_wait_ms=2_000, weight=WEIGHT, **pace):
    """Rules with a paced venue."""
    plain = rules()
    paced = Pace(
        limits=(RateLimit(weight=weight, window_ms=1_000),), slack_ms=1,
        max_send_wait_ms=max_send_wait_ms, **pace,
    )  # fmt: skip
    return replace(plain, venues={VENUE: replace(plain.venues[VENUE], pace=paced)})


class Paced(Desk):
    """A desk that knows when its venue was sent what."""

    def __init__(self, house, **fields):
        self.times = []
        super().__init__(house, **fields)

    def run(self, effects):
        """Remember when something was said to the venue."""
        done = super().run(effects)
        for effect in done:
            if getattr(effect, "session", "") == VENUE and hasattr(effect, "message"):
                weight = WEIGHS.get(type(getattr(effect, "message", None)), 0)
                self.times += [self.now_ns] * weight
        return done

    def live(self, ms):
        """Let time pass as the loop does: a tick at each deadline."""
        end_ns = self.now_ns + ms * MS
        while (due_ns := self.core.next_deadline_ns()) is not None and due_ns <= end_ns:
            self.now_ns = max(due_ns, self.now_ns)
            before = self.core.next_deadline_ns()
            self.pass_time(0)
            assert self.core.next_deadline_ns() != before, "a deadline that stays would spin"
        self.now_ns = end_ns

    def most(self):
        """The most that the venue was sent within any second."""
        return max(
            (sum(1 for other in self.times[at:] if other <= first + 1_000 * MS)
             for at, first in enumerate(self.times)), default=0,
        )  # fmt: skip

    def sent(self, kind):
        """What the venue was sent of a kind."""
        return [message for message in self.told(VENUE) if isinstance(message, kind)]

    def reports(self, owner="MM"):
        """What an owner was told, as `150/39 text`."""
        return [
            f"{one.exec_type.value}/{one.ord_status.value} {one.text or ''}".strip()
            for one in self.told(owner) if isinstance(one, ExecutionReport)
        ]  # fmt: skip


def opened(rules_of_house):
    """Open a desk; the window is empty."""
    desk = Paced(rules_of_house)
    desk.open_up()
    desk.live(1_100)
    desk.said.clear()
    return desk


def fill_up(desk, count=ORDERS):
    """Send orders while there is room for any; return their exchanges' sides."""
    exchanges = []
    for number in range(count):
        desk.hear("MM", new_order(desk, f"F{number}"))
        exchanges.append(Exchange(desk, desk.sent(NewOrderSingle)[-1]))
        exchanges[-1].accept()
    return exchanges


def settled(desk):
    """Whether the journal makes the same state again."""
    return desk.replayed().digest() == desk.book.digest()


def hold(desk):
    """Fill the window and hold one order X of MM."""
    exchanges = fill_up(desk)
    desk.hear("MM", new_order(desk, "X"))
    desk.said.clear()
    return exchanges


def warning(ms, *, banned=False):
    """What a bridge says when its venue warns."""
    status = TradSesStatus.HALTED if banned else TradSesStatus.OPEN
    return TradingSessionStatus(
        trading_session_id=VENUE, trad_ses_status=status, back_off_ms=ms, text="RATE_WARNED"
    )
