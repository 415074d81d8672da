"""The pacer over any stream: the venue's windows are never exceeded, cancels never wait for orders.

The counters here share no code with the pacer: they count arrivals as a venue does, in a sliding
window and in aligned ones of any offset, with a journey that takes now less, now longer.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.risk.pacing import MS_NS, PARTS, Kind, Lane, Pace, Pacer, RateLimit

T0 = 1_800_000_000 * 10**9
KIND_OF = {Lane.CANCEL: Kind.CANCEL, Lane.REDUCE: Kind.NEW, Lane.NEW: Kind.NEW,
           Lane.QUERY: Kind.QUERY}  # fmt: skip

LIMITS = st.lists(
    st.builds(
        RateLimit, weight=st.integers(6, 40), window_ms=st.sampled_from([100, 1_000, 10_000]),
        counts=st.sampled_from(["orders", "all"]),
    ),
    min_size=1, max_size=3,
).map(tuple)  # fmt: skip
PACES = st.builds(
    Pace, limits=LIMITS, weights=st.tuples(*[st.integers(0, 3)] * 4),
    slack_ms=st.sampled_from([1, 50, 500]), cancel_reserve_pct=st.sampled_from([0, 20, 50]),
    back_off_stops_cancels=st.booleans(),
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*Lane, Lane.NEW, Lane.NEW, "off", "ban", "remove"]),
        st.integers(0, 120), st.integers(0, 999), st.integers(1, 12),
    ),
    max_size=80,
)  # fmt: skip


class Driver:
    """Drives a pacer with a stream and remembers what was sent when, and in which lane."""

    def __init__(self, pace):
        self.pacer = Pacer(pace)
        self.pace = pace
        self.now_ns = T0
        self.sent = []
        self.asked = {}
        self.waiting = []

    def run(self, steps):
        """Play a stream to its end, and then let everybody go who waits."""
        for what, pause_ms, odd, times in steps:
            self.until(self.now_ns + pause_ms * MS_NS + odd)
            for _ in range(times):
                self.step(what, odd)
        while (due_ns := self.pacer.next_deadline_ns()) is not None:
            self.take(max(due_ns, self.now_ns))

    def until(self, end_ns):
        """Let time pass, and take at each deadline on the way, as the loop does."""
        while (due_ns := self.pacer.next_deadline_ns()) is not None and due_ns <= end_ns:
            self.take(max(due_ns, self.now_ns))
        self.now_ns = end_ns

    def step(self, what, odd):
        """One event of the stream."""
        if what in {"off", "ban"}:
            self.pacer.back_off(odd, self.now_ns, banned=what == "ban")
        elif what == "remove":
            if self.waiting:
                self.pacer.remove(self.waiting.pop(odd % len(self.waiting)))
        else:
            self.ask(what, Kind.REPLACE if what is Lane.NEW and odd % 5 == 0 else KIND_OF[what])

    def ask(self, lane, kind):
        """Send at once or wait."""
        key = str(len(self.asked))
        self.asked[key] = (lane, kind)
        if self.pacer.go(lane, kind, self.now_ns):
            assert not any(self.asked[other][0] <= lane for other in self.waiting)
            self.sent.append((self.now_ns, kind))
        else:
            self.waiting.append(key)
            self.pacer.put(lane, kind, key, self.now_ns)

    def take(self, now_ns):
        """Send what may go; each is the first of the first lane that waits."""
        self.now_ns = now_ns
        before = len(self.sent)
        for key in self.pacer.take(now_ns):
            expected = min(self.waiting, key=lambda one: (self.asked[one][0], int(one)))
            assert key == expected
            self.waiting.remove(key)
            self.sent.append((now_ns, self.asked[key][1]))
        assert len(self.sent) > before, "a deadline at which nothing goes would spin"


def arrivals(driver, limit, rng):
    """When and with what weight the venue counts what was sent, journeys up to the slack apart."""
    slack_ns = driver.pace.slack_ms * MS_NS
    counted = []
    for sent_ns, kind in driver.sent:
        if limit.counts == "all" or kind in {Kind.NEW, Kind.REPLACE}:
            counted.append((sent_ns + rng.randint(0, slack_ns), driver.pace.weights[kind]))
    return sorted(counted)


def most_sliding(counted, window_ns):
    """The heaviest interval of a window's length, both ends counted."""
    most = total = first = 0
    for at_ns, weight in counted:
        total += weight
        while counted[first][0] < at_ns - window_ns:
            total -= counted[first][1]
            first += 1
        most = max(most, total)
    return most


def most_aligned(counted, window_ns, offset_ns):
    """The heaviest of the windows that the venue's clock cuts."""
    sums = {}
    for at_ns, weight in counted:
        number = (at_ns + offset_ns) // window_ns
        sums[number] = sums.get(number, 0) + weight
    return max(sums.values(), default=0)


@settings(deadline=None, max_examples=150)
@given(pace=PACES, steps=STEPS, offset=st.integers(0, 10**10),
       rng=st.randoms(use_true_random=False))  # fmt: skip
def test_no_window_of_the_venue_is_ever_exceeded(pace, steps, offset, rng):
    """Over any stream, sliding or aligned, any journey: each window stays within its weight.

    On the way: lanes in strict order, first come first served within each, a cancel never behind
    an order, and whoever waits goes in the end.
    """
    driver = Driver(pace)
    driver.run(steps)
    for limit in pace.limits:
        counted = arrivals(driver, limit, rng)
        window_ns = limit.window_ms * MS_NS
        assert most_sliding(counted, window_ns) <= limit.weight
        assert most_aligned(counted, window_ns, offset) <= limit.weight


@settings(deadline=None, max_examples=50)
@given(pace=PACES, steps=STEPS)
def test_a_cancel_waits_for_room_alone(pace, steps):
    """With orders waiting, a cancel's estimate is what it would be without them."""
    driver = Driver(pace)
    for what, pause_ms, odd, times in steps:
        driver.until(driver.now_ns + pause_ms * MS_NS)
        for _ in range(times):
            driver.step(what, odd)
    crowded = driver.pacer.wait_ms(Lane.CANCEL, Kind.CANCEL, driver.now_ns)
    for key in driver.waiting:
        if driver.asked[key][0] is not Lane.CANCEL:
            driver.pacer.remove(key)
    assert driver.pacer.wait_ms(Lane.CANCEL, Kind.CANCEL, driver.now_ns) == crowded


@settings(deadline=None, max_examples=50)
@given(gaps=st.lists(st.integers(0, 3_000), min_size=1, max_size=400), window_ms=st.sampled_from([
    1, 64, 1_000]))  # fmt: skip
def test_memory_is_bounded(gaps, window_ms):
    """However many were sent, a window keeps a fixed number of sums, and nothing when all left."""
    limit = RateLimit(weight=10**9, window_ms=window_ms)
    one = Pacer(Pace(limits=(limit,), slack_ms=1))
    now_ns = T0
    for gap in gaps * 5:
        now_ns += gap * window_ms * 1_000
        assert one.go(Lane.NEW, Kind.NEW, now_ns)
        assert len(one._windows[0]) <= PARTS + 2
    one.view(now_ns + (window_ms + 2) * MS_NS)
    assert len(one._windows[0]) == 0
    assert one._lane_of == {}
