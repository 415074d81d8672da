"""`portcullis bench`: this machine's floors, and the gateway against them, in one run."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from gateway.commands import launch, machine
from gateway.commands.bench_checks import cost_of_checks, tell_checks
from gateway.commands.bench_feed import SUBSCRIBERS, fan_out
from gateway.commands.bench_floors import Floors
from gateway.commands.bench_gateway import BareSession, BenchGateway
from gateway.commands.bench_profile import where_time_goes
from gateway.commands.bench_rates import rates
from gateway.commands.bench_start import large_journal, replay
from gateway.commands.bench_state import memory
from gateway.commands.terminal import err, json_option, out, print_json, print_rows

Target = tuple[str, float, str, float]
"""A figure's name, its value, and on which side of what it should lie."""
ROUNDS = 20
Z_95 = 1.96


FULL_RECORDS, QUICK_RECORDS = 1_000_000, 100_000
"""Of the large journal. The design speaks of 10 million: `--records 10000000`, 15 minutes."""


@click.command("bench")
@click.option("--quick", is_flag=True, help="Fewer samples: for CI, not for claims.")
@click.option("--folder", type=click.Path(path_type=Path), help="On the disk to be measured.")
@click.option(
    "--records", type=click.IntRange(min=1_000), help="Records of the large journal to start on.",
)  # fmt: skip
@click.option("--profile", is_flag=True, help="Also show where the gateway's time goes.")
@click.option("--checks", is_flag=True, help="Measure only what the brakes cost, check by check.")
@json_option
def command(
    folder: Path | None,
    records: int | None,
    *,
    quick: bool,
    profile: bool,
    checks: bool,
    as_json: bool,
) -> None:
    """Measure raw ZeroMQ and raw fdatasync, then the gateway, each figure beside its floor.

    Latencies are taken in alternated rounds (echo, sync, group, os), one order at a time, the next
    only when the last one's life at the venue has begun, so that a busy machine hits all of them
    alike and no queue is measured; the ratio is the median over the rounds, with its 95 % interval.
    Rates alternate with a raw echo of the same window; a gateway whose every brake is on alternates
    with one that has none.

    \b
    Exit codes: 0 measured (whether targets are met is in the answer), 1 a measurement failed.
    """
    records = records or (QUICK_RECORDS if quick else FULL_RECORDS)
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-", dir=folder) as place:
        if checks:
            found = only_checks(Path(place), quick=quick)
        else:
            found = measure(Path(place), quick=quick, records=records, profile=profile)
    if as_json:
        print_json(found)
    elif checks:
        tell_checks(found["checks"])
        print_rows(found["targets"], title="targets")
    else:
        tell(found)


def measure(folder: Path, *, quick: bool, records: int, profile: bool) -> dict[str, Any]:
    """Run every measurement and return the figures."""
    began = time.monotonic()
    found: dict[str, Any] = {"machine": machine.describe(), "quick": quick}
    with ExitStack() as stack:
        say("starting two gateways: one syncs, one does not")
        group = stack.enter_context(BenchGateway(folder / "group", "group"))
        plain = stack.enter_context(BenchGateway(folder / "os", "os"))
        say("latency")
        with Floors(folder) as floors:
            found["latency"] = latency(floors, group, plain, samples=10 if quick else 50)
        say("market data")
        found["fan_out"] = market_data(plain, 2_000 if quick else 20_000)
        plain.stop()
        say("sustained rates")
        found["sustained"] = rates(group, seconds=2 if quick else 10)
        group.stop()
        say("replay of what was just traded")
        found["replay"] = replay(group.config.journal.path)
    found["checks"] = brakes(folder, quick=quick)
    say("memory")
    found["memory"] = memory(10_000 if quick else 100_000)
    if profile:
        say("where the time goes")
        found["profile"] = where_time_goes(folder, seconds=2 if quick else 10)
    say(f"a journal of {records} records, and starts on it")
    found["large_journal"] = large_journal(folder / "large", records, group.started)
    found["targets"] = targets(found)
    found["load_1m_at_end"] = machine.load_1m()
    found["seconds"] = round(time.monotonic() - began, 1)
    return found


