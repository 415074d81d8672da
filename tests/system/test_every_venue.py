"""One strategy file on every kind of venue: what differs is the venue's table in the config."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from support.waiting import wait_for

from bridges.bridge import run_bridge
from gateway.commands.bridge import arguments
from journal import reader
from protocol import codec
from protocol.fields import ExecType, Side
from protocol.messages import ExecutionReport

BTC = "BTC/USDT"
FILE = Path(__file__).parents[1] / "support" / "round_trip.py"
CRYPTO = """kind = "crypto"
launch = false
emulate_expiry = true
symbols = ["BTC/USDT"]
[venue.crypto]
exchange = "binance"
api_key = { file = "key" }
secret = { file = "secret" }
"""
OKX = """kind = "crypto"
launch = false
emulate_expiry = true
symbols = ["BTC/USDT"]
[venue.crypto]
exchange = "okx"
market = "swap"
api_key = { file = "key" }
secret = { file = "secret" }
passphrase = { file = "passphrase" }
"""
TERMINAL = """kind = "mt5_terminal"
launch = false
emulate_expiry = true
check_funds = false
symbols = { "BTC/USDT" = "BTCUSD" }
[venue.mt5]
login = 1001
server = "Test-Demo"
server_zone = "Etc/GMT-2"
settle_ms = 200
"""
ADVISOR = """kind = "mt5_ea"
launch = false
emulate_expiry = true
check_funds = false
symbols = ["BTC/USDT"]
"""


@contextmanager
def bridge_beside(system, **more):
    """Run the configured bridge in a thread, with what a test puts in the outside world's place."""
    stopping = threading.Event()
    settings = arguments(system.config, system.config.venue_of("PAPER"))
    thread = threading.Thread(
        target=lambda: run_bridge(**settings, stop=stopping.is_set, **more), daemon=True
    )
    thread.start()
    try:
        system.wait_ready()
        yield
    finally:
        stopping.set()
        thread.join(10)


@contextmanager
def paper(system):
    """The embedded venue, launched by the gateway; it has no record of its own to compare."""
    system.start()
    yield lambda: None


@contextmanager
def crypto(system):
    """The bridge's real ccxt client on the local exchange."""
    pytest.importorskip("ccxt")
    pytest.importorskip("cryptography")
    from support.exchange.reach import session_to  # noqa: PLC0415 - wants aiohttp
    from support.exchange.server import LocalExchange  # noqa: PLC0415 - as above

    with LocalExchange(symbols=(BTC,), deposits={"spot": {"USDT": 100_000, "BTC": 2}}) as local:
        local.spot.set_book(BTC, [(60000, 1)], [(60010, 1)])
        (system.folder / "key").write_text(local.credentials["apiKey"])
        (system.folder / "secret").write_text(local.credentials["secret"])
        with_table(system, CRYPTO)
        with bridge_beside(system, make_session=lambda: session_to(local.port)):
            yield lambda: [(one.side, one.qty, one.price) for one in local.spot.deals()]


@contextmanager
def contracts(system):
    """OKX's perpetuals: a passphrase, and contracts on the wire; the key is checked."""
    pytest.importorskip("ccxt")
    pytest.importorskip("cryptography")
    from support.exchange.reach import session_to  # noqa: PLC0415 - wants aiohttp
    from support.exchange.server import LocalExchange  # noqa: PLC0415 - as above

    with LocalExchange("okx", symbols=(BTC,)) as local:
        local.unified.set_book(f"{BTC}:USDT", [(60000, 1)], [(60010, 1)])
        for name, file in (("apiKey", "key"), ("secret", "secret"), ("password", "passphrase")):
            (system.folder / file).write_text(local.credentials[name])
        with_table(system, OKX)
        with bridge_beside(system, make_session=lambda: session_to(local.port)):
            yield lambda: [(one.side, one.qty, one.price) for one in local.unified.deals()]


