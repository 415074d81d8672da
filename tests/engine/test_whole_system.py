"""The shipped strategies against the real gateway and paper venue, which are killed under them."""

from __future__ import annotations

import threading

import pytest
from support.waiting import wait_for

from engine import transcript
from engine.client import Client
from engine.examples.market_maker import MarketMaker
from engine.runner import Runner


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_a_maker_goes_on_after_the_gateway_was_killed(system):
    """SIGKILL and restart under a quoting maker: it resumes, loses no report, and quotes again."""
    system.start()
    gateway = system.config.gateway
    strategy = MarketMaker()
    folder = system.folder / "mm"
    runner = Runner(
        strategy, orders=gateway.orders[0], market_data=gateway.market_data[0],
        store_dir=folder, transcript=folder / "t.jsonl", heart_bt_int=1,
    )  # fmt: skip
    codes = []
    thread = threading.Thread(target=lambda: codes.append(runner.run()), daemon=True)
    thread.start()

    def reports():
        path = folder / "t.jsonl"
        return [x for x in transcript.read(path) if x["direction"] == "IN"]

    wait_for(lambda: len(reports()) > 30, timeout_s=20)
    system.kill()
    system.start()
    seen = len(reports())
    wait_for(lambda: len(reports()) > seen + 30, timeout_s=20)
    runner.stop()
    thread.join(10)
    assert codes == [0]
    numbers = [x["msg_seq_num"] for x in reports() if not x["poss_dup"]]
    assert len(numbers) == len(set(numbers))
    with Client("MM", gateway.orders[0], store_dir=folder) as client:
        assert client.open_orders() == []
        held = sum(
            p.positions[0].long_qty - p.positions[0].short_qty for p in client.positions()
        )
    assert held == strategy.position("EURUSD")
