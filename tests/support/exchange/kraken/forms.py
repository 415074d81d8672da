"""How Kraken writes orders, trades and the ledger: as REST has them, and as the websocket does.

REST writes amounts as text; costs are cut after five places, and times are seconds. The websocket
of version 2 writes numbers with all their places; what changes an order is told without what it
was: an order's pair, side and quantity are in `pending_new` and in the snapshot only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import orjson
from support.exchange.kraken.names import code_of, pair_of, txid
from support.exchange.records import ZERO

PLACES = {"price": 2, "qty": 8, "cost": 5, "fee": 5, "balance": 10}
FINAL = {"FILLED": "closed", "CANCELED": "canceled", "EXPIRED": "expired"}
STATUS = {"NEW": "new", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled",
          "CANCELED": "canceled", "EXPIRED": "expired", "EXPIRED_IN_MATCH": "canceled"}  # fmt: skip


def text(value, what):
    """Write an amount with the places that it has at the exchange."""
    places = PLACES[what]
    rounding = ROUND_HALF_UP if what == "price" else ROUND_DOWN
    return f"{(value or ZERO).quantize(Decimal(1).scaleb(-places), rounding):f}"


def number(value, what):
    """Write an amount as a JSON number that keeps its zeros."""
    return orjson.Fragment(text(value, what).encode())


def seconds(ms):
    """Write a time as REST does."""
    return orjson.Fragment(f"{Decimal(ms) / 1000:.4f}".encode())


def stamp(ms):
    """Write a time as the websocket does."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sentence(record):
    """Describe an order in words: what ccxt reads a new order from."""
    pair = pair_of(record.symbol).altname
    said = f"{record.side.lower()} {text(record.qty, 'qty')} {pair} @ "
    if record.stop is None:
        price = "" if record.price is None else f" {text(record.price, 'price')}"
        return said + ("market" if record.price is None else "limit") + price
    said += f"stop loss {text(record.stop, 'price')}"
    return said if record.price is None else f"{said} -> limit {text(record.price, 'price')}"


def order(record, *, trades=False):
    """Return an order as REST has it, without its id."""
    state = FINAL.get(record.status, "open" if record.is_open else "canceled")
    first = record.stop if record.stop is not None else record.price
    second = record.price if record.stop is not None else None
    found = {
        "refid": None, "userref": None, "cl_ord_id": record.client_id or None, "status": state,
        "opentm": seconds(record.created_ms), "starttm": 0,
        "expiretm": record.expire_ms // 1000,
        "descr": {
            "pair": pair_of(record.symbol).altname, "type": record.side.lower(),
            "ordertype": record.kind, "price": text(first, "price"),
            "price2": text(second, "price") if second is not None else "0", "leverage": "none",
            "order": sentence(record), "close": "",
        },
        "vol": text(record.qty, "qty"), "vol_exec": text(record.cum, "qty"),
        "cost": text(record.quote, "cost"),
        "fee": text(sum((one.commission for one in record.deals), ZERO), "fee"),
        "price": text(record.average, "price"), "stopprice": text(record.stop, "price"),
        "limitprice": text(second, "price"),
        "misc": "stopped" if record.triggered else "", "oflags": flags_of(record),
    }  # fmt: skip
    if record.stop is not None:
        found["trigger"] = "last"
    if not record.is_open:
        found |= {"closetm": seconds(record.updated_ms), "reason": record.reason or None}
    if trades:
        found["trades"] = [txid("T", one.number) for one in record.deals]
    return found


def flags_of(record):
    """Return the order's flags."""
    return "fciq,post" if record.tif == "GTX" else "fciq"


def trade(deal, record):
    """Return a trade as REST has it, without its id."""
    return {
        "ordertxid": txid("O", deal.order_id), "postxid": txid("P", deal.order_id),
        "pair": pair_of(record.symbol).key, "time": seconds(deal.time_ms),
        "type": deal.side.lower(), "ordertype": record.kind,
        "price": text(deal.price, "price"), "cost": text(deal.quote, "cost"),
        "fee": text(deal.commission, "fee"), "vol": text(deal.qty, "qty"),
        "margin": text(ZERO, "cost"), "leverage": "0", "misc": "",
        "trade_id": deal.number, "maker": deal.maker,
    }  # fmt: skip


