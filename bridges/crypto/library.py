"""The classes of ccxt, with ears: what an exchange answers and says is taken before ccxt judges it.

Rules: this file alone imports ccxt, and only when a bridge is made. Status, headers and body of an
answer are kept in `heard_now` of the task that called; numbers are kept as they are written.
"""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

import msgspec

from bridges.crypto.effects import Call, Response
from bridges.crypto.tables.unified import DAY_MS, may_be_page, objections
from bridges.errors import BridgeError


class Ears(Protocol):
    """Who hears the streams of an exchange."""

    until_header: str

    def on_connected(self, client: Any) -> None:
        """Hear that a stream is up."""

    def on_message(self, client: Any, text: Any) -> None:
        """Hear one message."""

    def on_gone(self, client: Any, why: str) -> None:
        """Hear that a stream is gone."""


heard_now: ContextVar[list[Response]] = ContextVar("heard")
calling: ContextVar[Call] = ContextVar("calling")



def _exact(text: str) -> str:
    """Keep a number as its digits: what a float makes of it may be another number."""
    return f"{Decimal(text):f}"


_read_json = msgspec.json.Decoder(float_hook=_exact).decode


def read_body(text: Any) -> Any:
    """Read JSON with numbers as they are written; None for anything else."""
    try:
        return _read_json(text)
    except (msgspec.DecodeError, TypeError, UnicodeError):
        return None


def _until(signed: Any, header: str) -> Any:
    """Say in a signed request until when it holds, if its call says so."""
    call = calling.get(None)
    if call is not None and call.until_ms and header:
        signed["headers"] = {**(signed["headers"] or {}), header: str(call.until_ms)}
    return signed


def listening_class(name: str) -> type[Any]:
    """Return ccxt's class of an exchange, with ears. Raises BridgeError without ccxt."""
    try:
        import ccxt.pro  # noqa: PLC0415 - it takes a second and 100 MB, in this process only
    except ImportError:
        msg = "this bridge needs ccxt: pip install 'portcullis-gateway[crypto]'"
        raise BridgeError(msg) from None
    found = getattr(ccxt.pro, name, None) or getattr(ccxt.async_support, name, None)
    if name not in ccxt.exchanges or found is None:
        msg = f"ccxt knows no exchange {name!r}: see ccxt.exchanges for those that it knows"
        raise BridgeError(msg)
    return type(found.__name__, (Listening, found), {})


_Exchange: Any = object
"""Stands for a class of ccxt, which is not typed."""


class Listening(_Exchange):  # type: ignore[misc]
    """The exchange; answers and messages are taken as they come."""

    shell: Ears

    def handle_errors(  # noqa: PLR0917 - ccxt's own signature
        self, code: int, reason: str, url: str, method: str, headers: Any, body: Any,
        response: Any, request_headers: Any, request_body: Any,
    ) -> Any:  # fmt: skip
        """Keep the answer, then let ccxt judge it."""
        lower = {str(key).lower(): str(value) for key, value in headers.items()}
        heard_now.get().append(Response(code, read_body(body), lower))
        return super().handle_errors(
            code, reason, url, method, headers, body, response, request_headers,
            request_body,
        )  # fmt: skip

    def nonce(self) -> Any:
        """Return the exchange's time by the core's clock, if the call has it."""
        call = calling.get(None)
        return (call.at_ms if call else 0) or super().nonce()

    def sign(self, *args: Any, **named: Any) -> Any:
        """Sign a request, and say until when it holds if that is a header."""
        return _until(super().sign(*args, **named), self.shell.until_header)

    async def cancel_named(self, client_id: str, symbol: str) -> Any:
        """Cancel the open order that has a client id; raises OrderNotFound if none has."""
        from ccxt.base.errors import OrderNotFound  # noqa: PLC0415 - as above

        rows, _ = await self._page("fetchOpenOrders", self.fetch_open_orders, symbol)
        for row in rows:
            if row.get("clientOrderId") == client_id:
                return await self.cancel_order(row["id"], symbol)
        raise OrderNotFound(client_id)

    async def resting(self, symbol: str) -> dict[str, Any]:
        """Return the open orders, and whether these are all: an exchange may answer a page."""
        rows, is_whole = await self._page("fetchOpenOrders", self.fetch_open_orders, symbol)
        return {"open": rows, "whole": is_whole}

    async def ended_orders(self, symbol: str) -> dict[str, Any]:
        """Return the newest orders that are not open any more, and maybe some that are.

        `from_ms` is the moment since which these are all; 0 if they are all that ever were.
        """
        if self.has.get("fetchOrders") is True:
            asked = [("fetchOrders", self.fetch_orders)]
        else:
            asked = [("fetchClosedOrders", self.fetch_closed_orders)]
            if self.has.get("fetchCanceledOrders") is True:
                asked.append(("fetchCanceledOrders", self.fetch_canceled_orders))
        found, from_ms = [], 0
        for name, method in asked:
            rows, is_whole = await self._page(name, method, symbol)
            if not is_whole:
                from_ms = max(from_ms, min(int(row["timestamp"]) for row in rows))
            days = self._feature(name, "daysBack")
            if days:
                from_ms = max(from_ms, self.milliseconds() - int(days * DAY_MS))
            found += rows
        return {"ended": found, "from_ms": from_ms}

    async def _page(self, name: str, method: Any, symbol: str) -> tuple[list[Any], bool]:
        """Ask for as many rows as ccxt says that there are in a page; say whether it is no page."""
        most = self._feature(name, "limit")
        rows = list(await method(symbol, None, most))
        return rows, not may_be_page(len(rows), most)

    def _feature(self, method: str, word: str) -> Any:
        """Return what ccxt declares of a method on spot, or None."""
        spot = (self.features or {}).get("spot") or {}
        return (spot.get(method) or {}).get(word)

    def client(self, url: str) -> Any:
        """Return the client of an address, reading numbers as they are written."""
        made = super().client(url)
        made.handle_text_or_binary_message = partial(self.shell.on_message, made)
        return made

    def on_connected(self, client: Any, message: Any = None) -> None:
        """Tell that a stream is up."""
        super().on_connected(client, message)
        self.shell.on_connected(client)

    def on_error(self, client: Any, error: Any) -> None:
        """Tell that a stream is gone."""
        super().on_error(client, error)
        self.shell.on_gone(client, type(error).__name__)

    def on_close(self, client: Any, error: Any) -> None:
        """Tell that a stream is gone."""
        super().on_close(client, error)
        self.shell.on_gone(client, f"closed by the exchange ({error})")


def examine(make: type[Any]) -> None:
    """Refuse an exchange that ccxt does not say enough of. Raises BridgeError."""
    exchange = make()
    found = objections(
        exchange.has, exchange.precisionMode, inspect.getsource(make.parse_order)
    )
    if found:
        msg = f"{exchange.id} cannot be traded safely through ccxt: {'; '.join(found)}"
        raise BridgeError(msg)
