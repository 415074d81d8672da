"""How OKX writes orders, fills, bills, positions, balances: all numbers are text, sizes are `sz`.

A fee is negative when it was paid. `sz` of a perpetual is in contracts.
"""

from __future__ import annotations

from support.exchange.okx.instruments import LOT, contract, is_swap, kind_of, wire_of
from support.exchange.records import ZERO

from protocol.numbers import plain

STATES = {
    "NEW": "live", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled",
    "CANCELED": "canceled", "EXPIRED": "canceled", "EXPIRED_IN_MATCH": "canceled",
}  # fmt: skip


def text(value):
    """Write a number, or nothing for none."""
    return "" if value is None else f"{plain(value):f}"


def average(price):
    """Write an average price: rounded, nothing for none."""
    return text(round(price, 10)) if price else ""


def size(symbol, qty):
    """Write a quantity as `sz`."""
    return text(qty / contract(symbol))


def why_ended(record):
    """Return cancelSource: 1 a person, 13 FOK, 14 IOC, 20 the dead man, 31 post-only, 32 STP."""
    if record.is_open or record.status == "FILLED":
        return ""
    if record.cancel_id:
        return record.cancel_id
    if record.status == "EXPIRED_IN_MATCH":
        return "32"
    return {"FOK": "13", "IOC": "14"}.get(record.tif, "0" if record.price is not None else "14")


def order(record):
    """Return an order as trade/order has it."""
    symbol, last = record.symbol, record.deals[-1] if record.deals else None
    fees = sum((deal.commission for deal in record.deals), ZERO)
    swap = is_swap(symbol)
    algo = record.algo
    return {
        "instType": kind_of(symbol), "instId": record.wire, "tgtCcy": "" if swap else "base_ccy",
        "ccy": "", "ordId": str(record.number), "clOrdId": record.client_id, "tag": record.tag,
        "px": text(record.price), "sz": size(symbol, record.qty), "pnl": text(sum(
            (deal.realized for deal in record.deals), ZERO)),
        "ordType": record.kind, "side": record.side.lower(), "posSide": "net" if swap else "",
        "tdMode": "cross" if swap else "cash", "accFillSz": size(symbol, record.cum),
        "fillPx": text(last.price) if last else "", "avgPx": average(record.average),
        "tradeId": last.trade_id if last else "",
        "fillSz": size(symbol, last.qty) if last else "0",
        "fillTime": str(last.time_ms) if last else "", "state": STATES[record.status],
        "lever": "10" if swap else "", "feeCcy": last.asset if last else "", "fee": text(-fees),
        "rebateCcy": "", "rebate": "0", "category": "normal", "source": "",
        "reduceOnly": "true" if record.reduce_only else "false", "stpMode": "cancel_taker",
        "cancelSource": why_ended(record), "cancelSourceReason": "", "attachAlgoOrds": [],
        "algoId": str(algo.number) if algo else "", "algoClOrdId": algo.client_id if algo else "",
        "cTime": str(record.created_ms), "uTime": str(record.updated_ms),
    }  # fmt: skip


def order_event(record, deal, amended):
    """Return an order as the orders channel has it: with the fill that caused it, if one did."""
    one = {
        "execType": "", "fillFee": "0", "fillFeeCcy": "", "fillPnl": "0", "fillNotionalUsd": "",
        "notionalUsd": "", "amendSource": "", "lastPx": "",
        "code": "0", "msg": "", "reqId": "", "amendResult": "", **amended,
    }  # fmt: skip
    if deal is None:
        blank = {"fillPx": "", "tradeId": "", "fillSz": "0", "fillTime": ""}
        return {**order(record), **blank, **one}
    return {
        **order(record), **one, "fillPx": text(deal.price), "tradeId": deal.trade_id,
        "fillSz": size(record.symbol, deal.qty), "fillTime": str(deal.time_ms),
        "execType": "M" if deal.maker else "T", "fillFee": text(-deal.commission),
        "fillFeeCcy": deal.asset, "fillPnl": text(deal.realized),
    }  # fmt: skip


def fill(record, deal):
    """Return a fill as trade/fills has it."""
    return {
        "instType": kind_of(record.symbol), "instId": record.wire, "tradeId": deal.trade_id,
        "ordId": str(deal.order_id), "clOrdId": deal.client_id, "billId": str(deal.number),
        "tag": "", "fillPx": text(deal.price), "fillSz": size(record.symbol, deal.qty),
        "fillPnl": text(deal.realized), "side": deal.side.lower(),
        "posSide": "net" if is_swap(record.symbol) else "", "execType": "M" if deal.maker else "T",
        "feeCcy": deal.asset, "fee": text(-deal.commission), "subType": "",
        "ts": str(deal.time_ms), "fillTime": str(deal.time_ms),
    }  # fmt: skip


