"""Whatever becomes of requests for levels: each is sent once, ends once, and ends as it is.

A model venue holds the levels of one position; requests are done, refused, lost, done with the
answer lost, or done late, people move levels meanwhile, links break and the gateway is killed.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.desk import VENUE
from support.levels import COMPLETED, REJECTED, al, am, asked, check_replay, opened, said, shown

from protocol.fields import PosMaintStatus, RejectSource
from protocol.timestamps import parse_utc

LATE_MS = 900
"""What is done late is done before `absence_after_ms` (1000) is over."""
PRICES = [Decimal(text) for text in ("0", "1.0950", "1.0960", "1.0970")]
FATES = ("done", "refused", "lost", "done, unheard", "late", "unsure, done", "unsure, lost")
STEPS = st.lists(
    st.tuples(st.just("ask"), st.sampled_from(PRICES), st.none() | st.sampled_from(PRICES))
    | st.tuples(st.just("again"), st.integers(0, 20), st.none())
    | st.tuples(st.just("fate"), st.sampled_from(FATES), st.none())
    | st.tuples(st.just("hand"), st.sampled_from(PRICES), st.none())
    | st.tuples(st.sampled_from(("cut", "crash")), st.none(), st.none())
    | st.tuples(st.just("time"), st.sampled_from((50, 400, 1_200, 6_000)), st.none()),
    max_size=40,
)  # fmt: skip


class House:
    """The core, and a venue that is told by hand what becomes of what it hears."""

    def __init__(self):
        self.desk = opened()
        self.levels = [Decimal(0), Decimal(0)]
        self.had = [tuple(self.levels)]
        """All that the position ever had."""
        self.heard = 0
        self.late = []
        self.requests = []
        self.is_up = True

    def ask(self, stop, profit):
        """A strategy asks for levels."""
        message = al(
            self.desk, f"L{len(self.requests)}", stop_loss_px=stop, take_profit_px=profit
        )
        self.requests.append(message)
        self.desk.hear("MM", message)

    def again(self, pick, _):
        """It repeats itself: nothing more is sent, and what has ended ends as it did."""
        if self.requests:
            before, message = len(asked(self.desk)), self.requests[pick % len(self.requests)]
            ended = self.ends().get(message.pos_req_id)
            self.desk.hear("MM", message)
            assert len(asked(self.desk)) == before
            told = said(self.desk)[-1]
            if ended is not None and told.reject_source is not RejectSource.GATEWAY:
                assert told.pos_maint_status is ended.pos_maint_status
                assert told.stop_loss_px == ended.stop_loss_px

    def fate(self, fate, _):
        """What was sent last and not heard yet meets its fate; what is as old as that is lost."""
        for sent in asked(self.desk)[self.heard :] if self.is_up else ():
            if self.desk.now_ns - parse_utc(sent.transact_time) > LATE_MS * 1_000_000:
                continue
            if fate == "late":
                self.late.append((self.desk.now_ns + LATE_MS * 1_000_000, sent))
            elif fate == "refused":
                self.desk.hear(VENUE, am(self.desk, sent, REJECTED, text="NO"))
            elif "done" in fate:
                self.do(sent)
                if fate == "done":
                    stop, profit = self.levels
                    self.desk.hear(
                        VENUE, am(self.desk, sent, stop_loss_px=stop, take_profit_px=profit)
                    )
            if fate.startswith("unsure"):
                self.desk.hear(VENUE, am(self.desk, sent, PosMaintStatus.ACCEPTED, in_doubt=True))
        self.heard = len(asked(self.desk))

    def do(self, sent):
        """The venue does it: nobody has been told that it never will be done."""
        asked_for = self.desk.book.state.protections.values()
        told = next((one for one in asked_for if one.wire_id == sent.pos_req_id), None)
        assert told is None or not (told.text or "").startswith("NOT_DONE")
        pair = zip((sent.stop_loss_px, sent.take_profit_px), self.levels, strict=True)
        self.levels = [old if new is None else new for new, old in pair]
        self.had.append(tuple(self.levels))

    def hand(self, stop, _):
        """A person moves the stop."""
        self.levels[0] = stop
        self.had.append(tuple(self.levels))

    def cut(self, *_):
        """The link breaks: what the bridge has not heard is lost."""
        self.heard, self.is_up = len(asked(self.desk)), False
        self.desk.drop(VENUE)

    def crash(self, *_):
        """The gateway is killed and starts again."""
        check_replay(self.desk)
        self.heard, self.is_up = len(asked(self.desk)), False
        self.desk.restart()

    def time(self, ms, _):
        """Time passes; the link comes back, and a round is answered as things stand."""
        for _ in range(4):
            self.desk.pass_time(ms // 4)
            for moment, sent in [one for one in self.late if one[0] <= self.desk.now_ns]:
                self.late.remove((moment, sent))
                self.do(sent)
        if not self.is_up:
            self.is_up = True
            self.desk.log_on(VENUE)
            self.desk.log_on("MM")
        if self.desk.core.market.venue(VENUE).answers is not None:
            self.desk.answer_round(positions=[shown(*map(str, self.levels))])

    def ends(self):
        """The word that ended each request that the gateway has not refused by itself."""
        found = {}
        for told in said(self.desk):
            if told.pos_maint_status is not PosMaintStatus.ACCEPTED and (
                told.reject_source is not RejectSource.GATEWAY
            ):
                found.setdefault(told.pos_req_id, told)
        return found

    def judge(self):
        """Heal everything and wait; then each request has ended, and as it is."""
        for _ in range(8):
            self.time(1_200, None)
        names = [sent.pos_req_id for sent in asked(self.desk)]
        assert len(names) == len(set(names))
        accepted = [
            one for one in said(self.desk) if one.pos_maint_status is PosMaintStatus.ACCEPTED
        ]
        ends = self.ends()
        assert {one.pos_req_id for one in accepted} == set(ends)
        assert not any(one.is_pending for one in self.desk.book.state.protections.values())
        for name, told in ends.items():
            if told.pos_maint_status is COMPLETED:
                assert (told.stop_loss_px, told.take_profit_px) in self.had
                wanted = self.requests[int(name[1:])]
                pairs = ((wanted.stop_loss_px, told.stop_loss_px),
                         (wanted.take_profit_px, told.take_profit_px))  # fmt: skip
                assert all(one in {None, other} for one, other in pairs)
        check_replay(self.desk)


EXAMPLES = {"quick": 30, "ci": 300, "long": 5_000}


def play(steps):
    """Play one story to its end."""
    house = House()
    for what, first, second in steps:
        getattr(house, what)(first, second)
    house.judge()


@pytest.mark.budget(120)
def test_any_fate_of_any_request(request):
    """Each AL reaches the venue once, ends with one word, and is done only if it is so."""
    examples = EXAMPLES[request.config.getoption("--length")]
    settings(max_examples=examples, deadline=None)(given(steps=STEPS)(play))()
