"""A strategy that trades one round on whatever venue it meets: the same file for every venue."""

from __future__ import annotations

from decimal import Decimal

from engine.strategy import Strategy
from protocol.fields import ExecType

BTC = "BTC/USDT"


class RoundTrip(Strategy):
    """Buys, lets a limit rest and takes it away again, and sells what it has bought."""

    id = "EXAMPLE"
    symbols = (BTC,)

    def on_start(self):
        """Nothing was done yet."""
        self.rests = self.sold = None

    def on_quote(self, quote):
        """Begin with the first price."""
        if self.rests is None and quote.bid and quote.ask:
            rules = self.instrument(BTC)
            self.buy(BTC, "0.5")
            self.rests = self.buy(BTC, "0.2", price=rules.price(quote.bid * Decimal("0.98")))

    def on_execution(self, report):
        """Cancel what rests once both are there; sell when it is gone."""
        held = self.position(BTC)
        if self.rests is None or held < Decimal("0.5"):
            return
        resting = self.rests in self.open_orders()
        if resting and report.exec_type in {ExecType.NEW, ExecType.TRADE}:
            self.cancel(self.rests)
        elif not resting and self.sold is None:
            self.sold = self.sell(BTC, "0.5")
