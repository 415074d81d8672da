"""The asyncio client does what the blocking one does, on the same session."""

from __future__ import annotations

import asyncio

import pytest
from support.fake_gateway import FakeGateway

from engine.async_client import AsyncClient
from engine.errors import LogonRefused, Timeout
from protocol.fields import ExecType, OrdStatus

QUICK = {"logon_timeout_ms": 300, "backoff_min_ms": 10, "backoff_max_ms": 50}


def test_it_trades_and_asks(tmp_path):
    """Orders, reports in order, questions."""

    async def trade(endpoint):
        async with AsyncClient("ME", endpoint, store_dir=tmp_path) as client:
            order = client.buy("EURUSD", 1000)
            seen = [(await client.receive(2000)).exec_type for _ in range(3)]
            assert seen == [ExecType.PENDING_NEW, ExecType.NEW, ExecType.TRADE]
            assert (await client.positions())[0].positions[0].long_qty == 1000
            assert (await client.instruments())["EURUSD"].lots(1) == 100_000
            resting = client.buy("EURUSD", 1000, price="1.1")
            await client.wait_for(resting, exec_type=ExecType.NEW)
            assert [o.cl_ord_id for o in await client.open_orders()] == [resting.cl_ord_id]
            gone = await client.wait_for(client.cancel(resting), final=True)
            assert gone.ord_status is OrdStatus.CANCELED
            assert (await client.balances())[0].currency == "USD"
            return order

    with FakeGateway() as gateway:
        asyncio.run(trade(gateway.endpoint))


def test_it_resumes_when_the_gateway_comes_back(tmp_path):
    """Killed and restarted, the gateway gets the order that it had not heard."""

    async def trade(gateway):
        async with AsyncClient("ME", gateway.endpoint, store_dir=tmp_path, **QUICK) as client:
            gateway.mute = True
            order = client.buy("EURUSD", 1000)
            await asyncio.to_thread(gateway.kill)
            gateway.mute = False
            await asyncio.to_thread(gateway.start)
            report = await client.wait_for(order, final=True)
            assert report.ord_status is OrdStatus.FILLED
            return order.cl_ord_id

    with FakeGateway() as gateway:
        cl_ord_id = asyncio.run(trade(gateway))
        assert gateway.committed["ME"].arrived == [cl_ord_id]


def test_many_orders_at_once_are_all_answered(tmp_path):
    """A hundred concurrent waits, each gets its own report."""

    async def one(client):
        return await client.wait_for(client.buy("EURUSD", 1000), final=True)

    async def trade(endpoint):
        async with AsyncClient("ME", endpoint, store_dir=tmp_path) as client:
            return await asyncio.gather(*(one(client) for _ in range(100)))

    with FakeGateway() as gateway:
        reports = asyncio.run(trade(gateway.endpoint))
    assert len({report.cl_ord_id for report in reports}) == 100


def test_refusal_and_absence_are_errors(tmp_path):
    """LogonRefused with the reason; Timeout where nobody is."""

    async def log_on(endpoint):
        await AsyncClient("ME", endpoint, store_dir=tmp_path, **QUICK).connect(300)

    with FakeGateway() as gateway:
        gateway.refuse_with = "NO"
        with pytest.raises(LogonRefused, match="NO"):
            asyncio.run(log_on(gateway.endpoint))
    with pytest.raises(Timeout):
        asyncio.run(log_on("tcp://127.0.0.1:9"))


def test_iteration_ends_when_nothing_comes(tmp_path):
    """`async for` over reports stops after the given silence."""

    async def trade(endpoint):
        async with AsyncClient("ME", endpoint, store_dir=tmp_path) as client:
            client.buy("EURUSD", 1000)
            return [message.exec_type async for message in client.reports(timeout_ms=200)]

    with FakeGateway() as gateway:
        assert len(asyncio.run(trade(gateway.endpoint))) == 3
