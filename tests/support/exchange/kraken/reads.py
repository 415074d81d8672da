"""What Kraken tells of the account: orders, trades, balances, the ledger, fees, the key.

Orders are found by client id among the open and among the closed ones; QueryOrders takes txids and
userrefs only. Lists of the past come fifty at a time, the newest first.
"""

from __future__ import annotations

from support.exchange.kraken import forms
from support.exchange.kraken.keys import TOKEN_S
from support.exchange.kraken.names import altname_of, code_of, pair_of, txid
from support.exchange.kraken.words import UNKNOWN, Refused, invalid, refuse
from support.exchange.records import ZERO

PAGE = 50
MOST_IDS = 50
FOREVER_MS = 10**15


class KrakenReads:
    """The part of the API that only reads. Its user has `desk`, `wallet`, `key`."""

    def open_orders(self, words):
        """OpenOrders: all, or those of a client id."""
        wanted = words.client_id()
        found = [
            one for one in self.desk.open_records() if not wanted or one.client_id == wanted
        ]
        return {"open": self._orders(found, words)}

    def closed_orders(self, words):
        """ClosedOrders: those that were closed (or opened) in a span of time."""
        wanted = words.client_id()
        since, until = self._span(words)
        which = words.one_of("closetime", ("open", "close", "both"), "both")

        def fits(record):
            times = {"open": (record.created_ms,), "close": (record.updated_ms,)}.get(
                which, (record.created_ms, record.updated_ms)
            )
            return any(since < one <= until for one in times)

        found = [
            one for one in self.desk.records.values()
            if not one.is_open and (not wanted or one.client_id == wanted) and fits(one)
        ]  # fmt: skip
        found.sort(key=lambda one: one.updated_ms, reverse=True)
        return {"closed": self._orders(self._page(found, words), words), "count": len(found)}

    def query_orders(self, words):
        """QueryOrders: by txid."""
        wanted = self._ids(words)
        found = [r for n, r in self.desk.records.items() if txid("O", n) in wanted]
        return self._orders(found, words)

    def _orders(self, records, words):
        trades = words.flag("trades")
        return {txid("O", one.number): forms.order(one, trades=trades) for one in records}

    def trades_history(self, words):
        """TradesHistory: of all pairs, the newest first."""
        since, until = self._span(words)
        found = [one for one in self.desk.deals if since < one.time_ms <= until][::-1]
        return {"trades": self._trades(self._page(found, words)), "count": len(found)}

    def query_trades(self, words):
        """QueryTrades: by their ids."""
        wanted = self._ids(words)
        found = [one for one in self.desk.deals if txid("T", one.number) in wanted]
        if not found:
            refuse("EQuery:Unknown trade")
        return self._trades(found)

    def _trades(self, deals):
        return {
            txid("T", one.number): forms.trade(one, self.desk.records[one.order_id])
            for one in deals
        }

    def _ids(self, words):
        found = words.need("txid").split(",")
        if len(found) > MOST_IDS:
            invalid("txid")
        return set(found)

    def _span(self, words):
        """Return (from, to): a start is not in it, an end is; either may be the id of an order."""
        return tuple(
            self._moment(words, name, default)
            for name, default in (("start", -1), ("end", FOREVER_MS))
        )

    def _moment(self, words, name, default):
        sent = words.get(name) or ""
        if "-" not in sent:
            return words.moment_ms(name, default)
        for number, record in self.desk.records.items():
            if txid("O", number) == sent:
                return record.created_ms
        for deal in self.desk.deals:
            if txid("T", deal.number) == sent:
                return deal.time_ms
        raise Refused(UNKNOWN)

    @staticmethod
    def _page(found, words):
        first = words.integer("ofs")
        return found[first : first + PAGE]

    # Money.

    def balance(self, _):
        """Balance."""
        return {
            code_of(asset): forms.text(total, "balance")
            for asset, total in sorted(self.wallet.totals.items())
        }

    def balance_ex(self, _):
        """BalanceEx: with what open orders hold."""
        held = self.wallet.locked(self.desk.open_records())
        return {
            code_of(asset): {
                "balance": forms.text(total, "balance"),
                "hold_trade": forms.text(held[asset], "balance"),
            }
            for asset, total in sorted(self.wallet.totals.items())
        }

    def ledgers(self, words):
        """Ledgers: of some assets or of one kind, the newest first."""
        since, until = self._span(words)
        asset, kind = words.get("asset") or "all", words.get("type") or "all"
        wanted = set(asset.split(","))
        found = [
            one for one in self.wallet.entries
            if since < one.time_ms <= until and kind in {"all", one.kind}
            and (asset == "all" or {code_of(one.asset), altname_of(one.asset)} & wanted)
        ][::-1]  # fmt: skip
        page = self._page(found, words)
        return {"ledger": {one.key: forms.entry(one) for one in page}, "count": len(found)}

    def query_ledgers(self, words):
        """QueryLedgers: by their ids."""
        wanted = set(words.need("id").split(","))
        return {one.key: forms.entry(one) for one in self.wallet.entries if one.key in wanted}

    def trade_volume(self, words):
        """TradeVolume: with the fees of the pairs that are named."""
        found = {"currency": "ZUSD", "volume": "0.0000"}
        named = [one for one in (words.get("pair") or "").split(",") if one]
        if named:
            pairs = [self.pair_named(one) for one in named]
            for name, rate in (("fees", "taker_fee"), ("fees_maker", "maker_fee")):
                found[name] = {
                    one.key: self._fee(getattr(self.rules[one.symbol], rate)) for one in pairs
                }
        return found

    @staticmethod
    def _fee(rate):
        shown = f"{rate * 100:.4f}"
        return {
            "fee": shown, "minfee": "0.0000", "maxfee": shown, "nextfee": None,
            "tiervolume": "0.0000", "nextvolume": None,
        }  # fmt: skip

    # The key.

    def key_info(self, _):
        """GetApiKeyInfo."""
        return self.key.info()

    def token(self, _):
        """GetWebSocketsToken."""
        made = f"token{len(self.tokens):039d}"
        self.tokens[made] = self.now_ms() + TOKEN_S * 1000
        return {"token": made, "expires": TOKEN_S}

    def is_token(self, text):
        """Say whether a token is taken now."""
        return self.now_ms() < self.tokens.get(text, 0)

    def held_pairs(self):
        """Return all pairs."""
        return [pair_of(symbol) for symbol in self.rules]

    def shown_balances(self):
        """Return the balances as the websocket shows them at first."""
        return [
            {
                "asset": asset, "asset_class": "currency",
                "balance": forms.number(total or ZERO, "balance"),
                "wallets": [
                    {"type": "spot", "id": "main", "balance": forms.number(total, "balance")}
                ],
            }
            for asset, total in sorted(self.wallet.totals.items())
        ]  # fmt: skip
