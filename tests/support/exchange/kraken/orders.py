"""What Kraken does with orders: add, amend, edit, cancel, and cancel all unless told otherwise.

Checked as Kraken checks: arguments, the pair's rules, client ids (free among all open orders),
funds, post-only; then the engine. The pair's counter goes up before anything is checked.
"""

from __future__ import annotations

from itertools import count

from support.exchange.desk import EngineError
from support.exchange.kraken import forms
from support.exchange.kraken.asking import Words
from support.exchange.kraken.names import txid
from support.exchange.kraken.words import (
    DUPLICATE,
    NO_FUNDS,
    POST_ONLY,
    UNKNOWN,
    Refused,
    invalid,
    refuse,
)

KINDS = ("limit", "market", "stop-loss", "stop-loss-limit")
FORCES = ("GTC", "IOC", "FOK", "GTD")
ASKED = "User requested"


class KrakenOrders:
    """The part of the API that changes orders. Its user has `desk`, `wallet`, `counters`."""

    def open_orders_part(self):
        """Begin without a countdown."""
        self.countdown_ms = None
        self._amends = count(1)

    # New ones.

    def add_order(self, words):
        """AddOrder."""
        pair = self.pair_of(words)
        self.counters.charge_trading(pair.wire, self.now_ms())
        words.check_deadline(self.now_ms())
        record = self._checked(self._read(words, pair))
        if not words.flag("validate"):
            self._place(record)
        said = {"descr": {"order": forms.sentence(record)}}
        return said if words.flag("validate") else said | {"txid": [txid("O", record.number)]}

    def _place(self, record):
        try:
            self.desk.place(record, self.clock())
        except EngineError:
            # Only our own orders on the other side are left for the engine to notice.
            if record.tif != "GTX":
                raise
            refuse(POST_ONLY)

    def _read(self, words, pair):
        kind = words.one_of("ordertype", KINDS)
        side = words.one_of("type", ("buy", "sell")).upper()
        flags = set(filter(None, (words.get("oflags") or "").split(",")))
        if flags - {"post", "fciq", "viqc", "nompp"}:
            invalid("oflags")
        tif = words.one_of("timeinforce", FORCES, "GTC")
        if kind == "market":
            tif = "GTC"
        if "post" in flags:
            if kind != "limit" or tif != "GTC":
                invalid("oflags")
            tif = "GTX"
        if words.flag("reduce_only"):
            refuse("EOrder:Reduce only:No position exists")
        first = words.decimal("price", needed=kind != "market")
        volume = words.decimal("volume", needed=True)
        waits = kind.startswith("stop")
        price = words.decimal("price2", needed=True) if kind == "stop-loss-limit" else None
        found = {
            "wire": pair.wire, "symbol": pair.symbol, "side": side, "kind": kind, "tif": tif,
            "price": first if kind == "limit" else price, "stop": first if waits else None,
            "qty": volume, "client_id": words.client_id(),
            "expire_ms": self._expiry(words) if tif == "GTD" else 0,
        }  # fmt: skip
        if "viqc" in flags:
            if kind != "market":
                invalid("viqc")
            found["qty"] = self.desk.qty_for(pair.symbol, side, volume)
        return found

    def _expiry(self, words):
        sent = words.need("expiretm")
        more = sent.startswith("+")
        due_ms = Words(expiretm=sent.lstrip("+")).moment_ms("expiretm", 0)
        return self.now_ms() + due_ms if more else due_ms

    def _checked(self, words):
        self.check_rules(words)
        taken = [r for r in self.desk.open_records() if r.client_id and
                 r.client_id == words["client_id"]]  # fmt: skip
        if taken:
            refuse(DUPLICATE)
        if len(self.desk.open_records(words["wire"])) >= self.counters.orders:
            refuse("EOrder:Orders limit exceeded")
        self._check_funds(words, None)
        if words["tif"] == "GTX" and self.crosses(words):
            refuse(POST_ONLY)
        return self.desk.new_record(self.now_ms(), **words)

    def check_rules(self, words):
        """Refuse a price or quantity against the pair's rules."""
        rules = self.rules[words["symbol"]]
        for price in (words["price"], words["stop"]):
            if price is not None and price <= 0:
                refuse("EOrder:Invalid price")
            if price is not None and price % rules.price_tick:
                refuse("EOrder:Tick size check failed")
        qty, price = words["qty"], words["price"] or words["stop"]
        if qty < rules.min_qty or qty % rules.qty_step:
            refuse("EOrder:Order minimum not met")
        cost = qty * price if price else self.desk.cost_of(words["symbol"], words["side"], qty)
        if cost < rules.min_notional:
            refuse("EOrder:Cost minimum not met")

    def _check_funds(self, words, without):
        rules = self.rules[words["symbol"]]
        others = [one for one in self.desk.open_records() if one is not without]
        free = self.wallet.free(others)
        qty, price = words["qty"], words["price"] or words["stop"]
        if words["side"] == "SELL":
            asset, needed = rules.base, qty
        else:
            asset = rules.currency
            needed = qty * price if price else self.desk.cost_of(words["symbol"], "BUY", qty)
        if needed > free[asset]:
            refuse(NO_FUNDS)

    # Changed ones.

    def named(self, words):
        """Return the open order that a request names by txid or client id."""
        client_id, number = words.client_id(), words.get("txid")
        if not client_id and not number:
            invalid("txid")
        for record in self.desk.open_records():
            wanted = record.client_id == client_id if client_id else False
            if wanted or txid("O", record.number) == number:
                return record
        raise Refused(UNKNOWN)

    def amend_order(self, words):
        """AmendOrder: quantity and prices of an open order, which keeps its ids."""
        record = self.named(words)
        now_ms = self.now_ms()
        self.counters.charge_trading(record.wire, now_ms)
        self.counters.penalize(record.wire, "amend", now_ms - record.updated_ms, now_ms)
        words.check_deadline(now_ms)
        price, stop = words.decimal("limit_price"), words.decimal("trigger_price")
        if (price is not None and record.price is None) or (
            stop is not None and (record.stop is None or record.triggered)
        ):
            invalid("price")
        qty = words.decimal("order_qty") or record.qty
        price = record.price if price is None else price
        fresh = {
            "symbol": record.symbol, "wire": record.wire, "side": record.side, "qty": qty,
            "price": price, "stop": record.stop if stop is None else stop,
        }  # fmt: skip
        if qty <= record.cum:
            record.reason = ASKED
            self.desk.cancel(record, self.clock())
            return {"amend_id": txid("A", next(self._amends))}
        self.check_rules(fresh)
        self._check_funds(fresh | {"qty": qty - record.cum}, record)
        if (words.flag("post_only") or record.tif == "GTX") and self.crosses(fresh):
            refuse(POST_ONLY)
        record.stop = fresh["stop"]
        self.desk.amend(record, qty, price, self.clock())
        return {"amend_id": txid("A", next(self._amends))}

    def edit_order(self, words):
        """EditOrder: cancel and make anew, under a new txid and without the client id."""
        pair = self.pair_of(words)
        record = self.named(Words(txid=words.need("txid")))
        now_ms = self.now_ms()
        self.counters.charge_trading(pair.wire, now_ms)
        self.counters.penalize(pair.wire, "edit", now_ms - record.updated_ms, now_ms)
        words.check_deadline(now_ms)
        if record.cum:
            refuse("EOrder:Orders with executions cannot be edited")
        fresh = {
            name: getattr(record, name)
            for name in ("wire", "symbol", "side", "kind", "tif", "price", "stop", "qty")
        }
        first = "price" if record.stop is None else "stop"
        fresh |= {
            "qty": words.decimal("volume") or record.qty, "client_id": "",
            first: words.decimal("price") or fresh[first],
        }  # fmt: skip
        self.check_rules(fresh)
        self._check_funds(fresh, record)
        if fresh["tif"] == "GTX" and self.crosses(fresh):
            refuse(POST_ONLY)
        record.reason = "Order replaced"
        self.desk.cancel(record, self.clock())
        made = self.desk.new_record(now_ms, **fresh)
        self._place(made)
        return {
            "status": "ok", "txid": txid("O", made.number),
            "originaltxid": txid("O", record.number), "orders_cancelled": 1,
            "volume": forms.text(made.qty, "qty"), "price": forms.text(fresh[first], "price"),
            "descr": {"order": forms.sentence(made)},
        }  # fmt: skip

    # Cancelled ones.

    def cancel_order(self, words):
        """CancelOrder: by txid or by client id."""
        self._cancel(self.named(words))
        return {"count": 1}

    def cancel_batch(self, words):
        """CancelOrderBatch: those of a list that are open."""
        names = [("txid", one) for one in words.get("orders") or ()]
        names += [("cl_ord_id", one) for one in words.get("cl_ord_ids") or ()]
        if not 0 < len(names) <= 50:
            invalid("orders")
        done = 0
        for name, one in names:
            try:
                self._cancel(self.named(Words({name: str(one)})))
            except Refused:
                continue
            done += 1
        return {"count": done}

    def cancel_all(self, _):
        """CancelAll: of the whole account, whatever pair is named."""
        return {"count": self._cancel_open(ASKED)}

    def cancel_all_after(self, words):
        """CancelAllOrdersAfter: cancel everything unless this is said again; 0 ends that."""
        wait_s = words.integer("timeout")
        now_ms = self.now_ms()
        self.countdown_ms = now_ms + wait_s * 1000 if wait_s else None
        shown = forms.stamp(self.countdown_ms)[:19] + "Z" if wait_s else "0"
        return {"currentTime": forms.stamp(now_ms)[:19] + "Z", "triggerTime": shown}

    def count_down(self):
        """Do what nobody has put off."""
        if self.countdown_ms is not None and self.countdown_ms <= self.now_ms():
            self.countdown_ms = None
            self._cancel_open("Cancel all orders after: timeout")

    def _cancel_open(self, reason):
        found = self.desk.open_records()
        for record in found:
            self._cancel(record, reason)
        return len(found)

    def _cancel(self, record, reason=ASKED):
        now_ms = self.now_ms()
        self.counters.penalize(record.wire, "cancel", now_ms - record.updated_ms, now_ms)
        record.reason = reason
        self.desk.cancel(record, self.clock())
