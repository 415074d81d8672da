"""The crypto bridge's pure parts against the exchange's pure parts, in virtual time, with faults.

`VirtualShell` stands where ccxt stands (bridges.crypto.venue.Shell): a call travels 10 ms to the
exchange's API and 10 ms back, its user stream 15 ms. A fault is planned for the next call whose
method contains a word, or for the user stream. What differs between exchanges is in a `Face`.
"""

from __future__ import annotations

import heapq
import json
from itertools import count
from types import MappingProxyType

from bridges.crypto.effects import (
    CloseStream,
    OpenStream,
    Response,
    SendStream,
    StreamAlive,
    StreamDown,
    StreamSaid,
    StreamUp,
)

MS = 1_000_000
T0 = 1_700_000_000_000 * MS
TRAVEL_NS = 10 * MS
STREAM_NS = 15 * MS
PING_NS = 500 * MS
TIMEOUT_NS = 5_000 * MS
ACTS = {"hang", "cut", "empty", "late", "duplicate", "server_error_acted", "odd"}
ANSWER_FAULTS = (
    "lost", "hang", "cut", "empty", "server_error", "server_error_acted", "unreachable", "slow",
    "duplicate", "late", "odd",
)  # fmt: skip
STREAM_FAULTS = ("drop", "silence", "withhold", "lose", "repeat", "reorder")
WRONG = {
    "cut": Response(0, None, {}, "ExchangeError (ClientPayloadError)"),
    "empty": Response(200, None, {}),
    "server_error": Response(503, None, {}, "ExchangeNotAvailable"),
    "unreachable": Response(0, None, {}, "ExchangeNotAvailable (ClientConnectorError)", sent=False),
}  # fmt: skip
"""Wrong answers that are the same everywhere; a face has `slow`, `odd`, `duplicate` and
`server_error_acted` in its exchange's own words."""


class Face:
    """One API of the exchange in the test, as the bridge meets it; see BinanceFace."""

    api = None
    """With `desk` (records and deals), `markets`, `tick(now_ns)`."""
    wrong = MappingProxyType({})
    """The exchange's own wrong answers, by fault."""
    needs_words = True
    """Whether the user stream begins with a logon."""

    def answer(self, call):
        """Return the Response to a Call."""
        raise NotImplementedError

    def waiting(self):
        """Return the quantities of stops that wait outside of `desk`, by client id."""
        return {}

    def replies(self, words):
        """Return what the user stream answers to words that are said on it; [] is a refusal."""
        raise NotImplementedError

    def is_welcome(self, words):
        """Whether the stream tells of the account after these words."""
        raise NotImplementedError


class VirtualExchange:
    """One API of the exchange, with the clock in the test's hand.

    `make_face(clock, say)` makes the face; `say(body)` is what its user stream tells.
    """

    def __init__(self, make_face, symbol="BTC/USDT"):
        self.now_ns = T0
        self.skew_ms = 0
        """So far is the exchange's clock ahead of ours."""
        self.symbol = symbol
        self.shells = []
        self.face = make_face(lambda: self.clock_ns, self._say)
        self.api = self.face.api
        self.api.markets.open(None, self.now_ns)

    @property
    def clock_ns(self):
        """The exchange's time."""
        return self.now_ns + self.skew_ms * MS

    def _say(self, body):
        for shell in self.shells:
            shell.hear(json.loads(json.dumps(body)))

    def records(self):
        """Return the exchange's records of all orders."""
        return list(self.api.desk.records.values())

    def waiting(self):
        """Return what waits in a service of its own: the quantity by client id."""
        return self.face.waiting()

    def deals(self):
        """Return the exchange's records of all trades."""
        return list(self.api.desk.deals)

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        self.api.markets.set_book(self.symbol, bids, asks, self.clock_ns)

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        self.api.markets.trade(self.symbol, price, qty, aggressor, self.clock_ns)