def bill(one):
    """Return a bill as account/bills has it."""
    deal = one.more.get("deal")
    return {
        "billId": str(one.number), "type": one.kind, "subType": one.sub, "ccy": one.asset,
        "balChg": text(one.change), "bal": text(one.total), "ts": str(one.time_ms),
        "instType": kind_of(one.symbol) if one.symbol else "",
        "instId": wire_of(one.symbol) if one.symbol else "",
        "ordId": str(deal.order_id) if deal else "", "clOrdId": deal.client_id if deal else "",
        "tradeId": deal.trade_id if deal else "", "px": text(deal.price) if deal else "",
        "sz": size(one.symbol, deal.qty) if deal else "", "fee": text(-one.more.get("fee", ZERO)),
        "pnl": text(one.more.get("pnl", deal.realized if deal else ZERO)),
        "execType": "" if deal is None else ("M" if deal.maker else "T"), "mgnMode": "",
        "posBal": "", "posBalChg": "0", "notes": "", "from": "", "to": "", "interest": "0",
    }  # fmt: skip


def position(wallet, symbol, mark, number, now_ms):
    """Return a position of net mode as account/positions has it."""
    holding, rule = wallet.holdings[symbol], wallet.rules[symbol]
    worth = abs(holding.qty) * (mark or holding.avg_px)
    return {
        "instType": "SWAP", "mgnMode": "cross", "posId": str(number), "posSide": "net",
        "pos": size(symbol, holding.qty), "posCcy": "", "availPos": "", "instId": wire_of(symbol),
        "avgPx": average(holding.avg_px), "markPx": text(mark),
        "upl": text(wallet.unrealized(symbol, mark)), "uplRatio": "0", "ccy": rule.currency,
        "lever": str(wallet.leverage[symbol]), "liqPx": "", "margin": "", "last": text(mark),
        "imr": text(worth / wallet.leverage[symbol]), "mmr": "0", "mgnRatio": "100",
        "notionalUsd": text(worth), "adl": "1", "interest": "0", "tradeId": "", "liab": "",
        "realizedPnl": text(holding.realized), "cTime": str(now_ms), "uTime": str(now_ms),
    }  # fmt: skip


def balance(wallet, open_records, marks, now_ms, only=None):
    """Return the account as account/balance has it."""
    frozen, free = wallet.frozen(open_records, marks), wallet.free(open_records, marks)
    rows = []
    for asset, total in wallet.totals.items():
        profit = wallet.profit(asset, marks)
        if not (total or profit or frozen[asset]) or (only and asset not in only):
            continue
        left = text(max(free[asset], ZERO))
        rows.append({
            "ccy": asset, "eq": text(total + profit), "cashBal": text(total),
            "availBal": left, "availEq": left, "frozenBal": text(frozen[asset]),
            "ordFrozen": "0", "upl": text(profit), "uTime": str(now_ms), "liab": "0",
            "isoEq": "0", "eqUsd": "0", "disEq": "0", "crossLiab": "0", "isoLiab": "0",
        })  # fmt: skip
    return {"uTime": str(now_ms), "totalEq": "0", "adjEq": "", "details": rows}


def rules(number, rule, state="live"):
    """Return an instrument as public/instruments has it."""
    symbol, swap = rule.symbol, is_swap(rule.symbol)
    unit = contract(symbol)
    lot = LOT if swap else rule.qty_step
    return {
        "instType": kind_of(symbol), "instId": wire_of(symbol), "instIdCode": 1000 + number,
        "uly": f"{rule.base}-{rule.currency}" if swap else "",
        "instFamily": f"{rule.base}-{rule.currency}" if swap else "",
        "baseCcy": "" if swap else rule.base, "quoteCcy": "" if swap else rule.currency,
        "settleCcy": rule.currency if swap else "", "ctVal": text(unit) if swap else "",
        "ctMult": "1" if swap else "", "ctValCcy": rule.base if swap else "",
        "ctType": "linear" if swap else "", "tickSz": text(rule.price_tick), "lotSz": text(lot),
        "minSz": text(rule.min_qty / unit), "maxLmtSz": text(rule.max_qty / unit),
        "maxMktSz": text(rule.max_qty / unit), "maxLmtAmt": "20000000", "maxMktAmt": "1000000",
        "lever": "10", "state": state, "listTime": "1600000000000", "expTime": "", "optType": "",
        "stk": "", "category": "1", "alias": "", "ruleType": "normal",
    }  # fmt: skip
