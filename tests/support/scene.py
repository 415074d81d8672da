"""Where a disaster is re-enacted: a whole Portcullis, its limits built in, and rogue strategies.

With brakes nothing stands in `[limits.default]`: what binds is what binds a strategy that nobody
has thought about. Without brakes every limit and breaker is off, and every quote is believed.
"""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal

from support.system import System

from engine.client import Client
from gateway.commands.bench_brakes import brakes_off
from gateway.risk.limits import BUILT_IN
from protocol.fields import ExecType, OrdStatus
from protocol.messages import ExecutionReport

LIMITS = BUILT_IN
MS_NS = 1_000_000
NOISE = Decimal("1.001")
"""A middle moves a little between the gateway's look at it and the moment that is reckoned."""
BELIEVE_ALL = """
[feeds]
max_age_ms = 100_000_000
frozen_ms = 100_000_000
jump_bps = 1_000_000
max_spread_bps = 1_000_000
recover_ms = 0
"""
OFF_FOR_TESTS = 'check_funds = false\nself_trade = "let-through"\n'
SYNTHETIC = 'feed = { kind = "synthetic", seed = 7 }'
SYMBOLS = 'symbols = ["EURUSD", "BTC/USDT"]'
DECIDED = frozenset((ExecType.PENDING_NEW, ExecType.REJECTED))
"""The gateway's first answer to an order."""


class Scene(System):
    """A System whose brakes are on as built in, or all off.

    `needs` are tables that a scenario wants besides, with brakes; `market` those that it wants
    either way.
    """

    def __init__(self, folder, *, brakes, needs="", market=""):
        text = needs if brakes else brakes_off() + BELIEVE_ALL
        super().__init__(folder, brakes=text + market)
        self.brakes = brakes
        stale = "" if brakes else "quote_stale_ms = 100_000_000\n"
        self.edit(OFF_FOR_TESTS, "" if brakes else OFF_FOR_TESTS + stale)

    def trade(self, *symbols, feed=SYNTHETIC):
        """Let the venue trade these symbols, on this feed."""
        self.edit(SYMBOLS, f"symbols = [{', '.join(map(repr, symbols))}]")
        self.edit(SYNTHETIC, feed)

    def stopped(self):
        """Tell (cause, state) of everything that is stopped now."""
        status = self.status() or {"halts": ()}
        return {(row["reason"].partition(":")[0], row["state"]) for row in status["halts"]}


class Rogue:
    """A strategy that goes on whatever it is told. It only counts what it was told."""

    def __init__(self, system, name):
        self.client = Client(name, system.orders)
        self.unanswered = set()
        self.refused = Counter()
        self.heard = []

    def __enter__(self):
        self.client.connect()
        return self

    def __exit__(self, *_):
        self.client.close()

    def buy(self, symbol, qty, **options):
        """Buy, and hear what there is to hear."""
        return self._sent(self.client.buy(symbol, qty, **options))

    def sell(self, symbol, qty, **options):
        """Sell, and hear what there is to hear."""
        return self._sent(self.client.sell(symbol, qty, **options))

    def _sent(self, order):
        self.unanswered.add(order.cl_ord_id)
        self.hear()
        return order

    def hear(self, timeout_ms=0):
        """Hear what has come; wait so long for the first of it."""
        while (message := self.client.receive(timeout_ms)) is not None:
            timeout_ms = 0
            self.heard.append(message)
            if isinstance(message, ExecutionReport) and message.exec_type in DECIDED:
                self.unanswered.discard(message.cl_ord_id)
                if message.exec_type is ExecType.REJECTED:
                    self.refused[(message.text or "").partition(":")[0]] += 1

    def pause(self, ms):
        """Hear what comes within so long: the rogue's own pace."""
        ends_ns = time.monotonic_ns() + ms * MS_NS
        while (left_ms := (ends_ns - time.monotonic_ns()) // MS_NS) > 0:
            self.hear(left_ms)

    def settle(self):
        """Wait until the gateway has decided on everything that was sent."""
        while self.unanswered:
            before = len(self.unanswered)
            self.hear(10_000)
            assert len(self.unanswered) < before or self.heard, "the gateway does not answer"

    def answer(self, order):
        """Return the gateway's first answer to an order."""
        self.settle()
        return next(
            message for message in self.heard
            if isinstance(message, ExecutionReport) and message.cl_ord_id == order.cl_ord_id
            and message.exec_type in DECIDED
        )  # fmt: skip

    def refusals(self, code):
        """List the refusals with a code."""
        return [
            report for report in self.reports()
            if report.exec_type is ExecType.REJECTED
            and (report.text or "").startswith(f"{code}:")
        ]  # fmt: skip

    def reports(self):
        """List every ExecutionReport that was heard."""
        return [message for message in self.heard if isinstance(message, ExecutionReport)]

    def accepted(self, order):
        """Say whether the gateway let an order through."""
        return self.answer(order).ord_status is not OrdStatus.REJECTED
