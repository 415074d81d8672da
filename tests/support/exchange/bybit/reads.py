"""What bybit answers to questions: about orders, fills, the account, and the market.

Lists come in pages with a cursor, the newest first; after the last page comes one that is empty.
Closed orders are in order/realtime only as long as they are among the last 500 of their category
and the service was not restarted; orders that were cancelled without a fill leave order/history
after a day.
"""

from __future__ import annotations

from decimal import Decimal

from support.exchange.bybit import forms, public
from support.exchange.bybit.orders import order_id
from support.exchange.bybit.refusals import BAD, LINEAR, SPOT, BybitError, refusal
from support.exchange.bybit.trade import filter_of

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
RECENT = 500
PAGES = {"order": (20, 50), "execution": (50, 100), "log": (20, 50), "position": (20, 200)}
"""Rows of a page: by default, and at most."""
DEPTHS = {SPOT: (1, 200), LINEAR: (25, 500)}


class Reads:
    """The endpoints that change no order, of one account."""

    def __init__(self, account):
        self._account = account

    def routes(self):
        """Return (method, path) to what answers."""
        return {
            ("GET", "/v5/order/realtime"): self.realtime,
            ("GET", "/v5/order/history"): self.history,
            ("GET", "/v5/execution/list"): self.executions,
            ("GET", "/v5/position/list"): self.positions,
            ("POST", "/v5/position/set-leverage"): self.set_leverage,
            ("POST", "/v5/position/switch-mode"): self.switch_mode,
            ("GET", "/v5/account/wallet-balance"): self.wallet,
            ("GET", "/v5/account/transaction-log"): self.log,
            ("GET", "/v5/account/info"): self.info,
            ("GET", "/v5/account/fee-rate"): self.fee_rate,
            ("GET", "/v5/account/query-dcp-info"): self.dcp,
            ("POST", "/v5/order/disconnected-cancel-all"): self.set_dcp,
            ("GET", "/v5/user/query-api"): self.key,
            ("GET", "/v5/asset/coin/query-info"): lambda _: {"rows": []},
            ("GET", "/v5/market/time"): self.time,
            ("GET", "/v5/market/instruments-info"): self.instruments,
            ("GET", "/v5/market/orderbook"): self.depth,
            ("GET", "/v5/market/tickers"): self.tickers,
            ("GET", "/v5/market/recent-trade"): self.trades,
            ("GET", "/v5/market/funding/history"): self.funding,
        }

    # Orders and fills.

    def _selected(self, words, records):
        """Return the orders that a question means: by id, by client id, or by symbol."""
        category = self._account.category_of(words)
        wire = words.get("symbol")
        if wire is not None and wire not in category.symbols:
            raise refusal(category.name, "symbol")
        if words.get("orderId"):
            rows = [r for r in records if order_id(r) == words["orderId"]]
        elif words.get("orderLinkId"):
            rows = [r for r in records if r.client_id == words["orderLinkId"]]
        else:
            rows = [r for r in records if wire in (None, r.wire)]
        kind = words.get("orderFilter")
        rows = [r for r in rows if not r.unlisted and kind in (None, filter_of(r))]
        return rows[::-1]

    def realtime(self, words):
        """GET order/realtime: what is open, and what has just been closed."""
        category = self._account.category_of(words)
        named = words.get("orderId") or words.get("orderLinkId")
        if category.name == LINEAR and not (named or _scope(words)):
            raise BybitError(BAD, "symbol or settleCoin or baseCoin is required")
        records = category.desk.records.values()
        closed = [r for r in records if not r.is_open and not r.forgotten][-RECENT:]
        if named:
            rows = [r for r in records if r.is_open] + closed
        elif words.get("openOnly", "0") == "0":
            rows = [r for r in records if r.is_open]
        else:
            rows = closed
        return self._page(words, "order", self._selected(words, rows), forms.order)

    def history(self, words):
        """GET order/history: what is closed."""
        category = self._account.category_of(words)
        now_ms = self._account.now_ms()
        records = [
            r for r in category.desk.records.values()
            if not r.is_open and (r.cum or r.updated_ms > now_ms - DAY_MS)
        ]  # fmt: skip
        if not words.get("orderId") and not words.get("orderLinkId"):
            since, until = self._span(words, WEEK_MS)
            records = [r for r in records if since <= r.created_ms <= until]
        return self._page(words, "order", self._selected(words, records), forms.order)

    def executions(self, words):
        """GET execution/list: fills, and on linear funding."""
        category = self._account.category_of(words)
        wire, name = words.get("symbol"), category.name
        records = category.desk.records
        rows = []
        for deal in category.desk.deals:
            record = records[deal.order_id]
            mark = category.mark(record.symbol)
            rows.append(forms.execution(name, record, deal, mark))
        for line in self._account.wallet.log if name == LINEAR else ():
            if line.kind == "SETTLEMENT":
                row = forms.funding_execution(line, line.price)
                del row["category"]
                rows.append(row)
        rows.sort(key=lambda row: int(row["execTime"]))
        since, until = self._span(words, WEEK_MS)
        for key in ("orderId", "orderLinkId"):
            if words.get(key):
                rows = [row for row in rows if row[key] == words[key]]
                break
        else:
            rows = [
                row for row in rows
                if wire in (None, row["symbol"]) and since <= int(row["execTime"]) <= until
            ]  # fmt: skip
        kind = words.get("execType")
        rows = [row for row in rows if kind in (None, row["execType"])]
        return self._page(words, "execution", rows[::-1], dict)

    def _span(self, words, most_ms):
        """Return the times of a question; a week at most, from or to what is said of it."""
        since, until = (_integer(words, name) for name in ("startTime", "endTime"))
        if since is not None and until is not None:
            if until - since > WEEK_MS:
                raise BybitError(BAD, "The time range cannot exceed 7 days")
            return since, until
        if since is not None:
            return since, since + most_ms
        until = self._account.now_ms() if until is None else until
        return until - most_ms, until

    def _page(self, words, kind, rows, form):
        usual, most = PAGES[kind]
        limit = _integer(words, "limit") or usual
        if not 1 <= limit <= most:
            raise BybitError(BAD, "limit invalid")
        start = int((words.get("cursor") or "0:").partition(":")[0])
        page = rows[start : start + limit]
        cursor = f"{start + len(page)}%3A{self._account.now_ms()}" if page else ""
        return {
            "category": words.get("category", ""), "list": [form(row) for row in page],
            "nextPageCursor": cursor,
        }  # fmt: skip

    # The account.

    def positions(self, words):
        """GET position/list: of a symbol, also if it is empty; or all that are not."""
        if words.get("category") == "inverse":
            return self._page(words, "position", [], self._account.position)
        if self._account.category_of(words).name != LINEAR:
            raise BybitError(BAD, "Illegal category")
        wallet, category = self._account.wallet, self._account.categories[LINEAR]
        wire = words.get("symbol")
        if wire is not None:
            if wire not in category.symbols:
                raise refusal(LINEAR, "symbol")
            symbols = [category.symbols[wire]]
        elif _scope(words):
            symbols = [one for one, holding in wallet.holdings.items() if holding.qty]
        else:
            raise BybitError(BAD, "symbol or settleCoin is required")
        return self._page(words, "position", symbols, self._account.position)

    def set_leverage(self, words):
        """POST position/set-leverage."""
        category = self._account.category_of(words)
        wire, leverage = words.get("symbol"), words.get("buyLeverage")
        if category.name != LINEAR or wire not in category.symbols:
            raise refusal(LINEAR, "symbol")
        if leverage != words.get("sellLeverage"):
            raise BybitError(BAD, "buy leverage must equal sell leverage")
        symbol = category.symbols[wire]
        if Decimal(leverage) == self._account.wallet.leverage[symbol]:
            raise BybitError(110043, "leverage not modified")
        if not 1 <= Decimal(leverage) <= 100:
            raise BybitError(BAD, "leverage invalid")
        self._account.wallet.leverage[symbol] = Decimal(leverage)
        return {}

    def switch_mode(self, words):
        """POST position/switch-mode: one-way it is, and one-way it stays."""
        if words.get("mode") == 0:
            raise BybitError(110025, "Position mode is not modified")
        text = "the exchange in the test has one-way mode only"
        raise BybitError(110029, text)

    def wallet(self, words):
        """GET account/wallet-balance."""
        if words.get("accountType") != "UNIFIED":
            raise BybitError(BAD, "accountType only support UNIFIED.")
        whole = self._account.balances()
        wanted = (words.get("coin") or "").split(",")
        if wanted != [""]:
            whole = {**whole, "coin": [c for c in whole["coin"] if c["coin"] in wanted]}
        return {"list": [whole]}

    def log(self, words):
        """GET account/transaction-log."""
        since, until = self._span(words, DAY_MS)
        wanted = {"category": "category", "currency": "currency", "type": "kind"}
        rows = [
            line for line in self._account.wallet.log
            if since <= line.time_ms <= until
            and all(
                words.get(name) in (None, getattr(line, field)) for name, field in wanted.items()
            )
        ]  # fmt: skip
        return self._page(words, "log", rows[::-1], forms.log_line)

    def info(self, _):
        """GET account/info."""
        return {
            "marginMode": "REGULAR_MARGIN", "updatedTime": str(self._account.now_ms()),
            "unifiedMarginStatus": 5, "dcpStatus": "OFF", "timeWindow": 0, "smpGroup": 0,
            "isMasterTrader": False, "spotHedgingStatus": "OFF",
        }  # fmt: skip

    def key(self, _):
        """GET user/query-api."""
        key = self._account.key
        return {
            "id": "1", "note": "test", "apiKey": key.api_key, "readOnly": key.read_only,
            "secret": "", "permissions": key.permissions, "ips": key.ips, "type": 1,
            "deadlineDay": 83, "expiredAt": "2099-01-01T00:00:00Z",
            "createdAt": "2020-01-01T00:00:00Z", "unified": 0, "uta": 1, "userID": 592324,
            "inviterID": 0, "vipLevel": "No VIP", "mktMakerLevel": "0", "affiliateID": 0,
            "rsaPublicKey": "", "isMaster": False, "parentUid": "1",
            "kycLevel": "LEVEL_DEFAULT", "kycRegion": "",
        }  # fmt: skip

    def fee_rate(self, words):
        """GET account/fee-rate."""
        category = self._account.category_of(words)
        one = words.get("symbol")
        rows = [
            {
                "symbol": wire, "baseCoin": "",
                "takerFeeRate": forms.number(category.rules[symbol].taker_fee),
                "makerFeeRate": forms.number(category.rules[symbol].maker_fee),
            }
            for wire, symbol in category.symbols.items() if one in (None, wire)
        ]  # fmt: skip
        return {"category": category.name, "list": rows}

    def dcp(self, _):
        """GET account/query-dcp-info."""
        windows = self._account.dcp_windows
        return {
            "dcpInfos": [
                {"product": product, "dcpStatus": "ON", "timeWindow": str(windows[name])}
                for name, product in self._account.dcp_products.items() if name in windows
            ]
        }  # fmt: skip

    def set_dcp(self, words):
        """POST order/disconnected-cancel-all: how long the streams may be away."""
        window, product = words.get("timeWindow"), words.get("product", "OPTIONS")
        if not isinstance(window, int) or not 3 <= window <= 300:
            raise BybitError(BAD, "timeWindow invalid")
        if not self._account.dcp_allowed:
            raise BybitError(10005, "Permission denied, please check your API key permissions.")
        names = {product: name for name, product in self._account.dcp_products.items()}
        if product in names:
            self._account.dcp_windows[names[product]] = window
        elif product != "OPTIONS":
            raise BybitError(BAD, "product invalid")
        return {}

    # The market.

    def time(self, _):
        """GET market/time."""
        now_ns = self._account.clock()
        return {"timeSecond": str(now_ns // 10**9), "timeNano": str(now_ns)}

    def instruments(self, words):
        """GET market/instruments-info."""
        name = words.get("category")
        empty = words.get("status") == "PreLaunch"
        if name in {"inverse", "option"} or empty:
            return {"category": name, "list": [], "nextPageCursor": ""}
        category = self._account.category_of(words)
        form = forms.spot_rules if name == SPOT else forms.linear_rules
        one = words.get("symbol")
        rows = [
            form(wire, category.rules[symbol])
            for wire, symbol in category.symbols.items() if one in (None, wire)
        ]  # fmt: skip
        return {"category": name, "list": rows, "nextPageCursor": ""}

    def _market(self, words):
        category = self._account.category_of(words)
        found = category.markets.by_wire.get(words.get("symbol"))
        if found is None:
            raise BybitError(BAD, "Not supported symbols")
        return category, found

    def depth(self, words):
        """GET market/orderbook."""
        category, market = self._market(words)
        usual, most = DEPTHS[category.name]
        limit = _integer(words, "limit") or usual
        if limit > most:
            raise BybitError(BAD, "limit invalid")
        return public.depth_of(market, limit, self._account.now_ms())

    def tickers(self, words):
        """GET market/tickers: of one or all symbols."""
        category = self._account.category_of(words)
        one = words.get("symbol")
        if one is not None:
            self._market(words)
        rows = [
            self.ticker(category, market)
            for wire, market in category.markets.by_wire.items() if one in (None, wire)
        ]
        return {"category": category.name, "list": rows}

    def ticker(self, category, market):
        """Return the statistics of one symbol."""
        if category.name == SPOT:
            return public.ticker_of(market)
        rates = [rate for wire, rate, *_ in category.funding if wire == market.wire]
        mark = market.mid()
        rate = rates[-1] if rates else Decimal("0.0001")
        return public.perpetual_of(market, mark, rate, self._account.now_ms())

    def trades(self, words):
        """GET market/recent-trade."""
        category, market = self._market(words)
        rows = [
            {
                "execId": str(row["id"]), "symbol": market.wire, "price": row["price"],
                "size": row["qty"], "side": "Sell" if row["isBuyerMaker"] else "Buy",
                "time": str(row["time"]), "isBlockTrade": False, "seq": str(row["id"]),
            }
            for row in reversed(market.trades)
        ]  # fmt: skip
        return {"category": category.name, "list": rows[: _integer(words, "limit") or 60]}

    def funding(self, words):
        """GET market/funding/history: what was paid, the newest first."""
        category, market = self._market(words)
        rows = [
            {
                "symbol": wire, "fundingRate": forms.number(rate),
                "fundingRateTimestamp": str(at_ms),
            }
            for wire, rate, at_ms, _ in category.funding if wire == market.wire
        ]  # fmt: skip
        return {"category": category.name, "list": rows[::-1]}


def _scope(words):
    return words.get("symbol") or words.get("settleCoin") or words.get("baseCoin")


def _integer(words, name):
    found = words.get(name)
    if found is None or found == "":
        return None
    if not str(found).isdecimal():
        raise BybitError(BAD, f"{name} invalid")
    return int(found)
