"""One unified account of bybit: its categories, its purse, its settings, its dead man's switch."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import count

from support.exchange.bybit import forms
from support.exchange.bybit.category import Category
from support.exchange.bybit.reads import Reads
from support.exchange.bybit.refusals import BAD, LINEAR, SPOT, BybitError
from support.exchange.bybit.trade import TradeDesk
from support.exchange.bybit.wallet import COIN, UnifiedWallet
from support.exchange.records import ZERO

EIGHT = Decimal("1E-8")
DCP = {SPOT: "SPOT", LINEAR: "DERIVATIVES"}
DCP_TOPICS = {"dcp.spot": SPOT, "dcp.future": LINEAR}


class BybitAccount:
    """The account. `hubs` are its private stream and the public ones by category."""

    def __init__(self, instruments, *, deposits, clock, hubs, limiter, key):
        self.clock = clock
        self.key = key
        self.limiter = limiter
        self._private = hubs["private"]
        self._ids = count(1)
        rules = {
            name: {one.symbol: one for one in rows} for name, rows in instruments.items()
        }
        self.wallet = UnifiedWallet(rules, deposits, self.now_ms())
        self.categories = {
            name: Category(
                name, instruments[name], self, clock=clock, hub=hubs[name], limiter=limiter,
                key=key,
            )
            for name in (SPOT, LINEAR)
        }  # fmt: skip
        self.dcp_windows = {}
        """Seconds by category, where the switch is set."""
        self.dcp_products = DCP
        self.dcp_allowed = True
        """bybit allows it to who asks for it."""
        self._dcp_alive_ms = {}
        reads = Reads(self)
        self.ticker = reads.ticker
        self.routes = {**TradeDesk(self).routes(), **reads.routes()}

    def now_ms(self):
        """Return the exchange's time."""
        return self.clock() // 1_000_000

    def category_of(self, words):
        """Return the category that a request names."""
        found = self.categories.get(words.get("category"))
        if found is None:
            raise BybitError(BAD, "Illegal category")
        return found

    # What is said on the private stream.

    def say(self, topic, data):
        """Say something to those who subscribed to it."""
        now_ms = self.now_ms()
        body = {
            "id": f"592324{next(self._ids):024x}", "topic": topic, "creationTime": now_ms,
            "data": data,
        }  # fmt: skip
        self._private.say("user", body)

    def say_wallet(self, coins):
        """Say what some coins now are."""
        whole = self.balances()
        rows = [one for one in whole["coin"] if one["coin"] in coins]
        self.say("wallet", [{**whole, "coin": rows}])

    # Money.

    def _spot(self):
        return self.categories[SPOT]

    def _linear(self):
        return self.categories[LINEAR]

    def sums(self, extra=None):
        """Return (position margin, order margin, unrealised profit) of linear."""
        records = self._linear().working() + ([extra] if extra is not None else [])
        held = working = profit = ZERO
        for symbol, mark in self._linear().marks().items():
            one, other = self.wallet.margin(symbol, mark, records)
            held, working = held + one, working + other
            profit += self.wallet.unrealized(symbol, mark)
        return held, working, profit

    def free(self, coin, *, extra=None):
        """Return what may pay for new orders, in a coin."""
        locked = self.wallet.locked(self._spot().working())
        found = self.wallet.totals[coin] - locked[coin]
        if coin == COIN:
            held, working, profit = self.sums(extra)
            found += min(profit, ZERO) - held - working
        return found

    def balances(self):
        """Return the account as wallet-balance has it."""
        locked = self.wallet.locked(self._spot().working())
        held, working, profit = self.sums()
        total = self.wallet.totals[COIN]
        rows = [
            forms.coin(
                name, amount, locked=locked[name],
                **({"order_im": working, "position_im": held, "profit": profit}
                   if name == COIN else {}),
            )
            for name, amount in self.wallet.totals.items()
        ]  # fmt: skip
        free = self.free(COIN)
        return {
            "accountType": "UNIFIED", "accountIMRate": "0", "accountMMRate": "0",
            "accountLTV": "0", "totalEquity": forms.number(total + profit),
            "totalWalletBalance": forms.number(total),
            "totalMarginBalance": forms.number(total + profit),
            "totalAvailableBalance": forms.number(max(free, ZERO)),
            "totalPerpUPL": forms.number(profit), "totalMaintenanceMargin": "0",
            "totalInitialMargin": forms.number(held + working), "coin": rows,
        }  # fmt: skip

    def position(self, symbol, *, stream=False):
        """Return a position of linear."""
        mark = self._linear().mark(symbol)
        form = forms.position(self.wallet, symbol, mark, self.now_ms())
        entry = form.pop("avgPrice") if stream else ""
        return {**form, "category": LINEAR, "entryPrice": entry} if stream else form

    def fund(self, category, symbol, rate):
        """Pay funding now: longs pay a positive rate to shorts."""
        rate, mark, now_ms = Decimal(str(rate)), category.mark(symbol), self.now_ms()
        held = self.wallet.holdings[symbol].qty
        category.funding.append((symbol.replace("/", ""), rate, now_ms, mark))
        amount = -(held * mark * rate).quantize(EIGHT)
        if not amount:
            return
        self.wallet.move(
            "SETTLEMENT", COIN, amount, now_ms, category=LINEAR, wire=symbol.replace("/", ""),
            side="Buy" if held > 0 else "Sell", qty=abs(held), size=held, price=mark,
            funding=amount, fee_rate=rate if held > 0 else -rate,
        )  # fmt: skip
        self.say("execution", [forms.funding_execution(self.wallet.log[-1], mark)])
        self.say_wallet({COIN})

    # The dead man's switch: it lives on connections that have subscribed to it.

    def heartbeat(self, topics):
        """Note that a connection with some topics is alive."""
        for topic in topics:
            if topic in DCP_TOPICS:
                self._dcp_alive_ms[DCP_TOPICS[topic]] = self.now_ms()

    def tick(self, now_ns):
        """Do what is due."""
        for name, category in self.categories.items():
            category.tick(now_ns)
            alive_ms, window_s = self._dcp_alive_ms.get(name), self.dcp_windows.get(name)
            if alive_ms is None or window_s is None:
                continue
            if now_ns // 1_000_000 - alive_ms > window_s * 1000:
                del self._dcp_alive_ms[name]
                for record in category.working():
                    category.later(partial(category.cancel, record, "CancelByDCP"))
