"""How Binance USD-M futures write orders, trades, positions, events and rules."""

from __future__ import annotations

from decimal import Decimal

from support.exchange.margin import ASSET

ORDER_TYPES = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"]
FORCES = ("GTC", "IOC", "FOK", "GTX", "GTD")
CENT, MILLI, EIGHT = Decimal("0.01"), Decimal("0.001"), Decimal("1E-8")


def price(value):
    """Write a price."""
    return f"{(value or Decimal(0)).quantize(CENT):f}"


def qty(value):
    """Write a quantity."""
    return f"{(value or Decimal(0)).quantize(MILLI):f}"


def money(value):
    """Write an amount of money, or an average price."""
    return f"{(value or Decimal(0)).quantize(EIGHT):f}"


class UsdmStyle:
    """The shapes of public numbers and events."""

    price = staticmethod(price)
    qty = staticmethod(qty)

    @staticmethod
    def depth_update(body, previous):
        """The futures also say which update came before."""
        return {**body, "T": body["E"], "pu": previous}

    @staticmethod
    def book_ticker(body):
        """The futures' has a name."""
        return {"e": "bookTicker", **body}

    @staticmethod
    def trade(wire, row):
        """Return the stream's form of a public trade."""
        return {
            "e": "trade", "E": row["time"], "T": row["time"], "s": wire, "t": row["id"],
            "p": row["price"], "q": row["qty"], "X": "MARKET", "m": row["isBuyerMaker"],
        }  # fmt: skip


def order(record):
    """Return an order as GET order has it."""
    return {
        "orderId": record.number, "symbol": record.wire, "status": record.status,
        "clientOrderId": record.client_id, "price": price(record.price),
        "avgPrice": money(record.average), "origQty": qty(record.qty),
        "executedQty": qty(record.cum), "cumQuote": money(record.quote),
        "timeInForce": record.tif, "type": record.kind, "reduceOnly": record.reduce_only,
        "closePosition": False, "side": record.side, "positionSide": "BOTH",
        "stopPrice": price(None), "workingType": "CONTRACT_PRICE", "priceProtect": False,
        "origType": record.kind, "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_TAKER", "goodTillDate": record.expire_ms,
        "time": record.created_ms, "updateTime": record.updated_ms,
    }  # fmt: skip


def placed(record, detail):
    """Return the answer to a new order, an amendment or a cancel."""
    form = order(record)
    form["cumQty"] = form["executedQty"]
    del form["time"]
    if detail == "ACK":
        nothing = {"executedQty": qty(None), "cumQty": qty(None), "cumQuote": money(None)}
        form |= {"status": "NEW", "avgPrice": money(None), **nothing}
    return form


def deal_row(deal):
    """Return a trade as userTrades has it."""
    return {
        "buyer": deal.side == "BUY", "commission": money(deal.commission),
        "commissionAsset": deal.asset, "id": deal.number, "maker": deal.maker,
        "orderId": deal.order_id, "price": price(deal.price), "qty": qty(deal.qty),
        "quoteQty": money(deal.quote), "realizedPnl": money(deal.realized),
        "side": deal.side, "positionSide": "BOTH", "symbol": deal.wire, "time": deal.time_ms,
    }  # fmt: skip


def order_update(record, what, deal, now_ms):
    """Return ORDER_TRADE_UPDATE."""
    form = {
        "s": record.wire, "c": record.client_id, "S": record.side, "o": record.kind,
        "f": record.tif, "q": qty(record.qty), "p": price(record.price),
        "ap": money(record.average), "sp": price(None), "x": what, "X": record.status,
        "i": record.number, "l": qty(deal.qty if deal else None), "z": qty(record.cum),
        "L": price(deal.price if deal else None), "T": record.updated_ms,
        "t": deal.number if deal else 0, "b": "0", "a": "0", "m": bool(deal and deal.maker),
        "R": record.reduce_only, "wt": "CONTRACT_PRICE", "ot": record.kind, "ps": "BOTH",
        "cp": False, "rp": money(deal.realized if deal else None), "pP": False, "si": 0,
        "ss": 0, "V": "EXPIRE_TAKER", "pm": "NONE", "gtd": record.expire_ms, "er": "0",
    }  # fmt: skip
    if deal is not None:
        form |= {"n": money(deal.commission), "N": deal.asset}
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": record.updated_ms, "o": form}


