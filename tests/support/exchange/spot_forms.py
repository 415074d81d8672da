"""How Binance spot writes orders, trades, events and its rules."""

from __future__ import annotations

from decimal import Decimal

ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"]
EIGHT = Decimal("1E-8")


def number(value):
    """Write an amount with eight places, as spot does everywhere."""
    return f"{(value or Decimal(0)).quantize(EIGHT):f}"


class SpotStyle:
    """The shapes of public numbers and events."""

    price = staticmethod(number)
    qty = staticmethod(number)

    @staticmethod
    def depth_update(body, previous):
        """Spot knows U and u only."""
        return body

    @staticmethod
    def book_ticker(body):
        """Spot's has no event name and no times."""
        return body

    @staticmethod
    def trade(wire, row):
        """Return the stream's form of a public trade."""
        return {
            "e": "trade", "E": row["time"], "s": wire, "t": row["id"], "p": row["price"],
            "q": row["qty"], "T": row["time"], "m": row["isBuyerMaker"], "M": True,
        }  # fmt: skip


def order(record):
    """Return an order as GET order has it."""
    form = {
        "symbol": record.wire, "orderId": record.number, "orderListId": -1,
        "clientOrderId": record.client_id, "price": number(record.price),
        "origQty": number(record.qty), "executedQty": number(record.cum),
        "origQuoteOrderQty": number(record.quote_qty),
        "cummulativeQuoteQty": number(record.quote), "status": record.status,
        "timeInForce": record.tif, "type": record.kind, "side": record.side,
        "stopPrice": number(record.stop), "icebergQty": number(None),
        "time": record.created_ms, "updateTime": record.updated_ms,
        "isWorking": record.working_ms > 0, "workingTime": record.working_ms,
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }  # fmt: skip
    if record.stop is None:
        form.pop("stopPrice")
    return form


def placed(record, detail):
    """Return the answer to a new order: ACK, RESULT or FULL."""
    found = {
        "symbol": record.wire, "orderId": record.number, "orderListId": -1,
        "clientOrderId": record.client_id, "transactTime": record.updated_ms,
    }  # fmt: skip
    if detail == "ACK":
        return found
    form = order(record)
    for name in ("time", "updateTime", "isWorking", "icebergQty"):
        form.pop(name)
    found |= form
    if detail == "FULL":
        found["fills"] = [
            {
                "price": number(deal.price), "qty": number(deal.qty),
                "commission": number(deal.commission), "commissionAsset": deal.asset,
                "tradeId": deal.number,
            }
            for deal in record.deals
        ]  # fmt: skip
    return found


def canceled(record, cancel_id):
    """Return the answer to a cancel."""
    form = placed(record, "RESULT")
    return {**form, "origClientOrderId": record.client_id, "clientOrderId": cancel_id}


def deal_row(deal):
    """Return a trade as myTrades has it."""
    return {
        "symbol": deal.wire, "id": deal.number, "orderId": deal.order_id, "orderListId": -1,
        "price": number(deal.price), "qty": number(deal.qty), "quoteQty": number(deal.quote),
        "commission": number(deal.commission), "commissionAsset": deal.asset,
        "time": deal.time_ms, "isBuyer": deal.side == "BUY", "isMaker": deal.maker,
        "isBestMatch": True,
    }  # fmt: skip


def execution_report(record, what, deal, now_ms, execution_id):
    """Return the user data event of one change of an order."""
    canceled_now = what == "CANCELED"
    return {
        "e": "executionReport", "E": now_ms, "s": record.wire,
        "c": record.cancel_id if canceled_now and record.cancel_id else record.client_id,
        "S": record.side, "o": record.kind, "f": record.tif, "q": number(record.qty),
        "p": number(record.price), "P": number(record.stop), "F": number(None), "g": -1,
        "C": record.client_id if canceled_now and record.cancel_id else "",
        "x": what, "X": record.status, "r": "NONE", "i": record.number,
        "l": number(deal.qty if deal else None), "z": number(record.cum),
        "L": number(deal.price if deal else None),
        "n": number(deal.commission) if deal else "0", "N": deal.asset if deal else None,
        "T": record.updated_ms, "t": deal.number if deal else -1, "I": execution_id,
        "w": record.is_open and record.working_ms > 0, "m": bool(deal and deal.maker),
        "M": bool(deal), "O": record.created_ms, "Z": number(record.quote),
        "Y": number(deal.quote if deal else None), "Q": number(record.quote_qty),
        "W": record.working_ms, "V": "EXPIRE_TAKER",
    }  # fmt: skip


def symbol_rules(wire, rules):
    """Return a symbol as exchangeInfo states it."""
    return {
        "symbol": wire, "status": "TRADING", "baseAsset": rules.base, "baseAssetPrecision": 8,
        "quoteAsset": rules.currency, "quotePrecision": 8, "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES, "icebergAllowed": False, "ocoAllowed": False,
        "otoAllowed": False, "quoteOrderQtyMarketAllowed": True, "allowTrailingStop": False,
        "cancelReplaceAllowed": True, "amendAllowed": False, "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False, "permissions": [], "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_TAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER"],
        "filters": [
            {
                "filterType": "PRICE_FILTER", "minPrice": number(rules.price_tick),
                "maxPrice": "1000000.00000000", "tickSize": number(rules.price_tick),
            },
            {
                "filterType": "LOT_SIZE", "minQty": number(rules.min_qty),
                "maxQty": number(rules.max_qty), "stepSize": number(rules.qty_step),
            },
            {
                "filterType": "NOTIONAL", "minNotional": number(rules.min_notional),
                "applyMinToMarket": True, "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False, "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        ],
    }  # fmt: skip


def coin(asset):
    """Return an asset as capital/config/getall has it: nothing may move on any network."""
    return {
        "coin": asset, "name": asset, "depositAllEnable": False, "withdrawAllEnable": False,
        "free": "0", "locked": "0", "freeze": "0", "withdrawing": "0", "ipoing": "0",
        "ipoable": "0", "storage": "0", "isLegalMoney": False, "trading": True,
        "networkList": [],
    }  # fmt: skip
