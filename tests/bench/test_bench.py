"""The measurements themselves: they run, and their figures are what they say they are."""

from __future__ import annotations

import json

import pytest
from support.run import portcullis

from gateway.commands import bench, bench_state
from gateway.commands.bench_floors import Floors


def test_the_floors_are_positive_times(tmp_path):
    """A raw echo and a raw sync take time, and leave no file behind."""
    with Floors(tmp_path) as floors:
        assert all(sample > 0 for sample in floors.echo(20) + floors.sync(5))
    assert list(tmp_path.iterdir()) == []


def test_a_ratio_is_the_median_of_its_rounds():
    """Pairs are compared round by round, so that a busy moment hits both sides."""
    under = [float(number) for number in range(1, 21)]
    found = bench.ratio([2 * one for one in under], under)
    assert found == {"median": 2.0, "low": 2.0, "high": 2.0}


def test_the_resting_orders_that_are_weighed_really_rest():
    """The book whose memory is measured holds so many open orders, indexed."""
    book = bench_state.rest_orders(50)
    assert len(book.open_orders(owner="S000", venue="PAPER")) == 50


@pytest.mark.length("ci")
@pytest.mark.budget(240)
def test_the_whole_bench_runs(tmp_path):
    """`bench --quick --json`: every figure is there, each target with what was measured."""
    done = portcullis("bench", "--quick", "--folder", tmp_path, "--json", timeout_s=230)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in ("echo", "fdatasync", "group", "os"):
        assert found["latency"][name]["p50_us"] > 0
    for count in (1, 10, 100):
        assert found["sustained"][f"acks_per_s_{count}"] > 0
    assert found["sustained"]["life_cycles_per_s"] > 0
    assert found["fan_out"]["deliveries_per_s"] > 0
    assert found["replay"]["records"] == found["start"]["records"] > 0
    assert found["memory"]["bytes_per_resting_order"] > 0
    assert {row["met"] for row in found["targets"]} <= {True, False}
    assert list(tmp_path.iterdir()) == []