def account_update(wallet, reason, symbols, now_ms, change):
    """Return ACCOUNT_UPDATE: the balance, and the positions that changed."""
    total = money(wallet.totals[ASSET])
    positions = []
    for symbol in symbols:
        holding = wallet.holdings[symbol]
        positions.append({
            "s": symbol.replace("/", ""), "pa": qty(holding.qty), "ep": money(holding.avg_px),
            "bep": money(holding.avg_px), "cr": money(holding.realized), "up": money(None),
            "mt": "cross", "iw": money(None), "ps": "BOTH",
        })  # fmt: skip
    return {
        "e": "ACCOUNT_UPDATE", "E": now_ms, "T": now_ms,
        "a": {
            "m": reason, "P": positions,
            "B": [{"a": ASSET, "wb": total, "cw": total, "bc": money(change)}],
        },
    }  # fmt: skip


def algo(one):
    """Return a conditional order."""
    return {
        "algoId": one.number, "clientAlgoId": one.client_id, "algoType": "CONDITIONAL",
        "orderType": one.kind, "symbol": one.wire, "side": one.side, "positionSide": "BOTH",
        "timeInForce": one.tif, "quantity": qty(one.qty), "algoStatus": one.status,
        "actualOrderId": str(one.order_number or ""), "actualPrice": "0.00000",
        "triggerPrice": price(one.trigger), "price": price(one.price),
        "icebergQuantity": None, "selfTradePreventionMode": "EXPIRE_TAKER",
        "workingType": "CONTRACT_PRICE", "priceMatch": "NONE", "closePosition": False,
        "priceProtect": False, "reduceOnly": one.reduce_only, "createTime": one.created_ms,
        "updateTime": one.updated_ms, "triggerTime": one.triggered_ms, "goodTillDate": 0,
    }  # fmt: skip


def algo_update(one, now_ms):
    """Return ALGO_UPDATE."""
    return {
        "e": "ALGO_UPDATE", "T": one.updated_ms, "E": now_ms,
        "o": {
            "caid": one.client_id, "aid": one.number, "at": "CONDITIONAL", "o": one.kind,
            "s": one.wire, "S": one.side, "ps": "BOTH", "f": one.tif, "q": qty(one.qty),
            "X": one.status, "ai": str(one.order_number or ""), "ap": "0.00000",
            "aq": "0.00000", "act": "0", "tp": price(one.trigger), "p": price(one.price),
            "V": "EXPIRE_TAKER", "wt": "CONTRACT_PRICE", "pm": "NONE", "cp": False,
            "pP": False, "R": one.reduce_only, "tt": one.triggered_ms, "gtd": 0,
            "rm": one.failure,
        },
    }  # fmt: skip


def symbol_rules(wire, rules):
    """Return a symbol as exchangeInfo states it."""
    return {
        "symbol": wire, "pair": wire, "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000, "onboardDate": 1569398400000, "status": "TRADING",
        "maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base, "quoteAsset": rules.currency, "marginAsset": ASSET,
        "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8,
        "quotePrecision": 8, "underlyingType": "COIN", "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500", "liquidationFee": "0.012500", "marketTakeBound": "0.05",
        "orderTypes": ORDER_TYPES, "timeInForce": list(FORCES),
        "filters": [
            {
                "filterType": "PRICE_FILTER", "minPrice": price(rules.price_tick),
                "maxPrice": "4529764.00", "tickSize": price(rules.price_tick),
            },
            {
                "filterType": "LOT_SIZE", "minQty": qty(rules.min_qty),
                "maxQty": qty(rules.max_qty), "stepSize": qty(rules.qty_step),
            },
            {
                "filterType": "MARKET_LOT_SIZE", "minQty": qty(rules.min_qty),
                "maxQty": qty(rules.max_qty), "stepSize": qty(rules.qty_step),
            },
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": f"{rules.min_notional:f}"},
        ],
    }  # fmt: skip
