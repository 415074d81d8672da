"""How a venue's rate limits stand in the file, and what a mistake in them is told."""

from __future__ import annotations

import pytest

from gateway.config import load_config
from gateway.errors import ConfigError
from gateway.risk.pacing import Pace, RateLimit


@pytest.fixture
def load(tmp_path):
    """Load a venue with these lines."""

    def load(lines):
        path = tmp_path / "config.toml"
        path.write_text(f'[[venue]]\nid = "V"\nkind = "paper"\n{lines}\n', encoding="utf-8")
        return load_config(path).venue[0]

    return load


def test_without_keys_a_venue_is_not_paced(load):
    """No limits, and the documented defaults for what else there is."""
    assert load("").pace == Pace()


def test_limits_and_weights_become_a_pace(load):
    """Each key arrives where decisions need it."""
    venue = load("""
rate_limits = [
  { weight = 100, window_ms = 10_000, counts = "orders" },
  { weight = 1_200, window_ms = 60_000 },
]
rate_weights = { new = 1, cancel = 2, replace = 3, query = 4 }
rate_slack_ms = 40
cancel_reserve_pct = 5
max_send_wait_ms = 900
back_off_stops_cancels = true""")
    assert venue.pace == Pace(
        limits=(
            RateLimit(weight=100, window_ms=10_000, counts="orders"),
            RateLimit(weight=1_200, window_ms=60_000, counts="all"),
        ),
        weights=(1, 2, 3, 4), max_send_wait_ms=900, cancel_reserve_pct=5, slack_ms=40,
        back_off_stops_cancels=True,
    )  # fmt: skip


@pytest.mark.parametrize(("lines", "named"), [
    ("rate_limits = [{ weight = 10 }]", "window_ms"),
    ('rate_limits = [{ weight = 10, window_ms = 1, counts = "x" }]', "counts"),
    ("rate_limits = [{ weight = 0, window_ms = 1 }]", "weight"),
    ("rate_limits = [{ weigth = 1, window_ms = 1 }]", "did you mean 'weight'"),
    ("cancel_reserve_pct = 91", "cancel_reserve_pct"),
    ("exchange_limit = { weight = 1 }", "window_ms"),
])  # fmt: skip
def test_a_mistake_is_named(load, lines, named):
    """The error names the key."""
    with pytest.raises(ConfigError, match=named):
        load(lines)


@pytest.mark.parametrize(("weight", "pct", "weights", "who"), [
    (7, 20, "", "round of questions weighs 6, but of 7 in 1000 ms 5 may be used"),
    (60, 20, "rate_weights = { new = 49 }", "new weighs 49, but of 60 in 1000 ms 48 may be used"),
    (60, 0, "rate_weights = { cancel = 61 }", "cancel weighs 61, but of 60 in 1000 ms 60"),
])  # fmt: skip
def test_what_never_fits_is_refused_at_the_start(load, weight, pct, weights, who):
    """Each message, and a round of questions, fits every window beside the reserve."""
    limit = f"rate_limits = [{{ weight = {weight}, window_ms = 1_000 }}]"
    with pytest.raises(ConfigError, match=who):
        load(f"{limit}\ncancel_reserve_pct = {pct}\n{weights}")


def test_a_round_that_just_fits_is_fine(load):
    """Eight with a fifth kept leave six for the questions."""
    assert load("rate_limits = [{ weight = 8, window_ms = 1_000 }]").pace.limits[0].weight == 8


def test_the_paper_venues_own_limit(load):
    """`exchange_limit` is what the paper venue itself does, and paces nothing."""
    venue = load("exchange_limit = { weight = 5, window_ms = 1_000, aligned = true }")
    assert (venue.exchange_limit.weight, venue.exchange_limit.aligned) == (5, True)
    assert venue.pace == Pace()
