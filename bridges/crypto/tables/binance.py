"""What Binance's spot and futures interfaces have in common: words and error codes. Pure.

A refusal is believed only by its code, from the allow-list below, in a 4xx answer with a JSON body.
Codes that say "unknown" (-1000, -1001, -1006, -1007, -1008) are not on it, and neither is any 5xx:
whatever is not proven is in doubt. A request carries our time and `recvWindow`: the exchange drops
it when it arrives later, and that is what makes an absence provable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import Call, Response
from bridges.crypto.numbers import number
from bridges.crypto.plain import plain
from bridges.crypto.tables.binance_market import BinanceMarket
from bridges.crypto.views import (
    Access,
    OrderView,
    TradeView,
    Verdict,
)
from bridges.crypto.words import read_rows
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce

MS_NS = 1_000_000
TRADES_PAGE = 1_000
CLOCK_OFF = -1021
DUPLICATE_WORDS = ("Duplicate order sent", "ClientOrderId is duplicated")
UNKNOWN_WORDS = ("Unknown order sent", "Order does not exist")
UNKNOWN_CODES = frozenset((-2011, -2013))
DUPLICATE_CODES = frozenset((-2010, -4116))
REFUSALS = frozenset((
    -1002, -1003, -1010, -1011, -1013, -1014, -1015, -1016, -1020, -1021, -1022, -1023,
    -1034, *range(-1106, -1099), -1108, -1109, -1110, -1111, -1112, *range(-1122, -1113), -1125,
    -1126, -1127, -1128, -1130, -1131, -1134, -1135, -1136, -1139, -1145, -1151, -1182,
    -2010, -2011, -2013, -2014, -2015, -2016, -2017, -2018, -2019, -2020, -2021, -2022, -2023,
    -2024, -2025, -2026, -2027, -2028,
    *range(-4007, -4000), -4013, -4014, -4015, -4016, -4020, -4023, -4024, -4031, -4045, -4050,
    -4051, -4060, -4061, -4062, -4087, -4088, -4109, -4118, -4120, -4131, -4135,
    *range(-4142, -4136), -4144, -4164, -4183, -4184, -4192, -4210, -4211, -4400, -4401, -4402,
    -5021, -5022, *range(-5029, -5023), *range(-5041, -5036), -5043,
))  # fmt: skip
"""What is refused for ever: what is documented of orders, code by code, and nothing between them.

