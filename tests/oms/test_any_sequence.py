"""Any sequence of commands, reports, faults and restarts keeps the invariants.

Two strategies, an operator and a model venue (support/model_venue.py, the ground truth) act in any
order; frames of the bridge session are late, doubled, reordered or lost, links break, the gateway
is killed. The numbers are those of the reliability notes:

I1 what is accepted is in the journal · I3 an id goes to the venue at most once · I5 positions are
the sums of fills, and agree with the account · I6 quantities obey their laws · I7 a fill counts
once · I8 what has ended stays ended · I9 nothing new passes while halted or while the venue is not
reconciled · I10 records and epochs only go up · I11 the state is what the records say · I12 when
faults are healed, what we believe open is what is open at the venue, and nothing is left in doubt.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.desk import SYMBOL, T0, VENUE, Desk, cancel, change, new_order
from support.model_venue import ModelVenue

from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book, decode, encode
from protocol.fields import (
    ExecType,
    MassCancelRequestType,
    MassStatusReqType,
    OrdStatus,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_utc

OWNERS = ("MM", "MOM")
OPERATOR = "OPERATOR/ann/1"
owners = st.sampled_from(OWNERS)
sides = st.sampled_from(Side)
quantities = st.integers(1, 50).map(lambda hundreds: Decimal(hundreds * 100))
fates = st.sampled_from(("ok", "ok", "ok", "lost", "slow", "refused"))
picks = st.integers(0, 1_000)
TOLD_ENDED = {
    OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED,
    OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE,  # a request that is not answered yet
}  # fmt: skip


def operator(command):
    """Write a command over everything."""
    return OperatorCommand(cl_ord_id="U", command=command, scope="all", reason="test")


class House(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    def __init__(self):
        super().__init__()
        self.desk = Desk()
        self.venue = ModelVenue(now_ns=T0)
        self.linked = False
        self.to_venue, self.from_venue = [], []
        self.read = self.checked = self.folded = 0
        self.shadow = Book()
        self.ids, self.unused = [], set()
        self.count = 0
        self.told_cum, self.told_trades, self.told_fills = {}, set(), {}
        self.wire_ids, self.accepted, self.ended = set(), set(), set()
        self.log_on_all()
        self.deliver_all()

    # The wires.

    def log_on_all(self, kind=0):
        """Bring every session up; strategies choose when their orders are to be cancelled."""
        for name in (*OWNERS, OPERATOR):
            if not self.is_up(name):
                self.desk.log_on(name, cancel_on_disconnect_type=kind, cod_timeout_window=1_000)
        self.link_up()

    def is_up(self, name):
        """Whether a session is up."""
        session = self.desk.book.state.sessions.get(name)
        return session is not None and session.connected

    def link_up(self):
        """Let the bridge log on."""
        if not self.linked:
            self.linked = True
            self.read = len(self.desk.said)
            self.desk.log_on(VENUE)
        self.pump()

    def pump(self):
        """Put what the gateway says to the venue on the wire, if there is one."""
        for name, message in self.desk.said[self.read :]:
            if name == VENUE and self.linked:
                self.to_venue.append(message)
        self.read = len(self.desk.said)

    def at_venue(self, reports):
        """Put what the bridge says on the wire, if there is one."""
        found = list(reports)
        if self.linked:
            self.from_venue += found

    def say(self, session, message):
        """Let a session that is up say something."""
        if self.is_up(session):
            self.desk.hear(session, message)
            self.pump()

    def deliver_all(self):
        """Let everything arrive, in order and unharmed; it comes to an end."""
        for _ in range(100):
            if not self.to_venue and not self.from_venue:
                return
            while self.to_venue:
                self.at_venue(self.venue.hear(self.to_venue.pop(0)))
            while self.from_venue:
                self.desk.hear(VENUE, self.from_venue.pop(0))
                self.pump()
        pytest.fail("the gateway and the venue talk without end")

    # What strategies do.

    def new_id(self, owner):
        """Give out an id and remember it."""
        self.count += 1
        self.ids.append((owner, f"C{self.count}"))
        if not self.is_up(owner):
            self.unused.add(f"C{self.count}")
        return f"C{self.count}"

    @rule(owner=owners, side=sides, qty=quantities, ioc=st.booleans())
    def new(self, owner, side, qty, ioc):
        """A new order; nothing passes while halted or while the venue is not ready (I9)."""
        halt = self.desk.book.state.halts.get("all", {}).get("PERSON")
        halted = halt is not None and halt.state is TradingState.HALTED
        halted = halted or not self.desk.core.market.venue(VENUE).ready
        tif = TimeInForce.IMMEDIATE_OR_CANCEL if ioc else TimeInForce.GOOD_TILL_CANCEL
        message = new_order(
            self.desk, self.new_id(owner), str(qty), side=side, time_in_force=tif
        )
        before = len(self.wire_ids)
        self.say(owner, message)
        self.check_what_was_said()
        assert not (halted and len(self.wire_ids) > before)

    @precondition(lambda self: self.ids)
    @rule(what=st.sampled_from(("cancel", "cancel", "replace", "replace", "again", "ask", "mass")),
          pick=picks, qty=quantities, resend=st.booleans())  # fmt: skip
    def request(self, what, pick, qty, resend):
        """Something about an id that was used: cancel, replace, repeat, ask, cancel all."""
        owner, cl_ord_id = self.ids[-1 - pick % len(self.ids)]
        order = self.desk.book.order_of(owner, cl_ord_id)
        if what == "cancel":
            side = order.side if order else Side.BUY
            self.say(owner, cancel(self.desk, self.new_id(owner), cl_ord_id, side=side))
        elif what == "replace":
            same = {"side": order.side, "time_in_force": order.time_in_force} if order else {}
            orig = order.cl_ord_id if order else cl_ord_id
            message = change(self.desk, self.new_id(owner), orig, str(qty), "1.1", **same)
            self.say(owner, message)
        elif what == "again":
            sent = len(self.wire_ids)
            self.say(owner, new_order(self.desk, cl_ord_id, str(qty), poss_resend=resend))
            self.check_what_was_said()
            assert len(self.wire_ids) == sent or cl_ord_id in self.unused
        elif what == "ask":
            self.ask(owner, cl_ord_id)
        else:
            self.say(owner, OrderMassCancelRequest(
                cl_ord_id=self.new_id(owner), transact_time=format_utc(self.desk.now_ns),
                mass_cancel_request_type=MassCancelRequestType.ALL,
            ))  # fmt: skip

    def ask(self, owner, cl_ord_id):
        """Questions change nothing but numbers."""
        self.desk.book.digest()
        parts = self.desk.book.state.part
        self.say(owner, OrderStatusRequest(cl_ord_id=cl_ord_id, symbol=SYMBOL, side=Side.BUY))
        self.say(owner, OrderMassStatusRequest(
            mass_status_req_id="Q", mass_status_req_type=MassStatusReqType.ALL,
        ))  # fmt: skip
        self.desk.book.digest()
        assert self.desk.book.state.part == parts

    # What the wires and the venue do.

    @rule(number=st.integers(1, 9), fate=fates,
          how=st.sampled_from(("", "", "", "double", "turn", "drop")))  # fmt: skip
    def wires(self, number, fate, how):
        """Frames reach the bridge; reports come as they were said, doubled, turned, or not."""
        for message in self.to_venue[:number]:
            self.at_venue(self.venue.hear(message, fate))
        del self.to_venue[:number]
        some = self.from_venue[:number]
        del self.from_venue[:number]
        if how == "double":
            some = [message for message in some for _ in range(2)]
        elif how == "turn":
            some.reverse()
        elif how == "drop":
            some = []
        for message in some:
            self.desk.hear(VENUE, message)
            self.pump()

    @rule(what=st.sampled_from(("fill", "fill", "fill", "fill", "cancel", "expire", "hand")),
          pick=picks, part=st.integers(1, 4))  # fmt: skip
    def venue_acts(self, what, pick, part):
        """An order is executed or ended by the venue; or a person trades past the gateway."""
        found = self.venue.open_orders()
        if what == "hand":
            self.at_venue([self.venue.by_hand(Side.SELL if pick % 2 else Side.BUY, Decimal(part))])
        elif found:
            order = found[pick % len(found)]
            if what == "fill":
                qty = max((order.qty - order.cum) * part // 4, Decimal(1))
                self.at_venue([self.venue.fill(order, qty)])
            else:
                how = ExecType.CANCELED if what == "cancel" else ExecType.EXPIRED
                self.at_venue([self.venue.end(order, how)])

    # What breaks, what is mended, and time.

    @rule(what=st.sampled_from((
        "heal", "heal", "heal", "heal", "link", "crash", "crash", "KILL", "REDUCE", "CANCEL",
        "leave", "leave",
    )), owner=owners, kind=st.integers(0, 3))  # fmt: skip
    def trouble(self, what, owner, kind):
        """Links break, the gateway dies, a person intervenes; all comes back."""
        if what == "heal":
            self.say(OPERATOR, operator("RESUME"))
            self.log_on_all(kind)
            self.deliver_all()
        elif what == "link" and self.linked:
            self.unlink()
            self.desk.drop(VENUE)
        elif what == "crash":
            self.crash(snapshot=kind % 2 == 0)
        elif what == "leave" and self.is_up(owner):
            self.desk.drop(owner, ("DISCONNECT", "LOGOUT", "TAKEOVER")[kind % 3])
        else:
            self.say(OPERATOR, operator(what))
        self.pump()

    def unlink(self):
        """Lose what is on the wire."""
        self.linked = False
        self.to_venue, self.from_venue = [], []

    def crash(self, *, snapshot):
        """The gateway dies and starts again; the shadow goes on from a snapshot, if wanted."""
        self.unlink()
        epoch = self.desk.epoch
        if snapshot:
            self.shadow = decode(encode(self.shadow))
        self.desk.restart()
        assert self.desk.epoch > epoch

    @rule(ms=st.sampled_from((20, 300, 600, 1_500, 6_000, 61_000)))
    def time(self, ms):
        """Time passes."""
        for _ in range(4):
            self.desk.pass_time(ms // 4)
            self.at_venue(self.venue.advance(self.desk.now_ns))
            self.pump()

    # What must hold.

    @invariant()
    def laws(self):
        """Check what was said since the last step, and fold the new records into the shadow."""
        self.check_what_was_said()
        for record in self.desk.records[self.folded :]:
            apply(self.shadow, entry_of(record))
        self.folded = len(self.desk.records)
        assert self.shadow.digest() == self.desk.book.digest()  # I11
        assert self.desk.book.state.seq == len(self.desk.records)  # I10
        for order_id in self.ended:
            assert not self.desk.book.state.orders[order_id].is_open  # I8
        for order_id in self.accepted:
            order = self.desk.book.state.orders[order_id]  # I1
            assert order.cum_qty == self.told_cum.get(order_id, ZERO)  # I6
            if not order.is_open:
                self.ended.add(order_id)
        for owner in OWNERS:
            assert self.position(owner) == self.told_fills.get(owner, ZERO)  # I5

    def position(self, owner):
        """Sum what an owner holds."""
        held = self.desk.book.state.positions.get(owner, {})
        return sum((position.qty for position in held.values()), ZERO)

    def check_what_was_said(self):
        """Check each message as it was said, once."""
        for session, message in self.desk.said[self.checked :]:
            if session == VENUE:
                self.check_wire_id(message)
            elif session in OWNERS and isinstance(message, ExecutionReport):
                self.check_report(session, message)
            elif isinstance(message, OrderCancelReject) and message.order_id in self.ended:
                assert message.ord_status in TOLD_ENDED
        self.checked = len(self.desk.said)

    def check_wire_id(self, message):
        """I3: no id is sent to the venue twice."""
        if isinstance(message, (NewOrderSingle, OrderCancelRequest, OrderCancelReplaceRequest)):
            assert message.cl_ord_id not in self.wire_ids
            self.wire_ids.add(message.cl_ord_id)

    def check_report(self, owner, told):
        """I6, I7, I8: quantities, fills, ends."""
        if told.order_id == "NONE":
            return
        if told.exec_type is ExecType.PENDING_NEW:
            self.accepted.add(told.order_id)
        if told.exec_type is ExecType.TRADE:
            assert told.secondary_exec_id not in self.told_trades
            self.told_trades.add(told.secondary_exec_id)
            signed = told.last_qty * told.side.sign
            self.told_fills[owner] = self.told_fills.get(owner, ZERO) + signed
        assert told.cum_qty >= self.told_cum.get(told.order_id, ZERO)
        self.told_cum[told.order_id] = told.cum_qty
        assert told.leaves_qty in {ZERO, told.order_qty - told.cum_qty}
        assert ZERO <= told.cum_qty <= told.order_qty
        if told.order_id in self.ended:
            assert told.leaves_qty == 0
            assert told.ord_status in TOLD_ENDED

    def teardown(self):
        """Heal every fault and wait: then nothing is in doubt, and both sides agree (I12, I5)."""
        self.log_on_all()
        for _ in range(140):
            self.deliver_all()
            self.time(500)
            if self.agree() and not self.to_venue and not self.from_venue:
                break
        self.laws()
        book = self.desk.book
        assert {order.wire_id for order in book.open_orders()} == {
            order.name for order in self.venue.open_orders()
        }
        assert not [key for waiting in book.waiting.values() for key in waiting]
        assert book.account_qty("ACC", VENUE, SYMBOL) == self.venue.position
        assert self.desk.replayed().digest() == book.digest()

    def agree(self):
        """Whether both sides have come to rest in agreement."""
        book = self.desk.book
        ours = {order.wire_id for order in book.open_orders()}
        return (
            ours == {order.name for order in self.venue.open_orders()}
            and not any(book.waiting.values())
            and book.account_qty("ACC", VENUE, SYMBOL) == self.venue.position
        )


EXAMPLES = {"quick": (100, 40), "ci": (1_000, 50), "long": (20_000, 60)}


@pytest.mark.budget(3_600)
def test_any_sequence_keeps_the_invariants(request):
    """Whatever happens in whatever order, I1 to I12 hold after every step and at the end."""
    examples, steps = EXAMPLES[request.config.getoption("--length")]
    run_state_machine_as_test(House, settings=settings(
        max_examples=examples, stateful_step_count=steps, deadline=None,
        suppress_health_check=list(HealthCheck), print_blob=True,
    ))  # fmt: skip
