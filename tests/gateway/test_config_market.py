"""Feeds in the configuration: their thresholds, their order, and how each mistake is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.config import load_config
from gateway.config_market import Feeds, feed_rules
from gateway.errors import ConfigError
from gateway.risk.feeds import Thresholds

ROOT = Path(__file__).parents[2]
VENUES = """
[[venue]]
id = "A"
kind = "paper"
symbols = ["EURUSD", "USDJPY"]

[[venue]]
id = "B"
kind = "paper"
symbols = ["EURUSD"]
quote_stale_ms = 700
"""


@pytest.fixture
def load(tmp_path):
    """Write a text as a config file and load it."""

    def load(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return load


def test_the_shipped_thresholds_are_the_built_in_ones():
    """What config.toml says of [feeds] is what holds without it."""
    shipped = load_config(ROOT / "config.toml").feeds
    assert "[feeds]" in (ROOT / "config.toml").read_text("utf-8")
    assert shipped == Feeds()
    assert feed_rules(load_config(ROOT / "config.toml")).defaults == Thresholds()


def test_a_symbol_overrides_what_it_names(load):
    """A symbol's table changes its own keys; the others are those of [feeds]."""
    rules = feed_rules(load(VENUES + """
        [feeds]
        jump_bps = 25.5
        recover_ms = 0

        [symbol.EURUSD]
        feeds = ["B", "A"]
        frozen_ms = 9
    """))  # fmt: skip
    assert rules.defaults == Thresholds(jump_bps=Decimal("25.5"), recover_ms=0)
    assert rules.thresholds("EURUSD") == Thresholds(
        jump_bps=Decimal("25.5"), recover_ms=0, frozen_ms=9
    )
    assert rules.thresholds("USDJPY") == rules.defaults
    assert rules.feeds_of("EURUSD", "A") == ("B", "A")
    assert rules.feeds_of("USDJPY", "A") == ("A",)
    assert (rules.max_age_ms("A", "EURUSD"), rules.max_age_ms("B", "EURUSD")) == (10_000, 700)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[symbol.EURUSD]\nfeeds = ["C"]', r"symbol\.EURUSD\.feeds: nothing is called 'C'"),
        ('[symbol.EURUSD]\nfeeds = ["A", "A"]', "'A' is there twice"),
        ('[symbol.USDJPY]\nfeeds = ["A", "B"]', "venue B does not have 'USDJPY'"),
        ('[symbol.EURSUD]\nfeeds = ["A"]', r"no venue has the symbol 'EURSUD'; did you mean 'EUR"),
        ("[symbol.EURUSD]\n", "is empty"),
        ("[symbol.EURUSD]\njump_bps = 0", r"symbol\.EURUSD\.jump_bps: received 0"),
        ("[feeds]\nmax_spread_bps = -1", r"feeds\.max_spread_bps: received -1"),
        ("[feeds]\nmax_age_ms = 0", r"feeds\.max_age_ms"),
        ("[feeds]\nfrosen_ms = 1", r"unknown key 'feeds\.frosen_ms'; did you mean 'frozen_ms'"),
    ],
)
def test_a_mistake_is_named(load, text, says):
    """What was received, what was expected, and where."""
    with pytest.raises(ConfigError, match=says):
        load(VENUES + text)
