"""What Binance's spot and futures interfaces have in common: words, error codes, market data. Pure.

A refusal is believed only by its code, from the allow-list below, in a 4xx answer with a JSON body.
Codes that say "unknown" (-1000, -1001, -1006, -1007, -1008) are not on it, and neither is any 5xx:
whatever is not proven is in doubt. A request carries our time and `recvWindow`: the exchange drops
it when it arrives later, and that is what makes an absence provable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bridges.crypto.effects import Call, Response
from bridges.crypto.views import (
    Access,
    BookNews,
    BookView,
    StreamItem,
    TradeNews,
    TradeView,
    Verdict,
)
from bridges.market_events import Level
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce
from protocol.numbers import parse_decimal

MS_NS = 1_000_000
TRADES_PAGE = 1_000
BOOK_DEPTH = 1_000
CLOCK_OFF = -1021
DUPLICATE_WORDS = ("Duplicate order sent", "ClientOrderId is duplicated")
UNKNOWN_WORDS = ("Unknown order sent", "Order does not exist")
UNKNOWN_CODES = frozenset((-2011, -2013))
DUPLICATE_CODES = frozenset((-2010, -4116))
REFUSALS = frozenset((
    -1002, -1003, -1010, -1013, -1014, -1015, -1016, -1020, -1021, -1022, -1023, -1034,
    *range(-1145, -1099), -2010, -2011, -2013, -2014, -2015, -2016, -2018, -2019, -2020, -2021,
    -2022, -2023, -2024, -2025, -2026, -2027, -2028,
    *range(-4199, -3999), -4400, -4401, -5021, -5022, -5024, -5025, -5026, -5027, -5028, -5029,
))  # fmt: skip
"""What is refused for ever. -1021 is a wrong clock or a late arrival: not executed."""
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


def number(value: Any) -> Decimal:
    """Read a number. Raises ValueError for anything else, floats with exponents included."""
    return parse_decimal(str(value))


def positive(value: Any) -> Decimal | None:
    """Read a price that is absent when it is zero."""
    found = number(value or 0)
    return found if found > 0 else None


def text_of(response: Response) -> str:
    """Say for people what an answer was."""
    if isinstance(response.body, dict) and "msg" in response.body:
        return f"{response.body.get('code')}: {response.body['msg']}"
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


class Binance:
    """The common part of both tables. `symbols` maps our names to the exchange's."""

    prefix = ""
    """What ccxt puts before the name of a public method."""
    signed = ""
    """Likewise before that of a private one."""

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        self.native = dict(symbols)
        self.ours = {native: symbol for symbol, native in symbols.items()}
        self.recv_window_ms = recv_window_ms

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

    def access(self) -> Call:
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

    def was_restricted(self, response: Response) -> bool:
        """Whether a replace was not done because something was filled."""
        return "cancel restrictions" in json_text(response.body)

    # Market data.

    def depth(self, symbol: str) -> Call:
        """Ask for a book."""
        return Call(
            f"{self.prefix}GetDepth", {"symbol": self.native[symbol], "limit": BOOK_DEPTH}
        )

    def read_depth(self, body: Any) -> BookView:
        """Read a book."""
        return BookView(
            last=int(body["lastUpdateId"]), bids=_levels(body["bids"]), asks=_levels(body["asks"])
        )

    def market_words(self, symbols: Sequence[str]) -> dict[str, Any]:
        """Subscribe to books and trades."""
        names = [self.native[symbol].lower() for symbol in symbols]
        streams = [f"{name}@depth@100ms" for name in names]
        streams += [f"{name}@{self._trade_stream}" for name in names]
        return {"method": "SUBSCRIBE", "params": streams, "id": 1}

    def is_market_ready(self, message: Any) -> bool:
        """Whether the subscription was taken."""
        return isinstance(message, dict) and message.get("id") == 1 and "error" not in message

    _trade_stream = "trade"

    def read_market(self, message: Any) -> list[StreamItem]:
        """Read one message of the market's stream; what is of no interest is nothing."""
        if not isinstance(message, dict):
            return []
        event = message.get("data", message)
        symbol = self.ours.get(str(event.get("s")))
        if symbol is None:
            return []
        match event.get("e"):
            case "depthUpdate":
                return [
                    BookNews(
                        symbol=symbol, first=int(event["U"]), last=int(event["u"]),
                        previous=int(event["pu"]) if "pu" in event else None,
                        bids=_levels(event["b"]), asks=_levels(event["a"]),
                        ns=int(event.get("T", event["E"])) * MS_NS,
                    )
                ]  # fmt: skip
            case "trade" | "aggTrade":
                return [
                    TradeNews(
                        symbol=symbol, price=number(event["p"]), size=number(event["q"]),
                        aggressor=Side.SELL if event["m"] else Side.BUY,
                        trade_id=str(event.get("t", event.get("a"))), ns=int(event["T"]) * MS_NS,
                    )
                ]  # fmt: skip
            case _:
                return []

    # Trades of ours.

    _trades_method = ""

    def trades_of(self, symbol: str, order_id: str) -> Call:
        """Ask for the trades of one order."""
        return self._trades(symbol, {"orderId": order_id})

    def trades_from(self, symbol: str, since_ms: int) -> Call:
        """Ask for trades from a moment on, the oldest first."""
        return self._trades(symbol, {"startTime": since_ms})

    def trades_after(self, symbol: str, last: TradeView) -> Call:
        """Ask for the next page."""
        return self._trades(symbol, {"fromId": int(last.trade_id) + 1})

    def _trades(self, symbol: str, more: dict[str, Any]) -> Call:
        asked = {"symbol": self.native[symbol], "limit": TRADES_PAGE, **more}
        return Call(f"{self.signed}{self._trades_method}", asked)

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours."""
        return [self._trade(row, symbol) for row in body]

    def is_whole_page(self, count: int) -> bool:
        """Whether more may follow."""
        return count >= TRADES_PAGE

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


def _levels(rows: Any) -> tuple[Level, ...]:
    return tuple(Level(number(row[0]), number(row[1])) for row in rows)
