"""The recorded markets of two symbols, on paper and on an exchange: one strategy file, two configs.

The configs differ in [[venue]] alone. Gateway, strategy and bridge are processes of their own, the
crypto bridge with the real ccxt client over TLS; it is killed and started again while it trades.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from support import crypto_process
from support.two_markets import SIZES
from support.waiting import wait_for

from bridges.paper import ledger
from journal import reader
from protocol import codec
from protocol.fields import ExecType, Side
from protocol.messages import ExecutionReport

FILE = Path(__file__).parents[1] / "support" / "two_markets.py"
RECORDINGS = [f"binance_spot_{name}usdt_20240808.gz" for name in ("btc", "eth")]
SPEED = 3
DEPOSITS = {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(20)}
PAPER = """kind = "paper"
launch = true
self_trade = "let-through"
check_funds = false
symbols = ["BTC/USDT", "ETH/USDT"]
feed = {{ kind = "binance", path = {paths}, speed = {speed} }}

"""
CRYPTO = """kind = "crypto"
launch = false
self_trade = "let-through"
check_funds = false
emulate_expiry = true
symbols = ["BTC/USDT", "ETH/USDT"]
[venue.crypto]
exchange = "binance"
api_key = { file = "key" }
secret = { file = "secret" }

"""
EACH = 4
"""Fills in each symbol that are waited for."""


def fills(system):
    """Return the fills that the strategy was told: symbol, side, quantity, price."""
    found = []
    for record in reader.read(system.journal):
        if record.session == "EXAMPLE" and record.direction == 1:
            message = codec.decode(record.frame)
            if isinstance(message, ExecutionReport) and message.exec_type is ExecType.TRADE:
                found.append(
                    (message.symbol, message.side.name, message.last_qty, message.last_px)
                )
    return found


def with_venue(system, table):
    """Put a venue's table into the config; return the config without it."""
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index('kind = "paper"'), text.index("[[strategy]]")
    system.edit(text[begin:end], table)
    return text[:begin] + text[end:]


class PaperVenue:
    """The embedded venue on the recording, launched by the gateway."""

    def __init__(self, system, folder):
        paths = [str(folder / name) for name in RECORDINGS]
        self.rest = with_venue(system, PAPER.format(paths=paths, speed=SPEED))
        self._system = system

    @contextmanager
    def open(self):
        """Start the gateway, and it the venue."""
        self._system.start()
        yield

    def deals(self):
        """Return the venue's own word of all trades."""
        return [
            (line["symbol"], Side(line["side"]).name, Decimal(line["qty"]), Decimal(line["px"]))
            for line in ledger.read(self._system.ledger)
            if line["k"] == "fill"
        ]


class CryptoVenue:
    """The bridge with ccxt, in a process of its own, on the local exchange with the recording."""

    def __init__(self, system, folder):
        pytest.importorskip("ccxt")
        pytest.importorskip("cryptography")
        from support.exchange.server import LocalExchange  # noqa: PLC0415 - wants aiohttp

        self.rest = with_venue(system, CRYPTO)
        self._system = system
        paths = [str(folder / name) for name in RECORDINGS]
        self.exchange = LocalExchange(
            feed={"kind": "binance", "path": paths, "speed": SPEED}, symbols=tuple(SIZES),
            deposits={"spot": DEPOSITS},
        )  # fmt: skip
        self.process = None

    @contextmanager
    def open(self):
        """Start the exchange, the gateway and the bridge between them."""
        with self.exchange as local:
            (self._system.folder / "key").write_text(local.credentials["apiKey"])
            (self._system.folder / "secret").write_text(local.credentials["secret"])
            local.key.restrictions["ipRestrict"] = True
            self._system.start(wait=False)
            self.start_bridge()
            try:
                self._system.wait_ready()
                yield
            finally:
                self.process.terminate()
                assert self.process.wait(15) == 0, (self._system.folder / "bridge.out").read_text()

    def start_bridge(self):
        """Start the bridge's process."""
        self.process = crypto_process.start(
            self._system.config_path, "PAPER", self.exchange.port,
            self._system.folder / "bridge.out",
        )  # fmt: skip

    def kill_bridge(self):
        """Kill it the hard way."""
        self.process.kill()
        self.process.wait()

    def deals(self):
        """Return the exchange's own word of all trades."""
        return [
            (f"{one.wire[:3]}/{one.wire[3:]}", one.side, one.qty, one.price)
            for one in self.exchange.spot.deals()
        ]

    def judge_money(self):
        """Assert that the account's money is what its trades and fees make of the deposits."""
        wanted = dict(DEPOSITS)
        for one in self.exchange.spot.deals():
            base, sign = one.wire[:3], 1 if one.side == "BUY" else -1
            wanted[base] += sign * one.qty
            wanted["USDT"] -= sign * one.quote
            wanted[one.asset] -= one.commission
        assert self.exchange.spot.balances() == wanted


