"""What bybit does with orders on request. An answer only acknowledges: matching comes after it.

Checked before the acknowledgement: parameters, the symbol's rules, duplicate ids, money. Checked by
the matching engine, and told on the stream only: post-only, FOK, our own orders on the other side.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial

from support.exchange.bybit.orders import order_id
from support.exchange.bybit.refusals import BAD, LINEAR, SPOT, BybitError, refusal
from support.exchange.records import ZERO

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
CLIENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
FORCES = {"GTC": "GTC", "IOC": "IOC", "FOK": "FOK", "PostOnly": "GTX"}
FILTERS = ("Order", "StopOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder")
SAME = "The order remains unchanged as the parameters entered match the existing ones."


class TradeDesk:
    """The endpoints that change orders, of one account."""

    def __init__(self, account):
        self._account = account

    def routes(self):
        """Return (method, path) to what answers."""
        return {
            ("POST", "/v5/order/create"): self.create,
            ("POST", "/v5/order/amend"): self.amend,
            ("POST", "/v5/order/cancel"): self.cancel,
            ("POST", "/v5/order/cancel-all"): self.cancel_all,
        }

    # Place.

    def create(self, words):
        """POST order/create."""
        category = self._account.category_of(words)
        order = self._read(category, words)
        self._check_rules(category, order)
        if category.desk.is_taken(order["wire"], order["client_id"]):
            raise refusal(category.name, "duplicate")
        self._check_trigger(category, order)
        if order["reduce_only"]:
            sign = 1 if order["side"] == "BUY" else -1
            if category.desk.position(order["symbol"]) * sign >= 0:
                text = "current position is zero, cannot fix reduce-only order qty"
                raise BybitError(110017, text)
        record = self._affordable(category, order)
        category.later(partial(category.match, record))
        return {"orderId": order_id(record), "orderLinkId": record.client_id}

    def _read(self, category, words):
        name, wire = category.name, _text(words, "symbol")
        if wire not in category.symbols:
            raise refusal(name, "symbol")
        side, kind = _text(words, "side"), _text(words, "orderType")
        if side not in {"Buy", "Sell"}:
            raise refusal(name, "side")
        if kind not in {"Limit", "Market"}:
            raise refusal(name, "type")
        limit = kind == "Limit"
        force = _text(words, "timeInForce") or "GTC"
        if force not in FORCES:
            raise refusal(name, "force")
        client_id = _text(words, "orderLinkId")
        if client_id and not CLIENT_ID.fullmatch(client_id):
            raise BybitError(BAD, "orderLinkId invalid")
        stop = _number(words, "triggerPrice")
        self._check_filter(category, words, stop)
        qty, quote_qty = _number(words, "qty"), ZERO
        if qty is None:
            raise refusal(name, "step")
        by_value = name == SPOT and not limit and self._is_by_value(words, side)
        if by_value:
            quote_qty = qty
            qty = category.desk.qty_for(category.symbols[wire], side.upper(), quote_qty)
        return {
            "wire": wire, "symbol": category.symbols[wire], "side": side.upper(),
            "kind": kind.upper(), "tif": FORCES[force] if limit else "IOC", "qty": qty,
            "price": _needed(_number(words, "price"), "price") if limit else None, "stop": stop,
            "client_id": client_id, "quote_qty": quote_qty, "quote_unit": by_value,
            "reduce_only": name == LINEAR and _flag(words, "reduceOnly"),
        }  # fmt: skip

    @staticmethod
    def _is_by_value(words, side):
        """Whether a market order's quantity is money: a buy's is, unless it says otherwise."""
        return _text(words, "marketUnit") == "quoteCoin" or (
            side == "Buy" and _text(words, "marketUnit") != "baseCoin"
        )

    @staticmethod
    def _check_filter(category, words, stop):
        kind = _text(words, "orderFilter") or "Order"
        if category.name == SPOT:
            if kind not in FILTERS:
                raise BybitError(170202, "Invalid orderFilter parameter.")
            if (kind == "StopOrder") is (stop is None):
                raise BybitError(170130, "Data sent for paramter 'triggerPrice' is not valid.")
        elif stop is not None and words.get("triggerDirection") not in {1, 2}:
            raise BybitError(BAD, "TriggerDirection invalid")

    @staticmethod
    def _check_rules(category, order):
        name, rules = category.name, category.rules[order["symbol"]]
        for price in (order["price"], order["stop"]):
            if price is not None and (price <= 0 or price % rules.price_tick):
                raise refusal(name, "price")
        qty = order["qty"]
        if qty % rules.qty_step:
            raise refusal(name, "step")
        if qty < rules.min_qty or qty <= 0:
            raise refusal(name, "small")
        if qty > rules.max_qty:
            raise refusal(name, "large")
        if not order["reduce_only"] and category.worth(order) < rules.min_notional:
            raise refusal(name, "notional")

    @staticmethod
    def _check_trigger(category, order):
        if order["stop"] is None:
            return
        upwards = order["side"] == "BUY"
        if not category.reached(order["wire"], order["stop"], upwards=upwards):
            return
        if category.name == SPOT:
            raise BybitError(170130, "Data sent for paramter 'triggerPrice' is not valid.")
        way, sign = ("Rising", "<=") if upwards else ("Falling", ">=")
        text = f"expect {way}, but trigger_price[{order['stop']}] {sign} current??LastPrice"
        raise BybitError(110092 if upwards else 110093, text)

    def _affordable(self, category, order):
        account, rules = self._account, category.rules[order["symbol"]]
        if category.name == SPOT and order["stop"] is None:
            sells = order["side"] == "SELL"
            needed = order["qty"] if sells else category.worth(order)
            if needed > account.free(rules.base if sells else rules.currency):
                raise refusal(SPOT, "funds")
        record = category.desk.new_record(account.now_ms(), **order)
        blocks = category.name == LINEAR and order["stop"] is None and not order["reduce_only"]
        if blocks and account.free(rules.currency, extra=record) < 0:
            category.desk.drop(record)
            raise refusal(LINEAR, "funds")
        return record

    # Change.

    def amend(self, words):
        """POST order/amend."""
        category = self._account.category_of(words)
        record = self._named(category, words)
        qty = _number(words, "qty") or record.qty
        price = _number(words, "price") or record.price
        stop = _number(words, "triggerPrice") or record.stop
        if (qty, price, stop) == (record.qty, record.price, record.stop):
            raise BybitError(10001, SAME)
        if qty < record.cum or (category.name == LINEAR and qty == record.cum):
            raise refusal(category.name, "filled")
        order = {
            "symbol": record.symbol, "side": record.side, "qty": qty, "price": price,
            "stop": stop, "reduce_only": record.reduce_only,
        }  # fmt: skip
        self._check_rules(category, order)
        self._check_growth(category, record, qty, price)
        category.later(partial(category.amend, record, qty, price, stop))
        return {"orderId": order_id(record), "orderLinkId": record.client_id}

    def _check_growth(self, category, record, qty, price):
        """Refuse a change for which there is not enough money."""
        rules = category.rules[record.symbol]
        sells = category.name == SPOT and record.side == "SELL"
        coin = rules.base if sells else rules.currency
        before, free = (record.qty, record.price), self._account.free(coin)
        record.qty, record.price = qty, price
        left = self._account.free(coin)
        record.qty, record.price = before
        if left < min(free, 0):
            raise refusal(category.name, "funds")

    def cancel(self, words):
        """POST order/cancel."""
        category = self._account.category_of(words)
        record = self._named(category, words)
        if category.name == SPOT:
            wanted = _text(words, "orderFilter") or "Order"
            if wanted != filter_of(record):
                raise refusal(SPOT, "unknown")
        category.later(partial(category.cancel, record))
        return {"orderId": order_id(record), "orderLinkId": record.client_id}

    def cancel_all(self, words):
        """POST order/cancel-all: of a symbol, of a coin, or of all spot."""
        category = self._account.category_of(words)
        wire, coin = _text(words, "symbol"), _text(words, "settleCoin")
        if category.name == LINEAR and not (wire or coin or _text(words, "baseCoin")):
            raise BybitError(BAD, "symbol, settleCoin or baseCoin is required")
        kind = _text(words, "orderFilter") or ("Order" if category.name == SPOT else "")
        found = [
            record for record in category.desk.open_records(wire or None)
            if kind in {"", filter_of(record)}
        ]  # fmt: skip
        for record in found:
            category.later(partial(category.cancel, record))
        rows = [
            {"orderId": order_id(record), "orderLinkId": record.client_id} for record in found
        ]
        return {"list": rows, "success": "1"}

    @staticmethod
    def _named(category, words):
        """Return the open order that a request names."""
        wire = _text(words, "symbol")
        if wire not in category.symbols:
            raise refusal(category.name, "symbol")
        number, client_id = _text(words, "orderId"), _text(words, "orderLinkId")
        if not number and not client_id:
            raise BybitError(BAD, "OrderId or orderLinkId is required")
        record = category.desk.named(wire, number, client_id)
        if record is None or not record.is_open:
            raise refusal(category.name, "unknown")
        return record


def filter_of(record):
    """Return the orderFilter under which an order is found."""
    return "StopOrder" if record.stop is not None and not record.triggered else "Order"


def _text(words, name):
    found = words.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise BybitError(BAD, f"{name} must be a text")
    return found


def _number(words, name):
    found = _text(words, name)
    if not found:
        return None
    if not NUMBER.fullmatch(found):
        raise BybitError(BAD, f"{name} invalid")
    return Decimal(found)


def _needed(value, name):
    if value is None:
        raise BybitError(BAD, f"{name} is required")
    return value


def _flag(words, name):
    found = words.get(name, False)
    if not isinstance(found, bool):
        raise BybitError(BAD, f"{name} must be true or false")
    return found
