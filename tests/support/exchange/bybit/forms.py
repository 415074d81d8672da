"""How bybit writes orders, fills, positions, balances, its log and its rules.

Source: bybit's v5 API pages (order/realtime, execution/list, the private streams and so on). All
numbers are text; what is not there is an empty text.
"""

from __future__ import annotations

from decimal import Decimal

from support.exchange.bybit.orders import execution_id, order_id
from support.exchange.bybit.refusals import LINEAR, SPOT
from support.exchange.bybit.wallet import COIN
from support.exchange.records import ZERO

FORCES = {"GTX": "PostOnly"}
RATE = Decimal("1E-6")


def number(value):
    """Write a number as it is, without an exponent; nothing is an empty text."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class BybitStyle:
    """The shapes of public numbers; what is said in public is made in public.py."""

    price = staticmethod(number)
    qty = staticmethod(number)

    @staticmethod
    def depth_update(body, previous):
        """Nobody hears Binance's form."""
        return body

    @staticmethod
    def book_ticker(body):
        """The best bid and offer."""
        return body

    @staticmethod
    def trade(wire, row):
        """Return publicTrade's row."""
        return {
            "T": row["time"], "s": wire, "S": "Sell" if row["isBuyerMaker"] else "Buy",
            "v": row["qty"], "p": row["price"], "L": "ZeroPlusTick", "i": str(row["id"]),
            "BT": False, "seq": row["id"],
        }  # fmt: skip


def status(record):
    """Return orderStatus."""
    waits = record.stop is not None and not record.triggered
    spot = record.category == SPOT
    match record.status:
        case "NEW":
            return "Untriggered" if waits else "New"
        case "PARTIALLY_FILLED":
            return "PartiallyFilled"
        case "FILLED":
            return "Filled"
        case "REJECTED":
            return "Rejected"
        case _ if waits:
            return "Deactivated"
        case _:
            return "PartiallyFilledCanceled" if spot and record.cum else "Cancelled"


def order(record, said=""):
    """Return an order, as order/realtime and the order stream have it."""
    is_open = record.is_open
    worth = record.leaves * record.price if record.price and is_open else ZERO
    form = {
        "category": record.category, "symbol": record.wire, "orderId": order_id(record),
        "orderLinkId": record.client_id, "blockTradeId": "", "side": record.side.capitalize(),
        "orderType": record.kind.capitalize(), "price": number(record.price or ZERO),
        "qty": number(record.quote_qty if record.quote_unit else record.qty),
        "timeInForce": FORCES.get(record.tif, record.tif),
        "orderStatus": said or status(record), "cancelType": record.cancel_type,
        "rejectReason": record.reason, "avgPrice": number(record.average) if record.cum else "",
        "leavesQty": number(record.leaves), "leavesValue": number(worth),
        "cumExecQty": number(record.cum), "cumExecValue": number(record.quote),
        "cumExecFee": number(sum((deal.commission for deal in record.deals), ZERO)),
        "stopOrderType": "Stop" if record.stop is not None else "",
        "triggerPrice": number(record.stop), "triggerBy": "LastPrice" if record.stop else "",
        "triggerDirection": _direction(record), "reduceOnly": record.reduce_only,
        "closeOnTrigger": False, "isLeverage": "0", "positionIdx": 0, "orderIv": "",
        "takeProfit": "", "stopLoss": "", "tpTriggerBy": "", "slTriggerBy": "",
        "tpLimitPrice": "", "slLimitPrice": "", "lastPriceOnCreated": "", "placeType": "",
        "smpType": "None", "smpGroup": 0, "smpOrderId": "",
        "createdTime": str(record.created_ms), "updatedTime": str(record.updated_ms),
    }  # fmt: skip
    if record.category == LINEAR:
        return {**form, "tpslMode": "", "createType": "CreateByUser"}
    return {**form, "marketUnit": "quoteCoin" if record.quote_unit else "baseCoin"}