@contextmanager
def broker():
    """A broker that deals in BTC, in lots of one, and its terminal."""
    from support.mt5.clock import Clock  # noqa: PLC0415 - only two venues need it
    from support.mt5.constants import MarginMode  # noqa: PLC0415 - as above
    from support.mt5.pace import Pace, real_ms  # noqa: PLC0415 - as above
    from support.mt5.server import TradeServer  # noqa: PLC0415 - as above
    from support.mt5.symbols import ALWAYS, symbol  # noqa: PLC0415 - as above
    from support.mt5.terminal import Terminal  # noqa: PLC0415 - as above

    rules = symbol(
        "BTCUSD", base="BTC", profit="USD", margin="USD", digits=2, tick_size="0.01",
        contract_size=1, sessions=ALWAYS,
    )  # fmt: skip
    server = TradeServer(clock=Clock(now_ms=real_ms()), symbols=[rules])
    office = server.open_account(1001, MarginMode.RETAIL_NETTING, balance="1000000")
    server.quote("BTCUSD", "60000.00", "60010.00")
    terminal = Terminal(server, 1001)
    with Pace(terminal) as pace:
        yield terminal, pace, lambda: [
            ("BUY" if one.type == 0 else "SELL", one.volume, one.price)
            for one in office.ledger.executions
        ]


@contextmanager
def terminal(system):
    """The terminal bridge on the package."""
    from support.mt5.package import Package  # noqa: PLC0415 - as above

    with broker() as (found, _, deals):
        with_table(system, TERMINAL)
        with bridge_beside(system, package=Package(found)):
            yield deals


@contextmanager
def advisor(system):
    """The shipped Expert Advisor, compiled, in a process of its own."""
    from support.mt5.ea_process import LiveChart  # noqa: PLC0415 - as above
    from support.mt5.runtime import build  # noqa: PLC0415 - as above

    if not build.can_build():
        pytest.skip(build.MISSING)
    with broker() as (found, pace, deals):
        with_table(system, ADVISOR)
        folder = system.folder / "MQL5"
        folder.mkdir()
        inputs = {
            "VenueId": "PAPER", "VenuesPort": system.ports[1], "FeedsPort": system.ports[3],
            "SettleMs": 200, "WalkMs": 100, "Symbols": "BTC/USDT=BTCUSD",
        }  # fmt: skip
        with LiveChart(found, pace, build.build(), folder=folder, inputs=inputs):
            system.wait_ready()
            yield deals


def with_table(system, table):
    """Put another venue's table in the place of the paper venue's, and start the gateway."""
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index('kind = "paper"'), text.index("[[strategy]]")
    system.edit(text[begin:end], table)
    system.start(wait=False)


VENUES = {
    "paper": paper, "crypto": crypto, "contracts": contracts, "mt5_terminal": terminal,
    "mt5_ea": advisor,
}  # fmt: skip


def fills(system):
    """Return the fills that the strategy was told: side, quantity, price."""
    found = []
    for record in reader.read(system.journal):
        if record.session == "EXAMPLE" and record.direction == 1:
            message = codec.decode(record.frame)
            if isinstance(message, ExecutionReport) and message.exec_type is ExecType.TRADE:
                found.append((message.side, message.last_qty, message.last_px))
    return found


@pytest.mark.length("ci")
@pytest.mark.budget(90)
@pytest.mark.parametrize("kind", VENUES)
def test_the_same_file_trades_a_round(system, kind):
    """It buys, cancels what rests, and sells; the venue's own record has just these trades."""
    with VENUES[kind](system) as deals:
        system.start_strategy(f"{FILE}:RoundTrip", "EXAMPLE")
        wait_for(
            lambda: sum((qty for side, qty, _ in fills(system) if side is Side.SELL), Decimal(0))
            == Decimal("0.5"),
            timeout_s=40, what="what was bought to be sold", poll_s=0.2,
        )  # fmt: skip
        told = fills(system)
        there = deals()
    bought = sum((qty for side, qty, _ in told if side is Side.BUY), Decimal(0))
    assert bought == Decimal("0.5")
    assert system.status()["open_orders"] == 0
    if there is not None:
        said = [(side.name, qty, price) for side, qty, price in told]
        assert said == [(side.upper(), qty, price) for side, qty, price in there]
