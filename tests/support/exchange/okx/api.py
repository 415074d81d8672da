"""OKX's API v5 over one unified account in net mode: each path, what answers it, and who may ask.

`ask` is the whole of it without any network: method, path, parameters in; status and body out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from support.exchange.okx import forms
from support.exchange.okx.algo import OkxAlgo
from support.exchange.okx.errors import OkxError, Refused
from support.exchange.okx.instruments import wire_of
from support.exchange.okx.market import OkxMarkets
from support.exchange.okx.public import OkxPublic
from support.exchange.okx.reads import OkxReads
from support.exchange.okx.trade import OkxDesk, OkxTrade
from support.exchange.okx.wallet import FUNDING, UNIT, OkxWallet

FIRST_TRADE = 100_001
DROPPED_WHEN_LATE = frozenset((
    "trade/order", "trade/batch-orders", "trade/amend-order", "trade/amend-batch-orders"
))  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One endpoint: what answers, and whether the request is signed."""

    answer: object
    signed: bool = True


class OkxApi(OkxPublic, OkxReads, OkxAlgo, OkxTrade):
    """One account. `say(topic, body)` reaches the channels, `clock()` is the exchange's time."""

    def __init__(self, instruments, *, deposits, clock, say, limiter, key):
        self.rules = {one.symbol: one for one in instruments}
        self.wires = {symbol: wire_of(symbol) for symbol in self.rules}
        self.symbols = {wire: symbol for symbol, wire in self.wires.items()}
        self.clock, self.say, self.limiter, self.key = clock, say, limiter, key
        self.wallet = OkxWallet(self.rules, deposits, self.now_ms())
        self.desk = OkxDesk(instruments, fee=self.wallet.fee, changed=self._changed)
        self.markets = OkxMarkets(
            self.desk.engine.pits, meet=self._meet,
            say=lambda wire, name, body: say(f"{wire}@{name}", [body]),
        )  # fmt: skip
        self.funding = []
        self.dead_men = {}
        self._amended = {}
        self._trade_ids = defaultdict(lambda: count(FIRST_TRADE))
        self.open_algos()
        self.routes = {
            **self.public_routes(Route), **self.read_routes(Route), **self.algo_routes(Route),
            **self.trade_routes(Route),
        }  # fmt: skip

    # Time and money.

    def now_ms(self):
        """Return the exchange's time."""
        return self.clock() // 1_000_000

    def _meet(self, event, now_ns):
        self.desk.on_market(event, now_ns)
        self.trigger_algos()

    def tick(self, now_ns):
        """Do what is due."""
        self.markets.keep_up(now_ns)
        self.desk.on_time(now_ns)
        self.mind_dead_man()

    def marks(self):
        """Return the mark price of every symbol: the middle of its market."""
        return {symbol: self.markets.of(symbol).mid() for symbol in self.rules}

    def fund(self, symbol, rate):
        """Pay funding of a perpetual now: longs pay a positive rate to shorts."""
        rate, held = Decimal(str(rate)), self.wallet.holdings[symbol].qty
        self.funding.append((self.wires[symbol], rate, self.now_ms()))
        amount = -(held * self.marks()[symbol] * rate).quantize(UNIT)
        if amount:
            sub = "174" if amount > 0 else "173"
            asset = self.rules[symbol].currency
            self.wallet.move(FUNDING, sub, asset, amount, self.now_ms(), symbol, pnl=amount)
            self.tell_money("funding_fee", (symbol,))

    # Who asks what.

    def ask(self, method, path, params, secure=lambda: None, until_ms=0):
        """Answer one request; `secure` refuses it if it may not be asked. Returns status, body.

        An order or amendment that arrives after `until_ms` is dropped.
        """
        route = self.routes.get((method, path))
        if route is None:
            text = f"no {method} {path} at the exchange in the test"
            return 404, {"code": "404", "msg": text, "data": []}
        try:
            whose = params.get("instId", "") if isinstance(params, dict) else ""
            self.limiter.charge(method, path, whose, self.now_ms())
            if route.signed:
                secure()
            self.drop_if_late(path, until_ms)
            body = route.answer(params)
        except OkxError as refusal:
            return refusal.http, refusal.body()
        except Refused as refusal:
            return 200, {"code": refusal.code, "msg": refusal.text, "data": []}
        if isinstance(body, list):
            body = {"code": "0", "msg": "", "data": body}
        return 200, body

    def drop_if_late(self, path, until_ms):
        """Refuse an order or an amendment that has come too late."""
        if until_ms and path in DROPPED_WHEN_LATE and self.now_ms() > until_ms:
            raise OkxError(50036)

    def wire_of(self, params):
        """Return the instrument that a request names, by its name or (on sockets) its number."""
        numbers = {1000 + at: self.wires[symbol] for at, symbol in enumerate(self.rules)}
        wire = params.get("instId") or numbers.get(params.get("instIdCode"))
        if wire not in self.symbols:
            text = "Instrument ID, Instrument ID code, or Spread ID doesn't exist."
            raise Refused(51001, text)
        return wire

    # What the channels are told.

    def _changed(self, record, what, deal):
        if deal is not None:
            deal.trade_id = str(next(self._trade_ids[record.wire]))
            self.wallet.book(record, deal)
        if what == "TRIGGERED":
            return
        amended = self._amended if what == "AMENDMENT" else {}
        self.tell_order(record, deal, **amended)
        self.tell_money("filled" if deal else "", (record.symbol,) if deal else ())

    def tell_order(self, record, deal, **amended):
        """Tell of an order, and of the fill that changed it."""
        self.say("orders@user", [forms.order_event(record, deal, amended)])

    def tell_money(self, why, symbols):
        """Tell of balances, and of the positions of symbols."""
        details = forms.balance(
            self.wallet, self.desk.open_records(), self.marks(), self.now_ms()
        )
        self.say("account@user", [details])
        held = [symbol for symbol in symbols if symbol in self.wallet.holdings]
        if not why:
            return
        if held:
            self.say("positions@user", self.position_rows(held))
        self.say("balance_and_position@user", [
            {
                "pTime": str(self.now_ms()), "eventType": why, "trades": [],
                "balData": [
                    {"ccy": row["ccy"], "cashBal": row["cashBal"], "uTime": row["uTime"]}
                    for row in details["details"]
                ],
                "posData": self.position_rows(held) if held else [],
            }
        ])  # fmt: skip
