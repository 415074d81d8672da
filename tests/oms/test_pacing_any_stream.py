"""Whatever is asked, whatever the venue does: it is never asked too often."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.desk import VENUE, Exchange, cancel, change, new_order
from support.paced import WEIGHT, house, opened, settled, warning

from protocol.messages import NewOrderSingle, OrderMassCancelRequest, SecurityListRequest
from protocol.timestamps import format_utc

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["new", "new", "new", "cancel", "replace", "answer", "answer", "warn", "drop", "mass"]
        ),
        st.integers(0, 400), st.integers(0, 30), st.integers(1, 6),
    ),
    max_size=40,
)  # fmt: skip


class Trader:
    """Plays a stream of requests and a venue that answers now and then."""

    def __init__(self):
        self.desk = opened(house(max_send_wait_ms=700))
        self.names = []
        self.answered = set()

    def step(self, what, which, times):
        """One event, some of them so many times."""
        desk = self.desk
        if what in {"warn", "drop", "answer", "mass"}:
            times = 1
        for _ in range(times):
            getattr(self, what)(which, f"{what}{len(desk.records)}")

    def new(self, which, name):
        """A new order."""
        self.names.append(name)
        self.desk.hear("MM", new_order(self.desk, name))

    def cancel(self, which, name):
        """A cancel of some order."""
        if self.names:
            self.desk.hear("MM", cancel(self.desk, name, self.names[which % len(self.names)]))

    def replace(self, which, name):
        """A replace of some order."""
        if self.names:
            orig = self.names[which % len(self.names)]
            self.desk.hear("MM", change(self.desk, name, orig, "2000", "1.1000"))

    def answer(self, which, name):
        """The venue takes every order that it has been sent."""
        for sent in self.desk.sent(NewOrderSingle):
            if sent.cl_ord_id not in self.answered:
                self.answered.add(sent.cl_ord_id)
                Exchange(self.desk, sent).accept()

    def warn(self, which, name):
        """The venue warns or bans."""
        self.desk.hear(VENUE, warning(which * 10, banned=which % 3 == 0))

    def drop(self, which, name):
        """The link breaks and comes back."""
        self.desk.drop(VENUE)
        self.desk.log_on(VENUE)
        self.desk.live(1_200)
        if self.desk.sent(SecurityListRequest):
            self.desk.answer_round()
            self.desk.quote("1.1000", "1.1002")

    def mass(self, which, name):
        """Everything is cancelled."""
        self.desk.hear("MM", OrderMassCancelRequest(
            cl_ord_id=name, mass_cancel_request_type="7",
            transact_time=format_utc(self.desk.now_ns),
        ))  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_whatever_comes_the_venue_is_never_asked_too_often(steps):
    """Ten a second at most, no D twice, no order left behind, and the journal agrees."""
    trader = Trader()
    desk = trader.desk
    for what, pause_ms, which, times in steps:
        desk.live(pause_ms)
        trader.step(what, which, times)
    desk.live(20_000)
    assert desk.most() <= WEIGHT
    ids = [sent.cl_ord_id for sent in desk.sent(NewOrderSingle)]
    assert len(ids) == len(set(ids))
    assert not [order for order in desk.book.open_orders() if order.is_held]
    unsaid = [
        order for order in desk.book.open_orders()
        if order.cancel and not order.cancel.wire_id and not order.in_doubt and order.wire_ids
    ]  # fmt: skip
    if desk.core.market.venue(VENUE).ready and "drop" not in [step[0] for step in steps]:
        assert unsaid == []
    assert settled(desk)
