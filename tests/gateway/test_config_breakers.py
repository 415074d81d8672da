"""`[breakers]` in the file: what it means, and mistakes named by their key."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.config import load_config
from gateway.config_breakers import Breakers
from gateway.errors import ConfigError
from gateway.risk.breaker_rules import Breaker, Index
from protocol.fields import TradingState

ROOT = Path(__file__).resolve().parents[2]
VENUE = '[[venue]]\nid = "PAPER"\nkind = "paper"\n'


@pytest.fixture
def load(tmp_path):
    """Return a function that reads the text of a config file."""

    def read(text):
        path = tmp_path / "config.toml"
        path.write_text(VENUE + text, encoding="utf-8")
        return load_config(path).breakers

    return read


def test_the_shipped_file_says_what_the_code_does():
    """Every breaker has its table there, and every value is the default."""
    config = load_config(ROOT / "config.toml")
    assert config.breakers == Breakers()
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Breakers):
        assert f"[breakers.{field.name}]" in text
    own = {key.name for key in msgspec.structs.fields(Index)} - {"on"}
    block = text.partition("# [[breakers.index]]")[2].partition("\n\n")[0]
    assert own == {line.split()[1] for line in block.splitlines() if " = " in line}


def test_a_key_that_is_left_out_keeps_the_default_of_its_breaker(load):
    """Not that of its neighbours: each breaker has its own."""
    found = load("[breakers.fill_latency]\nlevel_ms = 700\n[breakers.loop_lag]\non = false\n")
    assert (found.fill_latency.level_ms, found.fill_latency.min_samples) == (700, 5)
    assert (found.loop_lag.on, found.loop_lag.worst_ms) == (False, 5_000)
    assert found.ack_latency == Breakers().ack_latency


def test_every_breaker_is_on_by_default():
    """None has to be switched on by hand, and none leaves its scope ACTIVE."""
    every = [getattr(Breakers(), field.name) for field in msgspec.structs.fields(Breakers)]
    assert all(one.on for one in every if one != ())
    states = {one.state for one in every if isinstance(one, Breaker)}
    assert states == {TradingState.REDUCING, TradingState.HALTED}


def test_a_watched_index(load):
    """Any number of them, each with its scope and state."""
    found = load(
        '[[breakers.index]]\nvenue = "PAPER"\nsymbol = "VIX"\nabove = 30\n'
        '[[breakers.index]]\nvenue = "PAPER"\nsymbol = "VIX"\nabove = 50.5\nname = "VIX-50"\n'
        'scope = "symbol:EURUSD venue:PAPER"\nstate = "HALTED"\ncool_down_ms = 0\n'
    )
    assert [index.cause for index in found.index] == ["INDEX_VIX", "INDEX_VIX-50"]
    assert found.index[1].state is TradingState.HALTED


INDEX = '[[breakers.index]]\nvenue = "PAPER"\nsymbol = "VIX"\nabove = 30\n'


@pytest.mark.parametrize(("text", "words"), [
    ("[breakers.ack_latencies]\n", ["ack_latencies", "ack_latency"]),
    ("[breakers.ack_latency]\nlevel = 5\n", ["breakers.ack_latency.level", "level_ms"]),
    ("[breakers.ack_latency]\nlevel_ms = 0\n", ["breakers.ack_latency.level_ms", "1"]),
    ('[breakers.ack_latency]\nstate = "ACTIVE"\n', ["breakers.ack_latency.state", "on = false"]),
    ('[breakers.loss]\nstate = "STOP"\n', ["breakers.loss.state", "STOP"]),
    ("[breakers.refusals]\nshare = 1\n", ["breakers.refusals.share", "0.5"]),
    ("[breakers.refusals]\nmin_samples = 1001\n", ["breakers.refusals.min_samples", "1000"]),
    ("[breakers.tick_latency]\nshare = -0.1\n", ["breakers.tick_latency.share", "-0.1"]),
    ("[breakers.spread]\nmin_history = 901\n", ["breakers.spread.min_history", "900"]),
    ("[breakers.volatility]\nmultiple = 0\n", ["breakers.volatility.multiple", "above 0"]),
    ("[breakers.slippage]\nworst_bps = 19\n", ["breakers.slippage.worst_bps", "mean_bps=20"]),
    ("[breakers.cancel_ratio]\nratio = 0.5\n", ["breakers.cancel_ratio.ratio", "0.5"]),
    (INDEX + 'scope = "strategie:MM"\n', ["breakers.index VIX: scope", "strategie:MM"]),
    (INDEX + 'scope = "venue:P symbol:X"\n', ["expected 'symbol:X venue:P'"]),
    (INDEX + INDEX, ["breakers.index VIX", "`name`"]),
    (INDEX.replace("PAPER", "PAPIER"), ["'PAPIER'", "'PAPER'"]),
    ("[breakers]\nindex = [{ venue = 'PAPER', symbol = 'X', above = -1 }]\n", ["above", "-1"]),
])  # fmt: skip
def test_a_mistake_is_named(load, text, words):
    """What was received, where, and what to do."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    for word in words:
        assert word in str(caught.value)