-1021 is a wrong clock or a late arrival: not executed. Of -4116 only its words prove a duplicate;
-4117, a stop that is triggering, says nothing of the order that it becomes. (Binance's pages: spot
errors, futures error codes.)
"""
STATUS = {
    "NEW": OrdStatus.NEW, "PENDING_NEW": OrdStatus.NEW, "PENDING_CANCEL": OrdStatus.NEW,
    "PARTIALLY_FILLED": OrdStatus.PARTIALLY_FILLED, "FILLED": OrdStatus.FILLED,
    "CANCELED": OrdStatus.CANCELED, "REJECTED": OrdStatus.REJECTED,
    "EXPIRED": OrdStatus.EXPIRED, "EXPIRED_IN_MATCH": OrdStatus.EXPIRED,
}  # fmt: skip
TIF = {
    "GTC": TimeInForce.GOOD_TILL_CANCEL, "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL, "GTX": TimeInForce.GOOD_TILL_CANCEL,
    "GTD": TimeInForce.GOOD_TILL_DATE,
}  # fmt: skip
TIF_NAMES = {
    TimeInForce.GOOD_TILL_CANCEL: "GTC", TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
}  # fmt: skip
TYPES = {
    "LIMIT": OrdType.LIMIT, "MARKET": OrdType.MARKET, "LIMIT_MAKER": OrdType.LIMIT,
    "STOP_LOSS": OrdType.STOP, "STOP_LOSS_LIMIT": OrdType.STOP_LIMIT,
    "TAKE_PROFIT": OrdType.STOP, "TAKE_PROFIT_LIMIT": OrdType.STOP_LIMIT,
    "STOP": OrdType.STOP_LIMIT, "STOP_MARKET": OrdType.STOP,
    "TAKE_PROFIT_MARKET": OrdType.STOP, "TRAILING_STOP_MARKET": OrdType.STOP,
}  # fmt: skip
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}


def text_of(response: Response) -> str:
    """Say for people what an answer was."""
    if isinstance(response.body, dict) and "msg" in response.body:
        return plain(f"{response.body.get('code')}: {response.body['msg']}")
    return response.problem or f"HTTP {response.status} without a reason"


def verdict_of(code: Any, words: str) -> Verdict:
    """Judge an error by its code and words."""
    if code in DUPLICATE_CODES and words.startswith(DUPLICATE_WORDS):
        return Verdict.DUPLICATE
    if code in UNKNOWN_CODES and words.startswith(UNKNOWN_WORDS):
        return Verdict.UNKNOWN
    return Verdict.REFUSED if code in REFUSALS else Verdict.DOUBT


def judge(response: Response) -> Verdict:
    """Say what an answer proves."""
    if not response.sent:
        return Verdict.REFUSED
    body = response.body
    if response.status == 200 and isinstance(body, dict | list):  # noqa: PLR2004 - HTTP's own
        return Verdict.DONE
    clear = 400 <= response.status < 500 and response.status != 408  # noqa: PLR2004 - HTTP's own
    if clear and isinstance(body, dict):
        return verdict_of(body.get("code"), str(body.get("msg", "")))
    return Verdict.DOUBT


def back_off_ms(response: Response) -> int | None:
    """Read how long the exchange wants to be left alone; None if it does not."""
    if response.status not in {418, 429}:
        return None
    wait = response.headers.get("retry-after", "")
    return int(wait) * 1000 if wait.isascii() and wait.isdigit() else 10_000


def json_text(body: Any) -> str:
    """Write a body so that words in it can be looked for."""
    return repr(body)


class Binance(BinanceMarket):
    """The common part of both tables. `symbols` maps our names to the exchange's."""

    signed = ""
    """Likewise before that of a private one."""

    amends_stops = False
    poll_ms = 0
    tells_trades_apart = False
    stop_doubt_ms = 0
    audit_ms = 15_000
    trades_window_ms = 0
    trades_reach_ms = 0

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        self.native = dict(symbols)
        self.ours = {native: symbol for symbol, native in symbols.items()}
        self.recv_window_ms = recv_window_ms

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return Binance's name: `BTC/USDT`, `BTC/USDT:USDT` and `BTCUSDT` are all BTCUSDT."""
        return symbol.split(":", maxsplit=1)[0].replace("/", "")

    # Words of both.

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Add the moment and the window in which the exchange may take a signed call."""
        if not call.method.startswith(("private", "fapiPrivate", "sapi")):
            return call
        if call.method.endswith("ListenKey"):
            return call
        window = {"timestamp": at_ms, "recvWindow": self.recv_window_ms}
        return Call(call.method, call.params | window, call.urgent)

    def time(self) -> Call:
        """Ask for the exchange's clock."""
        return Call(f"{self.prefix}GetTime", urgent=True)

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""
        return int(body["serverTime"])

    def access(self) -> Call | None:
        """Ask what the API key may do."""
        return Call("sapiGetAccountApiRestrictions")

    def read_access(self, body: Any) -> Access:
        """Read that."""
        trades = "enableFutures" if self.prefix.startswith("fapi") else "enableSpotAndMarginTrading"
        moves = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
        return Access(
            trades=bool(body[trades]), withdraws=any(body.get(name) for name in moves),
            bound=bool(body["ipRestrict"]),
        )  # fmt: skip

    def mode(self) -> Call | None:
        """Ask for the mode of the account, where it has some."""
        return None

    def objection(self, body: Any) -> str:  # noqa: ARG002 - as futures have it
        """Say why this mode will not do, or nothing."""
        return ""

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""
        return judge(response)

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""
        return text_of(response)

    def back_off_ms(self, response: Response) -> int | None:
        """Read how long the exchange wants to be left alone; None if it does not."""
        return back_off_ms(response)

    def is_ban(self, response: Response) -> bool:
        """Whether nobody from here is heard for a while: Binance's "I'm a teapot"."""
        return response.status == 418  # noqa: PLR2004 - HTTP's own

    def is_clock_off(self, response: Response) -> bool:
        """Whether the request's time was wrong."""
        return isinstance(response.body, dict) and response.body.get("code") == CLOCK_OFF

    def was_restricted(self, response: Response) -> bool:
        """Whether a replace was not done because something was filled."""
        return "cancel restrictions" in json_text(response.body)

    # Limits.

    limits: tuple[Limit, ...]
    costs: ClassVar[Mapping[str, int]]
    """Weights of the calls that weigh more or less than 1."""
    order_calls: frozenset[str]
    """The calls that count as orders."""

    def cost(self, call: Call) -> Cost:
        """Say what a call takes of the limits; /sapi has limits of its own."""
        weight = self.costs.get(call.method, 1)
        if call.method == self._light_when_one and "orderId" in call.params:
            weight = 5
        return Cost(weight, 1 if call.method in self.order_calls else 0)

    _light_when_one = ""

    def used(self, response: Response) -> int | None:
        """Read the weight that this address has used in the minute."""
        if response.status != 200:  # noqa: PLR2004 - HTTP's own
            return None
        count = response.headers.get("x-mbx-used-weight-1m", "")
        return int(count) if count.isascii() and count.isdigit() else None

    # Orders.

    def read_order(self, body: Any) -> OrderView:
        """Read an order in an answer. Raises KeyError or ValueError on anything else."""
        raise NotImplementedError

    def read_found(
        self, body: Any, client_id: str  # noqa: ARG002 - the answer is about nothing else
    ) -> OrderView | Call | None:
        """Read the order that was asked for; that there is none is an error of its own."""
        return self.read_order(body)

    def orders_of(self, symbol: str, order_ids: Sequence[str]) -> tuple[Call, ...]:
        """Ask for orders from the lowest id of these on."""
        lowest = min(map(int, order_ids))
        params = {"symbol": self.native[symbol], "orderId": str(lowest), "limit": 1_000}
        return (Call(f"{self.signed}GetAllOrders", params),)

    def more_orders(self, call: Call, body: Any) -> Call | None:  # noqa: ARG002 - as others have it
        """Ask for nothing more: open orders come whole."""
        return None

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read a list of orders. Raises TypeError for anything else."""
        if not isinstance(body, list):
            raise TypeError
        return read_rows(self.read_order, body)

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:  # noqa: ARG002 - as futures have it
        """Say nothing: spot has none."""
        return ()

    # Trades of ours.

    _trades_method = ""

    def trades_of(self, symbol: str, order_id: str, since_ms: int) -> Call:  # noqa: ARG002 - all
        """Ask for the trades of one order."""
        return self._trades(symbol, {"orderId": order_id})

    def trades_from(self, symbol: str, since_ms: int, until_ms: int) -> Call:
        """Ask for trades of a time, the oldest first."""
        window = {"startTime": since_ms}
        if self.trades_window_ms:
            window["endTime"] = until_ms
        return self._trades(symbol, window)

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page, by the last trade's id."""
        if len(body) < TRADES_PAGE:
            return None
        asked = {"symbol": call.params["symbol"], "limit": TRADES_PAGE}
        return Call(call.method, asked | {"fromId": int(body[-1]["id"]) + 1})

    def _trades(self, symbol: str, more: dict[str, Any]) -> Call:
        asked = {"symbol": self.native[symbol], "limit": TRADES_PAGE, **more}
        return Call(f"{self.signed}{self._trades_method}", asked)

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours."""
        return [self._trade(row, symbol) for row in body]

    def _trade(self, row: Any, symbol: str) -> TradeView:
        is_buy = row["isBuyer"] if "isBuyer" in row else row["buyer"]
        return TradeView(
            trade_id=str(row["id"]), order_id=str(row["orderId"]), symbol=symbol,
            side=Side.BUY if is_buy else Side.SELL, qty=number(row["qty"]),
            price=number(row["price"]), fee=number(row["commission"]),
            fee_currency=str(row["commissionAsset"]),
            maker=bool(row["isMaker"] if "isMaker" in row else row["maker"]),
            ns=int(row["time"]) * MS_NS,
        )  # fmt: skip


def most_at_market(filters: Mapping[str, Any]) -> Decimal:
    """Read the most that an order at the market may have; 0 where nothing is said of it."""
    return number(filters.get("MARKET_LOT_SIZE", {}).get("maxQty") or 0)
