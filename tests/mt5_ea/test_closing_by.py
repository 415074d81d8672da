"""Which orders close one position by another in the Expert Advisor, and why others do not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import MarginMode
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
HEDGING = MarginMode.RETAIL_HEDGING


@pytest.mark.parametrize(("order", "rules", "why"), [
    ({"position_id": "{0}/{1}"}, {}, ""),
    ({"position_id": "{1}/{0}"}, {}, "POSITION: {1} cannot be closed by {0} with 54=2"),
    ({"position_id": "{0}/9"}, {}, "POSITION: {0} cannot be closed by 9"),
    ({"position_id": "{0}/{1}", "qty": "20000"}, {},
     "POSITION: closing {0} by {1} is of 0.1 lots, received 0.2"),
    ({"position_id": "{0}/{1}", "price": "1.11"}, {}, "POSITION: closing one by another is a mar"),
    ({"position_id": "{0}/{1}", "stop_loss_px": "1.2"}, {}, "POSITION: closing one by another is"),
    ({"position_id": "{0}/{1}"}, {"order_mode": 63}, "NOT_SUPPORTED: closing one position by anot"),
])  # fmt: skip
def test_what_may_close_by(tmp_path, order, rules, why):
    """A market order of the smaller volume, on the side that closes the first; else a reason."""
    trader = EaTrader(HEDGING, tmp_path).settle()
    for qty, side in (("30000", "1"), ("10000", "2")):
        trader.place(qty, side=side)
        trader.run(200)
    held = list(trader.office.books.positions)
    trader.server.add_symbol(eurusd(**rules))
    trader.quote("1.1", "1.1001")
    trader.run(50)
    trader.place(**{"side": "2"} | order | {"position_id": order["position_id"].format(*held)})
    trader.run(200)
    if why:
        assert trader.events[-1].why.startswith(why.format(*held)), trader.events[-1]
    else:
        assert [one.volume for one in trader.office.books.positions.values()] == [Decimal("0.2")]
    trader.judge()