def _direction(record):
    if record.stop is None or record.category == SPOT:
        return 0
    return 1 if record.side == "BUY" else 2


def execution(category, record, deal, mark, *, stream=False):
    """Return a fill, as execution/list and the execution stream have it."""
    through = ZERO
    for one in record.deals:
        through += one.qty
        if one is deal:
            break
    form = {
        "category": category, "symbol": record.wire, "orderId": order_id(record),
        "orderLinkId": record.client_id, "side": record.side.capitalize(),
        "orderPrice": number(record.price or ZERO), "orderQty": number(record.qty),
        "leavesQty": number(record.qty - through), "orderType": record.kind.capitalize(),
        "stopOrderType": "Stop" if record.stop is not None else "UNKNOWN",
        "execFee": number(deal.commission), "execId": execution_id(category, deal),
        "execPrice": number(deal.price), "execQty": number(deal.qty), "execType": "Trade",
        "execValue": number(deal.quote), "execTime": str(deal.time_ms), "isMaker": deal.maker,
        "feeRate": number(_rate(category, deal)),
        "tradeIv": "", "markIv": "", "markPrice": number(mark or ZERO), "indexPrice": "",
        "underlyingPrice": "", "blockTradeId": "", "closedSize": "", "seq": deal.number,
        "extraFees": "",
    }  # fmt: skip
    if stream:
        return {**form, "isLeverage": "0", "execPnl": number(deal.realized),
                "feeCoin": deal.asset, "marketUnit": ""}  # fmt: skip
    del form["category"]
    return {**form, "feeCurrency": deal.asset if category == SPOT else ""}


def _rate(category, deal):
    takes_coin = category == SPOT and deal.side == "BUY"
    return (deal.commission / (deal.qty if takes_coin else deal.quote)).quantize(RATE)


def funding_execution(line, mark):
    """Return a funding payment, which is an execution to bybit."""
    cost = -line.change
    number_text = f"{line.time_ms // 1000}-8-1-{line.number}"
    return {
        "category": LINEAR, "symbol": line.wire, "orderId": number_text,
        "orderLinkId": "", "side": line.side, "orderPrice": "0", "orderQty": "0",
        "leavesQty": "0", "orderType": "UNKNOWN", "stopOrderType": "UNKNOWN",
        "execFee": number(cost), "execId": funding_id(line), "execPrice": number(line.price),
        "execQty": number(line.qty), "execType": "Funding",
        "execValue": number(line.qty * line.price), "execTime": str(line.time_ms),
        "isMaker": False, "feeRate": number(line.fee_rate), "tradeIv": "", "markIv": "",
        "markPrice": number(mark), "indexPrice": "", "underlyingPrice": "", "blockTradeId": "",
        "closedSize": "", "seq": line.number, "extraFees": "", "feeCurrency": "",
    }  # fmt: skip


def funding_id(line):
    """Return the id of a funding payment."""
    return f"534c0003-4bf7-486f-aa02-{line.number:012d}"


def log_line(line):
    """Return a line of the transaction log. Its `id` is not unique: bybit's is not either."""
    trade = line.deal is not None
    return {
        "id": f"592324_{line.wire}_{line.time_ms}", "symbol": line.wire,
        "category": line.category, "side": line.side, "transactionTime": str(line.time_ms),
        "type": line.kind, "transSubType": "", "qty": number(line.qty),
        "size": number(line.size), "currency": line.currency, "tradePrice": number(line.price),
        "funding": number(line.funding), "fee": number(line.fee),
        "cashFlow": number(line.change + line.fee - (line.funding or ZERO)),
        "change": number(line.change), "cashBalance": number(line.balance),
        "feeRate": number(line.fee_rate), "bonusChange": "",
        "tradeId": (
            execution_id(line.category, line.deal) if trade
            else funding_id(line) if line.kind == "SETTLEMENT" else ""
        ),
        "orderId": order_id(line.record) if trade else "",
        "orderLinkId": line.record.client_id if trade else "", "extraFees": "",
    }  # fmt: skip