class VirtualShell:
    """The way to a VirtualExchange, and what goes wrong on it."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.wrong = {**WRONG, **exchange.face.wrong}
        self.calls = []
        self.faults = []
        self.stream_fault = ""
        self._due = []
        self._numbers = count()
        self._ready = []
        self._stream = 0
        self._alive = False
        self._kept = []
        exchange.shells.append(self)

    # bridges.crypto.venue.Shell.

    def open(self):
        """Nothing to begin."""

    def close(self):
        """Nothing to end."""

    def news(self):
        """Take what has happened."""
        found, self._ready = self._ready, []
        return found

    def call(self, number, call):
        """Let a call travel."""
        self.calls.append((self.exchange.now_ns, call))
        fault = next((one for one in self.faults if one[1] in call.method), None)
        if fault is not None:
            self.faults.remove(fault)
        what = fault[0] if fault else ""
        now_ns = self.exchange.now_ns
        if what == "late":
            gone = Response(0, None, {}, "RequestTimeout")
            self._at(now_ns + 500 * MS, self._tell, (number, gone))
            now_ns += 2_500 * MS
        if not what or what in ACTS:
            self._at(now_ns + TRAVEL_NS, self._arrive, number, call, what)
        else:
            wrong = self.wrong.get(what, Response(0, None, {}, "RequestTimeout"))
            wait_ns = TIMEOUT_NS if what == "lost" else 2 * TRAVEL_NS
            self._at(now_ns + wait_ns, self._tell, (number, wrong))

    def act(self, act):
        """Open, use, close the user stream; the market's is not carried."""
        if act.name != "user":
            return
        match act:
            case OpenStream():
                self._stream += 1
                self._alive = False
                self._at(self.exchange.now_ns + TRAVEL_NS, self._up, self._stream)
            case SendStream():
                due_ns = self.exchange.now_ns + TRAVEL_NS
                self._at(due_ns, self._spoken, self._stream, act.message)
            case CloseStream():
                self._alive = False
                self._stream += 1

    # The way.

    def next_ns(self):
        """Return when something happens on the way."""
        return self._due[0][0] if self._due else None

    def run_due(self):
        """Let what is due happen."""
        while self._due and self._due[0][0] <= self.exchange.now_ns:
            _, _, function, args = heapq.heappop(self._due)
            function(*args)

    def _at(self, due_ns, function, *args):
        heapq.heappush(self._due, (due_ns, next(self._numbers), function, args))

    def _tell(self, news):
        self._ready.append(news)

    def _arrive(self, number, call, what):
        answer = self.exchange.face.answer(call)
        wait_ns = TRAVEL_NS
        if what == "hang":
            answer, wait_ns = Response(0, None, {}, "RequestTimeout"), TIMEOUT_NS
        elif what in self.wrong:
            answer = self.wrong[what]
        self._at(self.exchange.now_ns + wait_ns, self._tell, (number, answer))

    def _up(self, stream):
        if stream != self._stream:
            return
        self._tell(StreamUp("user"))
        if not self.exchange.face.needs_words:
            self._begin(stream)

    def _spoken(self, stream, words):
        if stream != self._stream:
            return
        for reply in self.exchange.face.replies(words):
            self._tell(StreamSaid("user", json.loads(json.dumps(reply))))
        if self.exchange.face.is_welcome(words):
            self._begin(stream)

    def _begin(self, stream):
        self._alive = True
        self._kept.clear()
        self._at(self.exchange.now_ns + PING_NS, self._ping, stream)

    def _ping(self, stream):
        if stream == self._stream and self._alive:
            self._tell(StreamAlive("user"))
            self._at(self.exchange.now_ns + PING_NS, self._ping, stream)

    def hear(self, body):
        """Carry one event of the exchange, unless something goes wrong."""
        if not self._alive:
            return
        fault = self.stream_fault
        due_ns = self.exchange.now_ns + STREAM_NS
        if fault in {"lose", "repeat"}:
            self.stream_fault = ""
        if fault == "lose":
            return
        if fault == "drop":
            self.stream_fault, self._alive = "", False
            self._at(due_ns, self._tell, StreamDown("user", "dropped"))
            return
        if fault == "silence":
            self.stream_fault, self._alive = "", False
            return
        if fault == "withhold":
            self.stream_fault = ""
            due_ns += 2_500 * MS
        if fault == "reorder":
            self._kept.append(body)
            if len(self._kept) == 1:
                self._at(due_ns + 1_000 * MS, self._flush, self._stream)
                return
            self.stream_fault = ""
            self._flush(self._stream)
            return
        for _ in range(2 if fault == "repeat" else 1):
            self._at(due_ns, self._say, self._stream, body)

    def _flush(self, stream):
        kept, self._kept = self._kept, []
        for body in reversed(kept):
            self._at(self.exchange.now_ns, self._say, stream, body)

    def _say(self, stream, body):
        if stream == self._stream:
            self._tell(StreamSaid("user", body))


class World:
    """A crypto venue on a virtual exchange; what it tells is in `told`."""

    def __init__(self, exchange, venue, shell):
        self.exchange, self.venue, self.shell = exchange, venue, shell
        self.told = []
        exchange.set_book()
        venue.connect(self, exchange.now_ns)
        self.until(lambda: venue.connected)

    def on_event(self, event):
        """Hear the venue (port.Listener)."""
        self.told.append(event)

    def of(self, kind):
        """Return what was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def step(self, end_ns=None):
        """Go on to the next thing that happens, not beyond the end."""
        core = self.venue.core
        times = [
            core.flows.next_ns(), self.venue._link.next_ns(), self.shell.next_ns(),
            self.exchange.now_ns + 250 * MS, end_ns,
        ]  # fmt: skip
        soonest = min(one for one in times if one is not None)
        self.exchange.now_ns = max(self.exchange.now_ns, soonest)
        self.exchange.api.tick(self.exchange.clock_ns)
        self.shell.run_due()
        self.venue.step(self.exchange.now_ns)

    def until(self, condition, limit_s=120):
        """Let time pass until something is so; return whether it came."""
        end_ns = self.exchange.now_ns + limit_s * 1_000 * MS
        while not condition():
            if self.exchange.now_ns > end_ns:
                return False
            self.step()
        return True

    def run(self, ms):
        """Let time pass."""
        end_ns = self.exchange.now_ns + ms * MS
        while self.exchange.now_ns < end_ns:
            self.step(end_ns)