def only_checks(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Measure what the brakes cost, and nothing else."""
    found = brakes(folder, quick=quick)
    return {
        "machine": machine.describe(), "quick": quick, "checks": found,
        "targets": held_against([brakes_target(found)]), "load_1m_at_end": machine.load_1m(),
    }  # fmt: skip


def brakes(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Measure what the brakes cost."""
    say("the checks, one after the other, and two gateways: every brake on, and none")
    return cost_of_checks(
        folder, ratio, pairs=10 if quick else 2 * ROUNDS, seconds=0.5 if quick else 1,
        rounds=5 if quick else ROUNDS, orders=40 if quick else 100,
    )  # fmt: skip


def say(what: str) -> None:
    """Tell a person what goes on."""
    if err.is_terminal:
        err.print(f"[dim]{what} …[/]")


def latency(
    floors: Floors, group: BenchGateway, plain: BenchGateway, *, samples: int
) -> dict[str, Any]:
    """Measure the two floors and both durabilities in alternated rounds, in microseconds."""
    sessions = {"group": BareSession(group, 99), "os": BareSession(plain, 99)}
    prices = {"group": group.far_price(), "os": plain.far_price()}

    def acks(name: str) -> Callable[[int], list[int]]:
        return lambda count: [sessions[name].ack_ns(prices[name]) for _ in range(count)]

    kinds: dict[str, Callable[[int], list[int]]] = {
        "echo": floors.echo, "fdatasync": floors.sync, "group": acks("group"), "os": acks("os"),
    }  # fmt: skip
    rounds: dict[str, list[list[int]]] = {name: [] for name in kinds}
    for kind in kinds.values():
        kind(samples)  # nobody's first orders count
    for _ in range(ROUNDS):
        for name, kind in kinds.items():
            rounds[name].append(kind(samples))
    for session in sessions.values():
        session.close()
    medians = {name: [statistics.median(r) for r in found] for name, found in rounds.items()}
    floor = [a + b for a, b in zip(medians["echo"], medians["fdatasync"], strict=True)]
    return {
        "rounds": ROUNDS,
        "samples_per_round": samples,
        **{name: quantiles(found) for name, found in rounds.items()},
        "group_to_echo_plus_fdatasync": ratio(medians["group"], floor),
        "os_to_echo": ratio(medians["os"], medians["echo"]),
    }


def quantiles(rounds: list[list[int]]) -> dict[str, float]:
    """Return p50 and p99 over all rounds, in microseconds."""
    ordered = sorted(sample for one in rounds for sample in one)
    return {
        "p50_us": round(ordered[len(ordered) // 2] / 1_000, 1),
        "p99_us": round(ordered[int(len(ordered) * 0.99)] / 1_000, 1),
    }


def ratio(over: list[float], under: list[float]) -> dict[str, float]:
    """Return the median of the rounds' ratios and its 95 % interval by order statistics."""
    ordered = sorted(a / b for a, b in zip(over, under, strict=True))
    count = len(ordered)
    half = Z_95 * (count**0.5) / 2
    low = max(0, int(count / 2 - half))
    high = min(count - 1, int(count / 2 + half))
    return {
        "median": round(statistics.median(ordered), 2),
        "low": round(ordered[low], 2),
        "high": round(ordered[high], 2),
    }


def market_data(gateway: BenchGateway, count: int) -> dict[str, Any]:
    """Measure deliveries per second through the gateway, and straight from PUB to SUB."""
    (port,) = launch.free_ports(1)
    straight = f"tcp://127.0.0.1:{port}"
    config = gateway.config.gateway
    floor = fan_out(count, publish_to=straight, subscribe_to=straight, binds=True)
    through = fan_out(
        count, publish_to=config.feeds[0], subscribe_to=config.market_data[0], binds=False
    )
    return {
        "subscribers": SUBSCRIBERS,
        "frames": count,
        "floor_per_s": round(floor),
        "deliveries_per_s": round(through),
        "ratio": round(through / floor, 2) if floor else None,
    }


def targets(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Hold the figures against the design's targets; what is missed is said."""
    latencies, large = found["latency"], found["large_journal"]
    size = f"start on {large['records']} records until answered, seconds"
    rows = [
        ("order to 150=A, group / (echo + fdatasync)",
         latencies["group_to_echo_plus_fdatasync"]["median"], "<=", 1.5),
        ("order to 150=A, os / echo", latencies["os_to_echo"]["median"], "<=", 2.0),
        ("replay, records a second", large["replay"]["per_second"], ">=", 100_000),
        (f"{size}, snapshot at the end", large["start"]["snapshot_at_end"]["answers_s"], "<=", 2.0),
        (f"{size}, last snapshot {large['start']['snapshot_before']['replayed']} before",
         large["start"]["snapshot_before"]["answers_s"], "<=", 2.0),
        ("bytes for a resting order", found["memory"]["bytes_per_resting_order"], "<=", 2048),
        brakes_target(found["checks"]),
    ]  # fmt: skip
    return held_against(rows)


def brakes_target(found: dict[str, Any]) -> Target:
    """Hold the rate with every brake on against the rate with none."""
    measured = found["whole"]["on_to_off"]["median"]
    return "orders acked a second, every brake on / none", measured, ">=", 0.75


def held_against(rows: list[Target]) -> list[dict[str, Any]]:
    """Say of each figure whether it meets its target."""
    return [
        {
            "figure": name, "measured": value, "target": f"{sign} {limit}",
            "met": value <= limit if sign == "<=" else value >= limit,
        }
        for name, value, sign, limit in rows
    ]  # fmt: skip


def tell(found: dict[str, Any]) -> None:
    """Print the figures for a person."""
    latencies, large = found["latency"], found["large_journal"]
    kinds = ("echo", "fdatasync", "group", "os")
    print_rows([{"latency": name, **latencies[name]} for name in kinds], title="latency, µs")
    ratios = ("group_to_echo_plus_fdatasync", "os_to_echo")
    print_rows([{"ratio": name, **latencies[name]} for name in ratios], title="ratios, 95 %")
    rows = [{"rate": name, **found["sustained"][name]} for name in found["sustained"]]
    print_rows(rows, title="sustained, beside an echo with the same window")
    for name in ("fan_out", "replay", "memory"):
        print_rows([found[name]], title=name.replace("_", " "))
    tell_checks(found["checks"])
    print_rows([large["replay"]], title=f"replay of {large['records']} records")
    rows = [{"start": name, **row} for name, row in large["start"].items()]
    print_rows(rows, title=f"start, seconds, {large['orders_in_memory']} orders in memory")
    if "profile" in found:
        shares = found["profile"]["share_of_busy"].items()
        print_rows([{"part": part, "share": share} for part, share in shares], title="busy time")
    print_rows(found["targets"], title="targets")
    on = found["machine"]
    out.print(
        f"{found['seconds']} s on {on['system']}, Python {on['python']}, {on['processors']}"
        f" processors, load {on['load_1m']} before and {found['load_1m_at_end']} after"
    )