def traded(system):
    """Say whether there are enough fills in each symbol."""
    count = Counter(symbol for symbol, *_ in fills(system))
    return all(count[symbol] >= EACH for symbol in SIZES)


def end_of_trading(system, venue):
    """Stop the strategy; wait until nothing is open and the fills are the venue's; return them."""
    assert system.stop_strategy("EXAMPLE") == 0
    wait_for(
        lambda: system.status()["open_orders"] == 0 and fills(system) == venue.deals(),
        timeout_s=60, what="nothing open, and the venue's own fills", poll_s=0.3,
    )  # fmt: skip
    return fills(system)


def judge_positions(system, told):
    """Assert that the gateway holds for the strategy what its fills add up to."""
    wanted = dict.fromkeys(SIZES, Decimal(0))
    for symbol, side, qty, _ in told:
        wanted[symbol] += qty if side == "BUY" else -qty
    held = {
        row["symbol"]: Decimal(row["qty"])
        for row in system.json("positions") if row["owner"] == "EXAMPLE"
    }  # fmt: skip
    assert {symbol: held.get(symbol, 0) for symbol in SIZES} == wanted


def judge_journal(system):
    """Stop everything, and let the journal be verified."""
    assert system.stop() == 0
    system.command("journal", "verify", system.journal)


@pytest.mark.length("ci")
@pytest.mark.budget(120)
@pytest.mark.parametrize("kind", [PaperVenue, CryptoVenue])
def test_one_strategy_trades_two_recorded_markets(system, data_folder, kind):
    """The same file trades both symbols; fills, positions and money are the venue's own."""
    before = system.config_path.read_text(encoding="utf-8")
    venue = kind(system, data_folder)
    begin, end = before.index('kind = "paper"'), before.index("[[strategy]]")
    assert venue.rest == before[:begin] + before[end:]
    with venue.open():
        system.start_strategy(f"{FILE}:TwoMarkets", "EXAMPLE")
        wait_for(lambda: traded(system), timeout_s=60, what="fills in both", poll_s=0.3)
        told = end_of_trading(system, venue)
        judge_positions(system, told)
        if kind is CryptoVenue:
            venue.judge_money()
        judge_journal(system)
    sys.stdout.write(f"\n{kind.__name__}: {len(told)} fills, all the venue's own\n")


@pytest.mark.length("ci")
@pytest.mark.budget(150)
def test_a_bridge_that_is_killed_while_it_trades_loses_nothing(system, data_folder):
    """Three kills; what rests is filled while nobody is there; each fill is told once."""
    venue = CryptoVenue(system, data_folder)
    with venue.open():
        exchange = venue.exchange
        system.start_strategy(f"{FILE}:TwoMarkets", "EXAMPLE")
        meanwhile = 0
        for _ in range(3):
            before = len(venue.deals())
            wait_for(
                lambda before=before: len(venue.deals()) > before + 2, timeout_s=60,
                what="trading", poll_s=0.2,
            )  # fmt: skip
            venue.kill_bridge()
            before = len(venue.deals())
            for symbol in SIZES:
                exchange.spot.trade(symbol, 1, 100, "sell")
            meanwhile += len(venue.deals()) - before
            venue.start_bridge()
            system.wait_ready()
        told = end_of_trading(system, venue)
        assert meanwhile
        ids = Counter(one.client_id for one in exchange.spot.orders().values())
        assert max(ids.values()) == 1
        assert not [one for one in exchange.spot.orders().values() if one.is_open]
        judge_positions(system, told)
        venue.judge_money()
        judge_journal(system)
    sys.stdout.write(f"\n3 kills: {len(told)} fills, {meanwhile} while nobody was there\n")