def entry(one):
    """Return a line of the ledger as REST has it, without its id."""
    return {
        "refid": one.refid, "time": seconds(one.time_ms), "type": one.kind, "subtype": "",
        "aclass": "currency", "asset": code_of(one.asset), "amount": text(one.amount, "balance"),
        "fee": text(one.fee, "balance"), "balance": text(one.balance, "balance"),
    }  # fmt: skip


# The websocket.


def whole(record, what):
    """Return an order with all that it is: pending_new, and in the snapshot."""
    found = {
        "order_id": txid("O", record.number), "symbol": record.symbol,
        "order_qty": number(record.qty, "qty"), "cum_cost": number(record.quote, "cost"),
        "time_in_force": record.tif if record.tif != "GTX" else "GTC", "exec_type": what,
        "side": record.side.lower(), "order_type": record.kind, **named(record),
        "limit_price_type": "static", "stop_price": number(record.stop, "price"),
        "order_status": "pending_new" if what == "pending_new" else STATUS[record.status],
        "fee_usd_equiv": number(ZERO, "fee"), "fee_ccy_pref": "fciq",
        "timestamp": stamp(record.updated_ms),
    }  # fmt: skip
    if record.price is not None:
        found["limit_price"] = number(record.price, "price")
    if record.tif == "GTX":
        found["post_only"] = True
    if record.stop is not None:
        found["triggers"] = triggers(record)
    if what != "pending_new":
        found |= sums(record)
    return found


def triggers(record):
    """Return the state of a stop."""
    return {
        "reference": "last", "price": number(record.stop, "price"), "price_type": "static",
        "status": "triggered" if record.triggered else "untriggered",
    }  # fmt: skip


def named(record):
    """Return the client id, if there is one."""
    return {"cl_ord_id": record.client_id} if record.client_id else {}


def sums(record):
    """Return what was executed so far."""
    return {
        "cum_qty": number(record.cum, "qty"), "cum_cost": number(record.quote, "cost"),
        "avg_price": number(record.average, "price"), "fee_usd_equiv": number(ZERO, "fee"),
    }  # fmt: skip


def change(record, what, **more):
    """Return what happened to an order, without what it is."""
    return {
        "timestamp": stamp(record.updated_ms), "order_status": STATUS[record.status],
        "exec_type": what, **named(record), "order_id": txid("O", record.number), **more,
    }  # fmt: skip


def amended(record):
    """Return that an order was amended, and to what."""
    more = {"order_qty": number(record.qty, "qty"), "limit_price_type": "static"}
    if record.price is not None:
        more["limit_price"] = number(record.price, "price")
    return change(
        record, "amended", cum_qty=number(record.cum, "qty"), reason="User requested",
        amended=True, **more,
    )  # fmt: skip


def execution(deal, record):
    """Return a fill; it says partially_filled even if it is the last."""
    return {
        "order_id": txid("O", record.number), **named(record),
        "exec_id": txid("T", deal.number), "exec_type": "trade", "trade_id": deal.number,
        "symbol": record.symbol, "side": deal.side.lower(), "last_qty": number(deal.qty, "qty"),
        "last_price": number(deal.price, "price"),
        "liquidity_ind": "m" if deal.maker else "t", "cost": number(deal.quote, "cost"),
        "order_status": "partially_filled", "order_type": record.kind,
        "timestamp": stamp(deal.time_ms), "fee_usd_equiv": number(deal.commission, "fee"),
        "fees": [{"asset": deal.asset, "qty": number(deal.commission, "fee")}],
    }  # fmt: skip


def money(one):
    """Return a line of the ledger as the balances channel has it."""
    return {
        "ledger_id": one.key, "ref_id": one.refid, "timestamp": stamp(one.time_ms),
        "type": one.kind, "asset": one.asset, "asset_class": "currency", "category": one.kind,
        "wallet_type": "spot", "wallet_id": "main", "amount": number(one.amount, "balance"),
        "fee": number(one.fee, "balance"), "balance": number(one.balance, "balance"),
    }  # fmt: skip
