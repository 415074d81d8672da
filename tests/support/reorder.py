"""A re-order function gone wild, as a process: whatever does not go through is sent again, whole.

    python reorder.py ENDPOINT COMP_ID SEED ROUNDS

Each round sends a basket. Each order that is refused, or filled in part, or not answered by the
next round, brings a basket more, with other sizes and at other prices. It ends after so many
rounds.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from random import Random

from engine.client import Client
from protocol.fields import ExecType
from protocol.messages import ExecutionReport

BASKET = {"EURUSD": (Decimal("1.1"), 1_000), "BTC/USDT": (Decimal(60_000), "0.001")}
SIDES = ("buy", "buy", "buy", "sell")
PATIENCE_MS = 50
LARGEST = 16


def basket(client, chance, unanswered):
    """Send each of the basket's orders: other sizes, other prices, mostly to buy."""
    for symbol, (price, step) in BASKET.items():
        side = chance.choice(SIDES)
        away = 1 + Decimal(chance.randrange(1, 50)) / 10_000 * (1 if side == "buy" else -1)
        qty = Decimal(step) * chance.randrange(1, 60 if symbol == "EURUSD" else 1_000)
        at = (price * away).quantize(Decimal("0.001" if symbol == "EURUSD" else "0.01"))
        unanswered.add(getattr(client, side)(symbol, qty, price=at).cl_ord_id)


def main(endpoint, name, seed, rounds):
    """Go wild."""
    chance, unanswered = Random(seed), set()
    with Client(name, endpoint) as client:
        for _ in range(int(rounds)):
            again = 1 + len(unanswered)
            unanswered.clear()
            for report in client.reports(timeout_ms=PATIENCE_MS):
                if not isinstance(report, ExecutionReport):
                    continue
                unanswered.discard(report.cl_ord_id)
                refused = report.exec_type is ExecType.REJECTED
                again += refused or (report.exec_type is ExecType.TRADE and report.leaves_qty > 0)
                if again > LARGEST:
                    break
            for _ in range(min(again, LARGEST)):
                basket(client, chance, unanswered)
        for _ in client.reports(timeout_ms=1_000):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
