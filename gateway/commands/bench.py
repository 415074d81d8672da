"""`portcullis bench`: this machine's floors, and the gateway against them, in one run."""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from gateway.commands import launch
from gateway.commands.bench_feed import SUBSCRIBERS, fan_out
from gateway.commands.bench_floors import Floors
from gateway.commands.bench_gateway import BareSession, BenchGateway, sustained
from gateway.commands.bench_state import journal_bytes, memory_of_resting, replay_rate
from gateway.commands.terminal import err, json_option, out, print_json, print_rows
from gateway.errors import CommandError

ROUNDS = 20
Z_95 = 1.96


@click.command("bench")
@click.option("--quick", is_flag=True, help="Fewer samples: for CI, not for claims.")
@click.option("--folder", type=click.Path(path_type=Path), help="On the disk to be measured.")
@json_option
def command(folder: Path | None, *, quick: bool, as_json: bool) -> None:
    """Measure raw ZeroMQ and raw fdatasync, then the gateway, each figure beside its floor.

    Latencies are taken in alternated rounds (echo, sync, group, os), so that a busy machine hits
    all of them alike; the ratio is the median over the rounds, with its 95 % interval.

    \b
    Exit codes: 0 measured (whether targets are met is in the answer), 1 a measurement failed.
    """
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-", dir=folder) as place:
        found = measure(Path(place), quick=quick)
    if as_json:
        print_json(found)
    else:
        tell(found)


def measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Run every measurement and return the figures."""
    began = time.monotonic()
    with ExitStack() as stack:
        say("starting two gateways: one syncs, one does not")
        group = stack.enter_context(BenchGateway(folder / "group", "group"))
        plain = stack.enter_context(BenchGateway(folder / "os", "os"))
        found: dict[str, Any] = {"machine": machine(), "quick": quick}
        say("latency")
        with Floors(folder) as floors:
            found["latency"] = latency(floors, group, plain, samples=10 if quick else 50)
        say("market data")
        found["fan_out"] = market_data(plain, 2_000 if quick else 20_000)
        plain.stop()
        say("sustained rates")
        found["sustained"] = rates(group, seconds=1.5 if quick else 5)
        group.stop()
        say("replay and start")
        found["replay"] = replay_rate(group)
        found["start"] = {
            "records": found["replay"]["records"],
            "journal_bytes": journal_bytes(group.config.journal.path),
            "seconds": round(group.start(), 3),
        }
    say("memory")
    count = 10_000 if quick else 100_000
    found["memory"] = {"orders": count, "bytes_per_resting_order": memory_of_resting(count)}
    found["targets"] = targets(found)
    found["seconds"] = round(time.monotonic() - began, 1)
    return found


def say(what: str) -> None:
    """Tell a person what goes on."""
    if err.is_terminal:
        err.print(f"[dim]{what} …[/]")


def machine() -> dict[str, Any]:
    """Describe the machine as far as figures depend on it."""
    return {
        "system": platform.platform(), "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
    }  # fmt: skip


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


def rates(gateway: BenchGateway, *, seconds: float) -> dict[str, Any]:
    """Measure acks per second with 1, 10 and 100 strategies, and whole life cycles."""
    price = gateway.far_price()
    found: dict[str, Any] = {}
    everybody = [BareSession(gateway, number) for number in range(100)]
    for count, window in ((1, 128), (10, 16), (100, 4)):
        rate = sustained(
            everybody[:count], price, seconds=seconds, window=window, until=b"150=A"
        )  # fmt: skip
        found[f"acks_per_s_{count}"] = round(rate)
    rate = sustained(everybody[:10], None, seconds=seconds, window=4, until=b"39=2")
    found["life_cycles_per_s"] = round(rate)
    for session in everybody:
        session.close()
    return found


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
    latencies = found["latency"]
    rows = [
        ("order to 150=A, group / (echo + fdatasync)",
         latencies["group_to_echo_plus_fdatasync"]["median"], "<=", 1.5),
        ("order to 150=A, os / echo", latencies["os_to_echo"]["median"], "<=", 2.0),
        ("replay, records a second", found["replay"]["per_second"], ">=", 100_000),
        ("start, seconds", found["start"]["seconds"], "<=", 2.0),
        ("bytes for a resting order", found["memory"]["bytes_per_resting_order"], "<=", 2048),
    ]  # fmt: skip
    return [
        {
            "figure": name, "measured": value, "target": f"{sign} {limit}",
            "met": value <= limit if sign == "<=" else value >= limit,
        }
        for name, value, sign, limit in rows
    ]  # fmt: skip


def tell(found: dict[str, Any]) -> None:
    """Print the figures for a person."""
    if not found:
        msg = "nothing was measured"
        raise CommandError(msg)
    latencies = found["latency"]
    rows = [
        {"latency": name, **latencies[name]} for name in ("echo", "fdatasync", "group", "os")
    ]
    print_rows(rows, title="latency, microseconds")
    for name in ("sustained", "fan_out", "replay", "start", "memory"):
        print_rows([found[name]], title=name.replace("_", " "))
    print_rows(found["targets"], title="targets")
    out.print(f"{found['seconds']} s on {found['machine']['system']}, Python {sys.version[:7]}")
