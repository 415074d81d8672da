"""The measurements themselves: they run, and their figures are what they say they are."""

from __future__ import annotations

import cProfile
import json
import pstats

import msgspec
import pytest
from support.run import portcullis

from gateway.commands import bench, bench_checks, bench_journal, bench_profile, bench_state
from gateway.commands.bench_brakes import brakes_off, brakes_on, breaker_names
from gateway.commands.bench_floors import Floors
from gateway.commands.bench_gateway import BenchGateway
from gateway.commands.bench_house import busy_house
from gateway.commands.bench_journal import build
from gateway.oms.book import decode as decode_state
from gateway.oms.state import STATE_VERSION
from gateway.restart import Snapshot, restore
from gateway.risk.checks import CHECKS
from gateway.risk.limits import FLAGS, KEYS, number_of
from gateway.wiring import snapshot_folder
from journal import snapshot as snapshots
from journal.reader import JournalReader
from journal.verify import verify


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


def test_the_large_journal_is_what_the_product_reads(tmp_path):
    """It is sound, its snapshots are vouched for, and a replay finds every digest as it was."""
    config = BenchGateway(tmp_path / "large", "os").config
    config = msgspec.structs.replace(
        config, journal=msgspec.structs.replace(config.journal, digest_every=500)
    )
    built = build(config, 10_000, tail=3_000)
    path = config.journal.path
    assert verify(path).exit_code == 0
    newest = snapshots.load(snapshot_folder(config), state_version=STATE_VERSION)
    assert newest.seq == built.snapshots[1]
    reader = JournalReader(path)
    for snapshot in (None, Snapshot(newest.seq, newest.sha256, decode_state(newest.payload))):
        restored = restore(reader.read_from, snapshot)
        assert restored is not None
        assert restored.differs_at == 0
        assert restored.book.state.seq == built.records >= 10_000
        assert len(restored.book.state.orders) == built.orders_in_memory > 0
    assert restored.records == 1
    assert not restored.book.open_orders()


def test_the_large_journal_lets_old_orders_go(tmp_path, monkeypatch):
    """What ended more than a week before is archived, as the product does: memory is bounded."""
    monkeypatch.setattr(bench_journal, "STEP_NS", bench_journal.WEEK_NS // 200)
    config = BenchGateway(tmp_path / "large", "os").config
    built = build(config, 21_000, tail=1_000)
    assert built.records // 7 > 2_900
    assert built.orders_in_memory < 1_300


def test_time_is_counted_where_it_was_spent():
    """A function's own time goes to its part; a library's to the part that called it."""
    assert bench_profile.part_of(("/x/protocol/decoder.py", 1, "decode")) == "protocol: decode"
    assert bench_profile.part_of(("~", 0, "<built-in method posix.fdatasync>")).startswith("disk")
    assert bench_profile.part_of(("/lib/json.py", 1, "loads")) == ""
    profile = cProfile.Profile()
    profile.runcall(bench_state.rest_orders, 20)
    times = bench_profile.by_part(pstats.Stats(profile))
    assert times["apply: the book moves"] > 0
    assert times["protocol: decode"] > 0


def test_every_brake_of_the_busy_house_is_on():
    """Each limit binds in each scope of an order, each breaker watches, and orders rest."""
    house = busy_house(40, brakes=True)
    facts = house.core.facts
    binding = facts.limits.binding("S001", "FX", "FX", "EURUSD")
    kinds = {scope.partition(":")[0] for scope in binding.scopes}
    assert kinds == {"strategy", "account", "venue", "symbol", "group", "all"}
    assert {key: len(bounds) for key, bounds in binding.each.items()} == {
        key: len(binding.scopes) for key in KEYS if key not in FLAGS
    }
    assert all(getattr(facts.rules.breakers, name).on for name in breaker_names())
    assert len(house.core.book.open_orders()) == 40
    assert not house.core.book.state.halts


def test_the_cost_of_each_check_is_told():
    """Every check has a figure, and deciding takes time with and without brakes."""
    found = bench_checks.pure(bench.ratio, rounds=1, orders=4, resting=12)
    assert [row["check"] for row in found["checks"][1:]] == [check.__name__ for check in CHECKS]
    assert all(row["us"] >= 0 for row in found["checks"])
    assert found["all_checks_us"] > 0
    assert min(found["decide_on_us"], found["decide_off_us"]) > 0


def test_the_brakes_of_a_config_are_all_on_or_all_off(tmp_path):
    """The rates are compared between every limit of every scope and every breaker, and none."""
    on = BenchGateway(tmp_path / "on", "os", brakes=True).config
    off = BenchGateway(tmp_path / "off", "os").config
    assert brakes_on("EURUSD") in (tmp_path / "on" / "config.toml").read_text("utf-8")
    assert brakes_off() in (tmp_path / "off" / "config.toml").read_text("utf-8")
    for name in breaker_names():
        assert getattr(on.breakers, name).on
        assert not getattr(off.breakers, name).on
    limits = on.limits["default"]
    assert all(number_of(limits, key) is not None for key in KEYS if key not in FLAGS)
    assert all(number_of(off.limits["default"], key) is None for key in KEYS)
    venue = on.venue[0]
    assert (venue.limits, venue.account_limits, on.risk.limits) == ("default",) * 3
    assert (venue.check_funds, venue.self_trade) == (True, "reject-new")
    assert on.group["bench"].symbols == ("EURUSD",)


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_rates_with_and_without_brakes_are_compared(tmp_path):
    """Two running gateways take turns; nothing is refused by limits that are wide."""
    found = bench_checks.whole(tmp_path, bench.ratio, pairs=2, seconds=0.2)
    assert found["pairs"] == 2
    for name in ("per_second_on", "per_second_off", "ack_on_us", "ack_off_us"):
        assert found[name] > 0
    assert found["on_to_off"]["low"] <= found["on_to_off"]["median"] <= found["on_to_off"]["high"]


@pytest.mark.length("ci")
@pytest.mark.budget(300)
def test_the_whole_bench_runs(tmp_path):
    """`bench --quick --json`: every figure is there beside its floor, each target with its own."""
    done = portcullis(
        "bench", "--quick", "--profile", "--records", 20_000, "--folder", tmp_path, "--json",
        timeout_s=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in ("echo", "fdatasync", "group", "os"):
        assert found["latency"][name]["p50_us"] > 0
    for name in ("orders_1", "orders_10", "orders_100", "life_cycles"):
        assert found["sustained"][name]["per_second"] > 0
        assert found["sustained"][name]["to_echo"] > 0
    assert found["checks"]["whole"]["on_to_off"]["median"] > 0
    assert {row["of_decide"] >= 0 for row in found["checks"]["pure"]["checks"]} == {True}
    assert found["fan_out"]["deliveries_per_s"] > 0
    assert found["replay"]["records"] > 0
    assert found["memory"]["bytes_per_resting_order"] > found["memory"]["bare_bytes"] > 0
    large = found["large_journal"]
    assert large["records"] == large["replay"]["records"] >= 20_000
    for name in ("empty", "snapshot_at_end", "snapshot_before", "no_snapshot"):
        assert large["start"][name]["answers_s"] > 0
    assert sum(found["profile"]["share_of_busy"].values()) == pytest.approx(1, abs=0.01)
    assert {row["met"] for row in found["targets"]} <= {True, False}
    assert list(tmp_path.iterdir()) == []
