"""OrderSend, OrderSendAsync and OrderCheck: from a program's call to the server and back.

Told by the terminal itself, without asking the server: 10027 when trading is off, 10031 when it is
not connected; such a call has no request id. 10012 comes when no answer came in time, 10031 for
calls under way at a cut: neither says whether the server has acted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace
from support.mt5.asking import Asking
from support.mt5.checks import margin_after, refusal
from support.mt5.constants import OWNED, Action, Reason, Retcode, text_of
from support.mt5.money import raw_margin, raw_profit
from support.mt5.records import CheckResult, Request, Result

ERR_TRADE_DISABLED = 4752
ERR_TRADE_SEND_FAILED = 4756


@dataclass
class Call:
    """One call. `ok` is what OrderSend returns; `failed` means None in Python."""

    request: Request
    done: bool = False
    ok: bool = False
    error: int = 0
    failed: bool = False
    result: Result | None = None
    request_id: int = 0


class Sending:
    """The part of a terminal that sends."""

    def order_send(self, request, *, reason=Reason.EXPERT, allowed=True):
        """Send and wait; return the `Call`, which is done."""
        call = self.begin(request, reason=reason, allowed=allowed)
        self.wait(lambda: call.done)
        return call

    def order_send_async(self, request, *, reason=Reason.EXPERT, allowed=True):
        """Send and return (ok, result): 10008 with a request id if it was sent.

        What became of it comes as a REQUEST transaction with that id.
        """
        call = self.begin(request, reason=reason, allowed=allowed)
        if call.done:
            return call.ok, call.result
        return True, Result(
            retcode=Retcode.PLACED, request_id=call.request_id, comment=text_of(Retcode.PLACED)
        )

    def begin(self, request, *, reason=Reason.EXPERT, allowed=True):
        """Send and return the `Call`; it is done when time has brought the answer.

        `allowed` is the program's own permission (MQL_TRADE_ALLOWED).
        """
        call = Call(request)
        off = not self.trade_allowed or not allowed
        if off and reason is Reason.EXPERT:
            self._refuse(call, Retcode.CLIENT_DISABLES_AT, ERR_TRADE_DISABLED)
        elif not self.connected:
            self._refuse(call, Retcode.CONNECTION, ERR_TRADE_SEND_FAILED)
        else:
            self._send(call, reason)
        return call

    def _refuse(self, call, retcode, error):
        call.result = Result(retcode=retcode, comment=text_of(retcode))
        call.error, call.done = error, True

    def _send(self, call, reason):
        login, call.request_id = self.login, next(self._ids)

        def reply(result, *, fails):
            self.link.down(lambda: self._finish(call, result, fails=fails))

        self._calls.append(call)
        self.link.up(lambda: self.server.receive(login, call.request, reason, reply))
        timeout = Result(retcode=Retcode.TIMEOUT, comment=text_of(Retcode.TIMEOUT))
        self.clock.after(self.timeout_ms, lambda: self._finish(call, timeout))

    def _finish(self, call, result, *, fails=False):
        if call.done:
            return
        good = result.retcode in OWNED or not self.refusal_is_false
        call.result = replace(result, request_id=call.request_id)
        call.ok, call.failed = good and not fails, fails
        call.error = 0 if call.ok else ERR_TRADE_SEND_FAILED
        call.done = True
        self.answered(call, call.request, call.result)

    def _end_calls(self, retcode):
        for call in tuple(self._calls):
            self._finish(call, Result(retcode=retcode, comment=text_of(retcode)))

    # Asked of the terminal alone.

    def asking(self, request, reason=Reason.EXPERT):
        """Put a request on the table with what the terminal believes."""
        return Asking(request, _Believed(self), self.markets, reason, self.clock.server_ms())

    def order_check(self, request):
        """Return OrderCheck's result: 0 if the request would pass, and the funds after it."""
        asking = self.asking(request)
        code = refusal(asking)
        worth, margin = self.worth(), self.worth().margin
        if code is None and asking.action is Action.DEAL:
            price = request.price or asking.market.price(buys=asking.is_buy)
            margin = margin_after(asking, price).quantize(self.terms.cent)
        return CheckResult(
            retcode=code or 0, balance=worth.balance, equity=worth.equity, profit=worth.profit,
            margin=margin, margin_free=worth.equity - margin,
            margin_level=worth.equity / margin * 100 if margin else Decimal(0),
            comment=text_of(code) if code else "Done",
        )  # fmt: skip

    def calc_margin(self, symbol, volume, price):
        """Return OrderCalcMargin's money; LookupError if no quote joins the currencies."""
        rules, terms = self.markets[symbol].rules, self.terms
        raw = raw_margin(rules, volume=volume, price=price, leverage=terms.leverage)
        return self.exchange.convert(
            raw * rules.margin_rate, rules.margin, terms.currency
        ).quantize(terms.cent)

    def calc_profit(self, symbol, volume, opened, closed, *, is_buy):
        """Return OrderCalcProfit's money."""
        rules, terms = self.markets[symbol].rules, self.terms
        raw = raw_profit(rules, is_buy=is_buy, volume=volume, opened=opened, closed=closed)
        return self.exchange.convert(raw, rules.profit, terms.currency).quantize(terms.cent)


class _Believed:
    """The account as the checks want it, from a terminal's own books."""

    def __init__(self, terminal):
        self.terms = terminal.terms
        self.books = terminal.books
        self.exchange = terminal.exchange
        self.worth = terminal.worth