def position(wallet, symbol, mark, now_ms):
    """Return a position of one symbol, which may be empty."""
    holding, qty = wallet.holdings[symbol], wallet.holdings[symbol].qty
    blocked, _ = wallet.margin(symbol, mark, ())
    leverage, profit = wallet.leverage[symbol], wallet.unrealized(symbol, mark)
    return {
        "positionIdx": 0, "riskId": 1, "riskLimitValue": "2000000",
        "symbol": symbol.replace("/", ""), "avgPrice": number(holding.avg_px if qty else ZERO),
        "side": "Buy" if qty > 0 else "Sell" if qty else "", "size": number(abs(qty)),
        "positionValue": number(abs(qty) * holding.avg_px), "tradeMode": 0, "autoAddMargin": 0,
        "positionStatus": "Normal", "leverage": number(leverage), "markPrice": number(mark or ZERO),
        "liqPrice": "", "bustPrice": "", "positionIM": number(blocked),
        "positionMM": "0", "positionBalance": number(blocked), "takeProfit": "", "stopLoss": "",
        "trailingStop": "0", "unrealisedPnl": number(profit), "sessionAvgPrice": "",
        "cumRealisedPnl": number(holding.realized), "curRealisedPnl": number(holding.realized),
        "tpslMode": "Full", "adlRankIndicator": 2, "isReduceOnly": False,
        "mmrSysUpdatedTime": "", "leverageSysUpdatedTime": "", "seq": 1,
        "createdTime": str(now_ms), "updatedTime": str(now_ms),
    }  # fmt: skip


def coin(name, total, *, locked, order_im=ZERO, position_im=ZERO, profit=ZERO):
    """Return one coin of the wallet."""
    return {
        "coin": name, "equity": number(total + profit), "usdValue": number(total + profit),
        "walletBalance": number(total), "locked": number(locked), "borrowAmount": "0",
        "accruedInterest": "0", "availableToWithdraw": "", "availableToBorrow": "",
        "totalOrderIM": number(order_im), "totalPositionIM": number(position_im),
        "totalPositionMM": "0", "unrealisedPnl": number(profit), "cumRealisedPnl": "0",
        "bonus": "0", "spotHedgingQty": "0", "marginCollateral": True,
        "collateralSwitch": name == COIN,
    }  # fmt: skip


def spot_rules(wire, rules):
    """Return a spot symbol as instruments-info states it."""
    return {
        "symbol": wire, "baseCoin": rules.base, "quoteCoin": rules.currency, "innovation": "0",
        "status": "Trading", "marginTrading": "utaOnly", "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": number(rules.qty_step), "quotePrecision": "0.0000001",
            "minOrderQty": number(rules.min_qty), "maxOrderQty": number(rules.max_qty),
            "minOrderAmt": number(rules.min_notional), "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": number(rules.price_tick)},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }  # fmt: skip


def linear_rules(wire, rules):
    """Return a perpetual as instruments-info states it."""
    return {
        "symbol": wire, "contractType": "LinearPerpetual", "status": "Trading",
        "baseCoin": rules.base, "quoteCoin": rules.currency, "launchTime": "1585526400000",
        "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "2",
        "leverageFilter": {
            "minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"
        },
        "priceFilter": {
            "minPrice": number(rules.price_tick), "maxPrice": "1999999.80",
            "tickSize": number(rules.price_tick),
        },
        "lotSizeFilter": {
            "maxOrderQty": number(rules.max_qty), "minOrderQty": number(rules.min_qty),
            "qtyStep": number(rules.qty_step), "postOnlyMaxOrderQty": number(rules.max_qty),
            "maxMktOrderQty": number(rules.max_qty / Decimal(10)),
            "minNotionalValue": number(rules.min_notional),
        },
        "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": rules.currency,
        "copyTrading": "none", "upperFundingRate": "0.00375", "lowerFundingRate": "-0.00375",
        "isPreListing": False, "preListingInfo": None,
    }  # fmt: skip
