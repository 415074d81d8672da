"""The crypto bridge's pure parts against the exchange's pure parts, in virtual time, with faults.

`VirtualShell` stands where ccxt stands (bridges.crypto.venue.Shell): a call travels 10 ms to the
exchange's API and 10 ms back, its user stream 15 ms. A fault is planned for the next call whose
method contains a word, or for the user stream.
"""

from __future__ import annotations

import heapq
import json
import re
from itertools import count

from support.exchange.asking import answer_to
from support.exchange.limits import Limiter, Limits
from support.exchange.params import Params
from support.exchange.signing import ApiKey

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
PREFIXES = {
    "fapiPrivateV3": "/fapi/v3", "fapiPrivateV2": "/fapi/v2", "fapiPrivate": "/fapi/v1",
    "fapiPublic": "/fapi/v1", "sapi": "/sapi/v1", "private": "/api/v3", "public": "/api/v3",
}  # fmt: skip
"""The longest first."""
VERB = re.compile(r"(Get|Post|Put|Delete)(\w+)$")
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
    "server_error_acted": Response(503, {"code": -1000, "msg": "An unknown error occurred"}, {}),
    "unreachable": Response(0, None, {}, "ExchangeNotAvailable (ClientConnectorError)", sent=False),
    "slow": Response(429, {"code": -1003, "msg": "Too many requests"}, {"retry-after": "2"}),
    "odd": Response(400, {"code": -1006, "msg": "An unexpected response was received."}, {}),
    "duplicate": Response(400, {"code": -2010, "msg": "Duplicate order sent."}, {}),
}  # fmt: skip


def route_of(api, method):
    """Return (verb, path) of one of ccxt's methods, as the API has it."""
    prefix = next(one for one in PREFIXES if method.startswith(one))
    found = VERB.match(method[len(prefix):])
    wanted = (PREFIXES[prefix] + "/" + found[2]).replace("/", "").lower()
    for verb, path in api.routes:
        if verb == found[1].upper() and path.replace("/", "").lower() == wanted:
            return verb, path
    raise KeyError(method)


class VirtualExchange:
    """One API of the exchange, with the clock in the test's hand."""

    def __init__(self, make_api, instruments):
        self.now_ns = T0
        self.shells = []
        self.api = make_api(
            instruments, deposits={"USDT": 1_000_000},
            clock=lambda: self.now_ns, say=self._say,
            limiter=Limiter(Limits(weight=1_000_000, orders={"10S": 100_000})), key=ApiKey(),
        )  # fmt: skip
        self.api.markets.open(None, self.now_ns)

    def _say(self, topic, body):
        if topic == "user":
            for shell in self.shells:
                shell.hear(json.loads(json.dumps(body)))

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        self.api.markets.set_book("BTC/USDT", bids, asks, self.now_ns)

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        self.api.markets.trade("BTC/USDT", price, qty, aggressor, self.now_ns)


class VirtualShell:
    """The way to a VirtualExchange, and what goes wrong on it."""

    def __init__(self, exchange, *, logs_on=True):
        self.exchange = exchange
        self.logs_on = logs_on
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
            wrong = WRONG.get(what, Response(0, None, {}, "RequestTimeout"))
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
                ready = {"id": "1", "status": 200, "result": {"subscriptionId": 0}}
                self._at(self.exchange.now_ns + TRAVEL_NS, self._listening, self._stream, ready)
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
        verb, path = route_of(self.exchange.api, call.method)
        params = Params({name: str(value) for name, value in call.params.items()})
        status, body, headers = answer_to(
            self.exchange.api, verb, path, params, lambda **_: None
        )
        answer = Response(status, json.loads(json.dumps(body)), dict(headers))
        wait_ns = TRAVEL_NS
        if what == "hang":
            answer, wait_ns = Response(0, None, {}, "RequestTimeout"), TIMEOUT_NS
        elif what in WRONG:
            answer = WRONG[what]
        self._at(self.exchange.now_ns + wait_ns, self._tell, (number, answer))

    def _up(self, stream):
        if stream != self._stream:
            return
        self._tell(StreamUp("user"))
        if not self.logs_on:
            self._begin(stream)

    def _listening(self, stream, ready):
        if stream == self._stream:
            self._tell(StreamSaid("user", ready))
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
        self.exchange.api.tick(self.exchange.now_ns)
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
